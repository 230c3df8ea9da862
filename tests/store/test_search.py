"""Everything said is found, in any language and by any sign, where it is and no longer than it is there."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text, update

from chatbot.core.query import LONGEST_QUERY, Term
from chatbot.core.settings import Options
from chatbot.store import index, tables
from chatbot.store.lease import this_process
from chatbot.store.rows import now
from chatbot.store.search_names import MOST as MOST_TITLES
from chatbot.store.store import Store
from chatbot.store.tables import messages
from chatbot.store.values import Filters, Hit
from tests.store.scene import begin, dead_process, exchange, finish, python

SAID = {
    "english": "What is a decorator in Python, and when would I write one?",
    "german": "Die Kraftfahrzeugversicherung ärgert Frau Müller über alle Maßen.",
    "hindi": "मुझे हिन्दी में समझाओ कि सूरज क्यों चमकता है",
    "chinese": "请用中文解释一下为什么天空是蓝色的。",
    "emoji": "Great work 👍🏽 and a family 👨‍👩‍👧 at the beach🏖️",
    "code": "Call `foo_bar(x, *args)` with --dry-run; a['key'] != 50% of C++ \\d+ <b>",
}


def found(store: Store, query: str, **filters: object) -> list[int | None]:
    """Ids of the messages found, titles left out."""
    hits = store.search.find(query, Filters(**filters))  # type: ignore[arg-type]
    return [hit.message for hit in hits if hit.message is not None]


def marked(hit: Hit) -> str:
    return "".join(f"[{part.text}]" if part.found else part.text for part in hit.snippet)


@pytest.fixture
def said(store: Store) -> dict[str, int]:
    """What was said in each language, by name; among other things."""
    ids = {name: exchange(store, text=words, answer="Hm.").user for name, words in SAID.items()}
    return {name: id for name, id in ids.items() if id is not None}


FOUND = [
    ("decorator", "english"),
    ("DECO", "english"),
    ("write python", "english"),
    ("decorator,", "english"),
    ("corator", "english"),
    ('"decorator in python"', "english"),
    ("Versicherung", "german"),
    ("Kraftfahrzeug müller", "german"),
    ("MASSEN", "german"),
    ("mass", "german"),
    ('"ALLE MASSEN"', "german"),
    ("assen.", "german"),
    ('"what is a decorator in paßing"', None),
    ("maßen", "german"),
    ("हिन्दी", "hindi"),
    ("सूरज", "hindi"),
    ("चमक", "hindi"),
    ("中文", "chinese"),
    ("天空是蓝", "chinese"),
    ("蓝", "chinese"),
    ("👍", "emoji"),
    ("👍🏽", "emoji"),
    ("👨‍👩‍👧", "emoji"),
    ("🏖️", "emoji"),
    ("beach", "emoji"),
    ("foo_bar", "code"),
    ("foo_bar(", "code"),
    ("foo", "code"),
    ("--dry-run", "code"),
    ("a['key']", "code"),
    ("50%", "code"),
    ("C++", "code"),
    ("\\d+", "code"),
    ("!=", "code"),
    ("<b>", "code"),
    ("5_%", None),
    ("python decorators", None),
    ('"python decorator"', None),
    ("decorator 中文", None),
]


def test_in_any_language(store: Store, said: dict[str, int]) -> None:
    wanted = {query: [] if where is None else [said[where]] for query, where in FOUND}
    assert {query: found(store, query) for query in wanted} == wanted


def test_accents_may_be_left_out_where_the_index_knows_them(store: Store, said: dict[str, int]) -> None:
    if store._database.sqlite:
        assert found(store, "muller argert") == [said["german"]]


@pytest.mark.parametrize("typed", ["strasse", "STRASSE", "Straße", "STRAẞE", '"die strasse"', "rasse", "raße"])
def test_sharp_s_and_double_s_are_one(store: Store, typed: str) -> None:
    sharp, double = exchange(store, text="Zeig mir die Straße hier"), exchange(store, text="Zeig mir die Strasse hier")
    store.conversations.rename(sharp.conversation, "x")
    store.conversations.rename(double.conversation, "x")
    hits = store.search.find(typed)
    assert sorted(hit.message or 0 for hit in hits) == [sharp.user, double.user]
    for hit in hits:
        (part,) = [part.text for part in hit.snippet if part.found]
        assert part.replace("ß", "ss").lower().endswith("rasse")


def test_sharp_s_and_double_s_are_one_in_names_and_among_other_words(store: Store) -> None:
    one = exchange(store, text="Hello", options=Options(connection="fake", model="m-1", system="Grüße uns, Boss."))
    store.conversations.rename(one.conversation, "Fussball im Fluss")
    store.tags.give([one.conversation], "Spaß")
    for typed, where in (("fußball fluß", "title"), ("spass", "tag"), ("grüsse boß", "prompt"), ("GRUSSE", "prompt")):
        assert [hit.where for hit in store.search.find(typed)] == [where], typed
    said = exchange(
        store, text="Das große Schlossstraßenfest: `class_strasse(x)` und Missverständnisse, Straßen, Flüsse"
    )
    for typed in (
        "grosse straße",
        "schloßstrassen",
        "class_straße(",
        "Mißverstandniße" if store._database.sqlite else "Mißverständniße",
    ):
        assert found(store, typed) == [said.user], typed
    assert Term("ss" * 10 + "x").readings[-1] == "ß" * 3 + "ss" * 7 + "x"
    assert len(Term("ss" * 200).readings) <= 8
    assert Term("ß").readings == ("ß",)


STRANGE = (
    *("", "   ", '"', '""', '"unclosed', "*", "a*b", "-", "NOT", "AND OR", "text:foo", "{", "(", ")", "^", "NEAR(a b)"),
    *(
        'foo"(bar',
        '["key"] OR x"',
        "'",
        "\\",
        "%",
        "_",
        "\x00",
        "\ud800",
        "'; DROP TABLE messages; --",
        ":*",
        "& | !",
        "<->",
        '" ' * 500,
    ),
    *("a" * 5_000, "a b " * 5_000),
)


def test_nothing_typed_is_syntax(store: Store, said: dict[str, int]) -> None:
    for query in STRANGE:
        store.search.find(query)
    assert found(store, "decorator") == [said["english"]]


def test_nothing_typed_finds_nothing(store: Store, said: dict[str, int]) -> None:
    assert store.search.find(" \n") == []
    assert store.search.find("nothing-like-this") == []


def test_any_text_finds_itself(store: Store) -> None:
    @settings(max_examples=60, deadline=None)
    @given(words=st.text(min_size=1, max_size=40).filter(lambda words: bool(words.strip())))
    def finds(words: str) -> None:
        begun = begin(store, words)
        assert begun.user in found(store, words, conversation=begun.conversation)

    finds()


def test_a_text_longer_than_a_query_finds_itself(store: Store) -> None:
    words = "abcdefghij " * LONGEST_QUERY
    begun = begin(store, words)
    assert found(store, words) == [begun.user]


def test_the_best_comes_first_and_pages_follow_each_other(store: Store) -> None:
    some = exchange(store, text="once a zebra, and then " + "many other words " * 40, answer="Hm.")
    best = exchange(store, text="zebra zebra zebra", answer="Hm.")
    inside = exchange(store, text="a cozebrate", answer="Hm.")
    assert found(store, "zebra") == [best.user, some.user, inside.user]
    whole = store.search.find("zebra", limit=100)
    pages = [store.search.find("zebra", limit=2, offset=offset) for offset in range(0, len(whole) + 1, 2)]
    assert [hit for page in pages for hit in page] == whole
    assert len([hit for hit in whole if hit.message is None]) == 3


def test_more_than_are_ranked_at_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.store.search._FIRST", 1)
    other = exchange(store, text="one zebra")
    for _ in range(4):
        exchange(store, text="zebra zebra")
    assert (
        store.search.find("zebra", Filters(conversation=other.conversation, role="user"), limit=1)[0].message
        == other.user
    )


def test_the_sentence_with_the_words(store: Store) -> None:
    exchange(store, text="x", answer="Intro. " * 40 + "Then\nthe **Decorator** wraps it." + " More." * 40)
    [hit] = store.search.find("decorat wraps")
    assert marked(hit).startswith("…")
    assert "Then the **[Decorat]or** [wraps] it." in marked(hit)
    assert marked(hit).endswith("…")
    assert len(marked(hit)) < 200
    assert (hit.role, hit.title) == ("assistant", "x")


def test_filters(store: Store) -> None:
    begun = exchange(store, text="a zebra?", answer="A zebra:\n```python\nzebra()\n```", tag="terminal")
    other = exchange(store, text="zebra too", answer="Not so.")
    both = [begun.user, begun.reply, other.user]
    assert sorted(found(store, "zebra")) == sorted(both)
    assert found(store, "zebra", role="assistant") == [begun.reply]
    assert found(store, "zebra", model="m-1") == [begun.reply]
    assert found(store, "zebra", model="m-2") == []
    assert sorted(found(store, "zebra", begun_in="terminal")) == [begun.user, begun.reply]
    assert found(store, "zebra", has_code=True) == [begun.reply]
    assert found(store, "zebra", conversation=other.conversation) == [other.user]
    moment = now()
    assert found(store, "zebra", since=moment) == []
    assert sorted(found(store, "zebra", until=moment)) == sorted(both)
    for narrower in ({"since": moment}, {"role": "user"}, {"model": "m-1"}, {"has_code": True}):
        assert all(hit.message for hit in store.search.find("zebra", Filters(**narrower)))  # type: ignore[arg-type]


def test_another_owners_words_are_not_found(store_url: str) -> None:
    mine, theirs = Store.open(store_url), Store.open(store_url, owner="ada")
    exchange(mine, text="a zebra")
    assert theirs.search.find("zebra") == []
    assert len(mine.search.find("zebra")) == 2
    mine.close()
    theirs.close()


def test_a_title_is_found_as_it_is_now(store: Store) -> None:
    begun = exchange(store, text="Hello")
    store.conversations.rename(begun.conversation, "Über Pinguine")
    [hit] = store.search.find("uber ping")
    assert (hit.conversation, hit.message, hit.role, marked(hit)) == (
        begun.conversation,
        None,
        None,
        "[Über] [Ping]uine",
    )
    store.conversations.rename(begun.conversation, "Robben")
    assert store.search.find("pinguine") == []
    for _ in range(MOST_TITLES + 2):
        store.conversations.rename(exchange(store).conversation, "Robben")
    assert len(store.search.find("robben")) == MOST_TITLES


def test_every_branch_is_found_on_its_own(store: Store) -> None:
    first = exchange(store, text="about zebras", answer="An old zebra.")
    again = begin(store, None, conversation=first.conversation, parent=first.user)
    finish(store, again.reply, "A new zebra.")
    edited = exchange(
        store, text="about one zebra", answer="A third zebra.", conversation=first.conversation, parent=None
    )
    assert sorted(found(store, "zebra")) == sorted(
        id for id in (first.user, first.reply, again.reply, edited.user, edited.reply) if id
    )


def test_a_reply_is_found_once_it_is_whole_and_a_part_once_it_was_recovered(store: Store) -> None:
    begun = begin(store, "a question")
    store.turns.draft(this_process(), [(begun.reply, "a zebra", "")])
    assert found(store, "zebra") == []
    finish(store, begun.reply, "a zebra")
    assert found(store, "zebra") == [begun.reply]
    dead = dead_process()
    left = begin(store, "another", process=dead)
    store.turns.draft(dead, [(left.reply, "a quagga, almost", "")])
    store.turns.recover(this_process(), len)
    assert found(store, "quagga") == [left.reply]
    assert store.integrity() == []


def words_in_the_index(store: Store) -> bytes:
    """Everything that is written in the pages of SQLite's index."""
    with store._database.read() as connection:
        blocks = [
            block
            for table in (index.WORDS, index.PARTS)
            for block in connection.execute(text(f"SELECT block FROM {table}_data")).scalars()
        ]
    return b"\n".join(blocks)


def test_what_was_deleted_is_not_found_and_comes_back(store: Store) -> None:
    kept = exchange(store, text="kept quagga")
    whole, branch = exchange(store, text="whole quagga"), exchange(store, text="branch", answer="quagga")
    store.conversations.delete(whole.conversation)
    token = store.conversations.delete_message(branch.conversation, branch.reply)
    assert found(store, "quagga") == [kept.user]
    assert {hit.conversation for hit in store.search.find("quagga")} == {kept.conversation}
    store.conversations.undelete(whole.conversation)
    store.conversations.undelete_message(token)
    assert sorted(found(store, "quagga")) == sorted(id for id in (kept.user, whole.user, branch.reply) if id)


def test_what_was_purged_is_in_no_index(store: Store) -> None:
    kept = exchange(store, text="kept zebra")
    whole, branch = exchange(store, text="whole quagga"), exchange(store, text="branch zebra", answer="okapi")
    inner = exchange(store, branch, text="a quokka below")
    for number in range(30):
        exchange(store, text=f"more zebras {number}")
    if store._database.sqlite:
        assert b"quagga" in words_in_the_index(store)
    store.conversations.delete(whole.conversation)
    store.conversations.delete_message(branch.conversation, inner.user)  # type: ignore[arg-type]
    store.conversations.delete_message(branch.conversation, branch.reply)
    assert store.conversations.purge(older_than_days=0) == 3
    for word in ("quagga", "okapi", "quokka"):
        assert store.search.find(word) == []
    kept_ids = {hit.message for hit in store.search.find("zebra", limit=100)}
    assert kept_ids > {kept.user, branch.user}
    assert store.integrity() == []
    if store._database.sqlite:
        written = words_in_the_index(store)
        assert not any(word in written for word in (b"quagga", b"uagga", b"okapi", b"kapi", b"uokka", b"okk"))


def test_words_and_index_are_one_transaction(store: Store) -> None:
    begun = begin(store, "a question")

    def die() -> None:
        with store._database.write() as connection:
            row = update(tables.messages).where(tables.messages.c.id == begun.reply)
            connection.execute(row.values(text="a quagga", empty=False))
            index.take_in(connection, store._database, begun.reply, "a quagga")
            raise RuntimeError("the process died here")

    with pytest.raises(RuntimeError):
        die()
    assert found(store, "quagga") == []
    assert store.integrity() == []


@pytest.mark.crash
def test_a_kill_leaves_index_and_words_as_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    Store.open(url).close()
    script = """
import sys
from chatbot.store.store import Store
from chatbot.store.tables import messages
from tests.store.scene import exchange
store = Store.open(sys.argv[1])
print("ready", flush=True)
while True:
    exchange(store, text="a zebra of words " * 20, answer="quagga " * 200)
"""
    for _ in range(3):
        child = python(script, url)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.4)
        child.kill()
        child.communicate()
        store = Store.open(url)
        assert store.integrity() == []
        rows = store._database
        with rows.read() as connection:
            count = connection.execute(text("SELECT count(*) FROM messages WHERE NOT empty")).scalar_one()
        assert (
            len([hit for hit in store.search.find("zebra", limit=10_000) if hit.message])
            + len(store.search.find("quagga", limit=10_000))
            == count
        )
        store.close()


def test_a_history_from_before_the_index_is_read_in_by_and_by(store: Store) -> None:
    for number in range(5):
        exchange(store, text=f"zebra {number}", answer="Yes, a zebra.")
    running = begin(store, "one more zebra")
    with store._database.write() as connection:
        index.begin_anew(connection, store._database)
    if store._database.sqlite:
        assert not store.search.whole
        exchange(store, text="a new quagga", answer="a new zebra")
        finish(store, running.reply, "zebra at last")  # begun before, ended meanwhile: in once, not twice
        store.conversations.delete(running.conversation)
        assert store.conversations.purge(older_than_days=0) == 1  # what is not in yet is not taken out
        assert len(found(store, "zebra")) == 1
        assert index.catch_up(store._database, most=4)
        rounds = 1
        while index.catch_up(store._database, most=4):
            rounds += 1
        assert rounds == 3
        expected = 11
    else:
        finish(store, running.reply, "zebra at last")
        expected = 12
    assert store.search.whole
    assert not store.search.catch_up()
    assert len(found(store, "zebra")) == expected
    assert store.integrity() == []


def test_a_window_for_one_character_that_no_index_knows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.store.search.WINDOW", 3)
    old, new = exchange(store, text="蓝"), exchange(store, text="蓝色")
    assert found(store, "蓝") == [new.user]
    assert found(store, "蓝色") == [new.user]
    assert old.user is not None


def test_old_and_new_times_meet_the_filters(store: Store) -> None:
    begun = exchange(store, text="zebra")
    with store._database.write() as connection:
        connection.execute(update(tables.messages).values(created=now() - timedelta(days=10)))
    assert found(store, "zebra", since=now() - timedelta(days=11)) == [begun.user]
    assert found(store, "zebra", since=now() - timedelta(days=9)) == []


def test_tags_and_prompts_are_found_too(store: Store) -> None:
    prompt = "Answer as a Pirate would, größer."
    one = exchange(store, text="Hello", options=Options(connection="fake", model="m-1", system=prompt))
    two = exchange(store, text="Hello again", options=Options(connection="fake", model="m-1", system=prompt))
    store.tags.give([one.conversation], "Ärger at sea")
    [hit] = store.search.find("arger")
    assert (hit.conversation, hit.where, hit.message) == (one.conversation, "tag", None)
    # Of a prompt that several have, the last used one.
    for typed in ("pirate", "größer", "gro"):
        [hit] = store.search.find(typed)
        assert (hit.conversation, hit.where) == (two.conversation, "prompt")
        assert "".join(part.text for part in hit.snippet) == prompt
    assert store.search.find("fake") == []
    assert store.search.find("pirate", Filters(role="user")) == []


def test_a_title_with_accents_is_found_without_them(store: Store) -> None:
    one = exchange(store, text="ÄRGER im Büro")
    two = exchange(store, text="ПРИВЕТ")
    for typed, found in (("ärger", one), ("buro", one), ("привет", two)):
        hits = [hit for hit in store.search.find(typed) if hit.where == "title"]
        assert [hit.conversation for hit in hits] == [found.conversation], typed


def test_what_stands_nearly_everywhere_is_given_newest_first(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/store.db")
    id = exchange(store, text="begin").conversation
    row = {
        "owner": "local",
        "conversation": id,
        "role": "user",
        "state": "complete",
        "created": datetime.now(UTC),
        "empty": False,
    }
    with store._database.write() as connection:
        connection.execute(
            insert(messages), [{**row, "text": f"common {'rare' if n == 7 else 'word'} {n}"} for n in range(5_200)]
        )
        index.begin_anew(connection, store._database)
    while store.search.catch_up():
        pass
    for limit in (20, 300):
        newest = [hit.message for hit in store.search.find("common", limit=limit)]
        assert newest == [5_202 - n for n in range(limit)]
    filtered = store.search.find("common", Filters(until=row["created"]), limit=20)
    assert filtered == []
    assert len(store.search.find('"common rare"')) == len(store.search.find("rare")) == 1
    store.close()
