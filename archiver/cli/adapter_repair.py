"""Commands for the adapters in the home: repair one, and use the installed one again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import HomeOption, ReplayOption, adapter_app, awaited, opened, unlocked
from archiver.cli.output import offer, progress, say, tell
from archiver.core.remedy import Remedy

if TYPE_CHECKING:
    from archiver.devkit.repair import OfflineCheck, Repair
    from archiver.home.vault import Vault

AGAIN = "Change the adapter and save it. It is then checked on the saved pages. Ctrl-C stops; the files stay."


@adapter_app.command("repair")
def adapter_repair(
    name: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account whose run fails.")],
    once: Annotated[
        bool, typer.Option("--once", help="Check the adapter on the saved pages once; the exit code is 1 if it fails.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask the platform for its pages again, even if some are saved.")
    ] = False,
    show: Annotated[bool, typer.Option("--open", help="Open the adapter and the saved page.")] = False,
    replay: ReplayOption = None,
    home: HomeOption = None,
) -> None:
    """Repair an account's adapter: save its pages, check each change on them, record the proof, write a patch.

    It runs the account read-only, saves the scrubbed pages, and copies the adapter into the home, where it comes before
    the installed one. Each time you save a change, the adapter reads the saved pages. When it reads them, the account
    is run again and recorded.

    Example: archiver adapter repair acme-freepik
    """
    from archiver.devkit.repair import copy_adapter, repair_of

    here = opened(home)
    vault, repair = unlocked(here), repair_of(here, name)
    if fresh or not (repair.pages / "session.yaml").is_file():
        if once and not fresh:
            raise typer.BadParameter(
                f"there are no saved pages yet. {Remedy('repair adapter', {'account': name})}".rstrip(".")
            )
        if not _save_pages(vault, repair, replay):
            return
    if copy_adapter(repair):
        say("The adapter was copied into the home. Every run uses it from now on, and says so.")
    notes = repair.notes()[:1]
    modules = [("adapter", each) for each in sorted(repair.folder.glob("*.py"))]  # of a family more than one
    pages = [("page", each.with_suffix(".html")) for each in notes]
    for label, path in (*modules, *(("note", each) for each in notes), *pages):
        tell(f"{label + ':':<9}{path}")
        if show:
            typer.launch(str(path))
    tell(f"{'pages:':<9}{repair.pages}")
    repaired = awaited(_work(repair, vault, replay, once=once))
    raise typer.Exit(0 if repaired else 1)


def _save_pages(vault: Vault, repair: Repair, replay: Path | None) -> bool:
    """Record the failing run; False where nothing fails."""
    from archiver.devkit.repair import record_failure

    with progress() as shown:
        made = awaited(record_failure(repair, vault, replay=replay, progress=shown))
    if made is None:
        say(f"There is nothing to repair: the run of {repair.account} was complete.")
        return False
    for line in filter(None, (made.message, *made.report.lines())):
        say(line)
    return True


async def _work(repair: Repair, vault: Vault, replay: Path | None, *, once: bool) -> bool:
    """Check after each change, until the platform itself is read; whether the repair is done."""
    from contextlib import aclosing

    from archiver.devkit.repair import offline_checks

    async with aclosing(offline_checks(repair)) as checks:
        async for checked in checks:
            if checked is None:
                say(f"Waiting for a change in {repair.folder}. Ctrl-C stops.")
                continue
            _tell_check(checked)
            if checked.reads and await _prove(repair, vault, replay):
                return True
            if once:
                return False
            say(AGAIN)
    say("Nothing was changed for a long time.")
    offer("repair adapter", account=repair.account)
    return False


def _tell_check(checked: OfflineCheck) -> None:
    word = "complete" if checked.complete else "read up to a page that is not saved" if checked.ends_early else "fails"
    tell(f"saved pages: {word} ({checked.seconds:.1f} s)")
    for line in checked.lines:
        tell(f"  {line}")


async def _prove(repair: Repair, vault: Vault, replay: Path | None) -> bool:
    """Run the account at the platform with the repaired adapter, record it, and write what is sent on."""
    from contextlib import aclosing

    from archiver.devkit.repair import older_recordings, record_repair, take_pages, write_patch

    say("The saved pages are read. Now the account is run at the platform, read-only.")
    with progress() as shown:
        made = await record_repair(repair, vault, replay=replay, progress=shown)
    for line in (made.message, *made.fields, *made.notes):
        if line:
            say(line)
    if not made.result.outcome.is_whole or not made.plays:
        taken = take_pages(repair, made)
        more = " Its new pages were saved, and are checked next." if taken else ""
        say(f"The platform is not read yet.{more}")
        return False
    tell("platform: complete")
    write_patch(repair)
    say("The recordings of this release are checked with the repair.")
    older = list[str]()
    async with aclosing(older_recordings(repair)) as recordings:
        async for scenario, differences in recordings:
            tell(f"recording {scenario}: {'differs' if differences else 'as expected'}")
            older += [scenario] if differences else []
    await _update_recordings(repair, older)
    tell(f"Send to the adapter's maintainer: {repair.patch}")
    tell(f"and the recording, after you have read it: {made.folder}")
    return True


async def _update_recordings(repair: Repair, scenarios: list[str]) -> None:
    """Bring the release's recordings to the platform's new names, as a patch that a person reads and applies."""
    from contextlib import aclosing

    from archiver.devkit.markup_update import update_recordings

    if not scenarios:
        return
    say("Where the platform only renamed things, the recordings of this release get the new names.")
    async with aclosing(update_recordings(repair, scenarios)) as updated:
        async for each in updated:
            if each.differences:
                tell(f"recording {each.scenario}: not updated, write it anew: {each.differences[0]}")
            else:
                tell(f"recording {each.scenario}: plays the same with the new names ({'; '.join(each.renamed)})")
    if repair.recordings_patch.is_file():
        tell(f"Read it before you apply it: {repair.recordings_patch}")


@adapter_app.command("remove")
def adapter_remove(
    name: Annotated[str, typer.Argument(metavar="PROVIDER", help="The adapter in the home: freepik.")],
    force: Annotated[
        bool, typer.Option("--force", help="Remove it even if the installed adapter does not have the repair.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Use the installed adapter again. It must read the recordings of the repair as the repair does.

    The files of the repair are moved to `state/removed-adapters/` of the home.

    Example: archiver adapter remove freepik
    """
    from archiver.devkit.repair import remove_adapter

    removed = awaited(remove_adapter(opened(home), name, force=force))
    if removed.kept_in is None:
        for line in removed.differences:
            tell(line)
        say("The installed adapter does not have the repair, so nothing was removed.")
        offer("discard adapter", name=name)
        raise typer.Exit(1)
    say(f"The installed adapter of {name} is used again. The repair is kept in {removed.kept_in}.")
