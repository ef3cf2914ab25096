"""The wheel's build hook: what is `providers` in the source is `archiver_providers` once installed.

`providers` is too common a name for a package beside those of other people. The folder keeps it, since adapters are
developed there; the wheel has copies that import each other by the other name, and entry points that say so.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE, INSTALLED = "providers", "archiver_providers"


class RenamedProviders(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own parameter is of no use here
    """Adds the adapters to the wheel under their installed name."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write renamed copies of the adapters. An editable installation uses the folder as it is."""
        if version == "editable":
            return
        self.folder = Path(tempfile.mkdtemp())
        for path in sorted((Path(self.root) / SOURCE).glob("*")):
            if path.suffix in (".py", ".yaml"):
                text = re.sub(rf"(?m)^(from|import) {SOURCE}\b", rf"\1 {INSTALLED}", path.read_text("utf-8"))
                (self.folder / path.name).write_text(text, "utf-8")
                build_data["force_include"][str(self.folder / path.name)] = f"{INSTALLED}/{path.name}"
        points = self.metadata.core.entry_points["archiver.providers"]
        points.update({name: place.replace(f"{SOURCE}.", f"{INSTALLED}.", 1) for name, place in points.items()})

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002  # as declared
        """Remove the copies."""
        if version != "editable":
            shutil.rmtree(self.folder)
