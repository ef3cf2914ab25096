"""Make text of unknown origin safe for a terminal and a page: dangerous characters become a replacement mark."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"  # shape Persian, Indian scripts and emoji, and do no harm
MARK = "\ufffd"


def printable(text: str, *, keep: str = "") -> str:
    """The text without control characters, direction overrides and the like; those in `keep` stay."""

    def fit(each: str) -> bool:
        return each in keep or each in JOINERS or not unicodedata.category(each).startswith("C")

    return "".join(each if fit(each) else MARK for each in text)
