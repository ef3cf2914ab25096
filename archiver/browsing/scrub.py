"""Scrub a recording: replace secret and personal values with placeholders everywhere.

Nobody can list the secrets of an unknown page. So the scrubber combines three sources: values that the archiver knows
(the vault, the user name, the licensee or order that the adapter read), names and shapes (cookies, tokens, JSON keys,
labels), and a final check that refuses what still has such a name or shape. Equal values get equal placeholders in
every exchange, so the recording still works.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NotRequired, TypedDict
from urllib.parse import quote, quote_plus

import yaml

from archiver.browsing.capture import cookie_secrets
from archiver.browsing.recording import Recording
from archiver.core.atomic_files import scratch_folder
from archiver.core.errors import SecretLeft
from archiver.core.yaml_source import Value, load
from archiver.reading import placeholders, secret_scan
from archiver.reading.documents import is_pdf
from archiver.reading.worker import DocumentReader

MARK = "scrubbed by `archiver recording scrub`"  # among a recording's sources
TOKEN, COOKIE, MAIL, NAME, NUMBER = "token", "cookie", "mail", "name", "number"
SHORTEST_NAME, SHORTEST_NUMBER = 4, 5  # shorter ones go only where a key or a label tells what they are
MIN_NAME_LETTERS = 8  # letters of a user name in small letters that goes everywhere
MAX_BASE64_DEPTH = 3  # base64 within base64

_TOTP = "RECORDEDTOTPAAAA"  # base32, as the real one
_STAND_IN = re.compile(
    r"RECORDED[\w-]*|example-\d+|Example Name \d+|person-\d+@example\.com|eyJ[\w-]+\.[\w-]+\.RECORDED|"
    + re.escape(secret_scan.MASK.decode())
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]{4,4096}\.(eyJ[\w-]{4,8192})\.[\w-]{4,4096}")
_MAIL = re.compile(
    r"[\w.+-]{1,64}(?P<at>@|%40|&#64;|\\u0040)(?P<host>[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}\.[A-Za-z]{2,24})\b"
)
# Names that no real mailbox has: reserved by RFC 2606, and endings of files (`logo@2x.png`).
_NO_MAILBOX = re.compile(
    r"(?:.*\.)?example\.(?:com|org|net)|.*\.(?:example|test|invalid|png|jpe?g|gif|svg|webp|avif|css|m?js|map|ico)", re.I
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_PICTURE = re.compile(r"data:image/[\w.+-]+;base64,[A-Za-z0-9+/=]{120,}")
_INTEGRITY = re.compile(r"\sintegrity\s*=\s*(\"[^\">]{0,500}\"|'[^'>]{0,500}')")  # no script is what it was
_OPAQUE = re.compile(r"(?<![\w.-])[\w.-]*[A-Za-z0-9]{24,}[\w.-]*")
_SIGNED = re.compile(
    r"[?&;](?:amp;)?(?:token|sig|signature|policy|key-pair-id|x-amz-[\w-]+|hmac|hdnea|hdnts|auth|code|state|nonce"
    r"|ticket|sid|session|key)=(?P<value>[^&#;\s\"'<>\\]{8,8192})",
    re.IGNORECASE,
)
_TEXT = r"(?P<quote>\\?\")(?P<value>(?:(?!(?P=quote))(?:\\.|[^\"\\])){1,200})(?P=quote)"
_NAME_KEYS = (
    r"(?:first|last|full|given|family|middle|display|user|screen|nick|contact|billing|company|customer|licensee|member"
    r"|account|login|org(?:ani[sz]ation)?)[-_ ]?name|(?:user|sur|fore|vor|nach)name"
    r"|login|licensee|licensed[-_]?to|company|customer|recipient|(?:purchased|ordered)[-_]?by|end[-_]?client"
    r"|project[-_]?(?:name|title)"
    r"|phone(?:[-_]?number)?|mobile|street|address(?:[-_]?line)?[-_]?\d?|postal[-_]?code|vat(?:[-_]?(?:id|number))?|iban"
)
_NUMBER_KEYS = (
    r"(?:order|invoice|receipt|transaction|purchase[-_]?order|payment|wallet)[-_ ]?(?:id|no|nr|number|code|reference)"
)
_KEYED: dict[str, tuple[re.Pattern[str], ...]] = {
    NAME: (
        re.compile(rf"\"(?:{_NAME_KEYS})\\?\"\s{{0,9}}:\s{{0,9}}{_TEXT}", re.I),
        re.compile(
            r"\"(?:user|owner|customer|account|person|profile|member|licensee|buyer|me|viewer)\\?\"\s{0,9}:\s{0,9}"
            rf"\{{[^{{}}]{{0,2000}}?\"name\\?\"\s{{0,9}}:\s{{0,9}}{_TEXT}",
            re.I,
        ),
    ),
    NUMBER: (
        re.compile(rf"\"(?:{_NUMBER_KEYS})\\?\"\s{{0,9}}:\s{{0,9}}{_TEXT}", re.I),
        re.compile(rf"\"(?:{_NUMBER_KEYS})\\?\"\s{{0,9}}:\s{{0,9}}(?P<value>\d{{1,30}})", re.I),
        re.compile(rf"\"code\\?\"\s{{0,9}}:\s{{0,9}}\\?\"(?P<value>{_UUID.pattern})", re.I),  # Envato's purchase code
        re.compile(r"(?<![\w-])(?P<value>(?:\d{4}[ -]){3}\d{4})(?![\w-])"),  # a payment card
        re.compile(rf"\"wallet\\?\"\s{{0,9}}:\s{{0,9}}\{{[^{{}}]{{0,200}}?\"id\\?\"\s{{0,9}}:\s{{0,9}}{_TEXT}", re.I),
    ),
}
_PERSON = r"(?P<value>[A-Z\u00c0-\u00de][\w'\u2019.-]{1,30}(?: [A-Z\u00c0-\u00de][\w'\u2019.-]{1,30}){0,3})"
_DISPLAYED_NAME = (  # how pages show who is signed in
    re.compile(
        r"\b(?i:hi|hello|welcome(?: back)?|(?:signed|logged) in as|hallo|willkommen(?: zur\u00fcck)?|angemeldet als)"
        rf"[,!:]?(?:\s|&nbsp;|<[^<>]{{0,300}}>){{1,20}}{_PERSON}"
    ),
    re.compile(
        r"<(?!label|button|option|input)\w+[^<>]{0,300}(?:class|id|data-[\w-]{1,30})=[\"'][^\"'<>]{0,200}"
        r"(?:user|display|account|profile|full|member|owner|customer)(?:-|_|__)?name[^\"'<>]{0,200}[\"'][^<>]{0,300}>"
        r"\s{0,20}(?P<value>[^<>\s][^<>]{1,80})<",
        re.I,
    ),
    re.compile(
        r"\bdata-(?:user|display|account|profile|full|member|owner|customer)-?name=[\"'](?P<value>[^\"'<>]{2,80})", re.I
    ),
)
_BETWEEN = r"(?:\s|&nbsp;|<[^<>]{0,300}>){0,20}"
_LABELLED = {
    NAME: re.compile(
        r"\b(?:Licensee|Licensed to|Bill(?:ed)? to|Customer(?: name)?|Account holder|Purchased by|Ordered by|Buyer"
        r"|User ?name|Registered Project Name|Phone|Address|VAT(?: ID| number)?|IBAN)"
        rf"{_BETWEEN}:{_BETWEEN}(?P<value>[^<>\r\n:]{{2,120}})",
        re.I,
    ),
    NUMBER: re.compile(
        r"\b(?:Order|Invoice|Receipt|Transaction|Purchase order|Purchase)"
        rf"(?: ?(?:No\.?|Nr\.?|Number|ID|Code)(?:{_BETWEEN}[:#])?|{_BETWEEN}[:#]|(?=\s[A-Z0-9/-]{{0,35}}\d{{5}}))"
        rf"{_BETWEEN}"
        r"(?P<value>(?=[^<\s]*\d)[A-Za-z0-9/-]{3,40})",
        re.I,
    ),
}
_KEYED[NAME] += _DISPLAYED_NAME
# Where a body is code, only what cannot be anything but a token is taken: all else would break it.
_CODE = re.compile(r"javascript|ecmascript|text/css")
_KEY = re.compile(r"(?=[^\d]*\d)[\w+/=.~%-]{12,}")  # cannot be mistaken for a word
_PREFIX = re.compile(r"(?:[A-Z]{1,5}[-_/])(?:(?:19|20)\d\d[-_/])?")  # of an id: letters, perhaps a year
_WORD = re.compile(r"[^\W\d_]+")
# What may follow directly before a value: an escape, or anything but a letter or digit.
_BEFORE, _AFTER = r"(?:(?<![^\W_])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))", r"(?![^\W_])"


def is_stand_in(value: str) -> bool:
    """Whether this is one of ours, or says of itself that it was never real."""
    return _STAND_IN.fullmatch(value) is not None


# ---------------------------------------------------------------- stand-ins


@dataclass
class StandIns:
    """One stand-in for each value, counted by kind; never one that `taken` (the text of the recording) has already."""

    taken: str = ""
    again: bool = False  # the recording was scrubbed before, so that shaped stand-ins are known by their shape
    given: dict[str, str] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def __call__(self, kind: str, value: str) -> str:
        key = value.casefold() if kind in (MAIL, NAME) else value
        if key not in self.given:
            self.given[key] = value if self.ours(value) else self._new(kind, value)
            self.made.add(self.given[key])
        return self.given[key]

    def ours(self, value: str) -> bool:
        return is_stand_in(value) or value in self.made or (self.again and _shaped_before(value))

    def _new(self, kind: str, value: str) -> str:
        while True:
            self.counts[kind] += 1
            made = _stand_in(kind, value, self.counts[kind])
            if made == _TOTP or made not in self.taken:
                return made


def _stand_in(kind: str, value: str, number: int) -> str:
    if kind == MAIL:
        return f"person-{number}@example.com"
    if kind == NAME:
        return f"Example Name {number}" if " " in value else f"example-{number}"
    if kind == NUMBER:
        return of_same_shape(value, number)
    if kind == "totp":
        return _TOTP
    if token := _JWT.fullmatch(value):
        claims = _decoded(token[1]) or "{}"
        payload = json.dumps({"recorded": number, **_times(claims)}, separators=(",", ":"))
        return ".".join((_encoded('{"alg":"none","typ":"JWT"}'), _encoded(payload), "RECORDED"))
    return f"RECORDED-{kind.upper().replace('_', '-')}-{number}"


def of_same_shape(value: str, number: int) -> str:
    """A counted value of the same shape: digits for digits, letters (a to f) for letters, all else as it was.

    What numbers of one kind begin with (`FJ-2026-`) stays, since an adapter may look for it.
    """
    prefix = _PREFIX.match(value)
    if prefix and any(map(str.isalnum, value[prefix.end() :])):
        return prefix[0] + of_same_shape(value[prefix.end() :], number)
    if _UUID.fullmatch(value):
        return f"00000000-0000-4000-8000-{number:012d}"
    made: list[str] = []
    for char in reversed(value):
        if char.isdecimal():
            number, digit = divmod(number, 10)
            made.append(str(digit))
        elif char.isalpha():
            number, letter = divmod(number, 6)
            made.append(chr(ord("A" if char.isupper() else "a") + letter))
        else:
            made.append(char)
    text = "".join(reversed(made))
    return "9" + text[1:] if value[0] in "123456789" else text


def _shaped_before(value: str) -> bool:
    value = _PREFIX.sub("", value)
    bare = re.sub("[^A-Za-z0-9]", "", value)
    counted = len(bare) >= SHORTEST_NUMBER and re.fullmatch("[9aA0][0aA]*[0-9a-fA-F]{1,4}", bare) is not None
    return counted or re.fullmatch(r"00000000-0000-4000-8000-\d{12}", value) is not None


def _times(claims: str) -> dict[str, int]:
    """What adapters read in a token: from when and until when it holds."""
    try:
        said = json.loads(claims)
    except ValueError:
        return {}
    return {name: said[name] for name in ("iat", "nbf", "exp") if isinstance(said.get(name), int)}


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(run: str) -> str | None:
    """The text in a run of base64 of either alphabet; None where there is none."""
    bare = run.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        text = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text if all(char.isprintable() or char in "\r\n\t" for char in text) else None


# ---------------------------------------------------------------- finding and replacing


class Scrubber:
    """Learns what a recording must not keep, and replaces it. `known` maps values to kinds (`token`, `name`, ...)."""

    def __init__(self, known: Mapping[str, str], taken: str = "", *, again: bool = False) -> None:
        self.stand_ins = StandIns(taken, again)
        self.known: dict[str, str] = {}
        self.replaced: Counter[str] = Counter()
        self._patterns: list[re.Pattern[str]] | None = None
        self._pairs: dict[str, tuple[str, str]] = {}  # a form of a value -> its kind and its stand-in's form
        self._hidden: list[str] = []  # every form of every token
        for value, kind in known.items():
            self.learn(kind, value, word=len(value) < MIN_NAME_LETTERS)

    def learn(self, kind: str, value: str, *, word: bool = True) -> None:
        """Replace this value wherever it stands, unless it is too short or too common to be told from other text.

        `word`: whether a name that is one small word, as `standard` is, counts as too common.
        """
        value = value.strip()
        if _real_mail(value):
            kind = MAIL
        if not value or value in self.known or self.stand_ins.ours(value) or _common(kind, value, word=word):
            return
        self.known[value] = kind
        self._patterns = None

    def learn_text(self, text: str, *, code: bool = False, depth: int = 0) -> None:
        """What this text itself tells to be secret or personal."""
        for kind, value in self._counted(text, code=code):
            if kind != TOKEN or _KEY.fullmatch(value):  # else it goes only where it was told
                self.learn(kind, _plain(value))
        if depth < MAX_BASE64_DEPTH:
            for run in _BASE64.finditer(text):
                if inner := _decoded(run[0]):
                    self.learn_text(inner, depth=depth + 1)

    def text(self, text: str, *, code: bool = False, depth: int = 0) -> str:
        """The text with stand-ins."""
        text = _PICTURE.sub("data:image/gif;base64," + base64.b64encode(placeholders.picture("")).decode(), text)
        text = self._globally(_INTEGRITY.sub("", text))
        if not code:
            text = self._in_place(text)
        text = _MAIL.sub(self._mail, text)
        if depth < MAX_BASE64_DEPTH:
            text = _BASE64.sub(lambda run: self._base64(run[0], depth), text)
            self._compiled()
            for form in self._hidden:  # inside base64 of something that is no text
                text = text.replace(form, "A" * len(form))
        return text

    def leftovers(self, text: str, *, code: bool = False, depth: int = 0) -> Iterator[str]:
        """In words, what a scrubbed text still has of it; never the value."""
        for pattern in self._compiled():
            for found in pattern.finditer(text):
                yield f"a known {self._pairs[found[0].casefold()][0]}{_behind(text, found.start())}"
        for kind, value in self._counted(text, code=code):
            if not self.stand_ins.ours(value):
                yield f"what looks like a {kind}{_behind(text, text.find(value))}"
        if depth < MAX_BASE64_DEPTH:
            for run in _BASE64.finditer(text):
                if inner := _decoded(run[0]):
                    yield from self.leftovers(inner, depth=depth + 1)
            if any(form in text for form in self._hidden):
                yield "a known token"

    # How

    def _counted(self, text: str, *, code: bool) -> Iterator[tuple[str, str]]:
        """Values by name or shape, with their kinds; stand-ins among them."""
        content = text.encode("utf-8", "replace")
        if code:
            yield from ((TOKEN, value) for value in sorted(secret_scan.named_tokens(content)))
        else:
            yield from _counted_outside_code(content, text)
        for token in _JWT.finditer(text):
            yield TOKEN, token[0]
        for mail in _MAIL.finditer(text):
            value = mail[0].replace(mail["at"], "@")
            if _real_mail(value):
                yield MAIL, value

    def _compiled(self) -> list[re.Pattern[str]]:
        """One pattern for what may stand anywhere, one for words, which have ends."""
        if self._patterns is None:
            self._pairs, anywhere, words, folded = {}, set[str](), set[str](), set[str]()
            for value, kind in self.known.items():
                stand_in = self.stand_ins(kind, value)
                for form in _FORMS:
                    readable = form(value)
                    self._pairs.setdefault(readable.casefold(), (kind, form(stand_in)))
                    fold = kind == MAIL or (kind == NAME and " " in value)
                    (folded if fold else words if kind in (NAME, NUMBER) else anywhere).add(readable)
            tokens = [value for value, kind in self.known.items() if kind not in (NAME, NUMBER, MAIL)]
            hidden = {form for token in tokens for form in secret_scan.forms(token)}
            self._hidden = [form.decode("utf-8", "replace") for form in sorted(hidden, key=len, reverse=True)]
            self._patterns = [
                re.compile(f"{start}(?:{'|'.join(map(re.escape, sorted(group, key=len, reverse=True)))}){end}", flag)
                for group, start, end, flag in (
                    (anywhere, "", "", 0),
                    (folded, _BEFORE, _AFTER, re.IGNORECASE),
                    (words, _BEFORE, _AFTER, 0),
                )
                if group
            ]  # fmt: skip
        return self._patterns

    def _globally(self, text: str) -> str:
        def swap(found: re.Match[str]) -> str:
            kind, stand_in = self._pairs[found[0].casefold()]
            self.replaced[kind] += 1
            return stand_in

        for pattern in self._compiled():
            text = pattern.sub(swap, text)
        return text

    def _stand(self, kind: str, value: str) -> str:
        if self.stand_ins.ours(value):
            return value
        self.replaced[kind] += 1
        return self.stand_ins(kind, _plain(value))

    def _in_place(self, text: str) -> str:
        """What a name or label tells, where it stands: too short or too common to be looked for elsewhere."""

        def swap(value: bytes) -> bytes:
            return self._stand(TOKEN, value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

        text = secret_scan.replace_named(text.encode("utf-8", "surrogateescape"), swap).decode(
            "utf-8", "surrogateescape"
        )
        text = _SIGNED.sub(partial(self._within, TOKEN), text)
        for kind, patterns in _KEYED.items():
            for pattern in (*patterns, _LABELLED[kind]):
                text = pattern.sub(partial(self._within, kind), text)
        return text

    def _within(self, kind: str, found: re.Match[str]) -> str:
        whole, value = found[0], found["value"]
        start = found.start("value") - found.start()
        readable = _printable(value)
        if not readable or _in_stand_in(found):
            return whole
        made = value.replace(readable, self._stand(kind, readable), 1)
        return whole[:start] + made + whole[start + len(value) :]

    def _mail(self, found: re.Match[str]) -> str:
        value = found[0].replace(found["at"], "@")
        return self._stand(MAIL, value).replace("@", found["at"]) if _real_mail(value) else found[0]

    def _base64(self, run: str, depth: int) -> str:
        inner = _decoded(run)
        if not inner:
            return run
        scrubbed = self.text(inner, depth=depth + 1)
        if scrubbed == inner:
            return run
        made = base64.b64encode(scrubbed.encode()).decode()
        made = made if run.endswith("=") or len(run) % 4 == 0 else made.rstrip("=")
        return made if set("+/") & set(run) else made.translate(str.maketrans("+/", "-_"))


_FORMS: tuple[Callable[[str], str], ...] = (
    str,
    lambda value: quote(value, safe=""),
    quote,
    quote_plus,
    html.escape,
    lambda value: json.dumps(value)[1:-1],
    lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    lambda value: json.dumps(value)[1:-1].replace("/", "\\/"),
)


def _plain(value: str) -> str:
    """A value without the escapes of JSON or HTML."""
    if "\\" in value:
        with suppress(ValueError):
            value = str(json.loads(f'"{value}"'))
    return html.unescape(value) if "&" in value else value


def _real_mail(value: str) -> bool:
    found = _MAIL.fullmatch(value)
    return found is not None and not _NO_MAILBOX.fullmatch(found["host"])


def _common(kind: str, value: str, *, word: bool) -> bool:
    """Whether it could as well be innocent text, so that it is only replaced where something tells what it is."""
    if kind == NAME:
        small = word and value.islower() and _WORD.fullmatch(value) is not None
        return len(value) < SHORTEST_NAME or small or _is_month(value)
    if kind == NUMBER:
        return len(value) < SHORTEST_NUMBER or not any(char.isdigit() for char in value)
    return len(value) < secret_scan.MIN_SECRET_LENGTH


def _is_month(value: str) -> bool:
    return re.fullmatch(r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*", value, re.IGNORECASE) is not None


def _in_stand_in(found: re.Match[str]) -> bool:
    """Whether a value is the beginning of a stand-in: `Example Name` of `Example Name 4`."""
    ours = _STAND_IN.match(found.string, found.start("value"))
    return ours is not None and ours.end() >= found.end("value")


def _behind(text: str, start: int) -> str:
    """Where a value stands, by what is before it on its line, which is scrubbed."""
    before = " ".join(text[max(0, start - 40) : max(0, start)].rpartition("\n")[2].split())
    return f" behind `{before}`" if before else ""


def _printable(value: str) -> str:
    """A value as it is to be replaced: without what stands around it; empty where it says nothing."""
    bare = value.strip().strip(",;")
    return "" if bare.casefold() in ("", "null", "none", "true", "false", "-", "n/a") else bare


def _counted_outside_code(content: bytes, text: str) -> Iterator[tuple[str, str]]:
    found: list[str] = []

    def note(value: bytes) -> bytes:
        found.append(value.decode("utf-8", "replace"))
        return value

    secret_scan.replace_named(content, note)
    yield from ((TOKEN, value) for value in found)
    yield from ((TOKEN, each["value"]) for each in _SIGNED.finditer(text))
    yield from ((TOKEN, each[0].strip(".-")) for each in _OPAQUE.finditer(text) if _opaque(each[0]))
    for kind, patterns in _KEYED.items():
        for pattern in (*patterns, _LABELLED[kind]):
            values = (_printable(each["value"]) for each in pattern.finditer(text) if not _in_stand_in(each))
            yield from ((kind, value) for value in values if value)


def _opaque(run: str) -> bool:
    """Whether a long run of letters and digits is more like a key than like a name."""
    longest = max(re.findall(r"[A-Za-z0-9]+", run), key=len)
    return any(char.isdigit() for char in longest) and any(char.isalpha() for char in longest)


# ---------------------------------------------------------------- a recording


@dataclass
class ScrubReport:
    """What was done: how often each kind was replaced, and what else a reader of the recording should know."""

    replaced: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)  # what became a stand-in as a whole
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        replaced, files = (
            ", ".join(f"{number} × {kind}" for kind, number in sorted(counted.items()))
            for counted in (self.replaced, self.files)
        )
        stand_ins = [f"Files replaced by placeholders: {files}."] if files else []
        return [f"Replaced: {replaced or 'nothing'}.", *stand_ins, *self.notes]


def scrub(source: Path, target: Path | None, *, known: Mapping[str, str], reader: DocumentReader) -> ScrubReport:
    """Write a recording, scrubbed, to a folder (which may be its own); without one only say what would be done.

    `known` maps values that are secret or personal to kinds: a secret's name, `token`, `cookie`, `mail`, `name`,
    `number`. SecretLeft, and nothing written, where anything is left that is known or looks like one.
    """
    _put_back(source)
    recording = Recording.load(source)  # a ConfigError names what is no recording
    with scratch_folder("scrub") as folder:
        clean = folder / "clean"
        report = _Recorded(source, recording, known, reader).write(clean)
        Recording.load(clean)
        if target:
            put(clean, target)
    return report


def put(folder: Path, target: Path) -> None:
    """A copy of the folder at `target`, whole or not at all; what is there gives way."""
    target = target.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    _put_back(target)
    staged = target.with_name(f".{target.name}.partial") / target.name
    try:
        shutil.copytree(folder, staged)
        if target.exists():
            target.rename(staged.parent / "before")
        staged.rename(target)
    finally:
        shutil.rmtree(staged.parent)


def _put_back(target: Path) -> None:
    """Undo what a killed `put` left half done."""
    place = target.absolute().with_name(f".{target.name}.partial")
    if (place / "before").exists() and not target.exists():
        (place / "before").rename(target)
    shutil.rmtree(place, ignore_errors=True)


class _NamedValue(TypedDict):
    name: str
    value: str


class _RecordedOrigin(TypedDict):
    origin: str
    localStorage: NotRequired[list[_NamedValue]]
    indexedDB: NotRequired[list[object]]


class _RecordedState(TypedDict):
    """A saved session in a recording, as far as it is read; Playwright's, with databases."""

    cookies: NotRequired[list[_NamedValue]]
    origins: NotRequired[list[_RecordedOrigin]]


class _Recorded:
    """One recording on its way to a scrubbed one."""

    def __init__(self, source: Path, recording: Recording, known: Mapping[str, str], reader: DocumentReader) -> None:
        self.source, self.reader, self.report = source, reader, ScrubReport()
        self.session: dict[str, Any] = _mapping(source / "session.yaml")
        expected = source / "expected.yaml"
        self.expected: dict[str, Any] | None = _mapping(expected) if expected.is_file() else None
        self.bodies = {
            each.response.body: (recording.content(each.response), _media_type(each.response.headers))
            for each in recording.exchanges
            if each.response.body is not None
        }
        self.texts = {name: text for name, body in self.bodies.items() if (text := self._read(*body)) is not None}
        taken, sources = "\n".join((json.dumps(self.session), *self.texts.values())), self.session.get("sources")
        self.scrubber = Scrubber(known, taken, again=isinstance(sources, list) and MARK in sources)

    def write(self, folder: Path) -> ScrubReport:
        self._learn()
        session, expected = self._session(), self._walk(self.expected) if self.expected else None
        files = {name: self._body(name) for name in self.bodies}
        left = [f"session.yaml: {what}" for what in self._left(session)]
        left += [f"expected.yaml: {what}" for what in self._left(expected)]
        for name, content in files.items():
            text = self._read(content, self.bodies[name][1])
            left += [f"{name}: {what}" for what in self.scrubber.leftovers(text or "", code=self._code(name))]
        if left:
            more = f" and {len(left) - 5} more" if len(left) > 5 else ""
            raise SecretLeft("; ".join(dict.fromkeys(left[:5])) + more)
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        for name, said in (("session.yaml", session), ("expected.yaml", expected)):
            if said is not None:
                (folder / name).write_text(
                    yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=120), "utf-8"
                )
        self.report.replaced = self.scrubber.replaced
        return self.report

    # What it tells of itself

    def _learn(self) -> None:
        learn = self.scrubber.learn
        for name, value in self.session.get("secrets", {}).items():
            learn(name, str(value))
        for licence in (self.expected or {}).get("licences", []):
            for kind, value in personal(licence):
                learn(kind, value)
        for cookie in self._cookies():
            for value in cookie_secrets([cookie]):
                learn(COOKIE, value)
        for exchange in self.session["exchanges"]:
            for name, value in _headers(exchange["response"]):
                if secret_scan.secret_header(name) and name.lower() != "set-cookie":
                    learn(TOKEN, value)
        self.scrubber.learn_text(json.dumps(self._without_cookies(), ensure_ascii=False))
        for name, text in self.texts.items():
            self.scrubber.learn_text(text, code=self._code(name))

    def _cookies(self) -> Iterator[Mapping[str, object]]:
        """Every cookie that is set or restored, as Playwright writes them."""
        yield from (self.session.get("session") or {}).get("cookies", [])
        for exchange in self.session["exchanges"]:
            for name, value in _headers(exchange["response"]):
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    yield {
                        "name": key.strip(),
                        "value": rest.partition(";")[0].strip(),
                        "httpOnly": "httponly" in value.lower(),
                    }

    def _without_cookies(self) -> object:
        kept = [
            {**each, "response": {**each["response"], "headers": [
                pair for pair in _headers(each["response"]) if pair[0].lower() != "set-cookie"
            ]}}
            for each in self.session["exchanges"]
        ]  # fmt: skip
        stored = (self.session.get("session") or {}).get("origins")
        return {**self.session, "session": stored, "exchanges": kept}

    # What is written

    def _session(self) -> dict[str, object]:
        session = dict(self.session)
        sources = [line for line in session.get("sources", []) if line != MARK]
        session["sources"] = [*sources, MARK]
        session["secrets"] = {
            name: self.scrubber._stand(name, str(value)) for name, value in session.get("secrets", {}).items()
        }
        if session.get("session"):
            session["session"] = self._state(session["session"])
        for name in ("known", "username", "settings"):
            if name in session:
                session[name] = self._walk(session[name])
        if session.get("username"):
            session["username"] = self.scrubber._stand(NAME, session["username"])
        session["exchanges"] = [self._exchange(each) for each in session["exchanges"]]
        return session

    def _exchange(self, exchange: Mapping[str, Any]) -> dict[str, Any]:
        request, response = dict(exchange["request"]), dict(exchange["response"])
        request["url"] = self.scrubber.text(request["url"])
        if match := request.pop("match", None):
            kept = {name: value for name, value in match.items() if self._walk(value) == value}
            request |= {"match": kept} if kept else {}
        if "headers" in response:
            headers: dict[str, str | list[str]] = {}
            for name, value in _headers(response):
                new = self._cookie(value) if name.lower() == "set-cookie" else self._header(name, value)
                there = headers.get(name)
                headers[name] = new if there is None else [*([there] if isinstance(there, str) else there), new]
            response["headers"] = headers
        if "text" in response:
            response["text"] = self.scrubber.text(response["text"])
        if "json" in response:
            response["json"] = json.loads(self.scrubber.text(json.dumps(response["json"], ensure_ascii=False)))
        return {**exchange, "request": request, "response": response}

    def _header(self, name: str, value: str) -> str:
        return self.scrubber._stand(TOKEN, value) if secret_scan.secret_header(name) else self.scrubber.text(value)

    def _cookie(self, line: str) -> str:
        """A Set-Cookie line with a stand-in, and without its end, since a recording is played for years."""
        first, *attributes = (part.strip() for part in line.split(";"))
        name, _, value = first.partition("=")
        ends = re.search(r"max-age=(?:0|-)|expires=[^;]*\b19[79]\d\b", line, re.IGNORECASE)
        kept = [each for each in attributes if ends or not re.match(r"expires|max-age", each, re.IGNORECASE)]
        return "; ".join((f"{name}={self.scrubber._stand(COOKIE, value) if value else ''}", *kept))

    def _state(self, state: _RecordedState) -> dict[str, object]:
        cookies = [
            {**each, "value": self.scrubber._stand(COOKIE, each["value"]) if each["value"] else "", "expires": -1}
            for each in state.get("cookies", [])
        ]
        return {"cookies": cookies, "origins": [self._origin(each) for each in state.get("origins", [])]}

    def _origin(self, origin: _RecordedOrigin) -> dict[str, object]:
        """What a site stores in the browser. Values under telling names go whole; databases go altogether."""
        if origin.get("indexedDB"):
            self.report.notes.append(f"The browser's databases of {origin['origin']} were left out.")
        stored = [
            {"name": self.scrubber.text(each["name"]), "value": self._stored(each["name"], each["value"])}
            for each in origin.get("localStorage", [])
        ]
        return {"origin": origin["origin"], "localStorage": stored}

    def _stored(self, name: str, value: str) -> str:
        return self.scrubber._stand(TOKEN, value) if secret_scan.secret_name(name) else self.scrubber.text(value)

    def _walk(self, value: object) -> object:
        """Every text of a YAML or JSON value."""
        if isinstance(value, str):
            return self.scrubber.text(value, code=True)  # one plain value: its context is elsewhere
        if isinstance(value, Mapping):
            return {name: self._walk(item) for name, item in value.items()}
        return [self._walk(item) for item in value] if isinstance(value, list) else value

    def _body(self, name: str) -> bytes:
        content, media_type = self.bodies[name]
        if is_pdf(content):
            return self._pdf(name, content)
        text = self.texts.get(name)
        if text is None:
            made = (
                placeholders.picture(media_type) if media_type.startswith("image/") else b"stand-in" if content else b""
            )
            if made != content:
                self.report.files[media_type or "no type"] += 1
            return made
        return self.scrubber.text(text, code=self._code(name)).encode("utf-8", "surrogateescape")

    def _pdf(self, name: str, content: bytes) -> bytes:
        """A PDF anew, of its text: what else it holds (properties, attachments, older versions) nobody could check."""
        text = self.texts[name]
        readable = self.reader.read(content, "application/pdf")
        if placeholders.PRODUCER in content and self.scrubber.text(text) == text:
            return content
        lines = self.scrubber.text(readable.text).splitlines()
        self.report.files["PDF with its scrubbed text"] += 1
        if readable.error:
            self.report.notes.append(f"{name} became an empty PDF: {readable.error}.")
        return placeholders.pdf(lines)

    def _left(self, said: Any) -> Iterator[str]:
        """What is left in session.yaml or expected.yaml; cookies' values must all be stand-ins."""
        if said is None:
            return
        said = dict(said)
        cookies = [*(said.get("session") or {}).get("cookies", [])]
        for exchange in said.get("exchanges", []):
            for name, value in _headers(exchange["response"]):
                if name.lower() == "set-cookie":
                    cookies.append({"value": value.partition("=")[2].partition(";")[0]})
        if not all(self.scrubber.stand_ins.ours(each["value"]) for each in cookies if each["value"]):
            yield "a cookie"
        if "exchanges" not in said:
            yield from (what for text in _texts(said) for what in self.scrubber.leftovers(text, code=True))
        else:
            yield from self.scrubber.leftovers(json.dumps(said, ensure_ascii=False))

    def _read(self, content: bytes, media_type: str) -> str | None:
        """A body as text; None where it is none. Of a PDF everything that can be read."""
        if is_pdf(content):
            return self.reader.read_all(content).text
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16", "replace")
        textual = secret_scan.maskable(media_type) or media_type == "image/svg+xml"
        try:
            text = content.decode("utf-8", "surrogateescape" if textual else "strict")
        except UnicodeDecodeError:
            return None
        return text if textual or "\0" not in text else None

    def _code(self, name: str) -> bool:
        return _CODE.search(self.bodies[name][1]) is not None


def personal(licence: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """What an adapter read of a licence (as `expected.yaml` has it) that names persons, customers or purchases."""
    for kind, name in ((NAME, "licensee"), (NAME, "seat"), (NUMBER, "order"), (NUMBER, "licence_id")):
        if (value := licence.get(name)) and value != licence.get("asset_id"):
            yield kind, str(value)
    hints = licence.get("client_hints")
    for name, value in hints.items() if isinstance(hints, Mapping) else ():
        yield NUMBER if name == "purchase_order" else NAME, str(value)


def _headers(response: Mapping[str, object]) -> list[tuple[str, str]]:
    said = response.get("headers")
    pairs = said.items() if isinstance(said, Mapping) else said if isinstance(said, list) else ()
    return [(name, str(each)) for name, value in pairs for each in (value if isinstance(value, list) else [value])]


def _media_type(headers: Mapping[str, str | tuple[str, ...]]) -> str:
    for name, value in headers.items():
        if name.lower() == "content-type":
            return (value if isinstance(value, str) else value[0]).partition(";")[0].strip().lower()
    return ""


def _mapping(path: Path) -> dict[str, Value]:
    said = load(path).value
    return dict(said) if isinstance(said, dict) else {}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for item in value.values() for text in _texts(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in _texts(item))


def names_of_mail(username: str) -> list[str]:
    """A user name and the names that it spells: `ada.example@agency.example` is Ada Example on the platform's pages."""
    local = username.partition("@")[0]
    parts = [part for part in re.split(r"[._+-]", local) if part.isalpha()]
    spelt = [" ".join(parts).title(), " ".join(reversed(parts)).title()] if len(parts) > 1 else []
    return list(dict.fromkeys(filter(None, (username, local, *spelt))))


def page(content: bytes, known: Mapping[str, str], scrubber: Scrubber | None) -> bytes:
    """One saved page without what is secret or personal in it, for a maintainer's eyes. `scrubber` learns from it."""
    scrubber = scrubber or Scrubber(known)
    text = content.decode("utf-8", "surrogateescape")
    scrubber.learn_text(text)
    return scrubber.text(text).encode("utf-8", "surrogateescape")
