"""Judge one picture of a site: search the archives for it, apply the rules of verdicts, and answer."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from archiver.agency.audit.answers import AnsweredPicture, LicenceCandidate, StockSign, answer
from archiver.agency.audit.audit_store import AuditStore, SitePicture
from archiver.catalogue import search
from archiver.catalogue.picture_search import PictureSearch
from archiver.claims.case_builder import case_of
from archiver.claims.facts import Use, platform_of
from archiver.claims.rule_engine import Assessment
from archiver.claims.rule_engine import assess as apply_rules
from archiver.core.errors import UnreadablePicture
from archiver.home.settings import HOUSE, Client, Home
from archiver.reading import filenames
from archiver.reading.certificates import Sure
from archiver.reading.worker import DocumentReader

MAX_PAGES_IN_MEMORY = 256  # of which the words are at hand
MIN_CREDIT_LENGTH = 3  # characters of a name that counts as a credit

_UPLOADED = re.compile(r"/uploads/(20\d\d)/(0[1-9]|1[0-2])/")


@dataclass
class PictureJudge:
    """Answers for the pictures of one client."""

    home: Home
    owner: Client
    search: PictureSearch
    reader: DocumentReader
    use: str | None
    store: AuditStore

    def __post_init__(self) -> None:
        self._words = lru_cache(MAX_PAGES_IN_MEMORY)(self.store.words)
        self._archives = self.search.state
        self.store.forget_search_results(but_of=self._archives)

    def answer(self, picture: SitePicture) -> tuple[AnsweredPicture, bytes]:
        """The answer, and the preview of the licence that it is about."""
        found, licensed = self._search(picture)
        rows: dict[str, tuple[dict[str, Any], str]] = {row["licence"]: (row, "") for row in found}
        signs = list(_signs(picture))
        quotes = {(sign.platform, asset_id): sign.quote for sign, asset_id in signs if asset_id}
        for name, (row, _) in rows.items():
            rows[name] = row, quotes.get((row["provider"], row["asset_id"]), "")
        if not any(row["match"] == "same" for row, _ in rows.values()):
            for sign, asset_id in signs:
                for row in self.search.of_asset(sign.platform, asset_id or "", "file_name"):
                    rows.setdefault(row["licence"], (row, sign.quote))
        candidates = [self._candidate(picture, row, quote) for row, quote in rows.values()]
        titled = [replace(sign, platform=str(platform_of(sign.platform)["title"])) for sign, _ in signs]
        return answer(candidates, titled, picture.said.get("generated")), licensed

    def _search(self, picture: SitePicture) -> tuple[list[dict[str, Any]], bytes]:
        """The licences that the picture is the same as or probably, and the preview of the best; saved at once, since
        thousands of searches take an hour.
        """
        if saved := self.store.search_result(picture.sha256, self._archives):
            return saved
        try:
            found = self.search.find(self.store.preview(picture.sha256))
        except UnreadablePicture:  # it was readable when it came; its small copy tells nothing
            return [], b""
        rows = [row for row in found.rows if row["match"] != "possible"]
        licensed = found.matches[0][0].preview if rows else b""
        self.store.put_search_result(picture.sha256, self._archives, rows, licensed)
        return rows, licensed

    def since(self, picture: SitePicture) -> date:
        """The first day on which the picture is known to have been on the site."""
        days = [date.fromisoformat(picture.first_seen[:10])]
        for address in picture.addresses:
            if found := _UPLOADED.search(address):
                year, month = int(found[1]), int(found[2])
                days.append(date(year, month, monthrange(year, month)[1]))
        return min(days)

    def _candidate(self, picture: SitePicture, row: Mapping[str, Any], quote: str) -> LicenceCandidate:
        if row["client"] not in (self.owner.slug, HOUSE):
            return LicenceCandidate(licence=row["licence"], match=row["match"], assessment=None)
        with search.located(self.home, row["licence"], self.reader, prefer=self.owner.slug) as (_, archive, entry):
            case = replace(
                case_of(self.home, self.owner, archive, entry, self.reader),
                compared=row["match"] == "same" or (row["match"] == "probable" and bool(quote)),
            )
            licence = entry.licence
        names = (str(platform_of(licence.asset.provider)["title"]), licence.asset.contributor or "")
        uncredited = [page for page in picture.pages if not credited(self._words(page), names)]
        judged: Assessment = apply_rules(case, Use(first_seen=self.since(picture), kind=self.use))
        return LicenceCandidate(
            licence=row["licence"], match=row["match"], assessment=judged, uncredited=uncredited, quote=quote,
            comp=any(finding.rule == "comp" for finding in judged.findings),
        )  # fmt: skip


def credited(words: str, names: Iterable[str]) -> bool:
    """Whether a page's words and links, in lower case, have one of these names; a part of a longer word is none."""
    pattern = "|".join(re.escape(each.casefold()) for each in names if len(each) >= MIN_CREDIT_LENGTH)
    return bool(pattern) and re.search(rf"(?<![^\W_])(?:{pattern})(?![^\W_])", words) is not None


def _within(address: str) -> list[str]:
    """Addresses of pictures in the query of an address, as services that resize pictures have them."""
    try:
        return [value for _, value in parse_qsl(urlsplit(address).query) if "." in value]
    except ValueError:
        return []


def _signs(picture: SitePicture) -> Iterator[tuple[StockSign, str | None]]:
    """What of a platform stands in a picture's addresses and metadata, with the asset's id."""
    seen = set()
    for address in picture.addresses:
        for each in [
            *filenames.names(address),
            *(named for inner in _within(address) for named in filenames.names(inner)),
        ]:
            if each.sure is Sure.CERTAIN and (each.platform, each.asset_id) not in seen:
                seen.add((each.platform, each.asset_id))
                yield StockSign(where="address", platform=each.platform, quote=each.quote), each.asset_id
    for named in picture.said.get("named", ()):
        if named["platform"] and (named["platform"], named["asset_id"]) not in seen:
            sign = StockSign(where="metadata", platform=named["platform"], quote=named["quote"])
            yield sign, named["asset_id"]
