"""The shop's addresses, with names that Taskcast has too."""

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path


def index(request: HttpRequest) -> HttpResponse:
    """The shop's own page, with one job of Taskcast's in it."""
    return render(request, "shop.html", {"job": request.GET.get("job")})


urlpatterns = [
    path("", index, name="index"),
    path("enter/", LoginView.as_view(template_name="enter.html"), name="login"),
    path("jobs-ui/", include("dashboard.urls")),  # Taskcast
]
