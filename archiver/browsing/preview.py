"""Fetch the platform's preview picture of an asset. It is not evidence of a licence; picture search uses it."""

from __future__ import annotations

from archiver.core.errors import SpendRefused
from archiver.core.model import Document, DocumentKind, Gap, GapReason
from archiver.provider import Request, Rules, Session

PICTURES = {"image/jpeg": "preview.jpg", "image/png": "preview.png", "image/webp": "preview.webp"}
ENDS = {"image/jpeg": b"\xff\xd9", "image/png": b"IEND\xaeB`\x82"}  # a WebP states its length instead
MAX_TRAILING_BYTES = 1024  # servers and cameras append some bytes after the end


async def preview(session: Session, rules: Rules, url: str | None) -> Document | Gap:
    """Return the picture at an address that the platform gave, or the reason why there is none.

    Only hosts that the adapter declares are asked.
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
    if answer.status != 200 or answer.media_type not in PICTURES:
        return gap(GapReason.FAILED, f"{url} answered {answer.status} {answer.media_type}")
    if not whole(answer.media_type, answer.content):
        return gap(GapReason.FAILED, f"{url} is a picture whose end is missing")
    return Document(
        name=PICTURES[answer.media_type],
        kind=DocumentKind.PREVIEW,
        content=answer.content,
        media_type=answer.media_type,
        url=answer.url,
        retrieved_at=answer.retrieved_at,
    )


def whole(media_type: str, content: bytes) -> bool:
    """Return whether a picture is complete. A platform may send half of one as if it were all."""
    if media_type == "image/webp":
        return len(content) >= 8 + int.from_bytes(content[4:8], "little")
    return ENDS[media_type] in content[-MAX_TRAILING_BYTES:]
