"""The licence for a mirrored, cropped picture among 100,000, by the command line.

`python tests/benchmarks/find_picture.py` fills an archive as `desk_speed.py` does, then gives
`archiver find --image` a mirrored JPEG of 600 pixels that lacks a fifth of one picture, that picture resized, and a
foreign one. Prints the least seconds of time, with those of CPU, from the start of a new process, and their ratio to
finding a word; exits 1 where the licence is not the first one found, or it took 2 s. Seconds of time depend on what
else the machine does.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from argparse import Namespace
from pathlib import Path

from desk_speed import agency, fill, jpeg, scene  # type: ignore[import-not-found]  # lies beside this file
from PIL import ImageOps

LONGEST = 2.0  # seconds


def main(asked: Namespace) -> int:
    width, height = scene(33).size
    cropped = ImageOps.mirror(scene(33)).crop((round(0.2 * width), 0, width, height))
    cropped.thumbnail((600, 600))
    images = {"mirrored, cropped": cropped, "resized": scene(33).resize((600, 400)), "foreign": scene(77)}
    worst, wrong = 0.0, 0
    with tempfile.TemporaryDirectory() as folder, agency(Path(folder), recognises=True) as at:
        fill(at, asked.licences)

        def found(*words: str | Path) -> tuple[tuple[float, float], list[dict[str, str]]]:
            """The least seconds of time and of CPU, and the licences."""
            took = []
            for _ in range(asked.times):
                started, before = time.monotonic(), os.times()
                command = at.run.command("find", *words, "--client", "acme", "--json")
                rows = json.loads(subprocess.check_output(command, env=at.run.env))["licences"]
                after = os.times()
                used = after.children_user + after.children_system - before.children_user - before.children_system
                took.append((time.monotonic() - started, used))
            return min(took), rows

        (_, bare), _ = found("nowhere")
        for name, image in images.items():
            query = Path(folder) / "query.jpg"
            query.write_bytes(jpeg(image, 70))
            (seconds, used), rows = found("--image", query)
            worst = max(worst, seconds)
            first = rows[0] if rows and rows[0]["match"] != "possible" else {}
            wrong += first.get("asset_id") != (None if name == "foreign" else "133")
            print(f"{name:18} {seconds:5.2f} / {used:.2f} s, ratio {used / bare:.2f}   "
                  f"{[first.get(key) for key in ('licence', 'match', 'licensee')]}")  # fmt: skip
    return int(wrong > 0 or (worst > LONGEST and not asked.quick))


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    raise SystemExit(main(asked(__doc__, licences=(100_000, 200), times=(5, 1))))
