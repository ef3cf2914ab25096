"""Writes the project's authored recordings: `python tests/authoring/write.py`, deterministic, output is committed.

All names, titles and numbers are invented. Shapes follow the vendors' published documentation where there is one, and
the adapters' declared assumptions where there is none. What an adapter must make of each scenario is written down
here from the same invented facts, without asking the adapter. One file for each platform.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

PLATFORMS = (
    "adobe_stock", "depositphotos", "envato_elements", "envato_market", "free", "freepik", "getty", "shutterstock",
)  # fmt: skip

if __name__ == "__main__":
    # A package in the environment has `tests`, too, and would be taken for these.
    sys.modules["tests"] = tests = ModuleType("tests")
    tests.__path__ = [str(Path(__file__).parents[1])]
    for platform in PLATFORMS:
        importlib.import_module(f"tests.authoring.{platform}").write()
