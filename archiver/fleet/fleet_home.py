"""What a fleet keeps of a home in its database, and a scratch home made of it: a plain folder for one visit.

archiver.yaml, roots/…              the settings, as in a home
clients/<client>.yaml               the client's file
vault/accounts/<account>            secrets, session and mark of an account
vault/signers/<client>              the key that signs the client's archive
state/<client>/…                    what runs remember of the client
Every row is encrypted with the vault's key.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from archiver.archive.checking.parts import signed_notes
from archiver.core.atomic_files import replace_file
from archiver.core.errors import ConfigError, VaultLocked
from archiver.core.yaml_edit import without_entry
from archiver.core.yaml_source import load
from archiver.fleet.fence import Lease, Leases
from archiver.fleet.replica_format import ReplicaHead
from archiver.home.settings import Home
from archiver.home.vault import Vault, VaultContent, checked_key

SETTINGS = "archiver.yaml"
KEY_CHECK = "vault/key-check"  # a row that only the right key opens
REMEMBERED = ("history/", "retries/", "trouble/", "quarantine/", "runs/", "notify.json", "renewed.json")
"""What of a home's `state/` outlasts a visit; also the names below `state/archive/<client>/` in SEAL_FILES."""
SEAL_FILES = ("tree.json", "witnesses.json")
MAX_STATE_BYTES = 32 << 20  # of one file
MAX_RUN_LOGS = 40  # of a client
OF_ONE_MACHINE = (("witnesses",), ("replica",), ("notify", "weekly"), ("notify", "ping"))
"""Settings that a scratch home must not have: the fleet itself publishes, and informs witnesses when that is done."""


class HomeRow(Protocol):
    @property
    def content(self) -> bytes: ...
    @property
    def version(self) -> int: ...


class HomeRows(Leases, Protocol):
    """The database as a home: rows that are changed by compare-and-set, and leases."""

    def files(self, *prefixes: str) -> Mapping[str, HomeRow]: ...
    def put(self, path: str, content: bytes | None, version: int) -> bool: ...
    def put_under(self, lease: Lease, changes: Mapping[str, tuple[bytes | None, int]]) -> None: ...
    def cache(self, client: str) -> tuple[str, bytes] | None: ...
    def put_cache(self, lease: Lease, part: str, content: bytes) -> None: ...


class SharedRows(HomeRows, Protocol):
    """The database as a home that others change at the same time."""

    def file_mark(self, *prefixes: str) -> str: ...
    def file_versions(self, *prefixes: str) -> Mapping[str, int]: ...
    def read_files(self, paths: Sequence[str]) -> Mapping[str, HomeRow]: ...
    def put_all(
        self, changes: Mapping[str, tuple[bytes | None, int]], beside: Mapping[str, int] = ...,
        accounts: Mapping[str, Sequence[str]] = ...,
    ) -> tuple[dict[str, int], list[str]]: ...  # fmt: skip
    def heads(self) -> Mapping[str, ReplicaHead]: ...


class Sealer:
    """Encrypts rows with the vault's key, each bound to its path."""

    def __init__(self, key: str) -> None:
        from cryptography.fernet import Fernet

        self._fernet = Fernet(checked_key(key, "the key"))

    def seal(self, path: str, content: bytes) -> bytes:
        return self._fernet.encrypt(path.encode() + b"\n" + content)

    def open(self, path: str, sealed: bytes) -> bytes:
        """VaultLocked if another key sealed it, or another row's content was put in its place."""
        from cryptography.fernet import InvalidToken

        try:
            name, _, content = self._fernet.decrypt(sealed).partition(b"\n")
        except InvalidToken:
            raise VaultLocked(
                f"the key does not fit the fleet's row {path}; give the key that the fleet uses"
            ) from None
        if name.decode() != path:
            raise VaultLocked(f"the fleet's row {path} holds the content of another row; restore the database")
        return content


@dataclass(frozen=True)
class SealedRows:
    """The rows as text, with the key."""

    rows: SharedRows
    sealer: Sealer

    def read(self, *prefixes: str) -> dict[str, tuple[bytes, int]]:
        """Path -> content and version."""
        return self._opened(self.rows.files(*prefixes))

    def read_exactly(self, paths: Sequence[str]) -> dict[str, tuple[bytes, int]]:
        """As `read`, of these rows."""
        return self._opened(self.rows.read_files(paths))

    def _opened(self, found: Mapping[str, HomeRow]) -> dict[str, tuple[bytes, int]]:
        return {path: (self.sealer.open(path, row.content), row.version) for path, row in found.items()}

    def put(self, path: str, content: bytes | None, version: int) -> bool:
        return self.rows.put(path, None if content is None else self.sealer.seal(path, content), version)

    def put_under(self, lease: Lease, changes: Mapping[str, tuple[bytes | None, int]]) -> None:
        self.rows.put_under(lease, self.sealed(changes))

    def sealed(self, changes: Mapping[str, tuple[bytes | None, int]]) -> dict[str, tuple[bytes | None, int]]:
        return {
            path: (None if content is None else self.sealer.seal(path, content), version)
            for path, (content, version) in changes.items()
        }

    def check_key(self) -> None:
        """VaultLocked unless the fleet uses this key. The first call decides which one that is."""
        if KEY_CHECK not in self.read(KEY_CHECK):
            self.put(KEY_CHECK, b"the fleet's key", 0)
            self.read(KEY_CHECK)


def signer_row(client: str) -> str:
    return f"vault/signers/{client}"


def fingerprint_of(signer: bytes) -> str:
    """The fingerprint of a row's signing key, as the first line of a ledger names it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(signer))
    return signed_notes.key_fingerprint(key.public_key().public_bytes_raw())


def settings_folder(rows: SealedRows, place: Path) -> Home:
    """Write the settings without any client below `place`, and load them. ConfigError if there are none."""
    found = rows.read(SETTINGS, "roots/")
    if SETTINGS not in found:
        raise ConfigError("This fleet has no settings yet. Run `archiver fleet init --settings archiver.yaml`.")
    for path, (content, _) in found.items():
        write(place / path, content)
    return Home.load(place)


@dataclass
class ScratchHome:
    """A home folder for one visit, made of the rows of some clients. `before` has each row as it was read."""

    root: Path
    client: str
    others: tuple[str, ...]
    key: str
    rows: SealedRows
    before: dict[str, tuple[bytes, int]]
    _vault_before: VaultContent
    _state_before: dict[str, bytes]

    @classmethod
    def make(cls, rows: SealedRows, key: str, root: Path, client: str, others: tuple[str, ...]) -> ScratchHome:
        """Write the folder; `others` are clients that come along. ConfigError for an unknown client."""
        for folder in ("clients", "archive", "state"):
            (root / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        before = rows.read(SETTINGS, "roots/", f"clients/{client}.yaml", signer_row(client), f"state/{client}/")
        file = f"clients/{client}.yaml"
        if file not in before:
            raise ConfigError(f"The fleet has no client {client!r}. `archiver fleet status` lists its clients.")
        for each in others:
            before |= rows.read(f"clients/{each}.yaml", signer_row(each))
        for path, (content, _) in before.items():
            if path == SETTINGS:
                write(root / path, without_machine(content))
            elif path.startswith(("roots/", "clients/")):
                write(root / path, content)
            elif path.startswith(f"state/{client}/"):
                write(root / "state" / path.removeprefix(f"state/{client}/"), content)
        for account in _accounts(root, client):
            before |= rows.read(f"vault/accounts/{account}")
        made = cls(root, client, others, key, rows, before, {"accounts": {}, "signers": {}}, {})
        made._make_vault()
        made._state_before = made._state()
        return made

    @property
    def home(self) -> Home:
        return Home.load(self.root)

    @property
    def vault(self) -> Vault:
        return Vault(self.root / "vault.enc", self.key)

    def _make_vault(self) -> None:
        vault = Vault.create(self.root / "vault.enc", self.key)
        accounts = {
            path.removeprefix("vault/accounts/"): json.loads(content)
            for path, (content, _) in self.before.items()
            if path.startswith("vault/accounts/")
        }
        signers = {slug: self._signer(slug) for slug in (self.client, *self.others)}
        vault.fill({"accounts": accounts, "signers": signers})
        self._vault_before = vault.content()

    def _signer(self, slug: str) -> str:
        """The client's signing key. A new one is in the database before anything is signed with it."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        path = signer_row(slug)
        if path not in self.before:
            new = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw())
            self.rows.put(path, new, 0)
            self.before |= self.rows.read(path)
        return self.before[path][0].decode()

    def save_settings(self) -> list[str]:
        """Write back changed secrets, sessions, marks and client files. Returns a sentence for each that somebody else
        changed meanwhile: theirs stay.
        """
        said = []
        now, then = self.vault.content()["accounts"], self._vault_before["accounts"]
        changes = {f"vault/accounts/{name}": now.get(name) for name in {*now, *then} if now.get(name) != then.get(name)}
        for path, record in changes.items():
            content = None if record is None else json.dumps(record, sort_keys=True).encode()
            if not self.rows.put(path, content, self.before.get(path, (b"", 0))[1]):
                said.append(f"{path}: somebody changed it meanwhile, so their change stays.")
        for slug in (self.client, *self.others):
            path = f"clients/{slug}.yaml"
            content, version = (self.root / path).read_bytes(), self.before[path][1]
            if content == self.before[path][0]:
                continue  # others may have changed it, and with it the accounts to visit
            sealed = self.rows.sealed({path: (content, version)})
            if self.rows.rows.put_all(sealed, accounts={slug: open_accounts(self.home, slug)})[1]:
                said.append(f"{path}: somebody changed it meanwhile, so their change stays.")
        return said

    def save_state(self, lease: Lease) -> None:
        """Write back what the visit remembers; LeaseLost if somebody else has the client now."""
        now, changes = self._state(), dict[str, tuple[bytes | None, int]]()
        for name in {*now, *self._state_before}:
            path = f"state/{self.client}/{name}"
            if now.get(name) != self._state_before.get(name):
                changes[path] = (now.get(name), self.before.get(path, (b"", 0))[1])
        if changes:
            self.rows.put_under(lease, changes)

    def _state(self) -> dict[str, bytes]:
        state, found = self.root / "state", dict[str, bytes]()
        for path in sorted(each for each in state.rglob("*") if each.is_file()):
            name = path.relative_to(state).as_posix()
            if not (name.startswith(REMEMBERED) or name in {f"archive/{self.client}/{each}" for each in SEAL_FILES}):
                continue
            if not name.endswith(".lock") and path.stat().st_size <= MAX_STATE_BYTES:
                found[name] = path.read_bytes()
        logs = sorted(name for name in found if name.startswith("runs/"))
        return {name: content for name, content in found.items() if name not in logs[:-MAX_RUN_LOGS]}


def without_machine(settings: bytes) -> bytes:
    """The text of archiver.yaml without what only the fleet itself may do."""
    text = settings.decode()
    for *place, key in OF_ONE_MACHINE:
        value: object = load(Path(SETTINGS), text).value
        for each in place:
            value = value.get(each) if isinstance(value, dict) else None
        if isinstance(value, dict) and key in value:
            text = without_entry(Path(SETTINGS), text, place, key)
    return text.encode()


def named_in_rules(rows: SealedRows, client: str) -> tuple[str, ...]:
    """The clients that the rules of a client's accounts name: a visit to the house writes to their archives, too."""
    file, named = f"clients/{client}.yaml", set[str]()
    for content, _ in rows.read(file).values():
        for account in _below(load(Path(file), content.decode()).value, "accounts").values():
            rules = account.get("rules") if isinstance(account, dict) else None
            for rule in rules if isinstance(rules, list) else []:
                if isinstance(rule, dict) and "client" in rule:  # Home.load says what is wrong with another one
                    named.add(str(rule["client"]))
    return tuple(sorted(named))


def _accounts(root: Path, client: str) -> list[str]:
    value = load(root / "clients" / f"{client}.yaml").value
    return [*_below(value, "accounts"), *_below(value, "sources")]


def _below(value: object, key: str) -> Mapping[str, object]:
    """What a file has below a key; nothing where it is not a mapping."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def open_accounts(home: Home, client: str) -> list[str]:
    """The accounts that nights visit."""
    return [each.name for each in home.client(client).accounts if not each.closed]


def without_replica(home: Home) -> Home:
    return replace(home, settings=home.settings.model_copy(update={"replica": None}))


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_file(path, content)
