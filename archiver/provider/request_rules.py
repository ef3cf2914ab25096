"""The requests that an adapter may make.

A permission matches exactly; a refusal matches everything that a server could confuse with it.
"""

from __future__ import annotations

import json as _json
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache, cached_property, lru_cache
from urllib.parse import parse_qs, unquote, unquote_plus, urlencode, urlsplit

from archiver.core.errors import ConfigError

NOT_ALLOWED = "no rule allows it"
NOT_SO = "a rule names this address, but not the query or the body with which it was asked"
_GET_OR_HEAD = frozenset({"GET", "HEAD"})  # what opens a page and sends nothing


class Mode(StrEnum):
    """Who uses the browser: nobody (strict), a person who signs in (sign_in), or a person at work (observe).

    Such a person may do anything, also buy, so nothing is refused.
    """

    STRICT = "strict"
    SIGN_IN = "sign_in"
    OBSERVE = "observe"


class Phase(StrEnum):
    """What a session does now. It decides which purposes its requests may have.

    A session reads unless the program says otherwise. DOCUMENTS is reading while a licence's own documents are fetched.
    """

    SIGNING_IN = "signing in"
    READING = "reading"
    DOCUMENTS = "documents"


class Purpose(StrEnum):
    """The purpose of a declared request, which belongs to phases.

    READ belongs to every phase. DOCUMENT, a READ that gives one licence's own document, belongs to DOCUMENTS; the
    companion may fetch it in a person's browser, too. SIGN_IN belongs to SIGNING_IN; its pages may be opened by GET in
    every phase, since an ended session leads there. REFRESH gets a new token: the adapter may send it in every phase,
    a page never.
    """

    READ = "read"
    DOCUMENT = "document"
    REFRESH = "refresh"
    SIGN_IN = "sign_in"


PURPOSES: Mapping[Phase, frozenset[Purpose]] = {
    Phase.SIGNING_IN: frozenset({Purpose.READ, Purpose.SIGN_IN, Purpose.REFRESH}),
    Phase.READING: frozenset({Purpose.READ}),
    Phase.DOCUMENTS: frozenset({Purpose.READ, Purpose.DOCUMENT}),
}


@dataclass
class SessionPhase:
    """The phase of one session, which all its judges share. Only the program changes it, never a page."""

    _open: Counter[Phase] = field(default_factory=Counter)

    @property
    def now(self) -> Phase:
        return next((phase for phase in (Phase.SIGNING_IN, Phase.DOCUMENTS) if self._open[phase]), Phase.READING)

    @contextmanager
    def during(self, phase: Phase) -> Iterator[None]:
        """Inside this context, the session is in this phase. A sign-in stands above documents."""
        self._open[phase] += 1
        try:
            yield
        finally:
            self._open[phase] -= 1


@dataclass(frozen=True)
class Rule:
    """One kind of request: method, URL pattern and, where one URL both reads and spends, the fields that decide.

    In `url`, `*` stands for one path segment or host label, `**` for the rest of a path; a query is not part of it.
    `fields` bind query or body values: each must occur exactly once with exactly this value. Whatever is sent to such
    a place must be wholly understood (`Request.understood`), by whatever method. Bind each key that chooses what is
    done, for example a command or the text of a GraphQL query.
    `query` and `body` name all other keys that may occur, each at most once: `page` with any value, `type=regular` with
    this one. A key inside a JSON object is `outer.inner`. A body is closed so unless the rule signs in, since a form to
    sign in has hidden fields that nobody knows; GET and HEAD have none.
    `proves_session`: status 401 from this address means that the account's session is no longer valid.
    """

    method: str
    url: str
    purpose: Purpose = Purpose.READ
    fields: Mapping[str, str] = field(default_factory=dict)
    proves_session: bool = True
    query: tuple[str, ...] = ()
    body: tuple[str, ...] = ()

    def matches(self, request: Request) -> bool:
        """Whether it is exactly this place, with each bound field exactly once and no key that the rule does not name.

        A permission needs that.
        """
        return (
            self.names_place(request)
            and all(request.fields.get(name) == [value] for name, value in self.bound)
            and (not (self.fields or self._closes_body(request)) or request.understood(self.bound))
            and self.unnamed(request) == []
        )

    def names_place(self, request: Request) -> bool:
        """Whether the request's method and address are this rule's, whatever else it sends."""
        return self.method in ("*", request.method) and _pattern(self.url).fullmatch(request.place) is not None

    def belongs_to(self, phase: Phase, request: Request) -> bool:
        """Whether such a request may be sent in this phase."""
        opens = self.purpose is Purpose.SIGN_IN and request.method in _GET_OR_HEAD
        return opens or self.purpose in PURPOSES[phase]

    def unnamed(self, request: Request) -> list[str] | None:
        """The keys of the request's query and body that this rule does not name; None if they cannot be told."""
        found = [(self.query, _query_pairs(urlsplit(request.url).query))]
        if request.body and request.method in _GET_OR_HEAD:
            return None
        if self._closes_body(request):
            found.append((self.body, _body_pairs(request.body)))
        unnamed, bound = list[str](), {name for name, _ in self.bound}
        for named, pairs in found:
            if pairs is None:
                return None
            unnamed += [
                name
                for name, value in pairs
                if name not in named and f"{name}={value}" not in named and _field(name) not in bound
            ]
        return unnamed

    def _closes_body(self, request: Request) -> bool:
        return bool(request.body) and self.purpose is not Purpose.SIGN_IN

    def resembles(self, request: Request) -> bool:
        """Whether a lenient server could take this request for it. A refusal needs no more."""
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
    """A request before it leaves: what the rules judge, with its URL in one canonical form."""

    method: str
    url: str
    body: bytes | None = None
    passive: bool = False  # an image, style sheet, script or font that a page asked for
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def disguised(self) -> bool:
        """Whether a header or a field asks the server to treat it as a request with another method or address."""
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
        pairs += [
            (_field(name), "") for name in _PART_NAME.findall(body)
        ]  # of a multipart body, whose values are not read
        return any(self._renames(name, value.strip().upper()) for name, value in pairs)

    def _renames(self, name: str, value: str) -> bool:
        """Whether frameworks take this field for the request's method, and the method differs."""
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
        """`https://host/path`: host in lower case, path decoded once. `""` if the URL hides its target."""
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
            or not HOST_NAME.fullmatch(host)
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
        """How lenient servers may read it: they ignore case, `;parameters`, empty segments and closing marks."""
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
                pairs: list[tuple[str, object]] = _json.loads(text, object_pairs_hook=list)  # with duplicate keys
            except (ValueError, RecursionError):
                return {}
            fields: dict[str, list[str]] = {}
            for name, value in pairs:
                fields.setdefault(name, []).append(str(value))
            return fields
        # An encoded form has no line breaks. A body with line breaks is multipart, and its fields are not read here.
        return {} if "\n" in text else parse_qs(text, keep_blank_values=True)

    @cached_property
    def fields(self) -> dict[str, list[str]]:
        """Query and body fields, each with all its values, under the names that the most lenient servers read.

        A JSON body is read as a form too, because some servers do that.
        """
        written = [parse_qs(urlsplit(self.url).query, keep_blank_values=True), self.body_fields]
        if self.body and self.body.lstrip().startswith(b"{"):
            written.append(parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        fields: dict[str, list[str]] = {}
        for name, values in (item for each in written for item in each.items()):
            fields.setdefault(_field(name), []).extend(values)
        return fields


def _field(name: str) -> str:
    """A field's name as lenient servers read it: PHP reads ` ` and `.` as `_`, and drops everything from `[` on."""
    return re.sub("[ .]", "_", name.strip().partition("[")[0]).lower()


@lru_cache  # the same few names occur again and again
def _reroutes(header: str) -> bool:
    """Whether a server, or a proxy before it, may use this header's value as the method or the address."""
    return bool(_REROUTING_HEADER.fullmatch(header)) and not header.lower().startswith("access-control-")


@lru_cache
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
    """Names and values of a form or query; None if servers could read it in more than one way."""
    if text and not _FORM.fullmatch(text):
        return None
    pairs = [pair.split("=") for pair in text.split("&") if text]
    try:
        found = [(name, unquote_plus(value, errors="strict")) for name, value in pairs]
    except UnicodeDecodeError:
        return None
    return None if any(_CONTROL.search(value) for _, value in found) else found


def _json_pairs(body: bytes, bound: Collection[str]) -> list[tuple[str, str]] | None:
    """Names and values of a JSON object; None if servers could read it in more than one way.

    No name may occur twice in one object. Bound names may occur only at the top, and not in the form that a form would
    use.
    """
    names: list[str] = []

    def read(pairs: list[tuple[str, object]]) -> dict[str, object]:
        here = [_field(name) for name, _ in pairs]
        if len(set(here)) < len(here) or not all(_NAME.fullmatch(name) for name, _ in pairs):
            raise ValueError("a name occurs twice, or is not a plain name")
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


def _query_pairs(query: str) -> list[tuple[str, str]] | None:
    """Names and values of a query, each name once; None if servers could read it in more than one way."""
    try:
        parts = [pair.partition("=") for pair in query.split("&") if query]
        pairs = [
            (unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")) for name, _, value in parts
        ]
    except UnicodeDecodeError:
        return None
    names = {name.lower() for name, _ in pairs}
    unclear = ";" in query or "?" in query or "" in names or len(names) < len(pairs)
    return None if unclear or any(_CONTROL.search(name + value) for name, value in pairs) else pairs


def _body_pairs(body: bytes | None) -> list[tuple[str, str]] | None:
    """Names and values of a form or a JSON object, those of inner objects as `outer.inner`; None for anything else."""
    text = (body or b"").decode("utf-8", "replace")
    if not text.lstrip().startswith("{"):
        return _form_pairs(text)
    try:
        return list(_inner_pairs("", _json.loads(text)))
    except (ValueError, RecursionError):
        return None


def _inner_pairs(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _inner_pairs(f"{name}.{key}" if name else key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _inner_pairs(name, inner)
    else:
        yield name, str(value)


# What a site's own host may get behind the address of a picture or a script: the version that its file has.
_VERSION = re.compile(r"[0-9a-fA-F.]{0,64}|(v|ver|version|hash|rev|dpl|t|ts|_)=[\w.-]{0,64}", re.ASCII)
_BUYING = re.compile(r"/(cart|basket|checkout|renew(al)?)([/.]|$)")
_PORTS = {"http": 80, "https": 443}
HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


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
    """Everything that an adapter may send. What no rule allows is refused.

    `refuse` overrules every permission. So do cart, checkout and renewal addresses, which no adapter needs to name.
    `assets` are URL patterns from which a page may load pictures, styles, scripts and fonts by GET. `sign_in_hosts` are
    identity and captcha hosts that a page may use while a person signs in.
    """

    allow: tuple[Rule, ...]
    refuse: tuple[Rule, ...] = ()
    assets: tuple[str, ...] = ()
    sign_in_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """ConfigError names a permission that a refusal covers wholly, or that is too wide for what it sends."""
        for rule in self.allow:
            example = Request(
                "GET" if rule.method == "*" else rule.method, _example(rule), urlencode(rule.fields).encode()
            )
            if why := self.forbidden(example):
                raise ConfigError(f"The rule that allows {rule.method} {rule.url} can never apply: {why}. Remove one.")
            sends = rule.method not in _GET_OR_HEAD or rule.purpose is Purpose.SIGN_IN
            if sends and "*" in rule.url:
                raise ConfigError(
                    f"The rule that allows {rule.method} {rule.url} ({rule.purpose}) has a `*`. A rule that signs in "
                    "or that sends more than a GET must name its address in full. Write one rule for each address, "
                    "with the keys of its query and body."
                )

    def forbidden(self, request: Request) -> str:
        """Why no permission can let this request pass; empty if nothing forbids it."""
        if not request.place or request.disguised:
            return "its address, a header or a field hides where it goes"
        if any(map(_BUYING.search, request.lenient_places)):
            return "refused everywhere: a cart, a checkout or a renewal"
        found = next((rule for rule in self.refuse if rule.resembles(request)), None)
        return f"refused by `{found.method} {found.url}`" if found else ""

    def refusal(self, request: Request) -> str:
        """Why this request was refused, in words for the adapter's maintainer."""
        return self.forbidden(request) or self.shortfall(request) or NOT_ALLOWED

    def shortfall(self, request: Request) -> str:
        """Why the rule that names this address did not let the request pass; empty if no rule names it."""
        named = () if self.forbidden(request) else (rule for rule in self.allow if rule.names_place(request))
        return next((_shortfall(rule, request) for rule in named), "")

    def explained(self, refused: Iterable[str]) -> list[str]:
        """Refused requests, each `METHOD url` with the rule that refused it.

        Those at hosts from which pages are read come first.
        """
        requests = [Request(method, url) for method, _, url in (line.partition(" ") for line in refused)]
        requests.sort(key=lambda request: not any(fnmatchcase(request.host, host) for host in self.hosts))
        return [f"{each.method} {each.url} ({self.refusal(each)})" for each in requests]

    def permit(self, request: Request, mode: Mode = Mode.STRICT, phase: Phase = Phase.READING) -> bool:
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
        if any(rule.belongs_to(phase, request) and rule.matches(request) for rule in self.allow):
            return True
        if request.method == "GET" and request.passive and self._is_asset(request):
            return True
        return (
            mode is Mode.SIGN_IN
            and phase is Phase.SIGNING_IN
            and request.place.startswith(tuple(f"https://{host}/" for host in self.sign_in_hosts))
        )

    def _is_asset(self, request: Request) -> bool:
        """Whether a page may load this file. At a host with other rules, too, its query is at most a version."""
        if not any(_pattern(glob).fullmatch(request.place) for glob in self.assets):
            return False
        acts = any(fnmatchcase(request.host, urlsplit(rule.url).hostname or "") for rule in self.allow)
        return not acts or _VERSION.fullmatch(urlsplit(request.url).query) is not None

    def declares(self, request: Request) -> bool:
        """Whether the request may leave in some phase."""
        return any(self.permit(request, phase=phase) for phase in Phase)

    def refreshes(self, request: Request) -> bool:
        """Whether it asks for a new token, which an adapter may do in every phase, and a page never."""
        return any(rule.purpose is Purpose.REFRESH and rule.matches(request) for rule in self.allow)

    def proves_session(self, request: Request) -> bool:
        """Whether status 401 from this address counts against the account's session."""
        return any(rule.proves_session and rule.matches(request) for rule in self.allow)

    def reads_only(self, request: Request) -> bool:
        """Whether it is a declared request that changes nothing at the platform: any GET, read-only POSTs and token
        refreshes.
        """
        return request.method in _GET_OR_HEAD or any(
            rule.matches(request) and rule.purpose is not Purpose.SIGN_IN for rule in self.allow
        )

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Every host to which connections are allowed in strict mode (patterns with `*` labels stay patterns)."""
        return frozenset(urlsplit(url).netloc.lower() for url in (*(rule.url for rule in self.allow), *self.assets))


def _shortfall(rule: Rule, request: Request) -> str:
    """Why a rule does not let pass what is sent to its address."""
    unnamed = rule.unnamed(request)
    if unnamed:
        keys = ", ".join(f"`{name}`" for name in dict.fromkeys(unnamed))
        return f"`{rule.method} {rule.url}` does not name the key {keys} in `query` or `body`"
    if rule.purpose is Purpose.SIGN_IN and request.method not in _GET_OR_HEAD:
        return "allowed only while the archiver signs in"
    return "allowed only while documents are fetched" if rule.purpose is Purpose.DOCUMENT else NOT_SO


def _example(rule: Rule) -> str:
    """An address that the rule matches."""
    return rule.url.replace("**", "any/any").replace("*", "any")


def static_files(origin: str) -> tuple[str, ...]:
    """Asset patterns for a site's own host: only files with these endings, because any other GET there might spend."""
    endings = ("css", "js", "mjs", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "woff", "woff2", "ttf")
    return tuple(f"{origin}/**.{ending}" for ending in endings)
