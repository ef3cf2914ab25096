"""Packs that the desk makes and keeps for a while."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from archiver.claims.claim_pack import HandOver, hand_over, pack_name
from archiver.core.atomic_files import scratch_folder
from archiver.desk.app import PageRequest
from archiver.desk.background_job import Work

type Packs = tuple[tuple[str, bytes], ...]
"""The files of a pack by name."""


type KeepPack = Callable[[Packs, tuple[str, ...]], object]
"""Keeps a pack, and what the person must know."""


def make(visit: PageRequest, names: tuple[str, ...], language: str, place: str, keep: KeepPack) -> None:
    """Make a pack of licences, as the work of the page at `place`."""
    home, chosen = visit.home, visit.language_or_own(language)

    def making(work: Work) -> None:
        warnings: list[str] = []
        with scratch_folder("desk") as folder:
            out = folder / f"{pack_name(names)}.zip"
            order = HandOver(out=out, language=chosen)
            written = hand_over(home, list(names), order, warn=warnings.append, progress=partial(work.step, "proof"))
            keep(tuple((each.name, each.read_bytes()) for each in sorted(written)), tuple(warnings))

    visit.desk.works.do("proof", place, making)
