"""What the last verification of each archive found: Today and the desk tell of damage until a later one finds none."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from archiver.archive.checking.parts.archive_words import DAMAGED, FORKED
from archiver.archive.checking.parts.verify_report import VerifyReport
from archiver.core.json_files import read_record, write_json
from archiver.home.settings import Home

MAX_PATHS = 50  # damaged files that are remembered by name


@dataclass(frozen=True, kw_only=True)
class FoundDamage:
    """Damage of one archive. `quick`: it was found without reading the documents. `paths`: the first damaged files."""

    finding: str
    quick: bool
    paths: Sequence[str] = ()


def remember(home: Home, slug: str, report: VerifyReport, *, quick: bool) -> None:
    """Keep what a verification of a whole archive found. A quick one that finds nothing says nothing of documents."""
    damaged, known = report.state in (DAMAGED, FORKED), read_record(_place(home, slug), FoundDamage)
    with suppress(OSError):  # a read-only home
        if damaged:
            found = [each for each in report.findings if each.damage]
            first = f"{found[0].path} {found[0].message}" if found else report.state
            paths = [each.path for each in found[:MAX_PATHS]]
            write_json(_place(home, slug), FoundDamage(finding=first, quick=quick, paths=paths))
        elif known and (known.quick or not quick):
            _place(home, slug).unlink(missing_ok=True)


def found_damage(home: Home, slug: str) -> str:
    """The first damage that the last verification of an archive found; empty if it found none."""
    known = read_record(_place(home, slug), FoundDamage)
    return known.finding if known else ""


def damaged_paths(home: Home, slug: str) -> Sequence[str]:
    """The files that the last verification of an archive found damaged, relative to the archive: the first ones."""
    known = read_record(_place(home, slug), FoundDamage)
    return known.paths if known else ()


def stamp(home: Home, slug: str) -> object:
    """A value that changes with what is remembered."""
    with suppress(OSError):
        return _place(home, slug).stat().st_mtime_ns
    return None


def _place(home: Home, slug: str) -> Path:
    return home.state / "verified" / f"{slug}.json"
