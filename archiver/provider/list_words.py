"""The words by which pages say that a list goes on, in the languages of the platforms; all in small letters."""

from __future__ import annotations

import re

THINGS = (
    r"(?:rows|results|items|downloads|licen[cs]es|purchases|files|assets|entries|orders"
    r"|lizenzen|einträge|käufe|treffer|ergebnisse|dateien|bestellungen|téléchargements|résultats|éléments|achats"
    r"|fichiers|descargas|licencias|resultados|elementos|compras|archivos|risultati|elementi|licenze|acquisti"
    r"|licenças|itens|transferências|arquivos|resultaten|licenties|aankopen|bestanden|wyników|plików|licencji"
    r"|результатов|файлов|загрузок|лицензий|sonuç|indirme|resultat|nedladdningar|licenser)"
)
NUMBER = r"(\d{1,3}(?:[.,'’]\d{2,3})*[.,'’]\d{3}|\d+)"
OF = r"\s*(?:out of|of|von|de|sur|di|van(?: de)?|z|из|av|af|/)\s*(?:about |over |insgesamt |un total de )?"
_PAGE = r"(?:page|seite|página|pagina|strona|sida|side|sivu|stránka|sayfa|oldal|страница|ページ)"
_NEXT = (
    r"next|weiter|nächste[rs]?|suivante?s?|siguiente|próxim[ao]s?|successiv[ao]|volgende|następn[aey]|nästa|næste|neste"
    r"|seuraava|další|ďalšia|sonraki|következő|următoarea?|следующая|далее|дальше|вперед|наступна|επόμενη|التالي|הבא"
    r"|次へ|次のページ|下一页|下一頁|下一步|다음|ถัดไป|berikutnya|selanjutnya|tiếp(?: theo)?"
)
_MORE_ELSEWHERE = (
    r"(?:mehr|weitere)(?: \w+)? (?:laden|anzeigen|zeigen)|(?:voir|afficher|charger) (?:davantage|la suite)\b.*"
    rf"|plus de {THINGS}|(?:ver|cargar|mostrar) (?:\w+ )?más\b.*|(?:carica|mostra) (?:di più|altr\w+)\b.*"
    r"|(?:carregar|mostrar|exibir|ver) mais\b.*|(?:laad|toon|bekijk) meer\b.*|meer \w+ (?:laden|tonen|bekijken)"
    r"|(?:załaduj|pokaż|wczytaj|wyświetl) więcej\b.*"
    r"|(?:načíst|zobrazit|načítať|zobraziť) (?:další|více|viac|ďalšie)\b.*"
    r"|(?:показать|загрузить) (?:ещё|еще|больше)\b.*|(?:показати|завантажити) (?:ще|більше)\b.*"
    r"|daha fazla(?: (?:göster|yükle))?|(?:visa|ladda) (?:fler|mer)\b.*|(?:vis|indlæs|last inn) (?:flere|mere|mer)\b.*"
    r"|(?:näytä|lataa) lisää\b.*|több(?: \w+)? (?:betöltése|megjelenítése)|(?:încarcă|afișează|arată) mai mult\w*\b.*"
    r"|(?:تحميل|عرض) المزيد|(?:טען|הצג) עוד|さらに(?:読み込む|表示)|もっと(?:読み込む|表示)"
    r"|(?:加载|加載|載入|查看|显示|顯示)更多"
    r"|더 ?(?:보기|불러오기)|(?:muat|tampilkan) (?:lebih banyak|lainnya|lagi)|(?:tải|xem) thêm"
    r"|(?:ver todo|voir tout|vedi tutt[ei]|visa alla|toon alles)"
)
ICONS = r"chevron_right|(?:keyboard_)?(?:double_)?arrow_right(?:_alt)?|navigate_next|arrow_forward(?:_ios)?"
"""Names of icons that a font draws as arrows to the right."""
NAMED_MORE = re.compile(r"(?:^|[\s_-])(?:next(?:[_-]?page)?|(?:load|show|view)[_-]?(?:more|next))(?:$|[\s_-])")
"""What the class or the id of a control without a label says."""
UPSELL = re.compile(r"get more (?:downloads|credits|licen[cs]es|files|assets|images)")
MORE = re.compile(
    r"(?:(?:click|tap) to )?(?:load|show|view|see|get|display|fetch|reveal)\b[\w ]*"
    r"\b(?:more|further|remaining|next|rest|older|earlier)\b[\w ]*"
    rf"|\d+ more(?: \w+)?|\+ ?\d+\b.*|more {THINGS}|(?:load|show|view|see) all(?: {THINGS})?"
    rf"|(?:{_NEXT})(?: {_PAGE})?|{_PAGE} (?:{_NEXT})|(?:older|earlier)(?: \w+)?|previous (?!page\b)\w+"
    r"|continue loading|(?:try|load) again|retry|reload|mehr (?:laden|anzeigen)|weitere(?: \w+)?(?: laden| anzeigen)?"
    r"|alle anzeigen|ältere\b.*|(?:erneut|noch einmal|nochmals?) (?:versuchen|laden)|réessayer|reintentar|riprova"
    r"|(?:voir|afficher|charger) plus|(?:ver|cargar|mostrar) más|carica altr[oi]|mostra altr[oi]|meer (?:laden|tonen)"
    rf"|(?:view|show|see|load) (?:the |your )?(?:full|entire|complete|whole) (?:history|list)|(?:show|view) everything"
    rf"|もっと見る|加载更多|더 보기|ещё|показать ещё|{_MORE_ELSEWHERE}|(?:{ICONS})+|[›»→>❯❱➔➜➡⟩〉⇒⇨＞]+"
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
CURRENT = re.compile(r"(?:active|current|mine|my \w+|valid|open|aktiv\w*|actives?|activ[oa]s)")
"""The part of a list that is chosen, where others hold what is past."""
SORTING = re.compile(r"sort|newest|oldest|relevan|descend|ascend|a ?[-–] ?z|neueste|älteste")
HIDING = re.compile(r"(?:hide|only|without|exclude)\b|ohne\b|nur\b")
SHOWING = re.compile(r"(?:show|include|also|with)\b|auch\b|mit\b")
COUNTED = re.compile(r"\(?\b0*[1-9]\d*\)?$")

PAGES_STATED = re.compile(rf"\b{_PAGE}\s*{NUMBER}{OF}{NUMBER}")
PAGES_CHINESE = re.compile(rf"{NUMBER}\s*(?:/|[页頁]\D{{0,4}}?)\s*{NUMBER}\s*(?:[页頁]|ページ)")
RANGE = re.compile(
    rf"(?:\b\d+\s*[-–—]\s*|\b(?:showing|displaying|viewing|zeige|affich\w+|mostrando)\D{{0,20}}?){NUMBER}"
    rf"(?: {THINGS})?{OF}{NUMBER}"
)
SHARE = re.compile(rf"(?<![\d/.,:-]){NUMBER}{OF}{NUMBER}(?![\d/.,:-])")
COUNT = re.compile(
    r"(?<![\d/.,:-])(?:(?:total|insgesamt|gesamt|totale|totaal|toplam|всего|łącznie|overall"
    rf"|your {THINGS}|全|共|合計|총)\s*:?\s*{NUMBER}"
    rf"|{NUMBER} (?:{THINGS}|(?:in )?total\b|insgesamt\b)|{NUMBER}\s*[件条條项項])(?![\d/,:-]|\.\d)"
)
QUOTA_BEFORE = re.compile(
    r"(?:plan|up to|limit\w*|quota|max\w*|of|remaining|left|next|bis zu|von|includ\w+|get|buy|add|unlock|save|noch|nog"
    r"|jusqu'à|hasta|fino a|até|tot|restent?|reste encore|quedan|restam|rimangono|hai ancora|pozostało|осталось"
    r"|残り|剩余)\W*$"
)
_QUOTA = (
    r"(?:left|remaining|used|available|included|free|monthly|daily|weekly|übrig|frei|verfügbar|inklusive|enthalten"
    r"|monatlich|restant\w*|disponib\w+|disponív\w+|rimanent\w*|incluses?|incluid[oa]s|mensuel\w*|mensual\w*|mensais"
    r"|over|beschikbaar)"
)
QUOTA_AFTER = re.compile(
    rf"\W*(?:(?:[^\W\d]+ ){{0,3}}{_QUOTA}|(?:{THINGS} )?(?:are |is |were )?"
    r"(?:per|a|an|each|every|this|today|pro|im monat|in diesem|stars?|par|por|al|ao|ce mois|este|questo|deze))\b"
)
QUOTA_LABEL = re.compile(rf"(?:[^\W\d]+ ){{0,3}}(?:{_QUOTA}|limit\w*|quota|plan)\W*")
"""A paragraph that is nothing but the label of a quota."""
RATED = re.compile(
    r"\b(?:rated|rating|score|average|bewertung|bewertet mit|credits?|seats?|step|schritt|day|used(?: today)?)\W*$"
)
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
OFFERED = re.compile(r"\b(?:get|buy|add|unlock|earn|with)\W*$")
"""Before `10 more downloads`, which are none that were had."""
SUPPOSED = re.compile(r"(?:\b(?:if|when|whenever|falls|wenn|si|als|se)|[“\"«„])\W*(?:an? |1 |eine |un |une )?$")
"""Before words of a failure that did not happen."""
FAILED = re.compile(
    r"something went wrong(?! with)|(?:an|unexpected|network|server) error (?:has )?(?:occurred|while|when|loading)"
    r"|\berror (?:while |when )?(?:loading|fetching|retrieving)|failed to fetch|\bnetwork error\b|\boops\b"
    r"|session (?:has |is )?(?:expired|timed out|ended)|sitzung ist abgelaufen|session (?:a )?expirée?"
    r"|fehler (?:ist )?aufgetreten|etwas ist schiefgelaufen|une erreur (?:est survenue|s['’]est produite)"
    r"|(?:producido|ocurrido) un error|verificato un errore|ocorreu um erro|(?:er ging iets|er is iets) (?:mis|fout)"
    r"|wystąpił błąd|произошла ошибка|エラーが発生|出错了|오류가 발생"
    r"|(?:could not|couldn['’]t|cannot|can['’]t|failed to|unable to) (?:be )?load|could not be loaded"
    r"|nicht (?:vollständig )?geladen|(?<!we are )(?:temporarily|currently) unavailable|vorübergehend nicht"
    r"|impossible de charger|n['’]ont pas pu|no se pud(?:o|ieron) cargar|impossibile caricare"
)
BUSY = (
    '[aria-busy="true"], [role="progressbar"]:not([aria-valuenow]), [class*="skeleton" i]:not([class*="loaded" i]), '
    '[class*="spinner" i], '
    '[class*="shimmer" i], '
    ':text-matches("(loading|fetching|please wait|chargement|cargando|caricamento|carregando|ładowanie|wczytywanie'
    "|загрузка|yükleniyor|laddar|indlæser|bitte warten)( [a-zà-ÿ]+){0,3} ?(…|[.]{3})|wird geladen|werden geladen"
    '|(^|[ >])laden(…|[.]{3})|読み込み中|加载中|載入中|로딩 중", "i")'
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
SOURCE = re.compile(rf"{HISTORY.pattern}|graphql|\blists?\b", re.IGNORECASE)
"""In the address of data that a page asks for: these may be the list's rows."""
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
