"""One licence as a person reads it, from the document of `show --json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archiver.catalogue.views import secured_in_words
from archiver.core.remedy import Remedy
from archiver.provider import declared
from archiver.reading.stated_values import StatedValue, ValueOrigin

type Section = tuple[str, Sequence[tuple[str, object]]]
"""A heading, and the pairs of a name and a value below it."""

UNITS = ("bytes", "kB", "MB", "GB")


def size(number: int) -> str:
    """A size for people, in decimal units: `673 bytes`, `1.2 MB`."""
    value, unit = float(number), 0
    while value >= 1000 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{number} {'byte' if number == 1 else 'bytes'}" if not unit else f"{value:.1f} {UNITS[unit]}"


def sections(described: Mapping[str, Any]) -> Iterator[Section]:
    """The sections that `show` prints, of a licence or of an erased one."""
    if described["state"] == "ERASED":
        yield described["licence"], [
            ("state", f"ERASED on {described['erased_at']}; its digests stay in a tombstone"),
            ("reason", described["reason"]), ("secured", described["secured_since"] or "not yet by a timestamp"),
        ]  # fmt: skip
        return
    title = described["title"] or "Without a title"
    yield title, list(_facts(described))
    if described["documents"]:
        yield "Documents", [
            (each["name"], f"{each['kind']}, {size(each['bytes'])}, {_since(each['secured_since'])}")
            for each in described["documents"]
        ]  # fmt: skip
    if described["gaps"]:
        details = described["gap_details"]
        yield "Missing", [(kind, _gap(reason, details.get(kind))) for kind, reason in described["gaps"].items()]
    if described["terms"]:
        terms = [(each["relation"].replace("_", " "), each["id"].rpartition(":")[2]) for each in described["terms"]]
        yield "Licence terms", terms
    if described["assignments"]:
        yield "Assigned", [
            (str(each["at"])[:10], f"to {each['client']} by {each['by']}: {each['reason'] or 'no reason given'}"
             + ("" if each["held"] else " (taken back)"))
            for each in described["assignments"]
        ]  # fmt: skip
    named = {"licence": str(described["licence"])}
    further = (("documents", "open"), ("proof", "pack licence"), ("all details", "show raw"))
    yield "Next", [(what, Remedy(action, named).command) for what, action in further]


def _facts(of: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    info = declared(of["provider"])
    provenance = of["provenance"]
    origins = {name: _origin(StatedValue(**each)) for name, each in of["stated"].items()}
    yield "licence", of["licence"]
    yield "platform", f"{info.title if info else of['provider']}, asset {of['asset_id']}{origins['asset_id']}"
    yield "kind", of["kind"]
    yield "licensed on", (of["licensed_at"] or "an unknown day") + _origin(StatedValue(**of["stated"]["licensed_at"]))
    yield (
        "licensee",
        (of["licensee"] or "not named in what was archived") + _origin(StatedValue(**of["stated"]["licensee"])),
    )
    yield "secured", secured_in_words(of)
    yield "qualified time", "; ".join(map(_qualified, of["qualified_times"]))
    captured = str(provenance.get("captured_at") or "")[:10]
    yield "archived", " ".join(filter(None, (captured, "by", provenance.get("source"))))
    yield "account", ", seat ".join(filter(None, (provenance.get("account"), of["seat"])))
    yield "plan", ", ends ".join(filter(None, (of["plan"], of["plan_ends"])))
    yield "order", of["order"]
    yield "said for", ", ".join(f"{key} {value}" for key, value in of["client_hints"].items())
    yield "contributor", of["asset"]["contributor"]
    yield "legal hold", of.get("hold")


def _origin(stated: StatedValue) -> str:
    """Where a value comes from, in brackets; empty for the platform's own data, which is the rule."""
    origin = {
        ValueOrigin.PLATFORM: "",
        ValueOrigin.PAPER: f"read in {stated.document or 'an imported list'}",
        ValueOrigin.PERSON: f"stated by {stated.by} on {(stated.on or '')[:10]}",
        ValueOrigin.UNRECORDED: "the archive does not record where this comes from",
    }[stated.origin if stated.value else ValueOrigin.PLATFORM]
    others = (f"{name} says {text}" if text else f"not in {name}" for name, text in stated.elsewhere.items())
    words = "; ".join(filter(None, (origin, *others)))
    return f" ({words})" if words else ""


def _qualified(of: Mapping[str, Any]) -> str:
    """What is kept about a timestamp that states to be qualified."""
    if of["country"]:
        return f"{of['time']}, according to the trusted list of {of['country']} of {of['list_of'][:10]} (kept)"
    return f"{of['time']}, not shown to be qualified: no trusted list is kept. {Remedy('trusted lists')}".rstrip(".")


def _since(day: str | None) -> str:
    return f"secured since {day}" if day else "not yet secured"


def _gap(reason: str, detail: str | None) -> str:
    words = reason.replace("_", " ")
    return detail if detail and detail.startswith(words) else f"{words}: {detail}" if detail else words
