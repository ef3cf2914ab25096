"""What adapters declare for the companion, as data: `extension/platforms.js`.

The extension fetches nothing but addresses that these rules allow. A rule for a document is a GET without fields, since
the extension compares places and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from archiver.core.errors import ConfigError
from archiver.provider import ProviderInfo, Purpose, Rule, declared, installed

EXTENSION = Path(__file__).parent / "extension"
PLATFORMS = "platforms.js"
RULES_FORMAT = 1
HEAD = "What adapters declare for the companion, as data; written by `archiver companion package`."


class ExportedRules(TypedDict):
    """What `platforms.js` holds; `platforms` in the form that the extension reads."""

    format: int
    platforms: list[dict[str, object]]


def exported() -> ExportedRules:
    """The rules and sites of all installed adapters, in the form of `platforms.js`.

    Refusals of every adapter are in it, also of those without a site of their own. ConfigError for a document's rule
    that the extension could not hold to.
    """
    infos = [info for name in installed() if (info := declared(name))]
    return {
        "format": RULES_FORMAT,
        "platforms": [_platform(info) for info in sorted(infos, key=lambda info: info.name)],
    }


def as_file() -> bytes:
    """The file's bytes: a JavaScript module, which browsers load without a request. A line for each platform."""
    rules = exported()
    lines = [json.dumps(each, ensure_ascii=False) for each in rules["platforms"]]
    text = f"// {HEAD}\nexport const PLATFORMS = {{ format: {rules['format']}, platforms: [\n"
    return (text + "".join(f"{line},\n" for line in lines) + "] };\n").encode()


def _platform(info: ProviderInfo) -> dict[str, object]:
    documents = [rule for rule in info.rules.allow if rule.purpose is Purpose.DOCUMENT]
    for rule in documents:
        if rule.method != "GET" or rule.fields or not rule.url.startswith("https://"):
            raise ConfigError(
                f"The adapter {info.name} declares a document at {rule.url} that is not a plain GET over https. "
                "Declare it as a READ: the companion cannot fetch it."
            )
    site = info.companion
    return {
        "name": info.name,
        "title": info.title,
        "hosts": list(site.hosts) if site else [],
        "allow": [rule.url for rule in documents] if site else [],
        "refuse": _refused(info.rules.refuse),
        "asset": site.asset if site else "",
        "document": site.document if site else "",
        "history": list(site.history) if site else [],
        "row": site.row if site else "",
        "next": site.next if site else "",
    }


def _refused(rules: Iterable[Rule]) -> list[str]:
    """The places where a GET is refused. A rule that also asks for fields loses them, so that it refuses more."""
    return list(dict.fromkeys(rule.url for rule in rules if rule.method in ("*", "GET", "HEAD")))


if __name__ == "__main__":  # `make docs`
    (EXTENSION / PLATFORMS).write_bytes(as_file())
