"""When each thing that a home relies on last worked: authorities, witnesses, accounts, mailboxes, channels of messages.

Whoever asks such a thing notes whether it answered. `state/reliance.json` is disposable: without it, nothing is known
until each is asked again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from archiver.core.json_files import change_json, read_json
from archiver.core.model import iso
from archiver.home.settings import Home

LAST_BACKUP = "last"  # the newest backup; it worked as of the moment that the backup holds

type Outcomes = Mapping[str, str | None]
"""For each thing by its name: why it failed, in English; None if it worked."""


@dataclass(frozen=True, kw_only=True)
class Reliance:
    """One thing: when it last worked, since when it fails (None while it works), and why. Times are UTC, `…Z`."""

    ok: str | None = None
    since: str | None = None
    said: str = ""


def note(home: Home, item: str, outcomes: Outcomes, now: datetime | None = None) -> None:
    """Note what was just asked, by `item` (a key of `readiness.yaml`) and name. On a full disk, nothing is noted."""
    if not outcomes:
        return
    at = iso(now or datetime.now(UTC)) or ""

    def changed(known: dict[str, Reliance]) -> dict[str, dict[str, str | None]]:
        for name, why in outcomes.items():
            before = known.get(key := f"{item}:{name}", Reliance())
            known[key] = Reliance(ok=at) if why is None else Reliance(ok=before.ok, since=before.since or at, said=why)
        return {key: asdict(each) for key, each in known.items()}

    with suppress(OSError):
        change_json(_place(home), lambda: noted(home), changed)


def noted(home: Home) -> dict[str, Reliance]:
    """What is known of each thing, by `item:name`; those that were never asked are not in it."""
    with suppress(AttributeError, TypeError):
        return {str(key): Reliance(**each) for key, each in read_json(_place(home)).items()}
    return {}


def _place(home: Home) -> Path:
    return home.state / "reliance.json"
