"""The log of each run in `state/runs`: one JSON line for each account. Disposable, like all of `state/`."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from archiver.collect.run_context import RunSummary
from archiver.core.model import iso
from archiver.home.settings import Home

RUN_LOG = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]+(?:\.requests|-attended)?\.jsonl")


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
