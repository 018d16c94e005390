"""Arguments from a command line: texts are read as the launch form reads them, and the task's own validation judges.

`name=value` is a text, `name:=JSON` an exact value, `name=@path` a file where the parameter takes one, `name=-` asks
for a secret.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import File

from dashboard.forms.fields import OMITTED, read_json
from dashboard.forms.kinds import kind_of
from dashboard.forms.typed_texts import TextReader
from tasks import UploadedFile, uploads
from tasks.catalog import BadArguments, Fault, LaunchableTask
from tasks.catalog_errors import fault
from tasks.catalog_secrets import is_secret_name
from tasks.catalog_signature import Parameter
from tasks.models import Upload

Ask = Callable[[Parameter], str]

_FORM = "give arguments as name=value, name:=JSON or name=@path"


@dataclass
class Given:
    """Arguments by name. `files` are yet to be uploaded, under the ids that the arguments bear for them.

    `is_exact`: all of it was JSON, where a number has to be one and no text.
    """

    args: dict[str, Any]
    files: dict[uuid.UUID, Path] = field(default_factory=dict)
    is_exact: bool = True

    @property
    def coming(self) -> list[UploadedFile]:
        """The files, as validation takes those that will be there."""
        return [UploadedFile(n, uploads.clean_name(path.name), path.stat().st_size) for n, path in self.files.items()]


def read(
    task: LaunchableTask, words: Iterable[str], ask: Ask, *, beside: Mapping[str, Any] | None = None, user: Any = None
) -> Given:
    """What the `words` give, and of `beside` what they do not. Raises BadArguments with everything that is wrong."""
    texts, exact, faults = _sorted(words)
    given = Given({**(beside or {}), **exact}, is_exact=not texts)
    for name, values in texts.items():
        parameter = task.by_name.get(name)
        if parameter is None:
            given.args[name] = values[-1]  # the task's validation names it, with whatever else is wrong
            continue
        try:
            value = _value(parameter, values, given, ask, user)
        except ValidationError as error:
            faults.append(_fault(name, " ".join(error.messages)))
            continue
        if value is not OMITTED:
            given.args[name] = value
    if faults:
        raise BadArguments(faults)
    return given


def missing_secrets(task: LaunchableTask, given: Mapping[str, Any]) -> list[Parameter]:
    """The secrets that a launch needs and that were not given."""
    return [p for p in task.parameters if p.required and p.name not in given and is_secret(p)]


def is_secret(parameter: Parameter) -> bool:
    """Whether nobody should read what is typed for it."""
    return is_secret_name(parameter.name) or kind_of(parameter).name == "secret"


@contextmanager
def brought(files: Mapping[uuid.UUID, Path], user: Any) -> Iterator[None]:
    """Keep the files as uploads of `user`; they are thrown away again where what is done with them is refused.

    Raises BadArguments also for a disk that does not take them.
    """
    kept: list[Upload] = []
    try:
        _keep(files, user, kept)
        yield
    except BadArguments:
        for upload in kept:
            uploads.discard(upload)
        raise


def _keep(files: Mapping[uuid.UUID, Path], user: Any, kept: list[Upload]) -> None:
    try:
        for number, path in files.items():
            with path.open("rb") as file:
                kept.append(uploads.save(path.name, File(file), user, upload_id=number))
    except OSError as error:
        raise BadArguments([_fault("files", f"cannot be uploaded: {error.strerror or error}")]) from error


def _sorted(words: Iterable[str]) -> tuple[dict[str, list[str]], dict[str, Any], list[Fault]]:
    texts: dict[str, list[str]] = {}
    exact: dict[str, Any] = {}
    faults: list[Fault] = []
    for word in words:
        name, equals, value = word.partition("=")
        is_json = name.endswith(":")
        name = name.removesuffix(":")
        if not (equals and name):
            # Not the word itself: it may be half of a secret.
            faults.append(_fault("arguments", f"one of them has no name; {_FORM}"))
        elif (name in exact) or (is_json and name in texts):
            faults.append(_fault(name, "is given twice."))
        elif is_json:
            try:
                exact[name] = read_json(value)
            except ValidationError as error:
                faults.append(_fault(name, " ".join(error.messages)))
        else:
            texts.setdefault(name, []).append(value)
    return texts, exact, faults


def _value(parameter: Parameter, texts: list[str], given: Given, ask: Ask, user: Any) -> Any:
    """Raises ValidationError."""
    reader = TextReader(parameter)
    if is_secret(parameter) and texts == ["-"]:
        texts = [ask(parameter)]
    if reader.kind.name in ("file", "files"):
        texts = [_file(text[1:], given, user) if text.startswith("@") else text for text in texts]
    return reader.read(texts)


def _file(name: str, given: Given, user: Any) -> str:
    """The id under which the file will be uploaded."""
    if user is None:
        raise ValidationError("a file belongs to a user: say to whom with --user USERNAME.")
    path = Path(name).expanduser()
    try:
        with path.open("rb"):
            size = path.stat().st_size
    except OSError as error:
        raise ValidationError(f"{name} cannot be read: {error.strerror}.") from None
    if not size:
        raise ValidationError(fault([], "file_empty")["msg"])
    number = uuid.uuid4()
    given.files[number] = path
    return str(number)


def _fault(name: str, msg: str) -> Fault:
    return {"loc": [name], "msg": msg, "type": "command_line"}
