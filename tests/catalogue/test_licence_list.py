"""The list of licences: what every filter, order and page shows is what the archives hold, each licence once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.catalogue.archives import writing
from archiver.catalogue.assignment import Assignment, assign
from archiver.catalogue.licence_list import MISSING, SORTS, LicenceList, ListFilter, described, entries, options
from archiver.core.errors import ConfigError
from archiver.core.model import DocumentKind, Gap, GapReason
from tests.support.agency import Agency, agency, record
from tests.support.claims_kit import licence
from tests.support.examples import examples

GAPS: list[list[Gap]] = [
    [Gap(kind=DocumentKind.CERTIFICATE, reason=GapReason.ON_REQUEST)],
    [Gap(kind=DocumentKind.RECEIPT, reason=GapReason.FAILED), Gap(kind=DocumentKind.TERMS, reason=GapReason.LAPSED)],
    [Gap(kind=DocumentKind.RECEIPT, reason=GapReason.NONE_OFFERED)],
    [],
]  # fmt: skip
DAYS = [date(2025, 1, 5), datetime(2025, 1, 5, 23, 59, 59, tzinfo=UTC), date(2026, 2, 1), None]
CHOICES = {
    "text": ["", "picture", "10", "nowhere", "!!"], "client": ["", "acme", "beta", "house"],
    "provider": ["", "shutterstock", "freepik"], "kind": ["", "standard", "extended"],
    "since": ["", "2025-01-05", "2025-01-06"], "until": ["", "2025-01-05", "2026-02-01"],
    "seat": ["", "ADA", "%"], "job": ["", "spring"], "missing": ["", *MISSING], "state": ["", "proven", "unproven"],
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    with agency(tmp_path_factory.mktemp("list")) as at:
        for offset, slug in enumerate(("acme", "beta", "house")):
            for n in range(5):
                filed = licence(
                    str(100 + 10 * offset + n), ("shutterstock", "freepik")[n % 2], licensed_at=DAYS[n % 4],
                    kind=("standard", "extended", None)[n % 3], seat=("Ada Example", None)[n % 2],
                    client_hints={"job": "Spring"} if n % 3 else {},
                )  # fmt: skip
                at.archive(slug, (filed, [record(), *GAPS[n % 4]]))
        at.archive("acme", (licence("199", comp=True), [record()]))
        shared = entries(at.home, LicenceList(at.home, ListFilter(client="house")).names())
        made = Assignment(client="beta", by="Ada Example", reason="Job 1")
        assign(at.home, partial(writing, at.home, at.vault), shared[0], made)
        yield at


def expected(at: Agency, chosen: ListFilter) -> set[str]:
    """The licences that fit, by the words of each entry and not by the index."""
    found = set()
    for slug in at.home.clients:
        names = LicenceList(at.home, ListFilter(client=slug)).names()
        for row, hit in described(at.home, names):
            if slug == "house" and chosen.client != "house" and hit.entry.assigned:
                continue
            if _fits(chosen, row, hit.entry.licence, hit.entry.file.gaps):
                found.add(row["licence"])
    return found


def _fits(chosen: ListFilter, row: dict[str, Any], found: Any, gaps: Sequence[Gap]) -> bool:
    missing = {gap.kind.value for gap in gaps if gap.reason is GapReason.FAILED}
    day = (row["licensed_at"] or "")[:10]
    asked = any(gap.reason is GapReason.ON_REQUEST for gap in gaps)
    special = {"any": bool(missing), "none": not missing, "": True, "on_request": asked}
    wanted = special.get(chosen.missing, chosen.missing in missing)
    return wanted and all((
        chosen.text in ("", "picture") or (chosen.text == "10" and row["asset_id"].startswith("10")),
        chosen.client in ("", row["client"]), chosen.provider in ("", row["provider"]),
        chosen.kind in ("", row["kind"]), chosen.seat.lower() in (found.seat or "").lower(),
        chosen.job.lower() in found.client_hints.get("job", "").lower(),
        not chosen.since or (day and day >= chosen.since), not chosen.until or (day and day <= chosen.until),
        chosen.state in ("", row["state"].lower()),
    ))  # fmt: skip


@settings(max_examples=examples(8), deadline=None)
@given(
    st.fixed_dictionaries({name: st.sampled_from(values) for name, values in CHOICES.items()}),
    st.sampled_from(sorted(SORTS)), st.integers(1, 6),
)  # fmt: skip
def test_pages_totals_and_neighbours_agree_with_the_archives(
    home: Agency, asked: dict[str, str], sort: str, size: int
) -> None:
    chosen = ListFilter(**asked)
    listed = LicenceList(home.home, chosen, sort)
    names = listed.names()
    assert len(names) == len(set(names))
    assert set(names) == expected(home, chosen)
    totals = listed.totals()
    assert totals.count == len(names) == sum(totals.platforms.values()) == sum(totals.clients.values())
    rows = [row for row, _ in described(home.home, names)]
    days = [row["licensed_at"][:10] for row in rows if row["licensed_at"]]
    assert (totals.first, totals.last) == (min(days, default=""), max(days, default=""))
    assert totals.unproven == sum(row["state"] == "UNPROVEN" for row in rows)
    walked, page = list[str](), listed.page(size)
    assert page.before is None
    while True:
        walked += [row["licence"] for row in page.rows]
        if page.after is None:
            break
        page = listed.page(size, after=page.after)
    assert walked == names
    while page.before:
        page = listed.page(size, before=page.before)
    assert [row["licence"] for row in page.rows] == names[:size]
    for before, name, after in zip([None, *names], names, [*names[1:], None], strict=False):
        assert listed.neighbours(name) == (before, after)


def test_the_order_is_that_of_its_name(home: Agency) -> None:
    rows = {sort: [row for row, _ in described(home.home, LicenceList(home.home, ListFilter(), sort).names())]
            for sort in SORTS}  # fmt: skip
    days = [row["licensed_at"] or "" for row in rows["newest"]]
    assert days == sorted(days, reverse=True) and len(set(days)) > 3
    assert [row["licence"] for row in rows["oldest"]] == [row["licence"] for row in reversed(rows["newest"])]
    for sort, key in (("title", "title"), ("platform", "provider"), ("client", "client")):
        values = [row[key] for row in rows[sort]]
        assert values == sorted(values)
    assert options(home.home) == {"provider": ["freepik", "shutterstock"], "kind": ["extended", "standard"]}


@pytest.mark.parametrize("wrong", [{"since": "soon"}, {"missing": "everything"}, {"state": "good"}])
def test_a_filter_that_means_nothing_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        ListFilter.of(lambda name: wrong.get(name, ""))
