"""After the sign-in no adapter of ours lets a request pass that changes something, in whatever words it is written."""

from __future__ import annotations

import pytest

from archiver.core.errors import ConfigError
from archiver.provider import Mode, Phase, Purpose, Request, Rule, Rules, SessionPhase, installed, load
from tests.support.state_changes import changes

SITE = "https://acme.example.com"
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}


def none_passes(provider: str, seed: int, count: int) -> None:
    rules = load(provider).info.rules
    for case in changes(rules, seed, count):
        for phase in (Phase.READING, Phase.DOCUMENTS):
            for mode in (Mode.STRICT, Mode.SIGN_IN):
                assert not rules.permit(case.request, mode, phase), (phase, mode, case)


@pytest.mark.parametrize("provider", sorted(installed()))
@pytest.mark.parametrize("count", [200, pytest.param(2000, marks=pytest.mark.long)])
def test_no_change_passes_after_the_sign_in(provider: str, count: int) -> None:
    none_passes(provider, count, count)


@pytest.mark.parametrize("provider", sorted(installed()))
def test_the_rules_of_our_adapters_are_closed_lists(provider: str) -> None:
    """No rule of ours leaves open what lies below an address, and what a page may send by itself only reads."""
    for rule in load(provider).info.rules.allow:
        assert "**" not in rule.url, rule
        named = rule.purpose in (Purpose.SIGN_IN, Purpose.REFRESH) or (rule.fields and "*" not in rule.url)
        assert rule.method == "GET" or (rule.method == "POST" and named), rule


RULES = Rules(
    allow=(
        Rule("GET", f"{SITE}/list", query=("page", "kind=all", "kind=new")),
        Rule("GET", f"{SITE}/papers/*", Purpose.DOCUMENT, proves_session=False),
        Rule("POST", f"{SITE}/token", Purpose.REFRESH, {"grant": "refresh"}, body=("key",)),
        Rule("GET", f"{SITE}/login", Purpose.SIGN_IN, query=("next",)),
        Rule("POST", f"{SITE}/login", Purpose.SIGN_IN, query=("next",)),
        Rule("POST", f"{SITE}/graphql", fields={"query": "{mine}"}, body=("variables.page", "ids")),
    ),
)


@pytest.mark.parametrize(
    ("request_", "phases"),
    [
        (Request("GET", f"{SITE}/list?page=2&kind=new"), "signing reading documents"),
        (Request("HEAD", f"{SITE}/list"), ""),
        (Request("GET", f"{SITE}/list?kind=buy"), ""),
        (Request("GET", f"{SITE}/list?page=1&page=2"), ""),
        (Request("GET", f"{SITE}/list?page=1&PAGE=2"), ""),
        (Request("GET", f"{SITE}/list?page=1;action=buy"), ""),
        (Request("GET", f"{SITE}/list?page=1?action=buy"), ""),
        (Request("GET", f"{SITE}/list?page=%00"), ""),
        (Request("GET", f"{SITE}/list?page=%FF"), ""),
        (Request("GET", f"{SITE}/list?page[action]=buy"), ""),
        (Request("GET", f"{SITE}/list?buy"), ""),
        (Request("GET", f"{SITE}/list", b"action=buy", headers=FORM), ""),
        (Request("GET", f"{SITE}/papers/7"), "documents"),
        (Request("GET", f"{SITE}/papers/7?action=buy"), ""),
        (Request("GET", f"{SITE}/login?next=x"), "signing reading documents"),
        (Request("GET", f"{SITE}/login?buy=x"), ""),
        (Request("POST", f"{SITE}/login?next=x", b"user=ada&hidden=1", headers=FORM), "signing"),
        (Request("POST", f"{SITE}/login?buy=x", b"user=ada", headers=FORM), ""),
        (Request("POST", f"{SITE}/login/upgrade", b"user=ada", headers=FORM), ""),
        (Request("POST", f"{SITE}/token", b"grant=refresh&key=1", headers=FORM), "signing"),
        (Request("POST", f"{SITE}/token", b"grant=refresh&action=buy", headers=FORM), ""),
        (Request("POST", f"{SITE}/graphql", b'{"query": "{mine}"}', headers=JSON), "all"),
        (Request("POST", f"{SITE}/graphql", b'{"query": "{mine}", "variables": {"page": 2}}', headers=JSON),
         "all"),
        (Request("POST", f"{SITE}/graphql", b'{"query": "{mine}", "ids": [1, 2]}', headers=JSON), "all"),
        (Request("POST", f"{SITE}/graphql", b'{"query": "{mine}", "variables": {"buy": 2}}', headers=JSON),
         ""),
        (Request("POST", f"{SITE}/graphql", b'{"query": "{mine}", "ids": [{"buy": 1}]}', headers=JSON), ""),
        (Request("POST", f"{SITE}/graphql", b'{"query": "mutation Buy { buy }"}', headers=JSON), ""),
        (Request("POST", f"{SITE}/graphql", b'[{"query": "{mine}"}]', headers=JSON), ""),
        (Request("POST", f"{SITE}/graphql?operationName=Buy", b'{"query": "{mine}"}', headers=JSON), ""),
    ],
)  # fmt: skip
def test_what_may_be_sent_in_which_phase(request_: Request, phases: str) -> None:
    told = {phase for phase in Phase if phase.split()[0] in phases or phases == "all"}
    assert {phase for phase in Phase if RULES.permit(request_, phase=phase)} == told


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (Request("GET", f"{SITE}/list"), "declared proves reads"),
        (Request("GET", f"{SITE}/papers/7"), "declared reads"),
        (Request("POST", f"{SITE}/token", b"grant=refresh&key=1", headers=FORM), "declared refreshes proves reads"),
        (Request("POST", f"{SITE}/token", b"grant=buy", headers=FORM), ""),
        (Request("POST", f"{SITE}/login", b"user=ada", headers=FORM), "declared proves"),
        (Request("GET", f"{SITE}/other"), "reads"),
    ],
)
def test_what_is_declared_refreshes_proves_the_session_or_only_reads(request_: Request, told: str) -> None:
    asked = {"declared": RULES.declares, "refreshes": RULES.refreshes, "proves": RULES.proves_session,
             "reads": RULES.reads_only}  # fmt: skip
    assert " ".join(name for name, ask in asked.items() if ask(request_)) == told


def test_an_address_proves_the_session_unless_its_rule_says_otherwise() -> None:
    for rule, proves in (
        (Rule("GET", f"{SITE}/list"), True),
        (Rule("GET", f"{SITE}/list", proves_session=False), False),
    ):
        assert Rules(allow=(rule,)).proves_session(Request("GET", rule.url)) is proves


def test_a_person_at_work_may_do_anything() -> None:
    assert RULES.permit(Request("POST", "https://shop.example.net/cart"), Mode.OBSERVE) is True


def test_a_session_reads_unless_the_program_says_otherwise() -> None:
    phase, seen = SessionPhase(), list[Phase]()
    with pytest.raises(ValueError, match="lost"), phase.during(Phase.SIGNING_IN):
        seen.append(phase.now)
        raise ValueError("lost")
    seen.append(phase.now)
    with phase.during(Phase.DOCUMENTS), phase.during(Phase.DOCUMENTS):
        with phase.during(Phase.SIGNING_IN):
            seen.append(phase.now)
        seen.append(phase.now)
    assert seen == [Phase.SIGNING_IN, Phase.READING, Phase.SIGNING_IN, Phase.DOCUMENTS]


@pytest.mark.parametrize(
    "rule",
    [
        Rule("POST", f"{SITE}/sign-in/**", Purpose.SIGN_IN),
        Rule("GET", f"{SITE}/sign-in/*", Purpose.SIGN_IN),
        Rule("POST", "https://*.example.com/search"),
        Rule("*", f"{SITE}/list/*"),
    ],
)
def test_a_rule_of_an_earlier_adapter_that_leaves_open_what_it_sends_is_named(rule: Rule) -> None:
    with pytest.raises(ConfigError, match=r"must name its address in full. Write one rule for each address"):
        Rules(allow=(rule,))


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (Request("GET", f"{SITE}/list?page=1&sort=new&x=1"), "`GET {SITE}/list` does not name the key `sort`, `x` in"),
        (Request("POST", f"{SITE}/login", b"user=ada"), "allowed only while the archiver signs in"),
        (Request("GET", f"{SITE}/papers/7"), "allowed only while documents are fetched"),
        (Request("GET", f"{SITE}/list?page=1;2"), "but not the query or the body with which it was asked"),
        (Request("POST", f"{SITE}/graphql", b'{"query": "{x}"}', headers=JSON), "but not the query or the body with"),
        (Request("GET", f"{SITE}/login?next=a;b"), "but not the query or the body with"),
        (Request("POST", f"{SITE}/other"), "no rule allows it"),
    ],
)
def test_a_refusal_says_what_the_adapter_lacks(request_: Request, why: str) -> None:
    assert why.replace("{SITE}", SITE) in RULES.refusal(request_)


def test_a_file_of_a_host_that_does_more_has_at_most_a_version_behind_its_address() -> None:
    elsewhere = Rule("GET", "https://api.example.net/list")
    rules = Rules(
        allow=(elsewhere, Rule("GET", f"{SITE}/list")), assets=(f"{SITE}/**.js", "https://cdn.example.net/**")
    )
    for query, passes in (("", True), ("?v=1.2", True), ("?8a6f", True), ("?action=buy", False), ("?buy", False),
                          ("?v=1&action=buy", False)):  # fmt: skip
        assert rules.permit(Request("GET", f"{SITE}/main.js{query}", passive=True)) is passes, query
        assert rules.permit(Request("GET", f"https://cdn.example.net/main.js{query}", passive=True))
