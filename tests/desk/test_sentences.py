"""What other rooms say in English has German at the desk: every class of error, and every text that code raises."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import archiver
from archiver.agency.platform_list import describe_providers
from archiver.agency.unassigned import suggest
from archiver.catalogue.index import CatalogueEntry
from archiver.core import errors
from archiver.core.errors import ArchiverError
from archiver.core.remedy import Remedy
from archiver.desk.sentences import PLACEHOLDER, german, said
from archiver.desk.template_filters import sentence
from archiver.desk.translations import words
from archiver.home.settings import Client
from archiver.provider import declared, installed
from archiver.reading.licence_json import to_json
from tests.support.claims_kit import licence

PACKAGE = Path(archiver.__file__).parent
ROOMS = (
    "agency", "archive", "catalogue", "claims", "collect", "core", "desk", "home", "provider", "reading",
)  # fmt: skip
COMMANDS_ALONE = {
    "agency/adapter_checks.py", "agency/fleet.py", "agency/fleet_clients.py", "agency/fleet_worker.py",
    "agency/backup/backup_file.py", "agency/backup/destinations.py", "agency/backup/encryption.py",
    "agency/backup/restoring.py", "agency/home_settings.py",
    "agency/future_times.py", "agency/live_check.py", "agency/night.py", "agency/notification.py",
    "agency/open_document.py", "agency/project_folders.py", "agency/replica.py", "agency/schedule.py",
    "agency/setup.py", "agency/setup_unattended.py", "agency/watching.py", "archive/local_tsa.py",
    "agency/audit/site_scope.py", "agency/audit/visit_options.py", "claims/asic_container.py", "claims/assessment.py",
    "claims/pdf_signature.py", "collect/attended_capture.py", "collect/companion/site_rules.py", "desk/api.py",
    "desk/serve.py", "provider/override.py", "provider/request_rules.py",
}  # fmt: skip
"""No page reaches what these refuse: options of commands, set-up, fleets, adapters' authors, and the API."""


def classes(kind: type[ArchiverError] = ArchiverError) -> Iterator[type[ArchiverError]]:
    for each in kind.__subclasses__():
        if each.__module__ == errors.__name__:
            yield each
        yield from classes(each)


def plain(text: str) -> str:
    """A format with nameless placeholders, on one line."""
    return " ".join(PLACEHOLDER.sub("{}", text).split())


def raised() -> Iterator[tuple[str, str]]:
    """Each text that code in these rooms raises, and where."""
    names = {each.__name__ for each in classes()}
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            place = path.relative_to(PACKAGE).as_posix()
            source = path.read_text("utf-8") if place not in COMMANDS_ALONE else ""
            for found in re.finditer(rf"(?<!class )\b(?:{'|'.join(names)})\((?=\s*f?\")", source):
                yield place, text_of(called(source, found).args[0])


def called(source: str, start: re.Match[str]) -> ast.Call:
    """The call that begins here. Only the calls are parsed, because parsing everything takes seconds."""
    end = start.end()
    while True:
        end = source.index(")", end) + 1
        with suppress(SyntaxError):
            parsed = ast.parse(source[start.start() : end], mode="eval").body
            assert isinstance(parsed, ast.Call)
            return parsed


def text_of(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{x}" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else ""


def test_every_class_of_error_has_german() -> None:
    known = german()
    texts = {each.__name__: " ".join(str(inspect.getdoc(each)).split()) for each in classes()}
    with_words = {name: text for name, text in texts.items() if text != "{detail}"}
    assert len(with_words) > 25 and [name for name, text in with_words.items() if text not in known] == []


def test_every_text_that_a_page_may_show_has_german() -> None:
    known = {plain(each) for each in german()}
    found = {(place, plain(text)) for place, text in raised() if re.search("[a-z]{3}", PLACEHOLDER.sub("", text))}
    assert len(found) > 200
    missing = sorted((place, text) for place, text in found if text not in known)
    assert missing == [], "\n".join(map(str, missing))


def test_each_sentence_comes_out_in_german_with_what_was_filled_in() -> None:
    w = words("de")
    for english, expected in german().items():
        names = list(dict.fromkeys(PLACEHOLDER.findall(english)))
        filled = english
        for number, name in enumerate(names):
            filled = filled.replace(f"{{{name}}}", f"Wert{number}")
        shown = said(filled, w)
        assert 'lang="en"' not in shown, (filled, shown)
        kept = {names.index(name) for name in PLACEHOLDER.findall(expected)}
        assert all(f"Wert{number}" in shown for number in kept), (filled, shown)


def test_an_error_is_german_as_a_whole_and_harmless() -> None:
    w = words("de")
    error = errors.IntegrityError("acme_1 is not in the ledger")
    assert "acme_1 steht nicht im Protokoll" in said(error, w) and 'lang="en"' not in said(error, w)
    hostile = "There is no client '<img src=x onerror=a()>'. Known: <b>acme</b>. Nobody translated <i>this</i> one."
    for language in ("en", "de"):
        assert "<img" not in said(hostile, words(language)) and "<b>" not in said(hostile, words(language))
    assert '<span lang="en">Nobody translated' in said(hostile, w)
    assert 'lang="en"' not in said(
        "Bäckerei Grün & Söhne: a, b, c are archived up to 28.\u00a0November 2026; later licences are not", w
    )
    emptied = (
        "downloads showed 3 rows on 2026-12-01 and shows none now. What is archived stays. Look at the history on "
    )
    emptied += "the platform's site; if the rows really left it, accept that. "
    emptied += str(Remedy("run fully", {"account": "one"}))
    assert 'lang="en"' not in said(emptied, w) and "zeigt jetzt keine" in said(emptied, w)
    unread = "The archiver cannot read /a.jpg: it is not a regular file. Give a picture's file or address."
    assert 'lang="en"' not in said(unread, w)
    assert said("warning: it is late", words("en")) == "Warning: it is late"
    assert said("are archived up to 2026-11-28", words("en")) == "are archived up to 2026-11-28"


def test_what_adapters_say_of_sign_ins_and_of_terms_has_german() -> None:
    infos = [info for name in installed() if (info := declared(name))]
    asked = {info.automation.source for info in infos if info.automation.stance.needs_acceptance}
    texts = asked | {each.where for info in infos for each in info.methods if each.where}
    texts |= {str(each["why"]) for each in describe_providers({}, lambda _: None) if each["why"]}
    assert len(asked) > 5 and len(texts) > 10
    assert [each for each in texts if 'lang="en"' in said(sentence(f"{each}."), words("de"))] == []


def test_what_is_suggested_for_a_licence_has_german() -> None:
    hints = {"client": "Beta GmbH", "project": "P 1", "purchase_order": "Acme"}
    known = licence("1", client_hints=hints, seat="ada@acme.example", order="O 1")
    entry = CatalogueEntry(
        client="house", folder="f", object_id="urn:f", described=to_json(known, [], [], {"source": "adapter"}), lines=()
    )
    clients = [
        Client(slug="acme", name="Acme Ltd", aliases=(), domains=("acme.example",), accounts=()),
        Client(slug="beta", name="Beta GmbH", aliases=(), domains=(), accounts=()),
    ]
    earlier = {("project", "P 1"): {"acme": 1}, ("order", "O 1"): {"beta": 2}}
    found = {each.how: each.reason for each in suggest(entry, clients, earlier)}
    assert found.keys() == {"client_field", "hint", "seat", "project", "order"}
    assert [each for each in found.values() if 'lang="en"' in said(each, words("de"))] == []
    assert said(found["hint"], words("de")) == "die Lizenz nennt als Bestellung „Acme“"
