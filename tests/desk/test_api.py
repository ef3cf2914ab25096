"""The API: a token reaches what its scopes and its client allow, and the OpenAPI document describes the answers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from archiver.desk.api_tokens import ApiTokens
from tests.support.claims_kit import jpeg
from tests.support.desk_kit import Served
from tests.support.pictures import scene

ALL = ("search", "documents", "claims", "upload")
CERTIFICATE = next(Path(__file__).parents[2].glob("recordings/freepik/two-pages/bodies/*certificate*.pdf"))


@pytest.fixture
def api(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{served.base}/api/v1", timeout=60) as http:
        yield http


def bearer(served: Served, *scopes: str, client: str = "") -> dict[str, str]:
    made = ApiTokens(served.agency.home.root).made("DAM", scopes or ALL, client, 1, "Ada Example")
    return {"authorization": f"Bearer {made}"}


def test_a_dam_asks_whether_a_picture_is_licensed_for_a_client(served: Served, api: httpx.Client) -> None:
    token = bearer(served)
    answer = api.post("/pictures?client=acme", content=jpeg(scene(22), 70), headers=token)
    best = answer.json()["matches"][0]
    assert best["match"] in ("same", "probable") and best["licences"][0]["licence"] == served.folders["harbour"]
    assert (
        served.folders["harbour"]
        not in api.post("/pictures?client=beta", content=jpeg(scene(22), 70), headers=token).text
    )
    one = api.get(f"/licences/{served.folders['harbour']}", headers=token).json()
    assert one == served.agency.run.json("show", served.folders["harbour"]) | {"hold": one["hold"]}
    listed = api.get("/licences?client=acme&limit=2", headers=token).json()
    more = api.get("/licences", params={"client": "acme", "limit": 2, "after": listed["after"]}, headers=token).json()
    assert len(listed["licences"]) == 2 and listed["total"] >= 5
    assert {each["licence"] for each in listed["licences"]}.isdisjoint(each["licence"] for each in more["licences"])
    document = api.get(f"/licences/{served.folders['harbour']}/documents/certificate.txt", headers=token)
    assert b"Licensee: Acme Ltd" in document.content and "attachment" in document.headers["content-disposition"]
    sent = {"client": "beta", "name": "certificate.pdf"}
    paper = CERTIFICATE.read_bytes()
    dry = api.post("/uploads", params=sent | {"dry_run": "true"}, content=paper, headers=token).json()
    assert [each["outcome"] for each in dry["files"]] == ["archived"]
    assert api.get("/licences?client=beta&provider=freepik", headers=token).json()["total"] == 0
    api.post("/uploads", params=sent, content=paper, headers=token)
    assert api.get("/licences?client=beta&provider=freepik", headers=token).json()["total"] == 1
    assert "claims" in api.get("/claims", headers=token).json()


def test_a_token_reaches_only_what_it_may(served: Served, api: httpx.Client) -> None:
    harbour, beta = served.folders["harbour"], served.folders["beta"]
    headers: tuple[dict[str, str], ...] = (
        {},
        {"authorization": "Bearer archiver_" + "x" * 43},
        {"authorization": "Basic eDp4"},
    )
    for header in headers:
        for path in ("/licences", f"/licences/{harbour}", "/claims"):
            assert api.get(path, headers=header).status_code == 401
    only = bearer(served, client="acme")
    assert api.get(f"/licences/{beta}", headers=only).status_code == 404
    assert api.get("/licences?client=beta", headers=only).status_code == 404
    assert {each["client"] for each in api.get("/licences", headers=only).json()["licences"]} == {"acme"}
    assert api.post("/uploads?client=beta", content=b"x", headers=only).status_code == 404
    assert beta not in api.post("/pictures", content=jpeg(scene(22)), headers=only).text
    paths = {
        "search": f"/licences/{harbour}", "documents": f"/licences/{harbour}/documents/record.json",
        "claims": "/claims",
    }  # fmt: skip
    for scope in paths:
        for needs, path in paths.items():
            assert api.get(path, headers=bearer(served, scope)).status_code == (200 if needs == scope else 403), path
    tokens, ended = ApiTokens(served.agency.home.root), bearer(served, "documents", "claims")
    assert api.get("/claims", headers=ended).status_code == 200
    tokens.end(next(each.id for each in tokens.all() if each.scopes == ("documents", "claims")))
    assert api.get("/claims", headers=ended).status_code == 401
    kept = (served.agency.home.root / "desk-tokens.json").read_text("utf-8")
    assert not any(part in kept for part in (ended["authorization"][7:], only["authorization"][7:]))


def test_wrong_questions_are_answered_in_words(served: Served, api: httpx.Client) -> None:
    token = bearer(served)
    for path, status in (
        ("/licences?limit=0", 400), ("/licences?limit=x", 400), ("/licences?since=soon", 400), ("/nothing", 404),
        ("/licences?sort=price", 400), ("/licences/acme/nothing", 404), ("/licences/nobody/x", 404),
        (f"/licences/{served.folders['harbour']}/documents/..%2f..%2finventory.json", 404),
    ):  # fmt: skip
        answer = api.get(path, headers=token)
        assert answer.status_code == status, path
        assert answer.json()["error"]["message"], path
    assert api.post("/pictures", headers=token, content=b"no picture").status_code == 400
    cookie = httpx.Cookies({"desk": "x"})
    assert httpx.get(f"{served.base}/api/v1/licences", cookies=cookie).status_code == 401


@pytest.mark.long
def test_the_answers_are_those_of_the_document(served: Served, tmp_path: Path) -> None:
    token = bearer(served)["authorization"]
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{served.base}/api/v1/openapi.json", "-H",
        f"Authorization: {token}", "--max-examples", "30", "--suppress-health-check", "all",
        "--request-timeout", "120",
        "--exclude-checks", "unsupported_method,positive_data_acceptance", "--phases", "examples,coverage,fuzzing",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
