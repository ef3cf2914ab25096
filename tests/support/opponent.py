"""Who may write to the share and holds no key: one change at a random place, then the next command."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from archiver.archive.checking.parts import archive_words, ledger_lines, whole_archive
from archiver.archive.ocfl import stage_object, stage_version
from archiver.archive.reader import Archive
from archiver.core.errors import ArchiverError
from tests.support.archive_kit import Kit, licence

PLANTED = 77  # the number of the licence that the opponent invents
HARMLESS = {"interrupted"}

type Change = Callable[[Kit, random.Random], object]


def kill(kit: Kit, number: int, *, recorded: bool) -> None:
    """What a command leaves that is killed with an object in its place: before its line, or before the seal."""
    with ExitStack() as stack:
        writer = stack.enter_context(kit.open())
        if recorded:
            writer.put(licence(number)).result()
            return
        staged = stage_object(kit.root / "staging/0", licence(number))
        writer._note_intents([staged])
        noted = (kit.root / archive_words.INTENTS).read_bytes()
    kit.place(number).parent.mkdir(parents=True, exist_ok=True)
    staged.folder.rename(kit.place(number))
    (kit.root / archive_words.INTENTS).write_bytes(noted)


def line(kit: Kit, rng: random.Random, **fields: object) -> None:
    """A further line of the ledger, chained as it must be; perhaps with the signature of another one."""
    head = Archive(kit.root).head()
    assert head
    new = {"seq": head.seq + 1, "prev": head.hash, "at": head.fields["at"], "tool": "1", **fields}
    if rng.random() < 0.5:
        new["signature"] = head.fields["signature"]
    with (kit.root / archive_words.LEDGER).open("ab") as file:
        file.write(ledger_lines.canonical(new) + b"\n")


def planted(kit: Kit, rng: random.Random) -> dict[str, str]:
    """A sound object, or a sound new version of one, that no command wrote; what an intent or a line says of it."""
    aside = kit.root.parent / f"aside-{rng.random()}"
    if rng.random() < 0.5:
        staged = stage_object(aside, licence(PLANTED))
        kit.place(PLANTED).parent.mkdir(parents=True, exist_ok=True)
        staged.folder.rename(kit.place(PLANTED))
        return staged.intent
    place = kit.place(1)
    version = stage_version(
        aside, licence(1).object_id, (place / "inventory.json").read_bytes(), {"receipt.pdf": b"forged"}
    )
    assert version
    version.folder.rename(place / version.version)
    for name in ("inventory.json", "inventory.json.sha512"):
        (place / name).unlink()
        shutil.copy(place / version.version / name, place / name)
    return version.intent


def forge_intent(kit: Kit, rng: random.Random) -> None:
    text = ledger_lines.canonical(planted(kit, rng)) + b"\n"
    before = (kit.root / archive_words.INTENTS).read_bytes() if (kit.root / archive_words.INTENTS).exists() else b""
    (kit.root / archive_words.INTENTS).write_bytes(rng.choice([text, before + text, b"{}\n" + text]))


def forge_line(kit: Kit, rng: random.Random) -> None:
    line(kit, rng, type=rng.choice(["capture", "recovered", "version"]), **planted(kit, rng))


def forge_record(kit: Kit, rng: random.Random) -> None:
    rows: Sequence[dict[str, object]] = (
        {"type": "assign", "id": licence(1).object_id, "held": False},
        {"type": "rollback", "kept": 1, "lost": 9, "root": "0" * 64},
        {"type": "statement", "id": "x", "release": "y"},
        {"type": "run", "account": "a", "outcome": "complete", "listed": 0},
    )
    line(kit, rng, **rng.choice(rows))


def replay_intent(kit: Kit, rng: random.Random) -> None:
    """A genuine intent of an earlier moment, with an object put in its place again under another content."""
    old = json.loads((kit.root.parent / "kept-intents").read_bytes().splitlines()[0])
    text = ledger_lines.canonical(planted(kit, rng)) + b"\n"
    (kit.root / archive_words.INTENTS).write_bytes(ledger_lines.canonical(old) + b"\n" + text)


def spoil(kit: Kit, rng: random.Random) -> None:
    """Any byte of any file that counts."""
    file = rng.choice(_files(kit))
    data = bytearray(file.read_bytes())
    at = rng.randrange(len(data))
    data[at] ^= 1 << rng.randrange(8)
    _write(file, bytes(data))


def take_away(kit: Kit, rng: random.Random) -> None:
    rng.choice(_files(kit)).unlink()


def take_an_object(kit: Kit, rng: random.Random) -> None:
    shutil.rmtree(kit.place(rng.choice([1, 2, 3])))


def take_the_newest_checkpoint(kit: Kit, rng: random.Random) -> None:
    _, note, tokens = ledger_lines.checkpoint_files(kit.root / archive_words.CHECKPOINTS)[-1]
    for path in [*tokens, *([note] if rng.random() < 0.5 else [])]:
        path.unlink()


def cut_the_end(kit: Kit, rng: random.Random) -> None:
    """The last lines, with the objects and the checkpoints that belong to them."""
    ledger = kit.root / archive_words.LEDGER
    lines = ledger.read_bytes().splitlines(keepends=True)
    kept = rng.randrange(1, len(lines))
    for raw in lines[kept:]:
        fields = json.loads(raw)
        if "inventory_sha512" in fields:
            shutil.rmtree(kit.root / ledger_lines.object_path(fields["id"]), ignore_errors=True)
    ledger.write_bytes(b"".join(lines[:kept]))
    for size, note, tokens in ledger_lines.checkpoint_files(kit.root / archive_words.CHECKPOINTS):
        for path in [note, *tokens] if size > kept else []:
            path.unlink()


def rewrite_unsigned(kit: Kit, rng: random.Random) -> None:
    """The whole ledger anew, as an earlier version wrote it: no signatures, and no checkpoints."""
    previous, out = "0" * 64, b""
    for each in list(Archive(kit.root).lines()):
        fields = {k: v for k, v in each.fields.items() if k != "signature"} | {"prev": previous}
        fields |= {"at": "2020-01-01T00:00:00Z"} if rng.random() < 0.5 else {}
        raw = ledger_lines.canonical(fields)
        previous, out = hashlib.sha256(raw).hexdigest(), out + raw + b"\n"
    (kit.root / archive_words.LEDGER).write_bytes(out)
    shutil.rmtree(kit.root / archive_words.CHECKPOINTS)
    (kit.root / archive_words.CHECKPOINTS).mkdir()


def link_a_folder(kit: Kit, rng: random.Random) -> None:
    folder = kit.root / rng.choice(["evidence", "ledger", "ledger/checkpoints", "keys", "tools", "staging"])
    elsewhere = kit.root.parent / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


CHANGES: Sequence[Change] = (
    forge_intent, forge_line, forge_record, replay_intent, spoil, take_away, take_an_object,
    take_the_newest_checkpoint, cut_the_end, rewrite_unsigned, link_a_folder,
)  # fmt: skip


FORGERIES = (forge_intent, forge_line, forge_record, replay_intent)


def _files(kit: Kit) -> list[Path]:
    """All files, save those that say nothing: of a killed command, and an empty file of intents."""
    files = [path for path in sorted(kit.root.rglob("*")) if path.is_file() and path.parent.name != "staging"]
    return [path for path in files if path.stat().st_size and path.name != Path(archive_words.INTENTS).name]


def _write(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


def base(kit: Kit, *, recorded: bool) -> Kit:
    """An archive of two sealed commands, with intents that somebody kept, and of a third one that was killed."""
    kit.write(1, 2)
    kill(kit, 9, recorded=False)
    shutil.copy(kit.root / archive_words.INTENTS, kit.root.parent / "kept-intents")
    kit.write(3)
    kill(kit, 4, recorded=recorded)
    return kit


def attack(pristine: Kit, folder: Path, change: Change, seed: int) -> None:
    """After the change and the next command, nothing of the opponent's is PROVEN, and somebody was told."""
    shutil.copytree(pristine.root.parent, folder)
    kit = Kit(folder / pristine.root.name, pristine.authorities)
    expected = {each.code for each in kit.verify().findings}
    change(kit, random.Random(seed))
    before = {each.code for each in kit.verify().findings} if (kit.root / "ledger").is_dir() else {"missing"}
    said: Sequence[str] = ()
    try:
        said = kit.write(5).warnings
    except ArchiverError as error:
        said = [str(error)]
    report = whole_archive.verify_archive(kit.root)
    told = {each.code for each in report.findings} - expected - HARMLESS
    where = f"{change.__name__} with seed {seed}: before {sorted(before)}, then {report.as_text()}, said {said}"
    assert told or said, where
    if change in FORGERIES:
        assert report.state == "DAMAGED" and before - expected - HARMLESS, where
    newest = max(
        (size for size, _, _ in ledger_lines.checkpoint_files(kit.root / archive_words.CHECKPOINTS)), default=0
    )
    forged = [each.seq for each in Archive(kit.root).lines() if _is_forged(each.fields)]
    assert all(seq >= newest for seq in forged), where  # nobody signed it
    assert not forged or report.state == "DAMAGED", where


def _is_forged(fields: dict[str, Any]) -> bool:
    version = fields.get("version")
    return fields.get("id") == licence(PLANTED).object_id or (fields.get("id"), version) == (licence(1).object_id, "v2")
