"""What a task's author may ask of a file: `Annotated[UploadedFile, FileRules(max_size=…, types=[…])]`."""

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from tasks import file_kinds
from tasks.uploaded import UPCOMING, UploadedFile

_TYPE = re.compile(r"[a-z0-9.+-]+/(\*|[a-z0-9.+-]+)")


class FileRules:
    """A file's largest size in bytes, and the media types that are taken, such as `text/csv` or `image/*`.

    Types are told by the content, never by the name (tasks/file_kinds.py says how far that goes). Raises ValueError
    for a type that no content tells.
    """

    def __init__(self, *, max_size: int | None = None, types: Sequence[str] = ()) -> None:
        if max_size is not None and max_size < 1:
            raise ValueError(f"FileRules(max_size={max_size!r}): give a number of bytes")
        if isinstance(types, str):
            raise ValueError(f"FileRules(types={types!r}): give a list of types")
        for name in types:
            if not _TYPE.fullmatch(name):
                raise ValueError(f"FileRules(types=…): {name!r} is not a media type like 'text/csv' or 'image/*'")
            if not file_kinds.is_known(name):
                raise ValueError(f"FileRules(types=…): no file can be told to be {name!r} by its content")
        self.max_size = max_size
        self.types = tuple(types)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_after_validator_function(self._judge, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        told: dict[str, Any] = {"maxBytes": self.max_size, "accept": list(self.types)}
        return handler(schema) | {name: value for name, value in told.items() if value}

    def _judge(self, value: Any, info: core_schema.ValidationInfo) -> Any:
        if not isinstance(value, UploadedFile):
            return value  # None, where the parameter may be left out
        if self.max_size is not None and value.size > self.max_size:
            raise PydanticCustomError(
                "file_over_rule", "The file is larger than {limit}", {"limit": in_words(self.max_size)}
            )
        is_here = value.id not in (info.context or {}).get(UPCOMING, ())
        if self.types and is_here and (what := self._stranger(value)):
            raise PydanticCustomError(
                "file_type", "This takes {types}; the file is {what}", {"types": ", ".join(self.types), "what": what}
            )
        return value

    def _stranger(self, file: UploadedFile) -> str | None:
        """What the file is instead of what is taken, in the reader's language; None where it is that."""
        head = file_kinds.head_of(file.path)
        no_text = file_kinds.no_text(head)
        if no_text is None and any(map(file_kinds.is_text_type, self.types)):
            return None
        with file.open() as opened:
            found = file_kinds.types_of(opened)
        if any(file_kinds.fits(one, wanted) for one in found for wanted in self.types):
            return None
        if not head:
            return _("empty")
        return found.pop() if len(found) == 1 else no_text or _("text")


def in_words(size: int) -> str:
    """A number of bytes as people write limits: `10 MiB`, `1.5 GiB`, `500 B`."""
    amount, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if amount >= 1024:
            amount, unit = amount / 1024, larger
    return f"{amount:.4g} {unit}"
