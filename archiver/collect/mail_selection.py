"""Decide which mails of a mailbox are taken, each for a stated reason. Pure: a mail's first bytes in, a choice out.

Only these bytes are looked at, in this process and by expressions that take linear time. Where they leave open whether
an enclosed document is a letter, the caller reads it and asks again. Nothing of a mail that is passed over is stored.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from enum import StrEnum
from fnmatch import translate
from functools import cache, cached_property
from html import unescape
from typing import Literal, TypedDict

from archiver.core.packaged_data import packaged_yaml
from archiver.core.smtp import OWN_MESSAGE
from archiver.core.text_encodings import encoding_named
from archiver.reading.court_papers import court_paper_in
from archiver.reading.letter_sender import PUBLIC_MAIL, belongs
from archiver.reading.letter_thread import FORWARDED, NEW_PAPER, copies_last, newest, passed_on, split_thread
from archiver.reading.letter_words import known as known_letters
from archiver.reading.letter_words import without_addresses
from archiver.reading.letters import LetterKind
from archiver.reading.platforms import PLATFORMS

START_BYTES = 64 << 10  # of a mail by which it is chosen
UNEXPLAINED = (LetterKind.CCB_NOTICE, LetterKind.US_SUMMONS)  # court papers whose first page need not say what about
UNKNOWN = "no known platform, claimant or rule fits"
MAX_FIELD_LENGTH = 2000  # characters of a header's field
MAX_ENCODED_BLOCKS = 40  # blocks of base64 that are looked into
MAX_NOTE_WORDS = 120  # with the signature; a letter that somebody has copied into a note makes it longer
MIN_REFERENCE_LENGTH, MIN_REFERENCE_DIGITS = 5, 2  # of a reference by which a mail is known: shorter ones are anywhere


class MailUse(StrEnum):
    """What a mail is taken as: a paper of a platform, or a letter to answer. What is passed over has no use."""

    PAPER = "paper"
    LETTER = "letter"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class MailChoice:
    """What a mail is taken as, and why. The reason reveals nothing of the mail's content.

    `undecided`: it is none or a paper so far, but a document in it may be a letter.
    """

    use: MailUse
    reason: str
    undecided: bool = False


@dataclass(frozen=True, kw_only=True)
class SelectionRule:
    """A person's rule: patterns for the sender's address and the subject (`*` any text), and whether to take."""

    sender: str = "*"
    subject: str = "*"
    take: bool = True

    def fits(self, sender: str, subject: str) -> bool:
        return bool(_like(self.sender).fullmatch(sender) and _like(self.subject).fullmatch(subject))


@dataclass(frozen=True, kw_only=True)
class ClaimMarks:
    """What a further mail about a claim names: the claim's reference, or one of its mails (`Message-ID`)."""

    claim: str
    reference: str | None = None
    mails: frozenset[str] = frozenset()

    @cached_property
    def _reference(self) -> re.Pattern[str] | None:
        parts = re.findall(r"[^\W_]+", self.reference or "")
        plain = "".join(parts)
        if len(plain) < MIN_REFERENCE_LENGTH or sum(map(str.isdigit, plain)) < MIN_REFERENCE_DIGITS:
            return None
        return re.compile(rf"(?<![\w/-]){r'[\W_]{0,3}'.join(parts)}(?![\w/-])", re.IGNORECASE)

    def answered_by(self, header: str) -> bool:
        """Whether the mail with this header answers one of the claim's, or its subject names the reference."""
        before = {*message_ids(header_field(header, "in-reply-to")), *message_ids(header_field(header, "references"))}
        return bool(before & self.mails) or self.named_in(header_field(header, "subject"))

    def named_in(self, text: str) -> bool:
        return self._reference is not None and self._reference.search(text) is not None


def choose(
    start: bytes, rules: Sequence[SelectionRule] = (), domains: Iterable[str] = (), claims: Iterable[ClaimMarks] = (),
    documents: Sequence[str] = (),
) -> MailChoice:  # fmt: skip
    """Whether to take the mail that begins with these bytes, at most `START_BYTES` of them.

    `domains`: the client's, whose pages a letter names. `claims`: those that there are. `documents`: the text of each
    one that the mail encloses, if they were read.
    """
    header, text = split(start)
    text = NEW_PAPER.join([text, *(each[:START_BYTES] for each in documents)])
    domains = tuple(domains)
    sender, subject = address_of(header_field(header, "from")), header_field(header, "subject")
    for number, rule in enumerate(rules, 1):
        if rule.fits(sender, subject):
            use = MailUse.PAPER if rule.take else MailUse.NONE
            if rule.take and reads_as_letter(f"{subject}\n{text}", domains):
                use = MailUse.LETTER
            return MailChoice(use=use, reason=f"rule {number} of this source")
    if header_field(header, OWN_MESSAGE):
        return MailChoice(use=MailUse.NONE, reason="the archiver sent it")
    if _any("secret_subjects").search(subject):
        return MailChoice(use=MailUse.NONE, reason="its subject speaks of a code or a password")
    bulk = bool(re.search(_data()["bulk"], header, re.IGNORECASE | re.MULTILINE))
    domain = sender.rpartition("@")[2]
    if not bulk and any(each.answered_by(header) or each.named_in(text) for each in claims):
        return MailChoice(use=MailUse.LETTER, reason="it names the reference of a claim, or answers a mail about one")
    if is_note(header, text):
        return MailChoice(use=MailUse.NONE, reason="it is a short note among colleagues, and passes nothing on")
    claimant, platform = _claimant(domain), _platform(domain)
    if not claimant and is_answer(header, text, domains):
        return MailChoice(use=MailUse.NONE, reason="it answers a letter that it quotes")
    personal = not bulk or _names_page_of(" ".join(text.lower().split()), domains)
    if personal and reads_as_letter(f"{subject}\n{text}", domains):  # whoever sent it: agencies that sell also demand
        return MailChoice(use=MailUse.LETTER, reason="it reads as a letter about the use of a picture")
    if claimant and not bulk and not platform:
        return _of_claimant(claimant, " ".join(newest(f"{subject}.\n{text}").split()))
    if platform:
        title = PLATFORMS[platform].title if platform in PLATFORMS else platform.title()
        if _any("paper_subjects").search(subject) or not bulk:
            return MailChoice(use=MailUse.PAPER, reason=f"the sender is {title}", undecided=_encloses(text))
        return MailChoice(use=MailUse.NONE, reason=f"it goes to many people, and its subject names no paper of {title}")
    return MailChoice(use=MailUse.NONE, reason=UNKNOWN) if bulk else _by_documents(subject, text)


def _of_claimant(claimant: str, said: str) -> MailChoice:
    """A known claimant's mail that does not read as a letter by itself: what it says decides, then who sent it."""
    if is_closed(said):
        reason = f"the claimant {claimant} says that a case is closed; it is kept, and opens no claim"
        return MailChoice(use=MailUse.PAPER, reason=reason)
    if _any("announcement").search(without_addresses(said)):
        return MailChoice(use=MailUse.NONE, reason=f"the claimant {claimant} announces something, and asks for nothing")
    return MailChoice(use=MailUse.LETTER, reason=f"the sender is the claimant {claimant}")


def is_note(header: str, text: str) -> bool:
    """Whether a mail is a few words within one organisation: it quotes and encloses nothing, and no form sent it."""
    domains = {address_of(each).rpartition("@")[2] for name in ("from", "to") for each in
               header_field(header, name).split(",")}  # fmt: skip
    alone = len(domains) == 1 and not domains & {"", *PUBLIC_MAIL} and not header_field(header, "reply-to")
    return (
        alone
        and len(text.split()) <= MAX_NOTE_WORDS
        and not re.search(_data()["passed_on"], text, re.IGNORECASE | re.MULTILINE)
    )


def is_answer(header: str, text: str, domains: Iterable[str] = ()) -> bool:
    """Whether a mail goes to whom it quotes, and what that one wrote reads as a letter, but its own words do not."""
    own, *quoted = split_thread(text)
    answered = next((each for each in quoted if each.sender), None)
    if not answered or answered.sender not in [address_of(each) for each in header_field(header, "to").split(",")]:
        return False
    domains = tuple(domains)
    said = newest(re.sub(r"^[ \t]?> ?", "", answered.text.partition("\n")[2], flags=re.MULTILINE))
    return _reads_as_letter(said, domains) and not _reads_as_letter(own.text, domains)


def _by_documents(subject: str, text: str) -> MailChoice:
    """A stranger's mail that does not itself read as a letter: by what it quotes, passes on or encloses."""
    attached = _encloses(text)
    if attached and _any("letter_names").search(f"{subject}\n{_file_names(text)}"):
        return MailChoice(use=MailUse.LETTER, reason="its subject or a document in it is named like such a letter")
    if attached and _names_claimant(f"{subject}\n{text}"):
        return MailChoice(use=MailUse.LETTER, reason="it encloses a document, and names a known claimant")
    inner = [address.rpartition("@")[2] for address in _senders_inside(text)]
    if claimant := next(filter(None, (_claimant(domain) for domain in inner if not _platform(domain))), None):
        return MailChoice(use=MailUse.LETTER, reason=f"it passes on a mail of the claimant {claimant}")
    if platform := next(filter(None, map(_platform, inner)), None):
        title = PLATFORMS[platform].title if platform in PLATFORMS else platform.title()
        if _any("paper_subjects").search(f"{subject}\n{text}"):
            return MailChoice(use=MailUse.PAPER, reason=f"it passes on a mail of {title}")
    return MailChoice(use=MailUse.NONE, reason=UNKNOWN, undecided=attached)


def _encloses(text: str) -> bool:
    """Whether a mail encloses a document, in which a letter may be."""
    return re.search(_data()["attached"], text, re.IGNORECASE | re.MULTILINE) is not None


def reads_as_letter(text: str, domains: Iterable[str] = ()) -> bool:
    """Whether a text says that a picture was used wrongly, or asks for its licence, and asks for something.

    A text that names a known claimant needs no words of the first kind. `domains`: the client's, whose pages it names.
    So does a court's paper about a picture. Papers that are no letters count for nothing: a contract, an insurer's
    answer, our own to a letter that it quotes.
    """
    domains = tuple(domains)
    if court := court_paper_in(text):
        said = " ".join(text.split())
        return court[0] in UNEXPLAINED or bool(_any("work").search(said) or _any("wrong").search(said))
    if not _reads_as_letter(text, domains):
        return False
    return _reads_as_letter(NEW_PAPER.join(map(_without_answer, text.split(NEW_PAPER))), domains)


def _without_answer(paper: str) -> str:
    """A mail or document, empty if it is no letter; of one that passes on another's mail, what it passes on."""
    paper = copies_last(paper)
    own = newest(paper)
    said = " ".join(own.split())
    if not (_any("no_letter").search(said) or is_closed(said)):
        return paper
    return paper[len(own) :] if FORWARDED.match(paper) else passed_on(paper)


def is_closed(text: str) -> bool:
    """Whether a text, in one line, says that a case is over, and not only when it will be."""
    for found in _any("case_closed").finditer(text):
        before = re.split(r"[.!?:;] ", text[: found.start()])[-1]
        after = re.split(r"[.!?:;] ", text[found.end() :])[0]
        if not _any("only_if").search(f"{before} … {after}"):
            return True
    return False


def _reads_as_letter(text: str, domains: Sequence[str]) -> bool:
    text = " ".join(text.split())  # words stand on two lines, too
    small = text.lower()
    own = _names_page_of(small, domains)
    hinted = own or any(hint in small for hint in _data()["hints"])
    announces = _any("announcement").search(without_addresses(text))
    pictures = _any("work").search(text)
    said = hinted and (_any("wrong").search(text) or (pictures and _any("threat").search(text)))
    wrong = said and (own or not announces)
    wrong = wrong or (hinted and not announces and _is_found_on_page(text, own=own))
    if not wrong and (announces or not _names_claimant(text)):
        return False
    work = pictures or ("https://" in small and not _any("privacy").search(text))
    return bool(work and (_any("asks").search(text) or (own and _any("asks_by_sum").search(text))))


def _names_claimant(text: str) -> bool:
    small = text.lower()
    return any(name.search(text) for hint, name in _claimant_names() if hint in small)


def _is_found_on_page(text: str, *, own: bool) -> bool:
    """Whether somebody came upon a picture of theirs on the receiver's page, and speaks of rights to it."""
    found = _any("found").search(text)
    here = (found or _any("used").search(text)) if own else (found and _any("yours").search(text))
    return bool(here and _any("rights").search(text) and not _any("wishes").search(text))


def _names_page_of(small: str, domains: Sequence[str]) -> bool:
    """Whether a text in small letters names a page of one of these domains."""
    joined = re.sub(r"(?<=\w)- (?=\w)", "-", small)  # an address that is broken over two lines
    return any(domain.lower() in joined and _page_of(domain).search(joined) for domain in domains)


@cache
def _page_of(domain: str) -> re.Pattern[str]:
    before = r"(?:https?://(?:[\w-]+\.)*|(?<![\w@-]))(?:www\.)?"
    return re.compile(rf"{before}{re.escape(domain)}\b", re.IGNORECASE)


# ---------------------------------------------------------------- the parts of a mail


def split(start: bytes) -> tuple[str, str]:
    """A mail's header, unfolded, and the words of what follows, as far as these bytes have them."""
    head, _, body = start.replace(b"\r\n", b"\n").partition(b"\n\n")
    named = _CHARSET.search(start)
    return re.sub(r"\n[ \t]+", " ", head.decode("utf-8", "replace")), words_of(body, named[1].decode() if named else "")


_CHARSET = re.compile(rb"\bcharset\s*=\s*[\"']?(?!utf|us-ascii)([\w-]{3,20})", re.IGNORECASE)


def words_of(body: bytes, charset: str = "") -> str:
    """The readable text of a mail's body without taking it apart: as it is, and what is encoded in it.

    `charset`: that of what is not UTF-8; Western letters if it is not known.
    """
    plain = quopri.decodestring(body) if re.search(rb"=[0-9A-F]{2}|=\n", body) else body
    texts = [_decoded(plain, charset)]
    for number, block in enumerate(re.finditer(rb"(?:^[A-Za-z0-9+/]{40,76}=*\n?)+(?:[A-Za-z0-9+/]+=*)?", body, re.M)):
        if number == MAX_ENCODED_BLOCKS:
            break
        encoded = b"".join(block[0].split())
        try:
            plain = base64.b64decode(encoded[: len(encoded) - len(encoded) % 4])
        except (binascii.Error, ValueError):
            continue
        if b"\0" not in plain[:2000]:
            texts.append(_decoded(plain, charset))
    return "\n".join(unescape(re.sub(r"<(?!https?:)[a-zA-Z/!][^<>@]{0,2000}>", " ", text)) for text in texts)


def _decoded(content: bytes, charset: str) -> str:
    for each in ("utf-8", encoding_named(charset) or "utf-8"):
        with suppress(UnicodeDecodeError):
            return content.decode(each)
    return content.decode("cp1252", "replace")


def header_field(header: str, name: str) -> str:
    """A field of an unfolded header, decoded; empty if it is missing."""
    found = re.search(rf"^{name}\s*:\s*(.*)$", header, re.IGNORECASE | re.MULTILINE)
    value = found[1][:MAX_FIELD_LENGTH] if found else ""
    with suppress(MessageError, LookupError, UnicodeError, ValueError):  # it stays as it stands
        # UTF-7 smuggles in half characters, which cannot be printed.
        value = " ".join(str(make_header(decode_header(value))).split()).encode("utf-8", "replace").decode()
    return value


def address_of(value: str) -> str:
    """The address in a sender's field, in small letters."""
    found = re.findall(r"[\w.+'=-]{1,64}@[\w-]+(?:\.[\w-]+)+", value)
    return found[-1].lower() if found else ""


def message_ids(value: str) -> list[str]:
    """The IDs of mails in a field that names some."""
    return re.findall(r"<[^<>\s]+>", value)


def _file_names(text: str) -> str:
    """The names of the documents that a mail encloses, one a line."""
    return "\n".join(re.findall(r"name\*?=([^\n;]{1,300})", text, re.IGNORECASE))


def _senders_inside(text: str) -> Iterator[str]:
    """The addresses of senders of mails that a text quotes, passes on or encloses."""
    pattern = r"^[ \t>*|]*(?:from|von|de|van|expéditeur|reply-to)\b[ \t*]*:(.{1,300})"
    for found in re.finditer(pattern, text, re.IGNORECASE | re.MULTILINE):
        yield address_of(found[1])


# ---------------------------------------------------------------- the data


class SelectionWords(TypedDict):
    """The content of `mail_selection.yaml`."""

    platform_senders: dict[str, list[str]]
    paper_subjects: list[str]
    secret_subjects: list[str]
    bulk: str
    letter_names: list[str]
    attached: str
    passed_on: str
    hints: list[str]
    wrong: list[str]
    threat: list[str]
    yours: list[str]
    used: list[str]
    found: list[str]
    rights: list[str]
    wishes: list[str]
    announcement: list[str]
    no_letter: list[str]
    case_closed: list[str]
    only_if: list[str]
    privacy: list[str]
    work: list[str]
    asks: list[str]
    asks_by_sum: list[str]


type _PatternName = Literal[
    "paper_subjects", "secret_subjects", "letter_names",
    "wrong", "threat", "yours", "found", "used", "rights", "wishes", "announcement", "no_letter", "privacy", "work",
    "case_closed", "only_if",
    "asks", "asks_by_sum",
]  # fmt: skip


def _data() -> SelectionWords:
    return packaged_yaml(SelectionWords, "archiver.collect", "mail_selection.yaml")


@cache
def _any(part: _PatternName) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in _data()[part]), re.IGNORECASE)


@cache
def _like(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern), re.IGNORECASE)


@cache
def _platform(domain: str) -> str | None:
    """The platform that sends from a domain."""
    for name, domains in _data()["platform_senders"].items():
        if belongs(domain, domains):
            return name
    for name, platform in PLATFORMS.items():
        sites = [each for each in re.split(r"\|(?![^(]*\))", platform.marks) if r"\." in each]
        if any(re.fullmatch(rf"(?:[\w-]+\.)*(?:{each})", domain, re.IGNORECASE) for each in sites):
            return name
    return None


@cache
def _claimant_names() -> list[tuple[str, re.Pattern[str]]]:
    """The patterns of known claimants' names, each with plain small letters that are in whatever fits it."""
    patterns = [
        name
        for each in known_letters()["claimants"]
        if each["name"] != "Getty Images"  # whose name is in many a receipt
        for name in each["names"]
    ]
    return [
        (max(re.findall(r"[a-z]+", re.sub(r"\\.|\(.*?\)\??|\[.*?\]|\w\?", " ", name.lower())), key=len, default=""),
         re.compile(name, re.IGNORECASE))
        for name in patterns
    ]  # fmt: skip


@cache
def _claimant(domain: str) -> str | None:
    """The known claimant that writes from a domain."""
    for each in known_letters()["claimants"]:
        if belongs(domain, each["domains"]):
            return each["name"]
    return None
