"""How quickly a lost archive comes back. `python tests/benchmarks/restore.py`

In one run: every published key is read plainly, several at a time, with the same client and without doing anything with
the bytes; then the archive is restored, which also writes it, and verifies it before it gets its name. Goal: the
restore takes at most 1 / 0.7 of the time of the plain reading. Each licence has a record and a certificate.

On a busy machine look at the processor time: wall clock then says how busy the others are. It needs SeaweedFS, as the
tests do.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(Path(__file__).parents[1])]

from archiver.core.atomic_files import FilesystemSync, remove_tree  # noqa: E402
from archiver.fleet.object_store import MAX_REQUESTS  # noqa: E402
from archiver.fleet.restore import restore  # noqa: E402
from tests.support.object_stores import seaweedfs  # noqa: E402
from tests.support.replica_kit import bucket, buy, replicated  # noqa: E402

LICENCES_AT_ONCE = 500


def measured(what: str, work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of this process's processor time."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    work()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{what}: {wall:.1f} s, {cpu:.1f} s of processor time", flush=True)
    return wall, cpu


def main(licences: int) -> None:
    with tempfile.TemporaryDirectory() as place, seaweedfs(Path(place) / "weed") as store, replicated(
        Path(place) / "agency", store, store.bucket("restore")
    ) as made:  # fmt: skip
        # How the archive is made is not measured, so nothing waits for the disk.
        with patch("os.fsync", int), patch.object(FilesystemSync, "sync", bool):
            for first in range(0, licences, LICENCES_AT_ONCE):
                buy(made, *range(first, min(licences, first + LICENCES_AT_ONCE)))
        there = bucket(made)
        keys = dict(there.keys("acme/"))
        print(f"{licences} licences: {len(keys)} keys, {sum(keys.values()) / 1e6:.1f} MB", flush=True)

        def plainly() -> None:
            with ThreadPoolExecutor(MAX_REQUESTS) as pool:
                for _ in pool.map(there.get, keys):
                    pass

        def restored() -> None:
            result = restore(made.home, bucket(made), "acme")
            assert result.state == "PROVEN", result

        remove_tree(made.run.archive())
        plain, back = measured("read plainly", plainly), measured("restored and verified", restored)
        print(f"plain reading to restore: ratio {plain[0] / back[0]:.2f} by the clock, "
              f"{plain[1] / back[1]:.2f} by processor time")  # fmt: skip


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    main(asked(__doc__, licences=(5_000, 20)).licences)
