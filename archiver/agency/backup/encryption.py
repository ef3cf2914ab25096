"""Encryption by a passphrase, in the age format (age-encryption.org/v1), which other programs open: `age -d`, `rage`.

A backup's passphrase is its own. It has nothing to do with the vault's key: with one of them, nobody has the other.
The passphrase is stretched by scrypt. The content is cut into chunks, each sealed by ChaCha20-Poly1305 under its number
and whether it is the last one, so nothing can be changed, cut off, left out or put elsewhere unnoticed. Both directions
work on streams; the packages for this format hold the whole content in memory where there is a passphrase.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from typing import TYPE_CHECKING

from archiver.agency.backup.backup_file import ByteSource, Sink
from archiver.core.errors import BackupDamaged, ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

MAGIC = b"age-encryption.org/v1\n"
LABEL = b"age-encryption.org/v1/scrypt"
WORK_FACTOR, MAX_WORK_FACTOR = 18, 20  # scrypt's cost as a power of two; 18: a second and 256 MB for each try
CHUNK_BYTES, TAG_BYTES, KEY_BYTES, SALT_BYTES = 1 << 16, 16, 16, 16
MAX_HEADER_BYTES = 1 << 12
MIN_PASSPHRASE_CHARACTERS = 10
WORDS = 8  # of 16 bits each
_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"
_STANZA = re.compile(rb"-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n([A-Za-z0-9+/]{43})\n---")


def recovery_words() -> str:
    """Eight words to write down, with 128 random bits: proquints, which people of any language can read aloud."""
    return "-".join(_word(secrets.randbits(16)) for _ in range(WORDS))


def _word(number: int) -> str:
    parts = (_CONSONANTS[number >> 12], _VOWELS[number >> 10 & 3], _CONSONANTS[number >> 6 & 15],
             _VOWELS[number >> 4 & 3], _CONSONANTS[number & 15])  # fmt: skip
    return "".join(parts)


def check_passphrase(text: str) -> str:
    """The passphrase; ConfigError if it is too short to protect anything."""
    if len(text) < MIN_PASSPHRASE_CHARACTERS:
        raise ConfigError(
            f"A backup's passphrase needs at least {MIN_PASSPHRASE_CHARACTERS} characters. Choose a longer one."
        )
    return text


class EncryptingSink:
    """Encrypts what is written to it. It is complete only after `finish`."""

    def __init__(self, sink: Sink, passphrase: str) -> None:
        self._sink, self._buffer, self._number = sink, bytearray(), 0
        file_key, salt, nonce = os.urandom(KEY_BYTES), os.urandom(SALT_BYTES), os.urandom(16)
        wrapped = _cipher(_stretched(passphrase, salt, WORK_FACTOR)).encrypt(bytes(12), file_key, None)
        header = MAGIC + b"-> scrypt %s %d\n%s\n---" % (_encoded(salt), WORK_FACTOR, _encoded(wrapped))
        sink.write(header + b" " + _encoded(_mac(file_key, header)) + b"\n" + nonce)
        self._payload = _cipher(_derived(file_key, nonce, b"payload"))

    def write(self, data: bytes) -> int:
        self._buffer += data
        while len(self._buffer) > CHUNK_BYTES:  # the last chunk is never empty, unless it is the only one
            self._seal(CHUNK_BYTES, last=False)
        return len(data)

    def finish(self) -> None:
        self._seal(len(self._buffer), last=True)

    def _seal(self, size: int, *, last: bool) -> None:
        chunk = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._sink.write(self._payload.encrypt(_nonce(self._number, last=last), chunk, None))
        self._number += 1


class DecryptedSource:
    """Reads what `EncryptingSink` or another program wrote.

    ConfigError for another passphrase, or a file that is encrypted otherwise; BackupDamaged for one that was changed or
    is torn.
    """

    def __init__(self, source: ByteSource, passphrase: str) -> None:
        self._source, self._number, self._ready, self._ended = source, 0, b"", False
        header = source.read(len(MAGIC))
        while not header.endswith(b"\n---") and len(header) < MAX_HEADER_BYTES and (more := source.read(1)):
            header += more
        if not header.endswith(b"\n---"):
            raise BackupDamaged("its beginning is torn")
        stanza = _STANZA.fullmatch(header.removeprefix(MAGIC))
        if not stanza or (work := int(stanza[2])) > MAX_WORK_FACTOR:
            raise ConfigError(
                "This backup is encrypted, but not by a passphrase alone, or at a cost that is too high here. Decrypt "
                "it with the program that encrypted it, and restore the result."
            )
        key = _stretched(passphrase, _decoded(stanza[1]), work)
        file_key = _unsealed(_cipher(key), bytes(12), _decoded(stanza[3]))
        if file_key is None:
            raise ConfigError("The passphrase does not fit this backup. Enter the one with which it was made.")
        if _exactly(source, 45) != b" " + _encoded(_mac(file_key, header)) + b"\n":
            raise BackupDamaged("its beginning was changed or is torn")
        self._cipher = _cipher(_derived(file_key, _exactly(source, 16), b"payload"))
        self._next = _exactly(source, CHUNK_BYTES + TAG_BYTES)

    def read(self, size: int = -1) -> bytes:
        while not self._ended and (size < 0 or len(self._ready) < size):
            self._ready += self._chunk()
        size = len(self._ready) if size < 0 else size
        data, self._ready = self._ready[:size], self._ready[size:]
        return data

    def _chunk(self) -> bytes:
        """The content of the next chunk; the one with nothing behind it must be sealed as the last."""
        sealed, self._next = self._next, _exactly(self._source, CHUNK_BYTES + TAG_BYTES)
        self._ended = not self._next
        chunk = _unsealed(self._cipher, _nonce(self._number, last=self._ended), sealed)
        if chunk is None or (self._ended and not chunk and self._number):
            raise BackupDamaged("it was changed, or its end is missing")
        self._number += 1
        return chunk


def _exactly(source: ByteSource, size: int) -> bytes:
    """So many bytes, or all that are left."""
    found = b""
    while len(found) < size and (more := source.read(size - len(found))):
        found += more
    return found


def _stretched(passphrase: str, salt: bytes, work_factor: int) -> bytes:
    return hashlib.scrypt(
        passphrase.encode(), salt=LABEL + salt, n=1 << work_factor, r=8, p=1, maxmem=2 << (work_factor + 10), dklen=32
    )


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF with SHA-256 (RFC 5869), for 32 bytes."""
    return hmac.digest(hmac.digest(salt or bytes(32), key, "sha256"), info + b"\x01", "sha256")


def _mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _cipher(key: bytes) -> ChaCha20Poly1305:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return ChaCha20Poly1305(key)


def _unsealed(cipher: ChaCha20Poly1305, nonce: bytes, sealed: bytes) -> bytes | None:
    """The content that was sealed so; None if it was not."""
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(nonce, sealed, None)
    except InvalidTag:
        return None


def _encoded(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _decoded(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4))
