"""Plays drawn changes of platforms and prints a table: `python tests/platform_changes/run.py --count 200 --seed 1`.

`--only web` plays the kinds with that in their names; `--show` prints what each faulty change drew, and what was said.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

if __name__ == "__main__":
    # A package in the environment has `tests`, too, and would be taken for these.
    sys.modules["tests"] = tests = ModuleType("tests")
    tests.__path__ = [str(Path(__file__).parents[1])]
    sys.path.insert(0, str(Path(__file__).parents[2]))
    sys.exit(importlib.import_module("tests.platform_changes.table").main())
