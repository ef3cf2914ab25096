"""Certificate texts as data: labelled lines, and the layouts that were seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from archiver.domain import Moment
from archiver.reading.dates import moment


def labelled(text: str, labels: Sequence[str]) -> dict[str, str]:
    """The values behind labels: `Label:   value`, `Label  value`, or the value one line below.

    The first occurrence counts; a label without a value is absent.
    """
    names = "|".join(map(re.escape, labels))
    line_of = re.compile(rf"\s*({names})(?::|\s{{2,}}|\t|\s*$)\s*(.*?)\s*$")
    found: dict[str, str] = {}
    waiting: str | None = None
    for line in text.splitlines():
        if match := line_of.match(line):
            label, value = match[1], match[2]
            waiting = None if value else label
        else:
            label, value, waiting = waiting or "", line.strip(), waiting if not line.strip() else None
        if label and value:
            found.setdefault(label, " ".join(value.split()))
    return found


@dataclass(frozen=True, kw_only=True)
class ElementsCertificate:
    """An Envato Elements licence certificate, in any of its three layouts.

    To about 2025: one licence per item and registered project. Since about 2026: no project, a licence name. AI tools:
    ids and code are UUIDs, no author. Layouts as seen in copies that buyers published.
    """

    item_id: str | None
    code: str | None
    title: str | None
    author: str | None
    licensee: str | None
    project: str | None
    kind: str | None
    licensed_at: Moment | None


_ELEMENTS = (
    "Item Title", "Item URL", "Item ID", "Item Source", "Author Username", "Licensee", "Registered Project Name",
    "License Name", "License Date", "Item License Code",
)  # fmt: skip


def elements_certificate(text: str) -> ElementsCertificate:
    """Read a certificate's labelled lines; what it does not say is None."""
    found = labelled(text, _ELEMENTS)
    licensed_at = None
    with suppress(KeyError, ValueError):
        licensed_at = moment(found["License Date"])
    project = found.get("Registered Project Name")
    perpetual = "perpetual" if re.search(r"\bperpetual\b", text, re.IGNORECASE) else None
    return ElementsCertificate(
        item_id=found.get("Item ID"),
        code=found.get("Item License Code"),
        title=found.get("Item Title"),
        author=found.get("Author Username"),
        licensee=found.get("Licensee"),
        project=project,
        kind=found.get("License Name") or ("single-use project" if project else perpetual),
        licensed_at=licensed_at,
    )
