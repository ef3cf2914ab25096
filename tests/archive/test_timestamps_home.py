"""Dates as a user has them: renewal when it is due, machines without OpenSSL 3, and no word that promises too much."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from archiver.archive.checking.parts.archive_words import TSA_ROOTS
from archiver.archive.checking.parts.ledger_lines import newest_checkpoint
from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.seal import Authority, ask
from archiver.catalogue.archives import authorities_of
from archiver.home.connections import pinned_roots
from archiver.home.network import Network
from archiver.home.settings import Home as Loaded
from tests.support.homes import QUICK, Clock, Home
from tests.support.trusted_list_kit import Union, served

RUN = ("run", "--replay", QUICK)


@pytest.mark.long  # without commands: test_timestamps.py
def test_a_run_says_what_is_to_be_renewed_and_verify_renews_it(home: Home, tmp_path: Path, clock: Clock) -> None:
    settings = home.root / "archiver.yaml"
    before = settings.read_text()

    def at(authority: LocalAuthority, day: str = "") -> None:
        roots = "".join((tmp_path / name / "root.pem").read_text() for name in ("old", "young"))
        (home.root / "roots.pem").write_text(roots)
        settings.write_text(f"{before}timestamps: [{{name: t, url: '{authority.url}', roots: roots.pem}}]\n")
        if day:
            home.env |= clock(day)

    with (
        LocalAuthority(tmp_path / "old", lifetime=timedelta(days=3 * 365)) as old,
        LocalAuthority(tmp_path / "young", lifetime=timedelta(days=20 * 365)) as young,
    ):
        at(old)
        home.account("one", "shutterstock")
        home.account("two", "envato_market", client="house")
        home(*RUN)
        early = home("verify", "--renew", "--json")
        assert early.stderr.count("not renewed: renewal is due from 2028") == 2
        at(young, "2028-10-01")
        said = home(*RUN, "--account", "one").stderr
        assert "The timestamps of house are due for renewal since 2028" in said and "of acme are" not in said
        renewed = home("verify", "--renew", "--json")
        assert "house: renewed: the new timestamps of checkpoint" in renewed.stderr
        assert "acme: not renewed" in renewed.stderr
    for done in (early, renewed):
        clients = json.loads(done.stdout)["clients"]
        assert [client["state"] for client in clients] == ["PROVEN", "PROVEN"]
        assert {finding["code"] for client in clients for finding in client["findings"]} <= {"claimed-date"}


@pytest.mark.long  # without commands: test_timestamps.py
def test_dates_are_checked_without_openssl_and_nothing_is_called_qualified(home: Home, tmp_path: Path) -> None:
    with LocalAuthority(tmp_path / "tsa") as authority:
        with (home.root / "archiver.yaml").open("a") as settings:
            settings.write(f"timestamps: [{{name: t, url: '{authority.url}', roots: ../tsa/root.pem}}]\n")
        home.account("one", "shutterstock")
        said = [home(*RUN), home(*RUN)]  # the second finds nothing new, and is not timestamped
    assert "which are signed" in home("verify", "--client", "acme").stdout
    (checked,) = [
        each for each in home.without_browser().json("doctor", code=None)["checks"] if each["check"] == "archives"
    ]
    assert checked["state"] == "ok" and "acme: PROVEN" in checked["message"], checked
    said += [home("verify"), home("find", "a")]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/openssl").write_text("#!/bin/sh\necho LibreSSL 3.3.6\n")
    (tmp_path / "bin/openssl").chmod(0o755)
    home.env["PATH"] = str(tmp_path / "bin")
    said += [home("verify")]
    assert "acme: NOT EVIDENCE, PROVEN" in said[-1].stdout and "dates checked by rfc3161-client" in said[-1].stdout
    written = [(home.archive() / "READ-ME-FIRST.txt").read_text("utf-8")]
    assert not [
        text for text in (*(each.stdout + each.stderr for each in said), *written) if "qualified" in text.lower()
    ]
    _, note, _ = newest_checkpoint(home.archive())
    roots = home.archive() / TSA_ROOTS
    with LocalAuthority(tmp_path / "forger") as forger:  # somebody who can write to the archive
        forged = ask(note.read_bytes(), Authority(name="forger", url=forger.url), Network().post)[1]
        assert isinstance(forged, bytes)
        note.with_name(f"{note.name}.forger.tsr").write_bytes(forged)
        roots.write_bytes(roots.read_bytes() + forger.root_pem.read_bytes())
    (genuine,) = note.parent.glob(f"{note.name}.t.tsr")
    dated = re.sub(rb"\x18\x0f20\d{12}Z", b"\x18\x0f19990101000000Z", genuine.read_bytes())
    note.with_name(f"{note.name}.dated.tsr").write_bytes(dated)  # signed by nobody
    licence = home.json("find", "a")[0]["licence"]
    for command in (["find", "a"], ["show", licence], ["assess", licence, "--client", "acme"]):
        assert "1999" not in home(*command, code=None).stdout
    proof, whole = ["proof", licence, "--out", tmp_path / "proof.zip"], roots.read_bytes()
    assert "keys/tsa-roots.pem is not what the ledger states" in home(*proof, code=90).stderr
    for command, changed in ((["verify"], True), (proof, False)):
        roots.write_bytes(whole if changed else whole.removesuffix(forger.root_pem.read_bytes()))
        done = home(*command, code=90)
        assert "does not hold against " in done.stdout + done.stderr


@pytest.mark.long  # a seal with a list: test_trusted_list.py
def test_a_home_shows_what_a_trusted_list_says(home: Home, tmp_path: Path) -> None:
    """From the settings to `show`: lists from a server, a root of the user's, and the Commission's certificate."""
    pytest.importorskip("signxml", reason="the extra `qualified` is not installed")
    union = Union(tmp_path)
    with served(union) as url:
        (home.root / "archiver.yaml").write_text(
            f"replay: true\ntimestamps: [{{name: q, url: '{url}/tsa', roots: ../root.pem}}]\n"
            f"trusted_lists: {{url: '{url}/lotl.xml', signers: ../signers.pem}}\n"
        )
        home.account("one", "shutterstock")
        home(*RUN)
        (shown, *_) = home.json("find", "a")
    (time,) = home.json("show", shown["licence"])["qualified_times"]
    assert time["country"] == "DE"
    assert "according to the trusted list of DE of" in home("show", shown["licence"]).stdout


def test_a_preset_asks_nobody_whose_root_is_missing(home: Home) -> None:
    (home.root / "archiver.yaml").write_text("timestamps: {preset: eu-qualified}\n")
    told = [each["message"] for each in home.json("doctor", code=None)["checks"]]
    assert "belgium (Kingdom of Belgium) is not asked, because roots/belgium.pem is missing" in told
    loaded = Loaded.load(home.root)
    assert [each.name for each in authorities_of(loaded)] == ["digicert", "sectigo"]
    (home.root / "roots").mkdir(exist_ok=True)
    (home.root / "roots/belgium.pem").write_text("")
    loaded = Loaded.load(home.root)
    assert [each.name for each in authorities_of(loaded)] == ["digicert", "sectigo", "belgium"]
    assert pinned_roots(loaded) == [], "of the first two, the archive alone has the roots"
    (home.root / "roots/new.pem").write_text("")
    named = "timestamps: [{name: new, url: 'https://new.example/tsa', roots: roots/new.pem}]\n"
    (home.root / "archiver.yaml").write_text(named)
    assert [each.name for each in pinned_roots(Loaded.load(home.root))] == ["new.pem", "belgium.pem"]
    (home.root / "archiver.yaml").write_text("timestamps: {preset: us-qualified}\n")
    assert "must be a list of authorities, or {preset: eu-qualified}" in home("status", code=2).stderr
