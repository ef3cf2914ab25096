"""A first reading of a mailbox that is killed again and again, and what must hold when it has ended."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from archiver.archive.reader import Archive
from archiver.claims.claim_files import all_claims
from archiver.home.settings_edit import add_source
from tests.support.agency import Agency
from tests.support.imap_server import PASSWORD, USER, ImapServer, mail
from tests.support.letter_texts import COPYTRACK
from tests.support.papers import licence

CANARY = "kanarienvogel-4711"


def mails(number: int, papers: int, letters: int, senders: int = 30) -> Iterator[bytes]:
    """Mails of `senders`; among them, evenly spread, papers of a platform and letters of a claimant."""
    kinds = ["paper"] * papers + ["letter"] * letters + ["other"] * (number - papers - letters)
    random.Random(7).shuffle(kinds)
    paper = letter = 0
    for at, kind in enumerate(kinds):
        if kind == "paper":
            paper += 1
            text = licence("en", "istock", paper).text
            yield mail("iStock <receipts@istockphoto.com>", f"Your licence {paper}", text)
        elif kind == "letter":
            letter += 1
            text = COPYTRACK.replace("X7K2P9", f"X7K2{letter:02}")
            yield mail("Claims <claims@copytrack.com>", f"Berechtigungsanfrage {letter}", text)
        else:
            sender = f"sender{at % senders}@mail{at % senders}.example"
            yield mail(sender, f"Minutes {at} {CANARY}", f"Dear all,\n\n{CANARY} {at}\n" + "Some words.\n" * (at % 200))


def add_mailbox(office: Agency, server: ImapServer) -> None:
    add_source(
        office.home.root, "acme-mail", client="acme", kind="mailbox", host="localhost", port=server.port,
        username=USER, ca_file=str(server.ca_file),
    )  # fmt: skip
    office.vault.set_secrets("acme-mail", {"password": PASSWORD})


def run(office: Agency) -> subprocess.Popen[bytes]:
    command = office.run.command("run", "--source", "acme-mail", "--json")
    return subprocess.Popen(
        command, env=office.run.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def peak_mb(process: subprocess.Popen[bytes]) -> float:
    """The most memory that the process has used so far, without its reader processes; 0 once it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):  # a process that has ended has none
                return int(line.split()[1]) / 1024
    return 0.0


def complete(office: Agency) -> tuple[dict[str, object], float]:
    """Run to the end; the result of the source and the peak of memory in MB."""
    process, peak = run(office), 0.0
    while process.poll() is None:
        peak = max(peak, peak_mb(process))
        time.sleep(0.05)
    assert process.stdout
    [result] = json.loads(process.stdout.read())["accounts"]
    return result, peak


def check(office: Agency, papers: int, letters: int) -> None:
    """Everything is there once, and nothing of what was passed over is anywhere."""
    ids = [line.id for line in Archive(office.home.archive("acme")).lines() if line.id and ":licence:" in line.id]
    assert len(ids) == len(set(ids)) == papers, (len(ids), len(set(ids)))
    assert len(all_claims(office.home)) == letters
    found = [
        path
        for path in office.home.root.rglob("*")
        if path.is_file() and CANARY.encode() in path.read_bytes()
    ]  # fmt: skip
    assert not found
