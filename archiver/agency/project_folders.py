"""Find licensed files in project folders that are named after a client, and suggest that client."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.agency.unassigned import Suggestion, Unassigned, named_in
from archiver.catalogue.index import Catalogue
from archiver.collect.import_reader import FileReading, recognised
from archiver.collect.recognition import ClassifiedFile
from archiver.core.errors import ConfigError
from archiver.core.progress import Progress
from archiver.home.settings import HOUSE, Client, Home
from archiver.reading.worker import DocumentReader

if TYPE_CHECKING:
    from archiver.catalogue.picture_index import PictureIndex


def from_folder(home: Home, folder: Path, rows: Sequence[Unassigned], progress: Progress) -> list[Unassigned]:
    """The licences whose files are in project folders named after a client, with these suggestions added.

    An asset's id in its name or embedded data identifies a file; so does the digest of an imported file, or the
    picture. If an asset was licensed more than once, its file does not say for which licence, so none is proposed.
    Nothing is written, and links are not followed.
    """
    if not folder.is_dir():
        raise ConfigError(f"The folder {folder} does not exist. Name one with --from-folder.")
    clients = home.customers()
    by_asset, by_digest, by_id = (
        defaultdict[tuple[str, str], list[Unassigned]](list),
        dict[str, Unassigned](),
        dict[str, Unassigned](),
    )
    for row in rows:
        asset = row.entry.licence.asset
        by_asset[asset.provider, asset.asset_id.casefold()].append(row)
        by_id[row.entry.object_id] = row
        for each in row.entry.file.provenance.get("imports", ()):
            by_digest[each["sha256"]] = row
    found: dict[int, Unassigned] = {}
    with DocumentReader() as reader, Catalogue(home.catalogue(HOUSE)) as catalogue:
        pictures = catalogue.pictures(unassigned=True)
        for seen in recognised([folder], FileReading(home=home.root, reader=reader, progress=progress)):
            whose = _whose(seen.path, clients)
            if whose is None:
                continue
            known = _known(seen, by_asset, by_digest, by_id, pictures)
            for row, how in known if len(known) == 1 else ():
                reason = f"{seen.path} is in a folder of {home.client(whose).name}; {how}"
                row.suggestions.append(Suggestion(whose, "folder", reason))
                found[id(row)] = row
    return list(found.values())


def _whose(path: str, clients: Sequence[Client]) -> str | None:
    """The client named by the innermost folder that names one; None if that folder names several, or no folder does."""
    for part in reversed(re.split(r"[/!]", path)[:-1]):
        if named := named_in(part, clients):
            return named.pop() if len(named) == 1 else None
    return None


def _known(
    seen: ClassifiedFile,
    by_asset: Mapping[tuple[str, str], list[Unassigned]],
    by_digest: Mapping[str, Unassigned],
    by_id: Mapping[str, Unassigned],
    pictures: PictureIndex,
) -> list[tuple[Unassigned, str]]:
    """The licences that this file belongs to, and the reason. The most reliable sign decides."""
    if row := by_digest.get(seen.sha256):
        return [(row, "it is identical to the imported file")]
    for each in seen.named:
        if each.asset_id and (rows := by_asset.get((each.platform, each.asset_id.casefold()))):
            return [(row, f"its name or data contains {each.quote!r}") for row in rows]
    if seen.fingerprint is None or seen.fingerprint.flat:
        return []
    alike = [by_id[near.object_id] for near, _, _ in pictures.near(seen.fingerprint) if near.object_id in by_id]
    assets = {(row.entry.provider, row.entry.licence.asset.asset_id) for row in alike}
    return [(row, "it shows the picture") for row in by_asset[_key(alike[0])]] if len(assets) == 1 else []


def _key(row: Unassigned) -> tuple[str, str]:
    return row.entry.provider, row.entry.licence.asset.asset_id.casefold()
