"""Offboarding: what to do before you remove a person's seat at a platform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from archiver.agency.documents_to_get import DocumentToGet, documents_to_get, what_to_do
from archiver.agency.night import run
from archiver.catalogue.index import SeatLicence
from archiver.catalogue.search import archives, catalogue_of
from archiver.collect.run import on_request
from archiver.collect.run_context import RunRequest, RunSummary
from archiver.core.errors import ConfigError, IntegrityError, Remedy
from archiver.core.model import DocumentKind, GapReason
from archiver.core.progress import Progress
from archiver.core.remedy import offered
from archiver.home.settings import HOUSE, Account, Home
from archiver.home.vault import Vault
from archiver.reading.worker import DocumentReader


@dataclass
class SeatLicences:
    """The licences of a seat by folder, each with the archive where it is, and the archives that cannot be read.

    A licence of a shared account counts in the house archive.
    """

    found: dict[str, tuple[str, SeatLicence]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def short_ids(self) -> list[str]:
        return [f"{slug}/{folder}" for folder, (slug, _) in self.found.items()]

    def gaps_to_close(self) -> Iterator[tuple[str, SeatLicence, GapReason]]:
        """Each document that somebody can still get: the folder, its licence and the reason why it is not there."""
        for folder, (_, licence) in self.found.items():
            for paper in licence.papers:
                _, _, reason = paper.partition(":")
                if reason and (known := GapReason(reason)).is_obtainable:
                    yield folder, licence, known

    def covered(self) -> dict[str, int]:
        """How many licences there are, how many have a certificate or receipt, and why the others have none."""
        counts = Counter({"licences": len(self.found), "certificates": 0})
        for _, licence in self.found.values():
            if {DocumentKind.CERTIFICATE.value, DocumentKind.RECEIPT.value} & set(licence.papers):
                counts["certificates"] += 1
            else:
                start = f"{DocumentKind.CERTIFICATE.value}:"
                reasons = [each.removeprefix(start) for each in licence.papers if each.startswith(start)]
                counts[reasons[0] if reasons else "none"] += 1
        return dict(counts)


@dataclass
class LeaverReport:
    """A person leaves a seat: their archived licences, the documents to get before, and the checklist.

    `to_get` may hold only the first ones of the `missing` and of those that are given `on_request`. `faults` are the
    archives that cannot be read.
    """

    user: str
    accounts: list[str]
    licences: list[str]
    covered: dict[str, int]  # numbers of `licences` and `certificates`, and missing certificates by reason
    to_get: list[DocumentToGet]
    missing: int
    on_request: int
    checklist: list[str]
    faults: dict[str, str]
    run: RunSummary | None = None
    signs_in: list[str] = field(default_factory=list)  # the open accounts whose sign-in is this person's
    assigned: dict[str, int] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        return max(self.run.exit_code if self.run else 0, IntegrityError.exit_code if self.faults else 0)

    def as_json(self) -> dict[str, object]:
        """The document of `account leaver --json`."""
        return {
            "user": self.user,
            "accounts": self.accounts,
            "sweep": self.run.as_json() if self.run else None,
            "licences": self.licences,
            "coverage": self.covered,
            "missing": [vars(each) for each in self.to_get if each.is_missing],
            "on_request": [vars(each) for each in self.to_get if not each.is_missing],
            "checklist": self.checklist,
            "faults": self.faults,
        }


# many parameters: the options of its command
async def leaver(
    home: Home,
    vault: Vault,
    user: str,
    *,
    replay: Path | None = None,
    dry_run: bool = False,
    most: int | None = None,
    progress: Progress = lambda *_: None,
) -> LeaverReport:
    """Read the histories of a person's seat once more, and list what to do before the seat is removed.

    `dry_run` reads no history and reports from the archives. `most` limits the documents that are described.
    ConfigError if nothing in the home names that user. An archive that cannot be read is named in `faults`.
    """
    bought = of_seat(home, user)
    accounts = _accounts_of(home, user, bought)
    open_ones = [account.name for account in accounts if not (account.closed or on_request(account))]
    if not accounts and not bought.found and not bought.faults:
        raise ConfigError(
            f"No licence, account or seat in this home names the user {user!r}. Write the name as the platform does.",
            remedy=Remedy("find"),
        )
    summary = None
    if open_ones and not dry_run:
        order = RunRequest(accounts=open_ones, full=True, replay=replay)
        summary = await run(home, vault, order, progress=progress)
        bought = of_seat(home, user)
    gaps = list(bought.gaps_to_close())
    missing = sum(reason.is_missing for _, _, reason in gaps)
    folders = list(dict.fromkeys(folder for folder, _, _ in gaps))[:most]
    return LeaverReport(
        user=user,
        accounts=[account.name for account in accounts],
        licences=bought.short_ids(),
        covered=bought.covered(),
        to_get=list(islice(documents_to_get(home, lambda catalogue: catalogue.in_folders(folders)), most)),
        missing=missing,
        on_request=len(gaps) - missing,
        checklist=list(_checklist(user, accounts, gaps, summary)),
        faults=bought.faults,
        run=summary,
        signs_in=[account.name for account in accounts if _is(account.username, user) and not account.closed],
    )


def _is(seat: str | None, user: str) -> bool:
    return bool(seat) and str(seat).casefold() == user.strip().casefold()


def of_seat(home: Home, user: str) -> SeatLicences:
    """The licences of a seat in all archives that can be read."""
    bought = SeatLicences()
    with DocumentReader() as reader:
        for slug in sorted(archives(home), key=lambda slug: slug != HOUSE):
            try:
                with catalogue_of(home, slug, reader) as (_, catalogue):
                    seats = [seat for seat in catalogue.seats() if _is(seat, user)]
                    for licence in catalogue.of_seats(seats):
                        bought.found.setdefault(licence.folder, (slug, licence))
            except IntegrityError as error:
                bought.faults[slug] = str(error)
    return bought


def _accounts_of(home: Home, user: str, bought: SeatLicences) -> list[Account]:
    read_by = {licence.account for _, licence in bought.found.values()}
    return [
        account
        for account in home.accounts()
        if account.name in read_by or _is(account.username, user) or any(_is(each, user) for each in account.seat_until)
    ]


def _checklist(
    user: str, accounts: list[Account], gaps: list[tuple[str, SeatLicence, GapReason]], summary: RunSummary | None
) -> Iterator[str]:
    """The steps before the seat is removed, in order."""
    if summary is None:
        yield str(Remedy("read leaver", {"user": user}))
    for result in summary.accounts if summary else ():
        if not result.outcome.is_whole:
            yield f"{result.account} was not read completely: {result.message or result.outcome} Fix it and run again."
    wanted = Counter((licence.provider, reason) for _, licence, reason in gaps)
    to_do = Counter[tuple[bool, str]]()
    for (provider, reason), number in wanted.items():
        to_do[reason.is_missing, what_to_do(provider, reason)] += number
    for (missing, what), number in sorted(to_do.items(), reverse=True):
        documents = f"{number} document{'s are' if number > 1 else ' is'}"
        yield f"{documents} {'missing' if missing else 'given only on request'}. {what}"
    for account in accounts:
        if account.closed:
            continue
        if _is(account.username, user):
            known = {"account": account.name}
            ways = offered([Remedy.of("change user", known), Remedy("close account", known)])
            yield f"{account.name} signs in as {user}. {ways}"
    yield f"Then remove the seat at the platform. A search for {user} still finds the archived licences."
