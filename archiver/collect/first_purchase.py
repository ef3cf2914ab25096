"""What a person says of the end of an account's list: which of its rows is their first purchase, a ground."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from archiver.archive import pending_statements
from archiver.archive.reader import Archive

FIRST_PURCHASE = "first purchase"


@dataclass(frozen=True)
class FirstPurchase:
    """`row` is the digest of the row's identity, `day` its day; `by` said on the day `on` that none is older."""

    row: str
    day: date
    by: str
    on: date


def first_purchase(archive: Archive, account: str, listing: str) -> FirstPurchase | None:
    """What was said last about this list of the account; None if nobody said anything."""
    said = [
        each
        for each in pending_statements.about(archive, account).values()
        if (each.get("statement"), each.get("listing")) == (FIRST_PURCHASE, listing)
    ]
    if not said:
        return None
    last = max(said, key=lambda each: str(each["at"]))
    on = date.fromisoformat(str(last["at"])[:10])
    return FirstPurchase(str(last["row"]), date.fromisoformat(str(last["day"])), str(last["by"]), on)
