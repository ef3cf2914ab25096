"""The contract between the archiver and an adapter, and how adapters are found.

An adapter declares what it is (`ProviderInfo`), which requests it may make (`Rules`), and four short methods. It never
sees a raw browser, page or HTTP client: it gets a `Session`, through which every request passes the guard.
"""

from __future__ import annotations

import json as _json
import re
import sys
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qs, unquote, unquote_plus, urlsplit

from archiver.core.errors import ArchiverError, ConfigError, LayoutChanged, SavedPage, SessionExpired, WrongPassword
from archiver.core.model import Document, DocumentKind, Gap, GapReason, Licence
from archiver.core.yaml_source import load as read_yaml

# ---------------------------------------------------------------- request rules


class Mode(StrEnum):
    """Who is at the wheel: nobody (strict), a person signing in (sign_in), or a person at work (observe), who may do
    anything, also buy: nothing is refused then."""

    STRICT = "strict"
    SIGN_IN = "sign_in"
    OBSERVE = "observe"


class Purpose(StrEnum):
    """What a declared request is for. Only READ and REFRESH may be sent unattended besides the sign-in itself."""

    READ = "read"
    REFRESH = "refresh"
    SIGN_IN = "sign_in"


@dataclass(frozen=True)
class Rule:
    """One kind of request: method, URL pattern and, where one URL both reads and spends, the fields that decide.

    In `url`, `*` stands for one path segment or host label, `**` for the rest of a path; a query is not part of it.
    `fields` bind query or body values: each must occur exactly once with exactly this value. Whatever is sent to such
    a place must be wholly understood (`Request.understood`), by whatever method.
    `proves_session`: status 401 from this address means that the account's session is no longer valid.
    """

    method: str
    url: str
    purpose: Purpose = Purpose.READ
    fields: Mapping[str, str] = field(default_factory=dict)
    proves_session: bool = True

    def matches(self, request: Request) -> bool:
        """Exactly this place, and each bound field exactly once: what a permission needs."""
        return (
            self.method in ("*", request.method)
            and _pattern(self.url).fullmatch(request.place) is not None
            and all(request.fields.get(name) == [value] for name, value in self.bound)
            and (not self.fields or request.understood(self.bound))
        )

    def resembles(self, request: Request) -> bool:
        """Anything that a lenient server could take for this request: enough for a refusal."""
        return (
            self.method.upper() in ("*", request.method.upper())
            and self.is_near(request)
            and all(_value(value) in map(_value, request.fields.get(name, ())) for name, value in self.bound)
        )

    def is_near(self, request: Request) -> bool:
        """Whether a lenient server could take the request's place for this one."""
        return any(map(_pattern(self.url.lower()).fullmatch, request.lenient_places))

    @cached_property
    def bound(self) -> frozenset[tuple[str, str]]:
        """The bound fields with their values."""
        return frozenset((_field(name), value) for name, value in self.fields.items())


@dataclass(frozen=True)
class Request:
    """A request about to leave: what the rules judge, with its URL in one canonical form."""

    method: str
    url: str
    body: bytes | None = None
    passive: bool = False  # an image, style sheet, script or font that a page asked for
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def disguised(self) -> bool:
        """Whether a header or a field asks the server to take it for a request of another method or address."""
        if any(map(_reroutes, self.headers)):
            return True
        query, body = urlsplit(self.url).query, (self.body or b"").decode("utf-8", "replace")
        if not any(map(_METHOD_HINT.search, (unquote_plus(query), unquote_plus(body)))) and "\\u" not in body:
            return False
        pairs = [
            (_field(unquote_plus(name)), unquote_plus(value))
            for text in (query, body)
            for name, _, value in (pair.partition("=") for pair in re.split("[&;?]", text))
        ]
        pairs += [(name, value) for name, values in self.fields.items() for value in values]
        pairs += [(_field(name), "") for name in _PART_NAME.findall(body)]  # of multipart, whose values are not read
        return any(self._renames(name, value.strip().upper()) for name, value in pairs)

    def _renames(self, name: str, value: str) -> bool:
        """Whether frameworks take this field for the request's method, and it is another one."""
        found = _METHOD_FIELD.fullmatch(name)
        return bool(found) and value != self.method and (name not in ("method", "verb") or value in _METHODS)

    def understood(self, bound: Collection[tuple[str, str]]) -> bool:
        """Whether every server reads the same fields in query and body, and nothing else decides.

        `bound` are names and values of fields that rules bind. Content types, encodings, headers, names and shapes are
        from closed lists. A bound field must be at the top, a string or an integer, and either plain or as a rule says.
        """
        names, exact = {name for name, _ in bound}, {value for _, value in bound}
        headers = {name.lower(): value for name, value in self.headers.items()}
        kind = _CONTENT_TYPE.fullmatch(headers.get("content-type", ""))
        cookies = {_field(each.partition("=")[0]) for each in headers.get("cookie", "").split(";")}
        query = urlsplit(self.url).query
        if (
            ";" in self.place
            or not all(name in _PLAIN_HEADERS or name.startswith("sec-") for name in headers)
            or headers.get("content-encoding", "identity").lower() != "identity"
            or cookies & names  # PHP may put cookies among the fields
        ):
            return False
        found = _form_pairs(query)
        if self.body:
            if kind is None or self.method in ("GET", "HEAD"):
                return False
            json = kind[1].lower() == "json"
            body = _json_pairs(self.body, names) if json else _form_pairs(self.body.decode("latin-1"))
            found = None if found is None or body is None else found + body
        if found is None or len({_field(name) for name, _ in found}) < len(found):
            return False
        return all(value in exact or _PLAIN.fullmatch(value) for name, value in found if _field(name) in names)

    @cached_property
    def place(self) -> str:
        """`https://host/path`, host in lower case, path decoded once; `""` if the URL hides where it goes."""
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError:
            return ""
        path, host = unquote(parts.path or "/"), (parts.hostname or "").lower()
        hidden = (
            not self.url.isprintable()
            or parts.scheme not in _PORTS
            or "@" in parts.netloc
            or not _HOST.fullmatch(host)
            or "%2f" in parts.path.lower()
            or any(mark in path for mark in ("\\", "%", "//", "\ufffd"))
            or not path.isprintable()
            or {".", ".."} & {segment.split(";")[0] for segment in path.split("/")}
        )
        if hidden:
            return ""
        return f"{parts.scheme}://{host}{f':{port}' if port not in (None, _PORTS[parts.scheme]) else ''}{path}"

    @cached_property
    def lenient_places(self) -> set[str]:
        """How lenient servers may read it: case, `;parameters`, empty segments and closing marks do not count."""
        place = self.place.lower()
        bare = re.sub("(?<!:)//+", "/", re.sub(";[^/]*", "", place))
        return {place, place.rstrip("/"), bare, bare.rstrip("/. ")}

    @cached_property
    def host(self) -> str:
        return urlsplit(self.place).hostname or ""

    @cached_property
    def body_fields(self) -> dict[str, list[str]]:
        """The fields of a JSON object or a form, each with all its values; empty for any other body."""
        text = (self.body or b"").decode("utf-8", "replace")
        if text.lstrip().startswith("{"):
            try:
                decoded: _Object = _json.loads(text, object_pairs_hook=_Object)
            except (ValueError, RecursionError):
                return {}
            return decoded.fields
        # An encoded form has no line breaks; what has them is multipart, whose fields are not read here.
        return {} if "\n" in text else parse_qs(text, keep_blank_values=True)

    @cached_property
    def fields(self) -> dict[str, list[str]]:
        """Query and body fields, each with all its values, under the names that the most lenient servers read.

        A JSON body is read as a form too: some servers do.
        """
        written = [parse_qs(urlsplit(self.url).query, keep_blank_values=True), self.body_fields]
        if self.body and self.body.lstrip().startswith(b"{"):
            written.append(parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        fields: dict[str, list[str]] = {}
        for name, values in (item for each in written for item in each.items()):
            fields.setdefault(_field(name), []).extend(values)
        return fields


def _field(name: str) -> str:
    """A field's name as lenient servers read it: PHP takes ` ` and `.` for `_`, and nothing from `[` on."""
    return re.sub("[ .]", "_", name.strip().partition("[")[0]).lower()


@lru_cache(4096)  # the same few names come again and again
def _reroutes(header: str) -> bool:
    """Whether a server, or a proxy before it, may take this header's value for the method or the address."""
    return bool(_REROUTING_HEADER.fullmatch(header)) and not header.lower().startswith("access-control-")


@lru_cache(1024)
def _value(value: str) -> str:
    """A bound field's value as lenient servers compare it."""
    value = unicodedata.normalize("NFKC", value.partition("\0")[0]).strip().casefold()
    return value.lstrip("0") if value.isdecimal() else value


# What may occur in a request that every server reads alike. Names are plain, since PHP takes `a.b`, `a b` and `a[b` for
# `a_b`; separators are `&` alone; values hold nothing that any server takes for a separator.
_PAIR = r"[A-Za-z_][A-Za-z0-9_-]*=(?:[A-Za-z0-9_.~*+!'()@:/,$-]|%[0-9A-Fa-f]{2})*"
_FORM = re.compile(f"{_PAIR}(?:&{_PAIR})*")
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_-]*")
_PLAIN = re.compile("[A-Za-z0-9_-]*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_CONTENT_TYPE = re.compile('application/(x-www-form-urlencoded|json)(; ?charset="?utf-8"?)?', re.IGNORECASE)
_PLAIN_HEADERS = frozenset({
    "accept", "accept-charset", "accept-encoding", "accept-language", "api-key", "authorization", "cache-control",
    "connection", "content-encoding", "content-length", "content-type", "cookie", "dnt", "host", "if-modified-since",
    "if-none-match", "origin", "pragma", "priority", "proxy-connection", "range", "referer", "transfer-encoding",
    "upgrade-insecure-requests", "user-agent", "x-api-key", "x-csrf-token", "x-requested-with", "x-xsrf-token",
})  # fmt: skip
_REROUTING_HEADER = re.compile(
    "(.*[-_])?(method|verb|override|original|rewrite|forwarded|unencoded)([-_].*)?|(x[-_])?ur[il]|(x[-_])?path"
    "|request[-_]ur[il]|destination",
    re.IGNORECASE,
)
_METHOD_HINT = re.compile("method|verb", re.IGNORECASE)
_METHOD_FIELD = re.compile("_*(x[_-])?(http[_-]?)?(method|verb)([_-]?override)?_*")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_PART_NAME = re.compile(r"""\bname\s*=\s*["']?([^"'\r\n;]+)""")


def _form_pairs(text: str) -> list[tuple[str, str]] | None:
    """Names and values of a form or query; None where servers could read it in more than one way."""
    if text and not _FORM.fullmatch(text):
        return None
    pairs = [pair.split("=") for pair in text.split("&") if text]
    try:
        found = [(name, unquote_plus(value, errors="strict")) for name, value in pairs]
    except UnicodeDecodeError:
        return None
    return None if any(_CONTROL.search(value) for _, value in found) else found


def _json_pairs(body: bytes, bound: Collection[str]) -> list[tuple[str, str]] | None:
    """Names and values of a JSON object; None where servers could read it in more than one way.

    No name may occur twice in one object, none of the bound ones anywhere but at the top, nor as a form would have it.
    """
    names: list[str] = []

    def read(pairs: list[tuple[str, object]]) -> dict[str, object]:
        here = [_field(name) for name, _ in pairs]
        if len(set(here)) < len(here) or not all(_NAME.fullmatch(name) for name, _ in pairs):
            raise ValueError("a name occurs twice, or is not plain")
        names.extend(here)
        return dict(pairs)

    def refuse(constant: str) -> object:
        raise ValueError(constant)

    try:
        text = body.decode("utf-8")
        top = _json.loads(text, object_pairs_hook=read, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    as_form = {_field(unquote_plus(part.partition("=")[0])) for part in re.split("[&;?]", text)}
    if not isinstance(top, dict) or as_form & set(bound):
        return None
    there = {_field(name): value for name, value in top.items()}
    for name in bound:
        if names.count(name) > (name in there) or not isinstance(there.get(name, ""), str | int):
            return None
        if isinstance(there.get(name), bool):
            return None
    return [(name, str(value)) for name, value in top.items()]


_BUYING = re.compile(r"/(cart|basket|checkout|renew(al)?)([/.]|$)")
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


class _Object(dict[str, object]):
    """A JSON object that has not forgotten its duplicate keys."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.fields: dict[str, list[str]] = {}
        for name, value in pairs:
            self.fields.setdefault(name, []).append(str(value))


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    """`*` stays inside one path segment or host label; `**` is the rest of the path."""
    scheme, _, rest = glob.partition("://")
    host, slash, path = rest.partition("/")
    parts = re.split(r"(\*\*|\*)", slash + path)
    return re.compile(
        re.escape(scheme) + "://" + re.escape(host).replace(r"\*", "[^/.:]*")
        + "".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts)
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Rules:
    """All that an adapter may send. What no rule allows is refused; `refuse` wins over every permission, and so does a
    cart, a checkout or a renewal, which no adapter needs to name.

    `assets` are URL patterns from which a page may load pictures, styles, scripts and fonts by GET. `sign_in_hosts` are
    identity and captcha hosts that a page may talk to while a person signs in.
    """

    allow: tuple[Rule, ...]
    refuse: tuple[Rule, ...] = ()
    assets: tuple[str, ...] = ()
    sign_in_hosts: tuple[str, ...] = ()

    def permit(self, request: Request, mode: Mode = Mode.STRICT) -> bool:
        """Whether this request may leave the machine. Pure; called for every request and every redirect hop."""
        if mode is Mode.OBSERVE:
            return True
        if not request.place or request.disguised or any(map(_BUYING.search, request.lenient_places)):
            return False
        rules = [rule for rule in (*self.allow, *self.refuse) if rule.fields and rule.is_near(request)]
        if rules and not request.understood(frozenset[tuple[str, str]]().union(*(rule.bound for rule in rules))):
            return False
        if any(rule.resembles(request) for rule in self.refuse):
            return False
        if any(rule.matches(request) for rule in self.allow):
            return True
        if request.method == "GET" and request.passive:
            return any(_pattern(glob).fullmatch(request.place) for glob in self.assets)
        return mode is Mode.SIGN_IN and request.place.startswith(
            tuple(f"https://{host}/" for host in self.sign_in_hosts)
        )

    def proves_session(self, request: Request) -> bool:
        """Whether status 401 from this address counts against the account's session."""
        return any(rule.proves_session and rule.matches(request) for rule in self.allow)

    def reads_only(self, request: Request) -> bool:
        """A declared request that changes nothing at the platform: every GET, read-only POSTs and token refreshes."""
        return request.method in ("GET", "HEAD") or any(
            rule.matches(request) and rule.purpose in (Purpose.READ, Purpose.REFRESH) for rule in self.allow
        )

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Every host that may be connected to in strict mode (patterns with `*` labels stay patterns)."""
        return frozenset(urlsplit(url).netloc.lower() for url in (*(rule.url for rule in self.allow), *self.assets))


def static_files(origin: str) -> tuple[str, ...]:
    """Asset patterns for a site's own host: files by their endings only, since any other GET there might spend."""
    endings = ("css", "js", "mjs", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "woff", "woff2", "ttf")
    return tuple(f"{origin}/**.{ending}" for ending in endings)


# ---------------------------------------------------------------- what an adapter declares


class Transport(StrEnum):
    HTTP = "http"
    BROWSER = "browser"


class Scope(StrEnum):
    """Whose history an account sees: one seat's, or the whole organisation's."""

    SEAT = "seat"
    ORGANISATION = "organisation"


class Automation(StrEnum):
    """What the platform's terms say about software that reads one's own account."""

    PERMITTED = "permitted"
    SILENT = "silent"
    RESTRICTED = "restricted"
    UNREAD = "unread"

    @property
    def needs_acceptance(self) -> bool:
        return self in (Automation.RESTRICTED, Automation.UNREAD)


class Basis(StrEnum):
    """What an adapter stands on: the vendor's published contract, third parties' observations, or assumptions."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    UNPROVEN = "unproven"


@dataclass(frozen=True, kw_only=True)
class SignInMethod:
    """One way to sign in: which secrets it needs, and whether it runs in a browser or as a plain HTTP client."""

    name: str  # token | password | attended
    transport: Transport
    secrets: tuple[str, ...] = ()
    optional_secrets: tuple[str, ...] = ()
    needs_username: bool = False
    where: str = ""  # where a person finds the secret, and which permissions to tick


@dataclass(frozen=True, kw_only=True)
class AutomationTerms:
    """The class, with the words it rests on."""

    stance: Automation
    quote: str
    source: str
    read_on: str


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """How the platform itself confirms a licence to a third party, and who may ask.

    `german` says both in whole German sentences; where it is empty, a German pack only says whom to ask.
    """

    how: str
    who: str
    german: str = ""


@dataclass(frozen=True)
class TermsPage:
    """A public page with licence terms, opened without a sign-in, and nothing but it.

    `selector` is the element whose visible text is the terms. `also` are URL patterns (as in `Rule`) of where the
    platform may lead instead, `assets` of what the page may load besides the files of the sites in `static`. `kinds`
    are the kinds of licence that the text is for, as the platform names them; empty: all.
    """

    name: str
    url: str
    selector: str = "body"
    assets: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    static: tuple[str, ...] = ()

    @property
    def loads(self) -> tuple[str, ...]:
        """URL patterns of all that the page may load."""
        return (*self.assets, *(pattern for site in self.static for pattern in static_files(site)))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Where the page is, or may be."""
        return tuple(Rule("GET", url) for url in (self.url, *self.also))

    def covers(self, licence: Licence) -> bool:
        """Whether the text is for such a licence. A comp grants nothing, so it has no terms."""
        named = {kind.casefold() for kind in self.kinds}
        return not licence.comp and (not named or (licence.kind or "").casefold() in named)


@dataclass(frozen=True, kw_only=True)
class TermsText:
    """A text of licence terms that the platform's interface gives to an account. `page` names it, where it came from,
    and the kinds of licence that it is for; it is not opened.
    """

    page: TermsPage
    text: str
    retrieved_at: datetime


@dataclass(frozen=True, kw_only=True)
class ProviderInfo:
    """Everything about an adapter that is not code. `archiver providers` prints it.

    `narrowed` are settings of an account that narrow its history where they are not `true`, and what is then not seen;
    `settings` are its other ones, and what each says. Any account's setting `without` leaves out lists that are named
    in `listings`.
    """

    name: str
    title: str
    home: str
    login_url: str
    methods: tuple[SignInMethod, ...]
    rules: Rules
    scope: Scope
    listings: tuple[str, ...]  # the platform's lists, each swept for itself
    identity: str
    documents: Mapping[str, str]  # kind -> "offered", or why not
    client_hints: str
    basis: Basis
    basis_detail: str
    automation: AutomationTerms
    confirm: Confirm
    terms: tuple[TermsPage, ...] = ()
    narrowed: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    pacing: float = 1.0  # requests a second and host, unless archiver.yaml says otherwise
    headless: bool = True
    on_request: bool = False  # no history: it reads what a person names, by `archiver capture`, and no run asks it
    previews_marked: bool = False  # the previews that it archives carry the platform's watermark, or may
    session_secrets: tuple[
        str, ...
    ] = ()  # names of cookies and tokens that are searched for before anything is archived

    @classmethod
    def beside(cls, module: str, **code: Any) -> ProviderInfo:
        """The declaration in the YAML file beside an adapter's module (`__file__`): its words; `code` has the rest.

        The keys are this class's fields, but `name`, which is the file's. ConfigError names what is not as it must be.
        """
        from pydantic import TypeAdapter, ValidationError

        path = Path(module).with_suffix(".yaml")
        facts = read_yaml(path).value
        try:
            return TypeAdapter(cls).validate_python({"name": path.stem, **dict(facts), **code})  # type: ignore[arg-type]
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise ConfigError(f"{path}: {'; '.join(faults)}") from None

    def gap(self, kind: DocumentKind) -> Gap:
        """The gap of a document that the platform does not give, with the reason that `documents` declares."""
        why = self.documents[kind]
        reason = GapReason.ON_REQUEST if why.startswith("on request") else GapReason.NONE_OFFERED
        return Gap(kind=kind, reason=reason, detail=why)

    def check_settings(self, settings: Mapping[str, str]) -> None:
        """ConfigError names the settings that an account of this platform does not have, and those that it has."""
        known = sorted({"without", *self.narrowed, *self.settings})
        if strange := [repr(name) for name in settings if name not in known]:
            raise ConfigError(
                f"An account of {self.title} has no setting {', '.join(strange)}. It has: {', '.join(known)}."
            )

    def unseen(self, settings: Mapping[str, str]) -> list[str]:
        """The licences that an account with these settings leaves unseen, with the setting that does it."""
        narrowed = ((name, settings.get(name, "true")) for name in self.narrowed)
        seen = [f"{self.narrowed[name]} ({name}: {value})" for name, value in narrowed if value.lower() != "true"]
        return seen + [f"the list {listing} (without: {settings['without']})" for listing in self.without(settings)]

    def without(self, settings: Mapping[str, str]) -> list[str]:
        """The lists that an account's setting `without` names, with commas between; ConfigError for unknown ones."""
        named = [name.strip() for name in settings.get("without", "").split(",") if name.strip()]
        if strange := [name for name in named if name not in self.listings]:
            raise ConfigError(
                f"The setting `without` names {', '.join(strange)}, and {self.title} has no such list. It has: "
                f"{', '.join(self.listings)}."
            )
        return named

    def session_end(self, state: Mapping[str, Any] | None) -> datetime | None:
        """When a saved session (a Playwright storage state) ends by itself: with the first of its declared cookies.

        None where none of them says so.
        """
        cookies = (state or {}).get("cookies", ())
        ends = [float(each.get("expires", -1)) for each in cookies if each.get("name") in self.session_secrets]
        return min((datetime.fromtimestamp(end, UTC) for end in ends if end > 0), default=None)

    def method(self, name: str | None) -> SignInMethod:
        """The sign-in method of that name, or the provider's first; ConfigError names what there is."""
        for method in self.methods:
            if name in (None, method.name):
                return method
        known = ", ".join(method.name for method in self.methods)
        raise ConfigError(f"{self.name} has no sign-in method {name!r}. Use one of: {known}.")


# ---------------------------------------------------------------- what an adapter is given


def shown(url: str) -> str:
    """A URL as it may be shown: without user, query and fragment, where secrets stand."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@dataclass(frozen=True)
class Response:
    """An answer that has passed the guard: final status and URL after checked redirects, lower-case headers, body."""

    status: int
    url: str
    headers: Mapping[str, str]
    content: bytes
    retrieved_at: datetime

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def length_stated(self) -> bool:
        """Whether the platform said how long the content is, so that its end is known: by a number, in chunks, or in a
        packed form with an end of its own."""
        chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        return chunked or "content-length" in self.headers or "gzip" in self.headers.get("content-encoding", "").lower()

    @property
    def text(self) -> str:
        charset = re.search(r"charset=\"?([\w-]+)", self.headers.get("content-type", ""), re.IGNORECASE)
        try:
            return self.content.decode(charset[1] if charset else "utf-8", "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def expect(self, *statuses: int) -> Response:
        """This response, if its status is one of these (200 if none are given); else LayoutChanged with the page."""
        if self.status not in (statuses or (200,)):
            raise LayoutChanged(f"{shown(self.url)} answered {self.status}", page=SavedPage(self.url, self.content))
        return self

    def json(self) -> Any:
        """The decoded body; LayoutChanged with the page where it is not JSON."""
        try:
            return _json.loads(self.content)
        except (ValueError, RecursionError):
            raise LayoutChanged(
                f"{shown(self.url)} should be JSON and is not (sent as {self.media_type or 'no type'})",
                page=SavedPage(self.url, self.content),
            ) from None


class Session(Protocol):
    """What an adapter may do over plain HTTP. Waiting, pacing, retries, Retry-After and the guard are in here.

    `get` and `post` follow redirects hop by hop and raise SpendRefused for what no rule allows, SessionExpired for 401
    where a rule says that the address proves the session, RateLimited after repeated 429, SiteUnavailable after
    repeated 5xx or a lost connection. Any other status is returned, as is a picture's redirect to the sign-in page.
    Headers given to `authorise` go with every later request to hosts that the provider's rules allow (READ, not
    assets).
    """

    username: str | None
    settings: Mapping[str, str]

    def now(self) -> datetime: ...

    def authorise(self, headers: Mapping[str, str]) -> None: ...

    def keep_secret(self, value: str) -> None:
        """Declare a value (a session token) that must never be archived, logged or shown."""

    async def get(
        self, url: str, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Response: ...

    async def post(
        self, url: str, *, form: Mapping[str, str] | None = None, json: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response: ...  # fmt: skip


@dataclass(frozen=True)
class Click:
    """An outcome that is not one yet: click this and look again (cookie banners, interstitials)."""

    selector: str


@dataclass(frozen=True)
class Code:
    """An outcome that asks for a one-time code: where to type it, and what to press."""

    field: str
    submit: str


@dataclass(frozen=True)
class Choose:
    """An outcome that asks whose history is wanted (a profile, a workspace): the selector of what can be clicked, and
    the account's setting that names one by its text. Without one that fits, ConfigError names the choices."""

    options: str
    setting: str


type SignInOutcome = type[ArchiverError] | Click | Code | Choose | None
"""What a sign-in page shows: an error, a step to take, a code to give, a choice to make, or None: signed in."""


class BrowserSession(Session, Protocol):
    """What an adapter may do in a real browser. One page; `get` uses the same cookies without rendering."""

    async def goto(self, url: str) -> Response:
        """Open a page and wait until it is loaded. The response's content is the document's HTML as rendered."""

    async def page(self) -> Response:
        """The page as it now stands (status 200), for reading and for SavedPage."""

    async def seen(self, selector: str, *, wait: float = 0.0) -> bool:
        """Whether a visible element matches, waiting up to `wait` seconds for it."""

    async def fill(self, fields: Mapping[str, str]) -> None:
        """Type values into fields, by selector; LayoutChanged names a field that is not there."""

    async def click(self, selector: str) -> None: ...

    async def rows(self, selector: str, *, start: int = 0) -> list[str]:
        """The outer HTML of the matching elements, from the `start`-th on."""

    async def scroll_to_end(self, rows: str | None = None) -> None:
        """Scroll to the page's end and wait until the network is quiet (endless lists). `rows` is the selector of what
        should become more.

        Where the page's own request for more fails, and neither a later answer nor more rows show that the page has
        overcome it: SessionExpired, RateLimited or SiteUnavailable.
        """

    async def capture(self) -> Sequence[Document]:
        """The page as it now stands: `page.pdf`, `page.png` and `capture.warc.gz`, each of kind CAPTURE, masked.

        SecretFound where a secret would be left in them.
        """

    def beside(self) -> AbstractAsyncContextManager[BrowserSession]:
        """A second page of the same account, behind the first: documents are fetched while a list is being read."""

    async def settle(
        self, outcomes: Mapping[str, SignInOutcome], *, challenge: Challenge, within: float = 20.0
    ) -> None:
        """Wait until one of the outcomes shows, take its steps, and return when signed in; else raise its error.

        A key is a CSS or text selector, or `url:` and a glob on the whole URL. The first match in order wins. No match
        in time is LayoutChanged, never WrongPassword. `Code` asks the challenge once.
        """


class Challenge(Protocol):
    """Answers a question that the secrets alone cannot; raises SignInNeeded where nobody is there to answer."""

    async def code(self) -> str: ...


@dataclass(frozen=True)
class Page:
    """One page of a platform's list: its licences, newest first, and the list's total where the platform states it.

    `last`: the page bears the platform's own mark that no other page follows.
    """

    licences: Sequence[Licence]
    total: int | None = None
    last: bool = False


@dataclass(frozen=True)
class History:
    """One list of a platform, as pages. It ends at the stated total, at an empty page or at a page that is marked as
    the last one; a list whose pages end without any of these is LayoutChanged, whatever the adapter makes of it."""

    listing: str
    pages: AsyncIterator[Page]


@dataclass(frozen=True, kw_only=True)
class TextLayout:
    """How a text document of a platform looks when it is whole: half of one reads like a document, too.

    `labels` each stand at the beginning of a line, with a colon and a value behind them. `marks` are patterns of lines
    that must be there, and `last_line` is the pattern of the last line that is not blank. Letter case does not count.
    """

    labels: tuple[str, ...]
    last_line: str
    marks: tuple[str, ...] = ()

    def lacks(self, text: str) -> str | None:
        """What a whole document has and this text has not, in words; None where it is whole."""
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        for label in self.labels:
            if not any(re.match(rf"{re.escape(label)}\s?:\s?\S", line, re.IGNORECASE) for line in lines):
                return f"no line “{label}” with a value"
        for mark in (*self.marks, self.last_line):
            if not any(re.fullmatch(mark, line, re.IGNORECASE) for line in lines):
                return "not the lines at its end"
        return None if re.fullmatch(self.last_line, lines[-1], re.IGNORECASE) else "not its last line"


class Provider[S: Session](ABC):
    """One adapter. Stateless apart from what `sign_in` learned about the account (user id, plan)."""

    info: ClassVar[ProviderInfo]
    text_layouts: ClassVar[Mapping[str, TextLayout]] = {}
    """By the document's name (`certificate.txt`): how each text document looks when it is whole. One that is not
    declared here is archived only where it comes twice, and the same each time."""
    withheld: tuple[str, ...] = ()
    """What the platform did not let the account see in this run, and what can be done about it. It makes it partial."""

    @abstractmethod
    async def sign_in(self, session: S, secrets: Mapping[str, str], challenge: Challenge) -> None:
        """Sign in once; raise the error that says what a person must do. Never called twice after a refusal."""

    @abstractmethod
    async def signed_in(self, session: S) -> bool:
        """Whether the session is valid now; asked after a restore and after `sign_in`."""

    @abstractmethod
    def history(self, session: S) -> Sequence[History]:
        """The account's lists. Comps are yielded as licences with `comp=True`. A list that the account may not read
        raises Withheld, and the others are read all the same.

        Where all is `on_request`, what is asked for stands in the session's settings: `assets`, ids or addresses with
        spaces between, and `by`, the person who asks.
        """

    @abstractmethod
    def documents(self, session: S, licence: Licence) -> AsyncIterator[Document | Gap | Licence]:
        """The licence's documents and gaps, and at most one fuller Licence with the same identity.

        Must yield a record. Raise NotACertificate for one that is not what it claims; the sync files a `failed` gap.
        """

    def read_certificate(self, licence: Licence, text: str) -> Licence:  # noqa: ARG002  # for those that read it
        """The fuller licence that a certificate's text gives, with the same identity; by default the licence as it was.

        Pure. Called by core with the text of every certificate, PDF or plain. Raises NotACertificate for a certificate
        of another licence.
        """
        return licence

    async def terms(self, session: S) -> Sequence[TermsText]:  # noqa: ARG002  # for those that have some
        """The texts of licence terms that only a signed-in interface gives; by default none. Called once in a run."""
        return ()

    async def funds(self, session: S) -> object:  # noqa: ARG002  # for those that can tell
        """What the account may still spend, as the platform states it, in any form that can be compared; None where it
        does not. Asked before and after a run, which must not have changed it."""
        return None


class ApiProvider(Provider[Session]):
    """An adapter of an interface over plain HTTP. `account` is what `sign_in` learned: None until it was accepted."""

    account: Mapping[str, Any] | None = None

    async def signed_in(self, session: Session) -> bool:  # noqa: ARG002  # a token has no session that could be restored
        return self.account is not None

    async def identified(self, session: Session, url: str, query: Mapping[str, str] | None = None) -> Response:
        """The first answer to whoever signs in. There was no session yet, so an expired one is a refusal."""
        with refusing(f"{self.info.title} does not accept this token, or no longer"):
            return await session.get(url, query=query)

    async def widest(
        self, session: Session, setting: str, ask: Callable[[bool], Awaitable[Response]], *, first: bool = True
    ) -> Response:
        """The answer to `ask(True)`, a request for everybody's licences, or `ask(False)`, for the account's own: as the
        setting says, else everybody's.

        Where the platform refuses everybody's (403) to the first request of a list, its own are asked for instead, and
        what is not seen then is `withheld`.
        """
        others = self.info.narrowed[setting]
        refused = f"{others}. If this account may see no more than its own, set `{setting}: false` in its settings"
        if session.settings.get(setting, "true").lower() != "true" or refused in self.withheld:
            return await ask(False)
        answer = await ask(True)
        if answer.status == 403 and first:
            answer = await ask(False)
            if answer.status != 403:
                self.withheld = (*self.withheld, refused)
        return answer


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Inside this a session cannot have expired, since it is only being made: WrongPassword(what) instead."""
    try:
        yield
    except SessionExpired as error:
        raise WrongPassword(what) from error


@cache
def _adapters(path: tuple[str, ...]) -> Mapping[str, EntryPoint]:  # noqa: ARG001  # where Python looks for them
    """The entry points of all adapters. To look for them reads what every package on the path says of itself."""
    return {entry.name: entry for entry in reversed(tuple(entry_points(group="archiver.providers")))}


def installed() -> list[str]:
    """The names of all installed adapters, in alphabetical order. Nothing is imported, so one may be broken."""
    return sorted(_adapters(tuple(sys.path)))


@cache  # a run asks some times for each account, and each time all installed packages would be looked through
def load(name: str) -> type[Provider[Any]]:
    """The adapter of that name; ConfigError lists the installed ones, or says that this one cannot be imported."""
    if entry := _adapters(tuple(sys.path)).get(name):
        try:
            found: type[Provider[Any]] = entry.load()
        except Exception as error:  # whatever somebody else's module raises
            raise ConfigError(
                f"The provider {name!r} cannot be loaded from {entry.value} ({type(error).__name__}: {error}). Install "
                "its package anew, or uninstall it."
            ) from error
        return found
    raise ConfigError(f"There is no provider {name!r}. Installed: {', '.join(installed()) or 'none'}.")


def declared(name: str) -> ProviderInfo | None:
    """What an adapter declares; None where it is gone or broken, which whatever needs it tells."""
    with suppress(ConfigError):
        return load(name).info
    return None
