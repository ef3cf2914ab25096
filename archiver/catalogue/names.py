"""Names of licences for completion in a shell: straight from the search indexes, without opening the archives."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

MAX_NAMES = 60


def licence_names(indexes: Path, beginning: str) -> Iterator[tuple[str, str]]:
    """Short ids that begin like `beginning`, with or without their client, and the day and platform of each.

    `indexes` is the folder of the search indexes. An index that is missing, busy or old gives no names.
    """
    client, slash, part = beginning.rpartition("/")
    for path in sorted(indexes.glob(f"{client or '*'}.sqlite" if slash else "*.sqlite")):
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=0.1)) as db:
            query = "SELECT folder, licensed_at FROM licence WHERE folder >= ? AND folder < ? AND NOT comp LIMIT ?"
            by_client = slash or path.stem.startswith(beginning)
            wanted = part if slash else ("" if by_client else beginning)
            for folder, day in db.execute(query, (wanted, wanted + "\uffff", MAX_NAMES)):
                yield (f"{path.stem}/{folder}" if by_client else folder), (day or "")[:10]
