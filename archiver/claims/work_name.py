"""What a licensed work is called where people read of it. Pure.

Platforms often give no title, and nobody knows a work by its number alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from archiver.claims.facts import platform_of
from archiver.core import localised
from archiver.core.model import Asset, Moment

NOUNS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "video": ("video|film|footage|clip", {"en": "video", "de": "Video"}),
    "sound": ("audio|music|sound", {"en": "sound", "de": "Ton"}),
    "drawing": ("vector|illustration|graphic", {"en": "illustration", "de": "Illustration"}),
    "picture": ("image|photo|picture", {"en": "picture", "de": "Bild"}),
    "plan": ("^plan$", {"en": "plan", "de": "Abo"}),
}
"""What the platforms' words for a kind of work contain, and our word for it; the first that fits counts."""
FOLDER = re.compile(
    r"((?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)|undated)_(?P<provider>.+)_(?P<asset>[^_]+)_[0-9a-f]{8}"
)
OTHER = {"en": "asset", "de": "Werk"}
TITLES = {
    "en": ("{work} from {platform}", "{work} from {platform}, {day}"),
    "de": ("{work} von {platform}", "{work} von {platform}, {day}"),
}


def platform_title(provider: str) -> str:
    """The name by which people know a platform."""
    return str(platform_of(provider)["title"])


def numbered(asset: Asset, language: str) -> str:
    """`picture 1234567`: what a work is, with its number at the platform, as within a sentence."""
    said = (asset.media_type or "").casefold()
    noun = next((words for pattern, words in NOUNS.values() if re.search(pattern, said)), OTHER)
    return f"{noun[language]} {asset.asset_id}"


def work_name(asset: Asset, licensed_at: Moment | str | None, language: str, file_name: str | None = None) -> str:
    """A work's title; without one, the name of its file; else `Picture 1234567 from Shutterstock, 5 November 2026`."""
    if known := asset.title or file_name:
        return known
    work, day = numbered(asset, language), localised.day(licensed_at, language)
    platform = platform_title(asset.provider)
    return TITLES[language][bool(day)].format(work=work[:1].upper() + work[1:], platform=platform, day=day)


def name_of_folder(folder: str, language: str) -> str:
    """The name of a work of which only the folder is known, or its short id."""
    named = FOLDER.fullmatch(folder.rpartition("/")[2])
    if named is None:
        return folder
    day = "-".join(each for each in named.group("year", "month", "day") if each)
    return work_name(Asset(provider=named["provider"], asset_id=named["asset"]), day or None, language)


def name_of_row(row: Mapping[str, str | None], language: str) -> str:
    """The name of a work by a row of `find --json`, or by a document like it."""
    asset = Asset(
        provider=str(row["provider"]), asset_id=str(row["asset_id"]), title=row.get("title"),
        media_type=row.get("media_type"),
    )  # fmt: skip
    return work_name(asset, row.get("licensed_at"), language, row.get("file_name"))
