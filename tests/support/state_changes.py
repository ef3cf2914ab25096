"""Requests that change something at a platform, in the words of real sites, and the ways in which a page sends them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import urlencode, urlsplit

from archiver.provider import Request, Rules

DEEDS = (
    "upgrade", "buy", "purchase", "order", "confirm", "pay", "subscribe", "cancel", "renew", "license", "redeem", "use",
    "download", "transfer", "activate", "topup", "checkout", "add", "delete", "close", "accept", "submit", "claim",
)  # fmt: skip
PATHS = (
    "/plan/upgrade", "/buy", "/orders/new", "/orders/{n}/confirm", "/subscription/upgrade",
    "/subscriptions/{n}/cancel", "/api/payment/confirm", "/api/v2/resources/{n}/use", "/api/v1/items/{n}",
    "/account/plan", "/account/billing/card", "/user/wallet/topup", "/v1/checkout/sessions", "/cart/add.js",
    "/cart/{n}", "/licenses/{n}/renew", "/graphql", "/api/graphql", "/trpc/order.create", "/rpc", "/index.php",
    "/api/", "/v2/images/licenses", "/elements-api/items/{n}", "/api/regular/download", "/profile/settings",
    "/team/seats/add", "/projects/{n}/items", "/_next/data/b1/plan.json", "/oauth2/token", "/sign_out",
    "/sign-in/upgrade", "/log-in/confirm", "/api/v2/login/buy", "/credits", "/photos/{n}/like",
    "/account/downloads/{n}/add-license", "/user/downloads/{n}", "/me", "/Rest/Libraries/1/Content/License",
    "/x/y/z",
)  # fmt: skip
KEYS = (
    "action", "do", "cmd", "command", "dp_command", "op", "operationName", "method", "mode", "task", "event", "type",
    "q",
)  # fmt: skip
OPERATIONS = ("BuyPlan", "CreateOrder", "UpgradeSubscription", "UseResource", "LicenseItem", "AddToCart", "Proceed")
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL")
FORM, JSON = "application/x-www-form-urlencoded", "application/json"

SCRIPT = Path(__file__).parents[1] / "browsing" / "state-changes.js"
READS = (
    "img", "script", "frame", "frame-location", "meta", "form", "fetch", "xhr", "worker", "sandbox", "event-source",
    "popup", "prefetch",
)  # fmt: skip
SENDS = ("form", "sandbox-form", "fetch", "keepalive", "xhr", "beacon", "worker", "sandbox")
OTHERS = ("fetch", "xhr", "worker", "sandbox")  # of forms only GET and POST


@dataclass(frozen=True)
class Change:
    """A request that changes something, and the way in which a page sends it."""

    way: str
    method: str
    url: str
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def request(self) -> Request:
        """As the rules see it."""
        passive = self.way in ("img", "script")
        return Request(self.method, self.url, self.body.encode() or None, passive=passive, headers=self.headers)


def changes(rules: Rules, seed: int, count: int) -> list[Change]:
    """So many changes at the platform's own hosts, one half of them at addresses that its adapter names."""
    turn = Random(seed)  # the same cases each time
    return [_change(turn, rules) for _ in range(count)]


def hosts(rules: Rules) -> list[str]:
    """The hosts that do more than give out files."""
    named = (urlsplit(rule.url).netloc for rule in rules.allow)
    return sorted({host.replace("*", "any") for host in (*named, *rules.sign_in_hosts)})


def _change(turn: Random, rules: Rules) -> Change:
    if turn.random() < 0.5:
        rule = turn.choice(rules.allow)
        url, known = rule.url.replace("**", "any/any").replace("*", "any1"), dict(rule.fields)
    else:
        path = turn.choice(PATHS).format(n=turn.randrange(1, 9999))
        url, known = f"https://{turn.choice(hosts(rules))}{path}", {}
    key, deed = turn.choice(KEYS), turn.choice((*DEEDS, *OPERATIONS))
    method = turn.choices(("GET", "POST", "PUT", "PATCH", "DELETE"), (4, 8, 1, 1, 1))[0]
    headers: dict[str, str] = {}
    if method == "GET":
        way, body = turn.choice(READS), ""
        asked = {**known, key: deed} if turn.random() < 0.8 else {key: deed, "page": "1"}
        url += f"?{urlencode(asked)}"
        if way in ("img", "script") and turn.random() < 0.3:  # disguised as a file
            url = url.replace("?", turn.choice(("/x.png?", "/x.js?", ".css?")), 1)
    else:
        way = turn.choice(SENDS if method == "POST" else OTHERS)
        body, kind = _body(turn, way, key, deed, known)
        headers["content-type"] = kind
        if turn.random() < 0.2:
            url += f"?{urlencode({**known, key: deed})}"
    if way in ("fetch", "xhr", "worker") and turn.random() < 0.15:
        headers[turn.choice(OVERRIDES)] = turn.choice(("POST", "PUT", "DELETE", "/orders/new"))
    elif turn.random() < 0.05:
        url += f"{'&' if '?' in url else '?'}_method=DELETE"
    return Change(way, method, url, body, headers)


def _body(turn: Random, way: str, key: str, deed: str, known: dict[str, str]) -> tuple[str, str]:
    """A form, a JSON object or a GraphQL mutation; forms of a page can only send the first."""
    asked = turn.choice(({**known, key: deed}, {key: deed, **known, "id": "17"}, {"resource": "17", "quantity": "1"}))
    kind = 0 if way.endswith("form") else turn.randrange(4)
    if kind < 2:
        return urlencode(asked), FORM
    if kind == 2:
        return json.dumps(asked), JSON if way not in ("beacon", "keepalive") else FORM
    named = turn.choice(OPERATIONS)
    query = f"mutation {named}($id: ID!) {{ {named[0].lower()}{named[1:]}(id: $id) {{ ok }} }}"
    sent = {"operationName": named, "query": query, "variables": {"id": "17"}}
    return json.dumps(sent), JSON if way not in ("beacon", "keepalive") else FORM


def allowed(rules: Rules, cases: Sequence[Change]) -> Iterator[Change]:
    """Those that the rules would let pass after the sign-in."""
    return (case for case in cases if rules.permit(case.request))


def page(cases: Sequence[Change]) -> str:
    """A page that does nothing until `fire()` is called."""
    told = json.dumps([vars(case) for case in cases]).replace("</", "<\\/")
    return f"<!doctype html><title>account</title><body><script>const CHANGES = {told};{SCRIPT.read_text()}</script>"
