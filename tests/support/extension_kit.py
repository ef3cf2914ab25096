"""A simulated shop over TLS, and the extension in a real Chromium that believes the shop to be a platform's site."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import os
import signal
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import BrowserContext, Error, Page, Playwright, Worker

from archiver.browsing.chromium import find
from archiver.collect.companion.package import BrowserFamily, unpack

COOKIE, CSRF, SIGNED, BEARER = (f"CANARY{each}0123456789abcdef" for each in ("cookie", "csrf", "signed", "bearer"))
CANARIES = (COOKIE, CSRF, SIGNED, BEARER)
FREEPIK, ELEMENTS, OTHER, CDN = "www.freepik.com", "elements.envato.com", "shop.example", "cdn.example"
HOSTS = (FREEPIK, ELEMENTS, OTHER, CDN)
HTML = "text/html; charset=utf-8"


@dataclass
class Answer:
    """What the shop answers: a redirect where `location` is given; a file where `saved` names it."""

    body: bytes | Iterator[bytes] = b""
    kind: str = HTML
    status: int = 200
    location: str = ""
    saved: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


type Ask = Callable[[str, str, str], Answer | None]
"""The shop's own answer to method, host and path with query; None: 404."""


@dataclass
class Shop:
    """A server for every host; `asked` has each request as `METHOD https://host/path?query`, with its headers."""

    port: int
    spki: str
    asked: list[tuple[str, Mapping[str, str]]]

    def addresses(self, of_extension: bool = False) -> list[str]:
        """What was asked for; of the extension alone, whose requests say that no page made them."""
        made = [(address, {name.lower(): value for name, value in headers.items()}) for address, headers in self.asked]
        made = [each for each in made if urlsplit(each[0].partition(" ")[2]).hostname in HOSTS]  # not the browser's own
        if of_extension:
            made = [
                each for each in made
                if each[1].get("sec-fetch-site") == "none" and each[1].get("sec-fetch-mode") != "navigate"
            ]  # fmt: skip
        return [address for address, _ in made]


@contextmanager
def shop(answer: Ask) -> Iterator[Shop]:
    """Serve until the end. Every page sets the session's cookie."""
    asked: list[tuple[str, Mapping[str, str]]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def _do(self) -> None:
            length = int(self.headers.get("content-length", 0))
            self.rfile.read(length)
            host = self.headers.get("host", "").partition(":")[0]
            asked.append((f"{self.command} https://{host}{self.path}", dict(self.headers)))
            found = answer(self.command, host, self.path) or Answer(b"not found", status=404)
            self.send_response(302 if found.location else found.status)
            headers = {
                "content-type": found.kind,
                "set-cookie": f"sid={COOKIE}; Secure; HttpOnly; SameSite=Strict; Path=/",
            }
            headers |= {"cache-control": "max-age=60"} | dict(found.headers)
            headers |= {"location": found.location} if found.location else {}
            headers |= {"content-disposition": f'attachment; filename="{found.saved}"'} if found.saved else {}
            parts = [found.body] if isinstance(found.body, bytes) else found.body
            if isinstance(found.body, bytes):
                headers["content-length"] = str(len(found.body))
            else:
                headers["connection"] = "close"
                self.close_connection = True
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for part in parts:
                    self.wfile.write(part)
            except OSError:  # the browser had enough
                self.close_connection = True

        do_GET = do_POST = do_HEAD = _do  # noqa: N815  # as the library calls them

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:  # a browser that goes away is no fault
            pass

    server = Server(("127.0.0.1", 0), Handler)
    leaf = trustme.CA().issue_cert(*HOSTS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    public = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes()).public_key()
    digest = hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Shop(server.server_address[1], base64.b64encode(digest).decode(), asked)
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Companion:
    """The extension in a running browser, and its small window as a page of its own."""

    context: BrowserContext
    worker: Worker
    id: str

    def wish(self, wish: str, **more: Any) -> Any:
        """What the window asks the extension's background, which the window itself does the same way."""
        return self.window.evaluate(
            """async (m) => {
                const answer = await chrome.runtime.sendMessage(m);
                if (answer.error) throw new Error(answer.error);
                return answer.value;
            }""",
            {"wish": wish, **more},
        )

    @property
    def window(self) -> Page:
        found = [each for each in self.context.pages if each.url.startswith(f"chrome-extension://{self.id}/")]
        if found:
            return found[0]
        page = self.context.new_page()
        page.goto(f"chrome-extension://{self.id}/window.html")
        return page

    def tab(self, host: str) -> dict[str, Any]:
        tabs = self.window.evaluate("() => chrome.tabs.query({})")
        return next(each for each in tabs if urlsplit(each.get("url", "")).hostname == host)

    def pair(self, desk: str, code: str) -> None:
        page = self.window
        page.fill("input[name=address]", desk)
        page.fill("input[name=code]", code)
        page.click("#pairing button")
        page.wait_for_selector("#paired:not([hidden])")

    def click_icon(self, host: str) -> None:
        """As a person clicks the extension's icon on a tab, which lets it take pictures there."""
        page = next(each for each in self.context.pages if urlsplit(each.url).hostname == host)
        page.bring_to_front()
        assert self.context.browser
        cdp = self.context.browser.new_browser_cdp_session()
        targets = cdp.send("Target.getTargets", {"filter": [{"type": "tab"}]})["targetInfos"]
        target = next(each["targetId"] for each in targets if urlsplit(each["url"]).hostname == host)
        cdp.send("Extensions.triggerAction", {"id": self.id, "targetId": target})

    def secured(self, number: int, seconds: float = 60) -> list[dict[str, Any]]:
        """What became of the captures, once so many are at the desk and none waits."""
        ends = time.monotonic() + seconds
        while True:
            state = self.wish("state")
            if len(state["history"]) >= number and not state["waiting"]:
                return list(state["history"])
            assert time.monotonic() < ends, json.dumps(
                {"h": state["history"], "w": state["waiting"], "t": state["trouble"]}
            )[:3000]
            time.sleep(0.1)

    def kill(self, profile: Path) -> None:
        """End the browser as a power cut does."""
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            words = each.read_bytes().split(b"\0") if each.exists() else []
            if f"--user-data-dir={profile}".encode() in words and not any(
                word.startswith(b"--type=") for word in words
            ):
                os.kill(int(each.parent.name), signal.SIGKILL)


def extension_folder(folder: Path, watched: tuple[str, ...], desk: bool = True) -> Path:
    """The extension unpacked. Nobody can answer a browser's question here, so the access is in the manifest."""
    unpack(folder, BrowserFamily.CHROMIUM)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    hosts = [f"https://{each}/*" for each in watched]
    manifest["host_permissions"] = [*hosts, *(["http://127.0.0.1/*"] if desk else [])]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@contextmanager
def companion(
    playwright: Playwright, folder: Path, at: Shop, watched: tuple[str, ...] = (FREEPIK, ELEMENTS)
) -> Iterator[Companion]:
    """A Chromium with the extension, for as long as this lasts. The folder keeps its profile."""
    chromium = find()
    assert chromium
    extension = folder / "extension"
    if not extension.exists():
        extension_folder(extension, watched)
    arguments = [
        "--headless=new", "--no-sandbox", f"--disable-extensions-except={extension}", f"--load-extension={extension}",
        f"--host-resolver-rules=MAP * 127.0.0.1:{at.port}, EXCLUDE 127.0.0.1",
        f"--ignore-certificate-errors-spki-list={at.spki}", "--enable-unsafe-extension-debugging",
    ]  # fmt: skip
    context = playwright.chromium.launch_persistent_context(
        folder / "profile", executable_path=chromium.path, headless=False, args=arguments, accept_downloads=True
    )
    try:
        worker = context.service_workers[0] if context.service_workers else context.wait_for_event("serviceworker")
        yield Companion(context, worker, worker.url.split("/")[2])
    finally:
        with suppress(Error):  # killed
            context.close()
