"""YAML is read strictly, and every error says where."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from archiver.core.errors import ConfigError
from archiver.core.yaml_source import load, validate

FILE = Path("a.yaml")


def test_only_unmistakable_scalars_are_anything_but_text() -> None:
    text = """
    text: [on, yes, 0123, 0x1f, 12:30:45, 2026-11-24, 2026-11-24T02:00:00Z, 1e3, 1_000, .inf, "true", '7', !!str 7]
    other: [null, ~, true, False, 0, -12, 1.5]
    on: 1
    """
    assert load(FILE, text).value == {
        "text": ["on", "yes", "0123", "0x1f", "12:30:45", "2026-11-24", "2026-11-24T02:00:00Z", "1e3", "1_000",
                 ".inf", "true", "7", "7"],
        "other": [None, None, True, False, 0, -12, 1.5],
        "on": 1,
    }  # fmt: skip


def test_where_names_the_key_or_its_nearest_parent() -> None:
    marked = load(FILE, "a:\n  - b: 1\n    c: 2\n")
    assert marked.where(("a", 0, "c")) == "a.yaml:3:5"
    assert marked.where(("a", 0, "missing", "deeper")) == "a.yaml:2:5"
    assert marked.where() == "a.yaml:1:1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", "a.yaml:3:1 a: this key occurs twice"),
        ("a:\n  b: [1\nc: 2\n", "a.yaml:3:"),
        ("a: &x [1]\nb: *x\n", "aliases"),
        ("a: &x [*x]\n", "aliases"),
        ("a: !!python/name:os.system x\n", "a.yaml:1:4 the tag"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1"),
        ("? [1]\n: 2\n", "a.yaml:1:3 a key must be"),
        ("b: 1\na: \x00\n", "a.yaml:2:4 is a control character"),
        ("[" * 100_000 + "]" * 100_000, "a.yaml:1:"),
        ("[" * 990 + "]" * 990, "a.yaml:1:1 is nested too deeply"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(FILE, text)
    assert words in str(error.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"b: 1\na: \xe4\n")
    with pytest.raises(ConfigError, match=r"latin\.yaml:2:4 is not UTF-8"):
        load(tmp_path / "latin.yaml")
    (tmp_path / "empty.yaml").write_bytes(b"\xef\xbb\xbf# nothing yet\n")
    assert load(tmp_path / "empty.yaml").value == {}


class Server(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    host: str
    port: int = 25


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    servers: tuple[Server, ...]


def test_a_model_is_checked_strictly_and_all_faults_are_told_at_once() -> None:
    good = validate(load(FILE, "servers: [{host: a, port: 7}]"), Settings)
    assert good.servers == (Server(host="a", port=7),)
    with pytest.raises(ConfigError) as error:
        validate(load(FILE, "servers:\n  - port: '7'\n    hots: a\n"), Settings)
    assert str(error.value).splitlines() == [
        "a.yaml:2:5 servers.0.host: is missing",
        "a.yaml:2:5 servers.0.port: must be a whole number",
        "a.yaml:3:5 servers.0.hots: is not a known key. Did you mean 'host'?",
    ]
    with pytest.raises(ConfigError, match=r"a.yaml:2:1 colour: is not a known key\. Remove it"):
        validate(load(FILE, "servers: []\ncolour: red\n"), Settings)
    with pytest.raises(ConfigError, match="And 30 more"):
        validate(load(FILE, f"servers: [{', '.join(['7'] * 50)}]"), Settings)
    with pytest.raises(ConfigError, match="must be a whole number"):
        validate(load(FILE, f"servers: [{{host: a, port: {'9' * 5000}}}]"), Settings)
