"""OAuth 2 for mailboxes: a person signs in once, in any browser; the refresh token then serves the nights.

Either with a code that the person types on another device (RFC 8628), or in a browser on this machine, which comes back
to a port here (RFC 8252, with PKCE). The wire format is oauthlib's.
"""

from __future__ import annotations

import json
import secrets as randomness
import time
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TypedDict, cast
from urllib.parse import urlencode

from archiver.core.errors import SessionExpired, SignInNeeded, SiteUnavailable
from archiver.home.network import Network

ANSWER_TIMEOUT_S = 20.0
SIGN_IN_TIMEOUT_S = 600.0  # for the person

type Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class AuthorisationServer:
    """Where a mail provider's sign-in is. Without `device_url`, a browser on this machine is used."""

    token_url: str
    scope: str
    device_url: str | None = None
    authorise_url: str | None = None


def server_of(auth: str, tenant: str) -> AuthorisationServer:
    """The servers of Microsoft 365 and Google, as their documents name them."""
    if auth == "google":  # its device sign-in does not cover mail
        return AuthorisationServer(
            token_url="https://oauth2.googleapis.com/token",  # noqa: S106  # an address
            authorise_url="https://accounts.google.com/o/oauth2/v2/auth", scope="https://mail.google.com/",
        )  # fmt: skip
    base = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
    return AuthorisationServer(
        token_url=f"{base}/token", device_url=f"{base}/devicecode", authorise_url=f"{base}/authorize",
        scope="https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
    )  # fmt: skip


class OAuthAnswer(TypedDict, total=False):
    """What the authorisation server answers; of a refusal, `error`."""

    access_token: str
    refresh_token: str
    error: str
    device_code: str
    user_code: str
    verification_uri: str
    interval: float
    expires_in: float


@dataclass(frozen=True, kw_only=True)
class OAuthClient:
    """This program as the authorisation server knows it. Google gives installed programs a `secret`, too."""

    server: AuthorisationServer
    network: Network
    client_id: str
    secret: str | None = None

    def sign_in(self, say: Say) -> str:
        """Have a person sign in; the refresh token. SignInNeeded if nobody does, or the server refuses."""
        answer = self._by_device(say) if self.server.device_url else self._by_browser(say)
        if not answer.get("refresh_token"):
            raise SignInNeeded("the server gave no refresh token, so it would ask a person every hour")
        return str(answer["refresh_token"])

    def access(self, refresh_token: str) -> tuple[str, str | None]:
        """An access token, and the next refresh token if the server gives a new one. SessionExpired if it refuses."""
        from oauthlib.oauth2 import WebApplicationClient

        client = WebApplicationClient(self.client_id, refresh_token=refresh_token)
        body = client.prepare_refresh_body(refresh_token=refresh_token, client_id=self.client_id, **self._own())
        answer = self._post(self.server.token_url, body)
        if not answer.get("access_token"):
            raise SessionExpired(f"the server says {answer.get('error', 'nothing')}")
        renewed = answer.get("refresh_token")
        return str(answer["access_token"]), str(renewed) if renewed and renewed != refresh_token else None

    def _by_device(self, say: Say) -> OAuthAnswer:
        from oauthlib.oauth2 import DeviceClient

        assert self.server.device_url
        asked = {"client_id": self.client_id, "scope": self.server.scope}
        begun = self._post(self.server.device_url, urlencode(asked))
        if not begun.get("device_code"):
            raise SignInNeeded(f"the server says {begun.get('error', 'nothing')}")
        say(f"Open {begun.get('verification_uri')} in any browser and type the code {begun.get('user_code')}.")
        client = DeviceClient(self.client_id)
        body = client.prepare_request_body(str(begun["device_code"]), include_client_id=True, **self._own())
        pause, left = float(begun.get("interval", 5)), min(float(begun.get("expires_in", 900)), SIGN_IN_TIMEOUT_S)
        while left > 0:
            time.sleep(pause)
            left -= max(pause, 1)
            answer = self._post(self.server.token_url, body)
            if answer.get("access_token"):
                return answer
            if answer.get("error") == "slow_down":
                pause += 5
            elif answer.get("error") != "authorization_pending":
                raise SignInNeeded(f"the server says {answer.get('error', 'nothing')}")
        raise SignInNeeded("nobody typed the code in time")

    def _by_browser(self, say: Say) -> OAuthAnswer:
        from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

        client = WebApplicationClient(self.client_id)
        verifier, state = client.create_code_verifier(64), randomness.token_urlsafe(24)
        came: list[str] = []

        class Landing(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # its name in http.server
                came.append(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.end_headers()
                self.wfile.write(b"You are signed in. You can close this page.\n")

            def log_message(self, *_: object) -> None:
                """The address holds a code, so it is not logged."""

        with HTTPServer(("127.0.0.1", 0), Landing) as landing:
            here = f"http://127.0.0.1:{landing.server_address[1]}/"
            address = client.prepare_request_uri(
                self.server.authorise_url, redirect_uri=here, scope=self.server.scope.split(), state=state,
                code_challenge=client.create_code_challenge(verifier, "S256"), code_challenge_method="S256",
                access_type="offline", prompt="consent",
            )  # fmt: skip
            say(f"Sign in at {address}")
            with suppress(webbrowser.Error):
                webbrowser.open(address)
            until = time.monotonic() + SIGN_IN_TIMEOUT_S
            while time.monotonic() < until:
                landing.timeout = max(0.1, until - time.monotonic())
                landing.handle_request()
                if came and "state=" in came[-1]:
                    break
            else:
                raise SignInNeeded("nobody signed in in time")
        try:
            found = client.parse_request_uri_response(f"https://127.0.0.1{came[-1]}", state=state)
        except OAuth2Error as error:
            raise SignInNeeded(f"the server says {error.error or type(error).__name__}") from None
        body = client.prepare_request_body(
            code=found["code"], redirect_uri=here, code_verifier=verifier, include_client_id=True, **self._own()
        )
        answer = self._post(self.server.token_url, body)
        if not answer.get("access_token"):
            raise SignInNeeded(f"the server says {answer.get('error', 'nothing')}")
        return answer

    def _own(self) -> dict[str, str]:
        return {"client_secret": self.secret} if self.secret else {}

    def _post(self, url: str, body: str) -> OAuthAnswer:
        """The server's answer; of a refusal, too, which says why."""
        kind = "application/x-www-form-urlencoded"
        content = self.network.post(url, body.encode(), kind, ANSWER_TIMEOUT_S, refusals=True)
        try:
            answer = json.loads(content)
        except ValueError:
            raise SiteUnavailable("the authorisation server's answer is not JSON") from None
        return cast("OAuthAnswer", answer) if isinstance(answer, dict) else {}
