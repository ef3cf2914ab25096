"""What a person is told while an account's licences come in for the first time, and when a run has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from archiver.archive.reader import Archive
from archiver.catalogue.index import Catalogue
from archiver.collect.account_result import Progress
from archiver.collect.run_context import RunSummary
from archiver.home.settings import HOUSE, Home
from archiver.provider import ProviderInfo, declared, load
from archiver.reading.worker import DocumentReader


def forecast(licences: int, info: ProviderInfo, rate: float | None) -> float:
    """About how many seconds it takes to fetch so many licences: every document that is offered is one request.

    `rate` is the home's pace in requests a second and host, None the platform's own; 0 is no waiting. Records come with
    the history, and terms once for all.
    """
    pace = info.pacing if rate is None else rate
    offered = sum(how == "offered" and kind not in ("record", "terms") for kind, how in info.documents.items())
    return licences * max(offered, 1) / pace if pace else 0.0


def spelt(seconds: float) -> str:
    """A span as people say it: `3 h 20 min`, `5 min`, `less than a minute`."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)


@dataclass
class ProgressForecast:
    """Progress that foretells an account's first run, where the platform states a total."""

    home: Home
    say: Callable[[str], None]
    show: Progress
    _seen: set[str] = field(default_factory=set)

    def __call__(self, account: str, done: int, total: int | None) -> None:
        if total and account not in self._seen and not (self.home.state / "history" / f"{account}.json").exists():
            self.say(self._foretold(account, total))
        self._seen.add(account)
        self.show(account, done, total)

    def _foretold(self, account: str, total: int) -> str:
        info = load(self.home.account(account).provider).info
        seconds = 0.0 if self.home.settings.replay else forecast(total, info, self.home.settings.pacing.default)
        rate = info.pacing if self.home.settings.pacing.default is None else self.home.settings.pacing.default
        pace = f", at {rate:g} requests a second about {spelt(seconds)}" if seconds else ""
        return (
            f"{account}: a first run; {info.title} states {total:,}{pace}. It can be broken off and goes on next time."
        )


def closing(home: Home, summary: RunSummary, *, dry_run: bool = False) -> Iterator[str]:
    """What a person should know when a run has ended, and do next; nothing where there is nothing."""
    for result in summary.accounts:
        info = declared(result.provider)
        if dry_run and result.archived and info:
            seconds = forecast(result.archived, info, home.settings.pacing.default)
            yield f"{result.account}: {result.archived:,} to be archived, about {spelt(seconds)} at its pace."
        gaps = [
            f"{count} {kind} {reason.replace('_', ' ')}"
            for kind, reasons in result.gaps.items()
            for reason, count in reasons.items()
        ]
        if gaps:
            yield f"{result.account}: of those archived, not there: {', '.join(gaps)}."
        if info and any("on_request" in reasons for reasons in result.gaps.values()):
            yield f"  Next, where it matters: {info.confirm.how}"
    causes = Counter(result.error for result in summary.accounts if result.error)
    if causes:
        yield "Next: see to " + ", ".join(f"{count} {name}" for name, count in causes.items()) + ", as told above."
    if number := unassigned(home):
        yield f"{number} licence{'s' * (number > 1)} of shared accounts for nobody yet. Next: archiver unassigned"


def unassigned(home: Home) -> int:
    """How many licences of shared accounts are assigned to nobody."""
    if HOUSE not in home.clients or not home.archive(HOUSE).is_dir():
        return 0
    with DocumentReader() as reader, Catalogue(home.catalogue(HOUSE)) as catalogue:
        catalogue.catch_up(Archive(home.archive(HOUSE)), reader)
        return sum(1 for _ in catalogue.unassigned())
