"""What a job put out, as its page shows it: frontend/src/elements/outputs.ts draws it the same way."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString

from dashboard import output_views

register = template.Library()


@register.filter
def groups(outputs: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The outputs in their order, each with its place; images that follow each other are one group."""
    found: list[dict[str, Any]] = []
    for place, output in enumerate(outputs, 1):
        is_image = output["kind"] == "image"
        if not (found and is_image and found[-1]["is_gallery"]):
            found.append({"is_gallery": is_image, "entries": []})
        found[-1]["entries"].append({"place": place, "output": output})
    return found


@register.simple_tag(takes_context=True)
def markdown_html(context: dict[str, Any], output: Mapping[str, Any]) -> SafeString:
    """A Markdown output of the page's `job` as HTML."""
    job = context["job"]
    return output_views.html(job, str(output["value"]), output_views.address_of_files(job["id"], context.get("share")))


@register.filter
def has_table(value: Any) -> bool:
    """Whether the value is shown as a table."""
    return output_views.is_table(value)
