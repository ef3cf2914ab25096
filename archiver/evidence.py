"""From the archives to an answer: find, show, verify, and the pack that is handed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archiver.archive import seal as sealing
from archiver.archive import verify as verifier
from archiver.archive.erasure import holds
from archiver.archive.reader import Archive
from archiver.catalogue import views
from archiver.catalogue.catalogue import Catalogue, Entry, ErasedEntry
from archiver.config import Home
from archiver.errors import ArchiveBusy, ArchiverError, ConfigError, Erased
from archiver.files import replace_file
from archiver.proof.pack import Packed, write_proof
from archiver.provider import ProviderInfo, discover, load
from archiver.reading.worker import DocumentReader

if TYPE_CHECKING:
    from archiver.vault import Vault


@contextmanager
def catalogue_of(home: Home, slug: str, reader: DocumentReader) -> Iterator[tuple[Archive, Catalogue]]:
    """A client's archive and its catalogue, caught up with the ledger's head."""
    archive = Archive(home.archive(slug))
    with Catalogue(home.catalogue(slug)) as catalogue:
        catalogue.catch_up(archive, reader)
        yield archive, catalogue


def archives(home: Home, client: str | None = None) -> list[str]:
    """The clients that have an archive, or the one asked for."""
    slugs = [home.client(client).slug] if client else list(home.clients)
    return [slug for slug in slugs if home.archive(slug).is_dir()]


def find(
    home: Home, text: str, *, client: str | None = None, limit: int = 20, warn: Callable[[str], None] = lambda _: None
) -> list[dict[str, Any]]:
    """Licences that match, best first, in the form of `find --json`. `warn` is told which objects cannot be read."""
    rows: list[dict[str, Any]] = []
    with DocumentReader() as reader:
        for slug in archives(home, client):
            with catalogue_of(home, slug, reader) as (archive, catalogue):
                rows += views.hits(slug, archive, catalogue.find(text, limit))
                for object_id, reason in catalogue.unreadable().items():
                    warn(f"warning: {slug}: {object_id} is in no result: {reason}. Run `archiver verify`.")
    return sorted(rows, key=lambda row: -row["score"])[:limit]


@contextmanager
def located(home: Home, name: str, reader: DocumentReader) -> Iterator[tuple[str, Archive, Entry]]:
    """The one licence that a short id, or any unique part of it, names; ConfigError for none or several, Erased where
    only an erased one has that name."""
    slug, entry = named(home, name, reader)
    if isinstance(entry, ErasedEntry):
        raise Erased(f"{entry.short_id} on {entry.at} ({entry.reason})")
    with catalogue_of(home, slug, reader) as (archive, catalogue):
        yield slug, archive, catalogue.matching(entry.folder)[0]


def named(home: Home, name: str, reader: DocumentReader) -> tuple[str, Entry | ErasedEntry]:
    """The client and the one licence that are meant; an erased one where no other has that name."""
    client, _, part = name.rpartition("/")
    if client and client not in home.clients:
        raise ConfigError(f"There is no client {client!r}. Known: {', '.join(home.clients) or 'none'}.")
    found: list[tuple[str, Entry | ErasedEntry]] = []
    erased: list[tuple[str, Entry | ErasedEntry]] = []
    for slug in archives(home, client or None):
        with catalogue_of(home, slug, reader) as (_, catalogue):
            found += [(slug, entry) for entry in catalogue.matching(part)]
            erased += [(slug, entry) for entry in catalogue.erased_matching(part)]
    found = found or erased
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
    for slug in archives(home, client or named or None):
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
    told = [*(report.as_text() for report in reports.values()), *(reasons if against else [])]
    text = "\n".join(told) or "There is no archive yet."
    return (90 if worst in ("DAMAGED", "FORKED") else 0), {"state": worst, "clients": documents}, text


def renew(home: Home, vault: Vault, *, client: str | None = None, say: Callable[[str], None]) -> None:
    """Have new timestamps cover the old ones of all archives where that is due; `say` is told of each what was done.

    An archive that cannot be written does not stop the others; the first such error is raised at the end.
    """
    from archiver.run import writing

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


def trusted_roots(home: Home) -> Path | None:
    """The timestamp roots that the home's settings pin, in one file; None where it pins none."""
    pinned = [home.root / each.roots for each in home.settings.timestamps if each.roots]
    if not pinned:
        return None
    joined = home.state / "trusted-roots.pem"
    replace_file(joined, b"\n".join(path.read_bytes() for path in pinned))
    return joined


def proof(home: Home, names: Sequence[str], out: Path) -> None:
    """Write one zip with what proves these licences; refuses damaged ones and never overwrites."""
    packed = []
    with DocumentReader() as reader:
        for name in names:
            with located(home, name, reader) as (slug, archive, entry):
                packed.append(Packed(archive, entry, home.client(slug).name, _info(entry.provider)))
    write_proof(packed, out)


def _info(provider: str) -> ProviderInfo | None:
    """What the platform's adapter declares; None for platforms of which licences were only imported."""
    return load(provider).info if provider in discover() else None
