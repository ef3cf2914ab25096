"""What a new home still needs before the archiver works by itself: each step, and whether it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from archiver.catalogue.search import archives, catalogue_of
from archiver.home.settings import HOUSE, Home
from archiver.reading.worker import DocumentReader

NIGHTS = timedelta(days=2)  # a schedule shows itself by a run within this time


@dataclass(frozen=True, kw_only=True)
class SetupStep:
    """One step of the set-up. `name`: agency, client, account, licences, timestamps, schedule, notify, backup."""

    name: str
    done: bool
    optional: bool = False


def checklist(home: Home, now: datetime | None = None) -> list[SetupStep]:
    """The steps, in the order in which people do them."""
    now, settings = now or datetime.now(UTC), home.settings
    licences, newest = 0, ""
    with DocumentReader() as reader:
        for slug in archives(home):
            with catalogue_of(home, slug, reader) as (_, catalogue):
                licences += catalogue.count()
                newest = max([newest, *(run.at for run in catalogue.runs(newest=1))])
    ran = bool(newest) and datetime.fromisoformat(newest) > now - NIGHTS
    return [
        SetupStep(name="agency", done=bool(settings.agency.name)),
        SetupStep(name="client", done=any(slug != HOUSE for slug in home.clients)),
        SetupStep(name="account", done=any(not each.closed for each in home.accounts())),
        SetupStep(name="licences", done=licences > 0),
        SetupStep(name="timestamps", done=bool(settings.timestamps)),
        SetupStep(name="schedule", done=ran),
        SetupStep(name="notify", done=bool(settings.notify.channels)),
        SetupStep(name="backup", done=bool(settings.witnesses)),
    ]
