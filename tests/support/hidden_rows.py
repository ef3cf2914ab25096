"""Lists that show a part of their rows and look whole: what a redesign may put around the marks that an adapter knows.

Each page here has a licence that its list does not show, and says so somewhere: in words, in a control, in its head, or
by a script. `HARMLESS` are pages whose lists are whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from archiver.devkit.scaffold import adapter
from tests.authoring import envato_elements as elements
from tests.authoring import freepik

COUNT, SHOWN = 9, 3  # licences of the account, and those on the first page

HINTS: dict[str, str] = {
    # another address has the rest
    "years as links": '<nav><a class="on" href="?year=2026">2026</a> <a href="?year=2025">2025</a></nav>',
    "years as buttons": '<div class="years"><button class="active">2026</button><button>2025</button></div>',
    "an archive, linked": '<p>Orders before 2026 are in your <a href="/account/archive">archive</a>.</p>',
    "an archive, in words": "<p>Downloads older than 12 months were moved to the archive.</p>",
    "an archive, in German": "<p>Ältere Downloads finden Sie im <a href='/archiv'>Archiv</a>.</p>",
    "an older system": "<p>Purchases from before our move are on the <a href='https://old.example/'>old site</a></p>",
    "mine and the team's": '<ul><li class="on">My downloads</li><li><a href="?of=team">Team</a></li></ul>',
    "by kind, with counts": '<a class="on" href="?t=photo">Photos (3)</a> <a href="?t=video">Videos (6)</a>',
    "by kind, with badges": '<a href="#p">Photos <span>3</span></a> <a href="?t=v">Videos <span>6</span></a>',
    "months": '<a href="?m=2026-10">‹ October 2026</a> <b>November 2026</b>',
    "the month before": '<a href="?m=2026-10">Previous month</a>',
    "the alphabet": '<nav class="letters"><b>A–F</b> <a href="?l=g">G–M</a> <a href="?l=n">N–Z</a></nav>',
    "an order with more in it": "<p>Order 4711: 3 licences and 6 more items in this order</p>",
    "a link in the head": '<link rel="next" href="?page=2">',
    # a control brings the rest
    "load more": "<button>Load more</button>",
    "load more, other verbs": "<button>Fetch further results</button>",
    "load more, a plus": "<button>+ 6 more</button>",
    "load more, remaining": "<button>Show remaining 6</button>",
    "load more, the next six": "<button>Show next 6</button>",
    "load more, continued": "<button>Continue loading</button>",
    "load more, an icon": '<button aria-label="Load more downloads"><svg></svg></button>',
    "load more, failed once": "<p>Could not load more downloads.</p><button>Try again</button>",
    "load more, failed, in German": "<p>Weitere konnten nicht geladen werden.</p><button>Erneut versuchen</button>",
    "a pager of buttons": "<div class=pager><button class=on>1</button><button>2</button><button>3</button></div>",
    "a pager by hash": '<a href="#page=1">1</a> <a href="#page=2">2</a> <a href="#page=3">3</a>',
    "a pager by hash, one link": '<a href="#/downloads/2">Next</a>',
    "a pager of icons": '<a href="?page=2" aria-label="Go to page 2"><svg></svg></a>',
    "a pager of words": '<a href="?page=2">Page 2</a>',
    "a pager of choices": "<select><option>Page 1</option><option>Page 2</option><option>Page 3</option></select>",
    "a pager of a field": 'Page <input type="number" value="1" min="1" max="3">',
    "older than these": '<a href="?before=991">← Earlier purchases</a>',
    **{f"next, in {language}": f'<button class="go">{word}</button>' for language, word in {
        "Japanese": "次へ", "Chinese": "下一页", "Portuguese": "Próxima", "Swedish": "Nästa", "Czech": "Další",
        "Turkish": "Sonraki", "Danish": "Næste", "Finnish": "Seuraava", "Russian": "Далее", "Korean": "다음",
        "Hungarian": "Következő", "Polish": "Następny", "German": "Nächste Seite", "Spanish": "Página siguiente",
    }.items()},
    # a choice hides the rest
    "the last year, chosen": "<select><option>Last 12 months</option><option>2024</option></select>",
    "the last year, in a chip": '<span>Last 12 months <button aria-label="Remove filter">×</button></span>',
    "the last year, in a menu": '<button aria-haspopup="listbox">Last 12 months</button>',
    "the last year, in words": "<p>Showing downloads from the last 12 months.</p>",
    "the last year, in French": "<p>Téléchargements des 12 derniers mois</p>",
    "the last year, in German": "<p>Downloads der letzten 12 Monate</p>",
    "only the latest": "<p>Only your 3 most recent downloads are shown.</p>",
    "hidden by filters": "<p>6 items are hidden by your filters. <button>Clear filters</button></p>",
    "a period": '<p>Period: <input type="date" name="from" value="2026-05-01"></p>',
    # a count says that there are more
    "a count in the heading": "<h2>Downloads (9)</h2>",
    "a count of results": "<p>9 results</p>",
    "a count of all": "<p>Total: 9</p>",
    "a count in words": "<p>You have nine licences.</p>",
    "three of nine": "<p>Showing three of nine downloads</p>",
    "3 of 9": "<p>3 of 9 downloads</p>",
    "3/9": "<p>3/9 loaded</p>",
    "3 out of 9": "<p>3 out of 9 items</p>",
    "a count over lists": "<h2>All your licences: 9</h2><h3>Photos</h3>",
    "a count in German": "<p>Insgesamt 9 Lizenzen</p>",
    "a bar": '<progress value="3" max="9"></progress>',
    "a table's own count": '<div role="grid" aria-rowcount="9"></div>',
    "a set's own count": '<div role="article" aria-posinset="3" aria-setsize="9"></div>',
    # it is not ready, or it failed
    "it loads": "<p>Loading…</p>",
    "it is busy": '<div aria-busy="true"></div>',
    "it turns": '<div role="progressbar"></div>',
    "bones": '<div class="skeleton-row"></div><div class="skeleton-row"></div>',
    "some failed": "<p>Some of your downloads could not be loaded.</p>",
    "something went wrong": '<div role="alert">Something went wrong. Please try again.</div>',
    "out of order": "<p>Older purchases are temporarily unavailable.</p>",
    "asked to sign in": "<p>Sign in again to see older downloads.</p>",
    "asked to agree": "<p>Accept cookies to see all your downloads.</p>",
    "a count beside a quota": "<p>7 downloads remaining.</p><p>9 results</p><p>are included</p>",
    "a count beside a control": "<button disabled>Next</button><p>9 results</p>",
    "a share beside a quota": "<p>3 of 3 seats used</p><p>3 of 9</p><p>seats used</p>",
    "a count in two pieces": "<div>9</div><div>downloads</div>",
    # where a redesign may put it
    "in a section's own footer": "<section><footer><button>Load more</button></footer></section>",
    "in a section's own header": "<section><header><h2>Downloads (9)</h2></header></section>",
    "a pager, its page as a div": "<div class=on>1</div><button>2</button><button>3</button>",
    "a pager, its page as emphasis": "<em>1</em><button>2</button>",
    "an icon by its name": '<button><i class="material-icons">chevron_right</i></button>',
    "an icon without a name": '<button class="pagination-next"><svg></svg></button>',
    "an icon without a name, marked for tests": '<button data-testid="load-more"><svg></svg></button>',
    "a picture to press": '<form method="post"><input type="image" alt="Next page" src="n.png"></form>',
    "another arrow": "<button>Next ❯</button>",
    "a count behind the label": "<button>Load more (6)</button>",
    "a part below the list's address": '<a href="{path}/videos">Videos</a>',
    "a part below the list's address, with its count": '<a href="{path}/templates">Templates (6)</a>',
    "tabs without roles": "<ul><li class=active><button>Photos</button></li><li><button>Videos</button></li></ul>",
    "tabs by fragment": '<a class="tab active" href="#active">Active</a><a class="tab" href="#expired">Expired</a>',
    "a switch": "<button role=switch aria-checked=false>Show archived</button>",
    "a box to choose from": "<button role=combobox>Year: 2026</button>",
    "years as radio buttons": (
        "<label><input type=radio name=y checked>2026</label><label><input type=radio name=y>2025</label>"
    ),
    "it failed, in a dialog": "<div role=dialog><p>Could not load your downloads.</p></div>",
    "it failed, in a plain paragraph": "<p>Something went wrong.</p>",
    "it failed, in German": "<p>Es ist ein Fehler aufgetreten.</p>",
    "it failed, in French": "<p>Une erreur s'est produite.</p>",
    "the session ended": "<div class=modal>Your session has expired. <input type=password></div>",
    "it loads more": "<p>Loading more items…</p>",
    "it loads, in Portuguese": "<p>Carregando…</p>",
    **{f"more, in {language}": f"<button>{word}</button>" for language, word in {
        "Portuguese": "Carregar mais", "Dutch": "Laad meer", "Polish": "Pokaż więcej", "Russian": "Загрузить ещё",
        "Swedish": "Visa fler", "Czech": "Načíst další", "Spanish": "Cargar más resultados", "Italian": "Mostra altri",
        "Japanese": "さらに読み込む", "Chinese": "查看更多", "Korean": "더보기", "Turkish": "Daha fazla göster",
    }.items()},
    **{f"a count, in {language}": f"<p>{words}</p>" for language, words in {
        "French": "9 téléchargements", "Spanish": "9 descargas", "Dutch": "3 van de 9", "Russian": "3 из 9",
        "Japanese": "全9件", "Chinese": "第1页，共3页", "Turkish": "Toplam 9", "Swedish": "Sida 1 av 3",
        "Swiss numbers": "1-3 of 1’234", "Indian numbers": "1-3 of 1,23,456",
    }.items()},
    # a script's own data says so
    "data: has a next page": '<script type="application/json">{"props": {"list": {"hasNextPage": true}}}</script>',
    "data: a cursor": '<script id="__NEXT_DATA__" type="application/json">{"d": {"nextCursor": "b2s9"}}</script>',
    "data: pages": '<script type="application/json">{"pagination": {"page": 1, "totalPages": 3}}</script>',
    "data: a flag as a number": '<script type="application/json">{"list": {"hasMore": 1}}</script>',
    "data: not the last page": '<script type="application/json">{"list": {"isLastPage": false}}</script>',
    "data: an address": '<script type="application/json">{"list": {"next_page_url": "/x?page=2"}}</script>',
    "data: pages as text": '<script type="application/json">{"list": {"total_pages": "3"}}</script>',
    "an attribute: the next address": '<div data-next-url="?page=2"></div>',
    "an attribute: what is loaded": '<div hx-get="?page=2" hx-trigger="revealed"></div>',
    "an attribute: no address": '<div data-next-url="http://["></div>',
    "an attribute: the next page": '<div data-next-page="2"></div>',
    "an attribute: more": '<div data-has-more="true"></div>',
    "a frame that loads late": '<turbo-frame id="p2" loading="lazy" src="?page=2"></turbo-frame>',
    "data: a total": '<script type="application/json">{"downloads": {"totalCount": 9}}</script>',
}  # fmt: skip

HARMLESS: dict[str, str] = {
    "nothing": "",
    "a quota": "<p>You have 45 downloads left this month.</p>",
    "a quota used": "<p>12 of 50 downloads used this month</p>",
    "a quota of a plan": "<p>Your plan: 10 downloads per month. 7 remaining.</p>",
    "a cart": '<a href="/cart">Cart <span>2</span></a>',
    "a shop": "<nav><a href='/photos'>Photos</a> <a href='/vectors'>Vectors</a> <a href='/videos'>Videos</a></nav>",
    "a year": "<footer>© 2019–2026 Example. All rights reserved.</footer>",
    "sorted": "<select><option>Newest first</option><option>Oldest first</option></select>",
    "a language": "<select><option selected>English</option><option>Deutsch</option></select>",
    "a search": '<input type="search" name="q" value=""><button>Search</button>',
    "advice": "<p>Certificates of licences can be downloaded again for 12 months.</p>",
    "a page size": "<select><option>20 per page</option><option>50 per page</option></select>",
    "done": '<progress value="3" max="3"></progress><p>3 of 3 downloads</p>',
    "how many": "<p>3 results</p>",
    "a pager at its end": "<div class=pager><button class=on>1</button><button disabled>Next</button></div>",
    "support": "<p>Something went wrong with a file? <a href='/help'>Contact us</a></p>",
    "data": '<script type="application/json">{"user": {"plan": "pro"}, "hasNextPage": false}</script>',
    "attributes": '<div data-next-url="" data-has-more="false" data-href="/help" data-next="Next"></div>',
    "what else is loaded": '<div hx-get="/cart" hx-trigger="load"></div><div hx-get="http://["></div>',
    "a page that was read": '<div data-next-page="1"></div>',
    "a rating": "<p>Rated 3 out of 5</p>",
    "hidden": '<div hidden aria-busy="true">Loading…</div>',
    "an export": '<a href="?export=csv">Export CSV</a> <a href="?action=logout">Log out</a>',
    "a banner that is said aloud": '<div role="alert">We use cookies. <button>Accept</button></div>',
    "menus with counts": '<button aria-expanded="false">Notifications 3</button>',
    "other tabs": '<button role=tab aria-selected=true>Downloads</button><button role=tab>Collections 4</button>',
    "a shop's own all": '<nav><a href="/photos">All photos</a></nav>',
    "another list": '<a href="?tab=favorites">Favorites</a> <a href="/explore">See more ideas</a>',
    "recommendations": '<section class="related-items"><button>Show more</button></section>',
    "advertising": "<p>Unlimited access to 5,000,000 files</p>",
    "a member": "<p>Member since 2019. Last sign-in: 24 Nov 2026.</p>",
    "a quota, in other languages": (
        "<p>Noch 45 Downloads verfügbar</p><p>Il vous reste 45 téléchargements ce mois-ci.</p>"
        "<p>45 descargas disponibles</p><p>10 downloads por mês</p><p>Nog 45 downloads</p>"
    ),
    "a quota in other words": "<p>3 of 50 monthly downloads used</p><p>Includes 750 downloads. Credits: 3 of 10</p>",
    "a quota with a label": "<p>Downloads remaining</p><p>45 downloads</p>",
    "a menu with counts": "<button>Collections 4</button><button>Downloads</button>",
    "seats": "<p>3 of 5 seats used</p>",
    "more to buy": "<p>Buy 25 more downloads</p><button>Get more downloads</button>",
    "a number behind the page's": "<p>300 dpi</p>",
    "a pager at its end, as lists have it": '<ul><li class="disabled"><a href="#">Next</a></li></ul>',
    "help with failures": "<p>If an error occurred, write to us. Something went wrong with a file?</p>",
    "more to read": "<button>Learn more</button><button>Mehr erfahren</button><button>Saiba mais</button>",
    "a menu of the account": '<ul><li class="active">Downloads</li><li><a href="/t">Team</a></li></ul>',
    "a way to close": "<div role=dialog>New here? <button>See more plans</button></div>",
}  # fmt: skip


@dataclass(frozen=True)
class Shop:
    """A list as one adapter reads it. `closed` is what says that a list with so many rows on this page is whole."""

    name: str
    url: str
    row: Callable[[int], str]
    frame: tuple[str, str]
    closed: Callable[[int], str]

    def page(self, rows: range, around: str = "", *, closed: int | None = None) -> str:
        """A page with these rows, the marks that say that it is whole, and something `around` them."""
        before, after = self.frame
        shown = "".join(map(self.row, rows))
        marks = self.closed(len(rows) if closed is None else closed)
        around = around.replace("{path}", urlsplit(self.url).path)
        return f"<html><body><h1>Yours</h1>{before}{shown}{after}{marks}{around}</body></html>"

    def rows(self) -> range:
        return range(SHOWN)


def _invented(number: int) -> str:
    return (
        f'<tr data-licence="L-{900 - number}"><td><a class="asset" href="/asset/{7000 + number}">Heron</a></td>'
        f'<td class="kind">standard</td><td><time datetime="2026-0{9 - number}-11">then</time></td>'
        f'<td><a href="/certificate/L-{900 - number}">Certificate</a></td></tr>'
    )


TABLE = ('<table id="licences">', "</table>")
INVENTED: dict[str, tuple[str, Callable[[int], str]]] = {
    # how the adapter proves the end -> what its declaration has instead of `position`, and what the page shows
    "shop_pages": (r'position=Words(r"\bPage (\d+ of \d+)\b"),', lambda _: "<p>Page 1 of 1</p>"),
    "shop_total": (r'total=Words(r"\b(\d+) licences"),', lambda count: f"<p>{count} licences</p>"),
    "shop_end": ('end=".the-end", grows=True,', lambda _: '<p class="the-end">That is all</p>'),
}


def invented_adapter(name: str) -> str:
    """The source of the documented web adapter with another proof of its list's end."""
    source = re.sub(r"position=Words.*", lambda _: INVENTED[name][0], adapter(name, web=True))
    source = source.replace('LICENCES = f"{SITE}/licences"', 'LICENCES = f"{SITE}/licences?page=1"')
    source = source.replace('Rule("GET", LICENCES, ', 'Rule("GET", f"{SITE}/licences", ')
    return source.replace("states_total=False", f"states_total={name == 'shop_total'}")


def shops() -> Iterator[Shop]:
    yield Shop(
        "freepik", freepik.freepik_page(1), lambda number: freepik.Resource(number).row(), ("<table>", "</table>"),
        lambda _: "<p>Page 1 of 1</p>",
    )  # fmt: skip
    yield Shop(
        "envato_elements", elements.ELEMENTS_DOWNLOADS, lambda number: elements.Item(number).row(),
        ('<ul id="downloads">', "</ul>"), lambda _: elements.ELEMENTS_END,
    )  # fmt: skip
    for name, (_, closed) in INVENTED.items():
        site = f"https://www.{name.replace('_', '-')}.example/licences?page="
        yield Shop(name, f"{site}1", _invented, TABLE, closed)


# ---------------------------------------------------------------- by scripts


def _script(shop: Shop, code: str) -> str:
    """A script with the rows that the page does not have yet (`late`), its list, and `add(n)` for n more of them."""
    late = json.dumps([shop.row(number) for number in range(SHOWN, COUNT)]).replace("</", "<\\/")
    frame = "#downloads" if "downloads" in shop.frame[0] else "table"
    return (
        f"<script>const late = {late}, list = document.querySelector('{frame}'), later = setTimeout;"
        "const add = (n) => list.insertAdjacentHTML('beforeend', late.splice(0, n).join(''));"
        f"const say = (html) => document.body.insertAdjacentHTML('beforeend', html);{code}</script>"
    )


SCRIPTS: dict[str, str] = {
    "rows that leave while one scrolls": """
        const all = [...list.querySelectorAll('li, tr')].map((row) => row.outerHTML).concat(late);
        document.body.style.height = '4000px';
        onscroll = () => {
          const at = Math.min(6, Math.round(scrollY / 500));
          list.innerHTML = all.slice(at, at + 3).join('');
        };""",
    "late, and it says so": "say('<p id=w>Loading…</p>'); later(() => { w.remove(); add(9); }, 5000);",
    "late, and it turns": "say('<div id=w class=spinner>x</div>'); later(() => { w.remove(); add(9); }, 6000);",
    "in two waves": "later(() => add(3), 1500); later(() => add(3), 4000);",
    "a flash of nothing": r"""
        const kept = list.outerHTML, no = '<p id=no-licences data-testid=empty-state>You have no downloads yet</p>';
        list.innerHTML = ''; say(no);
        later(() => {
          document.querySelector('#no-licences').remove();
          list.outerHTML = kept.replace(/<\/(table|ul)>$/, late.join('') + '$&');
        }, 2000);""",
    "scrolled, and failed once": """
        let failed = false;
        document.body.style.height = '2500px';
        onscroll = () => {
          if (!failed) say('<p>Could not load more. <button id=again>Try again</button></p>');
          failed = true; again.onclick = () => add(9);
        };""",
    "scrolled, step by step": """
        say('<style>tr, li { height: 400px }</style><i id=end>.</i>');
        const more = (seen) => seen.some((each) => each.isIntersecting) && later(() => add(2), 700);
        new IntersectionObserver(more).observe(end);""",
    "a button after scrolling": """
        let shown = false;
        document.body.style.height = '2500px';
        onscroll = () => { if (!shown) say('<button>Load more</button>'); shown = true; };""",
    "a tab without a role": "say('<div onclick=add(9)>2025</div>');",
    "paged by hash": """
        say('<a href=#page=1>1</a><a href=#page=2>2</a>');
        onhashchange = () => { list.innerHTML = ''; add(9); };""",
    "rows in the shadow": """
        say('<more-rows></more-rows>');
        const shadow = document.querySelector('more-rows').attachShadow({mode: 'open'});
        shadow.innerHTML = list.outerHTML; shadow.firstChild.innerHTML = late.join('');""",
    "a frame": """
        const frame = document.createElement('iframe');
        frame.srcdoc = '<h3>Older downloads</h3><ul><li>one</li></ul>';
        document.body.append(frame);""",
    "consent first": """
        say('<div role=dialog>We use cookies <button id=ok>OK</button></div>');
        say('<p id=w>Accept cookies to see all your downloads</p>');
        ok.onclick = () => { w.remove(); add(9); };""",
    "days in words": """
        for (const time of document.querySelectorAll('time')) {
          time.removeAttribute('datetime'); time.textContent = '3 days ago';
        }""",
    "older ones on demand": "say('<details><summary>Older downloads</summary></details>');",
}


def scripted(shop: Shop, name: str) -> str:
    """The page of a list whose script hides rows, or brings them late."""
    return shop.page(shop.rows(), _script(shop, SCRIPTS[name]))
