"""Where the home folder is. It imports little, since completion in a shell asks for it.

A home that was made or set up is remembered in a file of the user, so that commands find it from any folder. The file
has one absolute path a line; the first is the one that commands use when no home is named.
"""

from __future__ import annotations

import os
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

VARIABLE = "ARCHIVER_HOME"
FLEET = "ARCHIVER_FLEET"  # names a fleet's database, for the commands of `fleet` and for `doctor`


class Reason(StrEnum):
    """Why a folder is the home of commands that name none."""

    VARIABLE = "variable"  # $ARCHIVER_HOME
    CURRENT = "current"  # the current folder is a home
    REMEMBERED = "remembered"
    USUAL = "usual"  # the system's folder for data


class ChosenHome(NamedTuple):
    """The default home, whether it exists or not."""

    path: Path
    reason: Reason


def is_fleet(text: str) -> bool:
    """Whether a home is named by the address of a fleet's database."""
    return text.startswith(("postgresql://", "postgres://"))


def fleet_address() -> str | None:
    """The fleet that is the default home; None if that is a folder."""
    named = os.environ.get(VARIABLE, "")
    return named if is_fleet(named) else None


def is_home(path: Path) -> bool:
    return (path / "archiver.yaml").is_file()


def choice() -> ChosenHome:
    """The default home: $ARCHIVER_HOME, the current folder if it is a home, the one remembered, or the usual folder.

    For a fleet, a path that does not exist: `opened` in `cli.app` opens those.
    """
    if named := os.environ.get(VARIABLE):
        return ChosenHome(Path(named), Reason.VARIABLE)
    if is_home(Path()):
        return ChosenHome(Path.cwd(), Reason.CURRENT)
    if remembered := remembered_homes():
        return ChosenHome(remembered[0], Reason.REMEMBERED)
    return ChosenHome(_usual_home(), Reason.USUAL)


def default_home() -> Path:
    """The path of `choice`."""
    return choice().path


def memory_file() -> Path:
    """The file that remembers the user's homes."""
    import platformdirs

    return platformdirs.user_config_path("archiver", appauthor=False) / "homes"


def remembered_homes() -> list[Path]:
    """The homes in the user's file, the default first; they may be gone."""
    with suppress(OSError):
        lines = os.fsdecode(memory_file().read_bytes()).split("\n")
        return [Path(line) for line in lines if Path(line).is_absolute()]
    return []


def known_homes() -> list[Path]:
    """All homes of the user that are there: the remembered ones, and one in the usual folder."""
    return [path for path in dict.fromkeys((*remembered_homes(), _usual_home())) if is_home(path)]


def remember_home(root: Path, *, default: bool = False) -> bool:
    """Remember a home, as the default one if that is wished or if there is no other. Returns whether it is the default.

    A wish forgets the homes that are gone. OSError if the user's file cannot be written.
    """
    from archiver.core.atomic_files import replace_file

    root = root.absolute()
    remembered = remembered_homes()
    known = list(dict.fromkeys((*remembered, *known_homes())))
    others = [path for path in known if not _same(path, root)]
    if default:
        others = [path for path in others if is_home(path)]
    default = default or not others or _same(known[0], root) or not is_home(known[0])
    homes = [root, *others] if default else [*others, root]
    if homes != remembered:
        file = memory_file()
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(file, b"".join(os.fsencode(path) + b"\n" for path in homes))
    return default


def other_homes(home: Path) -> list[Path]:
    """The user's homes that are there, but this one."""
    return [path for path in known_homes() if not _same(path, home)]


def _usual_home() -> Path:
    import platformdirs

    return platformdirs.user_data_path("archiver", appauthor=False)


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
