"""The words by which pages say that a list goes on, in the languages of the platforms; all in small letters."""

from __future__ import annotations

import re

THINGS = r"(?:rows|results|items|downloads|licen[cs]es|purchases|files|assets|entries|orders|lizenzen|einträge|käufe)"
NUMBER = r"(\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+|\d+)"
OF = r"\s*(?:out of|of|von|de|sur|di|van|z|/)\s*(?:about |over )?"
_PAGE = r"(?:page|seite|página|pagina|strona|sida|side|sivu|stránka|sayfa|oldal|страница|ページ)"
_NEXT = (
    r"next|weiter|nächste[rs]?|suivante?s?|siguiente|próxim[ao]s?|successiv[ao]|volgende|następn[aey]|nästa|næste|neste"
    r"|seuraava|další|ďalšia|sonraki|következő|următoarea?|следующая|далее|дальше|вперед|наступна|επόμενη|التالي|הבא"
    r"|次へ|次のページ|下一页|下一頁|下一步|다음|ถัดไป|berikutnya|selanjutnya|tiếp(?: theo)?"
)
MORE = re.compile(
    r"(?:load|show|view|see|get|display|fetch|reveal)\b[\w ]*"
    r"\b(?:more|further|remaining|next|rest|older|earlier)\b[\w ]*"
    rf"|\d+ more(?: \w+)?|\+ ?\d+\b.*|more {THINGS}|(?:load|show|view|see) all(?: {THINGS})?"
    rf"|(?:{_NEXT})(?: {_PAGE})?|{_PAGE} (?:{_NEXT})|(?:older|earlier)(?: \w+)?|previous (?!page\b)\w+"
    r"|continue loading|(?:try|load) again|retry|reload|mehr (?:laden|anzeigen)|weitere(?: \w+)?(?: laden| anzeigen)?"
    r"|alle anzeigen|ältere\b.*|(?:erneut|noch einmal|nochmals?) (?:versuchen|laden)|réessayer|reintentar|riprova"
    r"|(?:voir|afficher|charger) plus|(?:ver|cargar|mostrar) más|carica altr[oi]|mostra altr[oi]|meer (?:laden|tonen)"
    r"|もっと見る|加载更多|더 보기|ещё|показать ещё|[›»→>]+"
)
"""The whole label of a control that leads to more rows."""
PAGE_LABEL = re.compile(rf"(?:(?:go|jump) to |zu |zur )?{_PAGE}\s*(\d+)")
PERIOD_LABEL = re.compile(r"(?:(?:19|20)\d\d|q[1-4](?: (?:19|20)\d\d)?|\w+ (?:19|20)\d\d|archiv\w*|legacy\b.*)")
ALL = re.compile(r"(?:all|any|every\w*|alles?|tou(?:s|tes)|tod[oa]s|tutt[ei]|wszystkie)\b")
NARROW = re.compile(
    r"(?:19|20)\d\d\b|(?:last|past|this|current|recent|older|earlier|previous|archived?|expired|team|shared|regular"
    r"|letzte\w*|diese\w*|ältere|archiv\w*)\b"
    r"|(?:photos?|images?|pictures?|vectors?|illustrations?|videos?|footage|music|audio|sounds?|fonts?|templates?"
    r"|graphics|editorial|fotos?|bilder|musik)\b"
)
SORTING = re.compile(r"sort|newest|oldest|relevan|descend|ascend|a ?[-–] ?z|neueste|älteste")
HIDING = re.compile(r"(?:hide|only|without|exclude)\b|ohne\b|nur\b")
SHOWING = re.compile(r"(?:show|include|also|with)\b|auch\b|mit\b")
COUNTED = re.compile(r"\(?\b0*[1-9]\d*\)?$")

PAGES_STATED = re.compile(rf"\b{_PAGE}\s*{NUMBER}{OF}{NUMBER}")
RANGE = re.compile(
    rf"(?:\b\d+\s*[-–—]\s*|\b(?:showing|displaying|viewing|zeige|affich\w+|mostrando)\D{{0,20}}?){NUMBER}"
    rf"(?: {THINGS})?{OF}{NUMBER}"
)
SHARE = re.compile(rf"(?<![\d/.,:-]){NUMBER}{OF}{NUMBER}(?![\d/.,:-])")
COUNT = re.compile(
    rf"(?<![\d/.,:-])(?:(?:total|insgesamt|gesamt|totale|totaal|overall|your {THINGS})\s*:?\s*{NUMBER}"
    rf"|{NUMBER} (?:{THINGS}|in total\b|insgesamt\b))(?![\d/,:-]|\.\d)"
)
QUOTA_BEFORE = re.compile(r"(?:plan|up to|limit\w*|quota|max\w*|of|remaining|left|next|bis zu|von)\W*$")
QUOTA_AFTER = re.compile(
    rf"\W*(?:{THINGS} )?(?:are |is |were )?"
    r"(?:left|remaining|used|available|per|a|an|each|every|this|today|übrig|pro|frei|stars?)\b"
)
RATED = re.compile(r"\b(?:rated|rating|score|average|bewertung|bewertet mit)\W*$")
_SPAN = (
    r"(?:days?|weeks?|months?|years?|tagen?|wochen?|monaten?|jahren?|mois|jours|ans|meses|días|años|mesi|giorni|anni)"
)
HIDDEN = re.compile(
    rf"(?:last|past|recent|letzten?|derniers?|dernières?|últim[oa]s|ultimi|laatste|ostatnie) \d+ {_SPAN}"
    rf"|\d+ (?:derniers?|dernières?|últim[oa]s|ultimi) {_SPAN}"
    rf"|\bonly (?:\w+ ){{0,3}}(?:\d+ )?(?:most recent|latest|newest)\b|\b(?:most recent|latest|newest) \d+ {THINGS}"
    rf"|\b(?:older|earlier|previous|past) (?:{THINGS}|transactions)|\bältere \w+"
    rf"|{THINGS} (?:\w+ ){{0,3}}(?:older than|before|prior to)\b|\b(?:in|to) (?:the|your|our) archive\b|\bim archiv\b"
    r"|\bhidden by\b|\b(?:clear|reset|remove) (?:all )?filters?\b|\bfilter (?:zurücksetzen|löschen|entfernen)\b"
    rf"|\b[1-9]\d* (?:more|other|further) {THINGS}|\bto see (?:all|more|older|the rest)\b"
)
"""That rows are elsewhere, or behind a filter."""
FAILED = re.compile(
    r"(?:could not|couldn['’]t|cannot|can['’]t|failed to|unable to) (?:be )?load|could not be loaded"
    r"|nicht (?:vollständig )?geladen|(?:temporarily|currently) unavailable|vorübergehend nicht|impossible de charger"
    r"|n['’]ont pas pu|no se pud(?:o|ieron) cargar|impossibile caricare"
)
BUSY = (
    '[aria-busy="true"], [role="progressbar"]:not([aria-valuenow]), [class*="skeleton" i]:not([class*="loaded" i]), '
    '[class*="spinner" i], '
    ':text-matches("(loading|chargement|cargando|caricamento)(…|[.]{3})|wird geladen|読み込み中|加载中", "i")'
)
"""What shows, if it is visible, that a page is not ready."""
NUMBER_WORDS = {
    word: str(number)
    for words in (
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty",
        "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
        "achtzehn neunzehn zwanzig",
    )
    for number, word in enumerate(words.split(), 1)
}
NEUTRAL_PARAMETERS = re.compile(
    r"sort\w*|order(?:_?by)?|dir(?:ection)?|lang(?:uage)?|locale|hl|view|layout|display|theme|per_?page|page_?size|limit"
    r"|size|rows|utm_\w+|ref|source|currency"
    r"|sig\w*|token|csrf\w*|_\w*|session\w*|sid|nonce|ts|timestamp|hash",
    re.IGNORECASE,
)
"""Parameters of an address that do not decide which rows there are."""
HISTORY = re.compile(r"download|licen|purchase|order|history|archiv", re.IGNORECASE)
OTHER_THINGS = re.compile(
    r"favou?rit|collection|\blike[sd]?\b|\bsaved\b|wish|follow|\bboards?\b|cart\b|basket|notif|messag|inbox|cookie|consent"
    r"|privacy|newsletter|\bsale\b|% off|discount|coupon|merkliste|gemerkt|sammlung|warenkorb|nachricht|mitteilung"
    r"|datenschutz|rabatt|\bexport|\bcsv\b|\bprint\b|drucken|log ?out|sign ?out|abmelden",
    re.IGNORECASE,
)
"""What pages count, fold away or announce beside a history of licences."""
MAX_COUNTED = 1_000_000  # a larger number of files is the platform's, as its advertising says
QUOTAS = re.compile(r"rate|quota|credit|limit|plan|balance|subscription|usage", re.IGNORECASE)
OTHER_LISTS = re.compile(
    r"recommend|related|similar|popular|suggest|trending|notif|search|collection|cart", re.IGNORECASE
)
NO_LISTS = re.compile(
    r"profile|account|user|setup|onboarding|verif|payment|checkout|cart|subscription|billing|plan", re.IGNORECASE
)
"""What beside a list has a flag that says whether it is done."""
