"""What the web keeps of its own: the first administrator's link, tokens of programs, links to single jobs, keys of
repeated launches, inputs and searches that somebody saved, inputs that wait for a yes.

Secrets are kept as SHA-256 only, or sealed by the site's secret key: a copy of the database opens nothing.
"""

from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _

from dashboard import scopes
from tasks.json_field import OrderedJSONField


class WelcomeLink(models.Model):
    """A link that signs in the first administrator, once. There is at most one."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token")
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        # There is no page for these: permissions for them would mean nothing.
        default_permissions = ()


class ApiToken(models.Model):
    """A token by which a program speaks for a user, within its scopes and until it expires."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=100, default="", help_text="What its user calls it; empty: nothing")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token")
    scopes = models.CharField(max_length=255, default=scopes.every, help_text="Separated by spaces")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, help_text="Empty: never")
    last_used_at = models.DateTimeField(null=True, help_text="To within a minute")

    class Meta:
        default_permissions = ()


class IdempotencyKey(models.Model):
    """A launch that its caller may repeat: which job it is, decided before the job is launched."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the request's body")
    job = models.UUIDField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]


class Schedule(models.Model):
    """Whose a schedule is. Celery beat keeps the rest, in a PeriodicTask of the same name.

    No foreign key: a project without django-celery-beat has this table too.
    """

    name = models.CharField(max_length=200, unique=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    refusal = models.TextField(default="", help_text="Why its last run did not happen")

    class Meta:
        default_permissions = ()


class AskedLaunch(models.Model):
    """What was typed into a form whose task asks to be confirmed, from the question on; for a day.

    A job that is launched by a form of a single one has the same id.
    """

    id = models.UUIDField(primary_key=True, default=uuid4)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    task = models.CharField(max_length=255)
    sealed = models.BinaryField(help_text="Names and values as posted, encrypted: there may be secrets")
    asked_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        default_permissions = ()


class SavedInputs(models.Model):
    """What somebody typed into a task's launch form, under a name; no secrets and no files.

    Not validated: it is judged when it is launched, by what the task is then.
    """

    task = models.CharField(max_length=255)
    name = models.CharField(max_length=100)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    group = models.ForeignKey(
        Group,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("shared with"),
        help_text=_("Its members see these inputs too, if they may launch the task"),
    )
    values = OrderedJSONField(default=dict, help_text="Texts by parameter, as an address of the form repeats them")
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        default_permissions = ("view", "change", "delete")
        verbose_name = _("saved inputs")
        verbose_name_plural = _("saved inputs")
        constraints = [models.UniqueConstraint(fields=["owner", "task", "name"], name="saved_inputs_once")]

    def __str__(self) -> str:
        return self.name


class SavedSearch(models.Model):
    """A search of the list of jobs that somebody keeps under a name."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    text = models.CharField(max_length=1000, blank=True, help_text="As it is typed into the search box")
    order = models.CharField(max_length=10, default="newest")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_search_once")]

    def __str__(self) -> str:
        return self.name


class Favourite(models.Model):
    """A task that somebody keeps at hand in the catalogue."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    task = models.CharField(max_length=255)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "task"], name="favourite_once")]


class ShareLink(models.Model):
    """A link that shows one job to whoever has it, without an account, until it expires or is revoked."""

    # No foreign key: a job that was launched from a shell has its row a moment later.
    job = models.UUIDField(db_index=True)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True, help_text="To within a minute")

    class Meta:
        default_permissions = ()
