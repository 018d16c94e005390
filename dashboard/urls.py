"""Every address of the web. Who may use each is in the table of tests/integration/test_access.py.

A project includes them once, below any prefix: `path("jobs/", include("dashboard.urls"))`. Their names have a
namespace, so that a project may call pages of its own `index` or `login`.
"""

from django.apps import apps
from django.conf import settings
from django.contrib.auth import views as auth
from django.urls import include, path
from django.views.i18n import set_language

from dashboard import account_views, health, notice_views, steer_views, token_views, views, worker_views
from dashboard.api import api, problems
from dashboard.launching import form_views, saved_views
from dashboard.surroundings import Patterns, surrounded
from dashboard.tables import views as table_views

app_name = "taskcast"
_SIGNED_OUT = settings.LOGOUT_REDIRECT_URL or "taskcast:index"

_pages: Patterns = [
    path("", views.index, name="index"),
    path("tasks/", views.tasks, name="tasks"),
    path("tasks/<str:name>/", views.task_form, name="task_form"),
    path("tasks/<str:name>/choices/", form_views.task_choices, name="task_choices"),
    path("tasks/<str:name>/batch/", table_views.task_batch, name="task_batch"),
    path("tasks/<str:name>/batch/template/", table_views.task_batch_template, name="task_batch_template"),
    path("saved/<int:pk>/", saved_views.change, name="saved_change"),
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/file-names/", views.file_names_of_jobs, name="file_names"),
    path("jobs/several/", steer_views.several, name="jobs_several"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("jobs/<uuid:job_id>/cancel/", steer_views.job_cancel, name="job_cancel"),
    path("jobs/<uuid:job_id>/tree/", views.job_tree, name="job_tree"),
    path("jobs/<uuid:job_id>/retry/", steer_views.job_retry, name="job_retry"),
    # Not every project that Taskcast joins has schedules.
    *([path("schedules/", include("dashboard.schedules.urls"))] if apps.is_installed("django_celery_beat") else []),
    path("workers/", worker_views.overview, name="workers"),
    path("queues/<str:name>/pause/", worker_views.pause, name="queue_pause"),
    path("accounts/login/", account_views.SignIn.as_view(), name="login"),
    path("accounts/tokens/", token_views.tokens, name="tokens_page"),
    path("accounts/tokens/<int:pk>/revoke/", token_views.revoke, name="token_revoke"),
    path("accounts/notifications/", notice_views.notifications, name="notifications"),
    path("accounts/notifications/test/", notice_views.test, name="notifications_test"),
    path("accounts/logout/", auth.LogoutView.as_view(next_page=_SIGNED_OUT), name="logout"),
    path("welcome/<str:token>/", account_views.welcome, name="welcome"),
    path("language/", set_language, name="set_language"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics_page, name="metrics"),
    path("api/v1/", api.urls),
    # Last: what is no call is a problem too, not a page.
    path("api/", problems.not_found, name="api_root"),
    path("api/<path:rest>", problems.not_found, name="api_unknown"),
]

urlpatterns = surrounded(_pages)
