"""What a task and its parameters are called, for those who launch it."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps

from tasks.catalog_signature import NOTHING, Parameter


def schema_of(parameter: Parameter, found: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of one parameter: what pydantic `found`, with its author's words."""
    schema = {**found, "title": parameter.title}
    schema.pop("default", None)
    if parameter.description:
        schema["description"] = parameter.description
    default = parameter.default_for_wire()
    return schema | ({"default": default} if default is not NOTHING else {})


def readable(name: str) -> str:
    """A title made of the task's name."""
    return name.rpartition(".")[2].replace("_", " ").strip().capitalize() or name


def group_of(registered: Any, name: str) -> str:
    """The label of the app that the task stands in."""
    module = getattr(type(registered), "__module__", "") or name
    app = apps.get_containing_app_config(module) if apps.apps_ready else None
    return app.label if app else module.partition(".")[0]
