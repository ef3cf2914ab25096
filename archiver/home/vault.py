"""The vault: one encrypted file for all secrets, and the places that may hold its key.

The file is one line that identifies the key, then a Fernet token (AES-128-CBC with HMAC-SHA-256) over JSON. It holds,
per account, the secrets, the saved session and the "needs a person" mark; per client the signing key; and a count of
its writes, which lets `vault_rollback` detect an older copy.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict

from archiver.core.atomic_files import read_file, replace_file, sweep_beside
from archiver.core.errors import ConfigError, VaultLocked
from archiver.core.model import iso
from archiver.home.vault_rollback import VaultMemory

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from keyring.backend import KeyringBackend
    from playwright.async_api import StorageState

SECRET_NAMES = ("token", "password", "totp", "api_key", "client_id", "client_secret")
COMMAND_TIMEOUT_S = 30
LOCK_TIMEOUT_S = 30
RETRIES = {1: timedelta(hours=18), 2: timedelta(hours=66)}
"""How long after the first and the second refusal secrets that worked before are tried once more: one night, and three,
less the hours by which nights begin earlier or later."""
KEYRING_SERVICE, KEYRING_USER = "archiver", "vault key"

_MAGIC = "archiver-vault-1"
_taken: dict[str, str] = {}  # secrets removed from this process's environment; global because the environment is
_SECRET_VARIABLE = re.compile(r"ARCHIVER_KEY|ARCHIVER_.*(SECRET|TOKEN|PASSWORD).*")


@dataclass(frozen=True)
class Trouble:
    """Why an account needs a person: the error's name, its time (UTC, `…Z`), the refused secrets' digest.

    `refusals` counts how often the platform refused just these secrets. `worked`: it had accepted them before.
    """

    error: str
    at: str
    secret_digest: str
    refusals: int = 1
    worked: bool = False

    def rests(self, secret_digest: str, now: datetime) -> bool:
        """Whether these secrets are not tried until a person has acted.

        Other secrets are tried at once. Secrets that worked before are tried once more the next night, and once three
        nights later: a platform may refuse for one night what it accepts the next one, and locks accounts that try
        oftener.
        """
        wait = RETRIES.get(self.refusals) if self.worked else None
        waited = wait is not None and now - datetime.fromisoformat(self.at) >= wait
        return self.secret_digest == secret_digest and not waited


class TroubleRecord(TypedDict):
    """The fields of `Trouble`, in the vault's file."""

    error: str
    at: str
    secret_digest: str
    refusals: NotRequired[int]
    worked: NotRequired[bool]


class VaultRecord(TypedDict, total=False):
    """What the vault keeps of an account."""

    secrets: dict[str, str]
    session: StorageState  # of a browser
    username: str  # of a rotation that is not in the settings yet
    trouble: TroubleRecord
    worked: str  # the digest of the secrets that the platform accepted last


class VaultContent(TypedDict):
    """The decrypted content of the vault file."""

    accounts: dict[str, VaultRecord]
    signers: dict[str, str]  # client -> signing key, in base64
    writes: NotRequired[int]  # how often the file was written


class Vault:
    """The encrypted file at `path`. Every call reads the file again; every change is locked, atomic and durable.

    Raises VaultLocked if the key does not fit, or the file is missing or damaged. With `remember`, `replayed` reports
    an older copy of the file.
    """

    def __init__(self, path: Path, key: str, *, remember: bool = False) -> None:
        from cryptography.fernet import Fernet

        self._path = path
        self._fernet = Fernet(checked_key(key, "the key"))
        self._key_id = hashlib.sha256(b"archiver vault key id" + key.encode()).hexdigest()[:16]
        self._memory = VaultMemory(path, self._key_id) if remember else None

    @classmethod
    def create(cls, path: Path, key: str) -> Vault:
        """Create an empty vault. An existing vault is opened and not changed."""
        vault = cls(path, key)
        with vault._lock():
            if not path.exists():
                vault._write({"accounts": {}, "signers": {}})
        vault._read()
        return vault

    def secrets(self, account: str) -> dict[str, str]:
        """Secret name → value; empty if there are none."""
        return dict(self._account(account).get("secrets", {}))

    def set_secrets(self, account: str, secrets: Mapping[str, str]) -> None:
        """Replace all secrets of the account; ConfigError for a name outside SECRET_NAMES."""
        _check_names(secrets)
        with self._changing_account(account) as record:
            record["secrets"] = dict(secrets)

    def forget(self, account: str) -> None:
        """Delete everything about the account: secrets, session, mark."""
        with self._changing() as content:
            content["accounts"].pop(account, None)

    def rename(self, account: str, new: str) -> None:
        """Give everything about an account to a new name."""
        with self._changing() as content:
            if account in content["accounts"]:
                content["accounts"][new] = content["accounts"].pop(account)

    def rotate(
        self, account: str, secrets: Mapping[str, str], session: StorageState | None, username: str | None
    ) -> None:
        """Replace secrets and session and delete the mark, in one write. `username` is the matching user name, which is
        not in the settings yet: see `renamed`."""
        _check_names(secrets)
        new: VaultRecord = {"secrets": dict(secrets)} if secrets else {}
        if session:
            new["session"] = session
        if username:
            new["username"] = username
        with self._lock():
            content = self._read()
            content["accounts"][account] = new
            self._write(content)

    def renamed(self, account: str) -> str | None:
        """The new user name of a rotation that is not in the settings yet; None if there is none."""
        return self._account(account).get("username")

    def settle_name(self, account: str) -> None:
        """Record that the settings have the account's new user name."""
        with self._changing_account(account) as record:
            record.pop("username", None)

    def accounts(self) -> list[str]:
        return sorted(self._read()["accounts"])

    def session(self, account: str) -> StorageState | None:
        return self._account(account).get("session")

    def sessions(self) -> dict[str, tuple[StorageState | None, Trouble | None]]:
        """The saved session and the mark of every account in the vault, with one read."""
        known = self._read()["accounts"].items()
        return {name: (each.get("session"), Trouble(**found) if (found := each.get("trouble")) else None)
                for name, each in known}  # fmt: skip

    def save_session(self, account: str, state: StorageState) -> None:
        with self._changing_account(account) as record:
            record["session"] = state

    def trouble(self, account: str) -> Trouble | None:
        """The "needs a person" mark. It counts only while the account's secrets have the same digest."""
        found = self._account(account).get("trouble")
        return Trouble(**found) if found else None

    def mark(self, account: str, error: str, secret_digest: str) -> None:
        """The platform refused these secrets, once more if they are marked already."""
        with self._changing_account(account) as record:
            before = record.get("trouble")
            record["trouble"] = {
                "error": error, "at": iso(datetime.now(UTC)) or "", "secret_digest": secret_digest,
                "refusals": before.get("refusals", 1) + 1 if before and before["secret_digest"] == secret_digest else 1,
                "worked": record.get("worked") == secret_digest,
            }  # fmt: skip

    def accepted(self, account: str, secret_digest: str) -> None:
        """The platform accepted these secrets: a mark of an earlier refusal goes. It is written only if that is new."""
        with self._changing_account(account) as record:
            record["worked"] = secret_digest
            record.pop("trouble", None)

    def clear_mark(self, account: str) -> None:
        with self._changing_account(account) as record:
            record.pop("trouble", None)

    def signer(self, client: str) -> Ed25519PrivateKey:
        """The client's signing key. The first call creates it."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        raw = self._read()["signers"].get(client)
        if raw is None:
            with self._changing() as content:
                new = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()
                raw = content["signers"].setdefault(client, new)
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(raw))

    def public_key(self, client: str) -> bytes | None:
        """The public half of the client's signing key; None if it has none yet."""
        return self.signer(client).public_key().public_bytes_raw() if client in self._read()["signers"] else None

    def content(self) -> VaultContent:
        """Everything in the vault: accounts and signers by name. For moving it elsewhere."""
        content = self._read()
        return {"accounts": content["accounts"], "signers": content["signers"]}

    def fill(self, content: VaultContent) -> None:
        """Put in accounts and signers that another vault had; what is here under the same name is replaced."""
        with self._lock():
            here = self._read()
            here["accounts"].update(content["accounts"])
            here["signers"].update(content["signers"])
            self._write(here)

    def replayed(self) -> str | None:
        """A warning if an older copy was put back; None otherwise. Call it after the vault was read."""
        return self._memory.warning if self._memory else None

    def accept_as_newest(self) -> None:
        """Record that a person accepts the current vault as the right one."""
        if self._memory:
            with self._lock():
                self._memory.accept(self._read().get("writes", 0), read_file(self._path))

    def _account(self, name: str) -> VaultRecord:
        return self._read()["accounts"].get(name, {})

    @contextmanager
    def _changing(self) -> Iterator[VaultContent]:
        with self._lock():
            content = self._read()
            before = json.dumps(content)
            yield content
            if json.dumps(content) != before:
                self._write(content)

    @contextmanager
    def _changing_account(self, name: str) -> Iterator[VaultRecord]:
        with self._changing() as content:
            yield content["accounts"].setdefault(name, {})

    def _lock(self) -> AbstractContextManager[None]:
        return unchanged(self._path)

    def _read(self) -> VaultContent:
        from cryptography.fernet import InvalidToken

        seen = self._memory.seen() if self._memory else None
        try:
            text = read_file(self._path)
        except FileNotFoundError:
            raise VaultLocked(
                f"{self._path} does not exist; restore it from a copy, or create an empty one with `archiver setup`"
            ) from None
        except OSError as error:
            raise VaultLocked(f"{self._path} cannot be read ({error.strerror}); check who may read it") from None
        head, _, token = text.partition(b"\n")
        magic, _, key_id = head.decode("ascii", "replace").partition(" ")
        damaged = f"{self._path} is damaged; restore it from a copy"
        if magic != _MAGIC and re.fullmatch(r"archiver-vault-[0-9]+", magic):
            raise VaultLocked(
                f"a later version of this program wrote {self._path} ({magic}); leave the file as it is and install "
                "that version here"
            )
        if magic != _MAGIC or not re.fullmatch("[0-9a-f]{16}", key_id):
            raise VaultLocked(damaged)
        if key_id != self._key_id:
            raise VaultLocked(
                f"the key does not fit {self._path}; give the key that created it (ARCHIVER_KEY_FILE or keyring)"
            )
        try:
            content: VaultContent = json.loads(self._fernet.decrypt(token))
        except InvalidToken:
            raise VaultLocked(damaged) from None
        if self._memory:
            self._memory.see(seen, content.get("writes", 0), text)
        return content

    def _write(self, content: VaultContent) -> None:
        """Write the vault. Hold the lock, and pass content that was read while holding it."""
        counted: VaultContent = {**content, "writes": content.get("writes", 0) + 1}
        file = f"{_MAGIC} {self._key_id}\n".encode() + self._fernet.encrypt(json.dumps(counted).encode())
        replace_file(self._path, file)
        if self._memory:
            self._memory.see(self._memory.seen(), counted["writes"], file)


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Within the block, nobody else writes to the vault at `path`. VaultLocked if another command does not end."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(path.with_name(f"{path.name}.lock"), timeout=LOCK_TIMEOUT_S):
            yield
    except Timeout:
        raise VaultLocked(f"another command has used it for {LOCK_TIMEOUT_S} seconds; try again") from None


def open_vault(path: Path, *, create: bool = False, remember: bool = False) -> Vault:
    """Open the vault at `path` with the key from `find_key`. `create` creates a missing vault and its key."""
    if create and not path.exists():
        return Vault.create(path, find_key(create=True))
    vault = Vault(path, find_key(), remember=remember)
    vault._read()
    return vault


def secret_digest(secrets: Mapping[str, str]) -> str:
    """A digest that changes whenever a secret changes. Only the vault stores it."""
    return hashlib.sha256(json.dumps(dict(secrets), sort_keys=True).encode()).hexdigest()


# ---------------------------------------------------------------- the key


def new_key() -> str:
    """A new key: 32 random bytes as 44 characters of URL-safe base64."""
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def checked_key(text: str, where: str) -> str:
    """The key without surrounding white space. VaultLocked, which names `where`, if it is invalid."""
    key = text.strip()
    try:
        if len(key) == 44 and len(base64.b64decode(key, altchars=b"-_", validate=True)) == 32:
            return key
    except (binascii.Error, ValueError):
        pass
    raise VaultLocked(f"{where} is not a key; a key is 44 characters of URL-safe base64, ending in `=`")


def find_key(*, create: bool = False, interactive: bool | None = None) -> str:
    """The vault's key, as `locate_key` finds it."""
    return locate_key(create=create, interactive=interactive)[0]


def locate_key(*, create: bool = False, interactive: bool | None = None) -> tuple[str, str]:
    """The vault's key and, in words, its place.

    The order of search: systemd credential, ARCHIVER_KEY_FILE, the system's keyring, the user's own key file,
    ARCHIVER_KEY, a prompt. With `create`, a missing key is created: in the file that ARCHIVER_KEY_FILE names, or else
    in the keyring, or else in the user's own key file. `interactive` allows the prompt; by default it is allowed if
    standard input and error are a terminal. VaultLocked says what failed.
    """
    pop_secrets_from_environment()
    if interactive is None:
        interactive = sys.stdin.isatty() and sys.stderr.isatty()
    if credentials := os.environ.get("CREDENTIALS_DIRECTORY"):
        credential = Path(credentials) / "archiver-key"
        if credential.is_file():
            return checked_key(_read_key(credential), str(credential)), f"the systemd credential {credential}"
    if name := os.environ.get("ARCHIVER_KEY_FILE"):
        return _key_from_file(Path(name), create), f"the file {name}"
    backends, notes = usable_keyrings()
    for backend in backends:
        if stored := _stored_key(backend, notes):
            return checked_key(stored, "the keyring's entry"), "the system's keyring"
    own = default_key_file()
    if own.exists():
        return _key_from_file(own, create=False), f"the file {own}"
    if "ARCHIVER_KEY" in _taken:
        return checked_key(_taken["ARCHIVER_KEY"], "ARCHIVER_KEY"), "ARCHIVER_KEY"
    if create:
        key = new_key()
        for backend in backends:
            if _store_key(backend, key, notes):
                return key, "the system's keyring"
        return _key_from_file(own, create=True), f"the file {own}"
    if interactive:
        from getpass import getpass

        return checked_key(getpass("Vault key: "), "the typed text"), "your input"
    seen = f" ({'; '.join(notes)})" if notes else ""
    raise VaultLocked(f"no key was found{seen}; set ARCHIVER_KEY_FILE to the file that holds the key")


def default_key_file() -> Path:
    """The user's own key file, for machines without a keyring. It is outside any home."""
    from platformdirs import user_config_path

    return user_config_path("archiver-key", appauthor=False) / "vault.key"


def key_file() -> Path | None:
    """The file that holds the key: the named one, or else the user's own; None if the key is not in a file."""
    if name := os.environ.get("ARCHIVER_KEY_FILE"):
        return Path(name)
    own = default_key_file()
    return own if own.exists() else None


def is_key_kept() -> bool:
    """Whether a program that this user's scheduler starts finds the key: in a file, or in the system's keyring."""
    if (file := key_file()) is not None:
        return file.is_file()
    return any(_stored_key(each, []) for each in usable_keyrings()[0])


def _key_from_file(path: Path, create: bool) -> str:
    if create and not path.exists():
        key = new_key()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            sweep_beside(path)
            replace_file(path, f"{key}\n".encode())
        except OSError as error:
            raise VaultLocked(f"the key file {path} cannot be created ({error.strerror}); name another one") from None
        return key
    text = _read_key(path)
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise VaultLocked(f"others can read the key file {path}; run `chmod 600 {path}`")
    return checked_key(text, str(path))


def _read_key(path: Path) -> str:
    try:
        return read_file(path).decode()
    except UnicodeDecodeError:
        return ""
    except OSError as error:
        raise VaultLocked(f"the key file {path} cannot be read ({error.strerror}); check ARCHIVER_KEY_FILE") from None


# ---------------------------------------------------------------- the system's keyring


def usable_keyrings(found: KeyringBackend | None = None) -> tuple[list[KeyringBackend], list[str]]:
    """The back ends that store secrets safely, best first, and the reasons why others were refused.

    `found` is the back end to check, by default the one that `keyring` chose for this system. Members of a chain are
    checked one by one.
    """
    import keyring
    from keyring.backends.chainer import ChainerBackend

    found = found or keyring.get_keyring()
    members = found.backends if isinstance(found, ChainerBackend) else [found]
    refused = [f"{_name(type(backend))} {fault}" for backend in members if (fault := _fault(type(backend)))]
    return [backend for backend in members if not _fault(type(backend))], refused


def _fault(backend: type) -> str | None:
    """Why a back end is refused, by its class and base classes. Its priority says nothing about safety."""
    for kind in backend.__mro__:
        if kind.__module__ in ("keyring.backends.fail", "keyring.backends.null"):
            return "stores nothing"
        if kind.__module__.startswith("keyrings.alt") or "plaintext" in kind.__name__.lower():
            return "was refused, because it stores secrets as plain text"
    return None


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _stored_key(backend: KeyringBackend, notes: list[str]) -> str | None:
    from keyring.errors import KeyringError

    try:
        return backend.get_password(KEYRING_SERVICE, KEYRING_USER)
    except (KeyringError, OSError, EOFError, RuntimeError) as error:
        notes.append(f"{_name(type(backend))} failed with {type(error).__name__}")
        return None


def _store_key(backend: KeyringBackend, key: str, notes: list[str]) -> bool:
    """Store the key in the keyring. Returns whether the keyring gives it back."""
    from keyring.errors import KeyringError

    try:
        backend.set_password(KEYRING_SERVICE, KEYRING_USER, key)
    except (KeyringError, OSError, EOFError, RuntimeError) as error:
        notes.append(f"{_name(type(backend))} failed with {type(error).__name__}")
        return False
    return _stored_key(backend, notes) == key


# ---------------------------------------------------------------- secrets from elsewhere


def pop_secrets_from_environment() -> None:
    """Remove every secret from this process's environment, so that no browser or command inherits one.

    `find_key` can still use ARCHIVER_KEY afterwards.
    """
    for name in [name for name in os.environ if _SECRET_VARIABLE.fullmatch(name)]:
        _taken[name] = os.environ.pop(name)


def parse_secrets(text: str, bare: str | None = None) -> dict[str, str]:
    """Parse secrets: a YAML mapping of SECRET_NAMES to text, or one plain line, which is the secret `bare`.

    Every value stays as written (`0123` stays `0123`). ConfigError never repeats any input.
    """
    import yaml

    allowed = f"Give one YAML mapping with these names: {', '.join(SECRET_NAMES)}."
    line = text.strip()
    try:
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError:
        node = None
    if not isinstance(node, yaml.MappingNode):
        if bare and line and len(line.splitlines()) == 1:
            return {bare: line}
        raise ConfigError(f"The secrets cannot be read. {allowed}")
    secrets: dict[str, str] = {}
    for key, value in node.value:
        number = key.start_mark.line + 1
        if key.value not in SECRET_NAMES:
            raise ConfigError(f"Line {number} of the secrets has an unknown name. {allowed}")
        if not isinstance(value, yaml.ScalarNode) or not value.value or key.value in secrets:
            raise ConfigError(
                f"Line {number} of the secrets: {key.value} is empty, repeated or not plain text. {allowed}"
            )
        secrets[key.value] = value.value
    return secrets


def run_secret_command(argv: Sequence[str], *, bare: str) -> dict[str, str]:
    """Run a password manager's command and parse its output with `parse_secrets`. No shell; at most COMMAND_TIMEOUT_S.

    ConfigError names only the program, because arguments and output may be secret.
    """
    try:
        done = subprocess.run(
            list(argv), stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
        output = done.stdout.decode("utf-8")
    except subprocess.TimeoutExpired:
        fault = f"did not end within {COMMAND_TIMEOUT_S} seconds"
    except OSError as error:
        fault = f"cannot be started ({error.strerror})"
    except UnicodeDecodeError:
        fault = "printed something that is not UTF-8 text"
    else:
        if done.returncode == 0:
            return parse_secrets(output, bare)
        fault = f"ended with exit code {done.returncode}"
    raise ConfigError(f"The secret command {argv[0]!r} {fault}. Run it by hand to see why.")


def _check_names(secrets: Mapping[str, str]) -> None:
    unknown = sorted(set(secrets) - set(SECRET_NAMES))
    if unknown:
        raise ConfigError(f"{', '.join(unknown)}: unknown secret. Use one of {', '.join(SECRET_NAMES)}.")
