"""A simulated site with its truth: photographs in every place where pages have them, edits, traps and a hostile page.

`build(folder, pages, pictures)` makes it from numbers alone, so the truth is known by construction: which picture each
page shows, and what an audit must answer about it. Pictures are kept in `folder` and made only once.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

from PIL import Image

from tests.benchmarks.edits import EDITS, encoded, fit
from tests.support.audited_site import Served
from tests.support.pictures import bare_png, scene

COVERED, NAMED, OTHER, UNPROVEN, EDITORIAL, LATE, FREE, OWN, STRANGER, STOCK = (
    "covered", "named", "other_client", "unproven", "editorial", "late", "free", "own", "stranger", "stock"
)  # fmt: skip
# What share of the works has which role, in percent.
SHARES = {COVERED: 20, NAMED: 12, OTHER: 6, UNPROVEN: 4, EDITORIAL: 4, LATE: 4, FREE: 5, OWN: 33, STRANGER: 6, STOCK: 6}
LICENSED = (COVERED, NAMED, OTHER, UNPROVEN, EDITORIAL, LATE, FREE)
# Which rule must be among the reasons of an answer "licence, but"; of others, that the picture must be compared.
REASONS = {OTHER: {"other_client"}, UNPROVEN: {"certificate"}, EDITORIAL: {"editorial"}, LATE: {"late_purchase"}}
PLATFORMS = {NAMED: "shutterstock", FREE: "freepik", STOCK: "shutterstock", UNPROVEN: "adobe_stock"}
# What a site does to pictures, as often as it stands here.
SITE_EDITS = ("plain", "plain", "plain", "resize 600", "resize 600", "webp 800", "webp 800", "avif 800", "crop 90",
              "crop 70", "headline", "grade")  # fmt: skip
PROGRAMS = ("Adobe Photoshop 25.1", "Adobe Photoshop Lightroom Classic 13", "Capture One 23", "GIMP 2.10")
OWN_NAMES = ("IMG_{0}", "DSC_{0}", "team-adobe-tower-{0}", "istanbul-{0}", "photo-{0}", "unsplashed-wave-{0}",
             "getty-center-trip-{0}", "{0}-shutter-speed", "2024{0}_150312", "stock-room-{0}",
             "freepik-booth-{0}")  # fmt: skip


@dataclass(frozen=True)
class Work:
    """One photograph. Its number is the seed of its picture and its asset id."""

    number: int
    role: str

    @property
    def platform(self) -> str:
        return PLATFORMS.get(self.role, "istock")

    @property
    def asset_id(self) -> str:
        return str((190_000_000 if self.role in (NAMED, STOCK) else 400_000_000) + self.number)

    def stem(self, chance: Random) -> str:
        """A file's name on the site. A name that names the asset is kept only where the role says so."""
        if self.role in (NAMED, STOCK):
            return f"shutterstock_{self.asset_id}"
        if self.role == OWN:
            return chance.choice(OWN_NAMES).format(1000 + self.number)
        return f"{chance.choice(['hero', 'team', 'harbour view', 'büro', 'header-image', 'news'])}-{self.number}"


@dataclass
class SimulatedSite:
    """Files by path, and the truth: works by page, by address, and what a browser does not show at once."""

    folder: Path
    works: list[Work]
    files: dict[str, Served] = field(default_factory=dict)
    cdn: dict[str, Served] = field(default_factory=dict)  # a second host, which is named
    shown: dict[str, set[int]] = field(default_factory=dict)  # by path of a page that can be read
    scripted: dict[str, set[int]] = field(default_factory=dict)  # shown only by a script
    published: dict[str, set[int]] = field(default_factory=dict)  # in metadata and behind links, not in the window
    work_of: dict[str, int] = field(default_factory=dict)  # by path of a picture's address
    edit_of: dict[str, str] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    drawn: dict[Path, tuple[int, str, str]] = field(default_factory=dict)

    def role(self, number: int) -> str:
        return self.works[number].role


def works_of(count: int) -> list[Work]:
    """So many works with the shares of `SHARES`, in a fixed mixture."""
    roles = [role for role, share in SHARES.items() for _ in range(share)]
    Random(7).shuffle(roles)
    return [Work(number, roles[number % len(roles)]) for number in range(count)]


def build(folder: Path, pages: int, pictures: int, cdn: str, *, seed: int = 1, processes: int = 1) -> SimulatedSite:
    """The site with about so many pages and addresses of pictures; `cdn` is the second host's address.

    Without `processes` no picture is drawn.
    """
    chance = Random(seed)
    # A work has about four addresses; as many files as addresses would only repeat themselves.
    site = SimulatedSite(folder, works_of(max(20, pictures // 4)))
    folder.mkdir(parents=True, exist_ok=True)
    maker = _Maker(site, chance, cdn)
    paths = _page_paths(pages)
    each_shows = max(1, round(pictures / (pages * 1.2)))  # a place has 1.2 addresses on average
    broken = set(chance.sample(paths[1:], max(1, pages // 20)))
    hidden = 0
    for number, path in enumerate(paths):
        if path in broken:
            site.files[path] = chance.choice([500, 404, 403])
            continue
        body = [f"<h1>Page {number}</h1><p>{'We make things for people. ' * 12}</p>", *_menu(paths, number)]
        head: list[str] = [f"<title>{number}</title>"]
        for turn in range(each_shows):
            place = PLACES[(number * each_shows + turn) % len(PLACES)]
            work = (number * each_shows + turn) % len(site.works)
            place(maker, path, work, head, body)
        if number % 9 == 4:  # a picture that robots.txt hides
            hidden += 1
            site.forbidden.add(f"/private/{hidden}.jpg")
            body.append(f"<img src=/private/{hidden}.jpg alt=''>")
        if number % 2:
            body.append("<footer>Pictures: Freepik, and others</footer>")
        content: str | bytes = f"<!doctype html><html><head>{''.join(head)}</head><body>{''.join(body)}</body></html>"
        site.files[path] = content
    site.files |= _rest(site, paths, processes > 0)
    if processes:
        _draw(site, processes)
    return site


def _page_paths(pages: int) -> list[str]:
    shapes = (
        "/journal/{0}/a-story-of-{0}",
        "/products/{0}",
        "/news/2025/{1:02}/post-{0}",
        "/über-uns/{0}",
        "/p/?id={0}",
    )
    made = ["/"] + [shapes[n % 4].format(n, n % 12 + 1) for n in range(1, pages)]
    return [quote(each, safe="/?=&") for each in made]


def _menu(paths: list[str], number: int) -> Iterator[str]:
    """Links to pages nearby: half of the pages are in the site map, the others are found by links only."""
    for other in (number + 1, number * 2 + 1, number * 2 + 2):
        if 0 < other < len(paths):
            yield f"<a href='{paths[other]}?utm_source=menu'>{other}</a> "
    yield "<a href=/calendar?month=1>Calendar</a> <a href=/shop?colour=1>Shop</a> <a href=/members/>Members</a>"
    yield f"<a href='/list;jsessionid={number:032x}'>List</a> <a href=/private/plan>Plan</a>"
    yield "<a href='/wp-login.php'>Sign in</a><form method=post action=/order><button>Order</button></form>"


# ---------------------------------------------------------------- places


@dataclass
class _Maker:
    site: SimulatedSite
    chance: Random
    cdn: str
    _count: int = 0

    def address(self, work: int, *, edit: str | None = None, folder: str | None = None, on_cdn: bool = False) -> str:
        """A new address of a work's picture, with what the site did to it."""
        edit = edit or self.chance.choice(SITE_EDITS)
        late = self.site.role(work) == LATE
        self._count += 1
        ending = {"webp 800": "webp", "avif 800": "avif"}.get(edit, "jpg")
        stem = self.site.works[work].stem(Random(work))
        place = folder or ("/wp-content/uploads/2025/06" if late else f"/media/{self._count % 40}")
        name = f"{stem}-{self._count}.{ending}" if self.site.role(work) not in (NAMED, STOCK) else f"{stem}.{ending}"
        path = f"{place}/{quote(name)}" if f"{place}/{quote(name)}" not in self._taken(on_cdn) else (
            f"{place}/{self._count}/{quote(name)}")  # fmt: skip
        self._put(path, work, edit, on_cdn)
        return f"{self.cdn}{path}" if on_cdn else path

    def _taken(self, on_cdn: bool) -> dict[str, Served]:
        return self.site.cdn if on_cdn else self.site.files

    def _put(self, path: str, work: int, edit: str, on_cdn: bool) -> None:
        file = self.site.folder / f"{work}-{edit.replace(' ', '-')}"
        self.site.drawn[file] = (work, edit, self.site.role(work))
        self._taken(on_cdn)[path] = file
        self.site.work_of[path] = work
        self.site.edit_of[path] = edit

    def sized(self, work: int) -> tuple[str, str, str]:
        """The addresses of one picture in three sizes, as content systems name them."""
        full = self.address(work, edit="plain")
        stem, _, ending = full.rpartition(".")
        sizes = []
        for edit, size in (("thumbnail 200", "300x200"), ("resize 600", "600x400")):
            sizes.append(f"{stem}-{size}.{ending}")
            self._put(sizes[-1], work, edit, False)
        return sizes[0], sizes[1], full

    def plain_file(self, path: str, content: Served) -> str:
        self.site.files[path] = content
        return path

    def shows(self, page: str, work: int, kind: str = "shown") -> None:
        getattr(self.site, kind).setdefault(page, set()).add(work)

    def name(self, ending: str) -> str:
        self._count += 1
        return f"/assets/{self._count}.{ending}"


type Place = Callable[[_Maker, str, int, list[str], list[str]], None]


def _fragment(form: str, *, head: bool = False, kind: str = "shown") -> Place:
    """A place whose HTML names one address."""

    def place(maker: _Maker, page: str, work: int, heads: list[str], body: list[str]) -> None:
        (heads if head else body).append(form.replace("URL", maker.address(work)))
        maker.shows(page, work, kind)

    return place


def _sizes(form: str) -> Place:
    def place(maker: _Maker, page: str, work: int, _: list[str], body: list[str]) -> None:
        small, middle, full = maker.sized(work)
        body.append(form.replace("SMALL", small).replace("MIDDLE", middle).replace("URL", full))
        maker.shows(page, work)

    return place


def _sheet(form: str) -> Place:
    """A style sheet of its own that names one address."""

    def place(maker: _Maker, page: str, work: int, heads: list[str], body: list[str]) -> None:
        mark = f"c{maker.name('').strip('/.').replace('/', '')}"
        css = form.replace("URL", maker.address(work)).replace(".x", f".{mark}")
        heads.append(f"<link rel=stylesheet href={maker.plain_file(maker.name('css'), css)}>")
        body.append(f"<div class={mark} style='width:300px;height:200px'></div>")
        maker.shows(page, work)

    return place


def _imported(maker: _Maker, page: str, work: int, heads: list[str], body: list[str]) -> None:
    mark = f"i{maker.name('').strip('/.').replace('/', '')}"
    inner = maker.plain_file(maker.name("css"), f".{mark}{{background-image:url({maker.address(work)})}}")
    outer = maker.plain_file(maker.name("css"), f"@import url('{inner.rpartition('/')[2]}') screen;")
    heads.append(f'<style>@import "{outer}";</style>')
    body.append(f"<div class={mark} style='width:300px;height:200px'></div>")
    maker.shows(page, work)


def _moved(maker: _Maker, page: str, work: int, _: list[str], body: list[str]) -> None:
    """An address that redirects."""
    old = maker.plain_file(maker.name("jpg"), (301, {"location": maker.address(work)}))
    body.append(f"<img src={old} width=300 alt=''>")
    maker.site.work_of[old] = work
    maker.shows(page, work)


def _on_cdn(maker: _Maker, page: str, work: int, _: list[str], body: list[str]) -> None:
    body.append(f"<img src='{maker.address(work, on_cdn=True)}' width=300 alt=''>")
    maker.shows(page, work)


def _query(maker: _Maker, page: str, work: int, _: list[str], body: list[str]) -> None:
    """A service of pictures: no ending, and the size in the query."""
    path = f"/render{maker.name('').removesuffix('.')}?w=600&h=400&fit=crop"
    maker._put(path, work, "resize 600", False)
    body.append(f"<img src=\"{path.replace('&', '&amp;')}\" alt=''>")
    maker.shows(page, work)


def _gallery(maker: _Maker, page: str, work: int, _: list[str], body: list[str]) -> None:
    """A page builder's settings as JSON in an attribute; its script shows them as a background."""
    settings = json.dumps({"background_slideshow_gallery": [{"id": 3, "url": maker.address(work)}]})
    body.append(f"<section class=slides style='width:300px;height:200px' data-settings='{settings}'></section>")
    body.append(f"<script src={maker.plain_file('/assets/slides.js', SLIDES)} defer></script>")
    maker.shows(page, work)


def _lazy(form: str) -> Place:
    def place(maker: _Maker, page: str, work: int, _: list[str], body: list[str]) -> None:
        body.append(form.replace("URL", maker.address(work)))
        body.append(f"<script src={maker.plain_file('/assets/lazy.js', LAZY)} defer></script>")
        maker.shows(page, work)

    return place


def _linked_data(maker: _Maker, page: str, work: int, heads: list[str], _: list[str]) -> None:
    said = {"@context": "https://schema.org", "@graph": [{"@type": "Article", "image": {"url": maker.address(work)}}]}
    heads.append(f"<script type=application/ld+json>{json.dumps(said)}</script>")
    maker.shows(page, work, "published")


def _listed_by_script(maker: _Maker, page: str, work: int, _: list[str], body: list[str]) -> None:
    """Only a script knows the address: it asks for a list and adds the picture."""
    data = maker.plain_file(maker.name("json"), json.dumps({"items": [{"src": maker.address(work)}]}))
    body.append(f"<div data-feed={data}></div><script src={maker.plain_file('/assets/feed.js', FEED)} defer></script>")
    maker.shows(page, work, "scripted")


def _written_by_script(maker: _Maker, page: str, work: int, _: list[str], body: list[str]) -> None:
    """The address is put together in the page, when the reader scrolls there."""
    stem, ending = maker.address(work).rsplit(".", 1)
    body.append(f"""<div style="height:1500px"></div><div class=late style="width:300px;height:200px"></div><script>
        new IntersectionObserver((all, o) => all.forEach((e) => {{ if (e.isIntersecting) {{ o.unobserve(e.target);
        e.target.style.backgroundImage = 'url("' + '{stem}' + '.' + '{ending}' + '")'; }} }}))
        .observe(document.querySelector('.late'));</script>""")
    maker.shows(page, work, "scripted")


LAZY = """const o = new IntersectionObserver((all) => all.forEach((e) => { if (!e.isIntersecting) return;
  const t = e.target, d = t.dataset; o.unobserve(t);
  if (d.srcset) t.srcset = d.srcset; if (d.src) t.src = d.src;
  for (const bg of [d.bg, d.imageSrc]) if (bg) t.style.backgroundImage = `url("${bg}")`; }));
document.querySelectorAll('.lazy').forEach((e) => o.observe(e));"""


def _brochure(maker: _Maker, page: str, work: int, heads: list[str], body: list[str]) -> None:
    """A PDF whose second page has the picture. It loses its name there, so a stranger's may not depend on that."""
    if maker.site.role(work) in (STOCK, NAMED):
        PLACES[0](maker, page, work, heads, body)
        return
    path = maker.plain_file(maker.name("pdf"), lambda _: _pdf(work))
    body.append(f"<a href='{path}'>Brochure</a>")
    place = f"{path}#page=2"
    maker.site.work_of[place], maker.site.edit_of[place] = work, "pdf"
    maker.shows(place, work)


@lru_cache(64)
def _pdf(work: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 60)).save(out, "PDF", save_all=True, append_images=[photograph(work)], quality=88)
    return out.getvalue()


SLIDES = """document.querySelectorAll('[data-settings]').forEach((e) => { const s = JSON.parse(e.dataset.settings);
  e.style.backgroundImage = `url("${s.background_slideshow_gallery[0].url}")`; });"""
FEED = """document.querySelectorAll('[data-feed]').forEach(async (e) => {
  for (const each of (await (await fetch(e.dataset.feed)).json()).items) {
    const i = new Image(300, 200); i.src = each.src; e.append(i); } });"""

BLANK = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
PLACES: tuple[Place, ...] = (
    _fragment("<img src='URL' width=300 height=200 alt=''>"),
    _sizes("<img src='MIDDLE' srcset='SMALL 300w, MIDDLE 600w, URL 900w' sizes='300px' alt=''>"),
    _sizes("<img src=SMALL srcset='MIDDLE 1x, URL 2x' width=300 alt=''>"),
    _fragment("<picture><source type=image/webp srcset='URL'><img src='URL' width=300 alt=''></picture>"),
    _lazy("<img class=lazy width=300 height=200 src='" + BLANK + "' data-src='URL' alt=''>"),
    _lazy("<div class=lazy style='width:300px;height:200px' data-bg='URL'></div>"),
    _lazy("<div class=lazy style='width:300px;height:200px' data-image-src='URL'></div>"),
    _sizes("<img src=SMALL srcset='SMALL 300w, MIDDLE 600w, URL 900w' sizes=300px loading=lazy width=300 alt=''>"),
    _lazy("<img class=lazy width=300 height=200 src='" + BLANK + "' data-srcset='URL 900w' alt=''>"
          "<noscript><img src='URL' alt=''></noscript>"),
    _fragment("<div style=\"width:300px;height:200px;background:#ccc url('URL') center/cover\"></div>"),
    _fragment("<style>.own{background-image:url(URL)}</style><div class=own style='width:9px;height:9px'></div>"),
    _sheet(".x{background:url(URL)} /* url(/gone.jpg) */ @font-face{font-family:f;src:url(/f.woff2)}"),
    _sheet(".x{background-image:image-set('URL' 1x)}"),
    _sheet(":root{--hero:url('URL')} .x{background-image:var(--hero)}"),
    _sheet("@media screen{.x::before{content:url(URL)}}"),
    _imported,
    _fragment("<svg width=300 height=200><image width=300 height=200 href='URL'/></svg>"),
    _fragment("<svg width=300 height=200><image width=300 height=200 xlink:href='URL'/></svg>"),
    _fragment("<video poster='URL' width=300 height=200 preload=none></video>"),
    _fragment("<input type=image src='URL' width=300 alt=''>"),
    _fragment("<table><tr><td background='URL' width=300 height=200></table>"),
    _fragment("<object data='URL' type=image/jpeg width=300 height=200></object>"),
    _fragment("<iframe srcdoc=\"<img src='URL' alt=''>\" width=300 height=200></iframe>"),
    _fragment("<div><template shadowrootmode=open><img src='URL' width=300 alt=''></template></div>"),
    _fragment("<link rel=preload as=image href='x' imagesrcset='URL 900w'><img srcset='URL 900w' alt=''>"),
    _moved, _on_cdn, _query, _gallery, _brochure,
    _fragment("<meta property=og:image content='URL'>", head=True, kind="published"),
    _fragment("<a href='URL'>Enlarge</a>", kind="published"),
    _linked_data, _listed_by_script, _written_by_script,
)  # fmt: skip


# ---------------------------------------------------------------- what else a site has


def _rest(site: SimulatedSite, paths: list[str], drawn: bool) -> dict[str, Served]:
    listed = [path for number, path in enumerate(paths) if number % 2 == 0]
    half = len(listed) // 2
    files: dict[str, Served] = {
        "/robots.txt": "User-agent: *\nDisallow: /private/\nSitemap: /sitemap_index.xml\n",
        "/sitemap_index.xml": "<sitemapindex xmlns='x'><sitemap><loc>/map-1.xml</loc></sitemap><sitemap>"
                              "<loc>/map-2.xml.gz</loc></sitemap></sitemapindex>",
        "/map-1.xml": _map(listed[:half]),
        "/map-2.xml.gz": gzip.compress(_map(listed[half:]).encode(), mtime=0),
        "/members/": (302, {"location": "/login?next=/members/"}),
        "/login": "<form method=post action=/login><input name=user><input type=password></form>",
        "/wp-login.php": "<form method=post></form>",
        "/loop": (302, {"location": "/loop2"}), "/loop2": (302, {"location": "/loop"}),
        "/out": (302, {"location": "http://elsewhere.example/"}),
        "/hostile": HOSTILE, "/hostile/bomb.png": _bomb(), "/hostile/half.jpg": b"\xff\xd8\xff\xe0" + b"x" * 3000,
        "/hostile/zeros.html": (200, {"content-type": "text/html", "content-encoding": "gzip"},
                                gzip.compress(b"<a>" + b" " * ((60 << 20) if drawn else 9), mtime=0)),
        "/hostile/deep": "<div>" * 60_000 + "<img src=/hostile/half.jpg>",
    }  # fmt: skip
    first = site.files["/"]
    assert isinstance(first, str)
    files["/"] = first.replace("</body>", "<a href=/hostile>h</a><a href=/loop>l</a><a href=/out>o</a></body>")
    return files


def _map(paths: Iterable[str]) -> str:
    entries = "".join(f"<url><loc>{path.replace('&', '&amp;')}</loc></url>" for path in paths)
    return f"<?xml version='1.0'?><urlset xmlns='x'>{entries}</urlset>"


HOSTILE = """<base href='http://elsewhere.example/'><base href=/><img src='http://[x'><img src='javascript:alert(1)'>
<img src=/hostile/bomb.png><img src=/hostile/half.jpg><img src=file:///etc/passwd><img srcset='  , , 1x,,, 9e999w'>
<img src='http://user:secret@127.0.0.1/x.jpg'><a href=/hostile/zeros.html>z</a><a href=/hostile/deep>d</a>
<iframe srcdoc="<iframe srcdoc='<iframe srcdoc=&quot;x&quot;>'>"></iframe><style>@import '/hostile'; a{b:url(</style>
<script>onload = () => { fetch('/order', {method: 'POST', body: 'x'}).catch(() => 0); navigator.sendBeacon('/order');
fetch('http://elsewhere.example/').catch(() => 0); open('/wp-login.php'); location.hash = 'x'; new Image().src =
'/private/scripted.jpg'; const w = new WebSocket('ws://' + location.host + '/order'); w.onerror = () => 0;
document.forms[0]?.submit(); setTimeout(() => { for (;;) ; }, 50); };</script><form method=post action=/order></form>"""


def trap(path: str) -> Served | None:
    """Pages without end: a calendar, facets of a shop, and a list whose address holds a session."""
    base, _, query = path.partition("?")
    number = int("".join(each for each in query if each.isdigit()) or "0") % 10**9
    if base == "/calendar":
        return f"<a href='/calendar?month={number + 1}'>n</a><a href='/calendar/day/{number}'>d</a>"
    if base == "/shop":
        more = "".join(f"<a href='/shop?{query}&amp;f{number % 97 + n}={n}'>f</a>" for n in range(6))
        return f"<p>{query}</p>{more}"
    if base.startswith("/calendar/day/"):
        return f"<a href='/calendar?month={len(base)}'>m</a>"
    if base.startswith("/list"):
        return "<p>list</p>"
    return "<form method=post></form>" if base == "/login" else None


class Endless(dict[str, Served]):
    """The files of a site with pages that never end."""

    def get(self, path: str, default: Any = None) -> Any:
        found = super().get(path)
        if found is None and path.endswith("utm_source=menu"):
            found = super().get(path[: -len("?utm_source=menu")])
        return found if found is not None else trap(path) or default


def _bomb() -> bytes:
    """A PNG that claims 60,000 × 60,000 pixels."""
    return bare_png(60_000, 60_000, zlib.compress(b"\0" * 1_000_000), grey=True)


# ---------------------------------------------------------------- drawing


@lru_cache(maxsize=4)
def photograph(number: int) -> Image.Image:
    return scene.__wrapped__(100_000 + number)


def preview_of(number: int) -> bytes:
    """The platform's preview of a work, as an archive has it."""
    return encoded(fit(photograph(number), 600), quality=82)


def _draw(site: SimulatedSite, processes: int) -> None:
    missing: dict[int, list[tuple[Path, str, str]]] = {}
    for path, (work, edit, role) in site.drawn.items():
        if not path.exists():
            missing.setdefault(work, []).append((path, edit, role))
    if processes > 1:
        with ProcessPoolExecutor(processes) as pool:
            list(pool.map(_draw_work, missing.items(), chunksize=8))
    else:
        list(map(_draw_work, missing.items()))


def _draw_work(each: tuple[int, list[tuple[Path, str, str]]]) -> None:
    work, wanted = each
    for path, edit, role in wanted:
        chance = Random(sha256(path.name.encode()).digest())
        image = photograph(work)
        made = encoded(image, quality=85) if edit == "plain" else EDITS[edit](image, chance, [])
        path.write_bytes(_with_program(made, chance) if role == OWN and edit == "plain" else made)


def _with_program(content: bytes, chance: Random) -> bytes:
    """A photograph of one's own says which program developed it, and nothing of a platform."""
    image = Image.open(io.BytesIO(content))
    exif = Image.Exif()
    exif[0x0131], exif[0x013B], exif[0x8298] = chance.choice(PROGRAMS), "Ada Example", "Acme Ltd"
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88, exif=exif)
    return out.getvalue()
