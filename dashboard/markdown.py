"""Markdown that a task published, as HTML that can do nothing: no scripts, no styles, no pictures from elsewhere."""

from collections.abc import Callable, Sequence

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

# The page's own title and the panel's stand above.
_ABOVE = 2
_MOST = 200_000  # characters
_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "img"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title", "loading"}, "ol": {"start"}}

#: Where a picture of this name lies; None where it is none of the job's.
Locate = Callable[[str], str | None]


def render(text: str, locate: Locate = lambda name: None) -> SafeString:
    """The text as HTML. Its headings follow each other without a gap, whatever levels the task gave them."""
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    tokens = reader.parse(text[:_MOST])
    _level(tokens)
    for token in tokens:
        for child in token.children or ():
            if child.type == "image":
                _place(child, locate)
    html = reader.renderer.render(tokens, reader.options, {})
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow noreferrer",
    )
    return mark_safe(clean)  # noqa: S308 - cleaned one line above


def _level(tokens: Sequence[Token]) -> None:
    inside: list[int] = []
    for token in tokens:
        if token.type not in ("heading_open", "heading_close"):
            continue
        if token.type == "heading_open":
            level = int(token.tag[1])
            while inside and inside[-1] >= level:
                inside.pop()
            inside.append(level)
        token.tag = f"h{min(6, _ABOVE + len(inside))}"


def _place(image: Token, locate: Locate) -> None:
    """Point at the job's own file; what is none becomes its words."""
    name = str(image.attrs.get("src", ""))
    if (address := locate(name)) is None:
        image.type, image.content = "text", image.content or name
    else:
        image.attrs = {"src": address, "alt": image.content, "loading": "lazy"}
