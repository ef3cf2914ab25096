"""A browser that sends captures to a desk, over plain HTTP as the extension does."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.support.agency import Agency, agency
from tests.support.desk_kit import started

ORIGIN = f"chrome-extension://{'abcdefghijklmnop' * 2}"
SHOP = "https://www.freepik.com"


@dataclass
class Owner:
    """The person who started the desk, with its one-time link."""

    http: httpx.Client

    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.http.get("/companion").text)
        assert found
        return found[1]

    def post(self, path: str, **fields: Any) -> httpx.Response:
        data = {"token": self.token(), **fields}
        return self.http.post(path, data=data, headers={"origin": str(self.http.base_url).rstrip("/")})

    def code(self, person: str = "Ada Example", *clients: str) -> str:
        page = self.post("/companion/code", person=person, client=list(clients)).text
        found = re.search(r'id="pairing-code">([A-Z0-9-]+)<', page)
        assert found, page
        return found[1]


@dataclass
class SendingBrowser:
    """A paired browser: posts captures with its token and its extension's origin."""

    base: str
    token: str = ""
    origin: str = ORIGIN
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def paired(cls, base: str, code: str, **more: Any) -> SendingBrowser:
        made = cls(base, **more)
        answer = made.pair(code)
        assert answer.status_code == 200, answer.text
        made.token = answer.json()["token"]
        return made

    def pair(self, code: str) -> httpx.Response:
        said = {"code": code, "browser": "Chromium 156", "extension": "1.0.0"}
        return httpx.post(f"{self.base}/companion/pairing", json=said, headers={"origin": self.origin}, timeout=30)

    def _with_token(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}", "origin": self.origin} | self.headers

    def get(self, path: str) -> httpx.Response:
        headers = self._with_token()
        del headers["origin"]  # as browsers have it
        return httpx.get(f"{self.base}{path}", headers=headers, timeout=30)

    def send(self, about: dict[str, Any], **files: bytes) -> httpx.Response:
        parts = {"about.json": json.dumps(about).encode()} | {
            ".".join(name.rsplit("_", 1)).replace("_", "-"): each for name, each in files.items()
        }
        sent = [(name, (name, content, "application/octet-stream")) for name, content in parts.items()]
        return httpx.post(f"{self.base}/companion/captures", files=sent, headers=self._with_token(), timeout=60)

    def change(self, id: str, client: str) -> httpx.Response:
        address = f"{self.base}/companion/captures/{id}/client"
        return httpx.post(address, json={"client": client}, headers=self._with_token(), timeout=60)


def capture(client: str = "acme", **more: Any) -> dict[str, Any]:
    """The description of a capture of a download."""
    now = datetime.now(UTC).isoformat()
    return {
        "format": 1, "id": secrets.token_hex(16), "how": "downloaded", "at": now, "client": client, "job": "Spring",
        "platform": "freepik", "asset": "7654322",
        "page": {"url": f"{SHOP}/photo/walk_7654322.htm", "title": "Walk", "referrer": "", "remarks": []},
        "download": {"name": "walk_7654322.jpg", "bytes": 1234, "media_type": "image/jpeg", "url": f"{SHOP}/d/1",
                     "final_url": "https://cdn.example/x.jpg?sig=[removed]", "referrer": f"{SHOP}/", "began": now,
                     "ended": now, "state": "complete"},
        "documents": [], "missed": [], "extension": "1.0.0",
    } | more  # fmt: skip


def document(name: str = "document-01.pdf", url: str = f"{SHOP}/profile/license/pdf/7654322") -> dict[str, Any]:
    return {"name": name, "url": url, "media_type": "application/pdf", "retrieved_at": datetime.now(UTC).isoformat(),
            "by": "rule"}  # fmt: skip


@dataclass
class CompanionDesk:
    """A running desk of an agency, with its owner signed in."""

    at: Agency
    base: str
    owner: Owner
    process: Any

    def browser(self, person: str = "Ada Example", *clients: str, **more: Any) -> SendingBrowser:
        return SendingBrowser.paired(self.base, self.owner.code(person, *clients), **more)

    def audit(self) -> list[dict[str, Any]]:
        lines = (self.at.home.state / "desk" / "audit.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]


@contextmanager
def desk_of(at: Agency, *arguments: str) -> Iterator[CompanionDesk]:
    process, link = started(at, *arguments)
    base, _, _ = link.partition("/enter/")
    with httpx.Client(base_url=base, timeout=60, follow_redirects=True) as http:
        http.get(link)
        try:
            yield CompanionDesk(at, base, Owner(http), process)
        finally:
            process.terminate()
            process.communicate(timeout=20)


@contextmanager
def companion_desk(folder: Path) -> Iterator[CompanionDesk]:
    with agency(folder) as at, desk_of(at) as desk:
        yield desk
