"""Two texts of terms in words: what matters counts, and dates, menus, banners and line breaks do not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.reading.terms_diff import compare

MENU = ["Images", "Video", "Pricing", "Sign in", "Cart", "Enterprise solutions"]
BODY = [
    "Licence agreement",
    "Last updated: 3 March 2026",
    "1. Grant of rights",
    "We grant you a worldwide right to use the content in advertising and on websites.",
    "You may make up to 500,000 copies of the content in print. Each further copy needs an enhanced licence.",
    "2. Restrictions",
    "You may not use the content in a logo or a trademark.",
    "Merchandise",
    "Not allowed",
    "3. Indemnity",
    "We indemnify you up to 10,000 dollars if you use the content as this agreement says.",
    "Licences bought before 1 January 2020 keep the rights that they had on that day and at that place.",
]
FOOT = ["About us", "Careers", "© 2025 Example Stock Inc. All rights reserved.", "Deutsch"]
PAGE = [*MENU, *BODY, *FOOT]


def text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def important(before: list[str], after: list[str]) -> list[str]:
    return [each.text("same", "added", "removed") for each in compare(text(before), text(after)) if not each.minor]


def swapped(old: str, new: str) -> list[str]:
    assert any(old in line for line in PAGE)
    return [line.replace(old, new) for line in PAGE]


NOISE = {
    "date": swapped("3 March 2026", "17 September 2026"),
    "date, written otherwise": swapped("3 March 2026", "2026-09-17"),
    "year": swapped("© 2025", "© 2026"),
    "banner": [*PAGE, "We use cookies to improve our site. Accept all", "Manage your preferences"],
    "banner in front": ["Wir verwenden Cookies, damit die Seite läuft.", "Alle akzeptieren", *PAGE],
    "menu": ["Music", *PAGE[1:], "Press"],
    "button in the text": [*PAGE[:10], "Back to top", *PAGE[10:]],
    "line breaks": text(PAGE).replace("in print. Each", "in print.\nEach").splitlines(),
    "moved": [*MENU, *BODY[:2], *BODY[5:7], *BODY[2:5], *BODY[7:], *FOOT],
    "spaces and case": [f"  {line.upper()} " for line in PAGE],
}
REAL = {
    "number": ("500,000", "250,000"),
    "short answer": ("Not allowed", "Allowed"),
    "sum": ("10,000 dollars", "5,000 dollars"),
    "one word": ("may not use", "may use"),
    "date in a clause": ("1 January 2020", "1 January 2024"),
    "clause": ("in advertising and on websites", "on websites"),
}


@pytest.mark.parametrize("name", NOISE)
def test_noise_is_no_change(name: str) -> None:
    assert important(PAGE, NOISE[name]) == important(NOISE[name], PAGE) == []


@pytest.mark.parametrize("name", REAL)
def test_a_change_that_matters_is_shown_in_words(name: str) -> None:
    old, new = REAL[name]
    [passage] = [each for each in compare(text(PAGE), text(swapped(old, new))) if not each.minor]
    whole = next(line for line in PAGE if old in line)
    assert passage.text("same", "removed") in whole and passage.text("same", "added") in whole.replace(old, new)
    assert old in passage.text("same", "removed") and new in passage.text("same", "added")
    assert passage.heading in {"1. Grant of rights", "2. Restrictions", "Merchandise", "3. Indemnity"}


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from(sorted(REAL)))
def test_a_change_that_matters_is_found_among_any_noise(seed: int, name: str) -> None:
    rng = random.Random(seed)
    old, new = REAL[name]
    after = swapped(old, new)
    for _ in range(rng.randrange(4)):
        noise = rng.choice(["Cookies help us.", "Accept all", "Help center", "Share", "Log in"])
        after.insert(rng.randrange(len(after) + 1), noise)
    after[7] = "Last updated: 9 May 2026"
    found = important(PAGE, after)
    assert len(found) >= 1 and any(word in " ".join(found) for word in (new, new.split()[0]))
