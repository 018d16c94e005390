"""How many jobs ended, and how long they had waited and run: sums by the minute, for charts."""

from django.db import models


class Tally(models.Model):
    """The jobs of one task and one owner that ended in one state within `span` seconds from `start` on.

    Every end is in two of them: in one of a minute, for charts of an hour, and in one of ten, for those of a day.
    """

    span = models.PositiveSmallIntegerField(help_text="Seconds")
    start = models.DateTimeField(help_text="A whole multiple of `span`, in UTC")
    # As text, and no foreign key: "" is nobody's, which a unique constraint would take for another one each time.
    owner = models.CharField(max_length=255, help_text="The owner's key; empty: nobody's")
    task = models.CharField(max_length=255)
    state = models.CharField(max_length=10)
    ended = models.PositiveBigIntegerField()
    # Not every job has begun, and of one that was tried again nobody knows how long it waited.
    waits = models.PositiveBigIntegerField(help_text="Of how many of them `waited` is the sum")
    waited = models.FloatField(help_text="Seconds, from when they were to start until they did")
    runs = models.PositiveBigIntegerField(help_text="Of how many of them `ran` is the sum")
    ran = models.FloatField(help_text="Seconds")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["span", "start", "owner", "task", "state"], name="tally_once")]

    def __str__(self) -> str:
        return f"{self.task} {self.state} {self.ended} in {self.span} s from {self.start}"
