"""The API for other programs (`/api/v1`): is this licensed for this client? Tokens with scopes; an OpenAPI document.

An answer is JSON. What a command prints with `--json` has the same form here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from archiver import __version__
from archiver.agency.arrivals import Arrival, Proposal, import_arrivals
from archiver.catalogue import search
from archiver.catalogue.licence_list import MISSING, PROVEN, SORTS, LicenceList, ListFilter
from archiver.claims import claim_files
from archiver.core.errors import ArchiverError, ConfigError, machine_error
from archiver.desk.api_tokens import ApiToken, ApiTokens
from archiver.desk.app import API, MAX_UPLOAD_BYTES
from archiver.desk.desk_state import Desk
from archiver.desk.licence_pages import SANDBOX
from archiver.home.settings import HOUSE
from archiver.reading.worker import DocumentReader

MAX_ROWS = 200
BODY_TIMEOUT_S = 120
PATTERNS = {"date": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", "integer": "^[0-9]{1,6}$"}
NAME = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"}


@dataclass(frozen=True)
class ApiRequest:
    """One request of one token."""

    desk: Desk
    token: ApiToken
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = b""

    def client(self, slug: str) -> str:
        """A client that the token may see; HTTPException 404 for any other."""
        if slug not in self.desk.home.clients or self.token.client not in ("", slug):
            raise HTTPException(404, "There is no such client.")
        return slug

    def asked_client(self) -> str:
        """The client that the query names, or the token's only one; empty: all."""
        asked = self.query.get("client", "") or self.token.client
        return self.client(asked) if asked else ""

    def not_searched(self, *, found: bool) -> list[str]:
        """Of the clients that were asked about, those whose archives are damaged: licences of theirs may be missing.

        HTTPException 503 if nothing was found for one client and its archive is damaged, or the house archive, where
        its licences may lie: that is no answer.
        """
        faults, client = self.desk.faults(), self.asked_client()
        places = (client,) if self.token.client else (client, HOUSE) if client else tuple(faults)
        damaged = [slug for slug in places if slug in faults]
        if client and damaged and not found:
            raise HTTPException(503, faults[damaged[0]])
        return damaged


type Answer = Callable[[ApiRequest], Response]


@dataclass(frozen=True, kw_only=True)
class ApiEndpoint:
    """One address: what it answers, the scope that it needs, and its part of the OpenAPI document."""

    path: str
    answer: Answer
    scope: str
    summary: str
    parameters: tuple[dict[str, Any], ...] = ()
    post: bool = False
    body: str = ""  # the media type of its request body
    gives: Mapping[str, object] = field(default_factory=lambda: {"type": "object"})
    raw: bool = False  # it sends a file


def _in_query(name: str, description: str, **schema: object) -> dict[str, object]:
    kind = {"type": "string"} | schema
    return {"name": name, "in": "query", "description": description, "required": False, "schema": kind}


def _in_path(name: str, description: str) -> dict[str, object]:
    return {"name": name, "in": "path", "description": description, "required": True, "schema": {"type": "string"}}


def licences(asked: ApiRequest) -> Response:
    """A page of the list of licences."""
    limit = asked.query.get("limit", "50")
    named = {**asked.query, "client": asked.asked_client()}
    listed = LicenceList(
        asked.desk.home, ListFilter.of(lambda name: named.get(name, "")), asked.query.get("sort", "") or "newest"
    )
    page = listed.page(int(limit), after=asked.query.get("after") or None)
    not_searched = asked.not_searched(found=bool(page.rows))
    seats_too = [{key: value for key, value in row.items() if key != "seat"} for row in page.rows]
    found = {"licences": seats_too, "after": page.after, "total": listed.totals().count}
    return JSONResponse(found | {"not_searched": not_searched})


def licence(asked: ApiRequest) -> Response:
    """One licence, as `show --json` prints it."""
    return JSONResponse(search.show(asked.desk.home, _name(asked)))


def _name(asked: ApiRequest) -> str:
    """The short id in the address, if there is such a licence."""
    slug, folder = asked.client(asked.path["client"]), asked.path["folder"]
    if not asked.desk.home.archive(slug).is_dir():
        raise HTTPException(404, "There is no such licence.")
    with DocumentReader() as reader, search.catalogue_of(asked.desk.home, slug, reader) as (_, catalogue):
        if not catalogue.in_folders([folder]):
            raise HTTPException(404, "There is no such licence.")
    return f"{slug}/{folder}"


def document(asked: ApiRequest) -> Response:
    """The archived bytes of one document."""
    name = _name(asked)
    with DocumentReader() as reader, search.located(asked.desk.home, name, reader) as (_, archive, entry):
        filed = next((each for each in entry.file.documents if each.name == asked.path["name"]), None)
        if filed is None:
            raise HTTPException(404, "The licence has no such document.")
        content = archive.object(entry.object_id).read(filed.name)
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", filed.name)[-80:]
    headers = {"content-disposition": f'attachment; filename="{plain}"', "content-security-policy": SANDBOX}
    return Response(content, media_type="application/octet-stream", headers=headers)


def picture(asked: ApiRequest) -> Response:
    """The licences of a picture, best first: of the client's own archive, and unassigned ones of the house's."""
    if not asked.body:
        raise ConfigError("The request has no body. Send the picture's bytes as the body.")
    found = asked.desk.look_for(
        asked.body,
        asked.query.get("name", "picture")[:200],
        asked.asked_client() or None,
        alone=bool(asked.token.client),
    )
    rows = {row["licence"]: row for row in found.rows}
    matches = [
        {"match": match.word, "licences": [rows[name] for name in names if name in rows]}
        for match, names in found.matches
    ]
    by_name = [row for name, row in rows.items() if not any(name in names for _, names in found.matches)]
    if by_name:
        matches.append({"match": "name", "licences": by_name})
    found_any = [each for each in matches if each["licences"]]
    return JSONResponse({"matches": found_any, "not_searched": asked.not_searched(found=bool(found_any))})


def claims(asked: ApiRequest) -> Response:
    """The claims, as `claim list --json` prints them."""
    client = asked.asked_client()
    found = [each for each in claim_files.all_claims(asked.desk.home) if client in ("", each.client)]
    return JSONResponse({"claims": [each.as_json() for each in found]})


def upload(asked: ApiRequest) -> Response:
    """Archive a file about licences, as `archiver import` does."""
    client = asked.asked_client()
    if not client:
        raise ConfigError("Name the client whose archive gets the file, with ?client=.")
    if not asked.body:
        raise ConfigError("The request has no body. Send the file's bytes as the body.")
    name = asked.query.get("name", "")[:200] or "file"
    arrival = Arrival(name=name, content=asked.body, what="other", allowed=(Proposal.IMPORT,))
    dry_run = asked.query.get("dry_run", "") == "true"
    report = import_arrivals(
        asked.desk.home, asked.desk.vault, [arrival], client, by=f"API token {asked.token.name}", dry_run=dry_run
    )
    if not dry_run:
        asked.desk.access.audit.write(
            f"token {asked.token.name}", "imported", client, files=1, licences=len(report.licences)
        )
    return JSONResponse(report.as_json())


CLIENT = _in_query("client", "The client's short name. A token for one client needs none.", pattern=NAME["pattern"])
ONE = (_in_path("client", "The client's short name."), _in_path("folder", "The licence's folder."))
ROWS = {"type": "array", "items": {"$ref": "#/components/schemas/Licence"}}
NOT_SEARCHED = {
    "type": "array", "items": {"type": "string"},
    "description": "Clients whose archives are damaged: their licences may be missing here.",
}  # fmt: skip
ENDPOINTS = (
    ApiEndpoint(
        path="licences", answer=licences, scope="search", summary="List or search licences.",
        parameters=(
            _in_query("text", "Words or an id."), CLIENT, _in_query("provider", "The platform's name."),
            _in_query("kind", "The kind of licence."),
            _in_query("since", "Licensed on this day or later.", format="date"),
            _in_query("until", "Licensed on this day or earlier.", format="date"),
            _in_query("missing", "Which documents are missing.", enum=list(MISSING)),
            _in_query("state", "Whether a timestamp proves it.", enum=list(PROVEN)),
            _in_query("sort", "The order.", enum=list(SORTS)),
            _in_query("limit", "How many at once.", type="integer", minimum=1, maximum=MAX_ROWS),
            _in_query("after", "The `after` of the page before."),
        ),
        gives={"type": "object", "required": ["licences", "after", "total", "not_searched"], "properties": {
            "licences": ROWS, "after": {"type": ["string", "null"]}, "total": {"type": "integer"},
            "not_searched": NOT_SEARCHED}},
    ),
    ApiEndpoint(
        path="licences/{client}/{folder}", answer=licence, scope="search", summary="Everything about one licence.",
        parameters=ONE, gives={"$ref": "#/components/schemas/Licence"},
    ),
    ApiEndpoint(
        path="licences/{client}/{folder}/documents/{name}", answer=document, scope="documents", raw=True,
        summary="One archived document, byte for byte.", parameters=(*ONE, _in_path("name", "The document's name.")),
    ),
    ApiEndpoint(
        path="pictures", answer=picture, scope="search", post=True, body="application/octet-stream",
        summary="Is this picture licensed? Send its bytes. A match is a hint: a person compares both pictures.",
        parameters=(CLIENT, _in_query("name", "The picture's file name, which may name an asset.")),
        gives={"type": "object", "required": ["matches", "not_searched"], "properties": {
            "not_searched": NOT_SEARCHED, "matches": {"type": "array", "items": {
            "type": "object", "required": ["match", "licences"], "properties": {
                "match": {"enum": ["same", "probable", "possible", "name"]}, "licences": ROWS}}}}},
    ),
    ApiEndpoint(
        path="claims", answer=claims, scope="claims", summary="The claims and their deadlines.", parameters=(CLIENT,),
        gives={"type": "object", "required": ["claims"], "properties": {
            "claims": {"type": "array", "items": {"type": "object"}}}},
    ),
    ApiEndpoint(
        path="uploads", answer=upload, scope="upload", post=True, body="application/octet-stream",
        summary="Archive a certificate, an invoice, a list, a mail or a zip.",
        parameters=(
            CLIENT, _in_query("name", "The file's name, with its ending."),
            _in_query("dry_run", "`true`: only say what would be archived.", enum=["true", "false"]),
        ),
        gives={"type": "object", "required": ["files", "licences"], "properties": {
            "files": {"type": "array", "items": {"type": "object"}}, "licences": ROWS}},
    ),
)  # fmt: skip


def document_of_api() -> dict[str, object]:
    """The OpenAPI document."""
    paths: dict[str, object] = {}
    for each in ENDPOINTS:
        good: dict[str, object] = {"description": "The answer."}
        media = "application/octet-stream" if each.raw else "application/json"
        good["content"] = {media: {"schema": {"type": "string", "format": "binary"} if each.raw else dict(each.gives)}}
        refused = {str(status): {"$ref": "#/components/responses/Error"} for status in (400, 401, 403, 404, 413, 503)}
        operation: dict[str, object] = {
            "operationId": each.answer.__name__, "summary": each.summary, "parameters": list(each.parameters),
            "responses": {"200": good, **refused}, "security": [{"token": []}],
            "description": f"Needs a token with the scope `{each.scope}`.",
        }  # fmt: skip
        if each.body:
            content = {each.body: {"schema": {"type": "string", "format": "binary", "minLength": 1}}}
            operation["requestBody"] = {"required": True, "content": content}
        paths[f"{API}{each.path}"] = {"post" if each.post else "get": operation}
    error = {"type": "object", "required": ["error"], "properties": {"error": {
        "type": "object", "required": ["code", "message"],
        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}}}}}  # fmt: skip
    row = {"type": "object", "required": ["licence", "client"], "properties": {
        "licence": {"type": "string"}, "client": {"type": "string"}}}  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {"title": "archiver", "version": __version__, "description": "Search archived licences of pictures."},
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Licence": row},
            "responses": {"Error": {
                "description": "What happened and what to do.", "content": {"application/json": {"schema": error}}}},
        },
    }  # fmt: skip


def routes(desk: Desk) -> list[Route]:
    """The routes of the API. Each checks the token itself; cookies count for nothing here."""
    tokens = ApiTokens(desk.root)

    async def described(_: Request) -> Response:
        return JSONResponse(document_of_api())

    def endpoint_of(each: ApiEndpoint) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                token = await desk.workers.run(None, tokens.read, request.headers)
                if token is None:
                    raise HTTPException(401, "Send a valid token: Authorization: Bearer TOKEN.")
                if each.scope not in token.scopes:
                    raise HTTPException(403, f"The token has not the scope {each.scope}. Make one that has it.")
                body = await _body(request) if each.post else b""
                asked = ApiRequest(desk, token, request.path_params, dict(request.query_params), body)
                return await desk.workers.run(f"token {token.id}", _answered, each, asked)
            except HTTPException as error:
                return _error(error.status_code, error.detail)
            except (ArchiverError, OSError) as error:
                known = machine_error(error)
                return _error(400 if known.exit_code == ConfigError.exit_code else 503, str(known))

        return Route(f"{API}{each.path}", endpoint, methods=["POST"] if each.post else ["GET"])

    return [Route(f"{API}openapi.json", described), *map(endpoint_of, ENDPOINTS)]


def _check(each: ApiEndpoint, query: Mapping[str, str]) -> None:
    """ConfigError for a value in the query that the document does not allow."""
    for parameter in each.parameters:
        name, schema = parameter["name"], parameter["schema"]
        if parameter["in"] != "query" or name not in query:
            continue
        value = query[name]
        pattern = schema.get("pattern") or PATTERNS.get(schema.get("format") or schema["type"], "")
        valid = value in schema["enum"] if "enum" in schema else re.search(pattern, value, re.ASCII) is not None
        if valid and schema["type"] == "integer":
            valid = schema["minimum"] <= int(value) <= schema["maximum"]
        if not valid:
            raise ConfigError(f"{name}={value!r:.60} is not valid: {parameter['description']} Correct it.")


def _answered(each: ApiEndpoint, asked: ApiRequest) -> Response:
    _check(each, asked.query)
    if each.post:
        try:
            return each.answer(asked)
        finally:
            asked.desk.changed()
    with asked.desk.following():
        return each.answer(asked)


async def _body(request: Request) -> bytes:
    """The body of a request; HTTPException 408 if it is too slow, 413 if it is too long."""
    received = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for part in request.stream():
                received += part
                if len(received) > MAX_UPLOAD_BYTES:
                    raise HTTPException(413, f"At most {MAX_UPLOAD_BYTES >> 20} MB can be sent at once.")
    except TimeoutError:
        raise HTTPException(408, "The body took too long. Try again.") from None
    return bytes(received)


def _error(status: int, message: str) -> Response:
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse({"error": {"code": status, "message": message}}, status, headers=headers)
