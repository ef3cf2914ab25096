"""The extension in a real Firefox, driven by its own remote protocol (Marionette): no driver, no library."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archiver.collect.companion.package import BrowserFamily, unpack

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
ID = "companion@archiver.example"


@dataclass
class Firefox:
    """A running Firefox with the extension. Scripts run in the page unless they are the browser's own."""

    wire: socket.socket
    _number: int = 0

    def read(self) -> Any:
        size = b""
        while not size.endswith(b":"):
            size += self.wire.recv(1)
        content = b""
        while len(content) < int(size[:-1]):
            content += self.wire.recv(65536)
        return json.loads(content)

    def ask(self, command: str, **given: Any) -> Any:
        self._number += 1
        message = json.dumps([0, self._number, command, given]).encode()
        self.wire.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self.read()
        assert error is None, (command, error)
        return result["value"] if isinstance(result, dict) and "value" in result else result

    def run(self, script: str, *given: Any) -> Any:
        """An asynchronous script; its last argument is called with the answer."""
        return self.ask("WebDriver:ExecuteAsyncScript", script=script, args=list(given), scriptTimeout=30_000)

    def go(self, url: str) -> None:
        self.ask("WebDriver:Navigate", url=url)

    def in_browser(self, script: str, *given: Any) -> Any:
        self.ask("Marionette:SetContext", value="chrome")
        try:
            return self.run(script, *given)
        finally:
            self.ask("Marionette:SetContext", value="content")

    def wish(self, wish: str, **more: Any) -> Any:
        """From the extension's window, which must be the present page."""
        answer = self.run(
            "chrome.runtime.sendMessage(arguments[0]).then(arguments[1], (e) => arguments[1]({error: String(e)}))",
            {"wish": wish, **more},
        )  # fmt: skip
        assert "error" not in answer, answer
        return answer.get("value")


@contextmanager
def connect_proxy(port: int) -> Iterator[int]:
    """A proxy that leads every host to this port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve(client: socket.socket) -> None:
        head = b""
        with suppress(OSError):
            while b"\r\n\r\n" not in head:
                if not (chunk := client.recv(4096)):
                    return
                head += chunk
            server = socket.create_connection(("127.0.0.1", port))
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            threading.Thread(target=pump, args=(server, client), daemon=True).start()
            pump(client, server)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listening.close()


@contextmanager
def firefox(folder: Path, shop_port: int, watched: tuple[str, ...]) -> Iterator[tuple[Firefox, str]]:
    """A Firefox with the extension, and the address of the extension's own pages."""
    extension = folder / "extension"
    unpack(extension, BrowserFamily.FIREFOX)
    with connect_proxy(shop_port) as proxy:
        more = {
            "network.proxy.type": 1, "network.proxy.ssl": "127.0.0.1", "network.proxy.ssl_port": proxy,
            "network.proxy.no_proxies_on": "127.0.0.1", "browser.download.dir": str(folder),
            "browser.download.folderList": 2, "browser.download.useDownloadDir": True,
        }  # fmt: skip
        with plain_firefox(folder, more) as browser:
            browser.ask("Addon:Install", path=str(extension), temporary=True)
            origins = [f"https://{each}/*" for each in watched] + ["http://127.0.0.1/*"]
            base = browser.in_browser(
                """const [id, origins, done] = arguments;
                const { ExtensionPermissions } = ChromeUtils.importESModule(
                  "resource://gre/modules/ExtensionPermissions.sys.mjs");
                const policy = WebExtensionPolicy.getByID(id);
                ExtensionPermissions.add(id, { permissions: [], origins, data_collection: [] }, policy.extension).then(
                  () => done(policy.getURL("")), (error) => done(String(error)));""",
                ID, origins,
            )  # fmt: skip
            yield browser, str(base)


@contextmanager
def plain_firefox(folder: Path, more: dict[str, Any]) -> Iterator[Firefox]:
    """A Firefox with a fresh profile in `folder`, and with these preferences of its own."""
    assert FIREFOX
    profile = folder / "profile"
    profile.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    prefs = {
        "marionette.port": port, "network.captive-portal-service.enabled": False,
        "datareporting.policy.dataSubmissionEnabled": False, "app.update.disabledForTesting": True,
        "browser.shell.checkDefaultBrowser": False, **more,
    }  # fmt: skip
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in prefs.items()]
    (profile / "user.js").write_text("\n".join(lines))
    process = subprocess.Popen(
        [FIREFOX, "--headless", "--marionette", "--remote-allow-system-access", "--profile", profile],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    try:
        browser = Firefox(_connected(port))
        browser.read()
        browser.ask("WebDriver:NewSession", acceptInsecureCerts=True)
        yield browser
    finally:
        process.kill()
        process.wait()


def _connected(port: int) -> socket.socket:
    for _ in range(600):
        with suppress(OSError):
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        time.sleep(0.1)
    raise AssertionError("Firefox did not start")
