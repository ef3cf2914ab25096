"""What a person can do about a state: each action of `remedies.yaml` can be printed and shown."""

from __future__ import annotations

import shlex

import pytest

from archiver.core.remedy import Remedy


def test_a_remedy_is_a_command_that_a_shell_reads_and_an_address_of_the_desk() -> None:
    remedy = Remedy("rotate", {"account": "acme's $HOME"})
    assert shlex.split(remedy.command) == ["archiver", "account", "rotate", "acme's $HOME"]
    assert remedy.place == "/accounts/secret?account=acme%27s%20%24HOME"
    assert remedy.button("de") == "Neues Geheimnis eingeben"


@pytest.mark.parametrize(("action", "arguments"), [("rotat", {"account": "a"}), ("rotate", {})])
def test_a_remedy_that_nobody_could_follow_cannot_be_made(action: str, arguments: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"no action|lacks account"):
        Remedy(action, arguments)
