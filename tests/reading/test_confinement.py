"""Processes that read documents: what one of them reaches when it tries, as one does that a document took over."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.core.errors import UnreadablePicture
from archiver.reading import confinement
from archiver.reading.worker import DocumentReader
from tests.authoring.scenario import pdf
from tests.support import papers
from tests.support.agency import recognise_quickly
from tests.support.folder import jpeg, letter, photo
from tests.support.homes import ROOT, Home
from tests.support.hostile_files import packed

pytestmark = pytest.mark.usefixtures("real_readers")

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="confinement is Linux's")
JOB = "hostile_document:take_over"
# What whoever took over a reader process tries; each line is done or refused with an error.
ATTEMPTS = """
import ctypes, os, socket, subprocess, threading
def take_over():
    def work(content, channel):
        there, parent = content.decode(), os.getppid()
        libc = ctypes.CDLL(None, use_errno=True)
        def call(number, *arguments):
            if libc.syscall(number, *arguments) < 0:
                raise OSError(ctypes.get_errno(), "refused")
        tries = {
            "socket": lambda: socket.socket(),
            "local socket": lambda: socket.socketpair(),
            "name lookup": lambda: socket.getaddrinfo("localhost", 80),
            "read the vault": lambda: open(there, "rb"),
            "read a password file": lambda: open("/etc/passwd"),
            "write": lambda: open(os.path.dirname(there) + "/new", "w"),
            "write over": lambda: open(there, "r+b"),
            "list": lambda: os.listdir(os.path.dirname(there)),
            "rename": lambda: os.rename(there, there + "2"),
            "delete": lambda: os.unlink(there),
            "chmod": lambda: os.chmod(there, 0o777),
            "touch": lambda: os.utime(there),
            "truncate": lambda: os.truncate(there, 0),
            "link": lambda: os.link(there, there + "3"),
            "start a program": lambda: subprocess.run(["/bin/true"]),
            "fork": lambda: os._exit(0) if os.fork() == 0 else None,
            "signal": lambda: os.kill(parent, 0),
            "environment of others": lambda: open(f"/proc/{parent}/environ", "rb"),
            "memory of others": lambda: open(f"/proc/{parent}/mem", "r+b"),
            "trace": lambda: call(PTRACE, 16, parent, None, None),
            "io_uring": lambda: call(425, 8, ctypes.create_string_buffer(120)),
            "bpf": lambda: call(BPF, 0, None, 0),
            "keyring": lambda: call(KEYCTL, 0, -3, 0),
            "core dump": lambda: RESOURCE.setrlimit(RESOURCE.RLIMIT_CORE, (1, 1)),
        }
        for name, attempt in tries.items():
            try:
                attempt()
                channel.tell(name.encode())
            except (OSError, ValueError, subprocess.SubprocessError):
                pass
        thread = threading.Thread(target=channel.tell, args=[b"thread"])
        thread.start()
        thread.join()
        return b""
    import resource, platform
    global RESOURCE, PTRACE, BPF, KEYCTL
    RESOURCE, arm = resource, platform.machine() == "aarch64"
    PTRACE, BPF, KEYCTL = (117, 280, 219) if arm else (101, 321, 250)
    return work
"""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A vault, and a job that stands for code of a hostile document."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "hostile_document.py").write_text(ATTEMPTS)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "vault.enc").write_bytes(b"secret")
    yield tmp_path / "home" / "vault.enc"
    assert (tmp_path / "home" / "vault.enc").read_bytes() == b"secret"
    assert [each.name for each in (tmp_path / "home").iterdir()] == ["vault.enc"]


def succeeded(vault: Path, monkeypatch: pytest.MonkeyPatch, code: str = "") -> set[str]:
    """What a reader process that was taken over can do; `code` is run in it before it confines itself."""
    start = vault.parent.parent / "code" / "start.py"
    serve = "import hostile_document, json, sys\nfrom archiver.reading import worker\n"
    start.write_text(f"{code}\n{serve}worker._serve(*json.loads(sys.argv[1]))")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(start.parent), str(ROOT)]))
    real = subprocess.Popen
    with monkeypatch.context() as patched:
        patched.setattr(
            subprocess, "Popen", lambda command, **more: real([command[0], str(start), command[-1]], **more)
        )
        with DocumentReader(workers=1) as reader:
            return {each.decode() for each in reader.stream(JOB, os.fsencode(vault), 60)}


@LINUX
def test_a_reader_that_was_taken_over_reaches_neither_network_nor_files_nor_processes(
    hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DocumentReader(workers=1) as reader:
        tried = reader.confinement(hostile)
    if tried.file or tried.network:
        pytest.skip(f"this kernel confines by {tried.done} only")
    assert succeeded(hostile, monkeypatch) == {"thread"}


@LINUX
def test_without_landlock_namespaces_hide_all_files(hostile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = "from archiver.reading import confinement\nconfinement._landlock = lambda *_: 0"
    done = succeeded(hostile, monkeypatch, without)
    if "read the vault" in done:
        for each in hostile.parent.iterdir():
            each.unlink()
        hostile.write_bytes(b"secret")  # nothing confines it here, so that it was deleted, too
        pytest.skip("users may make no namespaces here")
    assert done - {"list"} == {"thread"}  # a folder on the way to Python itself shows as an empty one


@LINUX
@pytest.mark.skipif(not Path("/usr/bin/cat").exists(), reason="needs cat")
def test_programs_that_read_documents_are_confined_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of this name stands in for tesseract: it prints a file, and sends it away."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "tesseract"
    program.write_text(f"#!/bin/sh\ncat {secret} 2>/dev/null && exit\necho kept out\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    with DocumentReader(workers=1) as reader:
        if reader.confinement(secret).file:
            pytest.skip("this kernel confines no files")
        assert reader.recognised(b"a picture", "image/png", 20).strip() == "kept out"


def test_an_answer_that_makes_no_sense_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever took over a reader may answer anything: it is told as unread, whatever was asked."""
    start = tmp_path / "liar.py"
    answers = [b"", b"{}", b"[]", b"12", b'{"text": 1}', b'{"width": "x"}', b"\xff", b'{"error": null}']
    start.write_text(
        "import struct, sys\nhead = struct.Struct('>cQ')\nout, source = sys.stdout.buffer, sys.stdin.buffer\n"
        f"answers = {answers!r}\nready = set()\n"
        "def take():\n    kind, length = head.unpack(source.read(head.size))\n    return source.read(length)\n"
        "for answer in answers * 99:\n"
        "    job = take(); take()\n"
        "    parts = ([b'r'] if job not in ready else []); ready.add(job)\n"
        "    out.write(b''.join(head.pack(each, 0) for each in parts))\n"
        "    for each in (answer, answer):\n        out.write(head.pack(b'p', len(each)) + each)\n"
        "    out.write(head.pack(b'e', 0)); out.flush()\n"
    )
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda command, **more: real([command[0], str(start)], **more))
    with DocumentReader(workers=1) as reader:
        for number in range(len(answers)):
            assert reader.read(b"%PDF-1.7 " + str(number).encode(), "application/pdf").error
            with pytest.raises(UnreadablePicture):
                reader.look(str(number).encode())
            reader.embedded(b"")
            assert reader.table(b"") is None


@LINUX
def test_commands_that_hold_secrets_leave_no_core_dumps() -> None:
    code = (
        "import ctypes, resource, sys\nfrom archiver.cli import main\nsys.argv = ['archiver', 'find', '-h']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "(0, 0) 0"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("runs", [True, False])
def test_the_filter_refuses_by_number_on_both_architectures(machine: str, runs: bool) -> None:
    """The program is read as the kernel reads it: for each call, what it answers."""
    column, architecture = confinement._ARCHITECTURES[machine]
    steps = memoryview(confinement._filter(machine, runs=runs)).cast("B")
    program = list(struct.iter_unpack("=HBBI", steps))
    assert len(program) < 256

    def answer(number: int, argument: int = 0, arch: int = architecture) -> int:
        at, loaded = 0, 0
        while True:
            code, yes, no, value = program[at]
            at += 1
            if code == confinement._LOAD:
                loaded = {0: number, 4: arch, 16: argument}[value]
            elif code == confinement._RETURN:
                return int(value)
            else:
                holds = {
                    confinement._EQUAL: loaded == value, confinement._AT_LEAST: loaded >= value,
                    confinement._ANY_BIT: bool(loaded & value),
                }[code]  # fmt: skip
                at += yes if holds else no

    allow, refuse = confinement._ALLOW, confinement._ERRNO | 1
    for name, numbers in (confinement._REFUSED | confinement._STARTING).items():
        if (number := numbers[column]) is not None:
            assert answer(number) == (allow if runs and name in confinement._STARTING else refuse), name
    assert answer(0) == answer(9) == allow
    assert answer(confinement._CLONE[column], confinement._THREAD | 0x100) == allow
    assert answer(confinement._CLONE[column], 17) == (allow if runs else refuse)
    assert answer(confinement._CLONE[column], 17 | 0x10000000) == refuse
    assert answer(confinement._CLONE3[column]) == confinement._ERRNO | 38
    assert answer(0, arch=0x40000003) == confinement._KILL_PROCESS
    assert answer(0x40000000 + 41) == refuse


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.long)], ids=["some", "all"])
def test_commands_load_no_parser_of_foreign_files(ran: Home, tmp_path: Path, every: bool) -> None:
    """Import and verifier (in the long form search and a letter): in their own process no parser is loaded."""
    recognise_quickly(ran.root)
    folder = tmp_path / "papers"
    folder.mkdir()
    picture = jpeg(photo(1))
    document = pdf(["Order 5, and nothing else"])
    (folder / "IMG.jpg").write_bytes(picture)
    (folder / "all.zip").write_bytes(packed({"in.pdf": document, "mail.eml": letter("Lunch", "At noon?", [])}))
    (folder / "mail.eml").write_bytes(letter("Order", "Attached", [("order.pdf", document)]))
    (folder / "list.csv").write_bytes(papers.adobe_history(3))
    commands = [
        ["import", str(folder), "--client", "acme"],
        ["find", "--image", str(folder / "IMG.jpg")],
        ["claim", "add", str(folder / "mail.eml"), "--client", "acme", "--yes", "--json"],
        ["verify"],
    ][:: 1 if every else 3]
    code = f"""
import sys
from archiver.cli import main
for arguments in {commands!r}:
    sys.argv = ["archiver", *arguments]
    try:
        main()
    except SystemExit as end:
        print(arguments[0], end.code)
print([each for each in ("PIL", "pypdf", "cv2", "onnxruntime", "dkim", "docx") if each in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], env=ran.env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith(("import ", "find ", "verify "))] == [
        "import 0", *(["find 0"] if every else []), "verify 0",
    ], done.stdout + done.stderr  # fmt: skip
