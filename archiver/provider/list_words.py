"""Words that tell what a page or a key of an answer is about; none of them decides whether a list is whole."""

from __future__ import annotations

import re

BUSY = (
    '[aria-busy="true"], [role="progressbar"]:not([aria-valuenow]), [class*="skeleton" i]:not([class*="loaded" i]), '
    '[class*="spinner" i], '
    '[class*="shimmer" i], '
    ':text-matches("(loading|fetching|please wait|chargement|cargando|caricamento|carregando|ładowanie|wczytywanie'
    "|загрузка|yükleniyor|laddar|indlæser|bitte warten)( [a-zà-ÿ]+){0,3} ?(…|[.]{3})|wird geladen|werden geladen"
    '|(^|[ >])laden(…|[.]{3})|読み込み中|加载中|載入中|로딩 중", "i")'
)
"""What shows, if it is visible, that a page is not ready."""
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
QUOTAS = re.compile(r"rate|quota|credit|limit|plan|balance|subscription|usage", re.IGNORECASE)
OTHER_LISTS = re.compile(
    r"recommend|related|similar|popular|suggest|trending|notif|search|collection|cart", re.IGNORECASE
)
NO_LISTS = re.compile(
    r"profile|account|user|setup|onboarding|verif|payment|checkout|cart|subscription|billing|plan", re.IGNORECASE
)
"""What beside a list has a flag that says whether it is done."""
