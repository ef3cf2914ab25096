"""The status of each account: its newest run, archived of listed licences, and problems.

It comes from the ledgers' run lines in the catalogues, so it is quick and needs no vault key. Accounts that left the
settings stay listed, because their proof stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from archiver.agency.anchored import AnchorState, anchor_states
from archiver.catalogue.index import RunLine
from archiver.catalogue.search import AccountRuns, CountByAccount, incomplete_of, previews_of, runs_of
from archiver.collect.cross_checks import in_words
from archiver.collect.history_cursor import next_sweep_day
from archiver.core.errors import spoken
from archiver.core.model import Outcome
from archiver.home.settings import Home

if TYPE_CHECKING:
    from archiver.fleet.replica_check import ReplicaStatus


@dataclass(frozen=True)
class Coverage:
    """How many rows a platform lists (comps included), how many of them are archived, and how many of these lack a
    document. `listed` is None until a list was read to its end or the platform states a total. `previews` of the
    archived ones are comps, which are no licences."""

    listed: int | None
    archived: int
    incomplete: int
    previews: int = 0

    @property
    def whole(self) -> int:
        """The number of rows archived with every document that the platform offers."""
        return max(0, self.archived - self.incomplete)

    def __str__(self) -> str:
        """The licences, without previews: archived whole of listed."""
        listed = "?" if self.listed is None else max(0, self.listed - self.previews)
        return f"{max(0, self.whole - self.previews)}/{listed}"


def coverage(runs: Sequence[RunLine]) -> Coverage:
    """The coverage of an account after all of its runs, oldest first."""
    good = [run for run in runs if run.outcome != "failed" and run.error is None]
    if not good:
        stated = runs[-1].total if runs else None
        return Coverage(stated, sum(run.archived for run in runs), runs[-1].incomplete if runs else 0)
    newest = good[-1]
    full = next((at for at in reversed(range(len(runs))) if runs[at] in good and runs[at].sweep == "full"), None)
    since = sum(run.archived for run in runs[full + 1 :]) if full is not None else sum(run.archived for run in runs)
    listed = runs[full].listed + since if full is not None else newest.listed
    listed = max(listed, newest.listed) if newest.total is None else newest.total
    return Coverage(listed, max(0, listed - newest.unexplained), newest.incomplete)


def logged_differences(home: Home, now: datetime) -> dict[str, dict[str, list[str]]]:
    """What the last run of each account found to differ from what else is known of it."""
    from archiver.collect.run_log import read_logs

    said, _, _ = read_logs(home, now)
    return {name: line["differences"] for name, line in said.items() if line.get("differences")}


def is_counted(runs: Sequence[RunLine], provider: str) -> bool:
    """Whether the platform says how many licences there are: in the newest good run, or as its adapter declares."""
    if totals := [run.total for run in runs if run.error is None and run.outcome != "failed"]:
        return totals[-1] is not None
    from archiver.provider import declared

    info = declared(provider)
    return info is None or info.states_total


@dataclass(frozen=True, kw_only=True)
class AccountStatus:
    """One account. Times are UTC, `2026-11-24T02:00:00Z`; `next_full` is a day; None means not yet."""

    client: str
    account: str
    provider: str
    configured: bool
    closed: bool
    last_run: str | None
    last_complete: str | None
    outcome: str | None
    error: str | None
    coverage: Coverage
    last_read_to_end: str | None = None  # the last run that read all that the platform shows, without proof of an end
    ground: str | None = None  # why the last run was complete: `core.model.Ground`
    counted: bool = True  # the platform states how many licences there are; else `coverage.listed` is what it showed
    differences: Mapping[str, Sequence[str]] = field(default_factory=dict)  # of the last run: `cross_checks.MESSAGES`
    unexplained: int
    next_full: str | None

    @property
    def last_whole(self) -> str | None:
        """The last run that left out nothing that the platform shows, with proof of an end or without."""
        return max(filter(None, (self.last_complete, self.last_read_to_end)), default=None)

    @property
    def stands_on(self) -> str:
        """Why the last run counts as complete, in words; that nothing proves it; or `-`."""
        if self.outcome == Outcome.READ_TO_END:
            return "not proven"
        return (self.ground or "-").replace("_", " ")

    @property
    def trouble(self) -> str:
        """The problems in a few words, an error by the name of its class; empty if there are none."""
        return self._trouble(self.error or "")

    @property
    def trouble_in_words(self) -> str:
        """The same for people."""
        return self._trouble(spoken(self.error or ""))

    def _trouble(self, error: str) -> str:
        said = [error]
        said += [f"{self.coverage.incomplete} incomplete"] if self.coverage.incomplete else []
        said += [f"{self.unexplained} not archived"] if self.unexplained and not self.error else []
        said += ["closed"] if self.closed else ["never run"] if self.last_run is None else []
        return ", ".join(filter(None, said))


@dataclass(frozen=True)
class Status:
    accounts: tuple[AccountStatus, ...]
    replica: tuple[ReplicaStatus, ...] = ()
    anchors: tuple[AnchorState, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The document of `status --json`."""
        return {
            "accounts": [{**asdict(each), "trouble": each.trouble} for each in self.accounts],
            "replica": [each.as_json() for each in self.replica],
            "anchors": [each.as_json() for each in self.anchors],
        }

    def notes(self) -> list[str]:
        """What the table's numbers do not say."""
        names = [each.account for each in self.accounts if not each.counted]
        behind = [str(each) for each in (*self.replica, *(each for each in self.anchors if each.behind))]
        behind += [f"{each.account}: {line}" for each in self.accounts for line in in_words(each.differences)]
        behind += [
            f"{each.account}: previews without a licence, not counted above: {number}"
            for each in self.accounts
            if (number := each.coverage.previews)
        ]
        if to_end := [each.account for each in self.accounts if each.outcome == Outcome.READ_TO_END]:
            behind.append(
                f"{', '.join(to_end)}: read to the end of what the platform shows. Nothing proves that no more follows."
            )
        if not names:
            return behind
        return [
            *behind,
            f"{', '.join(names)}: the platform does not say how many licences there are. The number is what its lists "
            "showed.",
        ]

    def table(self) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """Columns and rows for a screen."""
        columns = ("client", "account", "last complete", "ground", "archived", "incomplete", "next full", "trouble")
        rows: list[tuple[object, ...]] = [
            (
                each.client, each.account, (each.last_complete or "never").replace("T", " ")[:16], each.stands_on,
                each.coverage, each.coverage.incomplete, each.next_full or "-", each.trouble_in_words or "-",
            )
            for each in self.accounts
        ]  # fmt: skip
        return columns, rows


def status(
    home: Home, now: datetime | None = None, turns: AccountRuns = runs_of, client: str | None = None,
    lacking: CountByAccount = incomplete_of, previews: CountByAccount = previews_of,
) -> Status:  # fmt: skip
    """The status of every account of the home, or of one client. What lacks a document now comes from the index, since
    an import may have brought it after the last run."""
    now = now or datetime.now(UTC)
    today, logged = now.date(), logged_differences(home, now)
    found: list[AccountStatus] = []
    for owner in [home.client(client)] if client else home.clients.values():
        runs, lacks, comps = turns(home, owner.slug), lacking(home, owner.slug), previews(home, owner.slug)
        configured = {each.name: each.provider for each in owner.inputs}
        open_ones = {each.name for each in owner.inputs if not each.closed}
        swept = {account.name for account in owner.accounts}  # a source has no full sweep to come
        for name in dict.fromkeys((*configured, *runs)):
            theirs = runs.get(name, [])
            last = theirs[-1] if theirs else None
            complete = [run.at for run in theirs if run.outcome == Outcome.COMPLETE]
            to_end = [run.at for run in theirs if run.outcome == Outcome.READ_TO_END]
            found.append(
                AccountStatus(
                    client=owner.slug,
                    account=name,
                    provider=last.provider if last else configured[name],
                    configured=name in configured,
                    closed=name not in open_ones,
                    last_run=last.at if last else None,
                    last_complete=complete[-1] if complete else None,
                    last_read_to_end=to_end[-1] if to_end else None,
                    ground=last.ground if last else None,
                    outcome=last.outcome if last else None,
                    error=last.error if last else None,
                    coverage=replace(coverage(theirs), incomplete=lacks.get(name, 0), previews=comps.get(name, 0)),
                    counted=is_counted(theirs, last.provider if last else configured[name]),
                    differences=logged.get(name, {}),
                    unexplained=last.unexplained if last else 0,
                    next_full=next_sweep_day(name, today).isoformat() if name in open_ones & swept else None,
                )
            )
    anchored = tuple(anchor_states(home, client))
    if home.settings.replica is None:
        return Status(tuple(found), anchors=anchored)
    from archiver.fleet.replica_check import replica_status

    replica = tuple(each for each in replica_status(home) if client in (None, each.client))
    return Status(tuple(found), replica, anchored)
