"""Put CHECK-THIS.html together: the page on which anybody checks a pack in a browser, without a network.

It is one file: `check_page/` holds its text, style and scripts. Only the script and the style of this file may run in
it, by their digests in its Content-Security-Policy.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from archiver.archive.checking import CARRIED

_FOLDER = Path(__file__).parent / "check_page"
_SCRIPTS = ("formats.js", "pack.js", "page.js")


@cache
def check_page() -> bytes:
    """The page. The same version of the archiver always makes the same bytes."""
    own = hashlib.sha256(Path(CARRIED).read_bytes()).hexdigest()
    script = "\n".join(_text(name) for name in _SCRIPTS).replace("@VERIFIER@", own)
    style = _text("page.css")
    parts = {"script": script, "style": style, "SCRIPT": _digest(script), "STYLE": _digest(style)}
    return re.sub("@(script|style|SCRIPT|STYLE)@", lambda match: parts[match[1]], _text("page.html")).encode()


@cache
def policy() -> str:
    """The page's Content-Security-Policy, for who serves it with a header of their own."""
    found = re.search(r'Content-Security-Policy" content="([^"]+)"', check_page().decode())
    assert found
    return found[1]


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
