"""The project's URLs: the dashboard's."""

from django.urls import include, path

urlpatterns = [path("", include("dashboard.urls"))]
