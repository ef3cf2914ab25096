"""Sign-in with OpenID Connect: the authorization code flow with PKCE, state and nonce.

The provider only says who somebody is. What they may do is decided here: a user of that name must exist.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from archiver.core.errors import ArchiverError, ConfigError
from archiver.home.connections import network_of
from archiver.home.settings import Home
from archiver.home.settings_models import OpenIdSettings
from archiver.home.vault import run_secret_command

FLOW_TIMEOUT_S = 600.0
MAX_FLOWS = 2_000  # sign-ins that have begun and not ended; the oldest are forgotten
PROVIDER_TIMEOUT_S = 10.0
MAX_DOCUMENT_BYTES = 1 << 20
LEEWAY_S = 60  # between the two clocks
ALGORITHMS = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
]  # no symmetric one


class OpenIdRefused(Exception):
    """A sign-in that failed. `reason` is a key of the desk's words; `name` the user that the provider named."""

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(reason)
        self.reason, self.name = reason, name


@dataclass(frozen=True)
class OpenIdFlow:
    """A sign-in that has begun: its secrets, where it leads back to, and when it began."""

    nonce: str
    verifier: str
    redirect_uri: str
    wanted: str
    began: float


class OpenIdFlows:
    """The sign-ins that have begun, by their state. Each ends once. Thread-safe."""

    def __init__(self) -> None:
        self._flows: OrderedDict[str, OpenIdFlow] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, home: Home, redirect_uri: str, wanted: str) -> tuple[str, str]:
        """The state of a new flow, and the provider's address that asks the person."""
        chosen, provider = _settings(home), _discovered(home)
        flow = OpenIdFlow(secrets.token_urlsafe(24), secrets.token_urlsafe(48), redirect_uri, wanted, time.monotonic())
        with _client(home, chosen, flow) as client:
            address, state = client.create_authorization_url(
                provider["authorization_endpoint"], nonce=flow.nonce, code_verifier=flow.verifier
            )
        with self._lock:
            self._flows[state] = flow
            while len(self._flows) > MAX_FLOWS:
                self._flows.popitem(last=False)
        return str(state), str(address)

    def end(self, home: Home, state: str, code: str) -> tuple[str, str]:
        """The name that the provider confirms, and the page that the person wanted; OpenIdRefused for all else."""
        with self._lock:
            flow = self._flows.pop(state, None)
        if flow is None or time.monotonic() > flow.began + FLOW_TIMEOUT_S:
            raise OpenIdRefused("openid_expired")
        return _confirmed(home, flow, code), flow.wanted


def _settings(home: Home) -> OpenIdSettings:
    chosen = home.settings.desk.openid
    if chosen is None:
        raise OpenIdRefused("openid_denied")
    address = urlsplit(chosen.issuer)
    if address.scheme != "https" and address.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigError("desk.openid.issuer must begin with https://. Change it in archiver.yaml.")
    return chosen


def _discovered(home: Home) -> dict[str, object]:
    """What the provider says of itself."""
    issuer = _settings(home).issuer
    found = _fetched(home, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):  # or another provider could answer for it
        raise OpenIdRefused("openid_unreachable")
    return found


def _fetched(home: Home, address: str) -> dict[str, object]:
    try:
        content, _ = network_of(home).get(address, PROVIDER_TIMEOUT_S, MAX_DOCUMENT_BYTES)
        found = json.loads(content)
    except (ArchiverError, OSError, ValueError):
        raise OpenIdRefused("openid_unreachable") from None
    if not isinstance(found, dict):
        raise OpenIdRefused("openid_unreachable")
    return found


def _client(home: Home, chosen: OpenIdSettings, flow: OpenIdFlow) -> Any:
    from authlib.integrations.httpx_client import OAuth2Client

    command, network = chosen.secret_command, network_of(home)
    secret = run_secret_command(command, bare="client_secret").get("client_secret") if command else None
    return OAuth2Client(
        chosen.client_id, secret, scope="openid email profile", redirect_uri=flow.redirect_uri,
        code_challenge_method="S256", token_endpoint_auth_method="client_secret_basic" if secret else "none",
        timeout=PROVIDER_TIMEOUT_S, verify=network.ssl_context(), trust_env=False,
        proxy=network.proxy_for(urlsplit(chosen.issuer).hostname or ""),
    )  # fmt: skip


def _confirmed(home: Home, flow: OpenIdFlow, code: str) -> str:
    import httpx
    from authlib.integrations.base_client import OAuthError
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    chosen, provider = _settings(home), _discovered(home)
    try:
        with _client(home, chosen, flow) as client:
            tokens = client.fetch_token(provider["token_endpoint"], code=code, code_verifier=flow.verifier)
        keys = KeySet.import_key_set(_fetched(home, str(provider["jwks_uri"])))  # type: ignore[arg-type]  # it checks them
        token = jwt.decode(str(tokens["id_token"]), keys, algorithms=ALGORITHMS)
        must = {
            "iss": {"essential": True, "value": provider["issuer"]},
            "aud": {"essential": True, "value": chosen.client_id},
            "exp": {"essential": True}, "sub": {"essential": True},
        }  # fmt: skip
        said = CodeIDToken(token.claims, token.header, must, {"nonce": flow.nonce, "client_id": chosen.client_id})
        said.validate(leeway=LEEWAY_S)
    except httpx.HTTPError:
        raise OpenIdRefused("openid_unreachable") from None
    except (OAuthError, JoseError, KeyError, ValueError, TypeError):
        raise OpenIdRefused("openid_denied") from None
    name = said.get(chosen.claim)
    if not isinstance(name, str) or not name or (chosen.claim == "email" and said.get("email_verified") is not True):
        raise OpenIdRefused("openid_unverified")
    return name
