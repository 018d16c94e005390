"""When an upload was last used: what nobody uses is forgotten."""

from django.db import migrations, models


def of_those_that_are_there(apps, schema_editor):
    """Which of them were used, nobody knows: all count as used when they came."""
    apps.get_model("tasks", "Upload").objects.update(used_at=models.F("created_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0002_ordered_json"),
    ]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="used_at",
            field=models.DateTimeField(help_text="When it was last given to a launch", null=True),
        ),
        migrations.RunPython(of_those_that_are_there, migrations.RunPython.noop, elidable=True),
    ]
