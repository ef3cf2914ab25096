"""The desk for others, over real TLS, by a certificate of a private authority."""

from __future__ import annotations

import re
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest
import trustme

from archiver.desk.auth import Users
from tests.support.desk_kit import PASSWORD, Person
from tests.support.homes import Home


@pytest.mark.long  # what is refused and what cookies say: test_attacks.py, test_sessions.py
def test_others_are_served_over_tls_by_name_with_cookies_that_never_go_in_clear(home: Home, tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    certificate, key, foreign = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "foreign.pem"
    for part, path in (
        (issued.cert_chain_pems[0], certificate),
        (issued.private_key_pem, key),
        (authority.issue_cert("localhost").private_key_pem, foreign),
    ):
        part.write_to_path(str(path))
    Users(home.root).add("Olaf Operator", "operate", PASSWORD)
    arguments: list[str | Path] = [
        "desk",
        "--port",
        "0",
        "--serve",
        "localhost",
        "--certificate",
        certificate,
        "--private-key",
    ]
    assert "do not work together" in home(*arguments, foreign, code=2).stderr
    process = subprocess.Popen(home.command(*arguments, key), stderr=subprocess.PIPE, text=True, env=home.env)
    try:
        assert process.stderr
        said = next(line for line in process.stderr if "https://" in line)
        found = re.search(r"https://localhost:(\d+)/ for named users", said)
        assert found, said
        base, trusting = f"https://localhost:{found[1]}", ssl.create_default_context()
        authority.configure_trust(trusting)
        with httpx.Client(base_url=base, verify=trusting, timeout=60) as http:
            olaf = Person(http)
            answer = olaf.get("/sign-in")
            assert answer.status_code == 200 and answer.headers["strict-transport-security"]
            for host in ("localhost", "127.0.0.1", f"evil.example:{found[1]}", f"127.0.0.1:{found[1]}"):
                assert olaf.get("/sign-in", host=host).status_code == 421, host
            who = {"name": "Olaf Operator", "password": PASSWORD}
            down = {"origin": base.replace("https", "http")}
            assert olaf.post("/sign-in", who, token="", headers=down).status_code == 403
            cookie = olaf.post("/sign-in", who, token="").headers["set-cookie"]
            assert cookie.startswith("__Host-desk=")
            assert {"httponly", "secure", "path=/", "samesite=strict"} <= set(cookie.lower().split("; "))
            assert "domain=" not in cookie.lower()
            assert f"{base}/link/acme." in olaf.post("/client/acme/link", {"days": "7"}).text
            assert olaf.post("/accounts/sign-in", {"account": "one"}).status_code == 403  # not here
            assert olaf.get("/enter/guess").status_code == 401
        for trust, scheme in ((ssl.create_default_context(), "https"), (trusting, "http")):
            try:
                httpx.get(f"{scheme}://localhost:{found[1]}/sign-in", verify=trust)
                raise AssertionError("answered without the certificate")
            except httpx.TransportError:
                pass
    finally:
        process.terminate()
        process.communicate(timeout=20)
