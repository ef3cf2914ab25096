"""Thumbnails for an audit's report, drawn in the confined reader process, since the pictures come from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archiver.reading.fingerprint import Picture, decode, preview
from archiver.reading.worker import DocumentReader, ReaderFailed

if TYPE_CHECKING:
    from archiver.reading.worker import Channel, ReaderJob

THUMBNAIL_SIDE_PX = 220
SCREEN_SIDE_PX = 480
SCREEN_RATIO = 0.75  # of the top of a page, height to width
THUMBNAIL_TIMEOUT_S = 20.0


def thumbnail(reader: DocumentReader, picture: bytes) -> bytes:
    """A small JPEG of the picture; empty where it cannot be made."""
    return _drawn(reader, "drawing", picture)


def screen_thumbnail(reader: DocumentReader, screenshot: bytes) -> bytes:
    """A small JPEG of the top of a page; empty where it cannot be made."""
    return _drawn(reader, "drawing_screen", screenshot)


def _drawn(reader: DocumentReader, job: str, picture: bytes) -> bytes:
    if not picture:
        return b""
    try:
        return b"".join(reader.stream(f"{__name__}:{job}", picture, THUMBNAIL_TIMEOUT_S))
    except ReaderFailed:
        return b""


def drawing_screen() -> ReaderJob:
    """The job of the reader process for the top of a page."""

    def work(content: bytes, channel: Channel) -> bytes:
        image = decode(content).image
        top = image.crop((0, 0, image.width, min(image.height, round(image.width * SCREEN_RATIO))))
        channel.tell(preview(Picture(*top.size, top), SCREEN_SIDE_PX))
        return b""

    return work


def drawing() -> ReaderJob:
    """The job of the reader process."""

    def work(content: bytes, channel: Channel) -> bytes:
        channel.tell(preview(decode(content), THUMBNAIL_SIDE_PX))
        return b""

    return work
