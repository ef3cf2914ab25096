"""Who signed a mail: the answers of the DNS are kept with it, and check its signature later without any network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from archiver.catalogue.search import located
from archiver.core.model import iso
from archiver.home.settings import Home
from archiver.reading.mail import Lookup, origin_by
from archiver.reading.worker import DocumentReader

_RESULTS = re.compile(rb"^Authentication-Results:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)


class KeptAnswers:
    """A lookup that keeps each answer of the DNS with its time: keys rotate, and the answer proves the signature later.

    `kept`: name asked for -> the TXT record, None if there is none, and when that was answered.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self.kept: dict[str, dict[str, str | None]] = {}

    def __call__(self, name: str) -> bytes | None:
        found = self._lookup(name)
        text = None if found is None else found.decode("latin-1")
        self.kept[_plain(name)] = {"txt": text, "at": iso(datetime.now(UTC))}
        return found


def origin_from(reader: DocumentReader, content: bytes, kept: Mapping[str, Mapping[str, str | None]]) -> str:
    """What a mail's signatures say, using only the kept answers.

    A signature with an expiry date may have expired since.
    """

    def lookup(name: str) -> bytes | None:
        if _plain(name) not in kept:
            raise OSError(f"the answer for {name} was not kept")
        text = kept[_plain(name)]["txt"]
        return None if text is None else text.encode("latin-1")

    return origin_by(reader, content, lookup)


def _plain(name: str) -> str:
    return name.rstrip(".").lower()


def authentication_results(content: bytes) -> list[str]:
    """What the receiving servers wrote about a mail's origin, the last one first.

    Anybody could have written the others.
    """
    head = re.split(rb"\r?\n\r?\n", content[: 1 << 20], maxsplit=1)[0].replace(b"\r\n", b"\n")
    return [" ".join(each.decode("utf-8", "replace").split())[:2000] for each in _RESULTS.findall(head)[:5]]


def origins(home: Home, licence: str) -> list[dict[str, object]]:
    """The mails of a licence that sources brought: where each was, what its signature said on arrival, and what it says
    now by the kept answers.

    ConfigError for an unknown licence.
    """
    rows = list[dict[str, object]]()
    with DocumentReader() as reader, located(home, licence, reader) as (slug, archive, entry):
        for each in entry.file.provenance.get("imports", ()):
            if "dkim_keys" not in each:
                continue
            name = each.get("document")
            content = archive.object(entry.object_id).read(name) if name else b""
            rows.append(
                {
                    "licence": f"{slug}/{entry.folder}", "document": name, "mailbox": each["mailbox"],
                    "on_arrival": each["dkim"], "now": origin_from(reader, content, each["dkim_keys"]),
                    "keys": each["dkim_keys"], "authentication_results": each["authentication_results"],
                }
            )  # fmt: skip
    return rows
