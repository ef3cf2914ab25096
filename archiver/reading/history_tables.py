"""Parse licence histories in CSV or JSON, from Adobe Stock, Shutterstock, Depositphotos and others, by field names.

No platform publishes its export columns. We know the fields of their APIs, which people save as the answer in JSON and
tools write as columns. All other columns are recognised by their labels, or by the words in them.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from archiver.core.model import DocumentKind, Licence
from archiver.reading.api_answers import records_in
from archiver.reading.certificates import Paper, Quote, Sure, plain, spelled
from archiver.reading.column_names import field_of, names_a_number, names_a_title, names_an_asset
from archiver.reading.dates import DateOrder, day_order, printed
from archiver.reading.documents import by_code_page
from archiver.reading.field_labels import DATES, LABELS, spoken_order
from archiver.reading.filenames import NamedAsset, names
from archiver.reading.licence_values import licence_of
from archiver.reading.not_granted import words_against
from archiver.reading.paper_titles import is_licence
from archiver.reading.platforms import (
    OTHER_PLATFORM,
    PLATFORMS,
    forms_of,
    marked,
    named_platform,
    numbered_by,
    other_platform,
    the_platform,
)
from archiver.reading.table_refusals import (
    BUYERS,
    CLIENTS,
    NO_GRANT,
    NO_PURCHASES,
    OWN_WORKS,
    REQUESTS,
    SELLERS,
    any_taken_back,
    undone,
)

MAX_TABLE_BYTES = 32 << 20  # bytes of a table
MAX_ROWS = 200_000
MAX_NAMED_ROWS = 1_000  # in which a column of addresses or file names is looked for
MAX_JSON_DEPTH = 3  # of the list of records in an answer
MAX_OWN_NUMBER = 1_000_000  # of people who number their pictures
MAX_FOLDERS = 3  # around a file that may name its platform
MAX_HEADER_LINES = 20  # lines before the names of the columns: a title, a date, Excel's `sep=;`
DELIMITERS = ",;\t|"

# Field -> names of its column beside the labels that papers have.
_COLUMNS: Mapping[str, Sequence[str]] = {
    "asset_id": ("image.id", "video.id", "audio.id", "sfx.id", "mediaId", "Content ID", "file_id", "Product ID",
                 "Template ID", "Sound ID", "SFX ID", "Music ID", "Audio ID", "Stock number", "Stock no.", "Stock code",
                 "Stock ID", "Produkt-ID", "Objekt-ID", "Objektnummer", "Inhalts-ID", "Artikelnummer", "Artikel-Nr."),
    "licence_id": ("licenseId", "License code", "Item License Code", "Licence code", "Purchase code",
                   "Item purchase code"),
    "kind": ("license",),
    "licensed_at": ("purchaseDate", "Licensed at", "Purchased at", "Licensed", "Lizenziert"),
    "downloaded_at": ("Download time", "Downloaded", "Downloaded at",
                      "Heruntergeladen", "Téléchargé", "Descargado", "Scaricato"),
    "title": ("Product", "Product name", "Item name", "Song", "Song title", "Track", "Track title", "Track name",
              "Clip name", "Template", "Sound"),
    "description": (),
    "contributor": ("Creator name", "Contributor name"),
    "licensee": (),
    "media_type": ("Media type", "Asset type", "Medientyp", "Type de média", "Tipo de medio", "Tipo di file"),
    "seat": ("user.username", "Username", "Licensed by", "Downloaded by", "User", "User email", "Member email",
             "Lizenziert von", "Heruntergeladen von", "Benutzer", "Benutzername"),
    "plan": ("Subscription ID", "Plan", "Subscription", "Abonnement", "Abo", "Suscripción"),
    "order": (),
    "project": ("metadata.job", "Job"),
    "client": ("metadata.client", "Client"),
    "profile": ("Product profile", "Product profile name", "Profile"),  # whose history it is, in Adobe's organisations
    "references": ("License references", "License reference"),
    "purchase_order": ("metadata.purchase_order", "Purchase order", "PO number", "purchaseOrder"),
    "bought_at": ("Purchased", "Bought", "Gekauft", "Acheté", "Comprado", "Acquistato", "Gekocht"),
    "ordered_at": ("Ordered", "Bestellt"),
    "dated": (),
    "platform": ("Platform", "Source", "Provider", "Agency", "Library", "Stock site", "Marketplace", "Bought from",
                 "Plattform", "Quelle", "Anbieter", "Agentur", "Bildagentur", "Marktplatz", "Plateforme", "Agence",
                 "Fournisseur", "Plataforma", "Fuente", "Proveedor", "Agencia", "Piattaforma", "Fonte", "Agenzia",
                 "Fornitore", "Leverancier", "Bron", "Dostawca", "Źródło", "Fornecedor", "Agência", "Bilddatenbank",
                 "Banque d'images", "Banque d’images", "Banco de imágenes", "Banca immagini", "Beeldbank",
                 "Bank zdjęć", "Banco de imagens", "Licensor", "Lizenzgeber", "Concédant", "Licenciante",
                 "Licenziante", "Issued by", "Ausgestellt von", "Émis par", "Émise par", "Emitido por", "Emesso da",
                 "Sold by", "Seller", "Verkauft von", "Verkäufer", "Vendu par", "Vendeur", "Vendido por", "Vendedor",
                 "Venduto da", "Venditore"),
    "status": ("Status", "State", "Statut", "Estado"),
}  # fmt: skip
_FIELD = {
    spelled(label): field
    for field, names in _COLUMNS.items()
    for label in (*names, *(label for each in LABELS.get(field, {}).values() for label in each))
}
# What a line above the columns calls the company whose list it is.
_COMPANY = {
    *(spelled(label) for name in ("licensee", "buyer") for each in LABELS[name].values() for label in each),
    *("company", "organisation", "organization", "firma", "unternehmen", "société", "entreprise", "empresa", "azienda",
      "società", "bedrijf"),
}  # fmt: skip
# What follows a platform's name in a column of its asset ids, beside the labels that papers have: `Shutterstock-ID`.
_NUMBERS = ("id", "nr", "nr.", "nummer", "number", "no.", "#", "ref", "ref.", "reference")
# Interfaces whose fields are known: columns that only they have together, and what those are that mean another thing
# elsewhere.
# Getty Images and iStock share one, so that the addresses in the rows tell whose it is.
type _Interface = tuple[str | None, set[str], Mapping[str, str]]
_INTERFACES: Sequence[_Interface] = (
    ("adobe_stock", {"id", "license", "license date", "creator name"}, {"id": "asset_id"}),
    ("shutterstock", {"id", "license", "download time"}, {"id": "licence_id"}),
    ("depositphotos", {"mediaid", "licenseid", "purchasedate"}, {"username": "contributor"}),
    (
        "depositphotos",
        {"itemtransactionid", "licenseid", "datetime", "itemid"},
        {"itemid": "asset_id", "datetime": "bought_at", "actor": "seat", "seller": "contributor"},
    ),
    (
        "envato_market",
        {"item.id", "code", "sold at", "license"},
        {"item.id": "asset_id", "code": "licence_id", "sold at": "bought_at", "item.name": "title",
         "item.author username": "contributor", "item.site": "media_type"},
    ),
    (
        None,
        {"id", "date downloaded", "product type", "agreement name"},
        {"id": "asset_id", "product id": "product", "agreement name": "plan",
         "download details.project code": "project", "user.username": "seat"},
    ),
    (
        None,
        {"asset id", "date purchased", "license model", "order id"},
        {"date purchased": "bought_at", "license model": "kind", "purchased by": "seat"},
    ),
    (
        "envato_market",
        {"order id", "type", "detail", "item id", "document"},
        {"detail": "title", "site": "media_type", "date": "bought_at", "type": "status"},
    ),
)  # fmt: skip
_DATES = (*DATES, "invoiced_at", "dated")
_ASSET_NUMBER = re.compile(r"#?\d{6,12}", re.ASCII)  # where the column is called as the thing, `Image`
_NO_SCHEME = re.compile(r"(?:[\w-]{1,63}\.){1,4}[a-z]{2,18}/", re.IGNORECASE)  # of an address that begins with a host
_NO_TITLE = re.compile(r"/|\.\w{2,4}$")  # a file or an address
_OF_A_GRANT = {"licensed_at", "bought_at"}  # nothing but a licence is given then
# Whose downloads grant a licence: elsewhere a list of downloads may have comps in it.
_DOWNLOADS_GRANT = {name for name, each in PLATFORMS.items() if each.plans} | {
    "envato_elements", "epidemic_sound", "flaticon", "freepik", "motion_elements", "noun_project", "pexels", "pixabay",
    "unsplash", "vecteezy",
}  # fmt: skip

_OTHER_LISTS = (NO_PURCHASES, OWN_WORKS)
# What the name or title of a list of licences calls it.
CALLED_HISTORY = re.compile(
    r"\b(?:downloads|orders|purchases|licen[cs]es|history|historique|historial|cronologia|geschiedenis|lizenzen|lizenzverlauf|verlauf|bestellungen|käufe|einkäufe|"
    r"achats|commandes|téléchargements|licences|pedidos|compras|descargas|licencias|ordini|acquisti|licenze|bestellingen"
    r"|aankopen|licenties|licenças|transferências|encomendas|\w*register|registro|registre|rejestr|bildnachweise?|bildlisten?)\b",
    re.IGNORECASE,
)

_DOWNLOAD_HISTORY = re.compile(  # above the columns, where a column is called `Date` alone
    r"\bdownloads? (?:history|report)|download-?(?:verlauf|historie|geschiedenis)|historique des? téléchargements|"
    r"historial de descargas|cronologia (?:dei |di )?download|historia pobrań",
    re.IGNORECASE,
)
_SHARED = re.compile(r"https://api\.gettyimages\.com\S*")  # the interface of iStock, too


@dataclass(frozen=True)
class HistoryTable:
    before: str  # the lines above the header
    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class _Seller:
    """The platform whose list it is, the words that say so, and how sure that is."""

    platform: str
    words: str
    sure: Sure
    by_place: bool = False  # only the name of the file or of a folder says so


def history_in(table: HistoryTable | None, name: str, folders: Sequence[str] = ()) -> Paper | None:
    """The licences that a history lists, each with its row; None for any other table, or of no platform.

    `name` is the file's; `folders` are those that it is in, the innermost first. Rows that are no licence beyond doubt
    are left out, and counted in `quotes`. A person has to confirm a list (`Sure.STATED`) whose platform only its place
    tells, and a list of downloads that may have comps in it.
    """
    if table is None or (columns := _columns(table)) is None or NO_PURCHASES.search(f"{name} {table.before}"):
        return None
    interface, fields = columns
    sources = {} if interface else _by_source(table, fields)
    named = the_platform(_above(table), name)[0]
    dated = set(DATES) & set(fields) or (
        "dated" in fields and CALLED_HISTORY.search(f"{name} {table.before}".replace("_", " "))
    )
    if set(sources) - {None} and dated and named in {None, *sources}:
        return _of_sources(table, fields, sources)
    bare = not (interface or {"kind", "licence_id"} & set(fields))  # its date alone says that it is of licences
    if len(sources) > 1 or (bare and sources):
        return None
    ids = fields.index("asset_id")
    seller = _seller(table, interface, name, folders, ids=ids if bare else None)
    if seller and sources and seller.sure is Sure.STATED and seller.platform not in sources:
        return None
    seller = seller or _stranger(table, fields)
    if seller is None:
        return None
    if not interface and _is_other(table, fields, seller, [name, *folders], bare=bare):
        return None
    read = _licences(seller.platform, table, fields, comps=interface is not None)
    if seller.by_place and _count_up(read[0]):
        return None
    unnamed = names_a_number(table.header[ids]) and _meaning(table.header[ids]) is None and not interface
    comps = bare and not _OF_A_GRANT & set(fields) and seller.platform not in _DOWNLOADS_GRANT
    known = seller.platform in PLATFORMS
    sure = Sure.POSSIBLE if known and seller.sure is Sure.STATED and _are_the_platforms(read[0]) else seller.sure
    sure = Sure.STATED if unnamed or comps else sure
    reader = f"{seller.platform}_interface" if interface else "history_by_columns"
    return _listed(table, read, seller.words, reader=reader, platform=seller.platform, sure=sure)


def _is_other(
    table: HistoryTable, fields: Sequence[str | None], seller: _Seller, place: Sequence[str], *, bare: bool
) -> bool:
    """Whether its place or its columns say that a list which leaves doubt is of anything else than licences.

    `place` is the file's name and its folders.
    """
    doubt = seller.sure is Sure.STATED
    if (bare or doubt) and any(each.search(part) for part in place[: MAX_FOLDERS + 1] for each in _OTHER_LISTS):
        return True
    if bare:
        return any(map(BUYERS.search, table.header))
    if {*DATES, "invoiced_at"} & set(fields):
        return False
    called = f"{place[0]} {table.before}".replace("_", " ")
    return any(map(REQUESTS.search, table.header)) or (doubt and not CALLED_HISTORY.search(called))


def _above(table: HistoryTable) -> str:
    return f"{table.before} {' '.join(table.header)}"


def _seller(
    table: HistoryTable, interface: _Interface | None, name: str, folders: Sequence[str], *, ids: int | None
) -> _Seller | None:
    """The one platform that the list, its file's name or a folder tells; None for none or several.

    Where the column of the `ids` is given, only addresses with the row's own ID tell it.
    """
    cells = [cell for row in table.rows for cell in row if "." in cell]
    sites = marked(_SHARED.sub("", " ".join(cells))) or marked(" ".join(cells))
    telling = sites if ids is None else marked(" ".join(_own_addresses(table, ids)))
    owners = {owner: label for label in table.header if (owner := _owner(label))}
    own = interface[0] if interface else None
    files = {each.platform for row in table.rows[:MAX_NAMED_ROWS] for cell in row if (each := _asset_in(cell))}
    named, words, _ = the_platform(_above(table), name)
    by_rows = {*([own] if own else telling), *owners} or files
    platforms: set[str | None] = {*by_rows} or {named}
    platform = platforms.pop()
    if platforms or named not in (None, platform):
        return None
    by_place = not by_rows and the_platform(_above(table))[0] is None
    if platform:
        words = sites.get(platform) or words or owners.get(platform) or "the columns' names"
        sure = Sure.LIKELY if interface or telling else Sure.STATED if by_place and ids is not None else Sure.POSSIBLE
    else:
        places = (the_platform(_above(table), f"{folder}/{name}")[:2] for folder in folders[:MAX_FOLDERS])
        platform, words = next((place for place in places if place[0]), (None, ""))
        sure = Sure.STATED
    if platform is None or (ids is not None and set(sites) - {platform}):
        return None
    return _Seller(platform, words, sure, by_place)


def _stranger(table: HistoryTable, fields: Sequence[str | None]) -> _Seller | None:
    """The seller that is not known, by the site or name that a list of licences has; None for any other list.

    Each row names its site alone in a cell, or in an address with the row's own ID: others may be of where a picture is
    used. Or a row below the list names nothing else. Or a column is of sellers, and names the same one in each row. Or
    what stands above the columns calls itself a licence, and names one site.
    """
    granted = "kind" in fields and {"licensee", "seat"} & set(fields)
    if not granted or not set(DATES) & set(fields) or marked(_above(table)):
        return None
    ids = fields.index("asset_id")
    below = [cells[0] for row in table.rows if len(cells := [*filter(None, row)]) == 1]
    named = [below] if below else [
        [cell for cell in row if _SITE.fullmatch(cell)] + [*_own_addresses(replace(table, rows=[row]), ids)]
        for row in table.rows
    ]  # fmt: skip
    other = other_platform("\n".join(cell for cells in named for cell in cells)) if all(named) else None
    if other is None and "platform" in fields and all(len(row) == len(fields) for row in table.rows):
        names = {row[fields.index("platform")].strip() for row in table.rows}
        name = " ".join(names.pop().split()) if len(names) == 1 else ""
        other = (f"{OTHER_PLATFORM}{name.casefold()}", name) if _NAME.fullmatch(name) else None
    if other is None and is_licence(table.before) and not any(words_against(table.before, known=False)):
        other = other_platform(table.before)
    return _Seller(*other, Sure.STATED) if other else None


_NAME = re.compile(r"[^\W\d_][^\d:;@/]{2,40}")
_SITE = re.compile(r"(?:www\.)?(?:[\w-]{1,63}\.){1,3}[a-z]{2,18}", re.IGNORECASE)


def _own_addresses(table: HistoryTable, ids: int) -> Iterator[str]:
    """The addresses that have the row's own ID in them."""
    for row in table.rows:
        if len(row) > ids and row[ids]:
            yield from (cell for cell in row if "/" in cell and row[ids] in cell)


def _count_up(licences: Sequence[Licence]) -> bool:
    """Whether the ids are small running numbers, which are somebody's own; a platform's series has large ones."""
    numbers = {int(each.asset.asset_id) for each in licences if each.asset.asset_id.isdigit()}
    return len(numbers) > 2 and max(numbers) - min(numbers) == len(numbers) - 1 and max(numbers) < MAX_OWN_NUMBER


def _are_the_platforms(licences: Sequence[Licence]) -> bool:
    """Whether most ids have letters, as few platforms' have: a number may be any platform's."""
    return 2 * sum(each.asset.asset_id.isdigit() for each in licences) < len(licences)


def _by_source(table: HistoryTable, fields: Sequence[str | None]) -> dict[str | None, list[list[str]]]:
    """The rows of each platform, where a column names it; those of none that is known at None."""
    if "platform" not in fields:
        return {}
    best: dict[str | None, list[list[str]]] = {}
    named: dict[str, str | None] = {}  # few platforms in many rows
    for column in (number for number, field in enumerate(fields) if field == "platform"):
        found: dict[str | None, list[list[str]]] = {}
        for row in table.rows:
            cell = row[column] if len(row) > column else ""
            named[cell] = named[cell] if cell in named else named_platform(cell)
            found.setdefault(named[cell], []).append(row)
        if not best or len(found.get(None, ())) < len(best.get(None, ())):
            best = found
    return best


def _company(before: str) -> str | None:
    """The one company that a line above the columns names by a label."""
    lines = [line.partition(":") for line in before.splitlines()]
    names = {name.strip() for label, _, name in lines if spelled(label.strip()) in _COMPANY and name.strip()}
    return names.pop() if len(names) == 1 else None


def _of_sources(
    table: HistoryTable, fields: Sequence[str | None], sources: Mapping[str | None, list[list[str]]]
) -> Paper | None:
    """The licences of a list with one platform in each row, as people keep it."""
    read = {name: _licences(name, replace(table, rows=rows), fields) for name, rows in sources.items() if name}
    licences = tuple(each for found, _ in read.values() for each in found)
    left_out = sum((each for _, each in read.values()), Counter({"of no known platform": len(sources.get(None, ()))}))
    doubt = names_a_number(table.header[fields.index("asset_id")]) or not set(DATES) & set(fields)
    sure = Sure.STATED if doubt else Sure.POSSIBLE
    return _listed(table, (licences, +left_out), "a column of the list", sure=sure)


def _listed(
    table: HistoryTable,
    read: tuple[tuple[Licence, ...], Counter[str]],
    whose: str,
    *,
    reader: str = "history_by_columns",
    platform: str | None = None,
    sure: Sure = Sure.POSSIBLE,
) -> Paper | None:
    """The list as a paper. `read` are its licences, and how many rows were left out for what reason."""
    licences, left_out = read
    if whose_list := _company(table.before):
        licences = tuple(replace(each, licensee=each.licensee or whose_list) for each in licences)
    if not licences:
        return None
    quotes = {"header": " | ".join(table.header), "platform": whose}
    if left_out:
        quotes["left_out"] = ", ".join(f"{count} rows: {why}" for why, count in sorted(left_out.items()))
    return Paper(
        reader=reader, sure=sure, kind=DocumentKind.RECORD, licences=licences, quotes=quotes, platform=platform
    )


def _owner(label: str) -> str | None:
    """The platform whose asset ids a column holds, where its name says so."""
    owner, what = numbered_by(spelled(label)) or (None, "")
    return owner if what in _NUMBERS or _FIELD.get(what) == "asset_id" else None


def lists_licences(table: HistoryTable | None) -> bool:
    """Whether a table has the columns of a history, of whatever platform."""
    return table is not None and _columns(table) is not None


def day_columns(table: HistoryTable) -> set[int]:
    """The columns of a history that hold days."""
    columns = _columns(table)
    return {n for n, field in enumerate(columns[1]) if field in _DATES} if columns else set()


def _columns(table: HistoryTable) -> tuple[_Interface | None, Sequence[str | None]] | None:
    """The interface that has these columns, and the meaning of each column; None if it is not a history."""
    if any(SELLERS.search(label) for label in table.header):
        return None
    labels = [spelled(label) for label in table.header]
    interface = next((each for each in _INTERFACES if each[1] <= set(labels)), None)
    meaning = {**_FIELD, **(interface[2] if interface else {})}
    owners = [_owner(label) for label in table.header]
    known = [meaning.get(label) or field_of(name) for label, name in zip(labels, table.header, strict=True)]
    if any(owners):  # another column of ids is the agency's own, or somebody's
        known = [field if field != "asset_id" else None for field in known]
    fields = ["asset_id" if owner else field for field, owner in zip(known, owners, strict=True)]
    billed = any(map(CLIENTS.search, table.header))  # by the agency, on a day that is no purchase's
    for column, field in enumerate(fields):
        called = field == "asset_id" and fields.count(field) > 1 and names_an_asset(table.header[column])
        if called or (field == "invoiced_at" and billed) or (field in _DATES and not _has_days(table, column)):
            fields[column] = None
    if not set(DATES) & set(fields) and "dated" in fields and _DOWNLOAD_HISTORY.search(table.before):
        fields[fields.index("dated")] = "downloaded_at"
    if "asset_id" not in fields and (named := _named_assets(table, fields)) is not None:
        fields[named] = "asset_id"
    granted = interface or ({"kind", "licence_id"} | _OF_A_GRANT) & set(fields)
    downloads = "downloaded_at" in fields and "platform" not in fields
    if "asset_id" not in fields or not (granted or downloads) or not set(_DATES) & set(fields):
        return None
    if not {"title", "description"} & set(fields) and (titles := _titles(table, fields)) is not None:
        fields[titles] = "title"
    return interface, fields


def _has_days(table: HistoryTable, column: int) -> bool:
    """Whether a column that is called as one of days can be that: `Licensed` may be answered with `yes`."""
    return not table.rows or any(len(row) > column and re.search(r"\d", row[column]) for row in table.rows)


def _titles(table: HistoryTable, fields: Sequence[str | None]) -> int | None:
    """The column that is called as the thing itself and holds what it is called: `Item`, `Song`."""
    for column, name in enumerate(table.header):
        cells = [row[column] for row in table.rows[:MAX_NAMED_ROWS] if len(row) > column]
        if fields[column] is None and names_a_title(name) and not any(map(_NO_TITLE.search, cells)):
            return column
    return None


def _named_assets(table: HistoryTable, fields: Sequence[str | None]) -> int | None:
    """The column whose every cell names an asset of one platform: by an address, a file's name, or a number in it.

    If there is none, the only one that has such numbers and says no more than that: `ID`. Where a column names the
    platform of each row, they are numbers in the form of that platform's.
    """
    bare = []
    source = fields.index("platform") if "platform" in fields else None
    rows = [row for row in table.rows[:MAX_NAMED_ROWS] if source is not None and len(row) == len(fields)]
    owners = {cell: named_platform(cell) for cell in {row[source] for row in rows if source is not None}}
    owned = [(row, forms_of(owner)) for row in rows if source is not None and (owner := owners[row[source]])]
    for column, name in enumerate(table.header):
        cells = [row[column] for row in table.rows if len(row) > column and any(row)]
        numbers = bool(cells) and all(map(_ASSET_NUMBER.fullmatch, cells))
        if names_an_asset(name) and numbers:
            return column
        found = [_asset_in(row[column]) for row in table.rows[:MAX_NAMED_ROWS] if len(row) > column and any(row)]
        if found and all(found) and len({each.platform for each in found if each}) == 1:
            return column
        formed = bool(owned) and all(re.fullmatch(forms.asset, row[column]) for row, forms in owned)
        if fields[column] is None and names_a_number(name) and (numbers if source is None else formed):
            bare.append(column)
    return bare[0] if len(bare) == 1 else None


def _asset_in(cell: str) -> NamedAsset | None:
    """The asset that an address or a file's name in a cell names, if it is the platform's own name for it."""
    if not re.search(r"[_/-]", cell):
        return None
    found = names(f"//{cell}" if _NO_SCHEME.match(cell) else cell)
    return found[0] if len(found) == 1 and found[0].asset_id and found[0].sure is not Sure.POSSIBLE else None


def _licences(
    platform: str, table: HistoryTable, fields: Sequence[str | None], *, comps: bool = False
) -> tuple[tuple[Licence, ...], Counter[str]]:
    dated = next(field for field in _DATES if field in fields)
    column = fields.index(dated)
    order, orders = _order(table, column), _shared_numbers(table, fields)
    found: dict[str, Licence] = {}
    left_out: Counter[str] = Counter()
    for row in table.rows:
        values = _values(fields, row)
        if len(row) > len(fields) or (len(row) < len(fields) and any("\n" in cell for cell in row)):
            left_out["fewer or more cells than columns"] += 1
            continue
        if values.get("licence_id") in orders:
            del values["licence_id"]
        written = values.pop(dated, None)
        when = None
        with suppress(ValueError):
            when = printed(_whole_year(written, order), order) if written else None
        values.pop("status", None)
        statuses = (cell for field, cell in zip(fields, row, strict=False) if field == "status")
        denied = any(map(undone, statuses)) or NO_GRANT.search(_written(row, fields, "kind"))
        if denied or any_taken_back(table.header, fields, row):
            left_out["refunded, cancelled or not licensed"] += 1
        elif (
            not (written and re.search(r"\d", written))
            or (licence := licence_of(platform, values, when, written)) is None
        ):
            left_out["no asset ID, or no date in a known format"] += 1
        elif licence.comp and not comps:
            left_out["refunded, cancelled or not licensed"] += 1
        else:
            asset = replace(licence.asset, media_type=values.get("media_type"))
            licence = replace(licence, asset=asset, row=dict(zip(table.header, row, strict=False)))
            found.setdefault(licence.identity, licence)
    return tuple(found.values()), left_out


def _shared_numbers(table: HistoryTable, fields: Sequence[str | None]) -> set[str]:
    """What several assets have in the column of the licences' numbers: an order's number is no licence's."""
    if "licence_id" not in fields or "asset_id" not in fields:
        return set()
    number, asset = fields.index("licence_id"), fields.index("asset_id")
    first = {row[number]: row[asset] for row in reversed(table.rows) if len(row) > max(number, asset)}
    whole = (row for row in table.rows if len(row) > max(number, asset))
    return {row[number] for row in whole if row[number] and row[asset] != first[row[number]]}


def _written(row: Sequence[str], fields: Sequence[str | None], name: str) -> str:
    """What a row has in the column of a field, whatever it means."""
    return next((cell for field, cell in zip(fields, row, strict=False) if field == name), "")


_WRITTEN_ORDERS = {
    DateOrder.DAY_FIRST: re.compile(r"\b(?:dd|tt|jj|gg)[./-]mm\b", re.IGNORECASE),
    DateOrder.MONTH_FIRST: re.compile(r"\bmm[./-](?:dd|tt|jj|gg)\b", re.IGNORECASE),
}


def _order(table: HistoryTable, column: int) -> DateOrder | None:
    """The order of day and month that one row proves for its whole column, else the header's: in letters, as
    `DD/MM/YYYY`, or that of its language.
    """
    proven = day_order(row[column] for row in table.rows if len(row) > column)
    written = next((order for order, sign in _WRITTEN_ORDERS.items() if sign.search(table.header[column])), None)
    said = written or spoken_order(table.header)
    return None if proven and said and proven is not said else proven or said


def _whole_year(day: str, order: DateOrder | None) -> str:
    """`04.05.18` with its whole year, where days come first; stock licences are of this century."""
    return re.sub(r"\A(\d\d?\.\d\d?\.)([0-6]\d)\Z", r"\g<1>20\2", day) if order is DateOrder.DAY_FIRST else day


def _values(fields: Sequence[str | None], row: Sequence[str]) -> dict[str, str]:
    """The row's values by field. A field has no value if two columns give different ones."""
    found: dict[str, set[str]] = {}
    for field, cell in zip(fields, row, strict=False):
        if field == "asset_id":
            named = _asset_in(cell)
            cell = (named and named.asset_id) or re.sub(r"\A(\d{4,15})\.0+\Z", r"\1", cell)  # a number to programs
        if field and (value := plain(Quote(cell, cell))):
            found.setdefault(field, set()).add(value)
    return {field: values.pop() for field, values in found.items() if len(values) == 1}


def read_table(content: bytes) -> HistoryTable | None:
    """A CSV's table, with the delimiter and header line that give most known columns; None if no column is known.

    Of JSON, it is the one list of records that is a history.

    For bytes of any origin, call it through `worker`.
    """
    if len(content) > MAX_TABLE_BYTES or (text := _decoded(content)) is None:
        return None
    if text.lstrip()[:1] in ("{", "["):
        return _of_json(text)
    best: tuple[int, str, int] = (1, "", 0)
    start = "".join(text.splitlines(keepends=True)[: MAX_HEADER_LINES + 1])[: 1 << 16]
    for delimiter in DELIMITERS:
        with suppress(csv.Error):
            for number, row in enumerate(_rows(start, delimiter)):
                known = len({*map(_meaning, row)} - {None})
                if known > best[0]:
                    best = (known, delimiter, number)
    _, delimiter, header = best
    if not delimiter:
        return None
    rows: list[list[str]] = []
    try:
        for row in _rows(text, delimiter):
            if any(row):
                rows.append(row)
            elif len(rows) <= header:
                rows.append([])
            below = row if len(rows) > header + 1 else ()
            if len(rows) > MAX_ROWS or any(_holds_rows(cell, delimiter, len(rows[header])) for cell in below):
                return None
    except csv.Error:
        return None
    return HistoryTable("\n".join(" ".join(row) for row in rows[:header]), rows[header], rows[header + 1 :])


def has_columns(text: str) -> bool:
    """Whether one of a text's first lines has the names of columns in it: at least two that are known."""
    first = text[: 1 << 16].splitlines()[: MAX_HEADER_LINES + 1]
    cells = (line.split(by) for line in first for by in DELIMITERS if by in line)
    return any(len({*map(_meaning, row)} - {None}) > 1 for row in cells)


def _meaning(label: str) -> str | None:
    """What a column of this name may hold; `asset` if it is called as the thing itself."""
    field = "asset_id" if _owner(label) else _FIELD.get(spelled(label)) or field_of(label)
    return field or ("asset" if names_an_asset(label) else None)


def _of_json(text: str) -> HistoryTable | None:
    """The list of records in an interface's answer that has a history's fields; None if there is none, or several."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if records := records_in(answer):
        return _of_records(records)
    tables = [table for table in map(_of_records, _record_lists(answer, MAX_JSON_DEPTH)) if _columns(table)]
    return tables[0] if len(tables) == 1 else None


def _record_lists(node: object, depth: int) -> Iterator[list[dict[str, object]]]:
    if isinstance(node, list) and node and all(isinstance(each, dict) for each in node):
        yield node
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for each in inner if depth else ():
        yield from _record_lists(each, depth - 1)


def _of_records(records: Sequence[dict[str, object]]) -> HistoryTable:
    """The records as rows. A field of a field has both names, as `image.id`."""
    rows = [dict(_fields(record)) for record in records[:MAX_ROWS]]
    header = list(dict.fromkeys(name for row in rows for name in row))
    return HistoryTable("", header, [[row.get(name, "") for name in header] for row in rows])


def _fields(record: Mapping[str, object], within: str = "") -> Iterator[tuple[str, str]]:
    for name, value in record.items():
        if isinstance(value, dict) and not within.count("."):
            yield from _fields(value, f"{within}{name}.")
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            yield f"{within}{name}", str(value).strip()


def _holds_rows(cell: str, delimiter: str, columns: int) -> bool:
    """Whether a quotation mark that never closes took further rows into a cell."""
    return "\n" in cell and any(line.count(delimiter) + 1 >= columns for line in cell.splitlines()[1:])


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows, cells trimmed and without the marks by which spreadsheets keep numbers as text: `="1"` and `'1`."""
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        yield [re.sub(r'^(?:="([^"]*)"|\'(?=\d))', r"\1", cell.strip()) for cell in row]


def _decoded(content: bytes) -> str | None:
    """Decode by the byte order mark, else as UTF-8, else in a Windows code page; None if it is not text."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, "replace").lstrip("\ufeff")
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return by_code_page(content)
