"""Dates, numbers, sizes and sums as people write them in each of our languages.

Times are in UTC, as in all evidence, unless another zone is given; the zone None is that of this machine.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo

from archiver.core.model import Moment, parse_iso

_LOCALES = {"en": "en_GB", "de": "de_DE"}


def kind(code: str) -> str:
    """A platform's code of a kind of licence as words; a text that is words already stays."""
    return code if " " in code else (code[:1].upper() + code[1:]).replace("_", " ")


def day(when: Moment | str | None, language: str, zone: tzinfo | None = UTC) -> str:
    """`24 November 2026`, `24. November 2026`; empty for None. A date without a time is the same in every zone."""
    from babel.dates import format_date

    moment = parse_iso(when) if isinstance(when, str) else when
    if moment is None:
        return ""
    there = moment.astimezone(zone).date() if isinstance(moment, datetime) else moment
    return format_date(there, "long", locale=_LOCALES[language])


def moment(when: Moment | str | None, language: str, zone: tzinfo | None = UTC) -> str:
    """`24 November 2026, 05:33 UTC`; another zone is not named. A date without a time as `day` has it."""
    at = parse_iso(when) if isinstance(when, str) else when
    if not isinstance(at, datetime):
        return day(at, language)
    return f"{day(at, language, zone)}, {at.astimezone(zone):%H:%M}{' UTC' if zone is UTC else ''}"


def month(text: str, language: str) -> str:
    """`2026-11` as `November 2026`."""
    from babel.dates import format_skeleton

    return format_skeleton("yMMMM", date.fromisoformat(f"{text}-01"), locale=_LOCALES[language])


def number(count: int, language: str) -> str:
    """`12,345`, `12.345`."""
    from babel.numbers import format_decimal

    return format_decimal(count, locale=_LOCALES[language])


def money(amount: float, currency: str | None, language: str) -> str:
    """`€1,234.50`, `1.234,50 €`; a sum without a currency if the currency is unknown."""
    from babel.numbers import format_currency, format_decimal

    if currency:
        return format_currency(amount, currency, locale=_LOCALES[language])
    return format_decimal(amount, "#,##0.00", locale=_LOCALES[language])


def size(count: int, language: str) -> str:
    """`1.4 MB`, `1,4 MB`, on one line."""
    from babel.units import format_unit

    locale = _LOCALES[language]
    if count < 1000:
        text = format_unit(count, "digital-byte", "long", locale=locale)
    else:
        value, unit = (count / 1e6, "megabyte") if count >= 1e6 else (count / 1e3, "kilobyte")
        text = format_unit(value, f"digital-{unit}", "short", "0.#" if value < 10 else "0", locale=locale)
    return text.replace(" ", "\u00a0")
