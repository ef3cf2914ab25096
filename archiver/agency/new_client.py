"""The short name of a new client."""

from __future__ import annotations

import re
from itertools import count

from archiver.catalogue.search_words import spelt_out
from archiver.core.errors import ConfigError, Remedy
from archiver.home.settings import HOUSE, Home
from archiver.home.settings_models import check_slug

_LEGAL_FORMS = ("ltd", "limited", "gmbh", "inc", "ag", "llc")
MAX_SLUG_LENGTH = 40


def slug_for(name: str) -> str:
    """A short name for a client: `Acme Ltd` is `acme`, and `Grün GmbH` is `gruen`."""
    words = [word for word in re.findall("[a-z0-9]+", spelt_out(name)) if word not in _LEGAL_FORMS]
    return "-".join(words)[:MAX_SLUG_LENGTH].strip("-") or "client"


def free_slug(home: Home, name: str) -> str:
    """A short name for a new client that no other has; that of a client with this name."""
    beginning = slug_for(name)
    for number in count(1):
        slug = beginning if number == 1 else f"{beginning[: MAX_SLUG_LENGTH - 4]}-{number}"
        there = home.clients.get(slug)
        if slug != HOUSE and _is_valid(slug) and (there is None or there.name == name):
            return slug
    raise AssertionError


def named_client(home: Home, slug: str | None, name: str | None) -> tuple[str, str, bool]:
    """The short name and the name of a new client, and whether the former was invented.

    A `slug` that is none is the name, if no other is given. ConfigError without a name.
    """
    if slug and not name and not _is_valid(slug):
        slug, name = None, slug
    if not name:
        raise ConfigError(
            "A client needs its full name; the short name is made of it if you give none.",
            remedy=Remedy.of("add client", {}),
        )
    return slug or free_slug(home, name), name, not slug


def _is_valid(slug: str) -> bool:
    try:
        return bool(check_slug(slug))
    except ValueError:
        return False
