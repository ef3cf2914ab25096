"""The command line: words in, words out. No logic; heavy imports wait until a command needs them."""

from __future__ import annotations

import errno
import sys

from archiver.errors import ArchiverError, DiskFull


def main() -> None:
    """The `archiver` command. Errors become one message on standard error and the error's exit code."""
    from archiver.cli.commands import app
    from archiver.vault import pop_secrets_from_environment

    pop_secrets_from_environment()
    try:
        app(prog_name="archiver")
    except ArchiverError as error:
        print(f"archiver: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("archiver: Interrupted. What was archived is safe; run the command again to go on.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        place = f" ({error.filename})" if error.filename else ""
        what = (
            str(DiskFull(str(error))) if full else f"This machine does not allow it: {error.strerror or error}{place}."
        )
        print(f"archiver: {what}", file=sys.stderr)
        sys.exit(DiskFull.exit_code)
