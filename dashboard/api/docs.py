"""OpenAPI as it is served, and as a page to read, rendered here: the usual viewers need scripts from elsewhere."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase
from ninja.openapi.schema import OpenAPISchema

from dashboard.api import schemas
from dashboard.api.problems import MEDIA_TYPE

# What any call may answer beside its own.
_ALWAYS = {
    400: "Malformed request",
    401: "Not signed in",
    403: "Not allowed, the token lacks a scope, or the CSRF token is missing",
    422: "Bad arguments, each named in `errors`",
    429: "Too many calls: go on after `Retry-After` seconds",
    503: "The database does not answer",
}


def finished(document: OpenAPISchema) -> OpenAPISchema:
    """The document with every error as a problem, and those named that any call may answer."""
    components = document.setdefault("components", {}).setdefault("schemas", {})
    problem = schemas.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components.update(problem.pop("$defs", {}))
    components["Problem"] = problem
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for _path, _method, call in _calls(document):
        answers = call["responses"]
        for status, description in _ALWAYS.items():
            answers.setdefault(status, {"description": description})
        for status, found in answers.items():
            if int(status) >= 400:
                found["content"] = content
    return document


def _calls(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, call) for path, methods in document["paths"].items() for method, call in methods.items()]


class ReadableDocs(DocsBase):
    """The document as a page without scripts."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """The page."""
        document = api.get_openapi_schema(path_params=kwargs)
        calls = [
            {
                "method": method.upper(),
                "path": path,
                "id": call["operationId"],
                "summary": call["summary"],
                "description": call.get("description", ""),
                "parameters": [_parameter(parameter) for parameter in call["parameters"]],
                "body": _schema_text(call.get("requestBody", {})),
                "answers": [
                    {"status": status, "description": found["description"], "schema": _schema_text(found)}
                    for status, found in sorted(call["responses"].items())
                ],
            }
            for path, method, call in _calls(document)
        ]
        shapes = [
            {"name": name, "text": json.dumps(shape, indent=2, ensure_ascii=False)}
            for name, shape in sorted(document["components"]["schemas"].items())
        ]
        context = {
            "title": document["info"]["title"],
            "description": document["info"]["description"],
            "calls": calls,
            "shapes": shapes,
            "openapi_url": self.get_openapi_url(api, kwargs),
        }
        return render(request, "dashboard/api_docs.html", context)


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": parameter["name"],
        "place": parameter["in"],
        "required": parameter["required"],
        "description": parameter.get("description", ""),
        "schema": json.dumps({k: v for k, v in parameter["schema"].items() if k not in ("title", "description")}),
    }


def _schema_text(holder: dict[str, Any]) -> str:
    """A name that stands below, or the schema itself."""
    for content in holder.get("content", {}).values():
        schema = content.get("schema", {})
        names = [one.get("$ref", "") for one in (schema, *schema.get("anyOf", []))]
        named = [name.rpartition("/")[2] for name in names if name]
        return named[0] if named else json.dumps(schema) if schema else ""
    return ""
