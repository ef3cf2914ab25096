"""The small files of a fleet's home as files of a folder, kept equal by compare-and-set.

archiver.yaml, roots/…              the rows of the same name; `fleet init` alone changes them
clients/…, work/…                   the rows of the same name
vault.enc                           the rows vault/accounts/… and vault/signers/…
desk-users.json, desk-tokens.json, state/desk/links/…    the rows below desk/
`state/fleet/rows.json` has the version of each row that the folder has, and the digest of its content. What differs
from it was changed here. It is written last, so what a crash leaves behind equals its row, or is refused by it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from filelock import FileLock

from archiver.core.atomic_files import read_file, replace_file
from archiver.core.errors import ChangedMeanwhile, ConfigError, VaultLocked
from archiver.fleet.fleet_home import SETTINGS, SealedRows, open_accounts, without_machine
from archiver.fleet.object_store import sha256_of
from archiver.home.settings import Home
from archiver.home.vault import Vault, VaultRecord

PREFIXES = (SETTINGS, "roots/", "clients/", "vault/accounts/", "vault/signers/", "work/", "desk/")
ONLY_READ = (SETTINGS, "roots/")
DESK_FILES = {"desk/desk-users.json": "desk-users.json", "desk/desk-tokens.json": "desk-tokens.json"}
LINKS = "state/desk/links/"
NOT_SHARED = ("work/audits/",)  # databases of site audits
MAX_ROW_BYTES = 64 << 20
ROWS_AT_ONCE = 64
MAX_ATTEMPTS = 5


@dataclass
class CopiedRow:
    """A row as the folder has it. `stat` recognises the unchanged file without reading it."""

    version: int
    digest: str
    stat: list[int] = field(default_factory=list)


@dataclass
class _Known:
    rows: dict[str, CopiedRow] = field(default_factory=dict)
    vault: list[int] = field(default_factory=list)  # stat of the vault's file
    losses: int = 0


class CopiedRows:
    """The rows of a fleet below `root`. Safe for threads and processes."""

    def __init__(self, root: Path, rows: SealedRows, key: str) -> None:
        self._root, self._rows, self._key = root, rows, key
        self._mark = ""  # of the rows, when they were last brought in whole
        self._place = root / "state" / "fleet" / "rows.json"
        self._place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def pull(self) -> None:
        """Write what others changed. What was changed here stays, until it is pushed."""
        with self._working() as known:
            self._pull(known)

    def push(self) -> None:
        """Hand over what was changed here, all of it or nothing.

        ChangedMeanwhile if others changed the same rows; then theirs are in the folder. ConfigError for what may not be
        changed here, which is undone.
        """
        with self._working() as known:
            for _ in range(MAX_ATTEMPTS):
                changed = self._changed(known)
                if not changed:
                    return
                self._refuse(known, changed)
                if self._push(known, changed):
                    return
            self._undo(known, changed)
            raise ChangedMeanwhile("clients")

    def losses(self) -> int:
        return self._load().losses

    # ------------------------------------------------------------ in and out

    def _pull(self, known: _Known) -> None:
        mark = self._rows.rows.file_mark(*PREFIXES)
        if mark == self._mark:
            return
        versions = self._rows.rows.file_versions(*PREFIXES)
        new = [path for path, version in versions.items() if path not in known.rows
               or known.rows[path].version != version]  # fmt: skip
        gone = known.rows.keys() - versions.keys()
        if new or gone:
            ours = self._changed(known)
            self._take(known, [path for path in (*new, *gone) if path not in ours])
        if {path: row.version for path, row in known.rows.items()} == versions:  # otherwise something here waits
            self._mark = mark

    def _take(self, known: _Known, paths: Iterable[str], *, undo: bool = False) -> None:
        """Write the present content of these rows into the folder, or remove what is no longer there.

        Without `undo`, a file that somebody here is just changing stays: its push will find the row changed.
        """
        listed = sorted(paths)
        accounts, signers = dict[str, VaultRecord | None](), dict[str, str]()
        for start in range(0, len(listed), ROWS_AT_ONCE):
            some = listed[start : start + ROWS_AT_ONCE]
            found = self._rows.read_exactly(some)
            for path in some:
                content, version = found.get(path, (None, 0))
                content = without_machine(content) if path == SETTINGS and content else content
                kind, _, name = path.rpartition("/")
                before = known.rows.get(path)
                if kind == "vault/accounts":
                    accounts[name] = None if content is None else json.loads(content)
                    content = content and _sorted(accounts[name])
                elif kind == "vault/signers" and content is not None:
                    signers[name] = content.decode()
                elif not _in_vault(path):
                    if not undo and self._stat(path) != (before.stat if before else []):
                        continue
                    self._write(self._root / file_of(path), content)
                if content is None:
                    known.rows.pop(path, None)
                else:
                    known.rows[path] = CopiedRow(version, sha256_of(content), self._stat(path))
        if accounts or signers:
            self._fill_vault(known, accounts, signers)
        if listed and hasattr(os, "sync"):
            os.sync()  # before the list of what is there, which is written last

    def _write(self, path: Path, content: bytes | None) -> None:
        if content is None:
            path.unlink(missing_ok=True)
            with suppress(OSError):  # other files are in it
                path.parent.rmdir()
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = path.with_name(f".{path.name}.pulled.tmp")
        new.write_bytes(content)
        new.chmod(0o600)
        new.replace(path)

    def _fill_vault(self, known: _Known, accounts: Mapping[str, VaultRecord | None], signers: dict[str, str]) -> None:
        vault = self.vault()
        vault.fill({"accounts": {name: each for name, each in accounts.items() if each is not None},
                    "signers": signers})  # fmt: skip
        for name in (name for name, each in accounts.items() if each is None):
            vault.forget(name)
        known.vault = _stat(self._root / "vault.enc")

    def vault(self) -> Vault:
        """The vault of the folder; a new one if the key is another than before."""
        path = self._root / "vault.enc"
        if path.exists():
            with suppress(VaultLocked):
                return Vault.create(path, self._key)
            path.unlink()
        vault = Vault.create(path, self._key)
        Vault(path, self._key, remember=True).accept_as_newest()
        return vault

    def _push(self, known: _Known, changed: Mapping[str, bytes | None]) -> bool:
        """Whether the changes are in the database, or are there already. False: others changed some client's file."""
        base = {path: known.rows[path].version if path in known.rows else 0 for path in changed}
        clients = [path for path in changed if path.startswith("clients/")]
        beside = {path: row.version for path, row in known.rows.items() if path.startswith("clients/")}
        accounts = dict[str, list[str]]()
        if clients:
            try:
                home = Home.load(self._root)  # names are unique in all files
            except ConfigError as error:  # others have taken the name
                self._undo(known, changed)
                raise ChangedMeanwhile(f"clients ({error.detail})") from None
            for slug in (Path(path).stem for path in clients):
                accounts[slug] = open_accounts(home, slug) if slug in home.clients else []
        sealed = self._rows.sealed({path: (content, base[path]) for path, content in changed.items()})
        versions, refused = self._rows.rows.put_all(sealed, beside if clients else {}, accounts)
        if not refused:
            for path, content in changed.items():
                if content is None:
                    known.rows.pop(path, None)
                else:
                    known.rows[path] = CopiedRow(versions[path], sha256_of(content), self._stat(path))
            known.vault = known.vault if not any(map(_in_vault, changed)) else []
            return True
        self._mark = ""  # the rows are no longer those that were brought in, even if the same mark comes back
        theirs = self._rows.read_exactly(refused)
        for path in (path for path in refused if path in changed):
            content, version = theirs.get(path, (None, 0))
            if content == changed[path]:  # the same, or what a killed command pushed
                self._take(known, [path], undo=True)
            elif version != base[path]:
                self._undo(known, changed)
                raise ChangedMeanwhile(path)
        self._pull(known)
        return False

    def _refuse(self, known: _Known, changed: Mapping[str, bytes | None]) -> None:
        for path, content in sorted(changed.items()):
            if path.startswith(ONLY_READ):
                self._take(known, [path], undo=True)
                raise ConfigError(
                    f"{path} of a fleet is changed with `archiver fleet init --settings FILE`. The change was undone."
                )
            if content and len(content) > MAX_ROW_BYTES:
                raise ConfigError(
                    f"{file_of(path)} has {len(content) >> 20} MB, but a fleet keeps files of {MAX_ROW_BYTES >> 20} MB "
                    "at most. Remove it, or keep it elsewhere."
                )

    def _undo(self, known: _Known, changed: Iterable[str]) -> None:
        known.losses += 1
        self._take(known, changed, undo=True)

    # ------------------------------------------------------------ what is here

    def _changed(self, known: _Known) -> dict[str, bytes | None]:
        """What differs here from the rows that the folder was made of: path -> content, None if it is gone."""
        found, here = dict[str, bytes | None](), set[str]()
        for path in self._files():
            row = known.rows.get(path)
            here.add(path)
            stat = self._stat(path)
            if row and row.stat == stat:
                continue
            with suppress(FileNotFoundError):
                content = read_file(self._root / file_of(path))
                if row and row.digest == sha256_of(content):
                    row.stat = stat
                else:
                    found[path] = content
        found |= {path: None for path in known.rows if path not in here and not _in_vault(path)}
        stat = _stat(self._root / "vault.enc")
        if stat and stat != known.vault:
            content_now = self.vault().content()
            rows = {f"vault/accounts/{name}": _sorted(each) for name, each in content_now["accounts"].items()}
            rows |= {f"vault/signers/{name}": str(each).encode() for name, each in content_now["signers"].items()}
            for path, content in rows.items():
                row = known.rows.get(path)
                if row is None or row.digest != sha256_of(content):
                    found[path] = content
            found |= {path: None for path in known.rows if path.startswith("vault/accounts/") and path not in rows}
            if not any(map(_in_vault, found)):
                known.vault = stat
        return found

    def _files(self) -> Iterator[str]:
        """The paths of the rows whose files are there."""
        root = self._root
        yield from (path for path, name in DESK_FILES.items() if (root / name).is_file())
        if (root / SETTINGS).is_file():
            yield SETTINGS
        for folder in ("roots", "clients", "work", LINKS.rstrip("/")):
            for place, _, names in os.walk(root / folder):
                for name in names:
                    path = Path(place, name).relative_to(root).as_posix()
                    if not name.startswith(".") and not name.endswith(".lock") and not path.startswith(NOT_SHARED):
                        yield f"desk/links/{name}" if path.startswith(LINKS) else path

    def _stat(self, path: str) -> list[int]:
        return _stat(self._root / file_of(path)) if not _in_vault(path) else []

    @contextmanager
    def _working(self) -> Iterator[_Known]:
        with FileLock(self._place.with_suffix(".lock")):
            known = self._load()
            before = json.dumps(asdict(known))
            try:
                yield known
            finally:
                if (after := json.dumps(asdict(known))) != before:
                    replace_file(self._place, after.encode())

    def _load(self) -> _Known:
        with suppress(OSError, ValueError, TypeError, KeyError):
            fields = json.loads(read_file(self._place))
            rows = {path: CopiedRow(**row) for path, row in fields["rows"].items()}
            return _Known(rows, fields["vault"], fields["losses"])
        return _Known()


def file_of(path: str) -> str:
    """The file of a row, relative to the folder."""
    if path.startswith("desk/links/"):
        return LINKS + path.removeprefix("desk/links/")
    return DESK_FILES.get(path, path)


def _sorted(record: object) -> bytes:
    return json.dumps(record, sort_keys=True).encode()


def _in_vault(path: str) -> bool:
    return path.startswith("vault/")


def _stat(path: Path) -> list[int]:
    with suppress(OSError):
        found = path.stat()
        return [found.st_mtime_ns, found.st_size, found.st_ino]
    return []
