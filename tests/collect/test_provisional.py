"""What a platform gives before it has made a certificate: kept as provisional, and asked for again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from archiver.claims.redaction import RedactionRules, external
from archiver.core.model import Asset, Document, DocumentKind, GapReason, Licence, Outcome
from archiver.devkit.example.acme_stock import AcmeStock
from archiver.devkit.example.acme_stock_web import AcmeStockSite
from archiver.provider import AnyProvider, Page, Response, installed, load
from archiver.reading.documents import CertificateForm
from archiver.reading.licence_json import from_json
from archiver.reading.worker import DocumentReader
from tests.authoring.envato_elements import Item
from tests.authoring.freepik import Resource
from tests.authoring.scenario import pdf
from tests.support.sync_kit import Desk, Quiet, Site, reader

__all__ = ["reader"]

ITEM, RESOURCE = Item(0), Resource(0)
ACME = ("Licence L-1", "Asset 70031: Heron", "Kind: standard", "Licensee: Acme Ltd", "Date: 2026-11-20")


def listed(provider: str, asset_id: str, day: date, **fields: Any) -> Licence:
    key = () if "licence_id" in fields else ("ada", asset_id, "premium", day.isoformat())
    return Licence(asset=Asset(provider=provider, asset_id=asset_id), licensed_at=day, key=key, **fields)


def pending(*facts: str) -> tuple[str, ...]:
    """A paper that has these facts, and says nothing that only a final one says."""
    return (*facts, "Your certificate is being prepared and will be e-mailed within 24 hours.")


ELEMENTS = listed("envato_elements", ITEM.item_id, ITEM.day, licence_id=ITEM.code)
FREEPIK = listed("freepik", RESOURCE.resource_id, RESOURCE.day, kind=RESOURCE.kind.lower())
STOCK = listed("acme_stock", "70031", date(2026, 11, 20), licence_id="L-1", licensee="Acme Ltd")
PLATFORMS: Mapping[str, tuple[AnyProvider, Licence, bytes, Sequence[bytes]]] = {
    "freepik": (
        load("freepik")(), FREEPIK, RESOURCE.certificate(),
        [
            pdf([*pending(f"Resource: {RESOURCE.resource_id}", "Status: pending")]),
            pdf([*pending(f"Resource: {RESOURCE.resource_id}", "Licensee: Ada Example")]),
            # Whatever else it states: a status that is not one of being done.
            pdf([f"Resource: {RESOURCE.resource_id}", "Licensee: Ada Example", "License: Premium",
                 f"Download date: {RESOURCE.day}", "Status: in Bearbeitung"]),
        ],
    ),
    "envato_elements": (
        load("envato_elements")(), ELEMENTS, ITEM.certificate().encode(),
        [
            "\n".join(pending(f"Item {ITEM.item_id}")).encode(),
            ITEM.certificate().replace(f"{ITEM.day:%B}", "not before ").encode(),
        ],
    ),
    "acme_stock": (AcmeStock(), STOCK, pdf([*ACME]), [pdf([*pending(ACME[0], "Expired: 2026-01-02", ACME[3])])]),
    "acme_stock_web": (AcmeStockSite(), STOCK, pdf([*ACME]), [pdf([*pending(ACME[0], ACME[1])])]),
}  # fmt: skip


def test_each_platform_with_certificates_is_among_these() -> None:
    offering = {name for name in installed() if load(name).info.documents.get("certificate") == "offered"}
    assert offering <= {*PLATFORMS}
    assert all(adapter.info.certificate for adapter, *_ in PLATFORMS.values())


class Steady(Quiet):
    """A session that gets the same text again."""

    content = b""

    async def get(self, url: str, *, query: object = None, headers: object = None) -> Response:
        return Response(200, url, {}, self.content, datetime.now(UTC))


CASES = [(name, number) for name, case in PLATFORMS.items() for number in range(len(case[3]))]


@pytest.mark.parametrize(("platform", "number"), CASES)
def test_a_provisional_document_is_kept_and_asked_for_until_a_final_one_joins(
    tmp_path: Any, reader: DocumentReader, monkeypatch: pytest.MonkeyPatch, platform: str, number: int
) -> None:
    adapter, licence, final, provisional = PLATFORMS[platform]
    monkeypatch.setattr(Site, "info", replace(Site.info, certificate=adapter.info.certificate))
    monkeypatch.setattr(Site, "text_layouts", adapter.text_layouts)
    monkeypatch.setattr(Site, "read_certificate", lambda _, *given: adapter.read_certificate(*given))
    desk, session = Desk(tmp_path, reader), Steady()
    kind = "txt" if adapter.text_layouts else "pdf"
    name = f"certificate.{kind}"

    def sync(content: bytes) -> Any:
        session.content = content
        document = Document(
            name=name, kind=DocumentKind.CERTIFICATE, content=content, url="https://acme.example/c",
            media_type={"txt": "text/plain", "pdf": "application/pdf"}[kind],
        )  # fmt: skip
        desk.today += timedelta(1)
        return desk.sync(lambda _: [Page([licence], 1)], lambda _: document, session=session)

    def stored() -> tuple[Any, Any]:
        with desk.open() as (archive, catalogue):
            [entry] = catalogue.entries()
            found = archive.reader.object(entry.object_id)
            return found, from_json(found.read("licence.json"))

    early = provisional[number]
    for night in range(6):  # six nights in a row it is asked for, and one paper is kept
        result = sync(early + b"\n" * night if kind == "pdf" else early)
        assert (result.outcome, result.exit_code) == (Outcome.PARTIAL, 40)
        assert "only a provisional certificate" in result.message
        assert "could not be fetched" not in result.message
    found, file = stored()
    assert [gap.reason for gap in file.gaps] == [GapReason.PROVISIONAL] and len(found.versions) == 1
    assert found.read(f"provisional-{name}") == early

    result = sync(final)
    assert (result.outcome, len(result.completed)) == (Outcome.COMPLETE, 1)
    found, file = stored()
    assert file.gaps == () and len(found.versions) == 2
    assert {each.kind: found.read(each.name) for each in file.documents if each.kind.native} == {
        DocumentKind.PROVISIONAL: early, DocumentKind.CERTIFICATE: final,
    }  # fmt: skip
    assert file.licence.licensee in ("Ada Example", "Acme Ltd")
    packed = external(found, RedactionRules(file=file), reader)
    assert [place.rpartition("/")[2] for place in packed.withheld if name in place] == [f"provisional-{name}"]
    assert sync(early).outcome is Outcome.COMPLETE, "nothing is asked for any more"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_final_certificate_is_final_at_once(platform: str, reader: DocumentReader) -> None:
    adapter, licence, final, _ = PLATFORMS[platform]
    text = reader.read(final, "text/plain" if adapter.text_layouts else "application/pdf").text
    form = CertificateForm(None, adapter.info.certificate, adapter.read_certificate)
    assert form.lacking(licence, text) == ()
