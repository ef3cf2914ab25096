"""The record of a licence: the platform's own data, unchanged, in one readable file."""

from __future__ import annotations

import json
from datetime import datetime

from archiver.domain import Document, DocumentKind


def record(url: str, retrieved_at: datetime | None = None, **parts: object) -> Document:
    """`record.json`: what the platform answered, part by part, each under a name of ours.

    The part `row` is the list's row, in every adapter's record; others add to it (`asset`: the asset's details).
    """
    content = json.dumps(parts, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
    return Document(
        name="record.json",
        kind=DocumentKind.RECORD,
        content=content,
        media_type="application/json",
        url=url,
        retrieved_at=retrieved_at,
    )
