"""Check one account: its settings and, with `live`, each step of its adapter at the platform."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import yaml

from archiver.agency.check_steps import AccountSteps, Check, Step
from archiver.agency.live_check import check_live
from archiver.collect.account_result import about
from archiver.collect.account_session import AccountAccess
from archiver.collect.automation import accepted
from archiver.core.atomic_files import read_file, replace_file
from archiver.core.errors import ConfigError, Remedy, SignInNeeded, spoken
from archiver.home.renamed_account import as_rotated
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.provider import Transport, load, method_of

LIVE = "live.yaml"  # in the home, beside the settings: provider -> the day of the last passed live check
_HEADING = "# When `archiver account check --live` last passed at each platform. `archiver providers` prints it.\n"


async def check(home: Home, vault: Vault, name: str, *, live: bool, replay: Path | None) -> Check:
    """Check an account's settings and, with `live` (or `replay` in a replay home), one page for each step, read-only.

    ConfigError for an unknown account, for `live` in a replay home, and for `replay` in a real home.
    """
    if live and home.settings.replay:
        raise ConfigError("This is a replay home: it never connects to a site. Use --replay DIR instead of --live.")
    if live or replay:
        home.check_replay(replay)
    account = as_rotated(home, vault, home.account(name))
    found = Check(name, account.provider, live)
    steps = AccountSteps(home, vault, account, found, replay)
    with about(account):
        if await prepared(steps) and (live or replay):
            await check_live(steps)
            if live and not found.failed:
                _passed(home, account.provider)
    return found


def live_days(home: Path) -> dict[str, str]:
    """Provider -> the day (UTC) of the last passed live check; empty if there was none."""
    with suppress(FileNotFoundError, yaml.YAMLError):
        said = yaml.safe_load(read_file(home / LIVE))
        if isinstance(said, dict):
            return {str(name): str(day) for name, day in said.items()}
    return {}


def _passed(home: Home, provider: str) -> None:
    days = live_days(home.root) | {provider: f"{datetime.now(UTC):%Y-%m-%d}"}
    replace_file(home.root / LIVE, (_HEADING + yaml.safe_dump(days)).encode())


async def prepared(steps: AccountSteps) -> bool:
    """Run all checks that need no connection. Returns whether they passed."""
    looks = {
        "configuration": partial(_configuration, steps),
        "secrets": partial(_secrets, steps),
        "acceptance": partial(_acceptance, steps),
        "last refusal": partial(_trouble, steps),
    }
    for step, look in looks.items():
        async with steps.step(step) as said:
            said.append(look())
    _session(steps)
    return not steps.found.failed


def _configuration(steps: AccountSteps) -> str:
    method = method_of(steps.account.provider, steps.account.method)
    if method.needs_username and not steps.account.username:
        raise ConfigError(
            f"{steps.account.name} has no user name, but the sign-in method {method.name} needs one.",
            remedy=Remedy.of("change user", {"account": steps.account.name}),
        )
    info = load(steps.account.provider).info
    info.check_settings(steps.account.settings)
    info.without(steps.account.settings)  # ConfigError for an unknown list
    return f"{steps.account.provider} by {method.name}, for {steps.account.client}"


def _secrets(steps: AccountSteps) -> str:
    secrets = AccountAccess.of(steps.account, steps.replay).with_stored(steps.vault).secrets
    steps.secret_values = {value: name for name, value in secrets.items()} | {steps.account.username or "": "name"}
    return ", ".join(f"{name} is stored" for name in secrets) or "none are needed"


def _acceptance(steps: AccountSteps) -> str:
    info = load(steps.account.provider).info
    accepted(steps.home, steps.account, info)
    needed = info.automation.stance.needs_acceptance and not steps.home.settings.replay
    return "accepted" if needed else "not needed"


def _trouble(steps: AccountSteps) -> str:
    trouble = steps.vault.trouble(steps.account.name)
    if trouble:
        raise SignInNeeded(f"the platform refused the sign-in on {trouble.at} ({spoken(trouble.error)})")
    return "none"


def _session(steps: AccountSteps) -> None:
    method = method_of(steps.account.provider, steps.account.method)
    if method.transport is Transport.HTTP or steps.found.failed:
        return
    state = steps.vault.session(steps.account.name)
    ends = load(steps.account.provider).info.session_end(state)
    if state is None and not method.secrets:
        message = f"none. {Remedy('sign in', {'account': steps.account.name})}".rstrip(".")
        steps.found.steps.append(Step("saved session", "note" if steps.replay else "failed", message))
        steps.found.exit_code = 0 if steps.replay else SignInNeeded.exit_code
    elif ends and ends <= datetime.now(UTC):
        steps.found.steps.append(Step("saved session", "note", f"ended on {ends:%Y-%m-%d %H:%M} UTC"))
    else:
        until = f"until {ends:%Y-%m-%d %H:%M} UTC" if ends else "its end is unknown"
        steps.found.steps.append(Step("saved session", "ok", until if state else "none yet"))
