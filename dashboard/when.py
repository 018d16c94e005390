"""When a launch begins: now, at a time, or in a while."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dashboard.beside import BesideForm
from dashboard.moments import MomentField

NOW, AT, IN = "now", "at", "in"
_MOST = 100_000


class WhenForm(BesideForm):
    """After `is_valid`, `eta` is the moment of the launch, None for now. What was not sent means now."""

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
        return bool(self.errors) or self.bound("kind") not in (None, "", NOW)
