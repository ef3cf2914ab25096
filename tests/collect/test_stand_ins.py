"""A page that stands in place of the platform's own has an outcome of its own, for all adapters."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from archiver.browsing.stand_in import ANSWER, CODE, PASSWORD, UnknownPage, in_place_of_answer, in_place_of_page
from archiver.core.errors import (
    ArchiverError,
    BrowserRefused,
    LayoutChanged,
    RateLimited,
    SavedPage,
    SessionExpired,
    SignInNeeded,
    SiteNotice,
)
from tests.support.homes import QUICK, RECORDINGS, Home

ROBOTS = "<h1>Hm</h1><iframe src=https://x.example/captcha></iframe>"
NOTICE = "<h1>Nous revenons bientôt</h1><p>Le site est en maintenance.</p><a href=/>Accueil</a>"
FIELD = "<h1>Ihr Postfach</h1><p>Wir haben Ihnen etwas geschickt.</p><form><input name=x><button>OK</button></form>"
LINKED = f"{FIELD}<a href=/resend>Noch einmal</a>"
ROWS = "<table><tr><td><a href=/asset/1>One</a><td>22 Nov 2026</table>"

PAGES: dict[str, tuple[str, int, str | None, bool, type[ArchiverError]]] = {
    # what shows: the page, its status, the field that it shows, whether a sign-in led to it, and what it stands for
    "a notice": (NOTICE, 200, None, False, SiteNotice),
    "a notice after a sign-in": (NOTICE, 200, None, True, SiteNotice),
    "a notice with its status": (ROWS, 503, None, False, SiteNotice),
    "a limit": (NOTICE, 429, None, False, RateLimited),
    "a block": (NOTICE, 403, None, False, BrowserRefused),
    "a check for robots": (
        f"{NOTICE}<iframe src=https://x.example/captcha></iframe>",
        200,
        None,
        False,
        BrowserRefused,
    ),
    "a field alone": (FIELD, 200, ANSWER, False, SignInNeeded),
    "a field and links after a sign-in": (LINKED, 200, ANSWER, True, SignInNeeded),
    "a field for a code": (LINKED, 200, CODE, False, SignInNeeded),
    "a sign-in": (LINKED, 200, PASSWORD, False, SessionExpired),
    "other rows": (ROWS, 200, None, False, LayoutChanged),
    "other rows and a search": (ROWS, 200, ANSWER, False, LayoutChanged),
    "links into the site": ("<p>None</p><a href=/albums>Albums</a>", 200, None, False, LayoutChanged),
    "cards": (f"<div>{'<div><img src=x> 3 Nov</div>' * 3}</div>", 200, None, False, LayoutChanged),
    "a long text": (f"<p>{'word ' * 200}</p>", 200, None, False, LayoutChanged),
    "nothing": ("<div id=app></div><script>boot()</script>", 200, None, False, LayoutChanged),
}


@pytest.mark.parametrize("shows", PAGES)
def test_a_page_is_told_by_what_it_is(shows: str) -> None:
    html, status, asks, signing_in, meant = PAGES[shows]
    page = SavedPage("https://stock.example/downloads?secret=1", f"<!doctype html><body>{html}".encode())
    unknown = UnknownPage(page=page, status=status, asks=asks, signing_in=signing_in)
    error = in_place_of_page(LayoutChanged("x", page=page), unknown)
    assert type(error) is meant and "secret=1" not in error.message()
    assert meant not in (SiteNotice, SignInNeeded) or html in (ROWS, LINKED) or error.detail.endswith("”")


def test_an_interface_that_answers_with_a_web_page_or_with_nothing_has_not_changed() -> None:
    def meant(body: str) -> type[ArchiverError]:
        return type(in_place_of_answer(LayoutChanged("x", page=SavedPage("https://api.example/v1", body.encode()))))

    assert meant(f"<!DOCTYPE html><body>{NOTICE}") is SiteNotice and meant(f"<html><body>{ROWS}") is SiteNotice
    assert meant('{"rows": "<html>"}') is LayoutChanged and meant('["x"]') is LayoutChanged
    assert {meant(each) for each in ("", " ", "null", "[]", "{}\n")} == {SiteNotice}
    assert type(in_place_of_answer(LayoutChanged("x"))) is LayoutChanged


@pytest.mark.long  # each page by itself: above
@pytest.mark.browser
def test_a_site_that_shows_something_else_is_no_changed_site(home: Home, tmp_path: Path) -> None:
    shown = {"down": NOTICE, "code": FIELD, "ended": "<form><input name=u><input type=password></form>"}
    for name, html in shown.items():
        home.account(name, "freepik")
        shutil.copytree(RECORDINGS / "freepik" / "layout-changed", tmp_path / "site" / name)
        session = tmp_path / "site" / name / "session.yaml"
        scenario = yaml.safe_load(session.read_text("utf-8"))
        del scenario["exchanges"][0]["response"]["body"]
        scenario["exchanges"][0]["response"]["text"] = f"<!doctype html><body>{html}"
        session.write_text(yaml.safe_dump(scenario), "utf-8")
    found = home.json("run", "--replay", tmp_path / "site", code=None)["accounts"]
    assert {each["account"]: each["error"] for each in found} == {
        "down": "SiteNotice", "code": "SignInNeeded", "ended": "SessionExpired",
    }  # fmt: skip
    assert "Le site est en maintenance" in next(each["message"] for each in found if each["account"] == "down")


def test_one_answer_that_is_a_web_page_costs_one_document(home: Home, tmp_path: Path) -> None:
    home.account("one", "shutterstock")
    folder = tmp_path / "one"
    shutil.copytree(QUICK / "shutterstock" / "two-pages", folder)
    scenario = yaml.safe_load((folder / "session.yaml").read_text("utf-8"))
    document = next(each for each in scenario["exchanges"] if "/v2/images/2032001560" in each["request"]["url"])
    document["response"] = {"status": 200, "headers": {"content-type": "text/html"}, "text": f"<html>{NOTICE}"}
    (folder / "session.yaml").write_text(yaml.safe_dump(scenario), "utf-8")
    [read] = home.json("run", "--replay", folder, code=None)["accounts"]
    assert read["archived"] and not read["unexplained"]
