"""Alerts, cached for all visitors: finding them reads every assignment of every archive."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock

from archiver.agency.alerts import find_alerts
from archiver.core.alert import Alert
from archiver.home.settings import Home

ALERT_SECONDS = 60.0  # minimum time between two searches, even if something changes


@dataclass
class AlertCache:
    """The newest alerts and the state of the archives and settings for which they were found."""

    _known: tuple[object, float, Sequence[Alert]] | None = None
    _lock: Lock = field(default_factory=Lock)

    def find(self, home: Home, today: date, state: object) -> Sequence[Alert]:
        """`find_alerts`, unless nothing changed since the last search or that was a moment ago."""
        with self._lock:
            known = self._known
            if known is None or (known[0] != (today, state) and time.monotonic() > known[1] + ALERT_SECONDS):
                known = self._known = (today, state), time.monotonic(), find_alerts(home, today)
            return known[2]
