"""A column means what all words of its name say together, in eight languages; with one unknown word it is nothing."""

from __future__ import annotations

from archiver.reading.column_names import field_of


def test_the_words_of_a_name_say_what_its_column_holds() -> None:
    table: list[tuple[str | None, str]] = [
        (
            "asset_id",
            "Image number|Asset no.|assetId|Bild-Nr.|Mediennummer|N° de l'image|Código de imagen|Codice immagine"
            "|Afbeeldingsnummer|Numer zdjęcia|Número da imagem|Track ID|Asset ID ↑",
        ),
        (
            "kind",
            "License model|Lizenzmodell|Type de licence|Tipo de licencia|Licentiesoort|Rodzaj licencji|Bildlizenz",
        ),
        ("licensed_at", "License Date (UTC)|licenseDate|Lizenziert am|Lizenzdatum|Date de la licence|Data da licença"),
        (
            "bought_at",
            "gekauft am|Kaufdatum|Date d'achat|Fecha de la compra|Acquistato il|Gekocht op|Data zakupu"
            "|Bezogen am|Obtained on",
        ),
        ("downloaded_at", "Download date|Heruntergeladen am|Date de téléchargement|Data di scarico|Data pobrania"),
        ("platform", "Brand|Bezugsquelle|Bildquelle|Quelle / Agentur|Agence|Fonte|Leverancier|Dostawca"),
        ("invoiced_at", "Invoice date|Date of invoice|Rechnungsdatum|Date de facture|Data fattura|Factuurdatum"),
        ("project", "Licensed For|Purchased for|Heruntergeladen für"),
        ("seat", "Licensed by|Heruntergeladen von|Comprado por"),
        ("licence_id", "License no.|Lizenz-Nr.|Numéro de licence"),
        ("status", "Order status|Lizenzstatus|Zahlungsstatus|Statut du paiement"),
        (
            None,
            "|Model release number|Number of images|Anzahl Bilder|Page number|Invoice number|Sale date|Seite|Nr.|Preis|"
            "Added to lightbox|Hinzugefügt am|Veröffentlicht am|Not licensed|Licence expires on|Image licence 2 date "
            "|Lizenz von|License by date|Asset name|Lizenz für",
        ),
    ]
    for field, names in table:
        assert {name: field_of(name) for name in names.split("|")} == dict.fromkeys(names.split("|"), field)
