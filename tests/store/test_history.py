"""The history as a whole: shelves, filters, pages, and what is done to many conversations at once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from chatbot.core.errors import BadInput, NotFound
from chatbot.core.pricing import Cost
from chatbot.core.settings import Options
from chatbot.store.store import Store
from chatbot.store.tables import conversations
from chatbot.store.values import Filters, Wanted
from tests.store.scene import answered, begin, call, exchange


def ids(store: Store, **wanted: object) -> list[str]:
    return [line.id for line in store.history.lines(Wanted(**wanted))]  # type: ignore[arg-type]


def used(store: Store, id: str, moment: datetime) -> None:
    with store._database.write() as connection:
        connection.execute(update(conversations).where(conversations.c.id == id).values(updated=moment))


def spend(store: Store, begun: object, nanodollars: int) -> None:
    cost = Cost(nanodollars=nanodollars, source="reported")
    store.ledger.settle(call(store, begun), answered(cost=cost))  # type: ignore[arg-type]


def test_a_line_says_what_there_is_to_know(store: Store) -> None:
    begun = exchange(store, text="First words")
    exchange(store, begun)
    spend(store, begun, 3_000_000)
    store.stars.star(begun.conversation, begun.reply)
    [line] = store.history.lines()
    assert (line.title, line.tag, line.model) == ("First words", "browser", "m-1")
    assert (line.messages, line.starred, line.bill.nanodollars, line.live) == (4, 1, 3_000_000, False)
    begin(store, "More", conversation=begun.conversation, parent=begun.reply)
    assert store.history.lines()[0].live


def test_pages_hold_every_conversation_once(store: Store) -> None:
    made = [exchange(store, text=f"{number}").conversation for number in range(7)]
    store.conversations.pin(made[2], True)
    seen = [line.id for offset in (0, 3, 6) for line in store.history.lines(limit=3, offset=offset)]
    assert seen == [made[2], *reversed([one for one in made if one != made[2]])]
    assert store.history.count() == 7
    assert [line.id for line in store.history.lines(order="oldest")] == made
    assert [line.title for line in store.history.lines(order="title")] == [str(number) for number in range(7)]


def test_what_is_archived_leaves_the_list_and_is_found(store: Store) -> None:
    one, other = exchange(store, text="quokka"), exchange(store)
    assert store.history.archive([one.conversation, "gone"]) == 1
    assert ids(store) == [line.id for line in store.conversations.lines()] == [other.conversation]
    assert ids(store, shelf="archived") == [one.conversation]
    assert store.conversations.get(one.conversation).archived is not None
    assert store.search.find("quokka")[0].conversation == one.conversation
    latest = store.conversations.latest()
    assert latest is not None
    assert latest.id == other.conversation
    assert store.history.archive([one.conversation]) == 0  # it keeps the time at which it was put away
    assert store.history.unarchive([one.conversation]) == 1
    assert set(ids(store)) == {one.conversation, other.conversation}


def test_going_on_with_an_archived_one_takes_it_back(store: Store) -> None:
    one = exchange(store)
    store.history.archive([one.conversation])
    exchange(store, one)
    assert ids(store) == [one.conversation]


def test_many_are_deleted_and_taken_back_at_once(store: Store) -> None:
    made = [exchange(store).conversation for _ in range(4)]
    running = begin(store, "still")
    assert store.history.delete([*made[:2], running.conversation, "gone"]) == 3
    assert running.reply in store.turns.stops([running.reply])
    assert set(ids(store)) == set(made[2:])
    trashed = store.history.lines(Wanted(shelf="trash"))
    assert {line.id for line in trashed} == {*made[:2], running.conversation}
    assert all(line.deleted is not None for line in trashed)
    assert store.history.undelete(made) == 2
    assert set(ids(store)) == set(made)
    with pytest.raises(NotFound):
        store.conversations.get(running.conversation)


def test_those_deleted_at_once_keep_their_order(store: Store) -> None:
    made = [exchange(store, text=f"{number}").conversation for number in range(6)]
    store.history.delete(made)
    assert [line.id for line in store.history.lines(Wanted(shelf="trash"))] == made[::-1]


def test_a_deleted_branch_is_listed_until_it_is_back(store: Store) -> None:
    one = exchange(store, text="root")
    more = exchange(store, one, text="the branch that goes")
    token = store.conversations.delete_message(one.conversation, more.user or 0)
    [branch] = store.history.deleted_branches()
    assert (branch.token, branch.conversation, branch.messages) == (token, one.conversation, 2)
    assert branch.text == "the branch that goes"
    store.conversations.undelete_message(token)
    assert store.history.deleted_branches() == []


def test_filters_narrow_down_and_go_together(store: Store) -> None:
    old = exchange(store, text="old", tag="terminal")
    dear = exchange(store, text="dear")
    now = datetime.now(UTC)
    used(store, old.conversation, now - timedelta(days=40))
    spend(store, dear, 2_000_000_000)
    work = store.tags.give([dear.conversation, old.conversation], "work")
    urgent = store.tags.give([dear.conversation], "urgent")
    assert ids(store, since=now - timedelta(days=1)) == [dear.conversation]
    assert ids(store, until=now - timedelta(days=1)) == [old.conversation]
    assert ids(store, tags=(work.id,)) == [dear.conversation, old.conversation]
    assert ids(store, tags=(work.id, urgent.id)) == [dear.conversation]
    assert ids(store, begun_in="terminal") == [old.conversation]
    assert ids(store, cost_over=1_999_999_999) == [dear.conversation]
    assert ids(store, cost_over=2_000_000_000) == []
    assert ids(store, starred=True) == []
    store.stars.star(old.conversation, old.reply)
    assert ids(store, starred=True, begun_in="terminal") == [old.conversation]
    assert store.history.count(Wanted(starred=True)) == 1
    assert store.history.ids(Wanted(tags=(work.id,))) == [dear.conversation, old.conversation]


def test_by_the_model_that_answered(store: Store) -> None:
    from chatbot.store.values import Ending
    from tests.store.scene import this_process

    one, other = begin(store), exchange(store)
    store.turns.finish(one.reply, this_process(), Ending(state="complete", text="x", model_answered="m-2"))
    assert store.history.models() == ["m-2"]
    assert ids(store, model="m-2") == [one.conversation]
    assert ids(store, model="m-1") == []
    assert [line.model for line in store.history.lines()] == ["m-2", "m-1"], "the one that answered last"
    assert {one.conversation, other.conversation} == set(ids(store))


def test_search_finds_by_tag_star_and_cost(store: Store) -> None:
    one, other = exchange(store, text="zebra one"), exchange(store, text="zebra two", answer="zebra three")
    work = store.tags.give([one.conversation], "Work")
    store.stars.star(other.conversation, other.reply)
    spend(store, other, 5_000)

    def found(**filters: object) -> set[int | None]:
        return {hit.message for hit in store.search.find("zebra", Filters(**filters)) if hit.message}  # type: ignore[arg-type]

    assert found(tags=(work.id,)) == {one.user}
    assert found(begun_in="browser") == {one.user, other.user, other.reply}
    assert found(starred=True) == {other.reply}
    assert found(cost_over=4_999) == {other.reply}
    assert found(cost_over=5_000) == set()


def test_tags_are_words_in_a_colour(store: Store) -> None:
    one, other = exchange(store), exchange(store)
    work = store.tags.give([one.conversation], " Work \n stuff ")
    assert (work.name, work.colour) == ("Work stuff", "blue")
    assert store.tags.give([other.conversation, "gone"], "work STUFF", "red") == work  # it is there, as it is
    assert [(tag.name, tag.count) for tag in store.tags.all()] == [("Work stuff", 2)]
    assert store.tags.of([one.conversation, "gone"]) == {one.conversation: (work,)}
    store.tags.change(work.id, name="Play", colour="green")
    other_tag = store.tags.give([one.conversation], "Abc")
    assert [(tag.name, tag.colour) for tag in store.tags.of([one.conversation])[one.conversation]] == [
        ("Abc", other_tag.colour),
        ("Play", "green"),
    ]
    store.conversations.delete(other.conversation)
    assert [tag.count for tag in store.tags.all()] == [1, 1]
    store.tags.take([one.conversation], work.id)
    store.tags.remove(other_tag.id)
    assert store.tags.of([one.conversation]) == {}
    assert [tag.name for tag in store.tags.all()] == ["Play"]


def test_a_tag_that_cannot_be_is_refused(store: Store) -> None:
    one = exchange(store)
    for name in ("", " \n", "x" * 41):
        with pytest.raises(BadInput):
            store.tags.give([one.conversation], name)
    with pytest.raises(BadInput, match="'pink'"):
        store.tags.give([one.conversation], "a", "pink")
    a, b = store.tags.give([one.conversation], "a"), store.tags.give([one.conversation], "b")
    with pytest.raises(BadInput, match="'A'"):
        store.tags.change(b.id, name="A")
    store.tags.change(a.id, name="A")  # of itself it may take the other form
    with pytest.raises(NotFound):
        store.tags.change(10_000, colour="red")


def test_two_that_make_the_same_tag_make_one(store: Store) -> None:
    made = [exchange(store).conversation for _ in range(8)]
    threads = [threading.Thread(target=store.tags.give, args=([id], "same")) for id in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(tag.name, tag.count) for tag in store.tags.all()] == [("same", 8)]


def test_starred_messages_come_back_the_last_first(store: Store) -> None:
    one = exchange(store, text="early", answer="late")
    store.stars.star(one.conversation, one.reply)
    store.stars.star(one.conversation, one.user or 0)
    store.stars.star(one.conversation, one.reply)  # once more changes nothing
    assert [starred.text for starred in store.stars.newest()] == ["early", "late"]
    assert store.stars.among([one.reply, 10_000]) == {one.reply}
    with pytest.raises(NotFound):
        store.stars.star(one.conversation, 10_000)
    store.conversations.delete(one.conversation)
    assert store.stars.newest() == []
    store.conversations.undelete(one.conversation)
    store.stars.unstar(one.reply)
    assert [starred.message for starred in store.stars.newest()] == [one.user]


def test_a_copy_keeps_tags_stars_and_the_archive(store: Store) -> None:
    one = exchange(store)
    store.tags.give([one.conversation], "work", "red")
    store.stars.star(one.conversation, one.reply)
    store.history.archive([one.conversation])
    whole = store.wholes.get(one.conversation)
    assert (whole.tags, whole.messages[1].starred) == ((("work", "red"),), True)
    copy = Store.temporary()
    added = copy.wholes.add(whole)
    assert copy.wholes.get(added.id) == whole
    assert [line.id for line in copy.history.lines(Wanted(shelf="archived"))] == [added.id]
    copy.close()


def test_a_purge_takes_tags_and_stars_along(store: Store) -> None:
    one = exchange(store)
    store.tags.give([one.conversation], "work")
    store.stars.star(one.conversation, one.reply)
    store.conversations.delete(one.conversation)
    store.conversations.purge(older_than_days=0)
    with store._database.read() as connection:
        for table in ("tagged", "stars"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0
    assert store.integrity() == []


def test_the_first_page_is_read_from_an_index_alone(tmp_path: object) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/store.db")
    query = store.history._narrowed(select(conversations.c.id), Wanted())
    by = (conversations.c.pinned.desc(), conversations.c.updated.desc(), conversations.c.id.desc())
    with store._database.read() as connection:
        compiled = query.order_by(*by).limit(5).compile(connection, compile_kwargs={"literal_binds": True})
        plan = " ".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}")))
    assert "COVERING INDEX ix_conversations_line" in plan
    assert "TEMP B-TREE" not in plan
    store.close()


def test_options_of_another_version_still_have_a_model(store: Store) -> None:
    id = store.conversations.create(tag="browser", options=Options(connection="c", model="m")).id
    assert [line.model for line in store.history.lines()] == ["m"]
    assert ids(store) == [id]
