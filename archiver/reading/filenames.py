"""Platform and asset id from file names and preview addresses."""

from __future__ import annotations

from dataclasses import dataclass

from archiver.reading.certificates import Sure


@dataclass(frozen=True)
class Named:
    """An asset that a name speaks of. `quote` is the part of the name that says so."""

    platform: str
    asset_id: str
    sure: Sure
    quote: str
