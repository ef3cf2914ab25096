"""Secrets by value, by name and by shape."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.reading import secret_scan
from archiver.reading.documents import DocumentText
from archiver.reading.secret_scan import (
    GZIP,
    MASK,
    all_forms,
    contains,
    escaped,
    forms,
    is_packed,
    mask,
    mask_named,
    maskable,
    named_tokens,
    refusal,
    secret_header,
    stored_secrets,
)

SECRETS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=6, max_size=40)


@given(SECRETS, st.binary(max_size=5))
def test_a_secret_is_masked_in_every_form_it_takes(secret: str, before: bytes) -> None:
    raw = secret.encode()
    written = (raw, quote(secret, safe="").encode(), html.escape(secret).encode(), json.dumps(secret)[1:-1].encode())
    page = before + b" | ".join(written) + b" | " + base64.b64encode(before + raw + before)
    masked = mask(page, all_forms([secret]))
    assert not contains(masked.replace(MASK, b"\0"), [*written, base64.b64encode(raw)[:-4] or raw])


@pytest.mark.parametrize(
    "written",
    [
        "Kv7%2fQz%2b9x%26Lm%3d%27T r",  # .NET
        "Kv7%252FQz%252B9x%2526Lm%253D%2527T+r",  # an address within an address
        "Kv7%2FQz%2B9x%26Lm%3D'T%20r",  # JavaScript's encodeURIComponent
        "Kv7/Qz&#x2B;9x&amp;Lm=&#x27;T r",  # Razor
        "Kv7/Qz+9x&amp;amp;Lm=&amp;#039;T r",  # PHP, in a srcdoc
        r"Kv7/Qz\u002B9x\u0026Lm=\u0027T r",  # System.Text.Json
        r"Kv7\/Qz+9x\\u0026Lm\\u003d\\u0027T r",  # JSON in JSON
        r"Kv7/Qz+9x\x26Lm=\'T r",  # a script
    ],
)
def test_a_secret_is_masked_however_its_characters_are_escaped(written: str) -> None:
    secret_values = all_forms(["Kv7/Qz+9x&Lm='T r"])
    assert mask(f"a {written} b".encode(), secret_values) == b"a %b b" % MASK and contains(
        written.encode(), secret_values
    )


@pytest.mark.parametrize(
    "text",
    [
        '<meta name="csrf-token" content="{}">',
        "<meta content='{}' name='csrf-param-token'>",
        "<input type=hidden value={} name=authenticity_token>",
        '<input type="password" value="{}">',
        '{{"data": {{"accessToken": "{}"}}}}',
        '"{{\\"refresh_token\\":\\"{}\\"}}"',
        '<div data-props="{{&quot;csrf&quot;:&quot;{}&quot;}}">',
        "window.XSRF_TOKEN = '{}';",
        "https://a.example/?page=2&access_token={}&lang=en",
        "session_id={}",
        "next=%2Fx%3Fid_token%3D{}%26a%3D1",
        "Authorization: Bearer {}",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.{}",
    ],
)
def test_a_token_is_known_by_its_name_or_shape(text: str) -> None:
    token = "q1w2e3r4t5z6u7i8o9p0"
    masked = mask_named(text.format(token).encode())
    assert token.encode() not in masked and MASK in masked and mask_named(masked) == masked
    assert token in str(named_tokens(text.format(token).encode()))


@pytest.mark.parametrize("text", ["the password: ask Ada", '{"title": "csrf"}', "x=token.length", "licence=12345678"])
def test_what_only_talks_of_tokens_stays(text: str) -> None:
    assert mask_named(text.encode()) == text.encode()


@given(st.binary(max_size=300))
def test_any_bytes_can_be_masked_and_masking_twice_is_masking_once(content: bytes) -> None:
    assert mask_named(mask_named(content)) == mask_named(content)


def test_what_a_mask_would_break_is_told_by_its_type() -> None:
    for media_type in ("text/html; charset=utf-8", "application/json", "image/svg+xml", "application/ld+json"):
        assert maskable(media_type)
    for media_type in ("application/pdf", "image/png", "application/gzip", "font/woff2", ""):
        assert not maskable(media_type)
    assert secret_header("Set-Cookie") and secret_header("x-xsrf-token") and not secret_header("content-type")


def test_what_a_browser_stores_is_secret_by_its_name_by_its_form_and_inside_json() -> None:
    token = "0123456789abcdefXYZ"
    stored = {"auth": token, "csrf": "short", "session_day": "2026-11-25 10:00", "language": "en-GB"}
    assert stored_secrets(stored | {"user": f'{{"accessToken": "{token}2"}}'}) == {token, "short", f"{token}2"}


def test_each_form_of_a_secret_is_one_of_these() -> None:
    plain = {b"pa/\xc3\x9f+5", b"pa%2F%C3%9F%2B5", b"pa/\\u00df+5", b"pa\\/\xc3\x9f+5", b"pa\\/\\u00df+5"}
    assert plain <= forms("pa/ß+5")
    assert base64.b64encode(b"pa55w?rd!") in forms("pa55w?rd!")
    assert forms("short") == set() and forms("sixsix") and escaped("s+ort") is None and escaped("s+orty")
    for lead in range(3):  # wherever it stands in base64, and not one character more than it decides
        for after in (b"", b"a", b"zz"):
            encoded = base64.b64encode(b"x" * lead + b"pa55w?rd" + after)
            assert contains(encoded, sorted(forms("pa55w?rd"))), (lead, after)
            assert contains(encoded.translate(bytes.maketrans(b"+/", b"-_")), sorted(forms("pa55w?rd")))


def test_a_longer_secret_is_masked_before_one_that_it_holds() -> None:
    assert mask(b"a secret-longer b", all_forms(["secret", "secret-longer"])) == b"a %b b" % MASK
    assert mask(b"a secret!longer b", all_forms(["secret!", "secret!longer"])) == b"a %b b" % MASK


class Packed:
    """What a reader's process answers."""

    def __init__(self, unpacked: bytes = b"", text: str = "", fault: str | None = None) -> None:
        self.unpacked, self.text, self.fault = unpacked, text, fault

    def unpack(self, content: bytes, largest: int) -> tuple[bytes, str | None]:
        return self.unpacked, self.fault

    def read_all(self, content: bytes) -> DocumentText:
        return DocumentText(text=self.text, error=self.fault)


@pytest.mark.parametrize(
    ("content", "packed", "told"),
    [
        (GZIP + b"x", Packed(b"nothing"), None),
        (GZIP + b"x", Packed(b"the secret"), "it contains a secret"),
        (GZIP + b"secret", Packed(b"nothing"), "it contains a secret"),
        (GZIP + b"x", Packed(fault="broken"), "it could not be unpacked to be searched for secrets (broken)"),
        (GZIP + b"x", Packed(b"x" * (1 << 20)), None),
        (GZIP + b"x", Packed(b"x" * (1 << 20) + b"x"), "it holds more than 1 MB"),
        (b"%PDF-1.7", Packed(text="nothing"), None),
        (b"%PDF-1.7", Packed(text="a sec\nret"), "it contains a secret"),
        (b"%PDF-1.7 secret", Packed(text=""), "it contains a secret"),
        (b"%PDF-1.7", Packed(fault="locked"), "it could not be searched for secrets: locked"),
        (b"\x89PNG", Packed(b"secret", "secret", "never asked"), None),
        (b"\x89PNG secret", Packed(), "it contains a secret"),
    ],
)
def test_a_packed_file_is_refused_where_it_holds_a_secret_or_cannot_be_searched(
    content: bytes, packed: Packed, told: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert secret_scan.MAX_UNPACKED_BYTES == 256 << 20
    monkeypatch.setattr(secret_scan, "MAX_UNPACKED_BYTES", 1 << 20)
    found = refusal(content, all_forms(["secret"]), packed)
    assert found is None if told is None else found and found.startswith(told)
    assert is_packed(content) == (not content.startswith(b"\x89"))


def test_a_value_within_another_is_masked_once() -> None:
    inner = 'csrfToken="?access_token=q1w2e3r4t5z6u7i8"'
    assert mask_named(inner.encode()) == b'csrfToken="%b"' % MASK
    assert mask_named(b"?token=aaaa&token=bbbb") == b"?token=%b&token=%b" % (MASK, MASK)


def test_in_base64_a_secret_is_what_its_surroundings_do_not_change() -> None:
    secret = "pa55w?rd!"
    for lead in range(3):
        around = [base64.b64encode(before * lead + secret.encode() + after * 2)
                  for before in (b"\0", b"\xff") for after in (b"\0", b"\xff")]  # fmt: skip
        alike = [at for at, letters in enumerate(zip(*around, strict=True)) if len({*letters, ord("=")}) == 2]
        decided = around[0][alike[0] : alike[-1] + 1]
        assert decided in forms(secret) and decided[1:] not in forms(secret) and decided[:-1] not in forms(secret)


def test_a_letter_of_two_units_is_escaped_as_two() -> None:
    secret_values = all_forms(["pass\U0001f600word!"])
    for written in (r"pass\ud83d\ude00word!", r"pass\\uD83D\\uDE00word\\u0021", "pass%F0%9F%98%80word%21"):
        assert mask(f"a {written} b".encode(), secret_values) == b"a %b b" % MASK


def test_tokens_are_looked_for_up_to_a_length() -> None:
    token, named = "0123456789abcdefXYZ", '{"accessToken": "0123456789abcdefXYZ"}'
    for longer, found in ((0, {token}), (3, set())):
        assert stored_secrets({"user": " " * (100_000 - len(named) + longer) + named}) == found
    assert stored_secrets({"user": named[:-1].rjust(100_000)}) == {token}
    assert stored_secrets({"user": named[:-1].rjust(100_001)}) == set(), "its last quote is one too far"


@pytest.mark.parametrize(
    ("page", "masked"),
    [
        ('ab<input type="password" value="x1">cd', 'ab<input type="password" value="M">cd'),
        ("ab<input type=password value='x1'>cd", "ab<input type=password value='M'>cd"),
        ("ab<input type=password value=x1>cd", "ab<input type=password value=M>cd"),
        ('ab<input type="password" value="">cd', 'ab<input type="password" value="">cd'),
        ('ab<input type="text" value="x1">cd', 'ab<input type="text" value="x1">cd'),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.q1w2e3r4t5 b", "M b"),
        ("?token=a1 eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.q1w2e3r4t5", "?token=M M"),
    ],
)
def test_of_a_page_only_the_value_is_masked(page: str, masked: str) -> None:
    assert mask_named(page.encode()) == masked.replace("M", MASK.decode()).encode()


def test_a_secret_s_name_and_header() -> None:
    assert secret_scan.secret_name("user.password") and not secret_scan.secret_name("title")
    assert secret_scan.mask_text("a \ud800 secret!1 b", ["secret!1"]) == f"a \\ud800 {MASK.decode()} b"
