"""The age of a Chromium by its version.

Old versions have known security holes, and pages of platforms are not trusted.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise

MIN_VERSION = 120  # older versions were never tested
MAX_AGE = timedelta(days=365)

# Days on which versions became stable; after the last one, a version every two weeks.
_STABLE = ((94, date(2021, 9, 21)), (120, date(2023, 12, 5)), (131, date(2024, 11, 12)), (153, date(2026, 9, 8)))
_RELEASE_CYCLE = timedelta(weeks=2)


def version_warning(described: str, today: date) -> str | None:
    """Return a warning about the age of `Chromium 156.0.8078.108`. None if it is recent or has no version."""
    if not (found := re.search(r"\b(\d{1,4})\.\d+", described)):
        return None
    major = int(found[1])
    if major < MIN_VERSION:
        return f"version {major} is too old: at least {MIN_VERSION} is needed"
    if today - stable_since(major) > MAX_AGE:
        return f"version {major} is more than a year old, and its known holes are open"
    return None


def stable_since(major: int) -> date:
    """Return the day on which a version became stable, within some days."""
    last, day = _STABLE[-1]
    if major >= last:
        return day + min(major - last, 10_000) * _RELEASE_CYCLE
    for (older, start), (newer, end) in pairwise(_STABLE):
        if major <= newer:
            return start + max(major - older, 0) * (end - start) / (newer - older)
    return day
