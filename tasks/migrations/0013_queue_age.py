from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0012_archive_lines"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                fields=["queue", "published_at"], name="job_waiting", condition=models.Q(("state", "queued"))
            ),
        ),
    ]
