"""Texts without a form around them, a command line's or a table's, read as the launch form reads what is typed."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError

from dashboard.forms.build import field_for
from dashboard.forms.fields import OMITTED, LinesField, read_json
from dashboard.forms.kinds import kind_of
from dashboard.forms.nested import PartsField
from tasks.catalog_signature import Parameter


class TextReader:
    """Reads the values of one parameter; made once for many of them."""

    def __init__(self, parameter: Parameter) -> None:
        self.kind = kind_of(parameter)
        field: Any = field_for(parameter)
        self._field: Any = field.whole if isinstance(field, PartsField) else field  # as JSON

    def read(self, texts: Sequence[str]) -> Any:
        """The argument, or OMITTED; several texts are a list's items. Raises ValidationError."""
        if isinstance(self._field, LinesField):
            return self._field.clean("\n".join(texts))
        if self.kind.name in ("choices", "asked_several", "files"):
            if len(texts) == 1 and texts[0].lstrip().startswith("["):
                return read_json(texts[0])
            return self._field.clean([line for text in texts for line in text.splitlines() if line])
        values = [self._field.clean(text) for text in texts]
        is_whole = len(values) == 1 and (values[0] in (None, OMITTED) or isinstance(values[0], list))
        if self._is_list and not is_whole:
            return values
        if len(values) > 1:
            raise ValidationError("is given more than once.")
        return values[0]

    @property
    def _is_list(self) -> bool:
        name = self.kind.name
        return name == "rows" or (name == "json" and self.kind.schema.get("type") == "array")
