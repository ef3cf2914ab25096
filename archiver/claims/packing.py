"""Find licences by name and pack them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from archiver.catalogue.archives import authorities_of, check_key, check_whole
from archiver.catalogue.index import CatalogueEntry
from archiver.catalogue.search import archives, assigned_at, catalogue_of, located
from archiver.core.errors import ConfigError
from archiver.home.connections import network_of, trusted_roots
from archiver.home.settings import HOUSE, Home
from archiver.provider import declared
from archiver.reading.worker import DocumentReader

if TYPE_CHECKING:
    from pyhanko.sign.signers import Signer

    from archiver.claims.pack_input import LicenceToPack
    from archiver.claims.pack_pages import Demand
    from archiver.claims.rule_engine import Assessment


@dataclass(frozen=True, kw_only=True)
class ProofRequest:
    """What goes into a pack besides the licences. `verdicts` are internal, by licence folder.

    If several archives have a licence, the copy of the client `prefer` counts. `signer` signs proof.pdf.
    """

    language: str = "en"
    internal: bool = False
    claim: Demand | None = None
    pictures: Sequence[bytes] = ()
    prefer: str | None = None
    verdicts: Mapping[str, Assessment] = field(default_factory=dict)
    signer: Signer | None = None


def proof(
    home: Home, names: Sequence[str], out: Path, request: ProofRequest, *,
    warn: Callable[[str], None] = lambda _: None, progress: Callable[[int, int], None] = lambda *_: None,
) -> list[Path]:  # fmt: skip
    """Write the proof pack of these licences with `write_proof`. Refuses damaged licences and never overwrites."""
    from archiver.browsing import chromium
    from archiver.claims import pdf_timestamp
    from archiver.claims.pack_input import PackOptions
    from archiver.claims.proof_pack import write_proof  # imported late because it loads the browser code

    authorities, post = authorities_of(home), network_of(home).post
    if authorities and chromium.find():  # else there will be no PDF
        Thread(target=pdf_timestamp.load, daemon=True).start()
    with DocumentReader() as reader:
        packed = [_to_pack(home, name, reader, request.prefer) for name in names]
    clients = {each.archive.root.name for each in packed}
    others = [
        name
        for client in home.clients.values()
        if client.slug not in {*clients, HOUSE}
        for name in (client.slug, client.name, *client.aliases, *client.domains)
    ]
    numbers = [number for each in packed for number in _numbers(each.entry)]
    with DocumentReader() as reader, ExitStack() as stack:
        catalogues = [stack.enter_context(catalogue_of(home, slug, reader))[1] for slug in archives(home)]
        order = PackOptions(
            now=datetime.now(UTC), language=request.language, internal=request.internal, claim=request.claim,
            pictures=request.pictures, others=others, verdicts=request.verdicts, roots=trusted_roots(home),
            accounts=[each.username for each in home.accounts() if each.username],
            timestamped=lambda pdf: pdf_timestamp.signed_and_timestamped(pdf, request.signer, authorities, post),
            elsewhere=lambda words: any(each.names_another(words, numbers) for each in catalogues),
        )  # fmt: skip
        return write_proof(packed, out, order, warn, progress)


def is_written(out: Path) -> bool:
    """Whether there is a pack of this name. One that a killed command left unfinished is removed."""
    from archiver.claims import proof_pack  # imported late because it loads the browser code

    return proof_pack.is_written(out)


def _to_pack(home: Home, name: str, reader: DocumentReader, prefer: str | None) -> LicenceToPack:
    from archiver.claims.pack_input import LicenceToPack

    with located(home, name, reader, prefer=prefer) as (slug, archive, entry):
        if not entry.held:
            raise ConfigError(
                f"{entry.short_id} was assigned to another client. It proves nothing for {slug}. Name another licence."
            )
        client = home.client(slug)
        check_key(home, slug)
        check_whole(home, slug)
        own = (slug, *client.aliases, *client.domains)
        return LicenceToPack(archive, entry, client.name, declared(entry.provider), own, assigned_at(archive, entry))


def _numbers(entry: CatalogueEntry) -> list[str]:
    licence = entry.licence
    return [each for each in (licence.asset.asset_id, licence.licence_id, licence.order, *licence.key) if each]
