"""An authorisation server for tests: sign-in by a code or in a browser, tokens, and what a mail server asks of them."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme

USER = "ada@example.com"


@dataclass
class AuthorisationService:
    """A running server. `pending` is how often it says that nobody has typed the code yet; each refresh token serves
    once. `revoked`: it refuses all refresh tokens."""

    url: str = ""
    introspection_url: str = ""
    pending: int = 1
    revoked: bool = False
    refreshed: list[str] = field(default_factory=list)
    access: set[str] = field(default_factory=set)
    challenges: dict[str, str] = field(default_factory=dict)

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/introspect":
            active = form.get("token", "") in self.access
            return 200, {"active": active, "username": USER, "email": USER, "scope": "mail"} if active else {
                "active": False
            }
        if path == "/device":
            return 200, {
                "device_code": "dev-1", "user_code": "ABCD-EFGH", "verification_uri": f"{self.url}/type",
                "interval": 1, "expires_in": 60,
            }  # fmt: skip
        grant = form.get("grant_type", "")
        if grant.endswith("device_code"):
            self.pending -= 1
            return (400, {"error": "authorization_pending"}) if self.pending >= 0 else (200, self._tokens())
        if grant == "authorization_code":
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            right = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenges.get(form["code"])
            return (200, self._tokens()) if right else (400, {"error": "invalid_grant"})
        last = f"refresh-{len(self.refreshed)}"
        if grant == "refresh_token" and form.get("refresh_token") == last and not self.revoked:
            return 200, self._tokens()
        return 400, {"error": "invalid_grant"}

    def _tokens(self) -> dict[str, Any]:
        number = len(self.refreshed) + 1
        self.refreshed.append(f"refresh-{number}")
        self.access = {f"access-{number}"}
        return {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}", "token_type": "Bearer",
                "expires_in": 3600}  # fmt: skip


@contextmanager
def authorisation_server(folder: Path) -> Iterator[tuple[AuthorisationService, Path]]:
    """The server, and the file of its authority. Mail servers ask it over another port, without TLS."""
    authority = trustme.CA()
    ca_file = folder / "authorisation-ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    service = AuthorisationService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # its name in http.server
            size = int(self.headers.get("Content-Length", 0))
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(size).decode()).items()}
            status, answer = service.answer(urlsplit(self.path).path, form)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    secure, plain = ThreadingHTTPServer(("127.0.0.1", 0), Handler), ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    service.url = f"https://localhost:{secure.server_address[1]}"
    service.introspection_url = f"http://127.0.0.1:{plain.server_address[1]}/introspect"
    for each in (secure, plain):
        threading.Thread(target=each.serve_forever, daemon=True).start()
    try:
        yield service, ca_file
    finally:
        for each in (secure, plain):
            each.shutdown()
            each.server_close()
