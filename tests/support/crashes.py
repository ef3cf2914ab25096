"""A child that writes an archive as fast as it can and says what is durable, `kill -9`, and power cuts."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from archiver.archive import writer
from archiver.archive.checking.parts import archive_words, whole_archive
from archiver.archive.ocfl import Stored
from archiver.archive.reader import Archive
from archiver.core.atomic_files import FilesystemSync
from tests.support.archive_kit import Kit, licence, passes_ocfl_py

CHILD = """
import os, runpy, sys
from pathlib import Path
from concurrent.futures import wait
from archiver.core import atomic_files
from archiver.archive import writer
from archiver.archive.writer import SealSettings, open_archive
from archiver.core.atomic_files import FairLock, FilesystemSync
kit = runpy.run_path(sys.argv[3])
SIGNER, licence = kit["SIGNER"], kit["licence"]
root, turn = Path(sys.argv[1]), int(sys.argv[2])
if sys.argv[4:] == ["careless"]:
    os.fsync = FilesystemSync.sync = lambda _: None
if sys.argv[4:] == ["file by file"]:
    FilesystemSync.of = lambda folder: None
if sys.argv[4:] == ["built apart"]:
    atomic_files._file_system = lambda folder: "ext4"  # whatever these tests lie on: a process may be killed anywhere
    writer.MIN_OBJECTS_FOR_PROCESS, FairLock.wanted = 0, True
means = SealSettings(client=root.name, signer=SIGNER, authorities=[], state=root.parent / "state", post=lambda *_: b"")
with open_archive(root, means, origin="live") as archive:
    for n in range(turn * 100_000, (turn + 1) * 100_000):
        new = licence(n)
        def told(future, new=new):
            if not future.exception():
                print(future.result().object_id, future.result().version, flush=True)
        put = archive.put(new)
        put.add_done_callback(told)
        if n % 4 == 0:
            archive.add_version(new.object_id, {"receipt.pdf": b"%d" % n}).add_done_callback(told)
        if n % 5 == 0:
            archive.erase(new.object_id, reason="other", statement="x").add_done_callback(told)
        if n % 12 == 0:
            wait([put])
"""

EXT4_IOC_SHUTDOWN, WITHOUT_JOURNAL = 0x8004587D, 2  # linux/ext4.h: stop at once; what is not on the disk is gone
IMAGE = 48 << 20  # bytes

Told = set[tuple[str, str]]
"""(object id, version) of what was said to be durable."""


def start(root: Path, turn: int, *options: str) -> subprocess.Popen[bytes]:
    kit = Path(__file__).with_name("archive_kit.py")
    command: list[str | Path] = [sys.executable, "-c", CHILD, root, str(turn), kit, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def read_for(child: subprocess.Popen[bytes], seconds: float) -> bytes:
    """What a child says, from its first word on and so much longer."""
    assert child.stdout
    handle = child.stdout.fileno()
    told = os.read(handle, 1 << 16)
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([handle], [], [], left)[0]:
            told += os.read(handle, 1 << 16)
    return told


def stop(child: subprocess.Popen[bytes]) -> bytes:
    """Kill it; what it had said before and nobody had read."""
    assert child.stdout
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read()
    child.wait()
    child.stdout.close()
    return rest


def durable(said: bytes) -> Told:
    lines = [line.split() for line in said.decode().splitlines() if line.endswith(("v1", "v2"))]
    return {(object_id, version) for object_id, version in lines}


def recorded(root: Path) -> Counter[tuple[str, str]]:
    lines = [line.fields for line in Archive(root).lines()]
    return Counter((line["id"], line["version"]) for line in lines if "inventory_sha512" in line)


def check(root: Path, told: Told, *, ocfl: int) -> None:
    """Recover as the next command does; nothing is lost, doubled, damaged or half erased, the newest objects are good
    OCFL."""
    kit = Kit(root, [])
    with kit.open():
        pass
    report = kit.verify()
    assert {finding.code for finding in report.findings} <= {"erased", "recovered"}
    assert not list((root / "staging").iterdir())
    assert told <= recorded(root).keys() and max(recorded(root).values()) == 1
    assert report.objects == len({object_id for object_id, _ in recorded(root)}) - report.erased
    newest = sorted((root / "evidence/licences/2026/11").iterdir())[-ocfl:]
    assert all(passes_ocfl_py(folder) for folder in newest)


def kill_again_and_again(root: Path, times: int, *options: str, seed: int = 11) -> None:
    """`kill -9` at random moments; before the recovery the archive is unfinished, never damaged."""
    moments = random.Random(seed)
    told: Told = set()
    for turn in range(times):
        child = start(root, turn, *options)
        said = read_for(child, moments.uniform(0, 0.15))
        told |= durable(said + stop(child))
        while held(root):
            time.sleep(0.01)
        codes = {finding.code for finding in whole_archive.verify_archive(root, quick=turn % 8 != 0).findings}
        assert codes <= {"interrupted", "erased", "recovered"}
    assert len(told) >= times
    check(root, told, ocfl=40)


def held(root: Path) -> bool:
    """Whether somebody still holds the archive: who built for a killed command, for a moment."""
    with (root / archive_words.LEDGER).open("rb") as file, suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    return True


# ---------------------------------------------------------------- power cuts


def no_power_cuts() -> str:
    """Why the power cannot be cut here; empty where it can."""
    if sys.platform != "linux" or os.geteuid():
        return "needs root on Linux, to mount a disk of its own"
    with tempfile.TemporaryDirectory() as folder:
        try:
            with disk(Path(folder)):
                return ""
        except (OSError, subprocess.CalledProcessError) as error:
            return f"no ext4 disk can be mounted here ({error})"


@contextmanager
def disk(folder: Path) -> Iterator[Path]:
    """A small ext4 disk, mounted."""
    image, mounted = folder / "disk.img", folder / "disk"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(IMAGE)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True, capture_output=True)
    mount(image, mounted)
    try:
        yield mounted
    finally:
        unmount(mounted)


def mount(image: Path, mounted: Path) -> None:
    for _ in range(10):  # two that look for a free loop device at once may find the same one
        done = subprocess.run(["mount", "-o", "loop", image, mounted], check=False, capture_output=True)
        if done.returncode == 0:
            return
        time.sleep(0.2)
    done.check_returncode()


def unmount(mounted: Path) -> None:
    for _ in range(50):  # the kernel lets go a moment after the last process ended
        if subprocess.run(["umount", mounted], check=False, capture_output=True).returncode == 0:
            return
        time.sleep(0.1)
    raise OSError(f"{mounted} stays mounted")


def cut_the_power(mounted: Path) -> None:
    handle = os.open(mounted, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack("I", WITHOUT_JOURNAL))
    finally:
        os.close(handle)


def cut_again_and_again(folder: Path, times: int, *options: str) -> None:
    """Power cuts at random moments, each on a new disk; after each, what was said to be durable is there and sound."""
    moments = random.Random(5)
    for turn in range(times):
        place = folder / str(turn)
        place.mkdir()
        with disk(place) as mounted:
            child = start(mounted / "acme", turn, *options)
            try:
                said = read_for(child, moments.uniform(0.05, 0.4))
                cut_the_power(mounted)
            finally:
                rest = stop(child)
            unmount(mounted)
            mount(place / "disk.img", mounted)
            told = durable(said + rest)
            if not told:
                pytest.fail("nothing was written before the power was cut")
            check(mounted / "acme", told, ocfl=10)


class Lethal:
    """Makes every durable step of this process fail from the given one on; a write fails half done.

    Nothing waits for the disk: the process alone is stopped, and it sees what it wrote, flushed or not.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 10**9
        for flushes, name in ((os, "fsync"), (FilesystemSync, "sync")):
            monkeypatch.setattr(flushes, name, self.wrap(name, lambda *_: None))
        for owner, name in ((os, "write"), (Path, "rename"), (Path, "replace"), (os, "mkdir")):
            monkeypatch.setattr(owner, name, self.wrap(name, getattr(owner, name)))

    def wrap(self, name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def count(*arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left >= 0:
                return step(*arguments, **options)
            if name == "write" and self.left == -1:
                step(arguments[0], arguments[1][: len(arguments[1]) // 2])
            raise OSError(errno.EIO, "stopped")

        return count


def stop_at_every_single_step(kit: Kit, monkeypatch: pytest.MonkeyPatch, durable: str) -> None:
    """New objects, versions and records, stopped once at each step of it that changes the disk."""
    kit.authorities = []
    monkeypatch.setattr(writer, "MIN_OBJECTS_FOR_DISK_SYNC", 1 if durable == "together" else 1000)
    if durable == "file by file":
        monkeypatch.setattr(FilesystemSync, "of", lambda folder: None)
    lethal = Lethal(monkeypatch)
    root = kit.root
    for stop in range(1, 10_000):
        kit.root = root.parent / f"stopped-{stop}" / "acme"
        acknowledged: list[Stored] = []
        lethal.left = stop
        with suppress(OSError), kit.open() as archive:
            futures = [archive.put(licence(n)) for n in range(2)]
            futures += [archive.add_version(licence(0).object_id, {"receipt.pdf": b"paid"})]
            wait(futures)
            acknowledged = [future.result() for future in futures if not future.exception()]
            archive.append("run", account="acme-example")
            archive.seal()
        survived, lethal.left = lethal.left >= 0, 10**9
        if (kit.root / "ledger/ledger.jsonl").exists():
            codes = {finding.code for finding in kit.verify().findings}
            assert codes <= {"interrupted"} or not recorded(kit.root), (stop, kit.verify().findings)
        with kit.open():
            pass
        report = kit.verify()
        assert {finding.code for finding in report.findings} <= {"recovered"}, (stop, report.findings)
        assert {(each.object_id, each.version) for each in acknowledged} <= recorded(kit.root).keys()
        assert report.objects == len({object_id for object_id, _ in recorded(kit.root)})
        if survived:
            break
    assert stop > 60 and len(acknowledged) == 3
