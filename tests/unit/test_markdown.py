"""Markdown of tasks as HTML: what it may show, and what it cannot do."""

import re

import pytest

from dashboard import markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**a** ~~b~~ `c`", "<p><strong>a</strong> <s>b</s> <code>c</code></p>"),
        (
            "[x](https://example.com/)",
            '<p><a href="https://example.com/" rel="noopener nofollow noreferrer">x</a></p>',
        ),
        ("| a |\n|---|\n| 1 |", "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"),
        ("2. b", '<ol start="2"><li>b</li></ol>'),
        ("<b onclick=x>a</b>", "<p>&lt;b onclick=x&gt;a&lt;/b&gt;</p>"),
        ("![mine](chart.png)", '<p><img src="/files/chart.png" alt="mine" loading="lazy"></p>'),
        ("![theirs](https://example.com/a.png)", "<p>theirs</p>"),
        ("![](../../other.png)", "<p>../../other.png</p>"),
    ],
)
def test_what_it_shows(text: str, html: str) -> None:
    shown = markdown.render(text, lambda name: f"/files/{name}" if name == "chart.png" else None)
    assert re.sub(r"\n", "", shown) == html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        '![x](x" onerror=alert(1))',
        "<img src=x onerror=alert(1)>",
        '<a href="vbscript:x">x</a>',
        "[x](  javascript&colon;alert(1))",
        "<style>*{display:none}</style>",
        '<iframe src="//example.com"></iframe>',
    ],
)
def test_what_it_cannot_do(text: str) -> None:
    html = markdown.render(text)
    assert not re.search(r"<(script|style|iframe|img)|<[^>]*(\son\w+=|javascript|vbscript|data:)", html, re.IGNORECASE)


@pytest.mark.parametrize(
    ("levels", "shown"),
    [([1, 2, 3], [3, 4, 5]), ([3, 1, 4, 4, 2], [3, 3, 4, 4, 4]), ([1, 2, 3, 4, 5, 6], [3, 4, 5, 6, 6, 6])],
)
def test_headings_follow_each_other_without_a_gap(levels: list[int], shown: list[int]) -> None:
    html = markdown.render("\n\n".join(f"{'#' * level} title" for level in levels))
    assert [int(level) for level in re.findall(r"<h(\d)>", html)] == shown


def test_a_text_without_end_is_cut() -> None:
    assert len(markdown.render("a " * 10**6)) < 300_000
