"""What in a table of pictures says that nothing was licensed: a seller's earnings, a wish, a quote, a refund."""

from __future__ import annotations

import re
from collections.abc import Sequence

from archiver.reading.not_granted import DENIED_STATUS

# In a column's name: sellers' reports list the same assets with what they earned.
SELLERS = re.compile(
    r"(?<![a-z])earn|royalt|commission|payout|revenu|provision|vergütung|honorar|umsatz|erlös|einnahme|verdien|redevance|gains|"
    r"rémunér|ingreso|ganancia|regal[ií]a|guadagn|ricav|incass|inkomst|opbrengst|zarob|przych|zysk|ganho|receita|"
    r"revshare|(?:your|my|our|their|author|contributor)(?:'s)? (?:cut|share|net)|net to you|"
    r"(?:buyer|customer)'?s? country|sold (?:on|to|for)|date sold|"
    r"(?<![a-z])(?:sales?|verkäufe|verkauft|verkaufs|ventes?|ventas?|vendit[ae]|verkoop|quoted)(?![a-z])",
    re.IGNORECASE,
)

# In the file's name, or above the columns.
NO_PURCHASES = re.compile(
    r"(?<![a-z])(?:sales|my sales|verkäufe|ventes|ventas|vendite|contributor|to buy|wish|"
    r"(?:wish|shopping|price)[ _-]?list|wunsch(?:liste|zettel)|merk(?:liste|zettel)|einkaufs(?:liste|zettel)|"
    r"preisliste|cart|basket|warenkorb|panier|carrito|cesta|carrello|winkel(?:wagen|mand)|koszyk|carrinho|"
    r"unpaid|failed|(?:not|no|nicht|non) (?:completed?|abgeschlossene?|completad[oa]s|complétées|completat[ie])|"
    r"light[ _-]?box(?:es)?|leucht(?:kasten|tisch)|favou?rites|favoriten|favoris|quote|quotation|estimate|angebot|"
    r"kostenvoranschlag|devis|presupuesto|preventivo|offerte|orçamento|requests?|"
    r"short[ _-]?lists?|mood[ _-]?boards?|candidates|proposals|suggestions|vorschläge|bildauswahl|"
    r"anfragen?|comps|previews?|layoutbilder|missing|fehlende|"
    r"refunds?|credit[ _-]?notes?|gutschrift(?:en)?|storno|avoirs?|remboursements?|reembolsos?|rimborsi|"
    r"terugbetalingen|zwroty)(?![a-z])",
    re.IGNORECASE,
)

# In the name of a file or folder: works that were offered for sale, not bought.
OWN_WORKS = re.compile(
    r"(?<![a-z])(?:portfolio|uploads?|submissions?|submitted|(?:our|my|own|eigene|unsere|nos|mis|nostre)[ _-]"
    r"(?:own[ _-])?(?:photos?|pictures?|images?|videos?|footage|clips?|music|works?|fotos?|bilder|"
    r"werke|foto))(?![a-z])",
    re.IGNORECASE,
)

# In a column's name of a list that does not say what was licensed: sellers name whom they sold to.
BUYERS = re.compile(r"buyer|customer|country|käufer|acheteu|comprador|acquirente|koper|nabywca", re.IGNORECASE)

# In a column's name of a list with days of no name: pictures that somebody asked for or chose.
REQUESTS = re.compile(
    r"request|needed|wanted|short-?list|select|chosen|propos|angefragt|anfrage|gewünscht|ausgewählt|auswahl|demand|"
    r"souhait|choisi|solicit|elegid|richiest|scelt|gevraagd|gekozen",
    re.IGNORECASE,
)

# In a column's name of a list with days of invoices: an agency's own, to those for whom it bought.
CLIENTS = re.compile(rf"{BUYERS.pattern}|kunde|client|klant|klient", re.IGNORECASE)

# In the column of a row's status, which must say that it was bought, and nothing against it.
_UNDONE = re.compile(
    rf"{DENIED_STATUS.pattern}|refund|revoke|expired|pending|abgelaufen|expir|vencid|comp\b|preview|\bsale\b|\bfee\b|deposit|withdraw|referral|reversal|"
    r"\b(?:not|nicht|noch|non|no|niet|nie|não|never|un\w+|to be|in)\b",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:paid|completed?|licen[cs]ed|active|approved|delivered|ok|success\w*|purchased?|bought|closed|done|processed|"
    r"downloaded|valid|confirmed|fulfilled|yes|bezahlt|abgeschlossen|erledigt|lizenziert|aktiv|gekauft|gültig|bestätigt|"
    r"ausgeführt|geliefert|heruntergeladen|ja|payée?|terminée?|achetée?|activ[eo]|oui|completad[oa]|pagad[oa]|comprad[oa]|"
    r"activ[oa]|sí|completat[oa]|pagat[oa]|acquistat[oa]|attiv[oa]|sì|betaald|voltooid|gekocht|actief|opłacone|"
    r"zrealizowane|zakończone|kupione|tak|pag[oa]|concluíd[oa]|ativ[oa]|sim)\b",
    re.IGNORECASE,
)

# In a column that has no other meaning: a remark, or the answer to the column's own question.
_BACK = (
    r"(?:refund(?:s|ed)?|storno|storniert|stornierung|erstattet|erstattung|rückerstattet|gutschrift|cancell?ed|annulée?|"
    r"remboursée?|remboursement|cancelad[oa]|reembolsad[oa]|reembolso|annullat[oa]|rimborsat[oa]|rimborso|geannuleerd|"
    r"terugbetaald|anulowan[oay]|zwrot|charge-?back|credit note)"
)
_TAKEN_BACK = re.compile(
    rf"\b(?:{_BACK}|not (?:licen[cs]ed|bought|purchased|paid)|nicht (?:lizenziert|gekauft|erworben|bezahlt)|"
    r"to be (?:bought|licen[cs]ed|purchased)|noch (?:nicht|zu)|(?:nur|only) (?:layout|comp)|(?:layout|comp) only|"
    r"comp(?:ing)? use|easy ?access)\b|"
    r"\A(?:comp|comping|layout|watermarked)s?(?: (?:image|file|size|version|download))?\Z|"
    r"\A(?:(?:with|mit|avec|con|met) )?(?:watermark|wasserzeichen|filigrane|filigrana|marca de agua|watermerk)\Z",
    re.IGNORECASE,
)
_ASKS_BACK = re.compile(rf"\b{_BACK}\b", re.IGNORECASE)
_ASKS = re.compile(
    r"\?|approved|paid|bought|licen[cs]ed|freigegeben|genehmigt|bezahlt|gekauft|lizenziert", re.IGNORECASE
)
_NO = re.compile(r"(?:no|nein|non|niet|nie|não|n|false|0|[-–—])?", re.IGNORECASE)

# In the column of the licence's kind.
NO_GRANT = re.compile(
    r"^(?:unknown|unclear|missing|no(?:ne?|t|thing)?\b|fehlt|unklar|offen|keine?|nein|angefragt|requested|open\b|tbd|inconnue?|"
    r"aucune|unlicen[cs]ed|expired|abgelaufen|expirée?|caducad[oa]|scadut[oa]|verlopen|vencid[oa]|\?)|\?$",
    re.IGNORECASE,
)


def undone(status: str) -> bool:
    """Whether a row's status is anything but that of a purchase; an empty one says nothing."""
    return bool(status) and bool(_UNDONE.search(status) or not _DONE.search(status))


def taken_back(name: str, cell: str) -> bool:
    """Whether a cell of a column without another meaning says that the row was taken back, or never granted."""
    if _ASKS_BACK.search(name):
        return not _NO.fullmatch(cell.strip())
    denied = bool(_ASKS.search(name)) and bool(cell.strip()) and bool(_NO.fullmatch(cell.strip()))
    return denied or bool(_TAKEN_BACK.search(cell))


def any_taken_back(header: Sequence[str], fields: Sequence[str | None], row: Sequence[str]) -> bool:
    """`taken_back` for the cells of a row whose columns have no field, or are of the contract under which it is."""
    return any(
        field in (None, "plan") and taken_back(name, cell)
        for name, field, cell in zip(header, fields, row, strict=False)
    )
