"""A person says that the last row of a list is their first purchase. Then nothing can follow it, and it is complete."""

from __future__ import annotations

import re
from dataclasses import dataclass

from archiver.agency.privacy import state
from archiver.archive.reader import Archive
from archiver.catalogue.archives import writing
from archiver.catalogue.index import CatalogueEntry, identity_digest
from archiver.catalogue.search import followed
from archiver.collect.first_purchase import FIRST_PURCHASE, first_purchase
from archiver.collect.history_cursor import HistoryCursors
from archiver.core.errors import ConfigError
from archiver.core.model import DocumentKind, day_of
from archiver.home.settings import Account, Home
from archiver.home.vault import Vault

MAX_ROWS = 3  # rows of each list


@dataclass(frozen=True, kw_only=True)
class OldRow:
    """One of the oldest archived rows of a list; `picture` is its document with a preview, if it has one."""

    licence: str
    day: str
    asset_id: str
    title: str | None
    picture: str | None


@dataclass(frozen=True, kw_only=True)
class OpenList:
    """A list without proof that its last row is the last one, and its oldest rows, the oldest first.

    `by` is who said that the first of these is the first purchase, where no run has read the list since.
    """

    listing: str
    rows: tuple[OldRow, ...]
    by: str | None = None

    def as_json(self) -> dict[str, object]:
        return {"listing": self.listing, "by": self.by, "rows": [vars(each) for each in self.rows]}


def open_lists(home: Home, account: Account) -> list[OpenList]:
    """The lists of an account that were read to their end without a ground, and have rows."""
    grounds = HistoryCursors.grounds(home.state / "history" / f"{account.name}.json")
    found = []
    for listing, ground in grounds.items():
        entries = [] if ground else _oldest(home, account, listing)
        if entries:
            said = first_purchase(Archive(home.archive(account.client)), account.name, listing)
            same = said is not None and said.row == identity_digest(entries[0].licence.identity)
            by = said.by if said and same else None
            found.append(OpenList(listing=listing, rows=tuple(_row(each) for each in entries[:MAX_ROWS]), by=by))
    return found


def say_first_purchase(
    home: Home, vault: Vault, account: Account, month: str, by: str, listing: str | None = None
) -> OpenList:
    """Record who says that the account's first purchase was in a month (`2021-03`), that of the list's oldest row.

    The next run reads the list to its end, and believes it if it shows nothing older. ConfigError if the list needs no
    such word, or shows otherwise.
    """
    if not re.fullmatch(r"\d{4}-(?:0[1-9]|1[0-2])", month):
        raise ConfigError(f"{month!r} is no month. Write it as 2021-03.")
    if not by.strip():
        raise ConfigError("Nobody says it. Give a name with --by.")
    lists = {each.listing: each for each in open_lists(home, account)}
    if listing is None and len(lists) > 1:
        raise ConfigError(f"{account.name} has several such lists. Name one with --list: {', '.join(lists)}.")
    if listing not in (None, *lists) or not lists:
        raise ConfigError(
            f"No such list of {account.name} waits for this: each is complete already, or was not read to its end yet. "
            "Look at its status."
        )
    chosen = lists[listing or next(iter(lists))]
    day = chosen.rows[0].day
    if not day.startswith(month):
        raise ConfigError(
            f"The oldest row of {chosen.listing} is of {day}, not of {month}. Look at the history on the platform's "
            "site: if it begins earlier, rows are missing."
        )
    with writing(home, vault, account.client) as archive:
        reason = f"The first purchase was in {month}, and this is the list's last row."
        row = identity_digest(_oldest(home, account, chosen.listing)[0].licence.identity)
        statement = state(
            archive, FIRST_PURCHASE, by.strip(), reason, account=account.name, listing=chosen.listing, row=row, day=day
        )
        archive.append("statement", id=statement, account=account.name)
        HistoryCursors(home.state / "history" / f"{account.name}.json", archive.reader).ask_again(chosen.listing)
        archive.seal()
    return chosen


def _oldest(home: Home, account: Account, listing: str) -> list[CatalogueEntry]:
    """The archived licences of a list, the oldest first."""
    with followed(home, account.client) as catalogue:
        dated = [
            (day_of(each.licence.licensed_at), each)
            for each in catalogue.of_account(account.name)
            if each.licence.listing == listing and each.licence.licensed_at
        ]
    return [each for _, each in sorted(dated, key=lambda found: found[0])]


def _row(entry: CatalogueEntry) -> OldRow:
    asset, licensed_at = entry.licence.asset, entry.licence.licensed_at
    previews = (each.name for each in entry.file.documents if each.kind is DocumentKind.PREVIEW)
    return OldRow(
        licence=entry.short_id, day=str(day_of(licensed_at)) if licensed_at else "", asset_id=asset.asset_id,
        title=asset.title, picture=next(previews, None),
    )  # fmt: skip
