"""Detect a clock that was ahead when an archive was written, by the archive's timestamps."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from archiver.archive.checking.parts import archive_words, ledger_lines
from archiver.archive.reader import Archive
from archiver.archive.seal import stated_time

CLOCK_TOLERANCE = timedelta(seconds=archive_words.CLOCK_TOLERANCE_S)


def was_ahead(root: Path) -> tuple[str, str] | None:
    """Compare the time of the last sealed line with the earlier time that an authority gave its seal.

    A difference means that this machine's clock was ahead. Returns None if the two agree.
    """
    head, (size, _, tokens) = Archive(root).head(), ledger_lines.newest_checkpoint(root)
    if not head or size != head.seq + 1:
        return None
    with suppress(ValueError):  # `verify` reports this damage
        claimed, stated = str(head.fields["at"]), stated_time(tokens)
        if stated and datetime.fromisoformat(claimed) > datetime.fromisoformat(stated[0]) + CLOCK_TOLERANCE:
            return claimed, stated[0]
    return None
