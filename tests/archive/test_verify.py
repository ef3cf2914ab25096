"""The verifier, and the public tools that must agree with it."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts import (
    archive_words,
    ed25519_signature,
    ledger_lines,
    ocfl_object,
    openssl_program,
    timestamp_tokens,
)
from archiver.archive.checking.parts.archive_words import Busy, Malformed
from archiver.archive.checking.parts.ocfl_object import check_object
from archiver.archive.checking.parts.one_proof import verify_proof
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.reader import Archive
from archiver.core.errors import IntegrityError
from tests.support.archive_kit import ISOLATED, Kit, damage, flip, licence, passes_ocfl_py
from tests.support.authority_kit import spellings


def run(*command: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def test_what_is_written_passes_and_one_flipped_byte_does_not(kit: Kit) -> None:
    kit.write(1, 2)
    with kit.open() as archive:
        archive.add_version(kit.stored[0].object_id, {"receipt.pdf": b"%PDF paid"}).result()
        archive.seal()
    report = kit.verify()
    assert (report.state, report.findings, report.licences, report.evidence) == ("PROVEN", [], 2, True)
    assert report.secured_since is not None
    assert all(passes_ocfl_py(kit.place(n)) for n in (1, 2))
    flip(kit.place(2) / "v1/content/certificate.pdf")
    assert not passes_ocfl_py(kit.place(2)) and passes_ocfl_py(kit.place(1))
    place = kit.place(2).relative_to(kit.root).as_posix()
    assert damage(kit) == {f"{place}/v1/content/certificate.pdf"}
    done = run(*ISOLATED, kit.root / "tools/verify.py", "--json")
    assert done.returncode == 90
    assert f"{place}/v1/content/certificate.pdf" in [f["path"] for f in json.loads(done.stdout)["findings"]]


def test_public_tools_accept_note_and_token(kit: Kit, tmp_path: Path) -> None:
    """The commands that READ-ME-FIRST.txt prints."""
    kit.write(1)
    guide = (kit.root / "READ-ME-FIRST.txt").read_text("utf-8")
    (note,) = (kit.root / "ledger/checkpoints").glob("*.note")
    (token,) = (kit.root / "ledger/checkpoints").glob("*.tsr")
    moment = timestamp_tokens.epoch(timestamp_tokens.Token.parse(token.read_bytes()).time)
    wanted = ("head ", "tail ", "openssl ")
    commands = [line.strip() for line in guide.splitlines() if line.strip().startswith(wanted)]
    assert len(commands) == 5
    for command in commands:
        for name, value in {"NOTE": note, "TOKEN": token, "SECONDS": moment, "keys/": f"{kit.root}/keys/"}.items():
            command = command.replace(name, shlex.quote(str(value)))
        done = run("sh", "-c", command, folder=tmp_path)
        assert done.returncode == 0, (command, done.stderr)
    flip(tmp_path / "text", 0)
    assert run("sh", "-c", commands[2].replace("keys/", f"{kit.root}/keys/"), folder=tmp_path).returncode


def note(kit: Kit, ending: str = "") -> Path:
    return kit.root / f"ledger/checkpoints/00000003.note{ending}"


def replace(kit: Kit, path: Path, by: Callable[[Path], Any]) -> None:
    """Put something else in a file's place, which goes to `aside`, beside the archive."""
    path.rename(kit.root.parent / "aside")
    by(path)


def link(kit: Kit, path: Path) -> None:
    replace(kit, path, lambda place: place.symlink_to(kit.root.parent / "aside"))


def plant_with_a_forged_intent(kit: Kit) -> None:
    planted = "20261124_example_other_00000000"
    shutil.copytree(kit.place(1), kit.place(1).with_name(planted))
    intent = {"id": f"urn:x-archiver:licence:{planted}", "inventory_sha512": "0", "version": "v1"}
    (kit.root / archive_words.INTENTS).write_text(f"{'[' * 100_000}\n{json.dumps(intent)}\n")


TAMPERING: dict[str, tuple[Callable[[Kit], Any], str]] = {
    "a file is added": (lambda k: (k.place(1) / "v1/content/more.txt").write_text("x"), "more.txt"),
    "an inventory changes": (lambda k: flip(k.place(1) / "inventory.json"), "inventory.json"),
    "a ledger line changes": (lambda k: flip(k.root / "ledger/ledger.jsonl"), "ledger/ledger.jsonl"),
    "the ledger's end is cut off": (
        lambda k: os.truncate(k.root / archive_words.LEDGER, (k.root / archive_words.LEDGER).stat().st_size - 1),
        "ledger.jsonl",
    ),
    "a ledger line without end": (lambda k: os.truncate(k.root / archive_words.LEDGER, 1 << 21), "ledger.jsonl"),
    "the root changes": (lambda k: flip(note(k), 0.2), "00000003.note"),
    "the signature changes": (lambda k: flip(note(k), 0.9), "00000003.note"),
    "a checkpoint vanishes": (lambda k: note(k).unlink(), "00000003.note"),
    "a token changes": (lambda k: flip(note(k, ".local.tsr")), "3.note.local.tsr"),
    "a token vanishes": (lambda k: note(k, ".local.tsr").unlink(), "3.note.local.tsr"),
    "the key changes": (lambda k: flip(k.root / "keys/signer-public.pem"), "keys/signer-public.pem"),
    "a stray file": (lambda k: (k.root / "evidence/licences/2026/notes.txt").write_text("x"), "notes.txt"),
    "a stray folder": (lambda k: (k.root / "evidence/licences/2027").mkdir(), "licences/2027"),
    "a folder without digests": (lambda k: (k.place(1) / "logs").mkdir(), "/logs"),
    "a folder beside the content": (lambda k: (k.place(1) / "v1/more").mkdir(), "v1/more"),
    "a link to the same inventory": (lambda k: link(k, k.place(1) / "v1/inventory.json"), "v1/inventory.json"),
    "a link to the same file": (lambda k: link(k, k.place(1) / "v1/content/licence.json"), "licence.json"),
    "a pipe for a file": (lambda k: replace(k, k.place(1) / "v1/content/licence.json", os.mkfifo), "licence.json"),
    "a pipe for the intents": (lambda k: replace(k, k.root / archive_words.INTENTS, os.mkfifo), archive_words.INTENTS),
    "a folder for the verifier": (lambda k: replace(k, k.root / archive_words.TOOL, Path.mkdir), archive_words.TOOL),
    "a link for the intents": (lambda k: link(k, k.root / archive_words.INTENTS), archive_words.INTENTS),
    "a pipe for a checkpoint": (lambda k: replace(k, note(k), os.mkfifo), "00000003.note"),
    "a folder for a token": (lambda k: replace(k, note(k, ".local.tsr"), Path.mkdir), "3.note.local.tsr"),
    "a folder for the ledger": (lambda k: replace(k, k.root / "ledger/ledger.jsonl", Path.mkdir), "ledger.jsonl"),
    "a folder for the roots": (lambda k: replace(k, k.root / "keys/tsa-roots.pem", Path.mkdir), "keys/tsa-roots.pem"),
    "a device for the sidecar": (
        lambda k: replace(k, k.place(1) / "v1/inventory.json.sha512", lambda p: p.symlink_to("/dev/zero")),
        "v1/inventory.json.sha512",
    ),
    "an intent that is not the orphan's": (plant_with_a_forged_intent, "_example_other_"),
}


@pytest.mark.parametrize("tampering", TAMPERING)
def test_tampering_is_found_and_named(sealed: Kit, tampering: str) -> None:
    do, named = TAMPERING[tampering]
    do(sealed)
    report = sealed.verify(sealed.root.parent / "disk")
    assert report.state in ("DAMAGED", "FORKED")  # forked: the witness's first lines or its key are not here any more
    assert any(named in finding.path for finding in report.findings if finding.damage)


def test_a_name_cannot_pass_itself_off_as_a_result(sealed: Kit) -> None:
    (sealed.place(1) / "v1/content/\x1b[2J\nacme: PROVEN \u202e\udcff").write_text("x")
    told = run(*ISOLATED, Path(CARRIED), sealed.root).stdout
    assert run(*ISOLATED, Path(CARRIED), "--object", sealed.place(1)).returncode == 90
    assert told.startswith("acme: DAMAGED\n") and "\nacme:" not in told and not {"\x1b", "\u202e"} & set(told)


def test_the_hand_written_attack_of_a_rewritten_line_with_its_chain_mended(kit: Kit) -> None:
    """Whoever rewrites a line and all hashes after it still meets the signed root."""
    kit.write(1, 2)
    ledger = kit.root / "ledger/ledger.jsonl"
    previous, out = "0" * 64, []
    for raw in ledger.read_bytes().splitlines():
        fields = json.loads(raw) | {"prev": previous}
        fields["at"] = "2020-01-01T00:00:00Z"
        out.append(ledger_lines.canonical(fields))
        previous = hashlib.sha256(out[-1]).hexdigest()
    ledger.write_bytes(b"\n".join(out) + b"\n")
    findings = kit.verify().findings
    assert any("checkpoints/00000003.note" in finding.message for finding in findings if finding.damage)


ODD_LINES = [  # fields that anyone who can write to an archive may append, after the number and the line before
    {"type": []}, {"type": {}}, {"type": None}, {"prev": []}, [], "run", None,
    {"seq": "x", "type": "rollback", "kept": 0, "lost": 1, "root": "0" * 64},
    {"seq": None, "type": "rollback", "kept": 0, "lost": 1, "root": "0" * 64}, {"seq": 1.5, "type": "run"},
    {"type": "capture", "id": [1], "version": {}, "inventory_sha512": 3}, {"type": "run", "account": [], "at": [1]},
    {"type": "assign", "id": [], "clients": 5}, {"type": "assign", "clients": [[]]},
]  # fmt: skip


def test_lines_that_no_checkpoint_covers_yet_are_still_a_chain(kit: Kit) -> None:
    with kit.open() as archive:
        archive.append("run", account="acme-one", listed=1)
        archive.append("run", account="acme-two", listed=1)
    ledger = kit.root / "ledger/ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b"acme-one", b"acme-six"))
    assert [f.message for f in kit.verify().findings if f.damage] == ["line 2 does not follow the line before it"]
    before = ledger.read_bytes()
    number, previous = before.count(b"\n"), hashlib.sha256(before.splitlines()[-1]).hexdigest()
    for odd in ODD_LINES:
        line = (
            ledger_lines.canonical({"seq": number, "prev": previous} | odd)
            if isinstance(odd, dict)
            else json.dumps(odd).encode()
        )
        ledger.write_bytes(before + line + b"\n")
        assert f"line {number} is not a ledger line" in [f.message for f in kit.verify().findings], odd
        with pytest.raises(IntegrityError, match="no valid line"):
            [each.fields for each in Archive(kit.root).lines()]
    for many, code in ((b"\n" * 10**6, "ledger"), (rollbacks(before, 500), "rollback")):
        ledger.write_bytes(before + many)
        told = [f.message for f in kit.verify().findings if f.code == code]
        assert len(told) < 110 and any("has more like these" in each for each in told) and len(set(told)) > 100


def rollbacks(before: bytes, count: int) -> bytes:
    """Lines that whoever can write to an archive can append: they need no key."""
    lines = before.splitlines()
    for seq in range(len(lines), len(lines) + count):
        line = {"seq": seq, "prev": hashlib.sha256(lines[-1]).hexdigest(), "type": "rollback", "at": f"{seq}"}
        lines.append(ledger_lines.canonical(line | {"kept": 0, "lost": 1, "root": "0" * 64}))
    return b"".join(line + b"\n" for line in lines[-count:])


def test_a_timestamp_exchanged_for_a_later_good_one_is_found(kit: Kit, authority: LocalAuthority) -> None:
    kit.write(1)
    kit.write(2)
    token = kit.root / "ledger/checkpoints/00000002.note.local.tsr"
    query = ["openssl", "ts", "-query", "-data", str(token.with_suffix("").with_suffix("")), "-sha512", "-cert"]
    fresh = authority.reply(subprocess.run(query, capture_output=True, check=True).stdout)
    token.unlink()
    token.write_bytes(fresh)
    assert [(f.code, f.path) for f in kit.verify().findings] == [("changed", token.relative_to(kit.root).as_posix())]


def test_a_planted_object_is_a_finding_and_is_not_adopted(kit: Kit) -> None:
    kit.write(1)
    planted = kit.place(2)
    shutil.copytree(kit.place(1), planted)
    document = planted / "v1/content/certificate.pdf"
    document.chmod(0o644)
    os.truncate(document, 1 << 42)  # nobody waits for what is not read, and it takes up no disk
    assert [f.code for f in kit.verify().findings] == ["orphan"]
    empty = "trusted-list.{}.xml".format("0" * 64)
    for name in (kit.place(1) / "v1/content/certificate.pdf", kit.root / "keys" / empty):
        genuine = name.read_bytes() if name.exists() else b""
        name.parent.mkdir(exist_ok=True)
        name.touch()
        name.chmod(0o644)
        for size in (1 << 42, 1 << 33):
            os.truncate(name, size)
            assert [f.code for f in kit.verify().findings if f.path.endswith(name.name)][:1] == ["unreadable"]
        name.write_bytes(genuine)
    (kit.root / "keys" / empty).unlink()
    with kit.open() as archive:
        with pytest.raises(Exception, match="not in the ledger"):
            archive.put(licence(2)).result()
        assert archive.put(licence(3)).result().already is False  # one bad object does not stop the others
        archive.seal()
    report = kit.verify()
    assert [f.code for f in report.findings] == ["orphan"] and (report.licences, report.objects) == (2, 2)


def test_another_verifier_in_the_archive_is_told_and_is_no_damage(kit: Kit) -> None:
    kit.write(1)
    tool = kit.root / archive_words.TOOL
    tool.write_bytes(tool.read_bytes() + b"# of another version")
    report = kit.verify()
    assert report.state == "PROVEN" and [(f.code, f.path) for f in report.findings] == [
        ("verifier", archive_words.TOOL)
    ]
    done = run(*ISOLATED, tool, "--json")
    assert json.loads(done.stdout)["findings"] == [], "whoever runs that one needs another to compare"
    kit.write(2)
    assert kit.verify().findings == []


def test_claimed_dates_that_contradict_proven_ones_are_told(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.write(1)
    monkeypatch.setattr("archiver.archive.ledger.iso", lambda _: "2025-01-01T00:00:00Z")
    kit.write(2)
    report = kit.verify()
    assert [finding.code for finding in report.findings] == ["claimed-date"]
    assert "2025-01-01" in report.findings[0].message and report.state == "PROVEN"


def test_progress_counts_every_object(kit: Kit) -> None:
    kit.write(1, 2, 3)
    steps: list[tuple[int, int]] = []
    report = verify_archive(kit.root, progress=lambda *step: steps.append(step))
    assert steps == [(number, report.objects) for number in range(1, report.objects + 1)]


def test_one_licence_is_checked_alone(kit: Kit) -> None:
    kit.write(1, 2)
    flip(kit.place(2) / "v1/content/certificate.pdf")
    assert verify_archive(kit.root, licence="asset-1_").state == "PROVEN"
    assert verify_archive(kit.root, licence=kit.stored[1].object_id).state == "DAMAGED"
    assert verify_archive(kit.root, quick=True).state == "PROVEN"
    with pytest.raises(Malformed, match="names 2 objects"):
        verify_archive(kit.root, licence="example")


def test_supplied_roots_and_key_are_what_counts(kit: Kit, tmp_path: Path) -> None:
    kit.write(1)
    roots = kit.authorities[0].roots
    report = verify_archive(kit.root, roots=roots, key=kit.root / "keys/signer-public.pem")
    assert report.state == "PROVEN" and all(trust.supplied for trust in report.trust)
    assert not any(trust.supplied for trust in kit.verify().trust)
    other = tmp_path / "other.pem"
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", tmp_path / "key")
    run("openssl", "pkey", "-in", tmp_path / "key", "-pubout", "-out", other)
    assert {f.code for f in verify_archive(kit.root, key=other).findings} >= {"key", "checkpoint"}
    with pytest.raises(Malformed, match=r"roots that you supplied cannot be used: .*Name a file"):
        verify_archive(kit.root, roots=other)
    for unfit in (kit.authorities[0].roots, tmp_path, tmp_path / "none"):
        with pytest.raises(Malformed, match=r"key that you supplied cannot be used: .*Name an Ed25519 public key"):
            verify_archive(kit.root, key=unfit)
    with LocalAuthority(tmp_path / "stranger") as stranger:
        told = [f.message for f in verify_archive(kit.root, roots=stranger.root_pem).findings]
        others = stranger.root_pem.read_text()
    assert len(told) == 1 and told[0].startswith("does not hold against the roots that you supplied: ")
    assert roots
    own, genuine = kit.root / archive_words.TSA_ROOTS, roots.read_text()
    assert (
        timestamp_tokens.pem_of_certificates(timestamp_tokens.certificates_in(own.read_bytes())[0]) == own.read_bytes()
    )
    for spelling, (spelled, is_fit) in spellings(genuine, others).items():
        own.write_text(spelled, "latin-1", newline="")
        report = verify_archive(kit.root)
        told = [f"{each.path}: {each.code}" for each in report.findings]
        assert told == [f"{archive_words.TSA_ROOTS}: {'changed' if is_fit else 'invalid'}"], spelling
        assert bool(report.secured_since) and len(report.trust) == 2, spelling
        shutil.copy(own, other)
        own.write_text(genuine)
        if is_fit:
            assert verify_archive(kit.root, roots=other).state == "PROVEN", spelling
        else:
            with pytest.raises(Malformed, match=r"cannot be used: holds something besides certificates"):
                verify_archive(kit.root, roots=other)


NO_END = "-----BEGIN CERTIFICATE-----" * 38_000  # a megabyte; a search that begins anew at each takes minutes


def test_roots_lost_in_the_archive_are_named_and_cost_no_date_that_rests_on_others(kit: Kit) -> None:
    kit.write(1)
    place, own = kit.root / archive_words.TSA_ROOTS, kit.authorities[0].roots
    damaged = ("", NO_END, "-----BEGIN CERTIFICATE-----\n~\n-----END CERTIFICATE-----\n")
    for content, roots, since in [(each, *means) for each in damaged for means in ((own, True), (None, False))]:
        place.write_text(content)
        report = verify_archive(kit.root, roots=roots)
        assert {finding.path for finding in report.findings if finding.damage} == {archive_words.TSA_ROOTS}
        assert bool(report.secured_since) is since


def test_the_verifier_runs_on_old_pythons() -> None:
    ast.parse(Path(CARRIED).read_bytes(), feature_version=(3, 9))


def test_without_openssl_it_says_that_dates_are_not_checked(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.write(1)
    kit.write(2)
    monkeypatch.setenv("PATH", "/nowhere")
    done = run(*ISOLATED, kit.root / "tools/verify.py")
    assert done.returncode == 0 and "UNPROVEN" in done.stdout and "dates not checked" in done.stdout
    two, four = (kit.root / f"ledger/checkpoints/{n:08d}.note.local.tsr" for n in (2, 4))
    four.unlink()
    four.write_bytes(two.read_bytes())  # but a timestamp of something else is seen
    assert damage(kit) == {four.relative_to(kit.root).as_posix()}


@pytest.mark.parametrize("hangs", ["version", "ts"])
def test_an_openssl_that_hangs_ends_in_words(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hangs: str
) -> None:
    kit.write(1)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/openssl"
    program.write_text(f"#!/bin/sh\n[ $1 = {hangs} ] && exec sleep 60\necho OpenSSL 3.5.9\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setattr(openssl_program, "OPENSSL_TIMEOUT_S", 1)
    report = kit.verify()
    assert (report.state, [f.code for f in report.findings]) == ("UNPROVEN", ["dates-not-checked"])
    assert "dates not checked: the program openssl is not answering here" in report.findings[0].message


WITH_PROCESSES = """
import os, signal, sys
from pathlib import Path
from archiver.archive.checking.parts import many_objects, whole_archive
many_objects.MIN_OBJECTS_FOR_PROCESSES = 0
here, fork, check, forked = os.getpid(), os.fork, whole_archive.check_object, []
def counted():
    forked.append(fork())
    return forked[-1]
def dying(folder, *rest, **options):
    if os.getpid() != here and folder.name == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
    return check(folder, *rest, **options)
os.fork, whole_archive.check_object, os.cpu_count = counted, dying, lambda: 2
print(whole_archive.verify_archive(Path(sys.argv[1])).as_text())
print(len(forked), file=sys.stderr)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere threads check the objects")
@pytest.mark.parametrize("killed", [None, 1])
def test_processes_find_what_is_there_and_one_that_is_killed_hides_nothing(sealed: Kit, killed: int | None) -> None:
    for n in (1, 3):
        flip(sealed.place(n) / "v1/content/certificate.pdf")
    told = sealed.verify()
    assert len(told.findings) == 2
    victim = sealed.place(killed).name if killed else ""
    done = run(sys.executable, "-c", WITH_PROCESSES, sealed.root, victim)
    assert (done.stdout, done.stderr) == (f"{told.as_text()}\n", "2\n")


def test_a_replay_is_not_evidence(kit: Kit, tmp_path: Path) -> None:
    kit.write(1, origin="replay")
    report = kit.verify()
    assert report.as_json()["evidence"] is False
    assert report.as_text().startswith("NOT EVIDENCE") and report.as_text().endswith("It proves nothing.")
    assert (kit.root / "READ-ME-FIRST.txt").read_text("utf-8").startswith("NOT EVIDENCE")


def test_usage_errors_and_a_busy_archive(kit: Kit, tmp_path: Path) -> None:
    tool = Path(CARRIED)
    assert run(*ISOLATED, tool, tmp_path / "nothing").returncode == 2
    assert run(*ISOLATED, tool, tmp_path).returncode == 2
    assert run(*ISOLATED, tool, "--proof", tmp_path).returncode == 2
    with kit.open() as archive:
        archive.put(licence(1)).result()
        with pytest.raises(Busy):
            kit.verify()
        assert run(*ISOLATED, tool, kit.root).returncode == 50
    if os.geteuid():  # to root nothing is closed
        (kit.root / "keys").chmod(0)
        assert run(*ISOLATED, tool, kit.root).returncode == 2
        (kit.root / "keys").chmod(0o700)
    with pytest.raises(Malformed):
        verify_proof(tmp_path)


@pytest.mark.parametrize("rfc", ["", "af82"])
def test_ed25519_against_the_vectors_of_rfc_8032(rfc: str) -> None:
    """Section 7.1, tests 1 and 3."""
    public, signature = {
        "": (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b",
        ),
        "af82": (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a",
        ),
    }[rfc]
    key, sig, message = bytes.fromhex(public), bytes.fromhex(signature), bytes.fromhex(rfc)
    assert ed25519_signature.ed25519_verify(key, sig, message)
    assert not ed25519_signature.ed25519_verify(key, sig, message + b"x")
    assert not ed25519_signature.ed25519_verify(key, bytes([sig[0] ^ 1]) + sig[1:], message)
    more = (int.from_bytes(sig[32:], "little") + 2**252 + 27742317777372353535851937790883648493).to_bytes(32, "little")
    assert not ed25519_signature.ed25519_verify(key, sig[:32] + more, message)  # the malleable twin of the signature


def rewrite(change: Callable[[dict[str, Any]], Any], *, everywhere: bool = True) -> Callable[[Path], None]:
    """Change the inventory and mend its digests, so that only the rule broken is left to find."""

    def do(folder: Path) -> None:
        for where in (folder, folder / "v1") if everywhere else (folder / "v1",):
            inventory = json.loads((where / "inventory.json").read_bytes())
            change(inventory)
            data = json.dumps(inventory).encode()
            for name, content in (
                ("inventory.json", data),
                ("inventory.json.sha512", hashlib.sha512(data).hexdigest().encode() + b" inventory.json\n"),
            ):
                (where / name).chmod(0o644)
                (where / name).write_bytes(content)

    return do


BROKEN: dict[str, Callable[[Path], Any]] = {
    "no declaration": lambda o: (o / "0=ocfl_object_1.1").unlink(),
    "a digest without its inventory": lambda o: (o / "v1/inventory.json").unlink(),
    "empty folder": lambda o: (o / "v1/content/empty").mkdir(),
    "unknown folder": lambda o: (o / "more").mkdir(),
    "head is not the newest": rewrite(lambda i: i.update(head="v2")),
    "versions with a gap": rewrite(lambda i: (i["versions"].update(v3=i["versions"].pop("v1")), i.update(head="v3"))),
    "unsafe logical path": rewrite(
        lambda i: i["versions"]["v1"]["state"].update({next(iter(i["manifest"])): ["../x"]})
    ),
    "unused content": rewrite(lambda i: i["versions"]["v1"].update(state={})),
    "no time zone": rewrite(lambda i: i["versions"]["v1"].update(created="2026-11-24T00:00:00")),
    "md5 as content digest": rewrite(lambda i: i.update(digestAlgorithm="md5")),
    "a digest twice": rewrite(lambda i: i["manifest"].update({next(iter(i["manifest"])).upper(): ["v1/content/x"]})),
    "wrong fixity": rewrite(lambda i: i.update(fixity={"md5": {"0" * 32: next(iter(i["manifest"].values()))}})),
    "inventories differ": rewrite(lambda i: i["versions"]["v1"].update(message="other"), everywhere=False),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_objects_are_rejected_as_ocfl_py_rejects_them(sealed: Kit, broken: str) -> None:
    kit = sealed
    assert check_object(kit.place(1)).findings == []
    if broken == "versions with a gap":
        inventory = json.loads((kit.place(1) / "inventory.json").read_bytes())
        version = inventory["versions"]["v1"]
        many = {f"v{n}": version for n in range(1, ocfl_object.MAX_VERSIONS + 2)}
        with pytest.raises(Malformed, match="more than 1000 versions"):
            ocfl_object.Inventory.parse(json.dumps(inventory | {"versions": many, "head": f"v{len(many)}"}).encode())
    BROKEN[broken](kit.place(1))
    assert any(finding.damage for finding in check_object(kit.place(1)).findings)
    assert not passes_ocfl_py(kit.place(1))
