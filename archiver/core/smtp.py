"""Mail that goes out: one server, one conversation a message, and no password in the clear."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import smtplib
    import ssl
    from email.message import EmailMessage

STEP_TIMEOUT_S = 10.0  # seconds for each step of the conversation
IMPLICIT_TLS, SUBMISSION = 465, 587  # ports


@dataclass(frozen=True, kw_only=True)
class Mailer:
    """A mail server; port 465 speaks TLS at once, others after STARTTLS.

    `password` is asked for when a mail goes out, and only sent encrypted. `trust` makes the TLS settings.
    """

    sender: str
    host: str
    port: int | None
    username: str | None
    password: Callable[[], str]
    trust: Callable[[], ssl.SSLContext]

    def send(self, message: EmailMessage) -> None:
        """Send a message, from `sender` and dated now; OSError (smtplib's errors are) where it did not go out."""
        from email.utils import formatdate, make_msgid

        message["From"], message["Date"] = self.sender, formatdate()
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2].strip(">") or None)
        with self._connected() as server:
            server.send_message(message)

    def greet(self) -> bool:
        """Connect and sign in, and send nothing; whether the conversation was encrypted. OSError as for `send`."""
        with self._connected() as server:
            return server.sock is not None and hasattr(server.sock, "cipher")

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        import smtplib

        port = self.port or SUBMISSION
        server = (
            smtplib.SMTP_SSL(self.host, port, timeout=STEP_TIMEOUT_S, context=self.trust())
            if port == IMPLICIT_TLS
            else smtplib.SMTP(self.host, port, timeout=STEP_TIMEOUT_S)
        )
        with server:
            server.ehlo()
            encrypted = port == IMPLICIT_TLS
            if not encrypted and server.has_extn("starttls"):
                server.starttls(context=self.trust())
                encrypted = True
            if self.username:
                if not encrypted:
                    raise ConnectionError(f"{self.host} offers no encryption, so it got no password")
                server.login(self.username, self.password())
            yield server
