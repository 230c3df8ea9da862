"""One shots: what comes out, what is kept, and what the exit status says."""

import shutil
import subprocess
from pathlib import Path

import pytest

from chatbot.core.settings import DEFAULT_PERSONA
from chatbot.core.window import GO_ON
from tests.fake_openai import words_text
from tests.postgres import Server, fresh_database
from tests.terminal.house import KEY, House


def test_a_reply_is_printed_and_kept(house: House) -> None:
    ran = house.run("ask", "--model", "words:40", "Tell", "me something")
    assert (ran.status, ran.out, ran.err) == (0, words_text(40) + "\n", "")
    conversation, (said, reply) = house.latest()
    assert (said.text, reply.text, reply.state) == ("Tell me something", words_text(40), "complete")
    assert conversation.tag == "terminal"
    assert house.server.chats()[0].messages[0] == {"role": "system", "content": DEFAULT_PERSONA}


def test_a_reply_ends_with_a_line_feed(house: House) -> None:
    assert house.run("ask", "--model", "echo", "hello").out == "hello\n"


def test_a_pipe_is_joined_to_the_words_by_a_blank_line(house: House) -> None:
    assert house.run("ask", "--model", "echo", "Review this.", piped=b"a diff\n").out == "Review this.\n\na diff\n"
    assert house.run("ask", "--model", "echo", piped="grüße".encode()).out == "grüße\n"


def test_bytes_that_are_no_utf8_are_repaired(house: House) -> None:
    assert house.run("ask", "--model", "echo", piped=b"\xef\xbb\xbfcaf\xe9 \x00!").out == "caf� ␀!\n"


def test_more_than_can_be_sent_is_refused_and_not_sent(house: House) -> None:
    ran = house.run("ask", "--model", "echo", piped=b"x" * 2_000_001)
    assert ran.status == 2
    assert "2,000,001 characters" in ran.err
    assert not house.server.chats()


def test_options_are_sent(house: House) -> None:
    options = ("--system", "Be brief.", "--temperature", "0.3", "--max-output", "77")
    assert house.run("ask", "--model", "echo", *options, "hi").status == 0
    body = house.server.chats()[0].body
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert body["temperature"] == 0.3
    assert 77 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert (
        house.run("ask", "--model", "echo", "--system", "", "--temperature", "off", "--max-output", "off", "hi").status
        == 0
    )
    body = house.server.chats()[1].body
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert not {"temperature", "max_tokens", "max_completion_tokens"} & set(body)


def test_it_goes_on_with_the_newest_or_with_a_named_conversation(house: House) -> None:
    house.run("ask", "--model", "echo", "one")
    first, _ = house.latest()
    house.run("ask", "--model", "echo", "other")
    assert house.run("ask", "--continue", "more").out == "more\n"
    sent = [message["content"] for message in house.server.chats()[-1].messages[1:]]
    assert sent == ["other", "other", "more"]
    assert house.run("--conversation", first.id, "ask", "two").out == "two\n"
    assert [message["content"] for message in house.server.chats()[-1].messages[1:]] == ["one", "one", "two"]


def test_a_cut_reply_is_partial_and_goes_on(house: House) -> None:
    ran = house.run("ask", "--model", "fault:clean-end:later", "hi")
    assert ran.status == 1
    assert ran.out == "alpha bravo charlie delta echo foxtrot\n"
    conversation, _ = house.latest()
    assert "the reply is partial" in ran.err
    assert f"chatbot ask --conversation {conversation.id}" in ran.err

    ran = house.run("ask", "--continue", "--model", "words:10")
    assert ran.status == 0
    assert house.server.chats()[-1].messages[-1] == {"role": "user", "content": GO_ON}
    _, rows = house.latest()
    assert [row.continues for row in rows] == [False, False, True]
    assert rows[2].text.strip() == ran.out.strip()


def test_a_part_that_could_not_go_on_is_still_there(house: House) -> None:
    house.run("ask", "--model", "fault:clean-end:later", "hi")
    for _ in range(2):
        ran = house.run("ask", "--continue", "--model", "fault:status-404")
        assert (ran.status, ran.out) == (1, "")
        assert ran.err.startswith("chatbot: nothing was added; the earlier part of the reply is still there. ")
    assert house.run("ask", "--continue", "--model", "words:10").status == 0
    assert house.server.chats()[-1].messages[-1] == {"role": "user", "content": GO_ON}


def test_a_limit_is_partial(house: House) -> None:
    ran = house.run("ask", "--model", "length:20", "--max-output", "20", "hi")
    assert ran.status == 1
    assert "Reached the limit of 20 tokens. Go on with: chatbot ask --conversation " in ran.err
    ran = house.run("ask", "--model", "length:20", "--max-output", "400", "hi")
    assert "Reached the server's own limit after 20 tokens. Go on with: chatbot ask --conversation " in ran.err


def test_a_refusal_is_no_whole_answer(house: House) -> None:
    ran = house.run("ask", "--model", "refusal", "hi")
    assert (ran.status, ran.out) == (1, "I cannot help with that.\n")
    assert "The model declined." in ran.err


def test_a_failure_keeps_the_words_and_no_words_try_again(house: House) -> None:
    ran = house.run("ask", "--model", "fault:status-404", "precious")
    assert (ran.status, ran.out) == (1, "")
    assert "Your message is kept." in ran.err
    assert "--model ID" in ran.err
    ran = house.run("ask", "--continue", "--model", "echo")
    assert (ran.status, ran.out) == (0, "precious\n")
    _, rows = house.latest()
    assert [(row.role, row.state) for row in rows] == [
        ("user", "complete"),
        ("assistant", "failed"),
        ("assistant", "complete"),
    ]


@pytest.mark.parametrize(
    "argv",
    [
        ("ask",),
        ("ask", "   "),
        ("ask", "--temperature", "hot", "hi"),
        ("ask", "--temperature", "2.1", "hi"),
        ("ask", "--max-output", "0", "hi"),
        ("ask", "--model", "two words", "hi"),
        ("ask", "--continue", "--conversation", "x", "hi"),
        ("ask", "--temporary", "--continue", "hi"),
        ("ask", "--no-such-option", "hi"),
        ("no-such-command",),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_sends_nothing(house: House, argv: tuple[str, ...]) -> None:
    ran = house.run(*argv, piped=b"")
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err
    assert not house.server.chats()


def test_a_command_that_is_not_there_is_named_with_those_that_are(house: House) -> None:
    ran = house.run("bogus", "words")
    assert (ran.status, ran.err) == (
        2,
        "chatbot: There is no command 'bogus'. There are: ask, cost, budget, search, list, show, reconcile, stats, export, import, verify, backup, restore, doctor, serve.\n",
    )


@pytest.mark.parametrize("command", ["ask", "cost", "serve"])
def test_an_unknown_option_shows_the_usage_of_its_own_command(house: House, command: str) -> None:
    ran = house.run(command, "--bogus")
    assert ran.status == 2
    assert ran.err.startswith(f"usage: chatbot {command} ")
    assert ran.err.endswith(f"chatbot {command}: error: unrecognized arguments: --bogus\n")


def test_nothing_to_continue(house: House) -> None:
    ran = house.run("ask", "--continue", "hi")
    assert (ran.status, ran.err) == (2, "chatbot: There is no conversation to go on with yet.\n")
    house.run("ask", "--model", "echo", "hi")
    ran = house.run("ask", "--continue")
    assert ran.status == 2
    assert "whole" in ran.err
    assert house.run("ask", "--conversation", "nowhere", "hi").status == 2


def test_a_connection_that_is_not_there(house: House) -> None:
    ran = house.run("ask", "--connection", "nowhere", "hi")
    assert ran.status == 2
    assert ran.err.startswith("chatbot: There is no connection 'nowhere'. There are: openai, offline.")


def test_the_offline_model_is_not_asked_for_another_ones_answer(house: House) -> None:
    ran = house.run("ask", "--connection", "offline", "--model", "gpt-6-luna", "hi")
    assert ran.status == 2
    assert "'gpt-6-luna'" in ran.err


def test_a_models_name_has_no_letter_that_nobody_can_see(house: House) -> None:
    assert house.run("ask", "--model", "ec\u2060ho\ufeff", "hi").status == 0
    assert house.server.chats()[-1].body["model"] == "echo"


def test_a_temporary_chat_leaves_no_word(house: House) -> None:
    ran = house.run("ask", "--temporary", "--model", "echo", "wolframite secret")
    assert (ran.status, ran.out) == (0, "wolframite secret\n")
    assert b"wolframite" not in house.everything_written()
    with house.store() as store:
        assert store.conversations.latest() is None


def test_retrying_is_told(house: House) -> None:
    ran = house.run("ask", "--model", "fault:rate-limit", "hi")
    assert ran.status == 0
    assert "again in" in ran.err


def test_settings_that_cannot_be_used_are_told(house: House) -> None:
    house.settings('[chat]\ntemperature = "warm"\n')
    ran = house.run("ask", "--model", "echo", "hi")
    assert ran.status == 0
    assert "temperature" in ran.err


def test_a_store_that_cannot_be_opened_is_one_sentence(house: House) -> None:
    (house.data / "bytebot.db").write_bytes(b"this is no database at all, but it is long enough to be looked at" * 20)
    ran = house.run("ask", "--model", "echo", "hi")
    assert ran.status == 1
    assert ran.err.startswith("chatbot: ")
    assert ran.err.count("\n") == 1
    assert not house.server.chats()


def test_the_key_is_nowhere(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        outputs = [
            house.run("ask", "--model", model, "hi")
            for model in ("echo", "fault:status-401", "fault:bad-json", "fault:html-error")
        ]
    assert all(chat.headers["authorization"] == f"Bearer {KEY}" for chat in house.server.chats())
    assert KEY not in "".join(ran.out + ran.err for ran in outputs)
    assert KEY not in caplog.text
    assert KEY.encode() not in house.everything_written()


def test_the_first_question_makes_the_folder_and_the_database(house: House) -> None:
    shutil.rmtree(house.data)
    assert house.run("ask", "--model", "echo", "hi").out == "hi\n"
    assert (house.data / "bytebot.db").exists()


def test_the_folder_and_database_are_where_the_environment_says(house: House, tmp_path: Path) -> None:
    (house.data / "bytebot.db").unlink()
    house.environ["BYTEBOT_DATABASE_URL"] = f"sqlite:///{tmp_path}/elsewhere.db"
    house.run("ask", "--model", "echo", "hi")
    assert (tmp_path / "elsewhere.db").exists()
    assert not (house.data / "bytebot.db").exists()


def test_a_history_that_does_not_open_was_to_be_asked_only_where_it_was(house: House, tmp_path: Path) -> None:
    (tmp_path / "no.db").write_text("no database at all, " * 60)
    house.environ["BYTEBOT_DATABASE_URL"] = f"sqlite:///{tmp_path}/no.db"
    asked, listed = house.run("ask", "hi"), house.run("list")
    assert "Nothing was sent. BYTEBOT_DATA_DIR and BYTEBOT_DATABASE_URL say where" in asked.err
    assert "BYTEBOT_DATA_DIR and BYTEBOT_DATABASE_URL say where" in listed.err
    assert "Nothing was sent" not in listed.err


@pytest.mark.postgres
def test_on_postgresql(house: House, postgres: Server) -> None:
    (house.data / "bytebot.db").unlink()
    with fresh_database(postgres) as url:
        house.environ["BYTEBOT_DATABASE_URL"] = url
        assert house.run("ask", "--model", "echo", "one").status == 0
        assert house.run("ask", "--continue", "two").out == "two\n"
        assert len(house.server.chats()[-1].messages) == 4
    assert not (house.data / "bytebot.db").exists()


def test_help_and_version(house: House) -> None:
    ran = house.run("--help")
    assert ran.status == 0
    assert "ask" in ran.out
    assert house.run("ask", "--help").out.count("130") == 1
    assert house.run("--version").out.startswith("chatbot ")


def test_only_what_the_first_token_needs_is_imported(house: House) -> None:
    import sys

    code = "import sys; from chatbot.__main__ import main; status = main(['ask', '--model', 'echo', 'hi']); "
    code += "print(status, *sorted(sys.modules))"
    house.run("ask", "--model", "echo", "so that the database is there")
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=house.folder,
        env=house.child_environ,
        capture_output=True,
        timeout=60,
        check=True,
    )
    status, *modules = ran.stdout.decode().split("\n")[1].split()
    assert status == "0"
    assert "openai" in modules
    unwanted = {"rich", "prompt_toolkit", "alembic", "keyring", "tiktoken", "genai_prices", "streamlit", "pandas"}
    assert not unwanted & set(modules)


def test_a_wrong_number_is_told_in_the_command_lines_own_words(house: House) -> None:
    for option, value in (("--temperature", "9"), ("--temperature", "warm"), ("--max-output", "-3")):
        ran = house.run("ask", f"{option}={value}", "hi")
        assert ran.status == 2
        assert value in ran.err
        assert 'or "off"' in ran.err
    assert not house.server.chats()


def test_a_routed_reply_says_why_beside_the_words(house: House) -> None:
    house.settings("[chat]\nmodel = 'words:5'\n[[route]]\nname = 'short'\nto = 'echo'\nat_most = 20\n")
    ran = house.run("ask", "hello")
    assert (ran.status, ran.out) == (0, "hello\n")
    assert ran.err == "chatbot: echo answers instead of words:5 (rule “short”: at most 20 characters).\n"
    conversation, (_, reply) = house.latest()
    assert (conversation.options.model, reply.model_asked) == ("words:5", "echo")
    assert house.run("ask", "--continue", "something longer than that").err == ""


def test_a_model_that_is_named_is_asked_whatever_the_rules_say(house: House) -> None:
    house.settings("[chat]\nmodel = 'words:5'\ntitles_by_model = false\n[[route]]\nto = 'nobody'\nat_most = 20\n")
    assert house.run("ask", "Hello").status == 1
    assert house.run("ask", "--continue", "--model", "echo", "Hello").out.startswith("Hello")
    assert house.run("ask", "--continue", "--model", "echo").status == 2  # it is whole: nothing to try again


def test_without_a_model_of_its_own_a_server_is_asked_what_it_has(house: House) -> None:
    ran = house.run("ask", "hi")
    assert (ran.status, house.server.chats()[0].model) == (0, "echo")
    house.settings(
        '[chat]\nconnection = "mine"\n[connections.mine]\nbase_url = "' + house.server.url("no-models") + '"'
    )
    ran = house.run("ask", "hi")
    assert (ran.status, ran.out) == (1, "")
    assert "'mine' has no model of its own, and its server lists none for chats. Choose one." in ran.err
    assert house.latest()[1][0].text == "hi", "the words are kept before any server is asked"
    assert house.run("ask", "--model", "echo", "hi").out == "hi\n"


def test_an_empty_id_is_no_conversation(house: House) -> None:
    house.run("ask", "--model", "echo", "private")
    ran = house.run("ask", "--conversation", "", "--model", "echo", "meant for another")
    assert (ran.status, ran.out) == (2, "")
    assert "There is no conversation ''" in ran.err
    assert len(house.server.chats()) == 1


def test_what_the_house_stays_shut_for_is_said_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(house.environ, "OPENAI_BASE_URL", "nonsense")
    monkeypatch.setitem(house.environ, "BYTEBOT_TEMPERATURE", "9")
    ran = house.run("ask", "hi")
    assert ran.status != 0
    assert ran.err.count("nonsense") == 1
    assert "settings page" not in ran.err, "it cannot change what the environment says"
    assert "BYTEBOT_TEMPERATURE" in ran.err, "the other problem is told all the same"
