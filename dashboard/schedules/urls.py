"""The addresses below `/schedules/`."""

from django.urls import path

from dashboard.schedules import views

urlpatterns = [
    path("", views.schedules, name="schedules"),
    path("new/", views.schedule_new, name="schedule_new"),
    path("<int:pk>/", views.schedule, name="schedule"),
    path("<int:pk>/change/", views.schedule_change, name="schedule_change"),
    path("<int:pk>/pause/", views.schedule_pause, name="schedule_pause"),
    path("<int:pk>/resume/", views.schedule_resume, name="schedule_resume"),
    path("<int:pk>/run/", views.schedule_run, name="schedule_run"),
    path("<int:pk>/delete/", views.schedule_delete, name="schedule_delete"),
]
