"""A server's no, in every dialect, as an error of our tree and a sentence that can be shown."""

import json
import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core import errors
from chatbot.core.errors import Busy, ProviderError
from chatbot.providers.redact import LONGEST, redacted, shown
from chatbot.providers.refusals import Asked, read_words, refusal, refusal_in_stream, retry_after

ASKED = Asked(name="openai", base_url="https://api.openai.com/v1", model="gpt-6-luna")
OTHER = Asked(name="box", base_url="http://user:secret@localhost:8000/v1", model="qwen", secrets=("hunter2",))


def no(status: int, body: object = b"", asked: Asked = ASKED, **headers: str) -> ProviderError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return refusal(status, {name.replace("_", "-"): value for name, value in headers.items()}, data, asked)


@pytest.mark.parametrize(
    ("status", "kind", "may_retry"),
    [
        (302, "Redirected", False),
        (400, "RequestRefused", False),
        (401, "KeyRefused", False),
        (402, "NoCredit", False),
        (403, "Forbidden", False),
        (404, "ModelUnknown", False),
        (405, "RequestRefused", False),
        (408, "Busy", True),
        (409, "Busy", True),
        (413, "RequestRefused", False),
        (418, "RequestRefused", False),
        (422, "RequestRefused", False),
        (429, "Busy", True),
        (500, "Busy", True),
        (501, "Busy", False),
        (502, "Busy", True),
        (503, "Busy", True),
        (504, "Busy", True),
        (520, "Busy", True),
        (529, "Busy", True),
    ],
)
def test_each_status_has_its_error(status: int, kind: str, may_retry: bool) -> None:
    error = no(status)
    assert type(error) is getattr(errors, kind)
    assert error.may_retry is may_retry
    assert error.status == status
    assert error.sentence.endswith(".")


def test_sentences_name_what_is_wrong() -> None:
    assert str(no(401)) == "The key for 'openai' was not accepted."
    assert str(no(429, {"error": {"code": "insufficient_quota"}})) == "Your OpenAI account has no credit left."
    assert "http://localhost:8000" in str(no(307, asked=OTHER))
    assert "secret" not in str(no(307, asked=OTHER))
    assert "'qwen'" in str(no(404, {"error": "model 'qwen' not found"}, OTHER))
    assert no(404, b"<html>404</html>").way_out == "settings"
    assert no(404, {"error": {"code": "model_not_found"}}).way_out == "model"


def test_a_page_is_never_shown() -> None:
    for status in (400, 403, 404, 500, 502):
        assert "nginx" not in str(no(status, b"<html><h1>nginx</h1></html>"))


def test_x_should_retry_decides() -> None:
    assert no(503, x_should_retry="false").may_retry is False
    assert no(400, x_should_retry="true").may_retry is True
    assert no(429, {"error": {"code": "insufficient_quota"}}, x_should_retry="true").may_retry is False
    assert Busy("another").may_retry is True, "one error's mind is not its class's"


def test_a_long_wait_is_told() -> None:
    error = no(429, retry_after="3600")
    assert error.retry_after == 3600
    assert "60 min" in str(error)
    assert "min" not in str(no(429, retry_after="10"))


def test_retry_after_in_seconds_and_as_a_date() -> None:
    assert retry_after({"retry-after": "7"}) == 7
    assert retry_after({"retry-after-ms": "250", "retry-after": "7"}) == 0.25
    assert retry_after({}) is None
    ahead = retry_after({"retry-after": formatdate(time.time() + 30, usegmt=True)})
    assert ahead is not None
    assert 27 < ahead <= 31
    assert retry_after({"retry-after": formatdate(time.time() - 30, usegmt=True)}) == 0


@given(st.text(max_size=30))
def test_no_retry_after_makes_it_stumble(value: str) -> None:
    assert (retry_after({"retry-after": value}) or 0) >= 0


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "Too long.", "code": "context_length_exceeded"}},
        {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 400},
        {"error": {"code": 400, "message": "x", "type": "exceed_context_size_error"}},
        {"error": "prompt is too long: 250000 tokens > 200000 maximum"},
        [{"error": {"message": "The input token count exceeds the maximum number of tokens allowed.", "status": "X"}}],
    ],
)
def test_too_long_a_conversation_is_recognised(body: object) -> None:
    assert type(no(400, body)) is errors.ContextTooLong


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"code": "rate_limit_exceeded"}, "Busy"),
        ({"code": 429, "message": "slow down"}, "Busy"),
        ({"type": "overloaded_error"}, "Busy"),
        ({"code": 502}, "Busy"),
        ({"code": "insufficient_quota"}, "NoCredit"),
        ({"code": "invalid_api_key"}, "KeyRefused"),
        ({"type": "permission_error"}, "Forbidden"),
        ({"code": "context_length_exceeded"}, "ContextTooLong"),
        ({"code": "weird"}, "Refused"),
        ("just words", "Refused"),
        (None, "Refused"),
        ([], "Refused"),
    ],
)
def test_an_error_inside_a_stream_goes_by_its_code(value: object, kind: str) -> None:
    assert type(refusal_in_stream(value, ASKED)) is getattr(errors, kind)


@pytest.mark.parametrize(
    ("said", "quoted"), [("Not now.", "“Not now.”"), ("Why?", "“Why?”"), ("No!", "“No!”"), ("not now", "“not now”.")]
)
def test_a_quoted_sentence_ends_once(said: str, quoted: str) -> None:
    error = refusal_in_stream({"code": "weird", "message": said}, ASKED)
    assert error.sentence.endswith(f": {quoted}")


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "message", "code", "type", "param", "detail"]), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(st.integers(300, 599), JSON | st.binary(max_size=50))
def test_no_answer_makes_it_stumble(status: int, body: object) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    error = refusal(status, {}, data, OTHER)
    assert str(error)
    assert "\n" not in str(error)
    read_words(body)
    refusal_in_stream(body, OTHER)


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abcdefghijklmnop",
        "sk-abc***********wxyz",
        "gsk_1234567890abcdef",
        "Bearer abcdefg",
        "hf_abcdefghijklmnop",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x",
        "AIzaSyA1234567890abcdefghijklmn",
        "0123456789abcdef0123456789abcdef",
        "api_key=topsecretvalue",
        "hunter2",
    ],
)
def test_whatever_looks_like_a_key_is_taken_out(key: str) -> None:
    words = f"Incorrect API key provided: {key} for this request."
    assert key not in redacted(words, "hunter2")
    assert key not in str(no(400, {"error": {"message": words}}, OTHER))
    assert "for this request" in redacted(words, "hunter2")


def test_a_key_across_the_edge_of_what_is_shown_is_not_half_shown() -> None:
    words = "x " * 95 + "sk-abcdefghijklmnopqrstuvwxyz"
    assert "sk-" not in shown(words)
    assert "sk-" not in shown("y " * 399 + "sk-abcdefghijklmnopqrstuvwxyz")


@given(st.text(max_size=2000))
def test_shown_words_are_short_and_on_one_line(words: str) -> None:
    line = shown(words)
    assert len(line) <= LONGEST
    assert len(line.splitlines()) <= 1
    assert line == " ".join(line.split())
