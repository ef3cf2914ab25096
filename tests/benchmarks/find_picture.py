"""The licence for a mirrored, cropped picture among 100,000, by the command line.

`python tests/benchmarks/find_picture.py [LICENCES]` fills an archive as `desk_speed.py` does, then gives
`archiver find --image` a mirrored JPEG of 600 pixels that lacks a fifth of one picture, that picture resized, and a
foreign one. Prints the least seconds of time, with those of CPU, from the start of a new process; exits 1 where the
licence is not the first one found, or it took 2 s. Seconds of time depend on what else the machine does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from desk_speed import agency, fill, jpeg, scene  # type: ignore[import-not-found]  # lies beside this file
from PIL import ImageOps

LONGEST = 2.0  # seconds
TIMES = 5


def main() -> int:
    licences = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    width, height = scene(33).size
    cropped = ImageOps.mirror(scene(33)).crop((round(0.2 * width), 0, width, height))
    cropped.thumbnail((600, 600))
    asked = {"mirrored, cropped": cropped, "resized": scene(33).resize((600, 400)), "foreign": scene(77)}
    worst, wrong = 0.0, 0
    with tempfile.TemporaryDirectory() as folder, agency(Path(folder), recognises=True) as at:
        fill(at, licences)
        for name, image in asked.items():
            query = Path(folder) / "query.jpg"
            query.write_bytes(jpeg(image, 70))
            took = []
            for _ in range(TIMES):
                started, before = time.monotonic(), os.times()
                command = at.run.command("find", "--image", query, "--client", "acme", "--json")
                rows = json.loads(subprocess.check_output(command, env=at.run.env))["licences"]
                after = os.times()
                used = after.children_user + after.children_system - before.children_user - before.children_system
                took.append((time.monotonic() - started, used))
            seconds, used = min(took)
            worst = max(worst, seconds)
            first = rows[0] if rows and rows[0]["match"] != "possible" else {}
            wrong += first.get("asset_id") != (None if name == "foreign" else "133")
            print(
                f"{name:18} {seconds:5.2f} / {used:.2f} s   {[first.get(k) for k in ('licence', 'match', 'licensee')]}"
            )
    return int(wrong > 0 or worst > LONGEST)


if __name__ == "__main__":
    raise SystemExit(main())
