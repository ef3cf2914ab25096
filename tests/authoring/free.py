"""Recordings of free sites: a picture's page and the API's record of it, with invented values.

The APIs' records have the fields that the vendors document; the pages have those that the adapters assume.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from html import escape
from typing import Any, ClassVar

from tests.authoring.scenario import DELAYED, Facts, Scenario, digits, expected, page, picture, terms_page

DAY = "2026-11-24"
KEY = "RECORDED-API-KEY"
CAPTURES = ["page.pdf", "page.png", "capture.warc.gz"]
SOURCES = ["the vendor's API documentation", "assumed fields of the picture's page"]
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
UPLOADERS = ("Ada Example", "Grace Sample", "Muster Foto")


@dataclass
class Site(ABC):
    """What one site shows of its pictures; `number` tells them apart."""

    provider: ClassVar[str]
    page: ClassVar[str]  # of a picture, by slug and id
    terms: ClassVar[str]
    licence: ClassVar[str]
    licence_path: ClassVar[str]
    no_key: ClassVar[Facts]  # what the API answers to a key that it does not know

    number: int

    @property
    def id(self) -> str:
        return digits(f"{self.provider}{self.number}", 7)

    @property
    def uploader(self) -> str:
        return UPLOADERS[self.number % len(UPLOADERS)]

    @property
    def user(self) -> str:
        return self.uploader.split()[0].lower()

    @property
    def title(self) -> str:
        return ("Lighthouse in fog", "A desk with two cups", "Rain on a tram window")[self.number % 3]

    @property
    def slug(self) -> str:
        return self.title.lower().replace(" ", "-")

    @property
    def address(self) -> str:
        return self.page.format(slug=self.slug, id=self.id)

    @property
    @abstractmethod
    def picture(self) -> str: ...

    @property
    def profile(self) -> str:
        return f"/@{self.user}"

    @property
    @abstractmethod
    def call(self) -> str: ...

    @abstractmethod
    def photo(self) -> Facts: ...

    def html(self, credit: bool = True) -> str:
        by = f'<p>By <a href="{self.profile}">{self.uploader}</a></p>' if credit else ""
        shown = page(
            f"{self.title} - {self.provider}",
            f'<main><h1>{self.title}</h1><img src="{escape(self.picture)}" width="320" alt="{self.title}">{by}'
            f'<p>Free to use under the <a href="{self.licence_path}">{self.licence}</a></p></main>',
        )
        meta = f'<meta property="og:title" content="{self.title}"><meta property="og:image" content="{self.picture}">'
        return shown.replace("</head>", f"{meta}</head>")

    def serve(self, scenario: Scenario, *, key: bool = True, gone_from_api: bool = False) -> None:
        """The page with its picture, the API's answer, and what the adapter makes of them."""
        scenario.get(self.address, self.html(), slug=f"page-{self.number}")
        scenario.get(self.picture, picture(self.id), slug=f"picture-{self.number}.jpg")
        if key:
            self.answer(scenario, gone_from_api)
        scenario.licences.append(self.expected())

    def answer(self, scenario: Scenario, gone: bool) -> None:
        if gone:
            scenario.get(self.call, {"errors": ["Couldn't find Photo"]}, slug=f"api-{self.number}", status=404)
        else:
            scenario.get(self.call, self.photo(), slug=f"api-{self.number}")

    def expected(self) -> Facts:
        documents = ["record.json", *CAPTURES, "preview.jpg"]
        gaps = {"certificate": "none_offered"}
        return expected(asset_id=self.id, title=self.title, kind=self.licence, documents=documents, gaps=gaps)


class Unsplash(Site):
    provider, page, terms = "unsplash", "https://unsplash.com/photos/{slug}-{id}", "https://unsplash.com/license"
    licence, licence_path = "Unsplash License", "/license"
    no_key: ClassVar[Facts] = {"status": 401, "json": {"errors": ["OAuth error: The access token is invalid"]}}

    @property
    def id(self) -> str:
        return digits(f"unsplash{self.number}", 11, LETTERS)

    @property
    def picture(self) -> str:
        key = f"photo-{digits(self.id, 13)}-{digits(self.id, 12, '0123456789abcdef')}"
        return f"https://images.unsplash.com/{key}?w=1080"

    @property
    def call(self) -> str:
        return f"https://api.unsplash.com/photos/{self.id}"

    def photo(self) -> Facts:
        links = {"self": self.call, "html": self.address, "download": f"https://unsplash.com/photos/{self.id}/download",
                 "download_location": f"{self.call}/download"}  # fmt: skip
        return {
            "id": self.id, "slug": f"{self.slug}-{self.id}", "created_at": "2026-03-02T09:00:00Z", "width": 4000,
            "height": 3000, "description": self.title, "alt_description": self.title,
            "urls": {"raw": self.picture, "regular": self.picture}, "links": links,
            "user": {"id": "u1", "username": self.user, "name": self.uploader,
                     "links": {"html": f"https://unsplash.com{self.profile}"}},
        }  # fmt: skip


class Pexels(Site):
    provider, page, terms = "pexels", "https://www.pexels.com/photo/{slug}-{id}/", "https://www.pexels.com/license/"
    licence, licence_path = "Pexels License", "/license/"
    no_key: ClassVar[Facts] = {"status": 401, "json": {"status": 401, "code": "Unauthorized"}}

    @property
    def picture(self) -> str:
        return f"https://images.pexels.com/photos/{self.id}/pexels-photo-{self.id}.jpeg"

    @property
    def call(self) -> str:
        return f"https://api.pexels.com/v1/photos/{self.id}"

    def photo(self) -> Facts:
        return {
            "id": int(self.id), "width": 4000, "height": 3000, "url": self.address, "photographer": self.uploader,
            "photographer_url": f"https://www.pexels.com{self.profile}", "photographer_id": 1,
            "src": {"original": self.picture}, "liked": False, "alt": self.title,
        }  # fmt: skip


class Pixabay(Site):
    provider, page = "pixabay", "https://pixabay.com/photos/{slug}-{id}/"
    terms = "https://pixabay.com/service/license-summary/"
    licence, licence_path = "Content License", "/service/license-summary/"
    no_key: ClassVar[Facts] = {"status": 400, "text": "[ERROR 400] Invalid or missing API key"}

    @property
    def picture(self) -> str:
        return f"https://cdn.pixabay.com/photo/2026/03/02/09/00/{self.slug}-{self.id}_1280.jpg"

    @property
    def profile(self) -> str:
        return f"/users/{self.user}-1/"

    @property
    def call(self) -> str:
        return f"https://pixabay.com/api/?key={KEY}&id={self.id}"

    def photo(self) -> Facts:
        hit = {
            "id": int(self.id), "pageURL": self.address, "type": "photo", "tags": "invented, example",
            "webformatURL": self.picture, "user_id": 1, "user": self.uploader,
        }  # fmt: skip
        return {"total": 1, "totalHits": 1, "hits": [hit]}

    def answer(self, scenario: Scenario, gone: bool) -> None:
        answer: Any = {"total": 0, "totalHits": 0, "hits": []} if gone else self.photo()
        scenario.get(self.call, answer, slug=f"api-{self.number}")


def scenario(site: type[Site], name: str, pictures: list[Site], *, key: bool = False) -> Scenario:
    made = Scenario(site.provider, name, "public", SOURCES, {"api_key": KEY} if key else {})
    made.assets = [each.address for each in pictures]
    return made


def write() -> None:
    for site in (Unsplash, Pexels, Pixabay):
        write_site(site)


def write_site(site: type[Site]) -> None:
    one, two = site(0), site(1)

    whole = scenario(site, "two-pages", [one, two], key=True)
    one.serve(whole)
    two.serve(whole, gone_from_api=True)
    whole.get(site.terms, terms_page(f"{site.licence}, an example"), slug="terms")
    whole.write()

    limited = scenario(site, "rate-limited", [one])
    limited.exchanges.append({"request": {"method": "GET", "url": one.address}, "response": DELAYED})
    one.serve(limited, key=False)
    limited.write()

    changed = scenario(site, "layout-changed", [one])
    changed.get(one.address, one.html(credit=False), slug="page-uncredited")
    changed.get(one.picture, picture(one.id), slug="picture.jpg")
    changed.write("failed", "LayoutChanged")

    removed = scenario(site, "removed", [one, two])
    removed.get(one.address, page("Not found", "<h1>This page is gone</h1>"), slug="gone", status=404)
    two.serve(removed, key=False)
    removed.write("partial", "ConfigError")

    refused = scenario(site, "bad-token", [one], key=True)
    refused.get(one.address, one.html(), slug="page-0")
    refused.get(one.picture, picture(one.id), slug="picture-0.jpg")
    refused.get(one.call, **site.no_key)
    refused.write("failed", "WrongPassword")
