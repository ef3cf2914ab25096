"""Signs of cases with suffixes of all kinds: each is read as it is printed, or not at all."""

from __future__ import annotations

import re
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as some

from archiver.reading.letters import read_letter

WRITERS = {  # and what their own signs look like: 9 a digit, A a letter
    "PicRights": ("9999-9999-9999", "9999 9999 9999"),
    "Copytrack": ("A9AA9A",),
    "Pixsy": ("999-999999", "9999999"),
    "Higbee & Associates": ("9999999", "AA-99999"),
    "ImageRights International": ("IR-AA-99999", "IR-99999999"),
    "Getty Images": ("99999999", "GI-9999-999"),
    "Permission Machine": ("PM-AA-999999", "999999"),
    "Visual Rights Group": ("VRG-AA-9999999", "VRG/99/AA-99999"),
    "Image Protect": ("IP-999999",),
    "Example Pictures Ltd": ("999/99 AA99", "999/99-AA-aa", "AA 99-9999", "AAA/AAAA/99-999", "9999/99", "AA.9999.9999"),
    "Kanzlei Muster & Partner": ("9999/99-AA", "99/99999 AA", "999/99A99"),
}
LABELS = (
    *("Our reference: ", "Reference number: ", "Case number: ", "Claim ID: ", "Case ", "File No.: ", "Aktenzeichen: "),
    *("Unser Zeichen: ", "Fall-ID ", "Dossier n° : ", "N/Réf. : ", "Kenmerk: ", "Dossiernummer: ", "Expte. ", "Rif.: "),
    *("Sagsnr.: ", "Ärende: "),
)
SUFFIXES = (
    "",
    "",
    "/DE",
    ".2",
    "(b)",
    "-R2",
    "/2",
    "-a",
    ".a",
    "_v2",
    "/01-X",
    "[2]",
    "/2026",
    "#3",
    ":1",
    "-2026-11",
    "+B",
    "~1",
)
AFTER = ("", ".", ",", ")", " – second notice", ", our letter of 2 May 2026", ";", "\tDate: 16 November 2026")


def composed(seed: int) -> tuple[str, str]:
    """A letter, and its sign as it is printed."""
    chance = Random(seed)
    writer = chance.choice(list(WRITERS))
    shape = chance.choice(WRITERS[writer])
    letters = {"9": "123456789", "A": "BCDEFGHKLM", "a": "bcdefg"}
    sign = re.sub(
        r"(?<![A-Z])[9](?![A-Z]{3})|A|(?<=[-])a+|9",
        lambda each: "".join(chance.choice(letters[one]) for one in each[0]),
        shape,
    )
    sign += chance.choice(SUFFIXES)
    after = chance.choice(AFTER)
    line = f"{chance.choice(LABELS)}{sign}{after}"
    head = [writer, "16 November 2026", "", line]
    if after == ")":
        head[3] = f"Your picture ({line}"
    if chance.random() < 0.3:
        head = [f"Subject: Your website, {line}", "", writer, "16 November 2026"]
    return "\n".join([*head, "", "Dear Sirs,", "you show our picture and owe us 300 EUR.", "", "Regards", writer]), sign


@settings(max_examples=80, deadline=None, derandomize=True)
@given(some.integers(0, 10**9))
def test_no_sign_is_cut_off(seed: int) -> None:
    text, sign = composed(seed)
    read = read_letter(text).reference
    assert read is None or read.casefold() == sign.casefold(), f"{read}: {text}"
