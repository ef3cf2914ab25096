"""A mailbox over IMAP, opened for reading only: folders are examined, never selected, and bodies are peeked at.

So no mail is marked, moved or deleted. Everything that a server or network does wrong becomes one of our errors.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
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
    """A folder as it was examined: which numbering of its mails is valid, the next number, and how many mails.

    `stated`: the server said which number is next; otherwise it follows from the newest mail that is there.
    """

    name: str
    uidvalidity: int
    uidnext: int
    mails: int
    stated: bool = True


@dataclass(frozen=True, kw_only=True)
class MailStart:
    """A mail's number, whole size in bytes, day of arrival at the server, and its first bytes.

    `start` is None for a mail that is there and that the server does not give.
    """

    uid: int
    size: int
    arrived: datetime | None
    start: bytes | None


@dataclass
class ImapConnection:
    """An open connection, signed in."""

    client: IMAPClient
    commands: int = 0
    _written: dict[str, bytes] = field(default_factory=dict)  # names of folders that the server writes wrongly

    def folders(self, wanted: Sequence[str]) -> list[str]:
        """The folders that a source reads: those that are named or fit a pattern, or all in which mails arrive."""
        from fnmatch import fnmatchcase

        if wanted and not any(set(each) & set("*?[") for each in wanted):
            return list(dict.fromkeys(wanted))
        with faults("the list of its folders"):
            self.client.folder_encode = False  # one name that is written wrongly would keep all others away
            try:
                listed = self.client.list_folders()
            finally:
                self.client.folder_encode = True
            rows = [(flags, (delimiter or b"/").decode(), self._named(name)) for flags, delimiter, name in listed]
        found = set[str]()
        for flags, delimiter, name in rows:
            small = {bytes(flag).lower() for flag in flags}
            last = name.rpartition(delimiter)[2].casefold()
            if small & {b"\\noselect", b"\\nonexistent"}:
                continue
            if wanted and not any(name == each or fnmatchcase(name, each) for each in wanted):
                continue
            if not wanted and (small & _PASSED_OVER or last in _NAMES):
                continue
            found.add(name)
        return sorted(found, key=lambda name: (name.upper() != "INBOX", name))

    def _named(self, written: bytes | str) -> str:
        """A folder's name as people read it. One that is no modified UTF-7 is taken as it is written."""
        from imapclient.imap_utf7 import decode

        if isinstance(written, str):  # digits alone
            return written
        try:
            name = str(decode(written))
            name.encode()
        except UnicodeError:
            name = written.decode("ascii", "backslashreplace")
            self._written[name] = written
        return name

    def examine(self, name: str) -> FolderState | None:
        """Open a folder for reading only; None if it does not exist."""
        from imapclient.exceptions import IMAPClientError

        with faults(f"the folder {name}"):
            try:
                self.client.folder_encode = name not in self._written
                opened = self.client.select_folder(self._written.get(name, name), readonly=True)
            except IMAPClientError as error:
                if isinstance(error, self.client.AbortError):
                    raise
                return None
            finally:
                self.client.folder_encode = True
        uidnext = opened.get(b"UIDNEXT")
        mails = int(opened.get(b"EXISTS", 0))
        return FolderState(
            name=name, uidvalidity=int(opened.get(b"UIDVALIDITY", 0)), mails=mails,
            uidnext=int(uidnext) if uidnext else (self._last() + 1 if mails else 1), stated=bool(uidnext),
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
        found = self._given(uids, ["RFC822.SIZE", "INTERNALDATE", f"BODY.PEEK[]<0.{start_bytes}>"])
        mails = []
        for uid in uids:
            given = found.get(uid, {})
            start, size, arrived = _body(given), given.get(b"RFC822.SIZE"), given.get(b"INTERNALDATE")
            if not start and size != 0 and not self.uids(uid, uid, None):
                continue  # it is gone
            mails.append(
                MailStart(
                    uid=uid, size=size if isinstance(size, int) else 0,
                    start=start[:start_bytes] if start or size == 0 else None,
                    arrived=arrived if isinstance(arrived, datetime) else None,
                )
            )  # fmt: skip
        return mails

    def _given(self, uids: Sequence[int], parts: list[str]) -> Mapping[int, Mapping[bytes, object]]:
        """What the server gives of mails. It may refuse them all because of one, so then each is asked for alone."""
        from imapclient.exceptions import IMAPClientError, ProtocolError

        with faults("mails"):
            try:
                found: Mapping[int, Mapping[bytes, object]] = self.client.fetch(uids, parts)
            except (IMAPClientError, ProtocolError, ValueError) as error:
                if isinstance(error, self.client.AbortError):
                    raise
                found = {}
        if not found and len(uids) > 1:
            return {uid: given for each in uids for uid, given in self._given([each], parts).items()}
        return found

    def rest(self, uid: int, start: bytes, most: int, size: int) -> bytes | None:
        """A whole mail of the stated `size` that begins with `start`, read in chunks; at most `most` bytes of it.

        A short chunk is the end, because some servers state a wrong size. None if the server gives it no further.
        """
        content, wanted = BytesIO(), CHUNK_BYTES  # whose value is no second copy
        content.write(start)
        while (read := content.tell()) < most and wanted == CHUNK_BYTES:
            chunk = _body(self._given([uid], [f"BODY.PEEK[]<{read}.{CHUNK_BYTES}>"]).get(uid, {}))[:CHUNK_BYTES]
            if not chunk and read < min(size, most):
                return None
            content.write(chunk[: most - read])
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
    except (IMAPClientError, ProtocolError, IMAP4.error, ValueError, TypeError, LookupError) as error:
        raise SiteUnavailable(f"{what}: {type(error).__name__}") from None
    except (OSError, EOFError) as error:
        raise SiteUnavailable(f"{what}: {getattr(error, 'strerror', None) or type(error).__name__}") from None
