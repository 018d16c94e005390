"""The project's URLs: the dashboard's."""

from importlib.util import find_spec

from django.urls import include, path

urlpatterns = [path("", include("dashboard.urls"))] if find_spec("dashboard.urls") else []
