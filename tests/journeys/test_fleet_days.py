"""A home with a copy in an object store: what is damaged or lost comes back, and then a fleet takes the home over."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.archive.local_tsa import LocalAuthority
from archiver.core.atomic_files import remove_tree
from tests.journeys.visitor import PATIENCE_S, Installed, desk_of, installed, running, until
from tests.support.object_stores import seaweedfs
from tests.support.papers import licence
from tests.support.postgres import postgres
from tests.support.replica_kit import add_replica

pytestmark = pytest.mark.journey

BY = ("--by", "Ada Example")


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    folder = tmp_path_factory.mktemp("agency")
    with seaweedfs(folder / "weed") as store, LocalAuthority(folder / "authority") as authority:
        archiver = installed(folder)
        archiver("init", archiver.root)
        shutil.copyfile(authority.root_pem, archiver.root / "roots/local.pem")
        (archiver.root / "archiver.yaml").write_text(
            f'timestamps: [{{name: local, url: "{authority.url}", roots: roots/local.pem}}]\nfleet: {{lease: 6s}}\n'
        )
        add_replica(archiver.root, store, store.bucket("copies"))
        archiver("client", "add", "acme", "--name", "Acme Ltd")
        for number in (1, 2):
            (folder / f"{number}.pdf").write_bytes(licence("en", "istock", number).pdf())
        archiver("import", *folder.glob("*.pdf"), "--client", "acme", *BY)
        yield archiver


def test_what_was_damaged_or_lost_comes_back_from_the_copy(agency: Installed) -> None:
    agency("replica", "check")
    before = agency.json("find", "istock")
    paper = next(agency.archive().rglob("*.pdf"))
    kept = paper.read_bytes()
    paper.chmod(0o600)
    paper.write_bytes(b"something else")
    with desk_of(agency) as desk:
        owner = desk.owner()
        for each in before:
            owner.get(f"/licence/{each['licence']}")  # where the damage is met
        for action in ("/check$", "/put-back$"):
            owner.submit("/client/acme", action)
            owner.wait_for_work("/client/acme")
        assert paper.read_bytes() == kept
    for name in ("archive", "state"):
        remove_tree(agency.root / name)
    agency("replica", "restore", "--all")
    assert agency.json("find", "istock") == before and paper.read_bytes() == kept


def test_a_fleet_takes_the_home_over_and_gives_it_back(agency: Installed, tmp_path: Path) -> None:
    before = agency.json("find", "istock")
    with postgres() as server:
        agency.env["ARCHIVER_FLEET"] = server.database()
        agency("account", "add", "acme-stock", "--client", "acme", "--provider", "shutterstock", "--no-check",
               "--secrets-stdin", stdin="token: invented\n")  # fmt: skip
        agency("fleet", "init", "--settings", agency.root / "archiver.yaml")
        with running(agency, "fleet", "worker", "--scratch", tmp_path) as worker:
            until(lambda: worker.process.poll() is not None or bool(agency.json("fleet", "status")["workers"]))
            agency("fleet", "drain")
            assert worker.process.wait(PATIENCE_S) == 0
        agency("fleet", "adopt", "--home", agency.root)
        agency("fleet", "run", "--account", "acme-stock")
        pack = tmp_path / "pack.zip"
        agency("fleet", "checkout", "acme", "--", "proof", before[0]["licence"].partition("/")[2], "--out", pack)
        assert pack.stat().st_size > 20_000
        agency("fleet", "export", "acme", "--out", tmp_path / "exported")
        assert [*(tmp_path / "exported").rglob("*.pdf")]
