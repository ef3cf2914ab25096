"""Run the steps of an account's check and turn each error into the step's result."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from archiver.browsing.scrub import page as scrubbed
from archiver.collect.account_result import keep_page, name_account
from archiver.collect.account_session import REFUSALS
from archiver.core.errors import AdapterBroken, ArchiverError
from archiver.home.settings import Account, Home
from archiver.home.vault import Vault
from archiver.reading.secret_scan import mask_text


@dataclass(frozen=True)
class Step:
    """One checked thing. `state`: ok, note or failed."""

    step: str
    state: str
    message: str


@dataclass
class Check:
    """The result of an account's check. `exit_code` comes from the step that failed."""

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


@dataclass
class AccountSteps:
    """One account's check, step by step. It ends at the first failed step."""

    home: Home
    vault: Vault
    account: Account
    found: Check
    replay: Path | None
    secret_values: dict[str, str] = field(default_factory=dict)
    digest: str = ""  # of the tested secrets; a refusal counts until the secrets change

    @asynccontextmanager
    async def step(self, name: str, session: Any = None) -> AsyncIterator[list[str]]:
        """Run one step. An error becomes its result, and the page is saved if there is one."""
        if self.found.failed:
            yield []
            return
        said: list[str] = []
        try:
            yield said
        except Exception as fault:  # noqa: BLE001  # this check looks for faults of adapters and reports them in full
            error = fault if isinstance(fault, ArchiverError) else AdapterBroken(f"{type(fault).__name__}: {fault}")
            secrets = session.secret_values() if session else []
            kept = self._keep(error, secrets) if error.page and error.page.content else ""
            name_account(error, self.account)
            message = mask_text(error.message(), [*secrets, *self.secret_values])
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
        return f" The scrubbed page: {path.relative_to(self.home.root).as_posix()}"
