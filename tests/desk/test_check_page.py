"""The desk serves the page that checks packs, with that page's own policy."""

from __future__ import annotations

from collections.abc import Callable

from archiver.archive.check_page import check_page, policy
from tests.support.desk_kit import Person

type Sign = Callable[..., Person]


def test_the_desk_serves_the_page_that_lies_in_every_pack(person: Sign) -> None:
    answer = person("Rita Reader").get("/check")
    assert answer.status_code == 200 and answer.content == check_page()
    assert answer.headers["content-security-policy"].startswith(policy())
    assert person().get("/check").content != check_page(), "for those who signed in"
