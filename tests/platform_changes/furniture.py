"""Pieces of a page: controls, parts, sentences, other forms of a row, scripts; and additions that mean nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

SIGNS = ("▾", "⌄", "…", "+", "»", "›", "↓", "⟳", "•••")

# `{text}` is the label, `{script}` what a click does; it is ready for an attribute in double quotes.
CONTROLS: Mapping[str, str] = {
    "a button": '<button type="button" class="c1" onclick="{script}">{text}</button>',
    "a bare button": '<button onclick="{script}">{text}</button>',
    "a link to nowhere": '<a href="#" onclick="{script};return false">{text}</a>',
    "a link that is a script": '<a href="javascript:void 0" onclick="{script}">{text}</a>',
    "a link without an address": '<a tabindex="0" onclick="{script}">{text}</a>',
    "a division": '<div role="button" tabindex="0" onclick="{script}">{text}</div>',
    "a division without a role": '<div class="x9" style="cursor:pointer" onclick="{script}">{text}</div>',
    "a span": '<span class="link" onclick="{script}">{text}</span>',
    "an input": '<input type="button" value="{text}" onclick="{script}">',
    "an icon": '<button type="button" title="{text}" onclick="{script}"><svg width="9" height="9"></svg></button>',
    "an icon with a label": '<button aria-label="{text}" onclick="{script}"><svg width="9" height="9"></svg></button>',
    "a nameless icon": '<button onclick="{script}"><svg width="9" height="9"><path d="M0 0h9"/></svg></button>',
    "an element of its own": '<x-more onclick="{script}">{text}</x-more>',
    "a list item": '<ul class="p"><li tabindex="0" onclick="{script}">{text}</li></ul>',
    "a picture": '<img alt="{text}" src="data:," width="20" height="20" onclick="{script}">',
    "details": '<details ontoggle="{script}"><summary>{text}</summary></details>',
    "a form": '<form onsubmit="{script};return false"><button>{text}</button></form>',
}

PARTS: Mapping[str, str] = {
    "links": '<nav><a class="on" href="?s=1">{first}</a> <a href="?s=2">{second}</a></nav>',
    "links to other pages": '<nav><b>{first}</b> <a href="/user/other-part">{second}</a></nav>',
    "buttons": '<div><button class="on">{first}</button><button>{second}</button></div>',
    "tabs": '<div role="tablist"><button role="tab" aria-selected="true">{first}</button>'
    '<button role="tab" aria-selected="false">{second}</button></div>',
    "a choice": "<select name='s'><option selected>{first}</option><option>{second}</option></select>",
    "radios": "<label><input type=radio name=s checked>{first}</label><label><input type=radio name=s>{second}</label>",
    "list items": '<ul class="seg"><li class="is-on">{first}</li><li>{second}</li></ul>',
    "spans": '<p><span class="on">{first}</span> <span class="off" onclick="0">{second}</span></p>',
    "a menu": '<button aria-haspopup="listbox" aria-expanded="false">{first}</button>'
    '<ul role="listbox" hidden><li role="option">{first}</li><li role="option">{second}</li></ul>',
}

TEXTS: Mapping[str, str] = {
    "a paragraph": "<p>{text}</p>", "a small one": "<small>{text}</small>", "a heading": "<h2>{text}</h2>",
    "a note": '<div role="note" class="n">{text}</div>', "a division": "<div>{text}</div>",
    "a caption": '<div class="caption"><span>{text}</span></div>', "a foot": "<footer>{text}</footer>",
    "a hint on hover": '<span title="{text}">ⓘ</span>',
}  # fmt: skip

HARMLESS: Mapping[str, str] = {
    "a chat frame": '<iframe title="Chat" src="https://chat.example/widget" width="60" height="60"'
    ' style="position:fixed;right:8px;bottom:8px"></iframe>',
    "a chat button": '<button style="position:fixed;right:8px;bottom:8px" aria-label="Chat">💬</button>',
    "a banner": '<div class="banner" style="background:#fd0">{text} <button aria-label="Close">×</button></div>',
    "an alert": '<div role="alert">{text}</div>',
    "a status": '<div role="status" class="toast">{text}</div>',
    "a language menu": '<nav><a href="/de/">Deutsch</a> <a href="/fr/">Français</a> <a href="/ja/">日本語</a></nav>',
    "a language choice": "<select aria-label='Language'><option selected>English</option><option>Deutsch</option>"
    "</select>",
    "a help link": '<p><a href="/help/licences">{text}</a></p>',
    "questions": "<details><summary>{text}</summary><p>{text}</p></details>",
    "a letter form": '<form action="/newsletter" method="post"><p>{text}</p><input type="email" name="m">'
    "<button>OK</button></form>",
    "a bar on top": '<header style="position:sticky;top:0"><a href="/">Home</a> <a href="/pricing">Pricing</a>'
    ' <span>{text}</span> <input type="search" name="q"></header>',
    "a foot": '<footer><a href="/about">About</a> <a href="/jobs">Jobs</a> <a href="/privacy">Privacy</a> <p>{text}</p>'
    "<p>© 2010–2026</p></footer>",
    "a bell": '<button aria-label="3 notifications">🔔<span>3</span></button>',
    "app badges": '<p><a href="https://apps.example/ios">App Store</a> <a href="https://apps.example/g">Play</a></p>',
    "an invitation": '<section><h3>{text}</h3><a href="/invite">+</a></section>',
    "a theme": '<button type="button" aria-pressed="false" onclick="0">🌙</button>',
    "up again": '<a href="#top">↑</a>',
    "a dialog": '<dialog open><p>{text}</p><form method="dialog"><button>OK</button></form></dialog>',
    "other pictures": '<aside><h3>{text}</h3><ul><li><a href="/photos/1">Sea</a></li><li><a href="/photos/2">Oak</a>'
    "</li></ul></aside>",
    "a beacon": "<script>navigator.sendBeacon('https://stats.example/b', 'x')</script><p>{text}</p>",
    "a rating": "<fieldset><legend>{text}</legend><label><input type=radio name=r>1</label>"
    "<label><input type=radio name=r>2</label></fieldset>",
    "a plan": '<aside class="plan"><p>{text}</p><a href="/account/subscription">{text}</a></aside>',
}  # fmt: skip

FORMS: Mapping[str, Callable[[str], str]] = {
    "cards": lambda row: re.sub(r"<(/?)(tr|td|li)\b", r"<\1div", row),
    "sections": lambda row: re.sub(r"<(/?)(tr|td|li)\b", r"<\1section", row),
    "a second list": lambda row: f"<table>{row}</table>" if row.startswith("<tr") else f"<ul>{row}</ul>",
    "folded": lambda row: f"<details><summary>▸</summary>{FORMS['cards'](row)}</details>",
    "names alone": lambda row: f"<p>{re.sub('<[^>]*>', ' ', row)}</p>",
    "a frame": lambda row: f'<iframe srcdoc="{row.replace(chr(38), "&amp;").replace(chr(34), "&quot;")}"></iframe>',
    "a template": lambda row: f"<template>{row}</template>",
    "an element of its own": lambda row: re.sub(r"<(/?)(tr|li)\b", r"<\1x-row", row).replace("td", "x-cell"),
}


def _selector(after: str) -> str:
    return "table" if "table" in after else "#downloads"


def inserting(rows: str, after: str, wait_ms: int) -> str:
    """A script that puts these rows into the list after a while."""
    data = json.dumps(rows).replace("</", "<\\/")
    target = f"(document.querySelector('{_selector(after)} tbody')||document.querySelector('{_selector(after)}'))"
    return (
        f"<script>setTimeout(()=>{{{target}.insertAdjacentHTML('beforeend',{data});"
        f"document.querySelectorAll('.sk').forEach(e=>e.remove())}},{wait_ms})</script>"
    )


def fetching(address: str, after: str) -> str:
    """What a click does: the rows of another page are put into the list."""
    target = _selector(after)
    return (
        f"fetch('{address.replace('&', '&amp;')}').then(r=&gt;r.text()).then(t=&gt;"
        "{const d=new DOMParser().parseFromString(t,'text/html');"
        f"document.querySelector('{target}').append(...d.querySelector('{target}').children)}})"
    )


def _asking(call: str, after: str) -> str:
    target = _selector(after)
    return (
        f"<script>{call}.then(r=>r.ok?r.text():'').then(t=>t&&document.querySelector('{target}')"
        ".insertAdjacentHTML('beforeend',t)).catch(()=>{})</script>"
    )


def posting(place: str, after: str) -> str:
    """The list's own script asks for the other rows by a POST."""
    return _asking(f"fetch('{place}',{{method:'POST',body:'{{\"after\":9}}'}})", after)


def getting(place: str, after: str) -> str:
    return _asking(f"fetch('{place}')", after)


def foreign(place: str, after: str) -> str:
    return _asking(f"fetch('https://gateway.example{place}',{{method:'POST',body:'q'}})", after)
