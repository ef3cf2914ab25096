"""`archiver import` from outside: a mixed folder, twice; merged with what adapters captured; shown and proven."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from archiver.archive.reader import Archive
from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.collect.file_walk import Item, Refused, walk
from archiver.collect.recognition import recognise
from archiver.core.model import Asset, Licence, iso
from archiver.reading.mail import unasked
from archiver.reading.worker import DocumentReader
from tests.authoring.scenario import pdf
from tests.support import papers
from tests.support.folder import Truth, build, jpeg, letter, photo
from tests.support.homes import QUICK, Home, begun, clean_environment
from tests.support.outlook_files import outlook_message


def entries(home: Home) -> list[CatalogueEntry]:
    archive = Archive(home.archive())
    with Catalogue(home.root / "state" / "test" / "acme.db") as catalogue, DocumentReader() as reader:
        catalogue.catch_up(archive, reader)
        return catalogue.entries()


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() and not path.is_symlink() else None
        for path in folder.rglob("*")
    }


def certificate_of(licence: Licence) -> str:
    """A certificate of a licence that a recording lists."""
    [invented] = papers.market_2017(1).licences
    text = papers.market_2017(1).text.replace(str(invented["asset_id"]), licence.asset.asset_id)
    return text.replace(str(invented["licence_id"]), licence.licence_id or "")


PATIENT = {"READER_TIMEOUT_S": "60"}  # see tests/support/forked.py

type Imported = tuple[Home, Path, Truth, dict[str, Any]]


@pytest.fixture(
    scope="module", params=[False, pytest.param(True, marks=pytest.mark.long)], ids=["some files", "300 files"]
)
def imported(
    once: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Imported:
    """A folder of many files, imported once: a copy of the home, the folder, what is in it, and what was told."""

    def fill(place: Path) -> None:
        home, folder = begun(place), place / "papers"
        home.env |= PATIENT
        folder.mkdir()
        truth = build(folder, whole=request.param)
        before = snapshot(folder)
        told = home.json("import", folder, "--client", "acme", "--by", "Ada Example", code=40)
        assert snapshot(folder) == before
        assert {path.name for path in place.iterdir()} == {"home", "papers", "vault.key"}
        (place / "told").write_bytes(pickle.dumps((truth, told)))

    made, place = once(f"imported-{request.param}", fill), tmp_path_factory.mktemp("import")
    shutil.copytree(made / "home", place / "home")
    shutil.copy(made / "vault.key", place)
    env = clean_environment(place) | PATIENT
    return Home(place / "home", env), made / "papers", *pickle.loads((made / "told").read_bytes())


def test_every_licence_is_found_and_none_that_is_not_there(imported: Imported) -> None:
    home, _, truth, told = imported
    assert truth.files == 300 or len(truth.licences) > 40
    found = Counter(frozenset(papers.facts(entry.licence).items()) for entry in entries(home) if not entry.licence.comp)
    wanted = Counter(frozenset(facts.items()) for facts in truth.licences)
    assert not found - wanted, "a licence, or a field, that is not so"
    assert (found & wanted).total() >= 0.95 * wanted.total()
    assert len(told["licences"]) == len(entries(home))


def test_every_file_is_what_it_is(imported: Imported) -> None:
    _, _, truth, told = imported
    rows = {row["path"]: row for row in told["files"]}
    twice = truth.files == 300  # the two members of one name in a hostile zip
    assert len(rows) == len(told["files"]) - twice
    assert {path for path, row in rows.items() if row["outcome"] == "irrelevant"} >= truth.irrelevant
    for path, reason in truth.refused.items():
        assert rows[path]["outcome"] == "refused" and reason in rows[path]["message"], path
    assert {path for path, row in rows.items() if row["outcome"] == "refused"} == set(truth.refused)
    for path, asset in truth.bound.items():
        assert f"_adobe_stock_{asset}_" in rows[path]["licence"], path
    unread = [row for row in told["files"] if row["outcome"] == "unread"]
    assert len(unread) == (23 if truth.files == 300 else 4) and all(row["message"] for row in unread)


@pytest.mark.long  # of one letter: below
def test_the_second_import_finds_nothing_new(imported: Imported) -> None:
    home, folder, _, told = imported
    ledger = home.archive() / "ledger" / "ledger.jsonl"
    before = ledger.read_bytes()
    again = home.json("import", folder, "--client", "acme", code=40)
    assert ledger.read_bytes() == before
    assert {row["outcome"] for row in again["files"]} == {"known", "irrelevant", "refused"}
    of = {row["path"]: row["licence"] for row in told["files"]}
    assert {row["path"]: row["licence"] for row in again["files"]} == of
    assert sorted(row["licence"] for row in again["licences"]) == sorted(row["licence"] for row in told["licences"])


def test_what_was_imported_is_sound_found_shown_and_proven(imported: Imported, tmp_path: Path) -> None:
    home, folder, _, _ = imported
    assert home.json("verify")["state"] == "UNPROVEN"
    [row] = [row for row in home.json("find", "SO-7001") if row["provider"] == "getty_images"]
    shown = home.json("show", row["licence"])
    assert shown["provenance"]["source"] == "import" and shown["provenance"]["by"] == "Ada Example"
    kinds = {each["document"]: each["path"] for each in shown["imports"]}
    assert kinds == {
        "imported-certificate.pdf": "papers/en/getty_images-123450001.pdf",
        "imported-receipt.pdf": "papers/en/invoice 2.pdf",
    }
    assert "SO-7001" in json.dumps(shown["imports"][0]["quotes"])
    home("proof", row["licence"], "--out", tmp_path / "proof.zip")  # a platform without an adapter
    assert str(folder.parent) not in json.dumps(shown)


def test_a_letter_is_kept_as_it_came_with_what_it_brought(imported: Imported) -> None:
    home, folder, _, told = imported
    rows = {row["path"]: row for row in told["files"]}
    assert rows["papers/mail/20.eml"]["outcome"] == "archived"
    kept = [
        path for path in home.archive().rglob("paper.eml") if path.read_bytes() == (folder / "mail/20.eml").read_bytes()
    ]
    assert len(kept) == 1
    about = json.loads(kept[0].with_name("paper.json").read_bytes())
    assert len(about["licences"]) == 3 and about["provenance"]["dkim"] == "none: the letter is not signed"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "papers"
    place.mkdir()
    return place


def test_a_dry_run_tells_the_same_and_archives_nothing(home: Home, folder: Path) -> None:
    sample = papers.elements("project", 1)
    (folder / "a.txt").write_text(sample.text)
    (folder / "b.txt").write_text("Shutterstock")
    dry = home.json("import", folder, "--client", "acme", "--dry-run")
    assert not home.archive().exists()
    wet = home.json("import", folder, "--client", "acme")
    assert dry["files"] == wet["files"]
    assert [row["licence"] for row in dry["licences"]] == [row["licence"] for row in wet["licences"]]
    assert "a.txt" in home("import", folder, "--client", "acme", "--dry-run").stdout


def test_files_are_kept_only_where_that_is_asked_for(home: Home, folder: Path) -> None:
    (folder / "history.csv").write_bytes(papers.adobe_history(2))
    picture = jpeg(photo(1))
    (folder / "AdobeStock_121681000.jpg").write_bytes(picture)
    home.json("import", folder, "--client", "acme")
    assert picture not in snapshot(home.archive()).values()
    (folder / "AdobeStock_121681001.jpg").write_bytes(jpeg(photo(2)))
    home.json("import", folder, "--client", "acme", "--keep-files")
    assert jpeg(photo(2)) in snapshot(home.archive()).values()


def test_an_erasure_names_the_list_in_which_the_licence_stands_as_well(home: Home, folder: Path) -> None:
    (folder / "history.csv").write_bytes(papers.adobe_history(2))
    [row, _] = home.json("import", folder, "--client", "acme")["licences"]
    told = home.json("erase", row["licence"], "--reason", "other", "--by", "Ada Example", "--dry-run")["not_reached"]
    assert told[0].startswith("acme/undated_adobe_stock_") and "a document about several licences" in told[0]


def test_an_import_adds_to_what_an_adapter_captured_and_never_doubles_it(home: Home, folder: Path) -> None:
    home.account("acme-elements", "envato_market")
    home("run", "--replay", QUICK)
    captured = entries(home)[0]
    licence = captured.licence
    sample = papers.market_2017(1)
    said = {
        "18918858": licence.asset.asset_id,
        "Booking Calendar: Pro 1": licence.asset.title or "",
        "EXTENDED LICENSE": (licence.kind or "").upper(),
        papers._uuid(1001): licence.licence_id or "",
        "Ada Example": "Eve Other",
    }
    text = sample.text
    for old, new in said.items():
        text = text.replace(old, new)
    (folder / "certificate.txt").write_text(text)
    [row] = home.json("import", folder, "--client", "acme")["files"]
    assert row["outcome"] == "merged" and row["licence"] == captured.short_id
    assert "the archive" in row["message"]
    [merged] = [entry for entry in entries(home) if entry.object_id == captured.object_id]
    assert len(entries(home)) == len(home.json("find", "", "--limit", "99"))
    assert merged.licence.licensed_at == licence.licensed_at  # what the adapter read stays
    assert merged.file.provenance["source"] == "adapter"
    [claim] = merged.file.provenance["imports"]
    assert claim["differs"] and claim["claimed"]["licensee"] == "Eve Other"
    assert {each.name for each in captured.file.documents} < {each.name for each in merged.file.documents}


def test_an_adapter_completes_what_an_import_brought_and_never_doubles_it(home: Home, folder: Path) -> None:
    listed = yaml.safe_load((QUICK / "envato_market/two-pages/expected.yaml").read_text())["licences"]
    first = Licence(
        asset=Asset(provider="envato_market", asset_id=listed[0]["asset_id"]), licence_id=listed[0]["licence_id"]
    )
    (folder / "certificate.txt").write_text(certificate_of(first))
    [row] = home.json("import", folder, "--client", "acme")["files"]
    assert row["outcome"] == "archived"
    home.account("acme-market", "envato_market")
    home("run", "--replay", QUICK)
    assert len(entries(home)) == len(listed)
    [both] = [entry for entry in entries(home) if entry.licence.identity == first.identity]
    assert both.short_id == row["licence"]
    assert both.file.provenance["source"] == "adapter" and both.file.provenance["imports"]
    assert {"record.json", "imported-certificate.txt"} <= {each.name for each in both.file.documents}
    assert home.json("run", "--replay", QUICK)["accounts"][0]["archived"] == 0


def test_an_import_that_was_killed_is_simply_repeated(home: Home, folder: Path) -> None:
    for number in range(150):
        (folder / f"{number}.txt").write_text(papers.market_2017(number).text)
    ledger = home.archive() / "ledger" / "ledger.jsonl"
    running = subprocess.Popen(home.command("import", folder, "--client", "acme"), env=home.env, stdout=subprocess.PIPE)
    while running.poll() is None and not (ledger.exists() and ledger.read_bytes().count(b"\n") > 10):
        time.sleep(0.005)
    running.kill()
    running.communicate()
    told = home.json("import", folder, "--client", "acme")
    assert {row["outcome"] for row in told["files"]} <= {"archived", "known"}
    assert home.json("verify")["clients"][0]["licences"] == len(entries(home)) == 150
    assert not any((home.root / "state" / "import").iterdir())


def test_a_receipt_comes_to_the_licences_of_its_order_later_too(home: Home, folder: Path) -> None:
    (folder / "a.txt").write_text(papers.licence("de", "getty_images", 1).text)
    home("import", folder, "--client", "acme")
    (folder / "b.eml").write_bytes(letter("Invoice", papers.receipt("de", "getty_images", 1).text))
    row = home.json("import", folder, "--client", "acme")["files"][-1]
    assert (row["outcome"], row["reader"]) == ("merged", "receipt_by_labels")
    names = {each["name"] for each in home.json("show", row["licence"])["documents"]}
    assert names == {"imported-certificate.txt", "imported-letter.eml"}


def test_a_letter_in_a_letter_that_nobody_reads_is_known_the_second_time(home: Home, folder: Path) -> None:
    inner = letter("Your Shutterstock licence", "See your account.")
    (folder / "a.eml").write_bytes(letter("Fwd", "See below.", [("inner.eml", inner)]))
    for outcome in ("unread", "known"):
        assert {row["outcome"] for row in home.json("import", folder, "--client", "acme")["files"]} == {outcome}


def test_an_unknown_path_or_client_is_told(home: Home, folder: Path) -> None:
    assert (
        "does not exist, so nothing was imported" in home("import", folder / "none", "--client", "acme", code=2).stderr
    )
    assert "no client" in home("import", folder, "--client", "nobody", code=2).stderr


def test_what_had_to_be_erased_is_not_imported_again(home: Home, tmp_path: Path) -> None:
    paper = tmp_path / "licence.txt"
    paper.write_text(papers.elements("project", 7).text)
    [first] = home.json("import", paper, "--client", "acme", "--by", "Ada Example")["files"]
    home("erase", first["licence"], "--reason", "data_subject_request", "--by", "Ada Example", "--yes")
    lines = (home.archive() / "ledger" / "ledger.jsonl").read_bytes()
    [again] = home.json("import", paper, "--client", "acme", "--by", "Ada Example")["files"]
    assert (again["outcome"], again["licence"]) == ("known", None) and "erased" in again["message"]
    assert (home.archive() / "ledger" / "ledger.jsonl").read_bytes().startswith(lines)
    assert home.json("find", "Example", "--client", "acme") == []


def test_letters_that_quote_or_are_outlooks_and_pages_of_single_letters_are_kept(tmp_path: Path) -> None:
    sample = papers.market_2017()
    quoted = "".join(f"> {line}\n" for line in sample.text.splitlines())
    (tmp_path / "1.eml").write_bytes(letter("Fwd: licence", f"FYI\n{quoted}"))
    (tmp_path / "2.pdf").write_bytes(pdf([*"ProofoflicenceShutterstockInc" * 2]))
    sent = datetime(2026, 12, 4, 10, tzinfo=UTC)
    (tmp_path / "3.msg").write_bytes(
        outlook_message(sender="Ada <ada@acme.example>", subject="Fwd: licence", body=sample.text, sent=sent)
    )
    (tmp_path / "4.msg").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"no message" * 90)
    with DocumentReader(workers=1) as reader:
        walked = list(walk([tmp_path]))
        found = [recognise(each, reader, unasked, lambda *_: "") for each in walked if isinstance(each, Item)]
    for read in (found[0], found[2]):
        assert read.paper and papers.facts(read.paper.licences[0]) == sample.licences[0]
    assert found[1].sign and not found[1].machine_read
    assert (found[2].ending, found[2].origin) == ("msg", "not checked: Outlook does not keep what was signed")
    [broken] = [each for each in walked if isinstance(each, Refused)]
    assert broken.path.endswith("4.msg") and "cannot be read as an Outlook message" in broken.reason


ROW = ["Image ID\tLicense date\tLicensee", "32009999\t2024-03-03\tAda Example"]


def test_a_table_is_read_as_it_stands_on_the_page(tmp_path: Path) -> None:
    """Running text has one space between a label and its value, where a page has a column."""
    below = ["Dateinummer\t32009999", "Lizenzdatum\t3. März 2024", "Lizenznehmer\tAda Example", "Lizenzart\tStandard"]
    with DocumentReader(workers=1) as reader:

        def licences(lines: list[str]) -> list[tuple[str, str | None, str | None]]:
            (tmp_path / "paper.pdf").write_bytes(pdf(["License certificate", "dreamstime.com", *lines]))
            [item] = walk([tmp_path])
            assert isinstance(item, Item)
            paper = recognise(item, reader, unasked, lambda *_: "").paper
            read = paper.licences if paper else ()
            return [(each.asset.asset_id, iso(each.licensed_at), each.licensee) for each in read]

        assert licences(below) == licences(ROW) == [("32009999", "2024-03-03", "Ada Example")]
        assert licences([*ROW, ROW[1].replace("9999", "8888")]) == []
