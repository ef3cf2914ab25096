"""Commands for adapters: the providers and their recordings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from archiver.cli.app import (
    HomeOption,
    JsonOption,
    ReplayOption,
    awaited,
    folder_of,
    opened,
    providers_app,
    recording_app,
    unlocked,
)
from archiver.cli.output import command_for, emit, facts, offer, progress, say, table, tell


@providers_app.callback(invoke_without_command=True)
def providers(context: typer.Context, as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List the platforms: how each signs in, the basis of its adapter, and its terms on automation.

    The list includes platforms without an adapter. `archiver providers NAME` shows everything about one.

    Example: archiver providers

    Example: archiver providers shutterstock
    """
    if context.invoked_subcommand:
        return
    described = described_platforms(home)
    if as_json:
        emit(described, "providers")
        return
    table(
        ("name", "platform", "sign-in", "basis", "automation"),
        [
            (
                info["name"], info["title"], ", ".join(each["name"] for each in info["methods"]) or "by hand",
                info["basis"], info["automation"]["stance"],
            )
            for info in described
        ],
    )  # fmt: skip
    offer("see platform")


NO_TOTAL = "the platform does not say how many licences there are; runs, reports and the desk say so"


def described_platforms(home: Path | None) -> list[dict[str, Any]]:
    from archiver.agency.account_check import live_days
    from archiver.agency.platform_list import describe_providers

    return describe_providers(live_days(folder_of(home)), say)


@providers_app.command("show")
def providers_show(
    name: Annotated[str, typer.Argument(help="The platform, as `archiver providers` lists it.")],
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show one platform: sign-in, documents, terms, pages to open by hand, and how the platform confirms a licence.

    `archiver providers NAME` does the same.

    Example: archiver providers show shutterstock
    """
    from archiver.catalogue.filters import LicenceFilter

    if unknown := LicenceFilter(provider=name).unknown_platform():
        raise typer.BadParameter(unknown)
    described = {info["name"]: info for info in described_platforms(home)}
    info = described[name]
    if as_json:
        emit(info)
        return
    terms = info["automation"]
    looked = f" (looked up {terms['read_on']})" if terms["read_on"] else ""
    quote = f'"{terms["quote"]}" - ' if terms["quote"] else ""
    methods = ", ".join(f"{method['name']} ({method['transport']})" for method in info["methods"])
    facts(f"{info['name']}: {info['title']}", [
        ("served by", f"{info['served_by']}: {info['why']}" if info["why"] else ""),
        ("looked at", info["examined"]),
        ("an adapter needs", info["needed"]),
        ("sign-in", f"{methods}; scope: {info['scope']}" if methods else ""),
        *((f"  {method['name']}", method["where"]) for method in info["methods"] if method["where"]),
        ("basis", f"{info['basis']}: {info['basis_detail']}"),
        ("live check", info["live"]),
        ("count", "" if info.get("states_total", True) else NO_TOTAL),
        *info["documents"].items(),
        ("by hand", command_for("capture platform", provider=name) if info["pages"] else ""),
        *(("", page) for page in info["pages"]),
        ("", info["web"]),
        ("automation", f"{terms['stance']}: {quote}{terms['source']}{looked}"),
        *(
            ("terms", f"{page['name']}{f' (for {", ".join(page['kinds'])})' if page['kinds'] else ''}: {page['url']}")
            for page in info["terms"]
        ),
        ("confirm", f"{info['confirm']['how']}; who may ask: {info['confirm']['who']}"),
    ])  # fmt: skip
    if info["methods"]:
        offer("connect account", platform=name)


@providers_app.command("new")
def providers_new(
    name: Annotated[str, typer.Argument(help="The adapter's name, as in ProviderInfo.name: acme_stock.")],
    out: Annotated[Path | None, typer.Option(help="The folder to create [default: ./archiver-NAME].")] = None,
    web: Annotated[
        bool, typer.Option("--web/--api", help="Sign in and read in a browser, or use an API with a token.")
    ] = False,
) -> None:
    """Create a new adapter: a small package with a working example, its recording and its test.

    Example: archiver providers new acme_stock
    """
    from archiver.devkit.scaffold import lay_out

    folder = out or Path(f"archiver-{name.replace('_', '-')}")
    for path in lay_out(name, folder, web=web):
        tell(path)
    install = f'uv pip install --python "{sys.executable}" -e {folder}'
    say(f"First install it: `{install}`.")
    offer("check recording", folder=str(folder / "recordings" / name / "two-pages"))


def use_own_adapters(home: Path | None) -> None:
    """Let the adapters of the home come before the installed ones, if there is a home, and say which these are."""
    from archiver.home.settings import find_home
    from archiver.provider.override import named_in
    from archiver.provider.registry import use_home

    if home or (folder_of(None) / "archiver.yaml").is_file():
        found = find_home(home)
        use_home(found)
        if own := ", ".join(named_in(found)):
            say(f"Adapters of the home are used: {own}")


@recording_app.command("check")
def recording_check(
    paths: Annotated[list[Path], typer.Argument(help="Recording folders.")], home: HomeOption = None
) -> None:
    """Replay recordings and compare the results with expected.yaml. A mismatch prints the fields; the exit code is 1.

    Example: archiver recording check recordings/*/*
    """
    from archiver.devkit.golden import check, checking

    use_own_adapters(home)

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

    raise typer.Exit(1 if awaited(check_all()) else 0)


@recording_app.command("expect")
def recording_expect(
    paths: Annotated[list[Path], typer.Argument(help="Recording folders.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing expected.yaml.")] = False,
    home: HomeOption = None,
) -> None:
    """Replay recordings and write the adapter's results to expected.yaml.

    Example: archiver recording expect recordings/shutterstock/two-pages
    """
    from archiver.devkit.golden import checking, expect

    use_own_adapters(home)

    async def expect_all() -> None:
        async with checking() as shared:
            for path in paths:
                await expect(path, force=force, shared=shared)
                tell(path / "expected.yaml")

    awaited(expect_all())


@recording_app.command("capture")
def recording_capture(
    name: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account.")],
    scenario: Annotated[str, typer.Argument(help="The scenario's name: two-pages.")],
    out: Annotated[Path, typer.Option(help="The folder that receives PROVIDER/SCENARIO.")] = Path("recordings"),
    fresh_sign_in: Annotated[
        bool, typer.Option("--fresh-sign-in", help="Sign in anew, so that the recording has the sign-in.")
    ] = False,
    replay: ReplayOption = None,
    home: HomeOption = None,
) -> None:
    """Record a whole run of an account and scrub the recording. Use it to test or repair an adapter.

    The run is read-only and archives nothing. It records the first licences of each list with their documents, and the
    others as rows. The exit code is 1 if the recording does not play as the run went.

    Example: archiver recording capture acme-freepik first-look
    """
    from archiver.devkit.recorder import RecordingRequest, capture

    here = opened(home)
    request = RecordingRequest(account=name, scenario=scenario, out=out, replay=replay, fresh=fresh_sign_in)
    with progress() as shown:
        made = awaited(capture(here, unlocked(here), request, shown))
    for line in (made.message, *made.report.lines(), *made.fields, *made.notes):
        if line:
            say(line)
    say(f"Recorded in {made.folder}. Read it yourself before you give it to anybody.")
    raise typer.Exit(0 if made.plays else 1)


@recording_app.command("scrub")
def recording_scrub(
    path: Annotated[Path, typer.Argument(help="A recording's folder.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be replaced; write nothing.")] = False,
    home: HomeOption = None,
) -> None:
    """Replace secrets and personal data in a recording with placeholders. A home adds the values that it knows.

    Example: archiver recording scrub recordings/freepik/first-look --dry-run
    """
    from archiver.browsing.scrub import scrub
    from archiver.devkit.throwaway_home import personal_of
    from archiver.reading.worker import DocumentReader

    known: dict[str, str] = {}
    if home or (folder_of(None) / "archiver.yaml").is_file():
        here = opened(home)
        known = personal_of(here, unlocked(here))
    with DocumentReader() as reader:
        report = scrub(path, None if dry_run else path, known=known, reader=reader)
    for line in report.lines():
        say(line)
