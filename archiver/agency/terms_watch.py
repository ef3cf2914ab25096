"""Changes of the platforms' licence terms: what changed in words, and which licences, clients and rules it touches.

The archives hold each text once, with the time at which it was first seen. A change is two texts of one page that
followed each other. Licences keep the text that they name; a change says nothing about them by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TypedDict

from archiver.archive.reader import Archive
from archiver.catalogue.search import archives, followed
from archiver.claims.facts import platform_of
from archiver.core.alert import Alert
from archiver.core.errors import ConfigError, IntegrityError
from archiver.core.packaged_data import packaged_yaml
from archiver.core.remedy import Remedy
from archiver.core.suggestions import did_you_mean
from archiver.home.settings import Home
from archiver.provider.registry import installed
from archiver.reading.terms_diff import Passage, compare
from archiver.reading.terms_json import TermsFile, from_json

ALERT_DAYS = 30  # how long a change stays an alert
MAX_HEADINGS = 3  # that an alert names


@dataclass(frozen=True)
class SeenText:
    """A text of terms: the archive that has it, its id, its description, and when it was first seen anywhere."""

    archive: Archive
    id: str
    file: TermsFile
    seen: str

    def read(self) -> str:
        return self.archive.object(self.id).read("terms.txt").decode("utf-8", "replace")


@dataclass(frozen=True)
class TermsChange:
    """Two texts of one page that followed each other; `earlier` are the ids of all texts before the new one."""

    before: SeenText
    after: SeenText
    earlier: frozenset[str]

    @property
    def provider(self) -> str:
        return self.after.file.provider

    @property
    def title(self) -> str:
        return str(platform_of(self.provider)["title"])

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """Every difference. Raises IntegrityError if a text is not what was archived."""
        return compare(self.before.read(), self.after.read())

    @property
    def important(self) -> tuple[Passage, ...]:
        """The differences that are no dates, menus or banners."""
        return tuple(each for each in self.passages if not each.minor)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules of verdicts that the changed sentences may touch."""
        changed = "\n".join(each.text("same", "removed", "added") for each in self.important)
        return tuple(name for name, topic in topics().items() if re.search(topic["words"], changed, re.IGNORECASE))

    def as_json(self, touched: dict[str, list[str]]) -> dict[str, object]:
        return {
            "provider": self.provider, "page": self.after.file.name, "url": self.after.file.url,
            "before": {"terms": self.before.id.rpartition(":")[2], "seen": self.before.seen},
            "after": {"terms": self.after.id.rpartition(":")[2], "seen": self.after.seen},
            "passages": [
                {"heading": each.heading, "minor": each.minor, "pieces": [vars(one) for one in each.pieces]}
                for each in self.passages
            ],
            "rules": list(self.rules), "touched": touched,
        }  # fmt: skip


def texts(home: Home) -> list[SeenText]:
    """All texts of terms in the archives, each once, oldest first. Damaged ones are left out; `verify` names them."""
    found: dict[str, SeenText] = {}
    for slug in archives(home):
        archive = Archive(home.archive(slug))
        for place in sorted((archive.root / "evidence/terms").glob("*/*")):
            with suppress(IntegrityError):
                stored = archive.object(place.name)
                file = from_json(stored.read("terms.json"))
                known = found.get(stored.id)
                if known is None or file.captured_at < known.seen:
                    found[stored.id] = SeenText(archive, stored.id, file, file.captured_at)
    return sorted(found.values(), key=lambda each: (each.seen, each.id))


def changes(home: Home, provider: str | None = None) -> list[TermsChange]:
    """All changes, newest first, of one platform or of all. ConfigError if the archives have no terms of a platform."""
    held = texts(home)
    every = [each for each in held if provider in (None, each.file.provider)]
    if provider and not every:
        known = {each.file.provider for each in held} or set(installed())
        meant = "" if provider in known else did_you_mean(provider, known)
        raise ConfigError(f"The archives hold no terms of {provider}.{meant}", remedy=Remedy("terms list"))
    found, before = [], dict[tuple[str, str], list[SeenText]]()
    for each in every:
        page = before.setdefault((each.file.provider, each.file.name), [])
        if page:
            found.append(TermsChange(page[-1], each, frozenset(one.id for one in page)))
        page.append(each)
    return found[::-1]


def touched(home: Home, change: TermsChange) -> dict[str, list[str]]:
    """The licences that name an earlier text of the page, by client: they keep that text. Without those of an archive
    that cannot be read, which Today and each page name."""
    found: dict[str, list[str]] = {}
    for slug in archives(home):
        with suppress(IntegrityError), followed(home, slug) as catalogue:
            for entry in catalogue.of_platform(change.provider):
                if any(each.id in change.earlier for each in entry.file.terms):
                    found.setdefault(slug, []).append(entry.short_id)
    return found


def about_terms(home: Home, today: date) -> Iterator[Alert]:
    """An alert for each platform whose terms changed in the last weeks in a way that matters."""
    since = str(today - timedelta(days=ALERT_DAYS))
    found: dict[str, list[TermsChange]] = {}
    for change in changes(home):
        with suppress(IntegrityError):  # which `verify` names
            if change.after.seen >= since and change.important:
                found.setdefault(change.provider, []).append(change)
    for provider, theirs in found.items():
        those: dict[str, set[str]] = {}
        for change in theirs:
            for slug, licences in touched(home, change).items():
                those.setdefault(slug, set()).update(licences)
        number, clients = sum(map(len, those.values())), len(those)
        named = {name for change in theirs for name in change.rules}
        rules = ", ".join(topic["title"][0] for name, topic in topics().items() if name in named)
        yield Alert(
            flags=("terms",), subject=provider, clients=tuple(sorted(those)), count=len(theirs),
            message="\n".join(map(_in_a_line, theirs)),
            risk=f"New licences fall under the new text. {number} archived licence{'s' * (number != 1)} of {clients} "
                 f"client{'s' * (clients != 1)} keep{'s' * (number == 1)} the text they name."
                 + (f" Look at: {rules}." if rules else ""),
            remedy=Remedy("terms diff", {"provider": provider}),
        )  # fmt: skip


def _in_a_line(change: TermsChange) -> str:
    number = len(change.important)
    headings = list(dict.fromkeys(each.heading for each in change.important if each.heading))[:MAX_HEADINGS]
    where = f" Among them: {', '.join(headings)}." if headings else ""
    return (
        f"{change.title} changed its terms ({change.after.file.url}) between {change.before.seen[:10]} and "
        f"{change.after.seen[:10]}, in {number} passage{'s' * (number != 1)}.{where}"
    )


class TermsTopic(TypedDict):
    """A rule that a change may touch: its title in English and German, and a pattern of its words."""

    title: tuple[str, str]
    words: str


def topics() -> dict[str, TermsTopic]:
    """The rules that a change may touch, by name."""
    return packaged_yaml(dict[str, TermsTopic], "archiver.agency", "terms_topics.yaml")
