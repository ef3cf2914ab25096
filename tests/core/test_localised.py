"""Dates, numbers, sums and sizes read well in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from archiver.core import localised


def test_english_and_german_write_the_same_facts_their_own_way() -> None:
    def said(language: str) -> list[str]:
        at = datetime(2026, 3, 9, 0, 30, tzinfo=timezone(timedelta(hours=2)))
        return [
            localised.day(date(2026, 3, 9), language), localised.moment(at, language), localised.day(at, language),
            localised.moment(datetime(2026, 3, 9, 5, 3, tzinfo=UTC).isoformat(), language),
            localised.moment("2026-03-09", language), localised.month("2026-03", language),
            localised.number(12345, language), localised.money(1234.5, "EUR", language),
            localised.money(1234.5, None, language), localised.size(1, language), localised.size(1_400_000, language),
        ]  # fmt: skip

    assert [each.replace("\u00a0", " ") for each in said("en")] == [
        "9 March 2026", "8 March 2026, 22:30 UTC", "8 March 2026", "9 March 2026, 05:03 UTC", "9 March 2026",
        "March 2026", "12,345", "€1,234.50", "1,234.50", "1 byte", "1.4 MB",
    ]  # fmt: skip
    assert [each.replace("\u00a0", " ") for each in said("de")] == [
        "9. März 2026", "8. März 2026, 22:30 UTC", "8. März 2026", "9. März 2026, 05:03 UTC", "9. März 2026",
        "März 2026", "12.345", "1.234,50 €", "1.234,50", "1 Byte", "1,4 MB",
    ]  # fmt: skip
    assert localised.day(None, "en") == localised.moment("", "de") == ""
