"""The one door for everything that arrives: what each file is, what the desk proposes, and a person's decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.agency.arrivals import Arrival, Proposal, classify, import_arrivals
from archiver.core.errors import ArchiveBusy
from archiver.desk.app import PageRequest, PageRoute, at
from archiver.desk.auth import Role
from archiver.desk.background_job import Work
from archiver.desk.forms import given_day
from archiver.desk.kept_searches import searched
from archiver.desk.new_claim_pages import begun
from archiver.reading.proposals import Statement, stated


@dataclass(frozen=True)
class ReceivedFiles:
    """Files that arrived together; of those that are `unread`, the desk does not know yet what they are.

    `table` is what an import would do, or did (`imported`), with them; `client` whose archive it is for, and `numbers`
    the files of it.
    """

    arrivals: tuple[Arrival, ...]
    unread: tuple[tuple[str, bytes], ...] = ()  # name and content
    client: str = ""
    numbers: tuple[int, ...] = ()
    table: tuple[tuple[str, str, str, str], ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    licences: tuple[dict[str, object], ...] = ()
    imported: bool = False
    unknown: bool = False  # a paper reads as a licence of a platform that is not known, and nobody has confirmed it
    confirmed: str = ""  # who vouches for such papers
    proposals: int = 0  # papers that may license what their lines say, and wait for a person
    agreed: bool = False  # the person read each of these, too
    said: Statement | None = None  # what the person says of the one file
    warnings: tuple[str, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether a person's word would bring more licences."""
        return self.unknown or self.proposals > 0


def arrivals_form(visit: PageRequest) -> Response:
    """The form that takes files of any kind."""
    return visit.page("arrivals.html", key="", received=None, client="", work=None)


def receive(visit: PageRequest) -> Response:
    """Take files of any kind. A single picture is searched for at once; all else waits for a decision."""
    files = tuple((name, content) for content, name in visit.uploads("file"))
    if not files:
        return visit.to("arrivals", error="nothing")
    home, key = visit.home, _keep(visit, ReceivedFiles((), files))

    def classifying(work: Work) -> None:
        arrivals: Sequence[Arrival] = ()
        try:
            arrivals = classify(home, files, work.step)
        finally:  # nothing stays of files that were not read to the end
            _keep(visit, ReceivedFiles(tuple(arrivals)), key)

    try:
        visit.desk.works.do("classify", at("arrivals", key), classifying)
    except ArchiveBusy:  # many others do; nobody has to send the files again
        classifying(Work())
    return _searched_alone(visit, visit.kept(key, ReceivedFiles)) or visit.to("arrivals", key)


def _searched_alone(visit: PageRequest, kept: ReceivedFiles) -> Response | None:
    """The search for a picture that arrived alone; None for anything else."""
    if len(kept.arrivals) != 1 or kept.arrivals[0].allowed[0] is not Proposal.SEARCH:
        return None
    return searched(visit, kept.arrivals[0].content, kept.arrivals[0].name, "")


def stop(visit: PageRequest) -> Response:
    """Stop the work of this page, which its visitor began."""
    key, _ = _received(visit)
    if work := visit.desk.works.of(at("arrivals", key)):
        work.stop()
    return visit.to("arrivals", key)


def received(visit: PageRequest, arrivals: list[Arrival]) -> Response:
    """Keep what arrived, and show it."""
    return visit.to("arrivals", _keep(visit, ReceivedFiles(tuple(arrivals))))


def _keep(visit: PageRequest, kept: ReceivedFiles, key: str = "") -> str:
    contents = [*(each.content for each in kept.arrivals), *(content for _, content in kept.unread)]
    return visit.keep(kept, sum(map(len, contents)), key)


def _received(visit: PageRequest) -> tuple[str, ReceivedFiles]:
    key = visit.path["key"]
    return key, visit.kept(key, ReceivedFiles)


def show(visit: PageRequest) -> Response:
    """What arrived: each file with what it is and what can be done with it."""
    key, kept = _received(visit)
    named = {each.client for each in kept.arrivals if each.client}
    own = [each.slug for each in visit.customers()]
    guess = named.pop() if len(named) == 1 else own[0] if len(own) == 1 else ""
    work = visit.desk.works.of(at("arrivals", key))
    if work and work.what == "classify" and not work.going and (found := _searched_alone(visit, kept)):
        return found  # the desk was slow to see what it is
    return visit.page("arrivals.html", key=key, received=kept, client=kept.client or guess, work=work)


def _arrival(kept: ReceivedFiles, number: str, wanted: Proposal) -> Arrival:
    if number not in map(str, range(len(kept.arrivals))) or wanted not in kept.arrivals[int(number)].allowed:
        raise HTTPException(404)
    return kept.arrivals[int(number)]


def claim(visit: PageRequest) -> Response:
    """Begin a claim with a letter, and with the picture that came with it."""
    _, kept = _received(visit)
    arrival = _arrival(kept, visit.given("number"), Proposal.CLAIM)
    client = visit.given("client")
    if client not in visit.home.clients:
        raise visit.refusal("needs_client")
    with_it = visit.given("picture")
    picture = _arrival(kept, with_it, Proposal.SEARCH) if with_it else None
    files = (arrival.content, arrival.name), (picture.content, picture.name) if picture else None
    if arrival.what == "picture" and not visit.given("letter"):
        files = None, (arrival.content, arrival.name)  # type: ignore[assignment]  # no letter
    return begun(visit, client, *files)


def search(visit: PageRequest) -> Response:
    """Search for one of the pictures."""
    _, kept = _received(visit)
    arrival = _arrival(kept, visit.given("number"), Proposal.SEARCH)
    return searched(visit, arrival.content, arrival.name, "")


def look(visit: PageRequest) -> Response:
    """Say what an import of the ticked files would archive. Archives nothing."""
    key, kept = _received(visit)
    client = visit.given("client")
    if client not in visit.home.clients:
        raise visit.refusal("needs_client")
    ticked = [str(each) for each in visit.form.getlist("file")]
    numbers = tuple(
        number for number, each in enumerate(kept.arrivals)
        if str(number) in ticked and Proposal.IMPORT in each.allowed
    )  # fmt: skip
    if not numbers:
        raise visit.refusal("arrivals_tick")
    nothing_said = replace(kept, confirmed="", agreed=False, said=None)  # yet, of these files
    return _imported(visit, key, replace(nothing_said, client=client, numbers=numbers), dry_run=True)


def state(visit: PageRequest) -> Response:
    """A person says what one file licenses, which no reader saw; the desk shows what it would archive."""
    key, kept = _received(visit)
    number, client = visit.given("number"), visit.given("client")
    _arrival(kept, number, Proposal.STATE)
    if kept.imported:
        raise HTTPException(404)
    if client not in visit.home.clients:
        raise visit.refusal("needs_client")
    if not (by := visit.person(visit.given("by"))):
        raise visit.refusal("vouch_needs")
    said = Statement(
        items=[*filter(None, map(str.strip, visit.given("items").splitlines()))], seller=visit.given("seller"),
        day=given_day(visit.given("licensed_on")), licensee=visit.given("licensee") or None,
    )  # fmt: skip
    if not (said.items and said.seller and said.day):
        raise visit.refusal("state_needs")
    try:
        stated(said, None)
    except ValueError:
        raise visit.refusal("state_number") from None
    kept = replace(kept, client=client, numbers=(int(number),), said=said, confirmed=by)
    return _imported(visit, key, kept, dry_run=True)


def confirm_papers(visit: PageRequest) -> Response:
    """A person confirms that papers in doubt are licences; the desk shows again what it would archive."""
    key, kept = _received(visit)
    by = visit.person(visit.given("by"))
    if not kept.waits or kept.imported:
        raise HTTPException(404)
    if not by:
        raise visit.refusal("vouch_needs")
    agreed = kept.agreed or bool(visit.given("proposals"))
    return _imported(visit, key, replace(kept, confirmed=by, agreed=agreed), dry_run=True)


def file_them(visit: PageRequest) -> Response:
    """Import the files that the dry run was about."""
    key, kept = _received(visit)
    if not kept.table or kept.imported:
        raise HTTPException(404)
    return _imported(visit, key, kept, dry_run=False)


def _imported(visit: PageRequest, key: str, kept: ReceivedFiles, *, dry_run: bool) -> Response:
    """Import, or say what an import would do, as the work of the page."""
    by = kept.confirmed or visit.person(visit.given("by") or visit.visitor.name)
    chosen = [kept.arrivals[number] for number in kept.numbers]
    home, vault, desk = visit.home, visit.desk.vault, visit.desk

    def importing(work: Work) -> None:
        try:
            report = import_arrivals(
                home, vault, chosen, kept.client, by=by, dry_run=dry_run, confirmed=bool(kept.confirmed),
                proposals=kept.agreed, said=kept.said, progress=work.step,
            )  # fmt: skip
        finally:
            desk.changed()  # what an import archived before it was stopped is there
        if not dry_run:
            visit.log_action("imported", kept.client, files=len(chosen), licences=len(report.licences))
        done = replace(
            kept, table=tuple(report.table()), counts={str(name): number for name, number in report.counts.items()},
            licences=tuple(report.licences), imported=not dry_run, unknown=report.unconfirmed,
            proposals=report.proposals, warnings=tuple(report.warnings),
        )  # fmt: skip
        _keep(visit, done, key)

    desk.works.do("look" if dry_run else "import", at("arrivals", key), importing)
    return visit.to("arrivals", key)


ROUTES = [
    PageRoute("/arrivals", arrivals_form, Role.READ),
    PageRoute("/arrivals", receive, Role.READ, post=True, upload=True),
    PageRoute("/arrivals/{key}", show, Role.READ),
    PageRoute("/arrivals/{key}/stop", stop, Role.READ, post=True),
    PageRoute("/arrivals/{key}/claim", claim, Role.OPERATE, post=True),
    PageRoute("/arrivals/{key}/search", search, Role.READ, post=True),
    PageRoute("/arrivals/{key}/look", look, Role.OPERATE, post=True),
    PageRoute("/arrivals/{key}/state", state, Role.OPERATE, post=True),
    PageRoute("/arrivals/{key}/confirm", confirm_papers, Role.OPERATE, post=True),
    PageRoute("/arrivals/{key}/import", file_them, Role.OPERATE, post=True),
]
