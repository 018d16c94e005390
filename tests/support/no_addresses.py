"""The addresses of a project that has not taken Taskcast's in."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
