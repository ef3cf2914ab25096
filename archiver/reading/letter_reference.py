"""Tell the sign of the case that a letter names, whole, from the other numbers in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from archiver.reading.dates import days_in
from archiver.reading.letter_sums import sums_in
from archiver.reading.letter_words import MAX_LABEL_DISTANCE, URL, KnownClaimant, any_of, quote, search


def reference_in(text: str, claimant: KnownClaimant | None, sure: dict[str, str]) -> str | None:
    """The sign of the case that a letter gives, whole; None if it has none, or if where it ends is not certain.

    `claimant`: whose own format counts first. `sure` is told how it was found.
    """
    for pattern in claimant["reference"] if claimant else ():
        if found := re.search(rf"{pattern}(?!-?\w)", text, re.IGNORECASE):  # whole, or by its label
            rest = _glued(text, found.end(1))
            if rest and _NOT_GLUED.search(rest):
                break  # by its label, or not at all
            sure["reference"] = f"in this claimant's format: {quote(found)}"
            return found[1].upper() + rest
    ends_line = rf"(?<!\w)({any_of('reference')}[.:#º]?)[ \t]*\n[ \t]*(?=[\w/-]*\d[\w/-]*\d[\w./-]*[ \t]*(?:\n|$))"
    text = re.sub(rf"(?<=\S[ \t]){ends_line}", r"\1 ", text, flags=re.IGNORECASE)  # a label whose sign is below it
    half = r"(?:(?-i:[A-ZÄÖÜ]{1,5})[ \t]*(?:/[ \t]*(?-i:[A-ZÄÖÜ]{1,5})?)?[ \t]*)?$"  # of a sign, at the end of a line
    label = rf"(?<!\w){any_of('reference')}(?:[ \t,–-]+{any_of('to_be_quoted')})?"
    unread = re.search(rf"{label}\s*:?[ \t]*{half}", text, re.IGNORECASE | re.MULTILINE)
    for words in ("reference",) if unread else ("reference", "case_title"):
        if words == "case_title" and (titled := _sign_in_subject(text, sure)):
            return titled  # rather than the number of an enclosed document
        sign = _beside_label(text, words, sure)
        if words == "case_title" and sign and (other := _unread_in_subject(text, sign)):
            sure["reference"] = f"open: the subject may have another sign: {quote(other)}"
            return None
        if sign or "reference" in sure:
            return sign
        if words == "reference" and (open_label := _unread(text)):
            if part := _only_part(open_label):
                sure["reference"] = f"the only part of its line with digits: {quote(open_label)}"
                return part
            sure["reference"] = f"open: the sign beside its label could not be read: {quote(open_label)}"
            return _sign_in_subject(text, sure)
    return (_sign_in_subject(text, sure) if unread else None) or _quoted_sign(text, sure)


def _beside_label(text: str, words: str, sure: dict[str, str]) -> str | None:
    """The first sign beside one of these labels. If it may go on in the next line, `sure` says so, and it is None."""
    sums = [each.found for each in sums_in(text)]
    labelled, place = re.compile(_reference_by(words), re.IGNORECASE | re.MULTILINE), 0
    while found := labelled.search(text, place):
        place = found.end("label")  # what follows a label may be another label
        before = text[: found.start()][-40:]
        if not (found[0][0].islower() and before[-1:] == "\n"):  # a line that goes on
            before = before.rpartition("\n")[2]
        cell_before = re.split(r"[ \t]{2,}|\t|\|", before)[-1]
        begins = _BEGINS_LINE.fullmatch(cell_before) or re.fullmatch(_title_before(), cell_before, re.IGNORECASE)
        if re.search(rf"{any_of('receivers_label')}[ \t]*/[ \t]*$", before, re.IGNORECASE):
            sure["reference"] = f"open: two signs stand beside one label: {quote(found)}"
            return None
        cell = _sign_in_cell(text, place) if begins else None
        if found["line"] and not cell:
            continue
        whole = cell["value"] if cell else found["id"] or found["bare"] or found["marked"] or found["long"]
        end = cell.end() if cell else found.end()
        is_broken = _IS_BROKEN.match(text, end)
        if whole[-1] in "-/" and re.match(r"[ \t]*(?:\n|$)", text[end:]):
            more = _NEXT_LINE.match(text, end)
            whole, end, is_broken = (whole + more[1], more.end(), None) if more else (whole, end, more)
            if not more:
                sure["reference"] = f"open: the sign may go on in the next line: {quote(found)}"
                return None
        id = whole.rstrip("./:-")
        money = any(each.start() < end and place < each.end() for each in sums)
        if money or not _is_sign(id, found, in_cell=cell is not None) or _is_anothers(found, before, text[end:]):
            continue
        if is_broken:
            sure["reference"] = f"open: the sign may go on in the next line: {quote(found)}"
            return None
        glued = _glued(text, end)
        if _NOT_GLUED.search(glued):
            sure["reference"] = f"open: the sign beside its label could not be read: {quote(found)}"
            return None
        id, end = (whole + glued, end + len(glued)) if glued else (id, end)
        rest = "" if cell else _rest_of_sign(text[end:])
        if rest or not _YEAR.fullmatch(id):
            sure["reference"] = f"by its label: {quote(found)}"
            return f"{whole}{rest.strip()}" if rest and whole.endswith("-") else id + rest
    return None


_NOT_GLUED = re.compile(r"[^\w./:#~&+()\[\]*|-]")
"""What no sign has, so that where it ends is not certain."""


def _glued(text: str, end: int) -> str:
    """What follows a sign without a space and belongs to it: all but a sentence's stops, and brackets around it."""
    word = re.match(r"\S*", text[end:])[0]  # type: ignore[index]  # matches always
    word = re.split(r"[,;]|[–—](?!\d)|\|(?!\w)", word, maxsplit=1)[0]
    while word and (word[-1] in ".:!?,;*\"'“”»«>_/-" or _closes(word)):
        word = word[:-1]
    return word


def _closes(word: str) -> bool:
    """Whether a word ends with a bracket that opens before it."""
    return any(
        word[-1] == closing and word.count(opening) < word.count(closing) for opening, closing in ("()", "[]", "{}")
    )


def _is_sign(id: str, found: re.Match[str], *, in_cell: bool) -> bool:
    """Whether a word may be a sign: with digits, enough of them where no colon stands before it, and no day or file."""
    digits = sum(map(str.isdigit, id))
    few = digits < MIN_LONG_ID_DIGITS and not _MIXED.match(id)
    if _DOCKET.fullmatch(id) or (found["long"] and not in_cell and (few or _COURT.fullmatch(id))):
        return False
    return bool(digits) and not any(days_in(id)) and not _NO_ID.search(id)


def _is_anothers(found: re.Match[str], before: str, after: str) -> bool:
    """Whether a sign is the receiver's, of something else than the case, or of an office that had the case before."""
    either = re.match(r"r[ée]f|zeich|kenm|rif|az\b|aktenz|ns", found[0], re.IGNORECASE)
    former = search("former_case", before) or search("former_case_after", after[:MAX_LABEL_DISTANCE])
    others = any(search(words, before) for words in ("other_reference", "pictures_label", "court"))
    return bool(former or others or (either and search("receivers_sign", before)))


def _quoted_sign(text: str, sure: dict[str, str]) -> str | None:
    """The only sign that the letter asks to name with an answer or a payment."""
    pattern = rf"(?<!\w){any_of('quoted_sign')}[ \t\n:]+(?P<sign>{_ID})(?=[ \t]*(?:[.,;)]|$))"
    found = {
        each["sign"].rstrip(".,"): each
        for each in re.finditer(pattern, text, re.IGNORECASE | re.MULTILINE)
        if sum(map(str.isdigit, each["sign"])) > 2 and not any(days_in(each["sign"]))
    }
    if len(found) != 1:
        return None
    (sign,) = found
    if _glued(text, found[sign].end("sign")):
        return None
    sure["reference"] = f"the letter asks to name it: {quote(found[sign])}"
    return sign


def _unread(text: str) -> re.Match[str] | None:
    """A label of the sender's own case that has something beside it."""
    for found in re.finditer(
        rf"^[ \t]*{any_of('reference')}[ \t]*:[ \t]*(?!<?https?://)[^\s:]", text, re.IGNORECASE | re.MULTILINE
    ):
        if re.search(r"\d", text[found.end() :].partition("\n")[0]) and not search("receivers_label", found[0]):
            return found
    return None


def _only_part(label: re.Match[str]) -> str | None:
    """The sign beside a label, among the parties' names and the writer's initials; None if two may be it."""
    line = label.string[label.end() - 1 :].partition("\n")[0]
    parts = [each for each in re.split(r"\s+[–—-]\s+|\s+\(\s*|\)(?:\s+|$)", line) if re.search(r"\d", each)]
    whole = len(parts) == 1 and parts[0] != line and re.fullmatch(_ID, parts[0].strip(), re.IGNORECASE)
    enough = whole and sum(map(str.isdigit, parts[0])) >= MIN_SIGN_DIGITS and not any(days_in(parts[0]))
    return parts[0].strip() if enough else None


_SUBJECT_LABEL = (
    r"(?:^[ \t>]*|[ \t]{2,}|\||\t)(?:subject(?: matter)?|betreff|betr\.?|betrifft|betreft|concerne|concerns|regarding"
    r"|re|objet|asunto|oggetto|onderwerp)[ \t]*:(?:[ \t]*(?:re|aw|wg|fwd?|tr|rv|i|r)[ \t]*:)*"
)
_SUBJECT = re.compile(
    _SUBJECT_LABEL + r"[ \t]*(?:\n[ \t]*)?(?P<words>(?:(?![ ]{2}|\t)[^\n])+)", re.IGNORECASE | re.MULTILINE
)
_SIGN = re.compile(
    r"(?<![\w@./#|+-])(?:"
    r"(?=[\w/.#|-]*\d[\w/.#|-]*\d)(?:[A-ZÄÖÜ]{1,5}[-/.#|]?)+[A-Z0-9][A-Z0-9/.#|-]{2,24}(?:[/.-][a-z]{1,3}\d?)?"
    r"|(?<![\w.] )[A-ZÄÖÜ]{2,5} \d[\d/.-]*[/.-]\d+(?: [A-Z]{1,2}(?=[ \t]*(?:$|\n|[,;)])))?"
    r"|(?<=\()(?!20\d\d-20\d\d\))\d{2,6}[/-]\d{2,6}(?:[/-][a-z]{1,4})?(?=\))|(?<=\[)#\d{5,10}(?=\])"
    r")(?![\w@/.#|-]*\w| \d)"
)
"""What a case's sign looks like where no label stands beside it: letters first, then digits; or in brackets."""
_NO_CASE = re.compile(
    r"(?:[A-Z]{2}\d\d(?: ?[A-Z\d]{4}){3,7} ?[A-Z\d]{0,4}|RF\d\d[A-Z\d]+"  # an IBAN, a creditor's reference
    r"|(?:AT|BE|BG|CHE|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK)[- ]?[A-Z]?"
    r"(?:\d{8,12}(?:[A-Z]\d?\d?)?|\d{3}[.-]\d{3}[.-]\d{3}(?:[.-]\d{1,3})?)"  # for taxes
    r"|(?:HR[AB]|Z?VR|GNR|PR|NZBN|ABN|ACN|SIRE[NT]|RCS|KVK|KBO|BTW|VAT|TVA|REA|CIF|NIF|NIE|DNI|FN|NIPC?|REGON"
    r"|KRS|CNPJ|CPF)\b.*"  # registers
    r"|(?:IBAN|BIC|SWIFT|BGH|OLG|OGH|BVERFG|EUGH|BGER|BGE|CFR|USC|CDPA|VVG?|RVG|UrhG|KUG|CPI)\b.*"
    r"|(?:VA|TX|PA|SR)u?[- ]?\d-\d{3}-\d{3}|(?:ISO|DIN|EN|IEC|RFC|COVID|KW|Q\d)\b.*"  # works, norms
    r"|(?:EU|EG|CE|UE|EC)\b\D{0,4}\d{1,4}/\d{2,4}"
    r"|(?:[IVX]+ )?(?:Z[RB]|AR|BVR)[- ]\d+/\d\d|[CT]-\d+/\d\d(?: P)?|ECLI.*|L\.? ?\d+/\d{4}"  # courts and laws
    r"|(?:IMG|DSCF?|DSCN|PXL|MVI|GOPR|P10|AA|GP|DJI|SKU|ISBN|ISSN|EAN|TEL|FAX|USD?|EUR|GBP|CHF)\b.*)",  # others
    re.IGNORECASE,
)
MAX_HEAD_LINES = 25  # of a letter, in which its sign may stand alone


def _sign_in_subject(text: str, sure: dict[str, str]) -> str | None:
    """The only sign without a label in a subject, or alone on a line of the letter's head, that may be the case's."""
    found: dict[str, re.Match[str]] = {}
    for subject in [*_SUBJECT.finditer(text), *_lines_of_signs(text)]:
        for sign in _SIGN.finditer(text, subject.start(), subject.end()):
            value, before = sign[0].strip("./-#|"), text[: sign.start()][-MAX_LABEL_DISTANCE:]
            line = before.rpartition("\n")[2]
            label = re.sub(_SUBJECT_LABEL, "", line, flags=re.IGNORECASE).rstrip()
            labelled = label.endswith(":") and not search("letter_title", label)
            others = any(  # right before it, and not at the end of a line above
                re.search(any_of(words), before, re.IGNORECASE)
                for words in ("other_sign", "other_reference", "receivers_sign", "former_case")
            )
            first = label.rpartition(" ")[2]  # of a sign of several words
            others = others or bool(_NUMBERED.fullmatch(first) and not any(days_in(first)))
            others = others or labelled or bool(search("court", line) or search("receivers_label", line))
            if not (others or any(days_in(value)) or _NO_CASE.fullmatch(value) or _NO_ID.search(value)):
                found[value] = sign
    if len(found) != 1:
        return None
    (only,) = found
    glued = _glued(text, found[only].end())
    if _NOT_GLUED.search(glued):
        return None
    sure["reference"] = f"the only sign in the subject: {quote(found[only])}"
    return only + glued


_NUMBERED = re.compile(r"(?<!\S)(?=\S*\d\S*\d\S*\d)(?:\S*[-/#|]\S+|[A-Z]{2,}\d+|\d{5,}(?!\S))")


def _unread_in_subject(text: str, sign: str) -> re.Match[str] | None:
    """What a subject or a cell has that may be the case's sign, beside the number of an enclosed document."""
    for subject in _SUBJECT.finditer(text):
        for found in _NUMBERED.finditer(text, subject.start("words"), subject.end()):
            if found[0].strip("()[].,:;#") not in sign and not any(days_in(found[0])) and "://" not in found[0]:
                return found
    alone = rf"(?:^|^[^\n]*\d[^\s]*(?:[ \t]{{2,}}|\t))[ \t]*(?P<sign>{_SIGN.pattern})(?=[ \t]*$|[ \t]{{2,}}|\t)"
    for found in re.finditer(alone, URL.split(text, maxsplit=1)[0], re.MULTILINE):
        if found["sign"] not in sign and not _NO_CASE.fullmatch(found["sign"]):
            return found
    return None


def _lines_of_signs(text: str) -> Iterator[re.Match[str]]:
    """The lines of a letter's head that are a sign, alone or after the letter's title, with no label above."""
    above, lines = "", 0
    for line in re.finditer(r"^[^\n]*$", text, re.MULTILINE):
        if URL.search(line[0]) or lines > MAX_HEAD_LINES:
            return
        if line[0].strip():
            lines += 1
            row = re.search(r"\S(?:[ ]{2,}|\t)\S", line[0])  # of a table, whose labels stand above
            sign = next(reversed([*_SIGN.finditer(line[0])]), None) if not row else None
            rest = line[0][sign.end() :].strip(" \t.*)") if sign else ""
            title = line[0][: sign.start()].strip(" \t>*,:–—-(") if sign else ""
            is_title = search("letter_title", title) and len(title.split()) <= MAX_TITLE_WORDS
            free = not above.strip() or any(days_in(above)) or search("greeting", above)
            if sign and not rest and (is_title or (not title and free)):
                yield line
        above = line[0]


_CELL = re.compile(
    r"(?:[ \t]*[:|])?[ \t]*#?(?P<value>(?:[^\s:|,;·]|\b\|\b)+(?: (?:[^\s:|,;·]|\b\|\b)+){0,5})"
    r"(?=[ \t]*(?:$|[|,;·]|[ \t]{2}|\t))",
    re.MULTILINE,
)
_CELL_WORD = re.compile(
    r"(?=\S*\d)[\w./&~+#|–-]{1,24}|[A-ZÄÖÜ][A-ZÄÖÜ&./-]{0,4}|\w{1,4}/\w{1,4}|[/–-]|\([A-ZÄÖÜ]{1,4}\)"
)
_INITIALS = re.compile(
    r"(?<=\d )(?!(?:and|und|et|is|of|vom|for|on|im|an|am|to|in|or|bei|der|die|das|we|you|as|per)$)"
    r"(?!(?:du|le|la|el|il|de|en|by|hat|ist)$)[a-zäöü]{2,3}$"
)


def _sign_in_cell(text: str, place: int) -> re.Match[str] | None:
    """The value of a label at the beginning of a cell, if all words of it are parts of a sign: `VM 26/3391 – 07`."""
    cell = _CELL.match(text, place)
    if not cell:
        return None
    value = cell["value"]
    words = re.sub(r"(?<=\d) / [A-ZÀ-Þ]{2,12}$", "", _INITIALS.sub("", value)).split(" ")
    enough = sum(map(str.isdigit, value)) > 2 or re.fullmatch(r"(?=\w*\d)[A-Z0-9]{5,}", value)
    return cell if enough and not any(days_in(value)) and all(map(_CELL_WORD.fullmatch, filter(None, words))) else None


def _rest_of_sign(after: str) -> str:
    """What belongs to a sign beyond its first word, as in `1184/26 M01 mu/kb`: words that are signs themselves."""
    cell = re.match(rf"(?:{_SIGN_WORD})*", after)
    whole, rest = "", ""
    for word in re.findall(_SIGN_WORD, cell[0] if cell else "")[:MAX_SIGN_WORDS]:
        bare = word.strip(" /.-")
        ordinal = word.endswith(".") and re.match(r"[ \t]+[^\W\d]", after[len(rest) + len(word) :])
        if ordinal or any(days_in(bare)) or not (re.search(r"\d|\w/\w", bare) or _LETTERS.fullmatch(bare)):
            break
        rest += word
        ends = re.match(r"[ \t]*(?:$|\n|[,;)|]|[ \t]{2}|[–—] [^\W\d])", after[len(rest) :])
        if ends or re.search(r"\d|\w/\w|\w\W\w", bare):
            whole = rest
    return whole.rstrip("./:-")


_NO_ID = re.compile(r"\.(?:jpe?g|png|gif|webp|tiff?|pdf|html?)$|^www\.|^\d{1,2}[.:]\d{2}$|://", re.IGNORECASE)
_SUFFIX = (
    r"(?: (?:/ )?"
    r"(?!(?:and|und|et|y|e|en|by|is|of|vom|for|on|im|an|am|to|in|or|bei|der|die|das|from|with|we|you|as|per)\b)"
    r"[A-Z]{1,3}(?:\d{1,3}|[/-][A-Z]{1,3})?(?=[ \t]*$|[ \t]{2,}|\t|[ ]*\|))?"
)
_LETTERS = re.compile(r"\(?[A-ZÄÖÜ]{1,3}\)?|[A-ZÄÖÜ]{1,3}(?:[.+~#:*-]\w{1,2}|\(\w{1,2}\)|\[\w{1,2}\])")
"""The letters of who deals with a case, with a suffix."""
_SIGN_WORD = r" (?:/ )?[\w./-]+(?:[~#:+*](?=\w)[\w./-]+|\(\w{1,3}\)|\[\w{1,3}\])*| \([A-ZÄÖÜ]{1,4}\)"
_ID = (
    r"(?:(?-i:[A-ZÄÖÜ]{1,4}(?:[-/&.][A-ZÄÖÜ]{1,4})?) (?=\d[\d/.-]*[/.-]?\d))?"
    r"[A-Z0-9](?:[A-ZÄÖÜ0-9/._:~#-]|\b\|\b|(?<=[A-Z\d]) / (?=\d)){2,29}"
)
_BEGINS_LINE = re.compile(
    r"\W*(?:(?:subject|betreff|objet|asunto|oggetto|onderwerp|re|aw|wg|fwd?|tr|rv"
    r"|case|claim|file|matter|dossier|kenmerk|code|n[°º]|num[ée]ro|r[ée]f[ée]rence|r[ée]f|our|unsere?|meine?|my|notre|nos|nuestr[oa]|nostr[oa]|ns|onze|ons|mijn|n)\b\W*)*",
    re.IGNORECASE,
)
_MIXED = re.compile(r"(?=(?:[^\d]*\d){3})(?=(?:[^A-Z]*[A-Z]){2})(?=.*[./-])")  # letters and digits, in parts

_LONG_ID = r"[A-Z0-9](?:[A-Z0-9/._-]){3,28}[A-Z0-9]"  # without a colon before it, as in `case 679754`
MIN_SIGN_DIGITS = 4  # of a sign between names
MAX_TITLE_WORDS = 6  # before a sign
MAX_SIGN_WORDS = 4  # after its first one
MIN_LONG_ID_DIGITS = 5  # a year has fewer
_IS_BROKEN = re.compile(
    r"[ \t]*\n[ \t]*(?:[A-ZÄÖÜ]{1,3}\d{0,3}|\([A-ZÄÖÜ]{1,4}\))(?=[ \t]{2}|[ \t]*(?:\n|$))"
    r"|[ \t]*/[ \t]*\n|[ \t]*\n[ \t]*/[ \t]?(?=\w)| [–-] \d{1,4}[ \t]*(?:\n|$)"
)
_NEXT_LINE = re.compile(r"[ \t]*\n[ \t]*(?=\S*\d|[A-Z]{1,5}[ \t]*(?:\n|$))([\w./-]+)(?=[ \t]*(?:\n|$))")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DOCKET = re.compile(r"[A-Z]{2}-20\d\d-\d{6}|\d:\d\d-c[vr]-\d{3,5}\S*", re.IGNORECASE)
"""The number of a case at the courts of England and Wales, or of the United States."""
_COURT = re.compile(
    r"C-\d+/\d\d|(?:\d{1,2}:)?\d\d-(?:cv|civ|cr|mc)-\d.*|\d+\.\d\d", re.IGNORECASE
)  # of a court, or money


@cache
def _title_before() -> str:
    """What may stand between the beginning of a line and the label of a sign: the letter's title."""
    joins = "to|for|of|in|on|re|zu[mr]?|betreffend|[àa]u?|du|sur|dans|al|del|en|alla|della|inzake|bij"
    joins += "|the|la|le|el|il|der|dem"
    return rf"\W*(?:\w+\W+){{0,2}}{any_of('letter_title')}(?:\W+(?:{joins})){{0,3}}\W*"


@cache
def _reference_by(words: str) -> str:
    labelled = r"(?:(?<=\w\.)|(?<=number|nummer)|(?<=[ -]reference)|(?<=zeichen|kenmerk|dossier)|(?<=referenz)|"
    labelled += (
        r"(?<=rechnung)|(?<=honorarnote)|(?<=invoice|facture|fattura))(?=[ \t](?:(?-i:[A-ZÄÖÜ&/.-]{1,9}) )?\S*\d)"
    )
    between = (
        r"(?:[ \t]*\([^()]{0,40}\))?(?:[ \t]*[:#|]+[ \t]*#?|[ \t]{2,}|\t|[ \t](?:is|lautet|est|es|è|luidt):?[ \t])"
    )
    quoted = rf"[ \t]*\([^()]{{0,40}}\)(?=[ \t]*:)|[ \t,–-]+{any_of('to_be_quoted')}(?=[ \t]*:)"
    values = rf"{between}(?P<id>{_ID}{_SUFFIX})|{labelled}[ \t](?P<bare>{_ID})"
    values += rf"|[ \t]#?(?P<long>(?:(?-i:[A-ZÄÖÜ]{{2,4}}) (?=\d[\d/.-]*[/.-]\d))?{_LONG_ID})(?![\w@])"
    values += r"|[ \t]?#(?P<marked>\d{3,12}(?:[/-]\d{1,8})?)(?![\w@])"
    values += (
        r"|[ \t:#]{1,3}(?!(?:no|nr|n[°º]|number|nummer|id|num[ée]ro)\b)(?P<line>(?-i:[A-ZÄÖÜ0-9])(?=[^\n]{0,40}\d))"
    )
    return rf"(?<![\w/])(?P<label>{any_of(words)}(?:{quoted})?)(?:{values})"
