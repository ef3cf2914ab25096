"""What a person's words name: an asset of a platform that is asked for single assets, or pages to open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from archiver.provider import ProviderInfo, declared, installed, load
from archiver.reading.filenames import names
from archiver.reading.unsupported_platforms import served

_NAMED = re.compile(r"([a-z0-9_]+):([\w-]+)")


@dataclass(frozen=True)
class Asked:
    """An asset that a person names, as it was written; `wanted` is what its adapter is asked for."""

    text: str
    info: ProviderInfo
    asset_id: str
    wanted: str


def asked_for(text: str) -> Asked | None:
    """The asset that an address, a file's name or `platform:id` names, where its platform is served by asking."""
    named = _NAMED.fullmatch(text)
    found = [(named[1], named[2])] if named else [(each.platform, each.asset_id) for each in names(text)]
    for name, asset_id in found:
        info = (load(name).info if named and name in installed() else declared(name)) if asset_id else None
        if info and info.on_request and asset_id:
            # A picture's own address is no page; the page is found by the id in it.
            return Asked(text, info, asset_id, text if text.startswith(info.home) else asset_id)
    return None


def pages_of(text: str) -> Sequence[str]:
    """The pages to open for what was asked: an address, or those of a platform's account, by its name."""
    platform = served().get(text.lower().replace(" ", "_").replace("-", "_"))
    return platform.pages if platform else [text]
