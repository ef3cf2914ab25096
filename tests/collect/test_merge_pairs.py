"""Pairs of papers that name one number: of one licence, or a question with both values. Nothing is merged silently."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from archiver.catalogue.index import CatalogueEntry
from archiver.collect.import_plan import ImportOutcome, ImportPlan, plan
from archiver.collect.recognition import ClassifiedFile
from archiver.core.model import Asset, DocumentKind, Licence
from archiver.reading.certificates import Paper, Sure
from archiver.reading.licence_json import to_json

TITLES = ("Harbour at dawn", "Рассвет над гаванью", "Kaffee über Nacht", "港口黎明", "Brass door handle")
KINDS = ("standard", "extended", "Premium License", "single-use project")


@dataclass(frozen=True)
class Pair:
    """Two papers of one licence number: what the second changes, and the values that a question has to show."""

    first: Licence
    second: Licence
    change: str
    shown: tuple[str, ...] = ()  # empty: they are of one licence


def pairs(seed: int, number: int) -> Iterator[Pair]:
    """What is one licence is decided here, by how a pair is made, never by comparing."""
    dice = random.Random(seed)
    for _ in range(number):
        title, kind = dice.choice(TITLES), dice.choice(KINDS)
        asset = Asset(provider="envato_elements", asset_id=f"A{dice.randrange(10**6)}", title=title)
        first = Licence(
            asset=asset, licence_id=f"L{dice.randrange(10**9)}", kind=kind, licensee="Ada Example", order="77",
            licensed_at=date(2026, dice.randrange(1, 13), dice.randrange(1, 29)),
        )  # fmt: skip
        other_title, other_kind = (
            dice.choice([each for each in of if each != was]) for of, was in ((TITLES, title), (KINDS, kind))
        )
        licences: dict[str, tuple[Licence, tuple[str, ...]]] = {
            "item": (replace(first, asset=replace(asset, asset_id="B77")), ("B77", asset.asset_id)),
            "title": (replace(first, asset=replace(asset, title=other_title)), (other_title, title)),
            "kind": (replace(first, kind=other_kind), (other_kind, kind)),
            "item and title": (replace(first, asset=replace(asset, asset_id="B77", title=other_title)),
                               ("B77", other_title)),
            "all three": (replace(first, asset=replace(asset, asset_id="B77", title=other_title), kind=other_kind),
                          ("B77", other_title, other_kind)),
            "nothing": (first, ()),
            "case and space": (replace(first, asset=replace(asset, title=f" {title.upper()} "), kind=kind.upper()), ()),
            "a cut title": (replace(first, asset=replace(asset, title=title[: 2 + len(title) // 2])), ()),
            "lost letters": (replace(first, asset=replace(asset, title="".join(
                each if each.isascii() else "?" for each in title))), ()),
            "silence": (replace(first, asset=replace(asset, title=None), kind=None), ()),
            "licensee, order and date": (replace(first, licensee="Bob", order="78", licensed_at=date(2025, 1, 1)), ()),
            "the word licence": (replace(first, kind=f"{kind} licence"), ()),
        }  # fmt: skip
        change = dice.choice([*licences])
        second, shown = licences[change]
        earlier, later = dice.sample((first, second), 2)
        yield Pair(earlier, later, change, shown)


class Archived:
    """An archive that holds at most one licence."""

    def __init__(self, held: Licence | None = None) -> None:
        described = to_json(held, (), (), {"source": "adapter"}) if held else b""
        self.held = held and CatalogueEntry(
            client="acme", folder="folder", object_id="urn:x", described=described, lines=()
        )

    def identity(self, identity: str) -> CatalogueEntry | None:
        return self.held if self.held and self.held.licence.identity == identity else None

    def asset(self, provider: str, asset_id: str) -> Sequence[CatalogueEntry]:
        held = self.held.licence.asset if self.held else None
        return [self.held] if self.held and held and (held.provider, held.asset_id) == (provider, asset_id) else []

    def erased(self, identity: str) -> bool:
        return False

    def file(self, sha256: str) -> None:
        return None

    def paper(self, sha256: str) -> None:
        return None

    def order(self, provider: str, order: str) -> Sequence[CatalogueEntry]:
        return ()

    download = platform = lambda self, *_: ()

    def looks(self) -> Sequence[Any]:
        return ()


def paper(name: str, licence: Licence) -> ClassifiedFile:
    said = Paper(reader="r", sure=Sure.CERTAIN, kind=DocumentKind.CERTIFICATE, licences=(licence,))
    return ClassifiedFile(path=name, sha256=name, size=9, what="PDF", paper=said, sign=True)


def holds(done: ImportPlan, pair: Pair, *, confirmed: bool = False) -> None:
    """What has to be so of a planned import whose second paper came to a licence that the first one made."""
    second = done.fates[-1]
    if pair.shown and not confirmed:
        assert second.outcome is ImportOutcome.UNREAD and not second.groups, pair
        assert second in done.papers and done.unconfirmed, "the paper is kept, and a person is asked"
        assert all(value in second.message for value in pair.shown), (pair, second.message)
        assert pair.first.platform_id in second.message
    else:
        [group] = second.groups
        assert [each for each, _ in group.papers][-1] is second.seen, pair
        assert group.licence.asset.asset_id == pair.first.asset.asset_id


FORMS = [(7, 40), pytest.param(8, 500, marks=pytest.mark.long)]


@pytest.mark.parametrize(("seed", "number"), FORMS)
def test_papers_of_one_number_are_one_licence_or_a_question(seed: int, number: int) -> None:
    seen = set()
    for pair in pairs(seed, number):
        seen.add(pair.change)
        first, second = paper("first.pdf", pair.first), paper("second.pdf", pair.second)
        together = plan([first, second], Archived())
        assert together.fates[0].outcome is ImportOutcome.ARCHIVED
        holds(together, pair)
        holds(plan([second], Archived(pair.first)), pair)
        # A person who looked at this one paper says that it is; of a folder nobody has said so.
        holds(plan([second], Archived(pair.first), confirmed=True), pair, confirmed=True)
        holds(plan([first, second], Archived(), confirmed=True), pair)
    assert len(seen) == 12
