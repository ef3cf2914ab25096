"""The single file that archives carry: joined from the parts, and nothing but them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from archiver.archive.checking import CARRIED
from archiver.archive.checking.build import joined, sources
from tests.structure import JOINED, PACKAGE, ROOT

BUILD = "from archiver.archive.checking.build import *; sys.stdout.buffer.write(joined(sources()).encode())"


def test_the_carried_file_is_what_the_parts_make_each_time() -> None:
    for seed in ("1", "2"):  # of Python's sets
        made = subprocess.run(
            [sys.executable, "-c", BUILD], stdout=subprocess.PIPE, env={"PYTHONHASHSEED": seed}, cwd=ROOT
        )
        assert made.stdout == CARRIED.read_bytes(), "run python -m archiver.archive.checking.build"


@pytest.mark.parametrize(
    ("part", "line", "refused"),
    [
        ("signed_notes", "from archiver.archive.checking.parts.verify_command import main", "does not come before it"),
        ("signed_notes", "from archiver.core.model import Licence", "nothing but Python's standard library"),
        ("signed_notes", "from cryptography import x509", "nothing but Python's standard library"),
        ("signed_notes", "from json import loads as read", "under another name"),
        ("signed_notes", "LEDGER = 1", "archive_words both define LEDGER"),
    ],
)
def test_no_part_takes_what_the_single_file_has_not(part: str, line: str, refused: str) -> None:
    parts = sources()
    where = "\nimport base64\n" if "import" in line else "\n\ndef public_key"
    parts[part] = parts[part].replace(where, f"\n{line}{where}", 1)
    with pytest.raises(ValueError, match=refused):
        joined(parts)


def test_nobody_imports_the_carried_file() -> None:
    folder, _, name = JOINED.rpartition(".")
    form = re.compile(rf"{re.escape(JOINED)}\b|from {re.escape(folder)} import .*\b{name}\b")
    files = [path for top in (PACKAGE, "providers", "tests", "docs") for path in (ROOT / top).rglob("*.py")]
    assert [str(path) for path in files if form.search(path.read_text("utf-8")) and path.name != "structure.py"] == []
