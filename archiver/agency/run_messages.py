"""Messages of a run: the forecast for an account's first run, and the closing lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from archiver.catalogue.search import followed
from archiver.collect.account_result import AccountResult, Progress
from archiver.collect.run_context import RunSummary
from archiver.collect.sources import SourceResult
from archiver.core.errors import Remedy, spoken
from archiver.core.model import GapReason
from archiver.home.settings import HOUSE, Home
from archiver.provider import ProviderInfo, declared, load


def forecast(licences: int, info: ProviderInfo, rate: float | None) -> float:
    """Estimate the seconds to fetch so many licences: one request for each document that the platform offers.

    `rate` is the home's pace in requests per second and host; None means the platform's own pace, 0 means no waiting.
    Records come with the history, and terms are fetched once for all, so neither counts.
    """
    pace = info.pacing if rate is None else rate
    offered = sum(how == "offered" and kind not in ("record", "terms") for kind, how in info.documents.items())
    return licences * max(offered, 1) / pace if pace else 0.0


def spelt(seconds: float) -> str:
    """A duration for people: `3 h 20 min`, `5 min`, `less than a minute`."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)


GAPS = {
    GapReason.FAILED: "missing so far",
    GapReason.ON_REQUEST: "given only on request",
    GapReason.LAPSED: "no longer offered",
    GapReason.NONE_OFFERED: "never offered",
    GapReason.UNREAD: "not readable",
    GapReason.PROVISIONAL: "only provisional so far",
}
"""Why documents are not archived, after their number and kind."""


@dataclass
class ProgressForecast:
    """Progress that also announces how long an account's first run takes, if the platform states a total."""

    home: Home
    say: Callable[[str], None]
    show: Progress
    _seen: set[str] = field(default_factory=set)

    def __call__(self, account: str, done: int, total: int | None) -> None:
        known = any(each.name == account for each in self.home.accounts())  # a source states no licences
        if (
            known
            and total
            and account not in self._seen
            and not (self.home.state / "history" / f"{account}.json").exists()
        ):
            self.say(self._duration_message(account, total))
        self._seen.add(account)
        self.show(account, done, total)

    def _duration_message(self, account: str, total: int) -> str:
        info = load(self.home.account(account).provider).info
        seconds = 0.0 if self.home.settings.replay else forecast(total, info, self.home.settings.pacing.default)
        rate = info.pacing if self.home.settings.pacing.default is None else self.home.settings.pacing.default
        pace = f", which take about {spelt(seconds)} at {rate:g} requests per second" if seconds else ""
        return (
            f"{account}: first run; {info.title} states {total:,} licences{pace}. You can stop it at any time; the "
            "next run continues."
        )


def closing(home: Home, summary: RunSummary) -> Iterator[str]:
    """Lines for the end of a run: what a person should know and do next."""
    for result in summary.accounts:
        info = declared(result.provider)
        if summary.dry_run and result.archived and info:
            seconds = forecast(result.archived, info, home.settings.pacing.default)
            took = f" in about {spelt(seconds)}" if seconds >= 60 else " in less than a minute"
            yield f"{result.account}: a run would archive {result.archived:,}{took}."
        gaps = [
            f"{count:,} {kind}{'s' if count > 1 and kind != 'terms' else ''} {GAPS[GapReason(reason)]}"
            for kind, reasons in result.gaps.items()
            for reason, count in reasons.items()
        ]
        if gaps:
            yield f"{result.account}: not archived with the licences: {', '.join(gaps)}."
        if info and any("on_request" in reasons for reasons in result.gaps.values()):
            yield f"  To get a document on request: {info.confirm.how}"
    causes = Counter(result.error for result in summary.accounts if result.error)
    if causes:
        yield (
            "Next: fix "
            + ", ".join(f"{spoken(name)} ({count})" for name, count in causes.items())
            + ", as described above."
        )
    if number := unassigned(home):
        licences = "licences of shared accounts have" if number > 1 else "licence of a shared account has"
        yield f"{number} {licences} no client yet. {Remedy('unassigned')}"


def lines_of(result: AccountResult) -> Iterator[str]:
    """What a person should know of the reading of a source: the reasons, a dry run's items, and new claims."""
    if not isinstance(result, SourceResult):
        return
    for reason, number in sorted(result.reasons.items(), key=lambda each: -each[1]):
        yield f"  {number:,} {reason}"
    for item in result.items:
        said = f" {item['from']}: {item['subject']}" if item.get("from") or item.get("subject") else ""
        yield f"  {'+' if item['taken'] else '-'} {item['place']}{said} ({item['reason']})"
    for claim in result.claims:
        yield f"  a letter: {Remedy('show claim', {'claim': claim}).command}"


def unassigned(home: Home) -> int:
    """The number of unassigned licences of shared accounts."""
    if HOUSE not in home.clients or not home.archive(HOUSE).is_dir():
        return 0
    with followed(home, HOUSE) as catalogue:
        return catalogue.count_unassigned()
