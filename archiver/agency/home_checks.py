"""The doctor's checks of the home as its settings describe it: accounts, browser, leftovers, mail."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from importlib.util import find_spec

from archiver.agency.diagnosis import DoctorFinding, Findings, Remedy, State, ok, problem, warning
from archiver.browsing.chromium import commands_to_install, find, is_root, sandboxed, try_start
from archiver.browsing.chromium_version import version_warning
from archiver.claims.claim_files import CLAIM
from archiver.collect.companion.captures import Inbox
from archiver.collect.companion.paired_browsers import PairedBrowsers
from archiver.collect.run_log import is_whole, read_logs
from archiver.collect.sources import kind_of
from archiver.core.errors import INSTALL_ALL, ArchiverError, BrowserMissing, SandboxRefused
from archiver.core.stale_files import in_home, in_temporary_folder
from archiver.home.connections import mailer_of
from archiver.home.settings import Home
from archiver.home.vault import Vault, locate_key
from archiver.provider import Transport, method_of

SILENT_DAYS = 30  # after which a paired browser without contact is worth a question


def accounts(home: Home) -> Findings:
    """Whether every account's adapter is installed, and a browser for the accounts that need one."""
    browsing = False
    for account in home.accounts():
        try:
            browsing |= method_of(account.provider, account.method).transport is not Transport.HTTP
        except ArchiverError as error:
            yield problem(f"{account.name}: {error}")
    for source in home.sources():
        try:
            kind_of(source).settings(home, source)
        except ArchiverError as error:
            yield problem(f"{source.name}: {error}")
    counts = f"clients: {len(home.clients)}, accounts: {len(home.accounts())}"
    yield ok(counts + (f", sources: {len(home.sources())}" if home.sources() else ""))
    yield _browser(needed=browsing)


def _browser(*, needed: bool) -> DoctorFinding:
    """Whether Chromium is installed and starts, in its sandbox if required."""
    wrong = State.PROBLEM if needed else State.WARNING
    if (chromium := find()) is None:
        words = "no usable Chromium was found" + ("" if needed else "; no account needs one yet")
        return DoctorFinding(
            wrong, words, f"Run `{commands_to_install()[0]}`, or name a Chromium in ARCHIVER_CHROMIUM."
        )
    try:
        try_start(chromium)
    except SandboxRefused:
        advice = (
            "Allow user namespaces for this user, or set ARCHIVER_CHROMIUM_SANDBOX=off to run it without its sandbox."
        )
        return DoctorFinding(wrong, f"{chromium.describe()} cannot start its sandbox", advice)
    except BrowserMissing as error:
        advice = "Install another Chromium, or name one in ARCHIVER_CHROMIUM."
        return DoctorFinding(wrong, f"browser: {error.detail}", advice)
    why = "as root" if is_root() else "because ARCHIVER_CHROMIUM_SANDBOX is off"
    sandbox = "in its sandbox" if sandboxed() else f"without its sandbox {why}"
    old = version_warning(chromium.version(), datetime.now(UTC).date())
    advice = f"Update it: `{commands_to_install()[0]}`." if old else ""
    return DoctorFinding(State.WARNING if old else State.OK, f"browser: {chromium.describe()}, {sandbox}", advice)


def leftovers(home: Home) -> Findings:
    """Leftovers of killed commands outside the archives."""
    found = [*in_home(home.root), *in_temporary_folder()]
    if found:
        secret = any(path.name.startswith(".vault.enc.") for path in found)
        names = f"{found[0]}{f' and {len(found) - 1} more' if len(found) > 1 else ''}"
        yield warning(
            f"killed commands left {names}{', including copies of the vault' if secret else ''}",
            "Run any command on this home; it removes them.",
        )
    for path in sorted((home.root / "work").glob("*")):
        if path.is_dir() and path.name != "audits" and not (path / CLAIM).exists():
            yield warning(
                f"work/{path.name} has no claim, because a command was killed early",
                "Add the letter again, or delete the folder.",
            )
    with suppress(ArchiverError):  # the check `vault` reports it
        kept = Vault(home.vault, locate_key(interactive=False)[0])
        known = {each.name: each for each in home.inputs()}
        for name in kept.accounts():
            if name not in known:
                yield warning(
                    f"the vault holds secrets of {name}, but no client's file has this account",
                    "If it was being added when that was killed, add it again. Otherwise restore the client's file.",
                    Remedy.of("connect account", {}),
                )
            elif kept.renamed(name):
                yield warning(
                    f"{name}: the new secret is stored, but the settings lack the new user name",
                    remedy=Remedy("run account", {"account": name}),
                )
            elif known[name].closed:
                yield warning(
                    f"the vault holds secrets of {name}, which is closed",
                    remedy=Remedy("close account", {"account": name}),
                )
    if not found:
        yield ok("killed commands left no temporary files")


def trouble(home: Home) -> Findings:
    """Files that runs set aside for a person."""
    advice = {
        "trouble": "Send them to the adapter's maintainer, then delete them.",
        "quarantine": "Each holds a secret and was not archived. Look at each file, then change that secret.",
    }
    for name, what in advice.items():
        count = sum(1 for path in (home.state / name).glob("*") if path.is_file())
        yield DoctorFinding(
            State.WARNING if count else State.OK, f"{count} files in state/{name}", what if count else ""
        )


def refusals(home: Home) -> Findings:
    """Requests that the guard refused in the last run of an account that did not end well."""
    last, _, _ = read_logs(home, datetime.now(UTC))
    if not any(line.get("refused") and not is_whole(line) for line in last.values()):
        yield ok("no failed run was blocked by an adapter's rules")
    for account, line in sorted(last.items()):
        if not is_whole(line) and (refused := line.get("refused")):
            blocked = f"{account}: the last run blocked {'; '.join(refused)}"
            yield warning(blocked, remedy=Remedy("check account", {"account": account}))


def companion(home: Home) -> Findings:
    """The last contact of each paired browser, and captures that wait."""
    now = datetime.now(UTC)
    for each in PairedBrowsers(home.state).all():
        silent = (now - datetime.fromisoformat(each.last_contact)).days
        said = f"{each.browser} of {each.person}: last contact {each.last_contact}"
        if not each.valid:
            yield warning(f"{said}; its token has expired", "Pair it again, or revoke it at the desk.")
        elif silent > SILENT_DAYS:
            advice = "Ask whether it is still used. If not, revoke it at the desk, on the page Companion."
            yield warning(f"{said}, {silent} days ago", advice)
        else:
            yield ok(said)
    if waiting := sum(1 for _ in Inbox(home.state).waiting()):
        advice = "The desk files them. Its page Companion says why they wait."
        yield warning(f"{waiting} captures of browsers wait to be filed", advice, Remedy("see captures"))


def notifying(home: Home) -> Findings:
    """Whether messages reach somebody."""
    recipients = [
        *home.settings.notify.channels,
        *(each for client in home.clients.values() for each in client.contact.to),
    ]
    for each in dict.fromkeys(recipients):
        scheme = each.partition("://")[0] if "://" in each else ""
        if scheme not in ("", "http", "https") and not find_spec("apprise"):
            yield problem(f"{scheme}:// needs apprise", INSTALL_ALL)
        if not scheme and not (home.settings.mail.host and home.settings.mail.sender):
            yield problem(f"{each} needs a mail server", "Set `mail:` in archiver.yaml.")
    if home.accounts() and not home.settings.notify.ping and not home.settings.replay:
        yield ok("no ping is set; only the daily messages report missing runs")
    yield ok(f"{len(dict.fromkeys(recipients))} addresses receive messages")


def mail(home: Home, online: bool) -> Findings:
    """The mail server. `online` connects and signs in, but sends nothing."""
    host, sender = home.settings.mail.host, home.settings.mail.sender
    if not (host and sender):
        yield ok("no server is set, so no mail is sent")
    elif not online:
        yield ok(f"{sender} sends through {host}, which was not contacted (use --online)")
    else:
        try:
            encrypted = mailer_of(home).test_sign_in()
        except (OSError, ArchiverError) as error:
            yield problem(f"{host}: {error}", "Fix `mail:` in archiver.yaml. Until then no mail is sent.")
            return
        words = "accepts mail over an encrypted connection" if encrypted else "accepts mail, but without encryption"
        yield DoctorFinding(State.OK if encrypted else State.WARNING, f"{host} {words}; nothing was sent")
