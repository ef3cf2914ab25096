"""Licences that are bought, archived and packed."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from archiver.claims.claim_files import Claim
from archiver.core.model import Asset, Document, DocumentKind, Licence

BOUGHT = datetime(2021, 7, 15, 15, 46, 34, tzinfo=UTC)


TITLES = {
    "2001": ("Harbour at dawn with cranes and gulls " * 8)[:300],
    "2002": ("Рассвет над гаванью " * 15)[:300],
    "2003": ("港口黎明" * 75)[:300],
    "2004": ("ميناء عند الفجر " * 19)[:300],
}


CLAIM = Claim(claim="c", client="acme", claimant="Copytrack", reference="AB12CD", urls=("https://acme.example/1",))


def licence(asset_id: str, **fields: object) -> Licence:
    known = {"licensed_at": BOUGHT, "licensee": "Acme Ltd", "kind": "standard", "seat": "ada.example"} | fields
    asset = Asset(provider="shutterstock", asset_id=asset_id, title=TITLES.get(asset_id, "Harbour\nat dawn"))
    return Licence(asset=asset, licence_id=f"L-{asset_id}", **known)  # type: ignore[arg-type]  # by name


def document(name: str, kind: str, content: bytes) -> Document:
    media_type = "application/json" if name.endswith("json") else "application/pdf"
    return Document(name=name, kind=DocumentKind(kind), content=content, media_type=media_type)


def picture(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 400), colour).save(out, "JPEG")
    return out.getvalue()


def unpacked(zipped: Path, folder: Path) -> Path:
    with zipfile.ZipFile(zipped) as opened:
        opened.extractall(folder)
    return folder / "proof"
