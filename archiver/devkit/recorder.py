"""Record a real account's session to test an adapter.

It records a whole run through the same guard into a temporary home. So the recording holds all requests of a run, and
the adapter's own reading shows which names and numbers in it are personal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archiver.agency.night import run
from archiver.collect.account_session import AccountAccess
from archiver.collect.automation import accepted
from archiver.collect.run_context import RunRequest
from archiver.collect.run_tools import open_tools
from archiver.core.atomic_files import replace_file, scratch_folder
from archiver.core.errors import ConfigError
from archiver.core.progress import Progress
from archiver.devkit.recording_publisher import CapturedRecording, publish
from archiver.devkit.throwaway_home import bring_back, personal_of, throw_away
from archiver.devkit.traffic_recorder import TrafficRecorder, write_recording
from archiver.home.settings import Account, Home
from archiver.home.vault import Vault

SAMPLE = 25  # licences of each list whose documents are recorded; the rows of all licences are recorded


@dataclass(frozen=True, kw_only=True)
class RecordingRequest:
    """What to record: a run of `account`, as `out`/PROVIDER/`scenario`. `replay` is a recording to run it against.

    `fresh`: without the saved session, so that the sign-in is recorded, too.
    """

    account: str
    scenario: str
    out: Path
    replay: Path | None = None
    fresh: bool = False


async def capture(home: Home, vault: Vault, request: RecordingRequest, progress: Progress) -> CapturedRecording:
    """Run an account in a temporary home, and write the scrubbed recording.

    A failed run is recorded too, because a maintainer needs it. SecretLeft, with nothing written, if the scrubbed
    recording still contains a secret; ConfigError for a fresh sign-in where only a person signs in; NotAccepted and
    SignInNeeded as for any run.
    """
    account, replay = home.account(request.account), request.replay
    target = _new_place(request.out / account.provider, request.scenario)
    access = _access(home, vault, account, replay)
    info, played, secrets = access.provider.info, access.recording, access.secrets
    if request.fresh and not access.method.secrets:
        raise ConfigError(
            f"{account.name} has no stored secrets, so its sign-in cannot be recorded. Leave out --fresh-sign-in, or "
            "change the account's method."
        )
    saved = vault.session(account.name) or (played.saved_session if played else None)
    state = None if request.fresh else saved
    began = (played.now if played else None) or datetime.now(UTC)
    tape = TrafficRecorder()
    with scratch_folder("capture") as folder:
        there, kept = throw_away(home, account, folder / "home", secrets, state, info)
        order = RunRequest(accounts=[account.name], replay=replay, sample=SAMPLE)
        async with open_tools(home, replay=bool(replay), hear=tape) as shared:
            summary = await run(there, kept, order, progress=progress, shared=shared)
        [result] = summary.accounts
        bring_back(vault, kept, account.name)
        _keep_trouble_pages(there, home)
        if not tape.heard:
            raise ConfigError(
                f"Nothing was recorded, because there was no answer: {result.message or 'reason unknown'}"
            )
        about = {
            "format": 1,
            "provider": account.provider,
            "scenario": request.scenario,
            "method": access.method.name,
            "origin": "captured",
            "sources": [f"{'a replay' if replay else 'a live account'}, recorded {datetime.now(UTC):%Y-%m-%d}"],
            "secrets": dict(secrets),
            "username": account.username,
            "settings": dict(account.settings),
            "now": f"{began.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "session": state,
            "known": list(dict.fromkeys(result.passed_over)),
        }
        raw = folder / "raw"
        write_recording(raw, tape, info.rules, about)
        known = personal_of(home, vault) | tape.secrets() | {value: each for each, value in secrets.items()}
        return await publish(raw, target, there, result, known)


def _access(home: Home, vault: Vault, account: Account, replay: Path | None) -> AccountAccess:
    """What the account's sign-in needs, as in a run."""
    home.check_replay(replay)
    access = AccountAccess.of(account, replay)
    accepted(home, account, access.provider.info)
    return access.with_stored(vault)


def _new_place(folder: Path, scenario: str) -> Path:
    """Where a recording of this name goes; ConfigError if the name is not valid, or is taken."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", scenario):
        raise ConfigError(f"{scenario!r} is not a valid scenario name. Use at most 40 of a-z, 0-9 and -: two-pages.")
    if (target := folder / scenario).exists():
        raise ConfigError(f"{target} exists. Choose another scenario name, or remove that folder first.")
    return target


def _keep_trouble_pages(there: Home, home: Home) -> None:
    """Take over the pages that no adapter recognised, scrubbed, with their notes."""
    for page in (there.state / "trouble").glob("*"):
        (home.state / "trouble").mkdir(exist_ok=True, mode=0o700)
        replace_file(home.state / "trouble" / page.name, page.read_bytes())
