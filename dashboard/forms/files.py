"""File fields: a file in the form itself, or the id of an upload under the same name.

The form takes what fits into one request. With scripts (frontend/src/elements/upload.ts) a file goes ahead in pieces,
and the form has its id.
"""

import mimetypes
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile as SentFile
from django.utils.functional import lazy

from tasks.catalog_errors import fault
from tasks.file_rules import in_words
from tasks.uploads import FORM_BYTES
from tasks.uploads_pieces import WAITING_BYTES

# Not the process's own, which reads files of the machine.
_TYPES = mimetypes.MimeTypes()


class UploadInput(forms.FileInput):
    """A file chosen here, or the id of an upload under the same name. `schema` is the JSON Schema of one file."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        most = min(schema.get("maxBytes", WAITING_BYTES), WAITING_BYTES)
        # For the script, which tells it before anything is sent.
        words = {"data-too-large": lazy(_over_rule, str)(most), "data-empty": lazy(_empty, str)()}
        accept = {"accept": _accept(schema["accept"])} if "accept" in schema else {}
        super().__init__(attrs={**accept, "data-most-bytes": most, **words})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The file, else the text."""
        texts = data.getlist(name) if hasattr(data, "getlist") else [data.get(name)]
        # A control of a browser in which no file was chosen sends an empty text beside the id.
        return super().value_from_datadict(data, files, name) or next(filter(None, texts), None)


class UploadsInput(UploadInput):
    """Several of them."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The files, then the ids."""

        def every(source: Any) -> list[Any]:
            return source.getlist(name) if hasattr(source, "getlist") else [v for v in [source.get(name)] if v]

        return every(files) + [text for text in every(data) if text]


def _accept(types: Sequence[str]) -> str:
    # With the suffixes: a machine without a program for CSV files often calls them something else than text/csv.
    return ",".join([*types, *(suffix for name in types for suffix in _TYPES.guess_all_extensions(name))])


def read_file(value: Any) -> SentFile | str:
    """The sent file, or the id of an upload. Raises ValidationError for one that is empty or too large."""
    if isinstance(value, SentFile):
        if not value.size:
            raise ValidationError(_empty(), code="file_empty")
        if value.size > FORM_BYTES:
            raise ValidationError(fault([], "file_too_large", limit=in_words(FORM_BYTES))["msg"], code="file_too_large")
        return value
    return str(value)


def _over_rule(most: int) -> str:
    return fault([], "file_over_rule", limit=in_words(most))["msg"]


def _empty() -> str:
    return fault([], "file_empty")["msg"]
