"""Unsplash: a photo's page with its offer, and the API's record. The download endpoint is never requested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from archiver.provider import Rule, Rules, static_files
from archiver.reading.html import Field
from providers.free_family import OFFERED, Api, FreeSite, declared, linked

SITE, API = "https://unsplash.com", "https://api.unsplash.com"


class Unsplash(FreeSite):
    page = f"{SITE}/photos/{{id}}"
    asset_id = r"https://unsplash\.com/(?:[a-z-]{2,5}/)?(?:photos|fotos)/(?:[^/]*-)?([\w-]{11})/?$"
    bare_id = r"[\w-]{11}"
    fields: ClassVar[Mapping[str, Field]] = {
        **OFFERED,
        **linked("contributor", "main a[href*='/@'], article a[href*='/@'], a[href*='/@']"),
        **linked("kind", "a[href$='/plus/license'], a[href$='/license']", r"(Unsplash\+? License)"),
    }
    # Documented: the key as Client-ID, and the version. What downloads is another address, links.download_location.
    api = Api(
        url=f"{API}/photos/{{id}}",
        headers={"authorization": "Client-ID {key}", "accept-version": "v1"},
    )
    info = declared(
        __file__,
        Rules(
            allow=(Rule("GET", f"{SITE}/photos/*"), Rule("GET", f"{API}/photos/*")),
            # A download is counted at the platform as a use of the photo.
            refuse=tuple(Rule("*", f"{place}/**/download{rest}") for place in (SITE, API) for rest in ("", "/**")),
            assets=("https://images.unsplash.com/**", "https://plus.unsplash.com/**", *static_files(SITE)),
        ),
        key="unsplash.com/developers, the application's Access Key",
    )
