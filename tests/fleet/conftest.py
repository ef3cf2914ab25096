from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.support.object_stores import ObjectStore, moto, seaweedfs


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
