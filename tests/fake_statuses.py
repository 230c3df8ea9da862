"""What stands where headers of a stream should: error statuses, pages, redirects, refused requests."""

import time
from email.utils import formatdate

from tests.fake_http import Exchange
from tests.fake_refusals import refuse_parameter
from tests.fake_words import Play, answer

PAGE = b"<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>"


def status(
    number: int, *, code: str | None = None, retry_after: str | None = None, should_retry: str | None = None
) -> Play:
    """An error status in OpenAI's words; the key is in them, as OpenAI does it, to see that nobody shows it."""

    def play(exchange: Exchange, point: str) -> None:
        headers = {}
        if retry_after is not None:
            headers["Retry-After"] = formatdate(time.time() + 2, usegmt=True) if retry_after == "date" else retry_after
        if should_retry is not None:
            headers["x-should-retry"] = should_retry
        key = exchange.request.headers.get("authorization", "none")
        exchange.error(number, f"Status {number} for the key: {key}.", code=code, headers=headers)

    return play


def heals(number: int, *, retry_after: str | None = None, should_retry: str | None = None) -> Play:
    """An error status at the first attempt, then an answer."""
    refuse = status(number, retry_after=retry_after, should_retry=should_retry)
    return lambda exchange, point: refuse(exchange, point) if exchange.attempt == 1 else answer(exchange)


def page(number: int) -> Play:
    """A web page where an API should be."""

    def play(exchange: Exchange, point: str) -> None:
        exchange.head(number, content_type="text/html; charset=utf-8", length=len(PAGE))
        exchange.raw(PAGE)

    return play


def error_trickles(exchange: Exchange, point: str) -> None:
    exchange.head(403, content_type="application/json")
    while True:
        exchange.chunk(" ")
        exchange.wait(0.2)


def error_floods(exchange: Exchange, point: str) -> None:
    exchange.head(400, content_type="application/json")
    while True:
        exchange.chunk(b'{"error": ' + b"x" * 8192)


def redirect(number: int) -> Play:
    """To another path of this server, so that whoever follows is seen to have followed."""

    def play(exchange: Exchange, point: str) -> None:
        host = exchange.request.headers.get("host", "127.0.0.1")
        exchange.head(number, headers={"Location": f"http://{host}/elsewhere/v1/chat/completions"}, length=0)

    return play


def context_length(dialect: str) -> Play:
    """The same refusal as OpenAI, vLLM, llama.cpp and a server without codes word it."""
    long = "This model's maximum context length is 64 tokens. However, your messages resulted in 99 tokens."

    def play(exchange: Exchange, point: str) -> None:
        if dialect == "-vllm":
            error = {"object": "error", "message": long, "type": "BadRequestError", "param": None, "code": 400}
            exchange.json(400, error)
        elif dialect == "-llama":
            words = "the request exceeds the available context size, try increasing it"
            error = {"code": 400, "message": words, "type": "exceed_context_size_error", "n_ctx": 64}
            exchange.json(400, {"error": error})
        elif dialect == "-plain":
            exchange.json(400, {"error": "input is too long for requested model"})
        else:
            exchange.error(400, long, code="context_length_exceeded", param="messages")

    return play


def refuses(parameter: str) -> Play:
    """400 while the request has the parameter, then an answer."""
    return lambda exchange, point: None if refuse_parameter(exchange, parameter) else answer(exchange)
