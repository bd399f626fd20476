"""Markdown becomes a few known elements, whatever it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.helping.blocks import DEPTH_MAX, ELEMENTS, VERBATIM, Block, blocks_of, html_of, plain

KNOWN = {*ELEMENTS.values(), *VERBATIM.values(), "a", "h2", "h3"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Title\n\ntext", "<h2>Title</h2><p>text</p>"),
        ("#### Deep", "<h3>Deep</h3>"),
        ("**a** *b* ~~c~~ `d`", "<p><strong>a</strong> <em>b</em> <s>c</s> <code>d</code></p>"),
        ("- a\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
        ("1. a\n", "<ol><li><p>a</p></li></ol>"),
        ("> said", "<blockquote><p>said</p></blockquote>"),
        ("```\n<b>\n```", "<pre>&lt;b&gt;\n</pre>"),
        ("a\nb  \nc", "<p>a\nb<br>c</p>"),
        ("---", "<hr>"),
        ("[form](/channels/form/contact)", '<p><a href="/channels/form/contact" rel="noopener">form</a></p>'),
        ("[a](https://x.example/?a=1&b=2)", '<p><a href="https://x.example/?a=1&amp;b=2" rel="noopener">a</a></p>'),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("[x](//evil.example)", "<p>x</p>"),
        ("[x](ftp://files.example)", "<p>x</p>"),
        ("![a picture](https://x.example/a.png)", "<p>a picture</p>"),
        ("a & <b>", "<p>a &amp; &lt;b&gt;</p>"),
    ],
)
def test_what_is_written_becomes_what_is_known(text: str, html: str) -> None:
    assert html_of(blocks_of(text)) == html


def test_a_table_has_its_head_and_its_rows() -> None:
    html = html_of(blocks_of("| a | b |\n| - | - |\n| 1 | 2 |"))
    assert html == (
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
    )


def tags_of(blocks: tuple[Block | str, ...]) -> set[str]:
    elements = [each for each in blocks if isinstance(each, Block)]
    return {each.tag for each in elements}.union(*(tags_of(each.parts) for each in elements))


def depth_of(blocks: tuple[Block | str, ...]) -> int:
    return max((1 + depth_of(each.parts) for each in blocks if isinstance(each, Block)), default=0)


@given(st.text(alphabet=st.sampled_from("ab<>&\"'[]()!*_`~#>-1. \n|:/\\"), max_size=200))
def test_no_text_becomes_anything_else(text: str) -> None:
    blocks = blocks_of(text)
    assert tags_of(blocks) <= KNOWN
    assert "<" not in html_of(tuple(each for each in (plain(blocks),) if each))


def test_a_text_of_ten_thousand_quotes_ends() -> None:
    assert depth_of(blocks_of(">" * 10_000 + " x")) <= DEPTH_MAX
