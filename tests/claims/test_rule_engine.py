"""Verdicts: each rule by itself, and that unknown never counts as covered."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from archiver.claims.facts import CLAUSES, Case, DocumentPlace, Use, facts_of, may_be_one, rules
from archiver.claims.rule_engine import MANDATORY, WORST, Verdict, apply, assess
from archiver.core.model import Asset, DocumentKind, Gap, GapReason
from tests.support.claims_kit import CASE, GETTY_LICENCE, RECORD, USE, described


def case(documents: Any = None, gaps: Any = (), **licence: Any) -> Case:
    documents = CASE.file.documents if documents is None else documents
    return replace(CASE, file=described(replace(GETTY_LICENCE, **licence), documents, gaps))


def said(case: Case, use: Use = USE) -> dict[str, Verdict]:
    return {finding.rule: finding.verdict for finding in assess(case, use).findings}


def test_a_licence_whose_every_fact_is_there_covers_the_use_and_cites_document_and_page() -> None:
    found = assess(CASE, USE)
    places = {finding.rule: finding.place for finding in found.findings}
    assert found.verdict is Verdict.COVERED
    assert places["licensee"] == places["late_purchase"] == DocumentPlace("certificate.pdf", 2)


def test_a_purchase_after_the_first_use_is_not_covered_and_says_by_how_many_days() -> None:
    found = assess(CASE, replace(USE, first_seen=date(2026, 3, 1)))
    assert found.verdict is Verdict.NOT_COVERED
    assert found.findings[0].rule == "late_purchase"
    assert "8 days before the licence" in found.findings[0].messages["en"]
    assert "8 Tage vor der Lizenz" in found.findings[0].messages["de"]


@pytest.mark.parametrize(
    ("first_seen", "verdict", "says"),
    [
        (date(2026, 3, 10), Verdict.COVERED, ""),
        (date(2026, 3, 9), Verdict.OPEN, ""),
        (date(2026, 3, 8), Verdict.NOT_COVERED, "1 day before the licence"),
        (date(2026, 3, 7), Verdict.NOT_COVERED, "2 days before the licence"),
    ],
)
def test_one_day_decides_between_in_time_the_same_day_and_late(first_seen: date, verdict: Verdict, says: str) -> None:
    (finding,) = [
        each for each in assess(CASE, replace(USE, first_seen=first_seen)).findings if each.rule == "late_purchase"
    ]
    assert finding.verdict is verdict and says in finding.messages["en"]


LAPSING = next(name for name, each in rules()["platforms"].items() if "lapse_days" in each)
LAPSE_DAYS = int(rules()["platforms"][LAPSING]["lapse_days"])


def lapse(first_seen: date | None, plan_ended: date | None = None, **licence: Any) -> str:
    found = replace(of(LAPSING, **({"plan": "Monthly"} | licence)), plan_ended=plan_ended)
    return facts_of(found, replace(USE, first_seen=first_seen))[0]["lapse"]


def test_the_last_day_of_a_plan_and_of_its_grace_is_in_time_and_the_next_is_not() -> None:
    ended, grace = date(2026, 6, 30), timedelta(days=LAPSE_DAYS)
    assert [lapse(ended + grace + timedelta(days=n), ended) for n in (0, 1)] == ["in_time", "late"]
    assert [lapse(date(2026, 3, 9) + grace + timedelta(days=n)) for n in (0, 1)] == ["in_time", "unknown"]
    assert (lapse(None, ended), lapse(ended, None, plan=None)) == ("unknown", "none")
    paid = {"plan_ends": ended}
    assert [lapse(ended + timedelta(days=n), ended, **paid) for n in (0, 1)] == ["in_time", "unpaid"]
    assert (lapse(ended, None, **paid), lapse(None, ended, **paid)) == ("unknown", "unknown")


def test_two_people_are_several_and_one_is_not() -> None:
    assert [facts_of(CASE, replace(USE, seats=n))[0]["several_seats"] for n in (0, 1, 2)] == ["no", "no", "yes"]


def test_documents_of_which_one_is_secured_are_secured_in_part() -> None:
    since = "2026-04-01T00:00:00Z"
    for dates, whole, fact in (
        ({"a": since, "b": None}, None, "partly"),
        ({"a": None, "b": None}, None, "no"),
        ({"a": since, "b": since}, since, "yes"),
    ):
        dated = replace(CASE, secured_since=whole, secured_documents=dates)
        assert facts_of(dated, USE)[0]["secured"] == fact


LIMIT = "Territory: " + "x" * 110
RICH = replace(
    case(
        gaps=[Gap(kind=DocumentKind.RECEIPT, reason=GapReason.FAILED),
              Gap(kind=DocumentKind.CERTIFICATE, reason=GapReason.ON_REQUEST)],
        plan="Gold", seat="Ada", plan_ends=date(2026, 6, 1),
    ),
    texts={"certificate.pdf": ["Licence", f"Licensee: ACME, Ltd.\nDate: March 9th, 2026\nGold\n{LIMIT}"],
           "record.json": ["Ada"]},
    terms=[("later", "2026-05-01T09:00:00Z")], plan_ended=date(2026, 5, 31), secured_since=None,
    secured_documents={"a.pdf": "2026-04-01T10:11:12Z", "b.pdf": "2026-04-03T00:00:00Z", "c": None},
)  # fmt: skip
RICH = replace(RICH, file=replace(RICH.file, provenance={"captured_at": "2026-04-02T10:00:00Z"}))
CERTIFIED, STATED = DocumentPlace("certificate.pdf", 2), DocumentPlace("record.json")


def test_sentences_show_each_fact_whole_and_cite_where_it_stands() -> None:
    facts, places = facts_of(RICH, replace(USE, copies=1234, seats=2, territory="Japan"))
    dated = "2026-04-01 10:11 UTC (a.pdf) {} 2026-04-03 00:00 UTC (b.pdf)"
    wanted = {
        "archived_at": "2026-04-02", "first_seen": "2026-03-20", "licensed_at": "2026-03-09", "days_late": "0",
        "plan": "Gold", "plan_ends": "2026-06-01", "plan_ended": "2026-05-31", "licensee": "ACME, Ltd.",
        "client": "Acme Limited", "kind": "Standard", "seats": "2", "copies_made": "1,234", "copies_allowed": "0",
        "territory_used": "Japan", "terms_seen": "2026-05-01", "limit": LIMIT[:120], "order_number": "778899",
        "secured_since": dated.format("and"), "secured_since_de": dated.format("und"), "confirm_de": "Getty fragen.",
        "gap": "on_request", "offered": "late", "licensed": "known", "first_use": "known", "free_site": "no",
        "plan_excludes_clients": "no", "rests_on_terms": "no", "terms": "later", "client_use": "unknown",
    }  # fmt: skip
    assert {name: facts[name] for name in wanted} == wanted
    assert places == {
        "licensed_at": CERTIFIED, "licensee": CERTIFIED, "plan": CERTIFIED, "kind": STATED, "seat": STATED,
        "comp": STATED, "platform": STATED, "preview": DocumentPlace(),
        "certificate": DocumentPlace("certificate.pdf", 1),
        "terms": DocumentPlace("terms"), "assignment": DocumentPlace("ledger"), "secured": DocumentPlace("ledger"),
    }  # fmt: skip
    record = case([RECORD, replace(RECORD, kind=DocumentKind.PREVIEW)])
    places = facts_of(replace(record, texts={"record.json": ["ACME, Ltd."]}), USE)[1]
    assert places["certificate"] == places["licensee"] == STATED and places["preview"] == STATED


def test_a_platform_of_which_we_know_nothing_is_named_as_its_papers_or_its_adapter_name_it() -> None:
    shown = [facts_of(of(each), USE)[0]["platform"] for each in ("other:pix_art.example", "new_stock")]
    assert shown == ["pix_art.example", "New Stock"]


def test_one_of_several_names_terms_and_pages_suffices() -> None:
    several = replace(
        CASE, client_names=["Other AG", "Acme Limited"],
        terms=[("later", "2026-05-01"), ("at_purchase", "2026-03-09")],
        texts={"certificate.pdf": ["", *CASE.texts["certificate.pdf"]]},
    )  # fmt: skip
    facts = facts_of(several, USE)[0]
    wanted = {"licensee_is": "client", "terms": "at_purchase", "terms_seen": "2026-03-09", "certificate": "yes"}
    assert {name: facts[name] for name in wanted} == wanted
    mixed = papered("Items may be marked for editorial use only.", "The work is licensed for editorial purposes.")
    assert facts_of(mixed, USE)[0]["editorial"] == "mentioned"


def test_nothing_known_is_shown_as_nothing() -> None:
    facts, places = facts_of(replace(CASE, confirm={}), Use())
    empty = ("archived_at", "first_seen", "plan", "plan_ends", "plan_ended", "limit", "territory_used", "terms_seen")
    assert {facts[name] for name in (*empty, "confirm_en")} == {""} and places["terms"] == DocumentPlace()
    assert (facts["seats"], facts["copies_made"], facts["copies_allowed"], facts["days_late"]) == ("0",) * 4
    assert facts["secured_since"] == "2026-04-01" and (facts["gap"], facts["copies"]) == ("other", "none")
    assert facts["territory"] == "none"


def test_a_case_is_compared_assigned_to_one_client_and_evidence_unless_it_says_otherwise() -> None:
    facts = facts_of(Case(file=CASE.file, client_names=["Acme"]), USE)[0]
    shown = {
        name: facts[name] for name in ("assigned", "compared", "evidence", "other_clients", "secured", "for_client")
    }
    assert shown == dict.fromkeys(shown, "yes") | {"other_clients": "no", "secured": "no"}


@pytest.mark.parametrize(
    ("archived", "offered"),
    [("2026-03-19", "in_time"), ("2026-03-20", "late"), ("2026-03-21", "late"), (None, "unknown")],
)
def test_an_offer_is_in_time_only_if_it_was_archived_on_an_earlier_day(archived: str | None, offered: str) -> None:
    provenance: Any = {"captured_at": f"{archived}T10:00:00Z"} if archived else {}
    assert facts_of(replace(CASE, file=replace(CASE.file, provenance=provenance)), USE)[0]["offered"] == offered


@pytest.mark.parametrize(
    "written",
    ["2026-03-01", "1 March 2026", "01 Mar 2026", "March 1, 2026", "Mar 01, 2026", "1st March, 2026", "March 1st, 2026",
     "01.03.2026", "1.3.2026", "01/03/2026", "03/01/2026", "2nd March, 2026", "3rd March, 2026", "11th March, 2026",
     "12th March, 2026", "13th March, 2026", "21st March, 2026", "22nd March, 2026", "23rd March, 2026",
     "20th March, 2026", "10th March, 2026"],
)  # fmt: skip
def test_a_date_is_found_as_papers_write_it(written: str) -> None:
    day = date(2026, 3, int(written.split()[0][:-2])) if "March," in written else date(2026, 3, 1)
    dated = replace(case(licensed_at=day), texts={"certificate.pdf": ["Licence", f"of {written}"]})
    assert facts_of(dated, USE)[1]["licensed_at"] == CERTIFIED


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ACME, Ltd.", "Acme Limited", True), ("Acme", "Acme GmbH", True), ("Acme Ltd", "Acme GmbH", False),
        ("Acme & Co", "Acme", True), ("Acme mbH", "Acme GmbH", True), ("Limited", "Ltd", False),
        ("Acme", "Acne", False),
    ],
)  # fmt: skip
def test_two_spellings_of_one_company(one: str, other: str, same: bool) -> None:
    assert may_be_one(one, other) is may_be_one(other, one) is same


def test_late_securing_is_no_fault() -> None:
    assert assess(replace(CASE, secured_since="2030-01-01T00:00:00Z"), USE).verdict is Verdict.COVERED


def test_an_agency_as_licensee_is_an_open_question_that_cites_the_clause() -> None:
    asset = Asset(provider="shutterstock", asset_id="123")
    agency = replace(case(asset=asset, licensee="Agency Ltd"), assigned=False)
    finding = next(each for each in assess(agency, USE).findings if each.rule == "licensee")
    assert finding.verdict is Verdict.OPEN
    assert "not transferable" in finding.messages["en"] and "archiver assign" in finding.messages["en"]
    assert said(replace(agency, assigned=True))["licensee"] is Verdict.COVERED


def of(provider: str, **fields: Any) -> Case:
    return case(asset=Asset(provider=provider, asset_id="123"), **fields)


@pytest.mark.parametrize(
    ("rule", "licence"),
    [
        ("credit", of("freepik", kind="premium", plan="Premium")),
        ("credit", of("freepik", kind="pro", plan="Pro")),
        ("agency_plan", of("storyblocks", plan="Business", licensee="Agency Ltd")),
        ("agency_plan", of("storyblocks", plan="Small Business")),
        ("plan_condition", of("shutterstock", plan="Images, 50 a month")),
    ],
)
def test_the_conditions_of_one_plan_do_not_concern_another(rule: str, licence: Case) -> None:
    assert rule not in said(licence)


def test_merchandise_has_a_limit() -> None:
    licence = of("freepik", kind="pro merchandise")
    assert said(licence, replace(USE, copies=100_001))["copies"] is Verdict.NOT_COVERED
    assert "copies" not in said(licence, replace(USE, copies=100_000))


def made_by_ai(value: str) -> Case:
    return replace(CASE, texts={**CASE.texts, "record.json": [f'{{"is_ai_generated": {value}}}']})


def test_a_picture_made_by_ai_is_a_note_and_changes_no_verdict() -> None:
    found = assess(made_by_ai("true"), USE)
    (note,) = [each for each in found.findings if each.rule == "ai_generated"]
    assert found.verdict is assess(CASE, USE).verdict is Verdict.COVERED and "Article 50" in note.messages["en"]
    assert "ai_generated" not in said(made_by_ai("false"))


# The facts that a rule may name in `when`, and the values of each.
VOCABULARY = {
    name: frozenset(values.split())
    for name, values in {
        "compared": "yes no",
        "comp": "yes no",
        "void": "yes no",
        "free_site": "yes no",
        "licensed": "known unknown",
        "first_use": "known unknown",
        "order_of_dates": "in_time same_day late unknown",
        "offered": "in_time late unknown",
        "licensee_is": "client agency other unknown",
        "client_use": "allowed on_transfer unknown",
        "assigned": "yes no",
        "for_client": "yes no",
        "editorial": "yes no mentioned unknown",
        "non_commercial": "yes mentioned no",
        "credit": "yes plan no",
        "ai_generated": "yes no",
        "limits": "yes no",
        "use": "commercial editorial unknown",
        "plan_excludes_clients": "yes no unknown",
        "plan_excludes_agencies": "yes no unknown",
        "plan_condition": "yes no",
        "other_clients": "yes no",
        "one_client": "yes no unknown",
        "several_seats": "yes no",
        "single_seat": "yes no unknown",
        "lapse": "in_time late unpaid unknown none",
        "blanket": "yes no",
        "copies": "within over unknown none",
        "territory": "within unknown none",
        "rights_managed": "yes no",
        "certificate": "yes no unread",
        "order": "yes no",
        "order_proves": "yes no",
        "gap": "on_request other",
        "terms": "at_purchase later none",
        "rests_on_terms": "yes no",
        "evidence": "yes no",
        "secured": "yes partly no",
    }.items()
}

PLAN = case(asset=Asset(provider="artlist", asset_id="plan-2026-02-05"), kind="plan", licensed_at=date(2026, 2, 5),
            plan_ends=date(2026, 3, 4))  # fmt: skip


def papered(*lines: str, **licence: Any) -> Case:
    """A case whose certificate holds these lines."""
    return replace(case(**licence), texts={"certificate.pdf": ["\n".join(["Licence", "Licensee: ACME, Ltd.", *lines])]})


RULES = [
    ("comp", case(kind="Layout"), USE, Verdict.NOT_COVERED),
    ("void", papered("This order was refunded on 12 March 2026."), USE, Verdict.OPEN),
    ("void", replace(case([RECORD]), texts={"record.json": ['{"status": "cancelled"}']}), USE, Verdict.OPEN),
    ("editorial", papered("Usage: Editorial"), USE, Verdict.NOT_COVERED),
    ("editorial", papered("The work is licensed for editorial purposes"), USE, Verdict.OPEN),
    ("editorial", papered("Editorial works differ."), replace(USE, kind="editorial"), Verdict.COVERED),
    ("editorial", papered("Items may be marked for editorial use only"), USE, Verdict.COVERED),
    ("non_commercial", case(kind="CC BY-NC 4.0"), USE, Verdict.NOT_COVERED),
    ("non_commercial", case(kind="Personal"), replace(USE, kind=None), Verdict.OPEN),
    ("non_commercial", papered("For personal use only"), USE, Verdict.OPEN),
    ("credit", case(kind="Free licence"), USE, Verdict.OPEN),
    ("credit", of("freepik", kind="premium", plan="Essential"), USE, Verdict.OPEN),
    ("credit", of("freepik", kind="essential"), USE, Verdict.OPEN),
    ("agency_plan", of("storyblocks", plan="Small Business", licensee="Agency Ltd"), USE, Verdict.OPEN),
    ("agency_plan", of("storyblocks", plan=None, licensee="Agency Ltd"), USE, Verdict.OPEN),
    ("plan_condition", of("shutterstock", plan="Unlimited Images"), USE, Verdict.OPEN),
    ("ai_generated", made_by_ai("true"), USE, Verdict.COVERED),
    ("licensee", of("noun_project", licensee="Agency Ltd"), USE, Verdict.OPEN),
    ("limits", papered("Territory: Germany"), USE, Verdict.OPEN),
    ("limits", papered("This licence expires on 1 March 2027"), USE, Verdict.OPEN),
    ("licensee", case(licensee="Acme GmbH"), USE, Verdict.OPEN),
    ("licensee", case(licensee="Acme"), USE, Verdict.COVERED),
    ("match", replace(CASE, compared=False), USE, Verdict.OPEN),
    ("comp", case(comp=True), USE, Verdict.NOT_COVERED),
    ("free_site", case(asset=Asset(provider="pexels", asset_id="1")), USE, Verdict.OPEN),
    ("offer", replace(CASE, file=replace(case(asset=Asset(provider="pexels", asset_id="1"), licensed_at=None).file,
                                         provenance={"captured_at": "2026-04-01T00:00:00Z"})), USE, Verdict.OPEN),
    ("blanket", replace(PLAN, plan_ended=date(2026, 4, 4)), USE, Verdict.OPEN),
    ("lapsed", replace(PLAN, plan_ended=date(2026, 3, 19)), USE, Verdict.OPEN),
    ("late_purchase", CASE, replace(USE, first_seen=None), Verdict.OPEN),
    ("late_purchase", CASE, replace(USE, first_seen=date(2026, 3, 9)), Verdict.OPEN),
    ("late_purchase", case(licensed_at=None), USE, Verdict.OPEN),
    ("licensee", case(licensee=None), USE, Verdict.OPEN),
    ("licensee", case(licensee="Somebody Else"), USE, Verdict.OPEN),
    ("licensee", case(licensee="Agency Ltd"), USE, Verdict.OPEN),
    ("editorial", case(kind="premier_editorial_all_digital"), USE, Verdict.NOT_COVERED),
    ("editorial", case(kind="editorial"), replace(USE, kind=None), Verdict.OPEN),
    ("editorial", case(kind="editorial"), replace(USE, kind="editorial"), Verdict.COVERED),
    ("editorial", case(kind=None), USE, Verdict.OPEN),
    ("editorial", case(kind="premiumaccess royaltyfree"), USE, Verdict.OPEN),
    ("editorial", case(kind="editorialsubscription rightsmanaged"), USE, Verdict.NOT_COVERED),
    ("plan", case(asset=Asset(provider="adobe_stock", asset_id="1"), plan="CC Pro Unmetered"), USE, Verdict.OPEN),
    ("plan", case(asset=Asset(provider="adobe_stock", asset_id="1")), USE, Verdict.OPEN),
    ("two_clients", replace(CASE, other_clients=True), USE, Verdict.OPEN),
    ("seats", case(asset=Asset(provider="shutterstock", asset_id="1")), replace(USE, seats=3), Verdict.OPEN),
    ("lapsed", replace(case(asset=Asset(provider="istock", asset_id="1"), plan="Basic"), plan_ended=date(2026, 1, 1)),
     USE, Verdict.NOT_COVERED),
    ("lapsed", case(asset=Asset(provider="istock", asset_id="1"), plan="Basic", licensed_at=date(2025, 1, 1)),
     USE, Verdict.OPEN),
    ("copies", case(asset=Asset(provider="shutterstock", asset_id="1")), replace(USE, copies=600_000),
     Verdict.NOT_COVERED),
    ("copies", CASE, replace(USE, copies=600_000), Verdict.OPEN),
    ("territory", CASE, replace(USE, territory="Japan"), Verdict.OPEN),
    ("rights_managed", case(kind="Rights-managed"), USE, Verdict.OPEN),
    ("rights_managed", case(kind="editorialsubscription rightsmanaged"), USE, Verdict.OPEN),
    ("certificate", case([RECORD], order=None), USE, Verdict.OPEN),
    ("certificate", case([RECORD]), USE, Verdict.COVERED),  # Getty asks for the order number
    ("certificate", case([RECORD], [Gap(kind=DocumentKind.CERTIFICATE, reason=GapReason.ON_REQUEST)], order=None), USE,
     Verdict.OPEN),
    ("certificate", replace(CASE, texts={}), USE, Verdict.OPEN),
    ("terms", replace(case(licensee="Agency Ltd"), terms=[("later", "2026-05-01T00:00:00Z")]), USE, Verdict.OPEN),
    ("terms", replace(CASE, terms=[("later", "2026-05-01"), ("at_purchase", "2026-03-09")]), USE, Verdict.COVERED),
    ("date_proven", replace(CASE, secured_since=None), USE, Verdict.OPEN),
    ("date_proven", replace(CASE, evidence=False), USE, Verdict.OPEN),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "licence", "use", "verdict"), RULES)
def test_each_rule_by_itself(rule: str, licence: Case, use: Use, verdict: Verdict) -> None:
    assert said(licence, use)[rule] is verdict
    assert WORST.index(assess(licence, use).verdict) >= WORST.index(verdict), "the worst finding wins"


@pytest.mark.parametrize(
    "harmless",
    [
        "Territory: Worldwide",
        "The licence may be revoked",
        "Kind: Royalty-free",
        '"refunded": false',
        "Term: perpetual",
    ],
)
def test_what_papers_say_in_general_limits_nothing(harmless: str) -> None:
    assert assess(papered(harmless), USE).verdict is Verdict.COVERED
    assert assess(papered(harmless, kind="Royalty-free licence"), USE).verdict is Verdict.COVERED


def test_every_rule_is_tried() -> None:
    assert {rule for rule, *_ in RULES} == {rule["rule"] for rule in rules()["rules"]}


def test_what_was_read_of_terms_is_there_in_german_too() -> None:
    for platform in rules()["platforms"].values():
        for known in (platform, *platform.get("kinds", {}).values()):
            assert all(f"{each}_de" in known for each in CLAUSES if each in known)
    texts = [case["de"] for rule in rules()["rules"] for case in rule["cases"]]
    assert not [text for text in texts if any(f"{{{each}}}" in text for each in CLAUSES)]


def test_rules_name_known_facts_only_and_each_has_a_source() -> None:
    facts, places = facts_of(CASE, USE)
    for rule in rules()["rules"]:
        assert rule["source"] and rule["rests_on"] in places
        for each in rule["cases"]:
            assert all(value in VOCABULARY[name] for name, value in each["when"].items()), (rule["rule"], each["when"])
            for language in ("en", "de"):
                names = {name for _, name, _, _ in string.Formatter().parse(each[language]) if name}
                assert names <= facts.keys(), (rule["rule"], names)
    for platform in rules()["platforms"].values():
        assert platform["title"] and platform["source"]


@given(some.fixed_dictionaries({name: some.sampled_from(sorted(values)) for name, values in VOCABULARY.items()}))
def test_mandatory_rules_have_an_answer_for_everything(facts: dict[str, str]) -> None:
    shown, places = facts_of(CASE, USE)
    dates = {"order_of_dates": "unknown"} if "unknown" in (facts["licensed"], facts["first_use"]) else {}
    if not dates and facts["order_of_dates"] == "unknown":
        dates = {"order_of_dates": "late"}
    for rule in rules()["rules"]:
        if rule["rule"] in MANDATORY:
            assert apply(rule, shown | facts | dates, places), (rule["rule"], facts)


@given(some.data())
def test_a_fact_that_is_taken_away_never_improves_the_verdict(data: some.DataObject) -> None:
    before = assess(CASE, USE).verdict
    lost = data.draw(some.sampled_from(["licensee", "kind", "licensed_at", "order"]))
    poorer = case(**{lost: None})
    assert WORST.index(assess(poorer, USE).verdict) >= WORST.index(before)


def test_an_assessment_parts_what_is_settled_from_the_rest_and_is_printed_whole() -> None:
    found = assess(replace(CASE, secured_since=None), USE)
    assert {each.rule for each in found.unsettled} == {"date_proven"} and found.findings[0].rule == "date_proven"
    assert found.unsettled + found.settled == found.findings
    printed: Any = found.as_json("de")
    assert printed["verdict"] == "open" and len(printed["findings"]) == len(found.findings)
    first = found.findings[0]
    assert printed["findings"][0] == {
        "rule": "date_proven", "verdict": "open", "message": first.messages["de"], "document": first.place.document,
        "page": first.place.page, "source": first.source,
    }  # fmt: skip
