"""Write the SBOM (CycloneDX 1.6, JSON), the licences and the locked versions of what a full installation brings along.

The packages are those that pyproject.toml names, with the extras of users and what these need in turn; versions and
hashes are the locked ones. Nothing in the files depends on the time or the machine.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
OURS = ("dev", "docs")  # the extras that no user installs


def lock_entries() -> list[tuple[str, str, str]]:
    """Each locked package: its name, its version, and its whole entry, with marker and hashes."""
    text = (ROOT / ".ci" / "requirements.txt").read_text("utf-8")
    pattern = r"^(([a-z0-9._-]+)==(\S+)(?:.*\\\n)(?: +--hash=\S+ ?\\?\n?)+)"
    found = re.findall(pattern, text, re.MULTILINE)
    return [(canonicalize_name(name), version, entry) for entry, name, version in found]


def locked() -> dict[str, tuple[str, list[str]]]:
    """Package -> the locked version and its SHA-256 hashes."""
    return {name: (version, re.findall("sha256:([0-9a-f]{64})", entry)) for name, version, entry in lock_entries()}


def needed(project: Mapping[str, Any]) -> list[str]:
    """The names of all packages of a full installation on this system, in alphabetical order."""
    waiting = [Requirement(each) for each in project["dependencies"]]
    extras_of_users = (each for name, each in project["optional-dependencies"].items() if name not in OURS)
    waiting += [Requirement(each) for extra in extras_of_users for each in extra]
    seen: dict[str, set[str]] = {}
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = set(requirement.extras) | {""}
        if extras <= seen.get(name, set()):
            continue
        seen[name] = seen.get(name, set()) | extras
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # of another system
        for each in map(Requirement, requires):
            applies = (each.marker is None) or any(
                each.marker.evaluate({**default_environment(), "extra": extra}) for extra in extras
            )
            waiting += [each] if applies else []
    return sorted(seen)


IN_ITS_FILES = {"imapclient": "BSD-3-Clause"}  # its COPYING and README say so, its metadata do not


def licence_of(name: str) -> str:
    """The licence that a package states: an SPDX expression, or else its own words."""
    try:
        about = distribution(name).metadata
    except PackageNotFoundError:
        return "not installed here"
    classified = [
        each.rpartition(" :: ")[2] for each in about.get_all("Classifier", []) if each.startswith("License ::")
    ]
    stated = about.get("License-Expression") or (about.get("License") or "").split("\n")[0][:80]
    stated = stated or " or ".join(each for each in classified if each != "OSI Approved")
    return stated or IN_ITS_FILES.get(name.lower(), "not stated")


def components(names: list[str]) -> Iterator[Component]:
    versions = locked()
    for name in names:
        version, hashes = versions.get(name, ("", []))
        licence = licence_of(name)
        simple = re.fullmatch(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*", licence)
        yield Component(
            name=name,
            version=version or None,
            type=ComponentType.LIBRARY,
            bom_ref=f"pkg:pypi/{name}@{version}",
            purl=PackageURL("pypi", None, name, version),
            licenses=[LicenseExpression(licence) if simple else DisjunctiveLicense(name=licence)],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in sorted(hashes)[:1]],
        )


def main(out: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    version = re.findall('__version__ = "(.+)"', (ROOT / "archiver" / "__init__.py").read_text("utf-8"))[0]
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"{project['name']} {version}"))
    whole = Component(
        name=project["name"], version=version, type=ComponentType.APPLICATION, bom_ref=project["name"],
        licenses=[LicenseExpression(project["license"])],
    )  # fmt: skip
    bom.metadata.component = whole
    names = needed(project)
    entries = [entry for name, _, entry in lock_entries() if name in names]
    (out / "requirements.txt").write_text("".join(entries), "utf-8")
    found = list(components(names))
    bom.components.update(found)
    bom.register_dependency(whole, found)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    document["metadata"].pop("timestamp", None)
    (out / "sbom.cdx.json").write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", "utf-8")
    rows = [f"{each.name} {each.version}: {licence_of(each.name)}" for each in found]
    heading = (
        f"{project['name']} {version}: {project['license']}\n\nA full installation brings these packages along:\n\n"
    )
    (out / "licences.txt").write_text(heading + "\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
