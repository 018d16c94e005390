"""A task's launch form, made from its signature.

The task's own validation judges what was typed, as it does for the API: the form only reads texts into values
and puts each message beside its field.
"""

import copy
import uuid
from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile as SentFile
from django.forms.utils import ErrorDict
from django.http import QueryDict

from dashboard.forms.asked import AskedField
from dashboard.forms.build import field_for
from dashboard.forms.fields import OMITTED, LinesField
from dashboard.forms.nested import PartsField
from dashboard.forms.parts import Fields, every_part
from dashboard.forms.times import MomentInput, show_datetime
from tasks import UploadedFile, uploads
from tasks.catalog import BadArguments, Fault, LaunchableTask
from tasks.choices import Asker
from tasks.models import Upload

# Django's own field of this name guards every form against forgery.
_TAKEN = ("csrfmiddlewaretoken",)


def form_class(task: LaunchableTask, base: "type[ArgumentsForm] | None" = None) -> type[Any]:
    """The class of `task`'s forms. Parameters may have any name, `data`, `errors` and `clean` included."""
    fields = {parameter.name: field_for(parameter) for parameter in task.parameters}
    # Not as attributes of the class: a parameter called `clean` would replace the method.
    return type("LaunchForm", (base or ArgumentsForm,), {"task": task, "_arguments_fields": fields})


class ArgumentsForm(Fields):
    """Arguments for one launch by `user`.

    In a template take the fields from `get_context()`: Django's templates look for a field called `errors`
    before they look for the form's errors.
    """

    task: LaunchableTask
    cleaned_data: dict[str, Any]
    _arguments_fields: Mapping[str, forms.Field]

    def __init__(
        self, data: Any = None, files: Any = None, *, user: Any = None, query: QueryDict | None = None
    ) -> None:
        super().__init__(data, files)
        self.fields.update(copy.deepcopy(self._arguments_fields))
        self.user = user
        self._arguments: dict[str, Any] = {}
        self._is_only_judged = False
        if query is not None:
            self._fill_in(query)

    def _fill_in(self, query: QueryDict) -> None:
        """Take what `?parameter=value` says, except for secrets and files."""
        for name, field in self.fields.items():
            if name not in query or isinstance(field.widget, forms.PasswordInput | forms.FileInput):
                continue
            if getattr(field.widget, "allow_multiple_selected", False):
                field.initial = query.getlist(name)
            elif isinstance(field.widget, forms.CheckboxInput):
                field.initial = (query.get(name) or "").lower() in ("1", "true", "on", "yes")
            else:
                text = "\n".join(query.getlist(name)) if isinstance(field, LinesField) else query.get(name)
                is_moment = isinstance(field.widget, MomentInput)
                field.initial = partial(show_datetime, text) if is_moment else text

    def add_prefix(self, field_name: str) -> str:
        """The field's name in HTML: the parameter's, but for the one name that a page's form has already."""
        html_name = field_name
        while html_name in _TAKEN or (html_name != field_name and html_name in self.fields):
            html_name += "_"
        return html_name

    def arguments(self) -> dict[str, Any]:
        """After `is_valid`: the arguments for a launch, files by their uploads' ids, without empty fields."""
        return dict(self._arguments)

    @property
    def top(self) -> "ArgumentsForm":
        """The form that the forms inside of it ask for what the whole form knows."""
        return self

    @property
    def has_buttons(self) -> bool:
        """Whether some field has a button that sends the form, and launches nothing."""
        return any(isinstance(field, PartsField | AskedField) for field in self.fields.values())

    @cached_property
    def asker(self) -> Asker:
        """What asks for the choices that depend on what is typed so far."""
        return self.task.asker(self._typed_value)

    def value_of(self, name: str) -> Any:
        """The argument that a field holds, typed or filled in; OMITTED for none. Raises ValidationError."""
        bound = self[name]
        raw = bound.data if self.is_bound or isinstance(bound.field, PartsField) else bound.value()
        return bound.field.clean(raw)

    def _typed_value(self, name: str) -> Any:
        try:
            value = self.value_of(name)
        except forms.ValidationError:
            raise LookupError(name) from None
        if value is OMITTED:
            return self.task.typed_value(name)
        return self.task.typed_value(name, value, user=self.user)

    def show_again(self) -> None:
        """Read what was sent, and say nothing of what is wrong with it: it is not to be launched yet."""
        self.cleaned_data = {}
        self._errors = ErrorDict()
        self._clean_fields()  # type: ignore[attr-defined]
        for form in every_part(self):
            form._errors = ErrorDict()

    def judge(self) -> None:
        """Say what is wrong, as a launch would, and keep nothing of what was sent. The task's own check is not asked:
        nobody knows what that costs, and this happens whenever somebody leaves a field."""
        self._is_only_judged = True
        self.full_clean()

    def clean(self) -> dict[str, Any]:
        """Validate as the task does; once all is right, keep the files and have the task check them."""
        super().clean()
        given = {name: value for name, value in self.cleaned_data.items() if value is not OMITTED}
        coming: dict[str, SentFile] = {}
        arguments = {name: _with_ids(value, coming) for name, value in given.items()}
        announced = [
            UploadedFile(uuid.UUID(number), uploads.clean_name(file.name or ""), file.size or 0)
            for number, file in coming.items()
        ]
        if self._fits(arguments, coming=announced, check=not coming and not self._is_only_judged) and coming:
            if self._is_only_judged:
                return self.cleaned_data
            kept = [self._keep(number, file) for number, file in coming.items()]
            if not self._fits(arguments, check=True):
                for upload in kept:
                    uploads.discard(upload)
        self._arguments = arguments
        return self.cleaned_data

    def _fits(self, arguments: dict[str, Any], **how: Any) -> bool:
        """Whether the task takes the arguments; puts what is wrong beside the fields, once for each."""
        if self.misread or self._errors:  # what could not be read is known before more is said
            how["check"] = False
        try:
            self.task.validate(arguments, user=self.user, **how)
        except BadArguments as error:
            for fault in error.errors:
                self.say_fault(fault)
        return not self._errors

    def say_fault(self, fault: Fault) -> None:
        """Put a fault beside the field, or the part of one, that it is about."""
        name = str(fault["loc"][0]) if fault["loc"] else ""
        if name in self.fields:
            self.say(name, fault["loc"][1:], fault["msg"])
        else:
            self.add_error(None, f"{name}: {fault['msg']}" if name else fault["msg"])

    def _keep(self, number: str, file: SentFile) -> Upload:
        return uploads.save(file.name or "", file, self.user, upload_id=uuid.UUID(number))


def _with_ids(value: Any, coming: dict[str, SentFile]) -> Any:
    """`value` with a new upload's id in the place of each file, which goes into `coming`."""
    if isinstance(value, SentFile):
        number = str(uuid.uuid4())
        coming[number] = value
        return number
    if isinstance(value, list):
        return [_with_ids(item, coming) for item in value]
    return value
