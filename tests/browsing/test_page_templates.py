"""Nothing that a page prints can become HTML, leave its attribute, or rewrite the text around it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError
from selectolax.lexbor import LexborHTMLParser

from archiver.browsing import page_templates
from archiver.reading.terminal_safe import printable

ROOT = Path(page_templates.__file__).parents[1]
TEMPLATES = [ROOT / "browsing/templates", ROOT / "claims/templates", ROOT / "agency/templates"]
HOSTILE = st.text(max_size=40) | st.lists(
    st.sampled_from(
        ["<script>", "</p>", "'", '"', "&lt;", "{{ 7*7 }}", "{% raw %}", "-->", "\u202e", "\0", "\ud800", "x"]
    )
).map("".join)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("templates") / "page.html"
    path.write_text(
        '{% import "macros.html" as paper %}<body><p title="{{ value }}">{{ value }}</p>{{ paper.bullets([value]) }}'
    )
    return path


@settings(max_examples=60)
@given(HOSTILE)
def test_a_value_is_text_wherever_it_stands(template: Path, value: str) -> None:
    made = page_templates.render(template, value=value)
    text = printable(value, keep="\n")
    tree = LexborHTMLParser(made.encode("utf-8", "replace"))
    assert tree.body and [each.tag for each in tree.body.iter()] == ["p", "ul"]
    assert [each.tag for each in tree.css("body *")] == ["p", "ul", "li"]
    paragraph, line = tree.css_first("p"), tree.css_first("li")
    assert paragraph and paragraph.attributes["title"] == text == paragraph.text()
    assert line and line.text() == text and line.attributes["dir"] == "auto"


def test_templates_escape_everything_and_quote_every_attribute(template: Path) -> None:
    with pytest.raises(UndefinedError):
        page_templates.render(template)
    sources = {path: path.read_text() for folder in TEMPLATES for path in folder.glob("*.html")}
    assert len(sources) >= 5
    for path, source in sources.items():
        assert not re.search(r"\|\s*safe|autoescape|Markup|=\{\{", source), path
