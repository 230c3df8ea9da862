"""How the conversations go: counted once, in the reader's days, the same in the page and the terminal."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from chatbot.core.money import Usage
from chatbot.core.settings import Options
from chatbot.engine.patterns import patterns
from chatbot.store.lease import this_process
from chatbot.store.store import Store
from chatbot.store.tables import messages
from chatbot.store.values import Ending
from tests.store.scene import begin, exchange

LATE = datetime(2026, 3, 28, 23, 50, tzinfo=UTC)  # 00:50 of the next day in Berlin, the night of its clock change


def said(store: Store, *ids: int | None, at: datetime) -> None:
    with store._database.write() as connection:
        connection.execute(update(messages).where(messages.c.id.in_(ids)).values(created=at))


def reply(
    store: Store, *, model: str, first: float, whole: float, tokens: int, state: str = "complete", **more: object
) -> int:
    begun = begin(store, **more)
    ending = Ending(
        state=state, text="x" * 600, model_answered=model, first_token=first, duration=whole,
        usage=Usage(output_tokens=tokens),
    )  # type: ignore[arg-type]  # fmt: skip
    store.turns.finish(begun.reply, this_process(), ending)
    return begun.reply


def test_days_and_hours_are_the_readers(store: Store) -> None:
    one = exchange(store)
    said(store, one.user, one.reply, at=LATE)
    found = patterns(store, ZoneInfo("Europe/Berlin"))
    assert found.by_day == {date(2026, 3, 29): (1, 1)}
    assert found.by_hour[6][0] == 2
    found = patterns(store, UTC)
    assert found.by_day == {date(2026, 3, 28): (1, 1)}
    assert found.by_hour[5][23] == 2
    assert patterns(store, UTC, LATE + timedelta(seconds=1)).messages == 0
    assert patterns(store, UTC, LATE, LATE + timedelta(seconds=1)).messages == 2
    assert patterns(store, UTC, None, LATE).messages == 0


def test_speeds_are_of_those_that_were_measured(store: Store) -> None:
    for first in (0.5, 1.0, 4.0):
        reply(store, model="quick", first=first, whole=first + 2, tokens=101)
    begun = begin(store)
    store.turns.finish(
        begun.reply, this_process(), Ending(state="failed", text="", model_answered="quick", error="No.")
    )
    asked = patterns(store, UTC)
    one = next(one for one in asked.models if one.model == "quick")
    assert (one.model, one.replies, one.median, one.p90, one.speed) == ("quick", 4, 1.0, 4.0, 50.0)
    assert asked.endings == {"whole": 3, "failed": 1}
    assert asked.lengths["under 2,000"] == (0, 3)
    assert asked.lengths["under 100"] == (4, 0)


def test_a_reply_that_was_continued_is_one_message(store: Store) -> None:
    first = reply(store, model="m", first=1, whole=2, tokens=9, state="stopped")
    row = store.conversations.messages([first])[first]
    reply(
        store,
        model="m",
        first=1,
        whole=2,
        tokens=9,
        text=None,
        conversation=row.conversation,
        parent=first,
        continues=True,
    )
    found = patterns(store, UTC)
    assert (found.messages, found.conversations) == (2, 1)
    assert found.chats["1–2"] == 1
    assert found.endings == {"whole": 1}
    assert found.lengths == {**dict.fromkeys(found.lengths, (0, 0)), "under 100": (1, 0), "under 2,000": (0, 1)}
    assert [(one.model, one.replies) for one in found.models] == [("m", 1)]
    assert sum(found.prompts.values()) == 1


def test_prompts_by_their_first_words_and_what_is_deleted_not_at_all(store: Store) -> None:
    for prompt in ("Be brief.", "Be brief.", ""):
        exchange(store, options=Options(connection="fake", model="m-1", system=prompt))
    gone = exchange(store, options=Options(connection="fake", model="other", system="Gone."))
    store.conversations.delete(gone.conversation)
    found = patterns(store, UTC)
    assert found.prompts == {"Be brief.": 2, "no system prompt": 1}
    assert [(one.model, one.replies) for one in found.models] == [("m-1", 3)]
    assert found.messages == 6


def test_nothing_was_said(store: Store) -> None:
    found = patterns(store, None)
    assert (found.messages, found.by_day, found.models) == (0, {}, ())


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Pacific/Chatham", "America/St_Johns"])
def test_zones_that_are_no_whole_hours(store: Store, zone: str) -> None:
    one = exchange(store)
    said(store, one.user, one.reply, at=LATE)
    local = LATE.astimezone(ZoneInfo(zone))
    assert list(patterns(store, ZoneInfo(zone)).by_day) == [local.date()]
