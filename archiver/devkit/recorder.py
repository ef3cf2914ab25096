"""Recording a session of a real account, for whoever has one: it proves an adapter, or shows where it is wrong.

What is recorded is a whole run, through the same guard, into a throw-away home: so the recording holds what a run asks
for, and the adapter's own reading says which names and numbers in it are personal.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from archiver.agency.account_statements import ACCEPTED, file_statements
from archiver.agency.night import run
from archiver.archive.reader import Archive
from archiver.browsing import scrub
from archiver.browsing.capture import cookie_secrets
from archiver.browsing.recording import Recording
from archiver.browsing.replay import SAFE_METHODS
from archiver.collect.account_result import Progress, Result
from archiver.collect.account_session import find_recording, secrets_of
from archiver.collect.automation import accepted
from archiver.collect.run_context import Order
from archiver.collect.run_tools import tools
from archiver.core.atomic_files import scratch
from archiver.core.errors import ConfigError
from archiver.core.model import Outcome
from archiver.devkit.golden import describe, expect, licences
from archiver.home.settings import Account, Home, add_account, add_client, create_home
from archiver.home.vault import Vault, new_key
from archiver.provider import ProviderInfo, Request, Rules, load
from archiver.reading.secret_scan import secret_header
from archiver.reading.worker import DocumentReader

SAMPLE = 25  # licences of each list whose documents are recorded; their rows and those of all others are, anyway

# Headers that a client may act on. The others tell of the server, or of whoever asked.
_KEPT = re.compile(
    r"content-(?:type|disposition|language)|location|set-cookie|retry-after|link|www-authenticate|access-control-.*"
    r"|x-.*(?:total|count|page|limit|remaining|reset).*",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[\w .:/-]{1,60}")  # a body field's value that may tell two requests apart


@dataclass(frozen=True)
class Heard:
    """One exchange as it was on the wire."""

    request: Request
    asked: tuple[tuple[str, str], ...]
    status: int
    told: tuple[tuple[str, str], ...]
    content: bytes
    by_page: bool


class Tape:
    """`exchange.Hear`: everything that was heard, in the order of the answers."""

    def __init__(self) -> None:
        self._heard: list[Heard] = []
        self._cookies: dict[tuple[str, str], list[Sequence[str]]] = {}

    def __call__(
        self, request: Request, asked: Iterable[tuple[str, str]], status: int, told: Iterable[tuple[str, str]],
        content: bytes, *, by_page: bool = False,
    ) -> None:  # fmt: skip
        sent = tuple(asked)
        request = replace(request, headers={name.lower(): value for name, value in sent})  # rules look at them, too
        self._heard.append(Heard(request, sent, status, tuple(told), content, by_page))

    def cookies(self, method: str, url: str, lines: Sequence[str]) -> None:
        self._cookies.setdefault((method, url), []).append(lines)

    @property
    def heard(self) -> list[Heard]:
        """All exchanges, each with its cookies."""
        apart = {place: iter(lines) for place, lines in self._cookies.items()}
        whole = []
        for heard in self._heard:
            there = apart.get((heard.request.method, heard.request.url)) if heard.by_page else None
            told = tuple(pair for pair in heard.told if pair[0].lower() != "set-cookie") if there else heard.told
            told += tuple(("set-cookie", line) for line in next(there, ())) if there else ()
            whole.append(replace(heard, told=told))
        return whole

    def secrets(self) -> dict[str, str]:
        """What requests carried as credentials. It is never written, but may stand elsewhere, too."""
        found: dict[str, str] = {}
        for name, value in (pair for heard in self.heard for pair in (*heard.asked, *heard.told)):
            if name.lower() == "cookie":
                pairs = [
                    {"name": part.partition("=")[0], "value": part.partition("=")[2]} for part in value.split("; ")
                ]
                found |= dict.fromkeys(cookie_secrets(pairs), scrub.COOKIE)
            elif secret_header(name) and not name.lower().startswith("set-cookie"):
                found[value.rpartition(" ")[2]] = scrub.TOKEN
        return found


@dataclass(frozen=True)
class Captured:
    """Where the recording is, what the recorded run came to, and what a reader should know."""

    folder: Path
    result: Result
    report: scrub.Report
    notes: tuple[str, ...]


async def capture(
    home: Home,
    vault: Vault,
    name: str,
    scenario: str,
    *,
    out: Path,
    replay: Path | None = None,
    progress: Progress = lambda *_: None,
) -> Captured:
    """Run an account into a throw-away home, and leave the scrubbed recording at `out`/PROVIDER/SCENARIO.

    A run that fails is recorded, too: that is what a maintainer needs. SecretLeft, and nothing written, where the
    scrubbed recording still holds something; NotAccepted and SignInNeeded as for any run.
    """
    account = home.account(name)
    target = out / account.provider / scenario
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", scenario):
        raise ConfigError(f"{scenario!r} cannot be a scenario's name. Use a-z, 0-9 and -, at most 40: two-pages.")
    if target.exists():
        raise ConfigError(f"{target} exists. Choose another scenario's name, or remove that folder first.")
    home.check_replay(replay)
    info: ProviderInfo = load(account.provider).info
    played = find_recording(replay, account) if replay else None
    method = info.method(played.method if played else account.method)
    accepted(home, Archive(home.archive(account.client)), account, info)
    secrets = secrets_of(vault, account, method, played)
    state = vault.session(name) or (played.session if played else None)
    began = (played.now if played else None) or datetime.now(UTC)
    tape = Tape()
    with tempfile.TemporaryDirectory(prefix=scratch("capture")) as folder:
        there, kept = _throw_away(home, account, Path(folder) / "home", secrets, state, info)
        order = Order(accounts=[name], replay=replay, sample=SAMPLE)
        async with tools(home, replay=bool(replay), hear=tape) as shared:
            summary = await run(there, kept, order, progress=progress, shared=shared)
        [result] = summary.accounts
        _bring_back(vault, kept, name)
        if not tape.heard:
            raise ConfigError(f"Nothing was recorded, since nothing answered: {result.message or 'no reason is known'}")
        described = [describe(file) for file in licences(there)]
        raw, clean = Path(folder) / "raw", Path(folder) / "clean"
        _write(
            raw,
            tape,
            info.rules,
            {
                "format": 1,
                "provider": account.provider,
                "scenario": scenario,
                "method": method.name,
                "origin": "captured",
                "sources": [f"{'a replay' if replay else 'a live account'}, recorded {datetime.now(UTC):%Y-%m-%d}"],
                "secrets": secrets,
                "username": account.username,
                "settings": dict(account.settings),
                "now": f"{began.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "session": state,
                "known": list(dict.fromkeys(result.passed_over)),
            },
        )
        known = personal_of(home, vault) | tape.secrets() | {value: each for each, value in secrets.items()}
        known |= {value: kind for each in described for kind, value in scrub.personal(each)}
        known |= dict.fromkeys(result.passed_over, scrub.NUMBER)
        async with AsyncExitStack() as stack:
            reader = stack.enter_context(DocumentReader())
            report = scrub.scrub(raw, clean, known=known, reader=reader)
        notes = await _expected(clean, result)
        scrub.put(clean, target)
    return Captured(target, result, report, tuple(notes))


def personal_of(home: Home, vault: Vault) -> dict[str, str]:
    """What a home knows that no recording may hold: secrets, sessions, and who its people and clients are."""
    known = {home.settings.agency.name: scrub.NAME}
    for client in home.clients.values():
        known |= dict.fromkeys((client.name, *client.aliases), scrub.NAME)
    for account in home.accounts():
        known |= {account.username or "": scrub.NAME}
        known |= {value: name for name, value in vault.secrets(account.name).items()}
        known |= dict.fromkeys(cookie_secrets((vault.session(account.name) or {}).get("cookies", [])), scrub.COOKIE)
    return known


def _throw_away(
    home: Home, account: Account, root: Path, secrets: Mapping[str, str], state: Any, info: ProviderInfo
) -> tuple[Home, Vault]:
    """A home with this account alone, no authorities and no witnesses."""
    create_home(root, replay=home.settings.replay, timestamps=[])
    add_client(root, "client", name="Client")
    add_account(
        root, account.name, client="client", provider=account.provider, method=account.method,
        username=account.username, plan=account.plan, settings=account.settings,
    )  # fmt: skip
    vault = Vault.create(root / "vault.enc", new_key())
    vault.set_secrets(account.name, secrets)
    if state:
        vault.save_session(account.name, state)
    there = Home.load(root)
    if info.automation.stance.needs_acceptance and not home.settings.replay:
        said = {ACCEPTED: "accepted in the home that it is recorded for"}
        file_statements(there, vault, there.account(account.name), info, said)
    return there, vault


def _bring_back(vault: Vault, kept: Vault, name: str) -> None:
    """The session as it is now, and a refusal: platforms count both, whatever asked."""
    if state := kept.session(name):
        vault.save_session(name, state)
    if trouble := kept.trouble(name):
        vault.mark(name, trouble.error, trouble.secret_digest)


async def _expected(folder: Path, result: Result) -> list[str]:
    """Write expected.yaml from the recording itself; in words, where it does not play as the account did."""
    try:
        found = yaml.safe_load((await expect(folder)).read_text("utf-8"))
    except ConfigError as error:
        return [f"It does not play yet, so it has no expected.yaml. {error}"]
    live = (result.outcome.value, result.error)
    played = (found["outcome"], found["error"])
    if live != played and not (result.passed_over and played[0] == Outcome.COMPLETE):
        return [f"The account's run was {live[0]} ({live[1]}), and the recording plays as {played[0]} ({played[1]})."]
    return []


def _write(folder: Path, tape: Tape, rules: Rules, head: dict[str, Any]) -> None:
    """The tape as a recording, unscrubbed. An answer that only repeats the one before it is there once."""
    (folder / "bodies").mkdir(parents=True)
    fields = _telling_fields(tape, rules)
    exchanges: list[dict[str, Any]] = []
    latest: dict[str, str] = {}
    for number, heard in enumerate(tape.heard):
        request: dict[str, Any] = {"method": heard.request.method, "url": heard.request.url}
        if heard.request.body_fields:
            request["form"] = sorted(heard.request.body_fields)
        if fields[number]:
            request["match"] = fields[number]
        headers: dict[str, Any] = {}
        for name, value in heard.told:
            if _KEPT.fullmatch(name):
                headers.setdefault(name.lower(), []).extend(value.split("\n"))
        response: dict[str, Any] = {"status": heard.status}
        if headers:
            response["headers"] = {name: all_[0] if len(all_) == 1 else all_ for name, all_ in headers.items()}
        answer = json.dumps([response, sha256(heard.content).hexdigest()])
        if heard.request.method not in SAFE_METHODS and not rules.reads_only(heard.request):
            latest.clear()  # it may have changed what the same request brings
        elif latest.get(json.dumps(request)) == answer:
            continue
        latest[json.dumps(request)] = answer
        if heard.content:
            response["body"] = f"bodies/{len(exchanges) + 1:03}{_ending(heard)}"
            (folder / response["body"]).write_bytes(heard.content)
        exchanges.append({"request": request, "response": response})
    head = {name: value for name, value in head.items() if value not in (None, [], {})}
    session = yaml.safe_dump({**head, "exchanges": exchanges}, sort_keys=False, allow_unicode=True, width=120)
    (folder / "session.yaml").write_text(session, "utf-8")
    Recording.load(folder)


def _telling_fields(tape: Tape, rules: Rules) -> list[dict[str, str]]:
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


def _ending(heard: Heard) -> str:
    kind = next((value for name, value in heard.told if name.lower() == "content-type"), "").partition(";")[0].strip()
    subtype = kind.rpartition("/")[2].rpartition("+")[2].removeprefix("x-")
    return f".{subtype}" if re.fullmatch("[a-z0-9]{2,10}", subtype) else ".txt" if subtype == "plain" else ".bin"
