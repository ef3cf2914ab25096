"""The desk's texts in each language, from `words.yaml` and, for some pages, from `words/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from importlib.resources import files

from archiver.core import localised
from archiver.core.packaged_data import parse_yaml

LANGUAGES = ("en", "de")


@dataclass(frozen=True)
class Translations:
    """One language. `w("days_left", n=3)` fills in a value. `w.get` returns the first text that exists.

    `zone` is that of the clocks by which pages give times; None: this machine's.
    """

    language: str
    texts: Mapping[str, str]
    zone: tzinfo | None = UTC

    def __call__(self, key: str, **facts: object) -> str:
        return self.texts[key].format(**facts) if facts else self.texts[key]

    def count(self, key: str, number: int) -> str:
        """A text that depends on a number: `key_one` or `key_many`."""
        return self(f"{key}_{'one' if number == 1 else 'many'}", n=localised.number(number, self.language))

    def get(self, *keys: str) -> str:
        """The first of these texts that exists; if none does, the last key itself."""
        return next((self.texts[key] for key in keys if key in self.texts), keys[-1])

    @property
    def zone_name(self) -> str:
        """The city of the zone, as `Berlin`, or what this machine calls its own zone."""
        named = str(self.zone or datetime.now().astimezone().tzname())
        return named.rpartition("/")[2].replace("_", " ")

    def known(self, key: str) -> bool:
        return key in self.texts


@cache
def words(language: str) -> Translations:
    place = LANGUAGES.index(language)
    return Translations(language, {key: str(both[place]) for key, both in _in_all_languages().items()})


@cache
def _in_all_languages() -> dict[str, list[object]]:
    here, loaded = files("archiver.desk"), dict[str, list[object]]()
    pages = sorted(here.joinpath("words").iterdir(), key=lambda each: each.name)
    for file in (here.joinpath("words.yaml"), *pages):
        loaded |= parse_yaml(file.read_text("utf-8"))
    return loaded
