"""The app, which hears when a job has ended."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "shop.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.conf import settings

        from tasks import job_ended

        def note(job, **_):
            with (settings.FOLDER / "ended.txt").open("a") as file:
                file.write(f"{job.pk} {job.state} {job.owner}\n")

        job_ended.connect(note, weak=False, dispatch_uid="shop.ended")
