"""What other rooms say in English, in the visitor's language: errors, warnings and reasons.

`sentences.yaml` has the German of each English format; `{name}` stands for what the raising code fills in. A text is
looked up as a whole, then line by line, then sentence by sentence. What has no German stays English and is marked so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from archiver.core import localised
from archiver.core.packaged_data import parse_yaml
from archiver.core.remedy import actions
from archiver.desk.translations import Translations
from archiver.reading.terminal_safe import printable

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
MIN_OWN_TEXT_LENGTH = (
    24  # characters of a format's own text: with fewer, a placeholder stands for one word or a quotation
)
MIN_WORDS = 3  # of what fills a placeholder: a shorter text is a name, not words to translate
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
QUOTED = ("'", '"', "`", "/", "“")  # begin a quotation, a command or a path, which stay as they are
NAMES = frozenset({"client", "name", "names", "account", "accounts", "user", "day", "command"})
"""Placeholders of names, of commands, and of days as a page writes them. They may have several words and stay."""

MAX_LENGTH = 4_000  # characters of a text that is translated


def said(text: object, w: Translations) -> Markup:
    """A text of another room in the visitor's language, safe to show."""
    printed = printable(str(text), keep="\n")
    if w.language == "en" or len(printed) > MAX_LENGTH:
        return Markup.escape(re.sub("^warning: ", "Warning: ", printed))
    return Markup("\n").join(_line(line) for line in printed.split("\n"))


def _line(line: str) -> Markup:
    if len(offers := _offers().split(line)) > 1:
        return Markup(" ").join(map(_line, offers))
    whole = _translated(line)
    if whole is not None:
        return whole
    parts = re.split(r"(?<=[.!?])\s+(?=[A-Z`])", line)
    return Markup(" ").join(_translated(part) or _english(part) for part in parts)


def _english(text: str) -> Markup:
    return Markup('<span lang="en">{}</span>').format(text) if re.search(r"[a-z]{2}", text) else Markup.escape(text)


def _translated(text: str) -> Markup | None:
    for start, pattern, german in _patterns():
        if text.startswith(start) and (found := pattern.fullmatch(text)):
            return _filled(german, {name: value or "" for name, value in found.groupdict().items()})
    return None


def _filled(german: str, values: Mapping[str, str]) -> Markup:
    filled = Markup()
    for number, part in enumerate(PLACEHOLDER.split(german)):
        filled += Markup.escape(part) if number % 2 == 0 else _value(values[part], named=part in NAMES)
    return filled


def _value(value: str, *, named: bool) -> Markup:
    """What fills a placeholder: a day, a name, or words that may have German themselves."""
    bare = value.strip()
    listed = [_translated(each) for each in bare.split(", ")]
    if DAY.fullmatch(bare):
        filled = Markup.escape(localised.day(bare, "de"))
    elif named or len(bare.split()) < MIN_WORDS or bare.startswith(QUOTED):
        filled = _translated(bare) or Markup.escape(_quoted(bare))
    elif all(listed):
        filled = Markup(", ").join(each for each in listed if each)
    else:
        filled = _line(bare)
    return Markup.escape(" " if value.startswith(" ") else "") + filled


def _quoted(value: str) -> str:
    """A value that was put in quotation marks, in German ones."""
    mark = value[:1]
    return re.sub(f"{mark}([^{mark}]*){mark}", r"„\1“", value) if mark in ("'", '"') else value


@cache
def _offers() -> re.Pattern[str]:
    """What stands before a remedy's words and its command."""
    words = "|".join(re.escape(texts["do"]["en"]) for texts in actions().values())
    return re.compile(rf"(?<!Or:)\s(?=(?:Or: )?(?:{words}): `archiver )")


@cache
def german() -> Mapping[str, str]:
    """The German of each English format."""
    from archiver.agency.terms_watch import topics
    from archiver.claims.facts import rules
    from archiver.provider import declared, installed

    known: dict[str, str] = parse_yaml(files("archiver.desk").joinpath("sentences.yaml").read_text("utf-8"))
    remedies = {
        f"{before}{texts['do']['en']}: `{{command}}`{end}": f"{vor}{texts['do']['de']}: `{{command}}`{end}"
        for texts in actions().values()
        for before, vor in (("", ""), ("Or: ", "Oder: "))
        for end in (".", "")
    }
    infos = [info for name in installed() if (info := declared(name))]
    titles = dict(each["title"] for each in topics().values())
    clauses = {
        text: platform[f"{name}_de"]
        for platform in rules()["platforms"].values()
        for name, text in platform.items()
        if f"{name}_de" in platform
    }
    return (
        {info.confirm.how: info.confirm.german for info in infos if info.confirm.german}
        | titles
        | clauses
        | remedies
        | known
    )


@cache
def _patterns() -> Sequence[tuple[str, re.Pattern[str], str]]:
    """Each format as a pattern, with the text that it begins with; those with the most text of their own first."""
    formats = sorted(german().items(), key=lambda pair: -len(PLACEHOLDER.sub("", pair[0])))
    return [(PLACEHOLDER.split(english)[0], _pattern(english), text) for english, text in formats]


def _pattern(english: str) -> re.Pattern[str]:
    short = len(PLACEHOLDER.sub("", english)) < MIN_OWN_TEXT_LENGTH
    parts, named = [], set[str]()
    for number, part in enumerate(PLACEHOLDER.split(english)):
        if number % 2 == 0:
            parts.append(re.escape(part))
        elif part in named:
            parts.append(f"(?P={part})")
        else:
            named.add(part)
            parts.append(
                rf"(?P<{part}>'[^']*'|\S+)" if short and part not in {"detail", *NAMES} else f"(?P<{part}>.*?)"
            )
    return re.compile("".join(parts), re.DOTALL)
