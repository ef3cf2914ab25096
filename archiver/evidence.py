"""From the archives to an answer: find, show, verify, and the pack that is handed over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver import assignment
from archiver.archive import seal as sealing
from archiver.archive import verify as verifier
from archiver.archive.erasure import holds
from archiver.archive.reader import Archive
from archiver.assignment import Assignment
from archiver.catalogue import views
from archiver.catalogue.catalogue import Catalogue, Entry, ErasedEntry, Hit, RunLine
from archiver.core.atomic_files import new_files
from archiver.core.errors import ArchiveBusy, ArchiverError, ConfigError, Erased, IntegrityError, MachineRefused
from archiver.home.network import joined
from archiver.home.settings import HOUSE, Home
from archiver.proof import claims
from archiver.provider import declared
from archiver.reading import filenames
from archiver.reading.worker import DocumentReader
from archiver.status import Turns, runs_of

if TYPE_CHECKING:
    from archiver.catalogue.matcher import Found, Matcher
    from archiver.home.vault import Vault
    from archiver.proof.assess import Assessment
    from archiver.proof.pages import Demand


MANY = 200  # pictures to embed, of which a person is told
EMBEDDED_A_SECOND = 20  # by a core, as tests/benchmarks/matching_speed.py measures it


_as_they_are: ContextVar[bool] = ContextVar("catalogues as they are", default=False)


@contextmanager
def catalogues_as_they_are() -> Iterator[None]:
    """In here nobody catches up with a ledger: whoever answers many questions does that once for all of them."""
    before = _as_they_are.set(True)
    try:
        yield
    finally:
        _as_they_are.reset(before)


@contextmanager
def catalogue_of(home: Home, slug: str, reader: DocumentReader) -> Iterator[tuple[Archive, Catalogue]]:
    """A client's archive and its catalogue, caught up with the ledger's head."""
    archive = Archive(home.archive(slug))
    with Catalogue(home.catalogue(slug)) as catalogue:
        if not _as_they_are.get():
            catalogue.catch_up(archive, reader)
        yield archive, catalogue


def archives(home: Home, client: str | None = None) -> list[str]:
    """The clients that have an archive, or the one asked for."""
    slugs = [home.client(client).slug] if client else list(home.clients)
    return [slug for slug in slugs if home.archive(slug).is_dir()]


def scope(home: Home, client: str | None, *, alone: bool = False) -> Iterator[tuple[str, bool]]:
    """The archives in which a search looks, and whether only what is assigned to nobody counts there.

    With a client's own archive goes the house's, whose unassigned licences may be for it; not where it is `alone`.
    """
    for slug in archives(home, client):
        yield slug, False
    if client and not alone and client != HOUSE and HOUSE in home.clients and home.archive(HOUSE).is_dir():
        yield HOUSE, True


def without_client(home: Home) -> list[str]:
    """The archives whose client's file is gone; they are evidence all the same."""
    places = sorted(home.archive("-").parent.glob("*"))
    whole = [each for each in places if (each / verifier.LEDGER).is_file() or (each / "evidence").is_dir()]
    return [place.name for place in whole if place.name not in home.clients]


def strays(home: Home) -> list[str]:
    """A sentence for each archive whose client's file is gone."""
    return [
        f"archive/{slug} belongs to no client: bring clients/{slug}.yaml back from a backup. Until then only `archiver "
        "verify` looks at that archive."
        for slug in without_client(home)
    ]


def find(
    home: Home, text: str, *, client: str | None = None, alone: bool = False, limit: int = 20,
    warn: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Licences that match, best first, in the form of `find --json`. `warn` is told which objects cannot be read.

    A file name or an address in which a platform wrote an asset's id finds that asset's licences alone, and the address
    of a page on which a claim says that a picture is, the licence that was found for that claim. `alone` is a client's
    own link: it finds nothing by what it does not show (seats, accounts, jobs, receipts, claims).
    """
    rows: list[dict[str, Any]] = []
    named = [each for each in filenames.names(text.strip()) if each.asset_id]
    by = "page_url" if "://" in text else "file_name"
    pages = _seen_on(home, warn) if by == "page_url" and not alone else {}
    with DocumentReader() as reader:
        for slug, unassigned, archive, catalogue in _opened(home, client, reader, warn, alone=alone):
            hits = [
                Hit(entry, by, 1.0)
                for each in named
                for entry in catalogue.of_asset(each.platform, each.asset_id or "")
                if entry.held and not (unassigned and entry.assigned)
            ]
            seen = pages.get(text.strip(), set())
            hits += [Hit(entry, by, 1.0) for each in seen for entry in catalogue.matching(each) if entry.held]
            hits = hits or catalogue.find(text, limit, unassigned=unassigned, outside=alone)
            rows += views.hits(slug, archive, hits)
            for object_id, reason in catalogue.unreadable().items():
                warn(f"warning: {slug}: {object_id} is in no result: {reason}. Run `archiver verify`.")
    if by_name := [row for row in rows if row["match"] == by]:
        rows = by_name
    return sorted(rows, key=lambda row: -row["score"])[:limit]


def _opened(
    home: Home, client: str | None, reader: DocumentReader, warn: Callable[[str], None], *, alone: bool,
    stack: ExitStack | None = None,
) -> Iterator[tuple[str, bool, Archive, Catalogue]]:  # fmt: skip
    """The archives of a `scope`. One at fault is told of, where others can be looked in, too.

    Each is closed before the next one is opened, unless `stack` keeps them open.
    """
    places = list(scope(home, client, alone=alone))
    for slug, unassigned in places:
        with ExitStack() as until_next:
            try:
                archive, catalogue = (stack or until_next).enter_context(catalogue_of(home, slug, reader))
            except IntegrityError as error:
                if client or len(places) == 1:
                    raise
                warn(f"warning: {slug} was not searched: {error}")
                continue
            yield slug, unassigned, archive, catalogue


def _seen_on(home: Home, warn: Callable[[str], None]) -> dict[str, set[str]]:
    """The folders of the licences found for claims, by the pages that the claims name."""
    found: dict[str, set[str]] = {}
    for claim in claims.all_claims(home, warn):
        for url in claim.urls:
            found.setdefault(url, set()).update(each.rpartition("/")[2] for each in claim.licences)
    return found


SMALLEST = 32  # pixels of a picture's shorter side; below, any two look alike

type Progress = Callable[[str, int, int | None], None]
"""Hears of a client how much of how much is done."""


def _embedding(slug: str, watch: Progress, warn: Callable[[str], None], done: int, total: int) -> None:
    if done == 0 and total > MANY:
        minutes = max(1, round(total / EMBEDDED_A_SECOND / 60))
        warn(f"{slug}: {total} pictures are made recognisable by their parts, once: some {minutes} minutes.")
    watch(slug, done, total)


@dataclass(frozen=True)
class Sight:
    """What looks at pictures: kept by who asks often, since starting it takes longer than a search. For one thread."""

    reader: DocumentReader
    matcher: Matcher


@contextmanager
def sight(home: Home) -> Iterator[Sight]:
    """The home's sight; without the extra `match` its matcher compares hashes only."""
    from archiver.catalogue.matcher import Matcher

    with DocumentReader() as reader, Matcher(home.settings.match.model) as matcher:
        yield Sight(reader, matcher)


@dataclass(frozen=True)
class Pictured:
    """What a picture found: the rows of `find --json`, and each asset that matches with its licences, best first."""

    rows: list[dict[str, Any]]
    matches: list[tuple[Found, list[str]]]

    def sheet(self) -> bytes:
        """One PNG: the best matches side by side with the picture; empty where there is none."""
        from archiver.catalogue.matcher import sheet

        best = [each for each, _ in self.matches if each.word is self.matches[0][0].word]
        return sheet(best) if best else b""


def find_picture(
    home: Home, content: bytes, name: str = "", *, client: str | None = None, alone: bool = False, limit: int = 20,
    seeing: Sight | None = None, warn: Callable[[str], None] = lambda _: None, watch: Progress = lambda *_: None,
) -> Pictured:  # fmt: skip
    """The licences of the assets that a picture shows, best first; `match` is `same`, `probable` or `possible`.

    What the picture's file name or address says counts too, where nothing is the same: as `file_name` or `page_url`.
    UnreadablePicture where it is none. Pictures that were archived since the last search are first made recognisable by
    their parts: `watch` hears of it, and `warn` where that takes a while. `alone` is as in `find`, and finds no comps.
    """
    from archiver.catalogue.pictures import loader

    rows: dict[str, dict[str, Any]] = {}
    matches: list[tuple[Found, list[str]]] = []
    with ExitStack() as stack:
        seeing = seeing or stack.enter_context(sight(home))
        reader, matcher = seeing.reader, seeing.matcher
        look = matcher.look(content)
        matcher.prepare()  # while the archives are opened
        size = look.fingerprint.width, look.fingerprint.height
        if look.fingerprint.flat or min(size) < SMALLEST:
            what = f"{size[0]} × {size[1]} pixels{', nearly one colour' if look.fingerprint.flat else ''}"
            warn(f"The picture ({what}) shows too little to be recognised. Take another of it, or look for words.")
        if not matcher.points:
            warn("The extra `match` is not installed: a picture that was cropped or covered is not recognised.")
        archives, indexes, catalogues = {}, [], {}
        for slug, unassigned, archive, catalogue in _opened(home, client, reader, warn, alone=alone, stack=stack):
            try:
                if matcher.points:
                    catalogue.embed(archive, matcher, partial(_embedding, slug, watch, warn))
            except (OSError, MachineRefused):  # a home that can only be read
                warn(
                    f"{slug}: what recognises cropped pictures cannot be kept here; of new ones only the hash is used."
                )
            archives[slug], catalogues[slug] = archive, catalogue
            indexes.append(catalogue.pictures(unassigned=unassigned))
        found = matcher.match(look.preview, indexes, loader(archives), _marked)
        for each in found:
            picture, licences = each.picture, list[str]()
            for slug, catalogue in catalogues.items():
                provider, _, asset_id = picture.asset.partition(":")
                entries = [entry for entry in catalogue.of_asset(provider, asset_id) if entry.held]
                own = catalogue.of_object(picture.object_id) if slug == picture.client and not alone else None
                if own and own not in entries:
                    entries.append(own)  # a comp
                hits = [Hit(entry, each.word.value, round(each.score, 3)) for entry in entries]
                for row in views.hits(slug, archives[slug], hits):
                    rows.setdefault(row["licence"], row)
                    licences.append(row["licence"])
            if licences or not alone:
                matches.append((each, licences))
    if name and not any(row["match"] == "same" for row in rows.values()) and filenames.names(name):
        for row in find(home, name, client=client, alone=alone, limit=limit):
            if row["match"] in ("file_name", "page_url"):
                rows.setdefault(row["licence"], row)
    return Pictured(list(rows.values())[:limit], matches)


def picture_of(home: Home, where: str) -> tuple[bytes, str]:
    """The bytes of a picture by file name or address, and what it is called."""
    if re.match(r"[a-z][a-z0-9+.-]+:", where, re.IGNORECASE) and not Path(where).exists():  # `C:` is a drive
        from archiver.home.archives import network_of

        content, media_type = network_of(home).get(where)
        if media_type.startswith("text/"):
            raise ConfigError(f"{where} is a page, not a picture. Name the picture's own address, or save it.")
        return content, where
    try:
        return Path(where).read_bytes(), Path(where).name
    except OSError as error:
        raise ConfigError(f"{where} cannot be read: {error.strerror}. Name a picture's file or address.") from None


def write_new(out: Path, content: bytes) -> None:
    """Write a file that the user asked for; ConfigError where it is there already or cannot be made."""
    try:
        with new_files([out]) as (file,):
            file.write_bytes(content)
    except FileExistsError:
        raise ConfigError(f"{out} exists. Choose another name; nothing is overwritten.") from None
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}. Choose another place.") from None


def incomplete(home: Home, client: str | None = None, turns: Turns = runs_of) -> list[str]:
    """What the archives that a search looks in do not hold, a sentence for each account: for a search in vain."""
    told = []
    for slug in dict.fromkeys([client, *({HOUSE} & home.clients.keys())]) if client else home.clients:
        runs: dict[str, RunLine] = {}
        full: dict[str, str] = {}
        for run in chain(*turns(home, slug).values()):
            runs[run.account] = run
            if run.sweep == "full" and run.outcome == "complete":
                full[run.account] = run.at[:10]
        for account in home.client(slug).accounts:
            last = runs.get(account.name)
            if account.closed:
                told.append(f"{slug}: {account.name} was closed on {account.closed}; what came later is not archived")
            elif (info := declared(account.provider)) and info.on_request:
                told.append(f"{slug}: {info.title} keeps no history; only what was captured is archived")
            elif last is None:
                told.append(f"{slug}: {account.name} was never read")
            elif last.outcome != "complete":
                since = f", and to its end last on {full[account.name]}" if account.name in full else ""
                told.append(f"{slug}: {account.name} was read on {last.at[:10]} with the outcome {last.outcome}{since}")
            else:
                told.append(f"{slug}: {account.name} is archived up to {last.at[:10]}; what came later is not")
        if not home.client(slug).accounts:
            told.append(f"{slug}: no account is connected")
    return told


@contextmanager
def located(
    home: Home, name: str, reader: DocumentReader, prefer: str | None = None, *, assigned_away: bool = False
) -> Iterator[tuple[str, Archive, Entry]]:
    """The one licence that a short id, or any unique part of it, names; ConfigError for none or several, Erased where
    only an erased one has that name. `assigned_away`: a copy that was taken back from its client counts, too."""
    slug, entry = named(home, name, reader, prefer, assigned_away=assigned_away)
    if isinstance(entry, ErasedEntry):
        raise Erased(f"{entry.short_id} on {entry.at} ({entry.reason})")
    with catalogue_of(home, slug, reader) as (archive, catalogue):
        yield slug, archive, catalogue.matching(entry.folder)[0]


def named(
    home: Home, name: str, reader: DocumentReader, prefer: str | None = None, *, assigned_away: bool = False
) -> tuple[str, Entry | ErasedEntry]:
    """The client and the one licence that are meant; an erased one where no other has that name.

    Of copies of one licence the one of the client `prefer` is meant, else a client's rather than the house's.
    """
    client, _, part = name.rpartition("/")
    if client and client not in home.clients:
        raise ConfigError(f"There is no client {client!r}. Known: {', '.join(home.clients) or 'none'}.")
    found: list[tuple[str, Entry | ErasedEntry]] = []
    erased: list[tuple[str, Entry | ErasedEntry]] = []
    for slug in archives(home, client or None):
        with catalogue_of(home, slug, reader) as (_, catalogue):
            found += [(slug, entry) for entry in catalogue.matching(part) if entry.held or client or assigned_away]
            erased += [(slug, entry) for entry in catalogue.erased_matching(part)]
    found = found or erased
    if len({entry.folder for _, entry in found}) == 1:  # one licence, in the house archive and assigned to a client
        of_client = [each for each in found if each[0] == prefer]
        found = of_client or [each for each in found if each[0] != HOUSE] or found
    if not found:
        raise ConfigError(f"No licence in this archive is named {name!r}. Look for it with `archiver find`.")
    if len(found) > 1:
        some = ", ".join(entry.short_id for _, entry in found[:5])
        raise ConfigError(f"{name!r} names more than one licence, among them {some}. Give more of the name.")
    return found[0]


def show(home: Home, name: str) -> dict[str, Any]:
    """Everything about one licence, in the form of `show --json`; of an erased one what its tombstone says."""
    with DocumentReader() as reader:
        slug, entry = named(home, name, reader)
    archive = Archive(home.archive(slug))
    if isinstance(entry, ErasedEntry):
        return views.erased(slug, archive, entry)
    held = next((str(hold) for hold in holds(archive) if hold.covers(entry.object_id)), None)
    return views.show(slug, archive, entry) | {"hold": held}


def assign(
    home: Home, vault: Vault, name: str, made: Assignment, agreed: assignment.Agreed = assignment.disagreed
) -> None:
    """Record which client a licence is for, on a person's word; ConfigError where that cannot be."""
    from archiver.home.archives import writing

    with DocumentReader() as reader, located(home, name, reader) as (_, _, entry):
        pass
    assignment.assign(home, partial(writing, home, vault), entry, made, agreed)


def undo_assignment(
    home: Home, vault: Vault, name: str, by: str, reason: str = "",
    agreed: assignment.Agreed = assignment.disagreed,
) -> list[str]:  # fmt: skip
    """Undo a licence's last assignment; for which clients it is then."""
    from archiver.home.archives import writing

    with DocumentReader() as reader, located(home, name, reader, assigned_away=True) as (_, _, entry):
        pass
    return assignment.undo(home, partial(writing, home, vault), entry, by, reason, agreed)[0]


def rebuild(home: Home) -> dict[str, int]:
    """Build every catalogue anew; the number of licences by client."""
    counts = {}
    with DocumentReader() as reader:
        for slug in archives(home):
            with Catalogue(home.catalogue(slug)) as catalogue:
                catalogue.rebuild(Archive(home.archive(slug)), reader)
                counts[slug] = catalogue.count()
    return counts


def verify(
    home: Home,
    *,
    client: str | None = None,
    quick: bool = False,
    licence: str | None = None,
    roots: Path | None = None,
    key: Path | None = None,
    against: Path | None = None,
) -> tuple[int, dict[str, Any], str]:
    """Run the verifier over the archives: exit code, the document of `verify --json`, and the text for people.

    `licence` is a short id or a unique part of one. `against` is a checkpoint that a witness holds, or its folder: the
    archives of which there is none are left out, and the text says so. ConfigError where the licence or the checkpoint
    is of no archive; ArchiveBusy while a run writes.
    """
    named, _, part = (licence or "").rpartition("/")
    trusted = roots or trusted_roots(home)
    reports: dict[str, verifier.Report] = {}
    reasons = []
    asked = client or named or None
    for slug in [*archives(home, asked), *(() if asked else without_client(home))]:
        try:
            reports[slug] = verifier.verify_archive(
                home.archive(slug), trusted, key, quick, part or None, against, sealing.strict_checker()
            )
        except verifier.Busy as error:
            raise ArchiveBusy(str(error)) from None
        except verifier.Malformed as error:
            reasons.append(f"{slug} was not checked: {error}")
    if reasons and not ((licence or against) and reports):
        advice = " Look for it with `archiver find`." if licence else ""
        raise ConfigError(f"{reasons[0]}.{advice}")
    documents = [report.as_json() | {"client": slug} for slug, report in reports.items()]
    states = [document["state"] for document in documents]
    worst = max(states, key=verifier.STATES.index, default="UNPROVEN")
    told = [*(report.as_text() for report in reports.values()), *(reasons if against else []), *strays(home)]
    text = "\n".join(told) or "There is no archive yet."
    scope = max((document["scope"] for document in documents), key=len, default=verifier.SCOPE_ALL)  # the narrowest
    return (90 if worst in ("DAMAGED", "FORKED") else 0), {"state": worst, "scope": scope, "clients": documents}, text


def renew(home: Home, vault: Vault, *, client: str | None = None, say: Callable[[str], None]) -> None:
    """Have new timestamps cover the old ones of all archives where that is due; `say` is told of each what was done.

    An archive that cannot be written does not stop the others; the first such error is raised at the end.
    """
    from archiver.home.archives import writing

    failures: list[ArchiverError] = []
    for slug in archives(home, client):
        due = verifier.renewal(home.archive(slug))
        if due is None or due > verifier.moment():
            say(
                f"{slug}: nothing was renewed: " + (f"it is due from {due} on." if due else "it has no timestamps yet.")
            )
            continue
        try:
            with writing(home, vault, slug) as archive:
                seal = archive.renew()
        except ArchiverError as error:
            say(f"{slug}: nothing was renewed: {error}")
            failures.append(error)
            continue
        for warning in seal.warnings:
            say(f"warning: {slug}: {warning}")
        if seal.secured_since:
            covers = f"the new timestamps of checkpoint {seal.size} cover all earlier ones"
            say(f"{slug}: renewed: {covers}. The next renewal is due from {verifier.renewal(home.archive(slug))} on.")
    if failures:
        raise failures[0]


def secured_in_words(row: Mapping[str, Any]) -> str:
    """Since when the documents of a row of `find --json` are secured, in one phrase."""
    return views.in_words(row["secured_documents"])


def trusted_roots(home: Home) -> Path | None:
    """The timestamp roots that the home's settings pin, in one file; None where it pins none."""
    pinned = [home.root / each.roots for each in home.settings.timestamps if each.roots]
    return joined(*pinned) if pinned else None


def proof(
    home: Home,
    names: Sequence[str],
    out: Path,
    *,
    language: str = "en",
    internal: bool = False,
    claim: Demand | None = None,
    pictures: Sequence[bytes] = (),
    prefer: str | None = None,
    verdicts: Mapping[str, Assessment] | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Write what proves these licences, see `write_proof`; refuses damaged ones and never overwrites.

    Of a licence that several archives hold, the one of the client `prefer` counts.
    """
    from archiver.proof.pack import write_proof  # which brings in what drives the browser
    from archiver.proof.sound import Order, Packed

    packed = []
    with DocumentReader() as reader:
        for name in names:
            with located(home, name, reader, prefer=prefer) as (slug, archive, entry):
                if not entry.held:
                    raise ConfigError(
                        f"{entry.short_id} was assigned to another client, and proves nothing for {slug}."
                    )
                client = home.client(slug)
                own = (slug, *client.aliases, *client.domains)
                assigned = assigned_at(archive, entry)
                packed.append(Packed(archive, entry, client.name, declared(entry.provider), own, assigned))
    clients = {each.archive.root.name for each in packed}
    others = [
        name
        for client in home.clients.values()
        if client.slug not in {*clients, HOUSE}
        for name in (client.slug, client.name, *client.aliases, *client.domains)
    ]
    numbers = [number for each in packed for number in _numbers(each.entry)]
    with DocumentReader() as reader, ExitStack() as stack:
        catalogues = [stack.enter_context(catalogue_of(home, slug, reader))[1] for slug in archives(home)]
        order = Order(
            now=datetime.now(UTC), language=language, internal=internal, claim=claim, pictures=pictures, others=others,
            accounts=[each.username for each in home.accounts() if each.username],
            verdicts=verdicts or {},
            elsewhere=lambda words: any(each.names_another(words, numbers) for each in catalogues),
        )  # fmt: skip
        return write_proof(packed, out, order, warn)


def assigned_at(archive: Archive, entry: Entry) -> str | None:
    """When the licence was last assigned to the archive's client, or away from it."""
    history = (next(archive.lines(offset=offset)) for _, offset in entry.lines)
    assigned = [str(line.fields["at"]) for line in history if line.type == "assign"]
    return assigned[-1] if assigned else None


def _numbers(entry: Entry) -> list[str]:
    licence = entry.licence
    return [each for each in (licence.asset.asset_id, licence.licence_id, licence.order, *licence.key) if each]


def _marked(provider: str) -> bool:
    """Whether the platform's archived previews carry its watermark."""
    info = declared(provider)
    return info is not None and info.previews_marked
