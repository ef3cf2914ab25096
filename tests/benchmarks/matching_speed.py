"""How long the licence for a picture takes to find among 100,000, and what an index of a million weighs.

`python tests/benchmarks/matching_speed.py` fills a catalogue with synthetic hashes and vectors and a few
real pictures, then asks for those: from the start of a process to the answer, and in a warm one. Wall-clock seconds
depend on what else the machine does, so CPU seconds stand beside them. Prints how many pictures a core indexes a
second, too. Exits 1 where a million pictures would need more than 1.5 GB.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from random import Random

import archiver.catalogue  # noqa: F401  # isort: skip  # before NumPy, whose threads it limits
import numpy as np
from PIL import Image, ImageDraw

from archiver.catalogue.embedding import Embedder
from archiver.catalogue.index import Catalogue
from archiver.catalogue.matcher import Matcher
from archiver.catalogue.matching import Indexed
from archiver.catalogue.picture_index import VectorFile
from archiver.core.model import Asset, Licence
from archiver.reading.fingerprint import decode, fingerprint, preview
from archiver.reading.licence_json import to_json

REAL = 8
OTHERS = 97  # pictures that stand for the previews of the synthetic ones
KINDS = ("hash answers", "points answer", "in a page", "not there")


def scene(seed: int) -> Image.Image:
    """A picture with points to find."""
    noise = np.random.default_rng(seed).integers(70, 190, (600, 900, 3), np.uint8)
    chance, image = Random(seed), Image.fromarray(noise)
    draw = ImageDraw.Draw(image)
    for _ in range(160):
        x, y, size = chance.randrange(900), chance.randrange(600), round(8 + 120 * chance.random() ** 3)
        corners = [(x + chance.randint(-size, size), y + chance.randint(-size, size)) for _ in range(5)]
        draw.polygon(corners, (chance.randrange(256), chance.randrange(256), chance.randrange(256)))
    return image


def jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def queries() -> dict[str, bytes]:
    page = Image.new("RGB", (1440, 900), "white")
    page.paste(scene(2).resize((660, 440)), (700, 380))
    pictures = (scene(0).resize((600, 400)), scene(1).crop((150, 100, 800, 560)), page, scene(REAL + 1))
    return dict(zip(KINDS, map(jpeg, pictures), strict=True))


def fill(folder: Path, pictures: int) -> None:
    """A catalogue of this many pictures of as many licences, the last ones real; and the real previews."""
    path = folder / "acme.sqlite"
    with Catalogue(path):
        pass
    chance = np.random.default_rng(0)
    licence = Licence(asset=Asset(provider="example", asset_id="ASSET"), licence_id="ASSET")
    described = to_json(licence, [], [], {"source": "adapter"}).decode()
    hashes = chance.integers(0, 1 << 63, (pictures, 4), np.uint64)
    previews = [jpeg(scene(seed).resize((512, 341))) for seed in range(REAL)]
    first = pictures - REAL + 1
    for number, content in enumerate(previews, first):
        hashes[number - 1] = np.frombuffer(fingerprint(decode(content)).hash, np.uint64)
        (folder / str(number)).write_bytes(content)
    for number in range(OTHERS):
        (folder / f"other-{number}").write_bytes(jpeg(scene(1000 + number).resize((512, 341))))
    with sqlite3.connect(path) as db:
        db.executemany(
            """INSERT INTO licence (id, object_id, folder, comp, withdrawn, described, lines)
                VALUES (?, ?, ?, 0, 0, ?, '[]')""",
            ((n, str(n), str(n), described.replace("ASSET", str(n)).encode()) for n in range(1, pictures + 1)),
        )
        db.executemany(
            "INSERT INTO picture VALUES (?1, ?1, 'preview.jpg', ?2, 0, 1)",
            ((n, hashes[n - 1].tobytes()) for n in range(1, pictures + 1)),
        )
    file = VectorFile(folder / "acme.vectors")
    for start in range(1, pictures + 1, 10_000):
        made = chance.standard_normal((min(10_000, pictures + 1 - start), 512), np.float32)
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        file.write(dict(enumerate(made, start)))
    file.write(dict(enumerate(Embedder()([decode(content).image for content in previews]), first)))


def ask(folder: Path, matcher: Matcher) -> Callable[[bytes], list[tuple[str, str]]]:
    """What a command does: opens the catalogue, then has the matcher's process answer."""
    matcher.prepare()
    index = Catalogue(folder / "acme.sqlite").pictures()

    def load(picture: Indexed) -> bytes:
        path = folder / picture.object_id
        return (path if path.exists() else folder / f"other-{int(picture.object_id) % OTHERS}").read_bytes()

    def answer(content: bytes) -> list[tuple[str, str]]:
        return [(each.picture.object_id, each.word) for each in matcher.match(content, [index], load)]

    return answer


def cold(folder: Path, kind: str) -> None:
    """The life of a process that answers once."""
    import archiver.cli.commands  # noqa: F401  # as the command line has it

    with Matcher() as matcher:
        found = ask(folder, matcher)(queries()[kind])
    print(json.dumps({"found": found, "cpu": sum(os.times()[:4])}))


def main(asked: Namespace) -> int:
    pictures, asked_for = asked.pictures, dict(list(queries().items())[: asked.queries])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, pictures)
        size = sum(path.stat().st_size for path in folder.glob("acme.*"))
        weight = sum(path.stat().st_size for path in (folder / "acme.vectors",)) + pictures * 110
        matcher = Matcher()
        answer = ask(folder, matcher)
        for content in asked_for.values():
            answer(content)
        print(f"{pictures} pictures; seconds of time, and from the start of a process also of CPU")
        for kind, content in asked_for.items():
            started = time.perf_counter()
            found = answer(content)
            warm = time.perf_counter() - started
            started = time.perf_counter()
            done = subprocess.run(
                [sys.executable, __file__, "--cold", name, kind], capture_output=True, text=True, check=True
            )
            passed, told = time.perf_counter() - started, json.loads(done.stdout)
            assert [tuple(each) for each in told["found"]] == found
            print(f"{kind:14} warm {warm:.2f}   cold {passed:.2f} / {told['cpu']:.2f}, "
                  f"ratio {passed / warm:.1f}   {found[:1]}")  # fmt: skip
        million = weight / pictures * 1_000_000
        print(f"with descriptions {size >> 20} MB; hashes and vectors of a million pictures: {million / 1e9:.2f} GB")
    contents = [jpeg(scene(seed)) for seed in range(20)]
    embedder = Embedder(threads=1)
    embedder([scene(0)])
    started = time.process_time()
    printed = [(picture := decode(content), fingerprint(picture), preview(picture))[2] for content in contents]
    hashed = time.process_time() - started
    started = time.process_time()
    embedder([decode(content).image for content in printed])
    embedded = time.process_time() - started
    print(f"a core fingerprints {20 / hashed:.0f} pictures a second and embeds {20 / embedded:.0f}")
    return int(million > 1.5e9)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--cold"]:
        cold(Path(sys.argv[2]), sys.argv[3])
    else:
        from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

        sys.exit(main(asked(__doc__, pictures=(100_000, 1_000), queries=(4, 1))))
