"""The commands `chatbot search`, `list` and `show`."""

import json
from dataclasses import replace

from sqlalchemy import text

from chatbot.store import index
from chatbot.store.lease import this_process
from tests.store.scene import begin, exchange, finish
from tests.terminal.house import House


def test_search_says_where_it_stands(house: House) -> None:
    with house.store() as store:
        begun = exchange(store, text="What is a decorator?", answer="It \x1b[31mwraps a *decorated* function.")
    ran = house.run("search", "decorat")
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == f"{begun.conversation}  What is a decorator?"
    assert [line[line.index("  ", 9) + 2 :].split("  ")[-1] for line in lines[1:]] == [
        "You: What is a decorator?",
        "ByteBot: It ␛[31mwraps a *decorated* function.",
    ]
    assert str(begun.user) in lines[1]


def test_search_takes_filters_and_phrases(house: House) -> None:
    with house.store() as store:
        begun = exchange(store, text="a zebra here", answer="```\nzebra()\n```")
        exchange(store, text="here a zebra")
    for options, count in (
        (("zebra",), 3),
        (("zebra", "--role", "user"), 2),
        (("zebra", "--code"), 1),
        (("zebra", "--model", "m-1"), 1),
        (("zebra", "--since", "2999-01-01"), 0),
        (("zebra", "--until", "2999-01-01"), 3),
        (('"zebra here"',), 1),
        (("zebra here", "a"), 1),
        (("here", "zebra"), 2),
        (("zebra", "--limit", "1", "--role", "user"), 1),
    ):
        ran = house.run("search", *options, "--json")
        found = [hit for hit in json.loads(ran.out) if hit["message"]]
        assert (options, len(found)) == (options, count)
        assert ran.status == (0 if count else 1)
    [hit] = json.loads(house.run("search", "zebra()", "--json").out)
    assert (hit["message"], hit["role"], hit["conversation"]) == (begun.reply, "assistant", begun.conversation)
    assert [part["text"] for part in hit["snippet"] if part["found"]] == ["zebra()"]


def test_nothing_is_found_in_plain_words(house: House) -> None:
    ran = house.run("search", "quagga")
    assert (ran.status, ran.out, ran.err) == (1, "", "Nothing was found for 'quagga'.\n")
    ran = house.run("search", "quagga", "--since", "soon")
    assert (ran.status, ran.out) == (2, "")
    assert "'soon' is no day" in ran.err
    assert house.run("search", "quagga", "--limit", "0").status == 2
    for nothing in ("", "  "):
        ran = house.run("search", nothing)
        assert (ran.status, ran.out) == (2, "")
        assert "no words to search for" in ran.err


def test_a_history_from_before_is_indexed_first(house: House) -> None:
    with house.store() as store:
        exchange(store, text="a zebra")
        with store._database.write() as connection:
            index.begin_anew(connection, store._database)
            assert connection.execute(text("SELECT count(*) FROM said_words_docsize")).scalar() == 0
    ran = house.run("search", "zebra")
    assert (ran.status, ran.err) == (0, "Indexing the history once, so that all of it is found …\n")
    assert house.run("search", "zebra").err == ""


def test_list(house: House) -> None:
    assert house.run("list").err == "There is no conversation yet. Begin one with: chatbot\n"
    with house.store() as store:
        first, second = exchange(store, text="first\x1b[2J"), exchange(store, text="second")
        store.conversations.pin(first.conversation, True)
    lines = house.run("list").out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [first.conversation, second.conversation]
    assert lines[0].endswith("first␛[2J  (pinned)")
    [one] = json.loads(house.run("list", "--json", "--limit", "1").out)
    assert (one["id"], one["pinned"]) == (first.conversation, True)


def test_show_a_branch(house: House) -> None:
    with house.store() as store:
        begun = exchange(store, text="a question", answer="an old answer")
        again = begin(store, None, conversation=begun.conversation, parent=begun.user)
        finish(store, again.reply, "a new answer")
    ran = house.run("show", begun.conversation)
    assert ran.status == 0
    assert ran.out.startswith("# a question\n\nYou  ")
    assert "a new answer" in ran.out
    assert "an old answer" not in ran.out
    found = json.loads(house.run("show", begun.conversation, "--message", str(begun.reply), "--json").out)
    assert [(message["role"], message["text"]) for message in found["messages"]] == [
        ("user", "a question"),
        ("assistant", "an old answer"),
    ]
    assert house.run("show", begun.conversation[:8]).out == ran.out, "the beginning of an id is enough"
    assert house.run("show", begun.conversation, "--message", "999").status == 2
    missing = house.run("show", "nowhere")
    assert (missing.status, "'nowhere'" in missing.err) == (2, True)


def test_show_says_how_a_reply_ended(house: House) -> None:
    """What a killed process left behind has its end before it is shown."""
    with house.store() as store:
        gone = replace(this_process(), pid=2**22 + 1, started=1.0)
        begun = begin(store, "a question", process=gone)
        store.turns.draft(gone, [(begun.reply, "Half of ", "")])
        store.turns.draft(gone, [(begun.reply, "it", "")])
    ran = house.run("show", begun.conversation)
    assert ran.out.endswith("\nHalf of it\n\n(ByteBot was closed while this was written.)\n")
    [_, reply] = json.loads(house.run("show", begun.conversation, "--json").out)["messages"]
    assert (reply["state"], reply["text"]) == ("cut", "Half of it")
    assert reply["ended"] == "ByteBot was closed while this was written."


def test_show_gives_what_there_is_of_a_reply_that_is_being_written(house: House) -> None:
    with house.store() as store:
        begun = begin(store, "a question")
        store.turns.draft(this_process(), [(begun.reply, "So far", "")])
        ran = house.run("show", begun.conversation)
        assert ran.out.endswith("\nSo far\n\n(Still being written.)\n")
        assert store.conversations.messages([begun.reply])[begun.reply].state == "running"
