"""Depositphotos Enterprise, by its own API: the licences of a company's group, with their parties and transfers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, override

from archiver.browsing.preview import preview
from archiver.domain import Asset, Document, DocumentKind, Gap, GapReason, Licence
from archiver.provider import Basis, Confirm, History, ProviderInfo, Scope, Session
from archiver.reading.layout import known_layout
from archiver.reading.records import record
from providers.depositphotos import (
    API,
    AUTOMATION,
    SITE,
    DepositphotosApi,
    instant_or_day,
    method,
    over_tls,
    rules,
)

# Fields that are filled in when licensing, by their names at Depositphotos.
HINTS = {
    "project": "project",
    "client": "client",
    "purchaseOrder": "purchase_order",
    "isbn": "isbn",
    "other": "other",
}


class DepositphotosEnterprise(DepositphotosApi):
    LOGIN = "loginEnterprise"
    info = ProviderInfo(
        name="depositphotos_enterprise",
        title="Depositphotos Enterprise",
        home=f"{SITE}/enterprise.html",
        login_url=f"{SITE}/login.html",
        methods=(
            method("the Enterprise API key from your manager at Depositphotos, with a user's login and password"),
        ),
        rules=rules(
            "loginEnterprise",
            "getLicensedItems",
            "getTransferredLicenses",
            "getGroupCompDownloads",
            "getTransactionLicenseInfo",
        ),
        scope=Scope.ORGANISATION,
        listings=("licensed", "transferred", "comps"),
        identity="the transaction id, which Depositphotos numbers (its licence id names a kind of licence). A transfer "
        "makes another licence, known by transaction and transfer id. Comps: user, item and time",
        documents={
            "record": "offered",
            "preview": "offered",
            "certificate": "none as a file; the record holds what Depositphotos states: licence, licensor, licensee, "
            "transfer",
            "receipt": "not fetched; the record names the invoice's id",
        },
        client_hints="project, client, purchase order, ISBN and other, as entered when licensing",
        basis=Basis.DOCUMENTED,
        basis_detail="the vendor's Enterprise API reference of December 2024 and its API client of 2022 with its "
        "sample answers. Not yet run against a live account. Whether every user of a group sees the whole group's "
        "licences is not said; the setting `user_id` asks for one user's only.",
        automation=AUTOMATION,
        confirm=Confirm(
            how="the Enterprise API states the parties of each licence and of its transfer (getTransactionLicenseInfo)",
            who="the account holder",
            german="Die Enterprise-Schnittstelle nennt zu jeder Lizenz und ihrer Übertragung die Beteiligten "
            "(getTransactionLicenseInfo). Fragen darf der Kontoinhaber.",
        ),
        session_secrets=("sessionid",),
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
            History(name, self.pages(session, command, "downloads", licence, **only))
            for name, (command, licence) in lists.items()
        ]

    @override
    async def documents(self, session: Session, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        if licence.comp:
            yield record(API, session.now(), row=licence.row)
        else:
            answer = await self.ask(
                session, "getTransactionLicenseInfo", dp_transaction_id=str(licence.row["itemTransactionId"])
            )
            with known_layout(answer):
                details = answer.json()
                fuller = _fuller(licence, details)
            yield fuller
            parts = ("license", "transaction", "item", "from", "to", "transferredTo")
            told = {name: details[name] for name in parts if name in details}
            yield record(API, answer.retrieved_at, row=licence.row, transaction_license_info=told)
            yield Gap(
                kind=DocumentKind.CERTIFICATE,
                reason=GapReason.NONE_OFFERED,
                detail="there is no file; the record holds what Depositphotos states of the licence and its parties",
            )
        picture = licence.row.get("preview")
        yield await preview(session, self.info.rules, over_tls(picture) if picture else None)


def _licensed(row: Mapping[str, Any]) -> Licence:
    """A row of getLicensedItems; the kind comes with the transaction."""
    return Licence(
        asset=_item(row),
        licence_id=str(int(row["itemTransactionId"])),
        listing="licensed",
        licensed_at=instant_or_day(row["datetime"]),
        seat=(row.get("actor") or {}).get("username"),
        client_hints={ours: str(row[name]) for name, ours in HINTS.items() if row.get(name)},
        row=row,
    )


def _transferred(row: Mapping[str, Any]) -> Licence:
    """A row of getTransferredLicenses: the same transaction, and what its licence became for whoever got it."""
    licence = _licensed(row)
    key = (str(licence.licence_id), "transfer", str(int(row["licenseTransferId"])))
    return replace(licence, licence_id=None, key=key, listing="transferred")


def _comp(row: Mapping[str, Any]) -> Licence:
    """A row of getGroupCompDownloads: a file without watermark, and no licence."""
    asset = _item(row)
    return Licence(
        asset=asset,
        key=(str(row["userId"]), asset.asset_id, "comp", str(row["datetime"])),
        listing="comps",
        kind="comp",
        licensed_at=instant_or_day(row["datetime"]),
        seat=(row.get("actor") or {}).get("username"),
        comp=True,
        row=row,
    )


def _item(row: Mapping[str, Any]) -> Asset:
    return Asset(
        provider="depositphotos_enterprise",
        asset_id=str(int(row["itemId"])),
        title=row.get("filename"),
        contributor=(row.get("seller") or {}).get("username"),
        media_type=row.get("itemType"),
    )


def _fuller(licence: Licence, details: Mapping[str, Any]) -> Licence:
    """The licence with its kind, the party that it names, and the fields that were filled in for it."""
    kind, item = details["license"], details["item"]
    holder = details["transferredTo" if licence.listing == "transferred" else "to"] or {}
    fields = {
        HINTS.get(each["name"], each["name"]): str(each["value"])
        for each in kind.get("fields") or ()
        if each.get("value")
    }
    return replace(
        licence,
        kind=f"{kind['name']} editorial" if item.get("isEditorial") else str(kind["name"]),
        licensee=holder.get("company") or holder.get("fullName") or None,
        client_hints={**fields, **licence.client_hints},
    )
