"""Split a mail into the messages that it quotes or encloses, newest first, without those of the client's own side.

What the client writes above a forwarded letter, or has answered to one, is no demand; and a reminder counts before the
letter that it quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from archiver.reading.dates import days_in
from archiver.reading.letter_sender import Sender, belongs, domain_of, senders_in

NEW_PAPER = "\f"
"""What parts a mail's own text from an attached paper."""

MAX_MESSAGES = 20
FORWARDED = re.compile(r"\s*(?:subject\s*:\s*)?(?:wg|fwd?|tr|rv|doorst\w*|i)\s*:", re.IGNORECASE)  # a mail's subject
SENT = re.compile(
    r"^[ \t>*]*(?:gesendet|datum|sent|date|envoy[ée]|verzonden|enviado|fecha|inviato|data)\b[ \t*]*:(?P<when>.*)",
    re.IGNORECASE | re.MULTILINE,
)
_FROM = r"[ \t*]*(?:from|von|de|da|van)\b[ \t*]*:"
_BESIDE = (
    r"[ \t*]*(?:gesendet|datum|sent|date|envoy[ée]|verzonden|enviado|fecha|inviato|data|to|an|[àa]|para|aan|betreff"
    r"|subject|objet|asunto|onderwerp|oggetto)\b[ \t*]*:"
)
_WROTE = r"\b(?:schrieb|wrote|a [ée]crit|escribi[óo]|ha scritto|schreef)\b"
_BEGINS = re.compile(
    rf"^{_FROM}[^\n]*@[^\n]*\n(?=(?:[^\n]*\n){{0,2}}{_BESIDE})"
    rf"|^{_FROM}[^\n]+\n(?={_BESIDE}[^\n]*\n(?:[^\n]*\n){{0,2}}?{_BESIDE})"
    rf"|^[ \t]*(?:am|on|le|el|il|op)\b[^\n]{{5,120}}(?:\n[^\n]{{0,80}})?{_WROTE}[^\n]{{0,80}}:[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""Where a message begins in another one: the header that programs copy, or `On 3 May 2026 Ada Example wrote:`."""


@dataclass(frozen=True)
class ThreadMessage:
    """One message: its text, the day on which it was sent, and its sender's address; each None if not stated."""

    text: str
    sent: date | None = None
    sender: str | None = None


def messages(
    text: str, senders: Sequence[Sender], received: date | None, domains: Iterable[str], own: Iterable[str]
) -> list[ThreadMessage]:
    """The messages of others, newest first; the first one with the attached papers. `received`: the day of the mail.

    If nothing in it is another's, all of it counts.
    """
    domains = tuple(domains)
    mail, *enclosed = text.split(NEW_PAPER)
    first, *quoted = _split(mail)
    first = ThreadMessage(
        first.text,
        min(filter(None, (received, first.sent)), default=None),
        first.sender or next((address for _, address in senders), None),
    )
    papers: list[str] = []
    for each in enclosed:
        paper, *more = _split(each)
        if paper.sender:  # a mail by itself
            quoted.append(paper)
        else:
            papers.append(paper.text)
        quoted += more
    names = [each.casefold() for each in own if len(each) > 3]
    passed_on = FORWARDED.match(mail) and (quoted or papers)
    theirs = [each for each in quoted if not _is_own(each, domains, names)]
    if passed_on or (_is_own(first, domains, names) and (theirs or papers)):
        subject = mail.partition("\n")[0] if passed_on else ""
        newest = theirs[0] if theirs else ThreadMessage("", received)
        text = "\n".join(filter(None, (subject, newest.text)))
        first, theirs = ThreadMessage(text, newest.sent or received, newest.sender), theirs[1:]
    return [ThreadMessage("\n\n".join([first.text, *papers]), first.sent, first.sender), *theirs]


def _split(text: str) -> list[ThreadMessage]:
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
    if not begins:
        return None
    address = re.search(r"[\w.+-]{1,64}@[\w.-]{1,100}\w", begins[0])
    return address[0].lower() if address else " ".join(begins[0].split())


def _is_own(message: ThreadMessage, domains: Sequence[str], names: Sequence[str]) -> bool:
    sender = (message.sender or "").casefold()
    return belongs(domain_of(sender), domains) or any(name in sender for name in names)
