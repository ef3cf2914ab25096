"""The labels of fields in papers and lists, in English, German, French, Spanish, Italian, Dutch and Polish."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from archiver.reading.certificates import spelled
from archiver.reading.dates import DateOrder

ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, DUTCH, POLISH = "en", "de", "fr", "es", "it", "nl", "pl"

# Field -> language -> labels.
OTHER = "other"
LABELS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "asset_id": {
        ENGLISH: ("Image file no.", "Photo no.", "Photo ref", "Picture number", "Picture ref", "Clip number",
                  "Video number", "Track number", "Model ID", "Asset ID", "Asset number", "Asset no.", "Image ID",
                  "Image number", "Image no.", "Photo ID",
                  "Photo number", "Picture ID", "File ID", "File number", "File no.", "Item ID", "Item number",
                  "Media ID", "Media number", "Clip ID", "Footage ID", "Track ID", "Video ID", "Resource ID",
                  "Stock ID", "Icon ID", "Asset #",
                  "Image #", "Photo #", "Image ref", "Image ref.", "Image reference",
                  "Picture no.", "File #", "Item #", "Creative #", "Editorial #"),
        GERMAN: ("Bildnr.", "Bild Nr.", "Bild Nr", "Motivnummer", "Motiv-Nr.", "Bild-Referenz", "Ressource",
                 "Bild-ID", "Bildnummer", "Bild-Nummer", "Bild-Nr.", "Foto-ID", "Fotonummer", "Foto-Nr.", "Datei-ID",
                 "Dateinummer", "Datei-Nr.", "Medien-ID", "Mediennummer", "Medien-Nr.", "Video-ID", "Element-ID",
                 "Ressourcen-ID", "Asset-ID", "Asset-Nr."),
        FRENCH: ("Réf. photo",
                  "Référence image", "Réf. image", "Réf image", "Référence photo", "N° image", "N° photo",
                 "Numéro image", "Fichier n°", "Image n°", "Photo n°", "ID de l'image", "ID image",
                 "Identifiant de l'image", "Identifiant image", "Numéro d'image",
                 "Numéro de l'image", "N° d'image", "N° de l'image", "Référence de l'image", "Réf. de l'image",
                 "ID de la photo", "Numéro de la photo", "ID du fichier", "Identifiant du fichier",
                 "Numéro de fichier", "Numéro du fichier", "N° de fichier", "N° du fichier", "Référence du fichier",
                 "ID de l'élément", "Identifiant de l'élément", "ID de la ressource", "Identifiant de la ressource",
                 "ID du média", "Identifiant du média", "Numéro du média"),
        SPANISH: ("Nº imagen", "N.º imagen", "Nº de imagen", "Ref. imagen", "Referencia imagen", "Código imagen",
                  "Nº archivo", "N.º archivo", "Recurso", "ID de la imagen", "ID de imagen",
                  "Identificador de la imagen", "Número de imagen",
                  "Número de la imagen", "N.º de imagen", "N° de imagen", "Referencia de la imagen", "ID de la foto",
                  "ID de foto", "ID del archivo", "ID de archivo", "Identificador del archivo", "Número de archivo",
                  "Número del archivo", "N.º de archivo", "Referencia del archivo", "ID del recurso",
                  "ID del elemento", "ID del medio", "ID del vídeo", "Referencia de imagen", "Código de imagen",
                  "Código de la imagen"),
        ITALIAN: ("N. file", "N° file", "Cod. immagine", "Rif. immagine", "Codice foto", "N. foto", "Risorsa",
                  "ID immagine", "ID dell'immagine", "Numero immagine", "Numero dell'immagine", "N. immagine",
                  "N° immagine", "ID foto", "ID file", "ID del file", "Numero file", "Numero del file", "ID risorsa",
                  "ID della risorsa", "ID elemento", "ID dell'elemento", "Codice immagine", "Codice dell'immagine",
                  "Riferimento immagine", "Riferimento dell'immagine"),
        DUTCH: ("Fotonr.", "Beeldnr.", "Referentie afbeelding", "Bron-ID", "Afbeelding-ID", "Afbeeldings-ID",
                "Afbeeldingsnummer", "Beeldnummer", "Beeld-ID", "Foto-ID",
                "Fotonummer", "Bestands-ID", "Bestandsnummer", "Media-ID", "Item-ID", "Asset-ID"),
        POLISH: ("ID obrazu", "Numer obrazu", "Nr obrazu", "ID zdjęcia", "Numer zdjęcia", "Nr zdjęcia", "ID pliku",
                 "Numer pliku", "Nr pliku", "Identyfikator obrazu", "Identyfikator zdjęcia", "Identyfikator pliku",
                 "ID zasobu", "Identyfikator zasobu"),
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
        DUTCH: ("Licentienummer", "Licentie-ID", "Licentienr."),
        POLISH: ("Numer licencji", "Nr licencji", "ID licencji"),
    },
    "kind": {
        ENGLISH: ("License details", "Licence details", "Licence terms",
                  "License terms", "License type", "License", "License name", "Type of license", "Licence type",
                  "Licence",
                  "Type of licence"),
        GERMAN: ("Lizenzumfang", "Lizenzdetails",
                  "Lizenzart", "Lizenztyp", "Art der Lizenz", "Lizenz"),
        FRENCH: ("Type de licence", "Type de la licence", "Licence"),
        SPANISH: ("Tipo de licencia", "Tipo de la licencia", "Licencia"),
        ITALIAN: ("Tipo di licenza", "Tipo licenza", "Licenza"),
        DUTCH: ("Licentietype", "Type licentie", "Soort licentie", "Licentie"),
        POLISH: ("Typ licencji", "Rodzaj licencji", "Licencja"),
    },
    "usage": {  # of a receipt, where it stands for the kind of licence
        ENGLISH: ("Use", "Rights granted", "Rights", "Usage", "Usage rights", "Licensed use"),
        GERMAN: ("Nutzung", "Nutzungsart", "Nutzungsrecht", "Nutzungsrechte", "Verwendung", "Verwendungszweck"),
        FRENCH: ("Utilisations", "Droits cédés", "Usage", "Support", "Utilisation", "Droits d'utilisation"),
        SPANISH: ("Utilización", "Uso", "Derechos de uso"),
        ITALIAN: ("Uso", "Utilizzi", "Utilizzo", "Diritti d'uso"),
        DUTCH: ("Gebruik", "Gebruiksrecht"),
        POLISH: ("Zastosowanie",),
    },
    "buyer": {  # of a receipt; a licence has a licensee
        ENGLISH: ("Invoice to", "Issued to",
                  "Account holder", "Buyer", "Bill to", "Billed to", "Sold to", "Purchaser", "Purchased by",
                  "Customer"),
        GERMAN: ("Käufer", "Käuferin", "Rechnungsempfänger", "Rechnung an", "Kunde"),
        FRENCH: ("Acheteur", "Acheteuse", "Facturé à", "Client"),
        SPANISH: ("Facturar a", "Comprador", "Compradora", "Facturado a", "Cliente"),
        ITALIAN: ("Intestata a",
                  "Intestatario", "Acquirente", "Fatturato a", "Intestato a", "Cliente"),
        DUTCH: ("Factuuradres", "Koper", "Gefactureerd aan", "Klant"),
        POLISH: ("Nabywca", "Kupujący", "Klient"),
    },
    "licensee": {
        ENGLISH: ("Licensee", "Licensee name", "Name of licensee", "Licensed to", "License holder", "Licence holder",
                  "License owner", "Licence owner", "License issued to", "Licence issued to", "License granted to",
                  "Licence granted to"),
        GERMAN: ("Lizenznehmer", "Lizenznehmerin", "Lizenznehmer/in", "Lizenznehmer:in", "Lizenznehmer(in)",
                 "Name des Lizenznehmers", "Lizenzinhaber", "Lizenzinhaberin", "Lizenziert für", "Lizenziert an",
                 "Lizenz erteilt an", "Erworben von"),
        FRENCH: ("Titulaire de la licence", "Nom du titulaire", "Licencié", "Licenciée", "Nom du licencié",
                 "Preneur de licence", "Bénéficiaire de la licence", "Licence accordée à", "Licence délivrée à",
                 "Licence concédée à"),
        SPANISH: ("Licenciatario", "Licenciataria", "Nombre del licenciatario", "Titular de la licencia",
                  "Beneficiario de la licencia", "Licenciado a", "Licencia concedida a", "Licencia otorgada a"),
        ITALIAN: ("Licenziatario", "Licenziataria", "Nome del licenziatario", "Titolare della licenza",
                  "Intestatario della licenza", "Concesso in licenza a", "Concessa in licenza a", "Licenza concessa a"),
        DUTCH: ("Licentiehouder", "Licentienemer", "Naam licentiehouder", "Gelicentieerd aan",
                "Licentie verleend aan"),
        POLISH: ("Licencjobiorca", "Nazwa licencjobiorcy", "Właściciel licencji", "Posiadacz licencji",
                 "Licencja udzielona dla"),
    },
    "licensed_at": {
        ENGLISH: ("Date of licensing", "License issued on", "Licence issued on", "License date", "Licence date",
                  "Date of license", "Date of licence", "Date licensed",
                  "Licensed on", "Licensing date"),
        GERMAN: ("Lizenzdatum", "Lizenziert am", "Datum der Lizenzierung", "Datum der Lizenz", "Lizenzierungsdatum",
                 "Lizenz erteilt am"),
        FRENCH: ("Date d'acquisition de la licence", "Date de la cession", "Date de licence", "Date de la licence",
                 "Licence accordée le", "Licence délivrée le",
                 "Date d'obtention de la licence"),
        SPANISH: ("Fecha de licencia", "Fecha de la licencia", "Licencia concedida el", "Licencia otorgada el"),
        ITALIAN: ("Data della licenza", "Data di licenza", "Data licenza", "Licenza concessa il"),
        DUTCH: ("Licentiedatum", "Datum van licentie", "Datum licentie", "Gelicentieerd op"),
        POLISH: ("Data licencji", "Data udzielenia licencji"),
    },
    "bought_at": {
        ENGLISH: ("Purchase date", "Date of purchase", "Purchased on"),
        GERMAN: ("Kaufdatum", "Datum des Kaufs", "Erwerbsdatum", "Gekauft am", "Erworben am"),
        FRENCH: ("Date d'achat", "Date de l'achat", "Acheté le", "Date d'acquisition"),
        SPANISH: ("Fecha de compra", "Fecha de la compra", "Comprado el", "Fecha de adquisición"),
        ITALIAN: ("Data di acquisto", "Data d'acquisto", "Data dell'acquisto", "Data acquisto", "Acquistato il"),
        DUTCH: ("Aankoopdatum", "Datum van aankoop", "Gekocht op"),
        POLISH: ("Data zakupu", "Data nabycia"),
    },
    "downloaded_at": {  # of a paper it may be its own; the date of a row in a history
        ENGLISH: ("Download date", "Date of download", "Downloaded on", "Date downloaded"),
        GERMAN: ("Downloaddatum", "Download-Datum", "Heruntergeladen am"),
        FRENCH: ("Date de téléchargement", "Date du téléchargement", "Téléchargé le"),
        SPANISH: ("Fecha de descarga", "Fecha de la descarga", "Descargado el"),
        ITALIAN: ("Data di download", "Data del download", "Data download", "Scaricato il"),
        DUTCH: ("Downloaddatum", "Datum van download", "Gedownload op"),
        POLISH: ("Data pobrania", "Pobrano"),
    },
    "title": {
        ENGLISH: ("Caption", "Image caption",
                  "Title", "Image title", "Asset title", "Item title", "File title"),
        GERMAN: ("Motiv", "Bildtext", "Bildmotiv",
                  "Titel", "Bildtitel", "Titel des Bildes"),
        FRENCH: ("Légende",
                  "Titre", "Titre de l'image", "Titre du fichier"),
        SPANISH: ("Pie de foto",
                  "Título", "Título de la imagen", "Título del archivo"),
        ITALIAN: ("Didascalia",
                  "Titolo", "Titolo dell'immagine", "Titolo del file"),
        DUTCH: ("Bijschrift",
                  "Titel", "Titel van de afbeelding"),
        POLISH: ("Tytuł", "Tytuł zdjęcia", "Tytuł obrazu"),
    },
    "description": {  # used as the title if there is none
        ENGLISH: ("Description", "Image description"),
        GERMAN: ("Beschreibung", "Bildbeschreibung"),
        FRENCH: ("Description", "Description de l'image"),
        SPANISH: ("Descripción", "Descripción de la imagen"),
        ITALIAN: ("Descrizione", "Descrizione dell'immagine"),
        DUTCH: ("Beschrijving", "Omschrijving"),
        POLISH: ("Opis", "Opis zdjęcia"),
    },
    "contributor": {
        ENGLISH: ("Author", "Contributor", "Photographer", "Artist", "Creator"),
        GERMAN: ("Urheber", "Urheberin", "Urheber/in", "Fotograf", "Fotografin", "Fotograf/in", "Bildautor",
                 "Künstler", "Künstlerin", "Autor", "Autorin"),
        FRENCH: ("Auteur", "Autrice", "Photographe", "Contributeur", "Contributrice", "Artiste", "Créateur"),
        SPANISH: ("Autor", "Autora", "Fotógrafo", "Fotógrafa", "Colaborador", "Colaboradora", "Artista", "Creador"),
        ITALIAN: ("Autore", "Autrice", "Fotografo", "Fotografa", "Collaboratore", "Artista"),
        DUTCH: ("Auteur", "Fotograaf", "Maker", "Kunstenaar", "Bijdrager"),
        POLISH: ("Autor", "Autorka", "Fotograf", "Fotografka", "Twórca"),
    },
    "project": {
        ENGLISH: ("Project", "Project name", "Project title"),
        GERMAN: ("Projekt", "Projektname"),
        FRENCH: ("Projet", "Nom du projet"),
        SPANISH: ("Proyecto", "Nombre del proyecto"),
        ITALIAN: ("Progetto", "Nome del progetto"),
        DUTCH: ("Project", "Projectnaam"),
        POLISH: ("Projekt", "Nazwa projektu"),
    },
    "client": {ENGLISH: ("End client",), GERMAN: ("Endkunde",), FRENCH: ("Client final",),
               SPANISH: ("Cliente final",), ITALIAN: ("Cliente finale",),
               DUTCH: ("Eindklant",), POLISH: ("Klient końcowy",)},
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
        DUTCH: ("Bestelnummer", "Bestelnr.", "Ordernummer", "Ordernr.", "Bestelling nr."),
        POLISH: ("Numer zamówienia", "Nr zamówienia", "ID zamówienia"),
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
        DUTCH: ("Factuurnummer", "Factuurnr.", "Factuur nr."),
        POLISH: ("Numer faktury", "Nr faktury", "Faktura nr", "Faktura VAT nr", "Numer rachunku"),
    },
    "invoiced_at": {
        ENGLISH: ("Invoice date", "Date of invoice", "Date of issue", "Receipt date", "Issued on"),
        GERMAN: ("Rechnungsdatum", "Ausstellungsdatum", "Belegdatum"),
        FRENCH: ("Date de facture", "Date de la facture", "Date de facturation", "Date d'émission"),
        SPANISH: ("Fecha de factura", "Fecha de la factura", "Fecha de emisión"),
        ITALIAN: ("Data fattura", "Data della fattura", "Data di fatturazione", "Data di emissione", "Data emissione"),
        DUTCH: ("Factuurdatum", "Datum van factuur", "Datum factuur"),
        POLISH: ("Data wystawienia", "Data faktury", "Data wystawienia faktury"),
    },
    "ordered_at": {
        ENGLISH: ("Order date", "Date of order", "Ordered on"),
        GERMAN: ("Bestelldatum", "Bestellt am", "Auftragsdatum"),
        FRENCH: ("Date de commande", "Date de la commande"),
        SPANISH: ("Fecha de pedido", "Fecha del pedido"),
        ITALIAN: ("Data ordine", "Data dell'ordine", "Data d'ordine"),
        DUTCH: ("Besteldatum", "Orderdatum", "Besteld op"),
        POLISH: ("Data zamówienia",),
    },
    "dated": {ENGLISH: ("Date",), GERMAN: ("Datum",), FRENCH: ("Date",), SPANISH: ("Fecha",), ITALIAN: ("Data",),
               DUTCH: ("Datum",), POLISH: ("Data",)},
    "amount": {
        ENGLISH: ("Total", "Total amount", "Total paid", "Amount paid", "Grand total", "Order total", "Invoice total"),
        GERMAN: ("Gesamtbetrag", "Gesamtsumme", "Rechnungsbetrag", "Bezahlter Betrag", "Endbetrag"),
        FRENCH: ("Total", "Total TTC", "Montant total", "Montant total TTC", "Montant payé"),
        SPANISH: ("Total", "Importe total", "Total pagado", "Importe pagado", "Total factura"),
        ITALIAN: ("Totale", "Importo totale", "Totale fattura", "Totale pagato", "Importo pagato", "Totale ordine"),
        DUTCH: ("Totaal", "Totaalbedrag", "Factuurbedrag", "Totaal te betalen", "Betaald bedrag"),
        POLISH: ("Razem", "Razem brutto", "Kwota całkowita", "Suma", "Do zapłaty"),
    },
    OTHER: {  # what is not read, so that the value above ends there
        ENGLISH: ("Fee", "Amount", "Net", "Subtotal",
                  "Payment", "Payment method", "Customer number", "Customer no.", "VAT number", "VAT ID",
                  "Quantity", "Qty",
                  "File name", "Filename", "File size", "File type", "File format", "Size", "Format", "Resolution",
                  "Dimensions", "Price", "Status", "Media type", "Asset type", "Platform", "Provider", "Agency",
                  "Website", "Source", "Account", "Email", "E-mail", "Username", "Territory"),
        GERMAN: ("Honorar", "Gebühr", "Betrag", "Netto", "Lizenzgebühr",
                  "Kundennummer", "Kunden-Nr.", "Zahlungsart", "Zahlung", "USt-IdNr.", "Menge", "Ansprechpartner",
                  "Dateiname", "Dateigröße", "Dateityp", "Dateiformat", "Größe", "Auflösung", "Abmessungen", "Preis",
                 "Medientyp", "Plattform", "Anbieter", "Agentur", "Webseite", "Quelle", "Konto",
                 "Benutzername", "Gebiet"),
        FRENCH: ("Prix HT", "Montant", "Montant HT", "Tarif", "Droits",
                  "N° client", "Numéro client", "Mode de paiement", "N° TVA", "Quantité",
                  "Nom du fichier", "Taille", "Taille du fichier", "Résolution", "Dimensions", "Prix", "Statut",
                 "Type de média", "Plateforme", "Fournisseur", "Agence", "Site web", "Compte",
                 "Territoire"),
        SPANISH: ("Importe", "Tarifa",
                  "N.º cliente", "Número de cliente", "Forma de pago", "Cantidad",
                  "Nombre del archivo", "Nombre de archivo", "Tamaño", "Resolución", "Dimensiones", "Precio",
                  "Estado", "Tipo de medio", "Plataforma", "Proveedor", "Agencia", "Sitio web", "Cuenta",
                  "Territorio"),
        ITALIAN: ("Importo", "Compenso",
                  "Cod. cliente", "Codice cliente", "Pagamento", "Partita IVA", "Quantità",
                  "Nome file", "Nome del file", "Dimensioni", "Formato", "Risoluzione", "Prezzo", "Stato",
                  "Piattaforma", "Fornitore", "Agenzia", "Sito web", "Account", "Territorio"),
        DUTCH: ("Bedrag", "Vergoeding",
                  "Klantnummer", "Betaalwijze", "Aantal",
                  "Bestandsnaam", "Bestandsgrootte", "Bestandstype", "Grootte", "Resolutie", "Afmetingen", "Prijs",
                "Mediatype", "Leverancier", "Bron", "Gebruikersnaam", "Gebied"),
        POLISH: ("Nazwa pliku", "Rozmiar", "Rozmiar pliku", "Rozdzielczość", "Wymiary", "Cena", "Dostawca",
                 "Źródło", "Konto", "Użytkownik", "Terytorium"),
    },
}  # fmt: skip

OF_A_PICTURE = re.compile(
    r"(?:image|photo|picture|bild|foto|motiv-?n|(?:id|n°|n\.?º|num[eé]ro|cod\.?|r[eé]f\.?|id\w+|(?:c[oó]d|rif|r[eé]f)\w+)"
    r".{1,20}(?:image|photo|imm?[aá]g\w+|foto))",
    re.IGNORECASE,
)
"""The beginning of a label that only pictures have: an item, a file or an asset may be any shop's goods."""

_ENGLISH, _FOREIGN = (
    {spelled(label) for each in LABELS.values() for spoken in languages for label in each[spoken]}
    for languages in ((ENGLISH,), (GERMAN, FRENCH, SPANISH, ITALIAN, DUTCH, POLISH))
)
SPELLED = _ENGLISH | _FOREIGN
"""All labels as `spelled` has them."""


def spoken_order(labels: Sequence[str]) -> DateOrder | None:
    """Day first if there are known labels in another language, and none that only English has."""
    known = {spelled(label) for label in labels} & SPELLED
    return DateOrder.DAY_FIRST if known - _ENGLISH and not known - _FOREIGN else None


_PICTURES = [label for each in LABELS["asset_id"].values() for label in each if OF_A_PICTURE.match(label)]
_GRANTS = [label for name in ("licensee", "kind", "usage") for each in LABELS[name].values() for label in each]
_NAMES_A_PICTURE, _NAMES_A_GRANT = (
    re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, labels))})(?![\w-])", re.IGNORECASE)
    for labels in (_PICTURES, _GRANTS)
)


def names_picture_and_grant(text: str) -> bool:
    """Whether a text has a label of a picture's number, and one of who may use it, or for what."""
    return bool(_NAMES_A_PICTURE.search(text) and _NAMES_A_GRANT.search(text))
