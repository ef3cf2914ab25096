"""Programs of the system that read hostile files: tesseract and pdftoppm for scans, exiftool for what Pillow does not
know.

They are started by a confined reader process only (see `worker`), and reach no more than it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from shutil import which

EXIFTOOL_TIMEOUT_S = 3.0  # less than a reader has for one document
MAX_MEMORY_KIB = 1 << 20  # of address space of each program for scans
MAX_PROCESSOR_S = {"pdftoppm": 2, "tesseract": 60}
_NAMES = ("tesseract", "pdftoppm", "exiftool")


def folders() -> list[str]:
    """Where these programs and their data lie, of what is installed."""
    found = {str(Path(program).parent) for name in _NAMES if (program := which(name))}
    return sorted(found | {each for each in (os.environ.get("TESSDATA_PREFIX"),) if each})


def recognised_text(content: bytes, media_type: str, languages: str, seconds: float) -> bytes:
    """The text that tesseract reads in a picture, or in a PDF's first page; empty if it is too slow or refuses.

    `languages` are preferred ones, as tesseract names them: `eng+deu`.
    """
    try:
        if media_type == "application/pdf":
            render = ("pdftoppm", "-png", "-r", "200", "-singlefile", "-scale-to", "2500", "-")
            content = _output_of(render, content, seconds)
        for chosen in dict.fromkeys((("-l", languages) if languages else (), ())):
            try:
                return _output_of(("tesseract", "stdin", "stdout", *chosen), content, seconds)
            except subprocess.CalledProcessError:  # a language that is not installed
                continue
    except (OSError, subprocess.SubprocessError):
        pass
    return b""


def _output_of(command: Sequence[str], content: bytes, seconds: float) -> bytes:
    if os.name == "posix":  # the shell sets what the program then runs under
        limits = f'ulimit -v {MAX_MEMORY_KIB} 2>/dev/null; ulimit -t {MAX_PROCESSOR_S[command[0]]}; exec "$0" "$@"'
        command = ("sh", "-c", limits, *command)
    # A hostile file makes them complain for hundreds of megabytes. With more threads, tesseract is slower.
    return subprocess.run(
        command, input=content, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=seconds, check=True,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
    ).stdout  # fmt: skip


def exiftool_json(content: bytes, tags: Sequence[str]) -> bytes:
    """The output of exiftool for these tags; empty if it is not installed. subprocess.TimeoutExpired if it hangs."""
    program = which("exiftool")
    if program is None:
        return b""
    command = [program, "-config", "", "-json", "-fast", *(f"-{tag}" for tag in tags), "-"]
    return subprocess.run(command, input=content, capture_output=True, timeout=EXIFTOOL_TIMEOUT_S, check=False).stdout
