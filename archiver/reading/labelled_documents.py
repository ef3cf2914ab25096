"""Parse licences and receipts of any platform by their labelled fields, in the languages of `field_labels`.

This is for papers with an unknown layout: Depositphotos, Shutterstock, Adobe Stock, Getty Images, iStock and others.
The paper's title must say what it is. It must name only one platform, and an asset ID in that platform's form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from archiver.core.model import DocumentKind, Licence, Moment
from archiver.reading.certificates import Paper, Quote, Sure, day, in_one_line, labelled, plain, spelled, whole_name
from archiver.reading.dates import DateOrder, day_order, days_in
from archiver.reading.field_labels import DATES, LABELS, OF_A_PICTURE, OTHER, SPELLED, spoken_order
from archiver.reading.item_lines import item_lines
from archiver.reading.item_numbers import LEADERS, items_by_context
from archiver.reading.licence_values import LEGAL_FORM, licence_of, money
from archiver.reading.not_granted import (
    ASKING,
    DEMAND,
    NO_RECEIPT,
    PAID_BACK,
    UNDECIDED,
    awaits,
    denies,
    doubtful,
    is_demand,
    is_own_order,
    is_unbought,
    pays_for_plan,
    speaks_of_licensing,
    words_against,
)
from archiver.reading.paper_titles import (
    LICENCE_TITLE,
    confirms_order,
    head_of,
    is_bought,
    is_formal,
    is_history,
    is_letter,
    is_licence,
    is_receipt,
    is_unmade,
    name_in_title,
    title_lines,
)
from archiver.reading.platforms import (
    OTHER_PLATFORM,
    footer,
    forms_of,
    letterhead,
    marked,
    other_platform,
    site_of,
    sites_beside,
    the_platform,
)
from archiver.reading.platforms import titled as named_in
from archiver.reading.sentences import only_day, records_in, with_said
from archiver.reading.subscription_plans import read_plan

_FLAT = {name: [label for each in languages.values() for label in each] for name, languages in LABELS.items()}
_FLAT["amount"] += [f"{label} ({code})" for label in _FLAT["amount"] for code in ("EUR", "USD", "GBP", "CHF")]
_LONGEST_FIRST = sorted(SPELLED, key=len, reverse=True)

_MONEY = r"[^\d\s]{0,4} ?[A-Z]{0,3} ?[\d][\d.,'’ \u00a0\u202f]{0,18} ?[^\d\s]{0,4}"
_SHAPES = {
    "asset_id": r"#? ?(?=[A-Z]{0,11}\d)[A-Z0-9]{3,12}[a-z]{0,3}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "order": r"#? ?(?=[^ ]{0,39}\d)[A-Z0-9][A-Z0-9./_-]{2,39}",
    "invoice": r"#? ?(?=[^ ]{0,39}\d)[A-Z0-9][A-Z0-9./_-]{2,39}",
    "amount": _MONEY,
}

_LETTERS = {"asset_id": _SHAPES["asset_id"] + r"|(?-i:[A-Z]{6})"}  # of a platform whose IDs may have no digit
_OTHER_SHAPES = {
    "asset_id": r"#? ?(?=[^ ]{0,39}\d)[A-Za-z0-9_][A-Za-z0-9._-]{0,38}[A-Za-z0-9]"
}  # of a platform that is not known

# Of receipts only, whose every field has a shape: from a licence without gaps one would get its date, and no name.
_DATE_SHAPES = dict.fromkeys(
    ("invoiced_at", "ordered_at", "dated", "bought_at"),
    r"(?:[^\W\d]{2,12}\.?,? ){0,2}\d{1,4}(?:st|nd|rd|th|er|º)?\b[^;!?]{3,40}",
)

# They license what is downloaded, so that a paper has no other date.
_BY_DOWNLOAD = (
    "123rf", "artlist", "epidemic_sound", "freepik", "flaticon", "istock", "motion_array", "pixabay", "storyblocks",
    "vecteezy",
)  # fmt: skip


_CREDIT_LINE = re.compile(
    r"^.{0,200}(?:©|\b(?:photos?|fotos?|bild(?:er|nachweis)?|images?|pictures?|credits?|crédits?|quelle)\b ?(?::|(?:by|"
    r"von|de|di|van|from)\b)).*$",
    re.IGNORECASE | re.MULTILINE,
)

_PRICED_LINE = re.compile(r"^.*\d[.,]\d\d(?: ?[^\s\d]{1,4})? *$", re.MULTILINE)  # what is sold

# What a shop says of a picture that it bought elsewhere: its address, or "from" and the site's name.
_SOLD = re.compile(
    r"(?:https?://)?(?:[\w-]{1,60}\.){1,4}[a-z]{2,6}/[^\s/?][^\s]*|\b(?:from|at|via|by|on|von|bei|aus|über|auf|de|chez|"
    r"sur|en|da|su|presso|van|bij|op|od|z|na)\s+(?:www\.)?(?:[\w-]{1,60}\.){1,4}[a-z]{2,6}\b",
    re.IGNORECASE,
)


def read_labelled(text: str, name: str = "", columns: Callable[[], str] = str) -> Paper | None:
    """A licence or a receipt, read by its labels; None if it is not certain which of them it is.

    `name` is the file's name: it counts if a licence's text names no platform, and the reading is then only `possible`.
    `columns` gives the text of a PDF as it is laid out on the page.
    """
    text = _prepared(text)
    head = head_of(text)
    licence, receipt = is_licence(head), is_receipt(head)
    if _is_something_else(text, head, licence=licence):
        return None
    platform, words, strong = _issuer(text, name, licence=licence, receipt=receipt)
    other = platform is not None and platform.startswith(OTHER_PLATFORM)
    sure_of_issuer = strong or is_history(head)
    if platform is None or not (licence or other or sure_of_issuer):
        return None
    letters = _LETTERS if re.fullmatch(forms_of(platform).asset, "ABCDEF") else {}
    shapes = _SHAPES | (_OTHER_SHAPES if other else letters) | ({} if licence else _DATE_SHAPES)
    lines, placed = _tables_as_lines(text), _tables_as_lines(_prepared(columns()))
    found = labelled(lines, placed, _FLAT, shapes)
    found.pop(OTHER, None)
    named = {name: _name_alone(whole_name(found[name])) for name in ("licensee", "buyer") if name in found}
    found = {name: quote for name, quote in (found | named).items() if quote and not _is_heading(name, quote)}
    said = f"{lines}\n\n{placed}"
    for name in (plain(found.get(each)) or "" for each in _NAMES):
        said = said.replace(name, "") if " " in name else said
    if any(words_against(said, known=not other)) or any(map(doubtful, title_lines(head))):
        return None
    if not licence and not other and (denies(said) or _seller_buys(platform, found)):
        return None
    if not licence and (not receipt or confirms_order(head)) and awaits(said):
        return None
    read = _by_certificate if licence else _by_receipt if receipt else _by_record
    paper = read(platform, found, text, columns)
    if paper and len(paper.licences) == 1 and receipt and strong and not licence and not other:
        paper = _of_several(paper, _by_context(platform, found, text, columns, formal=False))
    bought = licence or receipt or (is_bought(head) and not ASKING.search(text))
    if not (paper and paper.licences) and (sure_of_issuer or other) and bought:
        items = _by_context(platform, found, text, columns, formal=licence and is_formal(head))
        paper = (_certified(items) if licence else items) or paper
    if paper and not licence and pays_for_plan(text, [each.asset.asset_id for each in paper.licences]):
        paper = replace(paper, licences=())
    if paper is None or (other and not _stated(paper, said)):
        return None
    quotes = {"platform": words} | {field: quote.text for field, quote in found.items()}
    doubt = other or paper.sure is Sure.STATED
    paper = replace(paper, sure=Sure.STATED if doubt else Sure.LIKELY if strong else Sure.POSSIBLE, quotes=quotes)
    return paper if paper.licences else read_plan(paper, text, columns(), _order(found))


def _is_something_else(text: str, head: str, *, licence: bool) -> bool:
    """Whether a text is a form, a request, a demand, or, if it is no certificate, shows that nothing was bought."""
    if is_unmade(head) or DEMAND.search(text):
        return True
    unbought = NO_RECEIPT.search(text) or PAID_BACK.search(text) or is_own_order(text) or is_unbought(text)
    return bool(unbought) and not licence


def _issuer(text: str, name: str, *, licence: bool, receipt: bool) -> tuple[str | None, str, bool]:
    """Whose paper it is, the words that say so, and whether they are of its site or company."""
    if licence or not receipt:
        platform, words, strong = the_platform(text, name if licence else "")
    else:
        # Any shop's invoice may show a platform's picture or carry its name: a receipt must come from the platform.
        issued = _SOLD.sub("", _PRICED_LINE.sub("", _CREDIT_LINE.sub("", text)))
        platform, words, strong = the_platform(issued)
        strong = strong or _sent_by(text, platform)
    own = letterhead(text) or footer(text) or _own_page(text)
    if not strong and own and platform in (own[0], None):
        platform, words, strong = *own, True
    if platform is None and (licence or receipt):
        platform, words = other_platform(text) or _by_title(text) or (None, "")
    return platform, words, strong


def _own_page(text: str) -> tuple[str, str] | None:
    """The platform of which a printed page is one that only its customers see, and the page's address."""
    pages = {name: found[0] for found in _CUSTOMERS_PAGE.finditer(text) for name in marked(found[0])}
    return next(iter(pages.items())) if len(pages) == 1 else None


_CUSTOMERS_PAGE = re.compile(
    r"\bhttps?://[\w.-]{4,60}/\S{0,100}?(?:account|order|licen[cs]e-?history|dashboard|member|receipt|invoice|purchase|"
    r"my-?(?:downloads|library|licen[cs]es))\S{0,100}",
    re.IGNORECASE,
)

# The head of a letter that was printed.
_SENDER = re.compile(
    r"^[ \t]*(?:from|von|de|da|van|od)[ \t]*:?\s{1,80}(?P<who>[^\n<]{2,60}<[^\n>]{5,100}>)", re.I | re.M
)


def _sent_by(text: str, platform: str | None) -> bool:
    """Whether a printed letter's sender is the platform, and nobody else's letter stands with it."""
    senders = [each["who"] for each in _SENDER.finditer(text)]
    return len(senders) == 1 and platform is not None and platform in marked(site_of(senders[0]) or "")


def _seller_buys(platform: str, found: Mapping[str, Quote]) -> bool:
    """Whether the platform itself is the buyer: a contributor's invoice."""
    name = plain(found.get("licensee")) or plain(found.get("buyer")) or ""
    return name.casefold().startswith(forms_of(platform).title.casefold())


_NAMES = ("title", "licensee", "buyer", "project", "client", "contributor")  # "Draft beer in a glass"


def _stated(paper: Paper, text: str) -> bool:
    """Whether a paper of a seller that is not known says that it licenses, what, when and to whom."""
    whole = paper.date and paper.licences and all(each.licensee for each in paper.licences)
    return bool(whole and speaks_of_licensing(text, (each.kind or "" for each in paper.licences)))


def _prepared(text: str) -> str:
    return with_said(_dates_apart(in_one_line(LEADERS.sub(": ", text), LICENCE_TITLE))) if text else text


def _by_certificate(platform: str, found: Mapping[str, Quote], text: str, columns: Callable[[], str]) -> Paper | None:
    """What a certificate says: by its labels, in a sentence, or in a table."""
    return (
        _licence(platform, found, text)
        or _licence_in_words(platform, found, text)
        or _certified(_licences_by_lines(platform, found, item_lines(columns() or text, platform)))
    )


def _by_receipt(platform: str, found: dict[str, Quote], text: str, columns: Callable[[], str]) -> Paper | None:
    """What a receipt says. The date of a letter that confirms an order is the order's."""
    if "dated" in found and "ordered_at" not in found and confirms_order(head_of(text)):
        found["ordered_at"] = found["dated"]
    if not _granted(found) and (day := only_day(text)):
        found["dated"] = Quote(day, day)
    other = platform.startswith(OTHER_PLATFORM)
    if not other and sites_beside(text, platform):  # perhaps somebody else's invoice
        return _receipt(platform, found)
    items = item_lines(columns() or text, platform)
    if other:
        licensed = plain(found.get("licensee")) and any(name in found for name in DATES)
        named = "asset_id" in found and (licensed or OF_A_PICTURE.match(found["asset_id"].text))
        return (
            _licences_by_lines(platform, found, items)
            or (_licence_by_receipt(platform, found) if named else None)
            or _licences_by_lines(platform, found, records_in(text, platform))
        )
    return (
        _licences_by_lines(platform, found, items)
        or _licence_by_receipt(platform, found)
        or _licences_by_lines(platform, found, records_in(text, platform))
        or _receipt(platform, found)
    )


def _by_context(
    platform: str, found: Mapping[str, Quote], text: str, columns: Callable[[], str], *, formal: bool
) -> Paper | None:
    """The licences of a paper in no known layout, on the day that it names for each or for all.

    `formal`: it certifies what was licensed perhaps long ago, so that its own day may say nothing.
    """
    known = not platform.startswith(OTHER_PLATFORM)
    if (known and sites_beside(text, platform)) or ("licence_id" not in found and _LICENCE_NUMBERED.search(text)):
        return None
    read_in = [items_by_context(each, platform) for each in (columns(), text) if each]
    listed = [rows for rows in read_in if rows]
    if None not in read_in and len(listed) == 2 and _stand_side_by_side(listed[0], listed[1], columns()):
        listed = listed[1:]
    if None in read_in or len({frozenset(each["asset_id"] for each in rows) for rows in listed}) != 1:
        return None
    items = _agreeing(listed)
    named = {plain(found.get(name)) for name in ("order", "invoice")}  # which one reading may take for an item's number
    if items is None or any(each["asset_id"] in named for each in items):
        return None
    if len(items) == 1:
        if formal:
            items[0].pop("licensed_at", "")  # it is as sure as the paper's own
        if "licence_id" in found:
            items[0]["licence_id"] = found["licence_id"].value
    order = _order(found) or day_order([text]) or _order_of_language(text)
    for item in items:
        when = next((str(day) for day, _ in days_in(item.get("licensed_at", ""), order)), None)
        item |= {"licensed_at": when} if when else {}
    if not (formal and _is_own_day(platform, found, text)):
        when = _day_for_all(found, text)
        if when:
            found = {name: quote for name, quote in found.items() if name not in _GRANTED}
            found = {**found, "dated": Quote(when, when)}
        return _licences_by_lines(platform, found, items)
    own = all(any(name in each for name in DATES) for each in items)
    if not own and (day := _day_twice(text, order)):
        found = {name: quote for name, quote in found.items() if name not in _GRANTED}
        return _licences_by_lines(platform, {**found, "dated": Quote(day, day)}, items)
    return _licences_by_lines(platform, found, items) if own else None


_PLACE_AND_DAY = re.compile(
    r"^[ \t]*[A-ZÄÖÜÉ][^\W\d][\w .-]{1,30}, (?:den |le |il |el )?(?P<day>\d.{5,25})$", re.MULTILINE
)


def _day_twice(text: str, order: DateOrder | None) -> str | None:
    """The day beside the place where a certificate was signed, if a use begins on that day, too."""
    signed = {str(day) for found in _PLACE_AND_DAY.finditer(text) for day, _ in days_in(found["day"], order)}
    days = [str(day) for day, _ in days_in(text, order)]
    return next(iter(signed)) if len(signed) == 1 and min(days) in signed and days.count(min(days)) > 1 else None


def _agreeing(readings: Sequence[list[dict[str, str]]]) -> list[dict[str, str]] | None:
    """The items of one or two readings; None if these give an item two days. A kind that differs is left out."""
    read = [{each["asset_id"]: each for each in rows} for rows in readings]
    items = []
    for number in (each["asset_id"] for each in readings[0]):
        item = {name: value for rows in reversed(read) for name, value in rows[number].items()}
        days = {rows[number]["licensed_at"] for rows in read if "licensed_at" in rows[number]}
        kinds = sorted({rows[number]["kind"].casefold() for rows in read if "kind" in rows[number]}, key=len)
        if len(days) > 1:
            return None
        if len(kinds) > 1 and kinds[0] not in kinds[1]:
            del item["kind"]
        items.append(item)
    return items


def _of_several(one: Paper, others: Paper | None) -> Paper:
    """The reading of an invoice by its items, if a label that stands once told only one of them."""
    numbers = {each.asset.asset_id for each in one.licences}
    more = others and numbers < {each.asset.asset_id for each in others.licences}
    return others if others and more else one


MIN_CARD_CHARACTERS = 20  # between the beginnings of two cards in a line


def _stand_side_by_side(
    placed: Sequence[Mapping[str, str]], running: Sequence[Mapping[str, str]], columns: str
) -> bool:
    """Whether items are cards side by side, so that each line of the page has parts of several.

    Then only the running text, which must tell the kind and day of every item, shows what belongs together.
    """
    complete = all({"kind", "licensed_at"} <= each.keys() for each in running)
    ids, every = {each["asset_id"] for each in placed}, {each["asset_id"] for each in running}
    starts = [line.find(number) for number in ids for line in columns.splitlines() if number in line]
    several = ids < every or max(starts, default=0) - min(starts, default=0) > MIN_CARD_CHARACTERS
    return complete and ids <= every and several


def _is_own_day(platform: str, found: Mapping[str, Quote], text: str) -> bool:
    """Whether the only day that a certificate names may be its own, and not that of the licence."""
    if any(name in found for name in ("licensed_at", "bought_at", "ordered_at")):
        return False
    letter = is_letter(head_of(text)) and not _together(found, text)
    downloaded = platform not in _BY_DOWNLOAD and _DOWNLOADED.search(text)
    return bool(letter or downloaded or not only_day(text))


def _order_of_language(text: str) -> DateOrder | None:
    """Day first in a text in another language than English, by its commonest words."""
    foreign = len(_FOREIGN_WORD.findall(text)) >= MIN_FOREIGN_WORDS
    return DateOrder.DAY_FIRST if foreign and not _ENGLISH_WORD.search(text) else None


_FOREIGN_WORD = re.compile(
    r"\b(?:und|der|die|das|für|ihre?[mnrs]?|vous|votre|vos|des|les|pour|sus?|del|los|las|para|della?|grazie|di|il|per|het|"
    r"een|uw|van|voor|dla|oraz|da|dos|obrigad[oa])\b",
    re.IGNORECASE,
)
_ENGLISH_WORD = re.compile(r"\b(?:the|and|your?|this|with|thank|are|has)\b", re.IGNORECASE)
MIN_FOREIGN_WORDS = 2


def _name_alone(quote: Quote) -> Quote | None:
    """A name without the address behind it; None for what is the label of something else."""
    name = re.sub(r",\s[^,]*\d.*$", "", quote.value, flags=re.DOTALL)
    label = _BEGINS_WITH_LABEL.match(name) and not LEGAL_FORM.search(name)  # `Agence X SAS` is a name
    return None if label or _OF_A_PAPER.match(name) else replace(quote, value=name)


_LICENCE_NUMBERED = re.compile(
    rf"^[ \t]*(?:{'|'.join(map(re.escape, _FLAT['licence_id']))})[ \t]*:", re.IGNORECASE | re.MULTILINE
)
_DOWNLOADED = re.compile(
    rf"^[ \t]*(?:{'|'.join(map(re.escape, _FLAT['downloaded_at']))})[ \t]*(?::|\t|\s{{2}})",
    re.IGNORECASE | re.MULTILINE,
)
_OF_A_PAPER = re.compile(
    r"(?:tax )?(?:invoice|receipt|rechnung|facture|factura|fattura|factuur|faktura|order|date|datum)\b[ :.#°º]*"
    r"(?:n[or°º]?\.?|number|nummer)?[ :.#]*\S*\d",
    re.IGNORECASE,
)
_BEGINS_WITH_LABEL = re.compile(rf"(?:{'|'.join(map(re.escape, _LONGEST_FIRST))})(?=\W)", re.IGNORECASE)


def _day_for_all(found: Mapping[str, Quote], text: str) -> str | None:
    """The day of a paper as `2026-05-03`: a labelled one, the only one, or that of the letter that it is."""
    order = _order(found) or day_order([text]) or _order_of_language(text)
    sent = next((each for each, _ in days_in(found["sent_at"].value, order)), None) if "sent_at" in found else None
    orders = [order] if order or not sent else [DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST]
    said = [quote.value for quote in _granted(found)]
    said += filter(None, [only_day("\n".join(line for line in text.splitlines() if not _SENT.match(line)))])
    for value in said[:1]:
        read = {next((each for each, at in days_in(value, one) if not at.start()), None) for one in orders} - {None}
        near = (
            {each for each in read if each and sent and abs(each - sent) <= MAX_SENT_LATER} if len(read) > 1 else read
        )
        return str(near.pop()) if len(near) == 1 else None
    return str(sent) if sent else None


def _by_record(platform: str, found: Mapping[str, Quote], text: str, columns: Callable[[], str]) -> Paper | None:
    """What a text that does not call itself a licence says: picture, kind, and when each was licensed."""
    if platform.startswith(OTHER_PLATFORM) or ASKING.search(text) or sites_beside(text, platform):
        return None
    listed = item_lines(columns() or text, platform) or records_in(text, platform, lines=True)
    if is_history(head_of(text)):
        listed = [{"licensed_at": each["dated"], **each} if "dated" in each else each for each in listed]
    if listed and all(any(name in each for name in DATES) for each in listed):
        return _licences_by_lines(platform, found, listed)
    named = ("dated",) if plain(found.get("licensee")) else ()  # a cart, a picture's description have no licensee
    dated = ("licensed_at", "bought_at", *(("downloaded_at",) if platform in _BY_DOWNLOAD else ()), *named)
    said = records_in(text, platform) if "kind" not in found else []
    if len(said) == 1 and "asset_id" in found and said[0]["asset_id"] == found["asset_id"].value:
        found = {**found, "kind": Quote(said[0]["kind"], said[0]["kind"])}
    whole = all(plain(found.get(name)) for name in ("asset_id", "kind")) and any(name in found for name in dated)
    if not whole:
        return None
    paper = _licence(platform, found, text)
    return paper if paper and paper.date else None


def why_no_paper(text: str, name: str = "", columns: Callable[[], str] = str) -> str:
    """Why a text is no licence or receipt, in one sentence for the person who looks at it; empty if nothing tells."""
    text = in_one_line(text, LICENCE_TITLE)
    head = head_of(text)
    if is_demand(text):
        return "it reads as a claim about a picture. If it is one, open it with `archiver letter`"
    if is_unmade(head):
        return "it is a form, a request or an offer, and grants nothing. It is kept"
    if words := next(words_against(text), ""):
        return f'it says "{words}", so it is not taken for a licence. It is kept'
    if not is_licence(head):
        return ""
    if the_platform(text, name)[0] is None and not other_platform(text):
        return "it calls itself a licence, but names no platform, or several. It is kept"
    placed = _tables_as_lines(in_one_line(columns(), LICENCE_TITLE))
    found = labelled(_tables_as_lines(text), placed, _FLAT, _SHAPES | _OTHER_SHAPES)
    dated = next((found[each] for each in ("licensed_at", "bought_at") if each in found), None)
    if dated and _day(dated, found) is None:
        return f'it calls itself a licence, but its date "{dated.value[:40]}" is not clear. It is kept'
    needed = (("the picture's number", "asset_id" in found), ("the day of the licence", dated is not None),
              ("the licensee", bool(plain(found.get("licensee")))))  # fmt: skip
    missing = [words for words, there in needed if not there]
    return (
        f"it calls itself a licence, but does not state {' or '.join(missing)} for sure. It is kept" if missing else ""
    )


_INVOICE_OF = re.compile(
    r"^(?P<invoice>[ \t]*(?P<word>invoice|rechnung|facture)\b[^\n]{1,60}?)[ \t]+(?:vom|dated|du)[ \t]+(?=\d|"
    r"[^\W\d]{3,9} \d)",
    re.IGNORECASE | re.MULTILINE,
)
_INVOICE_DATE = {"invoice": "Invoice date", "rechnung": "Rechnungsdatum", "facture": "Date de facture"}


def _dates_apart(text: str) -> str:
    """The text with the date of `Rechnung Nr. 4711 vom 12.03.2024` behind a label of its own."""
    return _INVOICE_OF.sub(lambda each: f"{each['invoice']}\n{_INVOICE_DATE[each['word'].lower()]}: ", text)


def _by_title(text: str) -> tuple[str, str] | None:
    """The provider that stands before the title in its line, as `PixelMill Licence Certificate`, and the words.

    Or the name that frames a paper: as its first line, and again as its last or before its title.
    """
    if marked(text) or named_in(text):
        return None
    name = name_in_title(head_of(text)) or _framing(text)
    return (f"{OTHER_PLATFORM}{' '.join(name.split()).casefold()}", name) if name else None


def _framing(text: str) -> str | None:
    """The name of few words in a paper's first line that stands again before its title, or as its last line."""
    lines = [line for line in map(str.strip, text.splitlines()) if line]
    for number, name in enumerate(lines[:2]):  # a workbook begins with its sheet's name
        rest = lines[number + 1 :]
        again = rest[-1:] == [name] or any(re.match(rf"{re.escape(name)}\s+[–—|:·-]\s", line) for line in rest[:2])
        if again and _NAME.fullmatch(name) and not _is_label(name):
            return name
    return None


_NAME = re.compile(r"[A-ZÀ-Þ][^\d:;!?]{2,40}")
_GAP = re.compile(r"\s{2,}|\t")


def _tables_as_lines(text: str) -> str:
    """The text with tables of one row, whose labels stand above their values, as a line for each.

    A table of several rows says no field once, so it stays what it is; so does one whose row may go on below.
    """
    lines = text.splitlines()
    cells = [_GAP.split(line.strip()) for line in lines]
    rest = iter([*(each for each in cells if each[0]), [""]])
    next(rest)
    out: list[str] = []
    head: list[str] = []
    for line, here, below in zip(lines, cells, [*cells[1:], [""]], strict=False):
        if not here[0]:
            out.append(line)
            continue
        after = next(rest)
        alone = _is_label(after[0]) or (not below[0] and len(after) != len(here))
        if head and len(here) == len(head) and alone and not any(map(_is_label, here)):
            while not out.pop().strip():  # what stands between, and the labels
                pass
            out += [f"{label.rstrip(' :')}: {value}" for label, value in zip(head, here, strict=True)]
        else:
            out.append(line)
        head = here if len(here) > 1 and all(_is_label(cell) and not cell.partition(":")[2] for cell in here) else []
    return "\n".join(out)


def _is_heading(name: str, quote: Quote) -> bool:
    """Whether a field's value is the label of another one, because both are headings of a table."""
    return name not in ("title", "description", "kind", "usage") and _is_label(quote.value)


def _is_label(cell: str) -> bool:
    return spelled(cell.partition(":")[0].strip()) in SPELLED


def _licence(platform: str, found: Mapping[str, Quote], text: str = "") -> Paper | None:
    """The licence of a certificate. Its own date is the licence's if it has no other, and is no letter."""
    other = platform.startswith(OTHER_PLATFORM)
    own_download = other or platform in _BY_DOWNLOAD
    whose = plain(found.get("licensee")) or plain(found.get("buyer"))
    certified = is_licence(head_of(text)) and whose  # perhaps on a later download's day
    by_download = ("downloaded_at",) if own_download or certified else ()
    letter = is_letter(head_of(text)) and not _together(found, text)
    own = ("dated", "invoiced_at") if only_day(text) and not letter else ()
    sent = ("sent_at",) if other else ()  # a person confirms it
    dates = [
        found[name]
        for name in ("licensed_at", "bought_at", "ordered_at", *by_download, *own, "starts_at", *sent)
        if name in found
    ]
    if "licensee" not in found and "buyer" in found:
        found = {**found, "licensee": found["buyer"]}
    values = {name: value for name, quote in found.items() if (value := plain(quote))}
    licence = licence_of(platform, values, _day(dates[0], found) if dates else None, dates[0].value if dates else None)
    if licence is None or licence.comp:
        return None
    return Paper(
        reader="licence_by_labels",
        sure=Sure.STATED if dates and not own_download and dates[0] is found.get("downloaded_at") else Sure.POSSIBLE,
        kind=DocumentKind.CERTIFICATE,
        platform=platform,
        licences=(licence,),
        order=licence.order,
        date=licence.licensed_at,
    )


def _together(found: Mapping[str, Quote], text: str) -> bool:
    """Whether the date stands among the labels of the picture, where it is not the letter's own."""
    labels = [found[name].text for name in ("asset_id", "dated") if name in found]
    parts = ([" ".join(line.split()) for line in part.splitlines()] for part in re.split(r"\n[ \t]*\n", text))
    return len(labels) == 2 and any(all(label in part for label in labels) for part in parts)


def _licence_in_words(platform: str, found: Mapping[str, Quote], text: str) -> Paper | None:
    """The licence of the one picture that a certificate names in a sentence."""
    named = records_in(text, platform, kinds=False)
    if "asset_id" in found or len(named) != 1:
        return None
    said = {name: Quote(value, value) for name, value in named[0].items()}
    paper = _licence(platform, {**said, **found}, text)
    return paper if paper and paper.date else None


def _licence_by_receipt(platform: str, found: Mapping[str, Quote]) -> Paper | None:
    """The licence that an invoice or an order grants: it names the picture, the kind of licence, and a day.

    An invoice names the buyer too. A confirmed order may not, because it is a letter to the buyer.
    """
    named = _as_licence(found)
    dates = _granted(found)
    if not dates or not all(plain(named.get(name)) for name in ("asset_id", "kind")):
        return None
    if UNDECIDED.search(named["kind"].value):
        return None
    if not _is_order(found) and not plain(named.get("licensee")):
        return None
    paper = _licence(platform, {**named, "licensed_at": dates[0]})
    if paper is None or paper.licences[0].licensed_at is None:
        return None
    paper = replace(paper, reader="receipt_by_labels", kind=DocumentKind.RECEIPT)
    paid = _receipt(platform, found)
    return replace(paper, invoice=paid.invoice, amount=paid.amount, currency=paid.currency) if paid else paper


def _licences_by_lines(platform: str, found: Mapping[str, Quote], items: Sequence[Mapping[str, str]]) -> Paper | None:
    """The licences that an invoice or a history lists, each on its own day or on the one that is named for all.

    A seller that is not known must name the buyer, unless it confirms an order in a letter to the buyer.
    """
    named, dates = _as_licence(found), _granted(found)
    other, licensee = platform.startswith(OTHER_PLATFORM), plain(named.get("licensee"))
    if not items or (other and not (licensee or _is_order(found))):
        return None
    if any(UNDECIDED.search(item.get("kind", "")) for item in items):
        return None
    common = {name: value for name, quote in named.items() if name not in _OF_ONE and (value := plain(quote))}
    days = [next((Quote(item[name], item[name]) for name in DATES if name in item), None) for item in items]
    order = day_order(each.value for each in days if each) or _order(found)
    read: list[Licence | None] = []
    for item, own in zip(items, days, strict=True):
        said = own or (dates[0] if dates else None)
        if said is None or (when := day(said, order)) is None:
            return None
        read.append(licence_of(platform, {**common, **item}, when, said.value))
    licences = {each.identity: each for each in read if each and not each.comp}
    if len(licences) != len(items):
        return None
    paid = _receipt(platform, found)
    paid = paid or Paper(reader="receipt_by_labels", sure=Sure.POSSIBLE, kind=DocumentKind.RECEIPT, platform=platform)
    [*_, last] = licences.values()
    return replace(paid, date=paid.date or last.licensed_at, licences=tuple(licences.values()))


def _certified(paper: Paper | None) -> Paper | None:
    return replace(paper, reader="licence_by_labels", kind=DocumentKind.CERTIFICATE) if paper else None


_OF_ONE = frozenset({"asset_id", "licence_id", "kind", "title", "description", "contributor"})


def _is_order(found: Mapping[str, Quote]) -> bool:
    return any(name in found for name in DATES)


def _as_licence(found: Mapping[str, Quote]) -> Mapping[str, Quote]:
    """A receipt's fields as a licence has them: the buyer is the licensee, and the use is what is licensed."""
    instead = (("licensee", "buyer"), ("kind", "usage"))
    return {**{name: found[other] for name, other in instead if other in found}, **found}


_GRANTED = ("licensed_at", "bought_at", "ordered_at", "invoiced_at", "downloaded_at", "dated", "starts_at")
_SENT = re.compile(rf"^[> \t]*(?:{'|'.join(map(re.escape, _FLAT['sent_at']))})[ \t]*:", re.IGNORECASE)
MAX_SENT_LATER = timedelta(days=3)  # a letter about an order


def _granted(found: Mapping[str, Quote]) -> list[Quote]:
    """The days of a receipt on which a licence may have been granted, the surest first."""
    return [found[name] for name in _GRANTED if name in found]


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


def _number(quote: Quote | None) -> str | None:
    value = plain(quote)
    return value.removeprefix("#").strip() if value else None


def _day(quote: Quote, found: Mapping[str, Quote]) -> Moment | None:
    """A date, its numbers ordered as the paper's other dates prove it, or as its language does.

    English does not tell, as it is written on both sides of the Atlantic; nor does a paper in two languages.
    """
    return day(quote, _order(found))


def _order(found: Mapping[str, Quote]) -> DateOrder | None:
    proven = day_order(each.value for each in found.values())
    spoken = spoken_order(
        [
            next((label for label in _LONGEST_FIRST if spelled(each.text).startswith(label)), "")
            for each in found.values()
        ]
    )
    return None if proven and spoken and proven is not spoken else proven or spoken
