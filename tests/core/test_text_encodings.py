"""Whatever encoding a stranger names, a text is decoded at once, or as something else."""

from __future__ import annotations

import encodings
import pkgutil
import random

import pytest

from archiver.agency.audit import crawler
from archiver.agency.audit.fetcher import SiteAnswer
from archiver.collect.mail_selection import split
from archiver.core.text_encodings import encoding_named
from archiver.reading.mail import read_mail

NAMES = [each.name for each in pkgutil.iter_modules(encodings.__path__)]
ODD = [*NAMES, "", "x" * 3000, "a\0b", "\xff", "../x", "utf-8; charset=punycode", "none", "mbcs", "base64", "bz2"]
LARGE = b"<p>Licence " + b"a-" * 300_000


@pytest.mark.parametrize("count", [len(ODD), pytest.param(500, marks=pytest.mark.long)])
def test_no_name_of_an_encoding_stops_a_page_or_a_mail(count: int) -> None:
    draw = random.Random(1)  # a seed, no secret
    for number in range(count):
        odd = ODD[number % len(ODD)]
        label = draw.choice([odd.upper(), odd.title(), odd.replace("_", "-")])
        known = encoding_named(label)
        assert known not in ("punycode", "idna", "undefined", "utf-7", "rot13", "hex", "unicode_escape")
        for content in (LARGE, bytes(range(256)) * 20):
            content.decode(known or "utf-8", "replace")
            answer = SiteAnswer(200, {"content-type": f"text/html; charset={label}"}, content)
            content.decode(crawler._charset(answer), "replace")
    for label in ("punycode", "undefined", "idna"):
        head = f"Content-Type: text/plain; charset={label}\r\n\r\n".encode()
        assert "Licence" in split(head + LARGE + b"\xfc")[1]
        assert "Licence" in read_mail(head + LARGE + b"\xfc").text
