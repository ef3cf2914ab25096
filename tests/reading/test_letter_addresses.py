"""Addresses in letters, printed over several lines at any place: each is read whole, or left out and marked."""

from __future__ import annotations

import textwrap
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as some

from archiver.reading.letters import read_letter

SEGMENTS = [  # none ends like a small word, for which its rest would be taken
    *("blog", "news", "aktuelles", "leistungen", "wholesale", "team", "schedule", "wanderung", "actualites", "visitas"),
    *("randonnees", "prodotti", "guiadas", "hochbeete", "nebel", "harbour", "isle", "summer", "winter", "stove"),
    *("garden", "2025", "11", "03", "a1", "über"),
]
SENTENCES = (
    "We found the picture on this page and kept a copy of what we saw.",
    "The use of the picture began before we wrote to you about it for the first time.",
    "Das Lichtbild unserer Mandantin ist dort ohne jede Erlaubnis zu sehen gewesen.",
    "Wir haben den Bestand geprüft und keine Lizenz auf Ihren Namen gefunden.",
    "Aucune licence n'a été retrouvée à votre nom dans les registres de notre cliente.",
    "A copy of the page is enclosed, and it shows the day on which it was made.",
)
BELOW = ("Date sighted 11 June 2026", "260,00 EUR", "Bild-Nr. 61884203", "(see the enclosed copy).", "captured by us",
         "gefunden", "seit Mai 2026", "https://photos.example/p/1")  # fmt: skip


def address(chance: Random) -> str:
    words = ["-".join(chance.choices(SEGMENTS, k=chance.choice((1, 1, 2, 3, 5)))) for _ in range(chance.randint(1, 4))]
    if chance.random() < 0.15:
        words[-1] = words[-1].title()
    path = "/".join(words) + chance.choice(("", "", "", "", ".html", ".php?id=17&cat=b", "?ref=autumn", "/"))
    return f"https://{chance.choice(('', 'www.'))}acme.example/{path}"


def parted(url: str, chance: Random) -> list[str]:
    """An address in pieces of one width, or of about one, after its hyphens and slashes."""
    width = chance.randint(28, 64)
    if chance.random() < 0.3:
        kept = textwrap.wrap(url.replace("/", "/\0").replace("-", "-\0").replace("\0", " "), width)
        return [line.replace(" ", "") for line in kept]
    return [url[at : at + width] for at in range(0, len(url), width)]


def composed(seed: int) -> tuple[str, set[str]]:
    """A letter in which addresses are broken, and these addresses."""
    chance = Random(seed)
    urls = [address(chance) for _ in range(chance.randint(1, 3))]
    prose = chance.sample(SENTENCES, 4)
    width = chance.randint(56, 90)
    lines = ["Example Pictures Ltd", "16 November 2026", "", *textwrap.wrap(" ".join(prose[:2]), width)]
    if chance.random() < 0.4:  # within sentences
        text = " ".join(
            f"{chance.choice(('Seen on', 'Gezeigt wird es auf', '(Datei'))} {url} . {one}"
            for url, one in zip(urls, prose, strict=False)
        )
        text = text.replace(" . ", chance.choice((" ", ". ", "). ", " and ")))
        lines += textwrap.wrap(text, width, break_on_hyphens=chance.random() < 0.5)
    else:
        for number, url in enumerate(urls, 1):
            pieces = parted(url, chance)
            pieces[0] = chance.choice(("", "", f"{number}. ", "- ", "Page ", "Fundstelle: ")) + pieces[0]
            lines += pieces
            between = chance.choice(("", "and", "blank", "below"))
            lines += {"and": ["and"], "blank": [""], "below": [chance.choice(BELOW)], "": []}[between]
        lines += textwrap.wrap(" ".join(prose[2:]), width)
    return "\n".join([*lines, "", "Regards", "Ada Example"]), set(urls)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(some.integers(0, 10**9))
def test_no_address_is_cut_off(seed: int) -> None:
    text, urls = composed(seed)
    letter = read_letter(text, domains=["acme.example"])
    wrong = {each.rstrip("/") for each in letter.urls} - {each.rstrip("/") for each in urls}
    assert not wrong, f"{seed}: {text}"
    assert len(letter.urls) == len(urls) or "left out" in letter.sure["urls"], f"{seed}: {text}"
