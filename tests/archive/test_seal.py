"""Checkpoints and timestamps: what is asked for, what is kept, what is refused."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive.checking.parts import timestamp_tokens
from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.writer import Authority
from archiver.core.errors import ConfigError, SiteUnavailable
from archiver.home.network import Network
from tests.support.archive_kit import Kit, licence


@pytest.fixture(scope="module")
def chained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAuthority]:
    """An authority whose answers hold certificates in an order that strict DER readers refuse."""
    with LocalAuthority(tmp_path_factory.mktemp("chained"), chain=True) as serving:
        yield serving


def ledger(kit: Kit) -> list[dict[str, object]]:
    return [json.loads(line) for line in (kit.root / "ledger/ledger.jsonl").read_bytes().splitlines()]


def checkpoints(kit: Kit) -> list[str]:
    return sorted(path.name for path in (kit.root / "ledger/checkpoints").iterdir())


def test_two_authorities_each_token_checked_by_openssl(kit: Kit, chained: LocalAuthority) -> None:
    kit.authorities = [*kit.authorities, Authority(name="chained", url=chained.url, roots=chained.root_pem)]
    seal = kit.write(1)
    assert seal.warnings == () and seal.secured_since is not None
    note = kit.root / "ledger/checkpoints/00000002.note"
    assert checkpoints(kit) == [note.name, f"{note.name}.chained.tsr", f"{note.name}.local.tsr"]
    for authority in kit.authorities:
        token, roots = note.with_name(f"{note.name}.{authority.name}.tsr"), authority.roots
        at = timestamp_tokens.epoch(timestamp_tokens.Token.parse(token.read_bytes()).time)
        command: list[str | Path] = [
            "openssl",
            "ts",
            "-verify",
            "-in",
            token,
            "-data",
            note,
            "-CAfile",
            str(roots),
            "-attime",
            str(at),
        ]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert kit.verify().state == "PROVEN"


def test_a_seal_without_news_does_nothing_and_the_next_command_begins_with_an_anchor(kit: Kit) -> None:
    kit.write(1)
    before = checkpoints(kit), ledger(kit)
    kit.write()
    kit.write(1)  # already there
    assert (checkpoints(kit), ledger(kit)) == before
    kit.write(2)
    anchor = ledger(kit)[2]
    token = (kit.root / "ledger/checkpoints/00000002.note.local.tsr").read_bytes()
    assert (anchor["type"], anchor["checkpoint"]) == ("anchor", 2)
    assert anchor["tokens"] == {"local": hashlib.sha256(token).hexdigest()}
    with kit.open() as archive:  # every seal within one command, too
        archive.put(licence(3)).result()
        archive.seal()
        archive.put(licence(4)).result()
        archive.seal()
    assert [line["type"] for line in ledger(kit)].count("anchor") == 3
    assert kit.verify().findings == []


def test_an_authority_that_is_down_leaves_it_unproven_until_the_next_seal(kit: Kit) -> None:
    def down(*_: object) -> bytes:
        raise SiteUnavailable("tsa.example does not answer")

    with kit.open(post=down) as archive:
        archive.put(licence(1)).result()
        seal = archive.seal()
    assert seal.secured_since is None and "tsa.example" in seal.warnings[0] and "UNPROVEN" in seal.warnings[0]
    report = kit.verify()
    assert (report.state, report.secured_since) == ("UNPROVEN", None)
    assert report.findings == [] and "ledger lines 0 to 1" in report.as_text()
    assert kit.dates().since(1) is None
    assert kit.write().warnings == ()
    assert kit.verify().state == "PROVEN" and len(ledger(kit)) == 2
    assert kit.dates().since(1) == kit.verify().secured_since


def test_a_warning_of_one_authority_says_that_the_others_timestamp_stands(kit: Kit) -> None:
    kit.authorities = [*kit.authorities, Authority(name="gone", url="http://127.0.0.1:9/tsa")]
    seal = kit.write(1)
    [warning] = seal.warnings
    assert (
        "No timestamp from gone" in warning and "UNPROVEN" not in warning and "timestamp" in warning.partition(". ")[2]
    )
    assert seal.secured_since is not None and kit.verify().state == "PROVEN"


def test_a_checkpoint_proves_older_lines_that_missed_their_own(kit: Kit) -> None:
    authorities, kit.authorities = kit.authorities, []
    kit.write(1)
    kit.authorities = authorities
    kit.write(2)
    proven = kit.dates()
    assert proven.since(1) == proven.since(2) is not None and proven.since(99) is None
    assert kit.verify().state == "PROVEN"


def test_answers_that_do_not_hold_are_refused_and_kept_aside(kit: Kit, tmp_path: Path) -> None:
    with LocalAuthority(tmp_path / "other") as other:
        rejection = Network().post(other.url, b"", "application/timestamp-query", 5.0)
        answers = {
            "an old answer": b"",
            "a web page": b"<html>busy</html>",
            "a rejection": rejection,
            "cut": b"\x30\x82",
        }
        kit.write(1)
        old = (kit.root / "ledger/checkpoints/00000002.note.local.tsr").read_bytes()
        for n, (name, answer) in enumerate(answers.items(), 2):
            with kit.open(post=lambda *_, answer=answer or old: answer) as archive:
                archive.put(licence(n)).result()
                seal = archive.seal()
            assert seal.secured_since is None and "does not hold" in seal.warnings[0], name
            assert kit.verify().state == "UNPROVEN", name
        with kit.open(post=lambda _, *rest: Network().post(other.url, *rest)) as archive:
            assert "does not hold" in archive.seal().warnings[0]  # a good timestamp of an authority that is not ours
    assert [name for name in checkpoints(kit) if name.endswith(".refused")]
    assert kit.write().warnings == ()
    assert kit.verify().state == "PROVEN"


def test_an_answer_to_another_request_is_refused(kit: Kit) -> None:
    """A good timestamp of this very checkpoint, but not of this request: it may be as old as the checkpoint."""
    answers: list[bytes] = []

    def lost(*request: Any) -> bytes:
        answers.append(Network().post(*request))
        raise SiteUnavailable("the line went dead")

    with kit.open(post=lost) as archive:
        assert archive.seal().warnings
    with kit.open(post=lambda *_: answers[0]) as archive:
        assert "answers another request" in archive.seal().warnings[0]


def test_dead_authorities_are_waited_for_side_by_side(kit: Kit) -> None:
    all_are_asked, limits = Barrier(4, timeout=30), set[float]()

    def dead(url: str, request: bytes, media_type: str, timeout_s: float) -> bytes:
        limits.add(timeout_s)
        all_are_asked.wait()  # breaks if one is asked after the other
        raise SiteUnavailable("no answer")

    kit.post = dead
    kit.authorities = [Authority(name=f"dead-{n}", url="http://192.0.2.1/") for n in range(4)]
    assert [each.count("no answer") for each in kit.write(1).warnings] == [1] * 4 and limits == {5.0}


def test_origin_and_key_are_those_of_the_first_day(kit: Kit) -> None:
    kit.write(1)
    with pytest.raises(ConfigError, match="replay"), kit.open("replay"):
        pass
    kit.signer = Ed25519PrivateKey.generate()
    with pytest.raises(ConfigError, match="does not have the key"), kit.open():
        pass
