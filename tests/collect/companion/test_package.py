"""The extension as it is packed, and its pure parts by node's own test runner."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.collect.companion.package import BrowserFamily, files_for, package
from archiver.collect.companion.site_rules import EXTENSION, PLATFORMS, as_file
from archiver.provider import Request, Rules, load

TESTS = Path(__file__).parent / "js" / "pure.test.mjs"
MAX_LINES = 1500  # of the extension's own JavaScript
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")


def sources() -> list[Path]:
    return [path for path in EXTENSION.rglob("*.js") if path.name != PLATFORMS]


def node(**env: str) -> None:
    done = subprocess.run(
        ["node", "--test", TESTS], env={**os.environ, "EXTENSION": str(EXTENSION), **env}, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@needs_node
def test_the_pure_parts_pass_their_own_tests() -> None:
    node()


def test_the_rules_in_the_extension_are_those_of_the_adapters() -> None:
    assert (EXTENSION / PLATFORMS).read_bytes() == as_file(), "run `make docs`"


@needs_node
def test_the_extension_asks_for_nothing_that_an_adapter_may_not_read(tmp_path: Path) -> None:
    """Whatever address a page shows: what the extension may ask for, the adapter's own rules allow."""
    bases = [
        "https://www.freepik.com/profile/license/pdf/7654322", "https://www.freepik.com/user/downloads",
        "https://elements.envato.com/account/downloads/ABCDEFGHIJ/license-certificate.txt",
        "https://elements.envato.com/account/downloads", "https://www.freepik.com/api/regular/download",
            "https://elements.envato.com/account/downloads??X-HTTP-Method=POST",
    ]  # fmt: skip
    pieces = [
        "..", "%2e%2e", "%2F", "/", "//", ";", "\\", "%5c", "?", "&", "#", "@", ":", "%00", "download", "cart", "api",
        "_method=DELETE", "X-HTTP-Method=POST", "\u00fc", "%", ".", "DOWNLOAD", "license-certificate.txt", "%252e",
        "\n", " ",
    ]  # fmt: skip
    found: set[str] = set()

    @settings(max_examples=200)
    @given(st.sampled_from(bases), st.lists(st.tuples(st.sampled_from(pieces), st.integers(0, 80)), max_size=4))
    def collect(base: str, changes: list[tuple[str, int]]) -> None:
        for piece, place in changes:
            base = base[:place] + piece + base[place:]
        found.update((base, quote(base, safe=":/?&=%")))

    collect()
    found |= set(bases)
    addresses = sorted(found)
    (tmp_path / "addresses.json").write_text(json.dumps(addresses))
    node(ADDRESSES=str(tmp_path / "addresses.json"), ANSWERS=str(tmp_path / "answers.json"))
    answers = json.loads((tmp_path / "answers.json").read_bytes())
    adapters = [load("freepik").info.rules, load("envato_elements").info.rules]
    taken = [each for each, may in zip(addresses, answers, strict=True) if may]
    assert set(bases[:4]) <= set(taken)
    assert not [each for each in taken if not any(_reads(rules, each) for rules in adapters)]


def _reads(rules: Rules, url: str) -> bool:
    """Whether an adapter may read what is there; the extension does not compare the keys of a query."""
    return not rules.forbidden(Request("GET", url)) and rules.declares(Request("GET", url.partition("?")[0]))


def test_one_file_makes_every_request() -> None:
    asking = re.compile(
        r"\bfetch\s*\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|downloads\.download|\beval\b"
    )
    assert [path.name for path in sources() if asking.search(path.read_text("utf-8"))] == ["request.js"]


def test_the_extension_is_small_and_asks_for_little() -> None:
    lines = {path.name: path.read_text("utf-8").splitlines() for path in sources()}
    assert sum(map(len, lines.values())) <= MAX_LINES
    assert all(each[0].startswith("// ") for each in lines.values())
    manifest = json.loads((EXTENSION / "manifest.json").read_bytes())
    assert set(manifest["permissions"]) == {"storage", "downloads", "scripting", "activeTab", "alarms", "pageCapture"}
    assert "host_permissions" not in manifest
    assert "<all_urls>" not in (EXTENSION / "manifest.json").read_text("utf-8")
    assert not {"content_scripts", "web_accessible_resources", "externally_connectable"} & set(manifest)


def test_every_word_is_there_in_both_languages() -> None:
    english, german = (
        json.loads((EXTENSION / "_locales" / each / "messages.json").read_bytes()) for each in ("en", "de")
    )
    assert english.keys() == german.keys()
    for name, each in english.items():
        assert each.get("placeholders") == german[name].get("placeholders"), name
    text = "".join(path.read_text("utf-8") for path in [*sources(), EXTENSION / "window.html"])
    used = set(re.findall(r'data-i18n="(\w+)"', text)) | set(re.findall(r'\bsay\("(\w+)"', text))
    assert used <= english.keys()


def test_the_packages_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    first, second = package(tmp_path / "one"), package(tmp_path / "two")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    for path, family in zip(first, BrowserFamily, strict=True):
        with zipfile.ZipFile(path) as packed:
            assert {name: packed.read(name) for name in packed.namelist()} == files_for(family)
    firefox = json.loads(files_for(BrowserFamily.FIREFOX)["manifest.json"])
    assert "pageCapture" not in firefox["permissions"]
    assert "service_worker" not in firefox["background"]
