"""Pixabay: an item's page with its offer, and the API's record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from archiver.provider import Rule, Rules, static_files
from archiver.reading.html import Field
from providers.free_family import OFFERED, Api, FreeSite, declared, linked

SITE = "https://pixabay.com"
KINDS = ("photos", "illustrations", "vectors")


class Pixabay(FreeSite):
    page = f"{SITE}/photos/{{id}}/"
    asset_id = rf"https://pixabay\.com/(?:[a-z]{{2}}/)?(?:{'|'.join(KINDS)})/(?:[^/]*-)?(\d{{1,12}})/?$"
    bare_id = r"\d{1,12}"
    fields: ClassVar[Mapping[str, Field]] = {
        **OFFERED,
        **linked("contributor", "a[href*='/users/']"),
        **linked("kind", "a[href*='/service/license']"),
    }
    # Documented: the key and the id as parameters, answers to be kept for 24 hours, as `archiver capture` does.
    api = Api(url=f"{SITE}/api/", query={"key": "{key}", "id": "{id}"}, photo=("hits", 0))
    info = declared(
        __file__,
        Rules(
            allow=(
                *(Rule("GET", f"{SITE}/{kind}/*{end}") for kind in KINDS for end in ("", "/")),
                Rule("GET", f"{SITE}/api/", query=("key", "id")),
            ),
            refuse=tuple(
                Rule("*", f"{SITE}/**/{word}{rest}") for word in ("download", "downloads") for rest in ("", "/**")
            ),
            assets=("https://cdn.pixabay.com/**", *static_files(SITE)),
        ),
        key="pixabay.com/api/docs, shown to whoever is signed in; 100 requests a minute",
    )
