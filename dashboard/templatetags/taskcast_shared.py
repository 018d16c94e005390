"""Where a page finds the files of its job: by the reader's account, or by the link that he has."""

from typing import Any
from urllib.parse import quote

from django import template
from django.urls import reverse

from dashboard import output_views

register = template.Library()


@register.simple_tag(takes_context=True)
def job_file(context: dict[str, Any], name: str, kind: str = "files") -> str:
    """The address of a file of the page's `job`, or of a table of it as `csv`; `share` is the token of its link."""
    job_id, share, name = context["job"]["id"], context.get("share"), quote(name, safe="")
    if kind == "files":
        return f"{output_views.address_of_files(job_id, share)}{name}"
    return f"{reverse('taskcast:index')}{f'shared/{share}' if share else f'jobs/{job_id}'}/{kind}/{name}"
