"""JSON that no two programs read differently."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from archiver.archive.checking.parts.archive_words import Malformed, must

MAX_JSON_DEPTH = 100


def decoded(data: bytes, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Parse JSON. Raises Malformed for invalid text, for `NaN`, for half characters, and for more than
    MAX_JSON_DEPTH levels: programs differ in what they make of these.
    """
    try:
        text = data.decode()
        found = json.loads(text, object_pairs_hook=pairs, parse_constant=_no_number) if pairs else _plain(text)
        if data.count(b"{") + data.count(b"[") > MAX_JSON_DEPTH:
            must(_is_flat(found), "not valid JSON (nested too deeply)")
        if b"\\u" in data:
            json.dumps(found, ensure_ascii=False).encode()
    except Malformed:
        raise
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not valid JSON ({error})") from None
    return found


def _no_number(name: str) -> None:
    raise Malformed(f"not valid JSON ({name} is no number)")


_plain = json.JSONDecoder(parse_constant=_no_number).decode  # one decoder for all ledger lines


def _is_flat(tree: Any) -> bool:
    """Return whether JSON has at most MAX_JSON_DEPTH levels of objects and lists."""
    level = [tree]
    for _ in range(MAX_JSON_DEPTH + 1):
        inside = [each for each in level if isinstance(each, (dict, list))]
        level = [one for each in inside for one in (each.values() if isinstance(each, dict) else each)]
        if not inside:
            return True
    return False
