"""Where the home folder is. It imports little, since completion in a shell asks for it."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "ARCHIVER_HOME"


def is_fleet(text: str) -> bool:
    """Whether a home is named by the address of a fleet's database."""
    return text.startswith(("postgresql://", "postgres://"))


def fleet_address() -> str | None:
    """The fleet that is the default home; None if that is a folder."""
    named = os.environ.get(VARIABLE, "")
    return named if is_fleet(named) else None


def default_home() -> Path:
    """The default home: $ARCHIVER_HOME, the current folder if it is a home, or the system's data folder.

    For a fleet, a path that does not exist: `opened` in `cli.app` opens those.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named)
    if Path("archiver.yaml").is_file():
        return Path.cwd()
    import platformdirs

    return platformdirs.user_data_path("archiver", appauthor=False)
