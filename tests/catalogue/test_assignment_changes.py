"""What assignments change in each archive, in this process: who gets, who loses, what is said twice, what is undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from archiver.archive.ocfl import Stored
from archiver.catalogue import assignment
from archiver.catalogue.archives import writing
from archiver.catalogue.assignment import ArchiveChanges, Assignment, Loss
from archiver.catalogue.index import CatalogueEntry
from archiver.core.errors import ArchiverError, ConfigError
from archiver.core.model import Asset, Licence
from archiver.reading.worker import DocumentReader
from tests.support.agency import Agency, agency, record

BY = "Ada Example"
HARBOUR, QUAY, COMP = (
    Licence(asset=Asset(provider="shutterstock", asset_id=f"{n}"), licence_id=f"e{n}", comp=n == 3) for n in (1, 2, 3)
)


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Agency]:
    with agency(tmp_path) as made:
        yield made


def entries(at: Agency, stored: Stored) -> dict[str, CatalogueEntry]:
    with DocumentReader() as reader:
        return assignment.holders(at.home, [stored.object_id], reader)[stored.object_id]


def holders(at: Agency, stored: Stored) -> list[str]:
    return sorted(entries(at, stored))


def to(client: str, **more: Any) -> Assignment:
    return replace(Assignment(client=client, by=BY, reason=f"Jöb of {client}"), **more)


def said(at: Agency, client: str) -> list[tuple[Any, ...]]:
    """What each assignment in an archive's ledger and its statement say."""
    root = at.run.archive(client)
    found = []
    for raw in (root / "ledger/ledger.jsonl").read_text().splitlines():
        line = json.loads(raw)
        if line["type"] == "assign":
            [path] = (root / "evidence/statements").rglob(f"{line['statement'].rpartition(':')[2]}/v1/content")
            stated = json.loads(text := (path / "statement.json").read_text())
            assert text == json.dumps(stated, indent=1, sort_keys=True, ensure_ascii=False), "people read it"
            assert stated["format"] == 1 and len(stated["act"]) == 16 and stated["act"] == line["act"]
            found.append((line.get("held"), line.get("clients"), "undoes" in line, "original" in line,
                          stated["statement"], stated["client"], stated["client_name"], stated["reason"]))  # fmt: skip
    return found


def test_who_gets_loses_and_records_and_what_each_archive_says(at: Agency) -> None:
    opened = partial(writing, at.home, at.vault)
    first, second, comp = at.archive("house", *((each, [record()]) for each in (HARBOUR, QUAY, COMP)))
    entry, other, preview = (entries(at, each)["house"] for each in (first, second, comp))
    for bad, made in ((entry, to("house")), (entry, to("acme", by=" ")), (entry, to("acme", reason=" ")),
                      (preview, to("acme")), (entry, to("nobody"))):  # fmt: skip
        with pytest.raises(ConfigError):
            assignment.assign(at.home, opened, bad, made)
    with pytest.raises(ConfigError, match="twice"):
        assignment.preview(at.home, [(entry, to("acme")), (entry, to("beta"))])
    assert assignment.preview(at.home, [(entry, to("acme")), (other, to("acme"))]) == [
        ArchiveChanges(client="acme", gets=2), ArchiveChanges(client="house", records=2),
    ]  # fmt: skip
    heard: list[tuple[str, int, int | None]] = []
    wanted = [(entry, to("acme")), (other, to("acme"))]
    lost = assignment.assign_all(at.home, opened, wanted, assignment.disagreed, watch=lambda *each: heard.append(each))
    assert lost == [] and holders(at, first) == holders(at, second) == ["acme", "house"]
    assert heard == [(f"{name}: assigned", n, 2) for name in ("acme", "house") for n in (1, 2)]
    given = (True, None, False, True, "licensed for", "acme", "Acme Ltd", "Jöb of acme")
    recorded = (None, ["acme"], False, True, *given[4:])
    assert (said(at, "acme"), said(at, "house")) == ([given] * 2, [recorded] * 2)

    busy: Any = partial(_refuse, opened)
    assignment.assign(at.home, busy, entry, to("acme"))  # said already, so nothing is opened
    assert len(said(at, "acme")) == len(said(at, "house")) == 2
    assert assignment.preview(at.home, [(entry, to("beta"))]) == [
        ArchiveChanges(client="acme", loses=1), ArchiveChanges(client="beta", gets=1),
        ArchiveChanges(client="house", records=1),
    ]  # fmt: skip
    with pytest.raises(ConfigError, match=f"acme loses acme/{first.folder}"):
        assignment.assign(at.home, opened, entry, to("beta"))
    assert not (at.run.archive("beta") / "ledger").exists(), "nothing was changed"
    gone = Loss(client="acme", licence=f"acme/{first.folder}")
    asked: list[Any] = []

    def agreed(losses: Any) -> bool:
        asked.extend(losses)
        return True

    heard.clear()
    moved = assignment.assign_all(at.home, opened, [(entry, to("beta"))], agreed, lambda *each: heard.append(each))
    assert moved == asked == [gone]
    assert heard == [(f"{name}: assigned", 1, 1) for name in ("beta", "acme", "house")], "given before it is taken"
    assert holders(at, first) == ["beta", "house"] and holders(at, second) == ["acme", "house"]
    assert said(at, "acme")[-1] == (False, None, False, False, "no longer for this client", None, None, None)

    assignment.assign(at.home, opened, entry, to("acme", also=True))  # beta keeps its copy
    assert holders(at, first) == ["acme", "beta", "house"] and said(at, "house")[-1][1] == ["acme", "beta"]
    with pytest.raises(ConfigError, match="--by"):
        assignment.undo(at.home, opened, entry, " ", "", lambda _: True)
    with pytest.raises(ConfigError, match="acme loses"):
        assignment.undo(at.home, opened, entry, BY, "", assignment.disagreed)
    untouched = said(at, "beta")
    assert assignment.undo(at.home, opened, entry, BY, "", lambda _: True) == (["beta"], [gone])
    assert said(at, "beta") == untouched, "it had no part in what was undone"
    assert said(at, "house")[-1] == (
        None, ["beta"], True, True, "licensed for", "beta", "Beta GmbH", "the last assignment was undone",
    )  # fmt: skip
    before = [len(said(at, each)) for each in ("acme", "beta", "house")]
    assert assignment.undo(at.home, opened, entry, BY, "", lambda _: True) == (["beta"], [])
    assert [len(said(at, each)) for each in ("acme", "beta", "house")] == before, "undone already"

    assert assignment.undo(at.home, opened, other, BY, "mixed up", lambda _: True)[0] == []
    assert said(at, "house")[-1] == (None, [], True, False, "assigned to nobody", None, None, "mixed up")
    with pytest.raises(ConfigError, match="nothing to undo"):
        assignment.undo(at.home, opened, preview, BY, "", lambda _: True)


def test_a_clients_own_licence_is_given_to_another_and_follows_its_original(at: Agency) -> None:
    opened = partial(writing, at.home, at.vault)
    [stored] = at.archive("acme", (HARBOUR, [record()]))
    entry = entries(at, stored)["acme"]
    assignment.assign(at.home, opened, entry, to("beta"))
    assert holders(at, stored) == ["acme", "beta"] and said(at, "acme") == [], "what is its own is not taken back"
    assert [*assignment.follow(at.home, opened)] == []
    with opened("acme") as archive:
        archive.add_version(stored.object_id, {"receipt.txt": b"paid"}).result()
        archive.seal()
    copy = next((at.run.archive("beta") / "evidence").rglob(stored.folder))
    busy: Any = partial(_refuse, opened)
    assert [each.partition(":")[0] for each in assignment.follow(at.home, busy)] == ["beta"] and not (
        copy / "v2"
    ).exists()
    assert [*assignment.follow(at.home, opened)] == [] and (copy / "v2").is_dir()
    assert [*assignment.follow(at.home, busy)] == [], "nothing is behind, so nothing is opened"
    with opened("acme") as archive:
        archive.add_version(stored.object_id, {"receipt.txt": b"paid twice"}).result()
    assert [*assignment.follow(at.home, opened)] == [] and (copy / "v3").is_dir()
    assignment.assign(at.home, opened, entries(at, stored)["beta"], to("acme"), lambda _: True)
    assert holders(at, stored) == ["acme"] and said(at, "beta")[-1][0] is False
    assert assignment.undo(at.home, opened, entries(at, stored)["acme"], BY, "", lambda _: True) == (
        ["acme", "beta"],
        [],
    )


def _refuse(opened: Any, slug: str) -> Any:
    raise ArchiverError("another command writes")
