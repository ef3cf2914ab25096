"""The one comparison of papers: whether two of them are of one licence, and in what they differ."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import date, datetime, timedelta

from archiver.core.model import Licence, Moment, iso

TELLING = ("asset_id", "kind", "title")
"""The fields whose difference makes two licences, or a question for a person; whatever number both papers name."""

_FILLED = ("kind", "licensed_at", "licensee", "seat", "plan", "plan_ends", "order")
_GENERIC = re.compile(r"li[cz]en[czs]\w*$")  # the word itself, which some write beside the kind and some do not
_LOST = re.compile(r"[?\N{REPLACEMENT CHARACTER}]")  # what stands for a letter that a font or a code page did not have


def same_licence(read: Licence, captured: Licence) -> bool:
    """Whether a licence from a paper is the captured one, as far as the paper can tell.

    Never if item, kind or title differ. Otherwise true for equal identities, and where one of the two lacks what the
    other's identity rests on (a paper names no account, a list no licence number): same asset, same day. More than
    one captured licence can fit; then it is none of them for sure.
    """
    if read.asset.provider != captured.asset.provider or contradictions(captured, read):
        return False
    if read.identity == captured.identity:
        return True
    if read.licence_id and captured.licence_id:
        return False
    if not read.licence_id and not captured.licence_id and read.key[:1] != ("",) != captured.key[:1]:
        return False
    return same_day(read.licensed_at, captured.licensed_at)


def contradictions(known: Licence, claimed: Licence) -> dict[str, list[str]]:
    """Of the `differences`, those that keep two papers from being of one licence."""
    return {name: both for name, both in differences(known, claimed).items() if name in TELLING}


def differences(known: Licence, claimed: Licence) -> dict[str, list[str]]:
    """Where a paper differs: field -> what the archive says, what the paper says. Only what both state is compared.

    Times are compared as days; names without case and space; kinds without the word licence. A title may be cut, or
    have lost letters.
    """
    here, there = _stated(known), _stated(claimed)
    return {
        name: [str(here[name]), str(there[name])]
        for name in here
        if here[name] and there[name] and not _ALIKE.get(name, _same_name)(str(here[name]), str(there[name]))
        and not (name == "licensed_at" and same_day(known.licensed_at, claimed.licensed_at))
    }  # fmt: skip


def completed(licence: Licence, other: Licence) -> Licence:
    """The licence with what it does not say taken from another reading of it."""
    gained = {name: getattr(other, name) for name in _FILLED if getattr(licence, name) is None and getattr(other, name)}
    parts = ("title", "contributor", "media_type")
    asset = replace(
        licence.asset, **{name: getattr(licence.asset, name) or getattr(other.asset, name) for name in parts}
    )
    return replace(licence, asset=asset, client_hints={**other.client_hints, **licence.client_hints}, **gained)


def same_day(one: Moment | None, other: Moment | None) -> bool:
    """Whether both are known and on one day. A day without a time may be another time zone's than an instant's."""
    if one is None or other is None:
        return False
    apart = abs(date.fromisoformat(str(iso(one))[:10]) - date.fromisoformat(str(iso(other))[:10]))
    return apart <= timedelta(days=isinstance(one, datetime) is not isinstance(other, datetime))


def _stated(licence: Licence) -> dict[str, str | None]:
    return {
        "asset_id": licence.asset.asset_id, "kind": licence.kind, "title": licence.asset.title,
        "licensee": licence.licensee, "order": licence.order, "licensed_at": iso(licence.licensed_at),
    }  # fmt: skip


def _same_name(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())


def _same_kind(one: str, other: str) -> bool:
    """Whether all words of one kind are the other's, too: a paper may name it shorter."""
    kinds = [{word for word in _words(each) if not _GENERIC.match(word)} for each in (one, other)]
    return kinds[0] <= kinds[1] or kinds[1] <= kinds[0]


def _same_title(one: str, other: str) -> bool:
    """Whether one title is a part of the other, word for word as far as letters are left."""
    if _LOST.search(one) or _LOST.search(other):
        left = [[_words(word) for word in each.split() if not _LOST.search(word)] for each in (one, other)]
        mine, theirs = ({word for words in each for word in words} for each in left)
        return mine <= {*_words(other)} or theirs <= {*_words(one)}
    shorter, longer = sorted(("".join(_words(one)), "".join(_words(other))), key=len)
    return shorter in longer


_ALIKE = {"kind": _same_kind, "title": _same_title}
