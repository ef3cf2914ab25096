"""Is the claim itself sound? Who writes, what the letter proves and what it lacks, and a neutral first answer.

The points and texts are in `soundness.yaml`. The letter's text is read once and kept beside the claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NotRequired, TypedDict

from archiver.claims import claim_files
from archiver.claims.claim_files import Claim
from archiver.claims.drafts import Draft, draft_heading, fill_in, write_drafts
from archiver.claims.letter_reader import parse_letter
from archiver.claims.pack_words import PackWords
from archiver.claims.rule_engine import Verdict
from archiver.core.json_files import read_json, write_json
from archiver.core.model import iso
from archiver.core.packaged_data import packaged_yaml
from archiver.home.settings import Home
from archiver.reading.letter_words import known
from archiver.reading.mail import looks_like_mail, lookup_for, origin_by
from archiver.reading.terminal_safe import printable
from archiver.reading.worker import DocumentReader

LETTER_TEXT = ".letter.json"
MAX_QUOTE_LENGTH = 120  # characters
MAX_TEXT_LENGTH = 200_000  # characters of a letter that are examined
MAX_CHANGED_LETTERS = 2  # of a domain that imitates another one

_HOST = re.compile(r"(?:@|https?://|\bwww\.)((?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24})\b", re.IGNORECASE)
_SIGNED = re.compile(r"\bpass: .*")


@dataclass(frozen=True, kw_only=True)
class LetterText:
    """A letter's text, and what the signatures of its mail say (see `reading.mail.origin`)."""

    text: str = ""
    origin: str = ""


@dataclass(frozen=True, kw_only=True)
class SoundnessPoint:
    """One thing that a claimant should prove. `quote` is where the letter does so; None if it does not."""

    key: str
    quote: str | None
    names: Mapping[str, str]
    asks: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class WriterFinding:
    """What the addresses and signatures say about the sender. `key` is `signed`, `known`, `imitation` and so on."""

    key: str
    verdict: Verdict
    messages: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Soundness:
    """The result: who writes, and the points. `read` is false if there is no letter to examine."""

    writer: WriterFinding
    points: tuple[SoundnessPoint, ...]
    read: bool

    @property
    def lacks(self) -> list[SoundnessPoint]:
        """The points that the letter does not prove."""
        return [each for each in self.points if each.quote is None]

    def as_json(self, language: str = "en") -> dict[str, object]:
        """The `soundness` of `claim show --json`."""
        points = [{"point": each.key, "name": each.names[language], "quote": each.quote} for each in self.points]
        writer = {"finding": self.writer.key, "verdict": self.writer.verdict.value}
        return {"read": self.read, "writer": writer | {"message": self.writer.messages[language]}, "points": points}

    def as_lines(self, language: str = "en") -> list[str]:
        """The result as sentences for a terminal."""
        proven = [f"+ {each.names[language]}: “{each.quote}”" for each in self.points if each.quote]
        return [self.writer.messages[language], *proven, *(f"- lacks: {each.names[language]}" for each in self.lacks)]


type Texts = dict[str, str]
"""A text in each language."""


class _Point(TypedDict):
    key: str
    only_with: NotRequired[str]
    name: Texts
    ask: Texts
    proven_by: list[str]  # patterns


class _LetterTexts(TypedDict):
    internal: bool  # it stays in the agency, so it is also for an Abmahnung
    paragraphs: list[Texts]


class SoundnessData(TypedDict):
    """The points, texts and links of `soundness.yaml`."""

    points: list[_Point]
    writer: dict[str, Texts]
    reverse_searches: list[dict[str, str]]
    letters: dict[str, _LetterTexts]


def soundness_data() -> SoundnessData:
    """The content of `soundness.yaml`."""
    return packaged_yaml(SoundnessData, "archiver.claims", "soundness.yaml")


# ---------------------------------------------------------------- what the letter says


def examine(letter: LetterText, claimant: str | None, *, amount: float | None = None) -> Soundness:
    """Examine a letter's text. No I/O. A point counts as proven only if the letter shows it."""
    text = letter.text[:MAX_TEXT_LENGTH]
    wanted = [each for each in soundness_data()["points"] if each.get("only_with") != "amount" or amount is not None]
    points = [
        SoundnessPoint(key=each["key"], quote=_quoted(each["proven_by"], text), names=each["name"], asks=each["ask"])
        for each in wanted
    ]
    return Soundness(writer=_writer(letter, text, claimant), points=tuple(points), read=bool(text.strip()))


def _quoted(patterns: Iterable[str], text: str) -> str | None:
    for pattern in patterns:
        if found := re.search(pattern, text, re.IGNORECASE):
            return printable(" ".join(found[0].split()))[:MAX_QUOTE_LENGTH]
    return None


def _writer(letter: LetterText, text: str, claimant: str | None) -> WriterFinding:
    hosts = list(dict.fromkeys(found[1].lower() for found in _HOST.finditer(text)))
    one = next((each for each in known()["claimants"] if each["name"].casefold() == (claimant or "").casefold()), None)
    everybody = [domain for each in known()["claimants"] for domain in each["domains"]]
    failed = [each.lower() for each in re.findall(r"\bfail: ([\w.-]+)", letter.origin)]
    if seen := next((each for each in failed if _within(each, everybody)), None):  # others are changed in forwarding
        return _finding("forged", Verdict.NOT_COVERED, seen=seen)
    if one is None:
        for each in known()["claimants"]:
            if pair := _imitated(hosts, each["domains"]):
                return _finding("imitation", Verdict.NOT_COVERED, claimant=each["name"], seen=pair[0], known=pair[1])
        return _finding("unknown", Verdict.OPEN)
    facts = {"claimant": one["name"], "known": ", ".join(one["domains"])}
    if pair := _imitated(hosts, one["domains"]):
        return _finding("imitation", Verdict.NOT_COVERED, **facts | {"seen": pair[0], "known": pair[1]})
    signers = re.findall(r"[a-z0-9.-]+", found[0].lower()) if (found := _SIGNED.search(letter.origin)) else []
    if signer := next((each for each in signers if _within(each, one["domains"])), None):
        return _finding("signed", Verdict.COVERED, **facts, seen=signer)
    if seen := next((each for each in hosts if _within(each, one["domains"])), None):
        return _finding("known", Verdict.OPEN, **facts, seen=seen)
    return _finding("other", Verdict.OPEN, **facts)


def _finding(key: str, verdict: Verdict, **facts: str) -> WriterFinding:
    printed = {name: printable(text) for name, text in facts.items()}
    messages = {language: text.format(**printed) for language, text in soundness_data()["writer"][key].items()}
    return WriterFinding(key=key, verdict=verdict, messages=messages)


def _within(host: str, domains: Iterable[str]) -> bool:
    return any(host == each or host.endswith(f".{each}") for each in domains)


def _imitated(hosts: Iterable[str], domains: Sequence[str]) -> tuple[str, str] | None:
    """The first host that resembles a known domain without being one, and that domain."""
    for host in hosts:
        if _within(host, domains):
            continue
        for domain in domains:
            name, own = domain.rpartition(".")[0].rpartition(".")[2], host.split(".")
            base = ".".join(own[-2:])
            near = _distance(base, domain) <= MAX_CHANGED_LETTERS and len(name) > 5
            if near or name in re.split(r"[-.]", host):
                return host, domain
    return None


def _distance(one: str, other: str) -> int:
    """The edit distance of two short texts; large for texts of very different lengths."""
    if abs(len(one) - len(other)) > MAX_CHANGED_LETTERS:
        return MAX_CHANGED_LETTERS + 1
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        before, row[0] = row[0], number
        for at, second in enumerate(other, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (letter != second))
    return row[-1]


# ---------------------------------------------------------------- of a claim on disk


def soundness_of(home: Home, claim: Claim) -> Soundness:
    """Examine a claim's letter. It is read once; its text stays beside the claim as a working paper."""
    return examine(letter_text(home, claim), claim.claimant, amount=claim.amount)


def letter_text(home: Home, claim: Claim) -> LetterText:
    """The text of a claim's letter; empty without a letter."""
    folder = claim_files.folder(home, claim.claim)
    if not claim.letter or not (folder / claim.letter).is_file():
        return LetterText()
    content = (folder / claim.letter).read_bytes()
    digest, kept = sha256(content).hexdigest(), folder / LETTER_TEXT
    with suppress(KeyError, TypeError):  # not read yet, or damaged: read the letter again
        found = read_json(kept)
        if found["sha256"] == digest:
            return LetterText(text=str(found["text"]), origin=str(found["origin"]))
    with DocumentReader() as reader:
        parsed = parse_letter(content, reader)
        lookup = lookup_for(replay=home.settings.replay)
        origin = origin_by(reader, content, lookup) if looks_like_mail(content) else ""
    letter = LetterText(text="\n".join((parsed.text, *parsed.links)), origin=origin)
    with suppress(OSError):  # a read-only home reads the letter each time
        write_json(kept, {"sha256": digest, "text": letter.text, "origin": origin})
    return letter


# ---------------------------------------------------------------- letters that need no licence


# many parameters: what a letter says of its sender, beside the claim
def short_letters(
    claim: Claim, found: Soundness, language: str, *, client: str, agency: str | None, signature: str | None = None,
    evidence: bool = True,
) -> list[Draft]:  # fmt: skip
    """The first answer, the request for more time, and the mail to a colleague; for a lawyer the last one only."""
    facts = _facts(claim, found, client=client, agency=agency, signature=signature)
    made = []
    for name, said in soundness_data()["letters"].items():
        if claim.for_lawyer and not said["internal"]:
            continue
        lines = filter(None, (fill_in(each[language], facts) for each in said["paragraphs"]))
        made.append(Draft(name, draft_heading(language, evidence=evidence), tuple(lines)))
    return made


def letters_of(home: Home, claim: Claim, found: Soundness, language: str, by: str | None = None) -> list[Draft]:
    """The short letters of a claim on disk; `by` signs them."""
    client = home.client(claim.client)
    return short_letters(
        claim, found, language, client=client.name, agency=home.settings.agency.name or None, signature=by,
        evidence=not home.settings.replay,
    )  # fmt: skip


def write_short_letters(home: Home, claim: Claim, found: Soundness, language: str) -> list[Path]:
    """Write the short letters into the claim's folder `letters`. What a person edited stays."""
    return write_drafts(claim_files.folder(home, claim.claim) / "letters", letters_of(home, claim, found, language))


def _facts(claim: Claim, found: Soundness, *, client: str, agency: str | None, signature: str | None) -> dict[str, str]:
    url = next(iter(claim.urls), None)
    facts: dict[str, str | None] = {
        "reference": claim.reference, "claim": claim.claim, "client": client,
        "signature": "\n".join(filter(None, (signature, agency or client))),
        **{f"on_page_{language}": f" {on} {url}" if url else "" for language, on in (("en", "on"), ("de", "auf"))},
    }  # fmt: skip
    for language, of, on, until in (("en", "of", "on", "until"), ("de", "vom", "am", "bis zum")):
        words = PackWords(language)
        asks = [each.asks[language] for each in found.lacks]
        facts |= {
            f"of_day_{language}": f" {of} {words.moment(iso(claim.dated))}" if claim.dated else "",
            f"came_{language}": f" {on} {words.moment(iso(claim.came))}" if claim.came else "",
            f"until_{language}": f" {until} {words.moment(iso(claim.deadline))}" if claim.deadline else "",
            f"asks_{language}": "; ".join(f"({n}) {ask}" for n, ask in enumerate(asks, 1)) or None,
        }
    facts["deadline"] = iso(claim.deadline)
    return {name: printable(value, keep="\n") for name, value in facts.items() if value is not None}
