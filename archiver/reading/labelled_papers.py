"""Licences and receipts of any platform, by labelled fields in English, German, French, Spanish and Italian.

For papers whose layout is not known: Depositphotos, Shutterstock, Adobe Stock, Getty Images, iStock and others. Such a
paper must say by its title what it is, speak of one platform only, and name the asset by an id of that platform's form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from archiver.domain import Asset, DocumentKind, Licence, Moment, iso
from archiver.reading.certificates import Paper, Quote, Sure, day, plain, quoted, spelled
from archiver.reading.dates import Order, day_order
from archiver.reading.plans import read_plan
from archiver.reading.platforms import ANY_NUMBER, PLATFORMS, the_platform

ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN = "en", "de", "fr", "es", "it"

# Field -> language -> labels.
OTHER = "other"
LABELS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "asset_id": {
        ENGLISH: ("Asset ID", "Asset number", "Asset no.", "Image ID", "Image number", "Image no.", "Photo ID",
                  "Photo number", "Picture ID", "File ID", "File number", "File no.", "Item ID", "Item number",
                  "Media ID", "Media number", "Clip ID", "Footage ID", "Track ID", "Video ID", "Resource ID",
                  "Stock ID", "Asset #", "Image #", "Photo #", "File #", "Item #", "Creative #", "Editorial #"),
        GERMAN: ("Bild-ID", "Bildnummer", "Bild-Nummer", "Bild-Nr.", "Foto-ID", "Fotonummer", "Foto-Nr.", "Datei-ID",
                 "Dateinummer", "Datei-Nr.", "Medien-ID", "Mediennummer", "Medien-Nr.", "Video-ID", "Element-ID",
                 "Ressourcen-ID", "Asset-ID", "Asset-Nr."),
        FRENCH: ("ID de l'image", "ID image", "Identifiant de l'image", "Identifiant image", "Numéro d'image",
                 "Numéro de l'image", "N° d'image", "N° de l'image", "Référence de l'image", "Réf. de l'image",
                 "ID de la photo", "Numéro de la photo", "ID du fichier", "Identifiant du fichier",
                 "Numéro de fichier", "Numéro du fichier", "N° de fichier", "N° du fichier", "Référence du fichier",
                 "ID de l'élément", "Identifiant de l'élément", "ID de la ressource", "Identifiant de la ressource",
                 "ID du média", "Identifiant du média", "Numéro du média"),
        SPANISH: ("ID de la imagen", "ID de imagen", "Identificador de la imagen", "Número de imagen",
                  "Número de la imagen", "N.º de imagen", "N° de imagen", "Referencia de la imagen", "ID de la foto",
                  "ID de foto", "ID del archivo", "ID de archivo", "Identificador del archivo", "Número de archivo",
                  "Número del archivo", "N.º de archivo", "Referencia del archivo", "ID del recurso",
                  "ID del elemento", "ID del medio", "ID del vídeo"),
        ITALIAN: ("ID immagine", "ID dell'immagine", "Numero immagine", "Numero dell'immagine", "N. immagine",
                  "N° immagine", "ID foto", "ID file", "ID del file", "Numero file", "Numero del file", "ID risorsa",
                  "ID della risorsa", "ID elemento", "ID dell'elemento"),
    },
    "licence_id": {
        ENGLISH: ("License ID", "License number", "License no.", "Licence ID", "Licence number", "Licence no."),
        GERMAN: ("Lizenznummer", "Lizenz-Nr.", "Lizenz-ID"),
        FRENCH: ("Numéro de licence", "Numéro de la licence", "N° de licence", "N° de la licence", "ID de licence",
                 "ID de la licence", "Identifiant de la licence"),
        SPANISH: ("Número de licencia", "Número de la licencia", "N.º de licencia", "N° de licencia",
                  "ID de licencia", "ID de la licencia"),
        ITALIAN: ("Numero di licenza", "Numero della licenza", "Numero licenza", "N. licenza", "N° licenza",
                  "ID licenza", "ID della licenza"),
    },
    "kind": {
        ENGLISH: ("License type", "License", "License name", "Type of license", "Licence type", "Licence",
                  "Type of licence"),
        GERMAN: ("Lizenzart", "Lizenztyp", "Art der Lizenz", "Lizenz"),
        FRENCH: ("Type de licence", "Type de la licence", "Licence"),
        SPANISH: ("Tipo de licencia", "Tipo de la licencia", "Licencia"),
        ITALIAN: ("Tipo di licenza", "Tipo licenza", "Licenza"),
    },
    "licensee": {
        ENGLISH: ("Licensee", "Licensee name", "Name of licensee", "Licensed to", "License holder", "Licence holder",
                  "License owner", "Licence owner", "License issued to", "Licence issued to", "License granted to",
                  "Licence granted to"),
        GERMAN: ("Lizenznehmer", "Lizenznehmerin", "Lizenznehmer/in", "Lizenznehmer:in", "Lizenznehmer(in)",
                 "Name des Lizenznehmers", "Lizenzinhaber", "Lizenzinhaberin", "Lizenziert für", "Lizenziert an",
                 "Lizenz erteilt an"),
        FRENCH: ("Titulaire de la licence", "Nom du titulaire", "Licencié", "Licenciée", "Nom du licencié",
                 "Preneur de licence", "Bénéficiaire de la licence", "Licence accordée à", "Licence délivrée à",
                 "Licence concédée à"),
        SPANISH: ("Licenciatario", "Licenciataria", "Nombre del licenciatario", "Titular de la licencia",
                  "Beneficiario de la licencia", "Licenciado a", "Licencia concedida a", "Licencia otorgada a"),
        ITALIAN: ("Licenziatario", "Licenziataria", "Nome del licenziatario", "Titolare della licenza",
                  "Intestatario della licenza", "Concesso in licenza a", "Licenza concessa a"),
    },
    "licensed_at": {
        ENGLISH: ("License date", "Licence date", "Date of license", "Date of licence", "Date licensed",
                  "Licensed on", "Licensing date"),
        GERMAN: ("Lizenzdatum", "Lizenziert am", "Datum der Lizenzierung", "Datum der Lizenz", "Lizenzierungsdatum",
                 "Lizenz erteilt am"),
        FRENCH: ("Date de licence", "Date de la licence", "Licence accordée le", "Licence délivrée le",
                 "Date d'obtention de la licence"),
        SPANISH: ("Fecha de licencia", "Fecha de la licencia", "Licencia concedida el", "Licencia otorgada el"),
        ITALIAN: ("Data della licenza", "Data di licenza", "Data licenza", "Licenza concessa il"),
    },
    "bought_at": {
        ENGLISH: ("Purchase date", "Date of purchase", "Purchased on"),
        GERMAN: ("Kaufdatum", "Datum des Kaufs", "Erwerbsdatum", "Gekauft am", "Erworben am"),
        FRENCH: ("Date d'achat", "Date de l'achat", "Acheté le", "Date d'acquisition"),
        SPANISH: ("Fecha de compra", "Fecha de la compra", "Comprado el", "Fecha de adquisición"),
        ITALIAN: ("Data di acquisto", "Data d'acquisto", "Data dell'acquisto", "Data acquisto", "Acquistato il"),
    },
    "downloaded_at": {  # of a paper it may be its own; the date of a row in a history
        ENGLISH: ("Download date", "Date of download", "Downloaded on", "Date downloaded"),
        GERMAN: ("Downloaddatum", "Download-Datum", "Heruntergeladen am"),
        FRENCH: ("Date de téléchargement", "Date du téléchargement", "Téléchargé le"),
        SPANISH: ("Fecha de descarga", "Fecha de la descarga", "Descargado el"),
        ITALIAN: ("Data di download", "Data del download", "Data download", "Scaricato il"),
    },
    "title": {
        ENGLISH: ("Title", "Image title", "Asset title", "Item title", "File title"),
        GERMAN: ("Titel", "Bildtitel", "Titel des Bildes"),
        FRENCH: ("Titre", "Titre de l'image", "Titre du fichier"),
        SPANISH: ("Título", "Título de la imagen", "Título del archivo"),
        ITALIAN: ("Titolo", "Titolo dell'immagine", "Titolo del file"),
    },
    "description": {  # stands for the title where there is none
        ENGLISH: ("Description", "Image description"),
        GERMAN: ("Beschreibung", "Bildbeschreibung"),
        FRENCH: ("Description", "Description de l'image"),
        SPANISH: ("Descripción", "Descripción de la imagen"),
        ITALIAN: ("Descrizione", "Descrizione dell'immagine"),
    },
    "contributor": {
        ENGLISH: ("Author", "Contributor", "Photographer", "Artist", "Creator"),
        GERMAN: ("Urheber", "Urheberin", "Urheber/in", "Fotograf", "Fotografin", "Fotograf/in", "Bildautor",
                 "Künstler", "Künstlerin", "Autor", "Autorin"),
        FRENCH: ("Auteur", "Autrice", "Photographe", "Contributeur", "Contributrice", "Artiste", "Créateur"),
        SPANISH: ("Autor", "Autora", "Fotógrafo", "Fotógrafa", "Colaborador", "Colaboradora", "Artista", "Creador"),
        ITALIAN: ("Autore", "Autrice", "Fotografo", "Fotografa", "Collaboratore", "Artista"),
    },
    "project": {
        ENGLISH: ("Project", "Project name", "Project title"),
        GERMAN: ("Projekt", "Projektname"),
        FRENCH: ("Projet", "Nom du projet"),
        SPANISH: ("Proyecto", "Nombre del proyecto"),
        ITALIAN: ("Progetto", "Nome del progetto"),
    },
    "client": {ENGLISH: ("End client",), GERMAN: ("Endkunde",), FRENCH: ("Client final",),
               SPANISH: ("Cliente final",), ITALIAN: ("Cliente finale",)},
    "order": {
        ENGLISH: ("Order number", "Order no.", "Order ID", "Order #", "Order reference", "Sales order number",
                  "Sales order"),
        GERMAN: ("Bestellnummer", "Bestell-Nummer", "Bestell-Nr.", "Bestell-ID", "Auftragsnummer", "Auftrags-Nr.",
                 "Auftrags-ID"),
        FRENCH: ("Numéro de commande", "Numéro de la commande", "N° de commande", "Commande n°", "ID de commande",
                 "Référence de commande", "Référence de la commande"),
        SPANISH: ("Número de pedido", "Número del pedido", "N.º de pedido", "N° de pedido", "Pedido n.º",
                  "ID de pedido", "ID del pedido", "Referencia del pedido", "Número de orden"),
        ITALIAN: ("Numero ordine", "Numero d'ordine", "Numero dell'ordine", "Numero di ordine", "N. ordine",
                  "N° ordine", "Ordine n.", "Ordine n°", "ID ordine", "ID dell'ordine"),
    },
    "invoice": {
        ENGLISH: ("Invoice number", "Invoice no.", "Invoice ID", "Invoice #", "Receipt number", "Receipt no.",
                  "Receipt #"),
        GERMAN: ("Rechnungsnummer", "Rechnungs-Nr.", "Rechnung Nr.", "Belegnummer", "Quittungsnummer"),
        FRENCH: ("Numéro de facture", "Numéro de la facture", "N° de facture", "Facture n°", "Numéro du reçu"),
        SPANISH: ("Número de factura", "Número de la factura", "N.º de factura", "N° de factura", "Factura n.º",
                  "Factura n°", "Número de recibo"),
        ITALIAN: ("Numero fattura", "Numero di fattura", "Numero della fattura", "N. fattura", "N° fattura",
                  "Fattura n.", "Fattura n°", "Fattura numero", "Numero ricevuta", "Numero di ricevuta"),
    },
    "invoiced_at": {
        ENGLISH: ("Invoice date", "Date of invoice", "Date of issue", "Receipt date", "Issued on"),
        GERMAN: ("Rechnungsdatum", "Ausstellungsdatum", "Belegdatum"),
        FRENCH: ("Date de facture", "Date de la facture", "Date de facturation", "Date d'émission"),
        SPANISH: ("Fecha de factura", "Fecha de la factura", "Fecha de emisión"),
        ITALIAN: ("Data fattura", "Data della fattura", "Data di fatturazione", "Data di emissione", "Data emissione"),
    },
    "ordered_at": {
        ENGLISH: ("Order date", "Date of order", "Ordered on"),
        GERMAN: ("Bestelldatum", "Bestellt am", "Auftragsdatum"),
        FRENCH: ("Date de commande", "Date de la commande"),
        SPANISH: ("Fecha de pedido", "Fecha del pedido"),
        ITALIAN: ("Data ordine", "Data dell'ordine", "Data d'ordine"),
    },
    "dated": {ENGLISH: ("Date",), GERMAN: ("Datum",), FRENCH: ("Date",), SPANISH: ("Fecha",), ITALIAN: ("Data",)},
    "amount": {
        ENGLISH: ("Total", "Total amount", "Total paid", "Amount paid", "Grand total", "Order total", "Invoice total"),
        GERMAN: ("Gesamtbetrag", "Gesamtsumme", "Rechnungsbetrag", "Bezahlter Betrag", "Endbetrag"),
        FRENCH: ("Total", "Total TTC", "Montant total", "Montant total TTC", "Montant payé"),
        SPANISH: ("Total", "Importe total", "Total pagado", "Importe pagado", "Total factura"),
        ITALIAN: ("Totale", "Importo totale", "Totale fattura", "Totale pagato", "Importo pagato", "Totale ordine"),
    },
    OTHER: {  # what is not read, so that the value above ends there
        ENGLISH: ("File name", "Filename", "File size", "File type", "File format", "Size", "Format", "Resolution",
                  "Dimensions", "Price", "Status", "Media type", "Asset type", "Platform", "Provider", "Agency",
                  "Website", "Source", "Account", "Customer", "Email", "E-mail", "Username", "Usage", "Territory"),
        GERMAN: ("Dateiname", "Dateigröße", "Dateityp", "Dateiformat", "Größe", "Auflösung", "Abmessungen", "Preis",
                 "Medientyp", "Plattform", "Anbieter", "Agentur", "Webseite", "Quelle", "Konto", "Kunde",
                 "Benutzername", "Nutzung", "Gebiet"),
        FRENCH: ("Nom du fichier", "Taille", "Taille du fichier", "Résolution", "Dimensions", "Prix", "Statut",
                 "Type de média", "Plateforme", "Fournisseur", "Agence", "Site web", "Compte", "Client",
                 "Utilisation", "Territoire"),
        SPANISH: ("Nombre del archivo", "Nombre de archivo", "Tamaño", "Resolución", "Dimensiones", "Precio",
                  "Estado", "Tipo de medio", "Plataforma", "Proveedor", "Agencia", "Sitio web", "Cuenta", "Cliente",
                  "Uso", "Territorio"),
        ITALIAN: ("Nome file", "Nome del file", "Dimensioni", "Formato", "Risoluzione", "Prezzo", "Stato",
                  "Piattaforma", "Fornitore", "Agenzia", "Sito web", "Account", "Cliente", "Utilizzo", "Territorio"),
    },
}  # fmt: skip
_FLAT = {name: [label for each in languages.values() for label in each] for name, languages in LABELS.items()}
_FLAT["amount"] += [f"{label} ({code})" for label in _FLAT["amount"] for code in ("EUR", "USD", "GBP", "CHF")]
_ENGLISH, _FOREIGN = (
    {spelled(label) for each in LABELS.values() for spoken in languages for label in each[spoken]}
    for languages in ((ENGLISH,), (GERMAN, FRENCH, SPANISH, ITALIAN))
)
_LABELS_BY_LENGTH = sorted(_ENGLISH | _FOREIGN, key=len, reverse=True)

_MONEY = r"[^\d\s]{0,4} ?[A-Z]{0,3} ?[\d][\d.,'’ \u00a0\u202f]{0,18} ?[^\d\s]{0,4}"
_SHAPES = {
    "asset_id": r"#? ?[A-Z0-9]{3,12}[a-z]{0,3}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "order": r"#? ?(?=[^ ]{0,39}\d)[A-Z0-9][A-Z0-9./_-]{2,39}",
    "invoice": r"#? ?(?=[^ ]{0,39}\d)[A-Z0-9][A-Z0-9./_-]{2,39}",
    "amount": _MONEY,
}

# Of receipts only, whose every field has a shape: from a licence without gaps one would get its date, and no name.
_DATE_SHAPES = dict.fromkeys(
    ("invoiced_at", "ordered_at", "dated", "bought_at"),
    r"(?:[^\W\d]{2,12}\.?,? ){0,2}\d{1,4}(?:st|nd|rd|th|er|º)?\b[^;!?]{3,40}",
)

_LICENCE_TITLE = re.compile(
    r"\b(?:licen[cs]e certificate|certificate of licen[cs]e|proof of (?:licen[cs]e|purchase)|licen[cs]e confirmation|"
    r"lizenz-?zertifikat|lizenznachweis|kaufnachweis|lizenzbestätigung|lizenzurkunde|"
    r"(?:certificat|attestation|preuve|confirmation) de (?:la )?licence|preuve d['’]achat|"
    r"(?:certificado|comprobante|prueba|confirmación) de (?:la )?licencia|comprobante de compra|"
    r"prova d['’]acquisto|(?:certificato|attestato|prova|conferma) (?:di|della) licenza)\b",
    re.IGNORECASE,
)
_RECEIPT_TITLE = re.compile(
    r"\b(?:invoice|receipt|order confirmation|rechnung|quittung|auftragsbestätigung|bestellbestätigung|"
    r"facture|reçu|confirmation de commande|factura|recibo|confirmación de(?:l)? pedido|"
    r"fattura|ricevuta|conferma d(?:i |ell['’]|['’])ordine)\b",
    re.IGNORECASE,
)
_BY_DOWNLOAD = ("freepik", "flaticon")  # they license what is downloaded, so that a paper has no other date
HINTS = ("project", "client", "purchase_order", "profile", "references")
TITLE_WITHIN = 1_500  # characters from the beginning in which a paper says what it is

# A demand names platform, picture and amount as a receipt does, and is the opposite of one.
_DEMAND = re.compile(
    r"\b(?:settlement|unauthori[sz]ed use|without a (?:valid )?licen[cs]e|cease and desist|"
    r"copyright infringement notice|no (?:valid )?licen[cs]e (?:was|has been|could be) found|abmahn\w{2,30}|"
    r"unterlassung\w{0,30}|schadens?ersatz\w{0,30}|ohne (?:gültige )?lizenz|mise en demeure|sans autorisation|"
    r"sans licence|contrefaçon|requerimiento|sin autorización|sin licencia|indemnización|"
    r"diffida|senza autorizzazione|senza licenza|risarcimento)\b",
    re.IGNORECASE,
)
# What looks like a licence or a receipt and grants or proves nothing, or no longer.
_VOID = re.compile(
    r"\b(?:comp(?:ing)? licen[cs]e|layout licen[cs]e|preview licen[cs]e|sample certificate|this (?:sample|example)|"
    r"how to (?:read|understand|find|check|get)|specimen|"
    r"muster(?:zertifikat|exemplar|rechnung)|spécimen|draft|entwurf|brouillon|borrador|pro[ -]?forma|quotation|"
    r"estimate|angebot|kostenvoranschlag|devis|presupuesto|credit note|gutschrift|storno\w{0,12}|storniert|"
    r"nota de crédito|facture d.avoir|refunded|refund (?:confirmation|receipt)|erstattet|erstattung|remboursée?|"
    r"remboursement|reembols\w{1,6}|cancell?ed|revoked|expired licen[cs]e|annulée?|cancelad[oa]|anulad[oa]|"
    r"reminder|mahnung|zahlungserinnerung|relance|recordatorio|"
    r"preventivo|bozza|nota di credito|rimbors\w{1,6}|annullat[oa]|stornat[oa]|sollecito)\b",
    re.IGNORECASE,
)
# Terms say what would end a licence: "may be revoked", "if it is refunded". That says nothing of this one.
_IN_TERMS = re.compile(
    r"\b(?:if|unless|until|once|when|may|might|can|cannot|could|will|would|shall|not|never|no|falls|sofern|wenn|"
    r"kann|können|darf|nicht|keine?|si|peut|peuvent|ne|puede|pueden|no|se|può|possono|non)\b[^.:;!?]{0,80}$",
    re.IGNORECASE,
)
_NO_RECEIPT = re.compile(
    r"\bnot an? (?:tax )?(?:receipt|invoice)\b|\bkeine rechnung\b|\bpas une facture\b|\bno es una factura\b|"
    r"\bnon è una fattura\b",
    re.IGNORECASE,
)

_CREDIT_LINE = re.compile(
    r"^.{0,200}(?:©|\b(?:photos?|fotos?|bild(?:er|nachweis)?|images?|pictures?|credits?|crédits?|quelle)\b ?:).*$",
    re.IGNORECASE | re.MULTILINE,
)

# What a shop says of a picture that it bought elsewhere: its address, or "from" and the site's name.
_SOLD = re.compile(
    r"(?:https?://)?(?:[\w-]{1,60}\.){1,4}[a-z]{2,6}/[^\s/?][^\s]*|"
    r"\b(?:from|at|via|by|on|von|bei|aus|über|auf|de|chez|sur|en|da|su|presso)\s+(?:www\.)?(?:[\w-]{1,60}\.){1,4}[a-z]{2,6}\b",
    re.IGNORECASE,
)

# Names that one licence has in five languages; the canonical one is the adapters'.
_KINDS = {
    "standard": r"(?:standard|estándar)|(?:standard|estándar) licen[cs]e|standard-?lizenz|licence standard|"
    r"licencia estándar|licenza standard",
    "extended": r"extended|extended licen[cs]e|erweiterte lizenz|licence étendue|licencia (?:ampliada|extendida)|"
    r"licenza estesa",
    "enhanced": r"enhanced|enhanced licen[cs]e",
    "premium": r"premium|premium licen[cs]e|premium-?lizenz|licence premium|licencia premium|licenza premium",
}

_CURRENCY_CODES = "EUR USD GBP CHF AUD CAD NZD JPY SEK NOK DKK PLN CZK HUF BRL MXN INR SGD HKD"
_CURRENCY = re.compile(
    rf"(?<![A-Z])(?:(?P<code>{'|'.join(_CURRENCY_CODES.split())})(?![A-Z])|(?P<sign>€|£|US\$|AU\$|A\$|CA\$|C\$|NZ\$))"
)
_SIGNS = {"€": "EUR", "£": "GBP", "US$": "USD", "AU$": "AUD", "A$": "AUD", "CA$": "CAD", "C$": "CAD", "NZ$": "NZD"}
_NUMBER = re.compile(r"\d+(?:[.,'’ \u00a0\u202f]\d+)*", re.ASCII)


def titled(text: str) -> bool:
    """Whether a text calls itself a licence or a receipt where papers do."""
    head = text[:TITLE_WITHIN]
    return bool(_LICENCE_TITLE.search(head) or _RECEIPT_TITLE.search(head))


def read_labelled(text: str, name: str = "") -> Paper | None:
    """A licence or a receipt by its labels; None where it is neither for sure.

    `name` is the file's: where a licence's text names no platform it may, and the reading is then `possible` only.
    """
    head = text[:TITLE_WITHIN]
    licence, receipt = _LICENCE_TITLE.search(head), _RECEIPT_TITLE.search(head)
    if not (licence or receipt) or _DEMAND.search(text) or _void(text):
        return None
    if not licence and _NO_RECEIPT.search(text):
        return None
    if licence:
        platform, words, strong = the_platform(text, name)
    else:
        # Any shop's invoice may show a platform's picture or carry its name: a receipt must come from the platform.
        platform, words, strong = the_platform(_SOLD.sub("", _CREDIT_LINE.sub("", text)))
    if platform is None or not (licence or strong):
        return None
    found = quoted(_untabled(text), _FLAT, _SHAPES if licence else _SHAPES | _DATE_SHAPES)
    found.pop(OTHER, None)
    paper = _licence(platform, found) if licence else _receipt(platform, found)
    if paper is None:
        return None
    quotes = {"platform": words} | {field: quote.text for field, quote in found.items()}
    paper = replace(paper, sure=Sure.LIKELY if strong else Sure.POSSIBLE, quotes=quotes)
    return paper if licence else read_plan(paper, text, _order(found))


def _void(text: str) -> bool:
    return any(not _IN_TERMS.search(text[max(0, each.start() - 100) : each.start()]) for each in _VOID.finditer(text))


_GAP = re.compile(r"\s{2,}|\t")


def _untabled(text: str) -> str:
    """The text with tables of one row, whose labels stand above their values, as a line for each.

    A table of several rows says no field once, so it stays what it is.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    out: list[str] = []
    head: list[str] = []
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        cells = _GAP.split(line)
        if head and len(cells) == len(head) and len(_GAP.split(after)) != len(head):
            out[-1:] = [f"{label}: {value}" for label, value in zip(head, cells, strict=True)]
            head = []
            continue
        labels = len(cells) > 1 and all(spelled(cell) in _ENGLISH | _FOREIGN for cell in cells)
        head = cells if labels else []
        out.append(line)
    return "\n".join(out) if len(out) != len(lines) else text


def _licence(platform: str, found: Mapping[str, Quote]) -> Paper | None:
    by_download = ("downloaded_at",) if platform in _BY_DOWNLOAD else ()
    dates = [found[name] for name in ("licensed_at", "bought_at", *by_download) if name in found]
    values = {name: value for name, quote in found.items() if (value := plain(quote))}
    licence = licence_of(platform, values, _day(dates[0], found) if dates else None, dates[0].value if dates else None)
    if licence is None or licence.comp:
        return None
    return Paper(
        reader="licence_by_labels",
        sure=Sure.POSSIBLE,
        kind=DocumentKind.CERTIFICATE,
        platform=platform,
        licences=(licence,),
        order=licence.order,
        date=licence.licensed_at,
    )


def _receipt(platform: str, found: Mapping[str, Quote]) -> Paper | None:
    dates = [found[name] for name in ("invoiced_at", "ordered_at", "dated", "bought_at") if name in found]
    when = _day(dates[0], found) if dates else None
    order, invoice = (_number(found.get(name)) for name in ("order", "invoice"))
    amount, currency = money(found["amount"].text) if "amount" in found else (None, None)
    if not (order or invoice) or (when is None and amount is None):
        return None
    return Paper(
        reader="receipt_by_labels",
        sure=Sure.POSSIBLE,
        kind=DocumentKind.RECEIPT,
        platform=platform,
        order=order,
        invoice=invoice,
        date=when,
        amount=amount,
        currency=currency,
    )


def licence_of(platform: str, values: Mapping[str, str], when: Moment | None, written: str | None) -> Licence | None:
    """The licence that named values make, with the identity that the platform's adapter gives; None without one.

    `when` is its date and `written` the date as the paper has it, which stands in the key where it cannot be read.
    """
    forms = PLATFORMS[platform]
    asset_id, licence_id = (values.get(name, "").removeprefix("#").strip() for name in ("asset_id", "licence_id"))
    numbered = bool(forms.licence and re.fullmatch(forms.licence, licence_id))  # a number of another form is no id
    if not re.fullmatch(forms.asset, asset_id) or not (numbered or written):
        return None
    if licence_id and not numbered and not re.fullmatch(ANY_NUMBER, licence_id):
        return None
    kind = kind_of(values.get("kind"))
    return Licence(
        asset=Asset(provider=platform, asset_id=asset_id, title=_title(values), contributor=values.get("contributor")),
        licence_id=licence_id if numbered else None,
        key=() if numbered else ("", asset_id, (kind or "").casefold(), (iso(when) or written or "")[:40]),
        kind=kind,
        licensed_at=when,
        licensee=values.get("licensee"),
        seat=values.get("seat"),
        plan=values.get("plan"),
        order=values.get("order", "").removeprefix("#").strip() or None,
        client_hints={name: values[name] for name in HINTS if name in values},
        comp=bool(kind and re.search(r"(?:^|[\W_])(?:comp|comping|layout|preview)(?:$|[\W_])", kind, re.IGNORECASE)),
    )


def _title(values: Mapping[str, str]) -> str | None:
    title = values.get("title") or values.get("description")
    return " ".join(title.split()) if title else None  # a table's cell may have several lines


def kind_of(text: str | None) -> str | None:
    """A licence's kind; one that is known in five languages by the adapters' word for it."""
    if text is None or re.search(r"\d{4}|://", text):  # a number or an address, not a kind
        return None
    return next((kind for kind, names in _KINDS.items() if re.fullmatch(names, text, re.IGNORECASE)), text)


def money(text: str) -> tuple[Decimal | None, str | None]:
    """The amount and its currency in a text that holds one of each; None for what can be read in two ways.

    `1.234` and `1,234` are both a thousand and one, and `$` is many countries' dollar.
    """
    currencies = {_SIGNS.get(each["sign"] or "", each["code"]) for each in _CURRENCY.finditer(text)}
    currency = currencies.pop() if len(currencies) == 1 else None
    numbers = _NUMBER.findall(text)
    if len(numbers) != 1 or re.search(r"[-−(]\s?[^\d\s)]{0,4}\s?\d|%", text):
        return None, currency
    groups, marks = re.split(r"\D", numbers[0]), re.findall(r"\D", numbers[0])
    cents = len(groups[-1]) == 2 and marks[-1:] in ([","], ["."])
    thousands, between = (groups[:-1], marks[:-1]) if cents else (groups, marks)
    grouped = len(thousands[0]) <= 3 and all(len(group) == 3 for group in thousands[1:]) and len(set(between)) == 1
    if between and (not grouped or (cents and between[0] == marks[-1])):
        return None, currency
    if not cents and len(between) == 1 and between[0] in ",.":
        return None, currency
    return Decimal("".join(thousands) + (f".{groups[-1]}" if cents else "")), currency


def _number(quote: Quote | None) -> str | None:
    return quote.value.removeprefix("#").strip() if quote else None


def _day(quote: Quote, found: Mapping[str, Quote]) -> Moment | None:
    """A date, its numbers ordered as the paper's other dates prove it, or as its language does.

    English does not tell, as it is written on both sides of the Atlantic; nor does a paper in two languages.
    """
    return day(quote, _order(found))


def _order(found: Mapping[str, Quote]) -> Order | None:
    proven = day_order(each.value for each in found.values())
    spoken = spoken_order(
        [
            next((label for label in _LABELS_BY_LENGTH if spelled(each.text).startswith(label)), "")
            for each in found.values()
        ]
    )
    return None if proven and spoken and proven is not spoken else proven or spoken


def spoken_order(labels: Sequence[str]) -> Order | None:
    """Day first where known labels are there that are not English, and none that only English has."""
    known = {spelled(label) for label in labels} & (_ENGLISH | _FOREIGN)
    return Order.DAY_FIRST if known - _ENGLISH and not known - _FOREIGN else None
