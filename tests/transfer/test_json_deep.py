"""The decoder for any depth says what the standard library's says, where that one can."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.transfer.json_deep import DEEPEST, decode

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)


def ours(text: str) -> Any:
    value, end = decode(text, pairs=dict, real=float)
    return value, end


@given(VALUES, st.sampled_from([None, 1]), st.sampled_from(["", " ", "\n]", ","]))
def test_a_value_is_what_it_is(value: Any, indent: int | None, after: str) -> None:
    text = json.dumps(value, indent=indent)
    assert ours(text + after) == (value, len(text))


@given(VALUES.map(json.dumps), st.data())
def test_a_damaged_one_is_refused_or_read_as_there(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + data.draw(st.sampled_from(["", ",", "]", "}", '"', "0", ":", "-", "\\"])) + text[at + 1 :]
    try:
        expected = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError:
        with pytest.raises(json.JSONDecodeError):
            ours(text)
    else:
        assert ours(text) == expected


def test_how_deep() -> None:
    value, end = ours("[" * DEEPEST + "]" * DEEPEST)
    assert end == 2 * DEEPEST
    depth = 0
    while value:
        (value,) = value
        depth += 1
    assert depth == DEEPEST - 1
    with pytest.raises(RecursionError):
        ours("[" * (DEEPEST + 1))
