"""What `archiver --help` and a completion take beside many licences, as a shell waits for them.

`python tests/benchmarks/command_speed.py` makes a catalogue of 10,000 licences and prints the CPU of each, the lowest
of some, and its ratio to that of a Python that does nothing; exits 1 if help takes over 0.15 s, or a completion 0.2 s.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(Path(__file__).parents[1])]

from archiver.home.settings import Home  # noqa: E402  # as above
from tests.benchmarks.arguments import asked  # noqa: E402
from tests.benchmarks.find_speed import fill  # noqa: E402
from tests.support.homes import begun  # noqa: E402

ROUNDS = 3
MOST = {"--help": 0.15, "__complete show 2020": 0.2}  # seconds


def cost(*command: str, env: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    given = asked(__doc__ or "", licences=(10_000, 1000))
    slow = 0
    with tempfile.TemporaryDirectory() as folder:
        home = begun(Path(folder))
        kept = Home.load(home.root).state / "catalogue" / "acme.sqlite"
        kept.parent.mkdir(parents=True, exist_ok=True)
        fill(kept, given.licences)
        bare = min(cost(sys.executable, "-c", "", env=dict(os.environ)) for _ in range(ROUNDS))
        for what, most in MOST.items():
            took = min(cost(*home.command(*what.split()), env=home.env) for _ in range(ROUNDS))
            print(f"archiver {what:22} {took:.3f} s, ratio {took / bare:.1f}", flush=True)
            slow += took > most
    return int(slow > 0 and not given.quick)


if __name__ == "__main__":
    sys.exit(main())
