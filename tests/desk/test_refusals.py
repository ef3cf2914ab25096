"""What is refused has the desk's own face, in the visitor's language, and tells a stranger nothing of the home."""

from __future__ import annotations

import pytest

from archiver.desk.app import MAX_UPLOAD_BYTES
from archiver.desk.workers import TooManyWaiting
from tests.support.desk_in_process import desk_on
from tests.support.homes import Home

HTML = "text/html; charset=utf-8"


def test_refusals_have_the_desks_face_and_are_the_same_for_what_exists_and_what_does_not(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home("client", "add", "acme", "--name", "Acme Ltd")
    with desk_on(home, monkeypatch) as desk:
        stranger, owner = desk.stranger(), desk.person()
        pages = {}
        for who, person in (("stranger", stranger), ("owner", owner)):
            for path, status in (("/no-such-page", 404), ("/accounts/run", 405), ("/static/none.css", 404)):
                for language, words in (("en", "Go back"), ("de", "Gehen Sie zurück")):
                    answer = person.get(path, **{"accept-language": language})
                    assert (answer.status_code, answer.headers["content-type"]) == (status, HTML), (who, path)
                    assert words in answer.text and "/static/desk.css" in answer.text
                    pages[who, path, language] = answer.text
        assert pages["stranger", "/no-such-page", "de"] == pages["stranger", "/static/none.css", "de"]
        for path in ("/client/acme", "/client/none", "/account/one", "/"):
            assert stranger.get(path).status_code == 401
        for path in ("/client/acme/name", "/client/none/name", "/account/none/close"):
            answer = stranger.post(path, token="x")
            assert answer.status_code == 403 and "not signed in any more" in answer.text
        large = {"content-length": str(MAX_UPLOAD_BYTES + 1)}
        assert owner.post("/arrivals", headers=large).status_code == 413
        assert "zu groß" in stranger.post("/sign-in", token="", headers=large | {"accept-language": "de"}).text
        elsewhere = owner.post("/accounts/run", headers={"origin": "https://evil.example", "accept-language": "de"})
        assert elsewhere.status_code == 403 and "nicht von einer Seite" in elsewhere.text

        base, page = str(owner.http.base_url).rstrip("/"), 'href="/accounts/new?client=acme" data-back'
        assert page in owner.get("/no-such-page", referer=f"{base}/accounts/new?client=acme").text
        for other in ("https://evil.example/x", f"{base}//evil.example", f"{base}/\\evil.example"):
            assert "data-back" not in owner.get("/no-such-page", referer=other).text

        async def crowded(*_: object, **__: object) -> None:
            raise TooManyWaiting

        monkeypatch.setattr(desk.desk.workers, "run", crowded)
        answer = stranger.get("/", **{"accept-language": "de"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "im Moment nicht" in answer.text and "/static/desk.css" in answer.text
