"""The demo where most people try it first: without a browser, and again in the same folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.homes import ROOT, nothing_but_openssl


def demo(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the demo where no browser can be found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVER_")}
    env = kept | nothing_but_openssl(folder / "tools") | {"PYTHONPATH": str(ROOT)} | variables
    return subprocess.run(
        [sys.executable, "-m", "archiver", "demo", *arguments], env=env, cwd=folder, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.longest
@pytest.mark.skipif(sys.platform == "win32", reason="making a link takes a right on Windows")
def test_without_a_browser_the_demo_does_the_job_and_says_what_it_left_out(tmp_path: Path) -> None:
    done = demo(tmp_path, "--keep", "kept")
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout.splitlines()
    assert len(told) <= 40
    assert any(re.search(r"acme-shutterstock +complete", line) for line in told)
    [out] = [line for line in told if "Left out" in line]
    assert "Envato Elements, Freepik" in out
    assert "playwright install chromium" in told[told.index(out) + 1]
    kept = tmp_path / "kept"
    assert {"proof.zip", "proof.html", "letter.eml", "side-by-side.png"} <= {path.name for path in kept.iterdir()}
    assert not (kept / "proof.pdf").exists()
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(kept / "proof.zip", unpacked)
    checker = [sys.executable, str(unpacked / "proof/data/07_integrity/verify.py"), "--proof", str(unpacked / "proof")]
    checked = subprocess.run(checker, capture_output=True, text=True, check=False)
    assert checked.returncode == 4 and "beside them: NOT EVIDENCE" in checked.stdout, checked.stdout + checked.stderr

    desk = subprocess.Popen(
        f"{told[-1]} --no-open --port 0", shell=True, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=os.environ
    )  # as printed, from where the person stands
    assert desk.stderr
    first = desk.stderr.readline()
    subprocess.run(["pkill", "-P", str(desk.pid)], check=False)
    desk.kill()
    desk.communicate()
    assert "The desk is open" in first

    (kept / "mine.txt").write_text("mine")
    (kept / "made-by-archiver-demo.txt").unlink()
    refused = demo(tmp_path, "--keep", "kept")
    assert refused.returncode == 2 and "that no demo made" in refused.stderr
    assert (kept / "mine.txt").exists()
