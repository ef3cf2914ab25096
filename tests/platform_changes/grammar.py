"""What platforms may change, as a grammar: a seed draws a change with its label, before any adapter sees it.

A change is a sequence of nights: what the account has, and what the platform shows of it. Its label says beforehand
what is fair to ask of a reader: whether anybody could see that rows are missing, whether the change is harmless, which
errors would say something false. It is written from what platforms do, and from nothing that the archiver looks for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.platform_changes import furniture, sentences
from tests.platform_changes.platforms import PLATFORMS, Fact, Platform, Rewrite, View, WebPlatform, web_page
from tests.providers.test_scenarios import Exchange

WHOLE = ("complete", "read_to_end")
"""Outcomes of a list that was read to its end. Only the first claims that nothing is missing."""
REFUSED = frozenset({"LayoutChanged", "WrongPassword", "PasswordExpired", "AdapterBroken", "complete"})


@dataclass(frozen=True, kw_only=True)
class Label:
    """What the author of a change says of it beforehand.

    `undetectable` says why nobody could see that rows are missing; where it is empty, `complete` with a loss is a
    fault.
    `harmless`: all rows are there as ever, so the account must not stop; `spared` licences may lack a paper or be
    missing. `proven`: nothing of the list changed, and its data states a total, so it must be complete. `misnamed` are
    errors, or outcomes, that would say something false.
    """

    undetectable: str = ""
    harmless: bool = False
    spared: int = 0
    proven: bool = False
    misnamed: frozenset[str] = frozenset()
    papers: bool = False  # the last night's certificates must be the final ones


@dataclass(frozen=True, kw_only=True)
class Change:
    """One drawn change. `changed` are the nights in which the platform differs from what its adapter knows."""

    kind: str
    seed: int
    platform: str
    words: str  # what was drawn, for people
    label: Label
    nights: tuple[View, ...]
    changed: frozenset[int] = frozenset({0})

    def __str__(self) -> str:
        return f"{self.kind} | seed {self.seed} | {self.platform}: {self.words}"


@dataclass
class Draw:
    """The choices of one seed."""

    kind: str
    seed: int
    platform: Platform
    chance: Random
    words: list[str] = field(default_factory=list)

    @property
    def web(self) -> WebPlatform:
        assert isinstance(self.platform, WebPlatform)
        return self.platform

    def one[T](self, *values: T) -> T:
        chosen = self.chance.choice(values)
        self.words.append(str(chosen)[:60])
        return chosen

    def of[T](self, values: Mapping[str, T]) -> T:
        """One of these, whose name is told."""
        name = self.chance.choice([*values])
        self.words.append(name)
        return values[name]

    def sentence(self, kinds: Mapping[str, sentences.Sentences], **numbers: int) -> str:
        given = {"days": self.chance.choice((30, 60, 90, 180, 365)), "months": self.chance.choice((3, 6, 12, 24)),
                 "year": 2026, "n": 55, "shown": 20, **numbers}  # fmt: skip
        language = self.chance.choice(sentences.LANGUAGES)
        self.words.append(language)
        return self.of(kinds)[language].format(**given)

    def facts(self, least: int, most: int, *, newest: datetime = datetime(2026, 11, 20, tzinfo=UTC)) -> list[Fact]:
        """So many licences, newest first, with days on both sides of the twelfth."""
        found, day = list[Fact](), newest
        for _ in range(self.chance.randint(least, most)):
            at = day.replace(hour=self.chance.randint(9, 12), minute=self.chance.randrange(60))
            found.append(Fact(at, self.chance.randrange(10**8)))
            day -= timedelta(days=self.chance.randint(1, 17))
        return found

    def new(self, count: int) -> list[Fact]:
        return [
            Fact(datetime(2026, 11, 23, 12 - n, self.chance.randrange(60), tzinfo=UTC), self.chance.randrange(10**8))
            for n in range(count)
        ]

    def rows(self) -> list[Fact]:
        return self.facts(5, 11) if self.platform.browser else self.facts(6, 24)

    def cut(self, facts: Sequence[Fact]) -> tuple[tuple[Fact, ...], ...]:
        """The facts in pages, as the platform gives them today."""
        size = 100 if self.platform.name == "adobe_stock" else max(3, len(facts) // 2) if self.platform.browser else 7
        return tuple(tuple(facts[at : at + size]) for at in range(0, len(facts), size)) or ((),)

    def view(self, facts: Sequence[Fact], **more: Any) -> View:
        """The platform as it is today."""
        return View(**{"truth": tuple(facts), "pages": self.cut(facts), "total": len(facts), **more})

    def change(self, label: Label, *nights: View, changed: Sequence[int] = (0,)) -> Change:
        return Change(
            kind=self.kind, seed=self.seed, platform=self.platform.name, words=", ".join(self.words), label=label,
            nights=nights, changed=frozenset(changed),
        )  # fmt: skip

    def sometimes_later(self, label: Label, facts: Sequence[Fact], make: Callable[[Sequence[Fact]], View]) -> Change:
        """The change in the first night, or in the second with new licences."""
        if self.one("first night", "second night") == "first night":
            return self.change(label, make(facts))
        return self.change(label, self.view(facts), make([*self.new(self.one(0, 1, 3)), *facts]), changed=(1,))


type Maker = Callable[[Draw], Change]
type Pages = tuple[tuple[Fact, ...], ...]
type Piece = Callable[[], str]

INTERFACES = tuple(name for name, each in PLATFORMS.items() if not each.browser)
STATING = tuple(name for name in INTERFACES if PLATFORMS[name].states_total)
WEB = tuple(name for name, each in PLATFORMS.items() if each.browser)
KINDS: dict[str, tuple[Maker, tuple[str, ...]]] = {}


def kind(name: str, platforms: tuple[str, ...]) -> Callable[[Maker], Maker]:
    def named(maker: Maker) -> Maker:
        KINDS[name] = (maker, platforms)
        return maker

    return named


def drawn(name: str, seed: int) -> Change:
    """The change of this kind that this seed draws."""
    maker, platforms = KINDS[name]
    chance = Random(f"{name} {seed}")
    return maker(Draw(name, seed, PLATFORMS[chance.choice(platforms)], chance))


def changes(count: int, seed: int, kinds: Sequence[str] = ()) -> Iterator[Change]:
    """So many changes, the kinds in turn, from this seed on."""
    names = [name for name in KINDS if not kinds or any(each in name for each in kinds)]
    for number in range(count):
        yield drawn(names[number % len(names)], seed + number // len(names))


# ---------------------------------------------------------------- interfaces: nothing that matters


@kind("api: unchanged", INTERFACES)
def unchanged(draw: Draw) -> Change:
    facts = draw.rows()
    label = Label(harmless=True, proven=draw.platform.states_total)
    return draw.change(label, draw.view(facts), draw.view([*draw.new(draw.one(0, 2, 4)), *facts]), changed=())


HARMLESS_KEYS: Mapping[str, Mapping[str, Any]] = {
    "a request id": {"request_id": "a6f0", "took_ms": 12},
    "a self link": {"links": {"self": "/v2/licences"}},
    "a deprecation": {"deprecation": {"sunset": "2027-06-01", "message": "Use v3 from June 2027."}},
    "promotions": {"promotions": [{"id": 1, "text": "20 % off until 31 December"}]},
    "quota": {"quota": {"remaining": 7, "of": 10, "resets_in_days": 12}},
    "a locale": {"locale": "de_DE", "timezone": "Europe/Berlin"},
    "an empty list of warnings": {"warnings": []},
    "no error": {"error": None},
    "a schema": {"$schema": "https://schemas.example/licences.json", "api_version": "2.18"},
}


@kind("api: more keys", INTERFACES)
def more_keys(draw: Draw) -> Change:
    facts, extra = draw.rows(), draw.of(HARMLESS_KEYS)
    label = Label(harmless=True)  # a key beside the rows may say that they are a part, whatever its name
    row_keys = draw.of(
        {"rows as they are": {}, "rows with more": {"collection": {"id": 3, "name": "Essentials"}, "tags": ["x"]}}
    )

    def more(row: Any, _: Fact) -> Any:
        return {**row, **row_keys}

    return draw.sometimes_later(label, facts, lambda all_: draw.view(all_, extra=extra, rewrite=more))


@kind("api: another order", INTERFACES)
def another_order(draw: Draw) -> Change:
    facts = draw.rows()
    order = draw.of({"oldest first": lambda fact: fact.when, "by title": lambda fact: fact.title,
                     "by asset": lambda fact: fact.asset})  # fmt: skip
    all_ = [*draw.new(draw.one(1, 3)), *facts]
    later = draw.view(all_, pages=draw.cut(sorted(all_, key=order)))
    label = Label(harmless=True, proven=False)
    return draw.change(label, draw.view(facts), later, changed=(1,))


# ---------------------------------------------------------------- interfaces: rows that do not come


@kind("api: paging", INTERFACES)
def paging(draw: Draw) -> Change:
    pages_of: dict[str, Callable[[Pages], Pages]] = {
        "the first page for ever": lambda pages: (pages[0],) * 4,
        "the last page for ever": lambda pages: (pages[0], *[pages[-1]] * 3) if len(pages) > 2 else (pages[0],) * 3,
        "pages behind the first are empty": lambda pages: pages[:1],
        "a page left out": lambda pages: (pages[0], *pages[2:]),
        "pages that overlap": lambda pages: (pages[0], (*pages[0][3:], *pages[1][:3]), *pages[2:]),
        "pages of three": lambda pages: tuple(page[:3] for page in pages),
    }
    change = draw.of(pages_of)
    silent = draw.words[-1] in ("pages behind the first are empty", "a page left out", "pages of three")
    why = "" if draw.platform.states_total or not silent else "no total, and the empty page comes as ever"

    def make(facts: Sequence[Fact]) -> View:
        pages = tuple(tuple(facts[at : at + 7]) for at in range(0, len(facts), 7))
        return draw.view(facts, pages=change(pages))

    return draw.sometimes_later(Label(undetectable=why), draw.facts(9, 24), make)


@kind("api: a total that is none", STATING)
def no_total(draw: Draw) -> Change:
    value = draw.of({"gone": None, "null": ..., "a word": "many", "negative": -1, "zero": 0, "too large": 10**6,
                     "of this page": "page"})  # fmt: skip
    cut = draw.of({"all rows": 100, "the first rows": 5})

    def make(facts: Sequence[Fact]) -> View:
        shown = facts[:cut]
        key = draw.platform.site.total
        stated = len(shown) if value == "page" else value
        extra = {} if value is None else {key: None if value is ... else stated}
        return draw.view(facts, pages=draw.cut(shown), total=None, extra=extra)

    hidden = "the platform states as many as it shows" if value == "page" and cut == 5 else ""
    return draw.sometimes_later(Label(undetectable=hidden), draw.facts(8, 20), make)


@kind("api: the total falls", STATING)
def falling_total(draw: Draw) -> Change:
    facts, new = draw.facts(12, 24), draw.new(5)
    kept = draw.one(3, 6, 9)
    shown = [*new[: draw.one(0, 1, 2)], *facts[:kept]]
    later = draw.view([*new, *facts], pages=draw.cut(shown), total=len(shown))
    return draw.change(Label(), draw.view(facts), later, changed=(1,))


@kind("api: hidden and silent", INTERFACES)
def hidden(draw: Draw) -> Change:
    facts = draw.facts(9, 20)
    shown = draw.of({"the newest": facts[:5], "every second": facts[::2], "the oldest": facts[4:]})
    label = Label(undetectable="the answer agrees with itself, and nothing was read before")
    return draw.change(label, draw.view(facts, pages=draw.cut(shown), total=len(shown)))


MORE_KEYS: Mapping[str, Mapping[str, Any]] = {
    "has_more": {"has_more": True}, "hasNextPage": {"pageInfo": {"hasNextPage": True, "endCursor": "abc"}},
    "a next link": {"links": {"self": "/1", "next": "/2?cursor=abc"}}, "a cursor": {"next_cursor": "YWJj"},
    "pages": {"pagination": {"page": 1, "pages": 4}}, "a scroll id": {"scroll": {"id": "c2Nyb2xs", "done": False}},
    "remaining": {"remaining": 12}, "truncated": {"truncated": True}, "a continuation": {"continuationToken": "xyz"},
    "partial": {"status": "partial_content"}, "not last": {"last": False}, "a mark": {"next_marker": 42},
    "more by name": {"more_results": "yes"}, "an iterator": {"iterator": {"more": 1, "key": "k9"}},
}  # fmt: skip


@kind("api: the data says more", INTERFACES)
def says_more(draw: Draw) -> Change:
    extra, facts = draw.of(MORE_KEYS), draw.facts(8, 20)
    return draw.sometimes_later(
        Label(), facts, lambda all_: draw.view(all_, pages=draw.cut(all_[:5]), total=5, extra=extra)
    )


WINDOW_KEYS: Mapping[str, Mapping[str, Any]] = {
    "a range": {"range": {"from": "2026-09-01", "to": "2026-11-24"}}, "days": {"window": {"days": 90}},
    "a filter": {"applied_filters": {"date": "last_90_days"}}, "since": {"since": "2026-08-26T00:00:00Z"},
    "retention": {"notice": "History older than 90 days is available on request."},
    "the oldest": {"oldest_available": "2026-09-01"}, "a seat": {"scope": "current_user"},
    "a warning": {"warnings": ["results limited to 5"]}, "all and shown": {"counts": {"all": 55, "returned": 5}},
}  # fmt: skip


@kind("api: the data says a window", INTERFACES)
def says_window(draw: Draw) -> Change:
    extra, facts = draw.of(WINDOW_KEYS), draw.facts(8, 20)
    return draw.sometimes_later(
        Label(), facts, lambda all_: draw.view(all_, pages=draw.cut(all_[:5]), total=5, extra=extra)
    )


# ---------------------------------------------------------------- interfaces: rows that are written otherwise

DATE_KEYS = {"shutterstock": "download_time", "adobe_stock": "license_date", "envato_market": "sold_at",
             "depositphotos": "purchaseDate", "depositphotos_enterprise": "datetime"}  # fmt: skip
ID_KEYS = {"shutterstock": "id", "envato_market": "code", "depositphotos": "licenseId",
           "depositphotos_enterprise": "itemTransactionId"}  # fmt: skip


def dated(draw: Draw, form: str, shift: timedelta = timedelta()) -> Rewrite:
    """Rows with their dates in another form, which `strftime` knows."""
    key = DATE_KEYS[draw.platform.name]

    def rewritten(row: Any, fact: Fact) -> Any:
        at = fact.when + shift
        text = at.strftime(form.replace("%-d", str(at.day)).replace("%-m", str(at.month)))
        return {**row, key: text}

    return rewritten


@kind("api: another order of the date", INTERFACES)
def date_order(draw: Draw) -> Change:
    form = draw.one("%-d/%-m/%y, %I:%M %p", "%d/%m/%Y, %H:%M", "%d/%m/%y, %I:%M %p", "%y/%-m/%-d, %H:%M",
                    "%d.%m.%Y %H:%M:%S", "%d-%m-%Y")  # fmt: skip
    facts = draw.rows()
    return draw.sometimes_later(Label(), facts, lambda all_: draw.view(all_, rewrite=dated(draw, form)))


@kind("api: another time zone", INTERFACES)
def time_zone(draw: Draw) -> Change:
    """The same licences the next night, by a clock some hours away that the row does not name."""
    facts, hours = draw.rows(), draw.one(-8, -5, -3, 2, 5, 9)
    key, shift = DATE_KEYS[draw.platform.name], timedelta(hours=hours)

    def shifted(row: Any, fact: Fact) -> Any:
        later = draw.platform.row(Fact(fact.when + shift, fact.number))
        return {**row, key: later[key]}

    all_ = [*draw.new(draw.one(0, 2)), *facts]
    return draw.change(Label(), draw.view(facts), draw.view(all_, rewrite=shifted), changed=(1,))


WORDINGS: Mapping[str, Callable[[str], str]] = {
    "longer": lambda text: f"{text} License", "lower": str.lower, "upper": str.upper,
    "German": lambda _: "Standardlizenz",
    "a code": lambda text: f"lic_{len(text)}", "Japanese": lambda _: "通常ライセンス",
    "spaced": lambda text: f" {text}\u00a0",
}  # fmt: skip


@kind("api: other words", ("shutterstock", "adobe_stock", "envato_market", "depositphotos"))
def other_words(draw: Draw) -> Change:
    facts, word = draw.rows(), draw.of(WORDINGS)
    key = draw.one("license", "license", "title")

    def reworded(row: Any, _: Fact) -> Any:
        return {**row, key: word(str(row[key]))} if key in row else row

    all_ = [*draw.new(draw.one(0, 2)), *facts]
    return draw.change(Label(), draw.view(facts), draw.view(all_, rewrite=reworded), changed=(1,))


@kind("api: new ids", tuple(ID_KEYS))
def new_ids(draw: Draw) -> Change:
    """The same assets on the same days the next night, each licence with another id."""
    facts, key = draw.rows(), ID_KEYS[draw.platform.name]
    some = draw.one(1, 1, 2)  # all, or every second

    def renamed(row: Any, fact: Fact) -> Any:
        if fact.number % some:
            return row
        other = draw.platform.row(Fact(fact.when, fact.number + 10**9))[key]
        return {**row, key: other}

    all_ = [*draw.new(draw.one(0, 2)), *facts]
    return draw.change(Label(), draw.view(facts), draw.view(all_, rewrite=renamed), changed=(1,))


# ---------------------------------------------------------------- interfaces: something else answers


def answer(text: str, status: int = 200, kind_: str = "text/html; charset=utf-8", **headers: str) -> Exchange:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"status": status, "text": text, "headers": {"content-type": kind_, **named}}


def refusals(draw: Draw) -> dict[str, Exchange]:
    """Answers that are not the platform's word on the account."""
    language = draw.chance.choice(sentences.LANGUAGES)
    draw.words.append(language)
    wait, many = sentences.MAINTENANCE[language], sentences.TOO_MANY[language]
    page = "<!doctype html><html><title>{0}</title><body><h1>{0}</h1></body></html>"
    checking = page.format("Just a moment...")
    return {
        "a challenge, 403": answer(checking, 403, cf_mitigated="challenge", server="cloudflare", cf_ray="8a-FRA"),
        "a challenge, 503": answer(checking, 503, server="cloudflare", cf_ray="8a-FRA"),
        "a challenge of another service": answer(page.format("Access to this page has been denied"), 403,
                                                 x_datadome="protected", server="DataDome"),
        "a wall with an incident": answer('<iframe src="/_Incapsula_Resource?i=1"></iframe>', 403, x_iinfo="1-2"),
        "a proxy's refusal": answer(page.format("Access Denied"), 403, server="AkamaiGHost"),
        "a proxy without a name": answer(page.format("403 Forbidden"), 403, server="nginx"),
        "maintenance, 503": answer(page.format(wait), 503, retry_after="0"),
        "maintenance, 502": answer(page.format("502 Bad Gateway"), 502, server="nginx"),
        "too many, 429": answer(page.format(many), 429, retry_after="0"),
    }  # fmt: skip


@kind("api: refused for one night", INTERFACES)
def refused(draw: Draw) -> Change:
    """Something in front of the platform answers in one night, and in the next one all is as before."""
    facts = draw.rows()
    response = draw.of(refusals(draw))
    place = draw.one("sign-in", "page 1", "page 2")
    if place == "page 2" and len(draw.cut(facts)) < 2:
        place = "page 1"
    new = draw.new(1)
    nights = [draw.view(facts), draw.view([*new, *facts], answers={place: response}), draw.view([*new, *facts])]
    first = draw.one(0, 1)
    return draw.change(Label(misnamed=REFUSED), *nights[first:], changed=(1 - first,))


@kind("api: one answer is a page", ("shutterstock", "adobe_stock", "depositphotos_enterprise"))
def one_page(draw: Draw) -> Change:
    """In place of one licence's record comes a web page; the others are as ever."""
    facts = draw.rows()
    response = draw.of({
        "a page, 200": answer("<!doctype html><title>Hm</title><h1>Something went wrong</h1>"),
        "a page, 502": answer("<!doctype html><title>502</title><h1>Bad gateway</h1>", 502),
        "a page, 403": answer("<!doctype html><title>Denied</title><h1>Access denied</h1>", 403),
        "half an answer": answer('{"id": "12', kind_="application/json"),
        "an empty answer": answer("", kind_="application/json"), "null": answer("null", kind_="application/json"),
        "a list": answer("[]", kind_="application/json"),
    })  # fmt: skip
    place = f"paper {draw.chance.choice(facts).number}"
    label = Label(harmless=True, spared=1, misnamed=frozenset({"LayoutChanged", "AdapterBroken", "WrongPassword"}))
    return draw.sometimes_later(label, facts, lambda all_: draw.view(all_, answers={place: response}))


@kind("api: one page of the list is something else", INTERFACES)
def other_answer(draw: Draw) -> Change:
    facts = draw.facts(9, 20)
    response = draw.of({
        "an error with 200": answer(json.dumps({"error": {"code": 503, "message": "shard not available"}}),
                                    kind_="application/json"),
        "errors beside no rows": answer(json.dumps({
            **draw.platform.site.content(draw.platform.site.first), draw.platform.site.rows: [],
            "errors": [{"message": "timeout"}],
        }), kind_="application/json"),
        "cut": answer('{"data": [{"id": "1", "us', kind_="application/json"),
        "empty": answer("", kind_="application/json"),
        "a page": answer("<!doctype html><title>Sign in</title><form><input name=password></form>"),
        "204": {"status": 204}, "a redirect": {"status": 302, "headers": {"location": "/"}},
    })  # fmt: skip
    place = draw.one("page 1", "page 2") if len(draw.cut(facts)) > 1 else "page 1"
    return draw.sometimes_later(Label(), facts, lambda all_: draw.view(all_, answers={place: response}))


# ---------------------------------------------------------------- web pages: nothing that matters


@kind("web: unchanged", WEB)
def web_unchanged(draw: Draw) -> Change:
    facts = draw.rows()
    return draw.change(
        Label(harmless=True), draw.view(facts), draw.view([*draw.new(draw.one(0, 2)), *facts]), changed=()
    )


@kind("web: more furniture", WEB)
def more_furniture(draw: Draw) -> Change:
    facts = draw.rows()
    place = draw.one("above", "below", "below")
    text = draw.sentence(sentences.CHATTER)
    piece = draw.of(furniture.HARMLESS).format(text=text)
    return draw.sometimes_later(Label(harmless=True), facts, lambda all_: draw.view(all_, **{place: piece}))


@kind("web: another order", WEB)
def web_order(draw: Draw) -> Change:
    facts = draw.rows()
    order = draw.of({"oldest first": lambda fact: fact.when, "by title": lambda fact: fact.title})
    all_ = [*draw.new(draw.one(1, 3)), *facts]
    later = draw.view(all_, pages=draw.cut(sorted(all_, key=order)))
    return draw.change(Label(harmless=True), draw.view(facts), later, changed=(1,))


# ---------------------------------------------------------------- web pages: rows that do not come


def begun(draw: Draw, facts: Sequence[Fact], **more: Any) -> View:
    """The list shows its first rows as its only page; the rest is on a second page that nothing links to."""
    half = max(2, len(facts) // 2)
    return draw.view(facts, pages=(tuple(facts[:half]), tuple(facts[half:])), linked=False, **more)


@kind("web: a control brings more", WEB)
def control(draw: Draw) -> Change:
    text = draw.sentence(sentences.MORE) if draw.one("words", "a sign") == "words" else draw.one(*furniture.SIGNS)
    piece = draw.of(furniture.CONTROLS).format(
        text=text, script=furniture.fetching(draw.web.address(2), draw.web.after)
    )
    return draw.sometimes_later(Label(), draw.rows(), lambda all_: begun(draw, all_, below=piece))


@kind("web: parts", WEB)
def parts(draw: Draw) -> Change:
    names = draw.one("2026|2025", "") or draw.sentence(sentences.PARTS)
    first, second = names.split("|")
    piece = draw.of(furniture.PARTS).format(first=first, second=second)
    where = draw.one("above", "below")
    return draw.sometimes_later(Label(), draw.rows(), lambda all_: begun(draw, all_, **{where: piece}))


@kind("web: a sentence says a limit", WEB)
def limit(draw: Draw) -> Change:
    facts = draw.rows()
    text = draw.sentence(sentences.LIMITS, shown=max(2, len(facts) // 2))
    piece, where = draw.of(furniture.TEXTS).format(text=text), draw.one("above", "below")
    return draw.sometimes_later(Label(), facts, lambda all_: begun(draw, all_, **{where: piece}))


@kind("web: a count says more", WEB)
def count(draw: Draw) -> Change:
    facts = draw.rows()
    text = draw.sentence(sentences.COUNTS, n=len(facts), shown=max(2, len(facts) // 2))
    piece, where = draw.of(furniture.TEXTS).format(text=text), draw.one("above", "below")
    return draw.change(Label(), begun(draw, facts, **{where: piece}))


@kind("web: silent", WEB)
def web_silent(draw: Draw) -> Change:
    label = Label(undetectable="the page shows its rows and its end as ever, and says nothing else")
    return draw.change(label, begun(draw, draw.rows()))


EMPTY = {"freepik": "<p>You have no downloads yet</p>",
         "envato_elements": '<div data-testid="empty-state">You haven\'t downloaded any items yet</div>'}  # fmt: skip


@kind("web: a false empty", WEB)
def false_empty(draw: Draw) -> Change:
    facts = draw.rows()
    sign = draw.one("parts", "a limit", "a count", "a period", "nothing", "its script")
    pieces: dict[str, Piece] = {
        "parts": lambda: draw.of(furniture.PARTS).format(first="2026", second="2025"),
        "a limit": lambda: draw.of(furniture.TEXTS).format(text=draw.sentence(sentences.LIMITS, shown=10)),
        "a count": lambda: draw.of(furniture.TEXTS).format(
            text=draw.sentence({"all": sentences.COUNTS["a count of all"]}, n=len(facts))),
        "a period": lambda: draw.of(furniture.TEXTS).format(text=draw.sentence({"period": sentences.EMPTY_BUT})),
        "nothing": lambda: "",
        "its script": lambda: furniture.posting("/api/downloads", draw.web.after),
    }  # fmt: skip
    piece = pieces[sign]()
    why = "an empty list that says so as ever, on a first reading" if sign == "nothing" else ""
    view = draw.view(facts, pages=((),), instead=EMPTY[draw.platform.name], above=piece, marked=False)
    return draw.change(Label(undetectable=why), view)


@kind("web: its own request is refused", WEB)
def own_request(draw: Draw) -> Change:
    way = draw.of(
        {"a POST": furniture.posting, "a GET": furniture.getting, "a beacon of another host": furniture.foreign}
    )
    piece = way(draw.one("/api/downloads", "/graphql", "/xhr/user/items?from=10"), draw.web.after)
    return draw.sometimes_later(Label(), draw.rows(), lambda all_: begun(draw, all_, below=piece))


@kind("web: rows in another form", WEB)
def other_form(draw: Draw) -> Change:
    facts = draw.rows()
    half = max(2, len(facts) // 2)
    wrap = draw.of(furniture.FORMS)

    def make(all_: Sequence[Fact]) -> View:
        rest = [wrap(draw.platform.row(fact)) for fact in all_[half:]]
        return draw.view(all_, pages=(tuple(all_[:half]),), below=f"<div class='older'>{''.join(rest)}</div>")

    return draw.sometimes_later(Label(), facts, make)


@kind("web: rows come late", WEB)
def late(draw: Draw) -> Change:
    facts = draw.rows()
    half, wait = max(2, len(facts) // 2), draw.one(300, 1500, 4500, 9000)
    busy = draw.of({"nothing": "", "a turning sign": '<div class="sk" aria-busy="true"><svg></svg></div>',
                    "words": "<p class='sk'>…</p>"})  # fmt: skip

    def make(all_: Sequence[Fact]) -> View:
        rest = "".join(draw.platform.row(fact) for fact in all_[half:])
        piece = busy + furniture.inserting(rest, draw.web.after, wait)
        return draw.view(all_, pages=(tuple(all_[:half]),), below=piece)

    silent = wait > 5000 and not busy
    label = Label(undetectable="the page is still for nine seconds, and shows its end" if silent else "")
    return draw.sometimes_later(label, facts, make)


# ---------------------------------------------------------------- web pages: rows that are written otherwise


@kind("web: another order of the date", WEB)
def web_dates(draw: Draw) -> Change:
    form = draw.one("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%d-%m-%Y", "%y/%m/%d")
    kept = draw.of({"in the attribute": 'datetime="{0}">{0}<', "in the text": ">{0}<"})

    def rewritten(row: Any, fact: Fact) -> Any:
        head, _, tail = row.partition("<time")
        rest = tail.partition("</time>")[2]
        text = kept.format(fact.when.strftime(form))
        return f"{head}<time{' ' * text.startswith('d')}{text}/time>{rest}"

    return draw.sometimes_later(Label(), draw.rows(), lambda all_: draw.view(all_, rewrite=rewritten))


@kind("web: provisional papers", WEB)
def provisional(draw: Draw) -> Change:
    """The certificates say that they are to come, for some nights; then the final ones are there."""
    facts = draw.facts(2, 5)
    text = draw.sentence({"pending": sentences.PENDING})
    late_ones = facts if draw.one("all", "some") == "all" else facts[::2]
    view = draw.view(facts, pending={fact.number: text for fact in late_ones})
    final = draw.view([*draw.new(draw.one(0, 1)), *facts])
    return draw.change(Label(papers=True), *[view] * draw.one(1, 2), final, changed=(0, 1, 2))


# ---------------------------------------------------------------- web pages: something else answers


@kind("web: refused for one night", WEB)
def web_refused(draw: Draw) -> Change:
    facts = draw.rows()
    language = draw.chance.choice(sentences.LANGUAGES)
    form = '<form method="post"><input name="otp" maxlength="6"><button>OK</button></form>'
    code = f"<h1>{sentences.CODE_BY_MAIL[language]}</h1>{form}"
    soft = {
        "a code by mail": web_page(code),
        "maintenance with 200": web_page(f"<h1>{sentences.MAINTENANCE[language]}</h1>"),
        "too many with 200": web_page(f"<h1>{sentences.TOO_MANY[language]}</h1>"),
    }  # fmt: skip
    response = draw.of({**refusals(draw), **soft})
    new = draw.new(1)
    nights = [draw.view([*new, *facts], answers={"page 1": response}), draw.view([*new, *facts])]
    return draw.change(Label(misnamed=REFUSED), *nights, changed=(0,))
