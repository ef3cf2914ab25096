"""Packs that carry anchors: verify.py and the page in the browser say the same of each, genuine or forged."""

from __future__ import annotations

import base64
import hashlib
import random
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page

from archiver.archive.checking.parts import anchor_proofs, archive_words, whole_pack
from tests.support.anchor_kit import LocalWitness, attestation, bitcoin, number, pending, text
from tests.support.check_page_kit import Checker, checker
from tests.support.forger import ONE, Files, Owner, bagged, build, entries_of, zip_of
from tests.support.pack_forgeries import agreed

__all__ = ["checker"]

OWNER, WITNESS = Owner(1), LocalWitness()
HEIGHT, TIME = 800_000, 1_790_000_000


SHOW = """async ([zip, language]) => {
    const bytes = Uint8Array.from(atob(zip), (letter) => letter.charCodeAt(0));
    take(new File([bytes], "proof.zip"));
    while (document.body.dataset.state !== "PROVEN") await new Promise((done) => setTimeout(done, 20));
    document.querySelector(`[data-language=${language}]`).click();
    return document.querySelector("#result").innerText;
}"""
READ = """async ([digest, proofs]) => {
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)), found = [];
    for (const each of proofs) {
        try {
            const ends = await otsAttestations(bytes(each), bytes(digest));
            found.push(ends.map((end) => [end.kind, end.said, hexOf(end.message)]));
        } catch (error) {
            if (!(error instanceof Malformed)) throw error;
            found.push(error.message);
        }
    }
    return found;
}"""


def anchors(note: bytes, witness: LocalWitness = WITNESS, owner: Owner = OWNER) -> Files:
    """The three kinds of anchors of a checkpoint, by their endings."""
    log, digest = anchor_proofs.neutral_log(owner.public), hashlib.sha256(note).digest()
    own = f"{log}\n" + note.decode().split("\n", 1)[1].partition("\n\n")[0] + "\n"
    calendar = pending("https://alice.example")
    way = b"\xf1" + text(b"before") + b"\x08\xff" + calendar + b"\xf0" + text(b"after") + b"\x08"
    return {
        "cosigned": f"{own}\n{owner.signature(own.encode(), log)}".encode()
        + witness.cosign(own.encode(), 1_790_000_000),
        "ots": anchor_proofs.OTS_HEAD + digest + way + bitcoin(HEIGHT),
        "pending.ots": anchor_proofs.OTS_HEAD + digest + b"\x08" + calendar,
    }


def with_anchors(files: Files, given: Files, keys: bytes) -> Files:
    found = {path: content for path, content in files.items() if "/anchor" not in path}
    for path in [each for each in files if each.endswith(".note")]:
        folder, name = path.rsplit("/", 1)
        for ending, content in given.items():
            found[f"{folder}/{anchor_proofs.anchor_name(Path(f'{name}.x.{ending}'), content)}"] = content
        found[f"{folder}/witness-keys.txt"] = keys
    return bagged(found)


@pytest.fixture(scope="module")
def genuine() -> tuple[Files, Files, bytes]:
    """A pack without anchors, those of its checkpoint, and the witness's key."""
    files = build(OWNER, (ONE,))
    note = next(content for path, content in files.items() if path.endswith(".note"))
    return files, anchors(note), f"{WITNESS.vkey}\n".encode()


def test_a_pack_with_anchors_is_proven_and_says_what_each_is(
    genuine: tuple[Files, Files, bytes], checker: Checker, tmp_path: Path
) -> None:
    zip_file = tmp_path / "proof.zip"
    zip_file.write_bytes(zip_of(entries_of(with_anchors(*genuine))))
    assert agreed(zip_file, checker, {}) == "PROVEN"
    said = {(each.kind, each.by, each.time) for each in whole_pack.verify_zip(zip_file)[0].anchors}
    assert said == {
        ("cosignature", WITNESS.name, "2026-09-21T14:13:20Z"),
        ("bitcoin", str(HEIGHT), None),
        ("pending", "https://alice.example", None),
    }
    packed = base64.b64encode(zip_file.read_bytes()).decode()
    for language, words in (("en", "That is its own word"), ("de", "Das ist sein eigenes Wort")):
        shown = checker.do(partial(Page.evaluate, expression=SHOW, arg=[packed, language]))
        assert words in shown and WITNESS.vkey in shown and f"{HEIGHT}" in shown


def test_a_pack_of_an_earlier_format_has_no_anchors(
    genuine: tuple[Files, Files, bytes], checker: Checker, tmp_path: Path
) -> None:
    files = with_anchors(*genuine)
    files["bag-info.txt"] = files["bag-info.txt"].replace(b"Format: 4", b"Format: 3")
    files["tagmanifest-sha256.txt"] = b"".join(
        hashlib.sha256(files[name]).hexdigest().encode() + line[64:]
        for line in files["tagmanifest-sha256.txt"].splitlines(keepends=True)
        for name in [line[66:-1].decode()]
    )
    (tmp_path / "proof.zip").write_bytes(zip_of(entries_of(files)))
    assert agreed(tmp_path / "proof.zip", checker, {}) == "DAMAGED"


def changed(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(max(len(data), 1))
    return rng.choice(
        (
            data[:at] + bytes(each ^ 1 << rng.randrange(8) for each in data[at : at + 1]) + data[at + 1 :],
            data[:at] + data[at + 1 :],
            data[:at] + data[at : at + 1] + data[at:],
            data[:at],
            data + rng.randbytes(1),
        )
    )


def test_both_read_opentimestamps_alike(genuine: tuple[Files, Files, bytes], checker: Checker) -> None:
    given, digest = [genuine[1]["ots"], genuine[1]["pending.ots"]], genuine[1]["ots"][33:65]
    rng = random.Random(0)
    tails = [each[65:] for each in given for _ in range(400)]
    proofs = [*given, *(anchor_proofs.OTS_HEAD + digest + changed(each, rng) for each in tails)]
    proofs += [anchor_proofs.OTS_HEAD + digest + rng.randbytes(rng.randrange(40)) for _ in range(200)]
    end, uri = bitcoin(HEIGHT), pending("https://alice.example")
    proofs += [
        anchor_proofs.OTS_HEAD + digest + tail
        for tail in (
            end, b"\xf0\0" + end, b"\xf0\x01a" + end, b"\xf0\x01a\x08" + end, b"\xf0\x81\0a\x08" + end,
            b"\xff" + uri + end,
            b"\xff\xff" + uri + uri + end, b"\xff" + end, b"\x02" + end, attestation("06869a0d73d71b45", b"x"),
            attestation("0588960d73d71901", b"\x80\0"), attestation("0588960d73d71901", number((1 << 31) + 1)),
            attestation("0588960d73d71901", number(1 << 31)), attestation("0588960d73d71901", number(5) + b"\0"),
            pending("https://alice.example/?x"), pending(""), pending("a" * 1001),
            b"\xf1" + text(b"a" * 4096) + b"\x08" + end,
            (b"\xf0" + text(b"a" * 3000)) * 2 + b"\x08" + end, b"\x08" * 66_000 + end, b"",
        )
    ]  # fmt: skip
    mine: list[object] = []
    for each in proofs:
        try:
            ends = anchor_proofs.ots_attestations(each, digest)
            mine.append([[end.kind, end.said, end.message.hex()] for end in ends])
        except archive_words.Malformed as error:
            mine.append(str(error))
    encoded = [base64.b64encode(each).decode() for each in (digest, *proofs)]
    assert checker.do(partial(Page.evaluate, expression=READ, arg=[encoded[0], encoded[1:]])) == mine
    assert sum(isinstance(each, list) for each in mine) > 50


@pytest.mark.parametrize(
    "numbers", [range(4), pytest.param(range(1_500), marks=pytest.mark.longest)], ids=["some", "1500"]
)
def test_both_verifiers_judge_forged_anchors_alike(
    genuine: tuple[Files, Files, bytes], checker: Checker, tmp_path: Path, numbers: range
) -> None:
    """A change that the forger's renaming covers up counts only in what nobody signs: a calendar's address or a way."""
    files, given, keys = genuine
    note = next(content for path, content in files.items() if path.endswith(".note"))
    rival = anchors(note + b"\n")
    rival["cosigned"] = anchors(note, LocalWitness(WITNESS.name))["cosigned"]
    told = 0
    for n in numbers:
        rng = random.Random(n)
        ending = rng.choice([*given, "keys", "keys"])
        mine, known = dict(given), keys
        if ending == "keys":
            known = changed(keys, rng)
        elif rng.random() < 0.2:
            mine[ending] = rival[ending]
        else:
            mine[ending] = changed(given[ending], rng)
        forged = with_anchors(files, mine, known)
        (tmp_path / "forged.zip").write_bytes(zip_of(entries_of(forged)))
        state = agreed(tmp_path / "forged.zip", checker, {})
        assert state == "DAMAGED" or ending.endswith("ots"), (n, ending)
        told += state == "DAMAGED"
    assert told >= len(numbers) / 2
