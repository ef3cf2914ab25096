"""Nights that find nothing new: what they leave behind, what stands over it, and how little a check must look at."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.archive import ledger, seal
from archiver.archive.checking.parts import (
    archive_words,
    common_checks,
    ed25519_signature,
    ledger_lines,
    openssl_program,
    signed_notes,
)
from archiver.archive.checking.parts.archive_words import LEDGER
from archiver.archive.checking.parts.ledger_lines import canonical
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.seal import strict_checker
from archiver.archive.witness import FolderWitness
from archiver.archive.writer import Authority, signing, unfinished
from archiver.core.errors import IntegrityError
from archiver.home.network import Network
from tests.support.archive_kit import Kit, licence
from tests.support.examples import examples
from tests.support.homes import Clock


def idle(kit: Kit) -> seal.Seal:
    """A run that finds nothing new."""
    with kit.open() as archive:
        archive.append("run", account="acme-example", outcome="complete", listed=20, archived=0)
        return archive.seal()


def notes(kit: Kit) -> int:
    return len(list((kit.root / archive_words.CHECKPOINTS).glob("*.note")))


@pytest.fixture
def resting(sealed: Kit) -> Kit:
    """An archive with three lines of two idle nights that wait for the next checkpoint."""
    idle(sealed)
    idle(sealed)
    return sealed


class Nights:
    """Goes through the nights, from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
        nights = self
        self.clock, self.start, self.number = clock, datetime.now().astimezone(), 0

        class Shifted(datetime):
            @classmethod
            def now(cls, zone: Any = None) -> Any:
                return nights.now.astimezone(zone)

        monkeypatch.setattr(ledger, "datetime", Shifted)
        self.patch = monkeypatch

    @property
    def now(self) -> datetime:
        return self.start + timedelta(days=self.number)

    def next(self) -> None:
        self.number += 1
        self.clock("2045-01-01")  # for the authority, too
        self.patch.setenv("FAKETIME", f"@{self.now.astimezone(UTC):%F %T}")


def test_idle_nights_are_sealed_about_once_a_week_and_stay_proven(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    kit.witnesses = [FolderWitness(name="disk", folder=tmp_path / "disk")]
    kit.write(1)
    nights = Nights(monkeypatch, clock)
    for night in range(1, 18):
        nights.next()
        assert idle(kit).warnings == ()
        report = kit.verify()
        assert (report.state, report.findings) == ("PROVEN", []), night
        assert ("which are signed" in report.as_text()) == (night not in (8, 16)), night
    assert notes(kit) == 3
    lines = [json.loads(line) for line in (kit.root / LEDGER).read_bytes().splitlines()]
    assert [line["type"] for line in lines].count("anchor") == 3  # of the first seal, and of those of nights 8 and 16
    assert kit.verify(tmp_path / "disk").extends.startswith("extends 3 outside checkpoints")
    nights.next()
    kit.write(2)  # evidence is never made to wait
    assert notes(kit) == 4
    assert kit.verify().unproven == ""


def test_an_authority_that_was_down_is_asked_again_for_the_same_checkpoint(kit: Kit) -> None:
    """Its timestamp joins those that the ledger named before, whenever somebody looks."""
    first = kit.authorities[0]
    kit.authorities = [first, Authority(name="second", url=first.url, roots=first.roots)]

    def half(url: str, *rest: Any) -> bytes:
        half.asked += 1  # type: ignore[attr-defined]  # a counter
        if half.asked % 2:  # type: ignore[attr-defined]
            raise OSError("no answer")
        return Network().post(url, *rest)

    half.asked = 0  # type: ignore[attr-defined]
    with kit.open(post=half) as archive:
        archive.put(licence(1)).result()
        assert len(archive.seal().warnings) == 1
    for anchors in ([1, 2], [1, 2]):
        idle(kit)
        lines = [json.loads(line) for line in (kit.root / LEDGER).read_bytes().splitlines()]
        assert notes(kit) == 1 and len(list((kit.root / archive_words.CHECKPOINTS).glob("*.tsr"))) == 2
        assert [len(line["tokens"]) for line in lines if line["type"] == "anchor"] == anchors
        assert (kit.verify().state, kit.verify().findings) == ("PROVEN", [])
    kit.write(2)
    assert notes(kit) == 2 and (kit.verify().state, kit.verify().findings) == ("PROVEN", [])


HABITS: dict[str, Callable[[int, int], bool]] = {  # (night, requests so far in that night) -> whether it answers
    "dead": lambda night, _: False,
    "every tenth night": lambda night, _: night % 10 == 0,
    "every second request": lambda night, asked: (night + asked) % 2 == 0,
    "back after two months": lambda night, _: night > 60,
}


@pytest.mark.parametrize(
    "habit", [pytest.param(each, marks=pytest.mark.long if each != "every second request" else ()) for each in HABITS]
)
def test_whatever_an_authority_does_an_idle_client_stays_small(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, clock: Clock, tmp_path: Path, habit: str
) -> None:
    """Files a year, in the archive and at the witness, as benchmarks/growth.py counts them."""
    (tmp_path / "disk").mkdir()
    kit.witnesses = [FolderWitness(name="disk", folder=tmp_path / "disk")]
    first = kit.authorities[0]
    kit.authorities = [first, Authority(name="second", url=f"{first.url}/second", roots=first.roots)]
    nights, asked = Nights(monkeypatch, clock), list[int]()

    def post(url: str, *rest: Any) -> bytes:
        if url.endswith("/second"):
            asked.append(nights.number)
            if nights.number and not HABITS[habit](nights.number, asked.count(nights.number)):
                raise OSError("no answer")
        return Network().post(first.url, *rest)

    kit.post = post
    kit.write(1)
    folders = [kit.root / archive_words.CHECKPOINTS, tmp_path / "disk" / "acme"]
    before = [len(list(each.iterdir())) for each in folders]
    count = 40 if habit == "every second request" else 100
    told = {}
    for night in range(1, count + 1):
        nights.next()
        told[night] = dict(idle(kit).asked)
    for folder, first_night in zip(folders, before, strict=True):
        assert (len(list(folder.iterdir())) - first_night) * 365 / count <= 150
    assert (kit.verify().state, kit.verify().findings) == ("PROVEN", [])
    joined = [each for each in folders[1].glob("*.note.second.tsr") if int(each.name[:8]) > 10]
    assert bool(joined) == (habit != "dead") and not list(kit.root.glob("staging/*.note*"))
    if habit == "back after two months":
        assert len(joined) >= 5 and asked.count(61) == 1 and told[61] == {"second": None, "local": None}
        assert told[60] == {"second": "no answer"} and told[10] == {}


def test_without_any_answer_the_same_checkpoint_is_timestamped_on_an_idle_night(kit: Kit) -> None:
    def none(*_: Any) -> bytes:
        raise OSError("no answer")

    with kit.open(post=none) as archive:
        archive.put(licence(1)).result()
        archive.seal()
    assert kit.verify().state == "UNPROVEN"
    idle(kit)
    assert notes(kit) == 1 and (kit.verify().state, kit.verify().findings) == ("PROVEN", [])
    idle(kit)
    assert notes(kit) == 1 and (kit.verify().state, kit.verify().findings) == ("PROVEN", [])


def test_a_killed_idle_night_is_no_unfinished_command_and_unsealed_evidence_is(resting: Kit) -> None:
    with resting.open() as archive:
        archive.append("run", account="acme-example", outcome="complete", listed=20, archived=0)
    assert not unfinished(resting.root)
    with resting.open() as archive:
        archive.put(licence(9)).result()
    assert unfinished(resting.root) and resting.verify().state == "UNPROVEN"
    idle(resting)
    assert not unfinished(resting.root) and resting.verify().unproven == ""


# ---------------------------------------------------------------- whoever may write to the share and holds no key


def rewrite(
    kit: Kit, change: Callable[[list[dict[str, Any]]], object], signer: Ed25519PrivateKey | None = None
) -> None:
    """Change the lines that wait, and mend the chain; with a key, sign them anew."""
    lines = [json.loads(line) for line in (kit.root / LEDGER).read_bytes().splitlines()]
    change(lines)
    previous, text = "0" * 64, b""
    for seq, line in enumerate(lines):
        fields = line | {"seq": seq, "prev": previous}
        if signer and seq >= 5:
            fields |= {"signature": signing(signer)(ledger_lines.line_to_sign(fields))}
        data = canonical(fields)
        previous, text = hashlib.sha256(data).hexdigest(), text + data + b"\n"
    (kit.root / LEDGER).write_bytes(text)


def unsigned(lines: list[dict[str, Any]]) -> None:
    del lines[-1]["signature"]


def appended(lines: list[dict[str, Any]]) -> None:
    lines.append(lines[-1] | {"listed": 999})


ATTACKS_ON_WAITING_LINES: dict[str, Callable[[Kit], object]] = {
    "the last line is changed": lambda kit: rewrite(kit, lambda lines: lines[-1].update(listed=999)),
    "an earlier line is changed": lambda kit: rewrite(kit, lambda lines: lines[-2].update(listed=999)),
    "an earlier line is taken out": lambda kit: rewrite(kit, lambda lines: lines.pop(-2)),
    "a line is added": lambda kit: rewrite(kit, appended),
    "the last line's signature is gone": lambda kit: rewrite(kit, unsigned),
    "another key signs": lambda kit: rewrite(kit, lambda _: None, Ed25519PrivateKey.generate()),
}


@pytest.mark.parametrize("name", ATTACKS_ON_WAITING_LINES)
def test_lines_that_wait_for_a_checkpoint_are_protected(resting: Kit, name: str) -> None:
    assert resting.verify().state == "PROVEN"
    ATTACKS_ON_WAITING_LINES[name](resting)
    assert resting.verify().state == verify_archive(resting.root, quick=True).state == "DAMAGED"
    before = (resting.root / LEDGER).read_bytes()
    with pytest.raises(IntegrityError):
        idle(resting)
    assert (resting.root / LEDGER).read_bytes() == before


@pytest.mark.parametrize("kept", [5, 7])
def test_lines_that_wait_and_are_cut_off_are_told_by_the_machine_that_wrote_them(resting: Kit, kept: int) -> None:
    """Inside, nothing shows it: no evidence is lost, and what is left is signed."""
    lines = (resting.root / LEDGER).read_bytes().splitlines(keepends=True)
    assert len(lines) == 8
    (resting.root / LEDGER).write_bytes(b"".join(lines[:kept]))
    assert resting.verify().state == "PROVEN"
    assert any("has fewer" in each for each in idle(resting).warnings)
    assert resting.verify().state == "PROVEN"


def test_a_number_that_lies_keeps_nobody_reading(resting: Kit) -> None:
    last = json.loads((resting.root / LEDGER).read_bytes().splitlines()[-1])
    with (resting.root / LEDGER).open("ab") as file:
        file.write(canonical(last | {"seq": 10**15}) + b"\n")
    assert unfinished(resting.root) and resting.verify().state == "DAMAGED"


@pytest.mark.parametrize(
    "change",
    [
        {"at": "2025-01-01T00:00:00Z"},
        {"inventory_sha512": "0" * 128},
        {"type": "capture", "id": "urn:x-archiver:licence:undated_x", "version": "v1"},
        {"type": "statement", "id": "urn:x-archiver:statement:undated_x"},
    ],
)
def test_waiting_lines_of_an_odd_date_or_with_evidence_are_not_taken_for_proven(
    resting: Kit, change: dict[str, str]
) -> None:
    rewrite(resting, lambda lines: lines[-1].update(change), resting.signer)
    assert resting.verify().state != "PROVEN"


# ---------------------------------------------------------------- how little a check must look at


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory, authority: Any) -> Kit:
    """Ten commands of a licence and a run each, each with its checkpoint, and one idle night. Not to be changed."""
    folder = tmp_path_factory.mktemp("aged")
    kit = Kit(folder / "acme", [Authority(name="local", url=authority.url, roots=authority.root_pem)])
    for number in range(10):
        with kit.open() as archive:
            archive.put(licence(number)).result()
            archive.append("run", account="acme-example", outcome="complete", listed=number)
            archive.seal()
    idle(kit)
    return kit


@pytest.mark.parametrize(
    ("options", "checked"),
    [
        ({}, 10),
        ({"quick": True}, 1),
        ({"licence": "asset-0_"}, 2),
        ({"licence": "asset-5_"}, 3),
        ({"licence": "asset-9_"}, 2),
    ],
)
def test_a_brief_check_looks_at_the_checkpoints_that_it_rests_on(
    aged: Kit, options: dict[str, Any], checked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    refuses = openssl_program.openssl_refuses

    def counted(program: str, response: Path, *rest: Any) -> str | None:
        asked.append(response.name)
        return refuses(program, response, *rest)

    monkeypatch.setattr(common_checks, "openssl_refuses", counted)
    report = verify_archive(aged.root, **options)
    assert (report.state, report.findings, len(asked)) == ("PROVEN", [], checked)
    whole = verify_archive(aged.root)
    if "licence" in options:
        line = 1 + 3 * int(options["licence"][6])  # behind the origin, or behind a run and an anchor
        assert report.secured_since == aged.dates().since(line)
    else:
        assert report.secured_since == whole.secured_since
    assert ("other checkpoints not checked" in report.scope) == bool(options)
    assert ("other checkpoints not checked" in report.as_text()) == bool(options)


@settings(max_examples=examples(4), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**9), st.integers(1, 255))
def test_a_brief_check_finds_every_changed_byte_of_the_ledger(aged: Kit, tmp_path: Path, place: int, mask: int) -> None:
    copy = tmp_path / "acme"
    if not copy.exists():
        shutil.copytree(aged.root, copy)
    data = bytearray((aged.root / LEDGER).read_bytes())
    data[place % len(data)] ^= mask
    (copy / LEDGER).write_bytes(data)
    for options in ({"quick": True}, {"licence": "asset-5_"}):
        try:
            state = verify_archive(copy, **options).state
        except archive_words.Malformed:  # the changed line was the licence's own
            continue
        assert state in ("DAMAGED", "UNPROVEN") and state == verify_archive(copy).state


@pytest.mark.parametrize("suffix", [".note", ".note.local.tsr"])
def test_a_fault_in_what_a_brief_check_rests_on_is_found_and_then_everything_is_looked_at(
    aged: Kit, tmp_path: Path, suffix: str
) -> None:
    copy = shutil.copytree(aged.root, tmp_path / "acme")
    *_, newest = sorted((copy / archive_words.CHECKPOINTS).glob(f"*{suffix}"))
    newest.chmod(0o600)
    data = bytearray(newest.read_bytes())
    data[-20] ^= 1
    newest.write_bytes(data)
    for options in ({"quick": True}, {"licence": "asset-5_"}):
        report = verify_archive(copy, **options)
        assert report.state == "DAMAGED" and "checkpoints" not in report.scope


def test_of_many_timestamps_the_library_judges_and_openssl_those_that_it_refuses(
    aged: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common_checks, "MAX_TIMESTAMPS_BY_PROGRAM", 3)
    verified: list[bytes] = []
    slow = ed25519_signature.ed25519_verify

    def counted(public: bytes, signature: bytes, message: bytes) -> bool:
        verified.append(signature)
        return slow(public, signature, message)

    for each in (signed_notes, ledger_lines):
        monkeypatch.setattr(each, "ed25519_verify", counted)
    report = verify_archive(aged.root, checker=strict_checker())
    monkeypatch.undo()
    monkeypatch.setattr(common_checks, "MAX_TIMESTAMPS_BY_PROGRAM", 3)
    assert (report.state, report.findings) == ("PROVEN", []) and report.dates_by.startswith("rfc3161-client")
    assert len(verified) == 1  # the last line's signature; the library's are used, and the chain vouches for the rest
    stubborn = openssl_program.TokenChecker("stubborn", lambda *_: "no")
    report = verify_archive(aged.root, checker=stubborn)
    assert (report.state, report.findings) == ("PROVEN", []) and "OpenSSL" in report.dates_by
