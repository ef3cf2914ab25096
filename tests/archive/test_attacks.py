"""Twelve attacks, each with the verdict that an archive gives by itself and the one that a witness allows.

What an archive cannot show by itself stands here as such: whoever holds it, its key and an authority can rewrite it.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive.checking.parts.ledger_lines import canonical, line_to_sign
from archiver.archive.checking.parts.verify_report import VerifyReport
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.writer import Authority, signing
from tests.support.archive_kit import SIGNER, Kit, flip

CERTIFICATE = "v1/content/certificate.pdf"


def swap(one: Path, two: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    two.rename(one)
    aside.rename(two)


def plant(kit: Kit) -> None:
    """A sound object that was made elsewhere, with no word of it in the ledger."""
    other = Kit(kit.root.parent / "elsewhere", [])
    other.write(9)
    shutil.copytree(other.place(9), kit.place(9))


def cut(kit: Kit, *, everything: bool) -> None:
    """Licence 3 never was: its ledger lines go, or also its object and its checkpoint."""
    ledger = kit.root / "ledger/ledger.jsonl"
    ledger.write_bytes(b"".join(ledger.read_bytes().splitlines(keepends=True)[:3]))
    if everything:
        shutil.rmtree(kit.place(3))
        for file in (kit.root / "ledger/checkpoints").glob("00000005.note*"):
            file.unlink()


def back_date(kit: Kit, *, signed: bool = False) -> None:
    """A line written by hand: without an anchor, and with a date of long ago; only who has the key can sign it."""
    ledger = kit.root / "ledger/ledger.jsonl"
    last = ledger.read_bytes().splitlines()[-1]
    line = {"seq": 5, "prev": hashlib.sha256(last).hexdigest(), "type": "run", "at": "2025-01-01T00:00:00Z"}
    line |= {"signature": signing(SIGNER)(line_to_sign(line))} if signed else {}
    with ledger.open("ab") as file:
        file.write(canonical(line) + b"\n")


def back_date_and_seal(kit: Kit) -> None:
    back_date(kit, signed=True)
    kit.witnesses = []
    kit.write()


def rewrite(kit: Kit) -> None:
    """All over again without licence 1, by somebody who holds the key."""
    shutil.rmtree(kit.root)
    kit.witnesses = []
    kit.write(2, 3, 4, 5)


def rewrite_with_an_authority_of_ones_own(kit: Kit) -> None:
    kit.signer = Ed25519PrivateKey.generate()
    with LocalAuthority(kit.root.parent / "forger") as forger:
        kit.authorities = [Authority(name="local", url=forger.url, roots=forger.root_pem)]
        rewrite(kit)


@dataclass(frozen=True)
class Attack:
    """What is done, the state seen from inside and with a witness, and codes that must be among the findings."""

    do: Callable[[Kit], object]
    inside: str
    witnessed: str
    inside_codes: frozenset[str]


ATTACKS = {
    "a bit is flipped": Attack(lambda k: flip(k.place(1) / CERTIFICATE), "DAMAGED", "DAMAGED", frozenset({"changed"})),
    "a file is deleted": Attack(
        lambda k: (k.place(1) / CERTIFICATE).unlink(), "DAMAGED", "DAMAGED", frozenset({"missing"})
    ),
    "an object is deleted": Attack(lambda k: shutil.rmtree(k.place(1)), "DAMAGED", "DAMAGED", frozenset({"missing"})),
    "two certificates are swapped": Attack(
        lambda k: swap(k.place(1) / CERTIFICATE, k.place(2) / CERTIFICATE), "DAMAGED", "DAMAGED", frozenset({"changed"})
    ),
    "two folders are swapped": Attack(
        lambda k: swap(k.place(1), k.place(2)), "DAMAGED", "DAMAGED", frozenset({"invalid", "changed"})
    ),
    "an object is planted": Attack(plant, "DAMAGED", "DAMAGED", frozenset({"orphan"})),
    "the ledger's end is cut off": Attack(
        lambda k: cut(k, everything=False), "DAMAGED", "FORKED", frozenset({"ledger", "orphan"})
    ),
    "the end is cut off with all that belongs to it": Attack(
        lambda k: cut(k, everything=True), "PROVEN", "FORKED", frozenset()
    ),
    "the ledger is deleted": Attack(
        lambda k: (k.root / "ledger/ledger.jsonl").unlink(), "DAMAGED", "FORKED", frozenset({"missing"})
    ),
    "a line is forged": Attack(back_date, "DAMAGED", "DAMAGED", frozenset({"forged", "claimed-date"})),
    "a line is back-dated": Attack(
        lambda k: back_date(k, signed=True), "UNPROVEN", "UNPROVEN", frozenset({"claimed-date"})
    ),
    "a back-dated line is timestamped": Attack(back_date_and_seal, "PROVEN", "PROVEN", frozenset({"claimed-date"})),
    "all is rewritten": Attack(rewrite, "PROVEN", "FORKED", frozenset()),
    "all is rewritten with an authority of one's own": Attack(
        rewrite_with_an_authority_of_ones_own, "PROVEN", "FORKED", frozenset()
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks(sealed: Kit, tmp_path: Path, name: str) -> None:
    kit = sealed
    trusted, key = kit.authorities[0].roots, tmp_path / "key.pem"
    shutil.copy(kit.root / "keys/signer-public.pem", key)
    attack = ATTACKS[name]
    attack.do(kit)

    def codes(report: VerifyReport) -> set[str]:
        return {finding.code for finding in report.findings}

    inside, witnessed = kit.verify(), kit.verify(tmp_path / "disk")
    assert (inside.state, witnessed.state) == (attack.inside, attack.witnessed), witnessed.findings
    assert codes(inside) >= attack.inside_codes and ("forked" in codes(witnessed)) == (attack.witnessed == "FORKED")
    if "back-dated" in name:
        assert inside.secured_since if attack.do is back_date_and_seal else "ledger lines 5 to 5" in inside.as_text()
        known = f"first proven {inside.secured_since}" if inside.secured_since else "no timestamp covers it yet"
        assert "claims 2025-01-01T00:00:00Z, but was provably" in inside.as_text() and known in inside.as_text()
    if inside.state != "DAMAGED":
        assert codes(inside) == attack.inside_codes  # nothing more can be seen from inside
    if attack.do is rewrite_with_an_authority_of_ones_own:  # whoever brings roots or key of his own sees it, too
        assert not any(trust.supplied for trust in inside.trust)
        assert "timestamp" in codes(verify_archive(kit.root, roots=trusted))
        assert {"key", "checkpoint"} <= codes(verify_archive(kit.root, key=key))


def test_a_genuine_timestamp_cannot_be_wrapped_in_another_date(kit: Kit) -> None:
    """Nobody signs the list of hash functions, and OpenSSL reads open lengths: who takes them for 0 reads that list."""
    kit.write(1)
    (note,) = (kit.root / "ledger/checkpoints").glob("*.note")
    token = note.with_name(f"{note.name}.local.tsr")

    def item(tag: int, *parts: bytes) -> bytes:
        return bytes([tag, 0x81, sum(map(len, parts))]) + b"".join(parts)

    sha256 = bytes.fromhex("300b0609608648016503040201")
    earlier = f"{datetime.now(UTC) - timedelta(minutes=2):%Y%m%d%H%M%SZ}".encode()  # while its certificate was good
    imprint = item(0x30, sha256, item(0x04, hashlib.sha256(note.read_bytes()).digest()))
    dated = item(0x30, item(0x02, b"\1"), sha256, imprint, item(0x02, b"\1"), item(0x18, earlier))
    forged = b"\x31\x80" + item(0x30, sha256[2:], item(0xA0, item(0x04, dated))) + b"\0\0"
    head, genuine, rest = token.read_bytes().partition(bytes.fromhex("310f300d06096086480165030402010500"))
    whole = bytearray(head + forged + rest)
    for at in (2, 11, 26, 30):  # the lengths of what it stands in
        longer = int.from_bytes(whole[at : at + 2], "big") + len(forged) - len(genuine)
        whole[at : at + 2] = longer.to_bytes(2, "big")
    token.chmod(0o644)
    token.write_bytes(whole)
    command = ["openssl", "ts", "-verify", "-data", f"{note}", "-in", f"{token}"]
    command += ["-CAfile", f"{kit.root}/keys/tsa-roots.pem"]
    assert b"Verification: OK" in subprocess.run(command, capture_output=True, check=True).stdout
    report = kit.verify()
    assert (report.state, report.secured_since) == ("DAMAGED", None)
