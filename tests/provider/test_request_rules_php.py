"""Bound fields against a real PHP, which many platforms run: what it would read as another value is never permitted."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.provider import Request, Rule, Rules
from tests.support.examples import examples

pytestmark = pytest.mark.skipif(not shutil.which("php"), reason="php is not installed")

PLACE = "https://acme.example.com/rpc"
RULES = Rules(
    allow=(
        Rule("POST", PLACE, fields={"dp_command": "list"}),
        Rule("POST", "https://acme.example.com/open"),
        Rule("GET", "https://acme.example.com/open"),
    ),
    refuse=(Rule("*", "https://acme.example.com/open", fields={"dp_command": "buy"}),),
)
# All that PHP programs and their frameworks take for a field, a method or an address, read as leniently as they do.
SCRIPT = """<?php
$raw = file_get_contents('php://input');
parse_str($_SERVER['QUERY_STRING'] ?? '', $query);
parse_str($raw, $form);
$json = json_decode($raw, true);
$merged = array_merge($_GET, $_POST, is_array($json) ? $json : []);
$found = [];
foreach ([$_GET, $_POST, $_REQUEST, $_COOKIE, $query, $form, $json, $json[0] ?? null, $merged] as $fields) {
  foreach (is_array($fields) ? $fields : [] as $name => $value) {
    if (strtolower(trim((string) $name)) !== 'dp_command') continue;
    $values = [$value];
    array_walk_recursive($values, function ($each) use (&$found) {
      $found[] = strtolower(trim((string) $each, " \\n\\r\\t\\v\\0."));
    });
  }
}
$header = $_SERVER['HTTP_X_HTTP_METHOD_OVERRIDE'] ?? $_SERVER['HTTP_X_HTTP_METHOD'] ?? null;
$path = $_SERVER['HTTP_X_ORIGINAL_URL'] ?? $_SERVER['HTTP_X_REWRITE_URL'] ?? $_SERVER['REQUEST_URI'];
$method = $header ?? $merged['_method'] ?? $_SERVER['REQUEST_METHOD'];
header('Content-Type: application/json');
echo json_encode(['found' => array_values(array_unique($found)), 'path' => explode('?', $path)[0],
                  'method' => is_array($method) ? 'ARRAY' : strtoupper($method)], JSON_INVALID_UTF8_SUBSTITUTE);
"""
FORM, JSON = "application/x-www-form-urlencoded", "application/json"

names = st.sampled_from([
    "dp_command", "dp.command", "dp+command", "dp%20command", "dp[command", "dp%5Bcommand", "+dp_command",
    " dp_command", "%20dp_command", "dp_command%00x", "dp_command[]", "dp_command[a][b]", "DP_COMMAND", "dp%5fcommand",
    "dp%2ecommand", "%EF%BB%BFdp_command", "dp_command%20", "_method", "page", "a[dp_command]",
])  # fmt: skip
values = st.sampled_from(
    ["list", "buy", "BUY", "buy%20", "%62uy", "buy%00", "%00buy", "list%00", "1", "a%26dp_command%3Dbuy", ""]
)
pairs = st.tuples(names, st.sampled_from(["=", "=", "=", "%3D", ""]), values).map("".join)
ends = st.sampled_from(["", "", "", "&", ";"])
forms = st.lists(st.tuples(st.sampled_from(["&", "&", "&", ";", "&&", "?", "&amp;", "\n"]), pairs), max_size=3).map(
    lambda listed: "".join(part for pair in listed for part in pair)[1:]
)
good = st.sampled_from(["dp_command=list", "dp_command=list&page=2", "page=1", ""])
keys = st.sampled_from(["dp_command", "dp.command", "Dp_Command", "dp_command\0", "page", "_method"])
leaves = st.sampled_from(["list", "buy", "BUY ", ["buy"], {"dp_command": "buy"}, 1, True, "&dp_command=buy"])
objects = st.lists(st.tuples(keys, leaves), max_size=3).map(
    lambda listed: "{" + ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in listed) + "}"
)
multipart = st.lists(st.tuples(names, values), max_size=2).map(
    lambda parts: (
        "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts) + "--b--"
    )
)
bodies = st.one_of(good, forms, objects, objects.map("[{}]".format), multipart, objects.map("\ufeff{}".format))
kinds = st.sampled_from([
    FORM, FORM, FORM, JSON, JSON, f"{FORM}; charset=utf-8", "multipart/form-data; boundary=b", f"{FORM};charset=utf-16",
    "text/plain", f" {FORM}", "Application/X-WWW-Form-Urlencoded", f"{FORM}, {JSON}",
])  # fmt: skip
headers: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}), st.just({}), st.just({}), st.sampled_from([
        {"X-HTTP-Method-Override": "PUT"}, {"X-Original-URL": "/spend"}, {"X-Rewrite-URL": "/spend"},
        {"Cookie": "dp_command=buy"}, {"Cookie": "a=1; dp.command=buy"}, {"X_HTTP_METHOD": "PUT"}, {"X-Note": "a"},
    ])
)  # fmt: skip


@pytest.fixture(scope="module")
def php(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a PHP that says what it reads."""
    folder: Path = tmp_path_factory.mktemp("php")
    (folder / "index.php").write_text(SCRIPT)
    log = folder / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(["php", "-n", "-S", "127.0.0.1:0", "index.php"], cwd=folder, stdout=out, stderr=out)
    try:
        while not (found := re.search(r"127\.0\.0\.1:(\d+)\) started", log.read_text())):
            assert server.poll() is None, log.read_text()
            time.sleep(0.05)
        yield int(found[1])
    finally:
        server.kill()
        server.wait()


def read(port: int, request: Request) -> dict[str, object]:
    """What PHP reads in a request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest(
        request.method, request.url.removeprefix("https://acme.example.com"), skip_accept_encoding=True
    )
    for name, value in {**request.headers, "Content-Length": str(len(request.body or b""))}.items():
        connection.putheader(name, value)
    connection.endheaders(request.body)
    answer: dict[str, object] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


@given(
    path=st.sampled_from(["/rpc", "/open"]), method=st.sampled_from(["POST", "POST", "POST", "GET"]),
    query=st.one_of(good, forms), body=bodies, kind=kinds, extra=headers,
)  # fmt: skip
@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
def test_what_php_reads_is_what_was_judged(
    php: int, path: str, method: str, query: str, body: str, kind: str, extra: dict[str, str]
) -> None:
    url = f"https://acme.example.com{path}{'?' if query else ''}{query}"
    if not url.isprintable():
        return
    sent = body.encode() or None
    request = Request(method, url, sent, headers={"Content-Type": kind} | extra if sent else extra)
    permitted = RULES.permit(request)
    if " " in url:
        assert not permitted
        return
    reading = read(php, request)
    found = reading["found"]
    assert isinstance(found, list)
    if permitted:
        assert (reading["method"], reading["path"]) == (method, path)
        assert found == ["list"] if path == "/rpc" else "buy" not in found


def test_php_does_read_disguises_as_the_field(php: int) -> None:
    for body in (
        "dp.command=buy",
        "dp[command=buy",
        "+dp_command=buy",
        "dp_command%00x=buy",
        "dp_command=list&dp+command=buy",
    ):
        request = Request("POST", PLACE, body.encode(), headers={"Content-Type": FORM})
        found = read(php, request)["found"]
        assert isinstance(found, list) and "buy" in found, body
        assert not RULES.permit(request)
