"""The doctor's checks of the archives: the clock, damage, leftovers, witnesses and timestamps."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.agency import future_times as times
from archiver.agency.diagnosis import DoctorFinding, Findings, Remedy, State, ok, problem, warning
from archiver.agency.integrity import VerifyRequest, renewals_due
from archiver.agency.integrity import verify as verify_archives
from archiver.archive.checking.parts import archive_words, timestamp_tokens, witnessed
from archiver.archive.reader import signer_key
from archiver.archive.seal import Authority, ask
from archiver.archive.writer import latest_moment
from archiver.catalogue import search
from archiver.core.errors import ArchiveBusy, IntegrityError
from archiver.core.model import iso
from archiver.home.connections import network_of
from archiver.home.reliance import note
from archiver.home.settings import Home
from archiver.home.settings_models import QualifiedAuthority


def clock(home: Home) -> Findings:
    """Compare the clock with the times in the archives, the logs and the cursors."""
    now = datetime.now(UTC).replace(microsecond=0)
    for each in times.ahead(home, now):
        if not each.of_archive:
            yield warning(f"{each}; runs ignore it", remedy=Remedy.of("repair clock", {}))
    here = [(slug, root) for slug in home.clients if ((root := home.archive(slug)) / archive_words.LEDGER).is_file()]
    known = [(*found, slug) for slug, root in here if (found := latest_moment(root))]
    if not known:
        yield ok(f"it says {iso(now)}; no archive has a time to compare it with")
        return
    moment, source, slug = max(known)
    if now + timedelta(seconds=archive_words.CLOCK_TOLERANCE_S) < datetime.fromisoformat(moment):
        yield problem(
            f"it says {iso(now)}, but {source} of {slug} has the later time {moment}",
            "Set the clock right. If it is right, it was ahead before. Until then nothing is archived.",
            Remedy("repair clock", {"client": slug}),
        )
    else:
        yield ok(f"it says {iso(now)}, which fits the newest time in the archives ({moment})")


def archives(home: Home) -> Findings:
    """Each archive: the leftovers of killed commands, and the verifier's quick result."""
    for slug in search.without_client(home):
        advice = f"Restore clients/{slug}.yaml, or make it anew. Until then, only a verification reads that archive."
        yield warning(f"archive/{slug} has no file clients/{slug}.yaml", advice, Remedy("add client", {"slug": slug}))
    here = {*search.archives(home), *search.gone(home)}
    for slug in home.clients:
        yield from _leftovers(slug, home.archive(slug))
        if slug not in here:
            continue
        try:
            _, document, _ = verify_archives(home, VerifyRequest(client=slug, quick=True))
        except ArchiveBusy as busy:
            yield ok(f"{slug}: {busy.detail}; check it later")
            continue
        [report] = document["clients"]
        found = [each for each in report["findings"] if each["code"] != "interrupted"]
        found.sort(key=lambda each: each["code"] in archive_words.WARNINGS)  # damage first
        words = f"{slug}: {report['state']} ({report['scope']}), {report['licences']} licences"
        words += "" if report["evidence"] else " (NOT EVIDENCE)"
        details = "".join(f"; {each['path']} {each['message']}" for each in found[:3])
        if report["state"] in (archive_words.DAMAGED, archive_words.FORKED):
            advice = "Do not repair it by hand; compare with a copy."
            yield problem(f"{words}{details}", advice, Remedy("verify", {"client": slug}))
        elif report["state"] == archive_words.UNPROVEN and home.settings.timestamps:
            yield warning(f"{words}{details}", remedy=Remedy("timestamp", {"client": slug}))
        elif any(each["code"] == "verifier" for each in found):
            yield warning(f"{words}{details}", remedy=Remedy("new verifier", {"client": slug}))
        else:
            yield ok(f"{words}{details}")


def _leftovers(slug: str, root: Path) -> Findings:
    left = [path.name for path in (root / "staging").glob("*") if path != root / archive_words.HOLDER]
    intents, ledger = root / archive_words.INTENTS, root / archive_words.LEDGER
    said = [f"{len(left)} entries in staging"] if left else []
    said += ["an unfinished move into evidence"] if intents.exists() and intents.stat().st_size else []
    if ledger.is_file():
        with ledger.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            said += ["an incomplete last line in the ledger"] if file.read() not in (b"", b"\n") else []
    if said:
        yield warning(
            f"{slug}: an interrupted command left {', '.join(said)}",
            "Nothing is lost. The next run cleans up.",
            Remedy("run", {"client": slug}),
        )


def witnesses(home: Home) -> Findings:
    for each in home.settings.witnesses:
        if each.folder:
            place = home.root / each.folder
            fault = "does not exist" if not place.is_dir() else "" if os.access(place, os.W_OK) else "is not writable"
            yield DoctorFinding(
                State.WARNING if fault else State.OK, f"{each.name}: {place} {fault or 'is ready'}",
                "Mount it, or name another folder in archiver.yaml." if fault else "",
            )  # fmt: skip
            for slug in home.clients:  # including clients whose archive is gone
                yield from _forked(slug, home.archive(slug), place)
        elif each.command:
            there = shutil.which(each.command[0])
            advice = "" if there else "Install it, or name another in archiver.yaml."
            yield DoctorFinding(
                State.OK if there else State.WARNING,
                f"{each.name}: {each.command[0]} {'is installed' if there else 'is not a program on this machine'}",
                advice,
            )  # fmt: skip
        else:
            yield ok(f"{each.name}: {each.email}, through {home.settings.mail.host}")


def _forked(slug: str, root: Path, place: Path) -> Findings:
    """Report an archive that does not continue a witness's checkpoint. The verifier checks the signatures."""
    key, log = None, f"{archive_words.LOG_DOMAIN}/{slug}"
    with suppress(IntegrityError):
        key = signer_key(root)
    held = witnessed.check_witnessed(
        root / archive_words.LEDGER, witnessed.outside_checkpoints(place, key, log, signatures=False)
    )
    if held.forked:
        lost = held.forked[-1]
        yield problem(
            f"{slug} does not continue {lost.path}, which covers {lost.size} lines",
            "Do not repair it by hand; compare with a copy. If you restored it from a backup, record that.",
            Remedy("after restore", {"client": slug, "checkpoint": str(lost.path)}),
        )


def timestamps(home: Home, online: bool) -> Findings:
    """The authorities, and the timestamps that need renewal. With `online`, each authority stamps a random number; the
    answer also gives the time."""
    for due in renewals_due(home):
        yield warning(due.partition(". ")[0], remedy=Remedy("renew"))
    for each in home.settings.timestamps:
        if isinstance(each, QualifiedAuthority) and not each.roots:
            yield DoctorFinding(
                State.WARNING, f"{each.name} ({each.provider}) is not asked, because roots/{each.name}.pem is missing",
                f"Put the provider's root certificate there. {each.price} See docs/timestamps.md.",
            )  # fmt: skip
            continue
        if not online:
            yield ok(f"{each.name}: {each.url} was not contacted (use --online)")
            continue
        _, answer = ask(secrets.token_bytes(32), Authority(name=each.name, url=each.url), network_of(home).post)
        note(home, "timestamps", {each.name: answer if isinstance(answer, str) else None})
        if isinstance(answer, str):
            yield warning(
                f"{each.name}: {answer}", "Try again later. While no authority answers, what is new stays UNPROVEN."
            )
            continue
        moment = timestamp_tokens.Token.parse(answer).time
        apart = abs(datetime.now(UTC) - datetime.fromisoformat(moment))
        wrong = apart > timedelta(seconds=archive_words.CLOCK_TOLERANCE_S)
        advice = "Set this machine's clock right." if wrong else ""
        yield DoctorFinding(State.PROBLEM if wrong else State.OK, f"{each.name} answers and says {moment}", advice)
