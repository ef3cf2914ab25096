"""Find what a person's text names: an asset that an adapter can request, or pages to open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from archiver.provider import ProviderInfo, declared, installed, load
from archiver.reading.filenames import names
from archiver.reading.unsupported_platforms import served

_NAMED = re.compile(r"([a-z0-9_]+):([\w-]+)")


@dataclass(frozen=True)
class AskedAsset:
    """An asset that a person names. `text` is the original text; `wanted` goes to the adapter."""

    text: str
    info: ProviderInfo
    asset_id: str
    wanted: str


def asked_for(text: str) -> AskedAsset | None:
    """The asset that an address, a file name or `platform:id` names, if its adapter serves single assets; else None."""
    named = _NAMED.fullmatch(text)
    found = [(named[1], named[2])] if named else [(each.platform, each.asset_id) for each in names(text)]
    for name, asset_id in found:
        info = (load(name).info if named and name in installed() else declared(name)) if asset_id else None
        if info and info.on_request and asset_id:
            # The address of an image file is not a page; its id leads to the page.
            return AskedAsset(text, info, asset_id, text if text.startswith(info.home) else asset_id)
    return None


def pages_of(text: str) -> Sequence[str]:
    """The pages to open: the given address, or the account pages of the named platform and its licence terms."""
    platform = served().get(text.lower().replace(" ", "_").replace("-", "_"))
    return [*platform.pages, *platform.terms] if platform else [text]
