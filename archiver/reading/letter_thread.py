"""Split a mail into the messages that it quotes or encloses, newest first, without those of the client's own side.

What the client writes above a forwarded letter, or has answered to one, is no demand; and a reminder counts before the
letter that it quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import dropwhile

from archiver.reading.dates import days_in
from archiver.reading.letter_sender import Sender, belongs, domain_of, senders_in
from archiver.reading.letter_words import search

NEW_PAPER = "\f"
"""What parts a mail's own text from an attached paper."""

MAX_MESSAGES = 20
MAX_HEAD_WORDS = 30  # above a mail that was printed
FORWARDED = re.compile(r"\s*(?:subject\s*:\s*)?(?:wg|fwd?|tr|rv|doorst\w*|i)\s*:", re.IGNORECASE)  # a mail's subject
SENT = re.compile(
    r"^[ \t>*]*(?:gesendet|datum|sent|date|envoy[ée]|verzonden|enviado|fecha|inviato|data)\b[ \t*]*:(?P<when>.*)",
    re.IGNORECASE | re.MULTILINE,
)
_FROM = r"[ \t*]*(?:from|von|de|da|van)\b[ \t*]*:"
UNNAMED = "-----Original message-----"
"""Stands above what is quoted without a sender's name."""
COPIED = "-----Copied letter-----"
"""Stands above a letter that somebody has copied into a mail between two lines that say so."""
_SEPARATOR = (
    r"^[ \t]*-{2,}[ \t]*(?:original message|urspr[üu]ngliche nachricht|message d['’]origine|mensaje original"
    r"|messaggio originale|oorspronkelijk bericht|copied letter)[ \t]*-{2,}[ \t]*$"
)
_RULE = r"[-=_*~#]{3,}"
_COPY_BEGINS, _COPY_ENDS = (
    re.compile(rf"^[ \t]*{_RULE}[ \t]*(?:{words})\b[^\n]{{0,40}}{_RULE}[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
    for words in ("anfang|beginn?|start|d[ée]but|inicio|inizio|pocz[ąa]tek", "ende?|fine?|slut|einde|koniec")
)
_BESIDE = (
    r"[ \t*]*(?:gesendet|datum|sent|date|envoy[ée]|verzonden|enviado|fecha|inviato|data|to|an|[àa]|para|aan|betreff"
    r"|subject|objet|asunto|onderwerp|oggetto)\b[ \t*]*:"
)
_WROTE = r"\b(?:schrieb|wrote|a [ée]crit|escribi[óo]|ha scritto|schreef)\b"
_BEGINS = re.compile(
    rf"{_SEPARATOR}|^{_FROM}[^\n@]*@[^\n]*\n(?=(?:[^\n]*\n){{0,2}}{_BESIDE})"
    rf"|^{_FROM}[^\n]+\n(?={_BESIDE}[^\n]*\n(?:[^\n]*\n){{0,2}}?{_BESIDE})"
    r"|^[^<\n@]{2,80}<[^\n>@]+@[^\n>]+>[ \t]+[^\n]{0,12}\w+[^\n]{0,20}\d{4}(?: (?:at|um|à|a las|om))?[^\n]{0,12}$"
    r"|^(?:annex|anlage|anhang|annexe|anexo|allegato|bijlage)\b[^\n\w]{0,4}(?:our|unser\w*|notre|nuestr\w+|nostr\w+|onze)"
    r" (?:earlier|previous|first|fr[üu]her\w*|vorherig\w*|pr[ée]c[ée]dent\w*|anterior|eerdere)\b[^\n]*$"
    rf"|^[ \t]*(?:am|on|le|el|il|op)\b[^\n]{{5,120}}(?:\n[^\n]{{0,80}})?{_WROTE}[^\n]{{0,80}}:[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""Where a message begins in another one: the header that programs copy, or `On 3 May 2026 Ada Example wrote:`."""


@dataclass(frozen=True)
class ThreadMessage:
    """One message: its text, the day on which it was sent, and its sender's address; each None if not stated.

    `header_day` is the day that a header within the text names.
    """

    text: str
    sent: date | None = None
    sender: str | None = None
    header_day: date | None = None


_QUOTED = re.compile(r"^(?:[ \t]?>)+[ \t]?", re.MULTILINE)
_LABEL_ALONE = re.compile(
    r"^[ \t]*(from|von|de|da|van|gesendet|datum|sent|date|envoy[ée]|verzonden|enviado|fecha|inviato|data"
    r"|to|an|[àa]|para|aan|betreff|subject|objet|asunto|onderwerp|oggetto)[ \t]*:[ \t]*\n(?=[ \t]*\S)",
    re.IGNORECASE | re.MULTILINE,
)


_HEADER_LINE = re.compile(
    rf"(^[^\n]{{5,120}}(?:\n[^\n>]{{0,80}})?{_WROTE}[^\n]{{0,80}}:[ \t]*$)", re.IGNORECASE | re.MULTILINE
)


def newest(text: str) -> str:
    """What stands above all that a text quotes or passes on."""
    ends = [found.start() for found in (_BEGINS.search(text), _QUOTED.search(text)) if found]
    return text[: min(ends, default=len(text))]


def copies_last(text: str) -> str:
    """A mail, with the letter that is copied into it behind the mail's own words."""
    begins = _COPY_BEGINS.search(text)
    ends = begins and _COPY_ENDS.search(text, begins.end())
    if not begins or not ends:
        return text
    return f"{text[: begins.start()]}{text[ends.end() :]}\n{COPIED}\n{text[begins.end() : ends.start()]}"


def passed_on(text: str) -> str:
    """What a mail passes on, if its own words say that somebody else got it; else nothing."""
    own = newest(text.partition(NEW_PAPER)[0])
    said = search("passes_on", " ".join(own.split())) or text[len(own) :].startswith(COPIED)
    return text[len(own) :] if said else ""


def in_order(text: str) -> str:
    """The text without the marks of quoted lines; what answers below a quotation comes before it.

    A mail's header that was saved as a table has each label beside its value.
    """
    parts = map(copies_last, text.split(NEW_PAPER))
    return NEW_PAPER.join(_in_order(_LABEL_ALONE.sub(r"\1: ", part)) for part in parts)


def _in_order(text: str) -> str:
    headers = [found.start() for found in _BEGINS.finditer(text) if not _HEADER_LINE.match(text, found.start())]
    end = min(headers, default=len(text))  # a header that a program copied stands above its message
    text, rest = text[:end], _QUOTED.sub("", text[end:])
    if not _QUOTED.search(text):
        return text + rest
    answer: list[str] = []
    quoted: list[str] = []
    headed = False
    for part in _HEADER_LINE.split(text):
        if _HEADER_LINE.fullmatch(part):
            quoted.append(part)
            headed = True
            continue
        for line in part.split("\n"):
            if not _QUOTED.match(line):
                answer.append(line)
                continue
            if not headed and not quoted:
                quoted.append(UNNAMED)
            quoted.append(line)
    return "\n".join([*answer, *(_QUOTED.sub("", each) for each in quoted)]) + rest


def messages(
    text: str, senders: Sequence[Sender], received: date | None, domains: Iterable[str], own: Iterable[str]
) -> list[ThreadMessage]:
    """The messages of others, newest first; the first one with the attached papers. `received`: the day of the mail.

    If nothing in it is another's, all of it counts.
    """
    domains = tuple(domains)
    mail, *enclosed = text.split(NEW_PAPER)
    first, *quoted = split_thread(mail)
    first = ThreadMessage(
        first.text,
        min(filter(None, (received, first.sent)), default=None),
        first.sender or next((address for _, address in senders), None),
        first.sent,
    )
    papers: list[str] = []
    for each in enclosed:
        paper, *more = split_thread(each)
        if paper.sender:  # a mail by itself
            quoted.append(paper)
        else:
            papers.append(paper.text)
        quoted += more
    if quoted and not senders and not first.sender and len(first.text.split()) < MAX_HEAD_WORDS:  # of a printed mail
        first, quoted = replace(quoted[0], header_day=quoted[0].sent), quoted[1:]
    names = [each.casefold() for each in own if len(each) > 3]
    forwarded = FORWARDED.match(mail)
    passes_on = (forwarded or passed_on(text)) and (quoted or papers)
    theirs = [each for each in quoted if not _is_own(each, domains, names)]
    if passes_on or (_is_own(first, domains, names) and (theirs or papers)):
        subject = mail.partition("\n")[0] if forwarded else ""
        newest = theirs[0] if theirs else ThreadMessage("", received)
        text = "\n".join(filter(None, (subject, newest.text)))
        first, theirs = ThreadMessage(text, newest.sent or received, newest.sender, newest.sent), theirs[1:]
    elif senders:  # what the newest message answers
        theirs = list(dropwhile(lambda each: each.sender is None, theirs))
    return [replace(first, text="\n\n".join([first.text, *papers])), *theirs]


def split_thread(text: str) -> list[ThreadMessage]:
    """The messages of a thread, in their order; the first one may be empty."""
    starts = [found.start() for found in _BEGINS.finditer(text)][:MAX_MESSAGES]
    parts = [text[a:b] for a, b in zip([0, *starts], [*starts, len(text)], strict=True)]
    found = []
    for part in parts:
        head = "\n".join(part.splitlines()[:6])
        begins = _BEGINS.match(part)
        sent = SENT.search(head) if begins else None
        when = sent["when"] if sent else begins[0] if begins else ""
        found.append(
            ThreadMessage(
                part,
                next((day for day, _ in days_in(when)), None),
                next((address for _, address in senders_in(head)), None) or _address(begins),
            )
        )
    return found if found[0].text.strip() or len(found) == 1 else found[1:]


def _address(begins: re.Match[str] | None) -> str | None:
    """The address in `On 3 May 2026 Ada Example <ada@acme.example> wrote:`, or the name's words without one."""
    if not begins or re.match(_SEPARATOR, begins[0], re.IGNORECASE):
        return None
    address = re.search(r"[\w.+-]{1,64}@[\w.-]{1,100}\w", begins[0])
    return address[0].lower() if address else " ".join(begins[0].split())


def _is_own(message: ThreadMessage, domains: Sequence[str], names: Sequence[str]) -> bool:
    sender = (message.sender or "").casefold()
    return belongs(domain_of(sender), domains) or any(name in sender for name in names)
