"""A real PostgreSQL in a scratch folder, run by an ordinary user, reached by a socket or a port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.support.object_stores import free_ports

START_TIMEOUT_S = 60.0
_numbers = count()


def _programs() -> Path:
    """The folder of PostgreSQL's programs: on PATH, or where Debian has them. Skips the test where there are none."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not places:
        pytest.skip("no PostgreSQL here: install Debian's package postgresql")
    return places[-1].parent


def _as_user(command: Sequence[str]) -> list[str]:
    """PostgreSQL refuses to run as root; then it runs as nobody."""
    return (
        ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]
        if os.geteuid() == 0
        else [*command]
    )


@dataclass
class Postgres:
    """A running server. `stop` and `start` are an outage: nothing is lost."""

    programs: Path
    folder: Path
    port: int

    def database(self) -> str:
        """A new database's address."""
        name = f"fleet{next(_numbers)}"
        self.sql(f"CREATE DATABASE {name}")
        return f"postgresql://archiver@127.0.0.1:{self.port}/{name}"

    def sql(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(f"postgresql://archiver@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories='' -c fsync=off"
        data, timeout = str(self.folder / "data"), str(int(START_TIMEOUT_S))
        log = str(self.folder / "log")
        command = [str(self.programs / "pg_ctl"), "-D", data, "-w", "-t", timeout, "-l", log, "-o", options, "start"]
        done = subprocess.run(_as_user(command), capture_output=True, text=True, cwd=self.folder, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def stop(self) -> None:
        command = [str(self.programs / "pg_ctl"), "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop"]
        subprocess.run(_as_user(command), capture_output=True, cwd=self.folder, check=False)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A new server. Its folder is in the system's temporary folder, because another user must be able to enter it."""
    programs = _programs()
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("PostgreSQL refuses to run as root, and there is no setpriv here to change the user")
    folder = Path(tempfile.mkdtemp(prefix="archiver-test-postgres-"))
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    (port,) = free_ports(1)
    import psycopg

    running = Postgres(programs, folder, port)
    try:
        command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "archiver", "-A", "trust", "--no-sync",
                   "-E", "UTF8", "--locale=C"]  # fmt: skip
        done = subprocess.run(_as_user(command), capture_output=True, text=True, cwd=folder, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        running.start()
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                running.sql("SELECT 1")
                break
            except psycopg.Error:  # it starts
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)
