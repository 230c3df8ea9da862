"""The small words of the pages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.messages import State
from chatbot.core.money import Usage
from chatbot.core.tree import Leaf, Place
from chatbot.engine.view import Shown
from chatbot.store.values import Line, StoredMessage
from chatbot.ui.words import by_day, ended, explained, speed, tokens, under, way_outs

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REPLY = StoredMessage(
    id=2,
    conversation="c",
    parent=1,
    role="assistant",
    state="complete",
    text="Yes.",
    created=NOON,
    connection="openai",
    model_asked="luna",
    model_answered="luna-2026",
    usage=Usage(input_tokens=1200, output_tokens=411),
    first_token=0.6,
    duration=6.4,
)


def shown(row: StoredMessage) -> Shown:
    leaf = Leaf(id=row.id, parent=1, role="assistant", state=row.state)
    return Shown(place=Place((leaf,)), text=row.text, reasoning="", rows=(row,), versions=(row.id,), own=row.id)


def test_under_a_reply_stand_its_numbers() -> None:
    assert under([REPLY]) == "luna-2026 · 411 tokens · first token 0.6 s · 71 tok/s"


def test_estimates_and_gaps_are_marked() -> None:
    guessed = replace(REPLY, usage=Usage(input_tokens=1, output_tokens=1411, estimated=True))
    assert under([guessed]) == "luna-2026 · ≈ 1,411 tokens · first token 0.6 s · ≈ 243 tok/s"
    bare = replace(REPLY, usage=None, first_token=None, duration=None, model_answered=None)
    assert under([bare]) == "luna · — tokens"
    assert under([replace(bare, state="failed", text="")]) == "luna"
    assert under([replace(bare, state="failed", text="", model_asked="")]) == "no model"


def test_a_continued_reply_counts_all_its_segments() -> None:
    assert tokens([REPLY, replace(REPLY, usage=Usage(output_tokens=9))]) == "420 tokens"
    assert tokens([replace(REPLY, usage=None), REPLY]) == "≈ 411 tokens"
    assert tokens([replace(REPLY, usage=Usage(output_tokens=1))]) == "1 token"


def test_no_speed_is_made_of_an_instant() -> None:
    assert speed(replace(REPLY, duration=0.61)) == "—"
    assert speed(replace(REPLY, usage=Usage(output_tokens=1))) == "—"


def test_no_speed_is_made_of_a_guess_and_a_silence() -> None:
    cut = replace(REPLY, state="cut", usage=Usage(output_tokens=411, estimated=True))
    assert speed(cut) == "—"
    assert under([cut]) == "luna-2026 · ≈ 411 tokens · first token 0.6 s"
    assert speed(replace(cut, usage=Usage(output_tokens=411))) == "71"
    assert speed(replace(cut, state="stopped")) == "≈ 71"


def test_the_long_form_names_what_was_asked_and_when() -> None:
    long = explained([replace(REPLY, retries=2)], ZoneInfo("Europe/Berlin"))
    assert "Model asked: luna, answered: luna-2026" in long
    assert "Sent: 1,200 tokens" in long
    assert "Tried again 2 times" in long
    assert "2026-11-22 13:00" in long


def test_how_it_ended_is_a_sentence() -> None:
    assert ended(REPLY) is None
    assert ended(replace(REPLY, state="stopped")) == "You stopped this."


@pytest.mark.parametrize(
    ("usage", "asked", "sentence"),
    [
        (Usage(output_tokens=1024), 1024, "Reached the limit of 1,024 tokens."),
        (Usage(output_tokens=1025), 1024, "Reached the limit of 1,024 tokens."),
        (Usage(output_tokens=1023), 1024, "Reached the server's own limit after 1,023 tokens."),
        (Usage(output_tokens=1), 1024, "Reached the server's own limit after 1 token."),
        (Usage(output_tokens=900), None, "Reached the server's own limit after 900 tokens."),
        (Usage(output_tokens=0), 1024, "Reached the server's own limit."),
        (Usage(output_tokens=900, estimated=True), 1024, "Reached the limit of 1,024 tokens."),
        (Usage(input_tokens=5), 1024, "Reached the limit of 1,024 tokens."),
        (None, 1024, "Reached the limit of 1,024 tokens."),
        (None, None, "Reached the server's own limit."),
    ],
)
def test_a_limit_is_named_where_it_was_reached(usage: Usage | None, asked: int | None, sentence: str) -> None:
    assert ended(replace(REPLY, state="length", usage=usage, options={"max_output": asked})) == sentence


@pytest.mark.parametrize(
    ("state", "text", "way_out", "offered"),
    [
        ("complete", "Yes.", None, ()),
        ("length", "Yes.", None, ("continue",)),
        ("stopped", "Yes.", None, ("continue",)),
        ("stopped", "", None, ("retry",)),
        ("cut", "Yes.", "continue", ("continue", "retry")),
        ("failed", "", "retry", ("retry",)),
        ("failed", "", "settings", ("retry", "settings")),
        ("failed", "", "data_folder", ("retry", "settings")),
        ("failed", "", "model", ("retry", "model")),
        ("failed", "", "raise_limit", ("retry", "raise_limit")),
        ("refused", "No.", None, ("edit",)),
        ("filtered", "", None, ("edit",)),
    ],
)
def test_the_way_out_fits_the_ending(state: State, text: str, way_out: object, offered: tuple[str, ...]) -> None:
    row = replace(REPLY, state=state, text=text, way_out=way_out)  # type: ignore[arg-type]
    assert way_outs(shown(row)) == offered


def test_a_continue_that_failed_can_be_tried_again_below_the_part_that_is_kept() -> None:
    row = replace(REPLY, state="failed", text="", continues=True, error="'x' has no room.", way_out="settings")
    part = replace(shown(row), text="Yes, and")
    assert ended(row) == "'x' has no room. The part so far is kept."
    assert way_outs(part) == ("continue_again", "settings")


def line(age: timedelta, *, pinned: bool = False) -> Line:
    return Line(id=str(age), title="T", pinned=pinned, updated=NOON - age)


def test_days_are_those_of_the_reader() -> None:
    # Just after midnight in Auckland: what was said an hour before was yesterday there, and today in London.
    early = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
    lines = [Line(id="a", title="T", pinned=False, updated=early - timedelta(hours=1))]
    assert [heading for heading, _ in by_day(lines, early.astimezone(ZoneInfo("Pacific/Auckland")))] == ["Yesterday"]
    assert [heading for heading, _ in by_day(lines, early.astimezone(ZoneInfo("Europe/London")))] == ["Today"]


def test_headings_stand_once_in_order() -> None:
    ages = [timedelta(days=90), timedelta(0), timedelta(days=1), timedelta(days=3), timedelta(days=8)]
    lines = [line(ages[0], pinned=True), *(line(age) for age in ages[1:])]
    assert [heading for heading, _ in by_day(lines, NOON)] == ["Pinned", "Today", "Yesterday", "Last 7 days", "Earlier"]


@given(st.lists(st.timedeltas(min_value=timedelta(hours=-30), max_value=timedelta(days=400))))
def test_no_conversation_is_lost_or_moved(ages: list[timedelta]) -> None:
    lines = [line(age) for age in sorted(ages)]
    groups = by_day(lines, NOON)
    assert [one for _, group in groups for one in group] == lines
    headings = [heading for heading, _ in groups]
    assert len(headings) == len(set(headings))
