"""Who wants to be told of the ends of jobs, and the outbox: what is to be told to whom, and how that went."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

EMAIL, WEBHOOK = "email", "webhook"
CHANNELS = (EMAIL, WEBHOOK)


class Wish(models.TextChoices):
    """Of which ends somebody wants to be told."""

    NEVER = "never", _("Never")
    TROUBLE = "trouble", _("When they fail or are lost")
    ALWAYS = "always", _("Always")


class NoticeSettings(models.Model):
    """What a user has chosen. The fields of wishes are called as their channels."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="notice_settings"
    )
    email = models.CharField(max_length=7, choices=Wish.choices, default=Wish.NEVER)
    webhook = models.CharField(max_length=7, choices=Wish.choices, default=Wish.NEVER)
    webhook_url = models.CharField(max_length=2000, default="", blank=True)
    # Signing needs it as it is. Derived from SECRET_KEY it would differ on machines that made a key of their own.
    webhook_secret = models.CharField(max_length=60, default="", blank=True)
    language = models.CharField(max_length=10, default="", help_text="Of mails; empty: LANGUAGE_CODE")

    class Meta:
        default_permissions = ()


class Notice(models.Model):
    """One end of a job, told to its owner over one channel; without a job, a test. Its id stays over all attempts.

    `attempts` are `{"at": time, "status": of HTTP or null, "error": text or ""}`, the latest last.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    # No index of its own: one of those below begins with it.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=7, choices=[(channel, channel) for channel in CHANNELS])
    job = models.UUIDField(null=True)
    task = models.CharField(max_length=255, default="")
    state = models.CharField(max_length=10, default="", help_text="In which the job ended")
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text="Of the next attempt; empty: delivered, or given up")
    delivered_at = models.DateTimeField(null=True)
    attempts = models.JSONField(default=list)

    class Meta:
        # Nobody writes it by hand, and staff may read it: see dashboard/admin.py.
        default_permissions = ()
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [models.UniqueConstraint(fields=["job", "channel"], name="notice_once")]
        indexes = [
            models.Index(fields=["due_at"], name="notice_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["user", "-created_at"], name="notice_of_user"),
            models.Index(fields=["-created_at"], name="notice_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.task or 'test'} {self.state} {self.job or ''}".strip()
