"""Invented licence terms, as a run saw them on some day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from archiver.collect.terms import SeenTerms, normalised
from archiver.provider import load

TERMS = """Licence agreement
Last updated: 3 March 2026
1. Copies
You may make up to {copies} copies of the content in print, and as many on websites as you like.
We use cookies.
"""


def seen(copies: str, days_ago: int, more: str = "") -> SeenTerms:
    [page, *_] = load("shutterstock").info.terms
    text = normalised(TERMS.format(copies=copies) + more)
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days_ago)
    return SeenTerms(provider="shutterstock", page=page, url=page.url, text=text, language="en", at=at)
