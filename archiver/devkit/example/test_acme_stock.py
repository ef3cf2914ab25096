"""Every recording, through a real run. What it must come to stands in its expected.yaml."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_recordings() -> None:
    recordings = sorted(path.parent for path in (Path(__file__).parent / "recordings").glob("*/*/session.yaml"))
    command = [sys.executable, "-m", "archiver", "recording", "check", *map(str, recordings)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
