"""Find the pages that a letter names, and join addresses that are broken over several lines, if that is certain.

An address of which a part is missing is worse than none: it is left out, and the caller is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from archiver.core.written_names import readable_host
from archiver.reading.dates import days_in
from archiver.reading.letter_sender import PUBLIC_MAIL, belongs, domain_of, mail_domains, senders_in
from archiver.reading.letter_sums import sums_in
from archiver.reading.letter_words import (
    MAX_LABEL_DISTANCE,
    NUMBERED_DAY,
    SENTENCE_END,
    URL,
    URL_PATH,
    known,
    search,
)

WIDTH_TOLERANCE = 0.01  # of a line's width, by which typefaces differ
MIN_SENTENCE_WORDS = 3  # before an address in its line
MAX_VALUE_WORDS = 3  # of a line that says a sum, with its currency
MIN_LINES = 5  # that tell how long the lines of a letter are
RAGGED = 0.1  # of the longest line, by which full ones differ
MAX_RAGGED_LENGTH = 6  # characters by which lines that were broken at one width differ
_REST = r"[\w./%&=?#~+-]"
_BROKEN = re.compile(
    rf"(?:(?<=[_=&%-])|(?<=\.htm)(?=\n[ \t]*l(?![^\W\d_])))\n[ \t]*(?P<next>{_REST}+)"
    rf"|(?<=\?)\n[ \t]*(?P<query>[\w.-]+={_REST}*)"
    rf"|(?<=/)\n[ \t]*(?P<file>{_REST}*\.(?:html?|php|aspx?)(?![\w-])(?:/|[?#]{_REST}*)?)"
    rf"|(?<=[/_=&?%-])[ \t]*(?P<beside>[^\n]*)\n[ \t]*(?P<rest>[a-z0-9]{_REST}*)(?=[ \t]*(?:\n|$))"
    rf"|(?<=[_=&?%-]) (?P<same>{_REST}*[\d.]{_REST}*)(?=[ \t]*(?:\n|$))"
    rf"|(?<=-) (?P<cell>[a-z\d]{_REST}*)(?=[ \t]+(?:\d{{1,2}}[./-]\d|\d[\d.,]*[.,]\d\d\b|[€£$]|[A-Z]{{3}} ?\d))"
)
"""The rest of an address on the next line, where the first part ends as few addresses do by themselves.

After a slash or a question mark the rest stands alone, or is a file's name or a query by its looks.

In a table, where more stands `beside` the first part, the rest has to begin in its column; or a reader of tables has
put it on the `same` line; so it is, too, in a `cell` before one with a day or a sum.
"""
_IN_ROW = re.compile(
    r" (?!(?:and|und|et|ou|y|e|o|en|of|or|oder|sowie|bzw|on|at|in|auf|sur|su|op|is|ist|est)\b)(?P<rest>[a-z0-9/]\S*)"
    r" (?:https?://|www\.|[€£$]|[A-Z]{3} ?\d)"
    r"| (?P<last>[a-z0-9/][\w%~+]*[-/_.=?&]\S*[\w/])[ \t]*(?:\n|$)"
)
"""What may be the rest of an address in a table: a reader of tables has put the lines of its cell beside each other."""
_REST_OF_HOST = re.compile(r"\s+([\w-]+(?:\.[\w-]+)*(?:/\S*)?)", re.ASCII)
_WORDS = re.compile(
    r"[a-z]{3,}(?:[-_][a-z0-9]+)*[-_][a-z]{3,}[\w./-]*(?:\?\w+=[\w.%&=-]*)?"
)  # of a page's name, as in `guide-to-harbours`


_IN_BRACKETS = re.compile(r"<\s*((?:https?://|www\.)[^<>]{1,600}?)\s*>", re.IGNORECASE)
_SCHEME = re.compile(r"(?<![^\s(<])(?=\S{0,8}\n)h\n?t\n?t\n?p\n?s?\n?:\n?/\n?/\n?(?=[\w-]+\.)", re.IGNORECASE)
"""The beginning of an address, in which a line ends."""
_ENDING = re.compile(r"\.(?:jpe?g|png|gif|webp|html?|php|aspx?|pdf)$", re.IGNORECASE)
_MORE = re.compile(rf"[ \t]*\n[ \t]*(?P<rest>{_REST}+)(?P<alone>[,;:!?)\]}}]*[ \t]*(?:\n|$))?")
_SLUG = re.compile(r"[^\W_]+(?:-[^\W_]+){2,}")
_JOINS = re.compile(r"and|und|et|ou|or|oder|sowie|bzw\.?|och|og|samt|oraz|eller", re.IGNORECASE)
_ENDINGS = ("jpg", "jpeg", "png", "gif", "webp", "html", "php", "aspx", "pdf")
_FOLDERS = re.compile(
    r"(?:wp-content|uploads?|images?|img|assets|media|static|files?|storage|sites|content|cdn|bilder|fileadmin)/", re.I
)
"""The folders in which sites keep their pictures: a path below an address that begins with one may be the picture's."""


def pages_in(
    text: str, domains: tuple[str, ...], links: Iterable[str], senders: Iterable[str], claimant: str | None,
    sure: dict[str, str],
) -> tuple[str, ...]:  # fmt: skip
    """The pages on which the picture is said to be: all addresses except those of claimants, senders and laws.

    An address that continues on the next line is joined if that is certain, and otherwise left out.
    """
    theirs = _domains_of_others(text, domains, senders)
    text = _SCHEME.sub(lambda found: "\n" + found[0].replace("\n", ""), text)
    text = _IN_BRACKETS.sub(lambda found: "<" + re.sub(r"\s+", "", found[1]) + ">", text)
    found: dict[str, str] = {}  # address -> host
    notes, bare_hosts = set[str](), set[str]()
    page_left_out = False
    for match, url, whole in _addresses(text, domains):
        if url != match[0]:
            notes.add("; one was broken over two lines")
        if not whole:
            notes.add("; an address that may be broken over two lines is left out")
            page_left_out |= not domains or belongs(host_of(url), domains)
            continue
        url = url.rstrip(".,;:!?)]}>*_")
        if "://" not in url:
            bare_hosts |= set() if "/" in url else {f"https://{url}"}
            url = f"https://{url}"
        host = host_of(url)
        if "." not in host or belongs(host, theirs) or any(mark in host for mark in known()["quoted_hosts"]):
            continue
        if not belongs(host, domains) and _leads_to_sender(text, match, url, host, claimant):
            continue
        found[url] = host
    found |= {link: host for link in links if belongs(host := host_of(link), domains)}
    own = [url for url, host in found.items() if belongs(host, domains)]
    by_form = search("by_form", text)
    pages = [url for url in own if url not in bare_hosts and not (by_form and search("form_path", urlsplit(url).path))]
    own = pages or own  # neither the site's name nor the form through which it came
    sites = sorted({".".join(host.split(".")[-2:]) for host in found.values()})
    if not own and len(sites) > 1:
        notes.add(f"; the letter names several sites, none of a known domain of this client: {', '.join(sites)}")
    if not own and (page_left_out or len(sites) > 1):
        found = {}  # others are not the page instead
    if own:
        sure["urls"] = "addresses of the client's own domains"
    elif found:
        sure["urls"] = "addresses in the letter; none belongs to a known domain of this client"
    if notes:
        sure["urls"] = sure.get("urls", "open") + "".join(sorted(notes))
    return tuple(own or found)


def _addresses(text: str, domains: Sequence[str]) -> Iterator[tuple[re.Match[str], str, bool]]:
    """Where each address begins, the address, and whether it is certainly whole."""
    bare = [rf"(?<![\w.@/-])(?:[\w-]+\.)*{re.escape(domain)}/{URL_PATH}" for domain in domains]
    places = re.compile("|".join([URL.pattern, *bare]), re.IGNORECASE)
    breaks = [each for match in places.finditer(text) for each in _joined(text, match, domains)[3]]
    end = 0
    for match in places.finditer(text):
        if match.start() >= end:  # not the rest of a broken one
            url, end, whole, _ = _joined(text, match, domains, breaks)
            yield match, url, whole


def _domains_of_others(text: str, domains: tuple[str, ...], senders: Iterable[str]) -> set[str]:
    """The domains of claimants and of whoever wrote the letter or is named in it, without the client's own."""
    found = {domain for each in known()["claimants"] for domain in each["domains"]}
    found |= {*senders, *mail_domains(text), *(domain_of(address) for _, address in senders_in(text))}
    return {each for each in found if not belongs(each, domains) and each not in PUBLIC_MAIL}


@dataclass(frozen=True)
class _Break:
    """The end of a line within an address: all of the line, the part of the address in it, and the next character."""

    line: str
    part: str
    next: str

    def fits(self, other: _Break) -> bool:
        """Whether both lines end at the same width, where neither had room for its next character."""
        pairs = ((self.line, other.line), (self.part, other.part))
        return any(
            len(one) == len(two)
            or max(_width(one), _width(two)) * (1 - WIDTH_TOLERANCE)
            < min(_width(one + self.next), _width(two + other.next))
            for one, two in pairs
        )


def _width(text: str) -> float:
    """How wide a text is in a common typeface, in units of its size."""
    return sum(0.25 if each in "ijlI.,:;'|!/ " else 0.33 if each in "ftr-()" else 0.82 if each in "mwMW@%&" else
               0.68 if each.isupper() else 0.55 for each in text)  # fmt: skip


def _joined(
    text: str, match: re.Match[str], domains: Sequence[str], breaks: Sequence[_Break] = ()
) -> tuple[str, int, bool, list[_Break]]:
    """The address that begins here, with what of it stands on the next lines; where it ends; whether that is certainly
    all; and where its lines end.

    `breaks`: ends of lines within addresses of this letter, which tell how wide its lines are.
    """
    url, end, part = match[0], match.end(), match.start()
    found: list[_Break] = []
    while True:
        more, place, certain = _more(text, match.start(), end, url, domains, part, breaks)
        if not more:
            return url, end, certain, found
        if not certain:
            return url, end, False, found
        url += more
        if "\n" in text[end:place]:
            found.append(_break(text, part, end, more))
            part = place - len(more)
        end = place


def _break(text: str, part: int, end: int, more: str) -> _Break:
    return _Break(text[text.rfind("\n", 0, end) + 1 : end].strip(), text[part:end], more[:1])


# many parameters: where one walk over a text stands
def _more(
    text: str, start: int, end: int, url: str, domains: Sequence[str], part: int, breaks: Sequence[_Break]
) -> tuple[str, int, bool]:
    """What follows an address elsewhere, where that ends, and whether this is certain; nothing if it certainly ends."""
    if (parted := _REST_OF_HOST.match(text, end)) and _completes(url, parted[1], domains):
        return parted[1], parted.end(), True
    if rest := _BROKEN.match(text, end):
        beside = rest["beside"] and _column(text, rest.start("rest")) != _column(text, start)
        if not (beside or (rest["rest"] and _is_value(text, rest.start("rest")))):
            name = next(name for name in ("next", "query", "file", "rest", "same", "cell") if rest[name])
            if rest["rest"] and url.endswith("/") and not _continues(text, start, rest):
                return rest["rest"], rest.end(), False
            return rest[name], rest.end(name), True
    cell = _IN_ROW.match(text, end)
    if cell and not (_ENDING.search(url) or _is_field(cell["rest"] or cell["last"])):
        return cell["rest"] or cell["last"], cell.end(), False
    below = _MORE.match(text, end)
    more, certain = _goes_on(text, part, end, url, below, domains)
    if more and not certain and below and below["alone"] and _starts_small(more) and not _is_said(more):
        here = _break(text, part, end, more)
        certain = any(here.fits(each) for each in breaks)
    if more and certain and below:
        more = below["rest"]  # a stop at the end may be part of it, if more follows
    if not more and url.endswith("-"):
        certain = False  # the rest after a hyphen is elsewhere
    return more, below.end("rest") if below else end, certain


def _is_path(more: str) -> bool:
    """Whether what stands below an address looks like the rest of a path, and like no word of a sentence."""
    parts = more.split("/")
    if not _starts_small(more) or not re.search(r"[a-z]{2}", more) or "." in parts[0].rstrip("."):
        return False
    if _FOLDERS.match(more):
        return False
    within = len(parts) > 1 and (
        re.search(r"[a-z0-9]-[a-z0-9]", more) or _ENDING.search(more) or re.search(r"\?\w+=", more)
    )
    return bool(len(parts) > 2 or within)


def _continues(text: str, start: int, rest: re.Match[str]) -> bool:
    """Whether what stands alone below an address that ends with a slash is its rest, by its place or its looks."""
    begins = text.rfind("\n", 0, start) + 1
    indented = len(text[begins:]) - len(text[begins:].lstrip(" \t"))
    hangs = _column(text, rest.start("rest")) - 1 > indented and start > begins + indented
    return hangs or bool(_WORDS.fullmatch(rest["rest"])) or _is_path(rest["rest"])


def _completes(url: str, rest: str, domains: Iterable[str]) -> bool:
    """Whether the name of a host that ends in the middle becomes one of these domains' by what follows it."""
    begins = url.partition("://")[2] or url
    whole = begins + rest.partition("/")[0].rstrip(".,;:")
    return "/" not in begins and belongs(whole.removeprefix("www."), domains)


def _is_value(text: str, place: int) -> bool:
    """Whether a line is a day or a sum by itself, or with a word or two."""
    line = text[place:].partition("\n")[0].strip()
    few = len(re.findall(r"[^\W\d]{2,}", line)) <= MAX_VALUE_WORDS
    return _is_day(line.rstrip(".,")) or (few and any(True for _ in sums_in(line)))


def _is_field(cell: str) -> bool:
    """Whether what follows an address in its row is another column's: a day, or a sum to the cent."""
    return _is_day(cell) or bool(re.fullmatch(r"[\d.,']*\d[.,]\d\d", cell))


def _is_day(text: str) -> bool:
    return any(found[0] == text for _, found in days_in(text)) or bool(NUMBERED_DAY.fullmatch(text))


def _is_full(text: str, start: int, end: int, more: str) -> bool | None:
    """Whether a line is as long as the longest ones, or had room for what is on the next; None if neither is sure."""
    begins = text.rfind("\n", 0, start) + 1
    others = sorted(map(len, (text[:begins] + text[text.find("\n", end) :]).splitlines()))
    line, width = end - begins, others[-1] if others else 0
    if line + len(more) <= width * 0.9:
        return False
    as_long = sum(line - MAX_RAGGED_LENGTH <= each for each in others)
    return True if width <= line and as_long > 1 else None


# long: each question in its order may be the last one
def _goes_on(
    text: str, start: int, end: int, url: str, rest: re.Match[str] | None, domains: Iterable[str]
) -> tuple[str, bool]:
    """What the next line adds to an address at the end of a line, and whether that is certain.

    Nothing if it adds nothing: then `True`. Of words that may be the rest of it or of the sentence, neither is certain.
    """
    last = text[end - 1]
    if not rest or last in ",;:!)>" or re.match(r"https?:|www\.", rest["rest"]):
        return "", True
    if _is_value(text, rest.start("rest")):
        return (rest["rest"], False) if last == "/" and "-" in rest["rest"] else ("", True)
    more, tail = rest["rest"].rstrip("."), url.partition("://")[2] or url
    alone, after = bool(rest["alone"]), text[rest.end("rest") :][:1]
    marker = re.match(r"\d{1,2}[.)]\s+\S|\w[.)]\s+(?:https?:|www\.)", text[rest.start("rest") :])
    if not more or marker or after == "@" or belongs(more.partition("/")[0], domains):
        return "", True  # the next of a list, a mail address, or another page
    if "/" not in tail:  # only a host, or its beginning
        if tail.endswith(".") and re.match(r"[a-z0-9-]+(?:\.[a-z]{2,})*/", more):
            return more, True
        if more.startswith("/") and len(more) > 1:
            return more, True
        parted = "." not in tail.removeprefix("www.") or (alone and "/" in more)
        return (more, False) if parted and not belongs(tail.removeprefix("www."), domains) else ("", True)
    ending = re.search(r"\.([a-z]{1,4})$", url)
    stops = alone or after == ")" or rest["rest"].endswith(".")
    if ending and stops and ending[1] + more in _ENDINGS and ending[1] != "htm":
        return more, True
    if last == "." and re.match(r"(?:jpe?g|png|webp|gif|html?|php)\b", more):
        return more, True
    if re.match(r"[/?=&%_#]\w|\.[a-z]{2,4}\b|/$", more):
        return more, True
    if url.endswith(".htm") and more == "l":
        return more, False
    full = _is_full(text, start, end, more)
    if last == "." or _ENDING.search(url):
        return (more, False) if full and alone and re.match(r"[a-z-]", more) else ("", True)
    path = _is_path(more)
    if _in_brackets(text, start, rest) and (path or _ENDING.search(more)):
        return more, True
    if path:
        return more, alone
    if _SLUG.fullmatch(more):
        return more, False
    if re.search(r"[/_=&?%](?:\w|$)|\w[_=&?%]|^-\w", more) and not re.fullmatch(r"[a-zà-ÿ]+/[a-zà-ÿ]+", more):
        return more, False  # as in no sentence
    if not _starts_small(more.lstrip("-")):
        named = (url[-1] in "/-_" and (alone or "-" in more)) or (alone and (_ENDING.search(more) or full))
        return (more, False) if named else ("", True)
    if _joins_addresses(text, rest):
        return "", True
    sentence = len(text[text.rfind("\n", 0, start) + 1 : start].split()) >= MIN_SENTENCE_WORDS
    if alone:
        return ("", True) if sentence and full is False else (more, False)
    return (more, False) if more not in _small_words() and _is_long(text, start, end, more) else ("", True)


def _in_brackets(text: str, start: int, rest: re.Match[str]) -> bool:
    """Whether a bracket opens before an address on its line, and closes right after what is below it."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return before.rfind("(") > before.rfind(")") and text[rest.end("rest") :][:1] == ")"


def _joins_addresses(text: str, rest: re.Match[str]) -> bool:
    """Whether a line is a word that joins two addresses."""
    below = text[rest.end() :].lstrip()[:40]
    return bool(
        rest["alone"] and _JOINS.fullmatch(rest["rest"]) and re.match(r"(?:\W*|\w{1,2}[.)]\s*)(?:https?:|www\.)", below)
    )


def _is_said(word: str) -> bool:
    """Whether letters say this word beside addresses, so that it is hardly the rest of one."""
    return word in _small_words() or (
        word.isalpha() and any(search(words, word) for words in ("sighting", "first_seen", "another_day"))
    )


def _starts_small(more: str) -> bool:
    return bool(more) and (more[0].islower() or more[0].isdigit())


def _small_words() -> set[str]:
    """The words by which the languages of letters are told: each of them is hardly the rest of an address."""
    return {*known()["foreign_words"], *known()["english_words"]}


def _is_long(text: str, start: int, end: int, more: str) -> bool:
    """Whether a line with an address has no room for what is below, by the lines of sentences without addresses.

    One that is much longer shows that whoever set these lines broke no address.
    """
    begins = text.rfind("\n", 0, start) + 1
    line = text[begins:end]
    lines = [each for each in text.splitlines() if len(each.split()) >= MIN_SENTENCE_WORDS and not URL.search(each)]
    if len(lines) < MIN_LINES:
        return True
    length, width = max(map(len, lines)), max(map(_width, lines))
    full = len(line) >= length or _width(line + more[:1]) >= width * (1 - WIDTH_TOLERANCE)
    return full and len(line) <= length * (1 + RAGGED)


def _introduction(text: str, match: re.Match[str]) -> str:
    """The words before an address in its sentence, also if the sentence ends with a colon above it."""
    before = re.sub(r":\s+$", ": ", text[max(0, match.start() - 2 * MAX_LABEL_DISTANCE) : match.start()])
    return SENTENCE_END.split(before)[-1]


def _leads_to_sender(text: str, match: re.Match[str], url: str, host: str, claimant: str | None) -> bool:
    """Whether an address is the sender's own: its portal, privacy notice or letterhead, or where the original is."""
    if search("original", _introduction(text, match)):
        return True
    squashed = re.sub(r"[\W_]", "", claimant or "").casefold()
    labels = [re.sub(r"[\W_]", "", label) for label in host.split(".")[:-1]]
    if any(len(label) > 4 and label in squashed for label in labels) or (
        squashed and any(len(squashed) > 4 and squashed in label for label in labels)
    ):
        return True
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    path = url.partition("://")[2].partition("/")[2]
    above = text[: match.start()].splitlines()
    if not path.strip("/") and len(above) < 12 and ("·" in line or not line.strip() or "|" in line):
        return True  # a letterhead
    return bool(search("portal", line) or search("portal_path", f"/{path}"))


def host_of(url: str) -> str:
    try:
        return readable_host(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def _column(text: str, place: int) -> int:
    return place - text.rfind("\n", 0, place)
