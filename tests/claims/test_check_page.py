"""The page that checks packs: timestamps and zips as a forger makes them, and what a person sees."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from playwright.sync_api import Page

from archiver.archive.checking.parts import archive_words, openssl_program, timestamp_tokens
from archiver.archive.checking.parts.token_rules import broken_rule
from tests.support.authority_kit import CERTIFYING, SIGNING, STAMPING, certificate, key, pem, stamped
from tests.support.check_page_kit import Checker, checker, zipped
from tests.support.pack_attacks import Pack, remake
from tests.support.token_kit import GOOD, SHAPES, UNFIT, Forge

__all__ = ["checker"]

ELSEWHERE = x509.NameConstraints(
    [x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "DE")]))], None
)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.32473.9"), b"\5\0")

JUDGE = """async ([roots, data, tokens]) => {
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const certificates = certificatesIn(encoded(roots)).found, note = bytes(data);
    const found = [];
    for (const each of tokens) {
        try {
            const token = new Token(bytes(each));
            found.push((await token.covers(note)) && Boolean(await tokenSigner(token, certificates, certificates)));
        } catch (error) {
            if (![Malformed, Unsupported, Unfit, TypeError].some((kind) => error instanceof kind)) throw error;
            found.push(error instanceof Unfit ? error.message : false);
        }
    }
    return found;
}"""


def parts(pack: Pack) -> tuple[Path, Path, Path]:
    integrity = pack.bag / "data/07_integrity" / pack.one / "integrity"
    token = min(integrity.glob("*.tsr"))
    return integrity / "tsa-roots.pem", integrity / f"{token.name.partition('.note')[0]}.note", token


def accepted(checker: Checker, roots: Path, note: Path, tokens: list[bytes]) -> Any:
    encoded = [base64.b64encode(each).decode() for each in (note.read_bytes(), *tokens)]
    return checker.do(lambda page: page.evaluate(JUDGE, [roots.read_text(), encoded[0], encoded[1:]]))


@pytest.mark.parametrize("step", [37, pytest.param(1, marks=pytest.mark.longest)])
def test_no_changed_timestamp_is_accepted_that_openssl_refuses(
    pack: Pack, checker: Checker, tmp_path: Path, step: int
) -> None:
    roots, note, token = parts(pack)
    whole = token.read_bytes()
    changed = [
        whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :]
        for at in range(0, len(whole), step)
        for bit in ((1, 128) if step == 1 else (1,))
    ]
    assert accepted(checker, roots, note, [whole]) == [True]
    program, trusted = openssl_program.openssl(), [timestamp_tokens.certificates_in(roots.read_bytes())[0]] * 2
    assert program
    for each, taken in zip(changed, accepted(checker, roots, note, changed), strict=True):
        if taken is not True:
            continue
        file = tmp_path / "changed.tsr"
        file.write_bytes(each)
        try:
            fine = openssl_program.openssl_refuses(program, file, note, *trusted) is None
            fine = fine and timestamp_tokens.Token.parse(each).covers(note.read_bytes())
        except archive_words.Malformed:
            fine = False
        assert fine, next(n for n in range(len(whole)) if each[n] != whole[n])


AUTHORITIES: dict[str, tuple[bool, dict[str, Any]]] = {
    "RSA, with a certificate between": (True, {"kind": "rsa", "digest": "sha512"}),
    "P-384, which names its certificate by SHA-1": (True, {"kind": "p384", "digest": "sha384", "ess": "sha1"}),
    "P-521": (True, {"kind": "p521", "ess": "sha512"}),
    "a certificate between that may not certify": (False, {"middle": {"ca": False, "usage": CERTIFYING}}),
    "a certificate between whose key may not certify": (False, {"middle": {"usage": SIGNING}}),
    "a root that allows no certificate between": (False, {"root": {"length": 0}}),
    "a certificate between that has ended": (False, {"middle": {"days": (-9, -1)}}),
    "a root that has ended": (False, {"root": {"days": (-9, -1)}}),
    "a certificate that begins tomorrow": (False, {"leaf": {"days": (1, 9)}}),
    "another root of the same name": (False, {"other": True}),
    "a name that a certificate between does not allow": (False, {"middle": {"more": ((ELSEWHERE, False),)}}),
    "a rule that nobody knows": (False, {"middle": {"more": ((UNKNOWN, True),)}}),
}


@pytest.mark.parametrize("name", AUTHORITIES)
def test_authorities_are_judged_as_openssl_judges_them(checker: Checker, tmp_path: Path, name: str) -> None:
    good, how = AUTHORITIES[name]
    kind = how.get("kind", "p256")
    keys = [key(kind) for _ in range(3)]
    root = certificate("Root", keys[0], **how.get("root", {}))
    middle = certificate("Between", keys[1], (root, keys[0]), digest=hashes.SHA384(), **how.get("middle", {}))
    leaf = certificate("Stamps", keys[2], (middle, keys[1]), ca=False, more=(STAMPING,), **how.get("leaf", {}))
    note, roots, token = (tmp_path / each for each in ("note", "roots.pem", "token"))
    note.write_bytes(b"anything")
    roots.write_bytes(pem(certificate("Root", keys[1]) if how.get("other") else root))
    digests = how.get("digest", "sha256"), how.get("ess", "sha256")
    token.write_bytes(stamped(tmp_path / "tsa", note, leaf, keys[2], pem(middle), *digests))
    program, trusted = openssl_program.openssl(), [timestamp_tokens.certificates_in(roots.read_bytes())[0]] * 2
    assert program
    assert (openssl_program.openssl_refuses(program, token, note, *trusted) is None) == good
    assert accepted(checker, roots, note, [token.read_bytes()]) == [good]


def test_the_page_judges_each_shape_of_a_timestamp_as_the_verifier_does(checker: Checker, tmp_path: Path) -> None:
    forge, note, roots = Forge(), tmp_path / "note", tmp_path / "roots.pem"
    note.write_bytes(b"anything")
    roots.write_bytes(pem(forge.root))
    tokens = [forge.answer(b"anything", shape) for _, shape in SHAPES.values()]
    trusted = [forge.root.public_bytes(Encoding.DER)]
    for (name, (label, _)), token, found in zip(
        SHAPES.items(), tokens, accepted(checker, roots, note, tokens), strict=True
    ):
        wanted = broken_rule(token, trusted) if label == UNFIT else label == GOOD
        assert found == wanted, name


def test_only_a_certificate_for_timestamps_and_nothing_else_may_sign_them(checker: Checker) -> None:
    own, stamps = key("p256"), ExtendedKeyUsageOID.TIME_STAMPING
    allowed = {
        (STAMPING,): True,
        (): False,
        ((x509.ExtendedKeyUsage([stamps]), False),): False,
        ((x509.ExtendedKeyUsage([stamps, ExtendedKeyUsageOID.CODE_SIGNING]), True),): False,
        ((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), True),): False,
    }
    made = [certificate("Stamps", own, ca=False, more=more) for more in allowed]
    made.append(certificate("Stamps", own, ca=False, usage=CERTIFYING, more=(STAMPING,)))
    encoded = [base64.b64encode(each.public_bytes(Encoding.DER)).decode() for each in made]
    judge = "(all) => all.map((each) => new Certificate(unbase64(each)).refusal === null)"
    assert checker.do(lambda page: page.evaluate(judge, encoded)) == [*allowed.values(), False]


def other_zips(whole: bytes) -> Iterator[tuple[str, bytes]]:
    """Zips that programs unpack differently, or that hold more than they show."""
    end = len(whole) - 22
    start = int.from_bytes(whole[end + 16 : end + 20], "little")
    name = whole.index(b"proof/HOW-TO-CHECK.txt")
    listed = whole.index(b"proof/HOW-TO-CHECK.txt", start)
    yield "something before it", b"MZ" + whole
    yield "something after it", whole + b"MZ"
    yield "a comment", whole[:-2] + b"\2\0MZ"
    yield "another name in the file than in the list", whole[:name] + b"X" + whole[name + 1 :]
    yield "a file outside", whole.replace(b"proof/HOW-TO-CHECK.txt", b"proof/../OW-TO-CHE.txt")
    yield "a file twice", whole.replace(b"proof/HOW-TO-CHECK.txt", b"proof/CHECK-THIS.html/"[:22])
    yield "encrypted", whole[: listed - 38] + b"\1" + whole[listed - 37 :]
    yield "packed in another way", whole[: listed - 36] + b"\x0c" + whole[listed - 35 :]
    yield "fewer files", whole[: end + 8] + b"\1\0\1\0" + whole[end + 12 :]
    yield "cut off", whole[: len(whole) // 2]
    yield "nothing", b""


def test_a_zip_that_programs_unpack_differently_is_not_proven(pack: Pack, checker: Checker) -> None:
    whole = zipped(pack.bag)
    assert checker.of_zip(whole)["state"] == "PROVEN"
    for name, other in other_zips(whole):
        assert other != whole and checker.of_zip(other)["state"] in (None, "DAMAGED"), name


def test_large_files_are_hashed_as_they_are_read(checker: Checker) -> None:
    """WebCrypto hashes in one piece only; what stands in for it gives the same digests, at every length and cut."""
    hashes = """async (lengths) => {
        for (const length of lengths) {
            const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 255);
            for (const [mine, theirs] of [[new Sha256(), sha256], [new Sha512(), sha512]]) {
                for (let at = 0; at < length; at += 61) mine.update(bytes.subarray(at, at + 61));
                if (mine.end() !== hexOf(await theirs(bytes))) return length;
            }
        }
        return null;
    }"""
    lengths = [*range(0, 260, 3), 55, 56, 63, 64, 111, 112, 119, 127, 128, 4096, 99_991]
    assert checker.do(lambda page: page.evaluate(hashes, lengths)) is None


SEEN = {
    "en": {"proven": "Proven, if the time authority is genuine",
           "forged": "Changed or damaged", "unproven": "Unchanged, but not proven",
           "letter": "cannot be checked"},
    "de": {"proven": "Belegt, falls die Zeitstelle echt ist",
           "forged": "Verändert oder beschädigt", "unproven": "Unverändert, aber nicht belegt",
           "letter": "kann nicht geprüft werden"},
}  # fmt: skip


@pytest.mark.parametrize(("language", "width"), [("en", 1200), pytest.param("de", 390, marks=pytest.mark.long)])
def test_what_a_person_sees(pack: Pack, checker: Checker, tmp_path: Path, language: str, width: int) -> None:
    files = {name: tmp_path / f"{name}.zip" for name in SEEN[language]}
    files["letter"].write_bytes(b"Dear Sir or Madam, this is no zip file.")
    files["proven"].write_bytes(zipped(pack.bag))
    certificate_of = f"data/02_licence_original/{pack.one}/certificate.pdf"
    (pack.bag / certificate_of).write_bytes(b"%PDF-1.7 forged")
    remake(pack.bag)
    files["forged"].write_bytes(zipped(pack.bag))
    pack.restore()
    for path in pack.bag.iterdir():
        path.unlink() if path.is_file() else None
    files["unproven"].write_bytes(zipped(pack.bag))

    def look(page: Page) -> dict[str, str]:
        said, complaints = {}, []
        listener = lambda message: complaints.append(message.text)  # noqa: E731  # to be removed again
        page.on("console", listener)
        page.set_viewport_size({"width": width, "height": 800})
        page.click(f"[data-language={language}]")
        for name, file in files.items():
            page.set_input_files("#pack", file)
            page.wait_for_selector(f"#result:has-text('{file.name}') .verdict")
            said[name] = page.inner_text("#result")
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.click("#trusted summary")
        page.set_input_files("#roots", next(pack.bag.rglob("tsa-roots.pem")))
        page.set_input_files("#pack", files["proven"])
        page.wait_for_selector(f"#result:has-text('{files['proven'].name}') .verdict")
        said["pinned"] = page.inner_text("#result h2")
        page.reload()
        page.remove_listener("console", listener)
        assert complaints == []
        return said

    said = checker.do(look)
    for name, words in SEEN[language].items():
        assert words in said[name].split("\n\n")[0], said[name]
    assert said["pinned"] == "✓ " + SEEN[language]["proven"].partition(",")[0]
    assert certificate_of in said["forged"] and "Local demo timestamp authority" in said["proven"]


def test_the_page_can_ask_nobody(checker: Checker) -> None:
    """Neither a request nor a script of somebody else gets past the page's policy."""
    ask = """async () => {
        const refused = new Set();
        document.addEventListener("securitypolicyviolation", (event) => refused.add(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "document.body.dataset.ran = 'yes'";
        document.body.append(script);
        const answered = await fetch("http://127.0.0.1:9/").then(() => true, () => false);
        await new Promise((resolve) => setTimeout(resolve, 0));
        return [document.body.dataset.ran || "no", answered, [...refused].sort()];
    }"""
    assert checker.do(lambda page: page.evaluate(ask)) == ["no", False, ["connect-src", "script-src-elem"]]


@pytest.mark.parametrize("count", [40, pytest.param(500, marks=pytest.mark.long)])
def test_no_day_that_a_licence_states_keeps_the_page_from_its_verdict(checker: Checker, count: int) -> None:
    """What is no day is shown as it stands there; a moment may be a leap second."""
    draw = random.Random(count)  # a seed, no secret
    texts = [
        "2016-12-31T23:59:60Z",
        "2026-02-30",
        "2026-13-01",
        "in summer",
        "2026-01-01T25:00:00Z",
        "2026-01-01 10:00",
    ]
    pieces = ["2026", "-", "01", "31", "T", "12", ":", "60", "Z", "+02:00", ".5", "99", " ", "x", "0000"]
    while len(texts) < count:
        texts.append("".join(draw.choices(pieces, k=draw.randint(0, 14))))
    shown = checker.do(lambda page: page.evaluate("(texts) => texts.map(dayOf)", texts))
    assert all(isinstance(each, str) for each in shown) and "Invalid" not in "".join(shown)
    assert shown[:4] == ["1 January 2017 at 00:00:00 UTC", "2026-02-30", "2026-13-01", "in summer"]
