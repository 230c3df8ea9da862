"""The search field beside the chat: what it lists, and where a click leads."""

from chatbot.store.values import Begun
from tests.store.scene import begin, exchange, finish
from tests.ui.chat_tab import Tab


def look_for(page: Tab, words: str) -> Tab:
    page.app.text_input(key="search").set_value(words)
    return page.run()


def test_hits_stand_in_place_of_the_list_and_lead_to_the_branch(page: Tab) -> None:
    store = page.engine.store
    begun = exchange(store, text="about animals", answer="An old reply on *zebras*.")
    again = begin(store, None, conversation=begun.conversation, parent=begun.user)
    finish(store, again.reply, "A new reply.")
    last = again
    for number in range(40):
        last = exchange(store, last, text=f"more {number}")
    look_for(page, "zebra")
    assert f"line-{begun.conversation}" not in [button.key for button in page.app.button]
    [hit] = [button for button in page.app.button if (button.key or "").startswith("hit-")]
    assert hit.label.startswith(r"An old reply on \*:primary[**zebra**]s\*\.")
    hit.click()
    page.run()
    chat = page.app.session_state["chat"]
    assert (chat.conversation, chat.head, chat.found) == (begun.conversation, begun.reply, begun.reply)
    assert store.conversations.get(begun.conversation).head == begun.reply
    assert page.draws("An old reply on *zebras*.")
    look_for(page, "about animals")
    page.app.button(key=f"hit-{begun.user}").click()
    page.run()
    assert "about animals" in page.said()
    look_for(page, "")
    assert [button.key for button in page.app.button if (button.key or "").startswith("hit-")] == []
    look_for(page, "more 0")
    page.app.button(key=f"found-{begun.conversation}").click()
    page.run()
    assert page.app.session_state["chat"].found is None


def test_an_old_message_is_drawn_with_those_about_it_and_the_way_to_the_newest(page: Tab) -> None:
    store = page.engine.store
    begun = last = exchange(store, text="question 0")
    for number in range(1, 60):
        last = exchange(store, last, text="a quagga, far up" if number == 10 else f"question {number}")
    look_for(page, "quagga")
    [hit] = [button for button in page.app.button if (button.key or "").startswith("hit-")]
    hit.click()
    page.run()
    assert page.app.session_state["chat"].head == last.reply
    assert drawn(page) == ["question 9", "a quagga, far up", *(f"question {number}" for number in range(11, 21))]
    assert page.app.button(key="earlier-button").label == "Earlier messages (18)"
    assert page.app.button(key="later-button").label == "Later messages (78)"
    assert not [button for button in page.app.button if (button.key or "").startswith("continue")]
    page.app.button(key="earlier-button").click()
    page.run()
    page.app.button(key="later-button").click()
    page.run()
    assert (drawn(page)[0], drawn(page)[-1]) == ("question 0", "question 32")
    assert page.app.button(key="later-button").label == "Later messages (54)"
    page.app.button(key="newest-button").click()
    page.run()
    assert drawn(page) == [f"question {number}" for number in range(48, 60)]
    assert begun.conversation == last.conversation


def test_a_hit_on_the_open_branch_leaves_it_open(page: Tab) -> None:
    """Another branch below it may hold newer messages."""
    store = page.engine.store
    first = main = exchange(store, text="a quagga")
    for number in range(1, 30):
        main = exchange(store, main, text=f"question {number}")
    aside = begin(store, "another way", conversation=first.conversation, parent=first.reply)
    finish(store, aside.reply, "An answer aside, with a zebra.")
    store.conversations.set_head(first.conversation, main.reply)
    look_for(page, "quagga")
    page.app.button(key=f"hit-{first.user}").click()
    page.run()
    assert store.conversations.get(first.conversation).head == main.reply
    assert drawn(page)[:2] == ["a quagga", "question 1"]
    look_for(page, "aside, with a zebra")
    page.app.button(key=f"hit-{aside.reply}").click()
    page.run()
    assert store.conversations.get(first.conversation).head == aside.reply
    assert drawn(page) == ["a quagga", "another way"]


def test_what_is_deleted_and_taken_back_far_up_is_in_sight(page: Tab) -> None:
    store = page.engine.store
    first = last = exchange(store, text="a quagga")
    made = [first]
    for number in range(1, 60):
        last = exchange(store, last, text=f"question {number}")
        made.append(last)
    look_for(page, "question 30")
    page.app.button(key=f"hit-{made[30].user}").click()
    page.run()
    page.choose(f"menu-{made[33].user}", "Delete")
    assert any(words == "Deleted, with the 53 below it." for words in page.said())
    assert drawn(page)[-1] == "question 32"
    assert page.app.session_state["chat"].sight[0] == made[32].reply
    page.click("undo")
    assert store.conversations.get(first.conversation).head == last.reply
    assert drawn(page)[1:3] == ["question 33", "question 34"]
    assert page.app.session_state["chat"].sight[0] == made[33].user


def test_another_reply_in_the_middle_of_a_chat_is_in_sight(page: Tab) -> None:
    last = far_up(page, 40)
    page.choose(f"menu-{page.app.session_state['messages'][3].id}", "Regenerate")
    chat, newest = page.app.session_state["chat"], page.kept()[-1]
    assert newest.id > last.reply
    assert (chat.said, chat.head, chat.until) == (newest.id, newest.id, None)
    assert drawn(page) == ["a quagga", "question 1"]


def test_later_messages_end_with_the_newest(page: Tab) -> None:
    far_up(page, 20)
    assert drawn(page)[-1] == "question 10"
    page.app.button(key="later-button").click()
    page.run()
    assert drawn(page) == ["a quagga", *(f"question {number}" for number in range(1, 20))]
    assert not [button for button in page.app.button if button.key in ("later-button", "newest-button")]


def test_what_is_said_from_far_up_stands_below_the_newest(page: Tab) -> None:
    last = far_up(page, 40)
    page.say("and then?")
    assert drawn(page)[-2:] == ["question 39", "and then?"]
    assert len(drawn(page)) == 12
    assert [row.parent for row in page.kept() if row.text == "and then?"] == [last.reply]


def test_a_reply_that_comes_below_what_is_drawn_stays_unseen(page: Tab) -> None:
    store, last = page.engine.store, far_up(page, 40)
    exchange(store, last, text="from elsewhere")
    page.run()
    assert store.conversations.get(last.conversation).unseen
    page.app.button(key="newest-button").click()
    page.run()
    assert not store.conversations.get(last.conversation).unseen
    assert drawn(page)[-1] == "from elsewhere"


def far_up(page: Tab, length: int) -> Begun:
    """A chat of so many exchanges, opened at its first words by a search; gives the last of them."""
    first = last = exchange(page.engine.store, text="a quagga")
    for number in range(1, length):
        last = exchange(page.engine.store, last, text=f"question {number}")
    look_for(page, "quagga")
    page.app.button(key=f"hit-{first.user}").click()
    page.run()
    return last


def drawn(page: Tab) -> list[str]:
    """What the person said, of what is on the page."""
    return [shown.text for shown in page.app.session_state["messages"] if shown.role == "user"]


def test_nothing_found_is_said_and_old_words_are_gone(page: Tab) -> None:
    begun = exchange(page.engine.store, text="a zebra")
    look_for(page, "quagga :red[x]")
    assert "Nothing found for “quagga :red[x]”. Try fewer or shorter words." in page.said()
    look_for(page, "zz")
    assert any(words.startswith("Nothing found among the newest 10,000 messages.") for words in page.said())
    look_for(page, "zebra")
    page.engine.delete(begun.conversation)
    page.app.button(key=f"hit-{begun.user}").click()
    page.run()
    assert any("There is no conversation" in words for words in page.said())


def test_more_hits_on_demand(page: Tab) -> None:
    last = exchange(page.engine.store, text="zebra 0")
    for number in range(1, 25):
        last = exchange(page.engine.store, last, text=f"zebra {number}")
    look_for(page, "zebra")
    count = [len([button for button in page.app.button if (button.key or "").startswith("hit-")])]
    page.app.button(key="more-hits").click()
    page.run()
    count.append(len([button for button in page.app.button if (button.key or "").startswith("hit-")]))
    assert count == [19, 25]  # the title was one of the first twenty
