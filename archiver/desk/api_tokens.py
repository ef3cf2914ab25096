"""Tokens of the API. The home's `desk-tokens.json` holds a digest of each; the token itself is shown once."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.core.errors import ConfigError
from archiver.core.json_files import change_json
from archiver.core.model import iso
from archiver.core.secret_texts import digest_of, is_same

TOKENS = "desk-tokens.json"
SCOPES = ("search", "documents", "claims", "upload")
PREFIX = "archiver_"  # so that secret scanners know it
TOKEN_DAYS = 730  # maximum


@dataclass(frozen=True, kw_only=True)
class ApiToken:
    """What a token may do, for which client (all if empty), until when (UTC, `2026-11-24T02:00:00Z`)."""

    id: str
    name: str
    scopes: tuple[str, ...]
    client: str
    until: str
    made_at: str
    made_by: str
    digest: str = field(repr=False)

    @property
    def valid(self) -> bool:
        return datetime.fromisoformat(self.until) > datetime.now(UTC)


class ApiTokens:
    """The tokens of a home. Threads and processes may change them at once."""

    def __init__(self, home: Path) -> None:
        self._path = home / TOKENS

    def all(self) -> list[ApiToken]:
        """All tokens, the newest first; ConfigError if the file is not valid."""
        try:
            listed = json.loads(self._path.read_text("utf-8"))
            found = [ApiToken(**each | {"scopes": tuple(each["scopes"])}) for each in listed]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{self._path} cannot be read ({error}). Delete it and make the tokens again.") from None
        return sorted(found, key=lambda each: each.made_at, reverse=True)

    def made(self, name: str, scopes: tuple[str, ...], client: str, days: int, by: str) -> str:
        """Make a token and return it; ConfigError for an invalid name, scope or number of days."""
        if not name.strip() or len(name) > 60:
            raise ConfigError("A token needs a name of at most 60 characters, so that you know it later. Enter one.")
        if not scopes or not set(scopes) <= set(SCOPES):
            raise ConfigError(f"A token needs at least one of the scopes {', '.join(SCOPES)}. Choose one.")
        if not 1 <= days <= TOKEN_DAYS:
            raise ConfigError(f"A token can be valid for 1 to {TOKEN_DAYS} days. Choose another number.")
        now, secret = datetime.now(UTC).replace(microsecond=0), PREFIX + secrets.token_urlsafe(32)
        token = ApiToken(
            id=secrets.token_hex(4), name=name.strip(), scopes=tuple(scopes), client=client, made_by=by,
            until=str(iso(now + timedelta(days=days))), made_at=str(iso(now)), digest=digest_of(secret),
        )  # fmt: skip
        self._change(lambda tokens: [*tokens, token])
        return secret

    def end(self, id: str) -> ApiToken:
        """End a token at once; ConfigError if there is none with this id."""
        ended: list[ApiToken] = []

        def left(tokens: list[ApiToken]) -> list[ApiToken]:
            ended.extend(each for each in tokens if each.id == id)
            if not ended:
                raise ConfigError(f"There is no token {id!r}. The page of tokens shows those that exist.")
            return [each for each in tokens if each.id != id]

        self._change(left)
        return ended[0]

    def read(self, headers: Mapping[str, str]) -> ApiToken | None:
        """The valid token in the `Authorization` header of a request."""
        sent = re.fullmatch(rf"Bearer ({PREFIX}[\w-]{{20,80}})", headers.get("authorization", ""), re.ASCII)
        if not sent:
            return None
        digest = digest_of(sent[1])
        return next((each for each in self.all() if is_same(digest, each.digest) and each.valid), None)

    def _change(self, changed: Callable[[list[ApiToken]], list[ApiToken]]) -> None:
        change_json(self._path, self.all, lambda tokens: [asdict(each) for each in changed(tokens)])
