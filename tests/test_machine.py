"""What machines do to an archive: clocks, moves, read-only and full disks, shares, and users who should not read."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from archiver.archive.checking.parts.archive_words import CLOCK_TOLERANCE_S
from tests.support.homes import QUICK, Home, begun

RUN = ("run", "--replay", QUICK)


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[None]:
    """Something mounted at a folder; skips where that is not possible."""
    if os.name != "posix" or os.geteuid():
        pytest.skip("needs root, to mount")
    place.mkdir(exist_ok=True)
    if subprocess.run(["mount", *options, place], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    with mounted(place, "--bind", str(place)):
        subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True)
        yield


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def shifted(home: Home, seconds: int, *arguments: str | Path, code: int) -> Any:
    """A `--json` command under a clock that is off."""
    done = subprocess.run(
        ["faketime", "-f", f"{seconds:+}s", *home.command(*arguments, "--json")],
        env=home.env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


# ---------------------------------------------------------------- the clock


@pytest.mark.skipif(not shutil.which("faketime"), reason="needs the program faketime, to set a clock back")
def test_a_clock_that_was_set_back_is_refused_until_it_is_right(ran: Home) -> None:
    before = snapshot(ran.archive())
    [refused] = shifted(ran, -86400, *RUN, code=50)["accounts"]
    assert refused["error"] == "ClockWrong" and "Set the clock right" in refused["message"]
    assert snapshot(ran.archive()) == before
    told = {each["check"]: each["state"] for each in shifted(ran, -86400, "doctor", code=50)["checks"]}
    assert told.pop("clock") == "problem" and "problem" not in told.values()
    assert shifted(ran, 60 - CLOCK_TOLERANCE_S, *RUN, code=0)["outcome"] == "complete"
    ran(*RUN)
    assert ran.json("verify")["clients"][0]["findings"] == []


# ---------------------------------------------------------------- moved, read-only, full


def test_a_home_goes_on_wherever_it_is_copied_to(first_run: Path, ran: Home, tmp_path: Path) -> None:
    names = [first_run.name.encode(), b"home/archive"]  # of where it lay during its first run
    for name, content in snapshot(ran.root).items():
        assert not any(each in content for each in names), f"{name} knows where the home lies"
    moved = tmp_path / "elsewhere" / "moved home"
    moved.parent.mkdir()
    subprocess.run(["cp", "-a", ran.root, moved], check=True)
    shutil.rmtree(ran.root)
    ran.root, ran.env["ARCHIVER_HOME"] = moved, str(moved)
    archived = len(list(ran.archive().glob("evidence/licences/*/*/*")))
    again = ran.json(*RUN)["accounts"][0]
    assert (again["sweep"], again["archived"], again["outcome"]) == ("known", 0, "complete") and archived
    report = ran.json("verify")["clients"][0]
    assert (report["licences"], report["findings"]) == (archived, [])


@pytest.mark.parametrize("part", ["archive/acme", pytest.param("", marks=pytest.mark.long)])
def test_a_read_only_archive_can_be_searched_verified_and_proven(ran: Home, tmp_path: Path, part: str) -> None:
    """Only the archive; then the whole home, before and after its catalogue was lost."""
    with read_only(ran.root / part):
        [found] = ran.json("find", "--limit", "1")
        assert ran.json("show", found["licence"])["licence"] == found["licence"]
        assert ran.json("verify")["state"] == "UNPROVEN"
        if not part:
            ran.without_browser()("proof", found["licence"], "--out", tmp_path / "proof.zip")
        done = ran(*RUN, code=50)
        assert "Read-only file system" in done.stdout + done.stderr and "Traceback" not in done.stderr
        told = {each["check"]: each["state"] for each in ran.without_browser().json("doctor", code=50)["checks"]}
        assert told["archives"] == "ok" and told["disk"] == "problem"
    shutil.rmtree(ran.root / "state")
    with read_only(ran.root):
        assert ran.json("find", "--limit", "1") == [found]


@pytest.mark.long  # without a disk of its own: tests/agency/test_full_disk.py
def test_a_full_disk_stops_a_run_which_goes_on_when_there_is_room(home: Home) -> None:
    home.account("one", "shutterstock")
    shutil.copytree(home.root, home.root.with_name("copy"))
    with mounted(home.root, "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs"):
        shutil.copytree(home.root.with_name("copy"), home.root, dirs_exist_ok=True)
        done = home(*RUN, code=50)
        assert "The disk is full" in done.stdout + done.stderr and "Traceback" not in done.stderr
        subprocess.run(["mount", "-o", "remount,size=64m", home.root], check=True)
        [account] = home.json(*RUN)["accounts"]
        assert account["outcome"] == "complete"
        report = home.json("verify")["clients"][0]
        assert (report["findings"], report["licences"]) == ([], account["archived"] + account["already"])
        assert len(list(home.archive().glob("evidence/licences/*/*/*"))) == report["licences"]


# ---------------------------------------------------------------- two hosts, other users

HOLD = """
import sys; from pathlib import Path; home = Path(sys.argv[1])
from archiver.archive.ledger import Ledger
from contextlib import closing
from archiver.archive.checking.parts.archive_words import HOLDER
place = home / "archive" / "acme"
hold = lambda place: closing(Ledger(place / "ledger" / "ledger.jsonl", place / HOLDER, repr))
with hold(place):
    print("held", flush=True); sys.stdin.read()
"""


def test_two_hosts_on_one_share_exclude_each_other_from_a_client_and_from_no_other(ran: Home) -> None:
    ran("client", "add", "beta", "--name", "Beta Ltd")
    ran.account("two", "envato_market", client="beta")
    script = [sys.executable, "-c", HOLD, str(ran.root)]
    other = ["unshare", "--uts", "sh", "-c", 'hostname other-host && exec "$@"', "sh"]
    if subprocess.run([*other, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs root, to be another host")
    holder = subprocess.Popen([*other, *script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdin and holder.stdout
    assert holder.stdout.readline() == "held\n"
    done = ran(*RUN, code=50)
    assert (done.stdout + done.stderr).count(f"process {holder.pid} on other-host, since 20") == 1
    assert "one: failed - archive busy" in done.stderr and "two: complete" in done.stderr
    holder.kill()  # what it wrote about itself stays, and holds nothing
    holder.wait()
    ran(*RUN)
    assert socket.gethostname() != "other-host" and not (ran.archive() / "staging" / "holder.txt").exists()


def test_nobody_else_may_read_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0)  # every command sets its own, so that a stricter one shows no more
    try:
        home = begun(tmp_path)
        home.account("one", "shutterstock")
        home.account("two", "freepik", accept_automation="Ada Example")
        home(*RUN, "--account", "one")
        home("verify")
        home("find", "harbour")
    finally:
        os.umask(before)
    kinds = set()
    for path in (home.root, *home.root.rglob("*")):
        where = path.relative_to(home.root).parts[2:4]
        fixed = path.is_file() and (where[:1] == ("evidence",) or where == ("ledger", "checkpoints"))
        expected = 0o700 if path.is_dir() else 0o444 if fixed else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path
        kinds.add(expected)
    assert len(kinds) == 3


# ---------------------------------------------------------------- long names


def test_hostile_names_leave_every_path_short(new_home: Callable[..., Home], tmp_path: Path) -> None:
    """Titles and ids of 300 characters, through a real run."""
    home = new_home()
    slug, name = "a" * 40, "b" * 40
    home("client", "add", slug, "--name", "\U0001f3db" * 300)
    home.account(name, "shutterstock", client=slug)
    folder = tmp_path / "hostile"
    shutil.copytree(QUICK / "shutterstock" / "two-pages", folder)
    title = json.dumps("../CON" + "\U0001f3db\u6e2f/." * 75).replace("\\", r"\\")
    for path in [*folder.rglob("*.json"), *folder.rglob("*.yaml")]:
        text = re.sub(r"(?<!-)\b9264430928\b", "CON.nul.." + "9" * 291, path.read_text("utf-8"))
        path.write_text(re.sub(r'(?<="description": )"[^"]*"', title, text), "utf-8")
    home("run", "--replay", folder)
    paths = [path.relative_to(home.root).as_posix() for path in home.root.rglob("*")]
    assert any("99999" in path for path in paths)
    assert max(map(len, paths)) <= 240, max(paths, key=len)


@pytest.mark.skipif(os.name != "posix", reason="pipes lie in folders on POSIX systems alone")
@pytest.mark.parametrize(
    ("place", "code"), [("clients/acme.yaml", 2), ("vault.enc", 50), ("state/history/one.json", 50)]
)
def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting(home: Home, place: str, code: int) -> None:
    home.account("one", "shutterstock")
    path = home.root / place
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    done = home(*RUN, code=code)
    assert "is not a regular file" in done.stdout + done.stderr
