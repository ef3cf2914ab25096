"""Accounts and their sign-ins: added, given a new secret, signed in by a person; and the platforms to choose from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any

from archiver.agency.notification import PERSON, remedy, seen_to
from archiver.archive import pending_statements
from archiver.archive.ocfl import NewObject
from archiver.catalogue.search import Turns, runs_of
from archiver.core.errors import ArchiverError, ConfigError, Erased, NotAccepted
from archiver.core.model import iso
from archiver.home.archives import as_rotated
from archiver.home.settings import Account, Home, add_account, planned_account
from archiver.home.vault import Vault, parse_secrets
from archiver.provider import ProviderInfo, SignInMethod, Transport, installed, load
from archiver.reading.unsupported_platforms import Served, served

__all__ = [
    "add", "describe_providers", "due_sign_ins", "method_of", "parse_secrets", "rotate", "sign_in", "sign_in_all",
]  # fmt: skip


def method_of(provider: str, name: str | None) -> SignInMethod:
    """The sign-in method of a provider; ConfigError for an unknown provider or method."""
    return load(provider).info.method(name)


async def add(
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
    authorised_by: str | None = None,
    check: bool = True,
    replay: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Add an account to a client's file, its secrets to the vault, and persons' statements to the archive.

    The sign-in is tested first, where `check` and that can be done; `say` is told how it went. Where it is refused, or
    anything else fails, nothing is left: the client's file is written last, and says that the account exists. With
    `accepted_by`, an account that is there already, and is not asked to be another, is accepted afterwards.
    """
    info = load(provider).info
    info.method(method)
    info.check_settings(settings or {})
    asked: dict[str, Any] = {
        "client": client, "provider": provider, "method": method, "username": username, "plan": plan,
        "settings": settings or None,
    }  # fmt: skip
    stated = {what: person for what, person in ((ACCEPTED, accepted_by), (AUTHORISED, authorised_by)) if person}
    there = next((account for account in home.accounts() if account.name == name), None)
    if there and stated and all(value in (None, getattr(there, key)) for key, value in asked.items()):
        if secrets:
            vault.set_secrets(name, dict(secrets))
        file_statements(home, vault, there, info, stated)
        return
    if there and _just_this(there, asked) and vault.secrets(name) == dict(secrets or {}):
        return  # a command that was killed added it, and left nothing to do
    planned, _ = planned_account(home.root, name, **asked)
    account = planned.account(name)
    session = await _tested(planned, account, secrets or {}, bool(accepted_by), check, replay, say)
    try:
        vault.forget(name)  # what an addition that was killed may have left
        if secrets:
            vault.set_secrets(name, dict(secrets))
        if session:
            vault.save_session(name, session)
        if stated:
            file_statements(planned, vault, account, info, stated)
        add_account(home.root, name, **asked)
    except BaseException:
        if name not in {each.name for each in Home.load(home.root).accounts()}:  # else another command was quicker
            vault.forget(name)
        raise


def _just_this(account: Account, asked: Mapping[str, Any]) -> bool:
    """Whether an account is what is asked for, and nothing else."""
    return all((getattr(account, key) or None) == (value or None) for key, value in asked.items())


async def _tested(
    home: Home,
    account: Account,
    secrets: Mapping[str, str],
    accepted: bool,
    check: bool,
    replay: Path | None,
    say: Callable[[str], None],
) -> Mapping[str, Any] | None:
    """The session of a sign-in that the platform accepted, in a browser; None, and why, where it was not tested.

    `accepted`: a person answers for an automatic sign-in. Raises what the platform or the network answered.
    """
    info = load(account.provider).info
    reason = _untestable(home, account, info, secrets, accepted, replay) if check else "as was asked for"
    if reason:
        say(f"The sign-in was not tested: {reason}.")
        return None
    session = await try_sign_in(home, account, secrets, replay)
    say(f"{info.title} accepts the sign-in.")
    return session


def _untestable(
    home: Home, account: Account, info: ProviderInfo, secrets: Mapping[str, str], accepted: bool, replay: Path | None
) -> str | None:
    """Why an account's sign-in cannot be tested by itself now; None where it can."""
    method = info.method(account.method)
    if home.settings.replay and not replay:
        return "a replay home reaches no site; name recordings with --replay DIR"
    if info.on_request:
        return f"{info.title} keeps no history; `archiver capture --client {account.client}` reads what is named"
    if not method.secrets:
        return f"a person signs in, with `archiver sign-in {account.name}`"
    missing = [each for each in method.secrets if not secrets.get(each)]
    if missing and not replay:
        return f"no {' and no '.join(missing)} was given; it is found so: {method.where}"
    if info.automation.stance.needs_acceptance and not (accepted or home.settings.replay):
        stance = info.automation.stance
        return f"the terms of {info.title} on automation are {stance}; --accept-automation NAME says who accepts that"
    return None


async def try_sign_in(
    home: Home, account: Account, secrets: Mapping[str, str], replay: Path | None
) -> Mapping[str, Any] | None:
    """Sign in once with these secrets and nothing else; the browser's session, where there is one.

    Raises what the platform or the network answered; nothing is kept.
    """
    from archiver.browsing.browser_session import PlaywrightSession
    from archiver.browsing.recording import clock
    from archiver.collect.account_session import SigningIn, Totp, find_recording, open_session
    from archiver.collect.run_tools import tools

    home.check_replay(replay)
    provider = load(account.provider)()
    recording = find_recording(replay, account) if replay else None
    method = provider.info.method(recording.method if recording else account.method)
    secrets = {**(recording.secrets if recording else {}), **secrets}
    now = clock(recording)
    async with tools(home, replay=bool(replay)) as shared:
        network = shared.network
        if recording and shared.replay:
            network = (await shared.replay.serve(recording, provider.info.rules)).network
        async with open_session(
            shared, provider.info, method, account, network, secrets, now, recording.session if recording else None
        ) as session:
            await SigningIn(provider, session, secrets, Totp(secrets.get("totp"), now)).once()
            return await session.state() if isinstance(session, PlaywrightSession) else None


ACCEPTED, AUTHORISED = "automation accepted", "access authorised"


def file_statements(home: Home, vault: Vault, account: Account, info: ProviderInfo, stated: Mapping[str, str]) -> None:
    """Archive what named persons state of an account: that unattended runs are accepted, that access is authorised.

    What is recorded already is not recorded again.
    """
    from archiver.collect.automation import acceptance
    from archiver.home.archives import writing

    with writing(home, vault, account.client) as archive:
        before = pending_statements.about(archive.reader, account.name)
        for what, person in stated.items():
            said: dict[str, Any] = {
                "format": 1,
                "statement": what,
                "account": account.name,
                "provider": info.name,
                "by": person,
                "at": iso(datetime.now(UTC)),
            }
            if what == ACCEPTED:
                terms = info.automation
                said |= {"stance": terms.stance, "quote": terms.quote, "source": terms.source, "read_on": terms.read_on}
            if pending_statements.same(before, said):
                continue
            if left := pending_statements.same(pending_statements.pending(archive.reader), said):
                archive.append("statement", id=left, account=account.name)
                continue
            content = json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False).encode()
            if what == ACCEPTED:
                new = acceptance(account, info, content)
                try:
                    stored = archive.put(new).result()
                except Erased:
                    stored = archive.put(acceptance(account, info, content, again=f":{said['at']}")).result()
            else:
                stored = archive.put(authorisation(account, content)).result()
            archive.append("statement", id=stored.object_id, account=account.name)
        archive.seal()


def authorisation(account: Account, statement: bytes) -> NewObject:
    """The archive object by which a person authorised access to an account; another one each time it is stated."""
    return NewObject(
        kind="statements",
        date=None,
        provider=account.provider,
        asset_id=account.name,
        identity=f"access:{account.name}:{sha256(statement).hexdigest()}",
        files={"statement.json": statement},
        created=datetime.now(UTC),
    )


def open_account(home: Home, name: str) -> Account:
    """The account; ConfigError where it was closed, or there is none."""
    account = home.account(name)
    if account.closed:
        raise ConfigError(
            f"{name} was closed on {account.closed}. Add the sign-in anew under another name, or remove `closed:` in "
            f"clients/{account.client}.yaml."
        )
    return account


async def rotate(
    home: Home,
    vault: Vault,
    name: str,
    secrets: Mapping[str, str],
    username: str | None = None,
    *,
    check: bool = True,
    replay: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Replace an account's secrets or user name; those not given stay. What the platform refuses changes nothing.

    Tested as a new account's are. It is then no longer marked as needing a person, and its old session is dropped.
    """
    from archiver.archive.reader import Archive
    from archiver.collect.automation import accepted

    account = open_account(home, name)
    if not secrets and not username:
        raise ConfigError(f"No new secret was given for {name}. Give it at the prompt or with --secrets-stdin.")
    account = as_rotated(home, vault, account)
    account = dataclasses.replace(account, username=username or account.username)
    secrets = {**vault.secrets(name), **secrets}
    answered = True
    try:
        accepted(home, Archive(home.archive(account.client)), account, load(account.provider).info)
    except NotAccepted:
        answered = False
    session = await _tested(home, account, secrets, answered, check, replay, say)
    vault.rotate(name, secrets, session, username)
    as_rotated(home, vault, home.account(name))
    seen_to(home, account)


@dataclass(frozen=True)
class SignedIn:
    """What came of one account's sign-in by a person. `session_ends` is None where the session does not say when."""

    account: str
    error: str | None = None
    message: str = ""
    session_ends: str | None = None  # UTC, `2026-11-24T02:00:00Z`
    exit_code: int = 0

    def as_json(self) -> dict[str, Any]:
        fields = {name: value for name, value in vars(self).items() if name != "exit_code"}
        return {**fields, "signed_in": self.error is None}


async def sign_in_all(
    home: Home, vault: Vault, names: Sequence[str], *, replay: Path | None, headless: bool, say: Callable[[str], None]
) -> list[SignedIn]:
    """Each account in its turn, whatever becomes of those before it."""
    found = list[SignedIn]()
    for name in [home.account(name).name for name in names]:  # a name that is none is told before anybody begins
        try:
            ends = await sign_in(home, vault, name, replay=replay, headless=headless, say=say)
        except ArchiverError as error:
            told = error.message(name)
            say(f"archiver: {told}" if name in told else f"archiver: {name}: {told}")
            found.append(SignedIn(name, type(error).__name__, told, exit_code=error.exit_code))
        else:
            say(f"Signed in {name}. Next: archiver run --account {name}")
            found.append(SignedIn(name, session_ends=iso(ends)))
    return found


async def sign_in(
    home: Home,
    vault: Vault,
    name: str,
    *,
    replay: Path | None,
    headless: bool,
    say: Callable[[str], None],
) -> datetime | None:
    """A person signs in, in a visible browser; the session goes to the vault. When that ends, where it says so.

    ConfigError for accounts that sign in with a token; SignInNeeded when nobody signed in within ten minutes.
    """
    from archiver.browsing.attended_sign_in import attend
    from archiver.browsing.recording import clock
    from archiver.collect.account_session import find_recording
    from archiver.collect.run_tools import tools
    from archiver.provider import Mode

    account = as_rotated(home, vault, open_account(home, name))
    home.check_replay(replay)
    provider = load(account.provider)()
    if provider.info.method(account.method).transport is Transport.HTTP:
        raise ConfigError(f"{name} signs in with a token, not in a browser. Use `archiver account rotate {name}`.")
    async with tools(home, replay=bool(replay), headless=headless) as shared:
        network = shared.network
        recording = find_recording(replay, account) if replay else None
        if recording and shared.replay:
            network = (await shared.replay.serve(recording, provider.info.rules)).network
        session = await shared.browsers.open(
            provider.info, network=network, pacing=shared.pacing, username=account.username,
            settings=account.settings, secrets=vault.secrets(name), now=clock(recording), state=vault.session(name),
            mode=Mode.SIGN_IN,
        )  # fmt: skip
        try:
            await attend(session, provider, provider.info.login_url, say)
            state = await session.state()
            vault.save_session(name, state)
            vault.clear_mark(name)
            seen_to(home, account)
            if ends := provider.info.session_end(state):
                say(f"The session ends on {ends:%Y-%m-%d %H:%M} UTC; sign in again before.")
            return ends
        finally:
            await session.close()


@dataclass(frozen=True, kw_only=True)
class DueSignIn:
    """A sign-in that a person must do. `attended`: in a browser, by `sign-in`; else by the command named."""

    account: str
    why: str
    command: str
    attended: bool

    def as_json(self) -> dict[str, Any]:
        return vars(self)


def due_sign_ins(home: Home, vault: Vault, now: datetime | None = None, turns: Turns = runs_of) -> list[DueSignIn]:
    """The sign-ins that wait for a person, and those whose saved session ends within a week."""
    now, found, kept = now or datetime.now(UTC), list[DueSignIn](), vault.sessions()
    told = {client: turns(home, client) for client in {account.client for account in home.accounts()}}
    for account in (each for each in home.accounts() if not each.closed):
        try:
            info = load(account.provider).info
        except ConfigError as gone:  # its adapter is gone or broken; the other accounts are not
            found.append(DueSignIn(account=account.name, why=str(gone), command="archiver doctor", attended=False))
            continue
        attended = info.method(account.method).transport is Transport.BROWSER
        session, mark = kept.get(account.name, (None, None))
        last = next(iter(told[account.client].get(account.name, ())[-1:]), None)
        # The error that only a person can end: the vault's mark, else what the last run said.
        error, since = (mark.error, mark.at) if mark else ((last.error if last else None), (last.at if last else ""))
        error = error if mark or error in PERSON else None
        ends = info.session_end(session) if attended else None
        if error:
            why = f"{error} on {since}"
        elif ends and ends < now + timedelta(days=7):
            why = f"its session ends on {ends:%Y-%m-%d %H:%M} UTC"
        else:
            continue
        _, command = remedy(account, error or "SessionExpired")
        by_hand = attended and " sign-in " in command
        found.append(DueSignIn(account=account.name, why=why, command=command, attended=by_hand))
    return found


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
