"""What may leave the machine: no way of writing a URL or a body gets a spending request past the rules."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable
from contextlib import nullcontext
from urllib.parse import unquote, urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.core.errors import ConfigError
from archiver.provider import Mode, Phase, Purpose, Request, Rule, Rules
from archiver.provider.request_rules import NOT_ALLOWED, static_files
from tests.support.examples import examples

QUERY = ("a", "page", "sort", "_method", "method")
BODY = ("a", "page", "note", "password", "ids", "by.note", "by.at", "x")
RULES = Rules(
    allow=(
        Rule("GET", "https://acme.example.com/**", query=("x", "a", "do", "command", "method", "a[]")),
        Rule("GET", "https://*.cdn.example.com/files/*"),
        Rule("POST", "https://acme.example.com/rpc", fields={"command": "list"}, query=QUERY, body=BODY),
        Rule("POST", "https://acme.example.com/open", query=("do",), body=("do",)),
        Rule("POST", "https://acme.example.com/login", Purpose.SIGN_IN),
    ),
    refuse=(
        Rule("*", "https://acme.example.com/take/one"),
        Rule("GET", "https://acme.example.com/go", fields={"do": "buy"}),
        Rule("POST", "https://acme.example.com/open", fields={"do": "buy"}),
    ),
    assets=("https://pictures.example.com/**",),
    sign_in_hosts=("identity.example.net",),
)
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def sent(method: str, url: str, body: bytes | None = None) -> Request:
    """A request as clients send it, with the content type of its body."""
    kinds = {b"{": JSON, b"[": JSON, b"-": "multipart/form-data; boundary=b"}
    return Request(method, url, body, headers={"content-type": kinds.get(body[:1], FORM)} if body else {})


@pytest.mark.parametrize(
    ("method", "url", "body", "permitted"),
    [
        ("GET", "https://acme.example.com/list?x=/take/one", None, True),
        ("GET", "https://ACME.example.com:443/a%20b/%C3%A9", None, True),
        ("GET", "https://a.cdn.example.com/files/1.pdf", None, True),
        ("POST", "https://acme.example.com/rpc?command=list", None, True),
        ("POST", "https://acme.example.com/rpc", b"command=list&page=2", True),
        ("POST", "https://acme.example.com/rpc", b'{"command": "list", "note": "a&b"}', True),
        ("POST", "https://acme.example.com/open", b"do=look", True),
        ("GET", "http://acme.example.com/list", None, False),
        ("GET", "https://acme.example.com:8443/list", None, False),
        ("GET", "https://a.b.cdn.example.com/files/1.pdf", None, False),
        ("GET", "https://a.cdn.example.com/files/more/1.pdf", None, False),
        ("GET", "https://evil.example.net\\.cdn.example.com/files/1", None, False),
        ("GET", "https://evil.example.net:80.cdn.example.com/files/1", None, False),
        ("GET", "https://acme.example.com@evil.example.net/", None, False),
        ("GET", "https://@acme.example.com/", None, False),
        ("GET", "https://acme.example.com:99999/", None, False),
        ("GET", "https://[acme.example.com/", None, False),
        ("GET", "https://acme。example.com/", None, False),
        ("GET", "https://acme.example.com./", None, False),
        ("GET", "file:///etc/hostname", None, False),
        ("GET", "https://acme.example.com/go?do=buy&do=look", None, False),
        ("GET", "https://acme.example.com/take/;x=1/one", None, False),
        ("GET", "https://acme.example.com/list/..;x=1/other", None, False),
        ("POST", "https://acme.example.com/rpc?command=list", b"command=list", False),
        ("POST", "https://acme.example.com/rpc", b"command=list&command=buy", False),
        ("POST", "https://acme.example.com/rpc", b"command=list%20", False),
        ("POST", "https://acme.example.com/rpc", b"command=list&command=", False),
        ("POST", "https://acme.example.com/rpc", b'{"command": "buy", "command": "list"}', False),
        ("POST", "https://acme.example.com/rpc", b'{"command": "list", "x": "&command=buy&"}', False),
        ("POST", "https://acme.example.com/rpc", b'{"command": ["list"]}', False),
        ("POST", "https://acme.example.com/rpc", b'--b\r\nname="command"\r\n\r\nbuy\r\n&command=list&\r\n--b--', False),
        ("POST", "https://acme.example.com/rpc", b"[" * 100_000, False),
        ("POST", "https://acme.example.com/rpc", b'{"a":' * 100_000, False),
        ("POST", "https://acme.example.com/open", b"do=buy&do=look", False),
        ("POST", "https://acme.example.com/open", b"Do[]=buy", False),
        ("POST", "https://acme.example.com/rpc", b"command=list&com.mand=x", False),
        ("POST", "https://acme.example.com/rpc", b'{"command": "list", "COMMAND": "buy"}', False),
        ("POST", "https://acme.example.com/rpc?command[]=buy", b"command=list", False),
        ("POST", "https://acme.example.com/rpc?command=list", b'--b\r\nname="command"\r\n\r\nbuy\r\n--b--', False),
        ("POST", "https://acme.example.com/open", b'--b\r\nname="do"\r\n\r\nbuy\r\n--b--', False),
        ("GET", "https://acme.example.com/shop/Cart/add", None, False),
        ("GET", "https://acme.example.com/plan/renew.json", None, False),
        ("GET", "https://acme.example.com/go-kart/cartoon", None, True),
        ("POST", "https://acme.example.com/list", None, False),
    ],
)
def test_permissions(method: str, url: str, body: bytes | None, permitted: bool) -> None:
    assert RULES.permit(sent(method, url, body)) is permitted


RPC, OPEN = "https://acme.example.com/rpc", "https://acme.example.com/open"
NAMED = b"command=list"


@pytest.mark.parametrize(
    ("url", "body", "headers"),
    [
        *((f"{RPC}?{extra}", NAMED, {}) for extra in (
            "command%00x=buy", "command;=buy", "a=1;command=buy", "com[mand=buy", "%20command=buy", "+command=buy",
            "COMMAND=buy", "command%20=buy", "%EF%BB%BFcommand=buy", "c%6fmmand=buy", "a=1?command=buy", "command",
            "_method=PUT", "method=PUT", "_httpmethod=delete", "X-HTTP-Method-Override=PUT", "_method[]=PUT", "a=%FF",
            "a=%00", "a", "=buy", "a[]=1", "a[command]=buy", "&command=buy", "a=1&", "a=1&amp;command=buy", "a={}",
        )),
        *((RPC, body, {}) for body in (
            b"command=list;command=buy", b"command=list&com.mand=buy", b"command=list&command[]=buy",
            b"command=list\n", b"command=list&a=%C0%AE", b"\xef\xbb\xbfcommand=buy&command=list", b"command=list%00",
            b"command=list&a=\xff", b"command=list&_method=PUT", b"command=list&verb=DELETE", b"command=lis%74&a=%80",
        )),
        *((RPC, body, {"content-type": JSON}) for body in (
            b'[{"command": "list"}]', b'{"command": "list", "x": {"command": "buy"}}', b'{"command": ["list"]}',
            b'{"x": {"command": "list"}}', b'{"command": "list", "com.mand": "buy"}', b'{"command": "list", "a": NaN}',
            b'\xef\xbb\xbf{"command": "list"}', '{"command": "list"}'.encode("utf-16"), b'"command=list"',
            b'{"command": "list", "x": [{"a": 1, "a": 2}]}', b'{"command": "list", "command\\u0000": "buy"}',
            b'{"command": "list", "_method": "PUT"}', b'{"command": "list", "x": "?command=buy"}', NAMED,
        )),
        *((RPC, NAMED, {"content-type": kind}) for kind in (
            "", "text/plain", "application/xml", "multipart/form-data; boundary=b", "application/octet-stream", JSON,
            f"{FORM}; charset=utf-16", f"{FORM}, {JSON}", f"{FORM};{JSON}", "application/x-www-form-urlencoded2",
        )),
        *((RPC, NAMED, {name: value}) for name, value in {
            "content-encoding": "gzip", "X-Original-URL": "/spend", "X-Rewrite-URL": "/spend", "x-method": "PUT",
            "X-HTTP-Method-Override": "PUT", "X_HTTP_Method_Override": "PUT", "X-Forwarded-Path": "/spend", "Cookie":
            "a=1; command=buy", "Destination": "/spend", "X-Command": "buy", "x-envoy-original-path": "/spend",
        }.items()),
        (f"{RPC};command=buy", NAMED, {}),
        *((OPEN, f"do={value}".encode(), {}) for value in (
            "BUY", "buy%20", "+buy", "%09buy", "buy%00", "buy.", "%EF%BD%82%EF%BD%95%EF%BD%99", "bu%E2%80%8By",
        )),
    ],
)  # fmt: skip
def test_where_rules_bind_fields_disguises_are_refused(url: str, body: bytes, headers: dict[str, str]) -> None:
    assert not RULES.permit(Request("POST", url, body, headers={"content-type": FORM} | headers))


@pytest.mark.parametrize(
    ("url", "body", "headers"),
    [
        (f"{RPC}?page=2&sort=new", b"command=list&password=p%40ss+%C3%A9%27%22%3B%26&note=", {}),
        (
            RPC,
            NAMED,
            {"content-type": f"{FORM}; charset=UTF-8", "api-key": "k", "sec-fetch-mode": "cors", "cookie": "a=1"},
        ),
        (
            RPC,
            b'{"command": "list", "ids": [1, 2.5, null], "by": {"note": "a=b&c", "at": true}}',
            {"content-type": JSON},
        ),
        (f"{RPC}?command=list", None, {"authorization": "Bearer x", "X-Requested-With": "XMLHttpRequest"}),
        (f"{RPC}?_method=POST", NAMED, {}),
        (f"{RPC}?method=listed", NAMED, {}),
        (OPEN, b"do=look", {}),
    ],
)
def test_what_is_wholly_understood_may_go(url: str, body: bytes | None, headers: dict[str, str]) -> None:
    assert RULES.permit(Request("POST", url, body, headers={"content-type": FORM} | headers))


def test_no_header_or_field_moves_a_request_to_another_method_or_address() -> None:
    place = "https://acme.example.com/list"
    assert RULES.permit(Request("GET", f"{place}?method=acme.photos.list&a[]=1,2", headers={"X-App": "1"}))
    assert RULES.permit(Request("GET", place, headers={"Access-Control-Request-Method": "GET"}))
    for name in ("X-HTTP-Method", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Url", "Request-Uri"):
        assert not RULES.permit(Request("GET", place, headers={name: "/spend"}))
    for query in ("_method=PUT", "method=put", "a=1;_method=PUT", "%5Fmethod=PUT", "_METHOD[a]=PUT", "__method=PUT"):
        assert not RULES.permit(Request("GET", f"{place}?{query}"))
    for body in (b'{"_method": "PUT"}', b'{"\\u005fmethod": "PUT"}'):
        assert Request("POST", RPC, body).disguised
    for name in ("_method", "method_of_pay"):
        part = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\nPUT\r\n--b--'.encode()
        assert Request("POST", "https://acme.example.com/login", part).disguised is (name == "_method")


def test_passive_requests_and_sign_in_hosts() -> None:
    picture = "https://pictures.example.com/a/1.jpg"
    assert RULES.permit(Request("GET", picture, passive=True))
    assert not RULES.permit(Request("POST", picture, passive=True))
    assert not RULES.permit(Request("GET", picture))
    identity = Request("POST", "https://identity.example.net/answer", b"x")
    assert RULES.permit(identity, Mode.SIGN_IN, Phase.SIGNING_IN)
    assert not RULES.permit(identity, Mode.SIGN_IN) and not RULES.permit(identity, phase=Phase.SIGNING_IN)
    for elsewhere in ("http://identity.example.net/answer", "https://identity.example.net:8443/answer"):
        assert not RULES.permit(Request("POST", elsewhere, b"x"), Mode.SIGN_IN, Phase.SIGNING_IN)
    for refused in ("https://identity.example.net/checkout", "https://acme.example.com/take/one"):
        for method in ("GET", "POST"):
            assert not RULES.permit(Request(method, refused), Mode.SIGN_IN, Phase.SIGNING_IN)


def test_what_only_reads() -> None:
    assert RULES.reads_only(Request("GET", "https://acme.example.com/list"))
    assert RULES.reads_only(sent("POST", "https://acme.example.com/rpc", b"command=list"))
    assert not RULES.reads_only(sent("POST", "https://acme.example.com/rpc", b"command=buy"))
    assert RULES.reads_only(Request("POST", f"{RPC}?command=list"))
    assert not RULES.reads_only(Request("POST", f"{RPC}?command=list", headers={"x-command": "buy"}))
    assert not RULES.reads_only(Request("POST", "https://acme.example.com/login", b"user=ada"))


SPELLINGS: list[Callable[[str], str]] = [
    str, str.upper, lambda c: f"%{ord(c):02x}", lambda c: f"%{ord(c):02X}", lambda c: f"%25{ord(c):02x}",
]  # fmt: skip
HOSTS = ["acme.example.com", "ACME.EXAMPLE.COM", "ada:pass@acme.example.com", "acme.example.com:443"]
BETWEEN = [
    "/",
    "//",
    "/./",
    "/x/../",
    "/%2e/",
    "/x/%2E%2e/",
    "%2f",
    "%5c",
    "\\",
    ";a=b/",
    "/;/",
    "/\t",
    "/\n",
    "/shop/",
]
AFTER = ["", "/", ";", ";s=1", "/;s", "?", "?confirm=1", "#x", " ", "%20", ".", "/.", "%2e", "/y/..", "-guide"]


def lenient(url: str) -> str:
    """The path as the most forgiving server would read it."""
    path = urlsplit(url).path
    while path != (path := unquote(path)):
        pass
    segments = (segment.partition(";")[0].strip() for segment in path.replace("\\", "/").lower().split("/"))
    return posixpath.normpath("/" + "/".join(filter(None, segments))).rstrip(". ")


@given(
    host=st.sampled_from(HOSTS),
    letters=st.lists(st.sampled_from(SPELLINGS), min_size=7, max_size=7),
    before=st.sampled_from(BETWEEN),
    between=st.sampled_from(BETWEEN),
    after=st.sampled_from(AFTER),
    method=st.sampled_from(["GET", "POST", "HEAD", "get"]),
)
@settings(max_examples=examples(300))
def test_no_spelling_of_a_refused_place_is_permitted(
    host: str, letters: list[Callable[[str], str]], before: str, between: str, after: str, method: str
) -> None:
    spelt = [spell(letter) for spell, letter in zip(letters, "takeone", strict=True)]
    url = f"https://{host}{before}{''.join(spelt[:4])}{between}{''.join(spelt[4:])}{after}"
    assert not RULES.permit(Request(method, url)) or lenient(url) != "/take/one"


@given(st.text(), st.binary(), st.text(), st.dictionaries(st.sampled_from(["command", "page", "note"]), st.text()))
def test_judging_never_fails_and_bound_fields_are_exact(
    url: str, body: bytes, kind: str, fields: dict[str, str]
) -> None:
    RULES.permit(Request("GET", url))
    RULES.permit(Request("GET", "https://acme.example.com/" + url))
    RULES.permit(Request("POST", f"{RPC}?{url}", body, headers={"content-type": kind}))
    assert not RULES.permit(Request("POST", RPC, body, headers={"content-type": FORM})) or body.count(b"list") > 0
    encoded = json.dumps(fields).encode()
    assert RULES.permit(sent("POST", RPC, encoded)) is (
        fields.get("command") == "list" and encoded.count(b"command") == 1
    )


def test_a_refusal_names_its_reason_and_those_of_known_hosts_come_first() -> None:
    told = RULES.explained(
        ["GET https://x.example/a", "GET https://@acme.example.com/", "GET https://acme.example.com/take/one",
         "POST https://acme.example.com/other", "GET https://acme.example.com/cart;x/"]
    )  # fmt: skip
    reasons = [(each.split()[1], each.partition("(")[2].rstrip(")")) for each in told]
    assert reasons == [
        ("https://acme.example.com/take/one", "refused by `* https://acme.example.com/take/one`"),
        ("https://acme.example.com/other", NOT_ALLOWED),
        ("https://acme.example.com/cart;x/", "refused everywhere: a cart, a checkout or a renewal"),
        ("https://x.example/a", NOT_ALLOWED),
        ("https://@acme.example.com/", "its address, a header or a field hides where it goes"),
    ]


@pytest.mark.parametrize("body", [None, b"", b"{", b"--b\r\n"])
def test_a_body_that_is_neither_a_form_nor_an_object_has_no_fields(body: bytes | None) -> None:
    assert Request("POST", RPC, body).body_fields == {}


def test_fields_keep_all_their_values_also_empty_ones() -> None:
    assert Request("POST", f"{OPEN}?do=", b"do=1&do=&x.y=2").fields == {"do": ["", "1", ""], "x_y": ["2"]}
    object_ = Request("POST", OPEN, b'{"do": "1", "do": 2, "x": "&do=&"}')
    assert object_.fields["do"] == ["1", "2", ""] and object_.body_fields == {"do": ["1", "2"], "x": ["&do=&"]}


@pytest.mark.parametrize(
    "body",
    ['{"command": "list", "a b": 1}', '{"command": "list", "x": {"a": 1, "a": 2}}', '{"command": "list", "x": NaN}',
     '{"x": {"command": "list"}}', '{"command": true}', '{"command": null}', '{"command": "list", "x": "&command="}',
     '{"command": "list", "x": {"command": 1}}', '{"command": "li st"}', "[1]", "{"],
)  # fmt: skip
def test_an_object_that_servers_could_read_in_two_ways_is_not_understood(body: str) -> None:
    assert not sent("POST", RPC, body.encode()).understood({("command", "list")})
    assert sent("POST", RPC, b'{"command": "list", "x": {"a": 1}}').understood({("command", "list")})


@pytest.mark.parametrize(
    ("value", "alike"),
    [
        ("buy", True),
        (" Buy ", True),
        ("buy\0x", True),
        ("\uff42uy", True),
        ("buyer", False),
        ("", False),
        ("x\0buy", False),
    ],
)
def test_a_refusal_covers_each_spelling_of_a_value(value: str, alike: bool) -> None:
    refuse = Rule("*", OPEN, fields={"do": "buy"})
    assert refuse.resembles(Request("POST", OPEN, urlencode({"do": value}).encode())) is alike
    assert refuse.resembles(Request("POST", OPEN, urlencode([("do", "x"), ("do", value)]).encode())) is alike


@pytest.mark.parametrize(
    ("url", "place"),
    [("http://A.example:80/x", "http://a.example/x"), ("http://a.example:81/x", "http://a.example:81/x"),
     ("https://a.example:443", "https://a.example/"), ("https://a.example:80/x", "https://a.example:80/x")],
)  # fmt: skip
def test_only_the_port_of_its_own_scheme_is_left_out(url: str, place: str) -> None:
    assert Request("GET", url).place == place


def test_headers_neither_tell_requests_apart_nor_are_shown() -> None:
    request = Request("GET", OPEN, headers={"authorization": "Bearer secret"})
    assert request == Request("GET", OPEN) and "secret" not in repr(request)


@pytest.mark.parametrize(
    ("allowed", "refused", "never"),
    [("POST", "POST", True), ("POST", "GET", False), ("*", "GET", True), ("*", "POST", False), ("POST", "*", True)],
)
def test_a_permission_that_a_refusal_covers_is_named(allowed: str, refused: str, never: bool) -> None:
    allow, refuse = (Rule(method, OPEN, fields={"do": "buy"}) for method in (allowed, refused))
    with pytest.raises(ConfigError, match="can never apply") if never else nullcontext():
        Rules(allow=(allow,), refuse=(refuse,))


@pytest.mark.parametrize(("number", "permitted"), [("7", False), ("007", False), ("70", True), ("0x7", True)])
def test_a_bound_number_is_the_same_with_zeros_before_it(number: str, permitted: bool) -> None:
    url = "https://acme.example.com/go"
    allow = (Rule("GET", "https://acme.example.com/**", query=("n",)),)
    rules = Rules(allow=allow, refuse=(Rule("GET", url, fields={"n": "7"}),))
    assert rules.permit(Request("GET", f"{url}?n={number}")) is permitted


def test_files_of_a_site_s_own_host_are_those_with_such_endings() -> None:
    found = static_files("https://acme.example.com")
    assert found[0] == "https://acme.example.com/**.css" and len({*found}) == len(found) == 14
