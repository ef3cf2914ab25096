"""Secret texts, as in links, cookies and tokens: only their digests are stored, and comparing takes no telling time."""

from __future__ import annotations

import hashlib
import hmac


def digest_of(secret: str) -> str:
    """What is stored in place of a secret: SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def is_same(given: str, secret: str) -> bool:
    """Whether both are the same, in a time that tells nothing of the secret."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode("utf-8", "replace"))
