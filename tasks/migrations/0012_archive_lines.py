"""How many lines the archive holds, and which stand in which chunk: a line is found by its number.

No row is touched: what was archived before is counted when somebody first asks for it.
"""

from django.db import migrations, models


def _of_job(**default: int) -> migrations.AddField:
    field = models.PositiveBigIntegerField(
        help_text="Log lines in the archive; empty: not counted yet", null=True, **default
    )
    return migrations.AddField(model_name="job", name="lines", field=field)


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0011_tallies"),
    ]

    operations = [
        # The default is for jobs to come: those that are there have lines already.
        migrations.SeparateDatabaseAndState(database_operations=[_of_job()], state_operations=[_of_job(default=0)]),
        migrations.AddField(
            model_name="jobevents",
            name="before",
            field=models.PositiveBigIntegerField(help_text="Log lines of the job before these", null=True),
        ),
        migrations.AddField(
            model_name="jobevents",
            name="lines",
            field=models.PositiveIntegerField(help_text="Log lines in it; empty: not counted yet", null=True),
        ),
        migrations.AddIndex(
            model_name="jobevents",
            index=models.Index(
                condition=models.Q(("lines__gt", 0)), fields=["job", "before"], name="job_events_of_line"
            ),
        ),
    ]
