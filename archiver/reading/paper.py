"""Papers from anywhere, recognised: whose certificate, receipt or history it is, and what it says.

    read_text(text, name)       a certificate or receipt as plain text, from a PDF, a text file or a page
    read_table(content, name)   a history as CSV, as bytes

Each gives a `Paper`, or None for what is not known here. A licence that is read here has the identity that the
platform's adapter gives it, so that both become one. Where the adapter's key begins with the account, which no paper
names, `same_licence` tells whether two are one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from archiver.domain import Asset, DocumentKind, Licence, Moment, iso
from archiver.reading.certificates import Paper, Sure, elements_certificate

__all__ = ["Paper", "Sure", "read_table", "read_text", "same_licence"]


def read_text(text: str, name: str = "") -> Paper | None:  # noqa: ARG001  # the readers to come use it
    """What a certificate or receipt says. `name` is the file's name, without meaning so far."""
    return next((paper for reader in READERS if (paper := reader(text)) is not None), None)


def read_table(content: bytes, name: str = "") -> Paper | None:  # noqa: ARG001  # the readers to come use them
    """What a history in CSV says: any encoding, separator and decimal mark that spreadsheets write."""
    return None


def same_licence(read: Licence, captured: Licence) -> bool:
    """Whether a licence from a paper is the captured one, as far as the paper can tell.

    True for equal identities. Else where one of the two lacks what the other's identity rests on (a paper names no
    account, a list no licence number): same asset, same day, and same kind where both say it. More than one captured
    licence can fit; then it is none of them for sure.
    """
    if read.asset.provider != captured.asset.provider or read.asset.asset_id != captured.asset.asset_id:
        return False
    if read.identity == captured.identity:
        return True
    if read.licence_id and captured.licence_id:
        return False
    if not read.licence_id and not captured.licence_id and read.key[:1] != ("",) != captured.key[:1]:
        return False
    days = {_day(read.licensed_at), _day(captured.licensed_at)}
    kinds = {each.kind.casefold() for each in (read, captured) if each.kind}
    return len(days) == 1 and days != {None} and len(kinds) < 2


def _day(moment: Moment | None) -> str | None:
    return text[:10] if (text := iso(moment)) else None


_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def _elements(text: str) -> Paper | None:
    """Envato Elements, all three layouts. The licence code, ten letters and digits or a UUID, is the licence's id."""
    if not re.search(r"LICENSE CERTIFICATE ?: ?Envato (?!Market)\w{2,30} Item", text):
        return None
    found = elements_certificate(text)
    if not found.item_id or not re.fullmatch(rf"[A-Z0-9]{{7}}|{_UUID}", found.item_id):
        return None
    if not found.code or not re.fullmatch(rf"[A-Z0-9]{{10}}|{_UUID}", found.code):
        return None
    return Paper(
        reader="envato_elements_certificate",
        sure=Sure.CERTAIN,
        kind=DocumentKind.CERTIFICATE,
        platform="envato_elements",
        licences=(
            Licence(
                asset=Asset(
                    provider="envato_elements", asset_id=found.item_id, title=found.title, contributor=found.author
                ),
                licence_id=found.code,
                kind=found.kind,
                licensed_at=found.licensed_at,
                licensee=found.licensee,
                client_hints={"project": found.project} if found.project else {},
            ),
        ),
    )


READERS: Sequence[Callable[[str], Paper | None]] = (_elements,)
