"""Witnesses get every checkpoint; what they hold catches what an archive cannot show by itself."""

from __future__ import annotations

import email
import json
import os
import shutil
import subprocess
import sys
from email.policy import default
from pathlib import Path
from unittest.mock import Mock

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive import last_seen
from archiver.archive.checking.parts import ledger_lines, witnessed
from archiver.archive.checking.parts.archive_words import Malformed
from archiver.archive.reader import Archive
from archiver.archive.seal import sign
from archiver.archive.witness import CommandWitness, FolderWitness, MailWitness
from archiver.core.errors import ConfigError, IntegrityError, SiteUnavailable
from archiver.core.smtp import Mailer
from tests.support.archive_kit import Kit, flip
from tests.support.smtp_server import MailServer


@pytest.fixture
def disk(kit: Kit, tmp_path: Path) -> Path:
    """A folder witness of the archive; returns where its copies lie."""
    (tmp_path / "disk").mkdir()
    kit.witnesses = [FolderWitness(name="disk", folder=tmp_path / "disk")]
    return tmp_path / "disk" / "acme"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def findings(kit: Kit, against: Path | None = None) -> tuple[str, list[str]]:
    report = kit.verify(against)
    return report.state, [finding.code for finding in report.findings]


def restore(kit: Kit, backup: Path) -> None:
    shutil.rmtree(kit.root)
    shutil.copytree(backup, kit.root)


def test_a_folder_gets_every_checkpoint_and_verify_holds_the_archive_against_it(kit: Kit, disk: Path) -> None:
    kit.write(1)
    kit.write(2)
    assert names(disk) == names(kit.root / "ledger/checkpoints")
    assert all(
        (disk / name).read_bytes() == (kit.root / "ledger/checkpoints" / name).read_bytes() for name in names(disk)
    )
    for against in (disk, disk.parent, disk / "00000002.note"):
        report = kit.verify(against)
        assert (report.state, report.findings) == ("PROVEN", []) and "extends" in report.as_text()
    kit.write(3)
    assert kit.verify(disk / "00000002.note").state == "PROVEN"
    _, note, [token] = ledger_lines.newest_checkpoint(kit.root)
    given = {name: (disk / name).read_bytes() for name in (note.name, token.name)}
    for lost in (disk / note.name, disk / token.name, disk):  # somebody can write to the witness
        shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
        assert kit.write().warnings == ()
        assert all((disk / name).read_bytes() == content for name, content in given.items())
    flip(disk / note.name, 0.9)
    (warning,) = kit.write().warnings
    assert str(disk / note.name) in warning and "Find out who can write there" in warning
    [again] = disk.glob(f"{note.stem}-*.note")
    assert again.read_bytes() == given[note.name] and kit.verify(again).state == "PROVEN"


def test_a_witness_that_fails_is_a_warning_and_tried_again(kit: Kit, disk: Path) -> None:
    disk.parent.rmdir()
    (warning,) = kit.write(1).warnings
    assert "could not give checkpoint 2 of acme to the witness disk" in warning and "is not there" in warning
    disk.parent.mkdir()
    assert kit.write().warnings == () and names(disk) == names(kit.root / "ledger/checkpoints")


def test_a_late_timestamp_follows_its_checkpoint(kit: Kit, disk: Path) -> None:
    def down(*_: object) -> bytes:
        raise SiteUnavailable("tsa.example does not answer")

    with kit.open(post=down) as archive:
        archive.append("run", account="acme")
        archive.seal()
    assert names(disk) == ["00000002.note"]
    kit.write()
    assert names(disk) == ["00000002.note", "00000002.note.local.tsr"]


def test_a_command_gets_the_note_once_and_without_a_shell(kit: Kit, tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read() + ' '.join(sys.argv[2:]).encode())"
    kit.witnesses = [CommandWitness(name="program", command=(sys.executable, "-c", code, str(told), "$HOME"))]
    assert kit.write(1).warnings == kit.write().warnings == ()
    note = kit.root / "ledger/checkpoints/00000002.note"
    assert told.read_bytes() == note.read_bytes() + f"$HOME {note} {note}.local.tsr".encode()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("/nowhere/program",), "No such file"),
        (("false",), "exit code 1"),
        ((sys.executable, "-c", "import time; time.sleep(9)"), "did not end"),
    ],
)
def test_commands_that_fail(kit: Kit, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], words: str) -> None:
    monkeypatch.setattr("archiver.archive.witness.COMMAND_TIMEOUT_S", 0.3)
    kit.witnesses = [CommandWitness(name="program", command=command)]
    (warning,) = kit.write(1).warnings
    assert words in warning and "The next seal tries again" in warning


def mail_to(server: MailServer, password: str = "RECORDED-PASSWORD", username: str | None = "ada") -> MailWitness:
    return MailWitness(
        name="counsel",
        address="counsel@example.com",
        mailer=Mailer(
            sender="ada@example.com", host="localhost", port=server.port, username=username,
            password=lambda: password, trust=lambda: server.trust,
        ),
    )  # fmt: skip


def test_a_mail_carries_what_verifies(kit: Kit, tmp_path: Path) -> None:
    with MailServer(encrypted=True) as server:
        kit.witnesses = [mail_to(server)]
        assert kit.write(1).warnings == kit.write().warnings == ()
    (raw,) = server.mails
    message = email.message_from_bytes(raw, policy=default)
    assert (message["To"], message["Subject"]) == ("counsel@example.com", "Checkpoint 2 of the archive acme")
    for part in message.iter_attachments():
        (tmp_path / str(part.get_filename())).write_bytes(part.get_content())
    kit.write(2)
    assert kit.verify(tmp_path / "00000002.note").state == "PROVEN"
    assert (tmp_path / "00000002.note.local.tsr").read_bytes()


def test_mail_that_does_not_go_out_is_a_warning_and_no_password_is_sent_in_the_clear(kit: Kit) -> None:
    with MailServer(encrypted=True) as server, MailServer(encrypted=False) as open_server:
        kit.witnesses = [mail_to(server, "wrong")]
        assert "535" in kit.write(1).warnings[0] and not server.mails
        kit.witnesses = [mail_to(open_server)]
        assert "password was not sent" in kit.write(2).warnings[0] and not any(
            "AUTH" in line for line in open_server.log
        )
        kit.witnesses = [mail_to(open_server, username=None)]
        assert kit.write(3).warnings == () and len(open_server.mails) == 1


def test_a_run_refuses_to_start_on_a_fork_and_the_archive_is_left_as_it_was(
    kit: Kit, disk: Path, tmp_path: Path
) -> None:
    kit.write(1)
    shutil.copytree(kit.root, tmp_path / "backup")
    kit.write(2)
    restore(kit, tmp_path / "backup")
    before = (kit.root / "ledger/ledger.jsonl").read_bytes()
    with pytest.raises(IntegrityError, match=r"does not continue .*00000004\.note.*--after-restore"), kit.open():
        pass
    assert (kit.root / "ledger/ledger.jsonl").read_bytes() == before
    assert findings(kit, disk) == ("FORKED", ["forked"])
    tool = subprocess.run(
        [sys.executable, "-I", kit.root / "tools/verify.py", "--against", disk, "--json"],
        capture_output=True,
        check=False,
    )
    assert (tool.returncode, json.loads(tool.stdout)["state"]) == (90, "FORKED")
    assert findings(kit) == ("PROVEN", [])  # from inside nothing is to be seen


def test_opening_reads_the_ledger_again_only_where_the_witness_does_not_hold_the_last_seal(
    kit: Kit, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.write(1)
    kit.write(2)
    read = Mock(side_effect=witnessed.check_witnessed)
    monkeypatch.setattr(witnessed, "check_witnessed", read)
    with kit.open() as archive:
        archive.append("run", account="a", listed=0)  # and ends unsealed
    kit.write(3)
    assert read.call_count == 0
    (disk / "00000002-abcdef.note").write_bytes((disk / "00000002.note").read_bytes())
    kit.write()
    assert read.call_count == 1
    (disk / "00000002-abcdef.note").unlink()
    newest = max(disk.glob("*.note"))
    newest.chmod(0o644)
    newest.write_bytes((disk / "00000002.note").read_bytes())
    kit.write()
    assert read.call_count == 2


def test_folders_are_not_listed_again_until_an_entry_changes_and_then_it_is_noticed(
    kit: Kit, disk: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kit.write(1)
    kit.write(2)
    listed = Mock(side_effect=os.listdir)
    monkeypatch.setattr(os, "listdir", listed)
    own, remembered, probe = kit.root / "ledger/checkpoints", tmp_path / "state/compared", tmp_path / "probe"

    def opened() -> set[Path]:
        """Open and close; returns which of the two folders were listed."""
        listed.reset_mock()
        with kit.open():
            return {Path(call.args[0]) for call in listed.call_args_list} & {own, disk}

    def settle() -> None:
        """Wait until the file system's clock has ticked, and have it remembered that all is well."""
        last = max(folder.stat().st_ctime_ns for folder in (own, disk))
        probe.touch()
        while probe.stat().st_ctime_ns <= last:
            probe.touch()
        opened()
        assert opened() == set()

    for steady_ns, times_hold in ((10**18, True), (0, False), (0, True)):  # whatever these tests lie on
        monkeypatch.setattr(last_seen, "STEADY_NS", steady_ns)
        monkeypatch.setattr(last_seen, "change_times_hold", Mock(return_value=times_hold))
        opened()
        assert (opened() == {own, disk}) == (steady_ns > 0 or not times_hold)
    forged = bytearray(remembered.read_bytes())
    forged[0] ^= 1
    remembered.write_bytes(forged)
    assert opened() == {own, disk}  # what was remembered is not by this key
    lost = sign("archiver.invalid/acme", 99, bytes(32), kit.signer)
    for folder, message in ((own, "covers more"), (disk, "does not continue")):
        settle()
        status = folder.stat()
        (folder / "00000099.note").write_bytes(lost)
        os.utime(folder, ns=(status.st_atime_ns, status.st_mtime_ns))  # as if nothing had happened
        with pytest.raises(IntegrityError, match=message):
            opened()
        (folder / "00000099.note").unlink()
    settle()
    newest = max(disk.glob("*.note"))
    content = newest.read_bytes()
    newest.chmod(0o644)
    newest.write_bytes(sign("archiver.invalid/acme", 4, bytes(32), kit.signer))  # no entry changes
    with pytest.raises(IntegrityError, match="does not continue"):
        opened()
    newest.write_bytes(content)
    settle()
    (own / newest.name).unlink()
    assert any("is missing" in warning for warning in kit.write().warnings)


def test_an_honest_restore_is_recorded_and_shown_for_ever(kit: Kit, disk: Path, tmp_path: Path) -> None:
    kit.write(1)
    shutil.copytree(kit.root, tmp_path / "backup")
    kit.write(2)
    kit.write(3)
    restore(kit, tmp_path / "backup")
    with kit.open(after_restore=disk) as archive:
        archive.seal()
    kit.write(2)
    assert findings(kit) == ("PROVEN", ["rollback"])
    assert "earlier lines 2 to 5 are lost" in kit.verify().as_text()
    assert findings(kit, disk) == ("PROVEN", ["rollback", "witness", "witness"])
    (line,) = (line.fields for line in Archive(kit.root).lines() if line.type == "rollback")
    assert (line["kept"], line["lost"]) == (2, 6)
    copies = [name for name in names(disk) if name.endswith(".note")]
    assert copies[1].startswith("00000004") and len(copies) == 5  # the lost 4 and 6, and those of the second life
    with pytest.raises(ConfigError, match="shows no loss"), kit.open(after_restore=disk):
        pass
    kit.write(4)  # and life goes on


def test_a_rollback_excuses_nothing_but_what_it_names(kit: Kit, disk: Path, tmp_path: Path) -> None:
    kit.write(1)
    shutil.copytree(kit.root, tmp_path / "backup")
    kit.write(2)
    shutil.copy(disk / "00000004.note", tmp_path / "four.note")
    kit.write(3)
    restore(kit, tmp_path / "backup")
    with kit.open(after_restore=tmp_path / "four.note") as archive:  # what the folder holds counts, too
        archive.seal()
    assert [line.fields["lost"] for line in Archive(kit.root).lines() if line.type == "rollback"] == [6]
    kit.write(2)
    kit.write(5)
    seven = disk / "later.note"
    seven.write_bytes(max((kit.root / "ledger/checkpoints").glob("*.note")).read_bytes())
    shutil.rmtree(tmp_path / "state")  # what this machine remembers is lost, too
    restore(kit, tmp_path / "backup")
    kit.witnesses = []
    with kit.open(after_restore=tmp_path / "four.note") as archive:
        archive.seal()
    report = kit.verify(disk)
    assert report.state == "FORKED"
    excused = {Path(f.path).name for f in report.findings if f.code == "witness"}
    assert excused == {"00000004.note"} and any(Path(f.path) == seven for f in report.findings if f.code == "forked")


def test_what_a_rollback_keeps_is_what_is_common(kit: Kit, disk: Path, tmp_path: Path) -> None:
    """The witness was away when the restored archive was first written to."""
    kit.write(1)
    shutil.copytree(kit.root, tmp_path / "backup")
    kit.write(2)
    kit.write(3)
    restore(kit, tmp_path / "backup")
    witnesses, kit.witnesses = kit.witnesses, []
    kit.write(4, 5)
    shutil.copy(kit.root / "ledger/checkpoints/00000005.note", disk)
    kit.witnesses = witnesses
    with kit.open(after_restore=disk) as archive:
        archive.seal()
    (line,) = (line.fields for line in Archive(kit.root).lines() if line.type == "rollback")
    assert (line["kept"], line["lost"]) == (2, 6) and kit.verify(disk).state == "PROVEN"
    other = Kit(tmp_path / "elsewhere" / "acme", [])
    other.write(8)
    assert kit.verify(other.root / "ledger/checkpoints/00000002.note").state == "FORKED"


def test_what_cannot_bear_witness_is_named(kit: Kit, disk: Path, tmp_path: Path) -> None:
    kit.write(1)
    kit.write(2)
    note = disk / "00000002.note"
    note.chmod(0o644)
    note.write_bytes(note.read_bytes()[:-9] + b"AAAAAAA=\n")
    assert findings(kit, disk) == ("PROVEN", ["witness"])
    for useless in (note, tmp_path):
        (tmp_path / "x.note").write_text("no checkpoint")
        with pytest.raises(Malformed, match=r"holds no checkpoint of this archive.* Name a"):
            kit.verify(useless)
    other = Kit(tmp_path / "other", [], Ed25519PrivateKey.generate())
    other.write(1)
    assert findings(other, disk / "00000004.note")[0] == "FORKED"  # of this name, under another key
    other.witnesses = kit.witnesses
    with pytest.raises(IntegrityError, match="another key"), other.open():
        pass
