"""OpenAI's own word on its bill: page by page, with an admin key that shows up nowhere."""

import logging
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from chatbot.core.billed import Billed, statement
from chatbot.core.errors import (
    BadInput,
    Broken,
    Busy,
    ByteBotError,
    ConnectFailed,
    Forbidden,
    KeyRefused,
    NotAStream,
    ProviderError,
    Redirected,
    RequestRefused,
)
from chatbot.core.settings import Secret
from chatbot.providers import admin_costs
from chatbot.providers.admin_costs import costs
from chatbot.providers.provider import Cancel
from tests.fake_admin import ADMIN_KEY, STRANGE
from tests.fake_openai import FakeOpenAI

FIRST = date(2026, 11, 3)
KEY = Secret(ADMIN_KEY)


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


def ask(base_url: str, days: int = 3, key: Secret = KEY) -> list[Billed]:
    return list(costs("openai", base_url, key, FIRST, FIRST + timedelta(days=days - 1), Cancel()))


def test_money_and_tokens_of_every_page(server: FakeOpenAI) -> None:
    found = statement(ask(server.base_url))
    third = FIRST + timedelta(days=2)
    assert sorted(found.by) == [(FIRST, "gpt-6-luna"), (third, "gpt-6-luna")]
    luna = found.by[third, "gpt-6-luna"]
    assert luna.nanodollars == 112_300_000, "exact: 0.0123 and 0.1 are not what floats add up to"
    assert (luna.input_tokens, luna.cached_tokens, luna.output_tokens, luna.requests) == (123_000, 0, 200_000, 3)
    assert len(server.requests) == 6, "three pages of each"
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {ADMIN_KEY}"}
    assert "group_by" in server.requests[0].path
    assert "line_item" in server.requests[0].path


@pytest.mark.parametrize(
    ("variant", "error", "said"),
    [
        ("admin-status-401", KeyRefused, "The admin key was not accepted. An ordinary key does not do"),
        ("admin-status-403", Forbidden, "This key may not read the bill."),
        ("admin-status-404", RequestRefused, "has no bill to ask for"),
        ("admin-status-429", Busy, "more requests than it allows"),
        ("admin-status-500", Busy, "cannot answer right now"),
        ("admin-status-400", RequestRefused, "did not accept the request"),
        ("admin-moved", Redirected, "wants to send the request on"),
        ("admin-page", NotAStream, "no bill"),
        ("admin-cut", Broken, "before the bill was whole"),
        ("admin-circle", NotAStream, "no bill"),
        ("admin-endless", NotAStream, "more than 60 pages"),
        ("refused", ConnectFailed, "Nothing answers at"),
        *((name, NotAStream, "no bill") for name in STRANGE),
    ],
)
def test_what_goes_wrong_is_a_sentence_without_the_key(
    server: FakeOpenAI, variant: str, error: type[ProviderError], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(error) as caught:
        ask(server.url(variant))
    assert said in caught.value.sentence
    for place in (caught.value.sentence, repr(caught.value), caplog.text):
        assert ADMIN_KEY not in place
        assert "1234567890abcdefghij" not in place


def test_a_silent_server_is_given_up(server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(server.base_url, days=1)  # what is loaded at first use is loaded
    monkeypatch.setattr(admin_costs, "PATIENCE", admin_costs.Timeouts(connect=0.3, first=0.3, bytes=0.3, total=0.3))
    with pytest.raises(ProviderError, match="No answer from 'openai'"):
        ask(server.url("admin-silent"))


def test_a_wrong_key_and_wrong_days_ask_for_nothing_more(server: FakeOpenAI) -> None:
    with pytest.raises(KeyRefused):
        ask(server.base_url, key=Secret("sk-other"))
    assert len(server.requests) == 1
    for days in (0, 400):
        with pytest.raises(BadInput):
            ask(server.base_url, days=days)
    assert len(server.requests) == 1


def test_an_address_that_is_none(server: FakeOpenAI) -> None:
    with pytest.raises(ByteBotError):
        ask("nonsense")
