"""People at a desk of the installed program: they open its pages, follow its links and send its forms, as browsers do.

What they reach is noted; see `tests.journeys.reached`.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit

import httpx
import lxml.html

from tests.journeys.reached import note, route_of
from tests.support.homes import ROOT, Home, clean_environment

PROGRAM = ROOT / ".venv" / "bin" / "archiver"
PASSWORD = "correct horse battery"
LANGUAGES = ("en", "de")
PATIENCE_S = 900.0  # for what takes seconds here: on a slow machine beside other work it takes minutes
ASKED_AT_MOST = 6  # a list can be asked for in thousands of ways
LINKS = "//a[@href]/@href | //img[@src]/@src | //*[@data-part]/@data-part"
NOT_FOLLOWED = re.compile(r"[?&]lang=|^/progress/events")  # the same page in another language; a stream without an end


class Installed(Home):
    """A home and the installed program on it, as a person runs it."""

    def command(self, *arguments: str | Path) -> list[str]:
        return [str(PROGRAM), *map(str, arguments)]

    def __call__(
        self, *arguments: str | Path, code: int | None = 0, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*arguments), env=self.env, input=stdin, capture_output=True, text=True, check=False,
            timeout=PATIENCE_S, cwd=self.root.parent,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        assert code is None or done.returncode == code, f"{arguments} -> {done.returncode}\n{done.stdout}{done.stderr}"
        if done.returncode != 2:
            note(f"archiver {' '.join(map(str, arguments))}")
        return done


def installed(folder: Path, home: str = "home") -> Installed:
    """The program for a person whose home is `folder/home`, whether or not it is there yet."""
    return Installed(
        folder / home, clean_environment(folder) | {"ARCHIVER_HOME": str(folder / home), "HOME": str(folder)}
    )


@dataclass
class Visitor:
    """Somebody at a desk, in one language."""

    who: str
    http: httpx.Client

    def get(self, address: str, expected: int | None = 200) -> httpx.Response:
        answer = self.http.get(address)
        assert expected in (None, answer.status_code), self._said(answer)
        return self._noted(answer)

    def submit(
        self, page: str | httpx.Response, action: str, expected: int | None = 200, files: Sequence[Path] = (),
        **values: str | list[str],
    ) -> httpx.Response:  # fmt: skip
        """Fill in a form of a page and send it. `action`: a pattern of its address; `values`: what differs from what
        the page has filled in, and the button that was pressed if it has a name."""
        shown = self.get(page) if isinstance(page, str) else page
        document = lxml.html.fromstring(shown.text)
        forms = [each for each in document.forms if re.search(action, each.action or shown.url.path)]
        assert forms, f"{shown.url.path} has no form {action}: {[each.action for each in document.forms]}"
        form, data = min(forms, key=lambda each: each.method == "GET"), dict[str, Any]()
        for name, value in form.form_values():
            data.setdefault(name, []).append(value)
        data |= values
        address = urljoin(str(shown.url), form.action or "")
        if form.method == "GET":
            answer = self.http.get(address, params=data)
        else:
            [field_name, *_] = form.xpath(".//input[@type='file']/@name") or [""]
            sent = [(field_name, (each.name, each.read_bytes())) for each in files]
            answer = self.http.post(
                address, data=data, files=sent or None, headers={"origin": str(self.http.base_url).rstrip("/")}
            )
        assert expected in (None, answer.status_code), self._said(answer)
        return self._noted(answer)

    def press(self, address: str, **values: str) -> httpx.Response:
        """Press a button of a page that has been open for long, so that it may offer what is done by now."""
        token = lxml.html.fromstring(self.get("/find").text).xpath("string(//input[@name='token']/@value)")
        origin = {"origin": str(self.http.base_url).rstrip("/")}
        answer = self.http.post(address, data={"token": token, **values}, headers=origin)
        assert answer.status_code == 200, self._said(answer)
        return self._noted(answer)

    def wait_for_work(self, page: str) -> None:
        """Wait until the work that a page shows has ended."""
        until(lambda: "data-events" not in self.get(page).text)

    def _noted(self, answer: httpx.Response) -> httpx.Response:
        for each in (*answer.history, answer):
            if each.status_code < 400 and (route := route_of(each.request.method, each.url.path)):
                note(route)
        return answer

    def _said(self, answer: httpx.Response) -> str:
        text = " ".join(lxml.html.fromstring(answer.text or "-").text_content().split())[:600]
        return f"{self.who}: {answer.request.method} {answer.url} -> {answer.status_code}: {text}"

    def walk(self, *starts: str, most: int = 0) -> Walk:
        """Open these pages, every link on them and every form that only asks, and so on. Of the addresses of one kind
        that differ in their query at most so many; 0: also of those that differ in their path as many as there are."""
        walk, todo, taken = Walk(), deque(starts), Counter[tuple[str, ...]]()
        while todo:
            address = todo.popleft()
            if address in walk.opened:
                continue
            parts = urlsplit(address)
            kind = (route_of("GET", parts.path) or parts.path, *sorted(key for key, _ in parse_qsl(parts.query)))
            taken[kind] += 1
            if taken[kind] > (most or (ASKED_AT_MOST if parts.query else len(walk.opened) + 1)):
                continue
            answer = self.get(address, None)
            walk.opened[address] = answer.status_code
            if answer.status_code != 200:
                walk.faults.append(self._said(answer))
            elif answer.headers.get("content-type", "").startswith("text/html"):
                walk.texts[address] = answer.text
                if "<html" in answer.text:  # not a part that a script puts into its page
                    walk.pages.setdefault(kind[0], address)
                todo += self._links(answer)
        return walk

    def _links(self, page: httpx.Response) -> Iterator[str]:
        """The addresses of the desk that a page shows, and those that its forms ask for as they are."""
        document, base = lxml.html.fromstring(page.text), str(self.http.base_url).rstrip("/")
        forms = [
            each
            for each in document.forms
            if each.method == "GET" and not any(not asked.get("value") for asked in each.xpath(".//*[@required]"))
        ]
        asked = [f"{each.action or page.url.path}?{urlencode(each.form_values())}" for each in forms]
        for link in [*document.xpath(LINKS), *asked]:
            whole = urldefrag(urljoin(str(page.url), link))[0]
            if whole.startswith(f"{base}/") and not NOT_FOLLOWED.search(inside := whole.removeprefix(base)):
                yield inside


@dataclass
class Walk:
    """What somebody saw: the status of each address, the text of each page, the first address of each kind of page, and
    what went wrong."""

    opened: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


@dataclass
class Desk:
    """A desk that runs, and the people at it."""

    home: Installed
    link: str
    opened: list[httpx.Client] = field(default_factory=list)

    @property
    def base(self) -> str:
        return self.link.partition("/enter/")[0]

    def stranger(self, who: str = "a stranger", language: str = "en") -> Visitor:
        http = httpx.Client(
            base_url=self.base, timeout=PATIENCE_S, follow_redirects=True, headers={"accept-language": language}
        )
        self.opened.append(http)
        return Visitor(f"{who} ({language})", http)

    def owner(self, language: str = "en") -> Visitor:
        """Who started the desk, by the link that it printed."""
        someone = self.stranger("owner", language)
        someone.http.cookies.update(self._owner)
        return someone

    def person(self, name: str, language: str = "en") -> Visitor:
        """A user who was added with `desk user add`."""
        someone = self.stranger(name, language)
        someone.submit("/sign-in", "sign-in$", name=name, password=PASSWORD)
        return someone

    def guest(self, link: str, language: str = "en") -> Visitor:
        """A client with the link that the desk made for it."""
        someone = self.stranger("a client", language)
        someone.get(link)
        return someone

    def client_link(self, client: str) -> str:
        """A new link for a client, as the client's page gives it."""
        page = self.owner().submit(f"/client/{client}", "/link$", days="30").text
        found = re.search(r"http\S+?(/link/[\w.-]+)", page)
        assert found, page
        return found[1]

    def __post_init__(self) -> None:
        entered = self.stranger("owner")
        entered.get(self.link)
        self._owner = entered.http.cookies


@dataclass
class Running:
    """A command that goes on until it is ended. What it says is in a file, since a pipe that nobody reads fills up."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self, pattern: str) -> re.Match[str]:
        """What it says that fits the pattern, once it has said so."""

        def found() -> re.Match[str] | None:
            return re.search(pattern, self.log.read_text("utf-8", "replace"))

        until(lambda: bool(found()) or self.process.poll() is not None)
        said = found()
        assert said, self.log.read_text("utf-8", "replace")
        return said


@contextmanager
def running(home: Installed, *arguments: str | Path) -> Iterator[Running]:
    """A command in the background, which is asked to end when it is no longer needed."""
    note(f"archiver {' '.join(map(str, arguments))}")
    with (
        tempfile.NamedTemporaryFile() as log,
        subprocess.Popen(
            home.command(*arguments), env=home.env, cwd=home.root.parent, stdout=log, stderr=subprocess.STDOUT
        ) as process,
    ):
        command = Running(process, Path(log.name))
        try:
            yield command
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            finally:
                process.kill()  # else its `with` would wait without an end
        said = command.log.read_text("utf-8", "replace")
        assert "Traceback" not in said, said


@contextmanager
def desk_of(home: Installed, *arguments: str) -> Iterator[Desk]:
    """The home's desk, started by the command, until it is no longer needed."""
    with running(home, "desk", "--no-open", "--port", "0", *arguments) as command:
        desk = Desk(home, command.said(r"(https?://\S+/enter/\S+)\s")[1])
        try:
            yield desk
        finally:
            for each in desk.opened:
                each.close()


def add_people(home: Installed) -> dict[str, str]:
    """One user for each role, by the command; returns their names by role."""
    people = {"admin": "Anna Admin", "operate": "Olaf Operator", "read": "Rita Reader"}
    for role, name in people.items():
        home("desk", "user", "add", name, "--role", role, stdin=f"{PASSWORD}\n{PASSWORD}\n")
    return people


def until(true: Callable[[], bool]) -> None:
    """Wait until something is true, which must be soon."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
