# ruff: noqa: E501  # lines of HTML and CSS are as long as content systems write them
"""Sites as content systems, page builders and image services make them, with their truth: which page shows which work.

A second opinion beside `simulated_site`: nothing is shared with it. Each habit writes one page; `seed` draws the rest.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from html import escape
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

from PIL import ExifTags, Image

from tests.support.agency import Agency, certificate, preview, record
from tests.support.audited_site import Answer, Served
from tests.support.claims_kit import jpeg, licence
from tests.support.pictures import scene

WIDTHS = (300, 600, 900)
MAX_ASKED = 400  # pages and styles of a site whose calendar and sessions never end
FIRST_SEED = 7_000  # of the works' scenes

# What the archives say of a work: the answers and, for `licence_but`, one of the rules that must be among the reasons.
EXPECTED: Mapping[str, tuple[set[str], set[str]]] = {
    "covered": ({"licence_covers", "licence_but"}, {"compare"}),  # without its name a marked preview is not enough
    "other_client": ({"licence_but"}, {"other_client"}),
    "editorial": ({"licence_but"}, {"editorial", "compare"}),
    "unproven": ({"licence_but"}, {"certificate", "compare"}),
    "free": ({"licence_but"}, {"no_credit", "compare", "free_site"}),
    "stock": ({"looks_like_stock"}, set()),
    "own": ({"unknown"}, set()),
    "unknown": ({"unknown"}, set()),
}
LICENSED = ("covered", "other_client", "editorial", "unproven", "free")
ROLES = ("own", "own", "own", "unknown", "covered", "covered", "stock", "other_client", "editorial", "unproven", "free")

# What photographers and agencies call their own files, long numbers and names of platforms included.
OWN_NAMES = (
    "IMG_{0}", "DSC_{0}", "DSC0{0}", "_DSC{0}", "P10{0}", "DJI_{0}", "PXL_20240301_12345{0}", "20240301_12{0}",
    "WhatsApp-Image-2024-03-01-at-12.{0}", "photo-159876543{0}", "ACME-2024-12345678{0}", "{0}1234567",
    "2024-12-31-team-{0}", "shutterstock-visit-{0}", "getty-museum-trip-{0}", "imago-hotel-{0}123", "canva-course-{0}",
    "adobe-stock-exchange-{0}", "istock-market-{0}", "team-{0}_1920", "unsplash-evening-{0}", "alamy-street-{0}",
    "pexels-and-friends-{0}-2024", "Fotolia-reunion-{0}", "dreamstime-{0}-party", "{0}_l", "depositphotos-talk-{0}",
)  # fmt: skip


@dataclass(frozen=True)
class Work:
    """One picture: what it is in truth, and the name under which its files are kept."""

    number: int
    role: str
    name: str
    asset_id: str = ""
    platform: str = "shutterstock"


@dataclass
class CmsSite:
    """The files of a site and its CDN, and the truth about them.

    `shown`: by the path of a page, the works that a browser shows there; `published`: those that are only in feeds or
    linked data. `never`: beginnings of paths that must not be asked for. `work_of`: by address without the host.
    """

    home: str
    cdn: str
    seed: int
    draw: Callable[[Work, int, str], bytes]
    files: dict[str, Served] = field(default_factory=dict)
    cdn_files: dict[str, Served] = field(default_factory=dict)
    shown: dict[str, set[int]] = field(default_factory=dict)
    published: dict[str, set[int]] = field(default_factory=dict)
    works: list[Work] = field(default_factory=list)
    work_of: dict[str, int] = field(default_factory=dict)
    inline: dict[str, int] = field(default_factory=dict)  # by the page with one picture within
    never: list[str] = field(default_factory=list)
    chance: Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)

    def work(self, *roles: str) -> Work:
        """A new picture."""
        number = FIRST_SEED + self.seed * 1_000 + len(self.works)
        role = self.chance.choice(roles or ROLES)
        asset_id = str(1_100_000_000 + number)
        platform = "freepik" if role == "free" else "shutterstock"
        if role in ("own", "unknown"):
            name = self.chance.choice(OWN_NAMES).format(f"{number % 10_000:04d}")
        elif role == "free":
            name = f"office-people-{number}"
        elif role == "stock":
            name = self.chance.choice(("shutterstock_{0}", "iStock-{0}", "AdobeStock_{0}")).format(asset_id[1:])
        else:
            name = f"shutterstock_{asset_id}"
        made = Work(number, role, name, asset_id, platform)
        self.works.append(made)
        return made

    def put(self, path: str, each: Work, width: int = 900, kind: str = "jpg", *, cdn: bool = False) -> str:
        """Serve a work at this path, and return the path."""
        (self.cdn_files if cdn else self.files)[path] = self.draw(each, width, kind)
        self.work_of[path] = each.number
        return path

    def page(self, path: str, body: str, *shown: Work, head: str = "") -> None:
        self.files[path] = (
            f"<!doctype html><html><head><title>{escape(path)}</title>{head}</head><body><p>We make things for people "
            f"and like what we do.</p>{body}</body></html>"
        )
        self.shown[path] = {each.number for each in shown}


@cache
def drawn(each: Work, width: int, kind: str = "jpg") -> bytes:
    """A work as a file, in this width; own photographs have what cameras and photographers write into them."""
    image = scene(each.number)
    if width != image.width:
        image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    if kind in ("webp", "avif", "png"):
        image.save(out, kind.upper(), quality=80)
        return out.getvalue()
    if each.role != "own":
        return jpeg(image)
    exif = Image.Exif()
    tags = ExifTags.Base
    exif[tags.Make], exif[tags.Model], exif[tags.Software] = "Canon", "Canon EOS R5", "Adobe Photoshop 25.0"
    exif[tags.Artist], exif[tags.Copyright] = "Ada Example", "(c) 2024 Ada Example, all rights reserved"
    exif[tags.ImageDescription] = "Visit to the Getty museum and to Shutterstock's office, order 1234567890"
    fields = {80: "Ada Example", 110: "Example Photography", 115: "Ada Example", 116: "Ada Example / Acme Ltd",
              105: "Unsplash evening", 120: "Taken at the Adobe Stock booth"}  # fmt: skip
    iptc = b"".join(bytes([0x1C, 2, tag]) + len(text).to_bytes(2) + text.encode() for tag, text in fields.items())
    block = b"8BIM\x04\x04\x00\x00" + len(iptc).to_bytes(4) + iptc + b"\0" * (len(iptc) % 2)
    image.save(out, "JPEG", quality=85, exif=exif)
    content, segment = out.getvalue(), b"Photoshop 3.0\0" + block
    return content[:2] + b"\xff\xed" + (len(segment) + 2).to_bytes(2) + segment + content[2:]


@cache
def sketched(each: Work, width: int, kind: str = "jpg") -> bytes:
    """As `drawn`, only cheap: coloured fields and a third of the width, for who looks for places and not for likeness."""
    image = Image.frombytes("RGB", (6, 4), Random(each.number).randbytes(72)).resize((width // 3, width * 2 // 9))
    out = io.BytesIO()
    image.save(out, {"jpg": "JPEG"}.get(kind, kind.upper()), quality=80)
    return out.getvalue()


def archived(at: Agency, site: CmsSite) -> None:
    """Put the licences of a site's works into the agency's archives."""
    filed: dict[str, list[Any]] = {"acme": [], "beta": []}
    for each in site.works:
        if each.role in LICENSED:
            owner, named = ("beta", "Beta GmbH") if each.role == "other_client" else ("acme", "Acme Ltd")
            kind = {"editorial": "editorial", "free": "Free"}.get(each.role, "standard")
            lines = ["License certificate", f"Image ID: {each.asset_id}", f"Licensee: {named}", kind.capitalize()]
            papers = [record()] if each.role == "unproven" else [record(), certificate(*lines)]
            known = licence(each.asset_id, each.platform, licensee=named, kind=kind)
            filed[owner].append((known, [*papers, preview(jpeg(scene(each.number)))]))
    for owner, theirs in filed.items():
        if theirs:
            at.archive(owner, *theirs)


def data_url(site: CmsSite, each: Work) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(site.draw(each, 900, "jpg")).decode()


BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"

type Habit = Callable[[CmsSite, str], None]
HABITS: list[Habit] = []


def habit(make: Habit) -> Habit:
    HABITS.append(make)
    return make


# ---------------------------------------------------------------- WordPress and its page builders


@habit
def wordpress_gallery(site: CmsSite, path: str) -> None:
    works, cells = [site.work() for _ in range(3)], ""
    for each in works:
        stem = f"/wp-content/uploads/2024/0{site.chance.randint(1, 9)}/{each.name}"
        full = site.put(f"{stem}-scaled.jpg", each)
        small = [site.put(f"{stem}-{w}x{w * 2 // 3}.jpg", each, w) for w in WIDTHS[:2]]
        sizes = ", ".join(f"{site.home}{name} {w}w" for name, w in zip((*small, full), WIDTHS, strict=True))
        cells += (f'<figure class="wp-block-image size-large"><a href="{site.home}{full}"><img loading="lazy" '
                  f'decoding="async" width=600 height=400 data-id={each.number} src="{small[1]}" srcset="{sizes}" '
                  f'sizes="auto, (max-width: 600px) 100vw, 600px"></a></figure>')  # fmt: skip
    site.page(path, f'<figure class="wp-block-gallery has-nested-images">{cells}</figure>', *works)


@habit
def elementor(site: CmsSite, path: str) -> None:
    slide, back, carousel, box = (site.work() for _ in range(4))
    where = {each: site.put(f"/wp-content/uploads/{each.name}.jpg", each) for each in (slide, back, carousel, box)}
    sheet = f"/wp-content/uploads/elementor/css/post-{slide.number}.css"
    site.files[f"{sheet}?ver=17"] = (
        f".elementor-1 .elementor-element:not(.elementor-motion-effects-element-type-background)"
        f'{{background-image:url("{site.home}{where[back]}");background-size:cover}}@media(max-width:767px){{.x{{color:red}}}}'
    )
    options = {"background_slideshow_gallery": [{"id": 1, "url": site.home + where[slide]}], "shape_divider": "x"}
    shown = f"""<section class="elementor-section e-con" data-settings="{escape(json.dumps(options).replace("/", chr(92) + "/"))}">
        <div class="elementor-image-box"><img class="swiper-lazy" data-src="{where[carousel]}" src="{BLANK}"></div>
        <div class="e-gallery-image elementor-gallery-item__image" data-thumbnail="{where[box]}" data-width=600></div></section>"""
    site.page(
        path, shown, slide, back, carousel, box, head=f'<link rel=stylesheet id=elementor-post href="{sheet}?ver=17">'
    )


@habit
def divi(site: CmsSite, path: str) -> None:
    hero, fade, blurb = (site.work() for _ in range(3))
    where = {each: site.put(f"/wp-content/uploads/{each.name}.jpg", each) for each in (hero, fade, blurb)}
    style = (f".et_pb_section_0.et_pb_section{{background-image:linear-gradient(180deg,rgba(0,0,0,.4) 0%,#fff 100%),"
             f"url({site.home}{where[hero]})!important}}@media only screen and (min-width:981px){{.et_pb_row_1{{"
             f"background-image:url( '{where[fade]}' )}}}}")  # fmt: skip
    body = (f'<div class="et_pb_section"><span class="et_pb_image_wrap"><img src="{BLANK}" data-et-multi-view=\'{{"schema":'
            f'{{"attrs":{{"desktop":{{"src":"{where[blurb]}"}}}}}}}}\'></span></div>')  # fmt: skip
    site.page(path, body, hero, fade, blurb, head=f"<style id=et-builder-module-design>{style}</style>")


@habit
def lazy_loaders(site: CmsSite, path: str) -> None:
    names = ("data-src", "data-lazy-src", "data-original", "data-lazyload", "data-bg", "data-background", "data-image-src",
             "data-srcset", "data-bgset", "data-large_image", "data-full", "data-flickity-lazyload", "data-splide-lazy",
             "data-thumb", "data-background-image", "data-parallax-image", "data-swiper-background", "noscript")  # fmt: skip
    body, works = "", []
    for name in site.chance.sample(names, 6):
        each = site.work()
        works.append(each)
        where = site.put(f"/media/{each.name}.jpg", each)
        if name == "noscript":
            body += f'<img src="{BLANK}" class=lazyload><noscript><img src="{where}" alt=""></noscript>'
        elif "set" in name:
            small = site.put(f"/media/{each.name}_300.jpg", each, 300)
            body += f'<img class=lazyload {name}="{small} 300w, {where} 900w" data-sizes=auto src="{BLANK}">'
        elif "b" in name[5:6] or "parallax" in name or "swiper" in name:
            value = site.chance.choice((where, f"url({where})", f"url('{where}')"))
            body += f'<div class="lazy" {name}="{value}"></div>'
        else:
            body += f'<img class="lazy" {name}="{site.home}{where}" src="{BLANK}">'
    site.page(path, body, *works)


# ---------------------------------------------------------------- image services


@habit
def next_js(site: CmsSite, path: str) -> None:
    works, body = [site.work() for _ in range(2)], ""
    for each in works:
        origin = f"/_next/static/media/{each.name}.0a1b2c3d.jpg"
        sizes = []
        for width in WIDTHS:
            where = site.put(f"/_next/image?url={quote(origin, safe='')}&w={width}&q=75", each, width, "webp")
            sizes.append(f"{escape(where)} {width}w")
        body += (f'<img alt="" loading="lazy" decoding="async" data-nimg="fill" sizes="100vw" srcset="{", ".join(sizes)}" '
                 f'src="{sizes[-1].split(" ")[0]}" style="position:absolute;color:transparent">')  # fmt: skip
    site.page(path, f'<div id="__next">{body}</div>', *works)


@habit
def cloudflare(site: CmsSite, path: str) -> None:
    works, body = [site.work() for _ in range(2)], ""
    for each in works:
        made = [site.put(f"/cdn-cgi/image/width={w},quality=75,format=auto/uploads/{each.name}.jpg", each, w, "avif")
                for w in WIDTHS]  # fmt: skip
        if site.chance.random() < 0.5:
            body += (
                f'<img srcset="{", ".join(f"{a} {w}w" for a, w in zip(made, WIDTHS, strict=True))}" src="{made[0]}">'
            )
        else:
            body += f'<div style="background-image:url({made[2]})"></div>'
    site.page(path, body, *works)


@habit
def imgix_and_cloudinary(site: CmsSite, path: str) -> None:
    ix, cloud, fetch = site.work(), site.work(), site.work()
    many = ", ".join(
        f"{site.cdn}{escape(site.put(f'/{ix.name}.jpg?auto=format,compress&fit=crop&w={w}', ix, w, cdn=True))} {w}w"
        for w in WIDTHS
    )
    bare = site.put(
        f"/acme/image/upload/c_fill,f_auto,g_auto,q_auto,w_900/v1600000000/blog/{cloud.name}", cloud, cdn=True
    )
    far = site.put(f"/acme/image/fetch/f_auto/https://www.acme.example/{fetch.name}.jpg", fetch, cdn=True)
    bare, far = site.cdn + bare, site.cdn + far
    site.page(path, f'<img sizes=50vw srcset="{many}"><img src="{bare}" srcset="{bare} 1x, {bare} 2x"><img src="{far}">',
              ix, cloud, fetch)  # fmt: skip


@habit
def shopify(site: CmsSite, path: str) -> None:
    works, body = [site.work() for _ in range(2)], ""
    host = site.cdn.partition(":")[2]
    for each in works:
        stem = f"/s/files/1/0123/4567/files/{each.name}"
        made = [site.put(f"{stem}_{w}x.jpg?v=16000{each.number}", each, w, cdn=True) for w in WIDTHS]
        body += (f'<img class="lazyload lazypreload" data-src="{host}{stem}_{{width}}x.jpg?v=16000{each.number}" '
                 f'data-widths="[300, 600, 900]" data-sizes="auto" src="{host}{made[0]}"><noscript><img src="{host}{made[2]}">'
                 f"</noscript>")  # fmt: skip
    site.page(path, body, *works)


@habit
def squarespace(site: CmsSite, path: str) -> None:
    works, body = [site.work() for _ in range(2)], ""
    for each in works:
        stem = f"/content/v1/5f0/1600{each.number}/{each.name}.jpg"
        site.put(stem, each)
        for width in (500, 750):
            site.put(f"{stem}?format={width}w", each, 300 if width == 500 else 600)
        body += (f'<div class="sqs-image"><img data-stretch="false" data-src="{stem}" data-image="{stem}" '
                 f'data-image-dimensions="900x600" data-load="false" data-image-focal-point="0.5,0.5"></div>')  # fmt: skip
    site.page(path, body, *works)


@habit
def wix(site: CmsSite, path: str) -> None:
    works, body = [site.work() for _ in range(2)], ""
    for each in works:
        stem = f"/media/0a1b2c_{each.number:032x}~mv2.jpg"
        made = [site.put(f"{stem}/v1/fill/w_{w},h_{w * 2 // 3},al_c,q_80,usm_0.66_1.00_0.01,enc_avif,quality_auto/"
                         f"{each.name}.jpg", each, w, cdn=True) for w in WIDTHS]  # fmt: skip
        info = escape(json.dumps({"imageData": {"uri": stem[7:], "width": 900}, "displayMode": "fill"}))
        body += (f'<wow-image data-image-info="{info}"><img src="{site.cdn}{made[0]}" srcset="{site.cdn}{made[1]} 1x, '
                 f'{site.cdn}{made[2]} 2x" fetchpriority=high></wow-image>')  # fmt: skip
    site.page(path, body, *works)


# ---------------------------------------------------------------- plain HTML and CSS


@habit
def by_accept(site: CmsSite, path: str) -> None:
    choice, served = site.work(), site.work()
    stem = f"/images/{choice.name}"
    avif, webp, old = (site.put(f"{stem}.{kind}", choice, 600, kind) for kind in ("avif", "webp", "jpg"))

    def negotiated(headers: Mapping[str, str]) -> Answer:
        kind = "avif" if "image/avif" in headers.get("accept", "") else "jpg"
        return 200, {"content-type": f"image/{kind}", "vary": "Accept"}, site.draw(served, 600, kind)

    site.files[f"/images/auto/{served.name}"] = negotiated
    site.work_of[f"/images/auto/{served.name}"] = served.number
    site.page(path, f'<picture><source type="image/avif" srcset="{avif}, {avif} 2x"><source type=image/webp srcset={webp}>'
                    f'<img src="{old}"></picture><img src="/images/auto/{served.name}">', choice, served)  # fmt: skip


@habit
def svg_with_rasters(site: CmsSite, path: str) -> None:
    file, within, linked = site.work("own", "unknown"), site.work("own", "unknown"), site.work()
    space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 900 600"'
    site.files[f"/art/{file.number}.svg"] = (200, {"content-type": "image/svg+xml"}, (
        f'<?xml version="1.0"?><svg {space}><image width="900" height="600" xlink:href="{data_url(site, file)}"/></svg>'
    ).encode())  # fmt: skip
    site.inline[f"/art/{file.number}.svg"] = file.number
    where = site.put(f"/art/{linked.name}.jpg", linked)
    site.inline[path] = within.number
    site.page(path, f'<img src="/art/{file.number}.svg"><svg {space}><image href="{data_url(site, within)}"/></svg>'
                    f'<svg {space}><image xlink:href="{where}"/></svg>', file, within, linked)  # fmt: skip


@habit
def css_of_all_kinds(site: CmsSite, path: str) -> None:
    works = [site.work() for _ in range(8)]
    one, two, three, four, five, six, seven, eight = (site.put(f"/theme/img/{each.name}.jpg", each) for each in works)
    site.files[f"/theme/deep-{works[0].number}.css"] = f"@layer base{{main::before{{content:url(img/{one[11:]})}}}}"
    site.files[
        f"/theme/all-{works[0].number}.css"
    ] = f"""@charset "utf-8"; @import url("deep-{works[0].number}.css") layer(base) screen;
        :root{{--hero:url('{two}')}} .a{{background:image-set(url("{three}") 1x, "{four}" type("image/jpeg") 2x)}}
        .b{{background-image:-webkit-image-set(url({five}) 1x)}} @supports(display:grid){{.c{{border-image:url({six}) 30 round}}}}
        .d{{background:url("{seven[:10]}\\{ord(seven[10]):x} {seven[11:]}")}} @font-face{{font-family:x;src:url(x.woff2)}}"""
    site.page(path, f'<ul style="list-style-image:url(&quot;{eight}&quot;)"><li>x</ul>', *works,
              head=f'<link rel="preload stylesheet" as=style href=/theme/all-{works[0].number}.css>')  # fmt: skip


@habit
def data_pictures(site: CmsSite, path: str) -> None:
    each = site.work("own", "unknown")
    site.inline[path] = each.number
    ways = (f'<img src="{data_url(site, each)}">', f'<div style="background:url({data_url(site, each)})"></div>',
            f"<style>.x{{background-image:url('{data_url(site, each)}')}}</style>")  # fmt: skip
    site.page(path, f'<img src="{BLANK}">{site.chance.choice(ways)}', each)


@habit
def base_href(site: CmsSite, path: str) -> None:
    each, other = site.work(), site.work()
    site.put(f"/assets/v2/img/{each.name}.jpg", each)
    site.page("/assets/v2/more.html", f'<img src="img/{other.name}.jpg">', other)
    site.put(f"/assets/v2/img/{other.name}.jpg", other)
    site.page(
        path, f'<img src="img/{each.name}.jpg"><a href="more.html">more</a>', each, head='<base href="/assets/v2/">'
    )


@habit
def frames(site: CmsSite, path: str) -> None:
    framed, within, thrown = site.work(), site.work(), site.work()
    site.page(f"{path}-embed?id={framed.number}", f'<img src="{site.put(f"/e/{framed.name}.jpg", framed)}">', framed)
    doc = escape(f'<img src="{site.put(f"/e/{within.name}.jpg", within)}">')
    site.page(path, f'<iframe loading=lazy src="{path}-embed?id={framed.number}"></iframe><iframe srcdoc="{doc}"></iframe>'
                    f'<object type="image/jpeg" data="{site.put(f"/e/{thrown.name}.jpg", thrown)}"></object>',
              within, thrown)  # fmt: skip


@habit
def meta_refresh(site: CmsSite, path: str) -> None:
    each = site.work()
    site.page(f"{path}/welcome", f'<img src="{site.put(f"/w/{each.name}.jpg", each)}">', each)
    site.page(path, "", head=f'<meta http-equiv="Refresh" content="0;URL=\'{path}/welcome\'">')


@habit
def copies_of_a_page(site: CmsSite, path: str) -> None:
    """In another language and as AMP, linked from the head only."""
    each, german, amp = site.work(), site.work(), site.work()
    where = site.put(f"/c/{each.name}.jpg", each)
    site.page(f"/de{path}", f'<img src="{site.put(f"/c/{german.name}.jpg", german)}"><img src="{where}">', german, each)
    site.page(f"{path}/amp", f'<amp-img layout=responsive width=9 height=6 src="{where}"></amp-img><amp-carousel>'
                             f'<amp-img src="{site.put(f"/c/{amp.name}.jpg", amp)}"></amp-img></amp-carousel>', each, amp)  # fmt: skip
    site.page(path, f'<img src="{where}">', each,
              head=f'<link rel=alternate hreflang=de href="{site.home}/de{path}"><link rel=amphtml href="{path}/amp">')  # fmt: skip


@habit
def previews_and_data(site: CmsSite, path: str) -> None:
    works = [site.work() for _ in range(6)]
    one, two, three, four, five, six = (site.put(f"/og/{each.name}.jpg", each) for each in works)
    graph = {"@context": "https://schema.org", "@graph": [
        {"@type": "Article", "image": [site.home + three, {"@type": "ImageObject", "url": site.home + four}]},
        {"@type": "Organization", "logo": {"@type": "ImageObject", "contentUrl": five}}]}  # fmt: skip
    site.page(
        path,
        f'<video poster="{six}"><source src=/x.mp4></video>',
        works[5],
        head=f"""<meta property="og:image" content="{site.home}{one}">
        <meta name="twitter:image:src" content="{two}"><script type="application/ld+json">{json.dumps(graph)}</script>""",
    )
    site.published[path] = {each.number for each in works[:5]}


@habit
def feed(site: CmsSite, path: str) -> None:
    post, enclosed, written = site.work(), site.work(), site.work()
    site.page(f"{path}/only-in-the-feed", f'<img src="{site.put(f"/f/{post.name}.jpg", post)}">', post)
    inner = escape(f'<p><img src="{site.home}{site.put(f"/f/{written.name}.jpg", written)}"></p>')
    where = site.home + site.put(f"/f/{enclosed.name}.jpg", enclosed)
    site.files["/feed/"] = (200, {"content-type": "application/rss+xml; charset=UTF-8"}, f"""<?xml version="1.0"?><rss
        xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><item>
        <link>{site.home}{path}/only-in-the-feed</link><media:content url="{where}" medium="image"/><content:encoded>{inner}
        </content:encoded></item></channel></rss>""".encode())  # fmt: skip
    site.published["/feed/"] = {enclosed.number, written.number}
    site.page(path, "<p>news")


# ---------------------------------------------------------------- ways through a site


@habit
def pagination(site: CmsSite, path: str) -> None:
    for number in range(1, 41):
        here = path if number == 1 else f"{path}?page={number}"
        each = site.work() if number in (1, 2, 20, 40) else None
        shown = f'<img src="{site.put(f"/n/{each.name}.jpg", each)}">' if each else f"<p>{number}"
        site.page(here, f'{shown}<a rel=next href="{path}?page={number + 1}">next</a>', *([each] if each else []))
    site.files[f"{path}?page=41"] = 404


@habit
def spellings(site: CmsSite, path: str) -> None:
    """What people and editors write, and what browsers make of it."""
    works = [site.work() for _ in range(14)]
    names = [f"/o/{n}-{each.name}.jpg" for n, each in enumerate(works)]
    names[0], names[1] = f"/o/größe {works[0].number}.jpg", f"/o/50%25-{works[1].number}.jpg"
    names[2], names[3] = f"/o/image.asp?id={works[2].number}&size=l", f"/o/{works[3].number}"
    names[13] = f"/o/{works[13].number},w_900,h_600/{works[13].name}.jpg"
    for name, each in zip(names, works, strict=True):
        site.put(quote(name, safe="%/?=&,") if name is names[0] else name, each)
    for number, kind in ((4, "application/octet-stream"), (5, "text/plain"), (6, "")):
        site.files[names[number]] = (200, {"content-type": kind} if kind else {}, site.draw(works[number], 900, "jpg"))
    site.page(path, f"""<IMG SRC='{names[0]}'><img src="{names[1]}"><img src="{escape(names[2])}"><img
        src="  {names[3]}
        "><image src="{names[4]}"><input type=IMAGE src={names[5]}><table background="{names[6]}"><td></table>
        <img srcset="{BLANK} 1w, {names[7]} 900w" src="{BLANK}"><img srcset="{names[8]} 1x,{names[9]} 2x" sizes=1px>
        <img src="\\o\\{names[10][3:]}"><picture><source media="(max-width: 600px)" srcset="{names[11]}"><img src="{names[12]}">
        </picture><img srcset="{names[13]}" alt=">"><template><img src=/never.jpg></template><!-- <img src=/n.jpg> -->""",
              *(each for n, each in enumerate(works) if n != 8))  # fmt: skip


@habit
def portable_documents(site: CmsSite, path: str) -> None:
    """Brochures: linked, embedded, and behind an address without an ending."""
    links = ""
    for number, way in enumerate(("linked", "bare", "shown")):
        works = [site.work("own", "unknown") for _ in range(2)]
        pages = [Image.open(io.BytesIO(site.draw(each, 600, "jpg"))) for each in works]
        out = io.BytesIO()
        pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], quality=90)
        where = f"{path}/download/{number}" if way == "bare" else f"{path}/{number}.PDF"
        site.files[where] = (200, {"content-type": "application/pdf"}, out.getvalue())
        for page, each in enumerate(works, 1):
            site.shown[f"{where}#page={page}"] = {each.number}
            site.inline[f"{where}#page={page}"] = each.number
        shown = f'<object type="application/pdf" data="{where}"></object>'
        links += shown if way == "shown" else f'<a href="{where}">brochure</a>'
    site.page(path, links)


@habit
def cookieless(site: CmsSite, path: str) -> None:
    """Without a session in the address, the server only sends one."""
    each = site.work()
    where = site.put(f"/t/{each.name}.jpg", each)

    def page(headers: Mapping[str, str]) -> Answer:
        return f'<img src="{where}"><a href="{path}/in?osCsid={site.chance.getrandbits(60):x}">again</a>'

    site.files[f"{path}/in"] = lambda _: (302, {"location": f"{path}/in?osCsid={site.seed:x}"})
    site.files[f"{path}/in?osCsid={site.seed:x}"] = page
    site.shown[f"{path}/in"] = {each.number}
    site.page(path, f'<a href="{path}/in">in</a>')


@habit
def trackers_and_sessions(site: CmsSite, path: str) -> None:
    each, dark = site.work(), site.work()
    where = site.put(f"/t/{each.name}.jpg", each)
    ways = "".join(f'<a href="{path}/offer?{name}={n}">o</a>' for n, name in enumerate(
        ("utm_source", "fbclid", "gclid", "mc_cid", "_ga", "msclkid", "srsltid", "gad_source")))  # fmt: skip
    site.page(f"{path}/offer", f'<img src="{where}">', each)

    def session(headers: Mapping[str, str]) -> Answer:
        new = f"{site.chance.getrandbits(60):x}"
        return (f'<img src="{site.put(f"/t/{dark.name}.jpg", dark)}"><a href="/(S({new}))/app{path}">again</a>'
                f'<a href="{path}/app;jsessionid={new}">j</a><a href="{path}/app?PHPSESSID={new}">p</a>')  # fmt: skip

    site.files[f"{path}/app"] = session
    site.files[f"/app{path}"] = session
    site.shown[f"{path}/app"] = {dark.number}
    site.page(path, f'{ways}<a href="/(S(0a1b2c))/app{path}">app</a><a href="{path}/app;jsessionid=1">j</a>')


@habit
def redirects(site: CmsSite, path: str) -> None:
    each, far = site.work(), site.work()
    site.page(f"{path}/end", f'<img src="{path}/r1.jpg"><img src="{path}/far.jpg">', each, far)
    for one, other in (
        ("a", "b"),
        ("b", "a"),
        ("self", "self"),
        ("c", "d"),
        ("d", "e"),
        ("e", "end"),
        ("p", "../private/r"),
    ):
        site.files[f"{path}/{one}"] = (302, {"location": f"{path}/{other}" if other[0] != "." else "/private/r"})
    site.files[f"{path}/r1.jpg"] = (301, {"location": f"{path}/r2.jpg"})
    site.files[f"{path}/r2.jpg"] = (307, {"location": site.put(f"/r/{each.name}.jpg", each)})
    site.files[f"{path}/far.jpg"] = (302, {"location": site.cdn + site.put(f"/r/{far.name}.jpg", far, cdn=True)})
    for name, work in ((f"{path}/r1.jpg", each), (f"{path}/r2.jpg", each), (f"{path}/far.jpg", far)):
        site.work_of[name] = work.number
    site.page(path, "".join(f'<a href="{path}/{name}">{name}</a>' for name in ("a", "self", "c", "p")))


@habit
def soft_not_found(site: CmsSite, path: str) -> None:
    each = site.work("own", "unknown")
    where = site.put(f"/s/{each.name}.jpg", each)
    for number in range(20):
        body = f'<h1>Nothing here</h1><img src="{where}"><a href="{path}/lost-{number + 1}">x</a>'
        site.page(f"{path}/lost-{number}", body, *([each] if number < 4 else []))
    site.page(path, f'<a href="{path}/lost-0">lost</a>')


@habit
def calendar(site: CmsSite, path: str) -> None:
    each = site.work()
    where = site.put(f"/k/{each.name}.jpg", each)

    def month(number: int) -> str:
        return (f'<p>month {number}<a href="{path}/?month={number + 1}">next</a><a href="{path}/{2000 + number // 12}/'
                f'{number % 12 + 1:02d}/">n</a><a href="{path}/?month={number - 1}&amp;view=list">l</a>')  # fmt: skip

    for number in range(400):
        site.files[f"{path}/?month={number}"] = month(number)
        site.files[f"{path}/?month={number}&view=list"] = month(number)
        site.files[f"{path}/{2000 + number // 12}/{number % 12 + 1:02d}/"] = month(number)
    site.page(path, f'<img src="{where}"><a href="{path}/?month=200">calendar</a>', each)


@habit
def busy(site: CmsSite, path: str) -> None:
    """A server that asks twice to wait until a moment, and then answers."""
    each, asked = site.work(), list[int]()
    where = site.put(f"/y/{each.name}.jpg", each)

    def later(_: Mapping[str, str]) -> Answer:
        asked.append(1)
        if len(asked) <= 2:
            until = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
            return 429, {"retry-after": until}, b""
        return f'<img src="{where}">'

    site.files[f"{path}/busy"] = later
    site.shown[f"{path}/busy"] = {each.number}
    site.page(path, f'<a href="{path}/busy">busy</a>')


ROBOTS = """\ufeffUser-agent: GPTBot\r
Disallow: /\r
\r
User-agent: *\r
Crawl-delay: 1\r
Disallow: /private/\r
Disallow: /*?secret=\r
Disallow: /*.php$\r
Disallow: /hidden*.jpg\r
Allow: /private/press/\r
"""
FORBIDDEN = (
    "/private/r",
    "/private/x",
    "/page?secret=1",
    "/old.php",
    "/hidden-1.jpg",
    "/wp-login.php",
    "/cart",
    "/logout",
)


def build(seed: int, home: str, cdn: str, draw: Callable[[Work, int, str], bytes] = drawn) -> CmsSite:
    """A site with one page by each habit."""
    site = CmsSite(home, cdn, seed, draw)
    chosen = [(each, f"/{each.__name__.replace('_', '-')}") for each in HABITS]
    for make, path in chosen:
        make(site, path)
    press, mapped = site.work(), site.work()
    site.page("/private/press/kit", f'<img src="{site.put(f"/private/press/{press.name}.jpg", press)}">', press)
    site.page("/only-in-the-map", f'<img src="{site.put(f"/m/{mapped.name}.jpg", mapped)}">', mapped)
    links = "".join(f'<li><a href="{path}">{escape(path)}</a>' for _, path in chosen)
    site.page("/", f"""<ul>{links}</ul><a href=/private/press/kit>press</a><a href=mailto:a@b.example>m</a>
        <a href="javascript:void(0)">j</a><a href=http://elsewhere.invalid/>e</a><img src=/hidden-1.jpg>
        {"".join(f'<a href="{each}">f</a>' for each in FORBIDDEN)}<form action=/order method=post><button>x</button></form>""",
              head='<link rel=alternate type="application/rss+xml" href="/feed/">')  # fmt: skip
    for each in FORBIDDEN:
        site.files.setdefault(each, f'<img src="{site.put(f"/private/{len(site.files)}.jpg", mapped)}">')
    site.never = [*FORBIDDEN, "/order"]
    index = f"<sitemapindex><sitemap><loc>{home}/maps/one.xml.gz</loc></sitemap></sitemapindex>"
    one = f"<urlset><url><loc>{home}/only-in-the-map</loc></url><url><loc>{home}/private/x</loc></url></urlset>"
    site.files["/maps/index.xml.gz"] = gzip.compress(index.encode())
    site.files["/maps/one.xml.gz"] = gzip.compress(one.encode())
    site.files["/robots.txt"] = ROBOTS + f"Sitemap: {home}/maps/index.xml.gz\r\n"
    return site


# ---------------------------------------------------------------- what an audit got right and wrong


@dataclass
class Counts:
    """`lost` are pictures of pages that were not found, `wrong` are faulty answers; both as lines."""

    shown: int = 0
    answered: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def compare(site: CmsSite, found: Iterable[tuple[Sequence[str], Sequence[str], str, set[str]]]) -> Counts:
    """What a visit found against the truth: for each picture its addresses, its pages, the answer, and the rules; the
    answer is empty where nobody was asked.
    """
    counts, pages_of = Counts(), dict[int, set[str]]()
    role = {each.number: each for each in site.works}
    for addresses, pages, answer, rules in found:
        works = {work for address in addresses if (work := _work_at(site, address)) is not None}
        for work in works:
            pages_of.setdefault(work, set()).update(map(_path, pages))
        if len(works) != 1:
            counts.wrong.append(f"{len(works)} works in one: {addresses[:3]}")
            continue
        (work,) = works
        expected, reasons = EXPECTED[role[work].role]
        counts.answered += 1
        if answer and (answer not in expected or (answer == "licence_but" and not rules & reasons)):
            counts.wrong.append(f"{role[work]}: {answer} {sorted(rules)} {addresses[:2]}")
    for kind in (site.shown, site.published):
        for page, shown in kind.items():
            counts.shown += len(shown)
            lost = (work for work in shown if page not in pages_of.get(work, ()))
            counts.lost += [f"{page} {role[work].role} {role[work].name}" for work in lost]
    return counts


def impolite(site: CmsSite, requests: Iterable[tuple[str, str, int]], waited: float) -> list[str]:
    """What a visit asked for and must not have: forbidden and endless addresses, other methods, and too early."""
    requests = list(requests)
    pages = Counter(path for _, path, _ in requests if "jpg" not in path)
    faults = [f"asked for {path}" for path in site.never if any(path == each for _, each, _ in requests)]
    faults += [f"used {method}" for method in {method for method, *_ in requests} - {"GET", "HEAD"}]
    faults += [f"asked {n} times for {path}" for path, n in pages.items() if n > 1 and not path.endswith("/busy")]
    faults += [f"waited {waited:.0f} s of 20"] if waited < 19 else []
    return faults + ([f"{len(pages)} pages and styles"] if len(pages) > MAX_ASKED else [])


def _work_at(site: CmsSite, address: str) -> int | None:
    whole, _, fragment = address.partition("#")
    if not fragment:
        return site.work_of.get(_path(whole))
    page = fragment.partition("&")[0]  # of a PDF, or the picture itself
    return site.inline.get(f"{_path(whole)}#{page}", site.inline.get(_path(whole)))


def _path(address: str) -> str:
    """Without the host, with the number of a PDF's page."""
    parts = urlsplit(address)
    query, page = f"?{parts.query}" if parts.query else "", f"#{parts.fragment}" if parts.fragment else ""
    return f"{parts.path}{query}{page}"
