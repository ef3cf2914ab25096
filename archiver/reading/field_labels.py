"""The labels of fields in papers and lists: English, German, French, Spanish, Italian, Dutch, Polish, Portuguese."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from archiver.reading.certificates import spelled
from archiver.reading.dates import DateOrder
from archiver.reading.phrases import Phrases

ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, DUTCH, POLISH, PORTUGUESE = "en", "de", "fr", "es", "it", "nl", "pl", "pt"


def _each(first: str, then: str) -> tuple[str, ...]:
    """All labels made of one of the first parts and one of the second, which `|` separates."""
    return tuple(one + other for one in first.split("|") for other in then.split("|"))


def _dates(done: str, noun: str) -> tuple[str, ...]:
    """The English labels of the day when something was done, by the verb's participle and the noun."""
    before, after = f"Date {done.lower()}|Date of {noun.lower()}", f"{noun} date|{done} date|{done} on|{done} at"
    return (*before.split("|"), *after.split("|"))


# Field -> language -> labels.
OTHER = "other"
LABELS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "asset_id": {
        ENGLISH: (*_each("Image|Photo|Picture|Asset|Content|File|Item|Media|Clip|Footage|Video|Track|Song|Music|Audio|"
                         "Audio file|Icon|Illustration|Graphic|Vector|Font|Template|Sound|Resource|Work",
                         " ID| number| no.| no| #| ref| ref.| reference| code"),
                  "Image file no.", "Model ID", "Stock ID", "Creative #", "Editorial #"),
        GERMAN: (*_each("Bild|Foto|Motiv|Datei|Medien|Video|Film|Clip|Track|Song|Titel|Element|Ressourcen|Asset|Icon|"
                        "Illustrations|Grafik|Vektor|Schrift|Vorlagen|Musik|Inhalts|Werk",
                        "-ID|nummer|-Nummer|-Nr.|-Nr|nr.|nr|-Referenz"), "Ressource", "Artikel-ID"),
        FRENCH: (*_each("ID |Identifiant |Numéro |N° |Réf. |Réf |Référence ",
                        "image|photo|visuel|fichier|de l'image|d'image|de la photo|de photo|du visuel|du fichier|"
                        "de fichier|de l'élément|de la ressource|du média|du cliché|de la vidéo|du clip|du morceau|"
                        "du contenu|du titre|du plan|du film|de la piste|de l'œuvre|de l'illustration|"
                        "de morceau|de piste|de clip|du graphique|de l'icône|de la police|de la musique"),
                 *_each("Image|Photo|Visuel|Fichier", " n°")),
        SPANISH: (*_each("ID |Identificador |Número |N.º |Nº |N° |Ref. |Referencia |Código ",
                         "imagen|foto|archivo|de imagen|de la imagen|de foto|de la foto|de la fotografía|de archivo|"
                         "del archivo|del recurso|del elemento|del medio|del vídeo|del clip|de clip|de pista|"
                         "de la pista|de canción|de la canción|"
                         "de la obra|de la ilustración|del contenido|del icono|de icono|del gráfico|de la fuente|"
                         "de la música"),
                  *_each("Imagen|Foto|Archivo", " n.º| nº"), "Recurso"),
        ITALIAN: (*_each("ID |Identificativo |Numero |N. |N° |Cod. |Codice |Rif. |Riferimento ",
                         "immagine|foto|file|risorsa|elemento|brano|traccia|video|clip|opera|dell'immagine|della foto|"
                         "del file|della risorsa|dell'elemento|del brano|della traccia|del video|della clip|"
                         "dell'opera|del contenuto|contenuto|grafica|font|icona|della grafica|del font|dell'icona"),
                  "Risorsa"),
        DUTCH: (*_each("Afbeelding|Afbeeldings|Beeld|Foto|Bestands|Media|Item|Asset", "-ID|nummer|-nummer|nr.|nr|-nr."),
                "Referentie afbeelding", "Bron-ID"),
        POLISH: _each("ID |Numer |Nr |Identyfikator |Kod ", "obrazu|zdjęcia|fotografii|grafiki|pliku|zasobu"),
        PORTUGUESE: (*_each("ID |Identificador |Número |N.º |Nº |N° |Ref. |Referência |Código ",
                            "imagem|foto|arquivo|ficheiro|da imagem|de imagem|da foto|da fotografia|do arquivo|"
                            "do ficheiro|do recurso|do elemento"), *_each("Imagem|Foto|Ficheiro", " n.º| nº")),
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
        PORTUGUESE: (*_each("Número |N.º |Nº |N° |ID ", "da licença|de licença|licença"),),
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
        PORTUGUESE: ("Tipo de licença", "Tipo da licença", "Licença"),
    },
    "usage": {  # of a receipt, where it stands for the kind of licence
        ENGLISH: ("Use", "Rights granted", "Rights", "Usage", "Usage rights", "Licensed use"),
        GERMAN: ("Nutzung", "Nutzungsart", "Nutzungsrecht", "Nutzungsrechte", "Verwendung", "Verwendungszweck",
                 "Art der Nutzung"),
        FRENCH: ("Utilisations", "Droits cédés", "Usage", "Support", "Utilisation", "Droits d'utilisation"),
        SPANISH: ("Utilización", "Uso", "Derechos de uso"),
        ITALIAN: ("Uso", "Utilizzi", "Utilizzo", "Diritti d'uso"),
        DUTCH: ("Gebruik", "Gebruiksrecht"),
        POLISH: ("Zastosowanie",),
        PORTUGUESE: ("Uso", "Utilização", "Direitos de uso", "Direitos de utilização"),
    },
    "buyer": {  # of a receipt; a licence has a licensee
        ENGLISH: ("Invoice to", "Issued to",
                  "Account holder", "Buyer", "Bill to", "Billed to", "Sold to", "Purchaser", "Purchased by",
                  "Billing address", "Invoice address", "Customer"),
        GERMAN: ("Käufer", "Käuferin", "Rechnungsempfänger", "Rechnungsadresse", "Rechnungsanschrift", "Rechnung an",
                 "Kunde"),
        FRENCH: ("Acheteur", "Acheteuse", "Facturé à", "Adresse de facturation", "Client"),
        SPANISH: ("Facturar a", "Comprador", "Compradora", "Facturado a", "Dirección de facturación", "Cliente"),
        ITALIAN: ("Intestata a",
                  "Intestatario", "Acquirente", "Fatturato a", "Intestato a", "Indirizzo di fatturazione", "Cliente"),
        DUTCH: ("Factuuradres", "Koper", "Gefactureerd aan", "Klant"),
        POLISH: ("Nabywca", "Kupujący", "Klient"),
        PORTUGUESE: ("Comprador", "Compradora", "Faturado a", "Faturado para", "Faturar a", "Cliente"),
    },
    "licensee": {
        ENGLISH: ("Licensee", "Licensee name", "Name of licensee", "Licensed to", "License holder", "Licence holder",
                  "License owner", "Licence owner", "License issued to", "Licence issued to", "License granted to",
                  "Licence granted to"),
        GERMAN: ("Lizenznehmer", "Lizenznehmerin", "Lizenznehmer/in", "Lizenznehmer:in", "Lizenznehmer(in)",
                 "Name des Lizenznehmers", "Lizenzinhaber", "Lizenzinhaberin", "Lizenziert für", "Lizenziert an",
                 "Lizenz erteilt an", "Erworben von", "Nutzungsberechtigt", "Nutzungsberechtigter",
                 "Nutzungsberechtigte"),
        FRENCH: ("Titulaire de la licence", "Nom du titulaire", "Concédé à", "Concédée à", "Licencié",
                 "Licenciée", "Nom du licencié",
                 "Preneur de licence", "Bénéficiaire de la licence", "Licence accordée à", "Licence délivrée à",
                 "Licence concédée à"),
        SPANISH: ("Licenciatario", "Licenciataria", "Nombre del licenciatario", "Titular de la licencia",
                  "Beneficiario de la licencia", "Licenciado a", "Licencia concedida a", "Licencia otorgada a",
                  "Concedida a", "Otorgada a"),
        ITALIAN: ("Licenziatario", "Licenziataria", "Nome del licenziatario", "Titolare della licenza",
                  "Intestatario della licenza", "Concesso in licenza a", "Concessa in licenza a", "Licenza concessa a",
                  "Concessa a", "Concesso a"),
        DUTCH: ("Licentiehouder", "Licentienemer", "Naam licentiehouder", "Gelicentieerd aan",
                "Licentie verleend aan"),
        POLISH: ("Licencjobiorca", "Nazwa licencjobiorcy", "Właściciel licencji", "Posiadacz licencji",
                 "Licencja udzielona dla"),
        PORTUGUESE: ("Licenciado", "Licenciada", "Nome do licenciado", "Licenciatário", "Titular da licença",
                     "Licenciado a", "Licenciado para", "Licença concedida a", "Licença emitida para"),
    },
    "licensed_at": {
        ENGLISH: ("Date of licensing", "License issued on", "Licence issued on", "Licensing date",
                  *_dates("Licensed", "License"), *_dates("Licensed", "Licence")),
        GERMAN: ("Lizenzdatum", "Lizenziert am", "Datum der Lizenzierung", "Datum der Lizenz", "Lizenzierungsdatum",
                 "Lizenz erteilt am"),
        FRENCH: ("Date d'acquisition de la licence", "Date de la cession", "Date de licence", "Date de la licence",
                 "Licence accordée le", "Licence délivrée le",
                 "Date d'obtention de la licence"),
        SPANISH: ("Fecha de licencia", "Fecha de la licencia", "Licencia concedida el", "Licencia otorgada el"),
        ITALIAN: ("Data della licenza", "Data di licenza", "Data licenza", "Licenza concessa il"),
        DUTCH: ("Licentiedatum", "Datum van licentie", "Datum licentie", "Gelicentieerd op"),
        POLISH: ("Data licencji", "Data udzielenia licencji"),
        PORTUGUESE: ("Data da licença", "Data de licença", "Data do licenciamento", "Data de licenciamento",
                     "Licenciado em", "Licenciada em", "Licença concedida em"),
    },
    "bought_at": {
        ENGLISH: ("Purchased", "Transaction date", *_dates("Purchased", "Purchase")),
        GERMAN: ("Kaufdatum", "Datum des Kaufs", "Erwerbsdatum", "Datum des Erwerbs", "Gekauft am", "Erworben am"),
        FRENCH: ("Date d'achat", "Date de l'achat", "Acheté le", "Acquis le", "Date d'acquisition"),
        SPANISH: ("Fecha de compra", "Fecha de la compra", "Comprado el", "Adquirido el", "Fecha de adquisición"),
        ITALIAN: ("Data di acquisto", "Data d'acquisto", "Data dell'acquisto", "Data acquisto",
                  "Data di acquisizione", "Acquistato il"),
        DUTCH: ("Aankoopdatum", "Datum van aankoop", "Gekocht op"),
        POLISH: ("Data zakupu", "Data nabycia"),
        PORTUGUESE: ("Data da compra", "Data de compra", "Comprado em", "Data de aquisição", "Adquirido em"),
    },
    "downloaded_at": {  # of a paper it may be its own; the date of a row in a history
        ENGLISH: ("Download date", *_dates("Downloaded", "Download")),
        GERMAN: ("Downloaddatum", "Download-Datum", "Heruntergeladen am"),
        FRENCH: ("Date de téléchargement", "Date du téléchargement", "Téléchargé le"),
        SPANISH: ("Fecha de descarga", "Fecha de la descarga", "Descargado el"),
        ITALIAN: ("Data di download", "Data del download", "Data download", "Scaricato il"),
        DUTCH: ("Downloaddatum", "Datum van download", "Gedownload op"),
        POLISH: ("Data pobrania", "Pobrano"),
        PORTUGUESE: ("Data de download", "Data do download", "Baixado em", "Transferido em", "Descarregado em"),
    },
    "starts_at": {  # the first day of its use
        ENGLISH: (*_each("License|Licence", " start| start date| starts on| valid from"), "Start date", "Valid from"),
        GERMAN: ("Lizenzbeginn", "Lizenzstart", "Beginn der Lizenz", "Nutzungsbeginn", "Beginn der Nutzung",
                 "Gültig ab", "Lizenz gültig ab"),
        FRENCH: ("Début de licence", "Début de la licence", "Date de début", "Valable à partir du"),
        SPANISH: ("Inicio de licencia", "Inicio de la licencia", "Fecha de inicio", "Válida desde"),
        ITALIAN: ("Inizio licenza", "Inizio della licenza", "Data di inizio", "Decorrenza", "Valida dal"),
        DUTCH: ("Ingangsdatum", "Begin licentie", "Startdatum", "Geldig vanaf"),
        POLISH: ("Początek licencji", "Data rozpoczęcia", "Ważna od"),
        PORTUGUESE: ("Início da licença", "Data de início", "Válida a partir de"),
    },
    "title": {
        ENGLISH: ("Caption", "Image caption",
                  "Title", "Image title", "Asset title", "Item title", "File title", "Audio file title", "Video title",
                  "Track title", "Song title"),
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
        PORTUGUESE: ("Legenda", "Título", "Título da imagem", "Título do arquivo"),
    },
    "description": {  # used as the title if there is none
        ENGLISH: ("Description", "Image description"),
        GERMAN: ("Beschreibung", "Bildbeschreibung"),
        FRENCH: ("Description", "Description de l'image"),
        SPANISH: ("Descripción", "Descripción de la imagen"),
        ITALIAN: ("Descrizione", "Descrizione dell'immagine"),
        DUTCH: ("Beschrijving", "Omschrijving"),
        POLISH: ("Opis", "Opis zdjęcia"),
        PORTUGUESE: ("Descrição", "Descrição da imagem"),
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
        PORTUGUESE: ("Autor", "Autora", "Fotógrafo", "Fotógrafa", "Colaborador", "Colaboradora", "Artista", "Criador"),
    },
    "project": {
        ENGLISH: ("Project", "Project name", "Project title"),
        GERMAN: ("Projekt", "Projektname"),
        FRENCH: ("Projet", "Nom du projet"),
        SPANISH: ("Proyecto", "Nombre del proyecto"),
        ITALIAN: ("Progetto", "Nome del progetto"),
        DUTCH: ("Project", "Projectnaam"),
        POLISH: ("Projekt", "Nazwa projektu"),
        PORTUGUESE: ("Projeto", "Nome do projeto"),
    },
    "client": {ENGLISH: ("End client",), GERMAN: ("Endkunde",), FRENCH: ("Client final",),
               SPANISH: ("Cliente final",), ITALIAN: ("Cliente finale",),
               DUTCH: ("Eindklant",), POLISH: ("Klient końcowy",),
        PORTUGUESE: ("Cliente final",),
    },
    "order": {
        ENGLISH: ("Order number", "Order no.", "Order ID", "Order #", "Order reference", "Transaction ID",
                  "Sales order number", "Sales order"),
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
        PORTUGUESE: (*_each("Número |N.º |Nº |N° |ID |Referência ", "do pedido|da encomenda"), "Pedido n.º",
                     "Pedido nº", "Encomenda n.º"),
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
        PORTUGUESE: (*_each("Número |N.º |Nº |N° ", "da fatura|de fatura|da factura|do recibo"), "Fatura n.º",
                     "Fatura nº", "Fatura n°", "Recibo n.º"),
    },
    "invoiced_at": {
        ENGLISH: ("Invoice date", "Date of invoice", "Date of issue", "Issue date", "Receipt date", "Issued on",
                  "Date issued", "Invoiced on", "Billing date"),
        GERMAN: ("Rechnungsdatum", "Datum der Rechnung", "Ausstellungsdatum", "Ausgestellt am", "Belegdatum"),
        FRENCH: ("Date de facture", "Date de la facture", "Date de facturation", "Date d'émission", "Émise le",
                 "Facturé le"),
        SPANISH: ("Fecha de factura", "Fecha de la factura", "Fecha factura", "Fecha de facturación",
                  "Fecha de emisión", "Emitida el"),
        ITALIAN: ("Data fattura", "Data della fattura", "Data di fatturazione", "Data di emissione", "Data emissione",
                  "Emessa il"),
        DUTCH: ("Factuurdatum", "Datum van factuur", "Datum van de factuur", "Datum factuur"),
        POLISH: ("Data wystawienia", "Data faktury", "Data wystawienia faktury"),
        PORTUGUESE: ("Data da fatura", "Data da factura", "Data de emissão", "Emitida em", "Emitido em"),
    },
    "ordered_at": {
        ENGLISH: ("Order date", *_dates("Ordered", "Order"), "Order placed", "Order placed on", "Placed on"),
        GERMAN: ("Bestelldatum", "Bestellt am", "Auftragsdatum"),
        FRENCH: ("Date de commande", "Date de la commande"),
        SPANISH: ("Fecha de pedido", "Fecha del pedido"),
        ITALIAN: ("Data ordine", "Data dell'ordine", "Data d'ordine"),
        DUTCH: ("Besteldatum", "Orderdatum", "Besteld op"),
        POLISH: ("Data zamówienia",),
        PORTUGUESE: ("Data do pedido", "Data da encomenda"),
    },
    "dated": {ENGLISH: ("Date",), GERMAN: ("Datum",), FRENCH: ("Date",), SPANISH: ("Fecha",), ITALIAN: ("Data",),
               DUTCH: ("Datum",), POLISH: ("Data",),
        PORTUGUESE: ("Data",),
    },
    "sent_at": {ENGLISH: ("Sent",), GERMAN: ("Gesendet",), FRENCH: ("Envoyé",), SPANISH: ("Enviado", "Enviado el"),
                ITALIAN: ("Inviato",), DUTCH: ("Verzonden",), POLISH: ("Wysłano",),
                PORTUGUESE: ("Enviada", "Enviada em"),
    },
    "amount": {
        ENGLISH: ("Total", "Total amount", "Total paid", "Amount paid", "Grand total", "Order total", "Invoice total"),
        GERMAN: ("Gesamtbetrag", "Gesamtsumme", "Rechnungsbetrag", "Bezahlter Betrag", "Endbetrag"),
        FRENCH: ("Total", "Total TTC", "Montant total", "Montant total TTC", "Montant payé"),
        SPANISH: ("Total", "Importe total", "Total pagado", "Importe pagado", "Total factura"),
        ITALIAN: ("Totale", "Importo totale", "Totale fattura", "Totale pagato", "Importo pagato", "Totale ordine"),
        DUTCH: ("Totaal", "Totaalbedrag", "Factuurbedrag", "Totaal te betalen", "Betaald bedrag"),
        POLISH: ("Razem", "Razem brutto", "Kwota całkowita", "Suma", "Do zapłaty"),
        PORTUGUESE: ("Total", "Valor total", "Montante total", "Total pago", "Valor pago", "Total a pagar"),
    },
    OTHER: {  # what is not read, so that the value above ends there
        ENGLISH: ("Fee", "Amount", "Net", "Subtotal",
                  "Tax ID", "VAT no.",
                  "Payment", "Payment method", "Customer number", "Customer no.", "VAT number", "VAT ID",
                  "Quantity", "Qty",
                  "File name", "Filename", "File size", "File type", "File format", "Size", "Format", "Resolution",
                  "Dimensions", "Price", "Status", "Media type", "Asset type", "Platform", "Provider", "Agency",
                  "Website", "Source", "Account", "Email", "E-mail", "Username", "Territory", "Ordered by",
                  "Licensed by", "Collection", "Print run", "Duration"),
        GERMAN: ("Honorar", "Gebühr", "Betrag", "Netto", "Lizenzgebühr",
                  "Kundennummer", "Kunden-Nr.", "Zahlungsart", "Zahlung", "USt-IdNr.", "Menge", "Ansprechpartner",
                  "Dateiname", "Dateigröße", "Dateityp", "Dateiformat", "Größe", "Auflösung", "Abmessungen", "Preis",
                 "Medientyp", "Plattform", "Anbieter", "Agentur", "Webseite", "Quelle", "Konto",
                 "Benutzername", "Gebiet", "Verbreitungsgebiet", "Nutzungsdauer", "Laufzeit",
                 "Auflage", "Bestellt von"),
        FRENCH: ("Prix HT", "Montant", "Montant HT", "Tarif", "Droits",
                  "SIRET", "N° client", "Numéro client", "Mode de paiement", "N° TVA", "Quantité",
                  "Nom du fichier", "Taille", "Taille du fichier", "Résolution", "Dimensions", "Prix", "Statut",
                 "Type de média", "Plateforme", "Fournisseur", "Agence", "Site web", "Compte",
                 "Territoire"),
        SPANISH: ("Importe", "Tarifa",
                  "NIF", "CIF", "N.º cliente", "Número de cliente", "Forma de pago", "Cantidad",
                  "Nombre del archivo", "Nombre de archivo", "Tamaño", "Resolución", "Dimensiones", "Precio",
                  "Estado", "Tipo de medio", "Plataforma", "Proveedor", "Agencia", "Sitio web", "Cuenta",
                  "Territorio"),
        ITALIAN: ("Importo", "Compenso",
                  "Cod. cliente", "Codice cliente", "Pagamento", "Partita IVA", "Quantità",
                  "Nome file", "Nome del file", "Dimensioni", "Formato", "Risoluzione", "Prezzo", "Stato",
                  "Piattaforma", "Fornitore", "Agenzia", "Sito web", "Account", "Territorio"),
        DUTCH: ("Bedrag", "Vergoeding",
                  "BTW-nummer", "Klantnummer", "Betaalwijze", "Aantal",
                  "Bestandsnaam", "Bestandsgrootte", "Bestandstype", "Grootte", "Resolutie", "Afmetingen", "Prijs",
                "Mediatype", "Leverancier", "Bron", "Gebruikersnaam", "Gebied"),
        POLISH: ("NIP", "Nazwa pliku", "Rozmiar", "Rozmiar pliku", "Rozdzielczość", "Wymiary", "Cena", "Dostawca",
                 "Źródło", "Konto", "Użytkownik", "Terytorium"),
        PORTUGUESE: ("Valor", "Preço", "Quantidade", "Forma de pagamento", "Pagamento", "Nome do arquivo",
                     "Nome do ficheiro", "Tamanho", "Resolução", "Dimensões", "Plataforma", "Fornecedor", "Agência",
                     "Conta", "Território"),
    },
}  # fmt: skip

DATES = ("licensed_at", "bought_at", "ordered_at", "downloaded_at")
"""The fields of the day of a licence where one paper lists many, the surest first."""

OF_A_PICTURE = re.compile(
    r"(?:[^\W\d][\w.°º']{0,15} |n[.°º]{1,2} ){0,3}?[\w'’]{0,5}"
    r"(?:image|imm?[aá]g|photo|picture|bild|foto|motiv|beeld|obraz|zdj|visuel|cliché|caption|"
    r"légende|legenda|didascalia|pie de foto|bijschrift)",
    re.IGNORECASE,
)
"""The beginning of a label that only pictures have: an item, a file or an asset may be any shop's goods."""

_ENGLISH, _FOREIGN = (
    {spelled(label) for each in LABELS.values() for spoken in languages for label in each[spoken]}
    for languages in ((ENGLISH,), (GERMAN, FRENCH, SPANISH, ITALIAN, DUTCH, POLISH, PORTUGUESE))
)
SPELLED = _ENGLISH | _FOREIGN
"""All labels as `spelled` has them."""


def spoken_order(labels: Sequence[str]) -> DateOrder | None:
    """Day first if there are known labels in another language, and none that only English has."""
    known = {spelled(label) for label in labels} & SPELLED
    return DateOrder.DAY_FIRST if known - _ENGLISH and not known - _FOREIGN else None


_PICTURES = [label for each in LABELS["asset_id"].values() for label in each if OF_A_PICTURE.match(label)]
_GRANTS = [label for name in ("licensee", "kind", "usage") for each in LABELS[name].values() for label in each]
NAMES_A_PICTURE, NAMES_A_GRANT = (
    Phrases(rf"(?<![\w-])(?:{'|'.join(map(re.escape, labels))})(?![\w-])", re.IGNORECASE)
    for labels in (_PICTURES, _GRANTS)
)


def names_grant(text: str) -> bool:
    """Whether a text has a label of who may use a picture, or for what."""
    return bool(NAMES_A_GRANT.search(text))


def names_picture_and_grant(text: str) -> bool:
    """Whether a text has a label of a picture's number, and one of who may use it, or for what."""
    return bool(NAMES_A_PICTURE.search(text)) and names_grant(text)
