"""Fetch the platform's preview picture of an asset. It is not evidence of a licence; picture search uses it."""

from __future__ import annotations

from archiver.core.errors import SpendRefused
from archiver.core.model import Document, DocumentKind, Gap, GapReason
from archiver.provider import Request, Rules, Session
from archiver.reading.documents import End, end_of
from archiver.reading.file_ends import picture_type

PICTURES = {
    "image/jpeg": "preview.jpg", "image/png": "preview.png", "image/webp": "preview.webp", "image/gif": "preview.gif",
    "image/avif": "preview.avif",
}  # fmt: skip


async def preview(session: Session, rules: Rules, url: str | None) -> Document | Gap:
    """Return the picture at an address that the platform gave, or the reason why there is none.

    Only hosts that the adapter declares are asked. Its first bytes say what a picture is, whatever the server does.
    """

    def gap(reason: GapReason, detail: str) -> Gap:
        return Gap(kind=DocumentKind.PREVIEW, reason=reason, detail=detail)

    if not url:
        return gap(GapReason.NONE_OFFERED, "the platform's data name no preview picture")
    if not rules.permit(Request("GET", url, passive=True)):
        return gap(GapReason.UNREAD, f"the preview is at a host that this adapter does not declare: {url}")
    try:
        answer = await session.get(url)
    except SpendRefused as refused:  # on a redirect
        return gap(GapReason.UNREAD, f"the preview leads to what this adapter does not declare: {refused.detail}")
    if answer.status in (404, 410):
        return gap(GapReason.LAPSED, f"the preview is no longer at {url}")
    kind = picture_type(answer.content)
    if answer.status != 200 or kind is None:
        what = "" if answer.status != 200 or answer.media_type not in PICTURES else ", but no picture"
        return gap(GapReason.FAILED, f"{url} answered {answer.status} {answer.media_type}{what}")
    picture = Document(
        name=PICTURES[kind],
        kind=DocumentKind.PREVIEW,
        content=answer.content,
        media_type=kind,
        url=answer.url,
        retrieved_at=answer.retrieved_at,
    )
    if end_of(picture) is End.MISSING:
        return gap(GapReason.FAILED, f"{url} is a picture whose end is missing")
    return picture
