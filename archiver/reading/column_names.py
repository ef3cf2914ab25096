"""The meaning of a table's column by the words in its name, in the eight languages of `field_labels`.

Every word must be known: `Image number` is a picture's, while `Model release number` and `Number of images` are not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from archiver.reading.certificates import spelled

MAX_NAME_LENGTH = 60  # characters of a column's name; a longer one is a sentence

# Words without accents, in the singular: `Number of images` counts.
_WORDS: Mapping[str, str] = {
    "asset": "creative image picture photo photograph asset file item media medium clip footage video track song icon "
    "resource "
    "element content vector illustration bild foto fotografie motiv datei medien ressource ressourcen grafik "
    "visuel fichier cliche oeuvre œuvre imagen archivo recurso elemento medio fotografia immagine risorsa "
    "afbeelding afbeeldings beeld bestand bestands obraz obrazu zdjecie zdjecia fotografii grafiki plik pliku "
    "zasobu imagem arquivo ficheiro morceau piste brano traccia pista cancion musik musique musica work werk obra "
    "opera graphic grafica graphique icono icona icone font schrift police template vorlage sound",
    "number": "# id no nr n num number nummer ref reference code kennung identifier identifiant numero identificador "
    "codigo codice cod identificativo rif riferimento referencia referentie referenz numer kod identyfikator",
    "licence": "license licence licensing lizenz licencia licenza licentie licencja licencji licenca",
    "kind": "type kind model terms level tier option details category class art typ modell umfang stufe kategorie "
    "klasse modele categorie modelo tipo categoria modello soort rodzaj",
    "name": "name bezeichnung nom nombre nome",
    "day": "date day time timestamp datum vom tag zeit uhrzeit zeitpunkt am on at fecha hora dia data ora giorno op "
    "dag tijd jour heure em dnia czas",
    "licensed": "licensed licenced lizenziert licencie licenciado licenciada licenziato licenziata gelicentieerd "
    "licencjonowano",
    "purchase": "purchase buying kauf erwerb einkauf ankauf achat acquisition obtention compra adquisicion acquisto "
    "acquisizione aankoop zakup zakupu nabycia aquisicao",
    "purchased": "purchased bought acquired obtained gekauft erworben angekauft eingekauft bezogen achete achetee "
    "acquis obtenu obtenue comprado comprada adquirido adquirida obtenido obtenida acquistato acquistata comprato "
    "ottenuto ottenuta gekocht aangekocht verkregen zakupiono kupiono nabyto",
    "download": "download downloading telechargement descarga scarico pobrania pobranie transferencia",
    "downloaded": "downloaded heruntergeladen runtergeladen telecharge telechargee descargado descargada scaricato "
    "scaricata gedownload pobrano baixado transferido descarregado",
    "order": "order bestellung bestell auftrag auftrags commande pedido ordine bestelling bestel zamowienia zamowienie "
    "encomenda",
    "ordered": "ordered bestellt commandee ordinato besteld zamowiono",
    "invoice": "invoice invoiced billing receipt rechnung rechnungs beleg facture facturation factura facturacion "
    "fattura fatturazione factuur faktury faktura fatura",
    "source": "source provider agency platform library supplier vendor marketplace shop website portal brand quelle "
    "bezugsquelle herkunft anbieter agentur plattform lieferant marktplatz webseite marke fournisseur agence "
    "plateforme marque fuente proveedor agencia plataforma marca fonte fornitore agenzia piattaforma marchio "
    "leverancier bron merk zrodlo dostawca agencja platforma fornecedor",
    "payment": "payment zahlung zahlungs paiement pago pagamento betaling betaal platnosci",
    "status": "status state statut estado stato zustand",
    "by": "by durch door przez",
    "from": "von par por da",  # also `of`
    "for": "for fur pour para per voor dla",
    "": "of the de du des d l la le les lo el il los las del della dell di do dos der das die van het stock "
    "and und et y e en / & ' ,",
}  # fmt: skip
_CLASS = {word: name for name, words in _WORDS.items() for word in words.split()}
_WORD = re.compile(rf"({'|'.join(map(re.escape, sorted(_CLASS, key=len, reverse=True)))})[\s.:°]*")
_BY = ("by", "from")
# What the words together say.
_FIELDS: Mapping[frozenset[str], str] = {
    frozenset(classes.split()): field
    for field, each in {
        "asset_id": ("asset number",),
        "licence_id": ("licence number",),
        "kind": ("licence", "licence kind", "licence name", "asset licence", "asset licence kind"),
        "licensed_at": ("licence day", "licensed", "licensed day"),
        "bought_at": ("purchase day", "purchased", "purchased day", "licence purchase day", "asset purchase day"),
        "downloaded_at": ("download day", "downloaded", "downloaded day", "asset download day"),
        "ordered_at": ("order day", "ordered", "ordered day"),
        "invoiced_at": ("invoice day",),
        "dated": ("day",),
        "order": ("order number",),
        "seat": tuple(f"{done} {by}" for done in ("licensed", "purchased", "downloaded", "ordered") for by in _BY),
        "project": ("licensed for", "purchased for", "downloaded for", "ordered for"),
        "platform": ("source", "source name", "asset source"),
        "media_type": ("asset kind",),
        "status": ("status", "order status", "payment status", "licence status", "asset status"),
    }.items()
    for classes in each
}


@lru_cache(maxsize=1_000)
def field_of(name: str) -> str | None:
    """The field that a column of this name holds; None if a word in it says anything else."""
    classes = _classes(name)
    return _FIELDS.get(classes) if classes else None


def names_an_asset(name: str) -> bool:
    """Whether a column is called as the thing itself: `Image`, `Bild`."""
    return _classes(name) == {"asset"}


def names_a_title(name: str) -> bool:
    """Whether a column may hold what the thing is called: `Image`, `Asset name`."""
    return _classes(name) in ({"asset"}, {"asset", "name"})


def names_a_number(name: str) -> bool:
    """Whether a name says that it is a number, but not of what: `No.`, `Nummer`."""
    return _classes(name) == {"number"}


@lru_cache(maxsize=1_000)
def _classes(name: str) -> frozenset[str]:
    """What kinds of words a name has; none if one of them is not known."""
    if len(name) > MAX_NAME_LENGTH:
        return frozenset()
    plain_name = re.sub(r"\([^()]*\)|\b[dtjgm]{2}([./-])[dtm]{2}\1[yja]{2,4}\b", " ", name, flags=re.IGNORECASE)
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain_name)  # `licenseDate (UTC)`
    letters = (each for each in unicodedata.normalize("NFKD", spelled(apart)) if not unicodedata.combining(each))
    plain = "".join(letters).strip(" .:*°↑↓▲▼").replace("ł", "l")
    found, place = set(), 0
    while place < len(plain):
        if (word := _WORD.match(plain, place)) is None:
            return frozenset()
        found.add(_CLASS[word[1]])
        place = word.end()
    found.discard("")
    return frozenset(found - {"from"} if found & {"number", "kind", "day"} else found)
