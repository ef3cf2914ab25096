"""Record every exchange of a run and write them as an unscrubbed recording."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import yaml

from archiver.browsing import scrub
from archiver.browsing.capture import cookie_secrets
from archiver.browsing.recording import Recording
from archiver.browsing.replay import SAFE_METHODS
from archiver.browsing.request_pipeline import Pairs
from archiver.provider import Request, Rules
from archiver.reading.secret_scan import secret_header

# Headers that a client may act on. The others describe the server or the client.
_KEPT = re.compile(
    r"content-(?:type|disposition|language)|location|set-cookie|retry-after|link|www-authenticate|access-control-.*"
    r"|x-.*(?:total|count|page|limit|remaining|reset).*",
    re.IGNORECASE,
)


_PLAIN = re.compile(r"[\w .:/-]{1,60}")  # a body field's value that may tell two requests apart


@dataclass(frozen=True)
class HeardExchange:
    """One exchange, as sent and received."""

    request: Request
    request_headers: tuple[tuple[str, str], ...]
    status: int
    response_headers: tuple[tuple[str, str], ...]
    content: bytes
    by_page: bool


class TrafficRecorder:
    """An exchange listener that keeps everything, in the order of the answers."""

    def __init__(self) -> None:
        self._heard: list[HeardExchange] = []
        self._cookies: dict[tuple[str, str], list[Sequence[str]]] = {}

    def __call__(
        self, request: Request, request_headers: Pairs, status: int, response_headers: Pairs, content: bytes, *,
        by_page: bool = False,
    ) -> None:  # fmt: skip
        sent = tuple(request_headers)
        request = replace(request, headers={name.lower(): value for name, value in sent})  # rules look at them, too
        self._heard.append(HeardExchange(request, sent, status, tuple(response_headers), content, by_page))

    def cookies(self, method: str, url: str, lines: Sequence[str]) -> None:
        self._cookies.setdefault((method, url), []).append(lines)

    @property
    def heard(self) -> list[HeardExchange]:
        """All exchanges, each with its cookies."""
        apart = {place: iter(lines) for place, lines in self._cookies.items()}
        whole = []
        for heard in self._heard:
            there = apart.get((heard.request.method, heard.request.url)) if heard.by_page else None
            response_headers = (
                tuple(pair for pair in heard.response_headers if pair[0].lower() != "set-cookie")
                if there
                else heard.response_headers
            )
            response_headers += tuple(("set-cookie", line) for line in next(there, ())) if there else ()
            whole.append(replace(heard, response_headers=response_headers))
        return whole

    def secrets(self) -> dict[str, str]:
        """The credentials in the requests. They are never written, but may also occur elsewhere."""
        found: dict[str, str] = {}
        for name, value in (pair for heard in self.heard for pair in (*heard.request_headers, *heard.response_headers)):
            if name.lower() == "cookie":
                pairs = [
                    {"name": part.partition("=")[0], "value": part.partition("=")[2]} for part in value.split("; ")
                ]
                found |= dict.fromkeys(cookie_secrets(pairs), scrub.COOKIE)
            elif secret_header(name) and not name.lower().startswith("set-cookie"):
                found[value.rpartition(" ")[2]] = scrub.TOKEN
        return found


def write_recording(folder: Path, tape: TrafficRecorder, rules: Rules, head: dict[str, object]) -> None:
    """Write the traffic as an unscrubbed recording. An answer that repeats the one before it is written once."""
    (folder / "bodies").mkdir(parents=True)
    fields = _telling_fields(tape, rules)
    exchanges: list[dict[str, object]] = []
    latest: dict[str, str] = {}
    for number, heard in enumerate(tape.heard):
        request: dict[str, object] = {"method": heard.request.method, "url": heard.request.url}
        if heard.request.body_fields:
            request["form"] = sorted(heard.request.body_fields)
        if fields[number]:
            request["match"] = fields[number]
        headers: dict[str, list[str]] = {}
        for name, value in heard.response_headers:
            if _KEPT.fullmatch(name):
                headers.setdefault(name.lower(), []).extend(value.split("\n"))
        response: dict[str, object] = {"status": heard.status}
        if headers:
            response["headers"] = {name: all_[0] if len(all_) == 1 else all_ for name, all_ in headers.items()}
        answer = json.dumps([response, sha256(heard.content).hexdigest()])
        if heard.request.method not in SAFE_METHODS and not rules.reads_only(heard.request):
            latest.clear()  # it may have changed what the same request brings
        elif latest.get(json.dumps(request)) == answer:
            continue
        latest[json.dumps(request)] = answer
        if heard.content:
            body = f"bodies/{len(exchanges) + 1:03}{_ending(heard)}"
            (folder / body).write_bytes(heard.content)
            response["body"] = body
        exchanges.append({"request": request, "response": response})
    head = {name: value for name, value in head.items() if value not in (None, [], {})}
    session = yaml.safe_dump({**head, "exchanges": exchanges}, sort_keys=False, allow_unicode=True, width=120)
    (folder / "session.yaml").write_text(session, "utf-8")
    Recording.load(folder)


def _telling_fields(tape: TrafficRecorder, rules: Rules) -> list[dict[str, str]]:
    """For each request the body fields that tell it from others of its address, besides those that a rule binds."""
    values: dict[tuple[str, str, str], set[str]] = {}
    for heard in tape.heard:
        for name, given in heard.request.body_fields.items():
            values.setdefault((heard.request.method, heard.request.url, name), set()).add("\n".join(given))
    found = []
    for heard in tape.heard:
        bound = {name for rule in rules.allow if rule.matches(heard.request) for name in rule.fields}
        found.append({
            name: given[0]
            for name, given in heard.request.body_fields.items()
            if heard.request.fields[name] == [given[0]]
            and (name in bound or len(values[heard.request.method, heard.request.url, name]) > 1)
            and _PLAIN.fullmatch(given[0])
        })  # fmt: skip
    return found


def _ending(heard: HeardExchange) -> str:
    kind = (
        next((value for name, value in heard.response_headers if name.lower() == "content-type"), "")
        .partition(";")[0]
        .strip()
    )
    subtype = kind.rpartition("/")[2].rpartition("+")[2].removeprefix("x-")
    return f".{subtype}" if re.fullmatch("[a-z0-9]{2,10}", subtype) else ".txt" if subtype == "plain" else ".bin"
