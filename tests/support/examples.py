"""How many examples a property test tries: what the suite has time for, and five times as many in `make soak-long`."""

from __future__ import annotations

import os


def examples(in_the_suite: int) -> int:
    return in_the_suite * int(os.environ.get("EXAMPLES_TIMES", "1"))
