"""Papers as platforms write them, with invented values: certificates, receipts, histories, pictures.

Each function takes a number and gives another paper for each, so that a folder of any size can be filled. A `Sample`
knows what is to be read from it.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from PIL import Image

from archiver.core.model import Licence, iso
from archiver.reading.document_parser import Paper
from tests.authoring.scenario import pdf as lines_as_pdf

type Facts = Mapping[str, str | None]


@dataclass(frozen=True)
class Sample:
    """A paper: its text, a fitting file name without its ending, the reader that knows it, and what it says."""

    name: str
    text: str
    reader: str
    licences: tuple[Facts, ...] = ()
    receipt: Facts = field(default_factory=dict)

    def pdf(self) -> bytes:
        return lines_as_pdf(self.text.splitlines())


def facts(licence: Licence) -> dict[str, str | None]:
    """A licence as a sample states it; what it does not say is absent."""
    said = {
        "platform": licence.asset.provider,
        "asset_id": licence.asset.asset_id,
        "licence_id": licence.licence_id,
        "title": licence.asset.title,
        "contributor": licence.asset.contributor,
        "kind": licence.kind,
        "licensed_at": iso(licence.licensed_at),
        "licensee": licence.licensee,
        "order": licence.order,
        **licence.client_hints,
    }
    return {name: value for name, value in said.items() if value}


def receipt_facts(paper: Paper) -> dict[str, str | None]:
    """A receipt as a sample states it."""
    amount = str(paper.amount) if paper.amount is not None else None
    said = {
        "platform": paper.platform,
        "order": paper.order,
        "invoice": paper.invoice,
        "date": iso(paper.date),
        "amount": amount,
        "currency": paper.currency,
    }
    return {name: value for name, value in said.items() if value}


def _day(number: int) -> date:
    return date(2023, 11, 6) - timedelta(days=11 * number)


def _uuid(number: int) -> str:
    return str(UUID(int=0x86781236_23D0_4B3C_8DFA_C1C147E00000 + number))


def _ordinal(day: date) -> str:
    suffix = "th" if 10 < day.day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    return f"{day:%B} {day.day}{suffix}, {day.year}"


_RULE = "=" * 49
_NO_RECEIPT = "==== THIS IS NOT A TAX RECEIPT OR INVOICE ====\n"


def market_2012(number: int = 1) -> Sample:
    item, code = str(1204567 + number), _uuid(number)
    text = (
        f"LICENCE CERTIFICATE : Envato Marketplace Item\n{_RULE}\nThis document certifies the purchase of:\n"
        "ONE REGULAR LICENCE\nas defined in the standard terms and conditions on the Envato Marketplaces.\n\n"
        f"Licensor's Author Username: studio{number}\nLicensee: Ada Example\n\nFor the item:\nPaper Lanterns {number}\n"
        f"http://graphicriver.net/item/paper-lanterns/{item}\nItem ID: {item}\nItem Purchase Code: {code}\n\n"
        f"Envato Pty Ltd (ABN 11 119 159 741)\nPO Box 21177\n{_NO_RECEIPT}"
    )
    said = {"asset_id": item, "licence_id": code, "title": f"Paper Lanterns {number}", "kind": "Regular License",
            "contributor": f"studio{number}", "licensee": "Ada Example"}  # fmt: skip
    return Sample(f"license-{number}", text, "envato_market_certificate_2012", ({"platform": "envato_market", **said},))


def market_2017(number: int = 1) -> Sample:
    item, code, day = str(18918857 + number), _uuid(1000 + number), _day(number)
    values = {"Licensor's Author Username": f"studio{number}", "Licensee": "Ada Example",
              "Item Title": f"Booking Calendar: Pro {number}",
              "Item URL": f"https://codecanyon.net/item/booking-calendar/{item}", "Item ID": item,
              "Item Purchase Code": code, "Purchase Date": f"{day} 12:33:15 UTC"}  # fmt: skip
    text = (
        f"LICENSE CERTIFICATE : Envato Market Item\n{_RULE}\n\nThis document certifies the purchase of:\n"
        "ONE EXTENDED LICENSE\nas defined in the standard terms and conditions on Envato Market.\n\n"
        + "".join(f"{label}:\n{value}\n\n" for label, value in values.items())
        + "For any queries related to this document or license please contact Help Team\n"
        f"Envato Pty. Ltd. (ABN 11 119 159 741)\nPO Box 16122\n{_NO_RECEIPT}"
    )
    said = {"asset_id": item, "licence_id": code, "title": f"Booking Calendar: Pro {number}",
            "contributor": f"studio{number}", "kind": "Extended License", "licensed_at": f"{day}T12:33:15Z",
            "licensee": "Ada Example"}  # fmt: skip
    return Sample(f"license-{item}", text, "envato_market_certificate_2017", ({"platform": "envato_market", **said},))


def market_later(number: int = 1) -> Sample:
    sample = market_2017(5000 + number)
    text = sample.text.replace(
        "This document certifies the purchase of:\nONE EXTENDED LICENSE\n",
        "This document certifies the purchase of the following license: EXTENDED LICENSE.\n"
        "Details of the license can be accessed from your downloads page.\n",
    ).replace(":\n", ": ")
    return Sample(sample.name, text, "envato_market_certificate_later", sample.licences)


def elements(era: str, number: int = 1) -> Sample:
    """`era`: project, default or ai."""
    day, code, item = _day(number), f"{number:05d}28DK3", f"{number:03d}UJWG"
    head = f"LICENSE CERTIFICATE: Envato {'MusicGen' if era == 'ai' else 'Elements'} Item\n{_RULE}\n"
    values = {"Item Title": f"Disco Corridor {number}"}
    code, item = (_uuid(2000 + number), _uuid(3000 + number)) if era == "ai" else (f"{code}CX"[:10], item)
    said = {"platform": "envato_elements", "asset_id": item, "licence_id": code, "title": f"Disco Corridor {number}",
            "licensee": "Ada Example", "licensed_at": str(day)}  # fmt: skip
    values |= {"Item URL": f"https://elements.envato.com/disco-corridor-{item}", "Item ID": item}
    if era == "ai":
        body = "This license certificate documents a perpetual license to use the item listed below.\n\n"
        values |= {"Item Source": "MusicGen", "Licensee": "Ada Example"}
        said |= {"kind": "perpetual"}
    elif era == "project":
        body = (
            "This license certificate documents a license to use the item listed below\non a non-exclusive, "
            "commercial, worldwide and revokable basis, for\none Single Use for this Registered Project.\n\n"
        )
        values |= {"Author Username": "studio1", "Licensee": "Ada Example",
                   "Registered Project Name": f"Acme Ltd: spring {number}"}  # fmt: skip
        said |= {"contributor": "studio1", "kind": "single-use project", "project": f"Acme Ltd: spring {number}"}
    else:
        body = (
            "This license certificate documents a license to use the item listed below on a\nnon-exclusive, commercial,"
            " worldwide and revocable basis as part of one specific\nproject to create an End Product, subject to the "
            "Envato Elements User Terms and\nLicense, which form part of this certificate.\n\n"
        )
        values |= {"Author Username": "studio1", "Licensee": "Ada Example", "License Name": "Envato"}
        said |= {"contributor": "studio1", "kind": "Envato"}
    values |= {"License Date": _ordinal(day), "Item License Code": code}
    lines = "".join(f"{label + ':':<33}{value}\n" for label, value in values.items())
    foot = f"\nEnvato Elements Pty Ltd (ABN 87 613 824 258)\n{_NO_RECEIPT}"
    reader = f"envato_elements_certificate_{era}"
    return Sample(f"disco-corridor-{item}-license", head + body + lines + foot, reader, (said,))


def freepik(number: int = 1) -> Sample:
    """The labels that the adapter assumes."""
    resource, day = str(7654321 + number), _day(number)
    text = (
        f"Freepik license certificate\nResource: {resource}\nTitle: Walk by the sea {number}\nAuthor: example-studio\n"
        f"Licensee: Ada Example\nLicense: Premium\nDownload date: {day}\n\nThis document certifies that the licensee "
        "may use the resource above under the terms\nof the Premium license in force on the download date.\n"
    )
    said = {"platform": "freepik", "asset_id": resource, "title": f"Walk by the sea {number}", "kind": "premium",
            "contributor": "example-studio", "licensed_at": str(day), "licensee": "Ada Example"}  # fmt: skip
    return Sample(f"license-{resource}", text, "freepik_certificate", (said,))


# By language: the title, then the labels of asset, kind, licensee, date, title, author, order, project; the kind's
# name, and how a date is written.
_LICENCE_WORDS = {
    "en": ("Proof of License", "Asset ID", "License type", "Licensee", "License date", "Title", "Contributor",
           "Order number", "Project", "Standard License", "{0:%B} {0.day}, {0.year}"),
    "de": ("Lizenznachweis", "Bild-ID", "Lizenzart", "Lizenznehmer", "Lizenzdatum", "Titel", "Urheber",
           "Bestellnummer", "Projekt", "Standardlizenz", "{0:%d.%m.%Y}"),
    "fr": ("Certificat de licence", "ID de l'image", "Type de licence", "Titulaire de la licence",
           "Date de la licence", "Titre", "Auteur", "Numéro de commande", "Projet", "Licence standard", "{0:%d/%m/%Y}"),
    "es": ("Certificado de licencia", "ID de la imagen", "Tipo de licencia", "Licenciatario",
           "Fecha de la licencia", "Título", "Autor", "Número de pedido", "Proyecto", "Licencia estándar",
           "{0:%d/%m/%Y}"),
    "it": ("Certificato di licenza", "ID dell’immagine", "Tipo di licenza", "Licenziatario", "Data di acquisto",
           "Titolo", "Fotografo", "Numero d’ordine", "Progetto", "Licenza standard", "{0:%d/%m/%Y}"),
    "pl": ("Certyfikat licencji", "ID obrazu", "Typ licencji", "Licencjobiorca", "Data licencji", "Tytuł", "Autor",
           "Numer zamówienia", "Projekt", "Licencja standardowa", "{0:%d.%m.%Y}"),
    "pt": ("Certificado de licença", "ID da imagem", "Tipo de licença", "Licenciado", "Data da licença", "Título",
           "Autor", "Número do pedido", "Projeto", "Licença padrão", "{0:%d/%m/%Y}"),
}  # fmt: skip
_ISSUERS = {
    "adobe_stock": "Adobe Stock, stock.adobe.com",
    "stocksy": "Stocksy United, www.stocksy.com",
    "depositphotos": "Depositphotos Inc., www.depositphotos.com",
    "getty_images": "Getty Images (US), Inc., www.gettyimages.com",
    "istock": "iStock by Getty Images, www.istockphoto.com",
    "shutterstock": "Shutterstock, Inc., www.shutterstock.com",
}


def licence(language: str, platform: str, number: int = 1) -> Sample:
    """A certificate by labelled fields; a licence number stands on Depositphotos's, as its interface gives one."""
    head, asset, kind, licensee, dated, title, author, order, project, standard, written = _LICENCE_WORDS[language]
    day, asset_id = _day(number), str(123450000 + number)
    values = {asset: asset_id, title: f"Haus am Meer {number}", author: "studio1", kind: standard,
              licensee: "Ada Example", dated: written.format(day), order: f"SO-{7000 + number}",
              project: "Frühling"}  # fmt: skip
    said = {"platform": platform, "asset_id": asset_id, "title": f"Haus am Meer {number}", "contributor": "studio1",
            "kind": "standard", "licensee": "Ada Example", "licensed_at": str(day), "order": f"SO-{7000 + number}",
            "project": "Frühling"}  # fmt: skip
    if platform == "depositphotos" and language == "en":
        values["License number"] = said["licence_id"] = str(64780000 + number)
    text = f"{head}\n{_ISSUERS[platform]}\n\n" + "".join(f"{label}: {value}\n" for label, value in values.items())
    return Sample(f"{platform}-{asset_id}", text, "licence_by_labels", (said,))


_RECEIPT_WORDS = {
    "en": ("Invoice", "Invoice number", "Order number", "Invoice date", "Total", "{0:%B} {0.day}, {0.year}"),
    "de": ("Rechnung", "Rechnungsnummer", "Bestellnummer", "Rechnungsdatum", "Gesamtbetrag", "{0:%d.%m.%Y}"),
    "fr": ("Facture", "Numéro de facture", "Numéro de commande", "Date de facturation", "Total TTC", "{0:%d/%m/%Y}"),
    "es": ("Factura", "Número de factura", "Número de pedido", "Fecha de emisión", "Importe total", "{0:%d/%m/%Y}"),
    "it": ("Fattura", "Numero fattura", "Numero ordine", "Data di emissione", "Totale", "{0:%d/%m/%Y}"),
    "pl": ("Faktura", "Numer faktury", "Numer zamówienia", "Data wystawienia", "Razem brutto", "{0:%d.%m.%Y}"),
    "pt": ("Fatura", "Número da fatura", "Número do pedido", "Data da fatura", "Valor total", "{0:%d/%m/%Y}"),
}


def receipt(language: str, platform: str, number: int = 1) -> Sample:
    head, invoice, order, dated, total, written = _RECEIPT_WORDS[language]
    day, amount = _day(number), Decimal(f"{1000 + number}.50")
    money = f"EUR {amount:,}" if language == "en" else f"{f'{amount:,}'.translate(str.maketrans(',.', '.,'))} €"
    values = {invoice: f"INV-{4000 + number}", order: f"SO-{7000 + number}", dated: written.format(day), total: money}
    text = f"{head}\n{_ISSUERS[platform]}\nAda Example, Northlight Media\n\n" + "".join(
        f"{label}: {value}\n" for label, value in values.items()
    )
    said = {"platform": platform, "order": f"SO-{7000 + number}", "invoice": f"INV-{4000 + number}",
            "date": str(day), "amount": str(amount), "currency": "EUR"}  # fmt: skip
    return Sample(f"invoice-{number}", text, "receipt_by_labels", receipt=said)


def demand(number: int = 1) -> str:
    """A demand letter: platform, picture, date and amount of a receipt, and the opposite of one."""
    return (
        f"Invoice\nGetty Images (US), Inc., www.gettyimages.com\nInvoice number: LC-{number:06d}\n"
        "Image number: 123450001\nInvoice date: March 14, 2023\nTotal: USD 530.00\n\n"
        "We have found an unauthorized use of the image above. Payment of the settlement amount closes this matter.\n"
    )


def adobe_history(rows: int, number: int = 1, *, encoding: str = "utf-8-sig", delimiter: str = ";") -> bytes:
    """A German export with decimal commas, a total, a title above, and days that only their column explains."""
    lines = ["Lizenzverlauf Adobe Stock", "", delimiter.join(("Datum", "Urheber", "Bild-ID", "Lizenzart", "Preis"))]
    for row in range(rows):
        cells = (f"{_day(row):%d/%m/%Y}", "studio1", str(121680000 + 1000 * number + row), "Standardlizenz", '"9,99"')
        lines.append(delimiter.join(cells))
    lines.append(delimiter.join(("Summe", "", "", "", '"99,90"')))
    return "\r\n".join(lines).encode(encoding)


def shutterstock_history(rows: int, number: int = 1) -> bytes:
    """The fields of the interface as columns, the last row a comp."""
    lines = ["id,license,download_time,image.id,subscription_id,user.username,metadata.client"]
    for row in range(rows):
        kind = "footage_comp" if row == rows - 1 else "standard"
        licence_id = f"e1eba3833793e77188d22caae8{number:04x}{row:04x}"
        lines.append(f"{licence_id},{kind},{_day(row)}T15:46:34.000Z,{97633000 + row},s12345678,ada,Company A")
    return "\n".join(lines).encode()


ALAMY_REFERENCE = "Your ref spring; Our Ref IY01234567; Downloaded date 14 Mar 2023"


def picture(
    iptc: Mapping[int, str] | None = None, xmp: str = "", *, size: tuple[int, int] = (32, 24), number: int = 1
) -> bytes:
    """A JPEG with these IPTC datasets of record 2, and these properties in its XMP description."""
    out = io.BytesIO()
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" '
        f'xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/">{xmp}</rdf:Description></rdf:RDF></x:xmpmeta>'
    )
    colour = (number * 37 % 256, number * 91 % 256, 120)
    Image.new("RGB", size, colour).save(out, "JPEG", **({"xmp": packet.encode()} if xmp else {}))
    jpeg = out.getvalue()
    if not iptc:
        return jpeg
    data = b"".join(
        b"\x1c\x02" + struct.pack(">BH", number, len(value.encode())) + value.encode() for number, value in iptc.items()
    )
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)
    block = b"Photoshop 3.0\0" + block
    return jpeg[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def alamy_picture(number: int = 1) -> bytes:
    """As Alamy's help describes a licensed file."""
    return picture({5: f"A{number:04d}X", 40: "Visit your order history", 103: ALAMY_REFERENCE,
                    110: "Alamy Stock Photo", 116: "Ada Example / Alamy Stock Photo"})  # fmt: skip
