"""Confine this process permanently: no network, no other files, no other processes.

Linux uses Landlock (files, TCP) and a seccomp filter (system calls). A kernel without Landlock uses namespaces that
contain only the permitted folders. Both need no privileges and also confine child processes. Other systems have no such
means, so only resource limits apply there.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 4, 38, 22, 2

# What programs and libraries need of the system: never anything of a user's.
_SYSTEM = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/local/lib", "/usr/share/zoneinfo", "/lib",
           "/lib64", "/nix/store", "/gnu/store", "/etc/ld.so.cache", "/etc/localtime", "/proc/cpuinfo",
           "/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu", "/dev/null", "/dev/zero", "/dev/random",
           "/dev/urandom")  # fmt: skip
_PROGRAMS = ("/bin", "/usr", "/etc/alternatives", "/etc/perl", "/etc/fonts", "/proc/self", "/proc/meminfo")


@dataclass(frozen=True)
class Confinement:
    """What holds in this process: by what it was `done`, in words, and what it is kept from."""

    done: list[str] = field(default_factory=list)
    files: bool = False
    network: bool = False


def forbid_core_dumps() -> None:
    """Keep this process's memory, which may hold secrets, off the disk and from other processes of the same user."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # where dumps go to a program (systemd-coredump), that limit does not hold
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def confine(files: Iterable[str | Path], *, programs: Iterable[str | Path] | None) -> Confinement:
    """Keep this process from the network, from other processes, and from all files save Python, the system's libraries
    and `files`, which it may read. It can start nothing, unless `programs` are given (and `/usr` with them).

    Call it before there are threads, and once. What the kernel does not offer is left out and not told as done.
    """
    if sys.platform != "linux":
        return Confinement()
    runs = {Path("/usr"), Path("/bin"), *map(Path, programs)} if programs is not None else set[Path]()
    paths = {*_python(), *map(Path, _SYSTEM), *map(Path, files), *runs}
    paths |= {Path(each) for each in _PROGRAMS} if runs else set()
    readable = sorted({each.resolve() for each in paths if each.exists()})
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done = []
    if landlock := _landlock(libc, readable, runs):
        done.append(f"Landlock {landlock}")
    elif _namespaces(libc, readable):
        done.append("namespaces")
    _drop_capabilities(libc)
    if seccomp := _seccomp(libc, runs=bool(runs)):
        done.append("seccomp")
    return Confinement(done, files=bool(landlock or "namespaces" in done), network=seccomp or "namespaces" in done)


def _python() -> set[Path]:
    """The folders from which modules are imported.

    A checkout's own folder, which may contain a home, is not among them.
    """
    import sysconfig

    import archiver

    paths = sysconfig.get_paths()
    found = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {each for each in sys.path if Path(each).name in ("site-packages", "dist-packages", "lib-dynload")}
    found |= {each for each in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if each}
    found |= {str(Path(each) / "lib") for each in (sys.base_prefix, sys.base_exec_prefix)}
    return {Path(each) for each in found} | {Path(archiver.__file__).parent}


# ---------------------------------------------------------------- Landlock (Linux 5.13 and later)

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE, _IOCTL_DEV = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
_ACCESS_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many rights on files each version of it knows
_BIND_AND_CONNECT_TCP, _SCOPE_SOCKETS_AND_SIGNALS = 0b11, 0b11  # since versions 4 and 6


def _landlock(libc: ctypes.CDLL, readable: Sequence[Path], runs: set[Path]) -> int:
    """The active version; 0 if the kernel has none, or a container forbids it."""
    version = max(int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)), 0)
    if not version:
        return 0
    access = (1 << _ACCESS_BITS.get(version, 16)) - 1
    rights = struct.pack("=Q", access)
    rights += struct.pack("=Q", _BIND_AND_CONNECT_TCP) if version >= 4 else b""
    rights += struct.pack("=Q", _SCOPE_SOCKETS_AND_SIGNALS) if version >= 6 else b""
    ruleset = libc.syscall(_CREATE_RULESET, rights, ctypes.c_size_t(len(rights)), 0)
    if ruleset < 0:
        return 0
    try:
        for path in readable:
            allowed = _READ_FILE | (_READ_DIR if path.is_dir() else 0)
            allowed |= _EXECUTE if any(path.is_relative_to(each.resolve()) for each in runs) else 0
            allowed |= _EXECUTE if runs and path.is_relative_to("/usr") else 0
            allowed |= _WRITE_FILE if path == Path("/dev/null") else 0
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = struct.pack("=Qi", allowed & access, handle)
                if libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0) != 0:
                    raise OSError(ctypes.get_errno(), "a rule of Landlock was refused", str(path))
            finally:
                os.close(handle)
        return version if libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)


# ---------------------------------------------------------------- namespaces, where there is no Landlock

_NEW_USER, _NEW_MOUNTS, _NEW_NET, _NEW_IPC = 0x10000000, 0x00020000, 0x40000000, 0x08000000
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_DETACH = 2


def _namespaces(libc: ctypes.CDLL, readable: Sequence[Path]) -> bool:
    """Whether this process now lives in a file system that holds nothing but these paths, without a network.

    Where the system forbids any step of it, nothing is done: a process of its own tries it first.
    """
    tries = os.fork()
    if tries == 0:
        try:
            _enter_namespaces(libc, readable)
        except OSError:
            os._exit(1)
        os._exit(0)
    if os.waitpid(tries, 0)[1] != 0:
        return False
    _enter_namespaces(libc, readable)
    return True


def _enter_namespaces(libc: ctypes.CDLL, readable: Sequence[Path]) -> None:
    """OSError if a step is refused: the process is then of no further use."""
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(_NEW_USER | _NEW_MOUNTS | _NEW_NET | _NEW_IPC) != 0:
        raise OSError(ctypes.get_errno(), "namespaces were refused")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path("/proc/self", name).write_text(text)

    def mount(source: str | None, target: str, kind: str | None, flags: int) -> None:
        names = (None if each is None else os.fsencode(each) for each in (source, target, kind))
        if libc.mount(*names, ctypes.c_ulong(flags), None) != 0:
            raise OSError(ctypes.get_errno(), "a mount was refused", target)

    mount(None, "/", None, _REC | _PRIVATE)
    root = "/tmp"  # noqa: S108  # a place to mount on; its content is hidden and unchanged
    mount("none", root, "tmpfs", _NOSUID | _NODEV)
    kept: list[Path] = []
    for path in readable:
        if any(path.is_relative_to(each) for each in kept):
            continue
        place = Path(root, path.relative_to("/"))
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        mount(str(path), str(place), None, _BIND | _REC)
        kept.append(path)
    for link in ("lib", "lib64", "bin"):  # most systems have them as links into /usr
        if Path("/", link).is_symlink() and not Path(root, link).exists():
            Path(root, link).symlink_to(Path("/", link).readlink())
    os.chdir(root)
    if libc.syscall(_numbers("pivot_root"), b".", b".") != 0 or libc.umount2(b".", _DETACH) != 0:
        raise OSError(ctypes.get_errno(), "the new root was refused")
    os.chdir("/")
    mount(None, "/", None, _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)


# ---------------------------------------------------------------- capabilities

_CAPABILITIES_3, _READ_ANY_FILE = 0x20080522, 1 << 2


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """All that root may do besides reading: Python's modules may belong to another user."""
    head, held = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0), (ctypes.c_uint32 * 6)()
    if libc.capget(head, held) != 0:
        return
    kept = held[1] & _READ_ANY_FILE
    libc.capset(head, (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0))


# ---------------------------------------------------------------- system calls

# Numbers on x86-64 and on ARM64; None where the call does not exist. Refused to every confined process:
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # the network, and other ways to talk to processes
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "mq_open": (240, 180), "msgget": (68, 186), "semget": (64, 190), "shmget": (29, 194), "shmat": (30, 196),
    "kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    # the memory and the files of other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "process_mrelease": (448, 448), "userfaultfd": (323, 282), "perf_event_open": (298, 241), "bpf": (321, 280),
    # the kernel's keyrings
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # what Landlock does not watch: owners, modes, times and attributes of files
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "setxattrat": (463, 463), "removexattrat": (466, 466), "file_setattr": (469, 469), "truncate": (76, 45),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    # another view of the system, and the system itself
    "unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41), "mount": (165, 40),
    "umount2": (166, 39), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "personality": (135, 92), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "acct": (163, 89), "swapon": (167, 224),
    "swapoff": (168, 225), "reboot": (169, 142),
}  # fmt: skip
# Refused if no program may be started: other processes. `clone` also makes threads.
_STARTING: dict[str, tuple[int | None, int | None]] = {
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None),
}  # fmt: skip
_CLONE, _CLONE3 = (56, 220), (435, 435)
_THREAD, _NEW_NAMESPACES = 0x00010000, 0x7E020080
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000  # the other numbers of x86-64 for the same calls

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER_OFFSET, _ARCHITECTURE_OFFSET, _ARGUMENT_OFFSET = (
    0,
    4,
    16,
)  # bytes into what a filter sees (lower half of the argument)


def _numbers(name: str) -> int:
    number = _REFUSED[name][_ARCHITECTURES[platform.machine()][0]]
    assert number is not None
    return number


def _filter(machine: str, *, runs: bool) -> bytes:
    """The seccomp filter of this architecture, as BPF."""
    column, architecture = _ARCHITECTURES[machine]
    refused = [*_REFUSED.values(), *(() if runs else _STARTING.values())]
    numbers = [number for each in refused if (number := each[column]) is not None]

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("=HBBI", code, yes, no, value)

    steps = [
        step(_LOAD, _ARCHITECTURE_OFFSET), step(_EQUAL, architecture, yes=1), step(_RETURN, _KILL_PROCESS),
        step(_LOAD, _NUMBER_OFFSET), step(_AT_LEAST, _X32, no=1), step(_RETURN, _ERRNO | errno.EPERM),
        # Its flags lie in memory, where no filter can look; without it, the C library takes `clone`.
        step(_EQUAL, _CLONE3[column], no=1), step(_RETURN, _ERRNO | errno.ENOSYS),
        step(_EQUAL, _CLONE[column], no=4), step(_LOAD, _ARGUMENT_OFFSET),
        step(_ANY_BIT, _NEW_NAMESPACES if runs else _THREAD, yes=0 if runs else 1, no=1 if runs else 0),
        step(_RETURN, _ERRNO | errno.EPERM), step(_RETURN, _ALLOW),
    ]  # fmt: skip
    for number in numbers:
        steps += [step(_EQUAL, number, no=1), step(_RETURN, _ERRNO | errno.EPERM)]
    return b"".join([*steps, step(_RETURN, _ALLOW)])


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _seccomp(libc: ctypes.CDLL, *, runs: bool) -> bool:
    """Whether the filter is active. It is not if the kernel has none, or on an architecture with unknown numbers."""
    if platform.machine() not in _ARCHITECTURES or sys.maxsize < 1 << 32:
        return False
    steps = _filter(platform.machine(), runs=runs)
    program = _Program(len(steps) // 8, steps)
    return int(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)) == 0
