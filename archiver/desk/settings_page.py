"""The settings of the whole desk that people change: the agency, who receives messages, who stamps the time.

The rest of archiver.yaml names files, commands and hosts of the machine, which is for its administrator.
"""

from __future__ import annotations

import re

from starlette.responses import Response

from archiver.agency.notification import send_test
from archiver.agency.setup_questions import ABOUT_AGENCY
from archiver.agency.setup_questions import set_agency as keep_agency
from archiver.core.errors import ConfigError
from archiver.core.yaml_source import Value
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role
from archiver.home.settings_edit import change_setting, change_settings, use_public_timestamps
from archiver.home.settings_models import Notify, check_destination
from archiver.home.shared_copy import copy_of

MAX_DAYS = 365
MIN_DAYS = {"deadline_days": 0, "missing_days": 1}


def show(visit: PageRequest) -> Response:
    """What is set, with a form for each part."""
    return _page(visit, visit.asked("done"))


def _page(visit: PageRequest, done: str = "", failed: list[str] | None = None) -> Response:
    return visit.page("settings.html", settings=visit.home.settings, shared=copy_of(visit.home.root) is not None,
                      done=done, failed=failed or [], least=MIN_DAYS, most=MAX_DAYS)  # fmt: skip


def _check_own(visit: PageRequest) -> None:
    if copy_of(visit.home.root):
        raise visit.refusal("settings_of_fleet")


def set_agency(visit: PageRequest) -> Response:
    """The agency's name, country and language, as packs and letters show them."""
    _check_own(visit)
    answers = {key: " ".join(visit.given(key).split()) for key in ABOUT_AGENCY}
    try:
        keep_agency(visit.home, answers)
    except ConfigError:
        raise visit.refusal("settings_no_country", country=answers["country"]) from None
    visit.log_action("settings changed", "agency")
    return visit.to("settings", done="settings_saved")


def set_messages(visit: PageRequest) -> Response:
    """Who receives messages, and how early."""
    _check_own(visit)
    channels, unset = visit.given("channels").split(), Notify()
    for each in channels:
        try:
            check_destination(each)
        except ValueError:
            raise visit.refusal("settings_no_destination", destination=each) from None
        if "://" not in each and not visit.home.settings.mail.host:
            raise visit.refusal("settings_no_mail", destination=each)
    fields: dict[str, Value] = {"channels": [*channels], "weekly": visit.given("weekly") == "1" or None}
    for name in MIN_DAYS:
        number = _days(visit, name)
        fields[name] = number if number != getattr(unset, name) else None
    change_settings(visit.home.root, "notify", fields, short="channels")
    visit.log_action("settings changed", "notify")
    return visit.to("settings", done="settings_saved")


def _days(visit: PageRequest, name: str) -> int:
    text = visit.given(name)
    if not (re.fullmatch(r"\d{1,3}", text, re.ASCII) and MIN_DAYS[name] <= int(text) <= MAX_DAYS):
        raise visit.refusal("settings_days", least=MIN_DAYS[name], most=MAX_DAYS)
    return int(text)


def try_messages(visit: PageRequest) -> Response:
    """Send a test message to everybody who is named."""
    failed = send_test(visit.home)
    visit.log_action("test message sent")
    return _page(visit, "" if failed else "settings_test_sent", failed)


def add_witness(visit: PageRequest) -> Response:
    """Have the newest checkpoint sent to a person outside, where there is no witness. Other kinds of witnesses name
    folders and commands of this machine, so its administrator writes them into archiver.yaml."""
    _check_own(visit)
    address = visit.given("email")
    if not re.fullmatch(r"[^\s@:/]+@[^\s@]+", address):
        raise visit.refusal("settings_no_address", address=address)
    if not visit.home.settings.mail.host:
        raise visit.refusal("settings_no_mail", destination=address)
    if not visit.home.settings.witnesses:
        change_setting(visit.home.root, "witnesses", [{"name": "mail", "email": address}])
        visit.log_action("settings changed", "witnesses")
    return visit.to("settings", done="settings_saved")


def use_timestamps(visit: PageRequest) -> Response:
    """Have public authorities stamp the time, where none is named."""
    _check_own(visit)
    if not visit.home.settings.timestamps and not visit.home.settings.replay:
        use_public_timestamps(visit.home.root)
        visit.log_action("settings changed", "timestamps")
    return visit.to("settings", done="settings_saved")


ROUTES = [
    PageRoute("/settings", show, Role.ADMIN),
    PageRoute("/settings/agency", set_agency, Role.ADMIN, post=True, confirms=True),
    PageRoute("/settings/messages", set_messages, Role.ADMIN, post=True, confirms=True),
    PageRoute("/settings/test", try_messages, Role.ADMIN, post=True),
    PageRoute("/settings/witness", add_witness, Role.ADMIN, post=True, confirms=True),
    PageRoute("/settings/timestamps", use_timestamps, Role.ADMIN, post=True, confirms=True),
]
