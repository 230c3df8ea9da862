"""What a model takes: known beforehand, or learned from refusals, once."""

from collections.abc import Iterator

import pytest

from chatbot.core.errors import ParameterRefused, RequestRefused
from chatbot.core.settings import Connection, Secret
from chatbot.providers import parameters
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.providers.provider import Cancel, End, Request
from chatbot.providers.refusals import Asked, Words, read_words
from tests.fake_openai import FakeOpenAI
from tests.providers.remembering import Remembering

OPENAI = "https://api.openai.com/v1"
AZURE = "https://somewhere.openai.azure.com/openai/v1"
OTHER = "http://localhost:11434/v1"


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


def request(model: str, **options: object) -> Request:
    wanted: dict[str, object] = {"temperature": 0.5, "max_output": 100, **options}
    return Request(messages=[{"role": "user", "content": "Hi"}], model=model, **wanted)  # type: ignore[arg-type]


def sent(model: str, base_url: str, known: dict[str, str | None] | None = None, **options: object) -> dict[str, object]:
    body = parameters.body(request(model, **options), base_url, known or {})
    return {key: value for key, value in body.items() if key not in ("model", "messages", "stream")}


def test_others_get_max_tokens_and_everything_that_was_chosen() -> None:
    assert sent("llama3", OTHER, effort="low") == {
        "temperature": 0.5,
        "max_tokens": 100,
        "reasoning_effort": "low",
        "stream_options": {"include_usage": True},
    }


def test_nothing_chosen_is_nothing_sent() -> None:
    assert sent("llama3", OTHER, temperature=None, max_output=None) == {"stream_options": {"include_usage": True}}


@pytest.mark.parametrize("base_url", [OPENAI, AZURE])
def test_openai_and_azure_call_the_limit_by_its_new_name(base_url: str) -> None:
    body = sent("gpt-4o", base_url)
    assert body["max_completion_tokens"] == 100
    assert "max_tokens" not in body
    assert body["temperature"] == 0.5


@pytest.mark.parametrize(
    ("model", "effort", "temperature", "effort_sent"),
    [
        ("gpt-6-luna", None, True, "none"),
        ("gpt-6-luna", "low", False, "low"),
        ("gpt-6-astra", None, False, None),
        ("gpt-6.1-sol", "none", False, "none"),
        ("gpt-5", None, False, None),
        ("gpt-5-mini-2025-08-07", "none", False, "none"),
        ("gpt-5.2", "none", True, "none"),
        ("gpt-5.2", None, False, None),
        ("o3", None, False, None),
        ("gpt-4.1", None, True, None),
        ("gpt-5-chat-latest", None, True, None),
    ],
)
def test_temperature_by_family_and_effort(model: str, effort: str | None, temperature: bool, effort_sent: str) -> None:
    body = sent(model, OPENAI, effort=effort)
    assert ("temperature" in body) is temperature
    assert body.get("reasoning_effort") == effort_sent


def test_what_was_learned_is_renamed_or_left_out() -> None:
    assert "temperature" not in sent("m", OTHER, {"temperature": None})
    assert sent("m", OTHER, {"max_tokens": "max_completion_tokens"})["max_completion_tokens"] == 100
    both: dict[str, str | None] = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
    assert not {"max_tokens", "max_completion_tokens"} & sent("m", OTHER, both).keys()
    assert not {"max_tokens", "max_completion_tokens"} & sent("m", OPENAI, both | {"max_tokens": None}).keys()


DIALECTS = ["", "@vllm", "@ollama", "@plain", "@nested"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("parameter", ["temperature", "max_tokens", "stream_options", "reasoning_effort"])
def test_a_refusal_is_learned_from_once(server: FakeOpenAI, parameter: str, dialect: str) -> None:
    quirks = Remembering()
    provider = ChatCompletions(Connection(name="fake", base_url=server.base_url), Secret("sk-test"), quirks)
    model = f"refuses:{parameter}{dialect}"
    wanted = request(model, effort="low")
    with pytest.raises(ParameterRefused) as caught:
        list(provider.stream(wanted, Cancel()))
    assert caught.value.parameter == parameter
    assert parameter in str(caught.value)
    assert "left out" in str(caught.value) or "instead" in str(caught.value)
    assert parameter in quirks.known(server.base_url, model)
    assert isinstance(list(provider.stream(wanted, Cancel()))[-1], End)
    assert len(server.requests) == 2
    assert parameter not in server.requests[1].body
    assert (server.requests[0].body.keys() - server.requests[1].body.keys()) == {parameter}
    if caught.value.instead is None:
        assert parameter in provider.refusals(model)
    list(provider.stream(wanted, Cancel()))
    assert len(server.requests) == 3, "told once, remembered for good"


def test_the_limit_is_renamed_where_the_server_names_the_other(server: FakeOpenAI) -> None:
    provider = ChatCompletions(Connection(name="fake", base_url=server.base_url), None, Remembering())
    with pytest.raises(ParameterRefused) as caught:
        list(provider.stream(request("refuses:max_tokens"), Cancel()))
    assert caught.value.instead == "max_completion_tokens"
    list(provider.stream(request("refuses:max_tokens"), Cancel()))
    assert server.requests[1].body["max_completion_tokens"] == 100
    assert provider.refusals("refuses:max_tokens") == {}, "renamed is not refused"


def test_a_server_that_takes_the_limit_under_neither_name_gets_none(server: FakeOpenAI) -> None:
    quirks = Remembering()
    provider = ChatCompletions(Connection(name="fake", base_url=server.base_url), None, quirks)
    model = "refuses:max_tokens,max_completion_tokens"
    taught = []
    for _ in range(2):
        with pytest.raises(ParameterRefused) as caught:
            list(provider.stream(request(model), Cancel()))
        taught.append((caught.value.parameter, caught.value.instead))
    assert taught == [("max_tokens", "max_completion_tokens"), ("max_completion_tokens", None)]
    assert isinstance(list(provider.stream(request(model), Cancel()))[-1], End)
    assert not {"max_tokens", "max_completion_tokens"} & server.requests[-1].body.keys()


def lesson(message: str, code: str = "", parameter: str = "", **body: object) -> ParameterRefused | None:
    asked = Asked(name="x", base_url=OTHER, model="m")
    there = {"temperature": 5, "max_tokens": 9, "reasoning_effort": "low", "stream_options": {}, **body}
    return parameters.lesson(400, Words(message=message, code=code, parameter=parameter), there, asked, {})


@pytest.mark.parametrize(
    ("message", "parameter"),
    [
        ("Unrecognized request argument supplied: stream_options", "stream_options"),
        ('"gemma3" does not support thinking', "reasoning_effort"),
        ("`temperature` is deprecated for this model.", "temperature"),
        ("Additional properties are not allowed ('reasoning_effort' was unexpected)", "reasoning_effort"),
        ("property 'max_tokens' is unsupported, did you mean 'max_completion_tokens'?", "max_tokens"),
    ],
)
def test_other_servers_words(message: str, parameter: str) -> None:
    found = lesson(message)
    assert found is not None
    assert found.parameter == parameter


def test_a_refusal_about_something_else_teaches_nothing() -> None:
    assert lesson("Invalid 'temperature': expected a value <= 2.", "decimal_above_max_value", "temperature") is None
    assert lesson("This model does not support tools.") is None
    assert lesson("Unsupported value: messages[0].role.", "unsupported_value", "messages[0].role") is None
    words = read_words({"error": {"message": "temperature is not supported", "param": "temperature"}})
    asked = Asked(name="x", base_url=OTHER, model="m")
    assert parameters.lesson(400, words, {"model": "m"}, asked, {}) is None, "it was not even sent"
    assert parameters.lesson(500, words, {"temperature": 1}, asked, {}) is None


def test_a_value_out_of_range_is_told_not_dropped(server: FakeOpenAI) -> None:
    provider = ChatCompletions(Connection(name="fake", base_url=server.base_url), None, Remembering())
    with pytest.raises(RequestRefused) as caught:
        list(provider.stream(request("fault:status-400:connect"), Cancel()))
    assert not isinstance(caught.value, ParameterRefused)


def test_refusals_say_why() -> None:
    provider = ChatCompletions(Connection(name="openai", base_url=OPENAI), None, Remembering())
    assert "temperature" in provider.refusals("gpt-5")
    assert provider.refusals("gpt-6-luna") == {}
    assert provider.refusals("gpt-4o") == {}
