"""Write a recording by hand: what a platform answers, and what an adapter must make of it.

`docs/adapters.md` shows its use. What it writes says of itself that a person wrote it (`origin: authored`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from archiver.browsing.recording import Recording
from archiver.browsing.scrub import put
from archiver.core.atomic_files import scratch_folder
from archiver.core.errors import ConfigError

NOW = "2026-11-24T02:00:00Z"  # an adapter's clock, unless a recording names another
AUTHORED = "authored"
MEDIA_TYPES = {
    "html": "text/html; charset=utf-8", "json": "application/json", "jpg": "image/jpeg",
    "txt": "text/plain; charset=utf-8", "pdf": "application/pdf",
}  # fmt: skip

type Facts = dict[str, Any]


class _WithoutAliases(yaml.SafeDumper):
    """Every exchange is complete where it stands."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  the signature of PyYAML
        return True


@dataclass
class AuthoredRecording:
    """One recording: exchanges in the order of a visit, and the result that they must have.

    `sources` say what the answers follow: the vendor's documentation, a guide, or nothing ("invented"). `secrets` are
    placeholders, never real ones. `session` is a Playwright storage state: with one, no sign-in is needed. `known` are
    licence ids that an earlier run archived. `licences` (see `licence`) and the ids in `comps` are what is expected.
    `root` is the folder that receives PROVIDER/SCENARIO.
    """

    provider: str
    scenario: str
    method: str
    sources: Sequence[str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    session: Facts | None = None
    known: Sequence[str] = ()
    assets: Sequence[str] = ()
    exchanges: list[Facts] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)
    licences: list[Facts] = field(default_factory=list)
    comps: list[str] = field(default_factory=list)
    _: KW_ONLY
    username: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    now: str = NOW
    root: Path = Path("recordings")

    def get(self, url: str, content: object = None, *, slug: str = "", **response: object) -> None:
        """A GET and its answer: bytes by their suffix in `slug`, str as HTML, anything else as JSON, None as given.

        `response`: `status` (200), `headers`, or anything else that an answer may have in a recording.
        """
        self._add({"method": "GET", "url": url}, content, slug, response)

    def post(
        self, url: str, form: Sequence[str] | None, content: object = None, *, match: Mapping[str, str] | None = None,
        slug: str = "", **response: object,
    ) -> None:  # fmt: skip
        """A POST with fields of these names. `match`: fields that tell it from others of its address, with values."""
        fields: Facts = {} if form is None else {"form": [*form]}
        bound: Facts = {"match": dict(match)} if match else {}
        self._add({"method": "POST", "url": url, **fields, **bound}, content, slug, response)

    def _add(self, request: Facts, content: object, slug: str, response: Facts) -> None:
        answer: Facts = {"status": 200, **response}
        if content is not None:
            suffix, raw = _encoded(content, slug)
            if suffix not in MEDIA_TYPES:
                raise ConfigError(f"{slug!r} must end in one of {', '.join(MEDIA_TYPES)}: certificate.pdf.")
            name = f"bodies/{len(self.bodies) + 1:03}-{slug.removesuffix('.' + suffix)}.{suffix}"
            self.bodies[name] = raw
            answer["headers"] = {"content-type": MEDIA_TYPES[suffix], **answer.get("headers", {})}
            answer["body"] = name
        self.exchanges.append({"request": request, "response": answer})

    def write(self, outcome: str = "complete", error: str | None = None) -> Path:
        """Write the recording with its expected result, in place of an earlier authored one, and return its folder.

        `error` is the name of an error of `archiver.core.errors`. ConfigError for a recording that cannot be played,
        and for a folder that holds anything but an authored recording.
        """
        target = self.root / self.provider / self.scenario
        if target.exists() and not _is_authored(target):
            raise ConfigError(f"{target} is not an authored recording, so it is not replaced. Choose another scenario.")
        session = {
            "format": 1, "provider": self.provider, "scenario": self.scenario, "method": self.method,
            "origin": AUTHORED, "sources": [*self.sources], "secrets": dict(self.secrets),
            **({"username": self.username} if self.username else {}),
            **({"settings": dict(self.settings)} if self.settings else {}),
            "now": self.now, "session": self.session, "known": [*self.known],
            **({"assets": [*self.assets]} if self.assets else {}), "exchanges": self.exchanges,
        }  # fmt: skip
        expected = {
            "outcome": outcome, "error": error, "requests_refused": 0, "licences": self.licences, "comps": self.comps,
            "unexplained": [],
        }  # fmt: skip
        with scratch_folder("author") as made:
            (made / "bodies").mkdir()
            for name, raw in self.bodies.items():
                (made / name).write_bytes(raw)
            for file, facts in (("session.yaml", session), ("expected.yaml", expected)):
                text = yaml.dump(facts, Dumper=_WithoutAliases, sort_keys=False, allow_unicode=True, width=120)
                (made / file).write_text(text, "utf-8")
            if not self.bodies:
                (made / "bodies").rmdir()
            Recording.load(made)
            put(made, target)
        return target


def licence(**facts: object) -> Facts:
    """A licence as expected.yaml lists it: what is not given is None, and its only document is `record.json`."""
    blank = ("licence_id", "asset_id", "title", "kind", "licensed_at", "licensee", "seat", "plan", "order")
    return {**dict.fromkeys(blank), "client_hints": {}, "documents": ["record.json"], "gaps": {}, **facts}


def _encoded(content: object, slug: str) -> tuple[str, bytes]:
    if isinstance(content, bytes):
        return slug.rpartition(".")[2], content
    if isinstance(content, str):
        return "html", content.encode()
    return "json", json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"


def _is_authored(folder: Path) -> bool:
    try:
        return Recording.load(folder).origin == AUTHORED
    except (ConfigError, OSError):
        return False
