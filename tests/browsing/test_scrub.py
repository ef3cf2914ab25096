"""What a page shows of the person who is signed in goes, whatever it stands in; and a scrubbed page stays as it is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.browsing.scrub import Scrubber

WORD = st.from_regex(r"[A-Z][a-z]{3,9}(-[A-Z][a-z]{2,8}|'[a-z]{2,6})?", fullmatch=True)
SHOWN = (
    "<b class=me>Hello, {}</b>", "<p>Hi <i>{}</i></p>", "Welcome back, {}!", "<td>Angemeldet als {}</td>",
    '<span class="user-name">{}</span>', '<a data-account-name="{}">', '{{"user": {{"name": "{}"}}}}',
    "<dt>Licensee</dt>: <dd>{}</dd>", "Signed in as {}\nBilled to: {}, Berlin",
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(WORD, min_size=1, max_size=3), st.lists(st.sampled_from(SHOWN), min_size=1, max_size=3), st.booleans())
def test_a_displayed_name_goes_and_nothing_is_found_or_changed_in_what_is_left(
    words: list[str], shown: list[str], known: bool
) -> None:
    name = " ".join(words)
    page = "\n".join(each.replace("{}", name).replace("{{", "{").replace("}}", "}") for each in shown)
    scrubber = Scrubber({name: "name"} if known else {}, page)
    scrubber.learn_text(page)
    clean = scrubber.text(page)
    assert name not in clean and not [*scrubber.leftovers(clean)] and scrubber.text(clean) == clean
