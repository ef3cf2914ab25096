"""RFC 6962 against a second implementation written from its recursive definition."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archive.checking.parts.merkle_tree import Frontier, leaf_hash, root_by_path
from archiver.archive.ledger import FIRST_PREVIOUS_HASH, Line, read_lines
from archiver.archive.merkle import follow, inclusion_paths
from archiver.core.errors import IntegrityError
from tests.support.archive_kit import Kit


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def root(leaves: list[bytes]) -> bytes:
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf_hash(leaf))
    return frontier.root()


def test_reference_vector() -> None:
    """The eight entries of the Certificate Transparency reference implementation."""
    entries = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
    expected = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert root([bytes.fromhex(entry) for entry in entries]).hex() == expected


@given(st.lists(st.binary(max_size=8), max_size=70), st.data())
def test_roots_and_inclusion(leaves: list[bytes], data: st.DataObject) -> None:
    assert root(leaves) == naive_root(leaves)
    if not leaves:
        return
    index = data.draw(st.integers(0, len(leaves) - 1))
    [path] = inclusion_paths((Line(leaf, 0) for leaf in leaves), [(index, len(leaves))])
    leaf = leaf_hash(leaves[index])
    assert root_by_path(leaf, index, len(leaves), path) == naive_root(leaves)
    assert root_by_path(leaf_hash(b"never a leaf"), index, len(leaves), path) != naive_root(leaves)
    assert root_by_path(leaf, index, len(leaves), [*path, bytes(32)]) != naive_root(leaves)
    assert root_by_path(leaf, len(leaves), len(leaves), path) is None
    if len(set(leaves)) == len(leaves) > 1:
        assert root_by_path(leaf, (index + 1) % len(leaves), len(leaves), path) != naive_root(leaves)


def test_every_place_in_small_trees_and_none_beside_them() -> None:
    leaves = [bytes([n]) for n in range(9)]
    for size in range(1, 10):
        paths = inclusion_paths((Line(leaf, 0) for leaf in leaves), [(index, size) for index in range(size)])
        for index, path in enumerate(paths):
            leaf, whole = leaf_hash(leaves[index]), naive_root(leaves[:size])
            assert root_by_path(leaf, index, size, path) == whole
            assert root_by_path(leaf, index, size, [*path, bytes(32)]) is None
            assert not path or root_by_path(leaf, index, size, path[:-1]) is None
            assert root_by_path(leaf, index - size, size, path) is None is root_by_path(leaf, size, size, path)
    half = Frontier(4, [naive_root(leaves[:4])])
    half.add(leaf_hash(leaves[4]))
    assert (half.root(), half.size, Frontier().size) == (naive_root(leaves[:5]), 5, 0)


def test_following_reads_only_what_is_new_and_trusts_no_wrong_cache(kit: Kit) -> None:
    ledger, cache = kit.root / "ledger/ledger.jsonl", kit.root.parent / "state/tree.json"
    for numbers in ((1, 2, 3), (), (4,)):
        kit.write(*numbers)
        assert follow(ledger, cache).root() == naive_root([line.raw for line in read_lines(ledger)])
    stored = json.loads(cache.read_text())
    expected = follow(ledger, cache).root()
    for content in (
        "",
        "[]",
        json.dumps(stored | {"last": FIRST_PREVIOUS_HASH}),
        json.dumps(stored | {"offset": 3}),
        json.dumps(stored | {"peaks": ["00" * 32] * len(stored["peaks"])}),
    ):
        cache.write_text(content)
        assert follow(ledger, cache).root() == expected
    whole = ledger.read_bytes()
    ledger.write_bytes(whole.replace(b'"seq":1,', b'"seq":9,'))
    assert follow(ledger, cache).root() == expected  # old lines are not read again ...
    cache.unlink()
    with pytest.raises(IntegrityError, match="does not follow"):  # ... unless there is no cache
        follow(ledger, cache)
