"""The settings of the whole desk: saved as a person would write them, refused in words, and tried out."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import pytest

from archiver.home.settings import Home as Loaded
from archiver.home.shared_copy import kept_as_copy
from tests.support.desk_in_process import desk_on
from tests.support.homes import Home
from tests.support.site import Site

WRITTEN = """\
# ours
agency: {name: Old Name}   # as in the register
notify:
  # the team
  - https://hook.example.com/a   # the chat
run: {deadline: 2h}
"""


def test_settings_are_saved_and_what_a_person_wrote_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home.root / "archiver.yaml"
    path.write_text(WRITTEN)
    with desk_on(home, monkeypatch) as desk:
        owner = desk.person()
        assert 'href="/settings#timestamps"' in owner.get("/setup").text
        assert owner.post("/settings/timestamps").status_code == 303
        given = {"name": " Agency  GmbH ", "country": "de", "language": "de"}
        assert owner.post("/settings/agency", given).headers["location"] == "/settings?done=settings_saved"
        days = {"missing_days": "7", "deadline_days": "5"}
        more = days | {"channels": "https://hook.example.com/a\nntfy://example"}
        assert owner.post("/settings/messages", more).status_code == 303
        text, settings = path.read_text(), Loaded.load(home.root).settings
        assert all(each in text for each in ("# ours", "# as in the register", "# the team", "# the chat", "2h"))
        assert (settings.agency.name, settings.agency.country) == ("Agency GmbH", "DE")
        assert settings.notify.channels == ("https://hook.example.com/a", "ntfy://example")
        assert [each.name for each in settings.timestamps] == ["digicert", "sectigo"]

        path.write_text(text[: text.index("notify:")] + "notify: [ntfy://example] # short\nrun: {deadline: 2h}\n")
        later = {"channels": "", "weekly": "1", "missing_days": "30", "deadline_days": "0"}
        assert owner.post("/settings/messages", later).status_code == 303
        assert owner.post("/settings/messages", later | {"deadline_days": "5", "missing_days": "7"}).status_code == 303
        notify = Loaded.load(home.root).settings.notify
        assert (notify.channels, notify.weekly, notify.missing_days, notify.deadline_days) == ((), True, 7, 5)
        assert "missing_days" not in path.read_text() and "# short" in path.read_text()


def test_what_no_setting_can_be_is_refused_and_nothing_changes(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk_on(home, monkeypatch) as desk:
        owner, before = desk.person(), (home.root / "archiver.yaml").read_bytes()
        days = {"missing_days": "7", "deadline_days": "5", "channels": ""}
        for place, given, why in (
            ("agency", {"name": "A", "country": "Germany", "language": "de"}, "two letters"),
            ("messages", days | {"channels": "somebody"}, "neither a mail address"),
            ("messages", days | {"channels": "ada@example.com"}, "no mail server"),
            ("messages", days | {"missing_days": "0"}, "from 1 to 365"),
            ("messages", days | {"deadline_days": "٣"}, "from 0 to 365"),
        ):
            answer = owner.post(f"/settings/{place}", given)
            assert answer.status_code == 409 and why in answer.text, given
        assert (home.root / "archiver.yaml").read_bytes() == before


def test_a_test_message_goes_to_everybody_and_a_failure_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with Site() as site, desk_on(home, monkeypatch) as desk:
        owner = desk.person()
        given = {"channels": f"{site.url}/hook", "missing_days": "7", "deadline_days": "5"}
        assert owner.post("/settings/messages", given).status_code == 303
        assert "A test message was sent" in owner.post("/settings/test").text
        assert [each["subject"] for each in site.hooks] == ["archiver: messages come here"]
        owner.post("/settings/messages", given | {"channels": "http://127.0.0.1:9/hook"})
        page = owner.post("/settings/test?lang=de").text
        assert "Die Nachricht an http://127.0.0.1:9/hook" in page and "gesendet. Prüfen" not in page


class Elsewhere:
    """The copy of a home that is kept elsewhere, whose settings nobody changes here."""

    def pull(self) -> None: ...

    def push(self) -> None: ...

    def losses(self) -> int:
        return 0

    def holding(self, client: str) -> AbstractContextManager[None]:
        return nullcontext()


def test_the_settings_of_a_fleet_are_shown_and_stay(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with kept_as_copy(home.root, Elsewhere()), desk_on(home, monkeypatch) as desk:
        owner, before = desk.person(), (home.root / "archiver.yaml").read_bytes()
        assert "archiver fleet init" in owner.get("/settings").text
        answer = owner.post("/settings/agency", {"name": "Other", "country": "DE", "language": "de"})
        assert answer.status_code == 409 and "archiver fleet init" in answer.text
        assert (home.root / "archiver.yaml").read_bytes() == before
