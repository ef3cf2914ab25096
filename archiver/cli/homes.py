"""Commands that make a home, and that say which home commands use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, app, ask, folder_only, must_agree
from archiver.cli.output import emit, offer, say, tell
from archiver.core.remedy import name_home


@app.command()
def init(
    home: Annotated[Path | None, typer.Argument(help="The folder to create.")] = None,
    replay: Annotated[
        bool, typer.Option(help="Create a home for recordings only; its archives are never evidence.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Use the folder even if it holds other files.")] = False,
    home_option: HomeOption = None,
) -> None:
    """Create a home folder and its vault, and remember where it is. A replay home is not remembered.

    Example: archiver init ~/archiver
    """
    from archiver.agency.setup import foreign_files, initialise
    from archiver.home.home_folder import default_home

    if not (home or home_option):
        folder_only()
    target = home or home_option or default_home()
    if found := foreign_files(target):
        must_agree(f"{target} holds {found}. Make it a home?", yes, f"{target} holds {found}, and no home was made")
    made = initialise(target, replay=replay, anyway=True, say=say, ask=ask)
    say(f"Created {made.root}.")
    if not replay:
        remember(made.root)
    name_home(None if default_home().resolve() == made.root.resolve() else str(made.root))
    offer("add client")


@app.command("home")
def home_command(
    folder: Annotated[Path | None, typer.Argument(help="The home that commands shall use from now on.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show which home your commands use when you name none, or choose it.

    They use the folder in $ARCHIVER_HOME, else the current folder if it is a home, else the home that you chose here
    (`init` and `setup` choose the first one that they make), else the system's folder for data.

    Example: archiver home ~/archiver
    """
    from archiver.home.home_folder import Reason, choice, is_home, known_homes, remember_home, remembered_homes
    from archiver.home.settings import find_home

    folder_only()
    if folder:
        remember_home(find_home(folder), default=True)
    path, reason = choice()
    homes = list(dict.fromkeys([path, *remembered_homes(), *known_homes()]))
    if as_json:
        rows = [{"home": str(each), "exists": is_home(each)} for each in homes]
        emit({"home": str(path), "reason": reason, "homes": rows})
        return
    why = {
        Reason.VARIABLE: "because ARCHIVER_HOME names it",
        Reason.CURRENT: "because it is the current folder",
        Reason.REMEMBERED: "from any folder",
        Reason.USUAL: "the usual folder, because no home is remembered",
    }
    tell(f"Commands use {path}, {why[reason]}.")
    for each in homes:
        gone = "" if is_home(each) else "  (not a home, or not there now)"
        tell(f"  {each}{gone}")


def remember(root: Path) -> None:
    """Remember a home, and say from where commands find it."""
    from archiver.home.home_folder import VARIABLE, memory_file, remember_home, remembered_homes

    try:
        default = remember_home(root)
    except OSError as error:
        if not os.environ.get(VARIABLE):
            say(f"warning: {memory_file()} could not be written ({error.strerror}), so name this home with --home.")
        return
    if default:
        say("Your commands find it from any folder.")
    else:
        say(f"Your commands go on using {remembered_homes()[0]}, not {root}.")
        offer("choose home", folder=str(root))
