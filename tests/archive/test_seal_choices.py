"""What a seal asks, keeps and refuses, one choice at a time: the last second, the other request, the older one."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from archiver.archive import seal
from archiver.archive.checking.parts import archive_words, openssl_program, timestamp_tokens, token_rules
from archiver.archive.checking.parts.archive_words import Malformed
from archiver.archive.checking.parts.merkle_tree import Frontier, leaf_hash
from archiver.archive.checking.parts.openssl_program import StampedNote
from archiver.archive.checking.parts.signed_notes import Note
from archiver.archive.checking.parts.timestamp_tokens import der_items
from archiver.archive.known_signatures import KnownSignatures
from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.seal import Authority
from archiver.core.errors import SiteUnavailable
from tests.support.archive_kit import SIGNER, Kit, licence
from tests.support.authority_kit import certificate, key, pem
from tests.support.token_bytes import info_of, response

ODD = Authority(name="odd", url="http://odd.example/")


def checkpoints(kit: Kit) -> Path:
    return kit.root / archive_words.CHECKPOINTS


def stated(folder: Path, size: int, at: str, name: str = "odd") -> Path:
    """A file that states to be a timestamp of the checkpoint of this size."""
    file = folder / f"{size:08d}.note.{name}.tsr"
    file.write_bytes(response(info_of(time=at.encode())))
    return file


def test_an_authority_owes_a_timestamp_where_its_newest_is_older(sealed: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert seal.owing(sealed.root, [ODD], 9e9) == [], "the newest checkpoint is young: it can have another"
    monkeypatch.setattr(seal, "is_past", lambda _: True)
    assert seal.owing(sealed.root, [ODD], 0) == [] and seal.owing(sealed.root, [ODD], 1) == [ODD]
    stated(checkpoints(sealed), 3, "20260101000010Z")
    then = timestamp_tokens.epoch("2026-01-01T00:00:10Z")
    assert [seal.owing(sealed.root, [ODD], then + n) for n in (-1, 0, 1)] == [[], [], [ODD]]
    stated(checkpoints(sealed), 5, "20260101000020Z")
    assert seal.owing(sealed.root, [ODD], 9e9) == [], "it is there"
    stated(checkpoints(sealed), 4, "20260101000015Z")
    assert seal._last_time(sealed.root, ODD) == then + 10


def test_the_newest_time_below_a_size(tmp_path: Path) -> None:
    folder = tmp_path / archive_words.CHECKPOINTS
    folder.mkdir(parents=True)
    assert seal._newest_time(tmp_path, 9) == 0 and seal.stated_time([]) is None
    for size in (3, 5, 7):
        (folder / f"{size:08d}.note").touch()
    first, damaged = stated(folder, 3, "20260101000010Z"), stated(folder, 5, "20260101000020Z", "damaged")
    second = stated(folder, 5, "20260101000030Z")
    damaged.write_bytes(b"x")
    assert seal.stated_time([damaged, second, first]) == ("2026-01-01T00:00:10Z", first)
    assert seal.stated_time([damaged]) is None
    found = [seal._newest_time(tmp_path, size) for size in (3, 4, 5, 6, 9)]
    start = timestamp_tokens.epoch("2026-01-01T00:00:00Z")
    assert found == [0, start + 10, start + 10, start + 30, start + 30]


def test_a_checkpoint_is_signed_and_placed_with_what_is_stamped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, synced = tmp_path / archive_words.CHECKPOINTS, list[Path]()
    folder.mkdir(parents=True)
    (tmp_path / "staging").mkdir()
    monkeypatch.setattr(seal, "sync_folder", synced.append)
    tree = Frontier()
    tree.add(leaf_hash(b"x"))
    assert seal.write_checkpoint(tmp_path, "x/acme", tree, SIGNER, lambda _: None) == []
    assert not [*folder.iterdir(), *(tmp_path / "staging").iterdir()] and not synced

    def stamps(note: Path) -> list[Path]:
        token = note.with_name(f"{note.name}.odd.tsr")
        token.write_bytes(b"token")
        return [token]

    assert seal.write_checkpoint(tmp_path, "x/acme", tree, SIGNER, stamps) == [] and synced == [folder]
    assert {each.name for each in folder.iterdir()} == {"00000001.note", "00000001.note.odd.tsr"}
    note = Note.parse((folder / "00000001.note").read_bytes())
    assert (note.origin, note.size, note.root) == ("x/acme", 1, tree.root())
    assert note.signed_by(SIGNER.public_key().public_bytes_raw())
    assert seal.write_checkpoint(tmp_path, "x/other", tree, SIGNER) == [] and len(synced) == 1


def test_a_request_asks_for_a_number_and_the_certificate() -> None:
    asked: list[tuple[Any, ...]] = []

    def post(*request: Any) -> bytes:
        asked.append(request)
        return b"answer"

    nonce, answer = seal.ask(b"note", ODD, post)
    [(url, request, kind, limit)] = asked
    fields = der_items(der_items(request)[0].value)
    assert (url, kind, limit, answer) == (ODD.url, "application/timestamp-query", 5.0, b"answer")
    assert [each.tag for each in fields] == [0x02, 0x30, 0x02, 0x01] and fields[3].value == b"\xff"
    assert nonce == int.from_bytes(fields[2].value, "big") and hashlib.sha512(b"note").digest() in request

    def fails(*_: object) -> bytes:
        raise SiteUnavailable("busy")

    def breaks(*_: object) -> bytes:
        raise OSError("no route")

    assert seal.ask(b"note", ODD, fails) == (None, "busy") and seal.ask(b"note", ODD, breaks) == (None, "no route")


@pytest.fixture
def token(sealed: Kit) -> StampedNote:
    note = checkpoints(sealed) / "00000003.note"
    place = note.with_name(f"{note.name}.local.tsr")
    return StampedNote(str(place), str(note), place.read_bytes(), note.read_bytes())


def roots_of(kit: Kit) -> tuple[bytes, ...]:
    assert kit.authorities[0].roots
    return tuple(timestamp_tokens.certificates_in(kit.authorities[0].roots.read_bytes())[0])


def test_a_strict_checker_refuses_what_is_modified_of_other_data_or_unread(sealed: Kit, token: StampedNote) -> None:
    checker, roots = seal.strict_checker(), roots_of(sealed)
    assert checker.refuses(token, roots, ()) is None and not checker.first
    assert checker.refuses(token._replace(note=b"other"), roots, ()) and checker.refuses(token, (), ())
    modified = token.response.replace(b"\x30\x03\x02\x01\0", b"\x30\x03\x02\x01\1", 1)
    for other, why in ((modified, "granted with modifications"), (b"x", ".")):
        with pytest.raises(Malformed, match=why):
            checker.refuses(token._replace(response=other), roots, ())


def test_what_holds_is_remembered_in_a_file(sealed: Kit, token: StampedNote, tmp_path: Path) -> None:
    file, roots = tmp_path / "signatures", roots_of(sealed)
    with seal.remembering(file, SIGNER) as checker:
        assert checker.first and checker.refuses(token, roots, ()) is None
    known = KnownSignatures(file, SIGNER)
    mark = b"".join(hashlib.sha256(each).digest() for each in (b"timestamp", token.response, token.note, *roots))
    assert mark in known and b"" not in known


def test_the_newest_checkpoint_is_checked_by_the_roots_that_are_named(sealed: Kit, tmp_path: Path) -> None:
    other, checker = tmp_path / "other.pem", seal.strict_checker()
    other.write_bytes(pem(certificate("Other", key("p256"))))
    own = sealed.authorities[0].roots
    assert own
    newest = f"{archive_words.CHECKPOINTS}/00000005.note.local.tsr"
    for roots, refused in (([own], set()), ([], set()), ([other], {newest}), ([other, own], set())):
        assert seal.check_newest(sealed.root, roots, checker) == refused, roots
    assert seal.check_newest(sealed.root, [tmp_path / "none"], checker) == frozenset()


def test_an_answer_is_held_to_its_request_its_data_and_its_roots(
    sealed: Kit, token: StampedNote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [local], place, note = sealed.authorities, Path(token.response_file), Path(token.note_file)
    added: list[Any] = []
    beside: Any = SimpleNamespace(add_roots=added.extend)
    nonce = int.from_bytes(timestamp_tokens.Token.parse(token.response).nonce or b"", "big")
    assert seal._check(beside, place, note, nonce, local) is None and len(added) == len(roots_of(sealed))
    with pytest.raises(Malformed, match="it answers another request"):
        seal._check(beside, place, note, nonce + 1, local)
    with pytest.raises(Malformed, match="it is a timestamp of other data"):
        seal._check(beside, place, note.with_name("00000005.note"), nonce, local)
    with pytest.raises(Malformed, match="its root certificate is unknown"):
        seal._check(beside, place, note, nonce, replace(local, roots=None))
    monkeypatch.setattr(seal, "_refusal", lambda *_: "unread")
    assert seal._check(beside, place, note, nonce, local) is None, "openssl reads it"
    monkeypatch.setattr(openssl_program, "openssl_refuses", lambda *_: "refused")
    with pytest.raises(Malformed, match=r"^refused$"):
        seal._check(beside, place, note, nonce, local)
    monkeypatch.setattr(openssl_program, "openssl", lambda: None)
    doubt = seal._check(beside, place, note, nonce, local)
    assert doubt == "The timestamp from local could not be checked here: unread."


def test_an_answer_that_only_openssl_reads_is_held_by_it(
    sealed: Kit, token: StampedNote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [local], digest = sealed.authorities, timestamp_tokens.Token.parse(token.response).digest
    root = certificate("Other", key("p256"))
    monkeypatch.setattr(seal, "_trusted", lambda *_: [root])
    with pytest.raises(Malformed, match="verif"):
        seal.hold_against_roots(token.response, digest, local)
    seen: list[tuple[Any, ...]] = []

    def refuses(_: str, answer: Path, *rest: Any) -> None:
        seen.append((answer.read_bytes(), *rest))

    monkeypatch.setattr(openssl_program, "openssl_refuses", refuses)
    seal.hold_against_roots(token.response, digest, local)
    der = [root.public_bytes(Encoding.DER)]
    assert seen == [(token.response, digest, der, der)]
    monkeypatch.setattr(openssl_program, "openssl", lambda: None)
    with pytest.raises(Malformed):
        seal.hold_against_roots(token.response, digest, local)


def test_nothing_is_trusted_after_its_end(sealed: Kit, token: StampedNote, monkeypatch: pytest.MonkeyPatch) -> None:
    [local], time = sealed.authorities, timestamp_tokens.Token.parse(token.response).time
    before = timestamp_tokens.moment(timestamp_tokens.epoch(time) - 1)
    for ends, passes in ((time, True), (None, True), (before, False)):
        monkeypatch.setattr(timestamp_tokens, "token_ends", lambda *_, ends=ends: ends)
        if passes:
            assert len(seal._trusted(local, token.response)) == len(roots_of(sealed))
            continue
        with pytest.raises(Malformed, match="no longer valid"):
            seal._trusted(local, token.response)
    monkeypatch.setattr(token_rules, "broken_rule", lambda *_: "is odd")
    with pytest.raises(Malformed, match=r"^it is odd$"):
        seal._trusted(local, token.response)


def test_without_roots_of_its_own_an_authority_has_the_public_one_of_its_chain(
    sealed: Kit, token: StampedNote, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [x509.load_der_x509_certificate(each) for each in roots_of(sealed)]
    monkeypatch.setattr(seal, "public_roots", lambda: [*own, certificate("Other", key("p256"))])
    assert seal._roots(ODD, token.response) == own == seal._roots(sealed.authorities[0], token.response)


def test_of_a_resting_checkpoint_only_what_holds_is_kept(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    synced, qualified = list[Path](), list[Any]()
    monkeypatch.setattr(seal, "sync_folder", synced.append)
    with kit.open() as archive:
        archive.put(licence(1)).result()
        note = kit.root / "staging/00000009.note"
        note.write_bytes(b"a note")
        owed, asked = [*kit.authorities, ODD], dict[str, str | None]()

        def post(url: str, *rest: Any) -> bytes:
            return b"no timestamp" if url == ODD.url else kit.post(url, *rest)

        held = seal.settled(archive._beside, note, owed, post, asked)
        assert held == [note.with_name("00000009.note.local.tsr")] and note.parent in synced
        assert asked["local"] is None and "does not hold" in str(asked["odd"])
        assert {each.name for each in note.parent.glob("*.note*")} == {note.name, "00000009.note.local.tsr"}
        held[0].unlink()
        assert seal.settled(archive._beside, note, [ODD], post, asked) is None
        assert [each.name for each in note.parent.glob("*.note*")] == [note.name]
        note.unlink()
        stating: Any = SimpleNamespace(root=kit.root, state_lists=qualified.extend)
        assert seal.keep_lists(stating, [], lambda *_: (["list"], ["why not"])) == ["why not"]
        assert qualified == ["list"]


def test_an_authority_that_cannot_be_checked_here_is_named(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "_check", lambda *_: "not checked")
    sealed = kit.write(1)
    assert "not checked" in sealed.warnings and sealed.asked == {"local": None}


def test_a_stranger_s_timestamp_is_no_anchor(sealed: Kit, tmp_path: Path) -> None:
    with LocalAuthority(tmp_path / "stranger") as stranger:
        assert seal.anchored(sealed.root, [stranger.root_pem], seal.strict_checker()) is None
