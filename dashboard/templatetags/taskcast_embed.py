"""One live job in any page of a project: `{% load taskcast_embed %}{% taskcast_job job %}`.

The element reads by the reader's own session: who may not see the job is told so, and nothing else.
"""

from typing import Any
from uuid import UUID

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

# In the context of the template that is rendered: whether the script stands in the page already.
_HAS_SCRIPT = "taskcast_embed_script"


@register.simple_tag(takes_context=True)
def taskcast_job(context: template.Context, job: Any) -> SafeString:
    """The job, live; `job` is a row, a dict with an `id`, or an id. Without a script a link to its page."""
    given = job.get("id") if isinstance(job, dict) else getattr(job, "pk", job)
    if given in (None, ""):
        return SafeString("")
    try:
        job_id = UUID(str(given))
    except ValueError:
        raise template.TemplateSyntaxError(f"taskcast_job: {given!r} is no job and no id of one") from None
    return format_html(
        '{}<taskcast-job job="{}"><a href="{}">{}</a></taskcast-job>',
        taskcast_scripts(context),
        job_id,
        reverse("taskcast:job", args=[job_id]),
        _("Show the job"),
    )


@register.simple_tag(takes_context=True)
def taskcast_scripts(context: template.Context) -> SafeString:
    """The script behind `taskcast_job`, once for each page: for a head, or where jobs come by a script later."""
    # Of the whole page: included templates have layers of their own above it, and may each have a job.
    page: dict[Any, Any] = context.render_context.dicts[0]
    if page.get(_HAS_SCRIPT):
        return SafeString("")
    page[_HAS_SCRIPT] = True
    return format_html(
        '<script type="module" src="{}" data-taskcast-root="{}"></script>',
        static("embed.js"),
        reverse("taskcast:index"),
    )
