"""Today: one list of everything that needs a person, and whether nothing is open. Pure.

What each task says and does is in `today.yaml`. Nothing is green while a task is open, and "not certain" says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NotRequired, TypedDict

from archiver.agency.account_notice import AccountNotice
from archiver.agency.archive_summary import ArchiveSummary
from archiver.agency.sign_ins import DueSignIn, remedy_of
from archiver.agency.status import AccountStatus
from archiver.archive.clock_skew import CLOCK_TOLERANCE
from archiver.claims.claim_events import AnswerTo, ClaimStep
from archiver.claims.claim_files import Claim
from archiver.claims.work_name import name_of_folder, platform_title
from archiver.core import localised
from archiver.core.alert import Alert, Remedy, SignInKind
from archiver.core.model import WHOLE, day_of, iso, parse_iso, working_days
from archiver.core.packaged_data import packaged_yaml
from archiver.home.settings import HOUSE
from archiver.reading.terminal_safe import printable

URGENT_DAYS, SOON_DAYS = 2, 7  # days before a deadline
MAX_SILENT_DAYS = 2  # working days without a complete reading of an account
NIGHT_HOURS = 24
MAX_PICTURES = 8
SOURCES = ("mailbox", "folder")
TONES = ("bad", "warn", "calm")


class TodayState(StrEnum):
    """`clear`: nothing is open and every archive is dated. `not_certain`: no task, but something was not looked at."""

    OPEN = "open"
    NOT_CERTAIN = "not_certain"
    CLEAR = "clear"


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing that needs a person. `about` is a claim, an account, a client or a licence."""

    kind: str
    about: str
    tone: str
    facts: Mapping[str, str]
    remedy: Remedy
    client: str | None = None
    count: int = 1
    due: date | None = None
    days_left: int | None = None  # until `due`
    detail: str = ""
    summary: ArchiveSummary = ArchiveSummary()  # noqa: RUF009  # frozen; of the archive that is damaged
    notice: AccountNotice | None = None  # of an account that was not read without a fault

    def sentence(self, language: str) -> str:
        """What happened, in one sentence."""
        if self.notice:
            return self.notice.sentence(language)
        data = self._texts
        said = data["say_many"] if self.count > 1 and "say_many" in data else data["say"]
        known = {"count": localised.number(self.count, language), "work": name_of_folder(self.about, language)}
        if day := self.facts.get("day"):
            known["day"] = localised.day(day, language)
        if self.facts.get("who") == "":
            known["who"] = _data()["unknown_sender"][language]
        if self.client == HOUSE:
            known["name"] = _data()["house"][language]
        return said[language].format_map({**self.facts, **known})

    @property
    def _texts(self) -> TaskTexts:
        texts = _texts(self.kind)
        texts = {**texts, **texts.get("instead", {}).get(self.facts.get("situation", ""), {})}
        if about := _data()["alerts"].get(self.facts.get("flag", "")):
            return {**texts, **about}
        return texts

    def risk(self, language: str) -> str:
        if self.notice and self.notice.failing:
            return self.notice.risk(language)
        return self._texts["risk"][language]

    def as_json(self) -> dict[str, object]:
        """A task in `status --json`."""
        plain = {name: getattr(self, name) for name in ("kind", "about", "client", "tone", "count", "days_left")}
        said: dict[str, object] = {"message": self.sentence("en"), "risk": self.risk("en")}
        said |= {"command": self.remedy.command, "remedy": self.remedy.as_json()}
        found = self.summary.damaged
        damaged = {"damaged": [each.as_json() for each in found]} if found else {}
        return plain | {"due": iso(self.due), "detail": self.detail} | said | damaged


@dataclass(frozen=True, kw_only=True)
class ClientFacts:
    """What is known of one client's archive and accounts. The house archive is one of them."""

    slug: str
    name: str
    accounts: Sequence[AccountStatus] = ()
    summary: ArchiveSummary = ArchiveSummary()  # noqa: RUF009  # frozen
    fault: tuple[str, str] | None = None  # the last run's error and message, if it could not write the archive


@dataclass(frozen=True, kw_only=True)
class TodayFacts:
    """All that Today depends on. `sign_ins` is None if the vault is locked; `unchecked` names what failed."""

    now: datetime
    clients: Sequence[ClientFacts] = ()
    claims: Sequence[Claim] = ()
    sign_ins: Sequence[DueSignIn] | None = ()
    alerts: Sequence[Alert] = ()
    unreadable_claims: Sequence[str] = ()
    unchecked: Sequence[str] = ()
    orphans: Sequence[str] = ()  # archives whose client's file is missing
    unread_captures: int = 0  # that belong to no licence yet
    unfiled_captures: int = 0  # that wait longer than filing takes
    not_ready: Sequence[Task] = ()
    unasked: Sequence[str] = ()  # what is relied on and was not asked yet
    kinds: Mapping[str, SignInKind | None] = field(default_factory=dict)
    """How the accounts sign in that were refused in their last run; None for one that a person has renewed since."""


@dataclass(frozen=True, kw_only=True)
class Night:
    """What came in during the last day: licences, accounts read, and the folders of the newest pictures."""

    licences: int
    accounts: int
    faults: int
    last_run: str | None
    pictures: tuple[tuple[str, str], ...] = ()  # client and folder


@dataclass(frozen=True, kw_only=True)
class Today:
    """The tasks, the most urgent first; `reasons` say why it is not certain that nothing else is open."""

    tasks: tuple[Task, ...]
    reasons: tuple[tuple[str, str], ...]
    night: Night

    @property
    def state(self) -> TodayState:
        if self.tasks:
            return TodayState.OPEN
        return TodayState.NOT_CERTAIN if self.reasons else TodayState.CLEAR

    def why(self, language: str) -> list[str]:
        """The reasons as sentences."""
        return [_data()["reasons"][key][language].format(names=printable(names)) for key, names in self.reasons]

    def as_lines(self) -> list[str]:
        """The tasks, or why none is known, as lines of English text."""
        if not self.tasks:
            return [_data()["states"][self.state.value]["en"], *self.why("en")]
        head = _data()["states"]["open"]["en"].format(count=len(self.tasks))
        lines = [
            f"- {each.sentence('en')}{f' {each.detail}' if each.kind == 'unreadable_claim' else ''}"
            f"{''.join(f' {one.in_words()}.' for one in each.summary.damaged)}"
            f"{f' Due: {each.due}.' if each.due else ''} {each.remedy.command}"
            for each in self.tasks
        ]
        return [head, *lines]

    def as_json(self) -> dict[str, object]:
        """The `today` of `status --json`."""
        tasks = [each.as_json() for each in self.tasks]
        night = {name: value for name, value in vars(self.night).items() if name != "pictures"}
        return {"state": self.state.value, "tasks": tasks, "reasons": self.why("en"), "night": night}


class TaskTexts(TypedDict):
    """What one kind of task says and does; texts by language."""

    say: NotRequired[dict[str, str]]  # not where the task has a notice
    say_many: NotRequired[dict[str, str]]
    instead: NotRequired[dict[str, TextsInstead]]
    risk: dict[str, str]
    tone: NotRequired[str]
    remedy: NotRequired[str]
    about: NotRequired[str]


class TextsInstead(TypedDict, total=False):
    """What a kind of task says and does differently in one situation."""

    say: dict[str, str]
    say_many: dict[str, str]
    risk: dict[str, str]
    remedy: str


class AlertTexts(TypedDict):
    """What an alert of one kind says instead of what all say."""

    say: dict[str, str]
    say_many: NotRequired[dict[str, str]]
    risk: dict[str, str]


class TodayTexts(TypedDict):
    """The content of `today.yaml`."""

    tasks: dict[str, TaskTexts]
    alerts: dict[str, AlertTexts]
    states: dict[str, dict[str, str]]
    house: dict[str, str]
    unknown_sender: dict[str, str]
    reasons: dict[str, dict[str, str]]


def _data() -> TodayTexts:
    return packaged_yaml(TodayTexts, "archiver.agency", "today.yaml")


def _texts(kind: str) -> TaskTexts:
    return _data()["tasks"][kind]


# ---------------------------------------------------------------- pure


def today_of(facts: TodayFacts) -> Today:
    """Everything that needs a person, and whether nothing is open."""
    kinds = list(_data()["tasks"])
    known = sorted(tasks_of(facts), key=lambda each: (kinds.index(each.kind), each.about))
    tasks = sorted((*known, *facts.not_ready), key=lambda each: (TONES.index(each.tone), each.due or date.max))
    return Today(tasks=tuple(tasks), reasons=tuple(_reasons(facts)), night=_night(facts))


def tasks_of(facts: TodayFacts) -> Iterator[Task]:
    """All tasks, unordered. No I/O."""
    shared = [account for each in facts.clients if each.slug == HOUSE for account in each.accounts]
    for each in facts.clients:
        yield from _of_archive(each, facts.now, shared)
    for slug in facts.orphans:
        yield _task("orphan", slug)
    for claim in facts.claims:
        yield from _of_claim(claim, facts.now)
    for text in facts.unreadable_claims:
        yield _task("unreadable_claim", text, detail=text)
    signing = {each.account for each in facts.sign_ins or ()}
    owners = {account.account: each.slug for each in facts.clients for account in each.accounts}
    names = {each.slug: each.name for each in facts.clients}
    for due in facts.sign_ins or ():
        ends = due.why.startswith("its session ends")
        kind = "session_ends" if ends else "sign_in"
        yield _task(kind, due.account, client=owners.get(due.account), detail=due.why, remedy=due.remedy)
        if ends:
            signing.discard(due.account)
    for each in facts.clients:
        for account in each.accounts:
            if account.configured and not account.closed and not each.summary.fault:  # the fault hides the runs
                signs_in = facts.kinds.get(account.account, SignInKind.UNKNOWN)
                runs = each.summary.runs.get(account.account, ())
                for task in _of_account(account, facts.now, signing, signs_in):
                    yield replace(task, notice=replace(task.notice, runs=runs)) if task.notice else task
    if facts.unread_captures:
        yield _task("capture", "companion", count=facts.unread_captures)
    if facts.unfiled_captures:
        yield _task("unfiled", "companion inbox", count=facts.unfiled_captures)
    for alert in facts.alerts:
        kind = "ending" if "ending" in alert.flags else "concern"
        client = alert.clients[0] if alert.clients else None
        known = {
            "flag": alert.flags[0], "name": names.get(client or "", client or ""),
            "platform": platform_title(alert.subject),
        }  # fmt: skip
        detail = "\n".join(filter(None, (alert.message, alert.risk, alert.advice)))
        yield _task(kind, alert.subject, known, client=client, count=alert.count, detail=detail, remedy=alert.remedy)


# many parameters: the fields of a `Task`, most of which have a default for its kind
def _task(
    kind: str, about: str, facts: Mapping[str, str] | None = None, *, client: str | None = None,
    tone: str | None = None, count: int = 1, due: date | None = None, days_left: int | None = None, detail: str = "",
    remedy: Remedy | None = None,
) -> Task:  # fmt: skip
    known = {"about": about, "client": client or "", "name": client or "", "detail": detail} | dict(facts or {})
    texts = _texts(kind)
    offers = texts.get("instead", {}).get(known.get("situation", ""), {}).get("remedy") or texts.get("remedy", "")
    arguments = {texts.get("about", "about"): about} | ({"client": client} if client else {})
    return Task(
        kind=kind, about=about, tone=tone or texts["tone"], client=client, count=count, due=due,
        days_left=days_left, detail=printable(detail, keep="\n"), remedy=remedy or Remedy.of(offers, arguments),
        facts={name: printable(text) for name, text in known.items()},
    )  # fmt: skip


def _of_archive(each: ClientFacts, now: datetime, shared: Iterable[AccountStatus]) -> Iterator[Task]:
    slug, known, found = each.slug, {"name": each.name}, each.summary
    if found.fault:
        yield replace(_task("damage", slug, known, client=slug, detail=found.fault), summary=found)
        return
    if each.fault:
        error, message = each.fault
        yield _task("damage" if error == "IntegrityError" else "machine", slug, known, client=slug, detail=message)
    if found.incomplete:
        theirs = {account.account for account in (*each.accounts, *shared) if _can_run(account)}
        names = sorted(found.incomplete_from.keys() & theirs)
        how = {} if names else {"situation": "by_hand"}
        fetch = Remedy("run account", {"account": names[0]}) if len(names) == 1 else None
        yield _task("incomplete", slug, known | how, client=slug, count=found.incomplete, remedy=fetch)
    if found.unassigned:
        yield _task("unassigned", slug, known, client=slug, count=found.unassigned)
    if found.latest and datetime.fromisoformat(found.latest[0]) > now + CLOCK_TOLERANCE:
        moment, source = found.latest
        dated = known | {"day": moment[:10]}
        yield _task("clock", slug, dated, client=slug, detail=f"{source} is from {moment}.")
    if found.renewal and found.renewal <= (iso(now) or ""):
        yield _task("renewal", slug, known, client=slug)
    if not found.secured:
        yield _task("unsecured", slug, known, client=slug)
    open_ones = [account for account in each.accounts if account.configured and not account.closed]
    if slug != HOUSE and not open_ones and not found.count:
        yield _task("no_account", slug, known, client=slug)


def _can_run(account: AccountStatus) -> bool:
    return account.configured and not account.closed and account.provider not in SOURCES


def _of_claim(claim: Claim, now: datetime) -> Iterator[Task]:
    clocks = claim.clocks(now)
    if claim.step is ClaimStep.CLOSED or (claim.answered and clocks["due"] is None):
        return
    kind = "notice" if claim.answered else "claim" if claim.confirmed else "letter"
    facts = {"who": claim.claimant or "", "case": f" ({claim.reference})" if claim.reference else ""}
    due, days = clocks["due"], clocks["due_days_left"]
    if clocks["due_for"] == AnswerTo.PLATFORM:
        facts["situation"] = "first_notice"
    yield _task(
        kind, claim.claim, facts, client=claim.client, tone=urgency(days), days_left=days,
        due=date.fromisoformat(due) if due else None,
    )  # fmt: skip


def urgency(days: int | None) -> str:
    """The tone of a deadline: red in the last two days and after it, amber in the last week or without a day."""
    return "warn" if days is None else "bad" if days <= URGENT_DAYS else "warn" if days <= SOON_DAYS else "calm"


def _of_account(
    account: AccountStatus, now: datetime, signing: Iterable[str], kind: SignInKind | None
) -> Iterator[Task]:
    name, client, is_source = account.account, account.client, account.provider in SOURCES
    if account.unexplained and not account.error:
        yield _task("papers" if is_source else "unexplained", name, client=client, count=account.unexplained)
    if name in signing:
        return
    known = {"account": name, "client": client, "provider": account.provider}
    if kind and (refused := remedy_of(account.error, known, kind)):  # the vault was not looked at, or its mark is gone
        yield _task("sign_in", name, client=client, detail=account.error or "", remedy=refused)
        return
    read = account.last_whole
    if account.outcome == "partial" and not account.error:
        read = account.last_run  # what lacks documents, or is not archived, is a task of its own
    last = parse_iso(read)
    if last is not None and day_of(last) > (now + CLOCK_TOLERANCE).date():
        last = None  # the clock was ahead, so nobody knows when
    late = last is None or working_days(day_of(last), now.date()) >= MAX_SILENT_DAYS
    if late or account.outcome == "failed" or account.error:
        again = Remedy("run source", {"source": name}) if is_source else None
        notice = AccountNotice(about=name, since=iso(day_of(last)) if last else None)
        yield replace(_task("not_read", name, client=client, detail=account.error or "", remedy=again), notice=notice)


def _reasons(facts: TodayFacts) -> Iterator[tuple[str, str]]:
    others = [each for each in facts.clients if each.slug != HOUSE]
    if not others:
        yield "no_clients", ""
    elif not any(each.summary.count for each in facts.clients):
        yield "empty", ""
    if facts.sign_ins is None:
        yield "vault_locked", ""
    open_ones = [a for each in facts.clients for a in each.accounts if a.configured and not a.closed and a.last_run]
    if unknown := [each.account for each in open_ones if each.coverage.listed is None]:
        yield "no_total", ", ".join(unknown)
    if facts.unasked:
        yield "unasked", ", ".join(facts.unasked)
    if facts.unchecked:
        yield "unchecked", "; ".join(facts.unchecked)


def _night(facts: TodayFacts) -> Night:
    since = iso(facts.now - timedelta(hours=NIGHT_HOURS)) or ""
    runs = [run for each in facts.clients for theirs in each.summary.runs.values() for run in theirs]
    new = [
        (each.slug, run)
        for each in facts.clients
        for theirs in each.summary.runs.values()
        for run in theirs
        if run.at >= since
    ]
    counts: dict[str, int] = {}
    for slug, run in new:
        counts[slug] = counts.get(slug, 0) + run.archived
    pictures = [
        (each.slug, folder)
        for each in facts.clients
        for folder in each.summary.recent[: counts.get(each.slug, 0)]
        if folder not in each.summary.without_picture
    ]
    return Night(
        licences=sum(counts.values()), accounts=len({run.account for _, run in new}),
        pictures=tuple(pictures[:MAX_PICTURES]),
        faults=len({run.account for _, run in new if run.outcome not in WHOLE}),
        last_run=max((run.at for run in runs), default=None),
    )  # fmt: skip
