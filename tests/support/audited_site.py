"""A small website on this machine's loopback for audits: pages, pictures in every place, and what must not be asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

type Answer = bytes | Path | str | int | tuple[int, Mapping[str, str]] | tuple[int, Mapping[str, str], bytes]
type Served = Answer | Callable[[Mapping[str, str]], Answer]
"""A picture, a file with one, a page, a status, a status with headers and perhaps a body, or what makes one of these
from the headers of a request, in lower case."""

KINDS = {"css": "text/css", "js": "text/javascript", "json": "application/json", "xml": "text/xml", "png": "image/png",
         "webp": "image/webp", "avif": "image/avif", "gz": "application/gzip", "pdf": "application/pdf"}  # fmt: skip


@dataclass
class AuditedSite:
    """`with AuditedSite(files) as site:`; `asked` are method, path and status of all requests, `bodies` their bytes."""

    files: dict[str, Served]
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    bodies: int = 0
    agents: set[str] = field(default_factory=set)

    def __enter__(self) -> Self:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                given = site.files.get(self.path, 404)
                asked = {name.lower(): value for name, value in self.headers.items()}
                served = given(asked) if callable(given) else given
                status, headers, body = 200, dict[str, str](), b""
                if isinstance(served, int):
                    status = served
                elif isinstance(served, tuple):
                    status, headers = served[0], dict(served[1])
                    body = served[2] if len(served) == 3 else b""
                else:
                    text = isinstance(served, str)
                    body = served.encode() if isinstance(served, str) else (
                        served.read_bytes() if isinstance(served, Path) else served)  # fmt: skip
                    ending = self.path.partition("?")[0].rpartition(".")[2].lower()
                    kind = KINDS.get(ending, "text/html" if text else "image/jpeg")
                    headers = {"content-type": kind, "etag": f'"{sha256(body).hexdigest()[:16]}"'}
                    if self.headers.get("if-none-match") == headers["etag"]:
                        status, body = 304, b""
                site.asked.append((self.command, self.path, status))
                site.agents.add(self.headers.get("user-agent", ""))
                site.bodies += len(body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = _answer  # noqa: N815  # the server's names

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.asked]
