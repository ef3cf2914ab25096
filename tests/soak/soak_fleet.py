"""A fleet under fire, run by `make soak`.

Many accounts of many clients, several workers, and faults at random: workers killed, frozen beyond their lease and
woken, cut off from the database, from the store, or from both. At the end, without a person: every licence archived
once, every ledger one chain, every client's heads one chain in the store's own versions, and each archive verified.

By environment variables, with their defaults: FLEET_CLIENTS=100, FLEET_ACCOUNTS=10 (of each client), FLEET_ROWS=4,
FLEET_WORKERS=4, FLEET_FAULTS=40, FLEET_SEED=1, FLEET_LEASE_S=12, FLEET_HOURS=4 (at most).

A worker reaches the database and the store through forwarders of its own in this process, which can be cut.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.fleet_kit import Fleet, check, fleet
from tests.support.object_stores import seaweedfs
from tests.support.postgres import postgres
from tests.support.site import Site


def number(name: str, default: int) -> int:
    return int(os.environ.get(f"FLEET_{name}", default))


class Forwarder:
    """A port that leads to another one, until it is cut: open connections break, and new ones are refused an answer."""

    def __init__(self, port: int) -> None:
        self._port, self._cut = port, threading.Event()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._cut.set()
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._cut.clear()

    def _accept(self) -> None:
        while True:
            here, _ = self._listener.accept()
            if self._cut.is_set():
                here.close()
                continue
            try:
                there = socket.create_connection(("127.0.0.1", self._port), timeout=10)
            except OSError:
                here.close()
                continue
            there.settimeout(None)
            self._open |= {here, there}
            for source, sink in ((here, there), (there, here)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        for each in (source, sink):
            self._open.discard(each)
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@dataclass
class Place:
    """Where one worker runs: its ways to the database and the store, and its process."""

    made: Fleet
    database: Forwarder
    store: Forwarder
    process: subprocess.Popen[bytes] | None = None
    busy_until: float = 0.0
    mends: list[tuple[float, str]] = field(default_factory=list)

    def start(self) -> None:
        name = urlsplit(self.made.address).path
        self.process = self.made.worker(
            "--visits", "4",
            env={"ARCHIVER_FLEET": f"postgresql://archiver@127.0.0.1:{self.database.port}{name}",
                 "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.store.port}"},
        )  # fmt: skip

    def fault(self, kind: str, span_s: float) -> None:
        assert self.process
        self.busy_until = time.monotonic() + span_s
        if kind == "killed":
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        elif kind == "frozen":
            os.killpg(self.process.pid, signal.SIGSTOP)
        for way in ("database", "store"):
            if kind in (way, "both"):
                getattr(self, way).cut()
        self.mends.append((self.busy_until, kind))

    def mend(self) -> None:
        now, left = time.monotonic(), []
        for at, kind in self.mends:
            if at > now:
                left.append((at, kind))
            elif kind == "killed":
                self.start()
            elif kind == "frozen":
                assert self.process
                os.killpg(self.process.pid, signal.SIGCONT)
            else:
                self.database.mend()
                self.store.mend()
        self.mends = left
        if self.process and self.process.poll() is not None and not left:
            raise AssertionError(f"a worker ended by itself: {self.made.logs()}")


def test_a_fleet_under_fire() -> None:
    accounts = {
        f"client-{client}": [f"account-{client}-{each}" for each in range(number("ACCOUNTS", 10))]
        for client in range(number("CLIENTS", 100))
    }
    total, rows, chance = sum(map(len, accounts.values())), number("ROWS", 4), random.Random(number("SEED", 1))
    lease_s, faults = number("LEASE_S", 12), number("FAULTS", 40)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="archiver-soak-fleet-")))
        server = stack.enter_context(postgres())
        store = stack.enter_context(seaweedfs(folder / "weed"))
        site = stack.enter_context(Site(rows=rows))
        made = stack.enter_context(
            fleet(folder, server, store, store.bucket("soak"), accounts, site_url=site.url, rows=rows,
                  lease=f"{lease_s}s", endpoint_in_settings=False)
        )  # fmt: skip
        port = urlsplit(store.endpoint).port
        assert port
        places = [Place(made, Forwarder(server.port), Forwarder(port)) for _ in range(number("WORKERS", 4))]
        for place in places:
            place.start()
        began, given = time.monotonic(), 0
        deadline = began + number("HOURS", 4) * 3600
        with made.database as database:
            while True:
                for place in places:
                    place.mend()
                done = sum(each["outcome"] == "complete" for each in database.accounts())
                calm = [place for place in places if place.busy_until < time.monotonic()]
                if given < faults and len(calm) > 1 and done >= total * given / (faults + 1):
                    kind = chance.choice(("killed", "frozen", "database", "store", "both"))
                    place = chance.choice(calm)
                    place.fault(kind, chance.uniform(1, lease_s * 3))
                    given += 1
                    print(
                        f"{time.monotonic() - began:.0f} s: {done} of {total} done; fault {given}: {kind}", flush=True
                    )
                if done == total and given == faults and not any(place.mends for place in places):
                    break
                assert time.monotonic() < deadline, made.logs()
                time.sleep(0.2)
            assert sorted(database.drain([])), "no worker lives"
            for place in places:
                assert place.process and place.process.wait(600) == 0, made.logs()
        check(made, accounts, rows, "UNPROVEN")
        print(f"{total} accounts, {given} faults, {time.monotonic() - began:.0f} s: every licence once, one chain each")
