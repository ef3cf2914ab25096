"""The opponent who may write to the share and holds no key. The long form is in the soak tests."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256, sha512
from pathlib import Path

import pytest

from archiver.agency import integrity
from archiver.agency.integrity import VerifyRequest
from archiver.archive.checking.parts import archive_words, ledger_lines, signed_notes, whole_archive
from archiver.archive.checking.parts.ledger_lines import canonical
from archiver.archive.checking.parts.merkle_tree import Frontier, leaf_hash
from archiver.archive.checking.parts.one_proof import verify_proof
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.inclusion_bundle import disclose
from archiver.archive.last_seen import KNOWN_KEY
from archiver.archive.ledger import Ledger, Line
from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.reader import Archive
from archiver.archive.seal import sign
from archiver.archive.stated_files import is_stated
from archiver.catalogue import checked_dates, search
from archiver.catalogue.archives import writing
from archiver.catalogue.checked_dates import MEMORY
from archiver.catalogue.index import Catalogue
from archiver.catalogue.licence_list import LicenceList, ListFilter, described
from archiver.claims import packing
from archiver.core.errors import IntegrityError
from archiver.home.settings_edit import add_client
from tests.support import claims_kit
from tests.support.agency import Agency, agency, record
from tests.support.archive_kit import SIGNER, Kit, licence
from tests.support.opponent import CHANGES, attack, base


@pytest.mark.parametrize("recorded", [True, False])
def test_nothing_of_an_opponents_is_adopted_and_all_is_told(kit: Kit, tmp_path: Path, recorded: bool) -> None:
    pristine = base(kit, recorded=recorded)
    for number, change in enumerate(CHANGES[recorded::2]):  # the soak tests try all, with both, at many places
        attack(pristine, tmp_path.with_name(f"{tmp_path.name}-{number}"), change, seed=number)
    with pytest.raises(AssertionError):  # where nothing was changed, nothing is told
        attack(pristine, tmp_path.with_name(f"{tmp_path.name}-control"), lambda *_: None, seed=0)


def shown(at: Agency) -> dict[str, tuple[str, str | None]]:
    """State and date of each licence by its asset: a search, a list and its totals say the same."""
    rows = search.find(at.home, "picture")
    found = {row["asset_id"]: (row["state"], row["secured_since"]) for row in rows}
    listed = described(at.home, LicenceList(at.home, ListFilter()).names())
    assert found == {row["asset_id"]: (row["state"], row["secured_since"]) for row, _ in listed}
    proven = LicenceList(at.home, ListFilter(state="proven")).totals().count
    assert proven == sum(state == "PROVEN" for state, _ in found.values())
    return found


def overwrite(file: Path, content: bytes) -> None:
    """In place, with the time that it had."""
    before = file.stat()
    file.chmod(0o644)
    file.write_bytes(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@dataclass(frozen=True)
class Share:
    """Two licences in the archive of acme; the first has two versions. `genuine` is what is shown of them."""

    at: Agency
    first: str  # object id
    genuine: dict[str, tuple[str, str | None]]
    lines: bytes  # of the ledger

    @property
    def root(self) -> Path:
        return self.at.home.archive("acme")

    @property
    def ledger(self) -> Path:
        return self.root / archive_words.LEDGER

    @property
    def none(self) -> dict[str, tuple[str, str | None]]:
        return dict.fromkeys(self.genuine, ("UNPROVEN", None))

    def is_intact(self) -> bool:
        return shown(self.at) == self.genuine


def share(at: Agency) -> Share:
    [[first], _] = [at.archive("acme", (claims_kit.licence(n), [record()])) for n in ("1", "2")]
    time.sleep(1.1)  # an authority's clock ticks once a second
    with writing(at.home, at.vault, "acme") as archive:
        archive.add_version(first.object_id, {"receipt.txt": b"paid"}).result()
        archive.seal()
    genuine = shown(at)
    assert {state for state, _ in genuine.values()} == {"PROVEN"}
    return Share(at, first.object_id, genuine, (at.home.archive("acme") / archive_words.LEDGER).read_bytes())


def what_was_checked_is_remembered(here: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = here.at.home.archive_state("acme") / MEMORY
    with monkeypatch.context() as once:  # nothing is checked or read anew
        once.setattr(whole_archive, "check_checkpoints", None)
        assert here.is_intact()
        with closing(sqlite3.connect(here.at.home.catalogue("acme"))) as file:  # as an earlier version left it
            file.executescript("DROP TABLE tree; DROP TABLE root; PRAGMA user_version = 13")
        once.setattr(Catalogue, "_store", None)
        assert here.is_intact()
    memory.unlink()
    memory.mkdir()  # where nothing can be remembered
    assert here.is_intact()
    memory.rmdir()
    for text in ("[]", '{"basis": "", "verdicts": 1}', '{"basis": "", "verdicts": {"x": 1}}'):
        memory.write_text(text)
        assert here.is_intact()


def a_changed_timestamp_dates_nothing(here: Share) -> None:
    early, _, late = (
        tokens[0] for _, _, tokens in ledger_lines.checkpoint_files(here.root / archive_words.CHECKPOINTS)
    )
    one_less, whole = here.genuine | {"1": ("UNPROVEN", here.genuine["1"][1])}, late.read_bytes()
    dated = re.sub(rb"\x18\x0f20\d{12}Z", b"\x18\x0f19990101000000Z", whole)
    overwrite(late, dated)
    assert shown(here.at) == one_less
    early.with_name(early.name.replace("local", "early")).write_bytes(dated)
    assert shown(here.at) == one_less
    for other in (b"garbage", whole):  # a run and `show` pass over what is no timestamp
        overwrite(late, other)
        with writing(here.at.home, here.at.vault, "acme") as archive:
            archive.seal()
        rows = search.find(here.at.home, "picture")
        assert len([search.show(here.at.home, row["licence"]) for row in rows]) == 2
    assert here.is_intact()


def a_line_that_is_not_the_archives_dates_nothing(here: Share) -> None:
    at, ledger, lines = here.at, here.ledger, here.lines
    said = [row["licence"] for row in search.find(at.home, "picture")]
    assert [search.show(at.home, each)["state"] for each in said] == ["PROVEN", "PROVEN"]
    ledger.write_bytes(re.sub(rb'"inventory_sha512":"[0-9a-f]', b'"inventory_sha512":"x', lines, count=1))
    told: list[str] = []  # the index had read the line before
    states = {row["asset_id"]: row["state"] for row in search.find(at.home, "picture", warn=told.append)}
    assert states == {"1": "UNPROVEN", "2": "PROVEN"} and len(told) == 1 and "has no date: " in told.pop()
    for each in said:
        try:
            search.show(at.home, each)
        except IntegrityError as error:
            told.append(str(error))
    assert len(told) == 1 and "the archive's key did not sign the ledger's line at byte" in told[0]
    search.rebuild(at.home)
    assert search.find(at.home, "picture", warn=told.append) == [] and "does not vouch for the" in told[-1]
    overwrite(ledger, lines)  # the index reads on by itself
    assert here.is_intact()

    captured, other = (each for each in lines.splitlines(keepends=True) if b'"type":"capture"' in each)
    overwrite(ledger, lines.replace(captured, other[:-1].ljust(len(captured) - 1) + b"\n"))  # signed, but elsewhere
    states = {row["asset_id"]: row["state"] for row in search.find(at.home, "picture")}
    assert states == {"1": "UNPROVEN", "2": "PROVEN"}
    with pytest.raises(IntegrityError, match="no valid line at byte"):
        search.show(at.home, said[0] if "_1_" in said[0] else said[1])
    overwrite(ledger, lines)
    assert here.is_intact()

    fields = Line(lines.split(b"\n")[-2], 0)  # somebody appends a line without the key, and what it names
    planted = {"seq": fields.seq + 1, "prev": fields.hash, "type": "capture", "id": here.first[:-1] + "x"}
    planted |= {"at": fields.fields["at"], "tool": "1", "version": "v1", "inventory_sha512": "0" * 128}
    ledger.write_bytes(lines + ledger_lines.canonical(planted) + b"\n")
    assert here.is_intact() and not search.find(at.home, "picture", warn=told.append)[2:]
    assert "the archive's key does not vouch for" in told[-1] and str(planted["id"]) in told[-1]
    ledger.write_bytes(lines)
    told.clear()
    assert here.is_intact() and search.find(at.home, "picture", warn=told.append) and not told


def a_strangers_roots_date_nothing(here: Share, stranger: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned, own = here.at.run.root.parent / "root.pem", here.root / archive_words.TSA_ROOTS
    roots = pinned.read_bytes()
    pinned.write_bytes(stranger)
    assert shown(here.at) == here.none
    former = here.at.run.root / "roots/former.pem"
    former.parent.mkdir()
    former.write_bytes(roots)  # another authority took the first one's place
    assert here.is_intact()
    former.unlink()
    pinned.write_bytes(roots)
    with monkeypatch.context() as unpinned:  # the archive's own roots are all there is
        unpinned.setattr(checked_dates, "pinned_roots", lambda _: [])
        unpinned.setattr(checked_dates, "trusted_roots", lambda _: None)
        assert here.is_intact()
        overwrite(own, roots + stranger)
        assert shown(here.at) == here.none
        # As in an earlier version, no line states them.
        overwrite(here.ledger, here.lines.replace(b'"files":', b'"fails":', 1))
        assert shown(here.at) == here.none
        overwrite(own, roots)
        overwrite(here.ledger, here.lines)
        assert here.is_intact() and is_stated(here.root, archive_words.TSA_ROOTS)
    key = here.root / archive_words.SIGNER_KEY
    genuine = key.read_bytes()
    overwrite(key, signed_notes.pem_of_key(SIGNER.public_key().public_bytes_raw()))
    assert not is_stated(here.root, archive_words.TSA_ROOTS), (
        "another key signed no statement, which is not to state nothing"
    )
    overwrite(key, genuine)


def a_forged_object_is_not_shown(here: Share) -> None:
    [place] = here.root.glob("evidence/licences/*/*/*_2_*")
    kept = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    described = place / "v1/content/licence.json"
    forged = kept[described].replace(b"Acme Ltd", b"Evil Ltd")
    old, new = (sha512(each).hexdigest().encode() for each in (kept[described], forged))
    overwrite(described, forged)
    for inventory in (place / "inventory.json", place / "v1/inventory.json"):
        overwrite(inventory, kept[inventory].replace(old, new))
    search.rebuild(here.at.home)
    assert "Evil Ltd" not in str(search.find(here.at.home, ""))
    assert shown(here.at) == {"1": here.genuine["1"]}
    for path, content in kept.items():
        overwrite(path, content)
    search.rebuild(here.at.home)
    assert here.is_intact()


def an_archive_of_a_strangers_is_told(at: Agency, other: Path) -> None:
    """Somebody puts a whole archive of his own, with his own key, in the place of a client's."""
    root, known = at.home.archive("beta"), at.home.archive_state("beta") / KNOWN_KEY
    at.archive("beta", (claims_kit.licence("9"), [record()]))
    genuine, request = shown(at), VerifyRequest(client="beta")
    assert integrity.verify(at.home, request)[1]["state"] == "PROVEN"
    root.rename(root.with_name("kept"))
    other.rename(root)
    code, document, text = integrity.verify(at.home, request)
    assert (code, document["state"]) == (90, "FORKED") and "is another key than the one that was supplied" in text
    assert shown(at) == genuine | {"9": ("UNPROVEN", None)}
    [row] = search.find(at.home, "picture", client="beta")
    with pytest.raises(IntegrityError, match="not the key with which this machine wrote"):
        packing.proof(at.home, [row["licence"]], at.home.root / "pack.zip", packing.ProofRequest())
    known.unlink()  # what this machine keeps is lost: the vault knows
    assert "is another key than the one that was supplied" in integrity.verify(at.home, request)[2] and known.exists()
    known.unlink()
    vault = at.home.vault.rename(at.home.vault.with_name("elsewhere"))
    # A machine that never wrote to it cannot know; the verifier says whose word it takes.
    assert re.search(r"signer key sha256:\w+ \(only found in the archive\)", integrity.verify(at.home, request)[2])
    vault.rename(at.home.vault)
    shutil.rmtree(root)
    kept = root.with_name("kept")
    shutil.copytree(kept, root)
    at.archive("beta", (claims_kit.licence("10"), [record()]))
    assert integrity.verify(at.home, request)[1]["clients"][0]["changes"] == []
    newer = root.rename(root.with_name("newer"))
    kept.rename(root)  # an older state, which holds in itself
    _, document, text = integrity.verify(at.home, request)
    assert document["state"] == "FORKED" and "Now it has fewer" in text and document["clients"][0]["changes"]
    assert shown(at) == genuine
    shutil.rmtree(root)
    newer.rename(root)


def an_archive_that_is_gone_is_told(at: Agency) -> None:
    """Who can write to the share can remove an archive as a whole."""
    root, told = at.home.archive("acme"), list[str]()
    for left in ((), ("",), ("", "ledger", "keys")):
        shutil.rmtree(root, ignore_errors=True)
        for folder in left:
            (root / folder).mkdir()
        code, document, _ = integrity.verify(at.home, VerifyRequest())
        states = {each["client"]: each["state"] for each in document["clients"]}
        assert (code, states) == (90, {"acme": "DAMAGED", "beta": "PROVEN"})
        assert "The archive of acme is gone" in integrity.lost_archives(at.home)[0]
        assert search.find(at.home, "", warn=told.append)
        assert "Acme Ltd was not searched" in told[-1] and "nothing is left" in told[-1]
        with pytest.raises(IntegrityError, match="nothing is left"):
            search.find(at.home, "", client="acme")
        with pytest.raises(IntegrityError, match="nothing is left"), writing(at.home, at.vault, "acme"):
            pass  # it is not begun anew in its place
        assert not [path for path in root.rglob("*") if path.is_file()]


def what_was_never_begun_is_no_archive(at: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is killed while it makes an archive leaves nothing that could be damaged."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    add_client(at.run.root, "gamma", name="Gamma AG")
    with monkeypatch.context() as before_the_first_line, pytest.raises(KeyboardInterrupt):
        before_the_first_line.setattr(Ledger, "append", killed)
        at.archive("gamma", (claims_kit.licence("9"), [record()]))
    root = at.home.archive("gamma")
    ledger, whole = root / archive_words.LEDGER, root.with_name("whole")
    shutil.copytree(root, whole)
    for torn in (
        lambda: None,
        lambda: ledger.write_bytes(b'{"at":'),
        ledger.unlink,
        lambda: shutil.rmtree(root / "keys"),
    ):
        torn()
        assert root.is_dir() and "gamma" not in integrity.verify(at.home, VerifyRequest(client="gamma"))[2]
        assert integrity.verify(at.home, VerifyRequest(client="beta"))[0] == 0
    (root / "tools").mkdir(exist_ok=True)
    (root / archive_words.TOOL).write_bytes(b"")  # which comes after the first line
    assert integrity.verify(at.home, VerifyRequest(client="gamma"))[0] == 90
    shutil.rmtree(root)
    whole.rename(root)
    at.archive("gamma", (claims_kit.licence("9"), [record()]))
    assert integrity.verify(at.home, VerifyRequest(client="gamma"))[1]["state"] == "PROVEN"


def test_a_planted_timestamp_is_neither_signed_nor_taken_for_the_next_checkpoints(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.pins = False  # the settings do not help
    kit.write(1)
    kit.write(2)
    _, note, [genuine] = ledger_lines.newest_checkpoint(kit.root)
    garbage, forged = (note.with_name(f"{note.name}.{name}.tsr") for name in ("garbage", "forged"))
    garbage.write_bytes(b"garbage")
    with LocalAuthority(tmp_path / "forger") as forger:
        request, trusted = tmp_path / "request", kit.root / archive_words.TSA_ROOTS
        query = ["openssl", "ts", "-query", "-data", str(note), "-sha512", "-cert", "-out", str(request)]
        subprocess.run(query, capture_output=True, check=True)
        forged.write_bytes(forger.reply(request.read_bytes()))
        own, root = trusted.read_bytes(), forger.root_pem.read_bytes()
        for label in (b"TRUSTED CERTIFICATE", b"X509 CERTIFICATE"):  # which openssl trusts, too
            trusted.write_bytes(own + root.replace(b"CERTIFICATE", label))
            report = verify_archive(kit.root)
            found = {(each.code, each.path) for each in report.findings}
            assert found >= {
                ("invalid", archive_words.TSA_ROOTS),
                ("timestamp", f"{archive_words.CHECKPOINTS}/{forged.name}"),
            }
            assert [each.what for each in report.trust].count("timestamp root") == 1
        trusted.write_bytes(own + root)
    for size in range(6, 10):  # whatever number of lines the next checkpoint covers
        note.with_name(f"{size:08d}.note.local.tsr").write_bytes(genuine.read_bytes())
    assert verify_archive(kit.root).state == "DAMAGED"
    with pytest.raises(IntegrityError, match="not what the ledger states"):
        disclose(Archive(kit.root), kit.stored[0].object_id, tmp_path / "forged")
    sealed = kit.write(3)
    [anchor] = [each.fields for each in Archive(kit.root).lines() if each.type == "anchor"][-1:]
    assert anchor["tokens"] == {"local": sha256(genuine.read_bytes()).hexdigest()}
    assert any("was there before its checkpoint" in each for each in sealed.warnings)
    told = {each.path for each in kit.verify().findings if each.damage}
    assert {f"{archive_words.CHECKPOINTS}/{each.name}" for each in (garbage, forged)} <= told
    for each in (garbage, forged, *(note.with_name(f"{size:08d}.note.local.tsr") for size in range(6, 10))):
        if each.with_name(each.name.partition(".note")[0] + ".note") != note.with_name(f"{sealed.size:08d}.note"):
            each.unlink()
    assert kit.verify().state == "PROVEN"
    for name in ("agency", "stranger"):
        (tmp_path / name).mkdir()
    with agency(tmp_path / "agency") as at:
        here = share(at)
        what_was_checked_is_remembered(here, monkeypatch)
        a_changed_timestamp_dates_nothing(here)
        a_line_that_is_not_the_archives_dates_nothing(here)
        a_strangers_roots_date_nothing(here, forger.root_pem.read_bytes(), monkeypatch)
        a_forged_object_is_not_shown(here)
        with agency(tmp_path / "stranger") as stranger:
            stranger.archive("beta", (claims_kit.licence("9"), [record()]))
        an_archive_of_a_strangers_is_told(at, stranger.home.archive("beta"))
        an_archive_that_is_gone_is_told(at)
        what_was_never_begun_is_no_archive(at, monkeypatch)


def test_what_a_killed_command_left_stays_told_as_recovered(kit: Kit) -> None:
    base(kit, recorded=False)
    kit.write(5)
    report = kit.verify()
    told = [each for each in report.findings if each.code == "recovered"]
    assert report.state == "PROVEN" and {each.path.rpartition("_")[0][-7:] for each in told} == {"asset-9", "asset-4"}
    one = verify_archive(kit.root, licence=licence(9).object_id)
    assert [each.code for each in one.findings] == ["recovered"] and one.elsewhere == 0
    out = kit.root.parent / "proof"
    disclose(Archive(kit.root), licence(9).object_id, out)
    assert [each.code for each in verify_proof(out).findings] == ["recovered"]


def test_what_an_earlier_version_left_unsigned_is_not_adopted(sealed: Kit) -> None:
    """It had no signatures: its archives are as good as before, but nothing that no checkpoint covers is signed now."""
    ledger, notes = sealed.root / archive_words.LEDGER, sealed.root / archive_words.CHECKPOINTS
    previous, lines = "0" * 64, []
    for each in list(Archive(sealed.root).lines())[:3]:
        lines.append(canonical({k: v for k, v in each.fields.items() if k != "signature"} | {"prev": previous}))
        previous = sha256(lines[-1]).hexdigest()
    ledger.write_bytes(b"".join(line + b"\n" for line in lines))
    shutil.rmtree(sealed.place(3))
    shutil.rmtree(notes)
    shutil.rmtree(sealed.root.parent / "state")
    notes.mkdir()
    sealed.witnesses = []
    roots, own = sealed.root / archive_words.TSA_ROOTS, (sealed.root / archive_words.TSA_ROOTS).read_bytes()
    report = sealed.verify()
    assert (report.state, {each.code for each in report.findings}) == ("UNPROVEN", {"unsigned"})
    with pytest.raises(IntegrityError, match="run that version once more"):
        sealed.write(5)
    tree = Frontier()
    for line in lines:
        tree.add(leaf_hash(line))
    (notes / "00000003.note").write_bytes(sign("archiver.invalid/acme", 3, tree.root(), SIGNER))
    assert sealed.verify().findings == []
    roots.write_bytes(own + own.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"))
    poisoned = sha256(roots.read_bytes()).hexdigest()
    assert "holds something that neither the ledger states" in str(sealed.write(5).warnings)
    assert poisoned not in ledger.read_text() and sealed.verify().state == "DAMAGED"
    roots.write_bytes(own)
    sealed.write(6)
    assert (sealed.verify().state, sealed.verify().findings) == ("PROVEN", [])
