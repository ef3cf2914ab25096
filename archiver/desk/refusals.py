"""Short pages for requests that are refused before anybody is known: each is made once and says nothing of the home."""

from __future__ import annotations

from functools import cache

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from archiver.desk.page_templates import templates
from archiver.desk.translations import LANGUAGES, words

KINDS = (400, 403, 404, 405, 408, 409, 413, 429, 500, 503)
"""The statuses that have a text of their own; any other is told as 400."""


def spoken(request: Request) -> str:
    """The visitor's language: chosen now, chosen before, or requested by the browser."""
    for each in (request.query_params.get("lang"), request.cookies.get("language")):
        if each in LANGUAGES:
            return str(each)
    for part in request.headers.get("accept-language", "").split(","):
        if (code := part.strip()[:2].lower()) in LANGUAGES:
            return code
    return LANGUAGES[0]


def refused(request: Request, status: int, *, key: str = "") -> Response:
    """The page of a status; `key` names another text. It reads no disk, because there may be many."""
    headers = {"retry-after": "5"} if status == 503 else None
    return HTMLResponse(_page(status if status in KINDS else 400, spoken(request), key), status, headers)


@cache
def _page(status: int, language: str, key: str) -> str:
    w = words(language)
    made: str = (
        templates()
        .get_template("refused.html")
        .render(w=w, heading=w("error_missing" if status == 404 else "error_title"), text=w(key or f"error_{status}"))
    )
    return made
