"""Names: whatever somebody puts into an archive under whatever name is told; closed lists, ASCII and no links."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.archive.checking.parts import archive_words, signed_notes, whole_archive
from archiver.archive.seal import sign
from archiver.core.errors import IntegrityError
from tests.support.archive_kit import SIGNER, Kit, licence, root_of
from tests.support.examples import examples

OTHER_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


CHANGES = (
    str.upper,
    str.capitalize,
    lambda name: name.translate(OTHER_DIGITS),
    lambda name: f"{name} ",
    lambda name: f"{name}.",
    lambda name: f"0{name}",
    lambda name: f".{name}",
    lambda name: f"{name}\u200b",
    lambda name: f"{name}.sha256",
    lambda name: f"{name}~",
    lambda name: name.replace(".", "．"),
    lambda name: name.replace("sha512", "sha256"),
    lambda name: name.replace("v1", "v01"),
    lambda name: name.replace("a", "а"),
)


CONTENTS: list[str] = []  # what the archive holds


MAKE = ("file", "copy", "folder", "link", "pipe")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """An archive without timestamps: it is checked often."""
    kit = Kit(tmp_path_factory.mktemp("names") / "acme", [])
    kit.write(1, 2)
    with kit.open() as archive:
        archive.add_version(licence(1).object_id, {"receipt.pdf": b"paid"}).result()
        archive.seal()
    assert kit.verify().findings == []
    CONTENTS[:] = sorted(each.relative_to(kit.root).as_posix() for each in [kit.root, *kit.root.rglob("*")])
    return kit


@st.composite
def names(draw: st.DrawFn, known: list[str]) -> str:
    """A name that is in the archive, changed or somewhere else, or any other."""
    name = draw(st.sampled_from(known))
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=2)):
        name = change(name)
    return draw(st.one_of(st.just(name), st.text(min_size=1, max_size=20)))


@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_put_in_is_told(plain: Kit, data: st.DataObject) -> None:
    inside = [plain.root / each for each in CONTENTS]
    folders, files = [each for each in inside if each.is_dir()], [each for each in inside if each.is_file()]
    folder = data.draw(st.sampled_from(folders))
    name = data.draw(names(sorted({each.name for each in inside})))
    kind, other = data.draw(st.sampled_from(MAKE)), data.draw(st.sampled_from(files))
    place = folder / name
    if "/" in name or "\0" in name or name in (".", "..") or os.path.lexists(place):
        return
    with suppress(OSError, ValueError):  # a name that this file system does not take
        put(kind, place, other)
    try:
        if not os.path.lexists(place):
            return
        relative = place.relative_to(plain.root).as_posix()
        told = [each for each in plain.verify().findings if each.path in relative or relative in each.path]
        assert told, (relative, kind)
    finally:
        shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink(missing_ok=True)


def put(kind: str, place: Path, other: Path) -> None:
    if kind == "folder":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "link":
        place.symlink_to(other)
    else:
        place.write_bytes(other.read_bytes() if kind == "copy" else b"x")


@pytest.mark.parametrize("folder", ["evidence", "ledger", "ledger/checkpoints", "keys", "tools", "staging"])
def test_no_folder_of_an_archive_is_a_link(sealed: Kit, folder: str) -> None:
    """Else what an archive holds could be another archive's, and a writing command would clear away what is there."""
    elsewhere = sealed.root.parent / "elsewhere"
    (sealed.root / folder).rename(elsewhere)
    (elsewhere / "precious").write_bytes(b"x")
    (sealed.root / folder).symlink_to(elsewhere)
    report = sealed.verify()
    assert report.state == "DAMAGED" and (("link", folder) in [(each.code, each.path) for each in report.findings])
    with pytest.raises(IntegrityError, match="is a link"), sealed.open():
        pass
    assert (elsewhere / "precious").exists()
    (sealed.root / folder).unlink()
    for make in (os.mkfifo, Path.touch):
        make(sealed.root / folder)
        assert folder in {each.path for each in sealed.verify().findings if each.damage}
        (sealed.root / folder).unlink()


# Names that belong there: in a copy for a client, of an answer that did not hold, of files and links.
ALLOWED = (
    "READ-ME.txt", "licences.csv", f"{archive_words.CHECKPOINTS}/00000005.note.x.tsr.refused",
    f"{archive_words.CHECKPOINTS}/00000005.note.local.tsr.unchecked", "READ-ME-FIRST.txt", "evidence/0=ocfl_1.1",
    archive_words.KEY_HISTORY, "keys/witness-keys.txt",
)  # fmt: skip


def each_allowed_place_is_told(kit: Kit) -> None:
    """Something else there is damage, and a file that nothing covers is a remark."""
    for name in ALLOWED:
        place, aside = kit.root / name, kit.root.parent / "what-was-there"
        covered = place.exists()
        if covered:
            place.rename(aside)
        else:
            place.write_bytes(b"all is well")
            told = {(each.code, each.path) for each in kit.verify().findings}
            assert name == "keys/witness-keys.txt" or told == {("remark", name)}
            place.unlink()
        for kind in ("folder", "link", "pipe"):
            put(kind, place, aside if covered else kit.root / archive_words.TOOL)
            assert name in {each.path for each in kit.verify().findings if each.damage}, (name, kind)
            place.rmdir() if kind == "folder" else place.unlink()
        if covered:
            aside.rename(place)
    assert kit.verify().findings == []


FORGED = {
    "a payload with the name of a digest": lambda k: (k.place(1) / "v1/inventory.json.sha256").write_bytes(b"payload"),
    "a second checkpoint in other digits": lambda k: (
        k.root / archive_words.CHECKPOINTS / "00000003.note".translate(OTHER_DIGITS)
    ).write_bytes((k.root / archive_words.CHECKPOINTS / "00000003.note").read_bytes()),
    "a second checkpoint with one more zero": lambda k: (
        k.root / archive_words.CHECKPOINTS / "000000003.note"
    ).write_bytes((k.root / archive_words.CHECKPOINTS / "00000003.note").read_bytes()),
    "a further timestamp of an old checkpoint": lambda k: shutil.copy(
        k.root / archive_words.CHECKPOINTS / "00000003.note.local.tsr",
        k.root / archive_words.CHECKPOINTS / "00000003.note.other.tsr",
    ),
    "another log's checkpoint": lambda k: (k.root / archive_words.CHECKPOINTS / "00000004.note").write_bytes(
        sign("archiver.invalid/other", 4, root_of(k, 4), SIGNER)
    ),
    "another key's history": lambda k: (k.root / archive_words.KEY_HISTORY).write_bytes(b'{"key":"00"}\n'),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_only_looks_like_a_part_of_the_archive_is_damage(sealed: Kit, name: str) -> None:
    if name == "another key's history":
        each_allowed_place_is_told(sealed)
        key = sealed.root / archive_words.SIGNER_KEY
        genuine = key.read_bytes()
        for forged in (b"trust me\n" + genuine, genuine + b"\n", genuine.replace(b"\n", b"\r\n")):
            key.write_bytes(forged)
            assert [(each.code, each.path) for each in sealed.verify().findings] == [
                ("invalid", archive_words.SIGNER_KEY)
            ]
        key.write_bytes(genuine)
        year = sealed.place(1).parent.parent
        year.rename(sealed.root.parent / "2026")
        year.symlink_to(sealed.root.parent / "2026")
        told = whole_archive.verify_archive(sealed.root, licence=licence(1).object_id).findings
        assert [(each.code, each.path) for each in told] == [("link", "evidence/licences/2026")]
        year.unlink()
        (sealed.root.parent / "2026").rename(year)
    if name == "a further timestamp of an old checkpoint":
        for number in range(signed_notes.MAX_TIMESTAMPS):
            more = sealed.root / archive_words.CHECKPOINTS / f"00000005.note.x{number}.tsr"
            shutil.copy(sealed.root / archive_words.CHECKPOINTS / "00000005.note.local.tsr", more)
        told = sealed.verify().findings
        assert ("extra", f"{archive_words.CHECKPOINTS}/00000005.note") in [(each.code, each.path) for each in told]
        for each in (sealed.root / archive_words.CHECKPOINTS).glob("*.x*.tsr"):
            each.unlink()
    FORGED[name](sealed)
    assert sealed.verify().state == "DAMAGED"
