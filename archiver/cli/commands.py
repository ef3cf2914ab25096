"""All commands. Each opens the home, calls one function of the packages, and shows what came back."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archiver.cli.output import emit, progress, say, table, tell, tell_lines

if TYPE_CHECKING:
    from archiver.config import Home
    from archiver.proof.assess import Use
    from archiver.sync import Result
    from archiver.vault import Vault

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Licence proof of stock purchases: captured automatically, dated by third parties, found in a minute.",
)
client_app = typer.Typer(no_args_is_help=True, help="Clients: each owns one archive.")
account_app = typer.Typer(no_args_is_help=True, help="Accounts: one sign-in at one platform.")
claim_app = typer.Typer(no_args_is_help=True, help="Claims: letters that demand proof or money; working papers.")
catalogue_app = typer.Typer(no_args_is_help=True, help="The search index, a cache of the archive.")
recording_app = typer.Typer(no_args_is_help=True, help="Recordings: scripted sessions that prove an adapter.")
app.add_typer(client_app, name="client")
app.add_typer(account_app, name="account")
app.add_typer(claim_app, name="claim")
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(recording_app, name="recording")

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY")]
HomeOption = Annotated[
    Path | None, typer.Option("--home", help="The home folder [default: $ARCHIVER_HOME, ./ with archiver.yaml, ...].")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
ReplayOption = Annotated[Path | None, typer.Option("--replay", help="Recordings to serve; replay homes only.")]


@app.callback()
def root(home: HomeOption = None) -> None:
    if home:  # given before the command, it is as good as after it
        os.environ["ARCHIVER_HOME"] = str(home)


def opened(home: Path | None) -> Home:
    from archiver.config import Home, find_home

    return Home.load(find_home(home))


def unlocked(home: Home) -> Vault:
    from archiver.vault import open_vault

    return open_vault(home.vault)


# ---------------------------------------------------------------- setting up


@app.command()
def demo(
    keep: Annotated[
        Path | None,
        typer.Option(help="Where to leave the demo's home, key and authority root [default: a new temporary folder]."),
    ] = None,
) -> None:
    """Show the whole job on bundled recordings, in a real browser; no account needed.

    Example: archiver demo --keep /tmp/demo
    """
    from archiver.demo import demo as show

    asyncio.run(show(keep, tell_lines))


@app.command()
def setup(
    home: HomeOption = None,
    agency: Annotated[str | None, typer.Option(help="Your agency's name.")] = None,
) -> None:
    """Set this machine up, guided: home, agency, browser, vault key, timestamps.

    Example: archiver setup --home ~/archiver --agency "Northlight Media"
    """
    from archiver.setup import setup as guide

    guide(home, agency, say=say, ask=ask)


@app.command()
def doctor(
    online: Annotated[bool, typer.Option("--online", help="Ask each timestamp authority, too.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Examine this machine and the home: what is ok, what is not, and the one thing to do about each.

    Example: archiver doctor --online
    """
    from archiver.config import default_home
    from archiver.doctor import examine

    report = examine(home or default_home(), online=online)
    if as_json:
        emit(report.as_json())
    else:
        tell_lines(report.as_text())
    raise typer.Exit(report.exit_code)


def ask(question: str, default: str) -> str:
    """Ask a person; where there is no terminal, the default is the answer."""
    return str(typer.prompt(question, default=default, err=True)) if sys.stdin.isatty() else default


@app.command()
def init(
    home: Annotated[Path | None, typer.Argument(help="The folder to make.")] = None,
    replay: Annotated[
        bool, typer.Option(help="A home for recordings only, whose archives are never evidence.")
    ] = False,
    home_option: HomeOption = None,
) -> None:
    """Make a home folder and its vault.

    Example: archiver init ~/archiver
    """
    from archiver.setup import initialise

    made = initialise(home or home_option, replay=replay)
    say(f"Made {made.root}. Next: archiver client add SLUG --name NAME")


@client_app.command("add")
def client_add(
    slug: Annotated[str, typer.Argument(help="A short name for files and commands: acme.")],
    name: Annotated[str, typer.Option(help="The client's full name.")],
    alias: Annotated[list[str] | None, typer.Option(help="Another name; repeatable.")] = None,
    domain: Annotated[list[str] | None, typer.Option(help="A domain of the client; repeatable.")] = None,
    home: HomeOption = None,
) -> None:
    """Add a client.

    Example: archiver client add acme --name "Acme Ltd" --domain acme.example
    """
    from archiver.config import add_client

    opened_home = opened(home)
    add_client(opened_home.root, slug, name=name, aliases=alias or [], domains=domain or [])
    say(f"Added client {slug}. Next: archiver account add NAME --client {slug} --provider PROVIDER")


@account_app.command("add")
def account_add(
    name: Annotated[str, typer.Argument(help="A name of your own, unique in this home: acme-shutterstock.")],
    client: Annotated[str, typer.Option(help="The client, or `house` for a shared account.")],
    provider: Annotated[str, typer.Option(help="The platform; `archiver providers` lists them.")],
    username: Annotated[str | None, typer.Option(help="The user name at the platform.")] = None,
    method: Annotated[str | None, typer.Option(help="How to sign in [default: the provider's first].")] = None,
    plan: Annotated[str | None, typer.Option(help="The plan, in your words.")] = None,
    setting: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for the adapter; repeatable.")] = None,
    secrets_stdin: Annotated[
        bool, typer.Option("--secrets-stdin", help="Read the secrets as YAML from stdin.")
    ] = False,
    accept_automation: Annotated[
        str | None, typer.Option(metavar="PERSON", help="Who accepts unattended runs where the terms bar or omit them.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Add an account and put its secrets into the vault.

    Example: archiver account add acme-shutterstock --client acme --provider shutterstock
    """
    from archiver.accounts import add, method_of

    here = opened(home)
    chosen = method_of(provider, method)
    secrets = read_secrets(secrets_stdin, chosen)
    settings = {name: value or "true" for name, _, value in (pair.partition("=") for pair in setting or [])}
    add(
        here, unlocked(here), name, client=client, provider=provider, method=method, username=username, plan=plan,
        settings=settings, secrets=secrets, accepted_by=accept_automation,
    )  # fmt: skip
    say(f"Added account {name}. Next: archiver run --account {name}")


@account_app.command("rotate")
def account_rotate(
    name: Annotated[str, typer.Argument(help="The account.")],
    username: Annotated[str | None, typer.Option(help="A new user name, if it changed too.")] = None,
    secrets_stdin: Annotated[
        bool, typer.Option("--secrets-stdin", help="Read the secrets as YAML from stdin.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Give an account its new secret; the same history goes on in the same archive.

    Example: archiver account rotate acme-shutterstock
    """
    from archiver.accounts import method_of, rotate

    here = opened(home)
    account = here.account(name)
    rotate(
        here, unlocked(here), name, read_secrets(secrets_stdin, method_of(account.provider, account.method)), username
    )
    say(f"Changed the secret of {name}. Next: archiver run --account {name}")


def read_secrets(from_stdin: bool, method: Any) -> dict[str, str]:
    """Secrets as YAML from standard input, or prompted for without echo on a terminal."""
    from archiver.accounts import parse_secrets

    if from_stdin:
        return parse_secrets(sys.stdin.read())
    if not sys.stdin.isatty():
        return {}
    if method.where:
        say(method.where)
    given = {name: typer.prompt(name, hide_input=True, err=True) for name in method.secrets}
    for name in method.optional_secrets:
        given[name] = typer.prompt(f"{name} (empty if none)", hide_input=True, default="", show_default=False, err=True)
    return {name: value for name, value in given.items() if value}


@app.command("sign-in")
def sign_in(
    name: Annotated[str, typer.Argument(help="The account.")],
    replay: ReplayOption = None,
    headless: Annotated[bool, typer.Option(hidden=True)] = False,
    home: HomeOption = None,
) -> None:
    """Sign in as a person, in a visible browser; the session is saved for the nights.

    Example: archiver sign-in acme-freepik
    """
    from archiver.accounts import sign_in as attend

    here = opened(home)
    asyncio.run(attend(here, unlocked(here), name, replay=replay, headless=headless, say=say))
    say(f"Signed in {name}. Next: archiver run --account {name}")


# ---------------------------------------------------------------- the run


@app.command()
def run(
    client: Annotated[list[str] | None, typer.Option(help="Only this client; repeatable.")] = None,
    account: Annotated[list[str] | None, typer.Option(help="Only this account; repeatable.")] = None,
    asset: Annotated[str | None, typer.Option(help="Only the licences of this asset id.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Read every history to its end.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Sign in and count; archive nothing.")] = False,
    as_json: JsonOption = False,
    replay: ReplayOption = None,
    after_restore: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            help="Once after a restore from a backup: the newest checkpoint that a witness holds, or its folder.",
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Archive what is new at every account; read-only toward the platforms.

    Example: archiver run --client acme
    """
    from archiver.run import Order
    from archiver.run import run as run_accounts

    here = opened(home)
    order = Order(
        clients=client or (), accounts=account or (), asset_id=asset, full=full, dry_run=dry_run, replay=replay,
        after_restore=after_restore,
    )  # fmt: skip

    def finished(result: Result) -> None:
        numbers = f"{result.listed} listed, {result.archived} archived, {result.already} already"
        trouble = f" - {result.error}" if result.error else ""
        say(f"{result.account}: {result.outcome}{trouble}: {numbers} ({result.seconds:.1f} s)")

    with progress() as watch:
        summary = asyncio.run(run_accounts(here, unlocked(here), order, progress=watch, finished=finished))
    for slug, fault in summary.faults.items():
        say(f"{slug}: {fault}")
    for warning in summary.warnings:
        say(f"warning: {warning}")
    if as_json:
        emit(summary.as_json())
    else:
        columns = ("account", "outcome", "listed", "archived", "already", "comps", "incomplete", "unexplained")
        rows = [
            (r.account, r.outcome, r.listed, r.archived, r.already, r.comps, len(r.incomplete), len(r.unexplained))
            for r in summary.accounts
        ]
        table(columns, rows)
        for result in summary.accounts:
            if result.message:
                tell(f"{result.account}: {result.message}")
            for short_id in result.incomplete:
                tell(f"  incomplete: {short_id}")
            for platform_id in result.unexplained:
                tell(f"  unexplained: {platform_id}")
        tell(f"Run {summary.run}: {summary.outcome}.")
    raise typer.Exit(summary.exit_code)


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Folders, zips, mails, lists, documents.")],
    client: Annotated[str, typer.Option(help="The client to whose archive it goes.")],
    by: Annotated[str | None, typer.Option(metavar="PERSON", help="Who imports [default: the system's user].")] = None,
    keep_files: Annotated[
        bool, typer.Option("--keep-files", help="Archive delivered files too, not only their digests.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what each file is; archive nothing.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Archive licence proof from folders, zips, mail, lists and documents, on any platform.

    Example: archiver import ~/projects/acme --client acme --dry-run
    """
    from getpass import getuser

    from archiver.intake.importing import import_files

    here = opened(home)
    with progress() as watch:
        report = import_files(
            here, unlocked(here), paths, client, by=by or f"system user {getuser()}", dry_run=dry_run,
            keep_files=keep_files, progress=watch,
        )  # fmt: skip
    for warning in report.warnings:
        say(f"warning: {warning}")
    if as_json:
        emit(report.as_json())
    else:
        table(("file", "kind", "outcome", "licence, or why"), report.table())
    counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(report.counts.items()))
    say(f"{'Dry run, nothing was archived' if dry_run else client}: {counts or 'no files'}.")
    raise typer.Exit(report.exit_code)


@app.command()
def capture(
    client: Annotated[str, typer.Option(help="The client to whose archive it goes.")],
    urls: Annotated[list[str] | None, typer.Argument(metavar="[URL]...", help="Pages to begin with.")] = None,
    by: Annotated[
        str | None, typer.Option(metavar="PERSON", help="Who is at the wheel [default: the system's user].")
    ] = None,
    as_json: JsonOption = False,
    replay: ReplayOption = None,
    home: HomeOption = None,
) -> None:
    """Archive what you download, and the pages you mark, in a browser window, on any platform.

    Sign in by hand. Every licence document that you open or download is archived, and every page on which you press the
    bar's button or Alt+Shift+M. Close the window, or press Ctrl-C here, to end.

    Example: archiver capture --client acme https://stock.example.com/licences
    """
    from getpass import getuser

    from archiver.intake.attended import capture_attended

    here = opened(home)
    by = by or f"system user {getuser()}"
    report = asyncio.run(capture_attended(here, unlocked(here), urls or (), client, by=by, replay=replay, say=say))
    for warning in report.warnings:
        say(f"warning: {warning}")
    if as_json:
        emit(report.as_json())
    elif report.fates:
        table(("captured", "kind", "outcome", "licence, or why"), report.table())
    counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(report.counts.items()))
    say(f"{client}: {counts or 'nothing was captured'}.")
    raise typer.Exit(report.exit_code)


# ---------------------------------------------------------------- finding and proving


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="Words, an id, a day, a file name, the address of a preview.")] = "",
    image: Annotated[
        str | None, typer.Option(metavar="FILE|URL", help="A picture, perhaps cropped or covered, a screenshot.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="PNG", help="With --image: show picture and previews side by side.")
    ] = None,
    client: Annotated[str | None, typer.Option(help="Only this client's archive.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at the most.")] = 20,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Find licences by id, day, title, kind, licensee, client hint, file name, certificate text, or by a picture.

    With --client, the licences of shared accounts that are assigned to nobody are searched too.

    Example: archiver find "harbour at dawn"

    Example: archiver find --image screenshot.png --client acme --sheet side-by-side.png
    """
    from archiver import evidence

    here = opened(home)
    if image:
        content, name = evidence.picture_of(here, image)
        found = evidence.find_picture(here, content, name, client=client, limit=limit, warn=say)
        rows = found.rows
        if sheet and found.sheets:
            evidence.write_new(sheet, evidence.sheet(found.sheets))
            say(f"Wrote {sheet}. Compare by eye: a match is a hint.")
    else:
        rows = evidence.find(here, text, client=client, limit=limit, warn=say)
    if as_json:
        emit(rows)
    elif not rows:
        tell("No licence found in this archive.")
    if all(row["match"] == "possible" for row in rows):
        for line in evidence.incomplete(here, client):
            say(f"  {line}")
    for row in [] if as_json else rows:
        hint = f"{row['match']} picture: " if row["match"] in ("same", "probable", "possible") else ""
        tell(f"{hint}{row['licence']}  {row['title'] or ''}".rstrip())
        secured = f"secured since {row['secured_since']}" if row["secured_since"] else "not yet secured by a timestamp"
        licensed = (
            f"licensed on {row['licensed_at'] or 'an unknown day'} to {row['licensee'] or 'a licensee not named'}"
        )
        tell(f"    {row['kind'] or 'licence'}, {licensed}, {secured} ({row['state']})")


@app.command()
def show(
    licence: Annotated[str, typer.Argument(help="A short id as printed everywhere, or any unique part of it.")],
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show everything about one licence.

    Example: archiver show 20261124_shutterstock_1234567890
    """
    from archiver.evidence import show as describe

    described = describe(opened(home), licence)
    if as_json:
        emit(described)
        return
    for name, value in described.items():
        if isinstance(value, list):
            tell(f"{name}:")
            for item in value:
                tell("  " + (", ".join(f"{k}: {v}" for k, v in item.items()) if isinstance(item, dict) else str(item)))
        elif isinstance(value, dict):
            tell(f"{name}: " + ", ".join(f"{k}: {v}" for k, v in value.items()))
        else:
            tell(f"{name}: {'-' if value is None else value}")


@app.command()
def assign(
    licence: Annotated[str, typer.Argument(help="A short id, or any unique part of it.")],
    client: Annotated[str, typer.Argument(help="The client that the licence is for.")],
    reason: Annotated[str, typer.Option(help="Why: the order, the job, who said so.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="The person who says so.")],
    also: Annotated[
        bool, typer.Option("--also", help="For the clients that it was for before, too, where the terms allow that.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Say which client a licence is for: it is copied into that client's archive, and recorded in both.

    Example: archiver assign house/20261124_shutterstock_1234567890 acme --reason "Job 4711" --by "Ada Example"
    """
    from archiver.assignment import Assignment
    from archiver.evidence import assign as record

    here = opened(home)
    record(here, unlocked(here), licence, Assignment(client=client, by=by, reason=reason, also=also))
    say(f"{licence.rpartition('/')[2]} is assigned to {client}.")


@app.command()
def verify(
    client: Annotated[str | None, typer.Option(help="Only this client's archive.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Ledger, checkpoints and inventories; no file contents.")
    ] = False,
    licence: Annotated[str | None, typer.Option(help="Only this licence (short id or a unique part).")] = None,
    roots: Annotated[Path | None, typer.Option(help="Timestamp roots that you trust (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="The signer's public key that you trust (PEM).")] = None,
    against: Annotated[
        Path | None, typer.Option(exists=True, help="A checkpoint that a witness holds, or a folder of them.")
    ] = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="First get new timestamps over the old ones, where their end is near.")
    ] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Check every byte, signature and date of the archives; names the file at fault.

    Example: archiver verify --client acme
    """
    from archiver.evidence import renew as renew_timestamps
    from archiver.evidence import verify as check

    here = opened(home)
    if renew:
        renew_timestamps(here, unlocked(here), client=client, say=say)
    code, document, text = check(
        here, client=client, quick=quick, licence=licence, roots=roots, key=key, against=against
    )
    if as_json:
        emit(document)
    else:
        tell_lines(text)
    raise typer.Exit(code)


# ---------------------------------------------------------------- the dispute


def day(moment: datetime | None) -> Any:
    return moment.date() if moment else None


def asking() -> Any:
    """How a person is asked; None where nobody is there to be asked."""
    return ask if sys.stdin.isatty() else None


@claim_app.command("add")
def claim_add(
    client: Annotated[str, typer.Option(help="The client that the letter concerns.")],
    file: Annotated[Path | None, typer.Argument(help="The letter: PDF, mail, text or picture.")] = None,
    manual: Annotated[bool, typer.Option("--manual", help="No letter: all is stated by options.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm what is read, without being asked.")] = False,
    claimant: Annotated[str | None, typer.Option(help="Who demands.")] = None,
    reference: Annotated[str | None, typer.Option(help="Their case number.")] = None,
    kind: Annotated[str | None, typer.Option(help="inquiry, demand or abmahnung.")] = None,
    url: Annotated[list[str] | None, typer.Option(help="A page with the picture; repeatable.")] = None,
    picture: Annotated[list[Path] | None, typer.Option(help="A picture of the claim; repeatable.")] = None,
    amount: Annotated[float | None, typer.Option(help="The sum that is demanded.")] = None,
    currency: Annotated[str | None, typer.Option(help="Its currency: EUR.")] = None,
    received: Day = None,
    deadline: Day = None,
    first_seen: Day = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Read a letter into a claim: who, which case, which pages, how much, by when. Options override what was read.

    Readings count once they are confirmed: field by field at a terminal, or by --yes.

    Example: archiver claim add letter.pdf --client acme
    """
    from archiver.dispute import CONFIRM, add, described
    from archiver.reading.letters import LetterKind

    if manual == bool(file):
        raise typer.BadParameter("give a letter's file, or --manual")
    if kind and kind not in list(LetterKind):
        raise typer.BadParameter(f"--kind is one of {', '.join(LetterKind)}")
    stated = {
        "claimant": claimant, "reference": reference, "kind": LetterKind(kind) if kind else None,
        "urls": tuple(url or ()), "amount": amount, "currency": currency, "received": day(received),
        "deadline": day(deadline), "first_seen": day(first_seen),
    }  # fmt: skip
    claim = add(
        opened(home), client, file, stated, picture or (), accept=yes, ask=None if as_json else asking(), say=say
    )
    if as_json:
        emit(claim.as_json())
    for line in [] if as_json else described(claim):
        tell(line)
    if not claim.confirmed:
        say(f"Not confirmed, so nothing counts yet. {CONFIRM}")


@claim_app.command("list")
def claim_list(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List the claims, the most urgent first, with the days left to answer and to notify the platform.

    Example: archiver claim list
    """
    from datetime import UTC

    from archiver.proof.claims import all_claims

    now = datetime.now(UTC)
    found = [claim.as_json() | claim.clocks(now) for claim in all_claims(opened(home))]
    if as_json:
        emit(found)
        return
    columns = ("claim", "claimant", "reference", "deadline", "days_left", "notice_deadline", "notice_days_left")
    rows = [
        (*("-" if claim[name] is None else claim[name] for name in columns),
         "OVERDUE" if claim["overdue"] else "" if claim["confirmed"] else "not confirmed")
        for claim in found
    ]  # fmt: skip
    table((*(name.replace("_", " ") for name in columns), ""), rows)


@claim_app.command("show")
def claim_show(
    claim: Annotated[str, typer.Argument(help="The claim, a unique part of its name, or its reference.")],
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show a claim: what was read, and how.

    Example: archiver claim show acme-1a2b3c4d
    """
    from datetime import UTC

    from archiver.dispute import described
    from archiver.proof.claims import load

    found = load(opened(home), claim)
    if as_json:
        emit(found.as_json() | found.clocks(datetime.now(UTC)))
    for line in [] if as_json else described(found):
        tell(line)


@claim_app.command("enter")
def claim_enter(
    claim: Annotated[str, typer.Argument(help="The claim.")],
    file: Annotated[str, typer.Argument(help="A paper in the claim's folder, or any other file.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="The person who enters it.")],
    home: HomeOption = None,
) -> None:
    """Make one working paper evidence: it goes into the client's archive, and stays there.

    Example: archiver claim enter acme-1a2b3c4d letter.pdf --by "Ada Example"
    """
    from archiver.dispute import enter

    here = opened(home)
    say(f"Entered as {enter(here, unlocked(here), claim, file, by)}.")


FirstSeen = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="When the picture was first used.")
]
UseKind = Annotated[str | None, typer.Option("--use", help="commercial or editorial.")]
Seats = Annotated[int, typer.Option(min=0, help="How many people worked with the picture.")]
Territory = Annotated[str | None, typer.Option(help="Where it was used, if not on the web.")]
Copies = Annotated[int, typer.Option(min=0, help="How many copies were printed.")]
Language = Annotated[str, typer.Option(help="en or de.")]


def use_of(first_seen: datetime | None, kind: str | None, seats: int, territory: str | None, copies: int) -> Use:
    from archiver.proof.assess import Use

    if kind not in (None, "commercial", "editorial"):
        raise typer.BadParameter("--use is commercial or editorial")
    return Use(first_seen=day(first_seen), kind=kind, seats=seats, territory=territory, copies=copies)


def language_of(language: str) -> str:
    from archiver.proof.assess import LANGUAGES

    if language not in LANGUAGES:
        raise typer.BadParameter(f"--language is one of {', '.join(LANGUAGES)}")
    return language


@app.command()
def assess(
    client: Annotated[str, typer.Option(help="The client that used the picture.")],
    licence: Annotated[str | None, typer.Argument(help="A short id or any unique part of it.")] = None,
    image: Annotated[str | None, typer.Option(metavar="FILE|URL", help="Or the picture itself.")] = None,
    claim: Annotated[str | None, typer.Option(help="The claim: its first use, its pages, its picture.")] = None,
    used_on: Annotated[str | None, typer.Option(metavar="URL", help="The page with the picture.")] = None,
    first_seen: FirstSeen = None,
    use: UseKind = None,
    seats: Seats = 0,
    territory: Territory = None,
    copies: Copies = 0,
    language: Language = "en",
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Say whether a licence covers a use: covered, open, or not covered, each finding with its document.

    Example: archiver assess 20261124_shutterstock_1234567890 --client acme --first-seen 2026-12-01 --use commercial
    """
    from archiver.dispute import assess as judge
    from archiver.proof.claims import load

    here = opened(home)
    told = use_of(first_seen, use, seats, territory, copies)
    found = judge(
        here, client, told, name=licence, picture=image, claim=load(here, claim) if claim else None, used_on=used_on,
        warn=say,
    )  # fmt: skip
    document = found.as_json(language_of(language))
    if as_json:
        emit(document)
        return
    tell(f"{document['verdict']}: {found.licence or 'no licence found in this archive'}")
    for finding in document["findings"]:
        where = finding["document"] or ""
        place = f" [{where}, page {finding['page']}]" if finding["page"] else f" [{where}]" if where else ""
        tell(f"  {finding['verdict']:<11} {finding['message']}{place}")
    for note in found.notes:
        tell(f"  note        {note}")


@app.command()
def letter(
    file: Annotated[Path, typer.Argument(help="The letter: PDF, mail, text or picture.")],
    client: Annotated[str, typer.Option(help="The client that it concerns.")],
    yes: Annotated[bool, typer.Option("--yes", help="Accept what is read and what is certain; ask nothing.")] = False,
    licence: Annotated[str | None, typer.Option(help="The licence, where it is known.")] = None,
    picture: Annotated[Path | None, typer.Option(help="The picture, where the letter holds none.")] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who says for whom the licence was bought.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is this client's: the order, the job.")] = None,
    first_seen: FirstSeen = None,
    use: UseKind = None,
    out: Annotated[Path | None, typer.Option(help="The pack to write [default: in the claim's folder].")] = None,
    language: Language = "en",
    home: HomeOption = None,
) -> None:
    """From a letter to the pack in one dialogue: claim, licence, client, verdict, pack. Run it again to go on.

    Example: archiver letter letter.pdf --client acme
    """
    from archiver.dispute import Dialogue
    from archiver.dispute import letter as guide

    here = opened(home)
    told = Dialogue(
        client=client, yes=yes, licence=licence, picture=picture, by=by, reason=reason, out=out,
        use=use_of(first_seen, use, 0, None, 0), language=language_of(language),
        stated={"first_seen": day(first_seen)},
    )  # fmt: skip
    guide(here, lambda: unlocked(here), file, told, ask=None if yes else asking(), say=tell)


@app.command()
def proof(
    out: Annotated[Path, typer.Option(help="The zip to write; a PDF of the same name comes beside it.")],
    licence: Annotated[
        list[str] | None, typer.Argument(help="Licences, by short id or a unique part [default: the claim's].")
    ] = None,
    claim: Annotated[
        str | None, typer.Option(help="The claim that this answers: its reference and picture go in.")
    ] = None,
    internal: Annotated[bool, typer.Option(help="Also write everything, unabridged, into NAME-internal.zip.")] = False,
    drafts: Annotated[bool, typer.Option(help="Also write drafts of letters and statements, beside the zip.")] = False,
    counter_requests: Annotated[bool, typer.Option(help="Let the reply ask for eight proofs in return.")] = True,
    language: Annotated[str, typer.Option(help="en or de.")] = "en",
    home: HomeOption = None,
) -> None:
    """Pack what proves licences, for a claimant, an insurer or a lawyer: a PDF to read and a zip to check.

    Prices, accounts, seats and other clients stay out of both.

    Example: archiver proof 1234567890_1a2b3c4d --out proof.zip
    """
    from archiver.dispute import HandOver, hand_over
    from archiver.proof.claims import load

    here = opened(home)
    order = HandOver(
        out=out, language=language_of(language), claim=load(here, claim) if claim else None, internal=internal,
        drafts=drafts, counter_requests=counter_requests,
    )  # fmt: skip
    for path in hand_over(here, licence or [], order, warn=lambda text: say(f"warning: {text}")):
        say(f"Wrote {path}.")
    say("HOW-TO-CHECK.txt in the zip says how anybody can check it without this software.")


# ---------------------------------------------------------------- erasing and holding


@app.command()
def erase(
    licence: Annotated[str, typer.Argument(help="A short id as printed everywhere, or any unique part of it.")],
    reason: Annotated[str, typer.Option(help="A class (see docs/privacy.md), CLASS: TEXT, or any text.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who decided it; kept in a statement, never in the ledger.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would go; erase nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Erase a licence's content for good; a tombstone with its digests stays, and everybody sees that it was erased.

    Example: archiver erase 1234567890_1a2b3c4d --reason data_subject_request --by "Ada Example"
    """
    from archiver.privacy import erase as erase_content
    from archiver.privacy import plan

    here = opened(home)
    done = plan(here, licence)
    if not dry_run and done["outcome"] == "would_erase":
        say(f"{done['licence']}: {len(done['files'])} files, {done['bytes']} bytes, would be erased for good.")
        if not (yes or confirmed("Erase?")):
            raise typer.BadParameter("nothing was erased; say --yes, or answer the question on a terminal")
        done, warnings = erase_content(here, unlocked(here), licence, reason=reason, by=by)
        for warning in warnings:
            say(f"warning: {warning}")
    if as_json:
        emit(done)
        return
    tell(f"{done['licence']}: {done['outcome'].replace('_', ' ')}")
    for name in done["files"]:
        tell(f"  {name}")
    tell("What an erasure does not reach:")
    for text in done["not_reached"]:
        tell(f"  {text}")


def confirmed(question: str) -> bool:
    """Whether a person says yes; where there is no terminal, nobody does."""
    return sys.stdin.isatty() and typer.confirm(question, err=True)


@app.command()
def hold(
    by: Annotated[str, typer.Option(metavar="NAME", help="Who decided it; kept in a statement, never in the ledger.")],
    licence: Annotated[str | None, typer.Argument(help="A short id, or any unique part of it.")] = None,
    client: Annotated[str | None, typer.Option(help="This client's whole archive instead.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it must not be erased.")] = None,
    release: Annotated[bool, typer.Option("--release", help="End the holds on just this.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Put a licence, or a client's archive, under legal hold: until it is released, nothing of it is erased.

    Example: archiver hold 1234567890_1a2b3c4d --by "Ada Example" --reason "letter of 3 May"
    """
    from archiver.privacy import hold as put_under_hold

    here = opened(home)
    done, warnings = put_under_hold(
        here, unlocked(here), name=licence, client=client, by=by, reason=reason, release=release
    )
    for warning in warnings:
        say(f"warning: {warning}")
    if as_json:
        emit(done)
        return
    tell(f"{done['client']}: {done['scope']}: {done['outcome']}")
    for each in done["holds"]:
        tell(f"  held: {each['scope']} since {each['since']} by {each['by'] or '-'}: {each['reason'] or '-'}")


@catalogue_app.command("rebuild")
def catalogue_rebuild(home: HomeOption = None) -> None:
    """Build the search index anew from the archives.

    Example: archiver catalogue rebuild
    """
    from archiver.evidence import rebuild

    for slug, licences in rebuild(opened(home)).items():
        say(f"{slug}: {licences} licences")


# ---------------------------------------------------------------- adapters


@app.command()
def providers(as_json: JsonOption = False) -> None:
    """List the platforms: what each adapter stands on, what it can get, and what the platform's terms say.

    Example: archiver providers --json
    """
    from archiver.accounts import describe_providers

    described = describe_providers()
    if as_json:
        emit(described)
        return
    for info in described:
        methods = ", ".join(f"{method['name']} ({method['transport']})" for method in info["methods"])
        terms = info["automation"]
        tell(f"{info['name']}: {info['title']}")
        tell(f"  sign-in:    {methods}; scope: {info['scope']}")
        tell(f"  basis:      {info['basis']}: {info['basis_detail']}; live: {info['live']}")
        for kind, how in info["documents"].items():
            tell(f"  {kind + ':':<11} {how}")
        quote = f'"{terms["quote"]}" - ' if terms["quote"] else ""
        tell(f"  automation: {terms['stance']}: {quote}{terms['source']} (looked up {terms['read_on']})")
        for page in info["terms"]:
            only = f" (for {', '.join(page['kinds'])})" if page["kinds"] else ""
            tell(f"  terms:      {page['name']}{only}: {page['url']}")
        tell(f"  confirm:    {info['confirm']['how']}; who may ask: {info['confirm']['who']}")


@recording_app.command("check")
def recording_check(paths: Annotated[list[Path], typer.Argument(help="Recording folders.")]) -> None:
    """Run recordings and compare with their expected.yaml; exit code 1 and the fields on a mismatch.

    Example: archiver recording check recordings/*/*
    """
    from archiver.expected import check, checking

    async def check_all() -> int:
        wrong = 0
        async with checking() as shared:
            for path in paths:
                lines = await check(path, shared)
                wrong += bool(lines)
                tell(f"{path}: {'differs' if lines else 'as expected'}")
                for line in lines:
                    tell(f"  {line}")
        return wrong

    raise typer.Exit(1 if asyncio.run(check_all()) else 0)


@recording_app.command("expect")
def recording_expect(
    paths: Annotated[list[Path], typer.Argument(help="Recording folders.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing expected.yaml.")] = False,
) -> None:
    """Write expected.yaml from what the adapter makes of a recording now.

    Example: archiver recording expect recordings/shutterstock/two-pages
    """
    from archiver.expected import checking, expect

    async def expect_all() -> None:
        async with checking() as shared:
            for path in paths:
                tell(await expect(path, force=force, shared=shared))

    asyncio.run(expect_all())
