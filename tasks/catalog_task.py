"""One launchable task: what its signature and its author say, and its arguments on their way.

An argument travels to the worker in JSON's types, and the same pydantic adapters validate it there once more.
It travels as what validation made of it where JSON says that exactly ("3" for an `int` is 3), else as it was
given: so what could not be written back (a date, a model, a validator that changes the value) arrives exactly.
"""

import inspect
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any, Literal

from django.utils.translation import gettext
from pydantic import TypeAdapter, ValidationError

from tasks import catalog_docstring
from tasks.catalog_about import group_of, readable, schema_of
from tasks.catalog_errors import MASK, BadArguments, Fault, fault, faults_of, text_for_number
from tasks.catalog_secrets import masked_by_name
from tasks.catalog_signature import NOTHING, Parameter, parameters
from tasks.catalog_values import NotJson, misread, wire_value
from tasks.catalog_words import words_of
from tasks.choices import JUDGE, Asker
from tasks.launchable import BadArgument, words_for
from tasks.uploaded import FINDER, UPCOMING, Finder, UploadedFile, find_for_worker, finder_for


class Typed(dict[str, Any]):
    """Validated arguments by name, with the exact Python values.

    `given` has them as they travel: in JSON's types, secrets in clear text.
    """

    given: dict[str, Any]


class LaunchableTask:
    """What can be known of a registered task without running it.

    `permission` is "app.codename" or None; `group` the label of its app, for a catalogue's headings;
    `registered` Celery's own object.
    """

    def __init__(self, name: str, registered: Any) -> None:
        told = words_for(registered)
        docstring = catalog_docstring.read(registered)
        words = words_of(getattr(registered, "__module__", "") or "")
        self.name = name
        self._title = words(told.title or docstring.title or readable(name))
        self._description = words(told.description or docstring.description)
        self.permission = told.permission or None
        self.hidden = told.hidden
        self.group = group_of(registered, name)
        self.registered = registered
        self._own_check = told.check
        self._confirm = told.confirm if isinstance(told.confirm, bool) else words(told.confirm)

    @property
    def title(self) -> str:
        """In the language that is active now, as everything that an author says to people."""
        return str(self._title)

    @property
    def description(self) -> str:
        """Empty where the author said nothing."""
        return str(self._description)

    @property
    def confirmation(self) -> str:
        """What people are told when they are asked whether they mean to launch it; empty: they are not asked."""
        if isinstance(self._confirm, bool):
            return gettext("This task asks to be confirmed.") if self._confirm else ""
        return str(self._confirm)

    @cached_property
    def parameters(self) -> list[Parameter]:
        """In the order of the signature."""
        return parameters(self.registered.run)

    @cached_property
    def by_name(self) -> dict[str, Parameter]:
        """The parameters by their names."""
        return {parameter.name: parameter for parameter in self.parameters}

    def schema(self) -> dict[str, Any]:
        """JSON Schema (draft 2020-12) of the arguments; a copy that the caller may change."""
        # Words are translated, so not kept.
        whole: dict[str, Any] = json.loads(json.dumps(self._schema, default=str))
        whole["title"] = self.title
        return whole | ({"description": self.description} if self.description else {})

    @cached_property
    def _schema(self) -> dict[str, Any]:
        mode: Literal["validation"] = "validation"
        inputs = [(p.name, mode, p.adapter) for p in self.parameters if p.adapter]
        found, shared = TypeAdapter.json_schemas(inputs, ref_template="#/$defs/{model}")
        properties = {p.name: schema_of(p, found.get((p.name, mode), {})) for p in self.parameters}
        whole: dict[str, Any] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "",
            "type": "object",
            "properties": properties,
            "required": [parameter.name for parameter in self.parameters if parameter.required],
            "additionalProperties": False,
        }
        return whole | ({"$defs": shared["$defs"]} if "$defs" in shared else {})

    def validate(
        self,
        args: Any,
        *,
        user: Any = None,
        coming: Iterable[UploadedFile] = (),
        check: bool = True,
        json_types: bool = False,
    ) -> Typed:
        """The typed arguments of a launch by `user`. Raises BadArguments with everything that is wrong.

        A file has to be a complete upload of `user`, or one of `coming`: to be saved once all is right. Those
        cannot be opened yet, so their content is not judged: leave out the task's own `check` until they can. With
        `json_types` a number has to be one, as in the schema: a form has only texts, JSON has both.
        """
        if not isinstance(args, Mapping):
            raise BadArguments([fault([], "arguments_type")])
        context = _context(finder_for(user), coming)
        faults = [fault([str(name)], "unknown_argument") for name in args if name not in self.by_name]
        typed = _nowhere()
        with_choices: list[Parameter] = []
        for parameter in self.parameters:
            value = args.get(parameter.name, parameter.default if parameter.always else NOTHING)
            if value is not NOTHING:
                note = {JUDGE: partial(_note, with_choices, parameter)}
                faults += _faults(partial(_take, parameter, value, context | note, typed), parameter)
            elif parameter.required:
                faults.append(fault([parameter.name], "missing"))
        faults += self._gaps(typed.given) + self._twice(typed.given)
        faults += self._not_chosen(with_choices, typed, context)
        if json_types:
            faults += [
                fault([name, *place], kind) if kind == "bool_type" else text_for_number([name, *place], kind)
                for name, value in typed.items()
                for place, kind in misread(typed.given[name], value)
            ]
        if faults:
            raise BadArguments(faults)
        typed.given = {
            name: self.by_name[name].as_it_travels(given, typed[name]) for name, given in typed.given.items()
        }
        if check and self._own_check:
            self._ask(self._own_check, typed)
        return typed

    def _not_chosen(self, parameters: list[Parameter], typed: Typed, context: dict[str, Any]) -> list[Fault]:
        """What is none of the choices that an author's code knows: those may depend on any other value."""
        if not parameters:
            return []
        asked = context | {JUDGE: self.asker(self._with_defaults(typed).__getitem__).judge}
        faults: list[Fault] = []
        for parameter in parameters:
            if parameter.name in typed:
                given = typed.given[parameter.name]
                faults += _faults(partial(_take, parameter, given, asked, _nowhere()), parameter)
        return faults

    def asker(self, find: Callable[[str], Any]) -> Asker:
        """What asks for choices; `find` has the values that they depend on."""
        return Asker(find, {parameter.name: str(parameter.title) for parameter in self.parameters})

    def typed_value(self, name: str, given: Any = NOTHING, *, user: Any = None) -> Any:
        """The typed value of one parameter: of `given`, else its default. Raises LookupError where it has none."""
        parameter = self.by_name[name]
        if given is NOTHING:
            if parameter.default is NOTHING:
                raise LookupError(name)
            return parameter.default
        typed = _nowhere()
        if _faults(partial(_take, parameter, given, _context(finder_for(user)), typed), parameter):
            raise LookupError(name)
        return typed[name]

    def _with_defaults(self, typed: Typed) -> dict[str, Any]:
        return {p.name: p.default for p in self.parameters if p.default is not NOTHING} | typed

    def _ask(self, check: Callable[..., None], typed: Typed) -> None:
        wanted = inspect.signature(check).parameters
        values = self._with_defaults(typed)
        try:
            check(**{name: value for name, value in values.items() if name in wanted})
        except BadArgument as error:
            raise BadArguments([fault([error.field], "check", str(error.message))]) from error

    def _gaps(self, given: Mapping[str, Any]) -> list[Fault]:
        """A value by position needs one for each parameter before it; a default will do if JSON has it."""
        last = self._last_by_position(given)
        if last is None:
            return []
        return [
            fault([parameter.name], "needed_before", later=last.name)
            for parameter in self._before(last)
            if not (parameter.name in given or parameter.required) and parameter.default_for_wire() is NOTHING
        ]

    def _twice(self, given: Mapping[str, Any]) -> list[Fault]:
        return [
            fault([parameter.name, name], "taken_argument")
            for parameter in self.parameters
            if parameter.is_kwargs and isinstance(given.get(parameter.name), Mapping)
            for name in given[parameter.name]
            if name in self.by_name and self.by_name[name].kind is not inspect.Parameter.POSITIONAL_ONLY
        ]

    def wire(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """What `validate` gave, by name in JSON's types; secrets in clear text: for the message only."""
        return {name: wire_value(value) for name, value in getattr(typed, "given", typed).items()}

    def revive(self, wired: Mapping[str, Any]) -> dict[str, Any]:
        """The exact Python values of `wire`'s, in the worker. Raises BadArguments: a file is gone, say."""
        revived = _nowhere()
        revived |= wired
        faults: list[Fault] = []
        for name, value in wired.items():
            parameter = self.by_name.get(name)
            if parameter is not None and parameter.adapter is not None:
                faults += _faults(partial(_take, parameter, value, _context(find_for_worker), revived), parameter)
        if faults:
            raise BadArguments(faults)
        return dict(revived)

    def call(self, values: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """(args, kwargs) of `wire`'s or `revive`'s values: by position where the signature wants it."""
        args: list[Any] = []
        kwargs = dict(values)
        last = self._last_by_position(values)
        if last:
            for parameter in self._before(last):
                default = NOTHING if parameter.name in kwargs else parameter.default_for_wire()
                args.append(kwargs.pop(parameter.name, default))
            value = kwargs.pop(last.name)
            args += value if last.is_args else [value]
        for parameter in self.parameters:
            if parameter.is_args:
                kwargs.pop(parameter.name, None)
            if parameter.is_kwargs:
                kwargs |= kwargs.pop(parameter.name, {})
        return args, kwargs

    def named(self, args: Iterable[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """`call` backwards: values by parameter; what belongs to none is under `args` or its own name."""
        left, rest = list(args), dict(kwargs)
        values: dict[str, Any] = {}
        for parameter in self.parameters:
            if parameter.is_args and left:
                values[parameter.name], left = left, []
            elif parameter.by_position and left:
                values[parameter.name] = left.pop(0)
            elif parameter.is_kwargs and rest:
                values[parameter.name], rest = rest, {}
            elif parameter.name in rest and not parameter.is_args:
                values[parameter.name] = rest.pop(parameter.name)
        return values | rest | ({"args": left} if left else {})

    @cached_property
    def is_open(self) -> bool:
        """Whether none of its parameters can hold a secret."""
        return not any(parameter.mask or parameter.is_kwargs for parameter in self.parameters)

    def secret_defaults(self) -> dict[str, Any]:
        """What secret parameters are where nobody gives them."""
        secret = (p for p in self.parameters if p.mask and not p.is_args and not p.is_kwargs)
        return {p.name: p.default for p in secret if p.default is not NOTHING and p.default is not None}

    def masked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The same values without their secrets."""
        return {name: _masked(self.by_name.get(name), name, value) for name, value in values.items()}

    def _last_by_position(self, given: Mapping[str, Any]) -> Parameter | None:
        """The last parameter with a value that cannot go by name."""
        wanting = [
            parameter
            for parameter in self.parameters
            if parameter.only_by_position
            and (given.get(parameter.name) if parameter.is_args else parameter.name in given)
        ]
        return wanting[-1] if wanting else None

    def _before(self, last: Parameter) -> list[Parameter]:
        return self.parameters[: self.parameters.index(last)]


def _context(find: Finder, coming: Iterable[UploadedFile] = ()) -> dict[str, Any]:
    announced: dict[uuid.UUID, UploadedFile] = {file.id: file for file in coming}
    return {FINDER: lambda number: announced.get(number) or find(number), UPCOMING: announced.keys()}


def _nowhere() -> Typed:
    typed = Typed()
    typed.given = {}
    return typed


def _note(parameters: list[Parameter], parameter: Parameter, *_judged: Any) -> None:
    if parameter not in parameters:
        parameters.append(parameter)


def _take(parameter: Parameter, value: Any, context: dict[str, Any], into: Typed) -> None:
    into.given[parameter.name] = given = wire_value(value)
    if parameter.adapter is None:
        into[parameter.name] = given
    else:
        # As JSON text, since models that are strict with Python values still take a date's text from JSON.
        into[parameter.name] = parameter.adapter.validate_json(json.dumps(given), context=context)


def _faults(take: Callable[[], None], parameter: Parameter) -> list[Fault]:
    try:
        take()
    except ValidationError as error:
        details = error.errors(include_url=False)
        return faults_of(parameter.name, details, secret=parameter.mask is not None)
    except NotJson as error:
        return [fault([parameter.name], error.kind)]
    except RecursionError:
        return [fault([parameter.name], "too_deep")]
    return []


def _masked(parameter: Parameter | None, name: str, value: Any) -> Any:
    try:
        if parameter is None:  # one that the function does not have
            return masked_by_name({name: value})[name]
        if parameter.is_kwargs and isinstance(value, Mapping):
            value = masked_by_name(value)
        return parameter.mask(value) if parameter.mask else value
    except Exception:
        return MASK  # better nothing than a secret
