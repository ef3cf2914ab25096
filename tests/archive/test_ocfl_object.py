"""One OCFL object at the boundaries of its specification: each rule alone, broken and just kept."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archiver.archive.checking.parts import ocfl_object
from archiver.archive.checking.parts.archive_words import Malformed
from archiver.archive.checking.parts.ocfl_object import Inventory, check_object, documents_of, first_versions, is_path
from archiver.archive.checking.parts.verify_report import DatedDocument

A, B, C = (hashlib.sha512(each).hexdigest() for each in (b"a", b"b", b"c"))
AT = "2026-11-24T00:00:00Z"


def inventory() -> dict[str, Any]:
    """Two versions: `a` in both, `b` since the second, and twice."""
    return {
        "id": "urn:x", "type": "https://ocfl.io/1.1/spec/#inventory", "digestAlgorithm": "sha512", "head": "v2",
        "manifest": {A: ["v1/content/a"], B: ["v2/content/d/b"]},
        "versions": {
            "v1": {"created": AT, "state": {A: ["a"]}},
            "v2": {"created": AT, "state": {A: ["a"], B: ["b", "d/b"]}, "message": "more", "user": {"name": "Ada"}},
        },
    }  # fmt: skip


type Change = Callable[[dict[str, Any]], Any]


def version(**more: Any) -> Change:
    return lambda tree: tree["versions"]["v1"].update(more)


def state(**more: Any) -> Change:
    return lambda tree: tree["versions"]["v2"]["state"].update(more)


def renamed(*names: str) -> Change:
    """The same with other names of versions."""

    def do(tree: dict[str, Any]) -> None:
        tree["versions"] = dict(zip(names, tree["versions"].values(), strict=False))
        tree["manifest"] = {A: [f"{names[0]}/content/a"], B: [f"{names[-1]}/content/d/b"]}
        tree["head"] = names[-1]

    return do


SEQUENCE, CREATED = "the versions are not numbered in sequence", "v1 has no valid creation date"
RULES: list[tuple[Change, str]] = [
    (lambda t: t.pop("id"), "has no id"), (lambda t: t.update(id=""), "has no id"), (lambda t: t.update(id=1), "no id"),
    (lambda t: t.update(type="https://ocfl.io/1.2/spec/#inventory"), "is of an unknown type"),
    (lambda t: t.update(digestAlgorithm="md5"), "md5 is not allowed for content"),
    (lambda t: t.update(contentDirectory=".."), "bad contentDirectory"),
    (lambda t: t.update(contentDirectory="a/b"), "bad contentDirectory"),
    (lambda t: t.update(contentDirectory=None), "bad contentDirectory"),
    (lambda t: t.update(contentDirectory="c"), "names a file outside the content"),
    (lambda t: t.update(versions={}), "has no versions"), (lambda t: t.update(versions=["v1"]), "has no versions"),
    (lambda t: t.update(head="v1"), "head is not its newest version"),
    (lambda t: t["manifest"].update({"0" * 127: ["v1/content/x"]}), "the manifest has a bad digest"),
    (lambda t: t["manifest"].update({B: ["v2/content/b", "b"]}), "names a file outside the content"),
    (lambda t: t["versions"].update(v1=[]), "v1 is not a JSON object"),
    (version(created="2026-11-31T00:00:00Z"), CREATED), (version(created=1), CREATED), (version(created=""), CREATED),
    (version(created="2026-11-24T24:00:00Z"), CREATED), (version(created="2026-11-24T00:00:00"), CREATED),
    (state(**{C: ["c"]}), "v2 has a digest without content"), (version(message=1), "the message of v1 is not text"),
    (version(user=[]), "a user has no name"), (version(user={"name": ""}), "a user has no name"),
    (version(user={"name": 1}), "a user has no name"),
    (version(user={"name": "A", "address": 1}), "a user's address is not text"),
    (lambda t: t["manifest"].update({C: ["v1/content/c"]}), "has content that no version uses"),
    (lambda t: t.update(fixity=[]), "fixity is not a JSON object"),
    (lambda t: t.update(fixity={"md5": {"0": ["v1/content/a"], "1": ["x"]}, "x": {}}), "a file without content"),
    (renamed("v1", "v3"), SEQUENCE), (renamed("v", "v1"), SEQUENCE), (renamed("", "v1"), SEQUENCE),
    (renamed("v0", "v1"), SEQUENCE), (renamed("v01", "v2"), SEQUENCE),
    (renamed(f"v{'1':0>65}", f"v{'2':0>65}"), SEQUENCE), (renamed("v1", "v02"), SEQUENCE),
    (lambda t: t.update(manifest=[]), "the manifest is not a JSON object"),
    (state(**{A.upper(): ["c"]}), "the state of v2 has a digest twice"),
    (state(**{B: []}), "the state of v2 has a digest without files"),
    (state(**{B: {"x": 1}}), "a digest without files"),
    (state(**{B: ["b", "../b"]}), "the state of v2 has a bad path"), (state(**{B: [1]}), "a bad path"),
    (state(**{B: ["a"]}), "the state of v2 has a path twice"),
    (state(**{B: ["x/y/z", "x"]}), "the state of v2 has a path that is both file and folder"),
    (state(**{B: ["x", "x/y/z"]}), "a path that is both file and folder"),
]  # fmt: skip
KEEPS: list[Change] = [
    lambda t: None, lambda t: t.update(contentDirectory="content"),
    lambda t: t.update(fixity={"md5": {"0": ["v1/content/a"], "1": ["v2/content/d/b"]}}),
    version(created="2026-11-24T23:59:61.5+01:00"), version(message=""), version(user={"name": "A", "address": "a@b"}),
    renamed("v01", "v02"), renamed("v00000001", "v00000002"), renamed(f"v{'1':0>64}", f"v{'2':0>64}"),
    state(**{B: ["x/y/z", "x/y/w", "x/z"]}),
]  # fmt: skip


@pytest.mark.parametrize(("change", "rule"), RULES)
def test_an_inventory_that_breaks_a_rule_is_refused_with_it(change: Change, rule: str) -> None:
    tree = inventory()
    change(tree)
    with pytest.raises(Malformed, match=rule):
        Inventory.parse(json.dumps(tree).encode())


def test_an_inventory_that_keeps_all_rules_is_read() -> None:
    for change in KEEPS:
        tree = inventory()
        change(tree)
        assert Inventory.parse(json.dumps(tree).encode()).head == tree["head"]
    found = Inventory.parse(json.dumps(inventory()).encode())
    assert (found.id, found.spec, found.algorithm, found.content_folder) == ("urn:x", "1.1", "sha512", "content")
    assert found.versions == ("v1", "v2") and found.messages == {"v1": "", "v2": "more"} and found.fixity == {}
    assert found.contents("v2") == {
        "a": frozenset({"v1/content/a"}), "b": frozenset({"v2/content/d/b"}), "d/b": frozenset({"v2/content/d/b"}),
    }  # fmt: skip
    twice = json.dumps(inventory()).replace('{"created"', f'{{"created": "{AT}", "created"').encode()
    for data, rule in ((twice, "a JSON key occurs twice"), (b"[]", "is not a JSON object")):
        with pytest.raises(Malformed, match=rule):
            Inventory.parse(data)


def test_there_are_so_many_versions_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ocfl_object.MAX_VERSIONS == 1000 and ocfl_object.MAX_INVENTORY_BYTES == 16 << 20
    monkeypatch.setattr(ocfl_object, "MAX_VERSIONS", 2)
    Inventory.parse(json.dumps(inventory()).encode())
    monkeypatch.setattr(ocfl_object, "MAX_VERSIONS", 1)
    with pytest.raises(Malformed, match="more than 1 versions"):
        Inventory.parse(json.dumps(inventory()).encode())
    monkeypatch.undo()
    ten = inventory()
    del ten["manifest"][B]
    for names in ([f"v{n}" for n in range(1, 11)], [f"v{n:03}" for n in range(1, 11)]):
        ten |= {"versions": {name: {"created": AT, "state": {A: ["a"]}} for name in names}, "head": names[-1]}
        ten["manifest"] = {A: [f"{names[0]}/content/a"]}
        assert Inventory.parse(json.dumps(ten).encode()).versions == tuple(names)


@pytest.mark.parametrize(
    ("path", "stays"),
    [
        ("a", True), ("a/b", True), ("", False), ("/a", False), ("a/", False), ("a//b", False), (".", False),
        ("a/../b", False), ("a\0", False), ("a" * 4096, True), ("a" * 4097, False), ("/".join("a" * 64), True),
        ("/".join("a" * 65), False), ("..a", True),
    ],
)  # fmt: skip
def test_a_path_stays_where_it_is(path: str, stays: bool) -> None:
    assert is_path(path) is stays


def test_a_file_dates_from_the_first_version_with_its_bytes() -> None:
    states = {"v1": {"a": A, "b": B}, "v2": {"a": B, "c": C}, "v3": {"a": B, "b": C, "d": A}}
    assert first_versions(states) == {"a": "v1", "b": "v2", "d": "v1"}
    own, paper = (DatedDocument(name, "", "v1", None) for name in ("licence.json", "paper.pdf"))
    assert documents_of([own, paper]) == [paper] and documents_of([own]) == [own]


# ---------------------------------------------------------------- in a folder


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("object")
    for name, content in {
        "v1/content/a": b"a",
        "v2/content/d/b": b"b",
        "0=ocfl_object_1.1": b"ocfl_object_1.1\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    put(folder, "", inventory())
    put(folder, "v2/", inventory())
    put(folder, "v1/", first())
    return folder


@pytest.fixture
def place(pristine: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pristine, tmp_path / "object")


def first() -> dict[str, Any]:
    """The inventory of the first version."""
    tree = inventory()
    del tree["versions"]["v2"], tree["manifest"][B]
    return tree | {"head": "v1"}


def put(folder: Path, where: str, tree: dict[str, Any]) -> None:
    data, algorithm = json.dumps(tree).encode(), tree["digestAlgorithm"]
    digest = hashlib.new(algorithm, data).hexdigest()
    (folder / where / "inventory.json").write_bytes(data)
    (folder / where / f"inventory.json.{algorithm}").write_text(f"{digest} inventory.json\n")


def gone(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def made(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).mkdir(parents=True)


def new(name: str, text: str = "") -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


def older(tree: dict[str, Any]) -> None:
    tree["type"] = tree["type"].replace("1.1", "1.0")


def steps(*each: Callable[[Path], object]) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        for step in each:
            step(folder)

    return do


def everywhere(change: Change) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        tree = inventory()
        change(tree)
        put(folder, "", tree)
        put(folder, "v2/", tree)

    return do


def earlier(change: Change) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        tree = first()
        change(tree)
        put(folder, "v1/", tree)

    return do


def linked(name: str) -> Callable[[Path], None]:
    """A link to the same content in a file's or folder's place."""

    def do(folder: Path) -> None:
        (folder / name).rename(folder.parent / "aside")
        (folder / name).symlink_to(folder.parent / "aside")

    return do


def md5(of: bytes) -> Change:
    return lambda tree: tree.update(fixity={"md5": {hashlib.md5(of).hexdigest().upper(): ["v1/content/a"]}})


def sha256_first(folder: Path) -> None:
    tree, digest = first(), hashlib.sha256(b"a").hexdigest()
    tree |= {"digestAlgorithm": "sha256", "manifest": {digest: ["v1/content/a"]}}
    tree["versions"]["v1"]["state"] = {digest: ["a"]}
    put(folder, "v1/", tree)
    (folder / "v1/inventory.json.sha512").unlink()


def differs(folder: Path) -> None:
    """Another inventory of the newest version, which counts only where the object's own has its digest."""
    put(folder, "v2/", inventory() | {"x": 1})


SIDECAR, WHOLE = "v1/inventory.json.sha512", "inventory.json.sha512"
FOUND: dict[str, tuple[Callable[[Path], Any], list[tuple[str, str]]]] = {
    "nothing": (lambda o: None, []),
    "sha256 at first": (sha256_first, []),
    "another's digest file": (
        steps(sha256_first, new(SIDECAR)), [("extra", SIDECAR)]),
    "digests in capitals": (everywhere(lambda t: t.update(manifest={A.upper(): t["manifest"][A], B: t["manifest"][B]})),
                            [("invalid", "inventory.json")]),
    "right fixity": (everywhere(md5(b"a")), []),
    "wrong fixity": (everywhere(md5(b"b")), [("changed", "v1/content/a")]),
    "unknown fixity": (everywhere(lambda t: t.update(fixity={"crc": {"0": ["v1/content/a"]}})), []),
    "changed": (lambda o: (o / "v1/content/a").write_bytes(b"b"), [("changed", "v1/content/a")]),
    "missing": (gone("v2/content/d/b"), [("extra", "v2/content/d"), ("missing", "v2/content/d/b")]),
    "added": (new("v2/content/d/c"), [("extra", "v2/content/d/c")]),
    "a link": (linked("v1/content/a"), [("invalid", "v1/content/a")]),
    "a linked folder": (linked("v2/content/d"), [("extra", "v2/content/d"), ("missing", "v2/content/d/b")]),
    "no folder": (lambda o: shutil.rmtree(o / "v1"), [
        ("missing", "v1"), ("remark", "v1/inventory.json"), ("missing", "v1/content/a")]),
    "a file as folder": (steps(lambda o: shutil.rmtree(o / "v1"), new("v1")), [
        ("extra", "v1"), ("missing", "v1"), ("remark", "v1/inventory.json"), ("missing", "v1/content/a")]),
    "no content": (lambda o: shutil.rmtree(o / "v1/content"), [("missing", "v1/content/a")]),
    "no inventory": (gone("v1/inventory.json"), [
        ("remark", "v1/inventory.json"), ("extra", SIDECAR)]),
    "neither it nor its digest": (steps(gone("v1/inventory.json"), gone(SIDECAR)), [
        ("remark", "v1/inventory.json")]),
    "no digest file": (gone(SIDECAR), [("missing", SIDECAR)]),
    "a folder as digest file": (steps(gone(SIDECAR), made(SIDECAR)), [
        ("remark", SIDECAR), ("unreadable", SIDECAR)]),
    "no digest": (new(SIDECAR, "x"), [("invalid", SIDECAR)]),
    "another digest": (new(SIDECAR, f"{A} inventory.json"), [("changed", "v1/inventory.json")]),
    "the whole's digest missing": (
        steps(gone(WHOLE), differs), [("missing", WHOLE), ("invalid", "v2/inventory.json")]),
    "the whole's digest unreadable": (
        steps(gone(WHOLE), made(WHOLE), differs), [
            ("unreadable", WHOLE), ("extra", WHOLE), ("invalid", "v2/inventory.json")]),
    "the whole's digest wrong": (
        steps(new(WHOLE, f"{A} inventory.json\n"), differs), [("changed", "inventory.json")]),
    "the whole's digest no digest": (
        steps(new(WHOLE, "x"), differs), [("invalid", WHOLE), ("invalid", "v2/inventory.json")]),
    "no declaration": (gone("0=ocfl_object_1.1"), [("invalid", "0=ocfl_object_1.1")]),
    "two declarations": (new("0=a"), [("invalid", "0=")]),
    "an older declaration": (lambda o: (o / "0=ocfl_object_1.1").rename(o / "0=ocfl_object_1.0"), [
        ("invalid", "0=ocfl_object_1.0")]),
    "another declaration": (lambda o: (o / "0=ocfl_object_1.1").write_bytes(b"ocfl_object_1.1"), [
        ("invalid", "0=ocfl_object_1.1")]),
    "older than declared": (everywhere(older), [
        ("extra", "0=ocfl_object_1.1"), ("invalid", "inventory.json")]),
    "no inventory at all": (gone("inventory.json"), [("missing", "inventory.json")]),
    "a folder as inventory": (steps(gone("inventory.json"), made("inventory.json")), [
        ("unreadable", "inventory.json")]),
    "a file beside": (new("more"), [("extra", "more")]),
    "a folder beside": (made("more"), [("extra", "more")]),
    "a file in a version": (new("v1/more"), [("extra", "v1/more")]),
    "a folder in a version": (made("v1/more"), [("remark", "v1/more")]),
    "logs and extensions": (
        steps(made("logs"), new("logs/x"), made("extensions/x")), []),
    "a file among extensions": (steps(made("extensions"), new("extensions/x")), [
        ("extra", "extensions/x")]),
    "a link among extensions": (steps(made("extensions"), lambda o: (o / "extensions/x").symlink_to(o)), [
        ("extra", "extensions/x")]),
    "a file of logs": (new("logs"), [("extra", "logs")]),
    "a linked inventory": (linked("inventory.json"), [("extra", "inventory.json")]),
    "a linked inventory of a version": (linked("v1/inventory.json"), [("extra", "v1/inventory.json")]),
    "a linked version": (linked("v1"), [("extra", "v1")]),
    "a linked content": (linked("v1/content"), [("extra", "v1/content")]),
    "an older inventory": (earlier(older), []),
    "a newer inventory before": (
        steps(everywhere(older), earlier(lambda t: None), gone("0=ocfl_object_1.1"),
              new("0=ocfl_object_1.0", "ocfl_object_1.0\n")),
        [("invalid", "v1/inventory.json: follows a newer version of OCFL than its successor")]),
    "an older object": (
        steps(everywhere(older), earlier(older), gone("0=ocfl_object_1.1"),
              new("0=ocfl_object_1.0", "ocfl_object_1.0\n")), []),
    "another id": (earlier(lambda t: t.update(id="urn:y")), [
        ("invalid", "v1/inventory.json: has another object's id")]),
    "another content folder": (
        earlier(lambda t: t.update(contentDirectory="c", manifest={A: ["v1/c/a"]})),
        [("invalid", "v1/inventory.json: has another contentDirectory than the object")]),
    "other versions": (lambda o: put(o, "v1/", inventory()), [
        ("invalid", "v1/inventory.json: has other versions than its place says")]),
    "other content files": (
        earlier(lambda t: t.update(manifest={A: ["v1/content/a", "v1/content/b"]})),
        [("invalid", "v1/inventory.json: lists other content files")]),
    "other files": (earlier(lambda t: t["versions"]["v1"]["state"].update({A: ["a", "b"]})), [
        ("invalid", "v1/inventory.json: v1 has other files than in the object's inventory")]),
    "no JSON": (lambda o: (o / "v1/inventory.json").write_bytes(b"[]"), [("invalid", "v1/inventory.json")]),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_what_is_found_in_an_object_s_folder(place: Path, name: str) -> None:
    do, found = FOUND[name]
    do(place)
    told = check_object(place).findings
    assert len(told) == len(found), told
    for each, (code, text) in zip(told, found, strict=True):
        assert each.code == code and f"{each.path}: {each.message}".startswith(text), told


def test_digests_of_versions_and_where_findings_are(place: Path) -> None:
    checked = check_object(place, "evidence/x/")
    assert checked.inventories == {
        each: hashlib.sha512((place / each / "inventory.json").read_bytes()).hexdigest() for each in ("v1", "v2")
    }
    assert checked.inventory and checked.inventory.head == "v2" and not checked.findings
    (place / "v1/content/a").write_bytes(b"b")
    assert check_object(place, contents=False).findings == []
    assert [each.path for each in check_object(place, "evidence/x/").findings] == ["evidence/x/v1/content/a"]
    (place / "v1/content/a").unlink()
    withheld = check_object(place, closed=True, withheld=frozenset({"v1/content/a"})).findings
    assert [(each.code, each.message) for each in withheld if each.path == "v1/content/a"] == [
        ("withheld", "withheld by the sender: a")
    ]
    assert check_object(place / "none").findings[0].path == "." and not check_object(place / "none").inventory


@pytest.mark.parametrize("name", ["logs", "extensions", "v1/more"])
def test_a_closed_object_has_no_folders_without_digests(place: Path, name: str) -> None:
    (place / name).mkdir()
    assert [(each.code, each.path) for each in check_object(place, closed=True).findings] == [("extra", name)]


def test_each_earlier_inventory_ends_with_its_version(place: Path) -> None:
    tree = inventory()
    tree["versions"]["v3"] = tree["versions"]["v2"]
    put(place, "", tree | {"head": "v3"})
    (place / "v3").mkdir()
    put(place, "v3/", tree | {"head": "v3"})
    assert check_object(place).findings == []
    put(place, "v2/", first())
    assert [each.message for each in check_object(place).findings] == ["has other versions than its place says"]


def test_content_of_earlier_versions_stays(place: Path) -> None:
    """The first version has other bytes under the same name than the object's inventory gives it."""
    tree = inventory()
    tree["manifest"] = {A: ["v1/content/a"], C: ["v1/content/c"], B: ["v2/content/d/b"]}
    tree["versions"]["v1"]["state"] = {A: ["a"], C: ["c"]}
    (place / "v1/content/c").write_bytes(b"c")
    put(place, "", tree)
    put(place, "v2/", tree)
    old = first() | {"manifest": {A: ["v1/content/a"], C: ["v1/content/c"]}}
    for state, told in (
        ({A: ["a"], C: ["c"]}, []),
        ({A: ["c"], C: ["a"]}, ["v1 has other content than in the object's"]),
    ):
        old["versions"]["v1"]["state"] = state
        put(place, "v1/", old)
        assert [each.message for each in check_object(place).findings] == told
