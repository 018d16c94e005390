"""The filter that shows a result by its shape, with the markup of frontend/src/elements/value.ts."""

import json
from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dashboard import file_names
from dashboard.figures import figure, plain
from dashboard.forms.times import is_wire_duration, show_duration
from dashboard.templatetags.taskcast import compact, count

register = template.Library()

_ROWS = 200
_TEXT = 100_000
# Characters or lines that may be higher than a text is shown, on a narrow screen.
_SCROLLS, _SCROLLING_LINES = 400, 20
_DEEP = 3
_LONG = 32
_NESTED = 60  # characters of a value inside a cell; a longer one is folded
_LONG_ARGUMENT = 600  # characters of JSON; a longer argument is folded, whole


@register.filter
def value(shown: Any, depth: int = 0) -> SafeString:
    """A word or number, a table for a list of objects, names and values for an object; as HTML.

    A number alone stands as in JSON: it may be an id, or go into another program.
    """
    if shown is None:
        return format_html('<span class="value-none">{}</span>', "–" if depth else _("No value"))
    if isinstance(shown, bool):
        return format_html('<span class="value-word">{}</span>', compact(shown))
    if isinstance(shown, int | float):
        return format_html('<span class="value-number">{}</span>', compact(shown))
    if isinstance(shown, list):
        return _list(shown, depth)
    if isinstance(shown, dict):
        return _object(shown, depth)
    text = str(shown)[:_TEXT]
    if len(text) > _SCROLLS or text.count("\n") > _SCROLLING_LINES:
        # It may scroll inside: then the keyboard has to reach it.
        return format_html('<span class="value-text" tabindex="0">{}</span>', text)
    return format_html('<span class="value-text">{}</span>', text)


@register.filter
def argument(arg: Any, names: Mapping[str, str]) -> SafeString:
    """An argument by its shape; a file by its name, with its id for who points at it; a duration as one types it."""
    if isinstance(arg, str) and arg in names:
        return format_html('<span class="file-name" title="{}">{}</span>', arg, names[arg])
    if isinstance(arg, str) and is_wire_duration(arg):
        return format_html('<span class="value-text" title="{}">{}</span>', arg, show_duration(arg))
    shown = file_names.named({"": arg}, names)[""]
    if isinstance(shown, dict | list) and len(compact(shown)) > _LONG_ARGUMENT:
        return format_html("<details><summary>{}</summary>{}</details>", _values(shown), value(shown, 2))
    return value(shown, 2)


def _values(shown: dict[str, Any] | list[Any]) -> str:
    return _("1 value") if len(shown) == 1 else _("{count} values").format(count=count(len(shown)))


@register.filter
def result_value(job: Mapping[str, Any]) -> SafeString:
    """The result by its shape; what one of the job's outputs shows under the same name is a link to that."""
    result = job["result"]
    at = {output["name"]: n for n, output in enumerate(job["outputs"] or (), 1)}
    if not isinstance(result, dict):
        return value(result)
    links = {
        name: format_html('<a class="value-above" href="#output-{}">{}</a>', at[name], _("See the output above"))
        for name, field in result.items()
        if name in at and isinstance(field, dict | list)
    }
    return _object(result, 0, links)


def _list(items: list[Any], depth: int) -> SafeString:
    if not items:
        return format_html('<span class="value-none">{}</span>', _("An empty list"))
    if depth < _DEEP and all(isinstance(item, dict) for item in items):
        return _table(items)
    if len(items) <= 20 and not any(isinstance(item, dict | list) for item in items):
        return format_html('<span class="value-list">{}</span>', ", ".join(map(_word, items)))
    return _text(items)


def _object(fields: dict[str, Any], depth: int, links: Mapping[str, SafeString] | None = None) -> SafeString:
    if not fields:
        return format_html('<span class="value-none">{}</span>', _("An empty object"))
    if depth >= _DEEP or len(fields) > 60:
        return _text(fields)
    rows = ((name, (links or {}).get(name) or _field(name, field, depth + 1)) for name, field in fields.items())
    inner = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", rows)
    return format_html('<dl class="value-fields">{}</dl>', inner)


def _field(name: str, field: Any, depth: int) -> SafeString:
    if not _is_number(field):
        return value(field, depth)
    text = figure(field, name)
    title = format_html(' title="{}"', plain(field)) if _says_less(text, field) else ""
    return format_html('<span class="value-number"{}>{}</span>', title, text)


def _table(rows: list[dict[str, Any]]) -> SafeString:
    shown = rows[:_ROWS]
    columns = list(dict.fromkeys(column for row in shown for column in row))
    css = {column: _kind([row.get(column) for row in shown]) for column in columns}
    head = format_html_join("", '<th scope="col"{}>{}</th>', ((css[column], column) for column in columns))
    lines = (
        format_html_join("", "<td{}>{}</td>", ((css[column], _cell(column, row.get(column))) for column in columns))
        for row in shown
    )
    body = format_html_join("", "<tr>{}</tr>", ((line,) for line in lines))
    words = _("1 row") if len(rows) == 1 else _("{count} rows").format(count=count(len(rows)))
    rest = format_html('<p class="quiet">{}: 1–{}</p>', words, len(shown)) if len(shown) < len(rows) else ""
    return format_html(
        '<div class="table-scroll" tabindex="0" role="group" aria-label="{}"><table class="value-table">'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>{}",
        words,
        head,
        body,
        rest,
    )


def _kind(cells: list[Any]) -> SafeString | str:
    # Numbers stand to the right; long texts get room, which a browser would rather give to short ones.
    if all(item is None or _is_number(item) for item in cells):
        return SafeString(' class="number"')
    is_long = any(isinstance(item, str) and len(item) > _LONG for item in cells)
    return SafeString(' class="long"') if is_long else ""


def _cell(column: str, item: Any) -> str | SafeString:
    if item is None:
        return SafeString('<span class="value-none">–</span>')
    if _is_number(item):
        text = figure(item, column)
        return format_html('<span title="{}">{}</span>', plain(item), text) if _says_less(text, item) else text
    if isinstance(item, dict | list):
        text = compact(item)
        if len(text) <= _NESTED:
            return format_html("<code>{}</code>", text)
        more = '<details class="cell-more"><summary>{}</summary><code>{}</code></details>'
        return format_html(more, _values(item), text)
    return _word(item)


def _is_number(item: Any) -> bool:
    return isinstance(item, int | float) and not isinstance(item, bool)


def _says_less(text: str, number: float) -> bool:
    return text.replace(",", "") != plain(number)


def _word(item: Any) -> str:
    return item if isinstance(item, str) else compact(item)


def _text(shown: Any) -> SafeString:
    text = json.dumps(json.loads(compact(shown)), ensure_ascii=False, indent=2)[:_TEXT]
    return format_html('<pre class="value-json" tabindex="0">{}</pre>', text)
