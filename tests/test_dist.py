"""What is published: the wheel, its bytes, its names, the SBOM, and the files that run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
WITHOUT_THE_SOURCE = "import sys; sys.path[:0] = [{wheel!r}]; sys.path.append({packages!r}); "


def build(out: Path) -> Path:
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1767225600", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    [wheel] = out.glob("*.whl")
    return wheel


def test_the_wheel_holds_no_name_of_others_and_runs_without_the_source(tmp_path: Path) -> None:
    with zipfile.ZipFile(build(tmp_path / "dist")) as wheel:
        names = {name.split("/")[0] for name in wheel.namelist()}
        assert {name for name in names if not name.endswith(".dist-info")} == {"archiver", "archiver_providers"}
        assert not [name for name in wheel.namelist() if "__pycache__" in name or name.endswith(".pyc")]
        wheel.extractall(tmp_path / "installed")
    packages = str(Path(yaml.__file__).parents[1])
    code = WITHOUT_THE_SOURCE.format(wheel=str(tmp_path / "installed"), packages=packages) + (
        "from archiver.provider import installed, load; import archiver.cli; "
        "print(*(load(name).__module__ for name in installed())); print('providers' in sys.modules)"
    )
    command = [sys.executable, "-S", "-P", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    modules, clash = done.stdout.splitlines()
    ours = re.findall(r"^(\w+) = \"providers\.", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert set(modules.split()) >= {f"archiver_providers.{name}" for name in ours} and ours
    assert clash == "False"


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("git"), reason="git, which has the commit's date, is not installed")
def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    """In another folder, too, whose files are newer."""
    tool = [ROOT / ".ci" / "dist"]
    subprocess.run([*tool, tmp_path / "one"], check=True, capture_output=True)
    wheel = next((tmp_path / "one").glob("*.whl"))
    copy = tmp_path / "copy"
    left_out = {str(ROOT): {".venv", ".git", "dist"}}
    shutil.copytree(ROOT, copy, ignore=lambda folder, _: left_out.get(folder, set()) | {"__pycache__"})
    (copy / ".venv").symlink_to(ROOT / ".venv")
    epoch = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    env = os.environ | {"SOURCE_DATE_EPOCH": epoch.stdout.strip() or "1767225600"}
    subprocess.run([copy / ".ci" / "dist", tmp_path / "two"], check=True, capture_output=True, env=env)
    assert (tmp_path / "two" / wheel.name).read_bytes() == wheel.read_bytes()
    assert (tmp_path / "two" / "SHA256SUMS").read_text() == (tmp_path / "one" / "SHA256SUMS").read_text()
    bom = json.loads((tmp_path / "one" / "sbom.cdx.json").read_text())
    assert bom["bomFormat"] == "CycloneDX" and len(bom["components"]) > 40
    assert all(each["version"] and each["licenses"] for each in bom["components"])
    names = {each["name"] for each in bom["components"]}
    assert {"boto3", "psycopg", "pyhanko", "python-pkcs11", "onnxruntime", "watchfiles"} <= names, "an extra is missing"
    installs = re.findall(r"^(\S+)==", (tmp_path / "one" / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    assert set(installs) == names and "pytest" not in names
    listed = (tmp_path / "one" / "licences.txt").read_text()
    assert not re.search(r"\bA?GPL|not stated|not installed", listed), listed


def test_the_container_copies_what_there_is_and_the_services_run_commands_that_there_are() -> None:
    from archiver.cli.commands import program

    text = (DEPLOY / "Containerfile").read_text("utf-8")
    for source in re.findall(r"^COPY (\S+)", text, re.MULTILINE):
        assert source.startswith("dist/") or (ROOT / source).exists(), source
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    options = {name for each in program.commands["desk"].params for name in each.opts}
    unit = (DEPLOY / "archiver-desk.service").read_text("utf-8")
    for words in (
        services["services"]["desk"]["command"],
        re.findall(r"^ExecStart=\S+ (.*)", unit, re.MULTILINE)[0].split(),
    ):
        assert words[0] == "desk" and {word for word in words if word.startswith("--")} <= options | {"--no-open"}
    used = {name for each in services["services"].values() for name in each["secrets"]}
    assert used == set(services["secrets"])
    checked = subprocess.run(["sh", "-n", DEPLOY / "nightly"], check=False)
    assert checked.returncode == 0


def test_the_nightly_loop_runs_at_its_time(tmp_path: Path) -> None:
    """With programs of the test in place of `sleep` and `archiver`: it waits less than a day, then runs."""
    log = tmp_path / "log"
    for name, script in {
        "sleep": f'echo "sleep $1" >> {log}',
        "archiver": f'echo "archiver $*" >> {log}; kill $PPID',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    env = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "NIGHT": "03:00", "LOOK": "02:59"}
    subprocess.run(["sh", DEPLOY / "nightly"], env=env, check=False, timeout=20)
    waited, ran = log.read_text().splitlines()[:2]
    assert 0 < int(waited.split()[1]) <= 86400 and ran in ("archiver run", "archiver notify")
