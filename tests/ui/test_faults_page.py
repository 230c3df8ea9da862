"""Each row of the table of faults, once or twice through the page: what it says, what it keeps, what it offers."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.core.endings import how_it_ended
from tests.fake_openai import FAULTS, FakeOpenAI, Right
from tests.ui.chat_tab import Tab, tab, talking_to

KEY = "sk-canary-7a6b5c4d3e2f1a0b9c8d"
LIMIT = 512
IMPATIENT = f"""\
[chat]
titles_by_model = false
max_output = {LIMIT}
temperature = 0.5
[connections.openai.timeouts]
connect = 0.5
first = 1.0
bytes = 0.7
deltas = 0.9
total = 20
"""
SAID = "Twelve words, please."
ELSEWHERE = {
    "KeyRefused": "Open settings",
    "NoCredit": "Open settings",
    "ConnectFailed": "Open settings",
    "NotAStream": "Open settings",
    "Redirected": "Open settings",
    "ModelUnknown": "Choose another model",
    "Forbidden": "Choose another model",
    "RequestRefused": "Edit message",
    "ContextTooLong": "Edit message",
}
OFFERS = {"Continue", "Try again", "Edit message", "Choose another model", f"Raise the limit to {2 * LIMIT:,}"}


# Of their rows the ones whose way out is another one.
BESIDES = [
    ("retry-after-long", "connect"),
    ("status-401", "connect"),
    ("status-404", "connect"),
    ("refusal", "usage"),
    ("finish-filter", "usage"),
    ("empty-length", "usage"),
]


def one_or_two_of_each_row() -> list[tuple[str, str]]:
    """For each row the fault that strikes in the most places: late, and before the first word where that ends otherwise."""
    widest: dict[str, str] = {}
    for name, fault in FAULTS.items():
        if fault.row not in widest or len(fault.points) > len(FAULTS[widest[fault.row]].points):
            widest[fault.row] = name
    cases: list[tuple[str, str]] = []
    for name in widest.values():
        right = FAULTS[name].right
        late = "later" if "later" in right else FAULTS[name].points[-1]
        cases.append((name, late))
        if "headers" in right and right["headers"].state != right[late].state:
            cases.append((name, "headers"))
    return [*cases, *(case for case in BESIDES if case not in cases)]


def offered(name: str, right: Right) -> set[str]:
    """The ways out that there must be."""
    if right.state in ("length", "stopped", "cut"):
        ways = {"Continue"} | ({"Try again"} if right.state == "cut" else set())
    elif right.state == "failed":
        ways = {"Try again"}
    else:
        ways = {"Edit message"} if right.state in ("filtered", "refused") else set()
    if right.kind in ELSEWHERE:
        ways.add(ELSEWHERE[right.kind])
    if name in ("empty-length", "only-thinking"):
        ways.add(f"Raise the limit to {2 * LIMIT:,}")
    return ways


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


def look(page: Tab, name: str, right: Right) -> None:
    """What stands on the page, whether it was just followed or is drawn from the store."""
    row = page.kept()[-1]
    assert page.app.text[0].value == SAID, "what the person said"
    assert page.says(row.text[:70]), "what the model said"
    assert FAULTS[name].more or not row.text or page.draws(row.text)
    if row.reasoning:
        assert page.says(row.reasoning)
    sentence = how_it_ended(row.state, error=row.error, limit=LIMIT, usage=row.usage)
    for words in [sentence, *row.notes]:
        assert words is None or page.says(words), (words, page.said())
    assert (OFFERS & set(page.buttons())) | (set(page.links()) & {"Open settings"}) == offered(name, right)
    assert "Stop" not in page.buttons()
    assert not any("Traceback" in text or KEY in text or "<h1>" in text for text in page.said())


@pytest.mark.parametrize(("name", "point"), one_or_two_of_each_row())
def test_a_fault_on_the_page(
    server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, point: str
) -> None:
    server.forget()
    fault = FAULTS[name]
    right = fault.right[point]  # type: ignore[index]
    variables = talking_to(server.url(fault.address), f"fault:{name}:{point}", KEY)
    with tab(tmp_path, monkeypatch, IMPATIENT, **variables) as page:
        page.open().say(SAID)
        said, reply = page.kept()
        assert said.text == SAID
        assert (reply.state, reply.error_kind) == (right.state, right.kind)
        assert reply.text.startswith(right.text)
        assert fault.more or reply.text == right.text
        assert reply.reasoning == right.reasoning
        look(page, name, right)
        look(page.run(), name, right)
        fixed = {"KeyRefused": "OPENAI_API_KEY", "ConnectFailed": "OPENAI_BASE_URL"}.get(right.kind or "")
        told = f"comes from {fixed} (environment); change it there and restart ByteBot."
        assert page.says(told) == (fixed is not None), "the settings page cannot change it"


def test_a_server_that_is_not_there_is_told_before_something_is_typed(
    server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tab(tmp_path, monkeypatch, IMPATIENT, **talking_to(server.url("refused"), "echo", KEY)) as page:
        page.open()
        told = [words for words in page.said() if "Nothing answers at http://127.0.0.1:" in words]
        assert len(told) == 1
        page.say(SAID)
        told = [words for words in page.said() if "Nothing answers at http://127.0.0.1:" in words]
        assert len(told) == 1, "under the reply, and not twice"
    with tab(tmp_path, monkeypatch, IMPATIENT, **talking_to(server.base_url, "echo", KEY)) as page:
        page.open()
        assert not page.says("Nothing answers")


def page_on(server: FakeOpenAI, model: str) -> dict[str, str]:
    server.forget()
    return talking_to(server.base_url, model, KEY)


def held_with(page: Tab, model: str) -> None:
    chat = page.app.session_state["chat"]
    options = replace(chat.options, model=model)
    page.engine.store.conversations.set_options(chat.conversation, options)
    page.run()


def test_continue_makes_a_torn_reply_whole(server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tab(tmp_path, monkeypatch, IMPATIENT, **page_on(server, "length:30")) as page:
        page.open().say(SAID).press("Continue").press("Continue")
        rows = page.kept()[1:]
        assert [row.state for row in rows] == ["length"] * 3
        assert len(page.app.chat_message) == 2, "the segments are one reply"
        assert page.draws("".join(row.text for row in rows))
        assert page.buttons().count("Continue") == 1


def test_a_continue_that_failed_says_what_is_kept_and_goes_on(
    server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tab(tmp_path, monkeypatch, IMPATIENT, **page_on(server, "length:30")) as page:
        page.open().say(SAID)
        held_with(page, "no-such-model")
        page.press("Continue")
        for _ in range(2):
            assert page.says("Choose another one. The part so far is kept.")
            assert not page.says("Your message is kept.")
            assert "Try again" not in page.buttons()
            page.run()
        held_with(page, "length:30")
        page.press("Continue")
        first, failed, more = page.kept()[1:]
        assert (failed.state, more.state, failed.parent, more.parent) == ("failed", "length", first.id, first.id)
        assert page.draws(first.text + more.text)


def test_try_again_after_a_fault_is_a_branch_and_the_words_stay_once(
    server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tab(tmp_path, monkeypatch, IMPATIENT, **page_on(server, "fault:bad-json:first")) as page:
        page.open().say(SAID).press("Try again")
        said, first, second = page.kept()
        assert (first.text, second.text, first.parent, second.parent) == ("alpha", "alpha", said.id, said.id)
        assert page.says("2/2")
        assert [text.value for text in page.app.text] == [SAID]
        asked = server.chats()[-1].messages
        assert [message["role"] for message in asked] == ["system", "user"]


def test_edit_after_a_refusal_opens_the_message(
    server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tab(tmp_path, monkeypatch, IMPATIENT, **page_on(server, "fault:refusal")) as page:
        page.open().say(SAID).press("Edit message")
        assert page.app.text_area(key=f"edit-{page.kept()[0].id}").value == SAID


def test_another_model_after_one_that_is_unknown(
    server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tab(tmp_path, monkeypatch, IMPATIENT, **page_on(server, "no-such-model")) as page:
        page.open().say(SAID)
        assert page.says("has no model 'no-such-model'. Choose another one. Your message is kept.")
        page.press("Choose another model")
        page.app.selectbox(key=f"other-{page.kept()[1].id}").select("echo")
        page.press("Regenerate")
        assert [(row.state, row.text) for row in page.kept()[1:]] == [("failed", ""), ("complete", SAID)]
