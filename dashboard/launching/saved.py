"""Inputs of a task that are kept under a name: how they are stored, and how they come back into its form."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.models import Group
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard import access
from dashboard.forms import typed
from dashboard.forms.form import ArgumentsForm
from dashboard.launching import carried
from dashboard.launching.beside import BesideForm
from dashboard.models import SavedInputs
from tasks.catalog import LaunchableTask
from tasks.catalog_errors import fault
from tasks.catalog_values import NotJson, sound

#: `?.saved=ID` fills the form in; no parameter is called so.
CHOSEN = ".saved"
# Of one person and task; all of them are listed on the task's page.
_MOST = 100


class NameForm(BesideForm):
    """What inputs are called and with whom they are shared; `row` has them where they are there already.

    With `is_copy` they are saved once more, as whatever the name says: over others of that name when that is ticked.
    """

    prefix = "saved"

    name = forms.CharField(max_length=100, label=gettext_lazy("Name of these inputs"))
    group = forms.ModelChoiceField(
        Group.objects.none(),
        required=False,
        label=gettext_lazy("Who sees them"),
        empty_label=gettext_lazy("Only I"),
        help_text=gettext_lazy("A group's members see them while they may launch the task. Only you change them."),
    )
    replace = forms.BooleanField(required=False, label=gettext_lazy("Replace the inputs of this name"))

    def __init__(
        self, data: Any = None, *, owner: Any, task: str, row: SavedInputs | None = None, is_copy: bool = False
    ) -> None:
        super().__init__(data, initial={"name": row.name, "group": row.group_id, "replace": True} if row else None)
        self.others = SavedInputs.objects.filter(owner=owner, task=task)
        if row and not is_copy:
            self.others = self.others.exclude(pk=row.pk)
        groups: Any = self.fields["group"]
        groups.queryset = owner.groups.order_by("name")
        if not groups.queryset.exists():
            del self.fields["group"]
        self.is_copy = is_copy
        # PostgreSQL cannot even be asked for a NUL, which the field refuses later.
        asked = str(self.bound("name") or "").strip().replace("\x00", "")
        if not (is_copy and self.others.filter(name=asked).exists()):
            del self.fields["replace"]

    def clean(self) -> dict[str, Any]:
        """Refuse a name that is taken, unless its inputs are to be replaced; and more than anybody finds again."""
        name = self.cleaned_data.get("name")
        is_taken = self.others.filter(name=name).exists()
        if is_taken and not self.is_copy:
            self.add_error("name", _("You have saved inputs of this name already."))
        elif is_taken and not self.cleaned_data.get("replace"):
            words = _("You have saved inputs of this name already: tick this, or choose another name.")
            self.add_error("replace" if "replace" in self.fields else "name", words)
        elif name and self.is_copy and not is_taken and self.others.count() >= _MOST:
            words = _("You have saved {n} inputs for this task: delete some first.")
            self.add_error("name", words.format(n=_MOST))
        return self.cleaned_data


def values_of(form: ArgumentsForm) -> dict[str, list[str]]:
    """What is to be kept of what was typed into a bound form."""
    return {
        found.name: found.values for found in typed.arguments(form) if found.values and not carried.is_file(found.field)
    }


def refuse_what_cannot_be_kept(form: ArgumentsForm) -> None:
    """Say it at those fields of a bound form whose texts no database takes as they are."""
    for name, texts in values_of(form).items():
        try:
            for text in texts:
                sound(text)
        except NotJson as error:
            form.add_error(name, fault([name], error.kind)["msg"])


def save(owner: Any, task: LaunchableTask, name_form: NameForm, values: dict[str, list[str]]) -> SavedInputs:
    """Keep the values under the name that `name_form`, which is valid, says."""
    said = name_form.cleaned_data
    found, _made = SavedInputs.objects.update_or_create(
        owner=owner, task=task.name, name=said["name"], defaults={"values": values, "group": said.get("group")}
    )
    return found


def rename(row: SavedInputs, name_form: NameForm) -> None:
    """Give the inputs the name and the group that `name_form`, which is valid, says."""
    said = name_form.cleaned_data
    row.name, row.group = said["name"], said.get("group")
    row.save(update_fields=["name", "group", "saved_at"])


def chosen(request: HttpRequest, task: LaunchableTask) -> SavedInputs | None:
    """The inputs of this task that the address names; None where it names none. Raises Http404 where they are not for
    the reader."""
    number = request.GET.get(CHOSEN)
    if number is None:
        return None
    found = access.get_saved_or_404(request.user, int(number)) if _is_key(number) else None
    if found is None or found.task != task.name:
        raise Http404(_("There are no such saved inputs."))
    return found


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


@dataclass(frozen=True)
class Listed:
    """Saved inputs as the form's page lists them; `group` is the one whose members see them, if any."""

    row: SavedInputs
    group: Group | None
    address: str
    is_chosen: bool
    may_change: bool


def listed(request: HttpRequest, task: LaunchableTask) -> list[Listed]:
    """The saved inputs that the reader may fill the form in with, by their names."""
    number = request.GET.get(CHOSEN)
    rows = sorted(access.saved_for(request.user, task), key=lambda row: (row.name.casefold(), row.pk))
    mine = set(request.user.groups.values_list("pk", flat=True))
    return [
        Listed(
            row,
            row.group if row.group_id in mine else None,  # who has left the group shares nothing there
            address(row),
            is_chosen=str(row.pk) == number,
            may_change=access.may_change_saved(request.user, row),
        )
        for row in rows
    ]


def address(row: SavedInputs) -> str:
    """The launch form, filled in with the inputs."""
    return f"{reverse('taskcast:task_form', args=[row.task])}?{urlencode({CHOSEN: row.pk})}"


def query(row: SavedInputs | None, address: QueryDict) -> QueryDict:
    """What fills the form in: the inputs, and over them what the address says itself."""
    found = QueryDict(mutable=True)
    for name, values in [*(row.values if row else {}).items(), *address.lists()]:
        found.setlist(name, values)
    return found
