"""Run the steps of an account's check and turn each error into the step's result."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from archiver.collect.account_result import name_input
from archiver.collect.account_session import REFUSALS, AccountSession
from archiver.collect.trouble_page import adapter_fault, add_page, keep_trouble, personal
from archiver.core.errors import ArchiverError
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
    refused: list[str] = field(default_factory=list)  # what the guard refused, each with the rule

    @property
    def failed(self) -> Step | None:
        return next((step for step in self.steps if step.state == "failed"), None)

    def as_json(self) -> dict[str, object]:
        """The document of `account check --json`."""
        broken = self.failed
        return {
            "account": self.account,
            "provider": self.provider,
            "live": self.live,
            "outcome": "failed" if broken else "ok",
            "broken": broken.step if broken else None,
            "refused": self.refused,
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
    async def step(self, name: str, session: AccountSession | None = None) -> AsyncIterator[list[str]]:
        """Run one step. An error becomes its result, and the page is saved if there is one."""
        if self.found.failed:
            yield []
            return
        said: list[str] = []
        try:
            yield said
        except Exception as fault:  # noqa: BLE001  # this check looks for faults of adapters and reports them in full
            error = fault if isinstance(fault, ArchiverError) else adapter_fault(fault)
            await add_page(error, session)
            secrets = session.secret_values() if session else []
            kept = self._keep(error, secrets, name)
            name_input(error, self.account)
            message = mask_text(error.message(), [*secrets, *self.secret_values])
            self.found.steps.append(Step(name, "failed", message + kept))
            self.found.exit_code = error.exit_code
            if isinstance(error, REFUSALS):
                self.vault.mark(self.account.name, type(error).__name__, self.digest)
        else:
            self.found.steps.append(Step(name, "ok", "; ".join(filter(None, said))))

    def _keep(self, error: ArchiverError, secrets: list[str], step: str) -> str:
        known = personal(self.home, self.account, secrets) | self.secret_values
        path = keep_trouble(self.home.state / "trouble", self.account.name, error, known, step=step)
        if path is None:
            return ""
        return f" The scrubbed page, with a note beside it: {path.relative_to(self.home.root).as_posix()}"
