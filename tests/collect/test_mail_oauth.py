"""A mailbox opened by OAuth 2: a real IMAP server that asks a local authorisation server about each token."""

from __future__ import annotations

import asyncio
import re
import threading
import time
import webbrowser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from archiver.agency import night, source_admin
from archiver.collect import mail_oauth
from archiver.collect.account_result import AccountResult
from archiver.collect.run_context import RunRequest
from archiver.core.errors import SignInNeeded
from archiver.home.network import Network
from tests.support.agency import agency
from tests.support.authorisation_server import USER, authorisation_server
from tests.support.imap_server import imap_server, mail, missing
from tests.support.papers import licence


@pytest.mark.skipif(bool(missing()), reason=missing() or "")
def test_a_person_types_a_code_once_and_the_nights_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "office").mkdir()
    with (
        authorisation_server(tmp_path) as (service, ca_file),
        imap_server(service.introspection_url) as server,
        agency(tmp_path / "office") as office,
    ):
        monkeypatch.setattr(time, "sleep", lambda seconds: None)
        server.put([mail("iStock <receipts@istockphoto.com>", "Your licence", licence("en", "istock", 1).text)])
        settings = office.home.root / "archiver.yaml"
        settings.write_text(settings.read_text() + f"network: {{ca_file: {ca_file}}}\n")
        fields = {
            "kind": "mailbox", "host": "localhost", "port": server.port, "username": USER, "auth": "oauth2",
            "ca_file": str(server.ca_file), "client_id": "archiver", "token_url": f"{service.url}/token",
            "device_url": f"{service.url}/device", "scope": "mail",
        }  # fmt: skip
        said: list[str] = []
        source_admin.add(office.home, office.vault, "acme-mail", "acme", fields, {}, person=True, say=said.append)
        assert "ABCD-EFGH" in said[0] and "INBOX: 1 mails" in said[-1]

        def read() -> AccountResult:
            order = RunRequest(sources=["acme-mail"])
            return asyncio.run(night.run(office.home, office.vault, order)).accounts[0]

        assert [read().archived, read().archived] == [1, 0]  # each refresh token serves once, so it was stored
        assert office.vault.secrets("acme-mail")["token"] == service.refreshed[-1]
        service.revoked = True
        assert (refused := read()).error == "SessionExpired" and refused.exit_code == 10
        texts = [path.read_bytes() for path in office.home.root.rglob("*") if path.is_file()]
        assert not any(b"refresh-" in text or b"access-" in text for text in texts)


def test_a_person_signs_in_with_a_browser_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with authorisation_server(tmp_path) as (service, ca_file):
        server = mail_oauth.AuthorisationServer(
            token_url=f"{service.url}/token", authorise_url=f"{service.url}/authorise", scope="mail"
        )
        client = mail_oauth.OAuthClient(server=server, network=Network(ca_file=ca_file), client_id="archiver")
        answers = ["code=c1&state={state}", "error=access_denied&state={state}", "code=c1&state=another"]

        def browse(address: str) -> bool:
            asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
            service.challenges["c1"] = asked["code_challenge"]
            back = f"{asked['redirect_uri']}?{answers.pop(0).format(state=asked['state'])}"
            threading.Thread(target=httpx.get, args=(back,), daemon=True).start()
            return True

        monkeypatch.setattr(webbrowser, "open", browse)
        said: list[str] = []
        assert client.sign_in(said.append) == "refresh-1" and re.match("Sign in at https://localhost", said[0])
        for _ in range(2):
            with pytest.raises(SignInNeeded):
                client.sign_in(said.append)
