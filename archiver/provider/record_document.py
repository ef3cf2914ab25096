"""Make documents from answers: the platform's own data as a record, and unaltered certificates."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from archiver.core.errors import NotACertificate
from archiver.core.model import Asset, Document, DocumentKind, Gap, GapReason
from archiver.provider.contract import Response, redact_url


def record(url: str, retrieved_at: datetime | None = None, **parts: object) -> Document:
    """Make `record.json`: what the platform answered, each part under a name of ours.

    Every adapter's record has the part `row`, the list's row. Some add others (`asset`: the asset's details).
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


def certificate(answer: Response, name: str, media_type: str) -> Document | Gap:
    """The certificate in an answer, which core reads and checks; NotACertificate if the platform refused it."""
    if answer.status == 410:
        detail = f"the platform says that {redact_url(answer.url)} is gone for good"
        return Gap(kind=DocumentKind.CERTIFICATE, reason=GapReason.LAPSED, detail=detail)
    if answer.status != 200:
        raise NotACertificate(f"{redact_url(answer.url)} answered {answer.status}")
    return Document(
        name=name,
        kind=DocumentKind.CERTIFICATE,
        content=answer.content,
        media_type=media_type,
        url=answer.url,
        retrieved_at=answer.retrieved_at,
        length_stated=answer.length_stated,
    )


def titled(asset: Asset, title: str | None, contributor: str | None) -> Asset:
    """The asset with the title and contributor that a paper says, unless the paper lost letters that the list has."""
    return replace(asset, title=_readable(title, asset.title), contributor=_readable(contributor, asset.contributor))


def _readable(paper: str | None, listed: str | None) -> str | None:
    """What the paper says, or what the list says where the paper says nothing or has more signs for lost letters."""
    return listed if not paper or (listed and _lost(paper) > _lost(listed)) else paper


def _lost(text: str) -> int:
    """How many signs in a text may stand for letters that a font or a code page could not show."""
    return text.count("?") + text.count("\N{REPLACEMENT CHARACTER}")
