"""Make a licence of the values that a paper names: its identity, kind and sums, as the platform's adapter would."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from archiver.core.model import Asset, Licence, Moment, iso
from archiver.reading.platforms import ANY_NUMBER, OTHER_PLATFORM, forms_of
from archiver.reading.sentences import OF_PLAN

HINTS = ("project", "client", "purchase_order", "profile", "references")
# Names that one licence has in these languages; the canonical one is the adapters'.
_KINDS = {
    "standard": r"(?:standard|estándar)|(?:standard|estándar) licen[cs]e|standard-?lizenz|licence standard|"
    r"licencia estándar|licenza standard|standaard(?:licentie)?|(?:licencja )?standardowa|licença (?:padrão|standard)",
    "extended": r"extended|extended licen[cs]e|erweiterten? lizenz|erweitert|étendue|ampliada|estesa|licence étendue|"
    r"licencia (?:ampliada|extendida)|licenza estesa|uitgebreide licentie|licencja rozszerzona|licença (?:estendida|"
    r"alargada|ampliada)",
    "enhanced": r"enhanced|enhanced licen[cs]e",
    "premium": r"premium|premium licen[cs]e|premium-?lizenz|licence premium|licencia premium|licenza premium|"
    r"licença premium",
}
# Of a cell that goes on with its terms.
_BEGINS_WITH_KIND = re.compile(r"(?:royalty[ -]free|rights[ -]managed|rights[ -]ready)(?= [A-Z])", re.IGNORECASE)
_LABELLED = re.compile(
    r"\b(?:licen[cs]e (?:type|model)|lizenz(?:art|modell|typ)|type de licence)\s?:\s?(?P<kind>\S.*)", re.I
)
# Behind it in the same cell: `Royalty-free Size: 12 MB`.
_NEXT_LABEL = re.compile(r",?\s+[^\W\d_][\w-]{1,30}:\s.*", re.DOTALL)
# A number, an address, a sentence; the rest of a heading that a narrow column breaks: "LICENSE", "CERTIFICATE".
_NO_KIND = re.compile(r"\d{4}|://|[.:]$|^(?:[cz]ertifi|confirm|conferma|attest|bestätigung|nachweis)", re.IGNORECASE)
_COMP = re.compile(
    r"(?<![^\W_])(?:comp|comping|layout|preview|vorschau|maquettes?|épreuve|maquetas?|bozz[ae]|anteprima)(?![^\W_])",
    re.I,
)
_BESIDE_NAME = re.compile(
    r"^(?:/s/\s+|\d{5,}\s+(?=[^\W\d_]{3}))|\s*[(<\[](?:mailto:)?[^\s()<>\[\]@]+@[^\s()<>\[\]]+[)>\]]$"
    r"|\s+\((?:[^()\d]{1,20}\d{3,}|\d{5,})\)$"
)
LEGAL_FORM = re.compile(  # with which a company's name ends
    r"(?:,?\s(?:gmbh|ag|ug|kg|ohg|e\.\s?k|ltd|limited|llc|llp|inc|corp|plc|sarl|sas|eurl|sp\.\s?z\s?o\.\s?o|lda|"
    r"s\.?r\.?l|s\.?p\.?a|s\.?l\.?u?|s\.?a|b\.?v|n\.?v|aps|a/s|oy|ab)\.?)+$",
    re.IGNORECASE,
)
_CURRENCY_CODES = "EUR USD GBP CHF AUD CAD NZD JPY SEK NOK DKK PLN CZK HUF BRL MXN INR SGD HKD"
_CURRENCY = re.compile(
    rf"(?<![A-Z])(?:(?P<code>{'|'.join(_CURRENCY_CODES.split())})(?![A-Z])|(?P<sign>€|£|US\$|AU\$|A\$|CA\$|C\$|NZ\$))"
)
_SIGNS = {"€": "EUR", "£": "GBP", "US$": "USD", "AU$": "AUD", "A$": "AUD", "CA$": "CAD", "C$": "CAD", "NZ$": "NZD"}
_NUMBER = re.compile(r"\d+(?:[.,'’ \u00a0\u202f]\d+)*", re.ASCII)


def licence_of(platform: str, values: Mapping[str, str], when: Moment | None, written: str | None) -> Licence | None:
    """The licence from named values, with the identity that the platform's adapter would give; None if there is none.

    `when` is its date. `written` is the date as the paper has it, which becomes part of the key if it cannot be read.
    """
    forms = forms_of(platform)
    asset_id, licence_id = (values.get(name, "").removeprefix("#").strip() for name in ("asset_id", "licence_id"))
    numbered = bool(forms.licence and re.fullmatch(forms.licence, licence_id))  # a number of another form is no id
    shelfmark = asset_id.replace(" ", "_") if platform.startswith(OTHER_PLATFORM) else asset_id  # `NM 1921.047`
    if not re.fullmatch(forms.asset, shelfmark) or not (numbered or written) or OF_PLAN.search(_title(values) or ""):
        return None
    if licence_id and not numbered and not re.fullmatch(ANY_NUMBER, licence_id):
        return None
    kind = kind_of(values.get("kind"), platform)
    return Licence(
        asset=Asset(provider=platform, asset_id=asset_id, title=_title(values), contributor=values.get("contributor")),
        licence_id=licence_id if numbered else None,
        key=() if numbered else ("", asset_id, (kind or "").casefold(), (iso(when) or written or "")[:40]),
        kind=kind,
        licensed_at=when,
        licensee=_buyer(values.get("licensee"), platform),
        seat=values.get("seat"),
        plan=values.get("plan"),
        order=values.get("order", "").removeprefix("#").strip() or None,
        client_hints={name: values[name] for name in HINTS if name in values},
        comp=bool(kind and _COMP.search(kind)),
    )


def _buyer(name: str | None, platform: str) -> str | None:
    """A licensee without what a cell says beside the name; None for the seller's own name.

    Beside it stand a customer's number, an address, the sign of a signature.
    """
    name = _BESIDE_NAME.sub("", name).strip() or name if name else None
    seller = re.sub(r"[\W_]", "", platform.removeprefix(OTHER_PLATFORM).casefold())
    return None if name and re.sub(r"\W", "", LEGAL_FORM.sub("", name.casefold())) == seller else name


def _title(values: Mapping[str, str]) -> str | None:
    title = values.get("title") or values.get("description")
    return " ".join(title.split()) if title else None  # a table's cell may have several lines


def kind_of(text: str | None, platform: str = "") -> str | None:
    """A licence's kind; one that is known in these languages by the adapters' word for it.

    In other languages Shutterstock's enhanced licence is called as an extended one is elsewhere: that stays as it is.
    """
    labelled = _LABELLED.search(text) if text else None  # `A red door Licence type: RF Size: 12 MB`
    text = _NEXT_LABEL.sub("", labelled["kind"] if labelled else text) if text else text
    if text is None or _NO_KIND.search(text):
        begins = _BEGINS_WITH_KIND.match(text or "")
        return begins[0] if begins else None
    kind = next((kind for kind, names in _KINDS.items() if re.fullmatch(names, text, re.IGNORECASE)), text)
    foreign = kind == "extended" and not text.casefold().startswith(kind)
    return text if foreign and platform == "shutterstock" else kind


def money(text: str) -> tuple[Decimal | None, str | None]:
    """The amount and its currency in a text that holds one of each; None for what can be read in two ways.

    `1.234` and `1,234` are both a thousand and one, and `$` is many countries' dollar.
    """
    currencies = {_SIGNS.get(each["sign"] or "", each["code"]) for each in _CURRENCY.finditer(text)}
    currency = currencies.pop() if len(currencies) == 1 else None
    numbers = _NUMBER.findall(text)
    if len(numbers) != 1 or re.search(r"[-−(]\s?[^\d\s)]{0,4}\s?\d|%", text):
        return None, currency
    groups, marks = re.split(r"\D", numbers[0]), re.findall(r"\D", numbers[0])
    cents = len(groups[-1]) == 2 and marks[-1:] in ([","], ["."])
    thousands, between = (groups[:-1], marks[:-1]) if cents else (groups, marks)
    grouped = len(thousands[0]) <= 3 and all(len(group) == 3 for group in thousands[1:]) and len(set(between)) == 1
    if between and (not grouped or (cents and between[0] == marks[-1])):
        return None, currency
    if not cents and len(between) == 1 and between[0] in ",.":
        return None, currency
    return Decimal("".join(thousands) + (f".{groups[-1]}" if cents else "")), currency
