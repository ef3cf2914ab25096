"""Sign-in with OpenID Connect at a real local provider: who it confirms gets in, and nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest

from archiver.desk.auth import Users
from tests.support.agency import agency
from tests.support.desk_kit import PASSWORD, Served, serving

ADA = "ada@example.com"


@dataclass
class Office:
    desk: Served
    provider: str


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    people = [
        oidc_provider_mock.User(sub=ADA, claims={"email": ADA, "email_verified": True}),
        oidc_provider_mock.User(sub="eve", claims={"email": ADA, "email_verified": False}),
        oidc_provider_mock.User(sub="bob", claims={"email": "bob@example.com", "email_verified": True}),
    ]
    with (
        oidc_provider_mock.run_server_in_thread(user_claims=people) as provider,
        agency(tmp_path_factory.mktemp("openid")) as at,
    ):
        issuer = f"http://localhost:{provider.server_port}"
        settings = at.home.root / "archiver.yaml"
        text = settings.read_text("utf-8")
        settings.write_text(
            f"{text}\ndesk: {{openid: {{issuer: '{issuer}', client_id: desk, title: Example}}}}\n", "utf-8"
        )
        users = Users(at.home.root)
        users.add_without_password(ADA, "operate")
        users.add("Olaf Operator", "operate", PASSWORD)
        with serving(at) as desk:
            yield Office(desk, issuer)


def away(http: httpx.Client, wanted: str = "/licences") -> str:
    """The provider's address to which the desk leads."""
    answer = http.get("/sign-in/openid", params={"next": wanted})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def said_yes(address: str, who: str) -> str:
    """The address to which the provider leads back once this person has agreed."""
    with httpx.Client(timeout=30) as provider:
        answer = provider.post(address, data={"sub": who, "action": "authorize"})
        assert answer.status_code in (302, 303), answer.text
        return answer.headers["location"]


def browser(office: Office) -> httpx.Client:
    return httpx.Client(base_url=office.desk.base, timeout=30)


@pytest.mark.long  # a journey signs in by a provider, too
def test_who_the_provider_confirms_gets_in_and_where_they_wanted(office: Office) -> None:
    with browser(office) as http:
        assert "Sign in with Example" in http.get("/sign-in?next=/licences").text
        address = away(http)
        asked = parse_qs(urlsplit(address).query)
        assert asked["code_challenge_method"] == ["S256"] and asked["nonce"] and asked["state"]
        answer = http.get(said_yes(address, ADA))
        assert answer.status_code == 200 and answer.headers["refresh"] == "0; url=/licences"
        assert ADA in http.get("/licences").text
        token = re.search(r'name="token" value="([^"]+)"', http.get("/find").text)
        assert token
        again = {"token": token[1], "account": "house-stock", "username": "x", "secret_token": "y"}
        fresh = http.post("/accounts/secret", data=again, headers={"origin": office.desk.base})
        assert "too old" not in fresh.text  # just signed in, which stands for a password


@pytest.mark.parametrize(("who", "why"), [("eve", "does not confirm"), ("bob", "no user bob@example.com")])
def test_nobody_else_gets_in(office: Office, who: str, why: str) -> None:
    with browser(office) as http:
        answer = http.get(said_yes(away(http), who))
        assert answer.status_code == 401 and why in answer.text
        assert http.get("/licences").status_code == 303


def test_a_sign_in_counts_once_and_in_its_own_browser(office: Office) -> None:
    with browser(office) as http, browser(office) as other:
        back = said_yes(away(http), ADA)
        assert other.get(back).status_code == 401  # another browser, as of somebody who was sent this address
        away(other)
        assert other.get(back).status_code == 401
        state, code = (parse_qs(urlsplit(back).query)[name][0] for name in ("state", "code"))
        assert http.get(f"/sign-in/openid/back?state={state}&code={code}x").status_code == 401
        assert http.get(back).status_code == 401  # its flow has ended
    with browser(office) as http:
        back = said_yes(away(http), ADA)
        assert http.get(back).status_code == 200
        assert http.get(back).status_code == 401
    with browser(office) as http:
        state = parse_qs(urlsplit(away(http)).query)["state"][0]
        refused = http.get(f"/sign-in/openid/back?state={state}&error=access_denied")
        assert refused.status_code == 401 and "refused it" in refused.text


def test_the_password_of_a_user_without_one_is_never_right(office: Office) -> None:
    with browser(office) as http:
        for password in ("", "x" * 12):
            order = {"name": ADA, "password": password}
            assert http.post("/sign-in", data=order, headers={"origin": office.desk.base}).status_code == 401
