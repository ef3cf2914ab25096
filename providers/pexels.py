"""Pexels: a photo's page with its offer, and the API's record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from archiver.provider import Rule, Rules, static_files
from archiver.reading.html import Field
from providers.free_family import OFFERED, Api, FreeSite, declared, linked

SITE, API = "https://www.pexels.com", "https://api.pexels.com/v1"


class Pexels(FreeSite):
    page = f"{SITE}/photo/{{id}}/"
    asset_id = r"https://www\.pexels\.com/(?:[a-z-]{2,5}/)?(?:photo|foto)/(?:[^/]*-)?(\d{1,12})/?$"
    bare_id = r"\d{1,12}"
    fields: ClassVar[Mapping[str, Field]] = {
        **OFFERED,
        **linked("contributor", "main a[href*='/@'], a[href*='/@']"),
        **linked("kind", "main a[href*='/license'], a[href*='/license'], a[href*='/creative-commons']"),
    }
    api = Api(url=f"{API}/photos/{{id}}", headers={"authorization": "{key}"})
    info = declared(
        __file__,
        Rules(
            allow=(
                Rule("GET", f"{SITE}/photo/*"),
                Rule("GET", f"{SITE}/photo/*/"),
                Rule("GET", f"{API}/photos/*"),
            ),
            refuse=tuple(
                Rule("*", f"{place}/**/{word}{rest}")
                for place in (SITE, "https://api.pexels.com")
                for word in ("download", "downloads")
                for rest in ("", "/**")
            ),
            assets=("https://images.pexels.com/**", *static_files(SITE)),
        ),
        key="pexels.com/api; 200 requests an hour",
    )
