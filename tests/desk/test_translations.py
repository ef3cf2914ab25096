"""Every text of the desk is there in each language: none is missing, said twice, or left in a template."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files
from pathlib import Path
from string import Formatter

import yaml

from archiver.desk.translations import LANGUAGES, words

DESK = Path(str(files("archiver.desk")))
TEXTS = [DESK / "words.yaml", *sorted((DESK / "words").iterdir())]
UNTRANSLATED = {"archiver", "IMAP", "NAME", "XLSX", "CSV", "UTC", "Excel", "Word", "autofocus"}
"""Words that a template may have itself: names, and an attribute that a macro gives."""


def loaded() -> list[tuple[str, list[str], str]]:
    return [
        (str(key), [str(each) for each in both], path.name)
        for path in TEXTS
        for key, both in yaml.safe_load(path.read_text("utf-8")).items()
    ]


def test_each_key_is_in_one_file_once() -> None:
    keys = [
        match[1] for path in TEXTS for match in re.finditer(r"^([^\s#][^:]*):", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert [key for key, count in Counter(keys).items() if count > 1] == []


def test_each_text_has_both_languages_with_the_same_facts() -> None:
    for key, both, file in loaded():
        assert len(both) == len(LANGUAGES) and all(each.strip() for each in both), (file, key)
        named = [{name for _, name, _, _ in Formatter().parse(each) if name} for each in both]
        assert named[0] == named[1], (file, key, named)


def test_no_text_of_the_package_is_cut_by_its_own_comma() -> None:
    """`{en: a, de: b, c}` in YAML has a third key: a sentence with a comma needs quotes."""

    def cut(value: object, place: str) -> list[str]:
        if isinstance(value, list):
            return [each for number, item in enumerate(value) for each in cut(item, f"{place}.{number}")]
        if not isinstance(value, dict):
            return []
        whole = not set(LANGUAGES) <= value.keys() or None not in value.values()
        return ([] if whole else [place]) + [
            each for key, item in value.items() for each in cut(item, f"{place}.{key}")
        ]

    package = DESK.parent
    found = [each for path in sorted(package.rglob("*.yaml"))
             for each in cut(yaml.safe_load(path.read_text("utf-8")), path.name)]  # fmt: skip
    assert found == []


def test_no_german_text_is_the_english_one() -> None:
    """Names, codes and words that both languages share may be the same; a sentence may not."""
    same = [(file, key, both[0]) for key, both, file in loaded() if both[0] == both[1] and len(both[0].split()) > 2]
    assert same == []


def test_templates_have_no_text_of_their_own() -> None:
    for path in sorted((DESK / "templates").glob("*.html")):
        text = re.sub(r"\{% block keep %\}.*?\{% endblock %\}", " ", path.read_text("utf-8"))
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
        shown = re.sub(r"<code\b.*?</code>|<!doctype[^>]*>|<script.*?</script>", " ", text, flags=re.DOTALL)
        said = re.findall(r'\b(?:title|alt|placeholder|aria-label)="([^"]*)"', shown)
        left = re.sub(r"<[^>]*>|&\w+;", " ", shown)
        found = [each for each in re.findall(r"[A-Za-zÄÖÜäöüß]{2,}", left) if each not in UNTRANSLATED]
        assert found == [], (path.name, found)
        assert all(not re.search(r"[a-z]{3,} [a-z]{3,}", each) for each in said), (path.name, said)


def test_each_text_that_a_page_asks_for_is_there() -> None:
    known = words("en").texts
    for path in sorted([*(DESK / "templates").glob("*.html"), *DESK.glob("*.py")]):
        text = path.read_text("utf-8")
        for key in re.findall(r"""(?<!\w)(?:w|words)\(\s*"([^"]+)"\s*[,)]""", text):
            assert key in known or key in LANGUAGES or path.name == "translations.py", (path.name, key)
        for key in re.findall(r"""\bw\.count\("([^"]+)",""", text):
            assert {f"{key}_one", f"{key}_many"} <= known.keys(), (path.name, key)
