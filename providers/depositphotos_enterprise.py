"""Depositphotos Enterprise, by its own API: the licences of a company's group, with their parties and transfers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import override

from archiver.browsing.preview import preview
from archiver.core.model import Asset, Document, DocumentKind, Gap, GapReason, Licence
from archiver.provider import History, JsonObject, ProviderInfo, Session
from archiver.provider.layout_errors import known_layout
from archiver.provider.record_document import record
from providers.depositphotos import API, AUTOMATION, PAGING, DepositphotosApi, instant_or_day, method, over_tls, rules

# Fields that are filled in when licensing, by their names at Depositphotos.
HINTS = {"project": "project", "client": "client", "purchaseOrder": "purchase_order", "isbn": "isbn", "other": "other"}


class DepositphotosEnterprise(DepositphotosApi):
    LOGIN = "loginEnterprise"
    info = ProviderInfo.beside(
        __file__,
        methods=(
            method("the Enterprise API key from your manager at Depositphotos, with a user's login and password"),
        ),
        rules=rules(
            "loginEnterprise",
            {
                "getLicensedItems": (*PAGING, "dp_user_id"),
                "getTransferredLicenses": (*PAGING, "dp_user_id"),
                "getGroupCompDownloads": (*PAGING, "dp_user_id"),
                "getTransactionLicenseInfo": ("dp_transaction_id",),
            },
        ),
        listings=("licensed", "transferred", "comps"),
        automation=AUTOMATION,
    )

    @override
    def history(self, session: Session) -> Sequence[History]:
        """Settings: `user_id` lists one user's licences only (default: all that this user may see)."""
        user = session.settings.get("user_id")
        only = {"dp_user_id": user} if user else {}
        lists = {
            "licensed": ("getLicensedItems", _licensed),
            "transferred": ("getTransferredLicenses", _transferred),
            "comps": ("getGroupCompDownloads", _comp),
        }
        return [
            History(name, self.listed(session, command, "downloads", licence, **only))
            for name, (command, licence) in lists.items()
        ]

    @override
    async def documents(self, session: Session, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        if licence.comp:
            yield record(API, session.now(), row=licence.row)
        else:
            transaction = str(licence.row["itemTransactionId"])
            answer = await self.ask(session, "getTransactionLicenseInfo", True, dp_transaction_id=transaction)
            details, gap = answer.json(), self.info.gap(DocumentKind.CERTIFICATE)
            if details["type"] == "success":
                with known_layout(answer):
                    fuller = _fuller(licence, details)
                yield fuller
            else:
                said = "Depositphotos knows no more of this transaction, so the record holds what the list says of it"
                gap = replace(gap, reason=GapReason.LAPSED, detail=said)
            parts = ("license", "transaction", "item", "from", "to", "transferredTo", "error")
            told = {name: details[name] for name in parts if name in details}
            yield record(API, answer.retrieved_at, row=licence.row, transaction_license_info=told)
            yield gap
        picture = licence.row.get("preview")
        yield await preview(session, self.info.rules, over_tls(picture) if picture else None)


def _licensed(row: JsonObject) -> Licence:
    """A row of getLicensedItems; the kind comes with the transaction."""
    return Licence(
        asset=_item(row),
        licence_id=str(int(row["itemTransactionId"])),
        listing="licensed",
        licensed_at=instant_or_day(row["datetime"]),
        dated=str(row["datetime"]),
        seat=(row.get("actor") or {}).get("username"),
        client_hints={ours: str(row[name]) for name, ours in HINTS.items() if row.get(name)},
        row=row,
    )


def _transferred(row: JsonObject) -> Licence:
    """A row of getTransferredLicenses: the same transaction, and the receiver's licence."""
    licence = _licensed(row)
    key = (str(licence.licence_id), "transfer", str(int(row["licenseTransferId"])))
    return replace(licence, licence_id=None, key=key, listing="transferred")


def _comp(row: JsonObject) -> Licence:
    """A row of getGroupCompDownloads: a file without watermark, and no licence."""
    asset = _item(row)
    return Licence(
        asset=asset,
        key=(str(row["userId"]), asset.asset_id, "comp", str(row["datetime"])),
        listing="comps",
        kind="comp",
        licensed_at=instant_or_day(row["datetime"]),
        dated=str(row["datetime"]),
        seat=(row.get("actor") or {}).get("username"),
        comp=True,
        row=row,
    )


def _item(row: JsonObject) -> Asset:
    return Asset(
        provider="depositphotos_enterprise",
        asset_id=str(int(row["itemId"])),
        title=row.get("filename"),
        contributor=(row.get("seller") or {}).get("username"),
        media_type=row.get("itemType"),
    )


def _fuller(licence: Licence, details: JsonObject) -> Licence:
    """The licence with its kind, the party that it names, and the fields that were filled in for it."""
    kind, item = details["license"], details["item"] or {}
    holder = details["transferredTo" if licence.listing == "transferred" else "to"] or {}
    fields = {
        HINTS.get(each["name"], each["name"]): str(each["value"])
        for each in kind.get("fields") or ()
        if each.get("value")
    }
    return replace(
        licence,
        kind=f"{kind['name']} editorial"
        if item.get("isEditorial", licence.row.get("editorial"))
        else str(kind["name"]),
        licensee=holder.get("company") or holder.get("fullName") or None,
        client_hints={**fields, **licence.client_hints},
    )
