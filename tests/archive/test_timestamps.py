"""Dates for decades: certificates that end, renewals, and machines that have no OpenSSL 3."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive.checking.parts import archive_words, timestamp_tokens, whole_archive
from archiver.archive.checking.parts.proven_dates import Stamp, vouched_until
from archiver.archive.checking.parts.timestamp_tokens import moment
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.inclusion_bundle import disclose
from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.reader import Archive
from archiver.archive.seal import strict_checker
from archiver.archive.writer import Authority
from tests.support.archive_kit import ISOLATED, Kit, flip
from tests.support.archive_kit import Clock as OwnClock
from tests.support.homes import ROOT, Clock

SYSTEM_PYTHON = [shutil.which("python3", path="/usr/bin") or sys.executable, "-I"]


def looked_at(kit: Kit, *options: str) -> dict[str, Any]:
    """What the verifier in the archive says, in a process of its own."""
    command = [*SYSTEM_PYTHON, str(kit.root / "tools/verify.py"), "--json", *options]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    return found


def told(report: dict[str, Any]) -> dict[str, str]:
    """What was found, save that claimed dates are off: the clock that wrote the lines was not turned."""
    return {f["code"]: f["message"] for f in report["findings"] if f["code"] != "claimed-date"}


def in_days(days: float) -> str:
    """The day in so many days."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


def test_in_2045_every_date_is_still_proven(kit: Kit, clock: Clock, tmp_path: Path) -> None:
    kit.write(1)
    kit.write(2)
    disclose(Archive(kit.root), kit.stored[0].object_id, tmp_path / "proof")
    now = [looked_at(kit, *options) for options in ((), ("--licence", "asset-1_"), ("--licence", "asset-2_"))]
    clock("2045-06-01")
    (note,) = (kit.root / "ledger/checkpoints").glob("00000002.note")
    plain: list[str | Path] = [
        "openssl",
        "ts",
        "-verify",
        "-data",
        note,
        "-in",
        f"{note}.local.tsr",
        "-CAfile",
        kit.root / archive_words.TSA_ROOTS,
    ]
    assert b"expired" in subprocess.run(plain, capture_output=True, check=False).stderr
    then = [looked_at(kit, *options) for options in ((), ("--licence", "asset-1_"), ("--licence", "asset-2_"))]
    assert [each["state"] for each in then] == ["PROVEN"] * 3
    assert [each["secured_since"] for each in then] == [each["secured_since"] for each in now]
    assert now[0]["findings"] == []
    proof = looked_at(kit, "--proof", str(tmp_path / "proof"))
    assert (proof["state"], proof["secured_since"]) == ("PROVEN", now[1]["secured_since"])
    assert f"ended at {in_days(3650)[:4]}" in told(then[0])["remark"] and "1 more like it" in told(then[0])["remark"]
    clock("2500-01-01")  # which Python cannot tell
    done = subprocess.run([sys.executable, "-m", "archiver", "doctor"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr.splitlines()) == (
        50, ["archiver: This machine's clock is after the year 2261. Set it right, then run the command again."],
    )  # fmt: skip


def test_no_date_is_earlier_than_a_timestamp_that_it_covers(
    kit: Kit, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.write(1)
    first = kit.verify().secured_since
    clock("2045-01-01")
    monkeypatch.setenv(
        "FAKETIME", f"@{datetime.now(UTC) - timedelta(seconds=240):%F %T}"
    )  # the authority's certificate is good since five minutes ago
    kit.write(2)
    monkeypatch.delenv("LD_PRELOAD")
    monkeypatch.setattr(whole_archive, "CLOCK_TOLERANCE_S", 60)
    report = kit.verify()
    assert (report.state, report.secured_since) == ("PROVEN", first)
    assert [(f.code, f.path) for f in report.findings] == [
        ("claimed-date", "ledger/checkpoints/00000004.note.local.tsr")
    ]


def test_a_renewal_in_time_vouches_for_what_is_older(
    kit: Kit, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = OwnClock(monkeypatch)

    def renew(copy: Path) -> Kit:
        shutil.copytree(kit.root, copy / "acme")
        renewed = Kit(copy / "acme", [Authority(name="young", url=young.url, roots=young.root_pem)])
        with renewed.open() as archive:
            assert archive.renew().warnings == ()
        return renewed

    with (
        LocalAuthority(tmp_path / "old", lifetime=timedelta(days=3 * 365)) as old,
        LocalAuthority(tmp_path / "young", lifetime=timedelta(days=20 * 365)) as young,
    ):
        kit.authorities = [Authority(name="old", url=old.url, roots=old.root_pem)]
        kit.write(1)
        kit.write(2)
        before = looked_at(kit)
        clock(in_days(365))
        assert told(looked_at(kit)) == {}
        clock(in_days(700))
        assert set(told(looked_at(kit))) == {"renewal"}
        own.ahead = 700 * 86400
        in_time = renew(tmp_path / "in time")
        clock(in_days(1500))
        own.ahead = 1500 * 86400
        late = renew(tmp_path / "late")
    assert told(looked_at(in_time)) == {}
    assert looked_at(in_time)["state"] == "PROVEN"
    assert looked_at(in_time, "--licence", "asset-2_")["secured_since"] == before["secured_since"]
    assert set(told(looked_at(kit))) == {"renewal", "remark"}
    assert set(told(looked_at(late))) == {"remark"}  # too late is told for ever
    clock(in_days(21 * 365))
    assert in_days(20 * 365)[:4] in told(looked_at(in_time))["remark"]


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30), st.booleans()), min_size=1, max_size=2), max_size=8
    )
)
def test_vouching_is_what_a_chain_of_renewals_reaches(steps: list[list[tuple[int, int, bool]]]) -> None:
    """Each stamp is some days younger than the one before, lives some days, and is anchored or not."""
    checkpoints: list[list[Stamp]] = []
    day = 0
    for stamps in steps:
        made = []
        for gap, life, anchored in stamps:
            day += gap
            made.append(Stamp(moment(day * 86400), moment((day + life) * 86400), anchored))
        checkpoints.append(made)

    def reach(stamp: Stamp, newer: Sequence[list[Stamp]]) -> str:
        assert stamp.ends
        reached = [stamp.ends]
        for at, stamps in enumerate(newer if stamp.anchored else ()):
            reached += [reach(each, newer[at + 1 :]) for each in stamps if each.time < stamp.ends]
        return max(reached)

    expected = [max(reach(stamp, checkpoints[at + 1 :]) for stamp in stamps) for at, stamps in enumerate(checkpoints)]
    assert list(vouched_until(reversed(checkpoints))) == expected[::-1]


def test_a_timestamp_signed_over_sha_1_is_not_taken(kit: Kit, tmp_path: Path) -> None:
    with LocalAuthority(tmp_path / "sha-1", digest="sha1") as weak:
        kit.authorities = [Authority(name="weak", url=weak.url, roots=weak.root_pem)]
        (warning,) = kit.write(1).warnings
    assert "its hash function" in warning
    refused = next((kit.root / "ledger/checkpoints").glob("*.refused")).read_bytes()
    assert timestamp_tokens.token_ends(refused, []) == "2014-01-01T00:00:00Z"


def test_no_response_however_broken_does_more_than_hide_its_end(kit: Kit) -> None:
    kit.write(1)
    response = bytearray(next((kit.root / "ledger/checkpoints").glob("*.tsr")).read_bytes())
    roots = timestamp_tokens.certificates_in((kit.root / archive_words.TSA_ROOTS).read_bytes())[0]
    whole = timestamp_tokens.token_ends(bytes(response), roots)
    assert whole and whole > in_days(3600)
    for at in range(len(response)):
        for wrong in (0, 0x80, 0xFF, response[at] ^ 1):
            broken = bytes([*response[:at], wrong, *response[at + 1 :]])
            found = timestamp_tokens.token_ends(broken, roots)
            assert found is None or timestamp_tokens.epoch(found)
    assert timestamp_tokens.token_ends(b"", roots) is timestamp_tokens.token_ends(bytes(response[:-9]), roots) is None


@pytest.mark.parametrize("version", ["", "LibreSSL 3.3.6", "OpenSSL 1.1.1w  11 Sep 2023"])
def test_without_openssl_3_the_dates_stay_open_in_words(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    kit.write(1)
    kit.write(2)
    old, new = (
        timestamp_tokens.Token.parse((kit.root / f"ledger/checkpoints/{n:08d}.note.local.tsr").read_bytes()).time
        for n in (2, 4)
    )
    (tmp_path / "bin").mkdir()
    if version:
        fake = tmp_path / "bin/openssl"
        fake.write_text(f"#!/bin/sh\necho '{version}'\n")
        fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    done = subprocess.run([*ISOLATED, kit.root / "tools/verify.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "acme: UNPROVEN" in done.stdout and "[dates-not-checked]" in done.stdout
    here = f"openssl is {' '.join(version.split()[:2])} here" if version else "no program openssl here"
    assert here in done.stdout and f"2 timestamps, which state {old} to {new}" in done.stdout
    assert "Install OpenSSL 3" in done.stdout
    checked = verify_archive(kit.root, checker=strict_checker())
    assert (checked.state, checked.findings) == ("PROVEN", [])
    assert "dates checked by rfc3161-client" in checked.as_text()
    assert verify_archive(kit.root, roots=kit.authorities[0].roots, checker=strict_checker()).state == "PROVEN"
    token = kit.root / "ledger/checkpoints/00000004.note.local.tsr"
    flip(token, 0.98)
    damaged = verify_archive(kit.root, checker=strict_checker())
    assert {f.path for f in damaged.findings if f.damage} == {token.relative_to(kit.root).as_posix()}


def test_what_only_openssl_can_read_is_no_damage_without_it(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalAuthority(tmp_path / "chained", chain=True) as chained:
        kit.authorities = [Authority(name="chained", url=chained.url, roots=chained.root_pem)]
        kit.write(1)
    assert "dates checked by OpenSSL 3" in kit.verify().as_text()
    monkeypatch.setenv("PATH", str(tmp_path))
    report = verify_archive(kit.root, checker=strict_checker())
    assert (report.state, [f.code for f in report.findings]) == ("UNPROVEN", ["dates-not-checked"])
    assert "cannot read it" in report.findings[0].message
