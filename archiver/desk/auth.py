"""Access control of the desk: users, links, roles, sessions and the audit log.

A visitor signs in with the one-time link of the desk's start, with name and password, or with a client's read-only
link. The session cookie is random, and its meaning exists only in this process, so a restart ends all sessions. The
home's `desk-users.json` has the users. `state/desk/` has a file for each session and each link; deleting the file
ends it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from archiver.core.atomic_files import replace_file
from archiver.core.errors import ConfigError, Remedy
from archiver.core.json_files import change_json, read_record, write_json
from archiver.core.model import iso
from archiver.core.secret_texts import digest_of, is_same
from archiver.desk.audit_log import AuditLog
from archiver.desk.passkeys import Challenges, Passkey
from archiver.desk.password_throttle import Throttle

USERS = "desk-users.json"
SHORTEST_PASSWORD = 10
CODE_SECONDS = 30
VISIT_HOURS = 12
IDLE_MINUTES, OWNER_IDLE_MINUTES = 60, 240  # an idle session ends after this time
NOTED_SECONDS = 60.0  # the last-use time in a session's file may be this old
MAX_SESSIONS_OF_HOLDER = 50  # of a user, or of one of a client's links
DEVICE_DAYS = 180  # how long a browser stays known after a sign-in
LINK_DAYS = 400  # maximum
OWNER = "this machine"  # the visitor with the one-time link; no user may have this name
LINKED = "link of "  # prefix of the names of visitors with a client's link; no user may have it


class Role(IntEnum):
    """What a visitor may do. Each role includes the roles before it."""

    CLIENT = 0  # one client's licences, by a link
    READ = 1
    OPERATE = 2
    ADMIN = 3  # also users, roles and tokens


@dataclass(frozen=True, kw_only=True)
class User:
    """A named person. `password` is an argon2 hash, empty for who signs in with OpenID Connect only. `totp` is the key
    of the authenticator app, in base 32, empty without one."""

    name: str
    role: Role
    password: str
    totp: str = ""
    passkeys: tuple[Passkey, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """A visitor of the desk. Every form must contain `token`. A client's link shows only `client`."""

    name: str
    role: Role
    expires: float  # seconds since 1970
    client: str | None = None
    link: str | None = None  # the client's link
    password: str = field(default="", repr=False)  # the hash of the password used at the sign-in
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    began: float = field(default_factory=time.time)
    id: str = field(default_factory=lambda: secrets.token_hex(4))  # of the session, to show to people

    @property
    def holder(self) -> str:
        """Whom limits count: a user, or all who have one link. The links of one client bear the same name."""
        return self.link or self.name


# ---------------------------------------------------------------- users

ROLES = ("read", "operate", "admin")


def _named(name: str) -> str:
    if not re.fullmatch(r"[^\W_][\w .@'-]{0,59}", name) or name != name.strip() or name.startswith((OWNER, LINKED)):
        raise ConfigError(f"{name!r} cannot be a user's name. Use letters, digits, spaces and . @ ' - _.")
    return name


def _role(role: str) -> Role:
    if role not in ROLES:
        raise ConfigError(f"{role!r} is not a role. Use `read`, `operate` or `admin`.")
    return Role[role.upper()]


class UsedCodes:
    """The codes of authenticator apps (RFC 6238) that were used in this process: each counts once."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}
        self._lock = threading.Lock()

    def accept(self, name: str, totp: str, code: str) -> bool:
        """Whether it is the code of now, or of a step before or after, and later than any code used before."""
        import pyotp

        code, now = code.replace(" ", ""), int(time.time()) // CODE_SECONDS
        if not re.fullmatch(r"\d{6}", code, re.ASCII):
            return False
        made = pyotp.TOTP(totp)
        with self._lock:
            for step in (now - 1, now, now + 1):
                if is_same(code, made.generate_otp(step)):
                    fresh = step > self._used.get(name, -1)
                    self._used[name] = max(step, self._used.get(name, -1))
                    return fresh
        return False


class Users:
    """The named users of a home. Only argon2id hashes of the passwords are stored.

    Threads and processes may change them at once: no change undoes another, and only `add` makes a user.
    """

    def __init__(self, home: Path) -> None:
        self._path, self._codes = home / USERS, UsedCodes()

    def all(self) -> dict[str, User]:
        """All users by name; ConfigError if the file is not valid."""
        try:
            listed = json.loads(self._path.read_text("utf-8"))
            return {
                each["name"]: User(
                    name=each["name"],
                    role=Role[each["role"].upper()],
                    password=each["password"],
                    totp=each.get("totp", ""),
                    passkeys=tuple(Passkey(**key) for key in each.get("passkeys", ())),
                )
                for each in listed
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(f"{self._path} cannot be read ({error}). Delete it and add the users again.") from None

    def add(self, name: str, role: str, password: str) -> None:
        """Add a user, or change the role and password of one. ConfigError for an invalid name, role or password."""
        new = User(name=_named(name), role=_role(role), password=self._hashed(password))

        def added(users: dict[str, User]) -> dict[str, User]:
            known = users.get(name, new)
            return users | {name: replace(known, role=new.role, password=new.password)}

        self._change(added)

    def change(
        self,
        name: str,
        *,
        role: str | None = None,
        password: str | None = None,
        totp: str | None = None,
        passkeys: Callable[[tuple[Passkey, ...]], tuple[Passkey, ...]] | None = None,
    ) -> None:
        """Change some properties of a user; ConfigError for an unknown one, or an invalid role or password.

        `passkeys` makes the new ones of those that the user has when the change is written.
        """
        _user(self.all(), name)
        new: dict[str, Any] = {
            key: value
            for key, value in {
                "role": None if role is None else _role(role),
                "password": None if password is None else self._hashed(password),
                "totp": totp,
            }.items()
            if value is not None
        }

        def changed(users: dict[str, User]) -> dict[str, User]:
            user = replace(_user(users, name), **new)
            return users | {name: replace(user, passkeys=passkeys(user.passkeys)) if passkeys else user}

        self._change(changed)

    def add_without_password(self, name: str, role: str) -> None:
        """Add a user who signs in with OpenID Connect only."""
        new = User(name=_named(name), role=_role(role), password="")
        self._change(lambda users: users | {name: new})

    def _hashed(self, password: str) -> str:
        if len(password) < SHORTEST_PASSWORD:
            raise ConfigError(f"The password is too short. Use at least {SHORTEST_PASSWORD} characters.")
        return str(self._hasher.hash(password))

    def remove(self, name: str) -> None:
        """Remove a user; ConfigError if there is no such user."""

        def left(users: dict[str, User]) -> dict[str, User]:
            _user(users, name)
            return {other: user for other, user in users.items() if other != name}

        self._change(left)

    def known(self, name: str, password: str, code: str = "") -> User | None:
        """The user with this name, password and, where the user has an authenticator app, its `code`; else None. An
        unknown name, or one without a password, takes as long as a wrong password. A code counts once."""
        from argon2.exceptions import InvalidHashError, VerificationError

        user = self.all().get(name)
        try:
            self._hasher.verify((user and user.password) or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return None
        return user if user and user.password and (not user.totp or self._codes.accept(name, user.totp, code)) else None

    def confirms(self, name: str, password: str) -> bool:
        """Whether this is the password of a user who is signed in."""
        from argon2.exceptions import InvalidHashError, VerificationError

        user = self.all().get(name)
        try:
            return bool(self._hasher.verify(user.password if user else self._nobody, password)) and user is not None
        except (VerificationError, InvalidHashError):
            return False

    def accept_code(self, name: str, totp: str, code: str) -> bool:
        """Whether a code is one of this key's, and was not used before."""
        return self._codes.accept(name, totp, code)

    def _change(self, changed: Callable[[dict[str, User]], dict[str, User]]) -> None:
        change_json(self._path, self.all, lambda users: _listed(changed(users)))

    @cached_property
    def _hasher(self) -> Any:
        from argon2 import PasswordHasher

        return PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        return str(self._hasher.hash(secrets.token_urlsafe()))


def _user(users: Mapping[str, User], name: str) -> User:
    if name not in users:
        raise ConfigError(f"There is no user {name!r}. Known: {', '.join(sorted(users)) or 'none yet'}.")
    return users[name]


def _listed(users: Mapping[str, User]) -> list[dict[str, Any]]:
    """The users as their file has them."""
    return [
        {key: value for key, value in asdict(users[name]).items() if key not in ("totp", "passkeys") or value}
        | {"role": users[name].role.name.lower()}
        for name in sorted(users)
    ]


# ---------------------------------------------------------------- links


@dataclass(frozen=True, kw_only=True)
class Link:
    """A client's read-only link. Only a digest of its secret part is stored."""

    id: str
    client: str
    until: str  # UTC, `2026-11-24T02:00:00Z`
    made_at: str
    made_by: str
    digest: str = field(repr=False)

    @property
    def ends(self) -> float:
        return datetime.fromisoformat(self.until).timestamp()


class Links:
    """Read-only links of clients, one file each. Deleting the file ends the link and its sessions."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "desk" / "links"

    def made(self, client: str, days: int, by: str = "") -> tuple[str, datetime]:
        """Create a link. Returns its secret part and its end; ConfigError for an invalid number of days."""
        if not 1 <= days <= LINK_DAYS:
            raise ConfigError(f"A link can be valid for 1 to {LINK_DAYS} days. Choose another number.")
        now = datetime.now(UTC).replace(microsecond=0)
        until, id, secret = now + timedelta(days=days), secrets.token_hex(4), secrets.token_urlsafe(24)
        link = Link(
            id=id, client=client, until=str(iso(until)), made_at=str(iso(now)), made_by=by, digest=digest_of(secret)
        )
        _private(self._folder)
        write_json(self._folder / f"{id}.json", link)
        return f"{client}.{id}.{secret}", until

    def read(self, text: str) -> Link | None:
        """The link with this secret part, if it is genuine and still valid."""
        said, _, secret = text.rpartition(".")
        client, _, id = said.rpartition(".")
        link = self.named(id)
        return link if link and link.client == client and is_same(digest_of(secret), link.digest) else None

    def named(self, id: str) -> Link | None:
        """The link with this id, if it is still valid."""
        if not re.fullmatch(r"[0-9a-f]{8}", id, re.ASCII):
            return None
        link = read_record(self._folder / f"{id}.json", Link)
        return link if link and time.time() < link.ends else None

    def all(self) -> list[Link]:
        """The valid links, the newest first. Files of expired links are removed."""
        links = []
        for path in sorted(self._folder.glob("*.json")):
            if (link := self.named(path.stem)) is not None:
                links.append(link)
            elif read_record(path, Link) is not None:
                path.unlink(missing_ok=True)
        return sorted(links, key=lambda each: each.made_at, reverse=True)

    def end(self, id: str) -> Link:
        """End a link; ConfigError if there is no link with this id."""
        link = self.named(id)
        if link is None:
            raise ConfigError(f"There is no link {id!r}.", remedy=Remedy("list links"))
        (self._folder / f"{id}.json").unlink(missing_ok=True)
        return link


# ---------------------------------------------------------------- sessions


@dataclass(frozen=True, kw_only=True)
class SessionFile:
    """The content of `state/desk/sessions/ID.json`. The file's time is the session's last use."""

    id: str
    who: str
    role: str
    client: str | None
    address: str
    began: str
    ends: str
    idle_minutes: float
    desk: str  # the desk's address


@dataclass
class _Session:
    visitor: Visitor
    idle_seconds: float
    seen: float
    noted: float
    file: Path | None  # None if it could not be written; deleting the file ends the session
    says: SessionFile


class Sessions:
    """The sessions of one desk, in memory, with a file for each so that other commands can list and end them."""

    def __init__(self, state: Path, desk: str = "", idle_minutes: float | None = None) -> None:
        self._folder, self._desk, self._idle_minutes = state / "desk" / "sessions", desk, idle_minutes
        self._sessions: dict[str, _Session] = {}  # by the digest of the cookie, oldest first
        self._lock = threading.Lock()

    def begin(self, visitor: Visitor, address: str) -> str:
        """Begin a session and return its cookie's value. If one holder has too many sessions, the oldest end."""
        cookie, now = secrets.token_urlsafe(32), time.time()
        usual = OWNER_IDLE_MINUTES if visitor.name == OWNER else IDLE_MINUTES
        idle = usual if self._idle_minutes is None else self._idle_minutes
        says = SessionFile(
            id=visitor.id, who=visitor.name, role=visitor.role.name.lower(), client=visitor.client, address=address,
            began=_moment(now), ends=_moment(visitor.expires), idle_minutes=idle, desk=self._desk,
        )  # fmt: skip
        file: Path | None = self._folder / f"{visitor.id}.json"
        try:
            _private(self._folder)
            write_json(self._folder / f"{visitor.id}.json", says)
        except OSError:  # a full or read-only disk must not lock people out
            file = None
        with self._lock:
            self._sessions[digest_of(cookie)] = _Session(visitor, 60 * idle, now, now, file, says)
            mine = [key for key, each in self._sessions.items() if each.visitor.holder == visitor.holder]
            over = [key for key, each in self._sessions.items() if not _goes_on(each)] + mine[:-MAX_SESSIONS_OF_HOLDER]
        for key in over:
            self._end(key)
        return cookie

    def known(self, cookie: str | None) -> bool:
        """Whether a session with this cookie began here. Does not read the disk."""
        return digest_of(cookie or "") in self._sessions

    def visitor(self, cookie: str | None, *, asks: bool = True) -> Visitor | None:
        """The visitor of this session; None if it has ended. `asks`: this request counts as use."""
        key = digest_of(cookie or "")
        session = self._sessions.get(key)
        if session is None:
            return None
        if not _goes_on(session):
            self._end(key)
            return None
        if asks:
            session.seen = time.time()
            if session.file and session.seen > session.noted + NOTED_SECONDS:
                session.noted = session.seen
                with suppress(OSError):
                    os.utime(session.file)
        return session.visitor

    def all(self) -> list[tuple[SessionFile, float]]:
        """The open sessions of this desk, the newest first, with their last use (seconds since 1970)."""
        return [(each.says, each.seen) for each in reversed(list(self._sessions.values())) if _goes_on(each)]

    def end(self, id: str) -> bool:
        """End the session with this id. Returns whether there was one."""
        found = [key for key, each in list(self._sessions.items()) if each.visitor.id == id]
        for key in found:
            self._end(key)
        return bool(found)

    def leave(self, cookie: str | None) -> None:
        self._end(digest_of(cookie or ""))

    def clear(self) -> None:
        """Remove the session files of this desk, and those that an earlier desk left at the same address."""
        for path, says, _ in _session_files(self._folder):
            if says.desk == self._desk:
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def _end(self, key: str) -> None:
        with self._lock:
            session = self._sessions.pop(key, None)
        if session and session.file:
            with suppress(OSError):
                session.file.unlink(missing_ok=True)


def _goes_on(session: _Session) -> bool:
    now = time.time()
    if session.visitor.expires <= now or session.seen + session.idle_seconds <= now:
        return False
    try:
        return session.file is None or bool(session.file.stat())
    except FileNotFoundError:
        return False
    except OSError:  # an unreachable network share does not end sessions
        return True


def _session_files(folder: Path) -> Iterator[tuple[Path, SessionFile, float]]:
    for path in sorted(folder.glob("*.json")):
        with suppress(OSError):
            if says := read_record(path, SessionFile):
                yield path, says, path.stat().st_mtime


def sessions_on_disk(state: Path) -> list[tuple[SessionFile, float]]:
    """The sessions of all desks of a home, the newest first, with their last use to the minute."""
    now, found = time.time(), []
    for path, says, seen in _session_files(state / "desk" / "sessions"):
        over = datetime.fromisoformat(says.ends).timestamp() <= now
        if over or seen + 60 * says.idle_minutes + NOTED_SECONDS <= now:
            path.unlink(missing_ok=True)
        else:
            found.append((says, seen))
    return sorted(found, key=lambda each: each[0].began, reverse=True)


def end_session_on_disk(state: Path, id: str) -> SessionFile:
    """End a session of any desk of a home; ConfigError if there is no session with this id."""
    for path, says, _ in _session_files(state / "desk" / "sessions"):
        if says.id == id:
            path.unlink(missing_ok=True)
            return says
    raise ConfigError(f"There is no session {id!r}.", remedy=Remedy("list sessions"))


# ---------------------------------------------------------------- access control


class AccessControl:
    """Access control of one desk. `desk` is its address; `idle_minutes` replaces the default."""

    def __init__(self, home: Path, state: Path, *, desk: str = "", idle_minutes: float | None = None) -> None:
        self.users, self.links, self.throttle = Users(home), Links(state), Throttle()
        self.sessions, self.challenges = Sessions(state, desk, idle_minutes), Challenges()
        self.audit = AuditLog(state / "desk" / "audit.jsonl")
        self._device_key = state / "desk" / "device.key"
        self._keys: set[str] = set()
        self._opener: Path | None = None
        self._lock = threading.Lock()

    # ------------------------------------------------------------ the one-time link

    def one_time_key(self) -> str:
        """A new one-time key. It opens the desk once, for the person who started it."""
        key = secrets.token_urlsafe(32)
        with self._lock:
            self._keys.add(digest_of(key))
        return key

    def opener(self, state: Path, address: str) -> Path:
        """Write a page that only this user can read and that leads the browser to a one-time link.

        Every user of the machine can read a program's arguments, but this file's name reveals nothing. The file is
        removed when the link is used.
        """
        folder = state / "desk"
        _private(folder)
        self._opener = folder / f"open-{secrets.token_hex(8)}.html"
        page = (
            '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>archiver</title>'
            f'<meta http-equiv="refresh" content="0; url={address}"><p><a href="{address}">archiver desk</a></p>\n'
        )
        replace_file(self._opener, page.encode(), 0o600)
        return self._opener

    def use_key(self, key: str) -> bool:
        """Use up a one-time key. Returns whether it was valid."""
        with self._lock:
            known = digest_of(key) in self._keys
            self._keys.discard(digest_of(key))
        if known:
            self.remove_opener()
        return known

    def close(self) -> None:
        """End the desk and all its sessions."""
        self.remove_opener()
        self.sessions.clear()

    def remove_opener(self) -> None:
        if self._opener:
            with suppress(OSError):
                self._opener.unlink(missing_ok=True)

    # ------------------------------------------------------------ known browsers

    def device_mark(self, name: str) -> str | None:
        """The cookie value that makes a browser known, so that other people's guesses do not slow it down; None if
        the key cannot be saved."""
        try:
            return str(self._marks.dumps([name, secrets.token_hex(8)]))
        except OSError:
            return None

    def device_of(self, mark: str | None, name: str) -> str | None:
        """The browser with this cookie value, if it was made here for this name."""
        from itsdangerous import BadData

        if not mark or not self._device_key.exists():
            return None
        try:
            marked, device = self._marks.loads(mark, max_age=86400 * DEVICE_DAYS)
        except (BadData, OSError, ValueError, TypeError):
            return None
        return str(device) if marked == name else None

    @property
    def _marks(self) -> Any:
        from itsdangerous import URLSafeTimedSerializer

        try:
            key = self._device_key.read_bytes()
        except FileNotFoundError:
            _private(self._device_key.parent)
            key = secrets.token_bytes(32)
            replace_file(self._device_key, key)
        return URLSafeTimedSerializer(key, salt="archiver desk device")

    # ------------------------------------------------------------ visitors

    def enter(self, visitor: Visitor, address: str = "") -> str:
        """Begin a session and return its cookie's value."""
        return self.sessions.begin(visitor, address)

    def visitor(self, cookie: str | None, *, asks: bool = True) -> Visitor | None:
        """The visitor of a session cookie, with the user's present role. The session ends if the user is removed, the
        password changes, or the link ends."""
        visitor = self.sessions.visitor(cookie, asks=asks)
        if visitor is None or visitor.name == OWNER:
            return visitor
        if visitor.link is not None:
            return visitor if self.links.named(visitor.link) else None
        user = self.users.all().get(visitor.name)
        return replace(visitor, role=user.role) if user and user.password == visitor.password else None

    def log_action(self, who: Visitor | str | None, what: str, target: str = "", **more: object) -> None:
        """Write one audit line. All visitors except operators have a rate limit."""
        if isinstance(who, Visitor):
            limit = None if who.role >= Role.OPERATE else f"person {who.holder}"
            self.audit.write(who.name, what, target, limit=limit, session=who.id, **more)
        else:
            self.audit.write(who, what, target, limit="strangers", **more)


def owner() -> Visitor:
    return Visitor(name=OWNER, role=Role.ADMIN, expires=time.time() + 3600 * VISIT_HOURS)


def named(user: User) -> Visitor:
    ends = time.time() + 3600 * VISIT_HOURS
    return Visitor(name=user.name, role=user.role, expires=ends, password=user.password)


def linked(link: Link) -> Visitor:
    ends = min(link.ends, time.time() + 3600 * VISIT_HOURS)
    return Visitor(name=f"{LINKED}{link.client}", role=Role.CLIENT, expires=ends, client=link.client, link=link.id)


def _private(folder: Path) -> None:
    """Create `state/desk/` or a folder in it, for this user only."""
    for each in (folder.parent, folder) if folder.parent.name == "desk" else (folder,):
        each.mkdir(parents=True, exist_ok=True, mode=0o700)


def _moment(seconds: float) -> str:
    return str(iso(datetime.fromtimestamp(seconds, UTC).replace(microsecond=0)))
