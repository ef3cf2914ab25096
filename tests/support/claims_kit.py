"""What tests of claims and packs share."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime
from typing import Any

from PIL import Image

from archiver.claims.claim_files import Claim
from archiver.claims.drafts import DraftContext
from archiver.claims.facts import Case, Use
from archiver.claims.rule_engine import Assessment, Verdict
from archiver.core.model import Asset, DocumentKind, Licence
from archiver.reading.letters import LetterKind
from archiver.reading.licence_json import FiledDocument, LicenceFile

BOUGHT = datetime(2026, 3, 9, tzinfo=UTC)


def licence(asset_id: str, provider: str = "shutterstock", **fields: object) -> Licence:
    known = {"kind": "standard", "licensee": "Acme Ltd", "licensed_at": BOUGHT, "order": f"PO-{asset_id}"}
    asset = Asset(provider=provider, asset_id=asset_id, title=f"Picture {asset_id}")
    return Licence(asset=asset, licence_id=f"{provider}-{asset_id}", **(known | fields))  # type: ignore[arg-type]  # by name


def jpeg(image: Image.Image, quality: int = 85) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


LICENCE = Licence(
    asset=Asset(provider="shutterstock", asset_id="1234567890", title="Harbour"), licence_id="L-1", order="PO-12",
    kind="standard", licensee="Agency Ltd", licensed_at=date(2021, 7, 15), seat="ada@acme.example",
)  # fmt: skip


CLAIM = Claim(
    claim="c", client="acme", claimant="Copytrack", reference="AB12CD", kind=LetterKind.DEMAND, amount=389.59,
    urls=("https://acme.example/news",), received=date(2026, 11, 20), deadline=date(2026, 12, 4),
    first_seen=date(2021, 8, 1), currency="EUR",
)  # fmt: skip


MATTER = DraftContext(
    file=LicenceFile(licence=LICENCE, documents=(), gaps=(), provenance={"source": "adapter"}), folder="20210715_x",
    client="Acme Ltd", platform="Shutterstock", assessed=Assessment(Verdict.COVERED, ()), agency="Agency Ltd",
    claim=CLAIM, secured="2026-11-24T02:00:00Z", assigned="2022-01-02T00:00:00Z",
)  # fmt: skip


NEVER = re.compile(
    r"apolog|sorry|regret|admit|mistake|settle|offer|goodwill|always licen|act for|issued|undertake\b|1 August"
    r"|entschuldig|leider|bedauer|einräum|\bzugeb|anerkenn|Kulanz|Angebot|vertreten|ausgestellt|389|@",
    re.IGNORECASE,
)


GETTY_LICENCE = Licence(
    asset=Asset(provider="getty_images", asset_id="123"), licence_id="9", kind="standard", licensee="ACME, Ltd.",
    licensed_at=datetime(2026, 3, 9, 12, tzinfo=UTC), order="778899",
)  # fmt: skip


CERTIFICATE = FiledDocument(
    name="certificate.pdf", kind=DocumentKind.CERTIFICATE, media_type="application/pdf", bytes=1, sha512=""
)


RECORD = FiledDocument(name="record.json", kind=DocumentKind.RECORD, media_type="application/json", bytes=1, sha512="")


def described(licence: Licence, documents: Any, gaps: Any = ()) -> LicenceFile:
    return LicenceFile(licence=licence, documents=documents, gaps=gaps, provenance={})


CASE = Case(
    file=described(GETTY_LICENCE, (RECORD, CERTIFICATE)), client_names=["Acme Limited"],
    agency_names=["Agency Ltd"], texts={"certificate.pdf": ["Licence", "Licensee: ACME, Ltd.\nDate: 9 March 2026"]},
    secured_since="2026-04-01T00:00:00Z", confirm={"en": "Ask Getty.", "de": "Getty fragen."},
)  # fmt: skip


USE = Use(first_seen=date(2026, 3, 20), kind="commercial")
