"""The retention period of each class of data, and the automatic deletion of old files.

Evidence never expires: only a person erases it (`archiver erase`), and a legal hold prevents that. Only files in
`state/`, which are disposable, are deleted automatically.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True)
class Retention:
    """A class of data: its `place` in the home, the period in words, and in `days` if it ends automatically."""

    name: str
    place: str
    kept: str
    days: int | None = None
    prunes: bool = False  # runs delete old files; otherwise runs remind a person, if `days` is set


CLASSES = (
    Retention(
        "licences and their documents",
        "archive/*/evidence",
        "while a picture is published, then 11 years after its last publication; without end is recommended",
    ),
    Retention(
        "statements of persons",
        "archive/*/evidence/statements",
        "as long as what they are about; a statement can be erased by itself",
    ),
    Retention("ledger and tombstones", "archive/*/ledger", "without end; they hold ids and digests, no content"),
    Retention(
        "secrets and saved sign-ins",
        "vault.enc",
        "until a new secret replaces it, which also drops the saved sign-in",
    ),
    Retention("working papers of a claim", "work", "until the claim is closed; a person removes them"),
    Retention(
        "what an audit saw of a client's site",
        "work/audits",
        "the newest visit, what earlier ones found, and captures of pages; a person removes the files",
    ),
    Retention("search index", "state/catalogue", "follows the archive; what is erased leaves it at once"),
    Retention("run logs", "state/runs", "400 days", days=400, prunes=True),
    Retention("what became of a browser's captures", "state/companion/results", "400 days", days=400, prunes=True),
    Retention("sign-ins that people renewed", "state/renewed.json", "until the account is removed"),
    Retention("messages that people received", "state/notify.json", "until the cause is gone"),
    Retention("pages on which a run failed", "state/trouble", "90 days", days=90, prunes=True),
    Retention(
        "documents that hold a secret",
        "state/quarantine",
        "until a person has looked; a run reminds of what is older than 30 days",
        days=30,
    ),
)


def prune(home: Path, now: datetime) -> list[str]:
    """Delete old files of the classes that allow it. Returns reminders about files that a person must remove."""
    reminders = []
    for each in CLASSES:
        old = list(_older(home / each.place, now - timedelta(days=each.days))) if each.days else []
        if each.prunes:
            for path in old:
                with suppress(FileNotFoundError):  # another run deleted it
                    path.unlink()
        elif old:
            files = "file has" if len(old) == 1 else "files have"
            reminders.append(
                f"{len(old)} {files} been in {each.place} for more than {each.days} days ({each.name}). "
                "Look at them, then remove them by hand."
            )
    return reminders


def _older(folder: Path, moment: datetime) -> Iterator[Path]:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_file() and datetime.fromtimestamp(path.stat().st_mtime, UTC) < moment:
            yield path
