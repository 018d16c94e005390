"""Forms that stand beside a task's arguments. Their fields are called `PREFIX-NAME`, which no parameter can be."""

from typing import Any

from django import forms
from django.http import QueryDict


class BesideForm(forms.Form):
    """A form that an address may fill in, as it may the arguments: `?PREFIX-NAME=…`."""

    use_required_attribute = False

    def __init__(self, data: Any = None, *, query: QueryDict | None = None, **options: Any) -> None:
        super().__init__(data, label_suffix="", **options)
        for name in self.fields:
            if query is not None and self.add_prefix(name) in query:
                self.initial[name] = query[self.add_prefix(name)]

    def bound(self, name: str) -> Any:
        """What the field holds as it is shown."""
        return self[name].value()

    def need(self, name: str, message: Any) -> Any:
        """After the fields are cleaned: the value of a field that the choice made elsewhere asks for."""
        value = self.cleaned_data.get(name)
        if value in (None, "") and name not in self.errors:
            self.add_error(name, message)
        return value
