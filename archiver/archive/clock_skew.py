"""Detect a clock that was ahead when an archive was written, by the archive's timestamps."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from archiver.archive import verify
from archiver.archive.reader import Archive
from archiver.core.atomic_files import read_file

CLOCK_TOLERANCE = timedelta(seconds=verify.CLOCK_TOLERANCE_S)


def was_ahead(root: Path) -> tuple[str, str] | None:
    """What the last sealed line of an archive claims, and the earlier time that an authority states of its seal: then
    this machine's clock was ahead. None where they agree."""
    head, (size, _, tokens) = Archive(root).head(), verify.newest_checkpoint(root)
    if not head or size != head.seq + 1:
        return None
    with suppress(verify.Malformed, ValueError, OSError):  # `verify` names what is wrong there
        times = [verify.Token.parse(read_file(path)).time for path in tokens]
        claimed = str(head.fields["at"])
        if times and datetime.fromisoformat(claimed) > datetime.fromisoformat(min(times)) + CLOCK_TOLERANCE:
            return claimed, min(times)
    return None
