"""Commands for audits: which pictures a client's site shows, and which licences the archives have for them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from archiver.cli.app import HomeOption, JsonOption, audit_app, language_of, opened, unlocked
from archiver.cli.output import Nothing, counted, emit, listing, progress, say, tell, tell_filled

ClientArgument = Annotated[str, typer.Argument(metavar="CLIENT", help="The client.")]
ANSWERS = {
    "looks_like_stock": "looks like stock, no licence known",
    "licence_but": "licence, but look at it",
    "unknown": "unknown",
    "licence_covers": "licence covers it",
}

REASONS = {
    "robots": "its robots.txt does not permit it, or could not be read",
    "left_alone": "the server asked to be left alone",
    "other_host": "it leads to another host",
    "404": "the page does not exist (404)",
    "410": "the page was removed (410)",
    "sign_in": "it asks for a sign-in",
    "unreachable": "the server did not answer several times",
    "partly": "not all of its pictures could be read",
}


@audit_app.command("run")
def audit_run(
    client: ClientArgument,
    site: Annotated[
        list[str] | None,
        typer.Option(
            help="A site of the client; repeatable [default: those of --weekly, or else the client's domains]."
        ),
    ] = None,
    host: Annotated[
        list[str] | None, typer.Option(help="A further host that may be asked, such as a CDN; repeatable.")
    ] = None,
    pages: Annotated[int, typer.Option(help="The most pages that a visit reads.")] = 500,
    use: Annotated[str | None, typer.Option(help="What the site is: commercial or editorial.")] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open pages in Chromium whose scripts add pictures.")
    ] = True,
    weekly: Annotated[
        bool | None,
        typer.Option(
            "--weekly/--no-weekly", help="Repeat it once a week after the nightly run, or no more.", show_default=False
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be visited.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Visit a client's site and say of each picture whether the archives have a licence for it.

    The visit only reads, obeys robots.txt and asks for one file a second (`pacing` in archiver.yaml). A visit that was
    stopped goes on with the same command. What it finds is a working paper, not evidence.

    With --weekly the nightly run repeats it, and the client's contact gets a message about new pictures that no licence
    covers.

    Example: archiver audit run acme --site https://www.acme.example --weekly
    """
    from archiver.agency.audit import site_audit
    from archiver.agency.audit.visit_options import AuditOptions

    if use not in (None, "commercial", "editorial"):
        raise typer.BadParameter("--use must be commercial or editorial")
    here = opened(home)
    if weekly is not None and not dry_run:
        from archiver.home.settings_edit import set_audit
        from archiver.home.settings_models import AuditSettings

        fields = {"sites": tuple(site or ()), "hosts": tuple(host or ()), "pages": pages, "use": use}
        set_audit(here.root, client, AuditSettings.model_validate(fields) if weekly else None)
        say(f"{client}: {'The site is audited once a week, after the nightly run.' if weekly else 'No weekly audit.'}")
        if not weekly:
            if as_json:
                emit({"client": client, "outcome": "not_weekly"})
            return
    options = AuditOptions(sites=site or (), hosts=host or (), pages=pages, use=use, browser=browser)
    if dry_run:
        found = site_audit.dry_run(here, client, options)
        if as_json:
            emit(found)
            return
        tell(f"{counted(found['known_pages'], 'page')} known; a visit reads up to {found['pages']} of them and more "
             "that they link to.")  # fmt: skip
        tell(f"Hosts: {', '.join(found['hosts'])}")
        _tell_unread(found)
        return
    with progress() as watch:
        made = site_audit.run(here, client, options, warn=say, watch=watch)
    if as_json:
        emit(made)
    elif made["outcome"] == "complete":
        _tell(made)
    if made["outcome"] != "complete":
        raise typer.Exit(40)


@audit_app.command("list")
def audit_list(as_json: JsonOption = False, home: HomeOption = None) -> None:
    """List the audited clients, with the answers of the last visit.

    Example: archiver audit list
    """
    from archiver.agency.audit import site_audit

    rows = site_audit.rows(opened(home))
    lines = [(row["client"], row["last_visit"][:10], *(row["answers"][each] for each in ANSWERS)) for row in rows]
    columns = ("client", "last visit", "stock?", "licence, but", "unknown", "covered")
    none = Nothing("There are no audits yet.", "audit site")
    listing(rows, "audits", as_json, columns, lines, none)


@audit_app.command("report")
def audit_report(
    client: ClientArgument,
    out: Annotated[Path | None, typer.Option(help="Write it as this .html, .pdf or .xlsx file.")] = None,
    language: Annotated[str, typer.Option(help="en or de.")] = "en",
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show the last visit of a client's site, or write it as a report with pictures.

    Example: archiver audit report acme --out acme-pictures.html
    """
    from archiver.agency.audit import site_audit

    here, language = opened(home), language_of(language)
    made = site_audit.report(here, client)
    if out:
        from archiver.agency.audit.audit_page import write

        write(made, site_audit.previews(here, client, made), out, language)
        say(f"Wrote {out}.")
    if as_json:
        emit(made)
    elif not out:
        _tell(made, language)


@audit_app.command("mark")
def audit_mark(
    client: ClientArgument,
    picture: Annotated[str, typer.Argument(metavar="PICTURE", help="The picture's id, as the report prints it.")],
    mark: Annotated[str, typer.Argument(metavar="own|permitted|removed", help="What you know of the picture.")],
    by: Annotated[str, typer.Option("--by", help="Your name.")],
    reason: Annotated[str, typer.Option(help="How you know it.")],
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Record that a picture is the client's own, permitted otherwise, or removed from the site.

    `removed` needs a visit that no longer found the picture. The pages where it was are then looked at again, and
    captured as working papers.

    Example: archiver audit mark acme 3f2a own --by "Ada Example" --reason "Taken by our photographer"
    """
    from archiver.agency.audit import picture_marks

    with progress(steady=True):
        made = picture_marks.mark(opened(home), client, picture, mark, by, reason, warn=say)
    if as_json:
        emit(made)
    else:
        for each in made["captures"]:
            say(f"Captured {each['page']}, which does not show it.")
        say(f"Marked {made['picture']} as {made['mark']}.")


@audit_app.command("capture")
def audit_capture(
    client: ClientArgument,
    picture: Annotated[str, typer.Argument(metavar="PICTURE", help="The picture's id, as the report prints it.")],
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Capture the first page on which a picture is in use: as a picture, a PDF and its files.

    Do it before you remove the picture. The capture is a working paper, not evidence; `audit enter` makes it evidence.

    Example: archiver audit capture acme 3f2a
    """
    from archiver.agency.audit import picture_marks

    with progress(steady=True):
        made = picture_marks.capture(opened(home), client, picture)
    if as_json:
        emit(made)
    else:
        shows = "which shows it" if made["state"] == "shows" else "which does not show it now"
        say(f"Captured {made['page']}, {shows}.")


@audit_app.command("enter")
def audit_enter(
    client: ClientArgument,
    picture: Annotated[str, typer.Argument(metavar="PICTURE", help="The picture's id, as the report prints it.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="The person who enters it.")],
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Turn the newest capture of a picture into evidence: copy it into the client's archive, where it stays.

    Evidence may help an opponent too. Ask a lawyer first if a claim is likely.

    Example: archiver audit enter acme 3f2a --by "Ada Example"
    """
    from archiver.agency.audit import picture_marks

    here = opened(home)
    made = picture_marks.enter(here, unlocked(here), client, picture, by)
    if as_json:
        emit(made)
    else:
        say(f"{'Entered' if made['outcome'] == 'entered' else 'It was entered before'} as {made['object']}.")


def _tell(made: dict[str, Any], language: str = "en") -> None:
    pages = made["pages"]
    total = len(made["pictures"])
    tell(f"{made['client_name']}: {counted(total, 'picture')} on {pages['read']} of {counted(pages['known'], 'page')}.")
    for name, words in ANSWERS.items():
        tell(f"  {made['answers'][name]:>5}  {words}")
    if made["left_out"]:
        tell(f"  {sum(made['left_out'].values()):>5}  left out: too small or of one colour")
    if made["not_opened"]:
        tell(f"{counted(made['not_opened'], 'page')} not opened in a browser; what their scripts show is not here.")
    _tell_unread(made)
    for host, count in made["elsewhere"].items():
        tell(f"{counted(count, 'picture')} on {host} were not read. If it is the client's, add --host {host}.")
    for row in made["pictures"]:
        if row["answer"] != "licence_covers" and not row["mark"]:
            tell("")
            tell(f"{row['picture']}  {ANSWERS[row['answer']]}{'  (new)' if row['new'] else ''}")
            tell_filled(row["addresses"][0], indent="  ")
            for reason in row["reasons"]:
                tell_filled(reason[language], indent="  ")


def _tell_unread(made: dict[str, Any]) -> None:
    pages = [each for each in made["unread"] if each["kind"] in ("page", "pdf")]
    for each in pages[:10]:
        tell(f"{each['address']} could not be read: {REASONS.get(each['reason'], each['reason'])}")
    if len(pages) > 10:
        tell(f"{len(pages) - 10} more pages could not be read; --json lists them.")
