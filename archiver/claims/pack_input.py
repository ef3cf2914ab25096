"""The licences to pack, and the check that each is unchanged since it was archived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from archiver.archive.checking.parts import archive_words, ocfl_object, one_proof
from archiver.archive.reader import Archive, StoredObject
from archiver.archive.seal import strict_checker
from archiver.catalogue.index import CatalogueEntry
from archiver.claims.pack_pages import Demand
from archiver.claims.pack_words import PackWords
from archiver.claims.redaction import Disclosure, RedactionRules, external
from archiver.claims.rule_engine import Assessment
from archiver.core.errors import IntegrityError
from archiver.core.model import DocumentKind, TermsReference
from archiver.provider import ProviderInfo
from archiver.reading.licence_json import LicenceFile, from_json
from archiver.reading.worker import DocumentReader


@dataclass(frozen=True)
class LicenceToPack:
    """One licence to hand over: its place in the archive, its client and its platform.

    `own` are further names of the client that the pack may show. `assigned_at` is the time of the assignment.
    """

    archive: Archive
    entry: CatalogueEntry
    client_name: str
    provider_info: ProviderInfo | None  # None where there is no adapter
    own: tuple[str, ...] = ()
    assigned_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class PackOptions:
    """How to pack. `others` are the names of all other clients, which must stay out. `pictures` are the claimant's.
    `accounts` and `elsewhere` are as in `RedactionRules`. `verdicts`, by licence folder, are internal.

    `roots` are the timestamp roots that the home pins; a pack whose timestamps do not hold against them is refused.

    `now` becomes the bag's date. `timestamped` gives proof.pdf a signature and a document timestamp, or says why it
    has no timestamp. Packs of the same licences differ only in these two.
    """

    now: datetime
    language: str = "en"
    claim: Demand | None = None
    pictures: Sequence[bytes] = ()
    others: Sequence[str] = ()
    accounts: Sequence[str] = ()
    elsewhere: Callable[[set[str]], bool] = lambda _: False
    internal: bool = False
    roots: Path | None = None
    timestamped: Callable[[bytes], tuple[bytes, Sequence[str]]] | None = None
    verdicts: Mapping[str, Assessment] = field(default_factory=dict)


@dataclass(frozen=True)
class VerifiedLicence:
    """A licence that was verified, and what of it may be disclosed."""

    packed: LicenceToPack
    stored: StoredObject
    file: LicenceFile
    private: RedactionRules
    tier: Disclosure
    terms: Sequence[tuple[TermsReference, StoredObject]]

    def newest(self) -> Iterator[tuple[str, DocumentKind | None, bytes, bool]]:
        """For each file of the newest version: its name, kind, bytes, and whether it is withheld."""
        kinds = {each.name: each.kind for each in self.file.documents}
        for name, file in sorted(self.stored.files().items()):
            place = file.path.relative_to(self.stored.path).as_posix()
            yield name, kinds.get(name), self.stored.read(name), place in self.tier.withheld


def verify_licence(packed: LicenceToPack, order: PackOptions, reader: DocumentReader) -> VerifiedLicence:
    """Verify all files of a licence, also the withheld ones, because excerpts are made from them."""
    stored = packed.archive.object(packed.entry.object_id)
    refuse(ocfl_object.check_object(stored.path, f"{stored.folder}/").findings)
    file = from_json(stored.read("licence.json"))
    own = {each.casefold() for each in (packed.client_name, *packed.own)}
    others = [each for each in order.others if each.casefold() not in own]
    codes = [*packed.provider_info.bearer_of(file.licence).values()] if packed.provider_info else []
    private = RedactionRules(
        file=file, mark=PackWords(order.language)("withheld"), others=others, own=(packed.client_name, *packed.own),
        accounts=order.accounts, elsewhere=order.elsewhere, bearer=codes,
    )  # fmt: skip
    terms = [(each, packed.archive.object(each.id)) for each in file.terms]
    return VerifiedLicence(packed, stored, file, private, external(stored, private, reader), terms)


def refuse(findings: Sequence[archive_words.Finding]) -> None:
    """IntegrityError if one of these findings is damage."""
    if damage := [f"{finding.path} {finding.message}" for finding in findings if finding.damage]:
        raise IntegrityError("; ".join(damage[:3]))


def check_pinned(proof: Path, roots: Path | None) -> None:
    """IntegrityError if a proof's timestamps do not hold against these roots, if the home pins any."""
    if roots:
        refuse(one_proof.verify_proof(proof, roots, checker=strict_checker()).findings)
