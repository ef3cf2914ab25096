"""What every authored recording is made of: exchanges, expectations, and invented numbers, pictures and papers."""

from __future__ import annotations

import hashlib
import html
import io
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw

from archiver.devkit.authored_recording import AuthoredRecording, licence
from archiver.devkit.authored_recording import Facts as Facts

expected = licence
ROOT = Path(__file__).parents[2] / "recordings"
CLIENTS = ("Acme Ltd", "Example Bakery", "Muster Verlag", "Fictional Tours")
DELAYED = {"status": 429, "headers": {"retry-after": "1"}, "text": "Too many requests"}


@dataclass
class Scenario(AuthoredRecording):
    """One recording of the project."""

    root: Path = field(default_factory=lambda: ROOT)


def digits(seed: str, length: int, alphabet: str = "0123456789") -> str:
    """A stable invented number."""
    chosen = random.Random(seed)
    return chosen.choice(alphabet[1:]) + "".join(chosen.choice(alphabet) for _ in range(length - 1))


def uuid(seed: str) -> str:
    raw = hashlib.sha256(seed.encode()).hexdigest()
    return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:32]))


def picture(seed: str) -> bytes:
    """A small real JPEG, different for every seed."""
    chosen = random.Random(seed)

    def colour() -> tuple[int, int, int]:
        return chosen.randrange(256), chosen.randrange(256), chosen.randrange(256)

    image = Image.linear_gradient("L").resize((160, 120)).rotate(chosen.choice((0, 90, 180, 270)))
    image = Image.composite(Image.new("RGB", (160, 120), colour()), Image.new("RGB", (160, 120), colour()), image)
    draw = ImageDraw.Draw(image)
    for _ in range(7):
        x, y, w, h = (chosen.randrange(limit) for limit in (140, 100, 70, 60))
        (draw.ellipse if chosen.random() < 0.5 else draw.rectangle)((x, y, x + w + 8, y + h + 8), fill=colour())
    target = io.BytesIO()
    image.save(target, "JPEG", quality=80)
    return target.getvalue()


def pdf(lines: list[str]) -> bytes:
    """A small real PDF of one page: the lines in Helvetica, the first one large. Tabs part the cells of a table."""
    escaped = [re.sub(r"([\\()])", r"\\\1", line).replace("\t", ") Tj 160 0 Td (") for line in lines]
    shown = [
        f"/F1 {18 if number == 0 else 10} Tf ({line}) Tj {-160 * line.count('Td')} 0 Td T*"
        for number, line in enumerate(escaped)
    ]
    stream = "\n".join(("BT 56 780 Td 20 TL", *shown, "ET")).encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    raw, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(raw))
        raw += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return raw + (
        b"xref\n0 6\n0000000000 65535 f \n" + table
        + b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(raw)
    )  # fmt: skip


def page(title: str, body: str) -> str:
    """A page that loads nothing from elsewhere."""
    style = "body{font:15px sans-serif;margin:2rem auto;max-width:52rem} li,td{padding:.5rem} li{min-height:9rem}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{style}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def terms_page(title: str) -> str:
    """A stand-in for a page of licence terms: invented text, long enough to pass as one, which says what it is."""
    clauses = [
        f"{title}. This text is an authored stand-in for a recording. It is nobody's licence and grants nothing.",
        "1. Invented clause: whoever reads this text in a test may keep it, count its words and compare it.",
        "2. Invented clause: a picture that exists only in a recording may be used in as many recordings as there are.",
        "3. Invented clause: nothing here follows the words of a real platform, and nothing about one follows from it.",
        "4. Invented clause: when this text changes, a test has changed it, and a second text is to be archived beside "
        "the first one, which stays as it is.",
        "5. Invented clause: questions about this text go to Ada Example, who does not exist, at example.com.",
    ]
    return page(
        title, "<main>\n<h1>" + title + "</h1>\n" + "\n".join(f"<p>{each}</p>" for each in clauses) + "\n</main>"
    )
