"""The log of each run in `state/runs`: one JSON line for each account. Without it, nothing is lost but the log.

Beside them stands which sign-ins a person renewed: until an account is read again, its last run's refusal is settled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypedDict

from archiver.archive import clock_skew
from archiver.collect.run_context import RunSummary
from archiver.core.atomic_files import read_file
from archiver.core.json_files import change_json, read_json
from archiver.core.model import WHOLE, iso
from archiver.home.reliance import note
from archiver.home.settings import Home

RUN_LOG = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]+(?:\.requests|-attended)?\.jsonl")
_LOG_OF_ACCOUNTS = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]+\.jsonl")
BUSY = "ArchiveBusy"  # another run was writing there, which is not a fault


class LoggedAccount(TypedDict, total=False):
    """A line about an account, as far as anything reads it: fields of `AccountResult.as_json`."""

    account: str
    outcome: str
    error: str | None
    message: str
    incomplete: list[str]
    unexplained: list[str]
    refused: list[str]
    differences: dict[str, list[str]]


def is_whole(line: LoggedAccount) -> bool:
    """Whether the run read all that the platform shows."""
    return line.get("outcome") in WHOLE


def logged_at(path: Path) -> datetime | None:
    """The start time of the run with this log; None for any other file."""
    found = RUN_LOG.fullmatch(path.name)
    with suppress(ValueError):
        return datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if found else None
    return None


def log(home: Home, summary: RunSummary, *, dry_run: bool) -> None:
    """Write one JSON line for each account, and for each client whose archive could not be written. Note which accounts
    and sources answered.
    """
    if not dry_run:
        busy = {each.account for each in summary.accounts if each.error == BUSY}
        answered = {each.account: each.message or each.error if each.error else None for each in summary.accounts}
        note(home, "inputs", {name: why for name, why in answered.items() if name not in busy})
    folder = home.state / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    frame = {"run": summary.run, "at": iso(datetime.now(UTC)), "dry_run": dry_run}
    # What a dry run lists of mails is for the screen: a log must say nothing of mails that are not archived.
    rows = [{key: value for key, value in result.as_json().items() if key != "items"} for result in summary.accounts]
    rows += [
        {"client": client, "fault": type(fault).__name__, "message": str(fault)}
        for client, fault in summary.faults.items()
    ]
    lines = [json.dumps(frame | each, sort_keys=True) for each in rows]
    (folder / f"{summary.run}.jsonl").write_text("".join(line + "\n" for line in lines), "utf-8")
    if summary.replays:
        asked = [
            json.dumps({"account": account, "method": request.method, "url": request.url, "status": request.status})
            for account, listener in summary.replays.items()
            for request in listener.log
        ]
        (folder / f"{summary.run}.requests.jsonl").write_text("".join(line + "\n" for line in asked), "utf-8")


def days_with_runs(home: Home, now: datetime, within: timedelta | None) -> set[date]:
    """The days on which runs began, of all that are logged or of those in the time before `now`."""
    began = (logged_at(path) for path in (home.state / "runs").glob("*.jsonl") if _LOG_OF_ACCOUNTS.fullmatch(path.name))
    return {each.date() for each in began if each and (within is None or now - within <= each <= now)}


def read_logs(
    home: Home, now: datetime
) -> tuple[dict[str, LoggedAccount], dict[str, tuple[str, str]], datetime | None]:
    """Read the run logs: each account's last line, clients with a fault of their archive (error and message), and the
    start of the last run.

    Dry runs and attended captures do not count, and logs from the future are ignored. Before the first run, the newest
    change of the clients' files stands for the last run.
    """
    said: dict[str, LoggedAccount] = {}
    faults: dict[str, tuple[str, str]] = {}
    newest, settled, wanted = None, set[str](), {each.name: each.client for each in home.inputs()}
    logs = list[tuple[datetime, int, Path]]()
    for path in (home.state / "runs").glob("*.jsonl"):
        began = logged_at(path) if _LOG_OF_ACCOUNTS.fullmatch(path.name) else None
        if began and began <= now + clock_skew.CLOCK_TOLERANCE:
            with suppress(FileNotFoundError):  # just pruned
                logs.append((began, path.stat().st_mtime_ns, path))  # the end orders runs that began in one second
    for began, _, path in sorted(logs, reverse=True):
        try:
            lines = [json.loads(line) for line in read_file(path).decode().splitlines()]
        except (OSError, ValueError):  # just pruned, or incomplete; a log is not evidence
            continue
        if lines and lines[0].get("dry_run"):
            continue
        newest = newest or began
        for line in lines:
            if "fault" in line and line["client"] not in settled and line["fault"] != BUSY:
                faults[line["client"]] = (line["fault"], line["message"])
        for line in lines:
            if "account" in line and line.get("error") != BUSY:
                said.setdefault(line["account"], line)
                settled.add(wanted.get(line["account"], ""))
        settled |= set(faults)
        if said.keys() >= wanted.keys():
            break
    if newest is None:
        changed = [(home.root / "clients" / f"{slug}.yaml").stat().st_mtime for slug in home.clients]
        newest = datetime.fromtimestamp(max(changed), UTC) if changed else None
    return said, faults, newest


_RENEWED = "renewed.json"  # in `state`: name -> the moment, UTC


def note_renewal(home: Home, name: str) -> None:
    """A person has just renewed the sign-in of an account or source."""
    there, now = {each.name for each in home.inputs()}, iso(datetime.now(UTC).replace(microsecond=0))
    kept = {each: at for each, at in renewals(home).items() if each in there}
    change_json(home.state / _RENEWED, lambda: kept, lambda before: {**before, name: now})


def renewals(home: Home) -> Mapping[str, str]:
    """When each sign-in was last renewed, UTC; without those that never were."""
    found = read_json(home.state / _RENEWED)
    return {str(name): str(at) for name, at in found.items()} if isinstance(found, dict) else {}
