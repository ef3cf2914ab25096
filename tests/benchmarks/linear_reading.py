"""Whether every reader of foreign text takes four times as long for four times the text, and not sixteen.

`python tests/benchmarks/linear_reading.py` repeats, for each reader, the pieces on which a careless pattern goes back
over what it has read. Prints for each reader the ratio of its worst piece: of the CPU for four times the text to that
for once the text. Exits 1 if one is above 9, also with --quick, since a ratio depends little on the machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(Path(__file__).parents[1])]

from archiver.claims.redaction import RedactionRules  # noqa: E402  # as above
from archiver.collect.mail_selection import START_BYTES, choose  # noqa: E402
from archiver.core.model import Asset, Licence  # noqa: E402
from archiver.reading.document_parser import read_text  # noqa: E402
from archiver.reading.embedded import read_embedded  # noqa: E402
from archiver.reading.filenames import names  # noqa: E402
from archiver.reading.history_tables import history_in, read_table  # noqa: E402
from archiver.reading.letters import read_letter  # noqa: E402
from archiver.reading.licence_json import LicenceFile  # noqa: E402
from archiver.reading.named_items import named_items  # noqa: E402
from archiver.reading.secret_scan import mask_named  # noqa: E402
from tests.benchmarks.arguments import asked  # noqa: E402
from tests.support import papers  # noqa: E402

MOST = 9.0  # four times is linear, sixteen is quadratic
TIMES = 4
NEGLIGIBLE_S = 0.05  # of CPU for four times the text: below, the machine is measured
ROUNDS = 3


class Reader(NamedTuple):
    """What reads, what the text begins with, how long the whole text is, and the pieces that it repeats."""

    read: Callable[[str], object]
    heads: Sequence[str]
    characters: int
    pieces: Sequence[str]


LABELLED = papers.licence("en", "shutterstock").text
TABLE = "Asset ID,License type,License date,Title\n123456789,Standard,2026-01-01,Haus\n"
ANY = Licence(asset=Asset(provider="x", asset_id="1"), licence_id="1")
RULES = RedactionRules(file=LicenceFile(licence=ANY, documents=(), gaps=(), provenance={}))
READERS = {
    "certificates": Reader(
        read_text,
        ("", LABELLED, "LICENSE CERTIFICATE : Envato Market Item\n", "Freepik license\nTitle: x"),
        24_000,
        ("Licensee: ", " ", "\t", "Total (", "Title: a  ", "-", "https://codecanyon.net/item/", "1,", "License", "\n",
         "Item ID:\n", "LICENSE CERTIFICATE: Envato Elements Item\n", "this document certifies the purchase of: A ",
         "Å"),
    ),
    "letters": Reader(
        read_letter, ("",), 20_000,
        (" ", "\xa0", "\n", "** ", "Ada Example ", "12 May ", "https://a", "a@", "€", "9" * 50, "((("),
    ),
    "names of files": Reader(
        names,
        ("", "pexels-", "https://www.istockphoto.com/", "https://www.freepik.com/", "https://previews.123rf.com/images/"),
        3_600,
        ("a-", "1-", "bigstock-", "-unsplash", "_cropped", "(1)", "-gm1", "_1", "a/", "Stocksy_txp"),
    ),
    "tables": Reader(
        lambda text: history_in(read_table(text.encode("latin-1")), "shutterstock.csv", ()), (TABLE,), 1_000_000,
        ('"', ",", "\n", 'a,"', "'1", '="', "shutterstock.", "1;2\n", "\xff\xfe"),
    ),
    "named items": Reader(
        named_items, ("",), 200_000,
        ("A1-", "image no. ", "9 ", "x. X-12 ", "AB 12 | ", "(", "Bild 12, ", "sig: A 1 ", "A1-\n", "Bild 12\n"),
    ),
    "secrets": Reader(
        lambda text: mask_named(text.encode()), ("",), 300_000,
        ("csrf", "<input ", "&a", 'csrf="', "eyJ", "bearer ", "token=", "<meta name=csrf "),
    ),
    "names of others": Reader(RULES.found, ("",), 200_000, ("a", "a-")),
    "mails": Reader(
        lambda text: choose(text.encode()[:START_BYTES]), ("From: a@b.example\nSubject: x\n\n",), START_BYTES,
        ("<a ", "<", "=\n", "A" * 76 + "\n", "from: a@b.c\n", "\nfrom:", "\non a b c d ", "\n-- ", "\n> ", "a@", "a.",
         "ohne ", "within ", "name=", "&#"),
    ),
    "what is in pictures": Reader(
        lambda text: read_embedded(papers.picture() + text.encode()),
        ("<x:xmpmeta xmlns:x='a' xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:dc='b'>",), 600_000,
        ("<dc:title><rdf:Alt><rdf:li>", "<x:a>"),
    ),
}  # fmt: skip


def cost(reader: Reader, head: str, piece: str, characters: int) -> float:
    text = head + piece * (characters // len(piece)) + "\x01"
    started = time.process_time()
    reader.read(text)
    return time.process_time() - started


def ratio(reader: Reader, head: str, piece: str) -> float:
    """The lowest of some, since other work on the machine only adds."""
    found = []
    for _ in range(ROUNDS):
        long = cost(reader, head, piece, reader.characters)
        if long < NEGLIGIBLE_S:
            return 0.0
        found.append(long / max(cost(reader, head, piece, reader.characters // TIMES), 1e-6))
        if found[-1] < MOST:
            break
    return min(found)


def main() -> int:
    given = asked(__doc__ or "")
    slow = 0
    for what, reader in READERS.items():
        heads = reader.heads[-1:] if given.quick else reader.heads
        worst = max((ratio(reader, head, piece), piece) for head in heads for piece in reader.pieces)
        print(f"{what:20} ratio {worst[0]:4.1f}   {worst[1]!r}", flush=True)
        slow += worst[0] >= MOST
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main())
