"""Tell who writes a letter: a known claimant, or the name in its letterhead, signature or mail header.

Only a name whose place says that it is the writer's counts. The client, for whom the letter is, and the rights holder,
for whom somebody else writes, are not the writer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from archiver.reading.dates import MONTH_NAMES, days_in
from archiver.reading.letter_words import KnownClaimant, any_of, known, quote, search

type Sender = tuple[str, str]
"""The name and the address of a mail's sender; either may be empty."""

MAX_LETTERHEAD_LINES = 14  # lines with words before the greeting
MAX_SIGNATURE_LINES = 8
MAX_NAME_LINES = 5  # below one that says only the kind
MAX_SMALL_WORDS = 6  # of a line that is no sentence
MAX_TAIL_LINES = 4  # of a letter without closing words
MIN_SPELLED_LENGTH = 8  # characters of a domain that are hardly another word
MAX_NAME_LENGTH = 70  # characters
MAX_SMALL_NAME_WORDS = 4  # of a name that its owner writes in small letters
PUBLIC_MAIL = {"gmail.com", "gmx.de", "web.de", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "t-online.de"}

_ADDRESS = r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}"
_HEADER = re.compile(
    r"^[ \t]*\**(?:from|von|de|van|da|fra|fr[åa]n|absender|exp[ée]diteur|afzender|mittente|remitente|afsender)"
    r"[ \t]*:\**[ \t]*"
    rf"(?P<name>[^<\n\[@]{{0,80}}?)[ \t]*[<\[(]?(?:mailto:)?(?P<address>{_ADDRESS})",
    re.IGNORECASE | re.MULTILINE,
)
_PRINTED = re.compile(rf"^(?P<name>[^<\n@]{{2,80}}?)[ \t]*<(?P<address>{_ADDRESS})>[ \t]+\S[^\n]*\d{{4}}", re.MULTILINE)
"""A sender with the day beside, as a mail program prints it."""
_MAIL_ADDRESS = re.compile(_ADDRESS)
_CELLS = re.compile(r"\s{2,}|\t|\s*[|·•]\s*|\s+[–—-]\s+")


def senders_in(text: str) -> Iterator[Sender]:
    """The senders that forwarded or pasted mail headers in a text name."""
    for found in [*_HEADER.finditer(text), *_PRINTED.finditer(text)]:
        yield found["name"].strip(" \t\"'*,-–"), found["address"].lower()


def domain_of(address: str) -> str:
    """The domain of a mail address, in lower case."""
    return address.rpartition("@")[2].lower()


def mail_domains(text: str) -> set[str]:
    return {domain_of(found[0]) for found in _MAIL_ADDRESS.finditer(text)}


def belongs(host: str, domains: Iterable[str]) -> bool:
    """Whether a host is one of the domains or within one."""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def writer(
    text: str, senders: Sequence[Sender], domains: Iterable[str], own: Iterable[str], sure: dict[str, str]
) -> tuple[str | None, KnownClaimant | None]:
    """The writer's name, and the claimant's entry in `letters.yaml`, if it has one.

    `own`: names of the client and of the agency; `domains`: the client's.
    """
    domains = tuple(domains)
    theirs = [each for each in dict.fromkeys([*senders, *senders_in(text)]) if not belongs(domain_of(each[1]), domains)]
    for each in known()["claimants"]:
        for shown, address in theirs:
            if belongs(domain_of(address), each["domains"]):
                sure["claimant"] = f"the mail's sender: {shown or address}"
                return each["name"], each
    addressed = [found[1] for found in re.finditer(r"^\s*dear ([^,\n]{3,60}),", text, re.IGNORECASE | re.MULTILINE)]
    hosts = [domain.split(".")[-2] for domain in domains if "." in domain]
    squashed = {each for each in map(_squashed, (*own, *addressed, *hosts)) if len(each) > 2}
    head, foot = _letterhead(text), _signature(text)
    ends = "\n".join([*head, *(shown for shown, _ in theirs), *foot])
    entry, found = _known_claimant(ends)
    name: str | None
    name, how = _organisation(head, foot, theirs, text, squashed)
    first = _cleaned(_CELLS.split(head[0])[0]) if head else None
    if not theirs and first and _known_by_name(first)[0]:  # its letterhead
        entry, found = _known_by_name(first)
    elif name:
        entry, found = _known_by_name(name)  # others that a letterhead names are spoken of, and do not write
    elif not found:
        entry, found = _known_claimant(text)
    if entry and found:
        sure["claimant"] = f"the letter names it: {quote(found)}"
        return entry["name"], entry
    if not name:
        name, how = _person(text, head, foot, theirs, squashed)
    if name:
        sure["claimant"] = how
    return name, None


def _known_claimant(text: str) -> tuple[KnownClaimant | None, re.Match[str] | None]:
    """The known claimant that is named first, and where."""
    found = [
        (match.start(), number, match)
        for number, each in enumerate(known()["claimants"])
        for name in each["names"]
        if (match := re.search(name, text, re.IGNORECASE))
    ]
    # Getty Images is often the rights holder for whom another claimant speaks, and then not the one who writes.
    others = [each for each in found if known()["claimants"][each[1]]["name"] != "Getty Images"]
    if not found:
        return None, None
    _, number, match = min(others or found, key=lambda each: each[:2])
    return known()["claimants"][number], match


def _known_by_name(name: str) -> tuple[KnownClaimant | None, re.Match[str] | None]:
    """The known claimant that has this name, and where; none for a namesake, whose name has words of its own."""
    entry, found = _known_claimant(name)
    return (entry, found) if found and not _own_words(name.replace(found[0], " "), "branch") else (None, None)


_SENDER_LABEL = re.compile(
    r"^[ \t]*(?:absender|sender|exp[ée]diteur|afzender|mittente|remitente|afsender|avsändare|avsender|fra|fr[åa]n)"
    r"[ \t]*:[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)

_ATTENTION = re.compile(
    r"^[ \t]*(?:attn|attention|z\. ?hd|zu h[äa]nden|[àa] l['’]attention|t\. ?a\. ?v|ter attentie|alla c\. ?a|"
    r"alla cortese attenzione|a la atenci[óo]n)\b",
    re.IGNORECASE,
)


_TO_WHOM = re.compile(
    r"[ \t]*(?:an(?: die| den| das)?(?: firma)?|to|aan|destinataires?|destinatario|empf[äa]nger(?:in)?)[ \t]*:?[ \t]*$",
    re.IGNORECASE,
)
"""A line that stands above the receiver's name."""


def _letterhead(text: str) -> list[str]:
    """The lines above the greeting or the first sentence, without those that name the receiver."""
    lines: list[str] = []
    receiver = False
    for line in text.splitlines():
        if receiver and line.strip():
            receiver = False
            continue
        receiver = receiver or bool(_TO_WHOM.match(line))
        if search("greeting", line) or len(lines) == MAX_LETTERHEAD_LINES:
            break
        if len(re.findall(r"(?<![\w@./-])[^\W\d_A-ZÄÖÜ]{2,}(?![\w@./-])", line)) > MAX_SMALL_WORDS and lines:
            break
        if _ATTENTION.match(line) and lines:
            lines.pop()  # who receives it
        elif line.strip() and lines and lines[-1].endswith("&"):  # of one name
            lines[-1] = f"{lines[-1]} {line.strip()}"
        elif line.strip():
            lines.append(_SENDER_LABEL.sub("", line).strip())
    return lines


def _signature(text: str) -> list[str]:
    """The lines after the closing words, and after the line `--` that mail programs set before a signature."""
    places = [found.end() for found in re.finditer(rf"^[ \t]*{any_of('closing')}", text, re.IGNORECASE | re.MULTILINE)]
    places += [found.end() for found in re.finditer(r"^-- ?$", text, re.MULTILINE)]
    lines = []
    for place in places[:6]:
        rest = text[place:].partition("\n")[2].splitlines()
        lines += [line.strip() for line in rest if line.strip()][:MAX_SIGNATURE_LINES]
    return lines


# long: each place in its order may have the name
def _organisation(
    head: Sequence[str], foot: Sequence[str], senders: Sequence[Sender], text: str, own: set[str]
) -> tuple[str | None, str]:
    named_by = [(re.sub(r"[^a-z0-9]", "", domain_of(address).rsplit(".", 1)[0].rpartition(".")[2]), name, address)
                for name, address in senders if domain_of(address) not in PUBLIC_MAIL]  # fmt: skip
    by_form = [line.strip() for line in text.splitlines() if re.search(rf"{any_of('legal_form')}$", line.strip(" *_>"))]
    tail = [line for line in text.strip().splitlines()[-MAX_TAIL_LINES:] if " " in line.strip()]
    for label, name, address in named_by:
        found = _by_domain(label, (name, *foot, *head, *by_form, *tail))
        if found and (found in _CELLS.split(name) or not name.endswith(f" {found}")):  # a person's surname
            whole = None if re.search(any_of("legal_form"), found) else _spelled(label, text, formal=True)
            return whole or found, f"the mail's sender: {name} <{address}>"
    for where, lines in (("letterhead", head), ("signature", foot)):
        for number, line in enumerate(lines):
            if line.startswith("Subject:"):
                continue
            if where == "letterhead":
                if firm := _without_partners(line, [*head[:number], *head[number + 1 :], *foot]):
                    return firm, f"the {where} names it: “{line[:160]}”"
                if _names_partners(line, text, foot):
                    return line, f"the letterhead names it: “{line[:160]}”"
                line = _without_place_and_day(line, [*head[:number], *head[number + 1 :], *foot])
            named = _named_in(line, own, loose=number == 0 and where == "letterhead")
            if named and not _own_words(named, "kind"):  # `Solicitors`, beside the line that has the name
                above, below = (lines[number - 1] if number else ""), (lines[number + 1] if lines[number + 1 :] else "")
                named = (
                    _joined(_capitals(lines[:number]) or above, named, own)
                    or _formal(lines[number + 1 :][:MAX_NAME_LINES], own)
                    or (_goes_on(named, below, own) if number == 0 else None)
                )
            elif named and number < 2 and where == "letterhead" and not _own_words(named, "kind", "trade"):
                # `Photography`, below a person's name
                above, below = (lines[0] if number else ""), (lines[number + 1] if lines[number + 1 :] else "")
                named = _joined(above, named, own) or _goes_on(named, below, own) or named
            if named and (" " in named or _own_words(named, "kind", "trade")):  # not `Image`, of a table's column
                return named, f"the {where} names it: “{line[:160]}”"
    for label, name, address in named_by:
        if found := _spelled(label, text):
            return _whole(found, (name, *head, *foot), own), f"the mail's sender: {name} <{address}>"
    for name, address in senders:
        parts = [part for part in _CELLS.split(name) if not search("role", part)]  # a department, a dash, a name
        name = parts[0] if len(parts) == 1 else name
        organised = _trade(name) or re.search(any_of("legal_form"), name) or search("practice", name)
        if not search("role", name) and organised and (clean := _cleaned(name)) and not _is_own(name, own):
            return clean, f"the mail's sender: {name} <{address}>"
    if (
        not senders
        and head
        and (first := _CELLS.split(head[0])[0])
        and _heads_letter(first, text, [*head[1:], *foot], own)
    ):
        named = _cleaned(first)
        if named and not _is_own(named, own):
            return named, f"the letter begins with it: “{first[:160]}”"
    if found := _last_line(text, own):
        return found, f"the letter ends with it: “{found}”"
    return None, ""


def _without_partners(line: str, others: Iterable[str]) -> str | None:
    """The firm's name that a line begins with, before its partners' names, if another line begins with it alone."""
    words = _CELLS.split(line)[0].split()
    cells = {_CELLS.split(each)[0] for each in others}
    for end in range(len(words) - 1, 1, -1):
        if not re.fullmatch(_NAME, words[end]):  # of a partner
            break
        name = " ".join(words[:end])
        if name in cells and search("practice", name) and _own_words(name, "kind"):
            return _cleaned(name)
    return None


def _names_partners(line: str, text: str, foot: Sequence[str]) -> bool:
    """Whether a line is a firm's name of several partners, of whom one signs or is in the mail's domain."""
    first, *others = re.split(r"\s*[·•]\s*", line)
    surnames = [each.split()[-1] for each in others if re.fullmatch(rf"(?:(?:Prof|Dr)\. ?)*{_NAME}(?: {_NAME})?", each)]
    if not surnames or len(surnames) < len(others) or not search("practice", first) or search("role", first):
        return False
    signed = {each.strip(" ,").rpartition(" ")[2] for each in foot}
    return any(
        each in signed or any(_squashed(each) in _squashed(domain) for domain in mail_domains(text))
        for each in surnames
    )


_NAME = r"[A-ZÀ-Þ][\w'’-]+"


def _without_place_and_day(line: str, others: Sequence[str]) -> str:
    """The name in a line that ends with a place and a day, if it stands elsewhere alone, or is a known claimant's."""
    days = [found.start() for _, found in days_in(line) if found.end() == len(line.rstrip())]
    before = re.sub(r"\s*,?\s*(?:(?:den|le|il|el|a|d\.) ?)?$", "", line[: days[0]]) if days else ""
    words = before.split()
    for end in range(len(words), 0, -1):
        name = " ".join(words[:end])
        if name in others or re.search(rf"{any_of('legal_form')}$", name) or _known_by_name(name)[0]:
            return name
    return line


def _named_in(line: str, own: set[str], *, loose: bool) -> str | None:
    """The organisation that a line of a letterhead or signature is, in its first cell that is not the receiver's."""
    label = ""
    for cell in _CELLS.split(line):
        name = None if label.endswith(":") else _cleaned(_without_column(cell))  # it is the label's value
        label = cell
        if not name:
            continue
        if _is_own(name, own):
            return None if not loose else _named_in(line[line.find(cell) + len(cell) :], own, loose=False)
        if search("bank", name) and search("account", line):
            continue
        spoken_of = search("title", name) and re.search(r"\b(?:der|des|of|de|du|della|van|by|durch)\b", name)
        if (re.search(any_of("legal_form"), name) and not spoken_of) or (
            loose and _trade(name) and not search("role", name)
        ):
            return name
        if re.search(any_of("practice"), name, re.IGNORECASE) and not search("role", name):
            return name
        if not loose and _trade(name) and not search("role", name) and not any(char.isdigit() for char in name):
            return name
        if "|" not in line:  # a person, an office and a name
            return None
    return None


def _own_words(name: str, *kinds: str) -> bool:
    """Whether a name says more than its legal form and what kind of organisation it is."""
    left = re.sub(any_of("legal_form"), " ", name)
    for words in kinds:
        left = re.sub(any_of(words), " ", left, flags=re.IGNORECASE)
    return bool(re.search(r"\w{2}", left))


def _formal(lines: Iterable[str], own: set[str]) -> str | None:
    """The first name with a legal form: of the same kind, or right below."""
    for number, name in enumerate(map(_cleaned, lines)):
        if not name or not _own_words(name, "kind") or _is_own(name, own):
            continue
        if re.search(any_of("legal_form"), name) and (number == 0 or search("practice", name)):
            return name
    return None


def _goes_on(kind: str, below: str, own: set[str]) -> str | None:
    """A name that a letterhead parts into two lines, the first one being the kind; None if the other is no name."""
    parted = re.search(r"\b(?:of|de|di|van|von)$", kind, re.IGNORECASE) or (kind.isupper() and below.isupper())
    name = _cleaned(below)
    if not parted or not name or name != below.strip() or any(map(str.isdigit, name)) or _is_own(name, own):
        return None
    return f"{kind} {name}"


def _capitals(lines: Sequence[str]) -> str:
    """The name in capitals that a letterhead begins with, if all these lines are words of it."""
    return " ".join(lines) if all(re.fullmatch(r"[^\W\d_a-z]+", line) and line.isupper() for line in lines) else ""


def _joined(above: str, kind: str, own: set[str]) -> str | None:
    """A name of two lines; None if the line above is no name."""
    name = _cleaned(above)
    if not name or name != above.strip() or _is_own(name, own) or search("title", name) or search("role", name):
        return None
    return f"{name} {kind}"


def _without_column(cell: str) -> str:
    """A name without what a PDF's other column has on the same line: a label with its value, or the letter's title."""
    ends = [found.end() for found in re.finditer(any_of("legal_form"), cell)]
    rest = cell[ends[-1] :] if ends else ""
    return cell[: ends[-1]] if rest.startswith(" ") and (":" in rest or search("title", rest)) else cell


_WEIGHTY = re.compile(
    r"(?!(?:of|the|and|for|für|der|die|und|de|des|du|la|le|et|del|y|di|e|van|het|en)(?!\S))(?<!\S)\S+", re.I
)
"""The words of a name that are no small ones: a guild's has many."""


def _cleaned(cell: str) -> str | None:
    """A name without its place and its principal; None for a sentence, a label or an address."""
    name = re.split(rf"(?:^|\s+){any_of('acting_for')}", _unquoted(cell.strip(" *_>")), maxsplit=1, flags=re.I)[0]
    name = re.sub(rf"^{any_of('part_of_company')} ", "", name, flags=re.IGNORECASE)
    role, comma, after = name.partition(", ")
    name = after if comma and search("role", role) else name
    form = any_of("legal_form")
    place = rf",\s(?!{form}|[\w ]+ (?:&|and) [A-Z])"  # not a form, nor another partner of a firm
    name = re.split(rf"{place}|\s\((?![^()]*\)\s+{form})|;", name, maxsplit=1)[0].strip(" ,:;*")
    if not name or len(name) > MAX_NAME_LENGTH or len(_WEIGHTY.findall(name)) > 8 or not any(map(str.isalpha, name)):
        return None
    if (
        re.search(r"[:@?!=]|(?<!\b[AIP])/|/(?!S\b)|\bwww\.|./\.|\b(?:[Nn][or]\.?|[Nn][°º]|ID)$", name)
        or ":" in cell
        or search("no_name", cell)
    ):
        return None
    if not (name[0].isupper() or name.isalnum() or re.search(f"{form}$", name)):
        return None
    lower = [word for word in re.findall(r"\w+", name) if word[0].islower() and len(word) > 3]
    spelled_small = name.islower() and len(name.split()) <= MAX_SMALL_NAME_WORDS and re.search(f"{form}$", name)
    return None if len(lower) > 1 and not spelled_small else name


def _unquoted(cell: str) -> str:
    """Without quotation marks around all of it, or at one of its ends only."""
    inner = cell.strip("\"“”„'")
    return inner if not re.search('["“”]', inner) else cell


def _trade(name: str) -> bool:
    """Whether a name contains words of the trade, which also occur in titles of letters."""
    return bool(search("trade", name)) and not search("title", name) and bool(_cleaned(name))


def _is_own(name: str, own: set[str]) -> bool:
    squashed = _squashed(name)
    return any(each == squashed or (len(each) > 3 and each in squashed) for each in own)


_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})  # as domains spell them


def _squashed(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold().translate(_UMLAUTS)


def _by_domain(label: str, lines: Iterable[str]) -> str | None:
    """The words at the beginning of a line that make, joined, the domain's name; with the rest if it is a trade.

    A line that has the legal form, too, counts first.
    """
    if len(label) < 4:
        return None
    named = []
    for part in (part for line in lines for cell in _CELLS.split(line) for part in (cell, cell.partition(", ")[2])):
        cell = _cleaned(part) if part.strip() else None  # after a role and a comma, too
        words = cell.split() if cell else []
        for end in range(len(words), 0, -1):
            own = [word for word in words[:end] if not re.fullmatch(any_of("legal_form"), word)]
            if _squashed("".join(own or words[:end])) in (label, label.removesuffix("gmbh")):
                rest = words[end:]
                name = " ".join(words) if rest and not search("role", " ".join(rest)) else " ".join(words[:end])
                if re.search(any_of("legal_form"), name):
                    return name
                named.append(name)
                break
    return next(iter(named), None)


def _spelled(label: str, text: str, *, formal: bool = False) -> str | None:
    """The domain's name as a sentence of the letter writes it: with its legal form, or else in several words."""
    if len(label) < 4:
        return None
    letters = r"[ &'’.-]{0,3}".join(label)
    named = rf"(?<![\w@./-])(?=[A-ZÄÖÜ])(?P<name>(?i:{letters})(?:\s+\w+)?,?\s+{any_of('legal_form')})"
    found = re.search(named, text)
    if not found and not formal and len(label) >= MIN_SPELLED_LENGTH:
        found = re.search(rf"(?<![\w@./-])(?=[A-ZÄÖÜ])(?P<name>(?i:{letters}))(?![\w@./-])", text)
        found = found if found and " " in found["name"] else None
    return " ".join(found["name"].split()) if found else None


def _whole(end: str, lines: Iterable[str], own: set[str]) -> str:
    """The name of which this is the end, where a line has all of it."""
    cells = (cell for line in lines for cell in map(_cleaned, _CELLS.split(line)) if cell)
    return next((cell for cell in cells if cell.endswith(f" {end}") and not _is_own(cell, own)), end)


def _heads_letter(first: str, text: str, lines: Sequence[str], own: set[str]) -> bool:
    """Whether a letter's first line is a name that stands elsewhere in it, too, or right above its date or case.

    Or above the receiver's name, with a line between.
    """
    name = _cleaned(first)
    if not name or len(name.split()) > 5 or search("title", name) or search("role", name):
        return False
    if not _own_words(name, "kind") or (name.islower() and " " not in name):
        return False  # of a name that is set in small letters, this would be one word
    if re.fullmatch(any_of("letter_title"), name, re.IGNORECASE):
        return False
    if any(True for _ in days_in(first)) or re.search(rf"\d\.? (?:{MONTH_NAMES})\b", first, re.IGNORECASE):
        return False  # a place and a date
    below = lines[0] if lines else ""
    heads_it = any(True for _ in days_in(below)) or search("reference", below)
    others = [(_cleaned(each) or "").casefold() for each in lines]
    addressed = any(_is_own(each, own) for each in filter(None, map(_cleaned, lines[1:])))  # below its own address
    return bool(heads_it or addressed) or name.casefold() in others or text.count(name) > 1 or _squashed(name) in {
        _squashed(domain.split(".")[-2]) for domain in mail_domains(text) if "." in domain
    }  # fmt: skip


_FOR = re.compile(
    r"^(?:pour (?:la |le |l['’])?|for (?:and on behalf of )?|für (?:die |den )?|per (?!conto )(?:la |lo )?|namens )",
    re.I,
)


def _last_line(text: str, own: set[str]) -> str | None:
    """A letter without closing words may end with the name of who sends it."""
    lines = [_FOR.sub("", line.strip()) for line in text.strip().splitlines()[-3:]]
    for line in reversed(lines):
        for cell in _CELLS.split(line):
            name = _cleaned(cell)
            ends = cell.endswith((".", "!", "?")) and not re.search(rf"{any_of('legal_form')}$", cell)
            if not name or ends or _is_own(name, own) or search("role", name):
                continue
            kinds = search("practice", name) or re.match(any_of("lawyer"), name, re.IGNORECASE)
            if re.search(any_of("legal_form"), name) or _trade(name) or (kinds and _own_words(name, "kind")):
                return name
    return None


_FIRST_PERSON = re.compile(
    r"\b(?:I am|I took|I never|I shot|I did|my (?:photo\w*|picture|image|work|view|name|shot|print)|[Ii]s mine|"
    r"mein(?:e[rsmn]?)?|[Ii]ch|von mir|mon|ma|mes|j['’]ai|"
    r"mi|mis|mijn|ik|mio|mia|ho)\b"
)


_PARTY = re.compile(
    r"^[ \t]*(?:the )?claimant[ \t:|]+(?P<name>(?:mr|mrs|ms|miss|dr)\.?[ \t]+[^\n]{3,60})", re.IGNORECASE | re.MULTILINE
)
"""The one who claims, in a notice before a claim at court, whose parties are listed."""
_FORM = re.compile(
    r"^[ \t]*(?:(?:ihr |your |full |vollst[äa]ndiger )?name|nom(?: complet)?|nombre(?: completo)?|nome|naam)[ \t]*:"
    r"\s*(?P<name>[^\n:@]{3,60})\n"
    rf"[ \t]*(?:ihre |your )?(?:e-?mail|mail|courriel|correo|posta)[\w -]{{0,20}}:\s*{_ADDRESS}",
    re.IGNORECASE | re.MULTILINE,
)
"""The name that the sender of a site's form has given, with the mail address below."""


def _person(
    text: str, head: Sequence[str], foot: Sequence[str], senders: Sequence[Sender], own: set[str]
) -> tuple[str | None, str]:
    """A person who writes: by the mail's header, by a label, or by the signature; or a lawyer who signs below."""
    for name, address in senders:
        name = " ".join(reversed(name.split(", "))) if re.fullmatch(r"[\w-]+, [\w-]+", name) else name
        clean = _cleaned(name)
        if clean and not _is_own(clean, own) and not search("role", clean) and len(clean.split()) > 1:
            return clean, f"the mail's sender: {name} <{address}>"
    if (labelled := _SENDER_LABEL.search(text)) and (rest := text[labelled.end() :].partition("\n")[0]):
        clean = _cleaned(_CELLS.split(rest)[0])
        if clean and not _is_own(clean, own) and not search("role", clean) and len(clean.split()) > 1:
            return clean, f"the letter names its sender: “{rest[:160]}”"
    if (party := _PARTY.search(text)) and (clean := _cleaned(party["name"])) and not _is_own(clean, own):
        return clean, f"the letter names its claimant: “{party[0][:160]}”"
    if (form := _FORM.search(text)) and _FIRST_PERSON.search(text):
        clean = _cleaned(form["name"])
        if clean and not _is_own(clean, own) and not search("role", clean) and len(clean.split()) > 1:
            return clean, f"the form names its sender: “{clean}”"
    for line in head if foot else ():
        clean = _cleaned(line) if re.match(any_of("lawyer"), line, re.IGNORECASE) else None
        if clean and not _is_own(clean, own) and clean.split()[-1] == foot[0].strip(" ,").rpartition(" ")[2]:
            return clean, f"the letterhead names who signs: “{line[:160]}”"
    if foot and _FIRST_PERSON.search(text):
        clean = _cleaned(foot[0])
        if clean and 1 < len(clean.split()) < 5 and not _is_own(clean, own) and not search("role", clean):
            return clean, f"the letter is signed: “{foot[0][:160]}”"
    return None, ""
