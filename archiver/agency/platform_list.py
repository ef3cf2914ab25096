"""List the platforms as plain data: the declarations of adapters, and platforms that need manual work."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum

from archiver.core.errors import ConfigError, Remedy
from archiver.provider import installed, load
from archiver.provider.registry import named
from archiver.reading.unsupported_platforms import UnsupportedPlatform, served

ADAPTER, BY_HAND = "adapter", "import and attended capture"


def describe_providers(live: Mapping[str, str], say: Callable[[str], None]) -> list[dict[str, object]]:
    """Every installed adapter's declaration as plain data, then the platforms without an adapter and the reason `why`.

    `served_by` tells the two kinds apart. `pages` are the pages that `archiver capture NAME` opens. `live` maps a name
    to the day of its last passed live check. `say` gets a line for each adapter that cannot be loaded.
    """
    by_hand = served()
    described = []
    for name in installed():
        try:
            info = load(name).info
        except ConfigError as error:
            say(str(error))
            continue
        web = by_hand.get(name, UnsupportedPlatform())
        more = {
            "live": live.get(name, "never"),
            "served_by": ADAPTER,
            "why": "",
            "examined": "",
            "needed": "",
            "web": web.web,
            "pages": list(web.pages),
        }
        described.append({name: plain(value) for name, value in dataclasses.asdict(info).items()} | more)
    known = {each["name"] for each in described}
    return described + [_by_hand(name, each) for name, each in by_hand.items() if each.why and name not in known]


def adapter_named(text: str, client: str) -> str:
    """The adapter that a person means by a written name.

    ConfigError if there is none; for a platform without an adapter it says what works there instead.
    """
    by_hand = served()
    name = named(text, by_hand)
    if name in installed():
        return name
    ways = [
        Remedy("import", {"client": client}), Remedy("capture platform", {"provider": name}),
        Remedy("package companion"), Remedy("add mailbox", {"account": f"{client}-mail", "client": client}),
    ]  # fmt: skip
    title, why = by_hand[name].title, by_hand[name].why.rstrip(".")
    raise ConfigError(
        f"The archiver cannot sign in at {title}: {why}. Its proof is archived in other ways.", remedy=ways
    )


def _by_hand(name: str, platform: UnsupportedPlatform) -> dict[str, object]:
    """A platform without an adapter, with the keys of one."""
    return {
        "name": name,
        "title": platform.title,
        "methods": [],
        "scope": None,
        "listings": [],
        "documents": {"by hand": platform.documents},
        "basis": "unproven",
        "basis_detail": "nothing is automated; the pages come from public code and help pages, or are the site's "
        "front page. Not yet run against a live account",
        "automation": dict(platform.automation),
        "confirm": dict(platform.confirm),
        "terms": [{"name": "licence terms", "url": url, "kinds": []} for url in platform.terms],
        "live": "never",
        "served_by": BY_HAND,
        "why": platform.why,
        "examined": platform.examined,
        "needed": platform.needed,
        "plans": platform.plans,
        "web": "",
        "pages": list(platform.pages),
    }


def plain(value: object) -> object:
    """Convert enums and tuples to JSON values."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value
