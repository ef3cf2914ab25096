"""What a failed visit leaves for the adapter's maintainer: which step broke, what was refused, and nothing personal."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
import yaml

from archiver.agency.night import run
from archiver.collect.run_context import RunRequest
from archiver.collect.trouble_page import adapter_fault, keep_trouble
from archiver.core.errors import ConfigError, LayoutChanged, SavedPage
from archiver.home.settings import Home
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, new_key
from archiver.provider import Response, Rule, Rules, installed, load
from archiver.provider.layout_errors import known_layout, needed
from tests.support.homes import RECORDINGS

CANARIES = {
    "mail": "zora.quill@agency-real.com", "other mail": "boss@agency-real.com", "spelt": "Zora Quill",
    "displayed": "Wilhelmina Oakhurst", "greeted": "Odalys Brightwater", "client": "Kestrel Foods",
    "csrf": "b7Qk2zR9xWm4LpT8vN3sYd6h", "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NzExNDcxMSJ9.c2lnbmF0dXJlLW9mLWl0",
    "bearer": "sk_live_51HxYzAbCdEfGhIjKlMnOpQr", "order": "FJ-2026-448812", "password": "correct-horse-battery",
    "attribute": "Leocadia Thornbury", "json": "Bartholomew Finch", "title-secret": "pw-in-the-address-9f8e7d",
}  # fmt: skip
PAGE = """<html><head><title>One more question</title><meta name="csrf-token" content="{csrf}"></head><body>
<h1>Hello, {greeted}</h1><span class="header__user-name">{displayed}</span><p>Signed in as {spelt} ({mail})</p>
<div data-display-name="{attribute}">For {client}; boss: {other mail}; Order No: {order}</div>
<form><input type="hidden" name="_token" value="{csrf}"><input name="survey"><button id="skip">Skip</button></form>
<ul>{rows}</ul><a rel="next" href="/survey?token={title-secret}&page=2">Next</a>
<script>window.state = {{"user": {{"name": "{json}"}}, "accessToken": "{jwt}", "key": "{bearer}"}};
fetch("/api/user/downloads", {{method: "POST", body: "{password}"}})</script></body></html>""".format(
    **CANARIES, rows='<li class="thing">x</li>' * 4
)


def assert_clean(folder: Path) -> None:
    for file in folder.iterdir():
        text = file.read_text().casefold()
        left = [name for name, value in CANARIES.items() if value.casefold() in text]
        assert not left, (file.name, left)


@pytest.mark.browser
def test_an_unknown_step_of_a_sign_in_is_told_with_its_address_and_what_was_blocked(tmp_path: Path) -> None:
    folder, root = tmp_path / "recording", tmp_path / "home"
    shutil.copytree(RECORDINGS / "freepik" / "wrong-password", folder)
    (folder / "bodies" / "survey.html").write_text(PAGE)
    session = yaml.safe_load((folder / "session.yaml").read_text())
    session["exchanges"][-1]["response"] = {"status": 302, "headers": {"location": "/"}}
    session["exchanges"].append({
        "request": {"method": "GET", "url": "https://www.freepik.com/"},
        "response": {"status": 200, "headers": {"content-type": "text/html"}, "body": "bodies/survey.html"},
    })  # fmt: skip
    (folder / "session.yaml").write_text(yaml.safe_dump({**session, "secrets": {"password": CANARIES["password"]}}))
    create_home(root, replay=True)
    add_client(root, "kestrel", name=CANARIES["client"])
    add_account(root, "one", client="kestrel", provider="freepik", method="password", username=CANARIES["mail"])
    vault = Vault.create(root / "vault.enc", new_key())
    summary = asyncio.run(run(Home.load(root), vault, RunRequest(replay=folder)))
    [result] = summary.accounts
    assert result.error == "LayoutChanged" and "the sign-in led to https://www.freepik.com/, a step" in result.message
    blocked = "POST https://www.freepik.com/api/user/downloads (refused by `* https://*.freepik.com/api/**download**`)"
    assert blocked in result.message and result.refused == [blocked]
    [log] = [file for file in (root / "state/runs").glob("*.jsonl") if "requests" not in file.name]
    assert json.loads(log.read_text())["refused"] == [blocked]
    assert vault.trouble("one") is None, "it is no wrong password"
    note = next((root / "state/trouble").glob("one-*.txt")).read_text()
    for words in (
        "signing in", "LayoutChanged", blocked, "li.thing (4 times)", "button[id=\"skip\"]: Skip", 'a[rel="next"]',
        "archiver adapter repair one",
    ):  # fmt: skip
        assert words in note, note
    assert len([*(root / "state/trouble").iterdir()]) == 2
    assert_clean(root / "state/trouble")


def test_no_secret_or_name_is_in_a_saved_page_of_any_kind(tmp_path: Path) -> None:
    known = {CANARIES["password"]: "token", CANARIES["client"]: "name", CANARIES["spelt"]: "name"}
    for content in (PAGE, json.dumps({"error": "no", "userName": CANARIES["json"], "email": CANARIES["mail"]})):
        error = LayoutChanged(
            f"it says “{CANARIES['mail']}”", page=SavedPage("https://x.example/a?t=1", content.encode())
        )
        assert keep_trouble(tmp_path, "one", error, known, blocked="GET https://x.example/")
    assert keep_trouble(tmp_path, "one", LayoutChanged("nothing was shown"), known) is None
    assert_clean(tmp_path)


def test_a_permission_that_can_never_apply_is_an_error_when_the_adapter_loads() -> None:
    site = "https://stock.example"
    for allowed, refused in [
        (Rule("GET", f"{site}/api/downloads"), Rule("*", f"{site}/api/**download**")),
        (Rule("GET", f"{site}/cart"), Rule("POST", f"{site}/x")),
        (Rule("POST", f"{site}/rpc", fields={"do": "buy"}), Rule("*", f"{site}/rpc", fields={"do": "buy"})),
    ]:
        with pytest.raises(ConfigError, match="can never apply"):
            Rules(allow=(allowed,), refuse=(refused,))
    Rules(
        allow=(Rule("POST", f"{site}/rpc", fields={"do": "list"}), Rule("GET", f"{site}/**")),
        refuse=(Rule("*", f"{site}/rpc", fields={"do": "buy"}), Rule("*", f"{site}/**download**")),
    )
    assert all(load(name).info.rules for name in installed())


def test_an_adapters_line_is_named() -> None:
    page = Response(200, "https://x.example/", {}, b"{}", retrieved_at=None)  # type: ignore[arg-type]  # not looked at
    with pytest.raises(LayoutChanged, match=r"no 'id' \(test_trouble_page\.py:\d+\)"), known_layout(page):
        needed({}, "id")
    try:
        raise RuntimeError("oops")
    except RuntimeError as error:
        assert "RuntimeError: oops (test_trouble_page.py:" in adapter_fault(error).detail
