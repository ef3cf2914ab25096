"""Detect a clock that was ahead when an archive was written, by the archive's timestamps."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from archiver.archive.checking.parts import archive_words, ledger_lines, timestamp_tokens
from archiver.archive.reader import Archive
from archiver.core.atomic_files import read_file

CLOCK_TOLERANCE = timedelta(seconds=archive_words.CLOCK_TOLERANCE_S)


def was_ahead(root: Path) -> tuple[str, str] | None:
    """Compare the time of the last sealed line with the earlier time that an authority gave its seal.

    A difference means that this machine's clock was ahead. Returns None if the two agree.
    """
    head, (size, _, tokens) = Archive(root).head(), ledger_lines.newest_checkpoint(root)
    if not head or size != head.seq + 1:
        return None
    with suppress(archive_words.Malformed, ValueError, OSError):  # `verify` reports this damage
        times = [timestamp_tokens.Token.parse(read_file(path)).time for path in tokens]
        claimed = str(head.fields["at"])
        if times and datetime.fromisoformat(claimed) > datetime.fromisoformat(min(times)) + CLOCK_TOLERANCE:
            return claimed, min(times)
    return None
