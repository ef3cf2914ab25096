"""`PackWords`: the words of packs, reports and drafts in one language, out of a room's `wording.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archiver.claims.facts import DocumentPlace
from archiver.core import localised
from archiver.core.packaged_data import packaged_yaml
from archiver.provider import Confirm
from archiver.reading.licence_json import ATTENDED_PREFIX, COMPANION_PREFIX, IMPORT_PREFIX, FiledDocument

LANGUAGES = ("en", "de")
Wording = dict[str, dict[str, str | dict[str, str]]]  # language -> key -> a text, or a table of texts

BY_HAND = {IMPORT_PREFIX: "imported_kinds", ATTENDED_PREFIX: "attended_kinds", COMPANION_PREFIX: "companion_kinds"}
"""How the names of documents begin that a person brought, and the wording that says what they are."""


@dataclass(frozen=True)
class PackWords:
    """The words of one language, out of the `wording.yaml` of a room."""

    language: str
    room: str = "archiver.claims"

    def __call__(self, key: str, **facts: object) -> str:
        text = str(self._all[key])
        return text.format_map(facts) if facts else text

    @property
    def _all(self) -> dict[str, str | dict[str, str]]:
        return packaged_yaml(Wording, self.room, "wording.yaml")[self.language]

    def of(self, table: str, key: str) -> str:
        """A word out of a table: of kinds, reasons or names."""
        return self.table(table)[key]

    def table(self, name: str) -> Mapping[str, str]:
        """A whole table of words, by their keys."""
        found = self._all[name]
        assert isinstance(found, dict)
        return found

    def moment(self, text: str | None) -> str | None:
        """`2021-07-15T15:46:34Z` or `2021-07-15` in words."""
        return localised.moment(text, self.language) or None

    def month(self, text: str) -> str:
        """`2026-11` in words."""
        return localised.month(text, self.language)

    def number(self, count: int) -> str:
        """`12,345`, `12.345`."""
        return localised.number(count, self.language)

    def count(self, key: str, number: int, **facts: object) -> str:
        """A text that depends on a number: `key_one` or `key_many`, the plural forms of English and German."""
        return self(f"{key}_{'one' if number == 1 else 'many'}", count=self.number(number), **facts)

    def document(self, document: FiledDocument) -> str:
        """What a document is. Those that no adapter fetched, but a person brought, are named so."""
        for prefix, kinds in BY_HAND.items():
            if document.name.startswith(prefix) and document.kind in self.table(kinds):
                return self.of(kinds, document.kind)
        return self.of("kinds", document.kind)

    def basis(self, place: DocumentPlace) -> str:
        """Where a finding's fact stands, in words; empty for nowhere."""
        document = self.table("places").get(place.document or "", place.document or "")
        return self("rests", document=document, page=place.page) if place.page else document


def confirmation(confirm: Confirm, platform: str, words: PackWords) -> str:
    """How the platform confirms a licence, and who may ask, as far as that is known in this language."""
    if words.language == "de" and not confirm.german:
        return words("confirm_ask", platform=platform)
    how = confirm.how[:1].upper() + confirm.how[1:].rstrip(".")
    return words("confirm_how", how=how, who=confirm.who.rstrip("."), german=confirm.german)
