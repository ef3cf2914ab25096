"""A mailbox over IMAP, opened for reading only: folders are examined, never selected, and bodies are peeked at.

So no mail is marked, moved or deleted. Everything that a server or network does wrong becomes one of our errors.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import TYPE_CHECKING

from archiver.core.errors import ConfigError, SiteUnavailable, WrongPassword

if TYPE_CHECKING:
    from imapclient import IMAPClient

TIMEOUT_S = 60.0  # for one answer of the server
CONNECT_TIMEOUT_S = 20.0
CHUNK_BYTES = 1 << 20  # of a large mail that is asked for at once

# Folders that hold nothing that came in for good. The first are flags, the others names on servers without flags.
_PASSED_OVER = {b"\\trash", b"\\junk", b"\\drafts", b"\\sent", b"\\noselect", b"\\nonexistent", b"\\all", b"\\flagged"}
_NAMES = {
    "trash", "junk", "spam", "drafts", "sent", "deleted items", "deleted messages", "sent items", "sent messages",
    "junk e-mail", "outbox", "papierkorb", "entwürfe", "gesendet", "gesendete elemente", "gelöschte elemente",
    "junk-e-mail", "corbeille", "brouillons", "envoyés", "papelera", "borradores", "enviados",
}  # fmt: skip
_BUSY = ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "OVERQUOTA", "CONTACTADMIN")  # refusals that are no password's


@dataclass(frozen=True, kw_only=True)
class FolderState:
    """A folder as it was examined: which numbering of its mails is valid, the next number, and how many mails."""

    name: str
    uidvalidity: int
    uidnext: int
    mails: int


@dataclass(frozen=True, kw_only=True)
class MailStart:
    """A mail's number, whole size in bytes, day of arrival at the server, and its first bytes."""

    uid: int
    size: int
    arrived: datetime | None
    start: bytes


@dataclass
class ImapConnection:
    """An open connection, signed in."""

    client: IMAPClient
    commands: int = 0

    def folders(self, wanted: Sequence[str]) -> list[str]:
        """The folders that a source reads: those that fit a pattern, or all in which mails arrive."""
        from fnmatch import fnmatchcase

        if wanted and not any(set(each) & set("*?[") for each in wanted):
            return list(dict.fromkeys(wanted))
        with faults("the list of its folders"):
            listed = self.client.list_folders()
        found = []
        for flags, delimiter, name in listed:
            small = {bytes(flag).lower() for flag in flags}
            last = str(name).rpartition((delimiter or b"/").decode())[2].casefold()
            if small & {b"\\noselect", b"\\nonexistent"}:
                continue
            if wanted and not any(fnmatchcase(str(name), each) for each in wanted):
                continue
            if not wanted and (small & _PASSED_OVER or last in _NAMES):
                continue
            found.append(str(name))
        return sorted(found, key=lambda name: (name.upper() != "INBOX", name))

    def examine(self, name: str) -> FolderState | None:
        """Open a folder for reading only; None if it does not exist."""
        from imapclient.exceptions import IMAPClientError

        with faults(f"the folder {name}"):
            try:
                opened = self.client.select_folder(name, readonly=True)
            except IMAPClientError as error:
                if isinstance(error, self.client.AbortError):
                    raise
                return None
        uidnext = opened.get(b"UIDNEXT")
        mails = int(opened.get(b"EXISTS", 0))
        return FolderState(
            name=name, uidvalidity=int(opened.get(b"UIDVALIDITY", 0)), mails=mails,
            uidnext=int(uidnext) if uidnext else (self._last() + 1 if mails else 1),
        )  # fmt: skip

    def _last(self) -> int:
        with faults("the number of its last mail"):
            found = self.client.search(["UID", "*"])
        return max(found, default=0)

    def uids(self, low: int, high: int, since: date | None) -> list[int]:
        """The numbers of mails between two, both included, in ascending order; `since` limits their day of arrival."""
        if low > high:
            return []
        criteria: list[str | date] = ["UID", f"{low}:{high}"]
        criteria += ["SINCE", since] if since else []
        with faults("a search"):
            return sorted(uid for uid in self.client.search(criteria) if low <= uid <= high)

    def starts(self, uids: Sequence[int], start_bytes: int) -> list[MailStart]:
        """The first bytes of mails, in the order of `uids`; those that are gone meanwhile are left out."""
        with faults("mails"):
            found = self.client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE", f"BODY.PEEK[]<0.{start_bytes}>"])
        return [
            MailStart(
                uid=uid, size=int(found[uid].get(b"RFC822.SIZE", 0)), start=_body(found[uid])[:start_bytes],
                arrived=found[uid].get(b"INTERNALDATE"),
            )
            for uid in uids
            if uid in found
        ]  # fmt: skip

    def rest(self, uid: int, start: bytes, most: int) -> bytes:
        """A whole mail that begins with `start`, read in chunks; at most `most` bytes of it.

        A short chunk is the end, because some servers state a wrong size.
        """
        content, wanted = BytesIO(), CHUNK_BYTES  # whose value is no second copy
        content.write(start)
        while (size := content.tell()) < most and wanted == CHUNK_BYTES:
            with faults("a mail"):
                found = self.client.fetch([uid], [f"BODY.PEEK[]<{size}.{CHUNK_BYTES}>"])
            chunk = _body(found.get(uid, {}))[:CHUNK_BYTES]
            content.write(chunk[: most - size])
            wanted = len(chunk)
        return content.getvalue()

    def close(self) -> None:
        from imapclient.exceptions import IMAPClientError

        with suppress(IMAPClientError, OSError):
            self.client.logout()


def _body(found: Mapping[bytes, object]) -> bytes:
    return next((value for key, value in found.items() if key.startswith(b"BODY[") and isinstance(value, bytes)), b"")


def connect(
    host: str, port: int | None, security: str, trust: ssl.SSLContext, sign_in: Callable[[IMAPClient], object]
) -> ImapConnection:
    """Connect with encryption and sign in, once. WrongPassword if the server refuses the secret; SiteUnavailable."""
    from imapclient import IMAPClient, SocketTimeout
    from imapclient.exceptions import LoginError

    timeout = SocketTimeout(connect=CONNECT_TIMEOUT_S, read=TIMEOUT_S)
    with faults(host):
        if security == "starttls":
            client = IMAPClient(host, port or 143, ssl=False, timeout=timeout)
            client.starttls(trust)
        else:
            client = IMAPClient(host, port or 993, ssl=True, ssl_context=trust, timeout=timeout)
        try:
            sign_in(client)
        except LoginError as error:
            words = " ".join(str(error).split())[:200]
            with suppress(OSError):
                client.shutdown()
            cut = isinstance(error.__context__, client.AbortError)
            if cut or any(code in words for code in _BUSY):
                raise SiteUnavailable(f"{host} does not let anyone sign in now: {words}") from None
            raise WrongPassword(f"{host} says: {words}") from None
    return ImapConnection(client)


@contextmanager
def faults(what: str) -> Iterator[None]:
    """Turn the faults of a connection into SiteUnavailable, and those of certificates into ConfigError."""
    from imaplib import IMAP4

    from imapclient.exceptions import IMAPClientError, ProtocolError

    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise ConfigError(
            f"The certificate of {what} is not trusted ({error.verify_message}). Check `host`, or name the server's "
            "own authority as `ca_file`."
        ) from None
    except ssl.SSLError as error:
        raise SiteUnavailable(f"no encrypted connection to {what} ({error.reason or 'TLS failed'})") from None
    except (IMAPClientError, ProtocolError, IMAP4.error) as error:
        raise SiteUnavailable(f"{what}: {type(error).__name__}") from None
    except (OSError, EOFError) as error:
        raise SiteUnavailable(f"{what}: {getattr(error, 'strerror', None) or type(error).__name__}") from None
