"""The command that lists, shows and changes settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import HomeOption, JsonOption, app, folder_only, tell_choice
from archiver.cli.output import emit, facts, say, table, tell

if TYPE_CHECKING:
    from archiver.agency.home_settings import Setting, SettingsPart


@app.command()
def settings(
    key: Annotated[str | None, typer.Argument(help="A setting, as agency.country; none: list all.")] = None,
    value: Annotated[list[str] | None, typer.Argument(help="Its new value; several words make a list.")] = None,
    client: Annotated[str | None, typer.Option(help="The settings of a client.")] = None,
    account: Annotated[str | None, typer.Option(help="The settings of an account.")] = None,
    source: Annotated[str | None, typer.Option(help="The settings of a mailbox or folder.")] = None,
    default: Annotated[bool, typer.Option("--default", help="Remove the setting, so that its default holds.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the change; write nothing.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """List the settings, show one with what it means, or change it.

    A change is checked before it is written, and keeps your comments. Secrets are not settings: `setup`, `account
    rotate` and `source rotate` put them into the vault. Parts of values that may be secret are printed as `...`.

    Example: archiver settings

    Example: archiver settings agency.country

    Example: archiver settings agency.country DE

    Example: archiver settings notify.missing_days --default --dry-run

    Example: archiver settings domains acme.example shop.acme.example --client acme
    """
    from archiver.agency.home_settings import change, part_of
    from archiver.home.settings import find_home

    folder_only()
    root = find_home(home).absolute()
    tell_choice(home)
    chosen = {"client": client, "account": account, "source": source}
    part = part_of(root, {name: each for name, each in chosen.items() if each})
    if value and default:
        raise typer.BadParameter("give a value or --default, not both")
    if (value or default) and key:
        done = change(part, key, value or [], dry_run=dry_run)
        if as_json:
            emit({"file": part.file, "dry_run": dry_run, "change": done.as_json()})
            return
        tell(f"{part.file}: {done.in_words()}{' (nothing was written)' if dry_run else ''}")
        if not dry_run and done.before != done.after and (undo := done.undo(part)):
            say(f"To undo it: {undo.command}")
    elif default or dry_run:
        raise typer.BadParameter("name the setting that you want to change")
    else:
        _show(part, key, as_json)


def _show(part: SettingsPart, name: str | None, as_json: bool) -> None:
    """Print all settings of a part, or one with the keys below it, and what is wrong with the file."""
    from archiver.agency.home_settings import faults_of, setting, settings_of, unknown_keys

    rows = settings_of(part)
    if name:
        known, _ = setting(part, name)
        below = f"{known.name}[]." if known.is_list else f"{known.name}."
        rows = [each for each in rows if each.key.name == known.name or each.key.name.startswith(below)]
    unknown, fault = list(unknown_keys(part)), faults_of(part)
    if as_json:
        emit({"file": part.file, "settings": [each.as_json() for each in rows], "unknown": unknown})
    elif name:
        _tell_one(rows[0])
        table(("setting", "value", "means"), [_cells(each) for each in rows[1:]])
    else:
        table(("setting", "value", "means"), [_cells(each) for each in rows if not each.key.is_part])
    if fault:
        say(f"archiver: {fault}")
        raise typer.Exit(fault.exit_code)


def _cells(row: Setting) -> tuple[str, str, str]:
    from archiver.home.setting_keys import in_one_line

    default = f"{row.key.default} (default)" if row.key.default else "-"
    return row.key.name, in_one_line(row.value) if row.is_set else default, row.key.meaning.text


def _tell_one(row: Setting) -> None:
    from archiver.home.setting_keys import in_one_line

    key = row.key
    facts(key.name, [
        ("means", key.meaning.text),
        ("value", "" if key.is_part else in_one_line(row.value) if row.is_set else "not set"),
        ("default", "" if key.is_part else "none, it is required" if key.required else key.default or "none"),
        ("type", "" if key.is_part else key.kind),
        ("example", key.meaning.example),
        ("changed by", f"archiver {key.meaning.command}" if key.meaning.command else ""),
    ])  # fmt: skip
