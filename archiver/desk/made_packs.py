"""Packs that the desk makes and keeps for a while, and who states something."""

from __future__ import annotations

import tempfile
from pathlib import Path

from archiver.claims.claim_pack import HandOver, hand_over, pack_name
from archiver.core.atomic_files import scratch
from archiver.desk.app import PageRequest
from archiver.desk.auth import OWNER
from archiver.desk.translations import LANGUAGES

type Packs = tuple[tuple[str, bytes], ...]
"""The files of a pack by name."""


def made(visit: PageRequest, names: tuple[str, ...], language: str) -> tuple[Packs, tuple[str, ...]]:
    """A pack of licences, and what the person must know."""
    warnings: list[str] = []
    with tempfile.TemporaryDirectory(prefix=scratch("desk")) as folder:
        out = Path(folder) / f"{pack_name(names)}.zip"
        order = HandOver(out=out, language=language if language in LANGUAGES else visit.language)
        written = hand_over(visit.home, list(names), order, warn=warnings.append)
        return tuple((each.name, each.read_bytes()) for each in sorted(written)), tuple(warnings)


def person(visit: PageRequest, asked: str) -> str:
    """The person who states something. A user who signed in by name can state it only in that name."""
    return asked if visit.visitor.name == OWNER else visit.visitor.name
