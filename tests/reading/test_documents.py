"""What a document says is read with limits, and only a certificate of this licence passes as one."""

import asyncio
import io
import os
import re
import signal
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Timer

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject

from archiver.core.errors import NotACertificate
from archiver.core.model import Asset, Document, DocumentKind, Licence
from archiver.provider import TextLayout
from archiver.reading.documents import MAX_PAGES_READ, DocumentText, End, check_certificate, end_of, read_text
from archiver.reading.worker import MAX_SMALL_BYTES, DocumentReader
from tests.support.pdf_files import pdf

pytestmark = pytest.mark.usefixtures("real_readers")

LICENCE = Licence(
    asset=Asset(provider="acme", asset_id="1234567890"), licence_id="86781236-23d0-4b3c-7dfa-c1c147e0dece"
)


def encrypted(password: str) -> bytes:
    writer, out = PdfWriter(clone_from=io.BytesIO(pdf("Item 1234567890"))), io.BytesIO()
    writer.encrypt(password, "owner")
    writer.write(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    with DocumentReader(workers=2) as reader:
        yield reader


@pytest.mark.parametrize(
    ("content", "media_type", "text"),
    [
        (pdf("Item 1234567890", "Ada Example"), "application/pdf", "Item 1234567890\nAda Example"),
        (pdf("sent as bytes"), "application/octet-stream", "sent as bytes"),
        (encrypted(""), "application/pdf", "Item 1234567890"),
        ("\ufeffŻółć".encode(), "text/plain", "Żółć"),
        ("Żółć".encode("utf-16"), "text/plain", "Żółć"),
        ("Straße, „Haus“".encode("cp1252"), "text/plain", "Straße, „Haus“"),
        ("Żółty".encode("cp1250"), "text/plain", "Żółty"),
        ("5 m³ ¿Qué?".encode("latin-1"), "text/plain", "5 m³ ¿Qué?"),
        (b"a" * 999_999 + "ß".encode(), "text/plain", "a" * 200_000),
        (b"<!doctype html><p>Item", "text/plain", ""),
        (b"<p>Item", "text/html", ""),
        (b"\xff\xd8\xff", "image/jpeg", ""),
    ],
)
def test_text_is_read_and_everything_else_is_empty(
    reader: DocumentReader, content: bytes, media_type: str, text: str
) -> None:
    reading = reader.read(content, media_type)
    assert (reading.text.strip(), reading.error) == (text, None)


def test_letters_that_a_font_draws_as_one_are_read_as_typed() -> None:
    assert read_text("Certi\ufb01cate, O\ufb00er, Num\u0065\u0301ro".encode()).text == "Certificate, Offer, Numéro"


def test_columns_are_read_with_their_gaps_and_the_lines_of_a_cell_as_words(reader: DocumentReader) -> None:
    """A label in the middle of two lines' height, as tables have it, makes pypdf join the lines."""
    cells = ((50, 700, "Title"), (150, 706, "the end of the"), (150, 694, "line"), (50, 660, "Size"), (150, 660, "XL"))
    operators = b"BT /F1 12 Tf %s ET" % b"".join(
        b"1 0 0 1 %d %d Tm (%s) Tj " % (x, y, each.encode()) for x, y, each in cells
    )
    text = reader.columns(pdf(operators=operators)).text
    assert re.findall(r"(Title|Size) {2,}(.+)", text) == [("Title", "the end of the line"), ("Size", "XL")]


@pytest.mark.parametrize(("space", "read"), [(6, True), (1.5, False)])
def test_letters_placed_one_by_one_are_joined_by_the_gaps_that_one_sees(
    reader: DocumentReader, space: float, read: bool
) -> None:
    line, x, operators = "Title: Sea at night, seen from the pier that ill winds will fill with silt", 20.0, b""
    for letter in line:
        if letter != " ":
            operators += b"q 1 0 0 1 %.1f 700 cm BT /F1 10 Tf (%s) Tj ET Q " % (x, letter.encode())
        x += space if letter == " " else 6
    content = pdf(operators=operators).replace(b"/Helvetica", b"/Courier  ")
    assert (reader.read(content, "application/pdf").text.strip() == line) is read
    assert (reader.columns(content).text.strip() == line) is read


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (encrypted("secret"), "password"),
        (pdf("cut")[:300], "cannot be read"),
        (pdf("looped", kids=b"2 0 R"), "cannot be read"),
        (b"no such thing", "not a PDF"),
        (pdf("old").replace(b"/FlateDecode", b"/Fl         "), "cannot be read"),
    ],
    ids=["encrypted", "cut", "looped", "other", "old"],
)
def test_what_cannot_be_read_is_an_error_in_words(reader: DocumentReader, content: bytes, words: str) -> None:
    reading = reader.read(content, "application/pdf")
    assert reading.text == ""
    assert words in (reading.error or "")


def test_a_bomb_of_what_is_compressed_is_an_error_in_words(reader: DocumentReader) -> None:
    reading = reader.read(pdf(operators=b"\0" * 300_000_000), "application/pdf")
    assert reading.text == ""
    assert "cannot be read" in (reading.error or "")


def test_a_long_pdf_is_read_as_far_as_is_told(reader: DocumentReader) -> None:
    writer = PdfWriter()
    for number in range(MAX_PAGES_READ + 3):
        writer.add_page(PdfReader(io.BytesIO(pdf(f"This is page {number}."))).pages[0])
    writer.write(out := io.BytesIO())
    reading = reader.read(out.getvalue(), "application/pdf")
    assert "This is page 9." in reading.text and f"page {reading.pages_read - 1}." in reading.text
    assert reading.unread_pages == f"only the first {reading.pages_read} of its {reading.pages} pages were read"
    assert not reader.read(pdf("One page."), "application/pdf").unread_pages


def test_everything_in_a_pdf_is_read_where_that_is_asked(reader: DocumentReader) -> None:
    writer, out = PdfWriter(), io.BytesIO()
    for number in range(MAX_PAGES_READ + 1):
        writer.append(io.BytesIO(pdf(f"Page {number}")))
    writer.add_uri(MAX_PAGES_READ, "https://a.example/?key=in-a-link", RectangleObject((0, 0, 9, 9)))
    writer.add_metadata({"/Subject": "größer"})
    writer.add_attachment("notes.txt", b"in an attachment")
    writer.write(out)
    everything = reader.read_all(out.getvalue())
    assert everything.pages == MAX_PAGES_READ + 1 and not everything.error
    for each in (f"Page {MAX_PAGES_READ}", "key=in-a-link", "größer", "in an attachment"):
        assert each in everything.text and each not in reader.read(out.getvalue(), "application/pdf").text
    assert reader.read_all(encrypted("secret")).error and reader.read_all(b"%PDF-1.7 broken").error


def test_a_slow_document_is_given_up_and_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.reading.worker._is_busy", lambda: False)
    bomb = pdf(operators=b"BT /F1 9 Tf " + b"(a) Tj 1 0 Td " * 1_500_000 + b"ET")
    with DocumentReader(workers=1, seconds=0.5) as reader:
        slow = reader.read(bomb, "application/pdf")
        assert slow == DocumentText(pages=1, error="reading it took longer than 0.5 s")
        assert reader.read(bomb, "application/pdf") is slow  # known by now
        assert reader.read(pdf("next"), "application/pdf").text.strip() == "next"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="this system has no /proc, by which the reader is found")
@pytest.mark.parametrize("busy", [True, False])
def test_a_document_is_read_however_little_a_busy_machine_lets_its_reader_work(
    monkeypatch: pytest.MonkeyPatch, busy: bool
) -> None:
    monkeypatch.setattr("archiver.reading.worker._is_busy", lambda: busy)
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    with DocumentReader(workers=1, seconds=1.0) as reader:
        before = set(children.read_text().split())
        reader.read(pdf("x"), "application/pdf")
        (worker,) = (int(each) for each in set(children.read_text().split()) - before)
        os.kill(worker, signal.SIGSTOP)
        (later := Timer(1.6, os.kill, (worker, signal.SIGCONT))).start()
        reading = reader.read(pdf("kept waiting"), "application/pdf")
        later.cancel()
        assert (reading.text.strip(), reading.error) == (
            ("kept waiting", None) if busy else ("", "reading it took longer than 1 s")
        )


def test_what_waits_at_once_is_read_together_and_one_bomb_spoils_no_other() -> None:
    bomb = pdf(operators=b"BT /F1 9 Tf " + b"(a) Tj 1 0 Td " * 1_500_000 + b"ET")
    small = [pdf(f"Item {number}") for number in range(20)]
    others = [(b"plain", "text/plain"), (pdf("large") + b"%" * MAX_SMALL_BYTES, "application/pdf")]
    asked = [(each, "application/pdf") for each in (*small[:9], bomb, *small[9:])] + others

    async def ask(reader: DocumentReader) -> list[DocumentText]:
        tasks = [asyncio.create_task(reader.read_soon(*each)) for each in (*asked, (pdf("given up"), ""))]
        await asyncio.sleep(0)
        tasks.pop().cancel()
        together = await asyncio.gather(*tasks)
        return [*together, await reader.read_soon(pdf("afterwards"), "application/pdf")]

    with DocumentReader(workers=1, seconds=0.5) as reader:
        *readings, afterwards = asyncio.run(asyncio.wait_for(ask(reader), 60))
        assert readings == [reader.read(*each) for each in asked]
    expected = [*(f"Item {number}" for number in range(20)), "large", "afterwards"]
    assert [each.text.strip() for each in (*readings, afterwards) if each.pages and not each.error] == expected
    assert [each.error for each in readings if each.error] == ["reading it took longer than 0.5 s"]


def test_threads_share_two_workers(reader: DocumentReader) -> None:
    documents = [pdf(f"Item {number}") for number in range(100)]
    with ThreadPoolExecutor(8) as threads:
        readings = list(threads.map(lambda each: reader.read(each, "application/pdf"), documents))
    assert [each.text.strip() for each in readings] == [f"Item {number}" for number in range(100)]


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="this system has no /proc, by which the reader is found")
def test_a_worker_has_little_memory_sees_no_secrets_and_ends_with_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", "not-for-workers")
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    with DocumentReader(workers=1) as reader:
        before = set(children.read_text().split())
        reader.read(pdf("x"), "application/pdf")
        (child,) = (Path("/proc", name) for name in set(children.read_text().split()) - before)
        with suppress(PermissionError):  # not even its own user may look, unless that is root
            assert b"not-for-workers" not in (child / "environ").read_bytes()
        assert re.search(r"address space +1073741824 ", (child / "limits").read_text())
    assert not child.exists()


def certificate(content: bytes, name: str = "certificate.pdf", media_type: str = "application/pdf") -> Document:
    return Document(
        name=name, kind=DocumentKind.CERTIFICATE, content=content, media_type=media_type, url="https://a.example/c/1"
    )


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (certificate(b""), "is empty"),
        (certificate(b"\n<HTML><title>Sign  in &amp; go</title>"), "'Sign in & go'"),
        (certificate(b"<!doctype html>", media_type="text/html"), "without a title"),
        (certificate(b'{"error": 1}'), "is not a PDF"),
        (certificate(pdf("Item 1234567890")[:-40]), "end is missing"),
        (certificate(encrypted("secret")), "password"),
        (certificate(pdf("looped", kids=b"")), "no pages"),
        (certificate(pdf("Item 12345678901")), "does not name"),
        (certificate(pdf("Item 91234567890")), "does not name"),
        (certificate(b" \n", "certificate.txt", "text/plain"), "has no text"),
        (certificate(b"Thank you for your visit", "certificate.txt", "text/plain"), "does not name"),
    ],
)
def test_what_is_no_certificate_is_refused_with_its_address(
    reader: DocumentReader, document: Document, words: str
) -> None:
    with pytest.raises(NotACertificate) as refused:
        check_certificate(document, reader.read(document.content, document.media_type), LICENCE)
    assert words in str(refused.value)
    assert "https://a.example/c/1" in str(refused.value)


@pytest.mark.parametrize(
    ("document", "identified"),
    [
        (certificate(pdf("Item no. 1234567890.")), True),
        (certificate(pdf("Code 86781236-23D0-4B3C-7DFA-", "C1C147E0DECE")), True),
        (certificate(b"\n" + pdf("Item 1234567890")), True),
        (certificate(b"Item ID: 1234567890\n", "certificate.txt", "text/plain"), True),
        (certificate(pdf()), False),
    ],
    ids=["id", "wrapped code", "leading newline", "text", "scanned"],
)
def test_a_certificate_is_accepted(reader: DocumentReader, document: Document, identified: bool) -> None:
    reading = reader.read(document.content, document.media_type)
    assert check_certificate(document, reading, LICENCE).identified is identified


WHOLE = {
    "receipt.json": b'{"total": [1, {"b": "}"}]}\n',
    "receipt.html": b"<!doctype html><html><body><p>Paid</p></body></html>\n<!-- 5 ms -->\n",
    "receipt.xml": b'<?xml version="1.0"?>\n<receipt><p/></receipt>\n',
    "receipt.csv": b'item,price\n"a, b",1\n"c\nd",2\n',
}


def with_revision(whole: bytes) -> bytes:
    """The PDF with a second revision, which ends as the first does."""
    table = b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 9 /Root 1 0 R /Prev 9 >>\nstartxref\n%d\n%%%%EOF\n"
    return whole + b"%comment\n8 0 obj\n<< /Length 2 >>\nstream\nab\nendstream\nendobj\n" + table % len(whole)


def files() -> Iterator[bytes]:
    """A zip, and a small picture in each format whose end is known; the JPEG with a preview in its head."""
    with zipfile.ZipFile(zipped := io.BytesIO(), "w") as made:
        made.writestr("a", b"content")
    yield zipped.getvalue()
    image = Image.effect_noise((40, 30), 80).convert("RGB")
    for kind in ("JPEG", "PNG", "GIF", "WEBP"):
        image.save(out := io.BytesIO(), kind, **({"exif": b"Exif\0\0\xff\xd8\xff\xd9"} if kind == "JPEG" else {}))
        yield out.getvalue()
    yield b"RIFF" + (204).to_bytes(4, "little") + b"WAVE" + bytes(range(200))
    yield b"\0\0\0\x18ftypavif\0\0\0\0avifmif1" + b"\0\0\0\x0cmetabody" + b"\0\0\1\x08mdat" + bytes(range(256))


def is_whole(content: bytes) -> bool:
    """Whether it is whole; what a server adds and what pads a file change nothing."""
    document = Document(name="a", kind=DocumentKind.PREVIEW, content=content, media_type="")
    padded = replace(document, content=content + b"\r\n\0\n<!-- 5 ms -->")
    assert end_of(padded) is end_of(document) is not End.UNKNOWN
    return end_of(document) is End.THERE


@pytest.mark.parametrize("name", WHOLE)
def test_what_ends_early_is_no_document(name: str) -> None:
    """Wherever it is cut: half of it was sent, perhaps, as if it were all."""
    whole = WHOLE[name]
    document = Document(name=name, kind=DocumentKind.RECEIPT, content=whole, media_type="application/octet-stream")
    assert end_of(document) is End.THERE
    rows = (
        {whole.index(b"\n") + 1, whole.index(b'"c')} if name.endswith("csv") else set()
    )  # a shorter table is one, too
    first, linear = pdf("Item"), pdf("Item").replace(b"\n", b"\n1 0 obj\n<</Linearized 1/L 999>>\n", 1)
    revised = with_revision(first)
    assert is_whole(first) and is_whole(revised)
    assert is_whole(linear.ljust(999)) and end_of(replace(document, content=linear)) is End.MISSING
    for cut in range(len(first) + len(b"%comment\n8 0"), len(revised) - len(b"\n")):
        assert end_of(replace(document, content=revised[:cut])) is End.MISSING, revised[:cut][-40:]
    for file in files():
        assert is_whole(file)
        for cut in (*range(20, len(file), 37), len(file) - (2 if file.startswith(b"GIF") else 1)):
            assert end_of(replace(document, content=file[:cut])) is End.MISSING, file[:4]
    for junk in (b"123", b"x", b"<p>watch the trailer</p>", b"served by startxref"):
        assert is_whole(first + b"\n" + junk), junk
    for more in (b"trailer\n<<", b"startxref\n9", b"startxr", b"xre"):
        assert end_of(replace(document, content=first + b"\n" + more)) is End.MISSING, more
    gif = next(file for file in files() if file.startswith(b"GIF"))
    assert gif.endswith(b";") and is_whole(gif[:-1]), "some programs write no end mark"
    assert not is_whole(b"\xff\xd8" + b"\xff" * 200_000), "and soon"
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as made:
        made.writestr("in.zip", next(files()))
        made.writestr("after", bytes(range(256)) * 40)
        made.comment = b"PK\5\6 says the comment"
    assert is_whole(packed.getvalue()) and not is_whole(packed.getvalue()[:2000])
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as made:
        made.writestr("licence.pdf", first)  # as it is, within the first KiB
        zipfile.ZipFile(hollow := io.BytesIO(), "w").close()
        made.writestr("empty.zip", hollow.getvalue())
        at = packed.tell()
        made.writestr("after", bytes(range(256)) * 40)
    assert is_whole(packed.getvalue())
    assert not any(is_whole(packed.getvalue()[:cut]) for cut in (len(first) + 60, at, at + 900, at + 9000))
    for padding in (bytes(4096), b"\n" * 2000, b" " * 2000):
        assert is_whole(first + padding) and is_whole(gif + padding) and is_whole(revised + padding)
        assert not is_whole(revised[:-60] + padding), "no padding makes it whole"
    shown = len(whole.split(b"<!--")[0].rstrip())
    for cut in range(1, shown):
        found = end_of(replace(document, content=whole[:cut]))
        assert found is End.MISSING or cut in rows or whole[:cut].rstrip() == whole.rstrip(), whole[:cut]


def test_a_text_of_which_nothing_is_declared_says_nothing_of_its_end() -> None:
    text = Document(name="a.txt", kind=DocumentKind.CERTIFICATE, content=b"Licence", media_type="text/plain")
    assert end_of(text) is End.UNKNOWN
    layout = TextLayout(labels=("Licensee",), marks=("the marks",), last_line="(the end)|(really)")
    for whole in ("licensee: Ada\nThe  Marks\nthe end", "Licensee :Ada\nthe marks\n\nReally\n \n"):
        assert layout.lacks(whole) is None
    for part in ("Licensee:\nthe marks\nthe end", "Licensee: Ada\nthe end", "Licensee: Ada\nthe marks", "",
                 "Licensee: Ada\nthe marks\nthe end of it"):  # fmt: skip
        assert layout.lacks(part)
