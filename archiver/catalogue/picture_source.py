"""Where a picture to search for comes from: a file that a person names, or an address."""

from __future__ import annotations

import re
from pathlib import Path

from archiver.core.atomic_files import read_named
from archiver.core.errors import ConfigError
from archiver.home.connections import network_of
from archiver.home.settings import Home


def picture_of(home: Home, where: str) -> tuple[bytes, str]:
    """The bytes and the name of a picture, from a file or an address."""
    if re.match(r"[a-z][a-z0-9+.-]+:", where, re.IGNORECASE) and not Path(where).exists():  # `C:` is a drive
        content, media_type = network_of(home).get(where)
        if media_type.startswith("text/"):
            raise ConfigError(
                f"{where} is a page, not a picture. Give the address of the picture itself, or save it and give the "
                "file."
            )
        return content, where
    return read_named(Path(where), "Give a picture's file or address."), Path(where).name
