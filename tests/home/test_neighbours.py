"""Ollama and LM Studio on their usual ports, played by real servers on ports of their own."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chatbot.core.settings import Connection
from chatbot.home.neighbours import PLACES, Place, neighbours


@contextmanager
def serving(answers: dict[str, Any], *, slow: float = 0.0) -> Iterator[int]:
    """A server that answers these paths with JSON or raw bytes, and others with 404; gives its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(slow)
            answer = answers.get(self.path)
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # who asked has gone
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def at(name: str, port: int) -> Place:
    usual = next(place for place in PLACES if place.name == name)
    return Place(name=name, port=port, path=usual.path, is_it=usual.is_it)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


MODELS = {"object": "list", "data": [{"id": "llama3:8b"}, {"id": "qwen"}]}


def test_who_answers_is_offered_with_its_first_model() -> None:
    with (
        serving({"/api/version": {"version": "0.9"}, "/v1/models": MODELS}) as one,
        serving({"/v1/models": MODELS}) as two,
    ):
        found = neighbours(5, [at("ollama", one), at("lm-studio", two)])
    assert found == [
        Connection(name="ollama", base_url=f"http://127.0.0.1:{one}/v1", model="llama3:8b"),
        Connection(name="lm-studio", base_url=f"http://127.0.0.1:{two}/v1", model="llama3:8b"),
    ]


def test_one_without_models_is_offered_without() -> None:
    with serving({"/api/version": {"version": "0.9"}, "/v1/models": {"data": []}}) as port:
        assert neighbours(5, [at("ollama", port)]) == [
            Connection(name="ollama", base_url=f"http://127.0.0.1:{port}/v1")
        ]


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"/api/version": b"<html>", "/v1/models": b"<html>"},
        {"/api/version": [], "/v1/models": {"data": {}}},
        {"/api/version": b"\xff\xfe", "/v1/models": b"[" * 100_000},
        {"/api/version": {"version": 3}, "/v1/models": {"error": "no"}},
    ],
)
def test_another_program_on_the_port_is_not_offered(answers: dict[str, Any]) -> None:
    with serving(answers) as port:
        assert neighbours(5, [at("ollama", port), at("lm-studio", port)]) == []


def test_nobody_there_or_too_slow_gives_nothing() -> None:
    assert neighbours(0.3, [at("ollama", free_port())]) == []
    with serving({"/api/version": {"version": "1"}}, slow=10.0) as port:
        begun = time.monotonic()
        assert neighbours(0.3, [at("ollama", port)]) == []
        assert time.monotonic() - begun < 8, "it did not wait for the answer"


def test_the_usual_ports() -> None:
    assert [(place.name, place.port) for place in PLACES] == [("ollama", 11434), ("lm-studio", 1234)]
