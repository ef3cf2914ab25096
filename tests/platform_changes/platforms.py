"""Simulated platforms: what each answers for a view of an account. They know rows and papers, and decide nothing.

A `View` says what a platform shows in one night. `exchanges` gives it as the exchanges of a recording, which the tests'
replay serves to the real adapters.
"""

from __future__ import annotations

import copy
import html
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from tests.authoring.scenario import digits, page, pdf, uuid
from tests.providers.test_scenarios import SITES, Exchange, Site

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
SUBJECTS = ("Harbour", "Kitchen", "Orchard", "Tram", "Workshop", "Meadow", "Library", "Bridge", "Rooftop", "Forge")
SIGHTS = ("at dawn", "in fog", "from above", "after rain", "by lamplight", "in May", "on Sunday", "up close")
PAST = 3  # pages behind the last one that a platform answers, each empty
ELEMENTS_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, order=True)
class Fact:
    """One licence that the account truly has."""

    when: datetime
    number: int

    @property
    def title(self) -> str:
        chosen = Random(self.number)
        return f"{chosen.choice(SUBJECTS)} {chosen.choice(SIGHTS)} {self.number}"

    @property
    def asset(self) -> str:
        return digits(f"asset {self.number}", 9)

    def code(self, length: int, alphabet: str = "0123456789") -> str:
        return digits(f"licence {self.number}", length, alphabet)


type Rewrite = Callable[[Any, Fact], Any]
"""What a redesign makes of a row: of its JSON, or of its HTML."""


@dataclass(frozen=True, kw_only=True)
class View:
    """What the platform shows in one night.

    `truth` is what the account has, `pages` what the list shows through the paging of today. `total` is what an
    interface states; None leaves the key away. `answers` replace others by name: `sign-in`, `page 2`, `paper 31` (the
    document or record of the licence with this number). `places` are further addresses of a web site.
    """

    truth: tuple[Fact, ...]
    pages: tuple[tuple[Fact, ...], ...]
    total: int | None
    extra: Mapping[str, Any] = field(default_factory=dict)  # more keys of an interface's answer
    rewrite: Rewrite = lambda row, _: row
    answers: Mapping[str, Exchange] = field(default_factory=dict)
    marked: bool = True  # a web page says which page of how many it is, or that the list has ended
    linked: bool = True  # and links to the next one
    above: str = ""
    below: str = ""
    instead: str | None = None  # of the table and its rows
    places: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[int, str] = field(default_factory=dict)  # what a provisional paper says, by the licence's number


class Platform(ABC):
    """One platform. `states_total` tells whether its data says how many licences there are."""

    states_total = True
    browser = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.site: Site = SITES[name]

    def asset_id(self, fact: Fact) -> str:
        """What the archive must call the licence's asset."""
        return fact.asset

    @abstractmethod
    def row(self, fact: Fact) -> Any:
        """The licence as the platform's list has it."""

    @abstractmethod
    def papers(self, fact: Fact, view: View) -> Iterator[tuple[Exchange, Exchange]]:
        """The requests for a licence's documents, with their answers."""

    def shown(self, view: View, rows: Sequence[Any], number: int) -> Exchange:
        """The answer that shows these rows."""
        body = {**self.site.content(self.site.first), self.site.rows: [*rows]}
        if self.site.total:
            body.pop(self.site.total, None)
            if view.total is not None:
                body[self.site.total] = view.total
        elif "count" in body:
            body["count"] = len(rows)
        return {"status": 200, "json": {**body, **view.extra}}

    def exchanges(self, view: View) -> list[Exchange]:
        found = copy.deepcopy(self.site.others())
        for each in found:
            if "sign-in" in view.answers and not self.browser:
                each["response"] = view.answers["sign-in"]
        before = 0
        for number, facts in enumerate([*view.pages, *[()] * PAST], 1):
            request = copy.deepcopy(self.site.first["request"])
            self.site.turn(request, number, before)
            rows = [view.rewrite(self.row(fact), fact) for fact in facts]
            answer = view.answers.get(f"page {number}") or (
                self.shown(view, rows, number) if facts or number == 1 or not self.site.past else self.site.past
            )
            found.append({"request": request, "response": answer, "repeat": 99})
            before += len(facts)
        for fact in view.truth:
            for asked, answer in self.papers(fact, view):
                answer = view.answers.get(f"paper {fact.number}", answer)
                found.append({"request": asked, "response": answer, "repeat": 99})
        return [*found, *self.rest(view)]

    def rest(self, view: View) -> Iterator[Exchange]:
        return iter(())


def asked(url: str, method: str = "GET", **match: str) -> Exchange:
    return {"method": method, "url": url} | ({"match": match} if match else {})


def of(content: Any) -> Exchange:
    return {"status": 200, "json": content}


class Shutterstock(Platform):
    def row(self, fact: Fact) -> Any:
        return {
            "id": "e" + fact.code(33), "user": {"username": "ada.example"}, "license": "standard",
            "download_time": f"{fact.when:%Y-%m-%dT%H:%M:%S}.000Z", "is_downloadable": True,
            "image": {"id": fact.asset, "format": {"size": "huge"}}, "subscription_id": "s20260001",
        }  # fmt: skip

    def papers(self, fact: Fact, view: View) -> Iterator[tuple[Exchange, Exchange]]:
        details = {"id": fact.asset, "description": fact.title, "media_type": "image", "assets": {}}
        yield asked(f"https://api.shutterstock.com/v2/images/{fact.asset}"), of(details)


class AdobeStock(Platform):
    def row(self, fact: Fact) -> Any:
        at = fact.when
        return {
            "license": "Standard", "id": int(fact.asset), "title": fact.title, "creator_name": "Example Studio",
            "license_date": f"{at.month}/{at.day}/{at:%y}, {at.hour % 12 or 12}:{at:%M} {at:%p}", "media_type_id": 1,
            "creator_id": 200000001, "content_type": "image/jpeg", "height": 2832, "width": 4256,
            "details_url": f"https://stock.adobe.com/{fact.asset}?as_source=api",
        }  # fmt: skip

    def papers(self, fact: Fact, view: View) -> Iterator[tuple[Exchange, Exchange]]:
        bought = {"date": f"{fact.when:%Y-%m-%d %H:%M}:41", "license": "Standard", "state": "purchased"}
        details = {"content_id": int(fact.asset), "size": "Original", "purchase_details": bought}
        answer = of({"contents": {fact.asset: details}, "member": {"member_id": 100200}})
        kinds = {view.rewrite(self.row(fact), fact).get("license", "Standard"), "Standard"}
        for kind in sorted(map(str, kinds)):
            yield asked(
                "https://stock.adobe.io/Rest/Libraries/1/Content/Info"
                f"?content_id={fact.asset}&license={kind}&locale=en_US"
            ), answer  # fmt: skip


class EnvatoMarket(Platform):
    states_total = False

    def row(self, fact: Fact) -> Any:
        there = fact.when.astimezone(timezone(timedelta(hours=10)))
        return {
            "amount": "9.00", "sold_at": f"{there:%Y-%m-%dT%H:%M:%S}+10:00", "license": "Regular License",
            "support_amount": "0.00", "supported_until": None, "code": uuid(f"code {fact.number}"),
            "item": {"id": int(fact.asset), "name": fact.title, "author_username": "studio1", "site": "photodune.net",
                     "url": f"https://photodune.net/item/example/{fact.asset}",
                     "updated_at": "2026-01-05T10:00:00+11:00"},
        }  # fmt: skip

    def papers(self, fact: Fact, view: View) -> Iterator[tuple[Exchange, Exchange]]:
        return iter(())

    def rest(self, view: View) -> Iterator[Exchange]:
        for number in range(1, PAST + 1):
            url = f"https://api.envato.com/v3/market/user/statement?page={number}"
            yield {"request": asked(url), "response": of({"count": 0, "results": []}), "repeat": 99}


class Depositphotos(Platform):
    def row(self, fact: Fact) -> Any:
        return {
            "mediaId": fact.asset, "license": "standard", "size": "xl", "price": "4.68", "method": "subscription",
            "purchaseDate": f"{fact.when:%b.%d, %Y %H:%M:%S}", "licenseId": fact.code(8), "title": fact.title,
            "purchasedWidth": "3200", "purchasedHeight": "2400", "description": "invented", "status": "active",
            "username": "seller1", "userid": 1234567, "iseditorial": False, "itype": "image", "isFreeItem": False,
            "itemurl": f"https://depositphotos.com/{fact.asset}/stock-photo-example.html",
        }  # fmt: skip

    def papers(self, fact: Fact, view: View) -> Iterator[tuple[Exchange, Exchange]]:
        return iter(())


class DepositphotosEnterprise(Platform):
    def row(self, fact: Fact) -> Any:
        return {
            "itemTransactionId": int(fact.code(9)), "licenseId": 43132, "currencyId": 0, "licenseTransferId": None,
            "status": "active", "editorial": False, "invoice_id": 2126132, "project": "Job 100", "client": "Acme Ltd",
            "purchaseOrder": "", "isbn": None, "other": "", "datetime": int(fact.when.timestamp()), "marker": 3,
            "filename": fact.title, "groupId": 12, "itemId": int(fact.asset), "itemType": "image", "width": 1920,
            "height": 1080, "userId": 4711, "actor": {"id": 4711, "username": "ada.example"},
            "seller": {"id": 1234567, "username": "seller1"}, "visible": True,
        }  # fmt: skip

    def papers(self, fact: Fact, view: View) -> Iterator[tuple[Exchange, Exchange]]:
        party = {"company": "Northlight Media", "fullName": "Ada Example", "address": "1 Example Street",
                 "city": "Exampletown", "country": "DE", "email": "ada@example.com", "vat": None}  # fmt: skip
        number = int(fact.code(9))
        info = {
            "timestamp": "2026-11-24 02:00:00", "version": "1.3", "type": "success",
            "license": {"id": 9273, "name": "Standard License", "size": "l-2015", "fields": [], "transferId": None},
            "transaction": {"id": number, "price": "149.00", "timestamp": str(int(fact.when.timestamp()))},
            "item": {"id": int(fact.asset), "filename": fact.title, "type": "image", "isEditorial": False},
            "from": {**party, "company": "Depositphotos Inc."}, "to": party, "transferredTo": party,
        }  # fmt: skip
        match = {"dp_command": "getTransactionLicenseInfo", "dp_transaction_id": str(number)}
        yield asked("https://api.depositphotos.com/", "POST", **match), of(info)


# ---------------------------------------------------------------- web pages


class WebPlatform(Platform):
    browser = True
    states_total = False
    before = after = head = ""
    sign_in_place = ""

    def address(self, number: int) -> str:
        request = copy.deepcopy(self.site.first["request"])
        self.site.turn(request, number, 0)
        return str(request["url"])

    @abstractmethod
    def mark(self, number: int, last: int) -> str:
        """What the page says of its place among the pages."""

    def shown(self, view: View, rows: Sequence[Any], number: int) -> Exchange:
        last = max(1, len(view.pages))
        link = f'<a rel="next" href="{html.escape(self.address(number + 1))}">Next</a>'
        foot = self.mark(number, last) if view.marked else ""
        if view.linked and number < last:
            foot += link
        lines = [*rows] if rows or not view.truth or view.instead is not None else []
        table = f"{self.before}{self.head}\n" + "\n".join(lines) + f"\n{self.after}"
        middle = view.instead if view.instead is not None and number == 1 else table
        return web_page(f"<h1>Downloads</h1>{view.above}{middle}\n<p>{foot}</p>{view.below}")

    def rest(self, view: View) -> Iterator[Exchange]:
        root = "/".join(self.address(1).split("/")[:3])
        for place, text in view.places.items():
            data = {"status": 200, "text": text, "headers": {"content-type": "application/json"}}
            answer = web_page(text) if text.startswith("<") else data
            for method in ("GET", "POST"):
                yield {"request": asked(root + place, method), "response": answer, "repeat": 99}
        if "sign-in" in view.answers:
            yield {"request": asked(self.sign_in_place), "response": view.answers["sign-in"], "repeat": 99}


def web_page(body: str, status: int = 200, **headers: str) -> Exchange:
    kind = {"content-type": "text/html; charset=utf-8"}
    return {"status": status, "text": page("Downloads", body), "headers": {**kind, **headers}}


class Freepik(WebPlatform):
    before, after = "<table>", "</table>"
    head = "<tr><th></th><th>Resource</th><th>License</th><th>Date</th><th></th></tr>"
    sign_in_place = "https://www.freepik.com/log-in"

    def mark(self, number: int, last: int) -> str:
        return f"Page {number} of {last} "

    def row(self, fact: Fact) -> str:
        return (
            '<tr><td><img alt="" width="1" height="1" src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></td><td>'
            f'<a href="https://www.freepik.com/premium-photo/example_{fact.asset}.htm">{fact.title}</a></td>'
            f'<td>Premium</td><td><time datetime="{fact.when:%Y-%m-%d}">{fact.when:%d %b %Y}</time></td><td>'
            f'<a role="button" href="/profile/license/pdf/{fact.asset}?lang=en">Download license</a></td></tr>'
        )

    def papers(self, fact: Fact, view: View) -> Iterator[tuple[Exchange, Exchange]]:
        lines = ["Freepik license certificate", f"Resource: {fact.asset}", f"Title: {fact.title}"]
        if fact.number in view.pending:
            lines += [view.pending[fact.number]]
        else:
            lines += [
                "Author: studio-1", "Licensee: Ada Example", "License: Premium",
                f"Download date: {fact.when:%Y-%m-%d}", "",
                "This document certifies that the licensee may use the resource above under the terms",
                "of the Premium license in force on the download date.",
            ]  # fmt: skip
        answer = {"status": 200, "content": pdf(lines), "headers": {"content-type": "application/pdf"}}
        yield asked(f"https://www.freepik.com/profile/license/pdf/{fact.asset}?lang=en"), answer


class EnvatoElements(WebPlatform):
    before, after = '<ul id="downloads">', "</ul>"
    sign_in_place = "https://elements.envato.com/sign-in"

    def mark(self, number: int, last: int) -> str:
        return "You've reached the end" if number == last else ""

    def asset_id(self, fact: Fact) -> str:
        return self.codes(fact)[0]

    def codes(self, fact: Fact) -> tuple[str, str]:
        """The item's id, and the licence's code."""
        return digits(f"item {fact.number}", 7, ELEMENTS_ALPHABET), fact.code(10, ELEMENTS_ALPHABET)

    def row(self, fact: Fact) -> str:
        item, code = self.codes(fact)
        return (
            f'<li data-item-id="{item}"><a href="https://elements.envato.com/example-{item}">{fact.title}</a> '
            f'<span>studio1</span> <time datetime="{fact.when:%Y-%m-%d}">{fact.when:%d %b %Y}</time> '
            '<button type="button">Download</button> '
            f'<a href="/account/downloads/{code}/license-certificate.txt">License certificate</a></li>'
        )

    def papers(self, fact: Fact, view: View) -> Iterator[tuple[Exchange, Exchange]]:
        item, code = self.codes(fact)
        day = fact.when.day
        suffix = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
        lines = [
            ("Item Title", fact.title), ("Item URL", f"https://elements.envato.com/example-{item}"), ("Item ID", item),
            ("Author Username", "studio1"), ("Licensee", "Ada Example"), ("License Name", "Envato"),
            ("License Date", f"{fact.when:%B} {day}{suffix}, {fact.when.year}"), ("Item License Code", code),
        ]  # fmt: skip
        text = (
            "LICENSE CERTIFICATE: Envato Elements Item\n"
            + "=" * 49
            + "\nThis license certificate documents a license to use "
            "the item listed below on a\nnon-exclusive, commercial, worldwide and revocable basis as part of one "
            "specific\n"
            "project to create an End Product, subject to the Envato Elements User Terms and\n"
            "License, which form part of this certificate.\n\n"
            + "".join(f"{label + ':':<33}{value}\n" for label, value in lines)
            + FOOTER
        )
        if fact.number in view.pending:
            text = f"LICENSE CERTIFICATE: Envato Elements Item\n{'=' * 49}\n" + "".join(
                f"{label + ':':<33}{value}\n" for label, value in (*lines[:3], lines[-1])
            ) + view.pending[fact.number] + FOOTER  # fmt: skip
        headers = {
            "content-type": "text/plain",
            "content-disposition": 'attachment; filename="license-certificate.txt"',
        }
        url = f"https://elements.envato.com/account/downloads/{code}/license-certificate.txt"
        yield asked(url), {"status": 200, "content": text.encode(), "headers": headers}


FOOTER = (
    "\nFor any queries related to this document or license please contact Envato Support.\n\n"
    "Envato Elements Pty Ltd (ABN 87 613 824 258)\nPO Box 16122, Collins St West, VIC 8007, Australia\n\n"
    "==== THIS IS NOT A TAX RECEIPT OR INVOICE ====\n"
)

PLATFORMS: Mapping[str, Platform] = {
    "shutterstock": Shutterstock("shutterstock"),
    "adobe_stock": AdobeStock("adobe_stock"),
    "envato_market": EnvatoMarket("envato_market"),
    "depositphotos": Depositphotos("depositphotos"),
    "depositphotos_enterprise": DepositphotosEnterprise("depositphotos_enterprise"),
    "freepik": Freepik("freepik"),
    "envato_elements": EnvatoElements("envato_elements"),
}
