"""A fleet under fire, run by `make soak`.

Many accounts of many clients, several workers, and faults at random: workers killed, frozen beyond their lease and
woken, cut off from the database, from the store, or from both. At the end, without a person: every licence archived
once, every ledger one chain, every client's heads one chain in the store's own versions, and each archive verified.

By environment variables, with their defaults: FLEET_CLIENTS=100, FLEET_ACCOUNTS=10 (of each client), FLEET_ROWS=4,
FLEET_WORKERS=4, FLEET_FAULTS=40, FLEET_SEED=1, FLEET_LEASE_S=12, FLEET_HOURS=4 (at most).

Each worker lives in a network namespace of its own, on one cable that can be pulled out: then packets vanish, and
nobody is told. It reaches the database and the store through forwarders in this process, which can be cut: then
connections break. Where this is not root, or there is no `ip`, there are only the forwarders.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
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

    def __init__(self, port: int, host: str) -> None:
        self._port, self._cut = port, threading.Event()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server((host, 0), backlog=128)
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


class Cable:
    """What joins a worker's network to this machine at `host`: a pair of interfaces, or nothing but the loopback."""

    def __init__(self, number: int, stack: ExitStack) -> None:
        self.host, self.within, self._end = "127.0.0.1", list[str](), ""
        if os.geteuid() or not shutil.which("ip"):
            return
        name, end = f"archiver-{os.getpid()}-{number}", f"ar{os.getpid() % 100000}h{number}"
        stack.callback(self._ip, "netns", "del", name, check=False)
        self._ip("netns", "add", name)
        self._ip("link", "add", end, "type", "veth", "peer", "name", "eth0", "netns", name)
        self._ip("addr", "add", f"10.77.{number}.1/24", "dev", end)
        self._ip("link", "set", end, "up")
        for words in (("link", "set", "lo", "up"), ("addr", "add", f"10.77.{number}.2/24", "dev", "eth0"),
                      ("link", "set", "eth0", "up")):  # fmt: skip
            self._ip("-n", name, *words)
        self.host, self.within, self._end = f"10.77.{number}.1", ["ip", "netns", "exec", name], end

    def pull_out(self) -> bool:
        """False if there is no cable."""
        if self._end:
            self._ip("link", "set", self._end, "down")
        return bool(self._end)

    def put_in(self) -> None:
        if self._end:
            self._ip("link", "set", self._end, "up")

    @staticmethod
    def _ip(*words: str, check: bool = True) -> None:
        subprocess.run(["ip", *words], check=check, capture_output=True)


@dataclass
class Place:
    """Where one worker runs: its ways to the database, the store and the site, and its process."""

    made: Fleet
    cable: Cable
    database: Forwarder
    store: Forwarder
    site: Forwarder
    process: subprocess.Popen[bytes] | None = None
    busy_until: float = 0.0
    mends: list[tuple[float, str]] = field(default_factory=list)

    def start(self) -> None:
        name = urlsplit(self.made.address).path
        self.process = self.made.worker(
            "--visits", "4", within=self.cable.within,
            env={"ARCHIVER_FLEET": f"postgresql://archiver@{self.cable.host}:{self.database.port}{name}",
                 "AWS_ENDPOINT_URL": f"http://{self.cable.host}:{self.store.port}",
                 "SITE_URL": f"http://{self.cable.host}:{self.site.port}"},
        )  # fmt: skip

    def fault(self, kind: str, span_s: float) -> None:
        assert self.process
        self.busy_until = time.monotonic() + span_s
        if kind == "killed":
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        elif kind == "frozen":
            os.killpg(self.process.pid, signal.SIGSTOP)
        if kind != "both" or not self.cable.pull_out():
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
                self.cable.put_in()
                self.database.mend()
                self.store.mend()
        self.mends = left
        if self.process and self.process.poll() is not None and not left:
            raise AssertionError(f"a worker ended by itself: {self.made.logs()}")


def peak_mb(place: Place) -> float:
    assert place.process
    text = Path(f"/proc/{place.process.pid}/status").read_text() if sys.platform == "linux" else ""
    return next((int(line.split()[1]) / 1000 for line in text.splitlines() if line.startswith("VmHWM")), 0.0)


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
        ports = server.port, urlsplit(store.endpoint).port or 0, urlsplit(site.url).port or 0
        cables = [Cable(each, stack) for each in range(number("WORKERS", 4))]
        places = []
        for cable in cables:
            database_way, store_way, site_way = (Forwarder(port, cable.host) for port in ports)
            places.append(Place(made, cable, database_way, store_way, site_way))
        networks = "with" if cables[0].within else "without"
        print(f"{total} accounts, {len(places)} workers, {networks} networks of their own", flush=True)
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
                time.sleep(0.5)
            print(f"the largest worker had {max(map(peak_mb, places)):.0f} MB", flush=True)
            assert sorted(database.drain([])), "no worker lives"
            while any(place.process and place.process.poll() is None for place in places):
                assert time.monotonic() < deadline, made.logs()
                time.sleep(2)
                database.drain([])  # a worker that had just been started was not there before
            assert all(place.process and place.process.returncode == 0 for place in places), made.logs()
        check(made, accounts, rows, "UNPROVEN")
        print(f"{total} accounts, {given} faults, {time.monotonic() - began:.0f} s: every licence once, one chain each")
