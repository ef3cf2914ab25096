"""A bucket of an object store (S3) with versions and Object Lock. Each call is one request; needs the extra `s3`."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from archiver.core.errors import INSTALL_ALL, ConfigError, StoreUnavailable
from archiver.home.settings import Home
from archiver.home.settings_models import NetworkSettings, ReplicaSettings
from archiver.home.vault import run_secret_command

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 120.0
MAX_REQUESTS = 8  # at the same time
PART_BYTES, PARTS_BEFORE_DOUBLING = (
    16 << 20,
    1000,
)  # each thousand parts are twice as large: 16 TB in the 10,000 allowed ones
ABSENT = ("NoSuchKey", "404", "NoSuchVersion", "MethodNotAllowed", "405")  # the last two: a delete marker
LOCKED = "COMPLIANCE"


class NotWritten(Exception):
    """A conditional put whose condition does not hold. Nothing was written."""


@dataclass(frozen=True)
class StoredVersion:
    """One version of a key. `at` is when the store received it."""

    key: str
    version: str
    at: datetime
    newest: bool


def sha256_of(data: bytes) -> str:
    """SHA-256 in hexadecimal digits, as it stands in keys."""
    return hashlib.sha256(data).hexdigest()


@contextmanager
def _asked(what: str) -> Iterator[None]:
    """Convert the client's errors: NotWritten for a condition that does not hold, else StoreUnavailable."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in ("PreconditionFailed", "412", "ConditionalRequestConflict"):
            raise NotWritten(what) from None
        raise StoreUnavailable(f"{what}: {error}") from None
    except BotoCoreError as error:
        raise StoreUnavailable(f"{what}: {error}") from None


class Upload:
    """What is written to a key, part by part. `named` is what the store calls it."""

    def __init__(self, bucket: Bucket, named: dict[str, str]) -> None:
        self.named, self._client = named, bucket.client
        self._buffer, self._tags = bytearray(), list[dict[str, object]]()

    def write(self, data: bytes) -> int:
        self._buffer += data
        while len(self._buffer) >= (size := PART_BYTES << len(self._tags) // PARTS_BEFORE_DOUBLING):
            self._send(size)
        return len(data)

    def complete(self) -> None:
        self._send(len(self._buffer))
        self._client.complete_multipart_upload(**self.named, MultipartUpload={"Parts": self._tags})

    def _send(self, size: int) -> None:
        number, data = len(self._tags) + 1, bytes(self._buffer[:size])
        del self._buffer[:size]
        answer = self._client.upload_part(**self.named, PartNumber=number, Body=data)
        self._tags.append({"PartNumber": number, "ETag": answer["ETag"]})


class Bucket:
    """The part of a bucket below a prefix. All keys are relative to it. Safe for threads."""

    def __init__(self, client: Any, bucket: str, prefix: str = "") -> None:
        self.client, self.bucket, self.prefix = client, bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    @property
    def name(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def put(
        self, key: str, data: bytes, *, until: datetime, held: bool = False, if_match: str | None = None,
        if_absent: bool = False,
    ) -> str:  # fmt: skip
        """Write a locked version, whose SHA-256 the store checks. Returns its entity tag.

        NotWritten if the key's newest version is not `if_match`, or there is one and it must be absent.
        """
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        more: dict[str, object] = {"IfMatch": if_match} if if_match else {"IfNoneMatch": "*"} if if_absent else {}
        more |= {"ObjectLockLegalHoldStatus": "ON"} if held else {}
        with _asked(f"put {key}"):
            answer = self.client.put_object(
                Bucket=self.bucket, Key=self.prefix + key, Body=data, ChecksumSHA256=digest, ChecksumAlgorithm="SHA256",
                ObjectLockMode=LOCKED, ObjectLockRetainUntilDate=until, **more,
            )  # fmt: skip
        return str(answer["ETag"])

    def get(self, key: str, version: str | None = None) -> tuple[bytes, str] | None:
        """Return the bytes and the entity tag of the newest or the given version; None if there is none."""
        from botocore.exceptions import ClientError

        more = {"VersionId": version} if version else {}
        with _asked(f"get {key}"):
            try:
                answer = self.client.get_object(Bucket=self.bucket, Key=self.prefix + key, **more)
                return answer["Body"].read(), str(answer["ETag"])
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in ABSENT:
                    return None
                raise

    @contextmanager
    def uploaded(self, key: str) -> Iterator[Upload]:
        """Write a key of any length, unlocked. It is there at the end of the block, or not at all after an error."""
        with _asked(f"put {key}"):
            begun = self.client.create_multipart_upload(Bucket=self.bucket, Key=self.prefix + key)
            upload = Upload(self, {"Bucket": self.bucket, "Key": begun["Key"], "UploadId": begun["UploadId"]})
            try:
                yield upload
                upload.complete()
            except BaseException:
                self.client.abort_multipart_upload(**upload.named)
                raise

    @contextmanager
    def opened(self, key: str) -> Iterator[IO[bytes] | None]:
        """Read a key of any length; None if there is none."""
        from botocore.exceptions import ClientError

        with _asked(f"get {key}"):
            try:
                body = self.client.get_object(Bucket=self.bucket, Key=self.prefix + key)["Body"]
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in ABSENT:
                    raise
                body = None
            yield body

    def is_kept(self, key: str, data: bytes) -> bool:
        """Whether the newest version has these bytes and is locked."""
        with _asked(f"head {key}"):
            answer = self.client.head_object(Bucket=self.bucket, Key=self.prefix + key, ChecksumMode="ENABLED")
        if answer.get("ObjectLockMode") != LOCKED or answer["ObjectLockRetainUntilDate"] <= datetime.now(UTC):
            return False
        if stated := answer.get("ChecksumSHA256"):
            return bool(base64.b64decode(stated) == hashlib.sha256(data).digest())
        found = self.get(key)
        return found is not None and found[0] == data

    def hold(self, key: str, version: str | None, *, held: bool) -> None:
        """Put a legal hold on a version (None: the newest), or release it."""
        with _asked(f"legal hold of {key}"):
            self.client.put_object_legal_hold(
                Bucket=self.bucket, Key=self.prefix + key, LegalHold={"Status": "ON" if held else "OFF"},
                **({"VersionId": version} if version else {}),
            )  # fmt: skip

    def keys(self, below: str) -> Iterator[tuple[str, int]]:
        """Yield each key that has a newest version, with its number of bytes, in the order of the keys."""
        with _asked(f"list {below}"):
            for page in self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix + below
            ):
                for each in page.get("Contents", ()):
                    yield each["Key"].removeprefix(self.prefix), int(each["Size"])

    def versions(self, below: str) -> Iterator[StoredVersion]:
        """Yield every version of every key that begins so; delete markers are not versions."""
        with _asked(f"list versions of {below}"):
            for page in self.client.get_paginator("list_object_versions").paginate(
                Bucket=self.bucket, Prefix=self.prefix + below
            ):
                for each in page.get("Versions", ()):
                    yield StoredVersion(
                        each["Key"].removeprefix(self.prefix), each["VersionId"], each["LastModified"], each["IsLatest"]
                    )

    def fetch(self, key: str, sha256: str) -> tuple[bytes | None, bool]:
        """Return the bytes with this digest, from the newest version or an older one, and whether it is the newest.

        A deleted or overwritten key still has its locked version below. None: no version has these bytes.
        """
        newest = self.get(key)
        if newest and sha256_of(newest[0]) == sha256:
            return newest[0], True
        for each in sorted((each for each in self.versions(key) if each.key == key), key=lambda each: each.at):
            older = self.get(key, each.version)
            if older and sha256_of(older[0]) == sha256:
                return older[0], False
        return None, False


def bucket_of(home: Home, address: str | None = None) -> Bucket:
    """The bucket in the home's settings, or another one at the same store: `s3://BUCKET/PREFIX`.

    ConfigError where the settings name none, or the extra is missing.
    """
    settings = home.settings.replica
    if settings is None:
        raise ConfigError("This home has no replica. Set `replica: {bucket: ..., endpoint: ...}` in archiver.yaml.")
    bucket, prefix = settings.bucket, settings.prefix
    if address:
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
    return Bucket(_client(home, settings), bucket, prefix)


def bucket_at(name: str, home: Home | None) -> Bucket:
    """The bucket of this name at the store of the home's replica; without one, where boto3 looks: environment, profile,
    role of the machine.
    """
    return Bucket(_client(home, (home and home.settings.replica) or ReplicaSettings(bucket="any")), name)


def _client(home: Home | None, settings: ReplicaSettings) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise ConfigError(f"An object store needs the extra s3. Install it. {INSTALL_ALL}") from None
    secrets: dict[str, str] = {}
    if settings.secret_command:
        secrets = run_secret_command(settings.secret_command, bare="client_secret")
        if not secrets.keys() >= {"client_id", "client_secret"}:
            raise ConfigError(
                "The replica's secret_command must print two lines: `client_id: ACCESS-KEY-ID` and "
                "`client_secret: SECRET-ACCESS-KEY`."
            )
    network = home.settings.network if home else NetworkSettings()
    proxies = {"http": network.proxy, "https": network.proxy} if network.proxy else None
    return boto3.client(
        "s3", endpoint_url=settings.endpoint, region_name=settings.region,
        aws_access_key_id=secrets.get("client_id"), aws_secret_access_key=secrets.get("client_secret"),
        verify=str(network.ca_file) if network.ca_file else None,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S, read_timeout=READ_TIMEOUT_S, max_pool_connections=MAX_REQUESTS,
            retries={"mode": "standard", "total_max_attempts": 3}, proxies=proxies,
        ),
    )  # fmt: skip
