"""The run as a user sees it: outcomes, exit codes, what is tried again and what is not."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
import yaml

from archiver.agency.night import run
from archiver.collect.account_session import SigningIn, Totp
from archiver.collect.run_context import RunRequest
from archiver.home.settings import Home as LoadedHome
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, new_key
from archiver.provider import Challenge, History, SessionPhase, load
from providers.shutterstock import Shutterstock
from tests.support.homes import QUICK, Home

if TYPE_CHECKING:
    from archiver.browsing.http_session import HttpSession

DEPOSITPHOTOS, ELEMENTS, FREEPIK = (QUICK / name for name in ("depositphotos", "envato_elements", "freepik"))


def asked(home: Home) -> list[dict[str, str]]:
    """The requests of the last run, as the replay proxy logged them."""
    logs = sorted((home.root / "state" / "runs").glob("*.requests.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    return [json.loads(line) for line in logs[-1].read_text().splitlines()]


@pytest.mark.long  # test_who_refuses.py
def test_a_refused_password_is_tried_once_and_again_only_when_it_changed(home: Home) -> None:
    home.account("one", "depositphotos", username="ada")
    first = home.json("run", "--replay", DEPOSITPHOTOS / "wrong-password", code=10)
    assert first["accounts"][0]["error"] == "WrongPassword"
    assert first["outcome"] == "failed"
    assert sum(request["method"] == "POST" for request in asked(home)) == 1

    again = home.json("run", "--replay", DEPOSITPHOTOS / "wrong-password", code=10)
    assert again["accounts"][0]["error"] == "WrongPassword"
    assert not list((home.root / "state" / "runs").glob(f"{again['run']}.requests.jsonl"))

    home("account", "rotate", "one", "--secrets-stdin", stdin="password: another-invented-one\n")
    assert home.json("run", "--replay", DEPOSITPHOTOS / "two-pages")["outcome"] == "complete"

    checked = home.json("account", "check", "one", "--replay", DEPOSITPHOTOS / "wrong-password", code=10)
    assert checked["broken"] == "sign-in", "a check asks the platform, so its refusal counts as much"
    assert home.json("run", "--replay", DEPOSITPHOTOS / "two-pages", code=10)["accounts"][0]["error"] == "WrongPassword"


def test_a_check_names_a_list_that_the_platform_does_not_have(home: Home) -> None:
    home("account", "add", "one", "--client", "acme", "--provider", "shutterstock", "--no-check",
         "--setting", "without=podcasts", "--secrets-stdin", stdin="token: t0ken-one\n")  # fmt: skip
    [step] = home.json("account", "check", "one", code=2)["steps"]
    assert "podcasts" in step["message"] and "editorial/images" in step["message"]


@pytest.mark.long  # without a browser: test_sync.py
@pytest.mark.browser
def test_a_page_instead_of_a_certificate_is_not_filed_and_is_fetched_next_time(home: Home) -> None:
    home.account("one", "envato_elements", username="ada")
    run = home.json("run", "--replay", ELEMENTS / "html-not-pdf", code=40)
    [account] = run["accounts"]
    assert account["outcome"] == "partial" and account["error"] is None and account["incomplete"]
    assert "license-certificate" in account["message"] and "Sign in" in account["message"]
    shown = home.json("show", account["incomplete"][0])
    assert shown["gaps"] == {"certificate": "failed"}
    detail = shown["gap_details"]["certificate"]
    assert (
        "license-certificate" in detail
        and "Sign in" in detail
        and not any(d["kind"] == "certificate" for d in shown["documents"])
    )
    home.json("run", "--replay", ELEMENTS / "html-not-pdf", code=40)
    assert any("license-certificate" in request["url"] for request in asked(home))


@pytest.mark.long  # test_trouble_page.py, tests/devkit/test_recordings.py
@pytest.mark.browser
def test_a_changed_layout_ends_with_20_and_leaves_the_page(home: Home) -> None:
    home.account("one", "freepik")
    run = home.json("run", "--replay", FREEPIK / "layout-changed", code=20)
    assert run["accounts"][0]["error"] == "LayoutChanged"
    assert list((home.root / "state" / "trouble").glob("one-*.html"))


@pytest.mark.long  # within one process: below
def test_one_failing_account_does_not_stop_the_others(home: Home, tmp_path: Path) -> None:
    home.account("good", "shutterstock")
    home.account("bad", "envato_market")
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "good").symlink_to(QUICK / "shutterstock" / "two-pages")
    (folder / "bad").symlink_to(QUICK / "envato_market" / "bad-token")
    run = home.json("run", "--replay", folder, code=10)
    outcomes = {account["account"]: account["outcome"] for account in run["accounts"]}
    assert outcomes == {"good": "complete", "bad": "failed"} and run["outcome"] == "partial"


def test_the_second_run_asks_for_no_document_again(ran: Home) -> None:
    archived = len(list(ran.archive().glob("evidence/licences/*/*/*")))
    fetched = {request["url"] for request in asked(ran)}
    second = ran.json("run", "--replay", QUICK)["accounts"][0]
    assert archived and second["archived"] == 0 and second["already"] == archived
    again = {request["url"] for request in asked(ran) if "licenses?" not in request["url"]}
    assert fetched >= again == {"https://api.shutterstock.com/v2/user/access_token"}


def test_a_dry_run_archives_nothing(home: Home) -> None:
    home.account("one", "envato_market")
    run = home.json("run", "--dry-run", "--replay", QUICK)
    assert run["accounts"][0]["listed"] and not list(home.archive().glob("evidence/licences/*"))


def test_platforms_whose_terms_are_unread_need_an_acceptance(new_home: Callable[..., Home]) -> None:
    home = new_home(replay=False)
    settings = home.root / "archiver.yaml"
    settings.write_text("timestamps: []\npacing: {default: 0}\nnetwork: {proxy: 'http://127.0.0.1:9'}\n")

    def errors() -> dict[str, str]:
        found = home.json("run", "--dry-run", code=None)["accounts"]  # which starts no browser for pages of terms
        return {each["account"]: each["error"] for each in found}

    unread = {"getty-one": "getty_images", "depositphotos-one": "depositphotos"}
    for name, provider in {**unread, "market-one": "envato_market"}.items():
        home(
            "account", "add", name, "--client", "acme", "--provider", provider, "--no-check", "--secrets-stdin",
            stdin="token: t0ken-one\npassword: passw0rd\napi_key: k3y-one\n",
        )  # fmt: skip
    refused = dict.fromkeys(unread, "NotAccepted")
    assert errors() == {**refused, "market-one": "SiteUnavailable"}
    for name, provider in unread.items():  # afterwards too, by the same words
        of = ("account", "add", name, "--client", "acme", "--provider", provider)
        accept = (*of, "--accept-automation", "Ada Example")
        home(*accept)
        assert "already" in home(*accept, "--plan", "x", code=2).stderr
    assert "NotAccepted" not in errors().values()
    ledger = (home.archive() / "ledger" / "ledger.jsonl").read_text()
    assert ledger.count('"type":"statement"') == 2 and "Ada Example" not in ledger


def test_a_fault_in_one_adapter_is_told_and_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Faulty(Shutterstock):
        def history(self, session: object) -> Sequence[History]:
            raise KeyError("an adapter's mistake")

    monkeypatch.setattr(
        "archiver.collect.account_session.load", lambda name: Faulty if name == "shutterstock" else load(name)
    )
    root = tmp_path / "home"
    create_home(root, replay=True)
    add_client(root, "acme", name="Acme Ltd")
    for provider in ("shutterstock", "envato_market"):
        add_account(root, provider, client="acme", provider=provider)
    vault = Vault.create(root / "vault.enc", new_key())
    summary = asyncio.run(run(LoadedHome.load(root), vault, RunRequest(replay=QUICK)))
    assert {each.account: (each.error, each.outcome) for each in summary.accounts} == {
        "shutterstock": ("AdapterBroken", "failed"),
        "envato_market": (None, "complete"),
    }
    assert summary.exit_code == 20
    [kept] = (root / "state" / "trouble").glob("*.html")
    assert "an adapter's mistake" in kept.read_text()


def test_one_clients_broken_archive_does_not_stop_the_others(home: Home) -> None:
    home("client", "add", "other", "--name", "Other Ltd")
    home.account("one", "envato_market")
    home.account("two", "shutterstock", client="other")
    (home.root / "archive" / "acme").write_text("in the way")
    run = home("run", "--replay", QUICK, code=50)
    assert "two: complete" in run.stderr and "Traceback" not in run.stderr
    assert [line["client"] for line in home.json("find")][:1] == ["other"]
    assert home.json("verify", "--client", "other")["clients"][0]["findings"] == []


def test_a_run_for_nobody_is_told(home: Home) -> None:
    assert "no accounts yet" in home("run", "--replay", QUICK).stderr
    home("client", "add", "other", "--name", "Other Ltd")
    home.account("one", "shutterstock")
    done = home("run", "--client", "other", "--account", "one", "--replay", QUICK, code=2)
    assert "No account matches other, one" in done.stderr


def test_a_renewed_sign_in_uses_no_code_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[str] = []
    seconds = 29.0

    class Asking(Shutterstock):
        async def sign_in(self, session: object, secrets: object, challenge: Challenge) -> None:
            codes.append(await challenge.code())

        async def signed_in(self, session: object) -> bool:
            return True

    async def sleep(for_so_long: float) -> None:
        nonlocal seconds
        seconds += for_so_long

    async def twice() -> None:
        signing_in = SigningIn(
            Asking(),
            cast("HttpSession", SimpleNamespace(refused=[], during=SessionPhase().during)),
            {},
            Totp("JBSWY3DPEHPK3PXP", lambda: datetime.fromtimestamp(seconds, UTC)),
        )
        await signing_in.again()
        await signing_in.again()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    asyncio.run(twice())
    assert (len(set(codes)), seconds) == (2, 30.0)


LOGIN = """<!doctype html><title>Log in</title><input name=email><script>
setTimeout(() => { location.href = "/user/downloads?page=1&type=regular" }, 1500)</script>"""


def signing_in_at(folder: Path) -> Path:
    """A recording of Freepik in which nobody is signed in yet."""
    recording = yaml.safe_load((FREEPIK / "two-pages" / "session.yaml").read_text())
    recording["session"] = None
    page = {"status": 200, "headers": {"content-type": "text/html", "set-cookie": "GR_TOKEN=fresh-t0ken; Path=/"}}
    recording["exchanges"].insert(
        0, {"request": {"method": "GET", "url": "https://www.freepik.com/log-in"}, "response": {**page, "text": LOGIN}}
    )
    shutil.copytree(FREEPIK / "two-pages", folder)
    (folder / "session.yaml").write_text(yaml.safe_dump(recording))
    return folder


@pytest.mark.browser
def test_a_person_signs_in_and_the_nights_use_the_session(home: Home, tmp_path: Path) -> None:
    """The page stands in for the person: it goes to the account by itself and gets the session cookie there."""
    home.account("one", "freepik", username="ada")
    assert home.json("run", "--replay", FREEPIK / "session-expired", code=10)["accounts"][0]["error"] == "SignInNeeded"
    [told] = home.json("sign-in", "one", "--replay", signing_in_at(tmp_path / "sign-in"), "--headless")
    assert told == {"account": "one", "signed_in": True, "error": None, "message": "", "session_ends": None}
    assert home.json("run", "--replay", FREEPIK / "two-pages")["outcome"] == "complete"
    assert b"fresh-t0ken" not in (home.root / "vault.enc").read_bytes()


def test_a_token_account_has_nothing_to_sign_in_to(home: Home) -> None:
    home.account("one", "shutterstock")
    [told] = home.json("sign-in", "one", "--replay", QUICK, code=2)
    assert (told["signed_in"], told["error"]) == (False, "ConfigError") and "rotate one" in told["message"]


def test_one_asset_is_looked_for_by_its_page_and_it_is_told_where_not(home: Home) -> None:
    home.account("stock", "shutterstock")
    home.account("free", "unsplash")
    page = "https://www.shutterstock.com/image-photo/harbour-9264430928"
    done = home("run", "--asset", page, "--replay", QUICK)
    assert "1 listed, 1 archived" in done.stderr and "first run" not in done.stderr
    assert "Unsplash: not searched for 9264430928" in done.stderr and "archiver capture" in done.stderr
    for other in ("https://stock.example/1", "https://[::1", ""):
        assert "the platform's asset id" in home("run", "--asset", other, "--replay", QUICK, code=2).stderr
