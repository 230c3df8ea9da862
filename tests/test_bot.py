"""The class that a script imports."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot import Chatbot
from chatbot.core.errors import BadInput, ByteBotError, NotFound, SettingsError, TurnFailed
from chatbot.core.settings import DEFAULT_PERSONA
from tests.fake_openai import FakeOpenAI, words_text
from tests.terminal.house import ROOT, House

Make = Callable[..., Chatbot]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def house(tmp_path: Path, server: FakeOpenAI) -> House:
    server.forget()
    return House(tmp_path, server)


@pytest.fixture
def make(house: House) -> Iterator[Make]:
    made: list[Chatbot] = []

    def chatbot(model: str = "echo", **more: object) -> Chatbot:
        made.append(Chatbot(model, home=house.home, **more))  # type: ignore[arg-type]
        return made[-1]

    yield chatbot
    for each in made:
        each.close()


def sent(house: House) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in house.server.chats()[-1].messages]


def test_it_answers_as_bytebot_and_remembers(house: House, make: Make) -> None:
    bot = make()
    assert bot.conversation is None
    assert bot.history == ()
    assert bot.chat("Hello, who are you?") == "Hello, who are you?"
    assert bot.chat("And now?") == "And now?"
    persona, *rest = sent(house)
    assert persona == ("system", DEFAULT_PERSONA)
    assert rest == [("user", "Hello, who are you?"), ("assistant", "Hello, who are you?"), ("user", "And now?")]
    assert [(message.role, message.text) for message in bot.history] == [*rest, ("assistant", "And now?")]


def test_it_streams(house: House, make: Make) -> None:
    pieces = list(make("words:60@300").chat_stream("Tell me more."))
    assert "".join(pieces) == words_text(60)
    assert len(pieces) > 3


def test_it_keeps_like_every_face_and_says_where_it_was(house: House, make: Make) -> None:
    bot = make()
    bot.chat("hello")
    conversation, rows = house.latest()
    assert (conversation.id, conversation.tag, conversation.title) == (bot.conversation, "script", "hello")
    assert [row.text for row in rows] == ["hello", "hello"]


def test_no_model_is_asked_for_a_title(house: House, make: Make) -> None:
    bot = make()
    for _ in range(3):  # time enough for a title to be asked for after the first
        bot.chat("hello")
    assert len(house.server.chats()) == 3


def test_a_routed_reply_prints_nothing(house: House, make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    house.settings("[[route]]\nto = 'echo'\nat_most = 20\n")
    bot = make("words:5")
    assert bot.chat("hello") == "hello"
    assert bot.chat("something longer than that") == words_text(5)
    assert capfd.readouterr() == ("", "")


def test_reset_begins_anew_and_throws_nothing_away(house: House, make: Make) -> None:
    bot = make()
    bot.chat("old")
    old = bot.conversation
    bot.reset()
    assert bot.conversation is None
    bot.chat("new")
    assert sent(house)[1:] == [("user", "new")]
    assert bot.conversation != old
    with house.store() as store:
        assert old is not None
        assert store.conversations.get(old).title == "old"


def test_a_stored_conversation_goes_on_with_its_own_options(house: House, make: Make) -> None:
    first = make("echo", system="Be brief.", temperature=0.5)
    first.chat("one")
    first.close()
    with Chatbot(conversation=first.conversation, home=house.home) as second:
        second.chat("two")
        assert second.conversation == first.conversation
    assert sent(house) == [("system", "Be brief."), ("user", "one"), ("assistant", "one"), ("user", "two")]
    assert house.server.chats()[-1].body["temperature"] == 0.5


def test_a_temporary_one_leaves_no_word_but_the_bill(house: House, make: Make) -> None:
    bot = make("echo", temporary=True)
    assert bot.chat("wolframite secret") == "wolframite secret"
    assert bot.chat("more wolframite") == "more wolframite"
    assert len(bot.history) == 4
    bot.close()
    written = house.everything_written()
    assert b"wolframite" not in written
    assert b"echo" in written, "the ledger names the model"


def test_what_is_not_whole_raises_with_the_part(house: House, make: Make) -> None:
    bot = make("fault:clean-end:later")
    with pytest.raises(TurnFailed) as cut:
        bot.chat("hi")
    assert (cut.value.part, cut.value.kind) == ("alpha bravo charlie delta echo foxtrot", "Broken")

    with pytest.raises(TurnFailed, match=r"Reached the limit of 20 tokens\.") as limited:
        make("length:20", max_output=20).chat("hi")
    assert (limited.value.part, limited.value.kind) == (words_text(20), "length")

    with pytest.raises(TurnFailed) as failed:
        make("fault:status-401").chat("hi")
    assert (failed.value.part, failed.value.kind, failed.value.way_out) == ("", "KeyRefused", "settings")


def test_a_stream_that_is_not_whole_raises_at_its_end(house: House, make: Make) -> None:
    pieces: list[str] = []
    with pytest.raises(TurnFailed) as cut:
        pieces += make("fault:clean-end:later").chat_stream("hi")
    assert cut.value.part == "alpha bravo charlie delta echo foxtrot"


def test_after_a_failure_it_goes_on(house: House, make: Make) -> None:
    make("fault:status-404")
    bot = make("fault:status-404")
    with pytest.raises(TurnFailed):
        bot.chat("first")
    with Chatbot("strict", conversation=bot.conversation, home=house.home) as again:
        assert again.chat("second") == "first\n\nsecond"


def test_leaving_a_stream_stops_it_and_keeps_the_part(house: House, make: Make) -> None:
    bot = make("words:2000@100")
    for number, _ in enumerate(bot.chat_stream("hi")):
        if number == 5:
            break
    reply = house.latest()[1][-1]
    assert reply.state == "stopped"
    assert len(reply.text) > 10
    assert words_text(2000).startswith(reply.text)
    until = time.monotonic() + 3
    while not house.server.chats()[0].left and time.monotonic() < until:
        time.sleep(0.05)
    assert house.server.chats()[0].left, "the server went on for nobody"


def test_two_threads_are_answered_in_turn(house: House, make: Make) -> None:
    bot = make("words:30@100")
    said: list[str] = []
    threads = [threading.Thread(target=lambda: said.append(bot.chat("hi"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert said == [words_text(30)] * 3
    _, rows = house.latest()
    assert [row.parent for row in rows] == [None, 1, 2, 3, 4, 5], "one conversation, one line"


@pytest.mark.parametrize(
    ("error", "wrong"),
    [
        (BadInput, {"temperature": 9}),
        (BadInput, {"temperature": True}),
        (BadInput, {"max_output": 0}),
        (BadInput, {"model": "two words"}),
        (SettingsError, {"connection": "nowhere"}),
        (NotFound, {"conversation": "nowhere"}),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_said_at_once(
    house: House, make: Make, error: type[ByteBotError], wrong: dict[str, object]
) -> None:
    with pytest.raises(error) as raised:
        make(**wrong)
    value = next(iter(wrong.values()))
    assert repr(value) in str(raised.value)


@pytest.mark.parametrize(
    ("name", "wrong", "takes"),
    [
        ("conversation", 5, "the id of a conversation or its beginning, as a text, or None"),
        ("system", 5, "the words of a system prompt, as a text, or None"),
        ("system", b"Be brief.", "the words of a system prompt, as a text, or None"),
        ("model", ["echo"], "a model's id, as a text, or None"),
        ("connection", {"name": "openai"}, "the name of a connection, as a text, or None"),
        ("temporary", "no", "True or False"),
        ("temporary", None, "True or False"),
        ("allow_unpriced", "no", "True or False, or None"),
        ("home", "/tmp", "a Home, or None"),
    ],
    ids=str,
)
def test_what_is_of_another_kind_is_named_with_what_it_takes(
    house: House, name: str, wrong: object, takes: str
) -> None:
    with pytest.raises(BadInput) as raised:
        Chatbot(**{"home": house.home, name: wrong})  # type: ignore[arg-type]
    assert str(raised.value) == f"{name} is {wrong!r}; it must be {takes}."


def test_a_temporary_chat_cannot_go_on_with_a_stored_one(house: House, make: Make) -> None:
    make().chat("hello")
    with pytest.raises(BadInput, match="leave out temporary to go on"):
        make(conversation=house.latest()[0].id, temporary=True)


def test_the_beginning_of_an_id_is_enough(house: House, make: Make) -> None:
    first = make()
    first.chat("one")
    id = first.conversation or ""
    second = make(conversation=id[:6])
    assert second.conversation == id
    with pytest.raises(BadInput, match="is too short"):
        make(conversation=id[:3])


def test_an_empty_message_is_refused_and_a_closed_one_says_so(house: House, make: Make) -> None:
    bot = make()
    with pytest.raises(BadInput):
        bot.chat("  ")
    with pytest.raises(BadInput):
        next(bot.chat_stream(""))
    with pytest.raises(BadInput, match="not NoneType"):
        bot.chat(None)  # type: ignore[arg-type]
    bot.close()
    bot.close()
    with pytest.raises(ByteBotError, match="closed"):
        bot.chat("hi")
    assert not house.server.chats()


def script(house: House, code: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=house.folder,
        env=house.child_environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_the_ten_lines_of_the_readme(house: House) -> None:
    readme = (ROOT / "README.md").read_text().partition("```python\n")[2].partition("```")[0]
    assert len(readme.strip().splitlines()) <= 10
    house.settings('[connections.openai]\nmodel = "echo"\n')
    ran = script(house, readme)
    out, err = ran.communicate(timeout=60)
    assert (ran.returncode, err.decode()) == (0, "")
    assert out.decode().split("\n")[0] == "Hello, who are you?"
    assert out.decode().endswith("Tell me more.")


@pytest.mark.crash
def test_a_script_that_ends_in_mid_reply_keeps_the_part(house: House) -> None:
    code = "from chatbot import Chatbot; stream = Chatbot('words:2000@100').chat_stream('hi'); print(next(stream))"
    ran = script(house, code)
    _, err = ran.communicate(timeout=60)
    assert (ran.returncode, err.decode()) == (0, "")
    reply = house.latest()[1][-1]
    assert reply.state in ("cut", "stopped")
    assert reply.text


@pytest.mark.crash
def test_ctrl_c_in_a_script_keeps_the_part(house: House) -> None:
    ran = script(house, "from chatbot import Chatbot; Chatbot('words:2000@100').chat('hi')")
    until = time.monotonic() + 30
    while not house.server.chats() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    ran.send_signal(signal.SIGINT)
    _, err = ran.communicate(timeout=30)
    assert err.decode().rstrip().endswith("KeyboardInterrupt")
    reply = house.latest()[1][-1]
    assert (reply.state, bool(reply.text)) == ("stopped", True)
