"""Read what the sentences of a paper say: on which day it was ordered or licensed, which pictures, and of what kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise

from archiver.reading.certificates import quoted
from archiver.reading.dates import DateOrder, days_in
from archiver.reading.field_labels import (
    DATES,
    DUTCH,
    ENGLISH,
    FRENCH,
    GERMAN,
    ITALIAN,
    LABELS,
    OF_A_PICTURE,
    POLISH,
    PORTUGUESE,
    SPANISH,
)
from archiver.reading.filenames import names
from archiver.reading.phrases import Phrases
from archiver.reading.platforms import OTHER_PLATFORM, PLATFORMS, forms_of

MAX_WORDS_CHARACTERS = 160  # characters before a date in which a sentence says what happened then
MAX_SENTENCE_CHARACTERS = 300
MAX_NAMED = 1_000  # pictures in one text
MAX_LINES_OF_ITEM = 3  # that tell what it is
MAX_LINE_WORDS = 24  # of a line that is no sentence
_SAME = r"(?:[^.:;!?\n]|\.(?=\S)|\n(?!\s*\n))"  # a character within a sentence, which may go on in the next line
_NUMBER = r"(?:[ \t]*(?:n[°º.o]{1,2}|nr\.?|number|nummer|num[ée]ro|#)?[ \t]*#?(?=\S*\d)[A-Z0-9][\w./-]{1,39})?,?\s+"
# Field -> language -> what stands before its date; `…` is the number of an order or invoice.
_BEFORE: Mapping[str, Mapping[str, str]] = {
    "invoiced_at": {
        ENGLISH: r"(?:invoice|receipt)…(?:of|dated|from)", GERMAN: r"rechnung…(?:vom|v\.)",
        FRENCH: r"facture…(?:du|en date du)", SPANISH: r"factura…(?:del?|de fecha|con fecha)",
        ITALIAN: r"fattura…(?:del|in data)", DUTCH: r"factuur…(?:van|d\.d\.)",
    },
    "ordered_at": {
        ENGLISH: r"(?:order|purchase)…(?:of|dated|from|(?:was |were )?(?:placed|made) on)",
        GERMAN: r"(?:bestellung|auftrag|einkauf|kauf)…(?:vom|v\.)",
        FRENCH: r"(?:commande|achat)…(?:du|passée le)", SPANISH: r"(?:pedido|compra)…(?:del?|de fecha|realizad[oa] el)",
        ITALIAN: r"(?:ordine|acquisto)…(?:del|effettuato il)", DUTCH: r"(?:bestelling|aankoop)…(?:van|d\.d\.)",
    },
    "licensed_at": {
        ENGLISH: rf"\blicen[cs]ed(?:\b{_SAME}{{0,120}}?\bon)?",
        FRENCH: rf"\b(?:sous licence|acquis|licencié)e?s?\b{_SAME}{{0,80}}?\ble",
        SPANISH: rf"\b(?:adquiri(?:d[oa]s?|ó)|licenciad[oa]s?)\b{_SAME}{{0,80}}?\bel",
        ITALIAN: rf"\b(?:in licenza|acquistat[oaie])\b{_SAME}{{0,80}}?\bil",
        POLISH: rf"\b(?:nabył|zakupił|uzyskał|kupił)[ao]?\b{_SAME}{{0,80}}?\b(?:w dniu|dnia)",
        PORTUGUESE: rf"\b(?:adquiri(?:u|d[oa]s?)|licencio?u|licenciad[oa]s?)\b{_SAME}{{0,80}}?\bem",
    },
    "bought_at": {ENGLISH: rf"\b(?:purchased|bought)\b{_SAME}{{0,120}}?\bon"},
    "downloaded_at": {ENGLISH: rf"\b(?:downloaded|your download of)\b{_SAME}{{0,120}}?\bon"},
}  # fmt: skip
# What follows the date where the verb ends the sentence.
_BEHIND = {
    GERMAN: rf"{_SAME}{{0,160}}?\b(?:lizenziert|erworben|gekauft)\b",
    DUTCH: rf"{_SAME}{{0,160}}?\b(?:gelicentieerd|aangeschaft|gekocht)\b",
}
_SAYS_BEFORE = [
    (field, language, re.compile(rf"{words.replace('…', _NUMBER)}(?:\s*:)?\s+$", re.IGNORECASE))
    for field, languages in _BEFORE.items()
    for language, words in languages.items()
]
# What stands before the word for an order whose day a paper confirms: the line begins with it, or thanks for it.
_CONFIRMING = re.compile(
    rf"(?:^|\n)[ \t>]*(?:your |ihre |ihr |votre |su |tu |il tuo |uw )?$"
    rf"|\b(?:thank|confirm|dank|bestätig|merci|gracias|grazie|bedankt)\w*\b{_SAME}{{0,60}}$",
    re.IGNORECASE,
)
_SAYS_BEHIND = [(language, re.compile(words, re.IGNORECASE)) for language, words in _BEHIND.items()]


SAID = "\n\x1e\n"  # before the lines that follow a text


# Language -> what stands before and behind a name in the sentence that confirms that somebody has a licence.
_WHO = {
    ENGLISH: (
        r"(?:confirm|certify) that (?:the (?:company|firm|agency) )?",
        r"(?:has |have )?(?:licen[cs]ed|purchased|acquired|bought|obtained|downloaded|holds)",
    ),
    GERMAN: (
        r"bestätig\w{1,2}(?: wir| ich)?(?: Ihnen)?,? dass (?:(?:die|das|der) )?(?:(?:Firma|Agentur|Unternehmen) )?",
        r"(?:das|die|der|den|am|eine|bei|folgende\w?)",
    ),
    FRENCH: (
        r"(?:confirm|certifi|attest)ons que (?:(?:la société|l['’]agence|l['’]entreprise) )?",
        r"(?:a|avait|détient)",
    ),
    SPANISH: (
        r"(?:confirma|certifica)mos que (?:la (?:empresa|sociedad|agencia) )?",
        r"(?:ha|adquirió|posee|licenció)",
    ),
    ITALIAN: (
        r"(?:conferm|certifich)iamo che (?:(?:la società|l['’]agenzia|l['’]azienda) )?",
        r"(?:ha|detiene)",
    ),
    DUTCH: (
        r"(?:bevestigen|verklaren)(?: wij| we)?(?: u)? dat (?:(?:de firma|het bedrijf) )?",
        r"(?:de|het|een|op|bij)",
    ),
    POLISH: (
        r"(?:potwierdza|zaświadcza)my,? że (?:(?:firma|spółka) )?",
        r"(?:(?:nabył|zakupił|uzyskał|kupił)[ao]?|posiada)",
    ),
    PORTUGUESE: (
        r"(?:confirma|certifica)mos que (?:a (?:empresa|agência) )?",
        r"(?:adquiriu|licenciou|comprou|possui)",
    ),
}
_NAME = r"(?!Sie\b)(?-i:[A-ZÀ-Þ0-9])[^,;:!?\n]{1,50}?(?:\n[^,;:!?\n]{1,50}?)??"
_SAYS_WHO = [
    (language, Phrases(rf"\b{before}(?P<who>{_NAME}) {behind}\b".replace(" ", r"\s+"), re.IGNORECASE))
    for language, (before, behind) in _WHO.items()
]


def with_said(text: str) -> str:
    """The text, followed by a labelled line for what a sentence says: `Order date: 3 May 2026`, `Licensee: Name`.

    Its label is in the sentence's language, because that may tell the order of day and month.
    """
    said = dict.fromkeys([*_days(text), *_names(text)])
    return f"{text}{SAID}{'\n'.join(said)}" if said else text


def _names(text: str) -> Iterator[str]:
    for language, words in _SAYS_WHO:
        for found in words.finditer(text):
            yield f"{LABELS['licensee'][language][0]}: {' '.join(found['who'].split())}"


def _days(text: str) -> Iterator[str]:
    for _, found in days_in(text, DateOrder.DAY_FIRST):
        before, behind = (
            text[max(0, found.start() - MAX_WORDS_CHARACTERS) : found.start()],
            text[found.end() :][:MAX_WORDS_CHARACTERS],
        )
        labels = [
            LABELS[field][language][0]
            for field, language, words in _SAYS_BEFORE
            if (said := words.search(before)) and (field != "ordered_at" or _CONFIRMING.search(before[: said.start()]))
        ]
        if re.search(r"\b(?:am|op)\s+$", before):
            labels += [LABELS["licensed_at"][language][0] for language, words in _SAYS_BEHIND if words.match(behind)]
        yield from (f"{label}: {' '.join(found[0].split())}" for label in labels[:1])


DUE = Phrases(
    r"\b(?:due|until|till|by|before|through|expires?|ends?|valid|bis|fällig|gültig|zahlbar|zum|ab|echéance|échéance|"
    r"jusqu\S{1,4}|avant|valable|vence|vencimiento|hasta|scadenza|entro|fino|valido|uiterlijk|vóór|tot|geldig|"
    r"print(?:ed)?|gedruckt|imprimée?|impres[oa]|stampat[oa]|afgedrukt|period\w?|zeitraum|période|from|to|von|du|au|since|start\w{0,3}|beginn|released?|shoot)\b[^\n]{0,20}$",
    re.IGNORECASE,
)


def only_day(text: str) -> str | None:
    """The day of a paper that names one alone, as it is written; None if that may be a term's end or beginning."""
    read = [list(days_in(text, order)) for order in (DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST)]
    found = next((days for days in read if len({day for day, _ in days}) == 1), [])
    if any(DUE.search(text[max(0, match.start() - 60) : match.start()]) for _, match in found):
        return None
    written = [match[0] for _, match in found]
    return next((each for each in written if re.search(r"[^\W\d]", each)), written[0]) if written else None


KIND = Phrases(
    r"\b(?:(?:standard|extended|enhanced|regular|premium|premier|editorial|royalty[ -]free|rights[ -]managed|basic|"
    r"(?:small )?business|individual|commercial|personal|professional|unlimited|enterprise|web|print|"
    r"multi-seat)\s+(?:(?:image|video|music)\s+)?licen[cs]e|(?:standard|premium)-?lizenz|erweiterten?\s+lizenz|"
    r"licence\s+(?:standard|étendue|premium)|licencia\s+(?:estándar|ampliada|extendida|premium)|licenza\s+(?:standard|"
    r"estesa|premium)|standaardlicentie|uitgebreide\s+licentie)\b",
    re.IGNORECASE,
)
_KIND_WORDS = (
    r"(?:standard|extended|enhanced|regular|premium|editorial|commercial|royalty|rights|individual|business|lizenzfrei|"
    r"erweitert|libre de droits|étendue|estándar|ampliada|estesa|uitgebreid)"
)
# In the next line only a word that kinds begin with: there may be the next heading of a table.
_LABELLED_KIND = Phrases(
    rf"^[ \t]*(?:{'|'.join(re.escape(label) for each in LABELS['kind'].values() for label in each)})"
    rf"(?:[ \t]*[:\t][ \t]*(?=\S)|[ \t]*:?[ \t]*\n[ \t]*(?={_KIND_WORDS}))(?P<kind>[^\n\t]{{3,60}}?)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_USE = Phrases(
    r"\b(?:usage|use|nutzung|verwendung|utilisation|uso|utilizzo|gebruik)\s?:\s?(?P<use>[^\n]{3,80}?)(?=\s*$|\s{2,}|"
    r",?\s+(?:[€£$]\s?)?\d[\d.,]*[.,]\d\d\b)",
    re.IGNORECASE | re.MULTILINE,
)
_LABELS = [label for each in LABELS["asset_id"].values() for label in each]
_ITEM = (
    rf"(?<![\w/-])(?:{'|'.join(map(re.escape, sorted(_LABELS, key=len, reverse=True)))}|"
    r"(?:image|photo|picture|asset|file|clip|video|track|item|bild|foto|datei|fichier|imagen|immagine|afbeelding|"
    r"imagem|zdjęcie|zdjęcia|obraz|photograph|photographie|fotografie|fotografía|fotografia)s?(?:\s(?:met|mit(?: der)?|"
    r"with(?: the)?|con(?: el)?|com(?: o)?)(?=\s))?[ \t-]{0,3}(?:id|ref\.?|no\.?|n[°º]|n\.º?|nr\.?|number|nummer|"
    r"num[ée]ro)?)\s{0,3}(?:[:#]\s{0,20})?#?"
)
_DATED = {name: [label for each in LABELS[name].values() for label in each] for name in DATES}
ADDRESS_OR_NAME = re.compile(
    r"https?://[^\s<>\"')\]]{5,400}|(?<![\w/])[A-Za-z0-9]+[_-][\w-]{4,120}(?:\.[a-z0-9]{3,4})?"
)


# A sentence that says what was licensed, and one that asks, offers or denies.
_GRANTED = Phrases(
    r"\b(?:you(?:['’]ve| have)? (?:licen[cs]ed|purchased|bought|downloaded)|your download of|"
    r"order \S.{0,60} is complete|(?:is|are) covered by|confirm|bestätigen|haben sie|bestellung .{0,60}vom|"
    r"(?:licen[cs]ed|purchased|lizenziert|erworben)|bereit|acquis|licence accordée|adquirid[oa]|acquistat[oa]|bevestig|"
    r"conferm|potwierdz|nabył|gelicentieerd)",
    re.IGNORECASE | re.DOTALL,
)
_DOUBTED = re.compile(
    r"\?|\b(?:would|could|should|might|will|can|if|not|no|never|only|get|buy|renew|upgrade|habt|würden?|könnte\w?|"
    r"sollte\w?|wird|werden|nicht|keine?|nur|falls|wenn|pas|si|aucune|no|non|se|niet|geen)\b",
    re.IGNORECASE,
)
OF_PLAN = Phrases(  # no word that a picture may be called by: a business plan, an annual report
    r"\b(?:subscription|suscripción|abonn?ement\w*|(?:jahres|monats)?abo|per month|pro monat|mensuel\w*|maandelijks|"
    r"on[ -]demand,? \d+|\d+ (?:images|photos|downloads|clips|credits|bilder|fotos|fichiers),? (?:valid|gültig|"
    r"valables?|válid[oa]s?|valid[ei])|(?:annual|monthly|yearly|premium|team|pro) plan|"
    r"(?:credit|image|download|bild|bilder|crédit|crédito)s?[ -]?"
    r"(?:pack|paket|pakket)\w*|(?:assets|images|downloads|credits|bilder|dateien) (?:a|per|pro|im)\s"
    r"(?:month|year|monat|jahr))\b|/ ?(?:month|monat|mois|mes|mese|maand)\b",
    re.IGNORECASE,
)
ADVERTISED = Phrases(
    r"\b(?:(?:may|might) (?:also )?(?:like|love)|we think|recommend\w{0,6}|similar (?:images|files|photos|videos)|"
    r"(?:because of|based on) your|picked for you|new this week|(?:in|on|from) your (?:collection|board|lightbox)|"
    r"eligible for|most (?:popular|downloaded)|trending|aus ihrer lightbox|am meisten geladen|più scaricat[ie]|"
    r"les plus téléchargé\w*|más descargad[oa]s|meest gedownload|najczęściej pobierane|"
    r"könnte ihnen|empfehl\w{1,6}|vous aimerez|te puede|potrebbe)\b",
    re.IGNORECASE,
)
_LINE_START = re.compile(r"(?:^|\n|\t| {2}|\()[ \t]*(?:[-*•–][ \t]*|\d{1,3}[ \t]?[x×.)]?[ \t]+)?(?:[\w ]{1,24}:? )?$")
_SENTENCE_END = re.compile(r"(?<!\d)(?<!\bSp)(?<!\bDr)(?<!\bNr)(?<!\bNo)[.!](?=\s)|\n\s*\n")


def _stands_alone(text: str, place: int, *, lines: bool) -> bool:
    """Whether what is named at a place begins a line or a cell, or its sentence says that it was licensed."""
    if _LINE_START.search(text[max(0, place - 40) : place]):
        end = text.find("\n", place)
        line = text[text.rfind("\n", 0, place) + 1 : end if end >= 0 else len(text)]
        if len(line.split()) <= MAX_LINE_WORDS and "?" not in line and not line.rstrip().endswith((".", ";", "!")):
            return True
    line = text[max(text.rfind("\n", 0, place) + 1, place - MAX_SENTENCE_CHARACTERS) : place]
    if KIND.search(line) and not _DOUBTED.search(line):
        return True  # the line of an invoice: Standard License, image 1234567
    if lines:
        return False
    before, behind = text[max(0, place - MAX_SENTENCE_CHARACTERS) : place], text[place:][:MAX_SENTENCE_CHARACTERS]
    begins = max((found.end() for found in _SENTENCE_END.finditer(before)), default=0)
    ends = found.end() if (found := _SENTENCE_END.search(behind)) else len(behind)
    sentence = before[begins:] + behind[:ends]
    said = f"{before[:begins].splitlines()[-1] if before[:begins].strip() else ''} {sentence}"
    return bool(_GRANTED.search(said)) and not _DOUBTED.search(sentence)


def records_in(text: str, platform: str, *, kinds: bool = True, lines: bool = False) -> list[dict[str, str]]:
    """The pictures of one platform that a text names one after another, each with its kind of licence, if it has one.

    `kinds`: none at all if one of them has no kind for sure. `lines`: each must begin a line or a cell.

    A picture is named by a word and its number (`image 1234567`), by its page's address or by its file's name. What
    stands between a number and the next is about the first. A kind that is the only one in the text is that of all.
    """
    text = text.partition(SAID)[0]
    if ADVERTISED.search(text):
        return []
    places = sorted(islice(_named(text, platform), MAX_NAMED + 1))
    if len(places) > MAX_NAMED:
        return []
    alone = {asset_id for place, asset_id in places if _stands_alone(text, place, lines=lines)}
    if alone != {asset_id for _, asset_id in places}:
        return []
    starts = [start for n, (start, asset_id) in enumerate(places) if not n or places[n - 1][1] != asset_id]
    ids = [asset_id for n, (_, asset_id) in enumerate(places) if not n or places[n - 1][1] != asset_id]
    if not ids or len(set(ids)) != len(ids):
        return []
    everywhere = _kinds(text)
    before = _kinds_before(text, starts)
    read = []
    for n, ((start, end), asset_id) in enumerate(zip(pairwise([*starts, len(text)]), ids, strict=True)):
        part = text[start:end]
        if OF_PLAN.search("\n".join(part.splitlines()[:MAX_LINES_OF_ITEM])):
            return []
        said = everywhere if len(everywhere) == 1 else {before[n]} if before else _kinds(part)
        if len(said) != 1 and kinds:
            return []
        read.append({"asset_id": asset_id, **({"kind": next(iter(said))} if len(said) == 1 else {}), **_day_of(part)})
    return read


def _kinds_before(text: str, starts: Sequence[int]) -> list[str]:
    """The kind that stands before each picture, where kinds and pictures take turns and a kind is first."""
    kinds = [(found.start(), " ".join(found[0].split())) for found in KIND.finditer(text)]
    turns = sorted([*kinds, *((start, "") for start in starts)])
    return [kind for _, kind in turns[::2]] if [bool(kind) for _, kind in turns] == [True, False] * len(starts) else []


def _day_of(part: str) -> dict[str, str]:
    """When the picture that a part of a text is about was licensed, by field, if it says that."""
    found = quoted(with_said(part), _DATED)
    return next(({name: found[name].value} for name in DATES if name in found), {})


_ENDS_TITLE = re.compile(
    rf"(?:{'|'.join(re.escape(each.title) for each in PLATFORMS.values() if ' ' in each.title)})\s*#?$", re.IGNORECASE
)


def _named(text: str, platform: str) -> Iterator[tuple[int, str]]:
    other = platform.startswith(OTHER_PLATFORM)
    title = rf"|{re.escape(forms_of(platform).title)}\s{{1,3}}(?:n[°º]|n\.º|nr\.?|no\.?|#|id:?)\s{{0,3}}"
    letters = r"|(?<=:\s)(?=(?-i:[A-Z]{6})(?!\w))" if re.fullmatch(forms_of(platform).asset, "ABCDEF") else ""
    digits = r"(?=[\w.-]*\d\d)" if other else rf"(?:(?=[A-Z]{{0,8}}\d){letters})"
    form = rf"{digits}(?:{forms_of(platform).asset if other else f'(?-i:{forms_of(platform).asset})'})"
    number = re.compile(rf"(?P<word>{_ITEM}{title})(?P<id>(?!(?:19|20)\d\d\b){form})(?![\w-]|[.,/]\d)", re.IGNORECASE)
    for found in number.finditer(text):
        if _ENDS_TITLE.search(text[max(0, found.start() - 30) : found.start("id")]):
            continue  # `Getty Images 4711` is no image's
        if not other or OF_A_PICTURE.match(found["word"].strip()):
            yield found.start(), found["id"]
    for found in () if other else ADDRESS_OR_NAME.finditer(text):
        if asset_id := named_asset(found[0], platform):
            yield found.start(), asset_id


def named_asset(name: str, platform: str) -> str | None:
    """The id that an address or a file's name has in a platform's form; None for none or several."""
    ids = {each.asset_id for each in names(name.rstrip(".,;")) if each.platform == platform and each.asset_id}
    return ids.pop() if len(ids) == 1 else None


def _kinds(text: str) -> set[str]:
    """The kinds of licence that a text names, else what it says of the use."""
    labelled = {" ".join(found["kind"].split()) for found in _LABELLED_KIND.finditer(text)}
    words = [" ".join(found[0].split()) for found in KIND.finditer(text)]
    named = labelled or set({each.casefold(): each for each in words}.values())
    return named or {" ".join(found["use"].split()) for found in _USE.finditer(text)}
