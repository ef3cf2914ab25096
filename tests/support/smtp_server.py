"""A mail server on this machine, as far as a sender sees one: STARTTLS, one user, and it keeps what it was given."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from types import TracebackType
from typing import Self

import trustme


class MailServer:
    """`with MailServer(encrypted=True) as server:` listens on `server.port`; `server.mails` are the raw messages."""

    def __init__(self, *, encrypted: bool) -> None:
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        self.trust = ssl.create_default_context()
        authority.configure_trust(self.trust)
        self.mails: list[bytes] = []
        self.log: list[str] = []
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text: str) -> None:
                self.wfile.write(text.encode() + b"\r\n")

            def handle(self) -> None:
                secure = False
                self.say("220 mail.example.com")
                while line := self.rfile.readline().decode().strip():
                    server.log.append(line)
                    verb = line.split()[0].upper()
                    if verb == "EHLO":
                        offer = ["AUTH PLAIN"] if secure or not encrypted else ["STARTTLS"]
                        self.say(f"250-mail.example.com\r\n250 {offer[0]}")
                    elif verb == "STARTTLS":
                        self.say("220 go on")
                        self.request = context.wrap_socket(self.request, server_side=True)
                        self.setup()
                        secure = True
                    elif verb == "AUTH":
                        right = base64.b64encode(b"\0ada\0RECORDED-PASSWORD").decode()
                        self.say("235 welcome" if line.endswith(right) else "535 no")
                    elif verb == "DATA":
                        self.say("354 go on")
                        message = b""
                        while (data := self.rfile.readline()) != b".\r\n":
                            message += data
                        server.mails.append(message)
                        self.say("250 kept")
                    else:
                        self.say("221 bye" if verb == "QUIT" else "250 yes")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
