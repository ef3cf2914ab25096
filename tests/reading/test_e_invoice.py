"""Electronic invoices in UBL, CII and PDF give the same licences as the text of the same invoice."""

import io
from pathlib import Path

import pytest
from pypdf import PdfWriter

from archiver.collect.file_walk import Item, walk
from archiver.collect.recognition import ClassifiedFile, recognise
from archiver.reading.document_parser import read_text
from archiver.reading.e_invoice import NoInvoice, read_invoice
from archiver.reading.mail import unasked
from archiver.reading.worker import DocumentReader
from tests.authoring.scenario import pdf

TEXT = """Depositphotos, Inc.

Invoice

Invoice number: INV-4711
Invoice date: 2026-05-03
Bill to: Example GmbH

Image 123456789, Standard license   32.00

Total: 38.08 EUR
"""
UBL = b"""<?xml version="1.0" encoding="UTF-8"?>
<ubl:Invoice xmlns:ubl="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:a="urn:a" xmlns:b="urn:b">
<b:ID>INV-4711</b:ID><b:IssueDate>2026-05-03</b:IssueDate><b:InvoiceTypeCode>380</b:InvoiceTypeCode>
<b:DocumentCurrencyCode>EUR</b:DocumentCurrencyCode>
<a:AccountingSupplierParty><a:Party><a:PartyLegalEntity><b:RegistrationName>Depositphotos, Inc.</b:RegistrationName>
</a:PartyLegalEntity></a:Party></a:AccountingSupplierParty>
<a:AccountingCustomerParty><a:Party><a:PartyLegalEntity><b:RegistrationName>Example GmbH</b:RegistrationName>
</a:PartyLegalEntity></a:Party></a:AccountingCustomerParty>
<a:LegalMonetaryTotal><b:TaxInclusiveAmount currencyID="EUR">38.08</b:TaxInclusiveAmount></a:LegalMonetaryTotal>
<a:InvoiceLine><b:LineExtensionAmount currencyID="EUR">32.00</b:LineExtensionAmount>
<a:Item><b:Name>Image 123456789, Standard license</b:Name></a:Item></a:InvoiceLine>
</ubl:Invoice>"""
CII = b"""<?xml version="1.0" encoding="UTF-8"?>
<r:CrossIndustryInvoice xmlns:r="urn:r" xmlns:m="urn:m" xmlns:u="urn:u">
<r:ExchangedDocument><m:ID>INV-4711</m:ID><m:TypeCode>380</m:TypeCode>
<m:IssueDateTime><u:DateTimeString format="102">20260503</u:DateTimeString></m:IssueDateTime></r:ExchangedDocument>
<r:SupplyChainTradeTransaction>
<m:IncludedSupplyChainTradeLineItem>
<m:SpecifiedTradeProduct><m:Name>Image 123456789, Standard license</m:Name></m:SpecifiedTradeProduct>
<m:SpecifiedLineTradeSettlement><m:SpecifiedTradeSettlementLineMonetarySummation><m:LineTotalAmount>32.00
</m:LineTotalAmount></m:SpecifiedTradeSettlementLineMonetarySummation></m:SpecifiedLineTradeSettlement>
</m:IncludedSupplyChainTradeLineItem>
<m:ApplicableHeaderTradeAgreement><m:SellerTradeParty><m:Name>Depositphotos, Inc.</m:Name></m:SellerTradeParty>
<m:BuyerTradeParty><m:Name>Example GmbH</m:Name></m:BuyerTradeParty></m:ApplicableHeaderTradeAgreement>
<m:ApplicableHeaderTradeSettlement><m:InvoiceCurrencyCode>EUR</m:InvoiceCurrencyCode>
<m:SpecifiedTradeSettlementHeaderMonetarySummation><m:GrandTotalAmount>38.08</m:GrandTotalAmount>
</m:SpecifiedTradeSettlementHeaderMonetarySummation></m:ApplicableHeaderTradeSettlement>
</r:SupplyChainTradeTransaction></r:CrossIndustryInvoice>"""


def zugferd(xml: bytes) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(pdf(["Depositphotos, Inc.", "Your invoice of 3 May 2026 is attached."])))
    writer.add_attachment("factur-x.xml", xml)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def seen(folder: Path, name: str, content: bytes) -> ClassifiedFile:
    (folder / name).write_bytes(content)
    with DocumentReader(workers=1) as reader:
        [item] = [each for each in walk([folder / name]) if isinstance(each, Item)]
        return recognise(item, reader, unasked, lambda *_: "", closely=False)


@pytest.mark.parametrize(
    ("name", "content"),
    [("ubl.xml", UBL), ("cii.xml", CII), ("cii16.xml", CII.replace(b"UTF-8", b"UTF-16").decode().encode("utf-16")),
     ("x.pdf", zugferd(CII))],
)  # fmt: skip
def test_an_invoice_makes_the_licences_of_its_text(name: str, content: bytes, tmp_path: Path) -> None:
    of_text, paper = read_text(TEXT), seen(tmp_path, name, content).paper
    assert of_text and of_text.licences and paper
    assert (paper.licences, paper.invoice, paper.date, paper.amount, paper.currency) == (
        of_text.licences, of_text.invoice, of_text.date, of_text.amount, "EUR"
    )  # fmt: skip


def test_a_credit_note_grants_nothing(tmp_path: Path) -> None:
    paper = seen(tmp_path, "credit.xml", UBL.replace(b">380<", b">381<")).paper
    assert paper is None or not paper.licences


@pytest.mark.parametrize(
    ("content", "why"),
    [(UBL[:-40], "damaged"), (UBL.replace(b"<b:ID>INV-4711</b:ID>", b""), "no number"),
     (UBL.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a "a">]>', 1), "entities")],
)  # fmt: skip
def test_what_cannot_be_read_is_put_aside_with_the_reason(content: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(NoInvoice, match=why):
        read_invoice(content)
    found = seen(tmp_path, "bad.xml", content)
    assert why in found.note
    assert not found.refused
