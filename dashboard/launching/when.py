"""How a launch goes: now, at a time, or in a while; before or behind what waits; and whether its end is told."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dashboard.launching.beside import BesideForm
from dashboard.launching.moments import MomentField
from dashboard.templatetags.taskcast import when as when_words
from tasks.notices import planning

NOW, AT, IN = "now", "at", "in"
NORMAL = "normal"
_MOST = 100_000


class WhenForm(BesideForm):
    """After `is_valid`, `eta` is the moment of the launch, None for now. What was not sent means now, and normal."""

    prefix = "when"

    kind = forms.ChoiceField(
        choices=[(NOW, _("Now")), (AT, _("At")), (IN, _("In"))],
        initial=NOW,
        required=False,
        label=_("When"),
        widget=forms.RadioSelect,
    )
    at = MomentField(label=_("Date and time"))
    amount = forms.IntegerField(min_value=1, max_value=_MOST, required=False, label=_("How long"))
    unit = forms.ChoiceField(
        choices=[("minutes", _("minutes")), ("hours", _("hours"))],
        initial="minutes",
        required=False,
        label=_("Unit"),
    )
    priority = forms.ChoiceField(
        choices=[("high", _("High")), (NORMAL, _("Normal")), ("low", _("Low"))],
        initial=NORMAL,
        required=False,
        label=_("Priority in the queue"),
        help_text=_("Of what waits in a queue, high goes first and low last."),
    )
    notify = forms.TypedChoiceField(
        choices=[
            ("", _("As I have chosen")),
            (planning.ALWAYS, _("Tell me in any case")),
            (planning.NEVER, _("Don’t tell me")),
        ],
        required=False,
        empty_value=None,
        label=_("When it ends"),
        widget=forms.RadioSelect,
    )
    eta: datetime | None = None

    def clean(self) -> dict[str, Any]:
        """Say what the choice lacks; and that a time was typed which it does not use: nobody wants it at once."""
        kind = self.cleaned_data.get("kind") or NOW
        if kind == AT:
            self.eta = self.need("at", _("Enter a date and a time."))
        elif kind == IN:
            amount = self.need("amount", _("Enter how long."))
            if amount:
                self.eta = timezone.now() + timedelta(**{self.cleaned_data.get("unit") or "minutes": amount})
        for name, of in (("at", AT), ("amount", IN)):
            if kind != of and self.data.get(self.add_prefix(name)):
                if name in self.errors:
                    del self.errors[name]
                self.add_error(name, _("This is filled in, but not chosen: choose it, or empty it."))
        return self.cleaned_data

    @property
    def is_open(self) -> bool:
        """Whether there is something in it to be seen."""
        return bool(set(self.errors) - {"notify"}) or self.bound("kind") not in (None, "", NOW) or self.has_priority

    @property
    def has_priority(self) -> bool:
        """Whether the priority is another than the usual one."""
        return self.bound("priority") not in (None, "", NORMAL)

    def launch_options(self) -> dict[str, Any]:
        """After `is_valid`: what `launch` is told."""
        data = self.cleaned_data
        return {"eta": self.eta, "priority": data["priority"] or NORMAL, "notify": data["notify"]}

    def facts(self) -> list[tuple[Any, str]]:
        """After `is_valid`, for people: labels and words of what is unlike a launch at once with the usual priority."""
        field: Any = self.fields["priority"]
        found = [(self["kind"].label, when_words(self.eta.isoformat()))] if self.eta else []
        if self.has_priority:
            found.append((field.label, str(dict(field.choices)[self.cleaned_data["priority"]])))
        if self.cleaned_data["notify"]:
            told: Any = self.fields["notify"]
            found.append((told.label, str(dict(told.choices)[self.cleaned_data["notify"]])))
        return found
