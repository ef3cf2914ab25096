"""Where the home folder is. It imports little, since completion in a shell asks for it."""

from __future__ import annotations

import os
from pathlib import Path


def default_home() -> Path:
    """The default home: $ARCHIVER_HOME, the current folder if it is a home, or the system's data folder."""
    if named := os.environ.get("ARCHIVER_HOME"):
        return Path(named)
    if Path("archiver.yaml").is_file():
        return Path.cwd()
    import platformdirs

    return platformdirs.user_data_path("archiver", appauthor=False)
