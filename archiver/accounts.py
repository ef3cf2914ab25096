"""Accounts and their sign-ins: added, given a new secret, signed in by a person; and the platforms to choose from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from archiver.config import Home, add_account, change_account
from archiver.domain import iso
from archiver.errors import ArchiverError, ConfigError, Erased
from archiver.provider import ProviderInfo, SignInMethod, Transport, installed, load
from archiver.reading.served import Served, served
from archiver.vault import Vault, parse_secrets

__all__ = ["add", "describe_providers", "method_of", "parse_secrets", "rotate", "sign_in", "sign_in_all"]


def method_of(provider: str, name: str | None) -> SignInMethod:
    """The sign-in method of a provider; ConfigError for an unknown provider or method."""
    return load(provider).info.method(name)


def add(
    home: Home,
    vault: Vault,
    name: str,
    *,
    client: str,
    provider: str,
    method: str | None = None,
    username: str | None = None,
    plan: str | None = None,
    settings: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    accepted_by: str | None = None,
) -> None:
    """Add an account to a client's file, its secrets to the vault, and a person's acceptance to the archive.

    With `accepted_by`, an account that is there already, and is not asked to be another, is accepted afterwards.
    """
    info = load(provider).info
    info.method(method)
    asked: dict[str, Any] = {
        "client": client, "provider": provider, "method": method, "username": username, "plan": plan,
        "settings": settings or None,
    }  # fmt: skip
    there = next((account for account in home.accounts() if account.name == name), None)
    same = there and all(value in (None, getattr(there, key)) for key, value in asked.items())
    if not (accepted_by and same):
        add_account(home.root, name, **asked)
    if secrets:
        vault.set_secrets(name, dict(secrets))
    if accepted_by:
        accept_automation(Home.load(home.root), vault, name, info, accepted_by)


def accept_automation(home: Home, vault: Vault, name: str, info: ProviderInfo, person: str) -> None:
    """Archive a named person's statement that unattended runs of this account are accepted."""
    from archiver.run import acceptance, writing

    account = home.account(name)
    statement = {
        "format": 1,
        "statement": "automation accepted",
        "account": account.name,
        "provider": info.name,
        "by": person,
        "at": iso(datetime.now(UTC)),
        "stance": info.automation.stance,
        "quote": info.automation.quote,
        "source": info.automation.source,
        "read_on": info.automation.read_on,
    }
    content = json.dumps(statement, indent=1, sort_keys=True, ensure_ascii=False).encode()
    with writing(home, vault, account.client) as archive:
        try:
            stored = archive.put(acceptance(account, info, content)).result()
        except Erased:
            stored = archive.put(acceptance(account, info, content, again=f":{statement['at']}")).result()
        archive.append("statement", id=stored.object_id, account=account.name)
        archive.seal()


def rotate(home: Home, vault: Vault, name: str, secrets: Mapping[str, str], username: str | None = None) -> None:
    """Replace an account's secrets; it is no longer marked as needing a person, and its old session is dropped."""
    account = home.account(name)
    if not secrets and not username:
        raise ConfigError(f"No new secret was given for {name}. Give it at the prompt or with --secrets-stdin.")
    if secrets:
        vault.set_secrets(account.name, dict(secrets))
    if username:
        change_account(home.root, name, username=username)
    vault.drop_session(account.name)
    vault.clear_mark(account.name)


async def sign_in_all(
    home: Home, vault: Vault, names: Sequence[str], *, replay: Path | None, headless: bool, say: Callable[[str], None]
) -> int:
    """Each account in its turn, whatever becomes of those before it; the highest exit code of those that failed."""
    code = 0
    for name in [home.account(name).name for name in names]:  # a name that is none is told before anybody begins
        try:
            await sign_in(home, vault, name, replay=replay, headless=headless, say=say)
        except ArchiverError as error:
            say(f"archiver: {name}: {error.message(name)}")
            code = max(code, error.exit_code)
        else:
            say(f"Signed in {name}. Next: archiver run --account {name}")
    return code


async def sign_in(
    home: Home,
    vault: Vault,
    name: str,
    *,
    replay: Path | None,
    headless: bool,
    say: Callable[[str], None],
) -> None:
    """A person signs in, in a visible browser; the session goes to the vault.

    ConfigError for accounts that sign in with a token; SignInNeeded when nobody signed in within ten minutes.
    """
    from archiver.browsing.attended import attend
    from archiver.browsing.session import expiry
    from archiver.provider import Mode
    from archiver.run import find_recording, tools

    account = home.account(name)
    if bool(replay) != home.settings.replay:
        raise ConfigError("--replay DIR belongs to replay homes, and only there. See `archiver init --replay`.")
    provider = load(account.provider)()
    if provider.info.method(account.method).transport is Transport.HTTP:
        raise ConfigError(f"{name} signs in with a token, not in a browser. Use `archiver account rotate {name}`.")
    async with tools(home, replay=bool(replay), headless=headless) as shared:
        network = shared.network
        now = lambda: datetime.now(UTC)  # noqa: E731  # a clock, passed on
        if replay and shared.replay:
            network = (await shared.replay.serve(find_recording(replay, account), provider.info.rules)).network
        session = await shared.browsers.open(
            provider.info, network=network, pacing=shared.pacing, username=account.username,
            settings=account.settings, secrets=vault.secrets(name), now=now, state=vault.session(name),
            mode=Mode.SIGN_IN,
        )  # fmt: skip
        try:
            await attend(session, provider, provider.info.login_url, say)
            state = await session.state()
            vault.save_session(name, state)
            vault.clear_mark(name)
            if ends := expiry(provider.info, state):
                say(f"The session ends on {ends:%Y-%m-%d %H:%M} UTC; sign in again before.")
        finally:
            await session.close()


ADAPTER, BY_HAND = "adapter", "import and attended capture"


def describe_providers(live: Mapping[str, str], say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Every installed adapter's declaration as plain data, then the platforms that are served by hand, with `why`.

    `served_by` tells them apart; `pages` are those that `archiver capture NAME` opens. `live` maps
    a name to the day on which a live check of it last passed; `say` is told of each adapter that cannot be loaded.
    """
    by_hand = served()
    described = []
    for name in installed():
        try:
            info = load(name).info
        except ConfigError as error:
            say(str(error))
            continue
        web = by_hand.get(name, Served())
        more = {
            "live": live.get(name, "never"),
            "served_by": ADAPTER,
            "why": "",
            "web": web.web,
            "pages": list(web.pages),
        }
        described.append(plain(dataclasses.asdict(info)) | more)
    known = {each["name"] for each in described}
    return described + [_by_hand(name, each) for name, each in by_hand.items() if each.why and name not in known]


def _by_hand(name: str, platform: Served) -> dict[str, Any]:
    """A platform without an adapter, with the keys of one."""
    return {
        "name": name,
        "title": platform.title,
        "methods": [],
        "scope": None,
        "listings": [],
        "documents": {"by hand": platform.documents},
        "basis": "unproven",
        "basis_detail": "nothing is automated; the pages are named by public code and help pages, or are the site's "
        "first. Not yet run against a live account",
        "automation": dict(platform.automation),
        "confirm": dict(platform.confirm),
        "terms": [],
        "live": "never",
        "served_by": BY_HAND,
        "why": platform.why,
        "plans": platform.plans,
        "web": "",
        "pages": list(platform.pages),
    }


def plain(value: Any) -> Any:
    """Enums and tuples as JSON has them."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value
