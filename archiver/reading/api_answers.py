"""Answers of platforms' interfaces about one licence, order or invoice, as the records that a list of licences has.

People save them beside the lists. The fields are those that the platforms document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

type Node = Mapping[str, object]
type Record = dict[str, object]

MAX_DEPTH = 3  # of such an answer in the file


def records_in(answer: object, depth: int = MAX_DEPTH) -> list[Record]:
    """The records of the only such answer in a JSON document; empty if there is none, or several."""
    found = list(_found(answer, depth))
    return found[0] if len(found) == 1 else []


def _found(node: object, depth: int) -> Iterator[list[Record]]:
    if not isinstance(node, dict):
        return
    for keys, read in _ANSWERS:
        if keys <= node.keys():
            yield list(read(node))
            return
    for each in node.values() if depth else ():
        yield from _found(each, depth - 1)


def _part(node: Node, name: str) -> Node:
    part = node.get(name)
    return part if isinstance(part, dict) else {}


def _parts(node: Node, name: str) -> Sequence[Node]:
    part = node.get(name)
    return [each for each in part if isinstance(each, dict)] if isinstance(part, list) else []


def _instant(seconds: object) -> str:
    """A moment that Depositphotos counts from 1970; empty for what is none."""
    try:
        return datetime.fromtimestamp(int(str(seconds)), UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _company(node: Node) -> object:
    return node.get("company") or node.get("fullName")


def _depositphotos_licence(answer: Node) -> Iterator[Record]:
    """`getTransactionLicenseInfo`: one licence, also one that was handed on to somebody else."""
    licence, bought, item = (_part(answer, name) for name in ("license", "transaction", "item"))
    fields = {str(each.get("name")): each.get("value") for each in _parts(licence, "fields")}
    yield {
        "itemTransactionId": bought.get("id"), "licenseId": licence.get("id"), "itemId": item.get("id"),
        "datetime": _instant(bought.get("timestamp")), "license": licence.get("name"), "preview": item.get("preview"),
        "licensee": _company(_part(answer, "transferredTo")) or _company(_part(answer, "to")),
        "job": fields.get("project"),
    }  # fmt: skip


def _depositphotos_invoice(invoice: Node) -> Iterator[Record]:
    """`getEnterpriseInvoice`: the licences of a paid invoice."""
    for item in _parts(invoice, "items") if invoice.get("state") == "paid" else ():
        info = {str(each.get("key")): each.get("value") for each in _parts(item, "licenseInfo")}
        yield {
            "itemTransactionId": "", "licenseId": item.get("licenseId"), "itemId": item.get("itemId"),
            "datetime": _instant(invoice.get("date")), "license": item.get("licenseName"),
            "preview": item.get("thumbUrl"), "licensee": _company(_part(invoice, "to")),
            "purchaseOrder": info.get("Purchase Order"),
        }  # fmt: skip


def _depositphotos_items(answer: Node) -> Iterator[Record]:
    """`getLicensedItems` and `getTransferredLicenses`, whose moments are numbers."""
    for row in _parts(answer, "downloads"):
        if "itemTransactionId" in row:
            yield {**row, "datetime": _instant(row.get("datetime")) or row.get("datetime")}


def _adobe_content(answer: Node) -> Iterator[Record]:
    """`Content/Info`: what a member has bought of the contents asked for."""
    for content in filter(None, (_part(_part(answer, "contents"), name) for name in _part(answer, "contents"))):
        details = _part(content, "purchase_details")
        if details.get("state") == "purchased":
            yield {
                "id": content.get("content_id"), "license": details.get("license"),
                "license date": details.get("date"), "creator name": "",
            }  # fmt: skip


def _getty_order(order: Node) -> Iterator[Record]:
    """`orders/{id}`: the assets of an order, whose addresses say whether it is Getty Images' or iStock's."""
    notes = _part(order, "notes")
    for asset in _parts(order, "assets"):
        addresses = [str(each.get("uri")) for each in _parts(asset, "uris")]
        yield {
            "asset id": asset.get("id"), "date purchased": order.get("order_date"), "license model": "",
            "order id": order.get("id"), "href": asset.get("href") or " ".join(addresses),
            "licensee": notes.get("licensee_name"), "job": notes.get("project_title"),
            "purchaseOrder": notes.get("purchase_order_number"),
        }  # fmt: skip


def _envato_purchase(purchase: Node) -> Iterator[Record]:
    """`buyer/purchase`: one purchase, as a row of the list of all."""
    yield dict(purchase)


# What only such an answer has, and how it is read.
_ANSWERS: Sequence[tuple[set[str], Callable[[Node], Iterator[Record]]]] = (
    ({"license", "transaction", "item", "to"}, _depositphotos_licence),
    ({"items", "state", "number", "date", "from", "to"}, _depositphotos_invoice),
    ({"type", "downloads"}, _depositphotos_items),
    ({"contents", "member"}, _adobe_content),
    ({"order_date", "invoice_number", "notes", "assets"}, _getty_order),
    ({"sold_at", "license", "code", "item"}, _envato_purchase),
)
