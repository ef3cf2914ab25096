"""Who may see and do what at the desk: sign-ins, links, roles, and a line of audit for each.

Visitors come by a one-time link (whoever started the desk), by name and password, or by a client's read-only link. What
they carry is a random cookie; what it stands for is in this process alone, so that a restart ends all of it. Users lie
in `desk-users.json` of the home, the key that signs links in `state/desk/`: deleting that ends every link.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from archiver.domain import iso
from archiver.errors import ConfigError
from archiver.files import replace_file

USERS = "desk-users.json"
SHORTEST_PASSWORD = 10
VISIT_HOURS = 12
LINK_DAYS = 400  # at the most
TRIES, TRY_MINUTES = 5, 15  # failed sign-ins of one name before it has to wait; four times as many of one address
HASHES_AT_ONCE = 2  # argon2 takes 64 MB each
OWNER = "this machine"  # whoever came by the one-time link; no user may be called so


class Role(IntEnum):
    """What a visitor may do; each may do what those before it may."""

    CLIENT = 0  # one client's licences, by a link
    READ = 1
    OPERATE = 2


@dataclass(frozen=True, kw_only=True)
class User:
    """A named person; `password` is an argon2 hash."""

    name: str
    role: Role
    password: str


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who is at the desk. `token` belongs into every form; `client` is all that a client's link shows."""

    name: str
    role: Role
    expires: float  # seconds since 1970
    client: str | None = None
    password: str = field(default="", repr=False)  # the hash of the one that was given
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    began: float = field(default_factory=time.time)


# ---------------------------------------------------------------- users


class Users:
    """The named users of a home. Passwords are kept as argon2id hashes only."""

    def __init__(self, home: Path) -> None:
        self._path = home / USERS
        self._turns = threading.Semaphore(HASHES_AT_ONCE)

    def all(self) -> dict[str, User]:
        """By name; ConfigError where the file is not one of ours."""
        try:
            listed = json.loads(self._path.read_text("utf-8"))
            return {
                each["name"]: User(name=each["name"], role=Role[each["role"].upper()], password=each["password"])
                for each in listed
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(f"{self._path} cannot be read ({error}). Delete it and add the users again.") from None

    def add(self, name: str, role: str, password: str) -> None:
        """Add a user, or give one another role and password. ConfigError for a bad name, role or password."""
        if not re.fullmatch(r"[^\W_][\w .@'-]{0,59}", name) or name != name.strip() or name == OWNER:
            raise ConfigError(f"{name!r} cannot be a user's name. Use letters, digits, spaces and . @ ' - _.")
        if role not in ("read", "operate"):
            raise ConfigError(f"{role!r} is no role. A user may `read` or `operate`.")
        if len(password) < SHORTEST_PASSWORD:
            raise ConfigError(f"The password is too short. Take at least {SHORTEST_PASSWORD} characters.")
        user = User(name=name, role=Role[role.upper()], password=self._hasher.hash(password))
        self._write(self.all() | {name: user})

    def remove(self, name: str) -> None:
        """ConfigError where there is no such user."""
        users = self.all()
        if name not in users:
            raise ConfigError(f"There is no user {name!r}. Known: {', '.join(sorted(users)) or 'none yet'}.")
        del users[name]
        self._write(users)

    def known(self, name: str, password: str) -> User | None:
        """The user whose password this is. An unknown name takes as long as a wrong password."""
        from argon2.exceptions import InvalidHashError, VerificationError

        user = self.all().get(name)
        with self._turns:
            try:
                self._hasher.verify(user.password if user else self._nobody, password)
            except (VerificationError, InvalidHashError):
                return None
        return user

    def _write(self, users: Mapping[str, User]) -> None:
        listed = [asdict(users[name]) | {"role": users[name].role.name.lower()} for name in sorted(users)]
        replace_file(self._path, json.dumps(listed, indent=1, ensure_ascii=False).encode())

    @cached_property
    def _hasher(self) -> Any:
        from argon2 import PasswordHasher

        return PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        return str(self._hasher.hash(secrets.token_urlsafe()))


# ---------------------------------------------------------------- links


class Links:
    """Read-only links of clients: who, until when, and a signature over both."""

    def __init__(self, state: Path) -> None:
        self._path = state / "desk" / "link.key"

    def made(self, client: str, days: int) -> tuple[str, datetime]:
        """The secret part of a link, and when it ends; ConfigError for a time that is none."""
        if not 1 <= days <= LINK_DAYS:
            raise ConfigError(f"A link can hold from 1 to {LINK_DAYS} days. Give another number.")
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
        said = f"{client}.{int(until.timestamp())}"
        return f"{said}.{self._signature(said)}", until

    def read(self, link: str) -> tuple[str, float] | None:
        """The client and the end of a link that was made here and still holds."""
        said, _, signature = link.rpartition(".")
        client, _, until = said.rpartition(".")
        if not re.fullmatch(r"\d{1,12}", until, re.ASCII) or not self._path.exists():
            return None
        sound = hmac.compare_digest(self._signature(said).encode(), signature.encode("utf-8", "replace"))
        return (client, float(until)) if sound and time.time() < float(until) else None

    def _signature(self, said: str) -> str:
        try:
            key = self._path.read_bytes()
        except FileNotFoundError:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            key = secrets.token_bytes(32)
            replace_file(self._path, key)
        digest = hmac.digest(key, b"archiver desk link:" + said.encode("utf-8", "replace"), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


# ---------------------------------------------------------------- visits


class Throttle:
    """Counts failures: after too many in a quarter of an hour, a name and an address have to wait."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def wait(self, name: str, address: str) -> int:
        """Seconds until the next attempt may be made; 0 for now."""
        return max(self._left(f"name {name.casefold()}", TRIES), self._left(f"from {address}", 4 * TRIES))

    def failed(self, name: str, address: str) -> None:
        with self._lock:
            for key in (f"name {name.casefold()}", f"from {address}"):
                self._failures.setdefault(key, []).append(self._now())

    def _left(self, key: str, tries: int) -> int:
        with self._lock:
            since = self._now() - 60 * TRY_MINUTES
            for each, times in list(self._failures.items()):  # nobody fills the memory with invented names
                if times[-1] < since:
                    del self._failures[each]
            recent = [each for each in self._failures.get(key, []) if each >= since]
            return 0 if len(recent) < tries else max(1, round(recent[-tries] - since))


class Doors:
    """All visits of one desk."""

    def __init__(self, home: Path, state: Path) -> None:
        self.users, self.links, self.throttle = Users(home), Links(state), Throttle()
        self._audit = state / "desk" / "audit.jsonl"
        self._visits: dict[str, Visitor] = {}
        self._keys: set[str] = set()
        self._lock = threading.Lock()

    def one_time_key(self) -> str:
        """What opens the desk once, to whoever started it."""
        key = secrets.token_urlsafe(32)
        with self._lock:
            self._keys.add(_digest(key))
        return key

    def use_key(self, key: str) -> bool:
        """Whether this key was given out, and not used before."""
        with self._lock:
            known = _digest(key) in self._keys
            self._keys.discard(_digest(key))
        return known

    def enter(self, visitor: Visitor) -> str:
        """Begin a visit; the value of its cookie."""
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            self._visits = {key: each for key, each in self._visits.items() if each.expires > time.time()}
            self._visits[_digest(cookie)] = visitor
        return cookie

    def visitor(self, cookie: str | None) -> Visitor | None:
        """Whose visit a cookie stands for, with the role that the user has now. It ends with the user, and with the
        password by which it began."""
        visitor = self._visits.get(_digest(cookie or ""))
        if visitor is None or visitor.expires <= time.time():
            return None
        if visitor.name == OWNER or visitor.client:
            return visitor
        user = self.users.all().get(visitor.name)
        return replace(visitor, role=user.role) if user and user.password == visitor.password else None

    def leave(self, cookie: str | None) -> None:
        with self._lock:
            self._visits.pop(_digest(cookie or ""), None)

    def told(self, who: Visitor | str | None, what: str, target: str = "", **more: object) -> None:
        """One line of audit, for people who ask later; disposable like all of state/."""
        name = who.name if isinstance(who, Visitor) else who
        line = {"at": iso(datetime.now(UTC)), "who": name, "what": what, "target": target[:300], **more}
        self._audit.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._audit, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, json.dumps(line, ensure_ascii=False).encode() + b"\n")
        finally:
            os.close(handle)


def owner() -> Visitor:
    return Visitor(name=OWNER, role=Role.OPERATE, expires=time.time() + 3600 * VISIT_HOURS)


def named(user: User) -> Visitor:
    ends = time.time() + 3600 * VISIT_HOURS
    return Visitor(name=user.name, role=user.role, expires=ends, password=user.password)


def linked(client: str, until: float) -> Visitor:
    ends = min(until, time.time() + 3600 * VISIT_HOURS)
    return Visitor(name=f"link of {client}", role=Role.CLIENT, expires=ends, client=client)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
