"""Tell the platform's own answer from one that something in front of it gave: a check for robots, a proxy, maintenance.

Such an answer says nothing about the account or its secret, whatever its status.
"""

from __future__ import annotations

from collections.abc import Mapping

WEB_PAGES = ("text/html", "application/xhtml+xml")
CHALLENGES: Mapping[str, tuple[str, str]] = {
    # A header that only an answer of the service's own has, and what its value holds.
    "Cloudflare": ("cf-mitigated", "challenge"),
    "AWS WAF": ("x-amzn-waf-action", ""),
    "Akamai": ("server", "akamaighost"),
}
CAPTCHA_HOST = b"captcha-delivery.com"  # in DataDome's own answers; its headers are on the platform's, too
REFUSED = (202, 401, 403, 405, 406, 429, 503)  # the statuses of a challenge; 202 and 405 are AWS WAF's


def challenger(status: int, headers: Mapping[str, str], content: bytes = b"") -> str | None:
    """The service in front of the platform that asks whether a person is there; None if none does.

    A platform behind such a service answers itself, too, and what it says of a secret counts.
    """
    if status not in REFUSED:
        return None
    for name, (header, mark) in CHALLENGES.items():
        if header in headers and mark in headers[header].lower():
            return name
    return "DataDome" if status == 403 and CAPTCHA_HOST in content else None


def in_place_of_data(status: int, headers: Mapping[str, str], content: bytes) -> str | None:
    """What is wrong with an interface's answer that is a web page with an error's status; None if nothing is.

    An interface speaks JSON or plain text, also where it refuses a secret.
    """
    who = challenger(status, headers, content)
    if who:
        return f"{status}: {who}, which stands in front of the platform, asks whether a person is there"
    media_type = headers.get("content-type", "").split(";")[0].strip().lower()
    if status >= 400 and status not in (404, 410) and media_type in WEB_PAGES:
        return f"{status} with a web page: something in front of the platform's interface answered, as in maintenance"
    return None
