"""Sources in a home: added, listed, checked and removed, and told of wherever accounts are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.agency import home_checks, source_admin
from archiver.agency.diagnosis import State
from archiver.agency.monthly_report import report, this_month
from archiver.agency.status import status
from archiver.core.errors import ConfigError, SiteUnavailable
from tests.support.agency import Agency, agency
from tests.support.papers import licence


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Agency]:
    with agency(tmp_path) as made:
        yield made


def test_a_source_is_told_of_wherever_accounts_are(
    office: Agency, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home_checks, "_browser", lambda **_: (State.OK, "", ""))
    run, file = office.run, office.home.root / "clients" / "acme.yaml"
    folder, before = tmp_path / "projects", file.read_text()
    fields = {"kind": "folder", "path": str(folder)}
    with pytest.raises(SiteUnavailable):  # nothing is left behind
        source_admin.add(office.home, office.vault, "acme-projects", "acme", fields, {})
    assert not office.home.sources()
    folder.mkdir()
    paper = folder / "licence.txt"
    paper.write_text(licence("en", "istock", 1).text)
    os.utime(paper, (1_700_000_000, 1_700_000_000))
    run("source", "add", "acme-projects", "--client", "acme", "--kind", "folder", "--path", folder)
    source_admin.add(office.home, office.vault, "acme-projects", "acme", fields, {})  # again changes nothing
    for client, name in (("beta", "acme-projects"), ("acme", "house-stock")):
        with pytest.raises(ConfigError, match="exists already"):
            source_admin.add(office.home, office.vault, name, client, fields, {})
    assert run.json("run", "--client", "acme")["accounts"][0]["archived"] == 1
    [row] = [each for each in status(office.home).accounts if each.account == "acme-projects"]
    assert (row.provider, row.outcome, row.trouble, row.next_full) == ("folder", "complete", "", None)
    covered = report(office.home, "acme", this_month(office.home)).coverage
    assert [(each.account, each.listed, each.whole) for each in covered] == [("acme-projects", 1, 1)]
    assert [each["kind"] for each in source_admin.listed(office.home)] == ["folder"]
    assert source_admin.check(office.home, office.vault, "acme-projects") == ([f"folder {folder}: 1 entries"], None)
    assert any("sources: 1" in words for _, words, *_ in home_checks.accounts(office.home))
    paper.unlink()
    folder.rmdir()
    assert "acme-projects: failed" in run("run", "--source", "acme-projects", code=30).stderr
    file.write_text(file.read_text().replace("    path:", "    pathh:"))
    wrong = run("run", "--source", "acme-projects", code=2).stdout
    assert f"{file}:8:5 pathh: is not a known key" in wrong
    assert any(state is State.PROBLEM and "pathh" in words for state, words, *_ in home_checks.accounts(office.home))
    with pytest.raises(ConfigError, match="no source 'another'"):
        office.home.source("another")
    source_admin.remove(office.home, office.vault, "acme-projects")
    assert (
        file.read_text() == f"{before}sources:\n" and status(office.home, client="acme").accounts[0].closed
    )  # the proof stays
