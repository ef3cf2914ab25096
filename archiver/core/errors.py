"""All errors of the archiver.

A class's docstring is the message to the user: what happened, then what to know. The raising code supplies `{detail}`.
What to do is data: the class's `actions`, or the `remedy` that the raising code names.
Exit codes: 2 usage and configuration, 10 a person is needed, 20 the platform changed or a spending request was refused,
30 the platform is unreachable, 40 a partial run, 50 this machine, 90 integrity. A command returns its highest code.
"""

from __future__ import annotations

import errno
import inspect
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from archiver.core.remedy import Remedy as Remedy  # who raises errors takes both from here
from archiver.core.remedy import SignInKind as SignInKind
from archiver.core.remedy import kinds_of, offered

_BY_UV_TOOL = (Path(sys.prefix) / "uv-receipt.toml").exists()
_INSTALL = "uv tool install --reinstall --compile-bytecode" if _BY_UV_TOOL else f"{sys.executable} -m pip install"
INSTALL_ALL = (
    f"In the folder of the archiver's source: `{_INSTALL} '.[card,desk,fleet,match,notify,pdf,qualified,s3,watch]'`."
)
"""What to do if an extra is missing. The package index has another program with this name."""


class ArchiverError(Exception):
    """{detail}"""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    actions: ClassVar[tuple[str, ...]] = ()
    """What a person can do about it, as keys of `remedies.yaml`, the best first. `about` says which ones fit."""

    def __init__(
        self, detail: str = "", *, page: SavedPage | None = None, remedy: Remedy | Sequence[Remedy] = ()
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.page = page
        self.sign_in = SignInKind.UNKNOWN
        self._known: dict[str, str] = {}
        self._remedies = (remedy,) if isinstance(remedy, Remedy) else tuple(remedy)

    def about(self, known: Mapping[str, str], sign_in: SignInKind) -> None:
        """Name the `account` or source, its `client` and `provider`, so that the remedies are commands for it.

        The first caller knows it best.
        """
        if not self._known:
            self._known, self.sign_in = dict(known), sign_in

    def remedies(self, account: str | None = None) -> Sequence[Remedy]:
        """What a person can do about it. `account` is the one that is meant, if none is known yet; what is not known
        stands in the commands in capitals."""
        known = self._known or ({"account": account} if account else {})
        fit = [each for each in self.actions if self.sign_in in kinds_of(each)]
        return self._remedies or [Remedy.of(each, known) for each in fit]

    def without_remedies(self) -> str:
        """What happened, without the remedies."""
        words = " ".join((inspect.getdoc(type(self)) or "{detail}").split())
        detail = self.detail or "no further detail"
        return words.replace("{detail}.", f"{detail.rstrip('.')}.").replace("{detail}", detail)

    def message(self, account: str | None = None) -> str:
        """The text for the user: what happened, and each remedy as a command. `account`: see `remedies`."""
        return f"{self.without_remedies()} {offered(self.remedies(account))}".rstrip()

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
    """This content was erased: {detail}. Only its tombstone is left."""

    exit_code = 2


class PersonNeeded(ArchiverError):
    """{detail}"""

    exit_code = 10

    @classmethod
    def happened(cls) -> str:
        """What it says of an account, in one sentence."""
        return f"{(inspect.getdoc(cls) or '').partition(':')[0]}."


_SECRET = ("rotate", "rotate source", "add account", "add mailbox", "sign in")
_SIGN_IN = ("sign in", *_SECRET[:-1])


class WrongPassword(PersonNeeded):
    """The platform refused the sign-in: {detail}. Until you give a new secret, the archiver tries one that worked
    before only twice more, on later nights, and another one not at all, because platforms lock accounts after repeated
    failures."""

    actions = _SECRET


class PasswordExpired(PersonNeeded):
    """The platform asks for a new password: {detail}. Change it on the platform's site."""

    actions = _SECRET


class BrowserRefused(PersonNeeded):
    """The site let this browser no further: {detail}. The next runs try again. If it stays so, open the site in an
    ordinary browser and follow its instructions."""

    actions = _SIGN_IN


class SignInNeeded(PersonNeeded):
    """A person must sign in: {detail}."""

    actions = _SIGN_IN


class SessionExpired(PersonNeeded):
    """The sign-in is no longer valid: {detail}."""

    actions = _SIGN_IN


class NotAccepted(PersonNeeded):
    """Unattended runs of this account are off until a named person accepts them: {detail}."""

    actions = ("accept automation",)


PERSON = {each.__name__: each for each in PersonNeeded.__subclasses__()} | {"AccountBlocked": BrowserRefused}
"""The errors that only a person can resolve, by name, as run logs and the vault keep them; with an earlier name."""


class LegalHold(ArchiverError):
    """A legal hold forbids the erasure: {detail}. Only who is allowed to decide it may release the hold first."""

    exit_code = 10
    actions = ("release hold",)


class LayoutChanged(ArchiverError):
    """The adapter does not recognise the platform's page or answer: {detail}. Nothing was guessed. Repair it,
    or send the saved page to the adapter's maintainer."""

    exit_code = 20
    actions = ("repair adapter",)


class DatesUnclear(ArchiverError):
    """Nothing in the list says which number of its dates is the day: {detail}. Nothing was guessed. Compare a date with
    its licence's paper, and say the order."""

    exit_code = 10
    actions = ("say date order",)


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


class SiteNotice(SiteUnavailable):
    """The platform shows a notice in place of its page: {detail}. The next run tries again."""


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
    """The object store did not do what was asked: {detail}. Nothing was lost; the next run tries again."""

    exit_code = 30
    retryable = True
    actions = ("check online",)


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
    Set the clock right and run again. If it is right now, it was ahead before."""

    exit_code = 50
    actions = ("repair clock",)


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
    """The archive is damaged or was changed: {detail}. Do not repair it by hand; compare it with a copy."""

    exit_code = 90
    actions = ("verify",)


class LeaseLost(ArchiverError):
    """Another worker has this client now: {detail}. Nothing was published, and what was read is read again at the next
    visit."""

    exit_code = 50
    retryable = True


class ClientTaken(ArchiveBusy):
    """A worker of the fleet has this client now: {detail}. Wait until its visit ends, then try again."""


class ClockDiffers(ArchiverError):
    """This machine's clock differs from that of the fleet's database: {detail}. It takes no part in the fleet, and
    nothing was published. Set the clock of the machine that is wrong, then try again."""

    exit_code = 50
    retryable = True


class ChangedMeanwhile(ArchiverError):
    """Somebody else changed {detail} in the fleet at the same time. Their change stays, and yours was not saved. Look
    at what is there now, then repeat what you did."""

    exit_code = 50
    retryable = True


class ReplicaForked(ArchiverError):
    """FORKED: the replica and the archive went different ways: {detail}. Nothing was published or overwritten. Find out
    which machine published. To take what it published, move the archive here away first. To keep this one, publish it
    under another `prefix`."""

    exit_code = 90


class BackupDamaged(ArchiverError):
    """The backup cannot be used: {detail}. Nothing was restored from it. Take an earlier backup, or fetch this one
    again from where it is kept."""

    exit_code = 90


class BackupUnavailable(ArchiverError):
    """The backup could not be written there, or read from there: {detail}. The home is as it was. Try again when the
    cause is mended."""

    exit_code = 30


class AuditChanged(ArchiverError):
    """Somebody or something changed the desk's audit log: {detail}. Keep the file as it is, and compare it with a
    backup."""

    exit_code = 90
