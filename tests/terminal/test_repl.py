"""The REPL, its input piped in: what each line does, and what is kept."""

import re

import pytest

from chatbot.core.errors import BadInput
from chatbot.core.window import GO_ON
from chatbot.terminal.commands import COMMANDS, read_command
from tests.fake_openai import words_text
from tests.terminal.house import House, Ran


@pytest.fixture(autouse=True)
def no_titles(house: House) -> None:
    house.settings("[chat]\ntitles_by_model = false\n")


def talk(house: House, *lines: str, argv: tuple[str, ...] = ("--model", "echo")) -> Ran:
    return house.run(*argv, piped="".join(f"{line}\n" for line in lines).encode())


def sent(house: House, at: int = -1) -> list[tuple[str, str]]:
    return [
        (message["role"], message["content"])
        for message in house.server.chats()[at].messages
        if message["role"] != "system"
    ]


def test_it_remembers_and_keeps(house: House) -> None:
    ran = talk(house, "one", "two")
    assert (ran.status, ran.out) == (0, "one\ntwo\n")
    assert sent(house) == [("user", "one"), ("assistant", "one"), ("user", "two")]
    conversation, rows = house.latest()
    assert conversation.tag == "terminal"
    assert [row.text for row in rows] == ["one", "one", "two", "two"]


def test_below_each_reply_stand_model_tokens_seconds_and_cost(house: House) -> None:
    assert re.search(r"^echo · 1 token in \d+\.\d s · local$", talk(house, "hi").err, re.MULTILINE)


@pytest.mark.parametrize("word", ["quit", "exit", "/quit", "/exit", " quit ", "/QUIT", "Exit"])
def test_leaving(house: House, word: str) -> None:
    ran = talk(house, word, "never sent")
    assert ran.status == 0
    assert not house.server.chats()


@pytest.mark.parametrize("word", ["reset", "/reset", " reset ", "/Reset "])
def test_reset_begins_a_new_conversation(house: House, word: str) -> None:
    talk(house, "one", word, "two")
    assert sent(house) == [("user", "two")]
    with house.store() as store:
        assert len(store.conversations.lines()) == 2


def test_blank_lines_are_passed_over(house: House) -> None:
    assert talk(house, "", "   ", "hi").out == "hi\n"
    assert len(house.server.chats()) == 1


def test_options_change_for_this_chat_and_are_kept(house: House) -> None:
    ran = talk(house, "one", "/model words:3", "/system Be brief.", "/temperature 0.4", "/max 50", "two")
    assert ran.status == 0
    body = house.server.chats()[-1].body
    assert (body["model"], body["temperature"]) == ("words:3", 0.4)
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert 50 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    options = house.latest()[0].options
    assert (options.model, options.system, options.temperature, options.max_output) == ("words:3", "Be brief.", 0.4, 50)

    talk(house, "/temperature off", "/system off", "/max off", "three", argv=("--continue",))
    body = house.server.chats()[-1].body
    assert not {"temperature", "max_tokens", "max_completion_tokens"} & set(body)
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user", "assistant", "user"]


@pytest.mark.parametrize("nothing", ["off", "OFF", '""', "''"])
def test_an_empty_system_prompt_is_none(house: House, nothing: str) -> None:
    ran = talk(house, f"/system {nothing}", "hi")
    assert ran.out == "No system prompt is sent.\nhi\n"
    assert [message["role"] for message in house.server.chats()[-1].messages] == ["user"]


def test_commands_show_what_holds(house: House) -> None:
    ran = talk(
        house, "/model", "/temperature", "/max", "/system", "/connection", "/models", "/history", "/stop", "/help"
    )
    assert ran.status == 0
    for words in (
        "echo on openai.",
        "No temperature is sent.",
        "At most 4,096 tokens a reply.",
        "You are ByteBot",
        "* openai",
        "  offline",
        "* echo  32,768 tokens",
        "Nothing has been said yet.",
        "Nothing is being written here.",
    ):
        assert words in ran.out
    for command in COMMANDS:
        assert f"/{command.name}" in ran.out
    assert not house.server.chats()


def test_history_shows_both_sides(house: House) -> None:
    ran = talk(house, "one", "/model fault:clean-end:later", "two", "/history")
    shown = ran.out.partition("Now fault:clean-end:later on openai.\n")[2].split("foxtrot\n", 1)[1]
    assert shown == "› one\n\none\n\n› two\n\nalpha bravo charlie delta echo foxtrot\n\n"


def test_another_connection_brings_its_own_model(house: House) -> None:
    house.settings(
        f'[chat]\ntitles_by_model = false\n[connections.other]\nbase_url = "{house.server.base_url}"\nmodel = "words:4"\n'
    )
    ran = talk(house, "/connection other", "hi")
    assert "Now on other, with words:4." in ran.out
    assert ran.out.endswith(words_text(4) + "\n")
    assert "authorization" not in house.server.chats()[-1].headers or "canary" not in str(
        house.server.chats()[-1].headers
    )


def test_what_cannot_be_done_is_one_sentence_and_nothing_is_sent(house: House) -> None:
    ran = talk(
        house,
        "/nonsense",
        "/temperature hot",
        "/connection nowhere",
        "/max 0",
        "/retry",
        "/continue",
        "/model two words",
        "/Quit now",
        "/history all",
        "/max-output 5",
    )
    lines = ran.err.splitlines()[1:]
    assert len(lines) == 10
    for line, words in zip(
        lines,
        (
            "There is no command '/nonsense'",
            "'hot'",
            "'nowhere'",
            "max output is 0;",
            "Nothing has been said",
            "Nothing has been said",
            "'two words'",
            "/quit takes nothing after it.",
            "/history takes nothing after it.",
            "There is no command '/max-output'",
        ),
        strict=True,
    ):
        assert words in line
    assert not house.server.chats()


def test_a_message_may_look_like_a_command(house: House) -> None:
    assert talk(house, " /help").out == " /help\n"
    assert talk(house, " /quit now").out == " /quit now\n"
    assert talk(house, "/usr/bin/env is missing").out == "/usr/bin/env is missing\n"
    assert talk(house, "/* a remark */").out == "/* a remark */\n"
    with pytest.raises(BadInput):
        read_command("/env is missing")


def test_a_cut_reply_says_what_to_do_and_goes_on(house: House) -> None:
    ran = talk(house, "hi", "/model words:10", "/continue", argv=("--model", "fault:clean-end:later"))
    assert "/continue goes on" in ran.err
    assert house.server.chats()[-1].messages[-1] == {"role": "user", "content": GO_ON}
    assert [row.continues for row in house.latest()[1]] == [False, False, True]
    assert ran.status == 0


def test_a_failed_reply_says_what_to_do_and_is_tried_again(house: House) -> None:
    ran = talk(house, "precious", "/model echo", "/retry", argv=("--model", "fault:status-404"))
    assert "Your message is kept. /models lists" in ran.err
    assert ran.out.endswith("precious\n")
    assert [row.state for row in house.latest()[1]] == ["complete", "failed", "complete"]


def test_retry_after_a_whole_reply_is_another_beside_it(house: House) -> None:
    talk(house, "hi", "/retry")
    _, rows = house.latest()
    assert [row.parent for row in rows] == [None, 1, 1]
    assert len(house.server.chats()) == 2


def test_the_status_says_whether_the_last_reply_was_whole(house: House) -> None:
    assert talk(house, "hi", argv=("--model", "fault:status-404")).status == 1
    assert talk(house, "hi", "/model echo", "more", argv=("--model", "fault:status-404")).status == 0


def test_a_stored_conversation_opens_with_its_last_words(house: House) -> None:
    talk(house, "one", "two")
    ran = talk(house, "three", argv=("--continue",))
    assert ran.out == "› two\n\ntwo\n\nthree\n"
    assert sent(house)[-1] == ("user", "three")
    assert len(sent(house)) == 5


def test_a_temporary_talk_leaves_no_word(house: House) -> None:
    ran = talk(house, "wolframite", "more wolframite", argv=("--temporary", "--model", "echo"))
    assert ran.out == "wolframite\nmore wolframite\n"
    assert len(sent(house)) == 3
    assert b"wolframite" not in house.everything_written()


def test_a_temporary_talk_goes_on_with_no_stored_one(house: House) -> None:
    talk(house, "one")
    ran = talk(house, "two", argv=("--temporary", "--conversation", house.latest()[0].id))
    assert ran.status == 2
    assert "leave out --temporary to go on with a stored one" in ran.err


def test_bytes_that_are_no_utf8_are_repaired(house: House) -> None:
    assert house.run("--model", "echo", piped=b"caf\xe9\n").out == "caf�\n"


def test_the_offline_model_is_called_what_it_is(house: House) -> None:
    del house.environ["OPENAI_API_KEY"], house.environ["OPENAI_BASE_URL"]
    ran = house.run(piped=b"quit\n")
    assert "tiny offline model: English only, often wrong" in ran.err
    assert "fetched first: 98 MB" in ran.err


def test_a_routed_reply_says_why_and_the_next_one_is_the_chats_own(house: House) -> None:
    house.settings("[chat]\ntitles_by_model = false\n[[route]]\nto = 'echo'\nat_most = 20\n")
    ran = house.run("--model", "words:5", piped=b"hello\n/retry\n")
    assert ran.err.count("echo answers instead of words:5 (rule 1: at most 20 characters).") == 1
    assert [request.model for request in house.server.chats()] == ["echo", "words:5"]
