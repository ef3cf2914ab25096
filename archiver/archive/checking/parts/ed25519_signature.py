"""Ed25519 (RFC 8032), verification only."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]  # extended coordinates: x = X/Z, y = Y/Z, xy = T/Z


def _add(p: _Point, q: _Point) -> _Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % _P
    b = (p[1] + p[0]) * (q[1] + q[0]) % _P
    c = 2 * p[3] * q[3] * _D % _P
    d = 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _point(encoded: bytes) -> _Point | None:
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * _ROOT_OF_MINUS_1 % _P
    if x * x % _P != square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
_ZERO: _Point = (0, 1, 1, 0)


@functools.lru_cache(8)
def _multiples(point: _Point) -> list[list[_Point]]:
    """Return eight rows of 0 to 15 times the point; each row is for 16 ** 8 times the point of the previous row.

    The table takes as long as one signature and makes all further signatures of the key three times as quick to check.
    """
    rows = []
    for _ in range(8):
        row = [_ZERO, point]
        while len(row) < 16:
            row.append(_add(row[-1], point))
        rows.append(row)
        for _ in range(32):
            point = _add(point, point)
    return rows


@functools.lru_cache(8)
def _small(point: _Point) -> bool:
    """Return whether eight times the point is nothing: such a key "signs" without any secret."""
    for _ in range(3):
        point = _add(point, point)
    return point[0] % _P == 0 and point[1] == point[2]


@functools.lru_cache(8)
def canonical_key(public: bytes) -> bool:
    """Return whether these bytes are the one canonical encoding of a point. Some libraries accept others too."""
    return len(public) == 32 and _point(public) is not None


def ed25519_verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether this is the key's signature over the message (strict: canonical encodings, no cofactor)."""
    key = _point(public) if len(public) == 32 else None
    if key is None or _BASE is None or len(signature) != 64 or _small(key):
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= _L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _L
    minus_key = (_P - key[0], key[1], 1, _P - key[3])
    factors = ((scalar, _multiples(_BASE)), (challenge, _multiples(minus_key)))
    total = _ZERO
    for place in range(7, -1, -1):  # scalar * base - challenge * key, four bits of each row at once
        for _ in range(4):
            total = _add(total, total)
        for factor, rows in factors:
            for number, row in enumerate(rows):
                if digit := factor >> 4 * (8 * number + place) & 15:
                    total = _add(total, row[digit])
    inverse = pow(total[2], -1, _P)
    x, y = total[0] * inverse % _P, total[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


SignatureCheck = Callable[[bytes, bytes, bytes], bool]
"""Check one Ed25519 signature, given as (public key, signature, message)."""
