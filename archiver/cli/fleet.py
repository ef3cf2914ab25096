"""Commands for a fleet: many workers that share PostgreSQL and the replica's bucket, without a disk of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, app, awaited, opened, unlocked
from archiver.cli.output import counted, emit, say, table, tell
from archiver.core.errors import ArchiverError, ConfigError
from archiver.core.progress import show_with
from archiver.home.home_folder import FLEET, fleet_address

if TYPE_CHECKING:
    from archiver.fleet.fleet_database import FleetDatabase

fleet_app = typer.Typer(
    no_args_is_help=True, help="A fleet: many workers with one PostgreSQL and one bucket, for thousands of accounts."
)
app.add_typer(fleet_app, name="fleet")

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database", metavar="URL", help="The fleet's database: postgresql://... [default: $ARCHIVER_FLEET]."
    ),
]


@contextmanager
def _database(address: str | None, word: str) -> Iterator[FleetDatabase]:
    from archiver.agency.fleet import holder_name
    from archiver.fleet.fleet_database import FleetDatabase

    address = address or os.environ.get(FLEET) or fleet_address()
    if not address or not address.startswith(("postgresql://", "postgres://")):
        raise ConfigError(f"Name the fleet's database: --database postgresql://HOST/NAME, or set {FLEET}.")
    with FleetDatabase(address, holder_name(word)) as database:
        yield database


def _key() -> str:
    from archiver.home.vault import find_key

    return find_key()


@fleet_app.command("init")
def init(
    settings: Annotated[Path, typer.Option("--settings", metavar="FILE", help="The archiver.yaml for all clients.")],
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Begin a fleet in an empty database, or give a fleet other settings. The settings must name the replica's bucket.

    Example: archiver fleet init --database postgresql://db.example.com/archiver --settings archiver.yaml
    """
    from archiver.agency import fleet

    with _database(database, "init") as opened_one:
        document = fleet.init(opened_one, _key(), settings)
    if as_json:
        emit(document)
    else:
        tell(f"Fleet {document['outcome']}: bucket {document['bucket']}, visits from {document['night']}.")
        say("Next: move clients in with `archiver fleet adopt`, and start workers with `archiver fleet worker`.")


@fleet_app.command("adopt")
def adopt(
    clients: Annotated[list[str] | None, typer.Option("--client", help="Only these clients.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would move; change nothing.")] = False,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Move clients of a home into the fleet: archives, accounts and secrets. The archive here stays as a copy.

    Example: archiver fleet adopt --home northlight --client acme
    """
    from archiver.agency import fleet_clients

    here = opened(home)
    with _database(database, "adopt") as opened_one:
        document = fleet_clients.adopt(
            opened_one, _key(), here, unlocked(here), clients or [], dry_run=dry_run, say=say
        )
    if as_json:
        emit(document)
        return
    for each in document["clients"]:
        tell(f"{each['client']}: {each['outcome']}, {counted(len(each['accounts']), 'account')}")
    if not document["clients"]:
        tell("This home has no clients.")


@fleet_app.command("export")
def export(
    client: Annotated[str, typer.Argument(help="The client's short name.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder of the new home.")],
    move: Annotated[bool, typer.Option("--move", help="With secrets and key: the client leaves the fleet.")] = False,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a client as a plain home: its archive restored and verified, ready for find, proof, verify and the desk.

    Without --move it is a copy to look at: it has no secrets and no signing key.

    Example: archiver fleet export acme --out acme-home
    """
    from archiver.agency import fleet_clients

    with _database(database, "export") as opened_one:
        document = fleet_clients.export(opened_one, _key(), client, out, move=move)
    if as_json:
        emit(document)
    else:
        tell(f"{client}: {document['state']}, {counted(document['lines'], 'ledger line')}, in {out}")
        if move:
            say(f"The fleet no longer visits {client}. Plan its nights with `archiver schedule --home {out}`.")


@fleet_app.command("checkout")
def checkout(
    context: typer.Context,
    client: Annotated[str, typer.Argument(help="The client's short name.")],
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="A command of this program.")],
    database: DatabaseOption = None,
) -> None:
    """Run one command on a client here, and publish what it changed. Workers leave the client alone meanwhile.

    For what a worker cannot do: attended sign-in and capture, imports, settings of accounts, proof for a letter.

    Example: archiver fleet checkout acme -- sign-in acme-envato

    Example: archiver fleet checkout acme -- proof 1234567890 --out proof.zip
    """
    from archiver.agency import fleet_clients

    code, failed = 0, None
    with (
        _database(database, "checkout") as opened_one,
        fleet_clients.checked_out_home(opened_one, _key(), client) as visit,
    ):
        os.environ["ARCHIVER_HOME"] = str(visit.home.root)
        try:
            code = int(context.find_root().command.main(args=command, prog_name="archiver", standalone_mode=False) or 0)
        except ArchiverError as error:  # what it had archived before counts all the same
            failed = error
        visit.finish()
    for warning in visit.said:
        say(f"archiver: {warning}")
    if failed:
        raise failed
    raise typer.Exit(code)


@fleet_app.command("run")
def run(
    clients: Annotated[list[str] | None, typer.Option("--client", help="All accounts of these clients.")] = None,
    accounts: Annotated[list[str] | None, typer.Option("--account", help="These accounts.")] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask for visits now: they come before all others. Without options, every account is visited.

    Example: archiver fleet run --account acme-shutterstock
    """
    from archiver.agency import fleet

    with _database(database, "run") as opened_one:
        document = fleet.ask(opened_one, _key(), clients=clients or [], accounts=accounts or [])
    if as_json:
        emit(document)
    else:
        tell(f"{counted(document['queued'], 'visit')} queued, {document['moved_up']} moved up.")


@fleet_app.command("worker")
def worker(
    visits: Annotated[int, typer.Option("--visits", min=1, max=64, help="Accounts at the same time.")] = 4,
    scratch: Annotated[
        Path | None, typer.Option("--scratch", metavar="DIR", help="For visits; best in memory: /dev/shm/NAME.")
    ] = None,
    until_empty: Annotated[bool, typer.Option("--until-empty", help="End when nothing is due.")] = False,
    plan: Annotated[bool, typer.Option("--plan/--no-plan", help="Also plan the nights. One worker must.")] = True,
    database: DatabaseOption = None,
) -> None:
    """Visit accounts until asked to end. Start as many workers as you need, on as many machines as you like.

    Example: archiver fleet worker --visits 8 --scratch /dev/shm/archiver
    """
    from tempfile import mkdtemp

    from archiver.agency.fleet_worker import FleetWorker
    from archiver.core.atomic_files import scratch as prefix

    show_with(None)  # it works on many clients at the same time, unwatched
    if scratch:
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _database(database, "worker") as opened_one:
        place = Path(mkdtemp(prefix=prefix("fleet"), dir=scratch))
        say(f"Worker {opened_one.holder} begins.")
        made = FleetWorker(opened_one, _key(), place, visits=visits, plans=plan, until_empty=until_empty, say=say)
        awaited(made())
        say(f"Worker {opened_one.holder} ended.")


@fleet_app.command("status")
def status(database: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """What waits and runs, which workers live, and how each account's last visit ended.

    Example: archiver fleet status
    """
    from archiver.agency import fleet

    with _database(database, "status") as opened_one:
        document = fleet.status(opened_one)
    if as_json:
        emit(document)
        return
    queue = document["queue"]
    if document["clock_wrong"]:
        off = fleet.off(document["clock_ahead_s"])
        say(f"This machine's clock is {off} the database's, so it takes no part in the fleet. Set it right.")
    tell(f"{counted(queue['running'], 'visit')} running, {queue['waiting']} waiting, {queue['due']} of these due.")
    table(
        ("worker", "visits", "last seen", "state"),
        [(each["name"], ", ".join(each["visits"]) or "-", each["seen_at"],
          f"takes no part: its clock is {fleet.off(each['clock_ahead_s'])} the database's" if each["clock_wrong"]
          else "silent" if each["silent"] else "ends after its visits" if each["draining"] else "works")
         for each in document["workers"]],
        "No worker runs. Start one with `archiver fleet worker`.",
    )  # fmt: skip
    table(
        ("client", "account", "last visit", "outcome", "error", "due"),
        [(each["client"], each["account"], each["visited_at"] or "never", each["outcome"] or "-", each["error"] or "-",
          each["due_at"] or "-") for each in document["accounts"]],
        "No accounts yet. Move clients in with `archiver fleet adopt`.",
    )  # fmt: skip


@fleet_app.command("drain")
def drain(
    workers: Annotated[list[str] | None, typer.Option("--worker", help="Only these workers.")] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let workers end after their running visits, for example before an upgrade. What waits stays in the queue.

    Example: archiver fleet drain
    """
    with _database(database, "drain") as opened_one:
        opened_one.check_format()
        asked = opened_one.drain(workers or [])
    if as_json:
        emit({"workers": asked})
    else:
        tell(f"{counted(len(asked), 'worker')} will end after the running visits.")
