"""Pictures are found where a browser shows them and answered for with reasons; the site is treated politely."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from archiver.agency.audit import site_audit
from archiver.agency.audit.answers import LicenceCandidate, answer
from archiver.agency.audit.audit_page import page
from archiver.agency.audit.audit_store import AuditStore
from archiver.agency.audit.crawler import AHEAD
from archiver.agency.audit.page_reader import MEDIA_LIST, read_page
from archiver.agency.audit.picture_judge import credited
from archiver.agency.audit.visit_options import AuditOptions
from archiver.catalogue import embedding
from archiver.catalogue.picture_search import PictureMatches, PictureSearch
from archiver.claims.facts import DocumentPlace
from archiver.claims.rule_engine import MANDATORY, Assessment, RuleFinding, Verdict
from tests.support.agency import Agency, agency, certificate, preview, record
from tests.support.audited_site import AuditedSite, Served
from tests.support.claims_kit import jpeg, licence
from tests.support.pictures import scene

COVERED, BETA, UNPROVEN, FREEPIK, UNNAMED = range(101, 106)  # seeds of licensed pictures
STRANGERS = range(300, 306)


@pytest.fixture(autouse=True)
def hashes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures here are copies, which need no model; how edits are found is tested where the search is."""
    monkeypatch.setattr(embedding, "installed", lambda: False)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    with agency(tmp_path_factory.mktemp("audit")) as made:
        path = made.run.root / "archiver.yaml"
        path.write_text(path.read_text() + "pacing: {default: 0}\n")
        free = licence("55501", "freepik", kind="Free")
        by_ana = replace(free, asset=replace(free.asset, contributor="Ana Exemplar"))
        made.archive(
            "acme",
            (licence("1234567890"), [*papers("1234567890"), preview(picture(COVERED))]),
            (licence("1234567892"), [record(), preview(picture(UNPROVEN))]),
            (licence("1234567893"), [*papers("1234567893"), preview(picture(UNNAMED))]),
            (by_ana, [*papers("55501"), preview(picture(FREEPIK))]),
        )
        made.archive("beta", (licence("1234567891", licensee="Beta GmbH"),
                              [*papers("1234567891"), preview(picture(BETA))]))  # fmt: skip
        yield made


def papers(asset_id: str) -> list[Any]:
    return [record(), certificate("License certificate", f"Image ID: {asset_id}", "Licensee: Acme Ltd", "Standard")]


def picture(seed: int, size: tuple[int, int] | None = None, quality: int = 88) -> bytes:
    image = scene(seed)
    return jpeg(image.resize(size, Image.Resampling.LANCZOS) if size else image, quality)


def small_site() -> dict[str, Served]:
    """A site with a picture in each place where pages have them, and what a visit must leave alone."""
    return {
        "/robots.txt": "User-agent: *\nDisallow: /private/\n",
        "/sitemap.xml": "<urlset><url><loc>/only-in-map</loc></url></urlset>",
        "/": """<a href=/about>About</a> <a href=/private/x>x</a> <a href=/wp-login.php>in</a> <a href=/old>old</a>
            <a href=http://localhost:9/elsewhere>y</a> <a href='/?add-to-cart=3'>buy</a> <a href=/broken>b</a>
            <form method=post action=/order><button>Order</button></form>
            <img src=/small.jpg srcset="/a-450.jpg 450w, /shutterstock_1234567890.jpg 900w">
            <img src=data:image/gif;base64,R0 data-src=/lazy.jpg> <img src=/icon.jpg> <img src=http://[bad>
            <link rel=stylesheet href=/style.css><link rel=stylesheet href=/wp-content/style.css>""",
        "/about": """<meta property=og:image content=/og.jpg><div style="background:url('/inline.jpg')"></div>
            <video poster=/poster.jpg></video> <img src=/private/hidden.jpg> <img src=/copy-of-a.jpg>
            <a href=/calendar/2026/1>calendar</a> <img src=http://localhost:9/cdn.jpg>""",
        "/style.css": "@import 'more.css'; /* url(/comment.jpg) */ .x {background: url(\"/css.jpg\")}",
        "/more.css": ".y{background:url(/deep.jpg)}",
        "/only-in-map": "<img src=/shutterstock_1999999999.jpg>",
        MEDIA_LIST: '[{"mime_type": "image/jpeg", "source_url": "/wp-content/l.jpg"}]',
        "/wp-content/l.jpg": picture(STRANGERS[3], (450, 300)), "/wp-content/style.css": "",
        "/old": (301, {"location": "/new"}), "/new": "<img src=/unproven.jpg><img src=/unnamed.jpg>", "/broken": 500,
        "/shutterstock_1234567890.jpg": picture(COVERED), "/copy-of-a.jpg": picture(COVERED, (640, 427), 70),
        "/lazy.jpg": picture(BETA, (800, 533)), "/unproven.jpg": picture(UNPROVEN), "/unnamed.jpg": picture(UNNAMED),
        "/og.jpg": picture(FREEPIK), "/inline.jpg": picture(STRANGERS[0]), "/poster.jpg": picture(STRANGERS[1]),
        "/css.jpg": picture(STRANGERS[2]), "/deep.jpg": picture(STRANGERS[3]),
        "/shutterstock_1999999999.jpg": picture(STRANGERS[4]), "/icon.jpg": picture(STRANGERS[5], (60, 40)),
    }  # fmt: skip


def audited(at: Agency, site: AuditedSite, **options: Any) -> dict[str, Any]:
    return site_audit.run(at.home, "acme", AuditOptions(sites=[site.url], use="commercial", **options))


def forget(at: Agency) -> None:
    (at.run.root / "work/audits/acme.sqlite").unlink(missing_ok=True)


def by_name(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {address.rpartition("/")[2]: row for row in made["pictures"] for address in row["addresses"]}


def test_no_name_of_an_encoding_ends_an_audit(at: Agency) -> None:
    """Of these codecs of Python, one takes minutes for such a page, one decodes nothing, and one fails otherwise."""
    text = b"<p>x\xfc " + b"a-" * 300_000 + b"<img src=/a.jpg>"
    pages: dict[str, Served] = {
        f"/{name}": (200, {"content-type": f"text/html; charset={name}"}, text)
        for name in ("punycode", "undefined", "idna", "x")
    }
    site = {**pages, "/": "".join(f"<a href={path}>x</a>" for path in pages), "/a.jpg": picture(STRANGERS[0])}
    with AuditedSite(site) as served:
        made = audited(at, served)
    forget(at)
    assert {f"{served.url}{path}" for path in pages} <= {each for row in made["pictures"] for each in row["pages"]}


def test_every_picture_is_found_and_answered_for(at: Agency) -> None:
    forget(at)
    with AuditedSite(small_site()) as site:
        made = audited(at, site)
        found = by_name(made)
        answers = {name: row["answer"] for name, row in found.items()}
        assert answers == {
            "shutterstock_1234567890.jpg": "licence_covers", "copy-of-a.jpg": "licence_covers",
            "lazy.jpg": "licence_but", "unproven.jpg": "licence_but", "unnamed.jpg": "licence_but",
            "og.jpg": "licence_but",
            "inline.jpg": "unknown", "poster.jpg": "unknown", "css.jpg": "unknown", "deep.jpg": "unknown",
            "l.jpg": "unknown",
            "shutterstock_1999999999.jpg": "looks_like_stock",
        }, json.dumps(found, indent=1)  # fmt: skip
        assert found["shutterstock_1234567890.jpg"] is found["copy-of-a.jpg"]
        assert found["shutterstock_1234567890.jpg"]["pages"] == [f"{site.url}/", f"{site.url}/about"]
        rules = {name: {each["rule"] for each in row["reasons"]} for name, row in found.items()}
        assert rules["lazy.jpg"] == {"other_client"} and found["lazy.jpg"]["licences"] == []
        assert "certificate" in rules["unproven.jpg"]
        assert rules["unnamed.jpg"] == {"compare"}  # the platform's previews are marked: a picture alone is not certain
        assert "no_credit" in rules["og.jpg"]
        assert rules["shutterstock_1999999999.jpg"] == {"address"}
        assert made["left_out"] == {"too_small": 1}
        assert made["elsewhere"] == {"localhost:9": 1}
        reasons = {each["address"].removeprefix(site.url): each["reason"] for each in made["unread"]}
        assert reasons["/broken"] == "status 500"
        assert reasons["/private/hidden.jpg"] == "robots"
        # Politeness: read only, nothing forbidden, nothing that acts, and a stated name.
        assert {method for method, _, _ in site.asked} == {"GET"}
        assert not [path for path in site.paths() if path.startswith(("/private", "/wp-login", "/?add", "/order"))]
        assert len(site.paths()) == len(set(site.paths()))
        assert all(each.startswith("archiver-site-audit") for each in site.agents)
        # The report of another client's licence names neither the client nor its licence.
        for language in ("en", "de"):
            html = page(made, site_audit.previews(at.home, "acme", made), language)
            assert "Beta" not in html and "1234567891" not in html
            assert html.count("<img ") >= len(made["pictures"])

        before, site.bodies = len(site.asked), 0
        again = audited(at, site)
        assert {name: row["answer"] for name, row in by_name(again).items()} == answers
        assert not [row for row in again["pictures"] if row["new"] or row["before"] not in (None, row["answer"])]
        statuses = [status for _, path, status in site.asked[before:] if path in small_site()]
        assert statuses.count(304) / len(statuses) >= 0.8  # the rest are errors and redirects
        assert site.bodies == len(str(site.files["/robots.txt"]))

        site.files["/about"] = "<img src=/new.jpg><img src=/og.jpg> Illustration: Freepik"
        site.files["/only-in-map"] = "<img src=/og.jpg> by Ana Exemplar"
        site.files["/new.jpg"] = picture(400)
        changed = audited(at, site)
        assert [row["addresses"] for row in changed["pictures"] if row["new"]] == [[f"{site.url}/new.jpg"]]
        assert {row["picture"] for row in changed["gone"]} == {
            found[name]["picture"] for name in ("shutterstock_1999999999.jpg", "inline.jpg", "poster.jpg")
        }
        credited_now = by_name(changed)["og.jpg"]  # by the platform on one page, by who made it on the other
        assert len(credited_now["pages"]) == 2
        assert "credit" in {each["rule"] for each in credited_now["reasons"]}


def test_a_mark_stays(at: Agency) -> None:
    forget(at)
    with AuditedSite({"/": "<img src=/x.jpg>", "/x.jpg": picture(STRANGERS[0])}) as site:
        (row,) = audited(at, site)["pictures"]
        by = ("--by", "Ada Example", "--reason", "Taken by us")
        done = at.run("audit", "mark", "acme", row["picture"][:6], "own", *by)
        assert done.returncode == 0, done.stderr
        (again,) = audited(at, site)["pictures"]
        assert again["mark"]["mark"] == "own" and again["mark"]["by"] == "Ada Example"


def test_a_report_counts_one_and_many_and_says_nothing_of_the_agencys_accounts(at: Agency) -> None:
    forget(at)
    files: dict[str, Served] = {
        "/": "<img src=/x.jpg><img src=/i.jpg><img src=http://localhost:9/y.jpg><a href=/b>b</a><a href=/c>c</a>",
        "/b": "<img src=/x.jpg>", "/c": "<p>", "/x.jpg": picture(STRANGERS[0]), "/i.jpg": picture(1, (60, 40)),
    }  # fmt: skip
    with AuditedSite(files) as site:
        made = audited(at, site, pages=2)
    assert made["incomplete"]
    previews = site_audit.previews(at.home, "acme", made)
    english, german = page(made, previews, "en"), page(made, previews, "de")
    for text in (
        "1 picture on 2 of",
        "1 picture was left out",
        "1 known page was not visited",
        "1 picture is on local",
    ):
        assert text in english, text
    for text in ("1 Bild auf 2 von", "1 Bild wurde ausgelassen", "1 bekannte Seite wurde", "1 Bild liegt auf local"):
        assert text in german, text
    assert not [each for each in made["incomplete"] if each.partition(": ")[2] in english + german]
    assert "/ · /b<" in english and f"{site.url}/b" not in english


def test_traps_and_limits_end_a_visit(at: Agency) -> None:
    forget(at)

    class Endless(dict[str, Served]):
        def get(self, path: str, default: Any = None) -> Any:
            if path.startswith("/d/"):
                day = int(path[3:])
                return f"<a href=/d/{day + 1}>next</a><a href=/q?a={day}>q</a><a href=/r/r/r{path}>r</a>"
            return super().get(path, default)

    with AuditedSite(Endless({"/": "<a href=/d/1>d</a>"})) as site:
        made = audited(at, site, pages=40)
        assert len([path for path in site.paths() if path != "/robots.txt"]) <= 42
        assert made["pages"]["traps"] > 0
        assert not [path for path in site.paths() if path.startswith("/r/r/r")]


def test_a_busy_server_is_left_alone_as_long_as_it_asks(at: Agency) -> None:
    forget(at)
    files: dict[str, Served] = {"/": "<img src=/x.jpg><a href=/b>b</a>", "/b": (503, {"retry-after": "3600"}),
                                "/x.jpg": picture(STRANGERS[0])}  # fmt: skip
    with AuditedSite(files) as site:
        made = audited(at, site)
        assert site.paths().count("/b") == 1 and "/x.jpg" not in site.paths()
        assert {each["reason"] for each in made["unread"]} == {"left_alone"}
        asked = len(site.asked)
        audited(at, site)  # a later visit remembers it
        assert len(site.asked) <= asked + 1


def test_a_server_whose_robots_cannot_be_read_is_not_visited(at: Agency) -> None:
    forget(at)
    with AuditedSite({"/robots.txt": 500, "/": "<img src=/x.jpg>", "/x.jpg": picture(STRANGERS[0])}) as site:
        made = audited(at, site)
        assert set(site.paths()) == {"/robots.txt"}
        assert made["pages"]["read"] == 0 and made["unread"][0]["reason"] == "robots"


@pytest.mark.long  # a visit: above
def test_a_killed_visit_goes_on_and_ends_the_same(at: Agency) -> None:
    forget(at)
    with AuditedSite(small_site()) as site:
        whole = {name: row["answer"] for name, row in by_name(audited(at, site)).items()}
        for after in (10,):
            forget(at)
            site.asked.clear()
            arguments = ["-m", "archiver", "audit", "run", "acme", "--site", site.url, "--use", "commercial", "--json"]
            env = {**at.run.env, "ARCHIVER_HOME": str(at.run.root)}
            quiet = subprocess.DEVNULL
            child = subprocess.Popen([sys.executable, *arguments], env=env, stdout=quiet, stderr=quiet)
            while len(site.asked) < after and child.poll() is None:
                time.sleep(0.01)
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            read = set(site.paths()[:-1]) - {"/robots.txt", "/sitemap.xml"}
            site.asked.clear()
            assert {name: row["answer"] for name, row in by_name(audited(at, site)).items()} == whole
            assert len(read & set(site.paths())) <= AHEAD + 1  # what was read is not read again


@pytest.mark.long  # a visit: above
def test_a_search_is_done_once_until_an_archive_changes(at: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    forget(at)
    find, searched = PictureSearch.find, list[bytes]()

    def stopped_at_the_third(search: PictureSearch, content: bytes) -> PictureMatches:
        searched.append(content)
        if len(searched) == 3:
            raise KeyboardInterrupt
        return find(search, content)

    monkeypatch.setattr(PictureSearch, "find", stopped_at_the_third)
    with AuditedSite(small_site()) as site:
        with pytest.raises(KeyboardInterrupt):
            audited(at, site)
        whole = audited(at, site)
        pictures = len(set(searched))
        assert len(searched) == pictures + 1 > 3  # only the one that was stopped came again
        again = audited(at, site)
        assert len(searched) == pictures + 1
        assert [row["reasons"] for row in again["pictures"]] == [row["reasons"] for row in whole["pictures"]]
        at.archive("beta", (licence("1234567899"), [record()]))
        audited(at, site)
        assert len(searched) == 2 * pictures + 1


def test_a_dry_run_saves_nothing(at: Agency) -> None:
    forget(at)
    with AuditedSite(small_site()) as site:
        made = at.run.json("audit", "run", "acme", "--site", site.url, "--dry-run")
        assert made["known_pages"] >= 3
        assert not [path for path in site.paths() if path.endswith(".jpg")]
        assert not (at.run.root / "work/audits/acme.sqlite").exists()


@pytest.mark.parametrize(
    ("page", "credited_by"),
    [
        ("<p>Illustration: FREEPIK</p>", True), ("<a href=https://www.freepik.com/x>here</a>", True),
        ("<p>Photo by ana_b / our stock</p>", True), ("<p>a banana, freepikable, notfreepik</p>", False),
        ("<p>Ana</p>", False), ("<p>pl</p>", False),
    ],
)  # fmt: skip
def test_a_credit_is_a_name_in_the_words_or_links_of_the_page(page: str, credited_by: bool) -> None:
    with AuditStore(None) as store:
        number, _ = store.begin({})
        url = "https://acme.example/"
        store.want(number, [(url, "page", 0)])
        (waiting,) = store.waiting(number, "page", 1)
        store.keep(number, replace(waiting, state="read", content=read_page(page, url)))
        assert credited(store.words(url), ("Freepik", "Ana_B", "pl", "")) is credited_by
        assert not credited(store.words(url), ("", "pl"))


def test_pages_without_a_credit_are_named_and_counted() -> None:
    pages = [f"/{n}" for n in range(5)]
    lacks = LicenceCandidate(
        licence="acme/1", match="same", uncredited=pages, assessment=Assessment(Verdict.OPEN, (CREDIT, *GOOD))
    )
    (reason,) = (each for each in answer([lacks], []).reasons if each.rule == "no_credit")
    assert all("/0, /1, /2 (+2)" in each and "/3" not in each for each in reason.messages.values())


GOOD = [RuleFinding(rule, Verdict.COVERED, {"en": "", "de": ""}, DocumentPlace(), "") for rule in MANDATORY]
CREDIT = RuleFinding("credit", Verdict.OPEN, {"en": "Credit.", "de": "Nachweis."}, DocumentPlace(), "")


@pytest.mark.parametrize(
    ("fields", "answered", "rules"),
    [
        ({}, "licence_covers", ["same_picture"]),
        ({"match": "probable"}, "licence_but", ["compare"]),
        ({"match": "probable", "quote": "shutterstock_1"}, "licence_covers", ["picture_and_name"]),
        ({"match": "file_name", "quote": "shutterstock_1"}, "licence_but", ["named_only"]),
        ({"assessment": None}, "licence_but", ["other_client"]),
        ({"assessment": Assessment(Verdict.OPEN, (*GOOD[1:],))}, "licence_but", ["same_picture"]),
        ({"assessment": Assessment(Verdict.OPEN, (CREDIT, *GOOD))}, "licence_covers", ["same_picture", "credit"]),
        ({"assessment": Assessment(Verdict.OPEN, (CREDIT, *GOOD)), "uncredited": ["/a"]}, "licence_but",
         ["same_picture", "no_credit"]),
        ({"comp": True}, "looks_like_stock", ["comp_only"]),
    ],
)  # fmt: skip
def test_each_rule_of_an_answer(fields: dict[str, Any], answered: str, rules: list[str]) -> None:
    plain: dict[str, Any] = {
        "licence": "acme/1",
        "match": "same",
        "assessment": Assessment(Verdict.COVERED, tuple(GOOD)),
    }
    found = answer([LicenceCandidate(**(plain | fields))], [], "trainedAlgorithmicMedia")
    assert found.answer == answered
    assert [each.rule for each in found.reasons] == [*rules, "generated"]
