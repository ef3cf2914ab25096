"""What papers and lists call their fields, in English, German, French, Spanish and Italian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archiver.reading.certificates import spelled
from archiver.reading.dates import Order

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

_ENGLISH, _FOREIGN = (
    {spelled(label) for each in LABELS.values() for spoken in languages for label in each[spoken]}
    for languages in ((ENGLISH,), (GERMAN, FRENCH, SPANISH, ITALIAN))
)
SPELLED = _ENGLISH | _FOREIGN
"""All labels as `spelled` has them."""


def spoken_order(labels: Sequence[str]) -> Order | None:
    """Day first where known labels are there that are not English, and none that only English has."""
    known = {spelled(label) for label in labels} & SPELLED
    return Order.DAY_FIRST if known - _ENGLISH and not known - _FOREIGN else None
