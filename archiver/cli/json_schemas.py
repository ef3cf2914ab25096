"""The JSON schemas of what commands print with `--json`, by the command's name.

Every document is an object with the key `version`. New keys may come at any time; that does not change the version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from typer.core import TyperGroup

from archiver.cli.output import JSON_VERSION
from archiver.core.errors import ConfigError, Remedy
from archiver.core.suggestions import did_you_mean

if TYPE_CHECKING:
    from typer._click.core import Command

type Schema = Mapping[str, Any]

ANY: Schema = {}
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
REAL: Schema = {"type": "number"}
YES: Schema = {"type": "boolean"}
MAP: Schema = {"type": "object"}
TEXTS: Schema = {"type": "array", "items": TEXT}


def may(schema: Schema) -> Schema:
    """The schema, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def each(schema: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": schema}


def one_of(*words: str) -> Schema:
    """One of these words."""
    return {"enum": list(words)}


def obj(optional: Mapping[str, Schema] | None = None, **keys: Schema) -> Schema:
    """An object that has these keys, and perhaps the optional ones."""
    return {"type": "object", "properties": {**keys, **(optional or {})}, "required": sorted(keys)}


def _keys(**keys: Schema) -> dict[str, Schema]:
    return keys


REMEDY = obj(action=TEXT, arguments=MAP, command=TEXT)
STATE = one_of("PROVEN", "UNPROVEN", "DAMAGED", "FORKED", "ERASED")
OUTCOME = one_of("complete", "read_to_end", "partial", "failed")
GROUND = one_of("total", "end_of_data", "second_source", "person")
ROW = _keys(
    licence=TEXT, client=TEXT, provider=TEXT, asset_id=may(TEXT), title=may(TEXT), kind=may(TEXT),
    licensed_at=may(TEXT), licensee=may(TEXT), match=may(TEXT), score=REAL, secured_since=may(TEXT), state=may(STATE),
    scope=may(TEXT), without=TEXTS, file_name=may(TEXT),
)  # fmt: skip
LICENCES = each(obj(**ROW))
TO_GET = each(obj(licence=TEXT, document=TEXT, reason=TEXT, detail=TEXT, do=TEXT))
RUN_ACCOUNT = obj(
    _keys(differences=MAP, ground=may(GROUND), grounds=MAP),
    account=TEXT, provider=TEXT, outcome=OUTCOME, error=may(TEXT), message=TEXT, sweep=one_of("full", "known"),
    total=may(NUMBER), listed=NUMBER, archived=NUMBER, already=NUMBER, comps=NUMBER, completed=TEXTS, incomplete=TEXTS,
    gaps=MAP, unexplained=TEXTS, seconds=REAL,
)  # fmt: skip
RUN = obj(run=TEXT, outcome=OUTCOME, dry_run=YES, accounts=each(RUN_ACCOUNT))
IMPORT = obj(
    files=each(obj(
        path=TEXT, kind=TEXT,
        outcome=one_of("archived", "merged", "known", "unread", "irrelevant", "refused"), licence=may(TEXT),
        reader=may(TEXT), sure=may(TEXT), message=TEXT,
    )),
    licences=LICENCES, dry_run=YES,
)  # fmt: skip
CLAIM = _keys(
    claim=TEXT, client=TEXT, claimant=may(TEXT), reference=may(TEXT), kind=may(TEXT), urls=TEXTS, amount=may(REAL),
    currency=may(TEXT), deadline=may(TEXT), notice_deadline=may(TEXT), first_seen=may(TEXT), pictures=TEXTS, sure=MAP,
    confirmed=YES,
)  # fmt: skip
CLOCKS = _keys(days_left=may(NUMBER), notice_days_left=may(NUMBER), overdue=YES)
CLIENT = obj(
    client=TEXT, name=TEXT, aliases=TEXTS, domains=TEXTS, contact=MAP, accounts=TEXTS, licences=NUMBER, archive=YES
)
ACCOUNT = _keys(
    account=TEXT, client=TEXT, provider=TEXT, method=may(TEXT), username=may(TEXT), plan=may(TEXT), closed=may(TEXT),
    licences=NUMBER,
)  # fmt: skip
ANCHORS = each(obj(
    client=TEXT, anchor=TEXT, kind=one_of("witness", "calendar"), held=NUMBER, lacks_newest=YES, pending=each(NUMBER),
    late=YES, log=may(TEXT),
))  # fmt: skip
ANCHORED = each(obj(checkpoint=NUMBER, kind=TEXT, by=TEXT, key=TEXT, time=may(TEXT), root=TEXT))
PROVIDER = obj(
    name=TEXT, title=TEXT, methods=each(MAP), scope=may(TEXT), documents=MAP, basis=TEXT, basis_detail=TEXT,
    automation=MAP, confirm=MAP, terms=each(MAP), live=TEXT, served_by=TEXT, why=TEXT, examined=TEXT, needed=TEXT,
    pages=TEXTS,
)  # fmt: skip

CAPTURED = obj(
    format=NUMBER, client=TEXT, picture=TEXT, page=TEXT, status=NUMBER, state=one_of("shows", "shows_not"), at=TEXT,
    not_asked_for=TEXTS, files=MAP, folder=TEXT,
)  # fmt: skip
AUDIT_ANSWERS = obj(looks_like_stock=NUMBER, licence_but=NUMBER, unknown=NUMBER, licence_covers=NUMBER)
AUDIT = {
    "anyOf": [
        obj(
            client=TEXT, client_name=TEXT, outcome=one_of("complete"), visit=NUMBER, began=TEXT, ended=TEXT,
            sites=TEXTS, hosts=TEXTS, requests=NUMBER, bytes=NUMBER, pages=MAP, answers=AUDIT_ANSWERS, left_out=MAP,
            opened_in_browser=NUMBER, not_opened=NUMBER,
            unread=each(obj(address=TEXT, kind=TEXT, reason=TEXT)), elsewhere=MAP, incomplete=TEXTS, gone=each(MAP),
            pictures=each(obj(
                picture=TEXT, answer=one_of("looks_like_stock", "licence_but", "unknown", "licence_covers"),
                before=may(TEXT), new=YES, mark=may(MAP), sha256=TEXT, width=NUMBER, height=NUMBER, pages=TEXTS,
                addresses=TEXTS, first_seen=TEXT, last_seen=TEXT, on_site_since=TEXT, licences=TEXTS,
                generated=may(TEXT), captures=each(CAPTURED), reasons=each(obj(rule=TEXT, en=TEXT, de=TEXT)),
            )),
        ),
        obj(client=TEXT, outcome=one_of("partial"), visit=NUMBER),
        obj(client=TEXT, outcome=one_of("not_weekly")),
        obj(
            client=TEXT, outcome=one_of("would_visit"), sites=TEXTS, hosts=TEXTS, pages=NUMBER, known_pages=NUMBER,
            unread=each(MAP),
        ),
    ],
}  # fmt: skip

REMEDY = obj(action=TEXT, arguments=MAP, command=TEXT)
BACKUP = _keys(
    backup=TEXT, made_at=TEXT, clients=TEXTS, holds=MAP, faults=TEXTS, left_out=TEXTS, key=may(TEXT), files=NUMBER,
    bytes=NUMBER,
)  # fmt: skip

SCHEMAS: Mapping[str, Schema] = {
    "account check": obj(
        account=TEXT, provider=TEXT, live=YES, outcome=one_of("ok", "failed"), broken=may(TEXT),
        steps=each(obj(step=TEXT, state=TEXT, message=TEXT)),
    ),
    "account close": obj(account=TEXT, outcome=TEXT, sweep=may(RUN_ACCOUNT), missing=TO_GET, on_request=TO_GET),
    "account first": obj(account=TEXT, lists=each(obj(
        listing=TEXT, by=may(TEXT),
        rows=each(obj(licence=TEXT, day=TEXT, asset_id=TEXT, title=may(TEXT), picture=may(TEXT))),
    ))),
    "account leaver": obj(
        user=TEXT, accounts=TEXTS, sweep=may(RUN), licences=ANY, coverage=MAP, missing=TO_GET, on_request=TO_GET,
        checklist=TEXTS, faults=MAP,
    ),
    "account list": obj(accounts=each(obj(**ACCOUNT))),
    "account show": obj(
        **ACCOUNT, settings=MAP, plan_until=may(TEXT), seats=may(NUMBER), people=may(NUMBER), rules=TEXTS,
        last_run=may(TEXT), last_complete=may(TEXT), outcome=may(OUTCOME), trouble=TEXT, next_full=may(TEXT),
    ),
    "assess": obj(
        verdict=one_of("covered", "open", "not_covered"),
        findings=each(obj(rule=TEXT, verdict=TEXT, message=TEXT, document=may(TEXT), page=may(NUMBER), source=TEXT)),
        licence=may(TEXT), licences=TEXTS,
    ),
    "audit list": obj(
        audits=each(obj(client=TEXT, sites=TEXTS, last_visit=TEXT, visits=NUMBER, answers=AUDIT_ANSWERS))
    ),
    "audit capture": CAPTURED,
    "audit enter": obj(client=TEXT, picture=TEXT, object=TEXT, outcome=one_of("entered", "known")),
    "audit mark": obj(
        client=TEXT, picture=TEXT, mark=TEXT, by=TEXT, reason=TEXT, at=TEXT, captures=each(CAPTURED)
    ),
    "audit report": AUDIT,
    "audit run": AUDIT,
    "capture": IMPORT,
    "claim add": obj(**CLAIM),
    "claim list": obj(claims=each(obj(**CLAIM, **CLOCKS))),
    "claim show": obj(**CLAIM, **CLOCKS),
    "client hand-over": obj(
        client=TEXT, out=TEXT, outcome=one_of("handed_over", "would_hand_over"), state=STATE, licences=NUMBER,
        files=NUMBER, bytes=NUMBER, key=TEXT, unproven=TEXTS, left_out=TEXTS,
    ),
    "client list": obj(clients=each(CLIENT)),
    "client show": CLIENT,
    "desk audit": obj(lines=each(obj(at=TEXT, who=may(TEXT), what=TEXT))),
    "desk link list": obj(links=each(obj(id=TEXT, client=TEXT, made_at=TEXT, made_by=TEXT, until=TEXT))),
    "desk session list": obj(sessions=each(obj(id=TEXT, who=TEXT, role=may(TEXT), began=TEXT, last_used=may(TEXT)))),
    "desk user list": obj(users=each(obj(name=TEXT, role=TEXT))),
    "doctor": obj(state=TEXT, checks=each(obj(check=TEXT, state=TEXT, message=TEXT, advice=TEXT, remedy=may(REMEDY)))),
    "erase": obj(
        licence=TEXT, client=TEXT, object=TEXT, outcome=TEXT, files=TEXTS, bytes=NUMBER, reason=may(TEXT),
        tombstone=may(TEXT), not_reached=TEXTS,
    ),
    "find": obj(licences=LICENCES),
    "hold": obj(client=TEXT, scope=TEXT, outcome=one_of("held", "released"), statement=TEXT, holds=each(MAP)),
    "import": IMPORT,
    "notify": obj(
        messages=each(obj(
            kind=TEXT, client=may(TEXT), about=TEXT, items=TEXTS, happened=TEXT, risk=TEXT, fix=TEXT, remedy=REMEDY,
            concerned=TEXTS,
        ))
    ),
    "providers": obj(providers=each(PROVIDER)),
    "providers show": PROVIDER,
    "report": obj(
        client=TEXT, client_name=TEXT, agency=TEXT, month=TEXT, time_zone=TEXT, evidence=YES, licensed=each(MAP),
        captured=each(MAP), coverage=each(MAP), gaps=MAP, open=TEXTS, checkpoint=may(MAP),
    ),
    "run": RUN,
    "show": {
        "anyOf": [
            obj(
                **ROW, asset=MAP, seat=may(TEXT), plan=may(TEXT), order=may(TEXT), client_hints=MAP,
                documents=each(obj(
                    name=TEXT, kind=TEXT, media_type=TEXT, bytes=NUMBER, sha512=TEXT, source=may(TEXT),
                    secured_since=may(TEXT),
                )),
                gaps=MAP, gap_details=MAP, terms=each(obj(id=TEXT, relation=TEXT)), assignments=each(MAP),
                history=each(MAP), hold=may(TEXT), qualified_times=each(MAP), stated=MAP,
            ),
            obj(licence=TEXT, client=TEXT, state=one_of("ERASED"), erased_at=TEXT, reason=TEXT, tombstone=MAP,
                history=each(MAP)),
        ],
    },
    "sign-in": {
        "anyOf": [
            obj(results=each(obj(account=TEXT, error=may(TEXT), message=TEXT, session_ends=may(TEXT), signed_in=YES))),
            obj(sign_ins=each(obj(account=TEXT, why=TEXT, command=TEXT, remedy=REMEDY, attended=YES))),
        ],
    },
    "fleet init": obj(outcome=one_of("created", "changed", "unchanged"), bucket=TEXT, night=TEXT),
    "fleet adopt": obj(
        clients=each(obj(client=TEXT, accounts=TEXTS, outcome=one_of("adopted", "would adopt"))),
    ),
    "fleet export": obj(client=TEXT, home=TEXT, state=STATE, lines=NUMBER, moved=YES),
    "fleet run": obj(accounts=TEXTS, queued=NUMBER, moved_up=NUMBER),
    "fleet drain": obj(workers=TEXTS),
    "fleet status": obj(
        clock_ahead_s=REAL, clock_wrong=YES,
        queue=obj(waiting=NUMBER, running=NUMBER, due=NUMBER),
        workers=each(obj(
            name=TEXT, host=TEXT, process=NUMBER, started_at=TEXT, seen_at=TEXT, visits=TEXTS, draining=YES,
            silent=YES, silent_s=REAL, clock_ahead_s=REAL, clock_wrong=YES,
        )),
        leases=each(obj(client=TEXT, epoch=NUMBER, holder=TEXT, ends_at=TEXT)),
        accounts=each(obj(
            account=TEXT, client=TEXT, outcome=may(OUTCOME), error=may(TEXT), message=may(TEXT), visited_at=may(TEXT),
            due_at=may(TEXT), seconds=may(REAL), worker=may(TEXT),
        )),
    ),
    "anchors": obj(anchors=ANCHORS),
    "home": obj(
        home=TEXT, reason=one_of("variable", "current", "remembered", "usual"), homes=each(obj(home=TEXT, exists=YES))
    ),
    "terms list": obj(terms=each(obj(provider=TEXT, page=TEXT, seen=TEXT, url=TEXT, changes=may(NUMBER)))),
    "terms diff": obj(changes=each(obj(
        provider=TEXT, page=TEXT, url=TEXT, before=obj(terms=TEXT, seen=TEXT), after=obj(terms=TEXT, seen=TEXT),
        passages=each(obj(heading=TEXT, minor=YES, pieces=each(obj(kind=TEXT, text=TEXT)))), rules=TEXTS, touched=MAP,
    ))),
    "backup make": obj(**BACKUP),
    "backup check": obj(**BACKUP, archiver=TEXT, listed=each(obj(path=TEXT, bytes=NUMBER))),
    "restore": obj(
        home=TEXT, fault=may(TEXT), made_at=may(TEXT), archiver=may(TEXT), files=NUMBER, bytes=NUMBER, key=may(TEXT),
        clients=each(obj(client=TEXT, state=STATE, lines=NUMBER, fault=may(TEXT))),
        newer=each(obj(message=TEXT, remedy=may(REMEDY))),
    ),
    "replica check": obj(
        state=one_of("equal", "differs"), replica=TEXT, deep=YES,
        clients=each(obj(
            client=TEXT, state=one_of("equal", "differs"), files=NUMBER, backlog=TEXT,
            findings=each(obj(code=TEXT, path=TEXT, message=TEXT)),
        )),
    ),
    "replica restore": obj(
        replica=TEXT,
        clients=each(obj(
            _keys(state=STATE, lines=NUMBER, checkpoint=NUMBER, files=NUMBER, recovered=NUMBER, passed_over=TEXTS,
                 checkpoints=each(NUMBER), error=TEXT),
            client=TEXT, outcome=TEXT,
        )),
        left_out=TEXTS,
    ),
    "settings": {
        "anyOf": [
            obj(
                file=TEXT, unknown=TEXTS,
                settings=each(obj(
                    key=TEXT, means=TEXT, type=TEXT, required=YES, default=may(TEXT), example=may(TEXT), value=ANY,
                )),
            ),
            obj(file=TEXT, dry_run=YES, change=obj(key=TEXT, before=ANY, after=ANY)),
        ],
    },
    "status": obj(
        _keys(
            replica=each(obj(client=TEXT, published=may(TEXT), waiting=NUMBER, since=may(TEXT), error=may(TEXT))),
            anchors=ANCHORS,
            readiness=obj(ready=YES, items=each(obj(
                name=TEXT, title=TEXT, state=one_of("ready", "unknown", "missing", "failing"), required=YES,
                message=TEXT, cost=TEXT, why=TEXT, names=TEXTS, since=may(TEXT), remedy=MAP,
            ))),
        ),
        accounts=each(obj(
            client=TEXT, account=TEXT, provider=TEXT, configured=YES, closed=YES, last_run=may(TEXT),
            last_complete=may(TEXT), outcome=may(OUTCOME), error=may(TEXT),
            coverage=obj(listed=may(NUMBER), archived=NUMBER, incomplete=NUMBER, previews=NUMBER), unexplained=NUMBER,
            differences=MAP, next_full=may(TEXT), trouble=TEXT,
        )),
    ),
    "unassigned": {
        "anyOf": [
            obj(licences=each(obj(
                licence=TEXT, account=may(TEXT), provider=TEXT, asset_id=may(TEXT), title=may(TEXT),
                licensed_at=may(TEXT), seat=may(TEXT), order=may(TEXT), client_hints=MAP, proposal=ANY,
                suggestions=each(MAP), rules=TEXTS,
            ))),
            obj(licences=each(obj(licence=TEXT, client=TEXT, reason=TEXT))),
        ],
    },
    "verify": obj(
        state=STATE, scope=TEXT,
        clients=each(obj(
            _keys(anchors=ANCHORED),
            client=TEXT, state=STATE, verdict=TEXT, trust=may(TEXT), scope=TEXT, licences=NUMBER, objects=NUMBER,
            checkpoint=may(NUMBER),
            secured_since=may(TEXT), evidence=may(YES), findings=each(obj(code=TEXT, path=TEXT, message=TEXT)),
            compared=TEXTS, changes=TEXTS,
        )),
    ),
}  # fmt: skip


def with_json(command: Command, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The names of all commands below this one, and its own, that have the option `--json`."""
    if any("--json" in each.opts for each in command.params):
        yield " ".join(path)
    if isinstance(command, TyperGroup):
        for name, each in command.commands.items():
            yield from with_json(each, (*path, name))


def schema_of(command: str, known: Collection[str]) -> dict[str, object]:
    """The JSON schema of a command's document; ConfigError for a command without `--json`, which is not `known`.

    A command that is not in `SCHEMAS` has a schema that says only what all documents have in common.
    """
    name = command.removeprefix("archiver ")
    if name not in known:
        raise ConfigError(
            f"There is no schema for {command!r}.{did_you_mean(name, known)}", remedy=Remedy("see schemas")
        )
    versioned = {"type": "object", "properties": {"version": {"const": JSON_VERSION}}, "required": ["version"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"archiver {name} --json",
        "allOf": [versioned, SCHEMAS.get(name, ANY)],
    }
