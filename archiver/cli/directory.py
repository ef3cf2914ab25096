"""Commands that add and change clients, and list, show, rename and remove clients and accounts."""

from __future__ import annotations

from typing import Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, account_app, client_app, must_agree, opened, unlocked
from archiver.cli.output import Nothing, counted, emit, facts, listing, offer, say, table

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


@client_app.command("add")
def client_add(
    slug: Annotated[
        str | None, typer.Argument(help="A short name for files and commands: acme [default: made of the name].")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The client's full name.")] = None,
    alias: Annotated[list[str] | None, typer.Option(help="Another name; repeatable.")] = None,
    domain: Annotated[
        list[str] | None, typer.Option(help="A site of the client, or any address of it; repeatable.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Add a client. The short name stays for ever, because the signed ledger holds it.

    Example: archiver client add acme --name "Acme Ltd" --domain acme.example
    """
    from archiver.agency.new_client import named_client
    from archiver.home.settings_edit import add_client

    here = opened(home)
    slug, name, invented = named_client(here, slug, name)
    added = add_client(here.root, slug, name=name, aliases=alias or [], domains=domain or [])
    sites = f" with {', '.join(added.domains)}" if added.domains else ""
    made = f"; {slug} is its short name in files and commands" if invented else ""
    say(f"Added client {name if invented else slug}{sites}{made}.")
    offer("connect account", client=slug)


@client_app.command("change")
def client_change(
    slug: Annotated[str, typer.Argument(help="The client.")],
    alias: Annotated[list[str] | None, typer.Option(help="A further name; repeatable.")] = None,
    domain: Annotated[list[str] | None, typer.Option(help="A further site, or any address of it; repeatable.")] = None,
    home: HomeOption = None,
) -> None:
    """Give a client further names and sites. Letters about a site are read as this client's, and audits visit it.

    Example: archiver client change acme --domain https://www.acme.example/
    """
    from archiver.home.settings_edit import change_client

    if not (alias or domain):
        raise typer.BadParameter("give --alias or --domain")
    changed = change_client(opened(home).root, slug, aliases=alias or [], domains=domain or [])
    say(f"{changed.name}: also called {', '.join(changed.aliases) or 'nothing else'}; "
        f"sites {', '.join(changed.domains) or 'none'}.")  # fmt: skip


@client_app.command("list")
def client_list(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List the clients with their accounts and archived licences.

    Example: archiver client list
    """
    from archiver.agency.directory import client_rows

    rows = client_rows(opened(home))
    listing(
        rows, "clients", as_json,
        ("client", "name", "accounts", "licences"),
        [(row["client"], row["name"], len(row["accounts"]), row["licences"]) for row in rows],
        Nothing("No clients yet.", "add client"),
    )  # fmt: skip


@client_app.command("show")
def client_show(
    slug: Annotated[str, typer.Argument(help="The client.")], as_json: JsonOption = False, home: HomeOption = None
) -> None:
    """Show one client: names, domains, contact, accounts and archive.

    Example: archiver client show acme
    """
    from archiver.agency.directory import client_row

    here = opened(home)
    row = client_row(here, here.client(slug))
    if as_json:
        emit(row)
        return
    facts(row["name"], [
        ("client", row["client"]),
        ("also called", ", ".join(row["aliases"])),
        ("domains", ", ".join(row["domains"])),
        ("contact", " ".join(filter(None, (row["contact"]["name"], ", ".join(row["contact"]["to"]))))),
        ("accounts", ", ".join(row["accounts"]) or "none"),
        ("licences", f"{row['licences']:,}"),
        ("archive", f"archive/{slug}" if row["archive"] else "none yet"),
        ("settings", f"clients/{slug}.yaml"),
    ])  # fmt: skip


@client_app.command("rename")
def client_rename(
    slug: Annotated[str, typer.Argument(help="The client.")],
    name: Annotated[str, typer.Argument(help="The new full name.")],
    home: HomeOption = None,
) -> None:
    """Give a client another full name. The former name stays as an alias; the short name never changes.

    Example: archiver client rename acme "Acme Group Ltd"
    """
    from archiver.home.settings_edit import rename_client

    here = opened(home)
    before = here.client(slug).name
    rename_client(here.root, slug, name)
    say(f"{slug} is now {name}. {before} stays an alias, by which licences are recognised.")


@client_app.command("remove")
def client_remove(
    slug: Annotated[str, typer.Argument(help="The client.")], yes: YesOption = False, home: HomeOption = None
) -> None:
    """Remove a client that has no archive, with its accounts. An archive is evidence and always stays.

    Example: archiver client remove acme
    """
    from archiver.agency.directory import removable_client, remove_client_without_archive

    here = opened(home)
    client = removable_client(here, slug)
    accounts = counted(len(client.accounts), "account")
    if client.accounts:
        must_agree(f"Remove {slug} with {accounts} and their secrets?", yes, "nothing was removed")
    remove_client_without_archive(here, unlocked(here), slug)
    say(f"Removed {slug}" + (f" and {accounts}." if client.accounts else "."))


@account_app.command("list")
def account_list(
    client: Annotated[str | None, typer.Option(help="Only this client's accounts.")] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """List the accounts with their platforms and archived licences. `archiver status` shows their last runs.

    Example: archiver account list --client acme
    """
    from archiver.agency.directory import account_rows

    rows = account_rows(opened(home), client)
    listing(
        rows, "accounts", as_json, ("account", "client", "platform", "method", "licences", "closed"),
        [(row["account"], row["client"], row["provider"], row["method"] or "-", row["licences"], row["closed"] or "-")
         for row in rows],
        Nothing("No accounts yet.", "connect account"),
    )  # fmt: skip


@account_app.command("show")
def account_show(
    name: Annotated[str, typer.Argument(help="The account.")], as_json: JsonOption = False, home: HomeOption = None
) -> None:
    """Show one account: settings, plan, archived licences and last run. It never shows a secret.

    Example: archiver account show acme-shutterstock
    """
    from archiver.agency.directory import describe_account

    here = opened(home)
    row = describe_account(here, here.account(name))
    if as_json:
        emit(row)
        return
    facts(row["account"], [
        ("client", row["client"]),
        ("platform", f"{row['provider']}, sign-in by {row['method'] or 'an adapter that is not installed'}"),
        ("user name", row["username"]),
        ("plan", " ".join(filter(None, (row["plan"], row["plan_until"] and f"until {row['plan_until']}")))),
        ("seats", row["seats"]),
        ("people", row["people"]),
        ("settings", ", ".join(f"{key}={value}" for key, value in row["settings"].items())),
        ("rules", ", ".join(row["rules"])),
        ("licences", f"{row['licences']:,} archived"),
        ("last run", f"{row['last_run']} ({row['outcome']})" if row["last_run"] else "never"),
        ("complete", row["last_complete"]),
        ("next full", row["next_full"]),
        ("trouble", row["trouble"]),
        ("closed", row["closed"]),
    ])  # fmt: skip


@account_app.command("first")
def account_first(
    name: Annotated[str, typer.Argument(help="The account.")],
    month: Annotated[
        str | None, typer.Option(help="When its first purchase was, which is the list's last row: 2021-03.")
    ] = None,
    listing: Annotated[str | None, typer.Option("--list", help="Which list, if the account has several.")] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who says it [default: the system's user].")] = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """See the oldest rows of lists without proof of their end, and say that one is the account's first purchase.

    The archive keeps who said it, and when. The next run reads the list to its end and calls it complete; an older row
    withdraws what was said.

    Example: archiver account first acme-freepik

    Example: archiver account first acme-freepik --month 2021-03 --by "Ada Example"
    """
    from getpass import getuser

    from archiver.agency.first_purchase import open_lists, say_first_purchase

    here = opened(home)
    account = here.account(name)
    if month:
        said = say_first_purchase(here, unlocked(here), account, month, by or getuser(), listing)
        say(f"Recorded for {said.listing}.")
        offer("run account", account=name)
    found = open_lists(here, account)
    if as_json:
        emit({"account": name, "lists": [each.as_json() for each in found]})
        return
    listing_rows = [
        (each.listing, row.day, row.asset_id, row.title or "-", row.licence, each.by or "-")
        for each in found for row in each.rows
    ]  # fmt: skip
    table(
        ("list", "oldest", "asset", "title", "licence", "said by"), listing_rows,
        f"No list of {name} waits for its first purchase.",
    )  # fmt: skip
    for row in (row for each in found for row in each.rows if row.picture):
        offer("open", licence=row.licence, document=str(row.picture))


@account_app.command("rename")
def account_rename(
    name: Annotated[str, typer.Argument(help="The account.")],
    new: Annotated[str, typer.Argument(help="Its new name.")],
    home: HomeOption = None,
) -> None:
    """Give an account another name, as long as no run has written its name into the archive.

    Example: archiver account rename acme-shuterstock acme-shutterstock
    """
    from archiver.agency.directory import give_account_name

    here = opened(home)
    give_account_name(here, unlocked(here), name, new)
    say(f"{name} is now {new}.")


@account_app.command("remove")
def account_remove(
    name: Annotated[str, typer.Argument(help="The account.")], yes: YesOption = False, home: HomeOption = None
) -> None:
    """Remove an account without licences, with its secrets; its name is free again. Archived licences always stay.

    Example: archiver account remove acme-shutterstock
    """
    from archiver.agency.directory import removable_account, remove_account_without_licences

    here = opened(home)
    removable_account(here, name)
    vault = unlocked(here)
    if vault.secrets(name):
        must_agree(f"Remove {name} and its secrets?", yes, "nothing was removed")
    remove_account_without_licences(here, vault, name)
    say(f"Removed {name}. The name is free again.")
