"""Parser for the forms that the desk's own pages post. It refuses every other form.

A form is UTF-8 or says nothing of its character set. Python knows codecs that take minutes for a megabyte, and ones
that raise what no server expects; none is looked up by a name that a stranger chose.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from datetime import date

from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData, Headers
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

from archiver.core.errors import ConfigError

MAX_FIELDS, MAX_FIELD_BYTES = 600, 64 << 10
MAX_FORM_BYTES = 256 << 10  # a form without files
MAX_FILES, MAX_FIELDS_BESIDE_FILES = 200, 30
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
PART_HEADERS = {b"content-disposition", b"content-type"}

_CHARSET = r'(?:\s*;\s*charset\s*=\s*"?utf-?8"?)?\s*'
_URLENCODED = re.compile(rf"{re.escape(URLENCODED)}{_CHARSET}", re.IGNORECASE | re.ASCII)
_BOUNDARY = r"""\s*;\s*boundary=(?:[\w'()+,./:=?-]{1,70}|"[\w'()+,./:=? -]{1,70}")"""
_MULTIPART = re.compile(rf"{re.escape(MULTIPART)}{_CHARSET}{_BOUNDARY}{_CHARSET}", re.IGNORECASE | re.ASCII)
_DISPOSITION = re.compile(rb'form-data\s*;\s*name="[^"]*"(?:\s*;\s*filename="(?:[^"\\]|\\.)*")?\s*', re.IGNORECASE)
_FILE_TYPE = re.compile(rf"[\w.+-]{{1,80}}/[\w.+-]{{1,80}}{_CHARSET}", re.IGNORECASE | re.ASCII)


class _StrictParser(MultiPartParser):
    """Starlette's parser, limited to the names, headers and texts that browsers send."""

    whole = False

    def on_end(self) -> None:
        self.whole = True

    async def parse(self) -> FormData:
        form = await super().parse()
        if not self.whole:
            await form.close()
            raise MultiPartException("The form is cut off.")
        return form

    def on_headers_finished(self) -> None:
        headers = self._current_part.item_headers
        names = [name for name, _ in headers]
        if len(set(names)) != len(names) or not set(names) <= PART_HEADERS:
            raise MultiPartException("A part has headers that no browser sends.")
        kind = dict(headers).get(b"content-type")
        if kind is not None and not _FILE_TYPE.fullmatch(kind.decode("latin-1")):
            raise MultiPartException("A part names a character set other than UTF-8.")
        disposition = dict(headers).get(b"content-disposition", b"")
        if not _DISPOSITION.fullmatch(disposition):
            raise MultiPartException("A part is not a form field.")
        _utf8(disposition)
        super().on_headers_finished()

    def on_part_end(self) -> None:
        if self._current_part.file is None:
            _utf8(self._current_part.data)
        super().on_part_end()


def _utf8(content: bytes | bytearray) -> None:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        raise MultiPartException("A field is not UTF-8.") from None


async def read_form(
    headers: Headers, stream: AsyncGenerator[bytes, None], *, files: bool, max_files: int = MAX_FILES
) -> FormData:
    """The fields of a form, and its files if `files` is true; MultiPartException for anything else.

    The caller closes the form, and limits the number of bytes.
    """
    kinds = headers.getlist("content-type")
    if len(kinds) != 1 or "content-encoding" in headers or "transfer-encoding" in headers:
        raise MultiPartException("The form's headers are not clear.")
    try:
        if _URLENCODED.fullmatch(kinds[0]) and int(headers["content-length"]) <= MAX_FORM_BYTES:
            return await FormParser(headers, stream, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES).parse()
        if files and _MULTIPART.fullmatch(kinds[0]):
            limits = {"max_files": max_files, "max_fields": MAX_FIELDS_BESIDE_FILES, "max_part_size": MAX_FIELD_BYTES}
            return await _StrictParser(headers, stream, **limits).parse()
    except FormParserError:
        raise MultiPartException("The form is malformed.") from None
    raise MultiPartException("The desk does not accept this form's type, length or character set.")


def given_day(text: str) -> date | None:
    """A day that a form or an address gives; None if it is empty, ConfigError if it is none."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigError(f"{text!r} is not a valid date. Write it as 2026-12-31.") from None
