"""Passkeys: made and used in a real browser with a virtual authenticator; what is not genuine signs nobody in."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from archiver.desk import passkeys
from archiver.desk.auth import Users
from archiver.desk.passkeys import Challenges
from tests.support.desk_kit import PASSWORD, Served

KEYS = st.sampled_from(["response", "clientDataJSON", "id", "challenge", "rawId", "type"])
ANSWERS = st.recursive(st.none() | st.text() | st.integers(), lambda each: st.dictionaries(KEYS, each), max_leaves=8)


def test_a_challenge_is_of_this_desk_young_and_used_once(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, other, now = Challenges(), Challenges(), time.time()
    made = desk.make()
    assert desk.genuine(made) and not other.genuine(made)
    assert not any(desk.genuine(each) for each in (b"", made[:-1], made + b"x", bytes([made[0] ^ 1]) + made[1:]))
    monkeypatch.setattr(time, "time", lambda: now + passkeys.CHALLENGE_TIMEOUT_S + 2)
    assert not desk.genuine(made)
    monkeypatch.setattr(time, "time", lambda: now)
    assert desk.use(made) and not desk.use(made) and not desk.genuine(made)


@settings(max_examples=50, deadline=None)
@given(st.one_of(st.text(), ANSWERS.map(json.dumps)))
def test_no_answer_of_a_stranger_is_taken_or_breaks_anything(answer: str) -> None:
    from starlette.requests import Request

    scope = {"type": "http", "scheme": "http", "server": ("localhost", 80), "path": "/", "query_string": b"",
             "headers": [(b"host", b"localhost")]}  # fmt: skip
    request, desk = Request(scope), Challenges()
    assert passkeys.made(request, desk, answer, "x") is None
    assert passkeys.signed_by(request, desk, [], answer) is None


@pytest.mark.long  # a journey signs in by a passkey, too
@pytest.mark.browser
def test_a_passkey_is_made_signs_in_and_is_taken_away(browser: Browser, served: Served) -> None:
    users, base = Users(served.agency.home.root), served.base.replace("127.0.0.1", "localhost")
    users.add("Pia Passkey", "admin", PASSWORD)
    context = browser.new_context(base_url=base)
    page = context.new_page()
    page.set_default_timeout(60_000)
    wire = context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    virtual = wire.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True}})["authenticatorId"]  # fmt: skip
    page.goto("/sign-in")
    assert page.locator("[data-passkey]").count() == 0  # nobody has one
    page.fill("#name", "Pia Passkey")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{base}/")
    page.goto("/you")
    page.fill("#passkey-again", PASSWORD)
    page.get_by_role("button", name="Add a passkey").click()
    page.fill("#name", "My laptop")
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_text("The passkey was added").wait_for()
    [kept] = users.all()["Pia Passkey"].passkeys
    assert (
        kept.name == "My laptop"
        and len(wire.send("WebAuthn.getCredentials", {"authenticatorId": virtual})["credentials"]) == 1
    )
    page.get_by_role("button", name="Sign out").click()
    page.goto("/sign-in?next=%2Flicences")
    answers = []
    page.on("request", lambda each: answers.append(each.post_data) if each.url.endswith("/sign-in/passkey") else None)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{base}/licences")
    again = context.request.post("/sign-in/passkey", data=answers[0], headers={
        "content-type": "application/x-www-form-urlencoded", "origin": base})  # fmt: skip
    assert again.status == 401  # an answer counts once
    assert users.all()["Pia Passkey"].passkeys[0].sign_count > kept.sign_count
    wire.send("WebAuthn.setUserVerified", {"authenticatorId": virtual, "isUserVerified": False})
    context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The browser gave no passkey").wait_for()  # without finger, face or PIN
    wire.send("WebAuthn.setUserVerified", {"authenticatorId": virtual, "isUserVerified": True})
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{base}/")
    page.goto("/you")
    page.fill("#key-again-1", PASSWORD)
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("The passkey was removed").wait_for()
    assert users.all()["Pia Passkey"].passkeys == ()
    context.close()
