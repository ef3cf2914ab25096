"""Commands about adapters: the providers and their recordings."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.app import (
    JsonOption,
    app,
    recording_app,
)
from archiver.cli.output import emit, tell

if TYPE_CHECKING:
    pass


@app.command()
def providers(as_json: JsonOption = False) -> None:
    """List the platforms: what each adapter stands on, what it can get, and what the platform's terms say.

    Platforms without an adapter are listed, too, with the reason, and what a person can archive there.

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
        if info["why"]:
            tell(f"  served by:  {info['served_by']}: {info['why']}")
        else:
            tell(f"  sign-in:    {methods}; scope: {info['scope']}")
        tell(f"  basis:      {info['basis']}: {info['basis_detail']}; live: {info['live']}")
        for kind, how in info["documents"].items():
            tell(f"  {kind + ':':<11} {how}")
        if info["pages"]:
            tell(f"  by hand:    archiver capture {info['name']}: {', '.join(info['pages'])}")
            if info["web"]:
                tell(f"              {info['web']}")
        looked = f" (looked up {terms['read_on']})" if terms["read_on"] else ""
        quote = f'"{terms["quote"]}" - ' if terms["quote"] else ""
        tell(f"  automation: {terms['stance']}: {quote}{terms['source']}{looked}")
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
