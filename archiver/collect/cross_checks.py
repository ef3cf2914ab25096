"""What else is known of an account's licences: counts elsewhere on the platform, other lists, and papers.

The list was read to its end. It is compared with the account's archived licences, and with those that came as papers:
receipts, mails, imported files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from archiver.catalogue.index import CatalogueEntry

MAX_NAMED = 5  # licences in a message

MESSAGES = {
    "no_longer_listed": "{count} archived licences of this account are no longer in its lists: {named}. They stay in "
    "the archive",
    "papers_unlisted": "{count} licences that papers name are in none of its lists: {named}. Check that the account is "
    "the right one, and that its lists are whole",
    "counted_otherwise": "The platform counts otherwise than {count} of its lists: {named}",
}


def differences(
    archived: Iterable[CatalogueEntry],
    papers: Iterable[CatalogueEntry],
    listed: Collection[str],
    lists: Collection[str],
) -> dict[str, list[str]]:
    """The licences that the lists should show and do not, by the keys of `MESSAGES`, as the platform calls them.

    `listed` are identities of all rows; `archived` the account's licences, of which those in `lists` count; `papers`
    are the platform's licences that no account brought.
    """
    found = {
        "no_longer_listed": [
            each.licence.platform_id
            for each in archived
            if each.licence.listing in lists and each.licence.identity not in listed
        ],
        "papers_unlisted": [each.licence.platform_id for each in papers if each.licence.identity not in listed],
    }
    return {name: ids for name, ids in found.items() if ids}


def counted_otherwise(stated: Mapping[str, int], read: Mapping[str, Collection[int]]) -> dict[str, list[str]]:
    """Lists of which the platform says elsewhere another number. `read` has the numbers of each list that would agree:
    of its rows, of its different rows, of those that are no comps.
    """
    found = [
        f"{name} ({count} stated, {max(read[name])} listed)"
        for name, count in stated.items()
        if name in read and count not in read[name]
    ]
    return {"counted_otherwise": found} if found else {}


def in_words(found: Mapping[str, Collection[str]]) -> list[str]:
    """A sentence for each kind of difference."""
    return [f"{MESSAGES[name].format(count=len(ids), named=named(ids))}." for name, ids in found.items()]


def named(ids: Collection[str]) -> str:
    """The first ids, and how many more there are."""
    more = len(ids) - MAX_NAMED
    return ", ".join([*ids][:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
