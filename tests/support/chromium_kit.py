"""The Chromiums of tests: a light one, and the whole one of a person."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archiver.browsing import chromium
from archiver.core.atomic_files import replace_file
from tests.support.homes import ROOT

SHELL = shutil.which("chromium-headless-shell")
"""Chromium without windows, where it is installed: it takes a third of the work of the whole one."""


@contextmanager
def whole_chromium() -> Iterator[None]:
    """Within it, the Chromium with windows and a viewer of PDFs is used, where there is one."""
    with pytest.MonkeyPatch.context() as patched:
        if os.environ.get("ARCHIVER_CHROMIUM") == SHELL:
            patched.delenv("ARCHIVER_CHROMIUM", raising=False)
            if sys.platform == "linux" and (found := chromium.find()):
                patched.setenv("ARCHIVER_CHROMIUM", str(_without_graphics(found.path)))
        yield


def _without_graphics(path: Path) -> Path:
    """A program that starts it without the ways of a graphics card: to emulate one takes most of its work."""
    program = ROOT / ".venv" / "cache" / "whole-chromium"
    command = f'#!/bin/sh\nexec "{path}" --disable-gpu --disable-software-rasterizer "$@"\n'
    if not program.exists() or program.read_text() != command:
        replace_file(program, command.encode())
    program.chmod(0o755)
    return program
