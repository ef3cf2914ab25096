from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from archiver.fleet.object_store import Bucket
from tests.support.agency import agency
from tests.support.fleet_kit import Shared, prepare_home
from tests.support.homes import Home as CommandLine
from tests.support.object_stores import ObjectStore, moto, seaweedfs
from tests.support.postgres import Postgres, postgres
from tests.support.replica_kit import buy


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with seaweedfs(tmp_path_factory.mktemp("store") / "weed") as running:
        yield running


@pytest.fixture
def false_store(tmp_path: Path) -> Iterator[ObjectStore]:
    with moto(tmp_path / "moto") as running:
        yield running


_NUMBERS = count()


@pytest.fixture
def bucket_name(store: ObjectStore) -> str:
    return store.bucket(f"replica-{next(_NUMBERS)}")


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def shared(tmp_path: Path, server: Postgres, store: ObjectStore, bucket_name: str) -> Iterator[Shared]:
    with agency(tmp_path) as before:
        settings = prepare_home(before, store, bucket_name)
        buy(before, 1, 2)
        env = before.run.env | {"ARCHIVER_FLEET": server.database()}
        at = CommandLine(before.run.root, env)
        at("fleet", "init", "--settings", settings)
        at("fleet", "adopt")
        yield Shared(env["ARCHIVER_FLEET"], tmp_path, Bucket(store.client(), bucket_name, "agency"), env)
