"""The project's URLs: the dashboard's, and the Django admin."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

handler400 = "dashboard.refusals.bad_request"
urlpatterns = [
    # One page to sign in, with one limit for those who guess passwords.
    path("admin/login/", RedirectView.as_view(pattern_name="taskcast:login", query_string=True)),
    path("admin/", admin.site.urls),
    path("", include("dashboard.urls")),
]
