"""Whoever may write to the bucket may put anything there: a part is read whole or refused."""

from __future__ import annotations

from contextlib import suppress
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive.checking.parts.ledger_lines import canonical
from archiver.core.errors import IntegrityError
from archiver.fleet.replica_format import ReplicaHead, ReplicaPart

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
PATHS = st.lists(st.sampled_from(["..", ".", "", "evidence", "a", "\\", "\0", "C:"]), max_size=5).map("/".join)


@given(
    previous=st.none() | JSON,
    path=PATHS | JSON,
    size=st.integers() | JSON,
    offset=st.none() | JSON,
    digest=st.just("0" * 64) | JSON,
    gone=st.lists(PATHS, max_size=2) | JSON,
)
def test_no_part_leads_outside_the_archive(
    previous: object, path: object, size: object, offset: object, digest: object, gone: object
) -> None:
    lines = [
        {"format": 1, "previous": previous, "gone": gone},
        {"path": path, "sha256": digest, "bytes": size, "offset": offset},
    ]
    with suppress(IntegrityError):
        part = ReplicaPart.parse(b"\n".join(map(canonical, lines)))
        for each in (*(file.path for file in part.files), *part.gone):
            assert not PurePosixPath(each).is_absolute() and ".." not in each.split("/") and "\\" not in each
        assert all(type(file.bytes) is int for file in part.files)


@given(st.binary(max_size=40) | JSON.map(lambda each: canonical({"format": 1, "part": each})))
def test_anything_but_a_head_is_none(data: bytes) -> None:
    assert ReplicaHead.parse(data) is None
    with pytest.raises(IntegrityError):
        ReplicaPart.parse(data)
