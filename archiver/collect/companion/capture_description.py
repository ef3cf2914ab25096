"""The extension's description of a capture, `about.json`: a strict model of what a browser may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from archiver.collect.companion.captures import CaptureRefused, CaptureSaid
from archiver.reading.secret_scan import mask_named

MAX_ABOUT_BYTES = 256 << 10
MAX_PARTS = 60  # files of one capture

type _Short = Annotated[str, StringConstraints(max_length=300)]
type _Address = Annotated[str, StringConstraints(max_length=4000)]
type _Moment = Annotated[AwareDatetime, Field(strict=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CapturedPage(_Strict):
    """The page that the person saw. `remarks`: what could not be captured of it, and why."""

    url: _Address
    title: _Short = ""
    referrer: _Address = ""
    remarks: list[_Short] = Field(default_factory=list, max_length=20)


class CapturedDownload(_Strict):
    """What the browser says of a download. The file itself is not read. `bytes` is -1 where it is not known."""

    name: _Short
    bytes: int = Field(ge=-1, le=1 << 50)
    media_type: _Short = ""
    url: _Address = ""
    final_url: _Address = ""
    referrer: _Address = ""
    began: _Short = ""
    ended: _Short = ""
    state: Literal["complete", "interrupted", "in_progress"]


class CapturedDocument(_Strict):
    """A document that the extension fetched by a rule, or took from the browser's cache."""

    name: Annotated[str, StringConstraints(pattern=r"\Adocument-\d\d\.(pdf|txt|html|json|bin)\z")]
    url: _Address
    media_type: _Short = ""
    retrieved_at: _Moment
    by: Literal["rule", "cache"]


class MissedDocument(_Strict):
    """A document that the extension did not fetch, or did not send, and why."""

    url: _Address
    reason: _Short


class CaptureDescription(_Strict):
    """A whole capture: how it came about, what the person stated (client, job), and what the browser said."""

    format: Literal[1]
    id: Annotated[str, StringConstraints(pattern=r"\A[0-9a-f]{32}\z")]
    how: Literal["downloaded", "marked", "listed"]
    at: _Moment
    client: _Short = ""
    job: _Short = ""
    platform: _Short = ""
    asset: _Short = ""
    page: CapturedPage
    download: CapturedDownload | None = None
    documents: list[CapturedDocument] = Field(default_factory=list, max_length=MAX_PARTS)
    missed: list[MissedDocument] = Field(default_factory=list, max_length=MAX_PARTS)
    extension: _Short = ""


def read_about(content: bytes) -> CaptureSaid:
    """The description as plain data; CaptureRefused names what is wrong with it.

    Whatever still looks like a secret in a text is masked once more.
    """
    if len(content) > MAX_ABOUT_BYTES:
        raise CaptureRefused("its description is too long")
    try:
        about = CaptureDescription.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise CaptureRefused(f"{'.'.join(map(str, first['loc'])) or 'about.json'}: {first['msg']}") from None
    masked: CaptureSaid = _masked(about.model_dump(mode="json"))
    return masked


def _masked(value: Any) -> Any:
    """Every text without what its name or shape shows to be a secret."""
    if isinstance(value, str):
        return mask_named(value.encode("utf-8", "replace")).decode("utf-8", "replace")
    if isinstance(value, dict):
        return {name: _masked(each) for name, each in value.items()}
    return [_masked(each) for each in value] if isinstance(value, list) else value
