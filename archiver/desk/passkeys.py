"""Passkeys (WebAuthn): what the browser is asked, and the check of its answer. A passkey stands for password and code.

A challenge proves itself by a digest, so nothing is kept for strangers. It is valid for five minutes and counts once.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from starlette.requests import Request

from archiver.core.model import iso

CHALLENGE_TIMEOUT_S = 300
MAX_USED = 10_000  # challenges remembered as used; each is of a sign-in that succeeded
MAX_NAME_LENGTH = 60
_DIGEST_BYTES = 16


@dataclass(frozen=True, kw_only=True)
class Passkey:
    """A person's passkey: the id and the public key (COSE) in base64url, its counter, and what the person calls it."""

    id: str
    public_key: str = field(repr=False)
    sign_count: int
    name: str
    added: str  # UTC, `2026-11-24T02:00:00Z`


class Challenges:
    """The challenges of one desk."""

    def __init__(self) -> None:
        self._key, self._lock = secrets.token_bytes(32), threading.Lock()
        self._used: OrderedDict[bytes, None] = OrderedDict()

    def make(self) -> bytes:
        """A new challenge."""
        body = int(time.time()).to_bytes(8, "big") + secrets.token_bytes(16)
        return body + self._digest(body)

    def genuine(self, challenge: bytes) -> bool:
        """Whether this desk made it within the last minutes, and nobody has used it."""
        body, digest = challenge[:-_DIGEST_BYTES], challenge[-_DIGEST_BYTES:]
        if not hmac.compare_digest(digest, self._digest(body)):
            return False
        return 0 <= time.time() - int.from_bytes(body[:8], "big") <= CHALLENGE_TIMEOUT_S and challenge not in self._used

    def use(self, challenge: bytes) -> bool:
        """Mark it as used; False if somebody was faster."""
        with self._lock:
            if challenge in self._used:
                return False
            self._used[challenge] = None
            while len(self._used) > MAX_USED:
                self._used.popitem(last=False)
            return True

    def _digest(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_DIGEST_BYTES]


def site_name(request: Request) -> str | None:
    """The host name to which passkeys belong; None for an address of numbers, for which browsers make none."""
    host = str(request.url.hostname or "")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host or None
    return None


def _origin(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def creation_options(request: Request, challenges: Challenges, user: str, passkeys: Iterable[Passkey]) -> str:
    """What the browser needs to make a passkey for a user who has these, as JSON."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    name = site_name(request)
    assert name
    known = [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.id)) for each in passkeys]
    chosen = AuthenticatorSelectionCriteria(
        resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
    )
    return options_to_json(
        generate_registration_options(
            rp_id=name, rp_name=f"archiver {name}", user_name=user, challenge=challenges.make(),
            user_id=hashlib.sha256(user.encode()).digest(), authenticator_selection=chosen,
            exclude_credentials=known,
        )
    )  # fmt: skip


def made(request: Request, challenges: Challenges, answer: str, name: str) -> Passkey | None:
    """The passkey that a browser made; None if its answer is not genuine."""
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    if (asked := _answered(request, challenges, answer)) is None:
        return None
    challenge, site = asked
    try:
        checked = verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site, expected_origin=_origin(request),
            require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, TypeError, KeyError):  # what a stranger's answer may hold
        return None
    if not challenges.use(challenge):
        return None
    return Passkey(
        id=bytes_to_base64url(checked.credential_id), public_key=bytes_to_base64url(checked.credential_public_key),
        sign_count=checked.sign_count, name=" ".join(name.split())[:MAX_NAME_LENGTH] or "?",
        added=str(iso(datetime.now(UTC))),
    )  # fmt: skip


def sign_in_options(request: Request, challenges: Challenges) -> str:
    """What the browser needs to sign in with any passkey of this desk, as JSON; empty where there can be none."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    name = site_name(request)
    if name is None:
        return ""
    asked = generate_authentication_options(
        rp_id=name, challenge=challenges.make(), user_verification=UserVerificationRequirement.REQUIRED
    )
    return options_to_json(asked)


def signed_by(
    request: Request, challenges: Challenges, known: Iterable[tuple[str, Passkey]], answer: str
) -> tuple[str, Passkey] | None:
    """Which of the known users signs in with this answer, and the passkey with its new counter; None if the answer is
    not genuine."""
    from webauthn import verify_authentication_response
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.exceptions import WebAuthnException

    if (asked := _answered(request, challenges, answer)) is None:
        return None
    challenge, site = asked
    wanted = _parsed(answer).get("id")
    found = [(user, key) for user, key in known if key.id == wanted]
    if not found:
        return None
    user, key = found[0]
    try:
        checked = verify_authentication_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site, expected_origin=_origin(request),
            credential_public_key=base64url_to_bytes(key.public_key), credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, TypeError, KeyError):  # what a stranger's answer may hold
        return None
    return (user, replace(key, sign_count=checked.new_sign_count)) if challenges.use(challenge) else None


def _parsed(answer: str) -> dict[str, object]:
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _answered(request: Request, challenges: Challenges, answer: str) -> tuple[bytes, str] | None:
    """The challenge of this desk that a browser answers, and the desk's name; None if there is no such challenge."""
    challenge, site = _challenge(answer), site_name(request)
    return None if challenge is None or site is None or not challenges.genuine(challenge) else (challenge, site)


def _challenge(answer: str) -> bytes | None:
    """The challenge to which a browser answers."""
    from webauthn.helpers import base64url_to_bytes

    response = _parsed(answer).get("response")
    said = response.get("clientDataJSON") if isinstance(response, dict) else None
    try:
        client = json.loads(base64url_to_bytes(said)) if isinstance(said, str) else None
        return base64url_to_bytes(client["challenge"]) if isinstance(client, dict) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
