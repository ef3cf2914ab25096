"""What may happen to any platform's history, played to every adapter: nothing missed, nothing silent, nothing doubled.

Nothing is recorded for this. Each platform's two-pages recording is laid out anew: a `Site` says how its list is paged,
and a test says which rows are on which page, what goes wrong on the way, and what must be in the archive afterwards.
"""

from __future__ import annotations

import asyncio
import copy
import html
import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from archiver.agency.night import run
from archiver.browsing import browser_session as page_session
from archiver.collect.account_result import AccountResult
from archiver.collect.run_context import RunRequest
from archiver.collect.run_tools import RunTools
from archiver.core.model import Outcome
from archiver.devkit import golden
from archiver.home.settings import Home
from archiver.home.settings_edit import add_account, add_client, create_home
from archiver.home.vault import Vault, new_key
from archiver.provider import Request, load
from tests.support.homes import RECORDINGS

type Exchange = dict[str, Any]
type Pages = Sequence[Sequence[Any]]

STORM = {"status": 429, "headers": {"retry-after": "0"}, "text": "Too many requests"}
DESCRIBED = r"/v3/(images|videos)\?"  # requests that describe assets of Getty Images and iStock, many at once
HALF = ".half"  # behind the name of a body: the first half of it
HOSTILE = "../../CON\0\ud800\u202e <script>alert('&')</script> \"=1+1\" \\..\\nul 💥 ﷽ " + "x" * 300


# ---------------------------------------------------------------- how each platform's list is paged


def by_page(request: Exchange, number: int, before: int) -> None:
    request["url"] = re.sub(r"\bpage=\d+", f"page={number}", request["url"])


def by_hundreds(request: Exchange, number: int, before: int) -> None:
    request["url"] = re.sub("offset%5D=0", f"offset%5D={100 * (number - 1)}", request["url"])


def by_rows_before(request: Exchange, number: int, before: int) -> None:
    request["match"]["dp_offset"] = str(before)


def by_later_pages(request: Exchange, number: int, before: int) -> None:
    request["url"] += f"?page={number}" if number > 1 else ""


@dataclass(frozen=True, kw_only=True)
class Site:
    """One platform. `lists` finds the requests of its lists; the first such list is laid out anew, others are empty.

    `turn` makes the first page's request into that of a later page, given its number and the rows before it. `ids` are
    what in a row, or in its HTML, makes it another licence. `past` answers for a page behind the last one.
    """

    provider: str
    lists: str
    turn: Callable[[Exchange, int, int], None]
    ids: tuple[str, ...]
    windows: bool = False  # the list is read in windows of time, which overlap
    rows: str = ""
    total: str = ""
    full: int = 100
    per_page: int = 2
    past: Exchange | None = None
    expired: Exchange = field(default_factory=lambda: {"status": 401, "text": "expired"})
    end: str = ""  # what stands below the last page
    lasting: str = "(?!)"  # finds requests that go on being answered when the asset has left the site

    @cached_property
    def recording(self) -> Any:
        folder = RECORDINGS / self.provider / "two-pages"
        session = yaml.load((folder / "session.yaml").read_text(), yaml.CSafeLoader)
        terms = [rule for page in load(self.provider).info.terms for rule in page.rules]
        session["exchanges"] = [
            each for each in session["exchanges"]
            if not any(rule.matches(Request("GET", each["request"]["url"])) for rule in terms)
        ]  # fmt: skip
        return session

    @property
    def browser(self) -> bool:
        return not self.rows

    def body(self, exchange: Exchange) -> bytes:
        file = exchange["response"].get("body")
        return (RECORDINGS / self.provider / "two-pages" / file).read_bytes() if file else b""

    def content(self, exchange: Exchange) -> Any:
        response = exchange["response"]
        return response["json"] if "json" in response else json.loads(self.body(exchange) or b"{}")

    def is_list(self, exchange: Exchange) -> bool:
        return bool(re.search(self.lists, place(exchange))) and exchange["response"]["status"] == 200

    @cached_property
    def first(self) -> Exchange:
        found: Exchange = next(filter(self.is_list, self.recording["exchanges"]))
        return found

    @cached_property
    def listed(self) -> list[Any]:
        """The rows of the first list, as recorded."""
        pages = filter(self.is_list, self.recording["exchanges"])
        if self.browser:
            return [row for page in pages for row in re.findall(self.ids[0], self.body(page).decode())]
        mine = self.turned(self.first["request"], dated=False)
        rows = [
            row for page in pages if self.turned(page["request"], dated=False) == mine
            for row in self.content(page)[self.rows]
        ]  # fmt: skip
        return list({json.dumps(row): row for row in rows}.values()) if self.windows else rows

    def numbered(self, count: int) -> list[Any]:
        """So many rows, each of another licence: the recorded ones, and copies of the first under other ids."""
        rows = list(self.listed[:count])
        for number in range(count - len(rows)):
            if self.browser:
                old = re.findall(self.ids[1], rows[0])
                row: Any = rows[0]
                for each in set(old):
                    row = row.replace(each, f"{number:04}{each[4:]}")
            else:
                row = copy.deepcopy(rows[0])
                for path in self.ids:
                    *parts, last = path.split(".")
                    inner = row
                    for part in parts:
                        inner = inner[part]
                    was = inner[last]
                    inner[last] = 10**7 + number if isinstance(was, int) else f"{10**7 + number}{str(was)[8:]}"
            rows.append(row)
        return rows

    def page(self, rows: Sequence[Any], total: int, number: int, last: int) -> Exchange:
        """The answer that shows these rows as page `number` of `last`."""
        if not self.browser:
            body = {**self.content(self.first), self.rows: list(rows)} | ({self.total: total} if self.total else {})
            if not self.total and "count" in body:
                body["count"] = len(rows)  # of this page
            return {"status": 200, "json": body}
        text = self.body(self.first).decode()
        head, *_, tail = re.split(self.ids[0], text)
        tail = re.sub(r"Page \d+ of \d+", f"Page {number} of {last}", tail)
        turned: Exchange = {"url": self.first["request"]["url"]}
        self.turn(turned, number + 1, 0)
        link = f'<a rel="next" href="{html.escape(turned["url"])}">Next</a>' if number < last else ""
        tail = re.sub(r'<a[^>]*rel="?next"?.*?</a>', "", tail).replace("</body>", f"{link or self.end}</body>")
        return {"status": 200, "text": head + "\n".join(rows) + tail,
                "headers": {"content-type": "text/html; charset=utf-8"}}  # fmt: skip

    def reading(self, pages: Pages, totals: Sequence[int] | None = None) -> list[Exchange]:
        """The exchanges of one reading of the list; `totals` are what each page states where that changes meanwhile."""
        total, before, found = sum(map(len, pages)), 0, []
        for number, rows in enumerate(pages, 1):
            request = copy.deepcopy(self.first["request"])
            self.turn(request, number, before)
            stated = totals[number - 1] if totals else total
            # Whether a saved session holds is seen from the first page, which is therefore opened twice.
            times = 2 if self.browser and number == 1 else 1
            page = self.page(rows, stated, number, len(pages))
            found.append({"request": request, "response": page, "repeat": times})
            before += len(rows)
        for number in (1, 2, 3) if self.past else ():  # the others show that the first is no hole in the list
            request = copy.deepcopy(self.first["request"])
            self.turn(request, len(pages) + number, before)
            found.append({"request": request, "response": self.past})
        return found

    def documents(self, rows: Sequence[Any]) -> list[Exchange]:
        """The recorded exchanges of these rows' documents."""
        start = self.recording["exchanges"].index(self.first)
        return [
            copy.deepcopy(each) for each in self.recording["exchanges"][start:]
            if not self.is_list(each) and not re.search(DESCRIBED, place(each))
            and (any(self.alerts(each, row) for row in rows) or "statement" in place(each))
        ] + [*self.described(rows)]  # fmt: skip

    def described(self, rows: Sequence[Any]) -> Iterator[Exchange]:
        """What describes any of these rows together, as they may be asked for, where a platform has such answers."""
        known: dict[str, dict[str, Any]] = {}
        for each in self.recording["exchanges"]:
            if found := re.search(DESCRIBED, place(each)):
                known.setdefault(found[1], {}).update((asset["id"], asset) for asset in self.content(each)[found[1]])
        newest = sorted(rows, key=lambda row: str(row["date_downloaded"]), reverse=True) if known else []
        for part, assets in known.items():
            ids = [row["id"] for row in newest if (row["asset_type"] == "film") == (part == "videos")]
            for some in (some for count in range(1, len(ids) + 1) for some in combinations(ids, count)):
                url = f"https://api.gettyimages.com/v3/{part}?ids={','.join(some)}&fields=id,title,artist"
                answer = {"status": 200, "json": {part: [assets[each] for each in some if each in assets]}}
                yield {"request": {"method": "GET", "url": url}, "response": answer}

    def alerts(self, exchange: Exchange, row: Any) -> bool:
        return any(
            re.search(rf"(?<![0-9A-Za-z]){re.escape(each)}(?![0-9A-Za-z])", place(exchange)) for each in self.named(row)
        )

    def named(self, row: Any) -> set[str]:
        """What the platform calls this row's licence and asset."""
        return set(re.findall(self.ids[1], row)) if self.browser else {str(each) for each in values(row, self.ids)}

    def others(self) -> list[Exchange]:
        """What comes before the list, and all other lists, empty."""
        exchanges = self.recording["exchanges"]
        start = exchanges.index(self.first)
        others = [each for each in exchanges[start:] if self.is_list(each) and not self.browser]
        empty = [
            {"request": each["request"], "response": {"status": 200, "json": emptied(self.content(each))}}
            for each in others if self.turned(each["request"]) != self.turned(self.first["request"])
        ]  # fmt: skip
        return [*exchanges[:start], *empty]

    def turned(self, request: Exchange, *, dated: bool = True) -> Exchange:
        """A list's request as if it were for a page that no list has: pages of one list (and window) become alike."""
        request = copy.deepcopy(request)
        paging = r"\bpage=\d+|offset%5D=\d+" + ("" if dated else r"|date_\w+=[\d-]+")
        request["url"] = re.sub(paging, "page", request["url"])
        request.get("match", {}).pop("dp_offset", None)
        return request


def filed(exchange: Exchange, folder: Path, number: int) -> Exchange:
    """The exchange with a body of ours in a file."""
    response = dict(exchange["response"])
    text = json.dumps(response.pop("json")) if "json" in response else response.pop("text", None)
    if text is None:
        return exchange
    name = f"bodies/new-{number}"
    (folder / name).write_text(text, "utf-8", "replace")
    kind = "application/json" if "json" in exchange["response"] else "text/plain"
    return {**exchange, "response": {"headers": {"content-type": kind}, **response, "body": name}}


def place(exchange: Exchange) -> str:
    request = exchange["request"]
    return " ".join([request["url"], *(f"{name}={value}" for name, value in request.get("match", {}).items())])


def values(row: Any, paths: Sequence[str]) -> Iterator[Any]:
    for path in paths:
        found = row
        for part in path.split("."):
            found = found[part]
        yield found


def emptied(body: Any) -> Any:
    """An answer without rows: no lists in it, and no count."""
    return {
        name: [] if isinstance(value, list) else 0 if name in ("total_count", "result_count", "count") else value
        for name, value in body.items()
    }


FAILURE = {"type": "failure", "error": {"exception": "EAPI\\EIllegalSession", "errormsg": "expired", "errorcode": 403}}
GETTY: dict[str, Any] = {
    "lists": r"/v3/(downloads|purchased-assets)\?", "rows": "downloads", "total": "result_count", "turn": by_page,
    "ids": ("id",), "windows": True, "past": {"status": 400, "json": {"ErrorCode": "InvalidPage"}},
    "lasting": DESCRIBED,
}  # fmt: skip
DEPOSITPHOTOS: dict[str, Any] = {
    "total": "count", "turn": by_rows_before, "expired": {"status": 200, "json": FAILURE},
}  # fmt: skip
SIGNED_OUT: Exchange = {"status": 302, "headers": {"location": "/log-in"}}
SITES = {
    site.provider: site
    for site in (
        Site(provider="shutterstock", lists=r"/licenses\?", rows="data", total="total_count", turn=by_page,
             ids=("id", "image.id"), full=200),
        Site(provider="adobe_stock", lists="LicenseHistory", rows="files", total="nb_results", turn=by_hundreds,
             ids=("id",), per_page=100),
        Site(provider="getty_images", **GETTY),
        Site(provider="istock", **GETTY),
        Site(provider="envato_market", lists="list-purchases", rows="results", turn=by_page, ids=("code", "item.id"),
             past={"status": 200, "json": {"count": 0, "results": []}}),
        Site(provider="depositphotos", lists="getPurchases", rows="purchases", ids=("mediaId", "licenseId"),
             **DEPOSITPHOTOS),
        Site(provider="depositphotos_enterprise", lists="getLicensedItems|getTransferred|getGroupComp",
             rows="downloads", ids=("itemId", "itemTransactionId"), lasting="getTransactionLicenseInfo",
             **DEPOSITPHOTOS),
        Site(provider="freepik", lists="/user/downloads", turn=by_page, full=50,
             expired=SIGNED_OUT,
             ids=(r"<tr><td>.*?</tr>", r"_(\d+)\.htm")),
        Site(provider="envato_elements", lists=r"/account/downloads(\?|$)", turn=by_later_pages, full=50,
             end="<p>You've reached the end</p>",
             expired={**SIGNED_OUT, "headers": {"location": "/sign-in"}},
             ids=(r"<li data-item-id.*?</li>", r"/account/downloads/([\w-]+)/")),
    )
}  # fmt: skip


# ---------------------------------------------------------------- one account's nights


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[asyncio.Runner, RunTools]]:
    """One event loop, replay and browser for all."""
    with asyncio.Runner() as loop:
        context = golden.checking()
        yield loop, loop.run(context.__aenter__())
        loop.run(context.__aexit__(None, None, None))


@dataclass
class Nights:
    """A home with one account, run as often as a test likes, each time against another state of the site."""

    site: Site
    folder: Path
    loop: asyncio.Runner
    tools: RunTools
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        root, site = self.folder / "home", self.site
        create_home(root, replay=True)
        add_client(root, "client", name="Client")
        how = {"provider": site.provider, "method": site.recording["method"], "settings": self.settings}
        add_account(root, "one", client="client", **how)
        self.home, self.vault = Home.load(root), Vault.create(root / "vault.enc", new_key())
        self.count = 0

    def run(self, exchanges: Sequence[Exchange], *, dry: bool = False, foreseen: bool = True) -> AccountResult:
        """One night; whatever the adapter asked for must have been `foreseen`, and nothing it asked for spends."""
        self.count += 1
        folder = self.folder / f"night-{self.count}"
        (folder / "bodies").mkdir(parents=True)
        session = {**self.site.recording, "exchanges": [*self.site.others(), *exchanges]}
        session["exchanges"] = [filed(each, folder, number) for number, each in enumerate(session["exchanges"])]
        for body in {each["response"].get("body") for each in session["exchanges"]} - {None}:
            if (folder / body).exists():
                continue
            whole = RECORDINGS / self.site.provider / "two-pages" / body.removesuffix(HALF)
            content = whole.read_bytes()
            (folder / body).write_bytes(content[: len(content) // 2] if body.endswith(HALF) else content)
        (folder / "session.yaml").write_text(json.dumps(session))
        summary = self.loop.run(run(self.home, self.vault, RunRequest(replay=folder, dry_run=dry), shared=self.tools))
        for listener in summary.replays.values():
            assert not foreseen or listener.unknown == []
        [result] = summary.accounts
        return result

    @property
    def archived(self) -> list[dict[str, Any]]:
        return [golden.describe(each) for each in golden.licences(self.home)]


type Play = Callable[..., Nights]


@pytest.fixture
def play(stage: tuple[asyncio.Runner, RunTools], tmp_path: Path) -> Play:
    return lambda provider, **settings: Nights(SITES[provider], tmp_path, *stage, settings)


def chunks(rows: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def wanted(site: Site, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """What the recording's expected.yaml says of these rows."""
    golden = yaml.load((RECORDINGS / site.provider / "two-pages" / "expected.yaml").read_text(), yaml.CSafeLoader)
    known = {value for row in rows for value in site.named(row)}
    named = "licence_id" if any(str(each["licence_id"]) in known for each in golden["licences"]) else "asset_id"
    return [each for each in golden["licences"] if each[named] in known]


def poisoned(site: Site, response: Exchange, friendly: Collection[str]) -> Exchange:
    """The answer with `HOSTILE` for each of the friendly texts in it."""

    def swapped(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: swapped(each) for name, each in value.items()}
        if isinstance(value, list):
            return [swapped(each) for each in value]
        return HOSTILE if value in friendly else value

    if site.browser and "text" in response:
        text = response["text"]
        for each in friendly:
            text = text.replace(f">{html.escape(each)}<", f">{html.escape(HOSTILE)}<")
        return {**response, "text": text}
    if "json" in str(response.get("headers")) or "json" in response:
        kept = {name: value for name, value in response.items() if name != "body"}
        return {**kept, "json": swapped(site.content({"response": response}))}
    return response


def written(licence: dict[str, Any]) -> set[str]:
    """What people wrote of a licence."""
    return {each for each in (licence["title"], licence["plan"], *licence["client_hints"].values()) if each}


def by_asset(licences: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(licences, key=lambda each: (each["asset_id"], str(each["licensed_at"]), str(each["licence_id"])))


def every(turn: int) -> pytest.MarkDecorator:
    """All sites; the suite plays each scenario at a third of them, and each site in a third of the scenarios."""
    long = [pytest.mark.long]
    return pytest.mark.parametrize(
        "name", [pytest.param(name, marks=long * ((place - turn) % 3 != 0)) for place, name in enumerate(SITES)]
    )


@pytest.mark.browser
@every(0)
def test_a_new_licence_between_two_pages_is_neither_lost_nor_doubled(name: str, play: Play) -> None:
    nights = play(name)
    site, size = nights.site, nights.site.per_page
    now = site.listed[: size + 3]
    before = now[1:]
    shifted = [before[:size], *chunks(now, size)[1:]]
    totals = [len(before), *(len(now) for _ in shifted[1:])]
    result = nights.run([*site.reading(shifted, totals), *site.reading(chunks(now, size)), *site.documents(now)])
    assert (result.outcome.is_whole, result.listed, result.archived) == (True, len(now), len(now)), result
    assert by_asset(nights.archived) == by_asset(wanted(site, now))


@pytest.mark.browser
@every(1)
def test_what_leaves_the_site_stays_in_the_archive_and_its_gap_says_why(name: str, play: Play) -> None:
    nights = play(name)
    site, rows = nights.site, nights.site.listed[:3]
    gone = [
        {**each, "response": {"status": 404, "text": "gone"}}
        for each in site.documents(rows[:1])
        if not re.search(f"statement|{site.lasting}", place(each))
    ]
    for each in [each for each in gone if name == "freepik"]:  # its other host is asked, too
        url = each["request"]["url"].replace("www.freepik.com", "www.magnific.com")
        gone.append({**each, "request": {**each["request"], "url": url}})
    result = nights.run(
        [*site.reading(chunks(rows, site.per_page)), *gone, *site.documents(rows[1:]), *site.documents(rows)]
    )
    found = {each["licence_id"] or each["asset_id"]: each for each in nights.archived}
    assert len(found) == result.archived == len(rows)
    [first] = [each for named, each in found.items() if named in site.named(rows[0])]
    assert "record.json" in first["documents"]
    offered = [kind for kind in ("preview", "certificate") if load(name).info.documents.get(kind) == "offered"]
    for kind in offered:
        assert first["gaps"][kind] == ("failed" if kind == "certificate" else "lapsed")
    assert (result.outcome is Outcome.PARTIAL) if "certificate" in offered else result.outcome.is_whole, result

    later = nights.run([*site.reading([rows[1:]]), *gone])  # and now the list forgets it
    assert (later.error, later.listed, later.archived, later.unexplained) == (None, 2, 0, [])
    assert {each["licence_id"] or each["asset_id"] for each in nights.archived} == found.keys()


@pytest.mark.browser
@every(1)
def test_hostile_texts_are_archived_as_they_are_and_harm_nothing(name: str, play: Play) -> None:
    nights = play(name)
    site = nights.site
    row = max(site.listed[:3], key=lambda row: len(written(wanted(site, [row])[0])))
    [golden] = wanted(site, [row])
    exchanges = [*site.reading([[row]]), *site.documents([row])]
    result = nights.run([{**each, "response": poisoned(site, each["response"], written(golden))} for each in exchanges])
    assert result.outcome.is_whole, result
    [found] = nights.archived
    assert (found["licence_id"], found["asset_id"]) == (golden["licence_id"], golden["asset_id"])
    assert site.browser or written(found) == {HOSTILE}  # a certificate's own text comes before a page's
    [record] = nights.home.root.rglob("record.json")
    assert "<script>alert" in record.read_text() and "CON" in record.read_text()
    assert {path.name for path in nights.folder.iterdir()} == {"home", "night-1"}


@pytest.mark.browser
@every(3)
def test_a_storm_of_429_is_waited_out_or_told_and_costs_no_licence(name: str, play: Play) -> None:
    nights = play(name)
    site, size = nights.site, nights.site.per_page
    rows = site.listed[: size + 1]
    first, *rest = site.reading(chunks(rows, size))
    documents = [each for each in site.documents(rows[:2]) if "statement" not in place(each)]
    gusts = [{"request": each["request"], "response": STORM, "repeat": 3} for each in (first, *documents)]
    lasting = {"request": rest[0]["request"], "response": STORM, "repeat": 99}
    result = nights.run([*gusts, first, lasting, *rest, *site.documents(rows)])
    assert (result.outcome, result.error, result.exit_code) == (Outcome.PARTIAL, "RateLimited", 30), result
    assert len(nights.archived) == size and not result.unexplained
    result = nights.run([first, *rest, *site.documents(rows)])
    assert (result.outcome.is_whole, result.archived) == (True, 1)
    assert by_asset(nights.archived) == by_asset(wanted(site, rows))


@pytest.mark.browser
@every(4)
def test_a_connection_that_breaks_in_a_body_is_asked_again(
    name: str, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_session, "PAGE_TIMEOUT_S", 2.0)  # Chromium tells of no end of a page that broke off
    nights = play(name)
    site, rows = nights.site, nights.site.listed[:3]
    reading, documents = site.reading(chunks(rows, site.per_page)), site.documents(rows)
    torn = [{**each, "response": {**each["response"], "cut": 20}, "repeat": 1} for each in (*reading, *documents)]
    result = nights.run([*torn, *reading, *documents])
    assert result.outcome.is_whole, result
    assert by_asset(nights.archived) == by_asset(wanted(site, rows))


@pytest.mark.browser
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.long] * (place % 3 != 0))
        for place, name in enumerate(each for each in SITES if each != "envato_market")  # which has no such file
    ],
)
def test_a_truncated_file_is_a_gap_until_it_comes_whole(name: str, play: Play) -> None:
    nights = play(name)
    site, rows = nights.site, nights.site.listed[:1]
    documents = site.documents(rows)
    files = [each for each in documents if str(each["response"].get("body")).endswith((".jpg", ".pdf", ".txt"))]
    halves = [{**each, "response": {**each["response"], "body": each["response"]["body"] + HALF}} for each in files]
    assert halves
    result = nights.run([*site.reading([rows]), *halves, *(each for each in documents if each not in files)])
    assert (result.outcome, result.archived, result.exit_code) == (Outcome.PARTIAL, 1, 40), result
    [found] = nights.archived
    assert "failed" in found["gaps"].values() and found["documents"] == ["record.json"]
    result = nights.run([*site.reading([rows]), *documents])
    assert result.outcome.is_whole and nights.archived == wanted(site, rows), result


@pytest.mark.browser
@every(5)
def test_a_session_that_ends_in_the_middle_is_renewed_once_and_nothing_doubled(name: str, play: Play) -> None:
    nights = play(name)
    site, size = nights.site, nights.site.per_page
    rows = site.listed[: size + 1]
    first, *rest = site.reading(chunks(rows, size))
    ended = {"request": rest[0]["request"], "response": site.expired}
    if site.recording["method"] == "attended":  # only a person can sign in again; the next night goes on
        asked = {
            "request": {"method": "GET", "url": load(name).info.login_url},
            "response": {"status": 200, "text": "Sign in"},
        }
        result = nights.run([first, ended, asked, *site.documents(rows)])
        assert (result.outcome, result.exit_code, result.archived) == (Outcome.PARTIAL, 10, size), result
        result = nights.run([first, *rest, *site.documents(rows)])
        assert (result.outcome.is_whole, result.listed, result.archived) == (True, size + 1, 1), result
    else:
        result = nights.run([first, ended, *rest, *site.documents(rows)])
        assert (result.outcome.is_whole, result.listed, result.archived) == (True, size + 1, size + 1), result
    assert by_asset(nights.archived) == by_asset(wanted(site, rows))


@pytest.mark.parametrize("name", [name for name, site in SITES.items() if not site.browser])
def test_one_asset_that_asks_for_a_sign_in_is_a_gap_and_not_the_end_of_the_account(name: str, play: Play) -> None:
    nights = play(name)
    site, rows = nights.site, nights.site.listed[:3]
    refused = [{**each, "response": site.expired} for each in site.documents(rows[:1])]
    result = nights.run([*site.reading([rows]), *refused, *site.documents(rows[1:]), *site.described(rows)])
    assert (result.error, len(nights.archived)) == (None, len(rows)), result


# Browser adapters show no licences in their recording empty-history, and one in the test with hostile texts.
COUNTS = [(name, count) for name, site in SITES.items() for count in ("no", "one", "a full page of")
          if not site.browser or count == "a full page of"]  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "count"),
    [pytest.param(*row, marks=[pytest.mark.long] * (row[0] in ("envato_elements", "istock"))) for row in COUNTS],
)
def test_licences(name: str, count: str, play: Play) -> None:
    nights = play(name)
    site = nights.site
    rows = site.numbered({"no": 0, "one": 1}.get(count, site.full))
    result = nights.run(site.reading([rows]), dry=True)
    assert (result.outcome.is_whole, result.listed, result.sweep) == (True, len(rows), "full"), result


NARROWED = [(name, setting) for name in SITES for setting in load(name).info.narrowed]
# How the request of a narrower list differs from the recorded one.
NARROWER = {"company": (r"company_\w+=true&", ""), "team_history": ("history=true", "history=false"),
            "all": (r"\ball=true", "all=false")}  # fmt: skip


@pytest.mark.parametrize(("name", "setting"), NARROWED)
def test_an_account_that_may_see_less_says_which_licences_are_not_seen(name: str, setting: str, play: Play) -> None:
    value = "4711" if setting == "user_id" else "false"
    nights = play(name, **{setting: value})
    exchanges = copy.deepcopy([*nights.site.others(), *nights.site.reading([[]])])
    for each in exchanges:
        each["request"]["url"] = re.sub(*NARROWER.get(setting, ("", "")), each["request"]["url"])
    result = nights.run(exchanges)
    assert f"Not seen: {load(name).info.narrowed[setting]} ({setting}: {value})." in result.message
    assert result.outcome.is_whole
