"""Dates as a user has them: renewal when it is due, machines without OpenSSL 3, and no word that promises too much."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from archiver.archive.local_tsa import LocalAuthority
from tests.support.homes import QUICK, ROOT, Clock, Home

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
    assert "acme: PROVEN" in said[-1].stdout and "dates checked by rfc3161-client" in said[-1].stdout
    files = (
        home.archive() / "READ-ME-FIRST.txt",
        ROOT / "archiver/claims/wording.yaml",
    )
    written = [file.read_text("utf-8") for file in files]
    assert not [
        text for text in (*(each.stdout + each.stderr for each in said), *written) if "qualified" in text.lower()
    ]
