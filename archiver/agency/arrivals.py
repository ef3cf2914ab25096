"""What arrives at the desk: say what each file is, and propose what to do with it. A person decides.

A letter, on paper too, reads as one about the use of a picture, and names a claimant or asks for a licence or for
money. Everything else is no claim unless a person says so: a picture is searched for, papers about licences are
imported, and what nobody can read is only named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from archiver.agency.unassigned import named_in
from archiver.claims.letter_reader import parse_letter
from archiver.collect.import_reader import FileReading, recognised
from archiver.collect.import_report import ImportProgress, ImportReport
from archiver.collect.importing import ImportRequest, Statement, import_files
from archiver.collect.mail_selection import START_BYTES, is_answer, is_note, reads_as_letter, split
from archiver.collect.recognition import ClassifiedFile
from archiver.core.atomic_files import scratch_folder
from archiver.home.settings import Home
from archiver.home.vault import Vault
from archiver.reading.documents import is_html, is_pdf
from archiver.reading.letters import Letter, LetterKind, letter_by
from archiver.reading.mail import looks_like_mail
from archiver.reading.worker import DocumentReader

UNSAFE = re.compile(r"[^\w .()+,@=-]+")
MAX_NAME_LENGTH = 100


READABLE = ("document", "table", "page", "text", "scan", "mail")  # what may be one paper


class Proposal(StrEnum):
    """What to do with a file."""

    CLAIM = "claim"
    SEARCH = "search"
    IMPORT = "import"
    STATE = "state"  # import it as what a person says that it licenses
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One file that arrived. `what` is its kind as an import names it, or `letter`; `why` says why nothing can be done.

    `client` is the only client that it names. `allowed` are the proposals that make sense, the best first.
    """

    name: str
    content: bytes = field(repr=False)
    what: str
    allowed: tuple[Proposal, ...]
    claimant: str | None = None
    reference: str | None = None
    client: str | None = None
    why: str = ""

    @property
    def proposal(self) -> Proposal:
        return self.allowed[0]


def classify(
    home: Home, files: Sequence[tuple[str, bytes]], progress: ImportProgress = lambda *_: None
) -> list[Arrival]:
    """What each file (name, content) is. Reads hostile files in confined processes; archives nothing.

    `progress` hears of each file that is read (`read`), and of each one inside a zip or a mail (`inside`).
    """
    with scratch_folder("arrivals") as folder, DocumentReader() as reader:
        arrivals, inside = list[Arrival](), 0
        progress("read", 0, len(files))
        for number, (name, content) in enumerate(files):
            seen = list[ClassifiedFile]()
            for each in recognised(
                [_written(folder / str(number), name, content)], FileReading(home=home.root, reader=reader)
            ):
                seen.append(each)
                if len(seen) > 1:
                    progress("inside", inside + len(seen), None)
            inside += len(seen) if len(seen) > 1 else 0
            arrivals.append(_arrival(home, name, content, seen, reader))
            progress("read", number + 1, len(files))
        return arrivals


def _written(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir()
    place = folder / safe_name(name)
    place.write_bytes(content)
    return place


def safe_name(name: str) -> str:
    """A file name from a stranger as one that every system takes."""
    kept = UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    return f"{stem[: MAX_NAME_LENGTH - 10]}{dot}{ending[:9]}" if stem else kept[:MAX_NAME_LENGTH] or "file"


def _arrival(home: Home, name: str, content: bytes, seen: Sequence[ClassifiedFile], reader: DocumentReader) -> Arrival:
    whole = seen[0] if seen else None
    mail = looks_like_mail(content) or (whole is not None and whole.is_letter)
    what = "mail" if mail else whole.what if whole and len(seen) == 1 else "container"
    refused = next((each.refused or each.note for each in seen if each.refused), None) if len(seen) == 1 else None
    if whole is None or refused:
        return Arrival(name=name, content=content, what=what, allowed=(Proposal.NOTHING,), why=refused or "")
    papers = any(each.paper or each.sign or each.named for each in seen)
    letter, text = _letter(name, content, whole, reader)
    client = _named(home, f"{name}\n{text}")
    claim = letter is not None and _is_claim(letter, has_paper=any(each.paper for each in seen))
    pages = [domain for each in home.clients.values() for domain in each.domains]
    head = split(content[:START_BYTES]) if looks_like_mail(content) else None
    note = head is not None and (is_note(*head) or is_answer(*head, pages))
    imported = (Proposal.IMPORT,) if papers else ()
    searched = (Proposal.SEARCH,) if what == "picture" else ()
    if letter and claim and not note and reads_as_letter(text, pages):
        return Arrival(
            name=name, content=content, what="letter", claimant=letter.claimant, reference=letter.reference,
            client=client, allowed=(Proposal.CLAIM, *searched, *imported),
        )  # fmt: skip
    if what == "picture":
        return Arrival(name=name, content=content, what=what, allowed=(*searched, Proposal.CLAIM, *imported))
    if papers:
        also = () if whole.machine_read else (Proposal.CLAIM,)  # a scan may be a letter that OCR cannot read
        allowed = (Proposal.IMPORT, *also, *_statable(what))
        return Arrival(name=name, content=content, what=what, client=client, allowed=allowed)
    why = whole.note if len(seen) == 1 else ""
    also = (Proposal.CLAIM,) if claim else ()  # it asks for something, but not about a picture
    allowed = (Proposal.NOTHING, *also, *_statable(what))
    return Arrival(name=name, content=content, what=what, client=client, allowed=allowed, why=why)


def _statable(what: str) -> tuple[Proposal, ...]:
    """A person can say of what they can read that it is a licence."""
    return (Proposal.STATE,) if what in READABLE else ()


def _letter(name: str, content: bytes, seen: ClassifiedFile, reader: DocumentReader) -> tuple[Letter | None, str]:
    """What a file says if it is read as a letter, and its text; None for what nobody writes letters in."""
    text_like = seen.media_type in ("text/plain", "text/html", "message/rfc822") or is_html(content)
    paper = is_pdf(content) or safe_name(name).lower().endswith(".docx")
    if not (text_like or paper or looks_like_mail(content) or seen.what == "scan" or seen.like_paper):
        return None, ""
    parsed = parse_letter(content, reader)
    letter = letter_by(reader, parsed.text, received=parsed.received, links=parsed.links, senders=parsed.senders)
    return letter, parsed.text


def _is_claim(letter: Letter, *, has_paper: bool) -> bool:
    """Whether a letter wants something. A licence's own paper may ask for a payment, but names no claimant."""
    if letter.claimant:
        return letter.kind is not None or bool(letter.reference or letter.deadline or not has_paper)
    return letter.kind in (LetterKind.DEMAND, LetterKind.ABMAHNUNG, LetterKind.INQUIRY) and not has_paper


def _named(home: Home, text: str) -> str | None:
    """The only client that a text names."""
    found = named_in(text, home.customers())
    return found.pop() if len(found) == 1 else None


# many parameters: those of an `ImportRequest`, whose files do not exist yet
def import_arrivals(
    home: Home,
    vault: Vault,
    arrivals: Sequence[Arrival],
    client: str,
    *,
    by: str,
    dry_run: bool,
    confirmed: bool = False,
    proposals: bool = False,
    said: Statement | None = None,
    progress: ImportProgress = lambda *_: None,
) -> ImportReport:
    """Import these files into a client's archive, as `archiver import` does; a dry run archives nothing. `confirmed`,
    `proposals` and `said` say what the person vouches for; see `ImportRequest`."""
    with scratch_folder("arrivals") as folder:
        paths = [_written(folder / str(number), each.name, each.content) for number, each in enumerate(arrivals)]
        request = ImportRequest(
            paths=paths, client=client, by=by, dry_run=dry_run, confirmed=confirmed, proposals=proposals, said=said
        )
        return import_files(home, vault, request, progress)
