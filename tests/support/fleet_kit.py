"""A fleet on real parts: PostgreSQL, SeaweedFS, a site on this machine, and workers in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archiver.agency import fleet as administration
from archiver.agency import fleet_clients
from archiver.agency.fleet_copy import opened_fleet
from archiver.archive.checking.parts import archive_words
from archiver.archive.ledger import Line
from archiver.fleet.fleet_database import FleetDatabase
from archiver.fleet.home_copy import FOLDER
from archiver.fleet.object_store import Bucket, sha256_of
from archiver.fleet.replica_format import ReplicaHead, head_key
from archiver.home.settings import HOUSE, Home
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, find_key
from tests.support.agency import Agency
from tests.support.homes import Home as CommandLine
from tests.support.homes import clean_environment
from tests.support.object_stores import SECRET_COMMAND, ObjectStore
from tests.support.postgres import Postgres
from tests.support.replica_kit import add_replica

ROOT = Path(__file__).parents[2]
END_TIMEOUT_S = 150.0

WORKER = """
import os, sys, types
sys.modules["tests"] = types.ModuleType("tests")  # elsewhere something else may be installed by that name
sys.modules["tests"].__path__ = [{root!r} + "/tests"]
from tests.support.site import Site
import archiver.cli.commands, archiver.collect.run, archiver.collect.account_session
site = Site(rows=int(os.environ["SITE_ROWS"]))
site.url = os.environ["SITE_URL"]
for module in (archiver.collect.run, archiver.collect.account_session):
    module.load = site.adapter
sys.argv = ["archiver", *sys.argv[1:]]
from archiver.cli import main
main()
"""


@dataclass
class Fleet:
    """`address` is the database's; commands and workers run with `env`."""

    folder: Path
    address: str
    store: ObjectStore
    bucket_name: str
    env: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # of the site

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-c", WORKER.format(root=str(ROOT)), *map(str, arguments)]

    @property
    def run(self) -> CommandLine:
        """The command line, without the site's adapter."""
        return CommandLine(self.folder / "home", self.env)

    def worker(
        self, *options: str, env: Mapping[str, str] | None = None, within: Sequence[str] = ()
    ) -> subprocess.Popen[bytes]:
        """A worker in a process group of its own. `within` is a command that runs its arguments elsewhere."""
        log = (self.folder / f"worker-{len(self.processes)}.log").open("wb")
        command = [*within, *self.command("fleet", "worker", "--scratch", self.folder / "scratch", *options)]
        process = subprocess.Popen(
            command, env={**self.env, **(env or {})}, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        self.processes.append(process)
        return process

    def logs(self) -> str:
        return "\n".join(
            path.read_text("utf-8", "replace")[-3000:] for path in sorted(self.folder.glob("worker-*.log"))
        )

    @property
    def database(self) -> FleetDatabase:
        return FleetDatabase(self.address, "the test")

    @property
    def bucket(self) -> Bucket:
        return Bucket(self.store.client(), self.bucket_name)

    def wait(self, accounts: int) -> None:
        """Until every account was visited with success, and nothing waits or runs."""
        deadline = time.monotonic() + END_TIMEOUT_S
        with self.database as database:
            while True:
                found = database.accounts()
                if len(found) == accounts and all(each["outcome"] == "complete" for each in found):
                    return
                assert time.monotonic() < deadline, (
                    f"{[each for each in found if each['outcome'] != 'complete']}\n{self.logs()}"
                )
                time.sleep(0.3)

    def end(self) -> None:
        for each in self.processes:
            if each.poll() is None:
                os.killpg(each.pid, signal.SIGCONT)
                os.killpg(each.pid, signal.SIGKILL)
            each.wait()
        self.processes.clear()


@dataclass
class Shared:
    """`address` is the fleet's, which took the agency's clients in. Two people work on it."""

    address: str
    folder: Path
    bucket: Bucket
    env: dict[str, str]

    def person(self, name: str) -> CommandLine:
        more = {"ARCHIVER_HOME": self.address, FOLDER: str(self.folder / name)}
        return CommandLine(self.folder / name, self.env | more)

    @contextmanager
    def open_at(self, name: str) -> Iterator[Path]:
        """The fleet's home in the folder of one person, in this process."""
        os.environ[FOLDER] = str(self.folder / name)
        try:
            with opened_fleet(self.address, print) as root:
                yield root
        finally:
            os.environ.pop(FOLDER, None)


def prepare_home(made: Agency, store: ObjectStore, bucket_name: str) -> Path:
    """Write what a fleet needs into an agency's settings. Returns their file."""
    add_replica(made.run.root, store, bucket_name)
    settings, roots = made.run.root / "archiver.yaml", made.run.root / "roots"
    roots.mkdir(exist_ok=True)
    shutil.copyfile(made.run.root.parent / "root.pem", roots / "local.pem")
    settings.write_text(settings.read_text().replace("../root.pem", "roots/local.pem") + "fleet: {lease: 6s}\n")
    return settings


@contextmanager
def fleet(
    folder: Path, server: Postgres, store: ObjectStore, bucket_name: str, accounts: Mapping[str, Sequence[str]], *,
    site_url: str, rows: int, timestamps: Sequence[Mapping[str, str]] = (), lease: str = "6s",
    ask: bool = True, endpoint_in_settings: bool = True,
    more: Mapping[str, Any] | None = None,
) -> Iterator[Fleet]:  # fmt: skip
    """A fleet with clients and their accounts, adopted from a home that has never run."""
    env = clean_environment(folder) | {
        "ARCHIVER_FLEET": server.database(),
        "SITE_URL": site_url,
        "AWS_ENDPOINT_URL": store.endpoint,
        "SITE_ROWS": str(rows),
    }
    before = os.environ.copy()
    os.environ.update(env)
    with ExitStack() as stack:
        stack.callback(os.environ.update, before)
        stack.callback(os.environ.clear)
        key, root = find_key(create=True), folder / "home"
        create_home(root, agency="Agency Ltd", timestamps=timestamps)
        endpoint = f'endpoint: "{store.endpoint}",' if endpoint_in_settings else ""
        settings = root / "archiver.yaml"
        settings.write_text(
            settings.read_text()
            + f"\nreplica: {{bucket: {bucket_name}, {endpoint} region: us-east-1, retain: 2d,\n"
            + f"  {SECRET_COMMAND}}}\n"
            + f'fleet: {{night: "00:00-23:59", lease: {lease}}}\n'
        )
        vault = Vault.create(root / "vault.enc", key)
        for client, names in accounts.items():
            if client != HOUSE:
                add_client(root, client, name=client.title())
            for name in names:
                add_account(root, name, client=client, provider="site", username=name, **(more or {}))
                vault.set_secrets(name, {"token": "RECORDED-TOKEN"})
        made = Fleet(folder, env["ARCHIVER_FLEET"], store, bucket_name, env)
        stack.callback(made.end)
        with made.database as database:
            administration.init(database, key, settings)
            fleet_clients.adopt(database, key, Home.load(root), vault, [])
            if ask:
                administration.ask(database, key, clients=[], accounts=[])
        yield made


def heads(bucket: Bucket, client: str) -> list[ReplicaHead]:
    """Every head that the store has kept, oldest first. AssertionError if two followed the same one."""
    key = head_key(client)
    kept = [bucket.get(key, each.version) for each in bucket.versions(key) if each.key == key]
    found = {sha256_of(data): ReplicaHead.parse(data) for data, _ in filter(None, kept)}
    followers = Counter(head.previous for head in found.values() if head)
    assert all(number == 1 for number in followers.values()), f"{client}: two heads follow one: {followers}"
    chain, last = list[ReplicaHead](), ""
    by_previous = {head.previous: (digest, head) for digest, head in found.items() if head}
    while last in by_previous:
        last, head = by_previous[last]
        chain.append(head)
    assert len(chain) == len(found), f"{client}: the heads are no chain"
    epochs, lines = [each.epoch for each in chain], [each.lines for each in chain]
    assert epochs == sorted(epochs) and lines == sorted(lines), f"{client}: {epochs} {lines}"
    return chain


def check(made: Fleet, accounts: Mapping[str, Sequence[str]], rows: int, state: str) -> None:
    """Each licence archived once, one chain of lines and of heads, and the verifier's state; from the store alone."""
    from archiver.fleet.restore import restore

    root = made.folder / "restored"
    create_home(root, timestamps=[])
    for client, names in accounts.items():
        published = heads(made.bucket, client)
        add_client(root, client, name=client)
        result = restore(Home.load(root), made.bucket, client)
        assert result.state == state, result
        licences = Counter[str]()
        for path in (root / "archive" / client / "evidence" / "licences").rglob("v1/content/licence.json"):
            licences[str(json.loads(path.read_bytes())["licence_id"])] += 1
        assert len(licences) == rows * len(names) and set(licences.values()) == {1}, f"{client}: {len(licences)}"
        lines = (root / "archive" / client / archive_words.LEDGER).read_bytes().splitlines()
        for head in published:  # what any holder ever published is still where it was
            assert not head.lines or Line(lines[head.lines - 1], 0).hash == head.line, f"{client}: {head}"
        captured = Counter(
            json.loads(each)["id"] for each in lines if b'"type":"capture"' in each or b'"type":"version"' in each
        )
        assert set(captured.values()) == {1}, f"{client}: {captured.most_common(3)}"
