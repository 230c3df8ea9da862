"""Lists, names, pins, options, heads, and what was seen."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, insert, update

from chatbot.core.errors import BadInput, NotFound
from chatbot.core.messages import said
from chatbot.core.settings import Options
from chatbot.store.conversations import new_conversation
from chatbot.store.rows import now
from chatbot.store.store import Store
from chatbot.store.tables import conversations, messages
from tests.store.scene import OPTIONS, begin, dead_process, exchange, finish


def test_a_conversation_remembers_what_it_was_made_with(store: Store) -> None:
    options = Options(connection="a", model="m", system="Be brief.", temperature=0.3, max_output=None, effort="low")
    made = store.conversations.create(tag="script", options=options, title="Tides")
    assert store.conversations.get(made.id) == made
    assert (made.tag, made.title, made.title_by, made.options) == ("script", "Tides", "words", options)
    assert made.head is None
    assert not made.pinned


def test_times_are_aware_and_in_utc(store: Store) -> None:
    before = datetime.now(UTC)
    begun = exchange(store)
    after = datetime.now(UTC)
    found = store.conversations.get(begun.conversation)
    message = store.conversations.messages([begun.reply])[begun.reply]
    assert message.finished is not None
    assert before <= found.created <= found.updated <= after
    assert before <= message.created <= message.finished <= after
    assert message.created.utcoffset() == timedelta(0)


def test_ids_cannot_be_guessed_and_begin_with_no_dash(store: Store) -> None:
    ids = {store.conversations.create(tag="browser", options=OPTIONS).id for _ in range(20)}
    assert len(ids) == 20
    assert all(len(id) >= 22 and id.isalnum() for id in ids)


def test_the_first_words_name_a_conversation_that_has_no_title(store: Store) -> None:
    made = store.conversations.create(tag="browser", options=OPTIONS)
    first = exchange(store, text="What are tides?\nAnd why?", conversation=made.id)
    exchange(store, first, text="Something else")
    assert store.conversations.get(made.id).title == "What are tides?"


def test_a_persons_title_stands_against_a_models(store: Store) -> None:
    begun = exchange(store)
    store.conversations.rename(begun.conversation, "A model's title", by="model")
    assert store.conversations.get(begun.conversation).title == "A model's title"
    store.conversations.rename(begun.conversation, " My \n title \ud800\x00")
    store.conversations.rename(begun.conversation, "A model's second title", by="model")
    found = store.conversations.get(begun.conversation)
    assert (found.title, found.title_by) == ("My title �␀", "person")
    with pytest.raises(BadInput):
        store.conversations.rename(begun.conversation, " \n ")
    store.conversations.rename(begun.conversation, "x" * 5_000)
    assert len(store.conversations.get(begun.conversation).title) == 200


def test_the_list_is_pinned_first_then_newest_first_page_by_page(store: Store) -> None:
    begun = [exchange(store, text=f"number {n}") for n in range(12)]
    exchange(store, begun[3], text="again")
    store.conversations.pin(begun[5].conversation, True)
    store.conversations.pin(begun[1].conversation, True)
    store.conversations.pin(begun[1].conversation, False)
    whole = [line.id for line in store.conversations.lines()]
    order = [5, 3, 11, 10, 9, 8, 7, 6, 4, 2, 1, 0]
    assert whole == [begun[n].conversation for n in order]
    paged, before = [], None
    while page := store.conversations.lines(limit=5, before=before):
        paged += [line.id for line in page]
        before = page[-1]
    assert paged == whole
    latest = store.conversations.latest()
    assert latest is not None
    assert latest.id == begun[3].conversation


def test_a_line_says_what_is_being_answered_and_what_was_not_seen(store: Store) -> None:
    def line() -> tuple[bool, bool]:
        [only] = store.conversations.lines()
        return only.live, only.unseen

    begun = begin(store)
    assert line() == (True, False)
    finish(store, begun.reply)
    assert line() == (False, True)
    store.conversations.seen(begun.conversation)
    assert line() == (False, False)
    again = begin(store, conversation=begun.conversation, parent=begun.reply)
    assert line() == (True, False)
    waits = begin(store, conversation=begun.conversation, parent=again.reply)
    finish(store, again.reply)
    assert line() == (True, True)
    store.conversations.seen(begun.conversation)
    finish(store, waits.reply, state="stopped")
    assert line() == (False, True)


def test_what_recovery_ended_is_unseen_and_no_longer_live(store: Store) -> None:
    begin(store, process=dead_process())
    [line] = store.conversations.lines()
    assert line.live
    store.turns.recover(dead_process(), len)
    [line] = store.conversations.lines()
    assert (line.live, line.unseen) == (False, True)


def test_options_are_replaced_and_survive_other_versions(store: Store) -> None:
    begun = exchange(store)
    store.conversations.set_options(begun.conversation, Options(model="other", system="nul \x00 and \ud800"))
    found = store.conversations.get(begun.conversation)
    assert found.options == Options(model="other", system="nul ␀ and �")
    with store._database.write() as connection:
        connection.execute(update(conversations).values(options={"model": "m", "from_the_future": 1}))
    assert store.conversations.get(begun.conversation).options == Options(model="m")


def test_the_head_moves_only_to_messages_of_the_conversation(store: Store) -> None:
    begun, other = exchange(store), exchange(store)
    assert begun.user is not None
    store.conversations.set_head(begun.conversation, begun.user)
    assert store.conversations.get(begun.conversation).head == begun.user
    for missing in (other.reply, 10**9):
        with pytest.raises(NotFound, match=str(missing)):
            store.conversations.set_head(begun.conversation, missing)
    assert store.conversations.get(begun.conversation).head == begun.user


def test_an_unknown_conversation_is_not_found(store: Store) -> None:
    made = store.conversations
    for ask in (
        lambda: made.get("nope"),
        lambda: made.tree("nope"),
        lambda: made.rename("nope", "x"),
        lambda: made.pin("nope", True),
        lambda: made.set_options("nope", OPTIONS),
        lambda: made.set_head("nope", 1),
        lambda: made.delete("nope"),
        lambda: made.undelete("nope"),
        lambda: made.delete_message("nope", 1),
        lambda: made.undelete_message("nope"),
        lambda: begin(store, conversation="nope"),
    ):
        with pytest.raises(NotFound):
            ask()
    made.seen("nope")  # a look at what was just deleted elsewhere is no error


def test_the_tree_is_the_conversation_without_its_words(store: Store) -> None:
    first = exchange(store)
    silent = begin(store, None, conversation=first.conversation, parent=first.user)
    finish(store, silent.reply, "", state="failed")
    part = begin(store, None, conversation=first.conversation, parent=first.user)
    finish(store, part.reply, "part", state="cut")
    more = begin(store, None, conversation=first.conversation, parent=part.reply, continues=True)
    tree = store.conversations.tree(first.conversation)
    assert [(leaf.id, leaf.parent, leaf.role, leaf.state, leaf.continues, leaf.empty) for leaf in tree.leaves] == [
        (first.user, None, "user", "complete", False, False),
        (first.reply, first.user, "assistant", "complete", False, False),
        (silent.reply, first.user, "assistant", "failed", False, True),
        (part.reply, first.user, "assistant", "cut", False, False),
        (more.reply, part.reply, "assistant", "running", True, True),
    ]
    assert isinstance(tree.leaves[0].continues, bool)
    assert isinstance(tree.leaves[0].empty, bool)
    assert [[leaf.id for leaf in place.segments] for place in tree.path(more.reply)] == [
        [first.user],
        [part.reply, more.reply],
    ]


def test_the_tree_is_read_from_its_index_alone(tmp_path: Path) -> None:

    store = Store.open(f"sqlite:///{tmp_path}/store.db")
    begun = exchange(store)
    statements: list[str] = []
    event.listen(store._database.backend.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    store.conversations.tree(begun.conversation)
    store.conversations.lines()
    store.conversations.latest()
    with store._database.read() as connection:
        queries = [statement for statement in statements if statement.startswith("SELECT")]
        assert len(queries) == 4  # a list of conversations is one query, whatever their number
        plans = []
        for query in queries:
            parameters = tuple("x" for _ in range(query.count("?")))
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters)
            plans.append(" / ".join(row[3] for row in rows))
    assert "COVERING INDEX ix_messages_tree" in plans[1]
    assert "ix_conversations_line" in plans[2]
    assert not [plan for plan in plans if "SCAN" in plan or "TEMP B-TREE" in plan], plans
    store.close()


def test_more_messages_than_a_statement_takes_parameters(store: Store) -> None:
    made = store.conversations.create(tag="script", options=OPTIONS)
    rows = [
        {
            "owner": "local",
            "conversation": made.id,
            "role": "user",
            "state": "complete",
            "created": now(),
            "empty": False,
            "text": str(n),
        }
        for n in range(2_500)
    ]
    with store._database.write() as connection:
        connection.execute(insert(messages), rows)
    ids = [leaf.id for leaf in store.conversations.tree(made.id).leaves]
    found = store.conversations.messages([*ids, 10**9])
    assert len(found) == 2_500
    assert {message.text for message in found.values()} == {str(n) for n in range(2_500)}
    assert store.conversations.messages(iter(ids[:3])).keys() == set(ids[:3])
    assert store.conversations.messages([]) == {}
    words = store.conversations.words([*ids, 10**9])
    assert {id: message.text for id, message in words.items()} == {id: message.text for id, message in found.items()}


def test_the_words_alone_are_the_same_words(store: Store) -> None:
    begun = begin(store)
    finish(store, begun.reply, "Hi.", reasoning="They greet me.")
    assert store.conversations.words([begun.reply, begun.user]) == {  # type: ignore[list-item]
        begun.user: said("user", "Hello"),
        begun.reply: said("assistant", "Hi.", reasoning="They greet me."),
    }


def test_the_beginning_of_an_id_is_enough_where_it_tells_one_from_all_others(store: Store) -> None:
    ids = ["abcd0123456789abcdef0000", "abcd1123456789abcdef0000", "ffff0123456789abcdef0000"]
    with store._database.write() as connection:
        for id in ids:
            made = new_conversation(connection, "local", tag="script", options=OPTIONS)
            connection.execute(update(conversations).where(conversations.c.id == made).values(id=id))
    named = store.conversations.id_of
    assert [named("abcd0"), named("ffff"), named(ids[1])] == [ids[0], ids[2], ids[1]]
    with pytest.raises(BadInput, match="'fff' is too short: of an id at least 4 characters are needed"):
        named("fff")
    with pytest.raises(BadInput, match="'abcd' begins several conversations; give more of the id"):
        named("abcd")
    store.conversations.delete(ids[0])
    assert named("abcd") == ids[1]
    for nothing in ("abcd0", "%%%%", "0000", "", "zz"):
        with pytest.raises(NotFound, match="There is no conversation"):
            named(nothing)
