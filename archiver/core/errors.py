"""All errors of the archiver.

A class's docstring is the message to the user: what happened, then what to do. The raising code supplies `{detail}`.
Exit codes: 2 usage and configuration, 10 a person is needed, 20 the platform changed or a spending request was refused,
30 the platform is unreachable, 40 a partial run, 50 this machine, 90 integrity. A command returns its highest code.
"""

from __future__ import annotations

import errno
import inspect
import re
import sys
from pathlib import Path
from typing import ClassVar

_BY_UV_TOOL = (Path(sys.prefix) / "uv-receipt.toml").exists()
_INSTALL = "uv tool install --reinstall --compile-bytecode" if _BY_UV_TOOL else f"{sys.executable} -m pip install"
INSTALL_ALL = (
    f"In the folder of the archiver's source: `{_INSTALL} '.[card,desk,fleet,match,notify,pdf,qualified,s3,watch]'`."
)
"""What to do if an extra is missing. The package index has another program with this name."""


_SIGN_IN = {
    None: "`archiver sign-in {account}`, or for a token or password `archiver account rotate {account}`",
    True: "`archiver account rotate {account}`",
    False: "`archiver sign-in {account}`, or for a new password `archiver account rotate {account}`",
}
"""The command that renews a sign-in, by `ArchiverError.by_token`: accounts with a token refuse `sign-in`."""


class ArchiverError(Exception):
    """{detail}"""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str = "", *, page: SavedPage | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.page = page
        self.account: str | None = None
        self.by_token: bool | None = None  # whether the account signs in without a browser; None: not known
        self.options = "--client CLIENT --provider PROVIDER"

    def about(self, account: str, *, client: str, provider: str, by_token: bool | None) -> None:
        """Name the account, so that the message advises commands for it. The first caller knows it best."""
        if self.account is None:
            self.account, self.by_token = account, by_token
            self.options = f"--client {client} --provider {provider}"

    def message(self, account: str | None = None) -> str:
        """The text for the user. `account` fills in the account in the advised commands, if none is known yet."""
        name = self.account or account or "NAME"
        words = " ".join((inspect.getdoc(type(self)) or "{detail}").split())
        words = words.replace("{sign_in}", _SIGN_IN[self.by_token]).replace("{account}", name)
        words = words.replace("{options}", self.options)
        detail = self.detail or "no further detail"
        return words.replace("{detail}.", f"{detail.rstrip('.')}.").replace("{detail}", detail)

    def __str__(self) -> str:
        return self.message()


class SavedPage:
    """The page on which an adapter failed, saved for the maintainer: URL and raw bytes."""

    def __init__(self, url: str, content: bytes) -> None:
        self.url, self.content = url, content


class ConfigError(ArchiverError):
    """{detail}"""

    exit_code = 2


class Erased(ArchiverError):
    """This content was erased: {detail}. Only its tombstone is left; see it with `archiver show`."""

    exit_code = 2


class WrongPassword(ArchiverError):
    """The platform refused the sign-in: {detail}. Give the new secret with `archiver account rotate {account}`. Until
    then the archiver tries a secret that worked before only twice more, on later nights, and another one not at all,
    because platforms lock accounts after repeated failures."""

    exit_code = 10


class PasswordExpired(ArchiverError):
    """The platform asks for a new password: {detail}. Change it on the platform's site, then run
    `archiver account rotate {account}`."""

    exit_code = 10


class AccountBlocked(ArchiverError):
    """The platform blocks this account or this browser: {detail}. Open the site in an ordinary browser and follow its
    instructions, then run {sign_in}."""

    exit_code = 10


class SignInNeeded(ArchiverError):
    """A person must sign in: {detail}. Run {sign_in}."""

    exit_code = 10


class SessionExpired(ArchiverError):
    """The sign-in is no longer valid: {detail}. Run {sign_in}."""

    exit_code = 10


class NotAccepted(ArchiverError):
    """Unattended runs are off for this account: {detail}. A named person can accept this with `archiver account add
    {account} {options} --accept-automation "YOUR NAME"`."""

    exit_code = 10


class LegalHold(ArchiverError):
    """A legal hold forbids the erasure: {detail}. If you are allowed to decide it, first release the hold with
    `archiver hold ... --release`."""

    exit_code = 10


class LayoutChanged(ArchiverError):
    """The adapter does not recognise the platform's page or answer: {detail}. Nothing was guessed. Repair it with
    `archiver adapter repair {account}`, or send the saved page to the adapter's maintainer."""

    exit_code = 20


class SpendRefused(ArchiverError):
    """The archiver blocked a request that breaks the adapter's read-only rules: {detail}. Nothing was sent or spent.
    Please report it to the adapter's maintainer."""

    exit_code = 20


class AdapterBroken(ArchiverError):
    """The adapter failed unexpectedly: {detail}. Nothing was guessed. Please send the saved trace to its
    maintainer."""

    exit_code = 20


class SiteUnavailable(ArchiverError):
    """The platform could not be reached: {detail}. The next run tries again."""

    exit_code = 30
    retryable = True


class AddressUnavailable(SiteUnavailable):
    """This address returned no picture: {detail}. Open it in a browser, save the picture and name its file."""

    retryable = False


class RateLimited(ArchiverError):
    """The platform asks for fewer requests: {detail}. The next run tries again. To avoid this, set a lower `pacing` in
    archiver.yaml."""

    exit_code = 30
    retryable = True

    def __init__(self, detail: str = "", *, page: SavedPage | None = None, for_long: bool = False) -> None:
        super().__init__(detail, page=page)
        self.for_long = for_long  # longer than a run waits, so the run sends that platform no more requests


class StoreUnavailable(ArchiverError):
    """The object store did not do what was asked: {detail}. Nothing was lost; the next run tries again.
    `archiver doctor --online` examines the bucket."""

    exit_code = 30
    retryable = True


class DatabaseUnavailable(ArchiverError):
    """The fleet's database did not do what was asked: {detail}. Nothing was lost. Check that PostgreSQL runs and can be
    reached from here, then try again."""

    exit_code = 30
    retryable = True


class Withheld(ArchiverError):
    """The platform hides something from this account: {detail}. Ask the account's administrator there for the right to
    see it. Everything else is archived."""

    exit_code = 40


class NotACertificate(ArchiverError):
    """The platform sent something other than the expected document: {detail}. It was not archived; the next run tries
    again."""

    exit_code = 40
    retryable = True


class SecretFound(ArchiverError):
    """A file contains a secret: {detail}. It was not archived; the next run tries again."""

    exit_code = 40
    retryable = True


class SecretLeft(ArchiverError):
    """The scrubbed recording still contains something that looks like a secret: {detail}. Nothing was written. Please
    tell the maintainers what kind of value it is. Remove it from a saved recording by hand, then scrub again."""

    exit_code = 40


class DiskFull(ArchiverError):
    """The disk is full: {detail}. Make room and run again. Everything archived so far is safe."""

    exit_code = 50


class MachineRefused(ArchiverError):
    """This machine refused an operation: {detail}. Check the permissions and the disk, then try again."""

    exit_code = 50


class ProgramFault(ArchiverError):
    """The archiver itself failed: {detail}. What was archived is safe. Please report it to its maintainers."""

    exit_code = 50


class ProgramMissing(MachineRefused):
    """This machine lacks a program: {detail}. Then run the command again."""


def spoken(name: str) -> str:
    """The name of an error's class in words for a sentence: `SignInNeeded` is "sign-in needed"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=A)(?=[A-Z][a-z])", " ", name).lower()
    return words.replace("sign in", "sign-in")


def machine_error(error: ArchiverError | OSError) -> ArchiverError:
    """An operating system's error as ours: DiskFull, or MachineRefused with the file's name. Ours stay as they are."""
    if isinstance(error, ArchiverError):
        return error
    place = f" ({error.filename})" if error.filename else ""
    kind = DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else MachineRefused
    return kind(f"{error.strerror or error}{place}")


def any_error(error: Exception) -> ArchiverError:
    """As `machine_error`; what no program should raise becomes a ProgramFault."""
    if isinstance(error, ArchiverError | OSError):
        return machine_error(error)
    last = error.__traceback__
    while last and last.tb_next:
        last = last.tb_next
    place = f" ({Path(last.tb_frame.f_code.co_filename).name}, line {last.tb_lineno})" if last else ""
    return ProgramFault(f"{type(error).__name__}: {error}{place}")


class ArchiveBusy(ArchiverError):
    """Another command is writing to this archive: {detail}. Wait until it ends, then try again."""

    exit_code = 50
    retryable = True


class ClockWrong(ArchiverError):
    """This machine's clock is behind: {detail}. Nothing was written, because one wrong date casts doubt on all others.
    Set the clock right and run again. If it is right now and was ahead before, run `archiver repair-clock
    --by NAME`."""

    exit_code = 50


class BrowserMissing(ArchiverError):
    """No usable Chromium was found: {detail}. If Chromium is elsewhere, name it in ARCHIVER_CHROMIUM."""

    exit_code = 50


class SandboxRefused(BrowserMissing):
    """Chromium cannot start its sandbox, which protects this machine from hostile pages: {detail}. Allow user
    namespaces for this user, or set ARCHIVER_CHROMIUM_SANDBOX=off to run Chromium without its sandbox."""


class VaultLocked(ArchiverError):
    """The vault cannot be opened: {detail}."""

    exit_code = 50


class UnreadablePicture(ArchiverError):
    """The picture cannot be read: {detail}. Save it again as a JPEG or PNG file, or take a screenshot of it."""

    exit_code = 2


class IntegrityError(ArchiverError):
    """The archive is damaged or was changed: {detail}. Do not repair it by hand; run `archiver verify` and compare it
    with a copy."""

    exit_code = 90


class LeaseLost(ArchiverError):
    """Another worker has this client now: {detail}. Nothing was published, and what was read is read again at the next
    visit."""

    exit_code = 50
    retryable = True


class ClientTaken(ArchiveBusy):
    """A worker of the fleet has this client now: {detail}. Wait until its visit ends, then try again."""


class ClockDiffers(ArchiverError):
    """This machine's clock differs from that of the fleet's database: {detail}. Nothing was read or written. Set the
    clock of the machine that is wrong, then try again."""

    exit_code = 50
    retryable = True


class ChangedMeanwhile(ArchiverError):
    """Somebody else changed {detail} in the fleet at the same time. Their change stays, and yours was not saved. Look
    at what is there now, then repeat what you did."""

    exit_code = 50
    retryable = True


class ReplicaForked(ArchiverError):
    """FORKED: the replica and the archive went different ways: {detail}. Nothing was published or overwritten. Find out
    which machine published. Then go on with `archiver replica restore` in a new home, or publish this archive under
    another `prefix`."""

    exit_code = 90


class AuditChanged(ArchiverError):
    """Somebody or something changed the desk's audit log: {detail}. Keep the file as it is, and compare it with a
    backup."""

    exit_code = 90
