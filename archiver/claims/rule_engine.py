"""The rule engine: does a licence cover a use? `facts.py` works out the facts; `rules.yaml` has the rules.

A verdict has a list of findings. Each is a plain sentence with its document and page. The worst finding decides. An
unknown fact is an open question and never counts as covered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from archiver.claims.facts import Case, CoverageRule, DocumentPlace, Use, facts_of, rules


class Verdict(StrEnum):
    """Green, amber, red: from best to worst."""

    COVERED = "covered"
    OPEN = "open"
    NOT_COVERED = "not_covered"


WORST = list(Verdict)
DAYS = {"en": ("1 day", "{} days"), "de": ("1 Tag", "{} Tage")}

MANDATORY = ("late_purchase", "licensee", "editorial", "certificate", "date_proven")
"""Rules that must each say `covered` before a licence counts as covered. A free site or a comp never does."""


@dataclass(frozen=True)
class RuleFinding:
    """The result of one rule. `source`: where the rule comes from, and how sure that is."""

    rule: str
    verdict: Verdict
    messages: Mapping[str, str]  # language -> sentence
    place: DocumentPlace
    source: str

    def as_json(self, language: str) -> dict[str, object]:
        return {
            "rule": self.rule,
            "verdict": self.verdict.value,
            "message": self.messages[language],
            "document": self.place.document,
            "page": self.place.page,
            "source": self.source,
        }


@dataclass(frozen=True)
class Assessment:
    """The verdict and its findings, the worst first."""

    verdict: Verdict
    findings: tuple[RuleFinding, ...]

    @property
    def unsettled(self) -> tuple[RuleFinding, ...]:
        """What is open or not covered."""
        return tuple(each for each in self.findings if each.verdict is not Verdict.COVERED)

    @property
    def settled(self) -> tuple[RuleFinding, ...]:
        """What the documents show to be covered."""
        return tuple(each for each in self.findings if each.verdict is Verdict.COVERED)

    def as_json(self, language: str) -> dict[str, object]:
        """The JSON document of `assess --json`."""
        return {"verdict": self.verdict.value, "findings": [each.as_json(language) for each in self.findings]}


def assess(case: Case, use: Use) -> Assessment:
    """Apply every rule; the worst finding decides. If a mandatory rule does not say `covered`, the verdict is open."""
    facts, places = facts_of(case, use)
    found = [finding for rule in rules()["rules"] if (finding := apply(rule, facts, places))]
    found.sort(key=lambda finding: -WORST.index(finding.verdict))  # stable: rules keep their order
    verdict = found[0].verdict
    good = {finding.rule for finding in found if finding.verdict is Verdict.COVERED}
    if verdict is Verdict.COVERED and not good.issuperset(MANDATORY):
        verdict = Verdict.OPEN
    return Assessment(verdict, tuple(found))


def apply(rule: CoverageRule, facts: Mapping[str, str], places: Mapping[str, DocumentPlace]) -> RuleFinding | None:
    """Apply one rule to these facts: its first case whose `when` fits; None if no case fits."""
    for case in rule["cases"]:
        if all(facts[name] == value for name, value in case["when"].items()):
            messages = {"en": _say(case["en"], facts, "en"), "de": _say(case["de"], facts, "de")}
            place = places.get(rule["rests_on"], DocumentPlace())
            return RuleFinding(rule["rule"], Verdict(case["verdict"]), messages, place, rule["source"])
    return None


def _say(sentence: str, facts: Mapping[str, str], language: str) -> str:
    days = facts["days_late"]
    one, many = DAYS[language]
    return " ".join(sentence.format_map({**facts, "days_late": one if days == "1" else many.format(days)}).split())
