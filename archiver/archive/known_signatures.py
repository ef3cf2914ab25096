"""Remember which signatures and timestamps held, outside the archive, so that a later check need not compute them."""

from __future__ import annotations

import hashlib
import hmac
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.core.atomic_files import read_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class KnownSignatures:
    """A set of marks (bytes; `verify.SignatureMemory` says of what) in a disposable file, one line each.

    A line is the mark's HMAC with a key that follows from the client's signing key. So a forger who can write the file
    can only make the program compute more, never have it accept something.
    """

    def __init__(self, file: Path, signer: Ed25519PrivateKey) -> None:
        self._file = file
        self._key = hashlib.sha256(b"archiver: signatures that held\n" + signer.private_bytes_raw()).digest()
        self._known: set[bytes] | None = None
        self._new: list[bytes] = []

    def __contains__(self, mark: bytes, /) -> bool:
        if self._known is None:
            self._known = set()
            with suppress(OSError):
                self._known.update(read_file(self._file).split(b"\n"))
        return self._line(mark) in self._known

    def add(self, mark: bytes, /) -> None:
        """Remember a mark. It is kept by `save`."""
        self._new.append(self._line(mark))

    def save(self) -> None:
        """Append what was added. Without room or permission nothing is kept, which does no harm."""
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
            try:  # the first line end closes what a full disk cut off
                os.write(handle, b"".join(b"\n" + each for each in self._new) + b"\n")
            finally:
                os.close(handle)
        self._new.clear()

    def _line(self, mark: bytes) -> bytes:
        return hmac.digest(self._key, mark, "sha256").hex().encode()
