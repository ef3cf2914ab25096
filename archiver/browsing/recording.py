"""Recordings: scripted or captured sessions of a platform, as `session.yaml` and body files."""

from __future__ import annotations

import json as _json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, cast
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, model_validator

import archiver
from archiver.core.errors import ConfigError
from archiver.core.yaml_source import load, validate

if TYPE_CHECKING:
    from playwright.async_api import StorageState

    from archiver.home.settings import Home


def bundled() -> Path:
    """Return the recordings of this installation, or of the source tree."""
    package = Path(archiver.__file__).parent
    return next(path for path in (package / "recordings", package.parent / "recordings") if path.is_dir())


def recordings_of(home: Home) -> Path | None:
    """What a replay home plays where nobody names recordings: those of this installation. None for a real home."""
    return bundled() if home.settings.replay else None


class _RecordingModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RecordedRequest(_RecordingModel):
    """A request.

    `form` are the names of the body's fields. `match` are query or body fields that tell exchanges apart.
    """

    method: Annotated[str, StringConstraints(pattern="^[A-Z]+$")]
    url: Annotated[str, StringConstraints(pattern="^https?://[^/]")]
    form: tuple[str, ...] | None = None
    match: dict[str, str] = {}


class RecordedResponse(_RecordingModel):
    """An answer: `body` (a file), `text`, `json`, or nothing; after `delay` seconds; cut off after `cut` bytes."""

    status: Annotated[int, Field(ge=200, le=599)]
    headers: dict[str, str | tuple[str, ...]] = {}
    body: str | None = None
    text: str | None = None
    json_: Annotated[object, Field(alias="json")] = None
    delay: Annotated[float, Field(ge=0)] = 0.0
    cut: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if len({"body", "text", "json_"} & self.model_fields_set) > 1:
            raise ValueError("give one of body, text and json")
        return self


class RecordedExchange(_RecordingModel):
    """One request and its answer, which is available `repeat` times."""

    request: RecordedRequest
    response: RecordedResponse
    repeat: Annotated[int, Field(ge=1)] = 1


class Recording(_RecordingModel):
    """One scenario.

    `secrets` are placeholders. `username` and `settings` are the account's. `session` is a Playwright storage state.
    `known` are licence ids that an earlier full sweep archived. `now` is the adapter's clock. For a platform without a
    history, `assets` are the ids or addresses that a person asks for.
    """

    format: Literal[1]
    provider: str
    scenario: str
    method: str
    origin: Literal["authored", "captured"]
    sources: tuple[str, ...] = ()
    secrets: dict[str, str] = {}
    username: str | None = None
    settings: dict[str, str] = {}
    now: AwareDatetime | None = None
    session: dict[str, object] | None = None
    known: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    exchanges: tuple[RecordedExchange, ...]
    _folder: Path = PrivateAttr()
    _files: dict[str, Path] = PrivateAttr(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Load the recording in a folder (or of its session.yaml).

        Raises ConfigError with file, line and column of each fault.
        """
        file = path / "session.yaml" if path.is_dir() else path
        marked = load(file)
        recording = validate(marked, cls)
        recording._folder = file.parent
        for number, exchange in enumerate(recording.exchanges):
            body = exchange.response.body
            if body is not None and not recording._body_file(body).is_file():
                place = marked.where(("exchanges", number, "response", "body"))
                raise ConfigError(f"{place} the body {body} is not a file in {file.parent}.")
        return recording

    @property
    def saved_session(self) -> StorageState | None:
        """The `session`, for a browser, which checks it."""
        return cast("StorageState | None", self.session)

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Return every host in the exchanges."""
        return frozenset(urlsplit(exchange.request.url).hostname or "" for exchange in self.exchanges)

    def content(self, response: RecordedResponse) -> bytes:
        """Return the bytes of an answer's body."""
        if response.body is not None:
            return self._body_file(response.body).read_bytes()
        if "json_" in response.model_fields_set:
            return _json.dumps(response.json_, ensure_ascii=False).encode()
        return (response.text or "").encode()

    def _body_file(self, name: str) -> Path:
        if name not in self._files:
            file = (self._folder / name).resolve()
            # A recording is foreign data: it must not reach outside its folder.
            self._files[name] = file if file.is_relative_to(self._folder.resolve()) else Path()
        return self._files[name]


def clock(recording: Recording | None) -> Callable[[], datetime]:
    """Return an adapter's clock: the machine's, or one that continues from the recording's `now`."""
    if recording is None or recording.now is None:
        return lambda: datetime.now(UTC)
    begin, then = time.monotonic(), recording.now
    return lambda: then + timedelta(seconds=time.monotonic() - begin)
