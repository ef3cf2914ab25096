"""From files to licences: which files belong to which licence, and which are new. `import_filing` writes the plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from hashlib import sha512
from typing import Protocol

from archiver.archive.ocfl import object_id
from archiver.catalogue.index import CatalogueEntry
from archiver.collect.recognition import ClassifiedFile
from archiver.core.model import DocumentKind, Licence, iso
from archiver.core.remedy import Remedy
from archiver.reading.certificates import Paper, Sure
from archiver.reading.filenames import NamedAsset
from archiver.reading.fingerprint import MAX_HASH_DISTANCE, Fingerprint, distance
from archiver.reading.one_licence import completed, contradictions, differences, same_day, same_licence
from archiver.reading.platforms import OTHER_PLATFORM, PLATFORMS
from archiver.reading.subscription_plans import covers

_RANK = {kind: n for n, kind in enumerate((DocumentKind.CERTIFICATE, DocumentKind.RECORD, DocumentKind.RECEIPT))}


class ImportOutcome(StrEnum):
    """What became of a file."""

    ARCHIVED = "archived"
    MERGED = "merged"
    KNOWN = "known"
    UNREAD = "unread"
    IRRELEVANT = "irrelevant"
    REFUSED = "refused"


class Known(Protocol):
    """What the archive already holds."""

    def identity(self, identity: str) -> CatalogueEntry | None: ...

    def erased(self, identity: str) -> bool: ...

    def asset(self, provider: str, asset_id: str) -> Sequence[CatalogueEntry]: ...

    def order(self, provider: str, order: str) -> Sequence[CatalogueEntry]: ...

    def download(self, name: str, size: int, day: date | None) -> Sequence[CatalogueEntry]:
        """The licences of which a browser said that a file with this name and size was downloaded, `day` or earlier."""

    def file(self, sha256: str) -> CatalogueEntry | None:
        """The licence in which a file of this digest is archived, or by its digest alone."""

    def paper(self, sha256: str) -> str | None:
        """The id of the object that holds this paper for several licences, or unread."""

    def platform(self, provider: str) -> Iterable[CatalogueEntry]:
        """All licences of a platform."""

    def looks(self) -> Iterable[tuple[CatalogueEntry, bytes]]:
        """The hashes of archived previews and delivered files, by which pictures are recognised."""


@dataclass
class Group:
    """One licence and the files that belong to it.

    `entry` is the archived licence; `licence` is the fullest reading.
    """

    licence: Licence
    entry: CatalogueEntry | None = None
    papers: list[tuple[ClassifiedFile, Licence | None]] = field(default_factory=list)
    letters: list[ClassifiedFile] = field(default_factory=list)
    delivered: list[ClassifiedFile] = field(default_factory=list)

    @property
    def object_id(self) -> str:
        licence = self.licence
        if self.entry:
            return self.entry.object_id
        kind = "comps" if licence.comp else "licences"
        return object_id(kind, licence.licensed_at, licence.asset.provider, licence.asset.asset_id, licence.identity)

    @property
    def members(self) -> Iterator[ClassifiedFile]:
        yield from (seen for seen, _ in self.papers)
        yield from self.letters
        yield from self.delivered


@dataclass(frozen=True)
class Doubt:
    """A licence whose number a paper names and of which it states another item, kind or title."""

    group: Group
    differs: Mapping[str, Sequence[str]]  # field -> what is known, what the paper says


@dataclass(slots=True)
class FileOutcome:
    """What became of one file: its outcome, its licences, and a message if one is needed."""

    seen: ClassifiedFile
    outcome: ImportOutcome
    groups: list[Group] = field(default_factory=list)
    message: str = ""


NEXT_UNREAD = (
    "It is kept. Import the platform's own PDF, mail or CSV list too, capture its page, or say what it licenses "
    "(`--item`)"
)


@dataclass
class ImportPlan:
    """What to archive: licences with their files, and papers that belong to several licences or to none."""

    fates: list[FileOutcome]
    groups: list[Group]
    papers: list[FileOutcome]
    unconfirmed: bool = False  # a paper of a platform that is not known waits for a person's word


def plan(files: Sequence[ClassifiedFile], known: Known, *, confirmed: bool = False) -> ImportPlan:
    """Decide what each file is and where it belongs. Nothing is guessed: a file that fits several licences joins none.

    `confirmed`: a person vouches for papers of unknown platforms and for lists in doubt, so that they become licences;
    and, where there is one paper only, that it is of the licence whose number it names, although the two differ.
    """
    return _Planner(files, known, confirmed)()


class _Planner:
    def __init__(self, files: Sequence[ClassifiedFile], known: Known, confirmed: bool) -> None:
        self.confirmed = confirmed
        self.unconfirmed = False
        self.files, self.known = files, known
        self.groups: list[Group] = []
        self.by_object: dict[str, Group] = {}
        self.by_asset: dict[tuple[str, str], list[Group]] = {}
        self.by_identity: dict[str, Group] = {}
        self.joins = confirmed and sum(bool(seen.paper and seen.paper.licences) for seen in files) == 1
        self.fates: dict[int, FileOutcome] = {}
        self.papers: list[FileOutcome] = []
        self.copies: dict[int, ClassifiedFile] = {}
        self.telling: set[str] = set()  # digests of letters with a letter inside that speaks of licences

    def __call__(self) -> ImportPlan:
        for seen in self.files:
            if seen.refused:
                self._end(seen, ImportOutcome.REFUSED, message=seen.refused)
        self._set_copies_apart()
        self._read_papers()
        self._read_orders()
        self._bind_pages()
        self._bind_to_plans()
        self._bind_pictures()
        self._settle_copies()
        self._follow_letters()
        for seen in list(self._open()):
            self._leave(seen)
        self._settle_copies()
        return ImportPlan([self.fates[id(seen)] for seen in self.files], self.groups, self.papers, self.unconfirmed)

    def _set_copies_apart(self) -> None:
        """Of files with the same bytes, look at one only: preferably one whose name says what it is."""
        first: dict[str, ClassifiedFile] = {}
        for seen in self._open():
            if seen.sha256 not in first or (seen.named and not first[seen.sha256].named):
                first[seen.sha256] = seen
        self.copies = {id(seen): first[seen.sha256] for seen in self._open() if first[seen.sha256] is not seen}

    def _settle_copies(self) -> None:
        for seen in self.files:
            fate = self.fates.get(id(self.copies.get(id(seen))))
            if fate and id(seen) not in self.fates:
                same = fate.outcome in (ImportOutcome.IRRELEVANT, ImportOutcome.UNREAD)
                message = "" if fate.outcome is ImportOutcome.IRRELEVANT else f"the same file as {fate.seen.path}"
                self._end(seen, fate.outcome if same else ImportOutcome.KNOWN, fate.groups, message)

    def _end(
        self, seen: ClassifiedFile, outcome: ImportOutcome, groups: Iterable[Group] = (), message: str = ""
    ) -> FileOutcome:
        fate = FileOutcome(seen, outcome, list(groups), message or seen.note)
        self.fates[id(seen)] = fate
        return fate

    def _open(self) -> Iterator[ClassifiedFile]:
        return (seen for seen in self.files if id(seen) not in self.fates and id(seen) not in self.copies)

    # ------------------------------------------------------------ papers

    def _read_papers(self) -> None:
        """Read papers that name licences, the surest first, so that clear papers attract the others."""
        named = [(seen, seen.paper) for seen in self._open() if seen.paper and seen.paper.licences]
        ranks = list(Sure)
        named.sort(key=lambda pair: (ranks.index(pair[1].sure), _RANK.get(pair[1].kind, 9)))
        for seen, paper in named:
            if (entry := self.known.file(seen.sha256)) and len(paper.licences) == 1:
                self._end(seen, ImportOutcome.KNOWN, [self._archived(entry)])
                continue
            if all(self.known.erased(licence.identity) for licence in paper.licences):
                self._end(
                    seen, ImportOutcome.KNOWN, message="the licence that it names was erased, so it is not archived"
                )
                continue
            if paper.sure is Sure.STATED and not self.confirmed and not self.known.identity(paper.licences[0].identity):
                self._keep(seen, ImportOutcome.UNREAD, message=_to_confirm(paper.licences))
                self.unconfirmed = True
                continue
            certain = seen.machine_read or paper.by_person
            found = [(licence, self._group(licence, certain)) for licence in paper.licences]
            joined = [(licence, group) for licence, group in found if isinstance(group, Group)]
            doubts = [_question(licence, each) for licence, each in found if isinstance(each, Doubt)]
            self.unconfirmed = self.unconfirmed or bool(doubts)
            groups = [group for _, group in joined]
            missed = [licence.asset.asset_id for licence, group in found if group is None]
            if not groups:
                self._keep(seen, ImportOutcome.UNREAD, message="; ".join(doubts[:3]) or self._why_none(seen, missed))
                continue
            several = len(paper.licences) > 1
            changed = [self._add(group, seen, licence, several=several) for licence, group in joined]
            message = f"{len(missed)} of its entries match several licences" if missed else _differences(seen, joined)
            message = "; ".join([*doubts[:3], message]).removesuffix("; ")
            if several:
                self._keep(seen, _best(changed), groups, message)
            else:
                self._end(seen, changed[0], groups, message)

    def _why_none(self, seen: ClassifiedFile, missed: Sequence[str]) -> str:
        named = ", ".join(missed[:3])
        if seen.machine_read:
            return f"it names {named}, but several licences match"
        return f"it names {named}, but not one licence here for sure. What OCR reads confirms a licence and makes none"

    def _group(self, licence: Licence, certain: bool) -> Group | Doubt | None:
        """The licence that a paper means: one of this import, an archived one, or a new one; None if that is unclear.

        A licence of the same number with another item, kind or title is a doubt, until a person says that it is one.
        An uncertain reading, such as OCR's, never makes a new licence.
        """
        exact = self.by_identity.get(licence.identity)
        if exact is None and (entry := self.known.identity(licence.identity)):
            exact = self._archived(entry)
        if exact:
            differs = contradictions(exact.licence, licence)
            return Doubt(exact, differs) if differs and not self.joins else exact
        asset = (licence.asset.provider, licence.asset.asset_id)
        here = [group for group in self.by_asset.get(asset, []) if same_licence(licence, group.licence)]
        if here:
            return here[0] if len(here) == 1 else None
        there = [entry for entry in self.known.asset(*asset) if same_licence(licence, entry.licence)]
        if len(there) == 1:
            return self._archived(there[0])
        if there or not certain or not (licence.licence_id or licence.key) or self.known.erased(licence.identity):
            return None
        return self._register(Group(licence))

    def _archived(self, entry: CatalogueEntry) -> Group:
        return self.by_object.get(entry.object_id) or self._register(Group(entry.licence, entry))

    def _register(self, group: Group) -> Group:
        self.groups.append(group)
        self.by_object[group.object_id] = group
        self.by_identity.setdefault(group.licence.identity, group)
        asset = group.licence.asset
        self.by_asset.setdefault((asset.provider, asset.asset_id), []).append(group)
        return group

    def _add(
        self, group: Group, seen: ClassifiedFile, licence: Licence | None, *, several: bool = False
    ) -> ImportOutcome:
        """Add a paper, or its part about this licence, to the licence. What is already there changes nothing."""
        digest = sha512(record_of(licence)).hexdigest() if several and licence else None
        if group.entry:
            filed = {document.sha512 for document in group.entry.file.documents}
            if digest in filed if digest else self.known.file(seen.sha256):
                return ImportOutcome.KNOWN
        group.papers.append((seen, licence))
        if licence and seen.paper and seen.paper.sure is not Sure.POSSIBLE:
            group.licence = completed(group.licence, licence)
        return ImportOutcome.MERGED if group.entry else ImportOutcome.ARCHIVED

    def _read_orders(self) -> None:
        """Receipts that name an order only: they belong to all licences of that order."""
        for seen in list(self._open()):
            paper = seen.paper
            if not paper or paper.licences:
                continue
            if entry := self.known.file(seen.sha256):
                self._end(seen, ImportOutcome.KNOWN, [self._archived(entry)])
                continue
            groups = self._of_order(paper) or self._of_own_order(seen, paper)
            changed = [self._add(group, seen, None) for group in groups] if len(groups) == 1 else []
            if changed:
                self._end(seen, changed[0], groups)
            elif seen.machine_read:
                message = "" if groups else "a receipt; this archive has no licence of its order"
                if not groups and seen.proposal:
                    message += f"; {_may_license(seen.proposal)}"
                self._keep(seen, ImportOutcome.ARCHIVED, groups, message)

    def _of_own_order(self, seen: ClassifiedFile, paper: Paper) -> list[Group]:
        """The licence of a file that names its asset and its order, if its own order and day are not others."""
        groups = [
            group
            for group in self._of_assets(seen)
            if group.licence.asset.provider == paper.platform
            and group.licence.order is None
            and (group.licence.licensed_at is None or same_day(group.licence.licensed_at, paper.date))
        ]
        if len(groups) == 1:
            groups[0].licence = replace(groups[0].licence, order=paper.order)
        return groups if len(groups) == 1 else []

    def _of_order(self, paper: Paper) -> list[Group]:
        if not paper.platform or not paper.order:
            return []
        for entry in self.known.order(paper.platform, paper.order):
            self._archived(entry)
        return [
            group
            for group in self.groups
            if group.licence.asset.provider == paper.platform and group.licence.order == paper.order
        ]

    def _keep(
        self, seen: ClassifiedFile, outcome: ImportOutcome, groups: Iterable[Group] = (), message: str = ""
    ) -> None:
        """Keep a paper as an object of its own: it belongs to several licences, or to none that is known."""
        if self.known.paper(seen.sha256):
            if outcome is ImportOutcome.UNREAD:
                message = f"kept before as unread; {message}" if seen.proposal else "kept before as unread"
            self._end(seen, outcome if outcome is ImportOutcome.MERGED else ImportOutcome.KNOWN, groups, message)
        else:
            outcome = ImportOutcome.ARCHIVED if outcome is ImportOutcome.KNOWN else outcome
            self.papers.append(self._end(seen, outcome, groups, message))

    # ------------------------------------------------------------ marked pages

    def _bind_pages(self) -> None:
        """Bind pages that a person marked and no reader knows to the one licence whose ID their address or text names.

        A page of a platform that licenses no single items belongs to the plan of that day. A page that names several
        licences, or none, becomes an object of its own. It is kept in any case.
        """
        for seen in list(self._open()):
            if not seen.marked:
                continue
            groups = self._of_assets(seen) or self._named_in(seen) or self._plans(seen)
            if len(groups) == 1:
                self._end(seen, self._add(groups[0], seen, None), groups)
            else:
                self._keep(seen, ImportOutcome.ARCHIVED if groups else ImportOutcome.UNREAD, groups, "a marked page")

    def _named_in(self, seen: ClassifiedFile) -> list[Group]:
        """The licences of the page's platform whose own IDs occur in its text; otherwise those whose assets' IDs do."""
        if not seen.platform:
            return []
        own = [group for group in self.groups if group.licence.asset.provider == seen.platform]
        there = {group.object_id: group.licence for group in own}
        known = {each.object_id: each for each in self.known.platform(seen.platform)}
        there |= {each: entry.licence for each, entry in known.items() if not entry.licence.comp}
        found = [each for each, licence in there.items() if licence.licence_id in seen.words]
        found = found or [each for each, licence in there.items() if licence.asset.asset_id in seen.words]
        return [self.by_object.get(each) or self._archived(known[each]) for each in found]

    # ------------------------------------------------------------ delivered files

    def _bind_to_plans(self) -> None:
        """Bind files of platforms that license no single items to the one plan period of their date."""
        for seen in list(self._open()):
            if not seen.platform or seen.what not in ("picture", "media") or seen.named:
                continue
            if entry := self.known.file(seen.sha256):
                self._end(seen, ImportOutcome.KNOWN, [self._archived(entry)])
                continue
            groups, day = self._plans(seen), iso(seen.dated) or "an unknown day"
            if len(groups) == 1:
                self._deliver(seen, groups, f"linked to the plan by its name and its own date, {day}")
            else:
                fault = "several plan periods in this archive cover" if groups else "no plan period here covers"
                title = PLATFORMS[seen.platform].title
                self._end(seen, ImportOutcome.IRRELEVANT, message=f"a file of {title}; {fault} its own date, {day}")

    def _plans(self, seen: ClassifiedFile) -> list[Group]:
        """The plan periods of the platform that the file's day lies in."""
        if not seen.platform:
            return []
        for entry in self.known.platform(seen.platform):
            if covers(entry.licence, seen.dated):
                self._archived(entry)
        mine = [group for group in self.groups if group.licence.asset.provider == seen.platform]
        return [group for group in mine if covers(group.licence, seen.dated)]

    def _bind_pictures(self) -> None:
        unnamed = []
        for seen in list(self._open()):
            downloaded = self._downloaded(seen)
            if not (seen.named or seen.fingerprint or downloaded):
                continue
            if entry := self.known.file(seen.sha256):
                self._end(seen, ImportOutcome.KNOWN, [self._archived(entry)])
            elif groups := self._of_assets(seen):
                self._deliver(seen, groups, "")
            elif len(downloaded) == 1:
                self._deliver(seen, map(self._archived, downloaded), "bound by the download that a browser reported")
            elif seen.named:
                self._end(seen, ImportOutcome.IRRELEVANT, message=_without_licence(seen.named))
            elif seen.fingerprint and not seen.fingerprint.flat and seen.machine_read:
                unnamed.append((seen, seen.fingerprint))
        if unnamed:
            self._bind_by_looks(unnamed)

    def _downloaded(self, seen: ClassifiedFile) -> Sequence[CatalogueEntry]:
        found = self.known.download(seen.path, seen.size, seen.dated)
        return [entry for entry in found if not entry.licence.comp]

    def _of_assets(self, seen: ClassifiedFile) -> list[Group]:
        """The licences of the assets that a file's name or its data speak of."""
        found: dict[str, Group] = {}
        for each in seen.named:
            asset = (each.platform, each.asset_id or "")
            for entry in self.known.asset(*asset):
                self._archived(entry)
            found |= {group.object_id: group for group in self.by_asset.get(asset, []) if not group.licence.comp}
        return list(found.values())

    def _bind_by_looks(self, unnamed: Sequence[tuple[ClassifiedFile, Fingerprint]]) -> None:
        """Bind files whose names say nothing by what they look like, if that fits one asset only."""
        looks: list[tuple[bytes, Group | CatalogueEntry]] = [(each, entry) for entry, each in self.known.looks()]
        for group in self.groups:
            marks = [each.fingerprint for each in group.delivered if each.fingerprint and not each.fingerprint.flat]
            looks += [(each.hash, group) for each in marks]
        for seen, mark in unnamed:
            near = [
                owner
                for look, owner in looks
                if min(distance(mark.hash, look), distance(mark.mirrored, look)) <= MAX_HASH_DISTANCE
            ]
            if len({(each.licence.asset.provider, each.licence.asset.asset_id) for each in near}) == 1:
                groups = [each if isinstance(each, Group) else self._archived(each) for each in near]
                self._deliver(seen, {group.object_id: group for group in groups}.values(), "bound by what it shows")

    def _deliver(self, seen: ClassifiedFile, groups: Iterable[Group], message: str) -> None:
        groups = list(groups)
        for group in groups:
            group.delivered.append(seen)
        new = all(group.entry is None for group in groups)
        self._end(seen, ImportOutcome.ARCHIVED if new else ImportOutcome.MERGED, groups, message)

    # ------------------------------------------------------------ letters, and what is left

    def _follow_letters(self) -> None:
        """A letter belongs to the licences of its attachments. Of letters inside letters, the outermost is kept."""
        children: dict[str, list[ClassifiedFile]] = {}
        for seen in self.files:
            if seen.within:
                children.setdefault(seen.within, []).append(seen)
        for seen in reversed(self.files):  # attachments follow their letter
            if not seen.is_letter or seen.refused or id(seen) in self.copies:
                continue
            inside = children.get(seen.sha256, ())
            fates = [self.fates[id(each)] for each in inside if id(each) in self.fates]
            if any(each.is_letter and (each.sign or each.sha256 in self.telling) for each in inside):
                self.telling.add(seen.sha256)
            groups = {group.object_id: group for fate in fates for group in fate.groups}
            own = self.fates.get(id(seen))
            if own:  # a paper itself; the letter as a whole is archived, which brings all attached licences
                own.groups += [group for group in groups.values() if group not in own.groups]
            elif groups:
                best = _best([fate.outcome for fate in fates if fate.groups])
                self._end(seen, best, groups.values(), "kept within its letter" if seen.within else "")
                if not seen.within:
                    self._file_letter(seen, list(groups.values()))

    def _file_letter(self, seen: ClassifiedFile, groups: list[Group]) -> None:
        if self.known.file(seen.sha256) or self.known.paper(seen.sha256):
            self._end(seen, ImportOutcome.KNOWN, groups)
            return
        if len(groups) > 1:
            self._keep(seen, ImportOutcome.ARCHIVED, groups)
        else:
            groups[0].letters.append(seen)
            self._end(seen, ImportOutcome.MERGED if groups[0].entry else ImportOutcome.ARCHIVED, groups)

    def _leave(self, seen: ClassifiedFile) -> None:
        """Decide about a file that belongs to nothing: keep it as unread if it is about licences."""
        if not seen.size or not (seen.sign or seen.sha256 in self.telling):
            self._end(seen, ImportOutcome.IRRELEVANT)
        elif seen.is_letter and seen.within:
            there = self.known.file(seen.within) or self.known.paper(seen.within)
            self._end(seen, ImportOutcome.KNOWN if there else ImportOutcome.UNREAD, message="archived with its letter")
        elif entry := self.known.file(seen.sha256):
            self._end(seen, ImportOutcome.KNOWN, [self._archived(entry)])
        else:
            why = seen.note or "it is about licences, but no reader fits. " + NEXT_UNREAD
            self._keep(seen, ImportOutcome.UNREAD, message=_may_license(seen.proposal) if seen.proposal else why)


def _without_licence(named: Sequence[NamedAsset]) -> str:
    """The message for a picture whose name holds platform IDs, if the archive has no licence of these assets."""
    assets = ", ".join(f"{each.platform} {each.asset_id}" for each in named)
    return (
        f"the name says {assets}, but this archive has no licence of it. Archive the licence, then import again. "
        f"{Remedy.of('capture platform', {'provider': named[0].platform})}".rstrip(".")
    )


def _to_confirm(licences: Sequence[Licence]) -> str:
    """The message that asks a person to confirm licences: of an unknown platform, or in a list that leaves doubt."""
    first, several = licences[0], len(licences) > 1
    name, day = first.asset.provider.removeprefix(OTHER_PLATFORM), (iso(first.licensed_at) or "")[:10]
    what, them = (f"{len(licences)} licences", "them") if several else ("a licence", "it")
    ids = ", ".join(each.asset.asset_id for each in licences[:5]) + (", …" if len(licences) > 5 else "")
    if name in PLATFORMS:
        doubt = f"{PLATFORMS[name].title}, but does not say so for sure: {ids}{day and f', {day}'}"
    else:
        doubt = f"{name}, an unknown platform: {ids}, {day or None}, for {first.licensee}"
    return (
        f"it reads as {what} of {doubt}. Compare {them}; to archive {them} as "
        f"{'licences' if several else 'a licence'}, confirm {them} (--yes)"
    )


def _may_license(proposal: Paper) -> str:
    """The message for a paper that a person has to read, since no reader takes it for a licence."""
    first, *others = proposal.licences
    name, day = first.asset.provider.removeprefix(OTHER_PLATFORM), (iso(first.licensed_at) or "")[:10]
    seller = PLATFORMS[name].title if name in PLATFORMS else name
    ids = ", ".join(each.asset.asset_id for each in proposal.licences[:5]) + (
        ", …" if len(proposal.licences) > 5 else ""
    )
    return (
        f"it may license {ids} ({seller}, {day}), but does not say so as known papers do. It is kept. Read it; if it "
        f"does, confirm it (this file alone, with --yes) to archive the licence{'s' if others else ''}"
    )


_SPOKEN = {"asset_id": "item", "licensed_at": "date"}  # fields whose names are no words


def _question(licence: Licence, doubt: Doubt) -> str:
    """The message that asks a person whether two papers that name one number are of one licence, with what both say."""
    said = ", ".join(
        f"{_SPOKEN.get(name, name)} {there} (known: {here})" for name, (here, there) in doubt.differs.items()
    )
    return (
        f"it names the licence {licence.platform_id}, but states another {said}. It is kept, and nothing was merged. "
        "Compare the two. If they are one licence, confirm that (this file alone, with --yes); if not, say what this "
        "paper licenses (--item)"
    )


def _differences(seen: ClassifiedFile, found: Sequence[tuple[Licence, Group]]) -> str:
    notes = [
        f"it says {_SPOKEN.get(name, name)} {there}, the archive {here}"
        for licence, group in found
        for name, (here, there) in differences(group.licence, licence).items()
    ]
    return "; ".join([*([seen.note] if seen.note else []), *notes[:3]])


def _best(outcomes: Sequence[ImportOutcome]) -> ImportOutcome:
    return min(outcomes, key=list(ImportOutcome).index)


def claims(licence: Licence) -> dict[str, str | None]:
    """What a paper says about a licence."""
    asset = licence.asset
    return {
        "licence_id": licence.licence_id, "asset_id": asset.asset_id, "title": asset.title, "kind": licence.kind,
        "licensed_at": iso(licence.licensed_at), "licensee": licence.licensee, "order": licence.order,
    }  # fmt: skip


def record_of(licence: Licence) -> bytes:
    """One licence from a paper that names several, as a document of its own."""
    return in_json({"row": dict(licence.row), "read": claims(licence)})


def in_json(value: Mapping[str, object]) -> bytes:
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n"
    return text.encode("utf-8", "backslashreplace")
