"""A zip is never read whole by mistake, on any version of Python."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from archiver.reading.containers import CHUNK_BYTES, BoundedReader


def test_the_end_of_a_large_file_may_be_read_without_a_size_and_all_of_it_not(tmp_path: Path) -> None:
    place = tmp_path / "large.zip"
    place.write_bytes(bytes(max(BoundedReader.most, CHUNK_BYTES)) + b"the end")
    with BoundedReader(io.FileIO(place)) as file:
        file.seek(-7, io.SEEK_END)  # as zipfile of Python 3.12.1 does
        assert file.read() == b"the end"
        file.seek(0)
        with pytest.raises(zipfile.BadZipFile, match="too many members"):
            file.read()
