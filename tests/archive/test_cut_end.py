"""An end that was cut off stays told, whatever was added since, until a person confirms the loss by name."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from archiver.archive.checking.parts import archive_words
from archiver.archive.erasure import STATEMENT
from archiver.archive.last_seen import LastSeen
from archiver.archive.ledger import read_lines
from archiver.archive.reader import Archive
from archiver.archive.witness import FolderWitness
from archiver.core.errors import ConfigError
from tests.support.archive_kit import Kit
from tests.support.homes import QUICK, Home


def losses(kit: Kit) -> list[int]:
    """How many lines this machine saw in each end that is gone."""
    memory = LastSeen(kit.root.parent / "state")
    try:
        return [each.lines for each in memory.losses(kit.root)]
    finally:
        memory.close()


def kept(kit: Kit, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kit.root, tmp_path / "cut"))


def cut(kit: Kit, back: Path) -> None:
    """Cut the end off: with its checkpoints and objects, so that the archive is whole in itself."""
    shutil.rmtree(kit.root)
    back.rename(kit.root)


def confirm(kit: Kit) -> None:
    with kit.open(after_restore=kit.root.parent / "state") as archive:
        archive.seal()


@pytest.mark.parametrize("seed", [*range(5), *(pytest.param(n, marks=pytest.mark.long) for n in range(5, 500))])
def test_no_cut_end_is_forgotten_whatever_was_added(kit: Kit, tmp_path: Path, seed: int) -> None:
    draw, kit.authorities, number = random.Random(seed), [], iter(range(99))  # a seed, no secret
    kit.write(*(next(number) for _ in range(draw.randint(0, 2))))
    if draw.random() < 0.5:  # a loss that was confirmed before
        back = kept(kit, tmp_path)
        kit.write(*(next(number) for _ in range(draw.randint(1, 6))))
        cut(kit, back)
        confirm(kit)
        assert losses(kit) == []
    back = kept(kit, tmp_path)
    for _ in range(draw.randint(1, 3)):
        kit.write(*(next(number) for _ in range(draw.randint(1, 3))))
    seen = len(list(read_lines(kit.root / archive_words.LEDGER)))
    cut(kit, back)
    for _ in range(draw.randint(0, 3)):
        assert "when this machine last wrote to it" in " ".join(
            kit.write(*(next(number) for _ in range(draw.randint(0, 4)))).warnings
        )
    assert losses(kit) == [seen]
    confirm(kit)
    assert losses(kit) == [] and kit.write(98).warnings == ()
    with pytest.raises(ConfigError, match="shows no loss"):
        confirm(kit)


def test_a_confirmed_loss_names_the_person_and_an_end_that_is_back_is_no_loss(kit: Kit, tmp_path: Path) -> None:
    kit.authorities = []
    kit.write(1)
    back = kept(kit, tmp_path)
    kit.write(2)
    whole = Path(shutil.copytree(kit.root, tmp_path / "whole"))
    cut(kit, Path(shutil.copytree(back, tmp_path / "once")))
    kit.write(3, 4)
    cut(kit, whole)
    assert losses(kit) == [4] and kit.write().warnings  # what was added meanwhile is a loss, too
    cut(kit, back)
    confirm(kit)
    rollbacks = [each for each in Archive(kit.root).lines() if each.type == "rollback"]
    said = {
        json.loads(Archive(kit.root).attested(each.fields["statement"]).read(STATEMENT))["by"] for each in rollbacks
    }
    assert said == {"Ada"} and kit.verify().state == "UNPROVEN"
    assert {each.code for each in kit.verify().findings} == {"rollback"}


def test_a_rollback_excuses_no_checkpoint_of_the_lines_that_came_after_it(kit: Kit, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    kit.authorities, kit.witnesses = [], [FolderWitness(name="disk", folder=disk)]
    kit.write(1)
    back = kept(kit, tmp_path)
    kit.write(*range(2, 12))
    cut(kit, back)
    confirm(kit)
    back = kept(kit, tmp_path)
    kit.write(20)
    assert kit.verify(disk / "acme").state == "UNPROVEN"
    cut(kit, back)
    assert kit.verify(disk / "acme").state == "FORKED"


def test_a_pack_that_was_sent_remembers_what_was_cut_off(kit: Kit, tmp_path: Path) -> None:
    kit.authorities = []
    kit.write(1)
    back = kept(kit, tmp_path)
    kit.write(2)
    for name in ("pack/data/07_integrity/one/integrity", "pack/data/07_integrity/two/integrity"):
        shutil.copytree(kit.root / archive_words.CHECKPOINTS, tmp_path / name)
    sent = Path(shutil.make_archive(str(tmp_path / "sent"), "zip", tmp_path, "pack"))
    copy = Path(shutil.copytree(kit.root, tmp_path / "copy"))
    memories = [sent, tmp_path / "pack", tmp_path / "pack/data", copy]
    for each in memories:
        report = kit.verify(each)
        assert report.state == "UNPROVEN" and "2 outside checkpoints" in " ".join(report.compared)
    cut(kit, back)
    kit.write(3, 4, 5)
    for each in memories:
        assert kit.verify(each).state == "FORKED"
    with kit.open(after_restore=sent) as archive:
        archive.seal()
    assert {kit.verify(each).state for each in memories} == {"UNPROVEN"}
    sent.write_bytes(sent.read_bytes()[:-9])
    with pytest.raises(archive_words.Malformed, match="holds no checkpoint of this archive"):
        kit.verify(sent)


@pytest.mark.long  # without commands: test_no_cut_end_is_forgotten_whatever_was_added
def test_every_command_tells_a_cut_end_until_it_is_confirmed(home: Home, tmp_path: Path) -> None:
    run = ("run", "--replay", QUICK)
    home.account("one", "shutterstock")
    home(*run)
    shutil.copytree(home.archive(), tmp_path / "backup")
    home.account("two", "envato_market")
    home(*run)
    shutil.rmtree(home.archive())
    shutil.copytree(tmp_path / "backup", home.archive())
    home(*run)  # and many lines were added
    for arguments in (("verify",), ("verify", "--quick")):
        document = home.json(*arguments, code=90)
        assert document["state"] == "FORKED" and "when this machine last wrote" in str(document["clients"])
    assert "archive of Acme Ltd is damaged" in home("status").stderr
    assert "FORKED" in home("doctor", code=50).stdout
    home(*run, "--client", "acme", "--after-restore", home.root / "state/archive/acme", "--by", "Ada")
    document = home.json("verify")
    assert "rollback" in {each["code"] for each in document["clients"][0]["findings"]}
    assert "is damaged" not in home("status").stderr
    assert document["clients"][0]["compared"]
