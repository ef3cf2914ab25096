"""A home that an earlier version made: this version reads it, runs it, verifies it and packs its licences."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.homes import ROOT, clean_environment, unversioned

EARLIER = "9c495ff1038060459121c34d496ad2455d976573"  # before the modules got their rooms and names


@pytest.mark.skipif(not shutil.which("git"), reason="git, which has the earlier program, is not installed")
@pytest.mark.long
@pytest.mark.browser
def test_a_home_of_an_earlier_version_is_read_run_verified_and_packed(tmp_path: Path) -> None:
    source = subprocess.run(["git", "-C", ROOT, "archive", EARLIER], capture_output=True, check=False)
    if source.returncode:
        pytest.skip("the history that this needs is not in this clone")
    with tarfile.open(fileobj=io.BytesIO(source.stdout)) as packed:
        packed.extractall(tmp_path / "earlier", filter="data")
    kept = tmp_path / "kept"
    environment = clean_environment(kept)

    def command(*words: str | Path, version: Path = ROOT) -> str:
        paths = environment | {"PYTHONPATH": str(version)}
        line = [sys.executable, "-m", "archiver", *map(str, words)]
        return subprocess.run(line, cwd=version, env=paths, capture_output=True, text=True, check=True).stdout

    def said(*words: str, version: Path = ROOT) -> Any:
        document = json.loads(command(*words, "--json", version=version))
        return unversioned(document) if version == ROOT else document  # earlier, documents had no version

    def covers(new: Any, old: Any) -> bool:
        """Whether the new document says all that the old one says; further keys are fine."""
        if isinstance(old, dict):
            return isinstance(new, dict) and all(key in new and covers(new[key], old[key]) for key in old)
        if isinstance(old, list):
            return isinstance(new, list) and len(new) == len(old) and all(map(covers, new, old))
        return bool(new == old)

    command("demo", "--keep", kept, version=tmp_path / "earlier")
    for words in (("find", "lighthouse"), ("status",), ("claim", "list")):
        assert covers(said(*words), said(*words, version=tmp_path / "earlier")), words
    licence = said("find", "lighthouse")[0]["licence"]
    assert said("run", "--replay", str(ROOT / "recordings"))["outcome"] == "complete"
    assert said("verify", "--roots", str(kept / "tsa-root.pem"))["state"] == "PROVEN"
    command("proof", licence, "--out", tmp_path / "pack.zip")
    assert (tmp_path / "pack.zip").stat().st_size > 50_000
