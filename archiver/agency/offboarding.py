"""What ends well: an account is closed, a seat's holder leaves, a client takes its archive along."""

from __future__ import annotations

import os
import shutil
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archiver.agency.integrity import trusted_roots
from archiver.agency.night import run
from archiver.agency.privacy import state
from archiver.archive import seal as sealing
from archiver.archive import verify
from archiver.archive.reader import Archive
from archiver.catalogue.index import Catalogue, Entry
from archiver.catalogue.search import archives, catalogue_of
from archiver.collect.account_result import Progress, Result
from archiver.collect.run import on_request
from archiver.collect.run_context import Order, Summary
from archiver.core.errors import ArchiveBusy, ConfigError, IntegrityError, machine_error
from archiver.core.model import DocumentKind, GapReason, Outcome, iso
from archiver.home.archives import finish, writing
from archiver.home.settings import HOUSE, Account, Home, change_account
from archiver.home.vault import Vault
from archiver.provider import declared
from archiver.reading.spreadsheet import written
from archiver.reading.worker import DocumentReader

CHUNK = 1 << 20
OPEN = (GapReason.FAILED, GapReason.ON_REQUEST, GapReason.UNREAD)  # gaps that somebody can still do something about


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A document that a licence lacks and that may still be had: which, why, and what a person can do."""

    licence: str
    document: str
    reason: str
    detail: str
    do: str


# ---------------------------------------------------------------- an account


@dataclass(frozen=True, kw_only=True)
class Closing:
    """What came of closing an account. `outcome`: closed, would_close, already_closed, incomplete (it stays open)."""

    account: str
    outcome: str
    sweep: dict[str, Any] | None
    missing: list[Missing]
    exit_code: int

    def as_json(self) -> dict[str, Any]:
        """The document of `account close --json`."""
        return {
            "account": self.account,
            "outcome": self.outcome,
            "sweep": self.sweep,
            "missing": [vars(each) for each in self.missing],
        }


async def close(
    home: Home,
    vault: Vault,
    name: str,
    *,
    replay: Path | None = None,
    dry_run: bool = False,
    anyway: bool = False,
    by: str | None = None,
    reason: str | None = None,
    progress: Progress = lambda *_: None,
) -> Closing:
    """Read the history to its end a last time; where that is complete, note the close and forget the secrets.

    `anyway` closes after a sweep that was not complete, on the word of the person `by`. Its licences stay as they are.
    Repeating it completes what broke off.
    """
    account = home.account(name)
    if anyway and not (by and by.strip()):
        raise ConfigError("Somebody must stand for closing without a complete last sweep. Give a name with --by.")
    if not account.closed and not dry_run and (day := _just_noted(home, account)):
        change_account(home.root, name, closed=day)
        home = Home.load(home.root)
        account = home.account(name)
    if account.closed:
        if not dry_run:
            vault.forget(name)
            finish(home, vault, account.client)
        missing = list(_missing(home, lambda entry: entry.file.provenance.get("account") == name))
        return Closing(account=name, outcome="already_closed", sweep=None, missing=missing, exit_code=0)
    result, complete, code = Result(name, account.provider), True, 0
    if not on_request(account):  # else there is no history to be read
        order = Order(accounts=[name], full=True, dry_run=dry_run, replay=replay)
        summary = await run(home, vault, order, progress=progress)
        [result] = summary.accounts
        complete, code = result.outcome is Outcome.COMPLETE and not summary.faults, summary.exit_code
    missing = list(_missing(home, lambda entry: entry.file.provenance.get("account") == name))
    outcome = "closed" if complete or anyway else "incomplete"
    if dry_run:
        outcome = "would_close" if complete or anyway else "incomplete"
    elif outcome == "closed":
        with writing(home, vault, account.client) as archive:
            stated = {}
            if not complete:
                stated["statement"] = state(archive, "closing", by or "", reason or "", account=name)
            archive.append(
                "close",
                account=name,
                provider=account.provider,
                sweep=result.sweep,
                listed=result.listed,
                archived=result.archived + result.already,
                comps=result.comps,
                incomplete=len(result.incomplete),
                outcome=result.outcome.value,
                **stated,
            )
            archive.seal()
        change_account(home.root, name, closed=datetime.now(UTC).date().isoformat())
        vault.forget(name)
    code = code if outcome == "incomplete" else 0
    return Closing(account=name, outcome=outcome, sweep=result.as_json(), missing=missing, exit_code=code)


def _just_noted(home: Home, account: Account) -> str | None:
    """The day on which the ledger says that the account was closed, where a command was killed within the last day
    before the settings said so, too."""
    newest = None
    for line in Archive(home.archive(account.client)).lines():
        if line.type in ("run", "close") and line.fields.get("account") == account.name:
            newest = line
    at = str(newest.fields["at"]) if newest and newest.type == "close" else ""
    return at[:10] if at > (iso(datetime.now(UTC) - timedelta(days=1)) or "") else None


# ---------------------------------------------------------------- a seat's holder


@dataclass
class Leaving:
    """A seat's holder leaves: what is archived of their licences, what is missing, what to do before the seat goes."""

    user: str
    accounts: list[str]
    licences: list[str]
    covered: dict[str, int]  # `licences`, `certificates`, and the gaps of certificates by reason
    missing: list[Missing]
    checklist: list[str]
    run: Summary | None = None
    assigned: dict[str, int] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        return self.run.exit_code if self.run else 0

    def as_json(self) -> dict[str, Any]:
        """The document of `account leaver --json`."""
        return {
            "user": self.user,
            "accounts": self.accounts,
            "sweep": self.run.as_json() if self.run else None,
            "licences": self.licences,
            "coverage": self.covered,
            "missing": [vars(each) for each in self.missing],
            "checklist": self.checklist,
        }


async def leaver(
    home: Home,
    vault: Vault,
    user: str,
    *,
    replay: Path | None = None,
    dry_run: bool = False,
    progress: Progress = lambda *_: None,
) -> Leaving:
    """Read the histories that a person's seat is in a last time, and say what must happen before the seat is removed.

    `dry_run` reads no history and tells from the archives. ConfigError where nothing knows that user.
    """
    accounts = _accounts_of(home, user)
    open_ones = [account.name for account in accounts if not (account.closed or on_request(account))]
    if not accounts and not _of_seat(home, user):
        raise ConfigError(
            f"No licence, user name or seat in this home is {user!r}. Write it as the platform does; "
            f"`archiver find {user}` may show it."
        )
    summary = None
    if open_ones and not dry_run:
        order = Order(accounts=open_ones, full=True, replay=replay)
        summary = await run(home, vault, order, progress=progress)
    found = _of_seat(home, user)
    missing = list(_missing(home, lambda entry: _is(entry.licence.seat, user)))
    counts = Counter({"licences": len(found), "certificates": 0})
    for entry in found:
        kinds = {document.kind for document in entry.file.documents}
        if kinds & {DocumentKind.CERTIFICATE, DocumentKind.RECEIPT}:
            counts["certificates"] += 1
        else:
            reasons = [gap.reason.value for gap in entry.file.gaps if gap.kind is DocumentKind.CERTIFICATE]
            counts[reasons[0] if reasons else "none"] += 1
    return Leaving(
        user=user,
        accounts=[account.name for account in accounts],
        licences=[entry.short_id for entry in found],
        covered=dict(counts),
        missing=missing,
        checklist=list(_checklist(user, accounts, missing, summary)),
        run=summary,
    )


def _is(seat: str | None, user: str) -> bool:
    return bool(seat) and str(seat).casefold() == user.strip().casefold()


def _of_seat(home: Home, user: str) -> list[Entry]:
    """The licences of a seat, of a shared account those in the house archive."""
    with DocumentReader() as reader:
        found: dict[str, Entry] = {}
        for slug in sorted(archives(home), key=lambda slug: slug != HOUSE):
            with catalogue_of(home, slug, reader) as (_, catalogue):
                for entry in catalogue.each():
                    if not entry.licence.comp and _is(entry.licence.seat, user):
                        found.setdefault(entry.object_id, entry)
    return list(found.values())


def _accounts_of(home: Home, user: str) -> list[Account]:
    read_by = {entry.file.provenance.get("account") for entry in _of_seat(home, user)}
    return [
        account
        for account in home.accounts()
        if account.name in read_by or _is(account.username, user) or any(_is(each, user) for each in account.seat_until)
    ]


def _checklist(user: str, accounts: list[Account], missing: list[Missing], summary: Summary | None) -> Iterator[str]:
    """What must happen before the seat is removed, in the order in which to do it."""
    if summary is None:
        yield f"Read the histories a last time: archiver account leaver {user}"
    for result in summary.accounts if summary else ():
        if result.outcome is not Outcome.COMPLETE:
            yield f"{result.account} was not read completely: {result.message or result.outcome} Repair it and repeat."
    wanted = Counter(each.do for each in missing)
    for what, number in wanted.items():
        yield f"{number} document{'s are' if number > 1 else ' is'} missing. {what}"
    for account in accounts:
        if account.closed:
            continue
        if _is(account.username, user):
            yield (
                f"{account.name} signs in as {user}: give it another sign-in (archiver account rotate {account.name} "
                f"--username OTHER), or end it (archiver account close {account.name})."
            )
    yield "Only then remove the seat at the platform. What is archived stays findable: archiver find " + user


def _missing(home: Home, wanted: Callable[[Entry], bool]) -> Iterator[Missing]:
    """What may still be had of the licences that are wanted."""
    with DocumentReader() as reader:
        seen: set[str] = set()
        for slug in sorted(archives(home), key=lambda slug: slug != HOUSE):
            with catalogue_of(home, slug, reader) as (_, catalogue):
                for entry in catalogue.each():
                    if entry.licence.comp or entry.object_id in seen or not wanted(entry):
                        continue
                    seen.add(entry.object_id)
                    info = declared(entry.provider)
                    for gap in entry.file.gaps:
                        if gap.reason in OPEN:
                            yield Missing(
                                licence=entry.short_id,
                                document=gap.kind.value,
                                reason=gap.reason.value,
                                detail=gap.detail,
                                do="archiver run tries it again; while the seat is there, it can be had by hand, too."
                                if gap.reason is GapReason.FAILED
                                else f"Ask for it while the account is open: {info.confirm.how}"
                                if info
                                else "Ask the platform for it while the account is open.",
                            )


# ---------------------------------------------------------------- a client


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """A client's archive as it was, or would be, handed over."""

    client: str
    out: str
    outcome: str  # handed_over | would_hand_over
    state: str
    licences: int
    files: int
    bytes: int
    key: str

    def as_json(self) -> dict[str, Any]:
        """The document of `client hand-over --json`."""
        return dict(vars(self))


def hand_over(home: Home, vault: Vault, slug: str, out: Path, *, dry_run: bool = False) -> HandedOver:
    """Copy a client's archive, sealed, into a new folder, with a list of its licences and what to do with it all.

    Nothing of the house goes along: of a licence that a shared account bought, the client's own copy does. The copy is
    checked before it gets its name, so `out` is whole or not there. ConfigError where it exists, lies in the home, or
    the client has no archive; IntegrityError where the archive is damaged.
    """
    if home.client(slug).slug == HOUSE:
        raise ConfigError("The house archive is the agency's own. Hand over a client's.")
    source, out = home.archive(slug), out.absolute()
    if not (source / verify.LEDGER).is_file():
        raise ConfigError(f"{slug} has no archive yet, so there is nothing to hand over.")
    if out.exists() or out.is_symlink():
        raise ConfigError(f"{out} exists. Choose another name; nothing is overwritten.")
    if out.resolve().is_relative_to(home.root.resolve()):
        raise ConfigError(f"{out} lies in the home, of which nothing else may go along. Choose a place outside.")
    if dry_run:
        files = list(_files(source))
        return _handed_over(home, slug, source, out, "would_hand_over", files)
    partial = out.with_name(f".{out.name}.partial")
    with writing(home, vault, slug) as archive, ExitStack() as stack:
        archive.seal(whole=True)
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            stack.callback(shutil.rmtree, partial, ignore_errors=True)
            for file in (files := list(_files(source))):
                _copy(file, partial / file.relative_to(source))
            (partial / "staging").mkdir(exist_ok=True)
            done = _handed_over(home, slug, partial, out, "handed_over", files)
            (partial / "licences.csv").write_bytes(_list(home, slug))
            letter = READ_ME.format(**vars(done) | {"client": home.client(slug).name, "day": datetime.now(UTC).date()})
            (partial / "READ-ME.txt").write_text(letter, "utf-8")
            partial.rename(out)
        except OSError as error:
            raise machine_error(error) from error
    return done


def _files(root: Path) -> Iterator[Path]:
    """The archive's files; what is in work stays, and a link or a device is no file of an archive."""
    for place, folders, names in os.walk(root):
        if Path(place) == root and "staging" in folders:
            folders.remove("staging")
        folders.sort()
        for name in (*folders, *sorted(names)):
            path = Path(place, name)
            mode = path.lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise IntegrityError(f"{path.relative_to(root).as_posix()} is a link or no file, and not the archive's")
        yield from (Path(place, name) for name in sorted(names))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target, follow_symlinks=False)
    target.chmod(stat.S_IMODE(source.lstat().st_mode))


def _handed_over(home: Home, slug: str, root: Path, out: Path, outcome: str, files: list[Path]) -> HandedOver:
    """Check the archive at `root`; IntegrityError where it is not whole."""
    try:
        checked = verify.verify_archive(root, trusted_roots(home), checker=sealing.strict_checker()).as_json()
    except verify.Busy as error:
        raise ArchiveBusy(str(error)) from None
    if checked["state"] in ("DAMAGED", "FORKED"):
        found = next(iter(checked["findings"]), {"path": str(root), "message": "is not whole"})
        raise IntegrityError(f"{slug}: {found['path']} {found['message']}")
    first = next(Archive(root).lines())
    return HandedOver(
        client=slug,
        out=str(out),
        outcome=outcome,
        state=checked["state"],
        licences=checked["licences"],
        files=len(files),
        bytes=sum(file.lstat().st_size for file in files),
        key=str(first.fields["key"]),
    )


COLUMNS = ("licence", "platform", "asset", "title", "kind", "licensed on", "licensee", "order", "folder")


def _list(home: Home, slug: str) -> bytes:
    """The licences as a table that spreadsheets open, without those that are no longer for this client."""
    with DocumentReader() as reader, Catalogue(home.catalogue(slug)) as catalogue:
        archive = Archive(home.archive(slug))
        catalogue.catch_up(archive, reader)
        rows = []
        for entry in catalogue.each():
            licence = entry.licence
            if licence.comp or not entry.held:
                continue
            folder = archive.object(entry.object_id).path.relative_to(archive.root).as_posix()
            asset = licence.asset
            rows.append((
                entry.folder, asset.provider, asset.asset_id, asset.title, licence.kind, iso(licence.licensed_at),
                licence.licensee, licence.order, folder,
            ))  # fmt: skip
    return written(COLUMNS, rows).encode("utf-8-sig", "replace")


READ_ME = """\
{client}: LICENCE PROOF, HANDED OVER ON {day}

This folder is the archive of your stock licences: {licences} licences in {files} files. It is complete by itself and
needs nothing of ours. READ-ME-FIRST.txt says what is what.

licences.csv lists the licences, for a spreadsheet. It is a help for finding things and no evidence; evidence/ is.

To check every byte, signature and date, with Python 3.9 or later and OpenSSL 3:

    python3 tools/verify.py

It said {state} when this copy was made. The fingerprint of the key that signed the archive:

    {key}

Keep at least two copies, in places that do not burn together. Change nothing in here.
"""
