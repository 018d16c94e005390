"""The Django admin: the audit trail, and saved inputs. Users, groups and their permissions are Django's own pages."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from dashboard import access
from dashboard.models import SavedInputs
from tasks.models import AuditEntry

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[AuditEntry]
    _SavedAdmin = admin.ModelAdmin[SavedInputs]
else:  # at run time it takes no parameter
    _Admin = _SavedAdmin = admin.ModelAdmin


@admin.register(AuditEntry)
class AuditTrail(_Admin):
    """To read, by everybody who sees all jobs; nobody changes it."""

    list_display = ("at", "actor_name", "action", "task", "the_job", "detail")
    list_filter = ("action", "at")
    search_fields = ("actor_name", "task", "=job", "detail")
    search_help_text = _("A username, a part of a task's name, a job's whole ID, or a queue")
    ordering = ("-at", "-id")
    show_full_result_count = False  # counting a long history takes long
    list_display_links = None

    @admin.display(description=_("job"))
    def the_job(self, entry: AuditEntry) -> str:
        """A link to the job's page."""
        return (
            format_html('<a href="{}">{}</a>', reverse("taskcast:job", args=[entry.job]), entry.job)
            if entry.job
            else ""
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the admin's first page names it."""
        return access.may_read_audit(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether it is shown."""
        return access.may_read_audit(request.user)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(SavedInputs)
class SavedInputsOfAll(_SavedAdmin):
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
