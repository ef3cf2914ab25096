"""Send mail: one server, one connection for each message, and no password without encryption."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import smtplib
    import ssl
    from email.message import EmailMessage

STEP_TIMEOUT_S = 10.0  # for each step of the SMTP conversation
IMPLICIT_TLS, SUBMISSION = 465, 587  # ports
OWN_MESSAGE = "X-Archiver"  # the header's field by which a mailbox knows our own messages


@dataclass(frozen=True, kw_only=True)
class Mailer:
    """A mail server. Port 465 uses TLS from the start, other ports after STARTTLS.

    `password` is called when a mail is sent; its result is only sent encrypted. `trust` makes the TLS context.
    """

    sender: str
    host: str
    port: int | None
    username: str | None
    password: Callable[[], str]
    trust: Callable[[], ssl.SSLContext]

    def send(self, message: EmailMessage) -> None:
        """Send a message from `sender`, dated now. OSError (which includes smtplib's errors) if that fails."""
        from email.utils import formatdate, make_msgid

        message["From"], message["Date"] = self.sender, formatdate()
        message["Auto-Submitted"], message[OWN_MESSAGE] = "auto-generated", "message"
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2].strip(">") or None)
        with self._connected() as server:
            server.send_message(message)

    def test_sign_in(self) -> bool:
        """Connect and sign in without sending. Returns whether the connection was encrypted. OSError as for `send`."""
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
                    raise ConnectionError(f"{self.host} offers no encryption, so the password was not sent")
                server.login(self.username, self.password())
            yield server
