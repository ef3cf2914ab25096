"""The log of each run in `state/runs`: one JSON line for each account. Disposable, like all of `state/`."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archiver.archive import clock_skew
from archiver.collect.run_context import RunSummary
from archiver.core.atomic_files import read_file
from archiver.core.model import iso
from archiver.home.settings import Home

RUN_LOG = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]+(?:\.requests|-attended)?\.jsonl")
_LOG_OF_ACCOUNTS = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]+\.jsonl")
BUSY = "ArchiveBusy"  # another run is at work there, which is no trouble


def logged_at(path: Path) -> datetime | None:
    """When the run began whose log this is; None for another file."""
    found = RUN_LOG.fullmatch(path.name)
    with suppress(ValueError):
        return datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if found else None
    return None


def log(home: Home, summary: RunSummary, *, dry_run: bool) -> None:
    """One JSON line per account and run, and per client whose archive could not be written on, for people who ask
    later; disposable like all of state/."""
    folder = home.state / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    frame = {"run": summary.run, "at": iso(datetime.now(UTC)), "dry_run": dry_run}
    rows = [result.as_json() for result in summary.accounts]
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


def read_logs(
    home: Home, now: datetime
) -> tuple[dict[str, dict[str, Any]], dict[str, tuple[str, str]], datetime | None]:
    """From the run logs, newest first: each account's last line, the clients whose archive was last at fault (error and
    message), and when the last run began. Dry runs and attended captures are none; where nothing ran yet, the day on
    which the clients' files were last changed stands for it. Logs of the future are passed over."""
    said: dict[str, dict[str, Any]] = {}
    faults: dict[str, tuple[str, str]] = {}
    newest, settled, wanted = None, set[str](), {account.name: account.client for account in home.accounts()}
    logs = list[tuple[datetime, int, Path]]()
    for path in (home.state / "runs").glob("*.jsonl"):
        began = logged_at(path) if _LOG_OF_ACCOUNTS.fullmatch(path.name) else None
        if began and began <= now + clock_skew.CLOCK_TOLERANCE:
            with suppress(FileNotFoundError):  # pruned meanwhile
                logs.append((began, path.stat().st_mtime_ns, path))  # runs that began in one second ended in order
    for began, _, path in sorted(logs, reverse=True):
        try:
            lines = [json.loads(line) for line in read_file(path).decode().splitlines()]
        except (OSError, ValueError):  # pruned meanwhile, or torn: a log is no evidence
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
