"""The command line: it reads arguments and prints results. It has no logic; heavy imports wait until needed."""

from __future__ import annotations

import io
import os
import sys

from archiver.cli.output import say
from archiver.core.errors import ArchiverError, machine_error

INTERRUPTED_EXIT_CODE = 130  # typer's exit code for Ctrl-C


def main() -> None:
    """The `archiver` command. Errors become one message on standard error and the error's exit code."""
    from archiver.cli.commands import program
    from archiver.home.vault import pop_secrets_from_environment
    from archiver.reading.confinement import forbid_core_dumps

    forbid_core_dumps()
    pop_secrets_from_environment()
    for stream in (sys.stdout, sys.stderr):  # a character that the terminal lacks must not stop a command
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    os.umask(0o077)  # other users of this machine must not read the files that commands and libraries create
    try:
        program(prog_name="archiver")
    except ArchiverError as error:
        say(f"archiver: {error}")
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED_EXIT_CODE:
            say("archiver: Interrupted. Everything archived so far is safe; run the command again to continue.")
        raise
    except OSError as error:
        refused = machine_error(error)
        say(f"archiver: {refused}")
        sys.exit(refused.exit_code)
