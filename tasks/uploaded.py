"""What a task receives for a file: `UploadedFile`.

Imported by modules of tasks, so before Django's apps are ready: only functions look at the database.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import PydanticCustomError, core_schema

from tasks import conf

#: Key of pydantic's validation context: a Finder, which knows what this caller may find.
FINDER = "find_upload"
#: Key of pydantic's validation context: ids of files that come with this form and are not on the disk yet.
UPCOMING = "upcoming"
Finder = Callable[[uuid.UUID], "UploadedFile | None"]


@dataclass(frozen=True)
class UploadedFile:
    """A file that somebody uploaded: annotate a parameter with it and the form has a file field.

    `size` is in bytes, `name` is what its owner called it, without folders.
    """

    id: uuid.UUID
    name: str
    size: int

    @property
    def path(self) -> Path:
        """Where the bytes are on this machine; its suffix is that of `name`."""
        return path_of(self.id, self.name)

    def open(self, mode: str = "rb", **options: Any) -> IO[Any]:
        """The opened file, as `Path.open` gives it. Raises ValueError for a mode that writes."""
        if set(mode) & set("wax+"):
            raise ValueError(f"An uploaded file can only be read, not opened with mode {mode!r}")
        return self.path.open(mode, **options)

    def __str__(self) -> str:
        return self.name

    def __fspath__(self) -> str:
        return str(self.path)

    def __json__(self) -> str:
        """What kombu writes into a message when a task passes the file on: a path, which any task can open."""
        return str(self.path)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(
            cls._found,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda file: str(file.id)),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "format": "upload"}

    @classmethod
    def _found(cls, value: Any, info: ValidationInfo) -> "UploadedFile":
        find: Finder | None = (info.context or {}).get(FINDER)
        number = _number(value)
        if number is None:
            raise PydanticCustomError("upload_id", "A file is named by the id of its upload")
        file = find(number) if find else None
        if file is None:
            raise PydanticCustomError("upload_unknown", "There is no such upload")
        return file


def _number(value: Any) -> uuid.UUID | None:
    """The upload that an id means, or the path which a task that tries again put in its place."""
    try:
        return uuid.UUID(str(value))
    except ValueError:
        pass
    try:
        number = uuid.UUID(Path(str(value)).stem)
    except ValueError:
        return None
    return number if str(path_of(number, str(value))) == value else None


def uploads_in(value: Any) -> set[uuid.UUID]:
    """The ids of the uploads in typed arguments."""
    if isinstance(value, UploadedFile):
        return {value.id}
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list | tuple | set | frozenset):
        return set()
    return {number for item in value for number in uploads_in(item)}


def ids_in(value: Any) -> Iterator[str]:
    """What may be ids of uploads in arguments as they are stored: texts that are UUIDs in their usual form."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from ids_in(item)
    elif isinstance(value, str) and len(value) == 36 and str(_number(value)) == value:
        yield value


def path_of(number: uuid.UUID, name: str) -> Path:
    """The file of an upload: named by its id, so that no name of anybody's ever becomes a path."""
    suffix = Path(name).suffix
    if not (suffix.isascii() and suffix[1:].isalnum() and len(suffix) <= 11):
        suffix = ""
    return conf.home() / "uploads" / number.hex[:2] / (number.hex + suffix)


def finder_for(user: Any) -> Finder:
    """Finds the complete uploads of `user` and nobody else's; without a user none."""

    def find(number: uuid.UUID) -> UploadedFile | None:
        return _complete(id=number, owner_id=user.pk) if user is not None and user.pk is not None else None

    return find


def find_for_worker(number: uuid.UUID) -> UploadedFile | None:
    """Any complete upload: whose it is was looked at when the job was launched."""
    return _complete(id=number)


def _complete(**which: Any) -> UploadedFile | None:
    from django.db.models import F

    from tasks.models import Upload

    row = Upload.objects.filter(received=F("size"), **which).first()
    return None if row is None else UploadedFile(row.id, row.name, row.size)
