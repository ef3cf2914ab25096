"""A project folder of 300 mixed files, or of a third of them, and what is to be found in it."""

from __future__ import annotations

import email
import email.message
import html
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from archiver.reading.history_tables import history_in, read_table
from tests.authoring.scenario import pdf as lines_as_pdf
from tests.support import papers
from tests.support.hostile_files import fill, packed
from tests.support.papers import Facts, Sample

PLATFORMS = ("adobe_stock", "depositphotos", "getty_images", "istock", "shutterstock")
LANGUAGES = ("en", "de", "fr", "es", "it")


@dataclass
class Truth:
    """What the folder holds: licences as `papers.facts` states them; paths that are to be irrelevant, and refused."""

    licences: list[Facts] = field(default_factory=list)
    irrelevant: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)  # path of a delivered file -> the asset that it is of
    files: int = 0


def photo(number: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """An invented picture that no other resembles."""
    coarse = np.random.default_rng(number).integers(0, 256, (9, 12, 3), np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def jpeg(picture: Image.Image, quality: int = 88) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def letter(
    subject: str, text: str, attachments: Iterable[tuple[str, bytes]] = (), sender: str = "shop@example.com"
) -> bytes:
    made = email.message.EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "ada@example.com", subject
    made["Message-ID"] = f"<{abs(hash(subject))}@example.com>"
    made.set_content(text)
    for name, content in attachments:
        if name.endswith(".eml"):
            made.add_attachment(email.message_from_bytes(content, policy=made.policy))
        else:
            made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


def page(sample: Sample) -> bytes:
    lines = "<br>\n".join(map(html.escape, sample.text.splitlines()))
    return f"<!doctype html><html><head><title>x</title></head><body><p>{lines}</p></body></html>".encode()


def certificates(number: int) -> Sequence[Sample]:
    """One of every layout that is not by labels."""
    eras = [papers.elements("project", number), papers.elements("default", 200 + number), papers.elements("ai", number)]
    return (papers.market_2012(number), papers.market_2017(number), papers.market_later(number), *eras,
            papers.freepik(number))  # fmt: skip


def build(folder: Path, *, whole: bool) -> Truth:
    """Write the folder; the same one every time. Unless it is the whole one, it has less of each kind."""
    truth = Truth()
    root = folder.name

    def write(path: str, content: bytes) -> str:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        truth.files += 1
        return f"{root}/{path}"

    def count(*samples: Sample) -> None:
        truth.licences += [licence for sample in samples for licence in sample.licences]

    def some(numbers: range) -> range:
        return numbers if whole else numbers[:2]

    for number in some(range(1, 8)):  # 49 certificates as PDFs, texts and pages, and a copy of each seventh
        for n, sample in enumerate(certificates(number)):
            ending, content = (("pdf", sample.pdf()), ("txt", sample.text.encode()), ("html", page(sample)))[
                (n + number) % 3
            ]
            write(f"licences/{number}/{sample.name}-{n}.{ending}", content)
            count(sample)
        write(f"licences/{number}/copy of a certificate.txt", papers.market_2012(number).text.encode())
    for n, language in enumerate(LANGUAGES):  # 75 certificates by labels, in five languages, and their 25 receipts
        for m, platform in enumerate(PLATFORMS):
            if not whole and n and m != n:  # all of them in English, and one in each other language
                continue
            for number in range(n * 3 + 1, n * 3 + (4 if whole else 2)):
                sample = papers.licence(language, platform, number)
                write(f"{language}/{sample.name}.pdf", sample.pdf())
                count(sample)
            write(f"{language}/invoice {m}.pdf", papers.receipt(language, platform, n * 3 + 1).pdf())
    # 12 letters: a certificate, its receipt, a letter in the letter with a zip in a zip
    for number in some(range(20, 32)):
        first, second = papers.market_2017(number), papers.elements("project", number)
        paid, third = papers.receipt("en", "istock", number), papers.licence("en", "istock", number)
        zipped = packed({"deep.zip": packed({f"{second.name}.txt": second.text.encode()})})
        inner = letter(f"Fwd: files {number}", "See the zip.", [("files.zip", zipped)])
        attached = [("licence.pdf", first.pdf()), ("invoice.pdf", paid.pdf()), ("l.txt", third.text.encode())]
        write(f"mail/{number}.eml", letter(f"Your order {number}", "Hello", [*attached, ("forwarded.eml", inner)]))
        count(first, second, third)
    box = b""
    for number in some(range(40, 46)):
        sample = papers.elements("default", number)
        box += b"From shop@example.com Mon Nov  6 10:00:00 2023\n"
        box += letter(f"Order {number}", "Hello", [("licence.pdf", sample.pdf())]) + b"\n"
        count(sample)
    write("mail/archive.mbox", box)
    for number in some(range(50, 56)):
        sample = papers.market_later(number)
        write(f"zips/{number}.zip", packed({"a/b.zip": packed({f"{sample.name}.html": page(sample)})}))
        count(sample)

    write("lists/adobe.csv", papers.adobe_history(12))
    write("lists/shutterstock.csv", papers.shutterstock_history(10, number=3))
    tables = papers.adobe_history(12), papers.shutterstock_history(10, number=3)
    history = [history_in(read_table(each), "") for each in tables]
    assert [len(paper.licences) if paper else 0 for paper in history] == [12, 10]
    truth.licences += [papers.facts(each) for paper in history if paper for each in paper.licences if not each.comp]
    for row in some(range(12)):  # delivered files: by name, scaled by a CMS, and renamed, so that only its looks tell
        asset, picture = str(121681000 + row), photo(row)
        truth.bound[write(f"site/AdobeStock_{asset}.jpeg", jpeg(picture))] = asset
        smaller = picture.resize((200, 150))
        truth.bound[write(f"site/uploads/AdobeStock_{asset}-200x150.jpg", jpeg(smaller, 70))] = asset
        truth.bound[write(f"site/uploads/header-{row}.jpg", jpeg(smaller, 60))] = asset

    for number in some(range(20)):
        truth.irrelevant.add(write(f"holiday/IMG_{1000 + number}.jpg", jpeg(photo(500 + number))))
    plain = "Minutes of the meeting on the new brochure. Ada Example will send a draft by Friday.\n"
    for number in some(range(12)):
        truth.irrelevant.add(write(f"docs/minutes {number}.txt", f"{number}. {plain}".encode()))
    for name, content in {
        "docs/.DS_Store": b"\0\0\0\1Bud1", "docs/Thumbs.db": b"\xd0\xcf\x11\xe0", "docs/empty.txt": b"",
        "docs/table.csv": "name;price\nchair;9,99\n".encode("utf-8-sig"), "docs/plan.pdf": lines_as_pdf([plain]),
        "docs/lunch.eml": letter("Lunch", "At noon?"), "docs/fonts.woff2": b"wOF2" + bytes(200),
        "docs/index.html": b"<html><body>Welcome to Acme</body></html>",
    }.items():  # fmt: skip
        truth.irrelevant.add(write(name, content))
    for number in some(range(8)):
        write(f"claims/letter {number}.pdf", lines_as_pdf(papers.demand(number).splitlines()))
    for number in some(range(15)):
        write(f"unclear/terms {number}.txt", f"{number} The Shutterstock licence terms, in short.\n".encode())

    (folder / "hostile").mkdir()
    truth.refused = {f"{root}/hostile/{path}": reason for path, reason in fill(folder / "hostile").items()}
    for path in () if whole else sorted((folder / "hostile").iterdir())[3:]:  # each: tests/collect/test_file_walk.py
        path.unlink()
        inside = f"{root}/hostile/{path.name}"
        truth.refused = {name: why for name, why in truth.refused.items() if name.partition("!")[0] != inside}
    truth.files += len(truth.refused)
    for number in range(300 - truth.files if whole else 2):
        truth.irrelevant.add(write(f"docs/notes {number}.md", f"Note {number}: call the printer.\n".encode()))
    return truth
