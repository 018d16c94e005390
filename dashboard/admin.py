"""The Django admin: saved inputs; the audit trail and notices to search. Users, groups and permissions are Django's."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from dashboard import access
from dashboard.models import SavedInputs
from dashboard.notice_words import attempt_words
from tasks.models import AuditEntry, Notice

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:  # at run time it takes no parameter
    _Admin = admin.ModelAdmin


class ReadOnly(_Admin):
    """To read, by whom `may_read` names; nobody changes it."""

    may_read: Callable[[Any], bool]
    show_full_result_count = False  # counting a long history takes long
    list_display_links = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the admin's first page names it."""
        return self.may_read(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether it is shown."""
        return self.may_read(request.user)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(AuditEntry)
class AuditTrail(ReadOnly):
    """By everybody who sees all jobs."""

    may_read = staticmethod(access.may_read_audit)
    list_display = ("at", "actor_name", "action", "task", "the_job", "detail")
    list_filter = ("action", "at")
    search_fields = ("actor_name", "task", "=job", "detail")
    search_help_text = _("A username, a part of a task's name, a job's whole ID, or a queue")
    ordering = ("-at", "-id")

    @admin.display(description=_("job"))
    def the_job(self, entry: AuditEntry) -> str:
        """A link to the job's page."""
        return _link(entry.job)


@admin.register(Notice)
class Notices(ReadOnly):
    """What was told to whom, and how that went."""

    may_read = staticmethod(access.may_read_notices)
    list_display = ("created_at", "user", "channel", "task", "state", "the_job", "delivered_at", "due_at", "last")
    list_filter = ("channel", "created_at")
    list_select_related = ("user",)
    search_fields = ("task", "=job")
    search_help_text = _("A part of a task's name, or a job's whole ID")
    ordering = ("-created_at", "-id")

    @admin.display(description=_("job"))
    def the_job(self, notice: Notice) -> str:
        """A link to the job's page."""
        return _link(notice.job)

    @admin.display(description=_("last attempt"))
    def last(self, notice: Notice) -> str:
        """How the last attempt went."""
        return attempt_words(notice.attempts[-1]) if notice.attempts else ""


def _link(job: UUID | None) -> str:
    return format_html('<a href="{}">{}</a>', reverse("taskcast:job", args=[job]), job) if job else ""


@admin.register(SavedInputs)
class SavedInputsOfAll(_Admin):
    """Everybody's, for staff with Django's own permissions for them."""

    list_display = ("name", "task", "owner", "group", "saved_at")
    list_filter = ("group",)
    search_fields = ("name", "task")
    fields = ("task", "name", "owner", "group", "values", "saved_at")
    readonly_fields = ("task", "owner", "values", "saved_at")
    list_select_related = ("owner", "group")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: they come from a launch form."""
        return False
