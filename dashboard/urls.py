"""Every address of the web. Who may use each is in the table of tests/integration/test_access.py.

A project includes them once, below any prefix: `path("jobs/", include("dashboard.urls"))`. Their names have a
namespace, so that a project may call pages of its own `index` or `login`.
"""

from django.apps import apps
from django.conf import settings
from django.contrib.auth import views as auth
from django.urls import include, path
from django.views.i18n import set_language

from dashboard import (
    account_views,
    catalogue_views,
    compare_views,
    family_views,
    gallery_views,
    health,
    log_views,
    notice_views,
    output_views,
    share_views,
    shared_views,
    steer_views,
    themes,
    token_views,
    views,
    worker_views,
)
from dashboard.api import api, problems
from dashboard.launching import form_views, saved_views
from dashboard.overview import views as overview_views
from dashboard.search import export, search_views, searches_views
from dashboard.surroundings import Patterns, surrounded
from dashboard.tables import views as table_views

app_name = "taskcast"
_SIGNED_OUT = settings.LOGOUT_REDIRECT_URL or "taskcast:index"

_pages: Patterns = [
    path("", overview_views.index, name="index"),
    path("overview/parts/", overview_views.parts, name="overview_parts"),
    path("tasks/", catalogue_views.tasks, name="tasks"),
    path("tasks/<str:name>/", views.task_form, name="task_form"),
    path("tasks/<str:name>/choices/", form_views.task_choices, name="task_choices"),
    path("tasks/<str:name>/batch/", table_views.task_batch, name="task_batch"),
    path("tasks/<str:name>/batch/template/", table_views.task_batch_template, name="task_batch_template"),
    path("saved/<int:pk>/", saved_views.change, name="saved_change"),
    path("jobs/", search_views.jobs, name="jobs"),
    path("jobs/more/", search_views.more, name="jobs_more"),
    path("jobs/words/", search_views.words, name="search_words"),
    path("jobs/export.<str:kind>", export.jobs, name="jobs_export"),
    path("jobs/searches/", searches_views.save, name="search_save"),
    path("jobs/searches/<int:pk>/", searches_views.change, name="search_change"),
    path("jobs/file-names/", views.file_names_of_jobs, name="file_names"),
    path("jobs/several/", steer_views.several, name="jobs_several"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("jobs/<uuid:job_id>/log/", log_views.download, name="job_log"),
    path("jobs/<uuid:job_id>/log/lines/", log_views.lines, name="job_log_lines"),
    path("jobs/<uuid:job_id>/log/search/", log_views.search, name="job_log_search"),
    path("jobs/<uuid:job_id>/text/<path:name>", output_views.text, name="output_text"),
    path("jobs/<uuid:job_id>/csv/<path:name>", output_views.as_csv, name="output_csv"),
    path("jobs/<uuid:job_id>/compare/", compare_views.job_compare, name="job_compare"),
    path("jobs/<uuid:job_id>/cancel/", steer_views.job_cancel, name="job_cancel"),
    path("jobs/<uuid:job_id>/tree/", views.job_tree, name="job_tree"),
    path("jobs/<uuid:job_id>/retry/", steer_views.job_retry, name="job_retry"),
    path("jobs/<uuid:job_id>/children/", family_views.children, name="job_children"),
    path("jobs/<uuid:job_id>/failures/", family_views.failed, name="job_failures"),
    path("jobs/<uuid:job_id>/failures/<str:key>/", family_views.failed_alike, name="job_failed_alike"),
    path("jobs/<uuid:job_id>/share/", share_views.shares_of_job, name="job_share"),
    path("jobs/<uuid:job_id>/share/<int:pk>/revoke/", share_views.revoke, name="share_revoke"),
    path("shared/<str:token>/", shared_views.page, name="shared"),
    path("shared/<str:token>/embed/", shared_views.embed, name="shared_embed"),
    path("shared/<str:token>/job", shared_views.job, name="shared_job"),
    path("shared/<str:token>/events", shared_views.events, name="shared_events"),
    path("shared/<str:token>/log/", shared_views.log, name="shared_log"),
    path("shared/<str:token>/log/lines/", shared_views.log_lines, name="shared_log_lines"),
    path("shared/<str:token>/log/search/", shared_views.log_search, name="shared_log_search"),
    path("shared/<str:token>/text/<path:name>", shared_views.text, name="shared_text"),
    path("shared/<str:token>/csv/<path:name>", shared_views.as_csv, name="shared_csv"),
    path("shared/<str:token>/files/<path:name>", shared_views.file, name="shared_file"),
    # Not every project that Taskcast joins has schedules.
    *([path("schedules/", include("dashboard.schedules.urls"))] if apps.is_installed("django_celery_beat") else []),
    path("workers/", worker_views.overview, name="workers"),
    path("workers/now/", worker_views.now, name="workers_now"),
    path("workers/<str:name>/steer/", worker_views.steer, name="worker_steer"),
    path("queues/<str:name>/pause/", worker_views.pause, name="queue_pause"),
    path("accounts/login/", account_views.SignIn.as_view(), name="login"),
    path("accounts/tokens/", token_views.tokens, name="tokens_page"),
    path("accounts/tokens/<int:pk>/revoke/", token_views.revoke, name="token_revoke"),
    path("accounts/notifications/", notice_views.notifications, name="notifications"),
    path("accounts/notifications/test/", notice_views.test, name="notifications_test"),
    path("accounts/logout/", auth.LogoutView.as_view(next_page=_SIGNED_OUT), name="logout"),
    path("welcome/<str:token>/", account_views.welcome, name="welcome"),
    path("language/", set_language, name="set_language"),
    path("gallery/", gallery_views.overview, name="gallery"),
    path("gallery/jobs/<str:name>/", gallery_views.job, name="gallery_job"),
    path("gallery/pages/<str:name>/", gallery_views.refusal, name="gallery_refusal"),
    path("theme/", themes.set_theme, name="set_theme"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics_page, name="metrics"),
    path("api/v1/", api.urls),
    # Last: what is no call is a problem too, not a page.
    path("api/", problems.not_found, name="api_root"),
    path("api/<path:rest>", problems.not_found, name="api_unknown"),
]

urlpatterns = surrounded(_pages)
