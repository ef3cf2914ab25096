"""Changed licence terms: told once, in words, with what they touch; licences keep the text that they name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archiver.agency import terms_watch
from archiver.agency.today import TodayFacts, tasks_of
from archiver.claims.facts import rules
from archiver.core.errors import ConfigError
from tests.support.agency import Agency, agency, record
from tests.support.claims_kit import licence
from tests.support.terms_kit import seen

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    """An old licence under the first text, a new one under the second; a third text differs in noise only."""
    with agency(tmp_path_factory.mktemp("agency")) as made:
        made.archive(
            "acme", (replace(licence("1"), licensed_at=NOW - timedelta(days=60)), [record(), seen("500,000", 60)])
        )
        made.archive("beta", (replace(licence("2"), licensed_at=NOW), [record(), seen("250,000", 9)]))
        made.archive("beta", (replace(licence("3"), licensed_at=NOW), [record(), seen("250,000", 2, "Accept all\n")]))
        yield made


def test_a_change_is_told_with_what_it_touches(changed: Agency) -> None:
    noise, change = terms_watch.changes(changed.home, "shutterstock")
    assert noise.important == () and len(change.important) == 1
    assert list(terms_watch.touched(changed.home, change)) == ["acme"]
    assert change.rules == ("copies",)
    [alert] = terms_watch.about_terms(changed.home, NOW.date())
    assert alert.clients == ("acme",) and "in 1 passage." in alert.message and "1. Copies" in alert.message
    assert "1 archived licence of 1 client keeps the text" in alert.risk and "Number of copies" in alert.risk
    assert list(terms_watch.about_terms(changed.home, NOW.date() + timedelta(days=40))) == []
    messages = changed.run.json("notify", "--dry-run")
    assert [each["fix"] for each in messages if "terms" in each["happened"]] == ["archiver terms diff shutterstock"]


def test_the_changes_of_a_platform_are_one_alert_that_counts_them(tmp_path: Path) -> None:
    with agency(tmp_path) as made:
        for number, (copies, days) in enumerate((("500,000", 20), ("250,000", 9), ("100,000", 2))):
            made.archive("acme", (replace(licence(str(number)), licensed_at=NOW), [record(), seen(copies, days)]))
        [alert] = terms_watch.about_terms(made.home, NOW.date())
    assert (alert.count, len(alert.message.splitlines())) == (2, 2)
    assert alert.risk.count("2 archived licences of 1 client keep ") == 1, "a licence is counted once"
    [task] = tasks_of(TodayFacts(now=NOW, alerts=[alert]))
    assert "2 changes" in task.sentence("en") and "2 Änderungen" in task.sentence("de")


def test_the_commands_show_it(changed: Agency) -> None:
    printed = changed.run("terms", "diff", "shutterstock").stdout
    assert "up to [-500,000-]{+250,000+} copies" in printed and "acme: 1 licence" in printed
    assert "cookies" not in printed
    rows = changed.run.json("terms", "list")
    assert [each["changes"] for each in rows] == [None, 1, 0]
    with pytest.raises(ConfigError, match="hold no terms of nobody"):
        terms_watch.changes(changed.home, "nobody")


def test_each_topic_is_a_rule() -> None:
    assert set(terms_watch.topics()) <= {each["rule"] for each in rules()["rules"]}
