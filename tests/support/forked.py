"""Commands of the `archiver` program in processes of their own, without importing it anew for each.

A test may run a dozen commands, and importing what one needs takes most of its processor time. So one process imports
the program once and forks for each command: that has its own environment, folder, streams and exit code, and whatever
it changes is gone with it. In the same way another forks for each reader of documents, which a command starts and a
test may start itself; it confines itself as ever. Programs that a test starts without this module, and the tests of
the readers themselves, start them as a user's program does.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import re
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from archiver.reading.worker import Kind

NEEDED = (
    "aiohttp.web", "archiver.agency.account_closing", "archiver.agency.accounts", "archiver.agency.anchored",
    "archiver.agency.backup.making", "archiver.agency.backup.newer", "archiver.agency.backup.restoring",
    "archiver.agency.client_handover", "archiver.agency.diagnosis", "archiver.agency.directory",
    "archiver.agency.integrity", "archiver.agency.night", "archiver.agency.offboarding", "archiver.agency.run_messages",
    "archiver.agency.sign_ins", "archiver.agency.status", "archiver.agency.today", "archiver.catalogue.picture_search",
    "archiver.claims.claim_pack", "archiver.claims.drafts", "archiver.claims.packing", "archiver.cli.commands",
    "archiver.collect.importing", "archiver.core.stale_files", "archiver.desk.auth", "archiver.fleet.replica_check",
    "archiver.fleet.restore", "babel.dates", "cryptography.fernet", "httpx", "platformdirs.unix",
    "playwright.async_api", "rfc3161_client", "trustme", "typer._adapters", "typer._click._textwrap",
)  # fmt: skip
"""What most commands import."""

NEEDED_TO_READ = (
    "archiver.agency.audit.page_reader", "archiver.catalogue.alignment", "archiver.catalogue.matcher",
    "archiver.catalogue.overlay", "archiver.reading.containers", "archiver.reading.embedded",
    "archiver.reading.letters", "archiver.reading.office", "archiver.reading.pdf_join",
    "archiver.reading.picture_areas", "archiver.reading.webpages", "archiver.reading.worker", "dkim.dnsplug", "numpy",
    "PIL.ImageCms", "PIL.JpegImagePlugin", "pypdf", "pypdf._text_extraction._layout_mode",
)  # fmt: skip
"""What most readers import, as far as it is installed; not what starts threads, as onnxruntime does."""

PAPER = (
    "Getty Images\nLicence certificate\n\nLicence number: 123450001\nAsset ID: 1234567\nDate of purchase: 3 May 2026\n"
)
LETTER = "Getty Images\nCase number X7K2P9\n\nYou used our picture. Please pay EUR 389.59 until 24 December 2026.\n"
"""Whoever reads the first paper and the first letter takes more than a second to compile what they are searched for."""

_BEGINNING = re.compile(r"(LD|LC|PYTHON(?!_KEYRING|PYCACHE|DONTWRITE))_?|LANG|FAKETIME|TZ|OPENSSL")
"""What of an environment counts when a process begins, and for nothing afterwards."""


def _beginning(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if _BEGINNING.match(name)}


_OURS = _beginning(os.environ)  # before any test changes it
_started: list[socket.socket] = []
_starting = threading.Lock()


def run(
    arguments: Sequence[str], *, env: Mapping[str, str], stdin: str = "", timeout: float
) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run` of `python -m archiver` with these arguments, with captured text; TimeoutExpired as there.

    That it is where forking without exec is not safe, or the environment has what counts at a process's beginning.
    """
    if sys.platform != "linux" or _beginning(env) != _OURS:
        command = [sys.executable, "-m", "archiver", *arguments]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, env=env, timeout=timeout, check=False
        )
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin.encode())
        given.seek(0)
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, _starting:
                socket.send_fds(_server(), [b"."], [each.fileno() for each in (theirs, given, out, err)])
            ours.sendall(json.dumps([list(arguments), dict(env), str(Path.cwd()), _umask()]).encode())
            ours.shutdown(socket.SHUT_WR)
            ours.settimeout(timeout)
            try:
                code = int(ours.makefile("rb").read())
            except TimeoutError:
                raise subprocess.TimeoutExpired(list(arguments), timeout) from None  # the command ends with `ours`
        texts = [_text(each) for each in (out, err)]
    return subprocess.CompletedProcess(list(arguments), code, *texts)


def _umask() -> int:
    os.umask(now := os.umask(0))
    return now


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _server() -> socket.socket:
    if not _started:
        readers = _readers()
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-P", __file__, "commands", str(theirs.fileno()), str(readers.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno(), readers.fileno()], start_new_session=True)
        theirs.close()
        _started.append(ours)
        atexit.register(process.wait)
        atexit.register(ours.close)  # which ends it, and comes first
    return _started[0]


def _read_first() -> None:
    from archiver.reading.document_parser import read_text
    from archiver.reading.letters import read_letter

    read_text(PAPER)
    read_letter(LETTER)


# ---------------------------------------------------------------- readers


class ForkedReader:
    """As much of a `subprocess.Popen` as whoever starts a reader uses."""

    def __init__(self, source: socket.socket, kind: Kind) -> None:
        from archiver.reading.worker import ENVIRONMENT, ONE_THREAD

        env = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ} | ONE_THREAD
        message = json.dumps([[kind.programs, list(map(str, kind.files)), kind.memory], env]).encode()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            (given, stdin), (stdout, told) = os.pipe(), os.pipe()
            try:
                socket.send_fds(source, [message], [theirs.fileno(), given, told])
            finally:
                os.close(given)
                os.close(told)
            self.stdin, self.stdout = os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb")
            theirs.close()
            fds = socket.recv_fds(ours, 1, 1)[1]
        if not fds:
            raise OSError("the process that forks readers has ended")
        self._process = os.fdopen(fds[0], "rb", buffering=0)
        about = Path(f"/proc/self/fdinfo/{fds[0]}").read_text()
        self.pid = int(next(line for line in about.splitlines() if line.startswith("Pid:")).split()[1])

    def kill(self) -> None:
        if not self._process.closed:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._process.fileno(), signal.SIGKILL)

    def communicate(self) -> None:
        """Close the pipes and wait for the end."""
        for each in (self.stdin, self.stdout):
            with suppress(OSError):
                each.close()
        if not self._process.closed:
            poll = select.poll()
            poll.register(self._process, select.POLLIN)
            poll.poll()
            self._process.close()


_reading: list[socket.socket] = []


def _readers() -> socket.socket:
    """The way to the process that forks for each reader; it is started for the first."""
    if not _reading:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        from archiver.reading.worker import ONE_THREAD

        command = [sys.executable, "-P", __file__, "readers", str(theirs.fileno())]
        process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], start_new_session=True, env=os.environ | ONE_THREAD
        )
        theirs.close()
        _reading.append(ours)
        atexit.register(process.wait)
        atexit.register(process.kill)  # comes first
    return _reading[0]


def start_reader(kind: Kind) -> ForkedReader:
    """In place of `archiver.reading.worker.start_process`."""
    with _starting:
        return ForkedReader(_readers(), kind)


def _serve_readers(source: socket.socket) -> None:
    """The life of the process that forks for readers. Returns never."""
    for name in NEEDED_TO_READ:
        with suppress(ImportError):  # of an extra
            import_module(name)
    from archiver.reading.worker import _serve as read

    _read_first()
    gc.freeze()
    while fds := (received := socket.recv_fds(source, 1 << 16, 3))[1]:
        if not (reader := os.fork()):
            source.close()
            os.close(fds[0])
            nothing = os.open(os.devnull, os.O_RDWR)
            for number, each in enumerate((*fds[1:], nothing)):
                os.dup2(each, number)
                os.close(each)
            options, env = json.loads(received[0])
            os.environ.clear()
            os.environ.update(env)
            try:
                read(*options)
            finally:
                os._exit(0)
        with socket.socket(fileno=fds[0]) as answer:
            handle = os.pidfd_open(reader)
            with suppress(OSError):  # whoever asked is gone
                socket.send_fds(answer, [b"."], [handle])
            os.close(handle)
        for each in fds[1:]:
            os.close(each)
        _collect(os.WNOHANG)
    os._exit(0)


# ---------------------------------------------------------------- commands


def _collect(options: int = 0) -> None:
    """Readers that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def _serve(source: socket.socket) -> None:
    """The life of the process that forks: it ends when the tests' does. Returns in a command's own process alone."""
    for name in NEEDED:
        import_module(name)
    from archiver.provider import installed, load

    for name in installed():
        load(name)
    _read_first()
    gc.freeze()  # else collecting would copy what all processes share
    running: dict[int, tuple[int, socket.socket]] = {}  # by a handle of each command: its number, and who waits for it
    poll = select.poll()
    poll.register(source, select.POLLIN)
    while True:
        for ready in sorted((each for each, _ in poll.poll()), key=source.fileno().__eq__):  # a new one last
            if ready == source.fileno():
                if not (fds := socket.recv_fds(source, 1, 4)[1]):
                    _kill(running)
                    os._exit(0)
                answer = socket.socket(fileno=fds[0])
                asked = json.loads(answer.makefile("rb").read())
                if not (command := os.fork()):
                    for each in (source, answer, *(other for _, other in running.values())):
                        each.close()
                    _begin(asked, fds[1:])
                    return
                for stream in fds[1:]:
                    os.close(stream)
                handle = os.pidfd_open(command)
                running[handle] = command, answer
                poll.register(handle, select.POLLIN)
                poll.register(answer, 0)  # hanging up is told unasked
            elif ready in running:
                command, answer = running.pop(ready)
                for other in (ready, answer.fileno()):
                    poll.unregister(other)
                with answer, suppress(OSError):  # nobody waits for it any more
                    answer.sendall(str(os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])).encode())
                os.close(ready)
            else:
                _kill(handle for handle, (_, answer) in running.items() if answer.fileno() == ready)


def _kill(handles: Iterable[int]) -> None:
    """End commands for which nobody waits any more."""
    for handle in handles:
        signal.pidfd_send_signal(handle, signal.SIGKILL)


def _begin(asked: tuple[list[str], dict[str, str], str, int], streams: Sequence[int]) -> None:
    """Become the process of a command."""
    arguments, env, folder, umask = asked
    os.setsid()
    os.chdir(folder)
    os.umask(umask)
    os.environ.clear()
    os.environ.update(env)
    for number, each in enumerate(streams):
        os.dup2(each, number)
        os.close(each)
    sys.argv = ["archiver", *arguments]


if __name__ == "__main__":
    what, *numbers = sys.argv[1:]
    ways = [socket.socket(fileno=int(number)) for number in numbers]
    if what == "readers":
        _serve_readers(ways[0])
    _reading.append(ways[1])
    _serve(ways[0])
    from archiver.cli import main
    from archiver.reading import worker

    worker.start_process = start_reader  # type: ignore[assignment]  # as much of a process as is used

    if seconds := os.environ.get("READER_TIMEOUT_S"):  # for documents, where a busy machine is not what a test is about
        from archiver.reading.worker import DocumentReader

        workers, _, kind = DocumentReader.__init__.__defaults__ or ()
        DocumentReader.__init__.__defaults__ = (workers, float(seconds), kind)
    from archiver.agency.backup import encryption

    encryption.WORK_FACTOR = 10  # what a test encrypts takes little work; the file tells how much
    if "KILL_PATTERN" in os.environ:  # see tests/support/kills.py
        runpy.run_path(str(Path(__file__).with_name("kills.py")))["arm"]()
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    atexit._run_exitfuncs()  # they remove what the command laid aside
    os._exit(code if isinstance(code, int) else code is not None)  # tidying up takes longer than most commands
