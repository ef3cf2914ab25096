"""A desk on an agency's home, served by the command as a user starts it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import httpx
import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from archiver.browsing.chromium import find
from archiver.core.model import Document, DocumentKind
from archiver.desk.auth import Users
from tests.support.agency import Agency, agency, certificate, preview, record
from tests.support.claims_kit import jpeg, licence
from tests.support.pictures import scene

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
PASSWORD = "correct horse battery"
INSIDE_WORDS = ("Zebraseat", "Zebrajob", "zebra-account", "zebra-invoice", "zebracard")
"""Of the licence `inside`: what a client's link does not show."""


def receipt(name: str, content: bytes, media_type: str) -> Document:
    return Document(name=name, kind=DocumentKind.RECEIPT, content=content, media_type=media_type)


HTML = b"<html><body><h1>Receipt</h1><script>parent.document.title='owned'</script></body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>parent.document.title="owned"</script></svg>'


@dataclass
class Served:
    """The running desk: where it is, and what lies in its archives by name."""

    agency: Agency
    process: subprocess.Popen[str]
    key: str
    folders: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, httpx.Cookies] = field(default_factory=dict)  # of whoever signed in before

    @property
    def base(self) -> str:
        return self.key.partition("/enter/")[0]

    def place(self, name: str) -> str:
        return f"/licence/{self.folders[name]}"


@dataclass
class Person:
    """Somebody who carries a cookie, over plain HTTP; `post` sends what a form of the page would send."""

    http: httpx.Client

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(path, headers=headers)

    @property
    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.get("/find").text)
        return found[1] if found else ""

    def post(
        self, path: str, data: Mapping[str, str | list[str]] | None = None, token: str | None = None, **more: object
    ) -> httpx.Response:
        headers = {"origin": str(self.http.base_url).rstrip("/")} | more.pop("headers", {})  # type: ignore[operator]
        fields = {"token": self.token if token is None else token, **(data or {})}
        return self.http.post(path, data=fields, headers=headers, **more)  # type: ignore[arg-type]


def started(at: Agency, *arguments: str, browse: bool = False) -> tuple[subprocess.Popen[str], str]:
    """The desk's process, and the link that it printed."""
    how = "--open" if browse else "--no-open"
    command = [sys.executable, "-m", "archiver", "desk", how, "--port", "0", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=at.run.env)
    assert process.stderr
    for line in process.stderr:
        if link := re.search(r"http://\S+/enter/\S+", line):
            return process, link[0]
    raise AssertionError("the desk did not start")


@contextmanager
def serving(at: Agency, folders: Mapping[str, str] = MappingProxyType({})) -> Iterator[Served]:
    """The agency's desk, until it is no longer needed."""
    process, key = started(at)
    try:
        yield Served(at, process, key, dict(folders))
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with agency(tmp_path_factory.mktemp("desk")) as at:
        names = ["harbour", "hostile", "beta"]
        proof = certificate("Licence shutterstock-9001", "Licensee: Acme Ltd", "Date: 9 March 2026")
        harbour, hostile, *_ = at.archive(
            "acme",
            (licence("9001"), [record(), proof, preview(jpeg(scene(22)))]),
            (
                licence("9002", licensee=HOSTILE, kind="x" * 300),
                [record(), receipt("receipt.html", HTML, "text/html"), receipt("receipt.svg", SVG, "image/svg+xml")],
            ),
            *((licence(f"91{n}"), [record(), preview(jpeg(scene(n)))]) for n in (31, 32, 33)),
        )
        told = "\n".join(["Receipt", "Paid by zebracard", "EUR 199.00"]).encode()
        inside, comp = at.archive(
            "acme",
            (
                replace(licence("9006", seat="Sally Zebraseat", client_hints={"job": "Zebrajob 77"}),
                        licence_id=None, key=("zebra-account", "9006")),
                [record(), certificate("Licence 9006"), receipt("zebra-invoice.txt", told, "text/plain")],
            ),
            (licence("9007", comp=True), [record(), preview(jpeg(scene(66)))]),
        )  # fmt: skip
        [beta] = at.archive("beta", (licence("9003", licensee="Beta GmbH"), [record(), certificate("Beta's own")]))
        pictured = (licence("9004"), [record(), preview(jpeg(scene(44)))])
        house, spare = at.archive(
            "house", pictured, (licence("9005", client_hints={"client": "Beta GmbH"}), [record()])
        )
        users = Users(at.home.root)
        users.add("Rita Reader", "read", PASSWORD)
        users.add("Olaf Operator", "operate", PASSWORD)
        users.add("Gina Guessed", "operate", PASSWORD)
        owners = ["acme", "acme", "beta", "house", "house", "acme", "acme"]
        stored = [harbour, hostile, beta, house, spare, inside, comp]
        named = zip([*names, "house", "spare", "inside", "comp"], owners, stored, strict=True)
        folders = {name: f"{slug}/{each.folder}" for name, slug, each in named}
        with serving(at, folders) as desk:
            yield desk


@pytest.fixture
def person(served: Served) -> Iterator[Callable[..., Person]]:
    """Signs somebody in: a user by name; without one, a stranger."""
    opened = []

    def make(name: str | None = None, *, fresh: bool = False) -> Person:
        http = httpx.Client(base_url=served.base, timeout=60)
        opened.append(http)
        somebody = Person(http)
        if name and not fresh and name in served.cookies:
            http.cookies.update(served.cookies[name])
        elif name:
            entered = somebody.post("/sign-in", {"name": name, "password": PASSWORD}, token="")
            assert entered.status_code == 200, entered.text
            if not fresh:  # which may be signed out
                served.cookies[name] = http.cookies
        return somebody

    yield make
    for each in opened:
        each.close()


@pytest.fixture(scope="module")  # no longer: Playwright's own event loop would be in the way of other modules' tests
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    chromium = find()
    assert chromium
    browser = playwright.chromium.launch(executable_path=chromium.path, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with launched(playwright) as browser:
        yield browser


@pytest.fixture(scope="module")
def whole_browser(playwright: Playwright, full_browser: None) -> Iterator[Browser]:
    """As a person has it, for what shows documents."""
    with launched(playwright) as browser:
        yield browser
