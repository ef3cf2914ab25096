"""The command line: it reads arguments and prints results. It has no logic; heavy imports wait until needed."""

from __future__ import annotations

import io
import os
import sys
import time
import warnings
from contextlib import suppress

from archiver.cli.output import PIPE_CLOSED_EXIT_CODE, Level, flush_result, give_up_unwritable_streams, messages, say
from archiver.core.errors import ArchiverError, ClockWrong, machine_error

INTERRUPTED_EXIT_CODE = 130  # typer's exit code for Ctrl-C
COMPLETE = "__complete"  # the word with which a shell's completion asks


def open_closed_streams() -> None:
    """Open standard input, output and error where they are closed. Otherwise the next file would take their number."""
    for number, mode in enumerate((os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, mode), number)
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115  # for as long as the process lives
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115


def refuse_unusable_clock() -> None:
    """End the program where the clock's time is so late that Python cannot tell it."""
    try:
        time.time()
    except OverflowError:
        say("archiver: This machine's clock is after the year 2261. Set it right, then run the command again.")
        sys.exit(ClockWrong.exit_code)


def explain(error: BaseException) -> None:
    """With --verbose or --log-file, write where an error came from."""
    if messages.level is Level.DETAIL or messages.log:
        import traceback

        messages.write("".join(traceback.format_exception(error)).rstrip(), Level.DETAIL)


def main() -> None:
    """The `archiver` command. Errors become one message on standard error and the error's exit code."""
    open_closed_streams()
    try:
        _run()
    except OSError as error:
        explain(error)
        refused, before = machine_error(error), sys.stderr
        say(f"archiver: {refused}")
        unsaid = getattr(error.__context__, "exit_code", PIPE_CLOSED_EXIT_CODE)  # of a wrong command that Typer refused
        sys.exit(refused.exit_code if sys.stderr is before else unsaid)  # else nobody reads it
    finally:
        give_up_unwritable_streams()


def _run() -> None:
    refuse_unusable_clock()
    from archiver.cli.commands import program

    if sys.argv[1:2] == [COMPLETE]:
        from archiver.cli.completion import complete

        with suppress(OSError):  # a shell that does not listen
            print("\n".join(complete(program, sys.argv[2:])), flush=True)
        return
    if sys.argv[1:] not in (["-h"], ["--help"], ["-V"], ["--version"]):  # these answer at once and need no secrets
        from archiver.home.vault import pop_secrets_from_environment
        from archiver.reading.confinement import forbid_core_dumps

        forbid_core_dumps()
        pop_secrets_from_environment()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # a library's advice to programmers, with a path of its source
    for stream in (sys.stdout, sys.stderr):  # a character that the terminal lacks must not stop a command
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    os.umask(0o077)  # other users of this machine must not read the files that commands and libraries create
    try:
        program.main(prog_name="archiver", standalone_mode=True)
    except ArchiverError as error:
        explain(error)
        say(f"archiver: {error}")
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED_EXIT_CODE:
            say("archiver: Interrupted. Everything archived so far is safe; run the command again to continue.")
        if type(sys.stdout).__name__ == "PacifyFlushWrapper":  # as Typer leaves it after a help text that nobody read
            sys.exit(PIPE_CLOSED_EXIT_CODE)
        if end.code in (0, None):
            flush_result()
        raise
