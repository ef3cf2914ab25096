"""An archive as a command writes it: real files, a real local timestamp authority."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import ocfl
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive import ledger
from archiver.archive.anchors import Anchor
from archiver.archive.checking.parts import archive_words, ledger_lines, merkle_tree, whole_archive
from archiver.archive.checking.parts.proven_dates import Dates
from archiver.archive.checking.parts.verify_report import VerifyReport
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.ocfl import NewObject, Stored
from archiver.archive.seal import Post, Qualify, strict_checker
from archiver.archive.witness import FolderWitness, Witness
from archiver.archive.writer import ArchiveWriter, Authority, Restored, Seal, SealSettings, open_archive
from archiver.home.network import Network

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FILES = {"licence.json": b'{"licensed_at": "2026-11-24"}\n', "certificate.pdf": b"%PDF-1.7 certificate of {n}"}


def licence(n: int, files: Mapping[str, bytes] | None = None) -> NewObject:
    """Invented licence number n."""
    return NewObject(
        kind="licences",
        date=date(2026, 11, 24),
        provider="example",
        asset_id=f"asset {n}",
        identity=f"example:{n}",
        files=files or {name: content.replace(b"{n}", b"%d" % n) for name, content in FILES.items()},
        created=datetime.now(UTC),
    )


@dataclass
class Kit:
    """One archive, and how to open it for writing again and again."""

    root: Path
    authorities: Sequence[Authority]
    signer: Ed25519PrivateKey = SIGNER
    stored: list[Stored] = field(default_factory=list)
    witnesses: Sequence[Witness] = ()
    anchors: Sequence[Anchor] = ()
    post: Post = Network().post
    qualify: Qualify = lambda *_: ([], [])
    pins: bool = True  # whether its settings pin the authorities' roots for checks

    def open(
        self, origin: str = "live", post: Post | None = None, after_restore: Path | None = None
    ) -> AbstractContextManager[ArchiveWriter]:
        means = SealSettings(
            client="acme",
            signer=self.signer,
            authorities=self.authorities,
            state=self.root.parent / "state",
            post=post or self.post,
            qualify=self.qualify,
            roots=[each.roots for each in self.authorities if each.roots and self.pins],
            witnesses=self.witnesses,
            anchors=self.anchors,
        )
        restored = Restored(place=after_restore, by="Ada") if after_restore else None
        return open_archive(self.root, means, origin=origin, after_restore=restored)

    def write(self, *numbers: int, origin: str = "live") -> Seal:
        """One command: archives these licences and seals."""
        with self.open(origin) as archive:
            self.stored += [future.result() for future in [archive.put(licence(n)) for n in numbers]]
            sealed = archive.seal()
            archive.changes_reported()
            return sealed

    def verify(self, against: Path | None = None) -> VerifyReport:
        return verify_archive(self.root, against=against)

    def dates(self) -> Dates:
        """What its timestamps prove, with all signatures checked."""
        sizes = [size for size, *_ in ledger_lines.newest_checkpoints(self.root / archive_words.CHECKPOINTS)]
        held = whole_archive.check_checkpoints(self.root, None, strict_checker(), sizes)
        return Dates((size, each[1]) for size, each in held.items() if each)

    def place(self, n: int) -> Path:
        """The folder of licence n."""
        return self.root / "evidence/licences/2026/11" / licence(n).object_id.rpartition(":")[2]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAuthority]:
    with LocalAuthority(tmp_path_factory.mktemp("authority")) as serving:
        yield serving


@pytest.fixture
def kit(tmp_path: Path, authority: LocalAuthority) -> Kit:
    """An archive that does not exist yet, with one timestamp authority."""
    return Kit(tmp_path / "acme", [Authority(name="local", url=authority.url, roots=authority.root_pem)])


@pytest.fixture(scope="session")
def sealed_once(tmp_path_factory: pytest.TempPathFactory, authority: LocalAuthority) -> Path:
    """A folder with an archive of two commands, its checkpoints at a witness (`disk`), and its state."""
    folder = tmp_path_factory.mktemp("sealed")
    (folder / "disk").mkdir()
    kit = Kit(folder / "acme", [Authority(name="local", url=authority.url, roots=authority.root_pem)])
    kit.witnesses = [FolderWitness(name="disk", folder=folder / "disk")]
    kit.write(1, 2)
    kit.write(3)
    return folder


@pytest.fixture
def sealed(kit: Kit, sealed_once: Path) -> Kit:
    """A copy of that archive: licences 1 and 2 below checkpoint 3, and 3 below 5; its witness is beside it."""
    shutil.copytree(sealed_once, kit.root.parent, dirs_exist_ok=True)
    kit.witnesses = [FolderWitness(name="disk", folder=kit.root.parent / "disk")]
    return kit


ISOLATED = [sys.executable, "-I"]


def passes_ocfl_py(folder: Path) -> bool:
    """ocfl-py on one object: on a whole root it reports damage and success at once."""
    passed, _ = ocfl.Object().validate(str(folder), log_warnings=True)
    return bool(passed)


def flip(path: Path, at: float = 0.5) -> None:
    """Change one byte in place, keeping the size."""
    data = bytearray(path.read_bytes())
    data[int(len(data) * at)] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def damage(kit: Kit) -> set[str]:
    return {finding.path for finding in kit.verify().findings if finding.damage}


def root_of(kit: Kit, size: int) -> bytes:
    tree = merkle_tree.Frontier()
    for raw in (kit.root / archive_words.LEDGER).read_bytes().splitlines()[:size]:
        tree.add(merkle_tree.leaf_hash(raw))
    return tree.root()


YEAR = 366 * 86400


class Clock:
    """Sets the clock of the ledger: seconds from now."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = self
        self.ahead = 0

        class Shifted(datetime):
            @classmethod
            def now(cls, zone: Any = None) -> Any:
                return datetime.now(zone) + timedelta(seconds=clock.ahead)

        monkeypatch.setattr(ledger, "datetime", Shifted)


def objects(root: Path) -> list[Path]:
    return [path.parent for path in root.glob("evidence/**/0=ocfl_object_1.1")]
