"""Checking one account: what is set up, and, live, whether each step of its adapter still works at the platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from archiver.browsing.browser_session import PlaywrightSession
from archiver.browsing.recording import clock
from archiver.browsing.scrub import page as scrubbed
from archiver.collect.account_result import keep_page
from archiver.collect.account_session import REFUSALS, SigningIn, Totp, find_recording, open_session, secrets_of
from archiver.collect.automation import accepted
from archiver.collect.run_tools import open_tools
from archiver.core.atomic_files import read_file, replace_file
from archiver.core.errors import AdapterBroken, ArchiverError, ConfigError, SignInNeeded
from archiver.core.model import Document, DocumentKind, Licence
from archiver.home.archives import as_rotated
from archiver.home.settings import Account, Home
from archiver.home.vault import Vault, secret_digest
from archiver.provider import Provider, SignInMethod, Transport, load
from archiver.reading.documents import check_certificate
from archiver.reading.secret_scan import mask_text

LIVE = "live.yaml"  # in the home: provider -> the day on which a live check last passed, kept with the settings
_HEADING = "# When `archiver account check --live` last passed at each platform. `archiver providers` prints it.\n"


@dataclass(frozen=True)
class Step:
    """One thing that was looked at. `state`: ok, note or failed."""

    step: str
    state: str
    message: str


@dataclass
class Check:
    """What a check of an account found; `exit_code` is that of the first step that failed."""

    account: str
    provider: str
    live: bool
    steps: list[Step] = field(default_factory=list)
    exit_code: int = 0

    @property
    def failed(self) -> Step | None:
        return next((step for step in self.steps if step.state == "failed"), None)

    def as_json(self) -> dict[str, Any]:
        """The document of `account check --json`."""
        broken = self.failed
        return {
            "account": self.account,
            "provider": self.provider,
            "live": self.live,
            "outcome": "failed" if broken else "ok",
            "broken": broken.step if broken else None,
            "steps": [asdict(step) for step in self.steps],
        }


async def check(home: Home, vault: Vault, name: str, *, live: bool = False, replay: Path | None = None) -> Check:
    """What is set up for an account, and with `live` (or `replay`, in replay homes) one page of each step, read-only.

    ConfigError for an unknown account, and where replay and home do not go together.
    """
    if live and home.settings.replay:
        raise ConfigError("This is a replay home: it reaches no live site. Say --replay DIR instead of --live.")
    if live or replay:
        home.check_replay(replay)
    account = as_rotated(home, vault, home.account(name))
    found = Check(name, account.provider, live)
    visit = _Visit(home, vault, account, found, replay)
    if await visit.prepared() and (live or replay):
        await visit.walk()
        if live and not found.failed:
            _passed(home, account.provider)
    return found


def live_days(home: Path) -> dict[str, str]:
    """Provider -> the day (UTC) on which a live check last passed; empty where there was none."""
    with suppress(FileNotFoundError, yaml.YAMLError):
        said = yaml.safe_load(read_file(home / LIVE))
        if isinstance(said, dict):
            return {str(name): str(day) for name, day in said.items()}
    return {}


def _passed(home: Home, provider: str) -> None:
    days = live_days(home.root) | {provider: f"{datetime.now(UTC):%Y-%m-%d}"}
    replace_file(home.root / LIVE, (_HEADING + yaml.safe_dump(days)).encode())


@dataclass
class _Visit:
    """One account's check, step by step; the first step that fails is the last."""

    home: Home
    vault: Vault
    account: Account
    found: Check
    replay: Path | None
    secret_values: dict[str, str] = field(default_factory=dict)
    digest: str = ""  # of the secrets that are tried: a refusal holds as long as they stay

    async def prepared(self) -> bool:
        """Everything that can be said without a connection."""
        looks = {
            "configuration": self._configuration,
            "secrets": self._secrets,
            "acceptance": self._acceptance,
            "last refusal": self._trouble,
        }
        for step, look in looks.items():
            async with self._step(step) as said:
                said.append(look())
        self._session()
        return not self.found.failed

    async def walk(self) -> None:
        """One page of each step at the platform, in the order of a run."""
        recording = find_recording(self.replay, self.account) if self.replay else None
        provider: Provider[Any] = load(self.account.provider)()
        method = provider.info.method(recording.method if recording else self.account.method)
        state = self.vault.session(self.account.name) or (recording.session if recording else None)
        secrets = secrets_of(self.vault, self.account, method, recording)
        now, self.digest = clock(recording), secret_digest(secrets)
        async with open_tools(self.home, replay=bool(self.replay)) as shared:
            network = shared.network
            if recording and shared.replay:
                network = (await shared.replay.serve(recording, provider.info.rules)).network
            opened = open_session(shared, provider.info, method, self.account, network, secrets, now, state)
            async with opened as session:
                try:
                    await self._steps(provider, session, secrets, Totp(secrets.get("totp"), now))
                finally:
                    if isinstance(session, PlaywrightSession) and not self.found.failed:
                        self.vault.save_session(self.account.name, await session.state())

    async def _steps(self, provider: Provider[Any], session: Any, secrets: Mapping[str, str], code: Totp) -> None:
        signing_in = SigningIn(provider, session, secrets, code)
        async with self._step("sign-in", session) as said:
            await signing_in.once()
            said.append("signed in")
        first: Licence | None = None
        for history in [] if self.found.failed else provider.history(session):
            async with self._step(f"list {history.listing}", session) as said:
                page = await anext(history.pages, None)
                if page is None:
                    raise ConfigError("the adapter gave no page at all, not even an empty one")
                first = first or next((each for each in page.licences if not each.comp), None)
                total = f" of {page.total}" if page.total is not None else ""
                said.append(f"{len(page.licences)}{total} on its first page")
            if self.found.failed:
                return
        if not self.found.failed:
            async with self._step("documents", session) as said:
                said.append(await self._documents(provider, session, first) if first else "there is no licence yet")

    async def _documents(self, provider: Provider[Any], session: Any, licence: Licence) -> str:
        """Those of one licence, read as a run reads them, and thrown away."""
        from archiver.reading.worker import DocumentReader

        names: list[str] = []
        with DocumentReader(workers=1) as reader:
            async for item in provider.documents(session, licence):
                if isinstance(item, Document):
                    names.append(item.name)
                    if item.kind is DocumentKind.CERTIFICATE:
                        reading = reader.read(item.content, item.media_type)
                        check_certificate(item, reading, licence, provider.text_layouts.get(item.name))
                        provider.read_certificate(licence, reading.text)
                elif not isinstance(item, Licence):
                    names.append(f"no {item.kind} ({item.reason})")
        return ", ".join(names)

    @asynccontextmanager
    async def _step(self, name: str, session: Any = None) -> AsyncIterator[list[str]]:
        """Runs one step; what goes wrong is its result, with the page kept where there is one."""
        if self.found.failed:
            yield []
            return
        said: list[str] = []
        try:
            yield said
        except Exception as fault:  # noqa: BLE001  # a fault of an adapter is what this looks for, and is told in full
            error = fault if isinstance(fault, ArchiverError) else AdapterBroken(f"{type(fault).__name__}: {fault}")
            secrets = session.secret_values() if session else []
            kept = self._keep(error, secrets) if error.page and error.page.content else ""
            message = mask_text(error.message(self.account.name), [*secrets, *self.secret_values])
            self.found.steps.append(Step(name, "failed", message + kept))
            self.found.exit_code = error.exit_code
            if isinstance(error, REFUSALS):
                self.vault.mark(self.account.name, type(error).__name__, self.digest)
        else:
            self.found.steps.append(Step(name, "ok", "; ".join(filter(None, said))))

    def _keep(self, error: ArchiverError, secrets: list[str]) -> str:
        assert error.page
        known = dict.fromkeys(secrets, "token") | self.secret_values
        folder = self.home.state / "trouble"
        path = keep_page(folder, self.account.name, scrubbed(error.page.content, known), ".html", [])
        return f" The page, scrubbed: {path.relative_to(self.home.root).as_posix()}"

    # Without a connection

    @property
    def _method(self) -> SignInMethod:
        return load(self.account.provider).info.method(self.account.method)

    def _configuration(self) -> str:
        method = self._method
        if method.needs_username and not self.account.username:
            raise ConfigError(
                f"{self.account.name} has no user name, and signing in by {method.name} needs one. Give it with "
                f"`archiver account rotate {self.account.name} --username NAME`."
            )
        info = load(self.account.provider).info
        info.check_settings(self.account.settings)
        info.without(self.account.settings)  # ConfigError for a list that there is not
        return f"{self.account.provider} by {method.name}, for {self.account.client}"

    def _secrets(self) -> str:
        recording = find_recording(self.replay, self.account) if self.replay else None
        method = load(self.account.provider).info.method(recording.method) if recording else self._method
        secrets = secrets_of(self.vault, self.account, method, recording)
        self.secret_values = {value: name for name, value in secrets.items()} | {self.account.username or "": "name"}
        return ", ".join(f"{name} is there" for name in secrets) or "none are needed"

    def _acceptance(self) -> str:
        info = load(self.account.provider).info
        accepted(self.home, self.account, info)
        needed = info.automation.stance.needs_acceptance and not self.home.settings.replay
        return "accepted" if needed else "not needed"

    def _trouble(self) -> str:
        trouble = self.vault.trouble(self.account.name)
        if trouble:
            raise SignInNeeded(f"the platform refused the sign-in on {trouble.at} ({trouble.error})")
        return "none"

    def _session(self) -> None:
        method = self._method
        if method.transport is Transport.HTTP or self.found.failed:
            return
        state = self.vault.session(self.account.name)
        ends = load(self.account.provider).info.session_end(state)
        if state is None and not method.secrets:
            message = f"none; run `archiver sign-in {self.account.name}`"
            self.found.steps.append(Step("saved session", "note" if self.replay else "failed", message))
            self.found.exit_code = 0 if self.replay else SignInNeeded.exit_code
        elif ends and ends <= datetime.now(UTC):
            self.found.steps.append(Step("saved session", "note", f"ended on {ends:%Y-%m-%d %H:%M} UTC"))
        else:
            until = f"until {ends:%Y-%m-%d %H:%M} UTC" if ends else "its end is not known"
            self.found.steps.append(Step("saved session", "ok", until if state else "none yet"))
