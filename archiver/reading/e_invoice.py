"""Read electronic invoices (EN 16931): UBL and CII as XML, and the XML inside a PDF (ZUGFeRD, Factur-X).

A reader process takes the values out. They are written down as the text of an invoice has them, so that the same rules
decide what an invoice licenses, whichever way it came.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING
from xml.etree import ElementTree  # it reads no outside entities, and no document that declares any is given to it

if TYPE_CHECKING:
    from archiver.reading.worker import Channel, DocumentReader, ReaderJob

READ_TIMEOUT_S = 10.0
MAX_INVOICE_BYTES = 16 << 20
MAX_LINES = 2_000  # of one invoice
MAX_VALUE_CHARACTERS = 500
START_BYTES = 8192  # in which an XML file says what it is

_ROOT = re.compile(rb"<(?:[\w.-]{1,20}:)?(?:Invoice|CreditNote|CrossIndustryInvoice|CrossIndustryDocument)[\s>]")
_CREDIT_NOTES = ("381", "261", "262", "296", "308", "396", "420", "458", "532")  # UNTDID 1001


class NoInvoice(Exception):
    """What is no electronic invoice, or none that can be read; the text says why."""


@dataclass(frozen=True, kw_only=True)
class InvoiceLine:
    """One line: what is sold, the numbers by which seller and buyer call it, and its price."""

    name: str
    description: str = ""
    numbers: tuple[str, ...] = ()
    amount: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ElectronicInvoice:
    """What an electronic invoice states. `issued` is an ISO day; `total` is the amount with tax, as it is written."""

    number: str
    issued: str
    total: str
    currency: str = ""
    seller: str = ""
    buyer: str = ""
    order: str = ""
    credit: bool = False
    notes: tuple[str, ...] = ()
    lines: tuple[InvoiceLine, ...] = field(default_factory=tuple)

    @property
    def day(self) -> date | None:
        with suppress(ValueError):
            return date.fromisoformat(self.issued)
        return None

    @property
    def amount(self) -> Decimal | None:
        with suppress(InvalidOperation):
            return Decimal(self.total)
        return None

    def as_text(self) -> str:
        """The invoice as a printed one says the same."""
        head = [self.seller, "", "Credit note" if self.credit else "Invoice", ""]
        facts = {
            "Invoice number": self.number, "Invoice date": self.issued, "Order number": self.order,
            "Bill to": self.buyer,
        }  # fmt: skip
        stated = [f"{label}: {value}" for label, value in facts.items() if value]
        sold: list[str] = []
        for line in self.lines:
            called = [each for each in line.numbers if each not in line.name]
            sold += ["", "   ".join(filter(None, (*called, line.name, line.description, line.amount))), *line.notes]
        total = f"Total: {self.total} {self.currency}".rstrip()
        return "\n".join([*head, *stated, *sold, "", total, "", *self.notes])


def looks_like_invoice(content: bytes) -> bool:
    """Whether bytes begin as an electronic invoice in XML."""
    start = content[:START_BYTES]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        start = start.replace(b"\0", b"")
    return start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<") and _ROOT.search(start) is not None


def may_enclose_invoice(content: bytes) -> bool:
    """Whether a PDF may have files attached: it says so, or packs its objects, so that only a reader sees them."""
    return b"/EmbeddedFile" in content or b"/ObjStm" in content


def invoice_by(reader: DocumentReader, content: bytes) -> ElectronicInvoice | None:
    """The electronic invoice that an XML file or a PDF holds; None for a PDF that holds none.

    NoInvoice says why one cannot be read.
    """
    from archiver.core.json_files import checked
    from archiver.reading.worker import MADE_UP, ReaderFailed

    try:
        fault, *found = list(reader.stream(f"{__name__}:invoice_reading", content, READ_TIMEOUT_S))
        if fault:
            raise NoInvoice(fault.decode("utf-8", "replace")[:MAX_VALUE_CHARACTERS])
        return checked(ElectronicInvoice, found[0]) if found and found[0] else None
    except ReaderFailed as failed:
        raise NoInvoice(str(failed)) from None
    except ValueError:
        raise NoInvoice(MADE_UP) from None


def invoice_reading() -> ReaderJob:
    """The reader process's side of `invoice_by`."""

    def work(content: bytes, channel: Channel) -> bytes:
        try:
            written = _attached(content) if content.startswith(b"%PDF") else content
            invoice = read_invoice(written) if written else None
        except NoInvoice as fault:
            channel.tell(str(fault).encode("utf-8", "replace"))
            return b""
        channel.tell(b"")
        return json.dumps(asdict(invoice)).encode() if invoice else b""

    return work


def _attached(pdf: bytes) -> bytes | None:
    """The XML of the invoice in a PDF; None if none is attached."""
    from pypdf import PdfReader

    from archiver.reading.documents import broken

    try:
        attached = PdfReader(io.BytesIO(pdf)).attachments
        files = [each for contents in attached.values() for each in contents if len(each) <= MAX_INVOICE_BYTES]
    except broken() as error:
        raise NoInvoice(f"its attachments cannot be read ({type(error).__name__})") from None
    return next(filter(looks_like_invoice, files), None)


def read_invoice(written: bytes) -> ElectronicInvoice:
    """The values of an invoice in UBL or CII. NoInvoice for one that states no number, day or total, or is damaged."""
    if len(written) > MAX_INVOICE_BYTES:
        raise NoInvoice(f"it is larger than {MAX_INVOICE_BYTES >> 20} MB")
    if b"<!DOCTYPE" in written.replace(b"\0", b"") or b"<!ENTITY" in written.replace(b"\0", b""):
        raise NoInvoice("it declares entities, which no invoice needs")
    try:
        root = ElementTree.fromstring(written)  # noqa: S314  # without entities, and in a confined process
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise NoInvoice(f"its XML is damaged ({error})") from None
    kind = _local(root.tag)
    if kind in ("Invoice", "CreditNote"):
        invoice = _from_ubl(root)
    elif kind in ("CrossIndustryInvoice", "CrossIndustryDocument"):
        invoice = _from_cii(root)
    else:
        raise NoInvoice(f"it is a {kind}, not an invoice")
    missing = [
        name
        for name, there in (("number", invoice.number), ("day", invoice.day), ("total", invoice.amount is not None))
        if not there
    ]
    if missing:
        raise NoInvoice(f"it states no {' and no '.join(missing)}")
    return invoice


def _from_ubl(root: ElementTree.Element) -> ElectronicInvoice:
    lines = [*_each(root, "InvoiceLine"), *_each(root, "CreditNoteLine")][:MAX_LINES]
    total = _value(root, "LegalMonetaryTotal/TaxInclusiveAmount") or _value(root, "LegalMonetaryTotal/PayableAmount")
    code = _value(root, "InvoiceTypeCode") or _value(root, "CreditNoteTypeCode")
    return ElectronicInvoice(
        number=_value(root, "ID"), issued=_value(root, "IssueDate")[:10], total=total,
        currency=_value(root, "DocumentCurrencyCode"),
        seller=_ubl_party(root, "AccountingSupplierParty"), buyer=_ubl_party(root, "AccountingCustomerParty"),
        order=_value(root, "OrderReference/ID"), notes=_values(root, "Note"),
        credit=_local(root.tag) == "CreditNote" or code in _CREDIT_NOTES,
        lines=tuple(
            InvoiceLine(
                name=_value(line, "Item/Name"), description=" ".join(_values(line, "Item/Description")),
                numbers=_values(line, "Item/SellersItemIdentification/ID")
                + _values(line, "Item/StandardItemIdentification/ID"),
                amount=_value(line, "LineExtensionAmount"), notes=_values(line, "Note"),
            )
            for line in lines
        ),
    )  # fmt: skip


def _ubl_party(root: ElementTree.Element, role: str) -> str:
    party = f"{role}/Party"
    return _value(root, f"{party}/PartyLegalEntity/RegistrationName") or _value(root, f"{party}/PartyName/Name")


def _from_cii(root: ElementTree.Element) -> ElectronicInvoice:
    """CII as EN 16931 and Factur-X have it, and as ZUGFeRD 1 named the same parts."""
    head = _first(root, "ExchangedDocument", "HeaderExchangedDocument")
    deal = _first(root, "SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
    agreed = _first(deal, "ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
    settled = _first(deal, "ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
    sums = _first(
        settled, "SpecifiedTradeSettlementHeaderMonetarySummation", "SpecifiedTradeSettlementMonetarySummation"
    )
    return ElectronicInvoice(
        number=_value(head, "ID"), issued=_cii_day(head),
        total=_value(sums, "GrandTotalAmount") or _value(sums, "DuePayableAmount"),
        currency=_value(settled, "InvoiceCurrencyCode"),
        seller=_value(agreed, "SellerTradeParty/Name"), buyer=_value(agreed, "BuyerTradeParty/Name"),
        order=_value(agreed, "BuyerOrderReferencedDocument/IssuerAssignedID")
        or _value(agreed, "BuyerOrderReferencedDocument/ID"),
        credit=_value(head, "TypeCode") in _CREDIT_NOTES, notes=_values(head, "IncludedNote/Content"),
        lines=tuple(map(_cii_line, _each(deal, "IncludedSupplyChainTradeLineItem")[:MAX_LINES])),
    )  # fmt: skip


def _cii_line(line: ElementTree.Element) -> InvoiceLine:
    product = _first(line, "SpecifiedTradeProduct")
    settled = _first(line, "SpecifiedLineTradeSettlement", "SpecifiedSupplyChainTradeSettlement")
    sums = _first(settled, "SpecifiedTradeSettlementLineMonetarySummation", "SpecifiedTradeSettlementMonetarySummation")
    return InvoiceLine(
        name=_value(product, "Name"), description=_value(product, "Description"),
        numbers=_values(product, "SellerAssignedID") + _values(product, "GlobalID"),
        amount=_value(sums, "LineTotalAmount"),
        notes=_values(line, "AssociatedDocumentLineDocument/IncludedNote/Content"),
    )  # fmt: skip


def _cii_day(head: ElementTree.Element) -> str:
    """The day as `20260503` (format 102) gives it, as an ISO day."""
    written = _value(head, "IssueDateTime/DateTimeString") or _value(head, "IssueDateTime/DateTime")
    found = re.match(r"(\d{4})-?(\d\d)-?(\d\d)", written)
    return "-".join(found.groups()) if found else ""


# ---------------------------------------------------------------- elements by their names, in whatever namespace


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _each(element: ElementTree.Element, path: str) -> list[ElementTree.Element]:
    return element.findall("/".join(f"{{*}}{name}" for name in path.split("/")))


def _first(element: ElementTree.Element, *names: str) -> ElementTree.Element:
    """The first child of one of these names; an empty element if there is none."""
    found: Iterator[ElementTree.Element] = (each for name in names for each in _each(element, name))
    return next(found, ElementTree.Element(names[0]))


def _values(element: ElementTree.Element, path: str) -> tuple[str, ...]:
    texts = (" ".join((each.text or "").split())[:MAX_VALUE_CHARACTERS] for each in _each(element, path))
    return tuple(filter(None, texts))


def _value(element: ElementTree.Element, path: str) -> str:
    return next(iter(_values(element, path)), "")
