"""The project's URLs: the dashboard's."""

from django.urls import include, path

handler400 = "dashboard.refusals.bad_request"
urlpatterns = [path("", include("dashboard.urls"))]
