"""An agency whose archives have the licences of a simulated site, and what an audit got right and wrong there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.support.agency import Agency, certificate, preview, record
from tests.support.claims_kit import licence
from tests.support.simulated_site import (
    COVERED,
    EDITORIAL,
    FREE,
    LICENSED,
    NAMED,
    OTHER,
    OWN,
    REASONS,
    STOCK,
    UNPROVEN,
    SimulatedSite,
    Work,
    preview_of,
)


def fill(at: Agency, works: Iterable[Work]) -> None:
    """Archive the licences of these works for Acme, or for Beta where the truth says so."""
    filed: dict[str, list[Any]] = {"acme": [], "beta": []}
    for work in works:
        if work.role not in LICENSED:
            continue
        owner, named = ("beta", "Beta GmbH") if work.role == OTHER else ("acme", "Acme Ltd")
        kind = {EDITORIAL: "editorial", FREE: "Free"}.get(work.role, "standard")
        lines = ["License certificate", f"Image ID: {work.asset_id}", f"Licensee: {named}", kind.capitalize()]
        papers = [record()] if work.role == UNPROVEN else [record(), certificate(*lines)]
        known = licence(work.asset_id, work.platform, licensee=named, kind=kind)
        filed[owner].append((known, [*papers, preview(preview_of(work.number))]))
    for owner, theirs in filed.items():
        if theirs:
            at.archive(owner, *theirs)


@dataclass
class Measured:
    """Counts; `wrong` are lines about each fault."""

    found: int = 0
    shown: int = 0
    licensed: int = 0
    recognised: int = 0
    covers: int = 0
    but: int = 0
    merged: int = 0
    stock: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)


def measure(site: SimulatedSite, made: Mapping[str, Any], kinds: Iterable[str] = ("shown", "published")) -> Measured:
    """Compare a report with the truth: pictures by page, and each answer with the work that the address shows."""
    result = Measured()
    pages_of: dict[int, set[str]] = {}
    for row in made["pictures"]:
        paths = [path_of(each) for each in row["addresses"]]
        works = {site.work_of[path] for path in paths if path in site.work_of}
        for work in works:
            pages_of.setdefault(work, set()).update(path_of(each) for each in row["pages"])
        if len(works) > 1:
            result.merged += 1
            result.wrong.append(f"merged {works}")
        for work in works:
            _judge(result, site, work, row, {site.edit_of.get(path, "") for path in paths})
    for kind in kinds:
        for page, shown in getattr(site, kind).items():
            for work in shown:
                result.shown += 1
                if page in pages_of.get(work, ()):
                    result.found += 1
                else:
                    result.lost.append(f"{kind} {page} {work} {site.role(work)}")
    return result


def _judge(result: Measured, site: SimulatedSite, work: int, row: Mapping[str, Any], edits: set[str]) -> None:
    role, answer = site.role(work), row["answer"]
    rules = {each["rule"] for each in row["reasons"]}
    named = any("shutterstock_" in each for each in row["addresses"])  # a copy without its name shows no sign
    expected = "looks_like_stock" if role == STOCK and named else "unknown"  # of what has no licence
    said = f"{role} {work} {sorted(edits)}: {answer} {sorted(rules)}"
    if role in LICENSED:
        result.licensed += 1
        recognised = answer in ("licence_covers", "licence_but")
        result.recognised += recognised
        if not recognised:
            result.missed[f"{role} {'+'.join(sorted(edits))}"] += 1
    if answer == "licence_covers":
        result.covers += 1
        credited = role == FREE and all("Freepik" in str(site.files.get(path_of(each))) for each in row["pages"])
        if role not in (COVERED, NAMED) and not credited:
            result.wrong.append(f"covers: {said}")
    elif answer == "licence_but":
        result.but += 1
        if role not in LICENSED:
            result.wrong.append(f"no such licence: {said}")
        elif not rules & REASONS.get(role, {"compare", "named_only", "no_credit", "free_site"}):
            result.wrong.append(f"reason: {said}")
    elif answer != expected and role not in LICENSED:
        result.wrong.append(f"answer: {said}")
    if answer == "looks_like_stock":
        result.stock += 1
        if role == OWN:
            result.wrong.append(f"own photograph: {said}")


def path_of(address: str) -> str:
    """Without the host, with the number of a PDF's page."""
    parts = urlsplit(address)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.path}{query}#{page}" if (page := parts.fragment.partition("&")[0]) else f"{parts.path}{query}"
