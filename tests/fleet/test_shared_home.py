"""The desk and commands on a fleet's home: two people, each with a folder of their own, on one database and bucket."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from archiver.archive.checking.parts import archive_words, whole_pack
from archiver.archive.reader import Archive
from archiver.catalogue.archives import writing
from archiver.core.errors import ChangedMeanwhile, ConfigError, LeaseLost, StoreUnavailable
from archiver.desk.shared_desk import following_others
from archiver.fleet.copied_rows import CopiedRows
from archiver.fleet.fleet_database import FileRow, FleetDatabase
from archiver.fleet.fleet_home import SealedRows, Sealer
from archiver.fleet.home_copy import HomeCopy
from archiver.home.settings import Home
from archiver.home.settings_edit import add_account, add_client, rename_client
from archiver.home.shared_copy import copy_of
from archiver.home.vault import Vault, find_key, new_key
from tests.support.desk_in_process import DeskInProcess
from tests.support.fleet_kit import Shared, heads

BY = ("--by", "Ada Example")
LETTER = """Dear Acme Ltd,
our client owns the picture Harbour 1, which you show at https://acme.example/harbour.
We demand EUR 389.59 until 2026-12-31. Our reference: ABC-17.
"""


@pytest.mark.long  # two desks on one fleet, below
def test_a_letter_is_answered_by_two_people_on_a_fleets_home(shared: Shared, tmp_path: Path) -> None:
    ada, ben = shared.person("ada"), shared.person("ben")
    (tmp_path / "letter.txt").write_text(LETTER)
    found = sorted(ada.json("find", "Harbour"), key=lambda each: str(each["asset_id"]))
    assert [each["asset_id"] for each in found] == ["1", "2"]
    licence = f"acme/{found[0]['licence'].rpartition('/')[2]}"
    claim = ada.json("claim", "add", tmp_path / "letter.txt", "--client", "acme", "--yes")["claim"]
    assert [each["claim"] for each in ben.json("claim", "list")] == [claim]
    ben("proof", licence, "--claim", claim, "--out", tmp_path / "proof.zip")
    assert whole_pack.verify_zip(tmp_path / "proof.zip")[0].state in ("PROVEN", "UNPROVEN")
    assert ben.json("verify", "--client", "acme")["state"] == "PROVEN"
    ben("hold", licence, "--reason", "a letter", *BY)
    assert "hold" in ada("show", licence).stdout.lower()
    ada.json("status")
    ada("erase", licence, "--reason", "other: a mistake", "--yes", *BY, code=None)
    ada("client", "add", "gamma", "--name", "Gamma Ltd")
    assert "gamma" in ben("client", "list").stdout
    assert len(heads(shared.bucket, "acme")) > 2
    assert ben.json("verify", "--client", "acme")["state"] == "PROVEN"
    for words in (("watch",), ("init",), ("notify",), ("doctor",), ("replica", "check"), ("run",)):
        refused = ada(*words, code=2)
        assert len(refused.stderr.splitlines()) < 3 and "fleet" in refused.stderr, refused


def push(root: Path) -> None:
    copy = copy_of(root)
    assert copy
    copy.push()


def pull(root: Path) -> None:
    copy = copy_of(root)
    assert copy
    copy.pull()


def test_two_desks_lose_nothing_of_each_other(shared: Shared) -> None:
    with ExitStack() as stack:
        ada, ben = (stack.enter_context(shared.open_at(name)) for name in ("ada", "ben"))
        add_client(ben, "gamma", "Gamma Ltd")
        push(ben)
        rename_client(ada, "acme", "Acme International")  # has not seen Ben's client yet
        push(ada)
        pull(ben)
        assert {slug: each.name for slug, each in Home.load(ben).clients.items()} == {
            "acme": "Acme International", "beta": "Beta GmbH", "gamma": "Gamma Ltd", "house": "Agency Ltd",
        }  # fmt: skip
        # The same file, the same secrets, one name for two accounts, what nobody may change here.
        rename_client(ada, "beta", "Beta One")
        rename_client(ben, "beta", "Beta Two")
        push(ben)
        with pytest.raises(ChangedMeanwhile, match="clients/beta"):
            push(ada)
        assert Home.load(ada).client("beta").name == "Beta Two"
        ours, theirs = (Vault(each / "vault.enc", find_key()) for each in (ada, ben))
        ours.set_secrets("house-stock", {"token": "OURS"})
        theirs.set_secrets("house-stock", {"token": "THEIRS"})
        push(ben)
        with pytest.raises(ChangedMeanwhile, match="house-stock"):
            push(ada)
        assert ours.secrets("house-stock") == {"token": "THEIRS"}
        add_account(ada, "stock", client="acme", provider="shutterstock")
        add_account(ben, "stock", client="beta", provider="shutterstock")
        push(ada)
        with pytest.raises(ChangedMeanwhile):
            push(ben)
        assert Home.load(ben).account("stock").client == "acme"
        with FleetDatabase(shared.address, "test") as database:
            assert database.clients_of(["stock"]) == {"stock": "acme"}
        settings = (ada / "archiver.yaml").read_bytes()
        (ada / "archiver.yaml").write_bytes(settings + b"# mine\n")
        with pytest.raises(ConfigError, match="fleet init"):
            push(ada)
        assert (ada / "archiver.yaml").read_bytes() == settings
        # The desk itself: what a page changes is there for others, and what others change is on its next page.
        desk = DeskInProcess(ada, find_key())
        visitor = desk.person()
        assert visitor.post("/client/gamma/name", {"name": "Gamma at the desk"}).status_code == 303
        pull(ben)
        assert Home.load(ben).client("gamma").name == "Gamma at the desk"
        add_client(ben, "delta", "Delta GmbH")
        push(ben)
        visitor.post("/client/acme/name", {"name": "Acme International"})  # a changing request always brings in
        assert "Delta GmbH" in visitor.get("/client/delta/manage").text
        desk.close()
        # A page of the desk says what was lost, and says thanks for nothing.
        answers = list[dict[str, Any]]()

        async def renames(scope: Scope, receive: Receive, send: Send) -> None:
            rename_client(ada, "delta", "Delta Three")
            rename_client(ben, "delta", "Delta Four")
            push(ben)
            await PlainTextResponse("Saved.")(scope, receive, send)

        async def told(message: Message) -> None:
            answers.append(dict(message))

        scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
        asyncio.run(following_others(renames, ada)(scope, told, told))  # type: ignore[arg-type]  # nothing is received
        assert answers[0]["status"] == 409 and b"Saved" not in answers[1]["body"]
        assert Home.load(ada).client("delta").name == "Delta Four"


def test_whoever_loses_the_client_while_writing_publishes_nothing(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = find_key()

    def note(root: Path, account: str) -> None:
        home = Home.load(root)
        with writing(home, Vault(home.vault, key), "acme") as archive:
            archive.append("run", account=account, outcome="complete")
            if account == "sleeper":  # frozen for so long that its lease ends, and Ben goes on
                with FleetDatabase(shared.address, "test") as database, database.transaction() as connection:
                    connection.execute("UPDATE fleet_lease SET ends_at = '-infinity'")
                note(ben, "other")
            archive.seal(whole=True)

    with ExitStack() as stack:
        ada, ben = (stack.enter_context(shared.open_at(name)) for name in ("ada", "ben"))
        with pytest.raises(LeaseLost):
            note(ada, "sleeper")
        note(ada, "again")
        pull(ben)
        lines = [(each / "archive" / "acme" / archive_words.LEDGER).read_bytes() for each in (ada, ben)]
        assert lines[0] == lines[1] and lines[0].count(b'"other"') == 1 == lines[0].count(b'"again"')
        assert b'"sleeper"' not in lines[0]
        heads(shared.bucket, "acme")

        # What could not be published because the store was away is published by the next one here.
        with monkeypatch.context() as patch, pytest.raises(StoreUnavailable):
            patch.setattr("archiver.fleet.visit.publish", _away)
            note(ada, "in-the-dark")
    with FleetDatabase(shared.address, "test") as database, database.transaction() as connection:
        connection.execute("UPDATE fleet_lease SET ends_at = '-infinity'")
    with shared.open_at("ada"), shared.open_at("ben") as ben:
        assert b'"in-the-dark"' in (ben / "archive" / "acme" / archive_words.LEDGER).read_bytes()


def _away(*_: object, **__: object) -> str:
    raise StoreUnavailable("away")


@pytest.mark.long  # two desks on one fleet are above
def test_documents_are_fetched_when_looked_at_and_few_stay(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    def documents(root: Path) -> list[Path]:
        return list((root / "archive" / "acme").rglob("certificate.txt"))

    with shared.open_at("ada") as root:
        assert not documents(root)
        archive = Archive(root / "archive" / "acme")
        ids = [str(line.id) for line in archive.lines() if line.type == "capture"]
        assert archive.object(ids[0]).read("certificate.txt") == b"certificate 1" and len(documents(root)) == 1
        monkeypatch.setattr("archiver.fleet.copied_archives.MIN_DOCUMENT_AGE_S", 0.0)
    with shared.open_at("ada") as root:
        assert len(documents(root)) == 1  # far below the limit
        archive.object(ids[1]).read("certificate.txt")
        cast("HomeCopy", copy_of(root)).trim(0)
        assert not documents(root)
        assert archive.object(ids[0]).read("certificate.txt") == b"certificate 1"


class RowsInMemory:
    """The rows of a database, changed as it changes them."""

    def __init__(self) -> None:
        self.kept: dict[str, FileRow] = {}
        self.versions = count(1)

    def file_mark(self, *_: str) -> str:
        return str(sorted((path, row.version) for path, row in self.kept.items()))

    def file_versions(self, *prefixes: str) -> dict[str, int]:
        return {path: row.version for path, row in self.kept.items() if path.startswith(prefixes)}

    def read_files(self, paths: Sequence[str]) -> dict[str, FileRow]:
        return {path: self.kept[path] for path in paths if path in self.kept}

    def put_all(
        self, changes: Mapping[str, tuple[bytes | None, int]], *_: object
    ) -> tuple[dict[str, int], list[str]]:  # fmt: skip
        refused = [path for path, (_, before) in changes.items()
                   if (self.kept[path].version if path in self.kept else 0) != before]  # fmt: skip
        done = dict[str, int]()
        for path, (content, _before) in changes.items() if not refused else ():
            done[path] = 0 if content is None else next(self.versions)
            self.kept.pop(path, None)
            if content is not None:
                self.kept[path] = FileRow(content, done[path])
        return done, refused


STEPS = st.lists(
    st.tuples(st.sampled_from(["edit", "remove", "pull", "push", "killed"]), st.integers(0, 1), st.integers(0, 2)),
    max_size=30,
)


@example([("edit", 0, 1), ("edit", 1, 1), ("remove", 1, 1), ("push", 0, 0), ("pull", 1, 1)])
@example([("edit", 1, 0), ("push", 1, 0), ("edit", 1, 1), ("killed", 1, 0), ("killed", 1, 0), ("remove", 1, 1)])
@example([("edit", 0, 2), ("edit", 1, 2), ("pull", 1, 0), ("push", 0, 0), ("push", 1, 0), ("remove", 0, 2)])
@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_what_was_pushed_stands_until_somebody_who_saw_it_changes_it(steps: list[tuple[str, int, int]]) -> None:
    """Two folders and their changes in any order. Each change adds a word, so a lost one shows."""
    database, key = RowsInMemory(), new_key()
    with TemporaryDirectory(prefix="archiver-test-rows-") as place:
        rows = SealedRows(cast("Any", database), Sealer(key))
        people = [CopiedRows(Path(place, name), rows, key) for name in ("ada", "ben")]
        acknowledged: dict[str, set[str]] = {}
        anew: set[Path] = set()  # files that their person removed, perhaps to write them again
        waiting: set[Path] = set()  # files with changes that are not pushed
        for number, (what, who, file) in enumerate(steps):
            name = f"work/claim-{file}/claim.json"
            path, person = Path(place, ("ada", "ben")[who], name), people[who]
            if what == "edit":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text((path.read_text() if path.exists() else "") + f" {number}")
                waiting.add(path)
            elif what == "remove":
                if path.exists():
                    path.unlink()
                    anew.add(path)
                    waiting.discard(path)
                    waiting |= {path} if name in person._load().rows else set()  # else nobody ever saw it
            elif what == "pull":
                before = path.read_text() if path.exists() else None
                person.pull()
                assert path not in waiting or before == (path.read_text() if path.exists() else None)
            else:
                waiting -= {each for each in waiting if each.is_relative_to(person._root)}
                known = person._place.read_bytes() if person._place.exists() else None
                mine = {each for each in anew if each.is_relative_to(person._root)}
                anew -= mine
                with suppress(ChangedMeanwhile):
                    person.push()
                    for written in mine:
                        acknowledged.pop(written.relative_to(person._root).as_posix(), None)
                    for each, row in database.kept.items():
                        words = set(rows.sealer.open(each, row.content).decode().split())
                        assert words >= acknowledged.get(each, set()), (each, words, acknowledged)
                        acknowledged[each] = words
                    for gone in acknowledged.keys() - database.kept.keys():
                        del acknowledged[gone]  # removed by somebody who had seen it
                if what == "killed" and known is not None:  # before the list was written
                    person._place.write_bytes(known)
                    people[who] = CopiedRows(person._root, rows, key)  # and what the process had in memory is gone
        for person in people:
            for _ in range(2):
                with suppress(ChangedMeanwhile):
                    person.push()
            person.pull()
        here = [{each.relative_to(root).as_posix(): each.read_text() for each in root.glob("work/*/claim.json")}
                for root in (Path(place, "ada"), Path(place, "ben"))]  # fmt: skip
        people[0].pull()
        assert here[1] == {each: rows.sealer.open(each, row.content).decode() for each, row in database.kept.items()
                           if each.startswith("work/")}  # fmt: skip
