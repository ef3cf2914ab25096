"""Free sites and plans from the command line: captured by themselves, and never shown as more than they are."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from archiver.provider import installed
from archiver.reading.unsupported_platforms import served
from tests.authoring.scenario import pdf, picture
from tests.support.homes import RECORDINGS, Home

PAGE, OTHER = yaml.safe_load((RECORDINGS / "unsplash" / "two-pages" / "session.yaml").read_text())["assets"]


@pytest.mark.long  # shorter: below
@pytest.mark.browser
def test_a_page_is_captured_without_a_person_and_proves_an_offer_only(home: Home, tmp_path: Path) -> None:
    """The picture's page, then its file's name, which is not opened again; then the file itself."""
    secret = "KEY-0123456789"  # invented
    name = f"ada-example-{PAGE[-11:]}-unsplash.jpg"
    home("account", "add", "key", "--client", "acme", "--provider", "unsplash", "--secrets-stdin",
         stdin=f"api_key: {secret}")  # fmt: skip
    first = home.json("capture", PAGE, "--client", "acme", "--by", "Ada Example", "--replay", RECORDINGS)
    again = home.json("capture", name, "--client", "acme", "--replay", RECORDINGS)
    assert [each["files"][0]["outcome"] for each in (first, again)] == ["archived", "known"]

    [asked] = first["licences"]
    shown = home.json("show", asked["licence"])
    names = {"record.json", "page.pdf", "page.png", "capture.warc.gz", "preview.jpg"}
    assert {each["name"] for each in shown["documents"]} == names
    assert (shown["asset"]["contributor"], shown["kind"], shown["licensed_at"]) == (
        "Ada Example", "Unsplash License", None,
    )  # fmt: skip
    assert [each["relation"] for each in shown["terms"]] == ["later"]
    [record] = home.archive().glob("evidence/**/record.json")
    recorded = json.loads(record.read_text())
    assert (recorded["row"]["asked_by"], recorded["api"]["photo"]["id"]) == ("Ada Example", PAGE[-11:])
    assert not any(secret.encode() in each.read_bytes() for each in home.archive().rglob("*") if each.is_file())

    (tmp_path / name).write_bytes(picture("theirs"))
    assert home.json("import", tmp_path / name, "--client", "acme")["files"][0]["outcome"] == "merged"
    said = home.json("assess", asked["licence"], "--client", "acme", "--first-seen", "2020-01-01")
    found = {each["rule"]: each["message"] for each in said["findings"]}
    assert said["verdict"] == "open" and "does not show" in found["offer"] and "free site" in found["free_site"]
    home("run", "--account", "key", "--replay", RECORDINGS, code=2)
    assert home.json("run", "--replay", RECORDINGS)["accounts"] == []


@pytest.mark.browser
def test_what_a_site_does_not_show_is_refused_and_the_rest_is_archived(home: Home) -> None:
    removed = RECORDINGS / "unsplash" / "removed"
    done = home.json("capture", PAGE, OTHER, "--client", "acme", "--replay", removed, code=40)
    assert [each["outcome"] for each in done["files"]] == ["refused", "archived"]
    assert "shows no picture" in done["files"][0]["message"] and len(home.json("find", "")) == 1


def receipt(number: int, period: str) -> bytes:
    return pdf(["Invoice", "Artlist Ltd, artlist.io", f"Invoice number: ART-{number:04}", "Invoice date: 2026-02-05",
                "Bill to: Acme Ltd", "Plan: Artlist Pro", f"Billing period: {period}", "Total: EUR 39.99"])  # fmt: skip


@pytest.mark.parametrize("assessed", [False, pytest.param(True, marks=pytest.mark.long)])
def test_files_are_bound_to_the_plan_that_was_paid_for_on_their_day(home: Home, tmp_path: Path, assessed: bool) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "one.pdf").write_bytes(receipt(1, "5 February 2026 - 4 March 2026"))
    (papers / "two.pdf").write_bytes(receipt(2, "Mar 5 to Apr 4, 2026"))
    for name, day in (("1_Rain_By_Ada_Example_Artlist_HD.jpg", 20), ("2_Late_Artlist_HD.jpg", 200)):
        (papers / name).write_bytes(picture(name))
        when = datetime(2026, 2, 1).timestamp() + 86400 * day  # noqa: DTZ001  # any zone will do
        os.utime(papers / name, (when, when))
    done = {each["path"].partition("/")[2]: each for each in home.json("import", papers, "--client", "acme")["files"]}
    rain, late = done["1_Rain_By_Ada_Example_Artlist_HD.jpg"], done["2_Late_Artlist_HD.jpg"]
    assert rain["licence"] == done["one.pdf"]["licence"] != done["two.pdf"]["licence"]
    assert late["outcome"] == "irrelevant" and "no plan period here covers" in late["message"]
    shown = home.json("show", rain["licence"])
    assert [shown[name] for name in ("kind", "licensed_at", "plan_ends", "plan", "licensee", "order")] == [
        "plan", "2026-02-05", "2026-03-04", "Artlist Pro", "Acme Ltd", "ART-0001",
    ]  # fmt: skip
    if not assessed:  # its rules: tests/claims/test_rule_engine.py
        return
    for first_seen, lapsed in (("2026-03-20", False), ("2026-06-01", True)):
        said = home.json("assess", rain["licence"], "--client", "acme", "--first-seen", first_seen)
        rules = {each["rule"]: each["message"] for each in said["findings"]}
        assert said["verdict"] == "open" and "does not license single items" in rules["blanket"]
        assert ("until 2026-04-04" in rules.get("lapsed", "")) is lapsed
    assert {each["outcome"] for each in home.json("import", papers, "--client", "acme")["files"]} == {
        "known", "irrelevant",
    }  # fmt: skip


def test_platforms_without_an_adapter_are_listed_with_the_reason(home: Home) -> None:
    listed = {each["name"]: each for each in home.json("providers")}
    adapters = installed()
    for name, platform in served().items():
        assert bool(platform.why) is (name not in adapters) and platform.pages
        assert listed[name]["pages"] == list(platform.pages) and listed[name]["why"] == platform.why
        assert listed[name]["automation"]["source"] and listed[name]["confirm"]["how"]
    assert listed["alamy"]["served_by"] == "import and attended capture"
    for name in ("alamy", "dreamstime", "shutterstock"):
        assert f"archiver capture {name} --client CLIENT" in home("providers", name).stdout


def test_what_nothing_knows_is_no_web_address(home: Home) -> None:
    home.env.pop("DISPLAY", None)  # no window opens, should the address be taken for one
    assert "not a web address" in home("capture", "nothing", "--client", "acme", "--replay", RECORDINGS / "unsplash" /
                                    "two-pages", code=2).stderr  # fmt: skip
