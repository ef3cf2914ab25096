"""Redaction: keep private data out of a pack (other clients, prices, accounts, seats, tokens, file paths).

Original files are never changed. If a file contains private data, the pack leaves it out and has an excerpt instead. An
unreadable file counts as private.

A bearer secret (a purchase code, a download link, a token in an address) gives whoever reads it something. No file of a
pack holds one, not even a certificate. A pack shows the first characters of a code, by which its platform finds it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from archiver.archive.reader import StoredObject
from archiver.claims.name_variants import any_of, as_seen, spaced_out, with_initials, without_form
from archiver.core.errors import IntegrityError
from archiver.core.model import DocumentKind, Licence, iso
from archiver.provider import declared
from archiver.reading.licence_json import LicenceFile
from archiver.reading.secret_scan import MASK, mask_named
from archiver.reading.worker import DocumentReader

MAX_SEARCHED_BYTES = 64 << 20  # maximum unpacked size of a capture to search
SHORT_CODE_CHARACTERS = 8  # characters of a bearer secret that a pack shows

_CODES = (
    "USD|EUR|Usd|Eur|Gbp|Chf|GBP|CHF|JPY|AUD|CAD|NZD|PLN|CZK|SEK|NOK|DKK|HUF|RON|BGN|TRY|ILS|INR|CNY|RMB|KRW|HKD|SGD|TWD|THB|AED|ZAR"
    "|BRL|MXN|RUB|UAH|eur|usd|gbp|chf"
)
_SIGNS = "[€$£¥₹₩฿₺₪₽₴₫₱]|zł|Kč|円|元|원"
_SPOKEN = "[Ee]uros?|[Cc]ents|[Dd]ollars?|[Pp]ounds?|[Ff]ranken|[Ff]rancs?|kr|Ft"
_SUM = r"\d[\d.,'’]*(?:\s\d{3})*(?:[.,]\d\d?)?(?:[.,]?[-–])?"
_IN_WORDS = (
    r"one|two|three|five|six|seven|eight|nine|ten|eleven|twelve|\w{3,5}teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty"
    r"|four|hundred|thousand|\w{0,30}(?:eine?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|(?:zwan|drei"
    r"|vier|fünf|sech|sieb|acht|neun)[zß]ig|hundert|tausend)"
)
_BEARER, _LINK = "a bearer secret", "a link that gives access"
_SHAPES = {
    _LINK: re.compile(
        r"\bhttps?:/{2}(?=[^\s\"'<>?#]{0,500}?/[\w.-]{0,40}download[\w.-]{0,40}(?:/[\w.-]{1,60}){0,3}/(?=[\w%~-]{0,60}\d)"
        r"[\w%~-]{8}|[^\s\"'<>?#]{0,500}[?#](?:[\w.%-]{1,60}=[^\s\"'<>&]{0,500}&(?:amp;)?){0,20}(?:[\w-]{0,40}(?:token"
        r"|signature|credential|secret|session|policy)|sig|auth|ticket|jwt|expires)=[\w%.~+/-]{6})[^\s\"'<>]+",
        re.IGNORECASE,
    ),
    "an e-mail address": re.compile(
        # Starts at the first letter of a word, so that a long word is searched only once.
        # A version number or a picture's pixel size is not a domain.
        r"(?<![\w.+%-])[\w.+%-]+ ?(?:@(?!\d+(?:\.\d+)+(?![\w-]|\.\w)|\d+x\.(?:png|jpe?g|webp|gif|svg)\b)|%40"
        r"|[(\[{<]at[)\]}>]) ?[\w-]+(?: ?(?:\.|[(\[{<]dot[)\]}>]) ?[\w-]+)+"
        r"|(?<![\w.+%-])[\w.+%-]+ at [\w-]+(?: dot [\w-]+)+",
        re.IGNORECASE,
    ),
    "a sum of money": re.compile(
        rf"(?:(?<!\w)(?:{_CODES}|kr\.?|Rs\.?|Fr\.)|{_SIGNS})\s{{0,2}}-?{_SUM}"
        rf"|(?<![\w.]){_SUM}\s?(?:{_SIGNS}|(?:{_CODES}|{_SPOKEN})(?!\w))"
        r"|\b(?:[Pp]rice|[Pp]reis|[Tt]otal|[Aa]mount|[Bb]etrag|[Ss]umme)\b\W{0,4}\d[\d.,]{0,12}[.,]\d\d\b"
        r"|\b(?:(?:[Pp]rice|[Pp]reis|[Cc]ost|[Kk]osten)[\"']?\s?[:=]\s?[\"']?|(?:[Pp]rice|[Pp]reis)\s(?!(?:19|20)\d\d\b))"
        r"\d[\d.,]{0,12}(?![\w%-])"
        rf"|\b(?i:{_IN_WORDS})\s(?:[Ee]uros?|[Dd]ollars|[Pp]ounds(?!\sof\s[a-z])|[Ff]ranken|[Cc]ents?)\b"
        rf"|\b(?i:rupees|euros?|dollars)\s(?i:{_IN_WORDS})\b"
    ),
    "a path on a person's machine": re.compile(
        r"(?:(?<![\w.:/])/(?:(?:(?:[a-z]|export|usr|cygdrive/[a-z])/)?(?:home|Users)|cygdrive|root|tmp|var|mnt"
        r"|media|srv|opt|work|private|Volumes|data|etc|run|net|nas|storage/emulated)/"
        r"|\b[A-Za-z]:(?:\\|/(?!/))|\\\\\w|\\Users\\|%\w+%\\|\$HOME\b|(?<![\w/])~/|(?:file:/|(?:smb|afp|nfs)://))"
        r"[^\s\"'<>]*"
    ),
    "a cookie": re.compile(r"\b(?:set-)?cookie\d?\s*[:=]\s*\S+", re.IGNORECASE),
    "a token": re.compile(
        r"(?:\b(?:[\w-]{0,40}api[_-]?key|[a-z]{0,40}sess(?:ion)?[_-]?id|sid|[cx]srf[\w-]{0,40}|[\w-]{0,40}token|secret"
        r"|passw(?:or)?[dt]|pwd?|kennwort)"
        r"""["']?\s*[:=]\s*["']?(?=\S*\d)[^\s"'<>&]{6,}"""
        r"|\b[\w.-]{0,40}(?:session|sig(?:nature)?)=(?=\S*\d)[^\s\"'<>&]{10,}"
        r"|\bauthorization[\"']?\s*[:=]\s*[^\n\"]+|\b(?:sk|pk|rk)_(?:live|test)_\w{8,}|\bgh[pousr]_\w{20,}"
        r"|\bAKIA[0-9A-Z]{12,}|\bxox[abprs]-[\w-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY-----|\botpauth://\S+)",
        re.IGNORECASE,
    ),
}
_NUMBER = re.compile(r"(?<!\w)\w[\w-]{4,80}\w(?!\w)")
_MONEY = "a sum of money"
_KEY = re.compile(
    r"(?:^|_)(?:price|amount|cost|total|sum|fee|tax|gst|vat|rwt|bwt|currency|paid|payment|card|iban|credit|credits|"
    r"billing|balance|email|mail|user|username|seat|account|owner|member|team|login|phone|address|city|zipcode|region|"
    r"cookie|token|session|secret|password|client|project|job|note|notes|comment|metadata|customer|purchaser|buyer|"
    r"path|folder|party|charged?|gross|net|discount|eur|usd|gbp|chf|cents|preis|betrag|summe|kosten|rabatt|prix|"
    r"montant|precio|importe)(?:_|$)",
)
"""Names of JSON fields with private values, as words joined by `_`."""
_ACCOUNT = re.compile(
    r"\b(?:total|subtotal|price|amount|tax|vat|gst|mwst|ust|summe|betrag|preis|paid|payment|card|visa|mastercard|amex|"
    r"paypal|iban|bic|balance|credits?|account|konto|user|customer|kunde|bill(?:ed|ing)?|address|anschrift|phone)\b",
    re.IGNORECASE,
)
"""A receipt's excerpt leaves out lines with these words."""


@dataclass(frozen=True, kw_only=True)
class RedactionRules:
    """What is private about one licence. `others`: names of all other clients. `own`: names of this client.

    `accounts`: the user names at platforms. `bearer`: the codes of this licence that give access. `elsewhere`: whether
    any of these words is the number of a licence outside the pack, as on a page that lists many. `mark`: the text that
    replaces private data.
    """

    file: LicenceFile
    mark: str = "[withheld]"
    others: Sequence[str] = ()
    own: Sequence[str] = ()
    accounts: Sequence[str] = ()
    bearer: Sequence[str] = ()
    elsewhere: Callable[[set[str]], bool] = lambda _: False

    @cached_property
    def _bearer(self) -> re.Pattern[str] | None:
        """The pattern of the codes, also joined, spaced out, or in base64 or hexadecimal digits."""
        return re.compile("|".join(map(_in_any_form, self.bearer)), re.IGNORECASE) if self.bearer else None

    def gives_access(self, text: str) -> bool:
        """Whether a text contains a bearer secret of this licence, or a link that gives access."""
        patterns = filter(None, (self._bearer, _SHAPES[_LINK]))
        return any(pattern.search(each) for pattern in patterns for each in (text, as_seen(text)))

    def shortened(self, text: str) -> str:
        """A text in which only the first characters of each code are left."""
        return self._bearer.sub(lambda found: short_code(found[0]), text) if self._bearer else text

    @cached_property
    def shapes(self) -> Sequence[tuple[str, re.Pattern[str]]]:
        """The pattern of each sort of private data. Sorts of names without any name are left out."""
        sorts = (
            *((sort, any_of(words)) for sort, words in self._names.items()),
            ("the name of a seat", with_initials(self.file.licence.seat or "")),
            ("an e-mail address", self._without_ending()),
            (_BEARER, self._bearer),
        )
        return [*_SHAPES.items(), *((sort, pattern) for sort, pattern in sorts if pattern)]

    @cached_property
    def _names(self) -> Mapping[str, Sequence[str]]:
        """The private words of each sort. A word of the work's own title does not count as a client's name."""
        licence = self.file.licence
        seat = licence.seat or ""
        own = {each.casefold() for each in (*self.own, licence.licensee or "")}
        title = set(re.findall(r"\w+", (licence.asset.title or "").casefold()))
        others = [each for each in self.others if each.casefold() not in title]
        sorts = {
            "another client's name": [*others, *map(without_form, others)],
            "the name of an account": self.accounts,
            "the name of a seat": [seat, ", ".join(reversed(seat.rsplit(" ", 1)))],
            "a note about a job": licence.client_hints.values(),
        }
        return {sort: [each for each in words if each.casefold() not in own] for sort, words in sorts.items()}

    def _without_ending(self) -> re.Pattern[str] | None:
        """A pattern for short addresses at known hosts, such as `ada@agency`; None if no host is known."""
        domains = [each.rpartition("@")[2] for each in (*self.accounts, *self.own, *self.others) if " " not in each]
        hosts = sorted({re.escape(host) for each in domains if (host := each.partition(".")[0])})
        pattern = rf"(?<![\w.+%-])[\w.+%-]+@(?:{'|'.join(hosts)})(?![\w-])"
        return re.compile(pattern, re.IGNORECASE) if hosts else None

    def found(self, text: str) -> list[str]:
        """The sorts of private data in a text, in words."""
        found = self._sorts(text)
        if self.elsewhere({word for word in _NUMBER.findall(text) if any(map(str.isdigit, word))}):
            found.append("another licence")
        return found

    def _sorts(self, text: str) -> list[str]:
        """The sorts that match a text, in its raw form and as a reader sees it."""
        seen = as_seen(text)
        found = [sort for sort, shape in self.shapes if any(map(shape.search, {text, seen}))]
        found += [sort for sort, words in self._names.items() if spaced_out(words, seen)]
        content = text.encode("utf-8", "replace")
        if mask_named(content) != content:
            found.append("a token")
        return list(dict.fromkeys(found))

    def scrub(self, text: str | None, *, sums: bool = True) -> str:
        """A text without private data. With `sums=False` it keeps what only looks like a sum of money.

        If private data remains in another spelling, the whole text is replaced.
        """
        scrubbed = mask_named(self.shortened(text or "").encode("utf-8", "replace")).decode()
        for sort, shape in self.shapes:
            if sums or sort != _MONEY:
                scrubbed = shape.sub(self.mark, scrubbed)
        left = [sort for sort in self._sorts(scrubbed) if sums or sort != _MONEY]
        if left:
            return self.mark
        return scrubbed if MASK.decode() in (text or "") else scrubbed.replace(MASK.decode(), self.mark)


@dataclass
class Disclosure:
    """The withheld files of one object, with the reasons, and warnings about the other files."""

    withheld: dict[str, list[str]] = field(default_factory=dict)  # content file -> reasons
    warnings: list[str] = field(default_factory=list)


def external(stored: StoredObject, private: RedactionRules, reader: DocumentReader) -> Disclosure:
    """Decide for each file of each version.

    Certificates and previews are disclosed unchanged, with a warning, unless they hold a bearer secret.
    """
    kinds = {each.name: each.kind for each in private.file.documents}
    tier = Disclosure()
    for version in stored.versions:
        files = stored.files(version)
        for name, file in files.items():
            place = file.path.relative_to(stored.path).as_posix()
            kind = kinds.get(name)
            if kind is DocumentKind.PREVIEW:
                said = "\n".join(reader.embedded(stored.read(name, version)).quotes.values())
                if private.gives_access(said):
                    tier.withheld[place] = [_BEARER]
                    continue
                tier.warnings += [f"{name} of {stored.folder} holds {sort}" for sort in private.found(said)]
                continue
            if kind in (DocumentKind.LETTER, DocumentKind.DELIVERED, DocumentKind.PROVISIONAL):
                tier.withheld[place] = ["not needed by an outsider"]
                continue
            looked_at = "page.pdf" if name == "page.png" else name  # the page's PDF has the text of its picture
            if looked_at not in files:
                tier.withheld[place] = ["unreadable content"]
                continue
            text = _text(stored.read(looked_at, version), reader)
            if kind is DocumentKind.CERTIFICATE and not (
                private.bearer if text is None else private.gives_access(text)
            ):
                tier.warnings += [f"{name} of {stored.folder} holds {sort}" for sort in private.found(text or "")]
                if text is None:
                    tier.warnings.append(
                        f"{name} of {stored.folder} cannot be read as text. Look at it before you send it"
                    )
                continue
            reasons = ["unreadable content"] if text is None else private.found(text)
            if name.endswith(".json"):
                reasons += _keys(text or "")
            if reasons:
                tier.withheld[place] = reasons
    tier.warnings = list(dict.fromkeys(tier.warnings))
    return tier


def _text(content: bytes, reader: DocumentReader) -> str | None:
    """The text of a file; None if not all of it can be read."""
    if content.startswith(b"%PDF-"):
        reading = reader.read_all(content)
        return None if reading.error else unicodedata.normalize("NFKC", reading.text)  # ligatures
    if content.startswith(b"\x1f\x8b"):
        text, fault = reader.unpack(content, MAX_SEARCHED_BYTES)
        return None if fault or len(text) > MAX_SEARCHED_BYTES else text.decode("utf-8", "replace")
    return None if b"\0" in content else content.decode("utf-8", "replace")


def short_code(code: str) -> str:
    """What a pack or a draft shows of a bearer secret."""
    return f"{code[:SHORT_CODE_CHARACTERS]}…"


def with_short_codes(licence: Licence) -> Licence:
    """The licence as an outsider may see it, as far as its platform's adapter declares codes that give access."""
    info = declared(licence.asset.provider)
    codes = {name: short_code(code) for name, code in info.bearer_of(licence).items()} if info else {}
    return replace(
        licence, licence_id=codes.get("licence_id", licence.licence_id), order=codes.get("order", licence.order)
    )


def _in_any_form(code: str) -> str:
    """A pattern for a code with other or no separators, and for what base64 and hexadecimal digits make of it."""
    letters = re.findall(r"[^\W_]", code)
    forms = [r"[\W_]{0,3}".join(map(re.escape, letters)), code.encode().hex()]
    for before in (b"", b"\0", b"\0\0"):  # a text's place in base64 depends on what stands before it
        encoded = b64encode(before + code.encode()).decode().rstrip("=")
        forms.append(re.escape(encoded[4 if before else 0 : -1]))
    return "|".join(forms)


# ---------------------------------------------------------------- excerpts


def _keys(text: str) -> list[str]:
    try:
        tree = json.loads(text)
    except ValueError:
        return []
    return ["account data"] if _dropped(tree) else []


def _words_of(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", key).lower()


def _dropped(tree: object) -> bool:
    """Whether an excerpt would leave out anything of this."""
    if isinstance(tree, dict):
        return any(
            _KEY.search(_words_of(key)) and value not in (None, "", {}, []) for key, value in tree.items()
        ) or any(map(_dropped, tree.values()))
    return isinstance(tree, list) and any(map(_dropped, tree))


def record_excerpt(record: bytes, private: RedactionRules, heading: str) -> dict[str, object]:
    """The record without fields for account data, and with other fields scrubbed."""
    try:
        tree = json.loads(record)
    except ValueError:
        raise IntegrityError("a record.json is not JSON") from None
    return {"excerpt": heading, "record": _excerpt(tree, private)}


def _excerpt(tree: object, private: RedactionRules) -> object:
    if isinstance(tree, dict):
        kept = {key: value for key, value in tree.items() if not _KEY.search(_words_of(key))}
        return {private.scrub(key): _excerpt(value, private) for key, value in kept.items()}
    if isinstance(tree, list):
        return [_excerpt(each, private) for each in tree]
    return private.scrub(tree) if isinstance(tree, str) else tree


def licence_excerpt(private: RedactionRules, seat: str | None, heading: str) -> dict[str, object]:
    """The facts of the licence. `seat` is a name for the seat that does not reveal the person."""
    file, licence = private.file, private.file.licence
    facts = {
        "platform": licence.asset.provider,
        "asset_id": licence.asset.asset_id,
        "title": licence.asset.title,
        "contributor": licence.asset.contributor,
        "licence_id": licence.licence_id,
        "kind": licence.kind,
        "licensee": licence.licensee,
        "plan": licence.plan,
        "order": licence.order,
    }
    return {
        "excerpt": heading,
        "comp": licence.comp,
        **{name: value and private.scrub(value, sums=False) for name, value in facts.items()},
        "licensed_at": iso(licence.licensed_at),
        "seat": seat,
        "documents": [{"name": each.name, "kind": each.kind, "sha512": each.sha512} for each in file.documents],
        "gaps": [
            {"kind": gap.kind, "reason": gap.reason, "detail": private.scrub(gap.detail)} for gap in file.gaps
        ],
        "terms": [{"id": each.id, "relation": each.relation, "seen_at": iso(each.seen_at)} for each in file.terms],
    }  # fmt: skip


def text_excerpt(text: str, private: RedactionRules, heading: str) -> str:
    """The lines of a receipt or certificate without account data and sums, below `heading`, with codes shortened.

    One mark replaces each run of other lines.
    """
    lines = [heading, ""]
    for line in filter(None, map(str.strip, private.shortened(text).splitlines())):
        kept = not _ACCOUNT.search(line) and not private.found(line)
        if kept or lines[-1] != private.mark:
            lines.append(line if kept else private.mark)
    return "\n".join(lines) + "\n"
