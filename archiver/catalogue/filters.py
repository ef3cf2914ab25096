"""Narrow a search: by day, platform, kind and seat; and sort its results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from archiver.core.model import Licence, day_of
from archiver.core.remedy import Remedy
from archiver.core.suggestions import did_you_mean
from archiver.provider import installed
from archiver.reading.unsupported_platforms import served


@dataclass(frozen=True, kw_only=True)
class LicenceFilter:
    """Conditions that a licence must all meet. Both days are included; texts ignore case.

    `kind` and `seat` match any part of the licence's own. A licence without a date meets no condition on days.
    """

    since: date | None = None
    until: date | None = None
    provider: str | None = None
    kind: str | None = None
    seat: str | None = None

    @property
    def narrows(self) -> bool:
        return any(vars(self).values())

    def unknown_platform(self) -> str | None:
        """A sentence if neither an adapter nor an import can have licences of the platform; else None."""
        known = {*installed(), *served()}
        if self.provider is None or self.provider in known:
            return None
        return (
            f"there is no platform {self.provider!r}.{did_you_mean(self.provider, known)} {Remedy('platforms')}".rstrip(
                "."
            )
        )

    def fits(self, licence: Licence) -> bool:
        """Whether the licence meets all conditions."""
        day = day_of(licence.licensed_at) if licence.licensed_at else None
        if (self.since and (day is None or day < self.since)) or (self.until and (day is None or day > self.until)):
            return False
        texts = ((self.kind, licence.kind), (self.seat, licence.seat))
        if any(wanted and wanted.casefold() not in (said or "").casefold() for wanted, said in texts):
            return False
        return self.provider in (None, licence.asset.provider)


def _text(key: str) -> Callable[[Mapping[str, object]], tuple[bool, str]]:
    return lambda row: (row[key] is None, str(row[key] or "").casefold())


SORTS: Mapping[str, Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]] = {
    "match": lambda rows: sorted(rows, key=lambda row: -row["score"]),
    "newest": lambda rows: sorted(rows, key=lambda row: row["licensed_at"] or "", reverse=True),
    "oldest": lambda rows: sorted(rows, key=_text("licensed_at")),
    "title": lambda rows: sorted(rows, key=_text("title")),
    "client": lambda rows: sorted(rows, key=_text("client")),
    "provider": lambda rows: sorted(rows, key=_text("provider")),
}
"""The orders of `find --sort`, for rows as `find --json` has them."""
