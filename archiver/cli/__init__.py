"""The command line: words in, words out. No logic; heavy imports wait until a command needs them."""

from __future__ import annotations

import io
import os
import sys

from archiver.cli.output import say
from archiver.core.errors import ArchiverError, machine_error

INTERRUPTED_EXIT_CODE = 130  # what typer makes of Ctrl-C


def main() -> None:
    """The `archiver` command. Errors become one message on standard error and the error's exit code."""
    from archiver.cli.commands import program
    from archiver.home.vault import pop_secrets_from_environment
    from archiver.reading.confinement import forbid_core_dumps

    forbid_core_dumps()
    pop_secrets_from_environment()
    for stream in (sys.stdout, sys.stderr):  # a title or a path that a terminal's character set lacks stops no command
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    os.umask(0o077)  # nothing that a command makes, by itself or by a library, is for others on this machine
    try:
        program(prog_name="archiver")
    except ArchiverError as error:
        say(f"archiver: {error}")
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED_EXIT_CODE:
            say("archiver: Interrupted. What was archived is safe; run the command again to go on.")
        raise
    except OSError as error:
        refused = machine_error(error)
        say(f"archiver: {refused}")
        sys.exit(refused.exit_code)
