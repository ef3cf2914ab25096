"""Adapters that are given canned answers instead of a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from archiver.core.model import Document, Gap, Licence
from archiver.provider import Page, Provider, Response

type Answer = tuple[int, object]


class Canned:
    """A session whose answers a function gives: (path, query) to status and JSON."""

    username: str | None = None

    def __init__(self, answer: Callable[[str, Mapping[str, str]], Answer], **settings: str) -> None:
        self._answer, self.settings = answer, settings
        self.asked: list[str] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 24, tzinfo=UTC)

    def authorise(self, headers: Mapping[str, str]) -> None:
        self.headers = headers

    async def get(self, url: str, *, query: Mapping[str, str] | None = None, headers: object = None) -> Response:
        path = urlsplit(url).path
        self.asked.append(path)
        status, body = self._answer(path, query or {})
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "image/jpeg" if isinstance(body, bytes) else "application/json"
        return Response(status, url, {"content-type": kind}, content, self.now())


class Nobody:
    async def code(self) -> str:
        raise AssertionError("no code was to be asked for")


def pages(provider: Provider[Any], session: Canned) -> dict[str, list[Page]]:
    async def read() -> dict[str, list[Page]]:
        return {history.listing: [page async for page in history.pages] for history in provider.history(session)}

    return asyncio.run(read())


def documents(provider: Provider[Any], session: Canned, licence: Licence) -> list[Document | Gap | Licence]:
    async def read() -> list[Document | Gap | Licence]:
        return [item async for item in provider.documents(session, licence)]

    return asyncio.run(read())


def listing(*rows: object) -> Answer:
    return 200, {"total_count": len(rows), "page": 1, "per_page": 200, "data": list(rows)}
