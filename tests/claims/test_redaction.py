"""What of an object stays out of a pack for outsiders, at the edge of what can be read and of how deep it lies."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha512
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archiver.archive.reader import StoredObject
from archiver.claims import redaction
from archiver.claims.redaction import (
    Disclosure,
    RedactionRules,
    external,
    licence_excerpt,
    record_excerpt,
    text_excerpt,
    with_short_codes,
)
from archiver.core.errors import IntegrityError
from archiver.core.model import DocumentKind
from archiver.reading.licence_json import FiledDocument
from archiver.reading.worker import DocumentReader
from tests.support.claims_kit import described, licence
from tests.support.pdf_files import pdf

RULES = RedactionRules(file=described(licence("1"), ()), others=["Beta GmbH"], accounts=["ada-stock"])


def disclosed(
    root: Path, reads: Any = None, /, bearer: Sequence[str] = (), **kinds: tuple[DocumentKind, bytes]
) -> Disclosure:
    """What becomes of an object with these files, `name_ending` each."""
    place, manifest, state = root / "evidence/licences/undated/undated_x", {}, {}
    (place / "v1/content").mkdir(parents=True)
    files = {name.replace("__", "."): each for name, each in kinds.items()}
    for name, (_, content) in files.items():
        (place / "v1/content" / name).write_bytes(content)
        manifest[sha512(content).hexdigest()] = [f"v1/content/{name}"]
        state[sha512(content).hexdigest()] = [name]
    inventory = {"head": "v1", "manifest": manifest, "versions": {"v1": {"state": state}}}
    (place / "inventory.json").write_text(json.dumps(inventory))
    documents = tuple(
        FiledDocument(name=name, kind=kind, media_type="", bytes=len(content), sha512=sha512(content).hexdigest())
        for name, (kind, content) in files.items()
    )
    private = RedactionRules(file=described(licence("1"), documents), others=["Beta GmbH"], bearer=bearer)
    with DocumentReader() as reader:
        return external(StoredObject(root, "urn:x-archiver:licence:undated_x"), private, reads or reader)


UNREAD = b"6 0 obj\n<</Type/Metadata/Length 3/Filter/Unknown>>stream\nabc\nendstream\nendobj\nxref"
PART = pdf("Order of a picture").replace(b"/Catalog", b"/Catalog/Metadata 6 0 R").replace(b"xref", UNREAD, 1)


def test_a_pdf_that_can_be_read_in_part_only_stays_out(tmp_path: Path) -> None:
    with DocumentReader() as reader:
        assert reader.read(PART, "application/pdf").text.strip() == "Order of a picture", "it can be read in part"
    found = disclosed(
        tmp_path,
        receipt__pdf=(DocumentKind.RECEIPT, PART),
        receipt_2__pdf=(DocumentKind.RECEIPT, pdf("Order of a picture")),
        certificate__pdf=(DocumentKind.CERTIFICATE, PART + b"\n"),
    )
    assert found.withheld == {"v1/content/receipt.pdf": ["unreadable content"]}
    (warning,) = found.warnings
    assert warning.startswith("certificate.pdf") and "cannot be read as text" in warning


@pytest.mark.parametrize(
    ("record", "reasons"),
    [
        ({"size": 3, "buyer": "Eve"}, ["account data"]),
        ({"file": {"size": 1}, "item": {"buyer": "Eve"}}, ["account data"]),
        ([{"item": 1}, {"item": {"userName": "eve"}}], ["account data"]),
        ({"item": {"list": [1, [{"account-id": 7}]]}}, ["account data"]),
        ({"item": {"buyer": "", "userName": None, "seats": []}, "size": 3}, None),
    ],
)
def test_account_data_is_found_however_deep_it_lies(tmp_path: Path, record: object, reasons: list[str] | None) -> None:
    content = json.dumps(record).encode()
    found = disclosed(tmp_path, record__json=(DocumentKind.RECORD, content)).withheld
    assert found == ({"v1/content/record.json": reasons} if reasons else {})
    excerpt = json.dumps(record_excerpt(content, RULES, "Excerpt"))
    assert "eve" not in excerpt.lower() and "7" not in excerpt


def test_what_is_nobody_s_business_is_withheld_by_its_kind_and_each_file_for_itself(tmp_path: Path) -> None:
    found = disclosed(
        tmp_path,
        letter__txt=(DocumentKind.LETTER, b"Dear Sirs"),
        picture__jpg=(DocumentKind.DELIVERED, b"the picture itself"),
        terms__txt=(DocumentKind.RECEIPT, b"Terms of use"),
        page__png=(DocumentKind.RECEIPT, b"without the PDF that has its text"),
        data__bin=(DocumentKind.RECEIPT, b"a\0b"),
        names__txt=(DocumentKind.RECEIPT, b"for Beta GmbH"),
    ).withheld
    assert {Path(name).name: reasons for name, reasons in found.items()} == {
        "letter.txt": ["not needed by an outsider"],
        "picture.jpg": ["not needed by an outsider"],
        "page.png": ["unreadable content"],
        "data.bin": ["unreadable content"],
        "names.txt": ["another client's name"],
    }


CODE = "9e3afabe-d28a-b3e8-2dfa-a699cd3563bd"
FORMS = {
    "as it is": CODE,
    "in capitals": CODE.upper(),
    "joined": CODE.replace("-", ""),
    "spaced out": " ".join(CODE.replace("-", "")),
    "broken over lines": CODE.replace("-", "-\n"),
    "in an address": f"https://market.example/look-up?code={CODE.replace('-', '%2D')}",
    "escaped": CODE.replace("-", "&#45;").replace("e", "\\u0065"),
    "in base64": b64encode(f"x{CODE}".encode()).decode(),
    "in hexadecimal digits": CODE.encode().hex(),
}


@pytest.mark.parametrize("kind", [DocumentKind.CERTIFICATE, DocumentKind.RECEIPT, DocumentKind.RECORD])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_code_that_gives_access_stays_home_in_any_form_and_any_kind_of_document(
    tmp_path: Path, kind: DocumentKind, form: str
) -> None:
    found = disclosed(tmp_path, bearer=[CODE], text__txt=(kind, f"Your licence: {form}".encode()), b__txt=(kind, b"Hi"))
    assert [*found.withheld] == ["v1/content/text.txt"]
    rules = replace(RULES, bearer=[CODE])
    for shown in (text_excerpt(f"Licence\nCode: {form}\n", rules, "Excerpt"), rules.scrub(f"Code: {form}")):
        assert shown and not rules.gives_access(shown)
    if form == CODE:
        assert rules.scrub(f"Code: {form}") == "Code: 9e3afabe…", "by which the platform finds it"


@pytest.mark.parametrize(
    ("address", "gives"),
    [
        ("https://stock.example/Download/DownloadFileDirectly/example0001", True),
        ("https://cdn.example/a.jpg?w=1&X-Amz-Signature=0a1b2c3d4e", True),
        ("https://cdn.example/a.jpg?access_token=0a1b2c3d4e", True),
        ("https://stock.example/download/help", False),
        ("https://stock.example/images/harbour-at-dawn-1234567890?author=7", False),
    ],
)
def test_a_link_that_gives_access_stays_home_and_an_address_that_names_a_page_does_not(
    tmp_path: Path, address: str, *, gives: bool
) -> None:
    found = disclosed(tmp_path, certificate__txt=(DocumentKind.CERTIFICATE, f"Licence of {address} .".encode()))
    assert bool(found.withheld) is gives


def test_a_receipt_s_excerpt_keeps_its_harmless_lines_and_one_mark_for_each_run_of_others() -> None:
    text = "Picture 1\nTotal: EUR 9.00\nVAT 1.50\n\n Licence: standard \nfor Beta GmbH\nPicture 2\n"
    assert text_excerpt(text, RULES, "Excerpt").splitlines() == [
        "Excerpt", "", "Picture 1", "[withheld]", "Licence: standard", "[withheld]", "Picture 2",
    ]  # fmt: skip


def test_a_licence_s_excerpt_keeps_what_only_looks_like_a_sum_and_nothing_private() -> None:
    named = licence("1", kind="premium, 19 EUR", plan="by ada-stock", order="PO-1")
    kept = licence_excerpt(
        RedactionRules(file=described(named, ()), accounts=["ada-stock"]), "seat 1", "Excerpt"
    )  # of a kind a sum may be the name, of a record it is a price
    assert (kept["kind"], kept["plan"], kept["order"], kept["seat"]) == (
        "premium, 19 EUR", "by [withheld]", "PO-1", "seat 1",
    )  # fmt: skip
    assert RULES.scrub("premium, 19 EUR") == "premium, [withheld]"


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.q1w2e3r4t5z6"


@pytest.mark.parametrize(
    ("more", "text", "clean", "sorts"),
    [
        ({"accounts": ["ada@agency.example"]}, "ask bob@agency", "ask [withheld]", ["an e-mail address"]),
        ({"accounts": ["ada"]}, "ask bob@ada.x", "ask [withheld]", ["the name of an account", "an e-mail address"]),
        ({}, "ask bob@agency", "ask bob@agency", []),
        ({"others": ["Beta"]}, "B e t a", "[withheld]", ["another client's name"]),
        ({"others": ["Beta"], "own": ["beta"]}, "Beta", "Beta", []),
        ({}, "token=q1w2e3r4t5", "token=[withheld]", ["a token"]),
        ({}, "token=[removed before archiving]", "token=[removed before archiving]", []),
        ({}, f"a {JWT} b", "a [withheld] b", ["a token"]),
        (
            {"file": described(licence("1", seat="Ada Bea Example"), ())},
            "Example, Ada Bea",
            "[withheld]",
            ["the name of a seat"],
        ),
        ({"file": described(licence("1", seat="Ada Example"), ())}, "A. Example", "[withheld]", ["the name of a seat"]),
        ({"others": ["Acme Ltd"]}, "Acme Ltd", "Acme Ltd", []),  # the licensee
        ({"others": ["Picture"]}, "Picture", "Picture", []),  # a word of the title
        ({"others": ["Beta"]}, "Har\u200bbour", "Har\u200bbour", []),
        ({"elsewhere": lambda words: "AB-12345" in words}, "AB-12345", "AB-12345", ["another licence"]),
        ({"elsewhere": lambda words: "1234567" in words}, "1234567 abcdefg", "1234567 abcdefg", ["another licence"]),
        ({"elsewhere": lambda words: "abcdefg" in words}, "1234567 abcdefg", "1234567 abcdefg", []),
    ],
)
def test_what_of_a_text_is_private_and_what_is_left(
    more: dict[str, Any], text: str, clean: str, sorts: list[str]
) -> None:
    rules = RedactionRules(**({"file": described(licence("1"), ())} | more))
    assert (rules.scrub(text), set(rules.found(text))) == (clean, set(sorts))


def test_a_sum_in_another_spelling_is_left_only_where_sums_may_be() -> None:
    assert (RULES.scrub("19 E\u200bUR"), RULES.scrub("19 E\u200bUR", sums=False)) == ("[withheld]", "19 E\u200bUR")


class Reads:
    """What the process of a reader answers for packed files and pictures."""

    def __init__(self, unpacked: bytes = b"", fault: str | None = None, quoted: str = "") -> None:
        self.unpacked, self.fault, self.quoted = unpacked, fault, quoted

    def unpack(self, content: bytes, largest: int) -> tuple[bytes, str | None]:
        return self.unpacked, self.fault

    def embedded(self, content: bytes) -> Any:
        return SimpleNamespace(quotes={"caption": self.quoted})


@pytest.mark.parametrize(
    ("reads", "reasons"),
    [
        (Reads(b"harmless"), None),
        (Reads(b"for Beta GmbH"), ["another client's name"]),
        (Reads(b"harmless", "broken"), ["unreadable content"]),
        (Reads(b"x" * 64), None),
        (Reads(b"x" * 65), ["unreadable content"]),
    ],
)
def test_a_capture_is_searched_up_to_its_last_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: Reads, reasons: list[str] | None
) -> None:
    assert redaction.MAX_SEARCHED_BYTES == 64 << 20
    monkeypatch.setattr(redaction, "MAX_SEARCHED_BYTES", 64)
    found = disclosed(tmp_path, reads, page__warc=(DocumentKind.RECEIPT, b"\x1f\x8b packed"))
    assert found.withheld == ({"v1/content/page.warc": reasons} if reasons else {})


def test_a_preview_is_disclosed_with_a_warning_and_only_its_quotes_are_searched(tmp_path: Path) -> None:
    first, other = ((DocumentKind.PREVIEW, b"for Beta GmbH %d" % n) for n in (1, 2))
    found = disclosed(tmp_path, Reads(quoted="by Beta GmbH"), preview__jpg=first, other__jpg=other)
    assert found.withheld == {} and [each.partition(" ")[0] for each in found.warnings] == ["preview.jpg", "other.jpg"]


def test_a_preview_whose_quotes_give_access_stays_home(tmp_path: Path) -> None:
    reads = Reads(quoted="https://cdn.example/a.jpg?access_token=0a1b2c3d4e")
    found = disclosed(tmp_path, reads, preview__jpg=(DocumentKind.PREVIEW, b"picture"))
    assert (found.withheld, found.warnings) == ({"v1/content/preview.jpg": ["a bearer secret"]}, [])


@pytest.mark.parametrize("content", [b"{", b""])
def test_a_record_that_is_no_json_has_no_excerpt_and_is_searched_as_text(tmp_path: Path, content: bytes) -> None:
    assert disclosed(tmp_path, record__json=(DocumentKind.RECORD, content)).withheld == {}
    with pytest.raises(IntegrityError):
        record_excerpt(content, RULES, "Excerpt")


def test_a_record_s_excerpt_keeps_what_is_nobody_s_as_it_is() -> None:
    record = {
        "id": 7,
        "sizes": [1, "for Beta GmbH", None, True],
        "Beta GmbH": "x",
        "userName": "eve",
        "at": {"url": "u"},
    }
    assert record_excerpt(json.dumps(record).encode(), RULES, "Excerpt") == {
        "excerpt": "Excerpt",
        "record": {"id": 7, "sizes": [1, "for [withheld]", None, True], "[withheld]": "x", "at": {"url": "u"}},
    }


def test_a_certificate_is_disclosed_with_a_warning_for_each_sort_of_private_data(tmp_path: Path) -> None:
    found = disclosed(tmp_path, certificate__txt=(DocumentKind.CERTIFICATE, b"for Beta GmbH, 19 EUR"))
    holds = "certificate.txt of undated_x holds "
    assert found.withheld == {} and found.warnings == [f"{holds}a sum of money", f"{holds}another client's name"]


def test_a_code_in_base64_is_found_wherever_it_begins_and_no_other_code_is() -> None:
    rules = RedactionRules(file=described(licence("1"), ()), bearer=[CODE])
    for lead in range(3):
        text = b64encode(b"\0" * lead + CODE.encode()).decode().rstrip("=")[4 if lead else 0 : -1]
        assert rules.gives_access(f"x {text} y"), lead
        assert not any(map(rules.gives_access, (f"x !{text[1:]} y", f"x {text[:-1]}! y"))), lead


def test_an_outsider_sees_only_the_first_characters_of_a_code_that_gives_access() -> None:
    sold, other = (with_short_codes(replace(licence("1", each), licence_id=CODE)) for each in ("envato_market", "none"))
    assert (sold.licence_id, sold.order, other.licence_id) == ("9e3afabe…", "PO-1", CODE)
