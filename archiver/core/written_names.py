"""Understand names and sites as people write them: `Adobe Stock`, `ACME`, `https://www.acme.example/shop`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from urllib.parse import urlsplit


def folded(name: str) -> str:
    """A name without case, blanks and punctuation: `Adobe Stock` and `adobe_stock` are both `adobestock`."""
    return "".join(each for each in unicodedata.normalize("NFKC", name).casefold() if each.isalnum())


def written_so(text: str, names: Mapping[str, Iterable[str]]) -> list[str]:
    """The key that is the text itself, else all keys one of whose names is written so."""
    if text in names:
        return [text]
    wanted = folded(text)
    return [key for key, known in names.items() if wanted and wanted in map(folded, known)]


def readable_host(host: str) -> str:
    """A host as people write it: in small letters, not as `xn--...`, without `www.` and a dot at the end."""
    host = host.lower().rstrip(".")
    with suppress(UnicodeError):
        host = host.encode("ascii").decode("idna")
    return host.removeprefix("www.")


def site_domain(text: str) -> str:
    """The domain of a site that is named by its domain or by any address of it; ValueError if it is none."""
    try:
        address = text.strip()
        host = readable_host(urlsplit(address if "://" in address else f"https://{address}").hostname or "")
    except ValueError:  # an unclosed bracket
        host = ""
    if not re.fullmatch(r"([^\W_]([\w-]{0,61}[^\W_])?\.)+[^\W\d_]([\w-]{0,61}[^\W_])?", host):
        raise ValueError(f"{text!r} is not a site; write it as acme.example or https://www.acme.example/shop")
    return host


def kept_domain(text: str) -> str:
    """The domain of a site as a home of an earlier version may name it: whatever is no site stays as it is."""
    with suppress(ValueError):
        return site_domain(text)
    return text.strip()
