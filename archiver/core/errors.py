"""Every error of the archiver, once.

A class's docstring is the user's message: what happened, then what to do. `{detail}` is filled in where it is raised.
Exit codes: 2 usage and configuration, 10 a person is needed, 20 the platform changed or a spending request was refused,
30 the platform is out of reach, 40 a partial run, 50 this machine, 90 integrity. The highest of a command wins.
"""

from __future__ import annotations

import errno
import inspect
import sys
from pathlib import Path
from typing import ClassVar

_BY_UV_TOOL = (Path(sys.prefix) / "uv-receipt.toml").exists()
_INSTALL = "uv tool install --reinstall --compile-bytecode" if _BY_UV_TOOL else f"{sys.executable} -m pip install"
INSTALL_ALL = f"In the folder of the archiver's source: `{_INSTALL} '.[desk,match,notify]'`."
"""What to do where an extra is missing. The package index has another program of this name."""


class ArchiverError(Exception):
    """{detail}"""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str = "", *, page: SavedPage | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.page = page

    def message(self, account: str = "NAME") -> str:
        """What the user reads; `account` names the account in the commands that it advises."""
        words = " ".join((inspect.getdoc(type(self)) or "{detail}").split()).replace("{account}", account)
        detail = self.detail or "no further detail"
        return words.replace("{detail}.", f"{detail.rstrip('.')}.").replace("{detail}", detail)

    def __str__(self) -> str:
        return self.message()


class SavedPage:
    """The page on which an adapter lost its way, kept for the maintainer: URL and raw bytes."""

    def __init__(self, url: str, content: bytes) -> None:
        self.url, self.content = url, content


class ConfigError(ArchiverError):
    """{detail}"""

    exit_code = 2


class Erased(ArchiverError):
    """The content of this was erased: {detail}. Only its tombstone is left; `archiver show` tells what that says."""

    exit_code = 2


class WrongPassword(ArchiverError):
    """The platform refused the sign-in: {detail}. Give the new secret with `archiver account rotate {account}`; until
    then the account is not tried again, because platforms lock accounts after repeated refusals."""

    exit_code = 10


class PasswordExpired(ArchiverError):
    """The platform asks for a new password: {detail}. Change it on the platform's site, then run
    `archiver account rotate {account}`."""

    exit_code = 10


class AccountBlocked(ArchiverError):
    """The platform blocks this account or this browser: {detail}. Open the site in an ordinary browser and follow what
    it says, then run `archiver sign-in {account}`."""

    exit_code = 10


class SignInNeeded(ArchiverError):
    """A person has to sign in: {detail}. Run `archiver sign-in {account}`, or for a token or password `archiver account
    rotate {account}`."""

    exit_code = 10


class SessionExpired(ArchiverError):
    """The sign-in is no longer valid: {detail}. Run `archiver sign-in {account}`, or for a token `archiver account
    rotate {account}`."""

    exit_code = 10


class NotAccepted(ArchiverError):
    """Unattended runs are off for this account: {detail}. A named person can accept this with `archiver account add
    {account} ... --accept-automation "NAME"`."""

    exit_code = 10


class LegalHold(ArchiverError):
    """It may not be erased: {detail}. Whoever may decide that releases the hold with `archiver hold ... --release`;
    then it can be erased."""

    exit_code = 10


class LayoutChanged(ArchiverError):
    """The platform's page or answer is not what the adapter knows: {detail}. Nothing was guessed; please send the saved
    page to the adapter's maintainer."""

    exit_code = 20


class SpendRefused(ArchiverError):
    """A request outside the adapter's declared read-only rules was refused before it left this machine: {detail}.
    Nothing was spent; please report it to the adapter's maintainer."""

    exit_code = 20


class AdapterBroken(ArchiverError):
    """The adapter failed in a way it should not: {detail}. Nothing was guessed; please send the kept trace to its
    maintainer."""

    exit_code = 20


class SiteUnavailable(ArchiverError):
    """The platform could not be reached: {detail}. The next run tries again."""

    exit_code = 30
    retryable = True


class AddressUnavailable(SiteUnavailable):
    """That address gave no picture: {detail}. Look at it in a browser, save the picture and name its file."""

    retryable = False


class RateLimited(ArchiverError):
    """The platform asks to be left alone for a while: {detail}. The next run tries again; a lower `pacing` in
    archiver.yaml avoids this."""

    exit_code = 30
    retryable = True

    def __init__(self, detail: str = "", *, page: SavedPage | None = None, for_long: bool = False) -> None:
        super().__init__(detail, page=page)
        self.for_long = for_long  # longer than a run waits: nothing more is asked of that platform


class Withheld(ArchiverError):
    """The platform does not show this account all there is: {detail}. Ask whoever manages the account there for the
    right to see it; all else is archived."""

    exit_code = 40


class NotACertificate(ArchiverError):
    """What the platform sent is not the document it should be: {detail}. It was not filed; the next run tries again."""

    exit_code = 40
    retryable = True


class SecretFound(ArchiverError):
    """A secret would have been archived: {detail}. It was not filed; the next run tries again."""

    exit_code = 40
    retryable = True


class SecretLeft(ArchiverError):
    """The scrubbed recording would still hold what looks like a secret: {detail}. Nothing was written. Please tell the
    maintainers what kind of value that is; from a recording on disk take it by hand, then scrub again."""

    exit_code = 40


class DiskFull(ArchiverError):
    """The disk is full: {detail}. Make room and run again; what was archived is safe."""

    exit_code = 50


class MachineRefused(ArchiverError):
    """This machine does not allow it: {detail}. See to the permissions and the disk, then try again."""

    exit_code = 50


def machine_error(error: OSError) -> ArchiverError:
    """An operating system's error in the user's terms: DiskFull, or MachineRefused with the file it concerns."""
    place = f" ({error.filename})" if error.filename else ""
    kind = DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else MachineRefused
    return kind(f"{error.strerror or error}{place}")


class ArchiveBusy(ArchiverError):
    """Another command is writing to this archive: {detail}. Wait until it ends, then try again."""

    exit_code = 50
    retryable = True


class ClockWrong(ArchiverError):
    """This machine's clock is behind: {detail}. Nothing was written, since a wrong date would cast doubt on every
    other; set the clock right and run again, or, if it is right now and was ahead before, run `archiver repair-clock
    --by NAME`."""

    exit_code = 50


class BrowserMissing(ArchiverError):
    """No usable Chromium was found: {detail}. If one lies elsewhere, name it in ARCHIVER_CHROMIUM."""

    exit_code = 50


class SandboxRefused(BrowserMissing):
    """Chromium cannot start its sandbox here, which protects this machine from hostile pages: {detail}. Allow user
    namespaces to this user, or set ARCHIVER_CHROMIUM_SANDBOX=off to run Chromium without its sandbox."""


class VaultLocked(ArchiverError):
    """The vault cannot be opened: {detail}."""

    exit_code = 50


class UnreadablePicture(ArchiverError):
    """The picture cannot be read: {detail}. Save it anew as a JPEG or PNG file, or take a screenshot of it."""

    exit_code = 2


class IntegrityError(ArchiverError):
    """The archive is not what it should be: {detail}. Do not repair it by hand; run `archiver verify` and compare with
    a copy."""

    exit_code = 90


class AuditChanged(ArchiverError):
    """The desk's audit log is not as it was written: {detail}. Keep the file as it is, and compare it with a backup."""

    exit_code = 90
