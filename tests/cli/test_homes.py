"""Where a home is: it is remembered, told where there are several, and no folder with other files becomes one."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.support.homes import Home, clean_environment


@pytest.fixture
def person(tmp_path: Path) -> Home:
    """The program as a person uses it who names no home."""
    env = clean_environment(tmp_path) | {"XDG_DATA_HOME": str(tmp_path / "data")}
    del env["ARCHIVER_HOME"]
    return Home(tmp_path / "home", env)


def test_the_commands_after_init_find_the_home_from_any_folder(person: Home) -> None:
    assert "find it from any folder" in person("init", person.root).stderr
    person("client", "add", "acme", "--name", "Acme Ltd")
    [row] = person.json("client", "list")
    assert row["client"] == "acme" and (person.root / "clients/acme.yaml").exists()
    assert "Home:" not in person("status").stderr  # nothing was chosen


def test_a_second_home_takes_nobodys_place_and_the_choice_is_told(person: Home) -> None:
    second = person.root.with_name("second")
    person("init", person.root)
    person("init", person.root.with_name("recordings"), "--replay")
    assert person.json("home")["homes"] == [{"home": str(person.root), "exists": True}]
    said = person("init", second).stderr
    assert f"go on using {person.root}" in said and f"--home {shlex.quote(str(second))}" in said
    done = person("client", "list", "--json")
    assert done.stderr.count(f"Home: {person.root}. You also have {second}") == 1 and "Home:" not in done.stdout
    assert not person("client", "list", "--home", second).stderr.startswith("Home:")
    assert not person("client", "list", "--quiet").stderr
    person("home", second)
    assert person.json("home")["home"] == str(second)


def test_a_home_that_is_gone_is_named_and_found_again(person: Home) -> None:
    person("init", person.root)
    moved = person.root.rename(person.root.with_name("moved"))
    said = person("status", code=2).stderr
    assert f"Your home {person.root} does not exist any more" in said and "archiver home FOLDER" in said
    assert not person.root.exists() and "has no archiver.yaml" in person("home", moved.parent, code=2).stderr
    person("home", moved)
    assert str(person.root) not in person("home").stdout
    person("status")


def test_no_folder_of_other_files_becomes_a_home_unless_a_person_agrees(person: Home) -> None:
    full = person.root.with_name("full")
    full.mkdir()
    (full / "photo.jpg").touch()
    for refused in (person("init", full, code=2), person("setup", "--home", full, code=2)):
        assert 'holds "photo.jpg"' in refused.stderr and [each.name for each in full.iterdir()] == ["photo.jpg"]
    person("init", full, "--yes")
    assert (full / "archiver.yaml").exists()


def test_a_killed_inits_folder_is_made_a_home_unasked(person: Home) -> None:
    person("init", person.root)
    for each in ("archiver.yaml", "vault.enc"):
        (person.root / each).unlink()
    person("init", person.root)


def test_a_folder_for_the_memory_that_cannot_be_written_stops_nothing(person: Home) -> None:
    Path(person.env["XDG_CONFIG_HOME"]).write_text("a file in its place")
    assert "name this home with --home" in person("init", person.root).stderr
    person("status", "--home", person.root)
