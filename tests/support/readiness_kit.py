"""One item of a home's readiness, also of a replay home as if it were a real one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from archiver.agency.readiness import ReadyItem, readiness
from archiver.home.settings import Home


def item_of(home: Home, name: str, now: datetime) -> ReadyItem:
    real = replace(home, settings=home.settings.model_copy(update={"replay": False}))
    return next(each for each in readiness(real, now) if each.name == name)
