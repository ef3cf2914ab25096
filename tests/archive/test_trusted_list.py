"""Timestamps that are qualified in the EU: what a country's trusted list shows, and forged lists that show nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.archive.checking.parts import archive_words, ledger_lines, one_proof, timestamp_tokens
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.inclusion_bundle import disclose
from archiver.archive.reader import Archive
from archiver.archive.seal import Authority, ask, strict_checker
from archiver.archive.trusted_list import UnprovenQualification, qualified_times, recheck, signers
from tests.support.archive_kit import Kit
from tests.support.check_page_kit import Checker, checker
from tests.support.trusted_list_kit import (
    GRANTED,
    LOTL,
    NATIONAL,
    WITHDRAWN,
    Union,
    days,
    identity,
    service,
)  # fmt: skip

__all__ = ["checker"]

pytest.importorskip("signxml", reason="the extra `qualified` is not installed")


@pytest.fixture(scope="module")
def union(tmp_path_factory: pytest.TempPathFactory) -> Union:
    return Union(tmp_path_factory.mktemp("union"))


@pytest.fixture(scope="module")
def token(union: Union) -> bytes:
    _, answer = ask(b"a checkpoint", Authority(name="q", url="", roots=union.roots), union.post)
    assert isinstance(answer, bytes)
    return answer


@pytest.fixture
def qualified(kit: Kit, union: Union) -> Kit:
    """An archive whose only authority states that its timestamps are qualified."""
    kit.authorities = [Authority(name="q", url="", roots=union.roots)]
    kit.post, kit.qualify = union.post, union.lists.keep
    return kit


def forged(union: Union) -> dict[str, tuple[str, bytes | None, bytes | None]]:
    """For each forgery: what is said of it, and the list of lists and the country's list, if they are forged."""
    other = identity("Example qualified time", union.root, stamps=True)
    granted = [(GRANTED, days(-400))]
    stranger = identity("Supervisor of DE")
    whole = union.national()
    return {
        "signed by another": ("not signed by one of the certificates", None, union.national(who=stranger)),
        "LOTL signed by another": ("not signed by one of the certificates", union.lotl(stranger), None),
        "changed": ("signature of the trusted list of DE does not hold", None, whole.replace(b"qualified time", b"QT")),
        "ended": ("ended at", None, union.national(issued=days(-90), until=days(-1))),
        "LOTL ended": ("ended at", union.lotl(issued=days(-90), until=days(-1)), None),
        "of the future": ("after it was read", None, union.national(issued=days(2))),
        "withdrawn": ("only from", None, union.national(
            service(union.unit[0], [(WITHDRAWN, days(-1)), *granted]))),
        "not yet granted": ("only from", None, union.national(service(union.unit[0], [(GRANTED, days(1))]))),
        "same name": ("no granted service", None, union.national(service(other[0], granted))),
        "another service": ("no granted service", None, union.national(
            service(union.unit[0], granted, "http://uri.etsi.org/TrstSvc/Svctype/CA/QC"))),
        "another country": ("is that of FR", None, union.national(territory="FR")),
        "no pointers": ("cannot be read", union.lotl(pointer=None), None),
        "the LOTL as a list": ("list of another kind", None, union.lotl(union.supervisor)),
        "not XML": ("does not hold", None, b"Not found"),
    }  # fmt: skip


def test_a_list_shows_it_by_the_authority_s_certificate_or_the_one_above_it(union: Union, token: bytes) -> None:
    for certificate in (union.unit[0], union.root[0]):
        union.files[NATIONAL] = union.national(
            service(certificate, [(WITHDRAWN, days(1)), (GRANTED, days(-400)), (WITHDRAWN, days(-500))])
        )
        stated, lists = union.lists.judge(token)
        assert (stated.country, stated.service, stated.granted_since[:10]) == (
            "DE", "Example qualified time", days(-400)[:10],
        )  # fmt: skip
        assert lists == (union.files[LOTL], union.files[NATIONAL])
        assert timestamp_tokens.Qualification.parse(stated.encode()) == stated
        for each in (union.folder / "cache").glob("*"):
            each.unlink()


def test_no_forged_list_shows_anything(union: Union, token: bytes, tmp_path: Path) -> None:
    said, tricks = {}, forged(union)
    for name, (_, lotl, national) in tricks.items():
        union.files.update({LOTL: lotl or union.lotl(), NATIONAL: national or union.national()})
        lists = union.lists
        object.__setattr__(lists, "folder", tmp_path / name)
        try:
            said[name] = str(lists.judge(token)[0])
        except UnprovenQualification as error:
            said[name] = str(error)
    assert {name: text for name, text in said.items() if tricks[name][0] not in text} == {}


def test_a_seal_keeps_the_list_once_and_every_verifier_says_so(
    qualified: Kit, union: Union, checker: Checker, tmp_path: Path
) -> None:
    union.files.update({LOTL: union.lotl(), NATIONAL: union.national()})
    union.asked.clear()
    for number in (1, 2):
        assert qualified.write(number).warnings == ()
    assert sorted(union.asked) == sorted([LOTL, NATIONAL])  # once a day, for all
    kept = sorted(path.name.split(".")[0] for path in (qualified.root / "keys").glob("*.*.*"))
    assert kept == ["qualified"] * 2 + ["trusted-list"] * 2
    again = strict_checker(recheck(signers(union.folder / "signers.pem")))
    for report, read in ((qualified.verify(), False), (verify_archive(qualified.root, checker=again), True)):
        assert ("lists read again: 2 statements hold" in report.as_text()) is read
        assert (report.state, report.findings) == ("PROVEN", [])
        assert f"qualified according to the trusted list of DE of {days(-2)[:10]} (kept, sha256:" in report.as_text()
    names = [name for line in Archive(qualified.root).lines() if line.type == "files" for name in line.fields["files"]]
    assert sorted(names) == sorted(path.name for path in (qualified.root / "keys").glob("qualified.*"))
    (qualified.root / "keys" / names[0]).unlink()
    assert [each.code for each in qualified.verify().findings] == ["missing"]


def test_what_is_kept_is_read_again(qualified: Kit, union: Union) -> None:
    """A statement that its lists do not show is told by who can read them; a changed list by everybody."""
    union.files.update({LOTL: union.lotl(), NATIONAL: union.national()})
    qualified.write(1)
    stranger = strict_checker(recheck((identity("Commission")[0],)))
    report = verify_archive(qualified.root, checker=stranger)
    assert "not signed by one of the certificates that may" in report.findings[0].message
    assert report.state == "PROVEN" and "not shown to be qualified: no trusted list" in report.as_text()
    (path, *_) = (qualified.root / "keys").glob("trusted-list.*")
    path.write_bytes(path.read_bytes() + b" ")
    assert [(each.code, each.path) for each in qualified.verify().findings] == [("changed", f"keys/{path.name}")]


def test_a_list_that_cannot_be_fetched_is_asked_for_later(qualified: Kit, union: Union, tmp_path: Path) -> None:
    """Meanwhile, nobody else can add one: what the ledger does not state is told, and neither believed nor signed."""
    union.files.clear()
    lists = union.lists
    object.__setattr__(lists, "folder", tmp_path / "cache")
    qualified.qualify = lists.keep
    (warning,) = qualified.write(1).warnings
    assert "is not shown to be qualified: the trusted list at https://lists.example/lotl.xml could not" in warning
    report = qualified.verify()
    assert report.state == "PROVEN" and "not shown to be qualified: no trusted list" in report.as_text()
    union.files.update({LOTL: union.lotl(), NATIONAL: union.national()})
    (tmp_path / "cache/not-fetched.txt").unlink()
    _, _, tokens = ledger_lines.newest_checkpoint(qualified.root)
    [planted], _ = lists.keep(qualified.root, tokens)  # as a forger does, whose lists are read by no verifier
    qualified.qualify = lambda *_: ([], [])
    qualified.write(2)
    disclose(Archive(qualified.root), qualified.stored[0].object_id, tmp_path / "forged")
    assert not list((tmp_path / "forged/integrity").glob("qualified.*"))
    assert planted not in (qualified.root / archive_words.LEDGER).read_text()
    assert [each.country for each in qualified_times(qualified.root, 0)] == [""]
    told = [(each.code, each.path.partition(".")[0]) for each in qualified.verify().findings]
    assert told == [("stray", "keys/qualified"), *[("stray", "keys/trusted-list")] * 2]
    assert "qualified according to the trusted list of DE" not in qualified.verify().as_text()
    (qualified.root / "keys" / planted).unlink()
    qualified.qualify = lists.keep
    with qualified.open() as archive:
        assert archive.qualify() == []
    assert "qualified according to the trusted list of DE" in qualified.verify().as_text()
    assert [line.type for line in Archive(qualified.root).lines()][-1] == "files"


def pack_of(kit: Kit, folder: Path) -> Path:
    disclose(Archive(kit.root), kit.stored[0].object_id, folder)
    return folder


@pytest.mark.parametrize("change", ["", "list", "statement", "reworded", "no list", "another timestamp"])
def test_a_proof_holds_the_lists_and_no_others(qualified: Kit, union: Union, tmp_path: Path, change: str) -> None:
    union.files.update({LOTL: union.lotl(), NATIONAL: union.national()})
    qualified.write(1)
    folder = pack_of(qualified, tmp_path / "proof") / "integrity"
    (statement,) = folder.glob("qualified.*")
    lists = sorted(folder.glob("trusted-list.*"))

    def restated(**how: str) -> None:
        data = (json.dumps(json.loads(statement.read_bytes()) | how, indent=1, sort_keys=True) + "\n").encode()
        statement.unlink()
        (folder / f"qualified.{hashlib.sha256(data).hexdigest()}.json").write_bytes(data)

    changes: dict[str, Callable[[], object]] = {
        "list": lambda: lists[0].write_bytes(b"<other/>"),
        "statement": lambda: statement.write_bytes(statement.read_bytes().replace(b"DE", b"FR")),
        "reworded": lambda: restated(fetched_at="today"),
        "no list": lambda: lists[0].unlink(),
        "another timestamp": lambda: restated(timestamp="0" * 64),
    }
    changes.get(change, lambda: None)()
    report = one_proof.verify_proof(tmp_path / "proof")
    assert report.state == ("DAMAGED" if change else "PROVEN"), report.as_text()
    if not change:
        [stated] = report.timestamps
        assert (stated.country, stated.list_of[:10]) == ("DE", days(-2)[:10])
        assert "as the archive that kept the list states" in report.as_text()


def test_no_list_is_asked_for_about_other_timestamps(kit: Kit, union: Union) -> None:
    union.asked.clear()
    kit.qualify = union.lists.keep
    assert kit.write(1).warnings == () and union.asked == []
    assert "qualified" not in kit.verify().as_text()
