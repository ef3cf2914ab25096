"""The extension as browsers take it: a zip for Chromium's family and one for Firefox, the same bytes every time."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from archiver.collect.companion.site_rules import EXTENSION, PLATFORMS, as_file
from archiver.core.atomic_files import replace_file

_DATE = (2026, 1, 1, 0, 0, 0)  # of every file in a zip, so that the time of packing changes nothing
_FOR_FIREFOX_ALONE = ("browser_specific_settings",)
_FOR_CHROMIUM_ALONE = ("minimum_chrome_version",)


class BrowserFamily(StrEnum):
    CHROMIUM = "chromium"
    FIREFOX = "firefox"


def files_for(family: BrowserFamily) -> dict[str, bytes]:
    """The extension's files for one family of browsers, with the rules of all installed adapters."""
    files = {
        path.relative_to(EXTENSION).as_posix(): path.read_bytes()
        for path in sorted(EXTENSION.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    manifest = _manifest(json.loads(files["manifest.json"]), family)
    files["manifest.json"] = (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
    files[PLATFORMS] = as_file()
    return files


def _manifest(manifest: dict[str, Any], family: BrowserFamily) -> Mapping[str, Any]:
    """The manifest without what the other family alone understands."""
    firefox = family is BrowserFamily.FIREFOX
    for name in _FOR_CHROMIUM_ALONE if firefox else _FOR_FIREFOX_ALONE:
        del manifest[name]
    del manifest["background"]["service_worker" if firefox else "scripts"]
    if firefox:  # it has no MHTML, and no schema for policies in the extension
        manifest["permissions"].remove("pageCapture")
        del manifest["storage"]
    return manifest


def package(out: Path) -> list[Path]:
    """Write `archiver-companion-VERSION-BROWSER.zip` for each family into a folder; the paths."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for family in BrowserFamily:
        path = out / zip_name(family)
        replace_file(path, zipped(files_for(family)), 0o644)
        made.append(path)
    return made


def zip_name(family: BrowserFamily) -> str:
    version = json.loads((EXTENSION / "manifest.json").read_bytes())["version"]
    return f"archiver-companion-{version}-{family}.zip"


def unpack(out: Path, family: BrowserFamily) -> None:
    """Write the extension's files into a folder, for browsers that load it unpacked."""
    for name, content in files_for(family).items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        replace_file(out / name, content, 0o644)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip whose bytes depend on the files alone; not compressed, since compressors differ between versions."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, files[name])
    return packed.getvalue()
