"""The catalogue follows the ledger, finds licences by whatever a person has in hand, and can be thrown away."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archiver.archive.checking.parts.proven_dates import Dates
from archiver.archive.reader import Archive
from archiver.catalogue import views
from archiver.catalogue.index import Catalogue, identity_digest
from tests.support.catalogue_kit import CAFE, COMP, FAILED, HARBOUR, TOKYO, Acme, certificate, files


def test_find(acme: Acme) -> None:
    acme.add_all()
    for text, licence, match in (
        ("harb", HARBOUR, "title"),
        ("dawn HARBOUR", HARBOUR, "title"),
        ("1234567890", HARBOUR, "asset_id"),
        ("shutterstock_1234567890.jpg", HARBOUR, "asset_id"),
        ("E1EBA3833793E77188D22CAAE8BAC9F2CD", HARBOUR, "licence_id"),
        ("e1eba383", HARBOUR, "licence_id"),
        ("po 12/34", HARBOUR, "order"),
        ("acme standard", HARBOUR, "kind"),
        ("harbour no-such-word", HARBOUR, "title"),
        ("lodz", CAFE, "title"),
        ("cafe", CAFE, "client_hints"),
        ("ortlich", CAFE, "text"),
        ("certificate.txt", CAFE, "documents"),
        ("86781236-23d0-4b3c-7dfa-c1c147e0dece", CAFE, "licence_id"),
        ("夜景", TOKYO, "title"),
    ):
        assert acme.found(text)[:1] == [(licence, match)], text
    assert acme.found("harbours")[0][0] == HARBOUR
    assert acme.found("harpsichord") == acme.found("...") == []


def test_whoever_asks_for_more_licences_of_a_word_gets_all(acme: Acme) -> None:
    many = [replace(HARBOUR, licence_id=f"{n}", asset=replace(HARBOUR.asset, asset_id=f"{n}")) for n in range(120)]
    acme.add(*map(files, many), licences=tuple(many))
    acme.catch_up()
    assert len(acme.catalogue.find("harbour")) == 20
    assert len(acme.catalogue.find("harbour", 500)) == 120


def test_an_exact_id_comes_first_and_comps_are_no_licences(acme: Acme) -> None:
    acme.add_all()
    decoy = replace(
        CAFE, licence_id="other", asset=replace(CAFE.asset, title="Harbour 1234567890 1234567890", asset_id="9")
    )
    acme.add(files(decoy), licences=(decoy,))
    acme.catch_up()
    assert acme.found("1234567890") == [(HARBOUR, "asset_id"), (decoy, "title")]
    assert {licence.identity for licence, _ in acme.found("harbour")} == {HARBOUR.identity, decoy.identity}
    assert acme.found("harbour dawn") == [(HARBOUR, "title")]
    assert acme.found("") == [(licence, None) for licence in (HARBOUR, decoy, CAFE, TOKYO)]
    assert acme.catalogue.count() == 4
    known = acme.catalogue.known("shutterstock:c-1")["shutterstock:c-1"]
    assert known and known.licence == COMP
    assert not acme.catalogue.known("shutterstock:c-2")


SIGNS = ['"', "*", "AND", "(", ")", "harbour", "^", ":", "-"]


def test_any_text_is_a_query(acme: Acme) -> None:
    acme.add_all()

    @example('a" OR "b')
    @example("NEAR(harbour dawn) NOT x* ^y {title}:z - + 'q' % _ \\")
    @example("\0harbour\ud800")
    @example('harbour"')
    @example("あ" * 5000)
    @example("a b " * 5000)
    @given(st.text(st.characters()) | st.lists(st.sampled_from(SIGNS)).map("".join))
    def ask(text: str) -> None:
        assert len(acme.catalogue.find(text)) <= 3
        acme.catalogue.matching(text)

    ask()
    assert acme.found('"harbour" AND (')[0] == (HARBOUR, "title")


def test_what_was_erased_is_found_no_more_and_stays_known(acme: Acme) -> None:
    [_, cafe, *_, comp] = acme.add_all()
    with acme.writing() as writer:
        for object_id, licence in ((cafe, CAFE), (comp, COMP)):
            digest = identity_digest(licence.identity)
            writer.erase(object_id, reason="court_order", statement="x", identity_sha256=digest).result()
    with Catalogue(acme.folder / "state" / "later.sqlite") as later:  # caught up at once, when the content is gone
        later.catch_up(acme.archive, acme.reader)
        acme.catch_up()
        for catalogue in (acme.catalogue, later):
            assert [catalogue.find(text) for text in ("77", "ortlich", "lodz", "comp")] == [[], [], [], []]
            assert catalogue.matching("_77_") == catalogue.entries()[2:] == [] and catalogue.unreadable() == {}
            assert not catalogue.known(CAFE.identity) and catalogue.erased(CAFE.identity)
            assert catalogue.erased(COMP.identity) and not catalogue.erased(HARBOUR.identity)
            [gone] = catalogue.erased_matching("_77_")
            assert gone == catalogue.erased_matching(gone.folder.upper())[0]
            assert (gone.object_id, gone.reason) == (cafe, "court_order")
    for path in (acme.folder / "state").iterdir():
        content = path.read_bytes()
        assert not any(word in content for word in ("Örtlich".encode(), b"ortlich", b"lodz", b"86781236-23d0"))


def test_a_licence_is_named_by_any_part_of_its_folder(acme: Acme) -> None:
    ids = acme.add_all()
    folder = ids[0].rpartition(":")[2]
    assert [entry.short_id for entry in acme.catalogue.matching(folder.upper())] == [f"acme/{folder}"]
    assert [entry.object_id for entry in acme.catalogue.matching("1234567890")] == [ids[0]]
    assert {entry.object_id for entry in acme.catalogue.matching("shutterstock")} == {ids[0], ids[3]}
    assert acme.catalogue.matching("100%") == []


def test_a_new_version_replaces_the_old_and_ends_the_retry(acme: Acme) -> None:
    ids = acme.add_all()
    assert [entry.object_id for entry in acme.catalogue.to_fetch_again("acme-one")] == [ids[0]]
    assert (len(acme.catalogue.incomplete()), acme.catalogue.to_fetch_again("acme-two")) == (1, [])
    assert acme.catalogue.incomplete_by_account() == {"acme-one": 1}
    with acme.writing() as writer:
        writer.add_version(ids[0], files(HARBOUR, certificate("Quayside 1234567890"))).result()
    acme.catch_up()
    assert acme.catalogue.incomplete() == []
    assert acme.catalogue.incomplete_by_account() == {}
    assert acme.found("quayside") == [(HARBOUR, "text")]
    assert acme.catalogue.count() == 3
    assert [line["version"] for line in acme.show("1234567890")["history"]] == ["v1", "v2"]


def test_another_ledger_is_read_from_its_beginning(acme: Acme) -> None:
    acme.add(files(HARBOUR), licences=(HARBOUR,))
    archive, old = acme.archive.root, acme.folder / "old"
    archive.rename(old)
    acme.add_all()
    for root, licences in ((old, 1), (archive, 3)):
        acme.catalogue.catch_up(Archive(root), acme.reader)
        everything = acme.catalogue.find()
        assert len(everything) == acme.catalogue.count() == licences
        acme.catalogue.rebuild(Archive(root), acme.reader)
        assert acme.catalogue.find() == everything


def test_a_file_that_is_no_catalogue_is_made_anew(acme: Acme) -> None:
    acme.add_all()
    path = acme.folder / "other.sqlite"
    path.write_bytes(b"no database at all, but long enough to be taken for one " * 100)
    with Catalogue(path) as catalogue:
        catalogue.catch_up(acme.archive, acme.reader)
        assert catalogue.count() == 3


LAST = """
DROP TABLE tree;
DROP TABLE root;
PRAGMA user_version = 13;
"""
BEFORE = """
UPDATE listed SET missing = ' certificate preview receipt ';
UPDATE tally SET missing = ' certificate preview receipt ', number = 7;
DROP TABLE tree;
DROP TABLE root;
PRAGMA user_version = 12;
"""


def test_a_file_of_the_version_before_is_changed_and_not_made_anew(acme: Acme) -> None:
    acme.add_all()

    def held() -> list[object]:
        names = "SELECT name FROM sqlite_master WHERE name NOT LIKE 'words%' ORDER BY name"
        asked = (names, "SELECT * FROM listed", "SELECT * FROM tally", "PRAGMA index_info('listed_seat')")
        with closing(sqlite3.connect(path)) as file:
            return [file.execute(each).fetchall() for each in asked]

    path = acme.folder / "state" / "acme.sqlite"
    whole = held()
    for version in (BEFORE, LAST):
        roots = acme.catalogue.ledger_roots(acme.archive, [2])
        with closing(sqlite3.connect(path)) as file:
            file.executescript(version)
        assert held() != whole
        with Catalogue(path) as catalogue:
            assert catalogue.count() == 3 and catalogue.ledger_roots(acme.archive, [2]) == roots
        assert held() == whole


def test_processes_that_make_it_at_once_wait_for_each_other(tmp_path: Path) -> None:
    program = "import sys, pathlib, archiver.catalogue.index as c; c.Catalogue(pathlib.Path(sys.argv[1])).find('x')"
    command = [sys.executable, "-c", program, str(tmp_path / "acme.sqlite")]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4


def test_threads_that_follow_at_once_take_turns(acme: Acme) -> None:
    many = [replace(TOKYO, key=("ada", str(number), "free")) for number in range(300)]
    acme.add(*(files(each) for each in many), licences=tuple(many))
    with ThreadPoolExecutor(8) as threads:
        for following in [threads.submit(acme.catch_up) for _ in range(8)]:
            following.result()
    assert len(acme.catalogue.known(*(each.identity for each in many))) == 300


def test_a_damaged_object_is_named_and_hides_no_other(acme: Acme) -> None:
    ids = acme.add_all()
    for number, name in ((0, "licence.json"), (1, "certificate.txt")):
        [path] = acme.archive.root.rglob(f"{ids[number].rpartition(':')[2]}/v1/content/{name}")
        path.chmod(0o644)
        path.write_bytes(b"spoiled")
    acme.catalogue.rebuild(acme.archive, acme.reader)
    [(object_id, reason)] = acme.catalogue.unreadable().items()
    assert object_id == ids[0]
    assert "licence.json" in reason
    assert {licence.identity for licence, _ in acme.found("")} == {CAFE.identity, TOKYO.identity}


def test_nothing_new_is_not_read_again(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    acme.add_all()
    acme.catch_up()
    before = acme.catalogue.count()
    monkeypatch.setattr(Catalogue, "_put", None)
    acme.catch_up()
    assert acme.catalogue.count() == before > 0


def test_rows_have_the_stable_keys(acme: Acme) -> None:
    ids = acme.add_all()
    [row] = views.hits("acme", acme.archive, acme.catalogue.find("harbour dawn"), Dates(()))
    assert 0 < row.pop("score") < 1
    assert row == {
        "licence": f"acme/{ids[0].rpartition(':')[2]}", "client": "acme", "provider": "shutterstock",
        "asset_id": "1234567890", "title": "Harbour at dawn", "kind": "standard", "licensed_at": "2026-11-24T02:00:00Z",
        "licensee": "Acme Ltd", "match": "title", "secured_since": None, "state": "UNPROVEN",
        "scope": "date only, nothing else checked", "media_type": None,
        "secured_documents": {"licence.json": None}, "without": [], "file_name": None,
    }  # fmt: skip
    shown = acme.show("_77_")
    assert json.loads(json.dumps(shown)) == shown
    assert set(shown) - set(row) == {
        "score", "asset", "seat", "plan", "plan_ends", "order", "client_hints", "documents", "gaps",
        "gap_details", "terms", "assignments", "provenance", "imports",
        "history",
        "recovered",
        "qualified_times",
        "stated",
    }  # fmt: skip
    assert shown["client_hints"] == {"job": "Café Important"}
    [document] = shown["documents"]
    assert (document["name"], document["bytes"], document["source"]) == ("certificate.txt", 33, "https://a.example/c")
    assert [line["type"] for line in shown["history"]] == ["capture"]
    shown = acme.show("1234567890")
    assert shown["gaps"] == {"certificate": "failed"} and shown["gap_details"] == {"certificate": FAILED.detail}
