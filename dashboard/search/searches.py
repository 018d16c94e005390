"""Searches that somebody keeps under a name: those that stand above the list, and how one is kept."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard import access
from dashboard.models import SavedSearch
from dashboard.search import language
from dashboard.search.asked import NEWEST, ORDERS, Asked

# Of one person; all of them stand above the list.
_MOST = 50


class NameForm(forms.Form):
    """What a search is called; `row` has it where it is there already."""

    use_required_attribute = False

    name = forms.CharField(max_length=60, label=gettext_lazy("Name of this search"))

    def __init__(self, data: Any = None, *, owner: Any, row: SavedSearch | None = None) -> None:
        super().__init__(data, label_suffix="", initial={"name": row.name} if row else None)
        self.own = access.searches_for(owner)
        self.row = row

    def clean_name(self) -> str:
        """Refuse a name that another search has."""
        name = str(self.cleaned_data["name"])
        others = self.own.exclude(pk=self.row.pk) if self.row else self.own
        if others.filter(name=name).exists():
            raise forms.ValidationError(_("You have saved a search of this name already."))
        return name


class SearchForm(NameForm):
    """A search that is to be kept. The name may be that of one that is there: it is then changed."""

    q = forms.CharField(max_length=language.LONGEST, required=False)
    order = forms.ChoiceField(choices=[(one, one) for one in ORDERS], required=False)

    def clean_name(self) -> str:
        """Refuse more than anybody finds again."""
        name = str(self.cleaned_data["name"])
        if not self.own.filter(name=name).exists() and self.own.count() >= _MOST:
            raise forms.ValidationError(_("You have saved {n} searches: delete some first.").format(n=_MOST))
        return name


def listed(user: Any, asked: Asked) -> list[dict[str, Any]]:
    """The searches of `user`, with where each leads, and which of them the list shows."""
    return [
        {
            "pk": row.pk,
            "name": row.name,
            "query": query(row),
            "is_shown": (row.text, row.order) == (asked.text, asked.order),
        }
        for row in access.searches_for(user)
    ]


def query(row: SavedSearch) -> str:
    """The query of the list's address that shows this search."""
    return Asked(row.text, language.Search(), row.order).query()


def save(owner: Any, form: SearchForm) -> SavedSearch:
    """Keep the search of a valid form."""
    said = form.cleaned_data
    found, _made = SavedSearch.objects.update_or_create(
        owner=owner, name=said["name"], defaults={"text": said["q"].strip(), "order": said["order"] or NEWEST}
    )
    return found
