"""Sign-ins by a person: list the due ones, and do them in a visible browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.agency.account_notice import needed_for
from archiver.agency.accounts import name_input, open_account, sign_in_kind
from archiver.agency.notification import seen_to
from archiver.catalogue.search import AccountRuns, runs_of
from archiver.collect.run_log import renewals
from archiver.core.errors import PERSON, ArchiverError, ConfigError, Remedy, SignInKind, spoken
from archiver.core.model import iso
from archiver.home.renamed_account import as_rotated
from archiver.home.settings import Home, Input
from archiver.home.vault import Vault
from archiver.provider import Transport, load, method_of


@dataclass(frozen=True)
class SignedIn:
    """The result of one account's sign-in by a person. `session_ends` is None if the session does not state its end."""

    account: str
    error: str | None = None
    message: str = ""
    session_ends: str | None = None  # UTC, `2026-11-24T02:00:00Z`
    exit_code: int = 0

    def as_json(self) -> dict[str, object]:
        fields = {name: value for name, value in vars(self).items() if name != "exit_code"}
        return {**fields, "signed_in": self.error is None}


async def sign_in_all(
    home: Home, vault: Vault, names: Sequence[str], *, replay: Path | None, headless: bool, say: Callable[[str], None]
) -> list[SignedIn]:
    """Sign in to each account in turn; a failure does not stop the next one."""
    found = list[SignedIn]()
    for name in [home.account(name).name for name in names]:  # report an unknown name before the first sign-in
        try:
            ends = await sign_in(home, vault, name, replay=replay, headless=headless, say=say)
        except ArchiverError as error:
            name_input(error, home.account(name))
            message = error.message()
            say(f"archiver: {message}" if name in message else f"archiver: {name}: {message}")
            found.append(SignedIn(name, type(error).__name__, message, exit_code=error.exit_code))
        else:
            say(f"Signed in {name}. {Remedy('run account', {'account': name})}")
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
    """Let a person sign in in a visible browser and save the session in the vault. Returns the session's end, if known.

    ConfigError for accounts that sign in with a token; SignInNeeded if nobody signs in within ten minutes.
    """
    from archiver.browsing.attended_sign_in import attend
    from archiver.collect.account_session import AccountAccess
    from archiver.collect.run_tools import open_tools
    from archiver.provider import Mode

    account = as_rotated(home, vault, open_account(home, name))
    home.check_replay(replay)
    if method_of(account.provider, account.method).transport is Transport.HTTP:
        raise ConfigError(
            f"{name} signs in with a token, not in a browser.", remedy=Remedy("rotate", {"account": name})
        )
    async with open_tools(home, replay=bool(replay), headless=headless) as shared:
        access = replace(AccountAccess.of(account, replay), secrets=vault.secrets(name))
        provider = access.provider
        network = await shared.network_for(access.recording, provider.info.rules)
        session = await shared.browsers.open(
            provider.info, network=network, pacing=shared.pacing, account=access.in_session, state=vault.session(name),
            mode=Mode.SIGN_IN,
        )  # fmt: skip
        try:
            await attend(session, provider, provider.info.login_url, say)
            state = await session.state()
            vault.save_session(name, state)
            vault.clear_mark(name)
            seen_to(home, account)
            if ends := provider.info.session_end(state):
                say(f"The session ends on {ends:%Y-%m-%d %H:%M} UTC. Sign in again before that.")
            return ends
        finally:
            await session.close()


def remedy_of(error: str | None, known: Mapping[str, str], kind: SignInKind) -> Remedy | None:
    """What a person can do about an error of an account or source; None if the error is not one that needs a person.

    `known` has its name, client and provider, as `ArchiverError.about` takes them.
    """
    if error not in PERSON:
        return None
    met = PERSON[error]()
    met.about(known, kind)
    return met.remedies()[0]


def refused_kinds(home: Home, refused: Mapping[str, str | None]) -> dict[str, SignInKind | None]:
    """How each account or source signs in that was refused in its last run; None if it was renewed since.

    `refused` has the time of that run by name.
    """
    renewed = renewals(home)
    names = (each for each in home.inputs() if each.name in refused)
    return {
        each.name: None if (refused[each.name] or "") < renewed.get(each.name, "") else sign_in_kind(each)
        for each in names
    }


@dataclass(frozen=True, kw_only=True)
class DueSignIn:
    """A sign-in that a person must do. `attended`: in a browser, where `sign-in` finds it."""

    account: str
    why: str
    remedy: Remedy
    attended: bool

    def as_json(self) -> dict[str, object]:
        return {**vars(self), "remedy": self.remedy.as_json(), "command": self.remedy.command}


def due_sign_ins(
    home: Home, vault: Vault, now: datetime | None = None, turns: AccountRuns = runs_of
) -> list[DueSignIn]:
    """The sign-ins that need a person now, and those whose saved session ends within a week."""
    now, found, kept = now or datetime.now(UTC), list[DueSignIn](), vault.sessions()
    renewed = renewals(home)
    runs = {client: turns(home, client) for client in {each.client for each in home.inputs()}}

    def trouble(each: Input) -> tuple[str | None, str]:
        """The error that only a person can resolve, and when it came: the vault's mark, or else the last run's."""
        if mark := kept.get(each.name, (None, None))[1]:
            return mark.error, mark.at
        last = next(iter(runs[each.client].get(each.name, ())[-1:]), None)
        refused = last and last.error in PERSON and last.at >= renewed.get(each.name, "")
        return (last.error, last.at) if last and refused else (None, "")

    for account in (each for each in home.accounts() if not each.closed):
        try:
            info = load(account.provider).info
        except ConfigError as gone:  # a missing or broken adapter must not hide the other accounts
            found.append(DueSignIn(account=account.name, why=str(gone), remedy=Remedy("check machine"), attended=False))
            continue
        attended = info.method(account.method).transport is Transport.BROWSER
        error, since = trouble(account)
        ends = info.session_end(kept.get(account.name, (None, None))[0]) if attended else None
        if error:
            why = f"{spoken(error)} on {since}"
        elif ends and ends < now + timedelta(days=7):
            why = f"its session ends on {ends:%Y-%m-%d %H:%M} UTC"
        else:
            continue
        _, remedy = needed_for(account, error or "SessionExpired")
        by_hand = remedy.action == "sign in"
        found.append(DueSignIn(account=account.name, why=why, remedy=remedy, attended=by_hand))
    for source in (each for each in home.sources() if not each.closed):
        error, since = trouble(source)
        if error in PERSON:
            _, remedy = needed_for(source, error)
            why = f"{error} on {since}"
            found.append(DueSignIn(account=source.name, why=why, remedy=remedy, attended=False))
    return found
