"""A canary: what is typed into a key's field is nowhere afterwards but where keys are kept."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fake_openai import FakeOpenAI
from tests.ui.settings_page import Page, opened
from tests.ui.test_settings_connections import add

CANARY = "sk-canary-d41d8cd98f00b204e980"
HEADER = "header-canary-7215ee9c7d9dc229d292"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    with opened(tmp_path, monkeypatch) as page:
        yield page.run()


@pytest.fixture
def every_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All loggers at DEBUG, those of Streamlit too, which keep what they say to themselves."""
    caplog.set_level(logging.DEBUG)
    names = [
        name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("streamlit", "chatbot", "openai")
    ]
    before = [
        (logging.getLogger(name), logging.getLogger(name).level, logging.getLogger(name).propagate) for name in names
    ]
    for logger, _, _ in before:
        logger.setLevel(logging.DEBUG)
        logger.propagate = True
    yield caplog
    for logger, level, propagate in before:
        logger.setLevel(level)
        logger.propagate = propagate


def sent_to_the_browser(page: Page) -> bytes:
    """Every element of the page, as it went over the wire."""
    protos: list[Any] = []

    def walk(node: Any) -> None:
        if (proto := getattr(node, "proto", None)) is not None and hasattr(proto, "SerializeToString"):
            protos.append(proto.SerializeToString())
        for child in getattr(node, "children", {}).values():
            walk(child)

    walk(page.app._tree)
    return b"\n".join(protos)


def in_the_session(page: Page) -> str:
    """All that the session holds: values by key, and what Streamlit itself keeps of the widgets."""
    state = page.app.session_state
    inner = getattr(state, "_state", state)
    held = [repr({key: state[key] for key in state.to_dict()})]
    held += [repr(getattr(inner, name, None)) for name in ("_old_state", "_new_session_state", "_new_widget_state")]
    return "\n".join(held)


def nowhere(page: Page, secret: str, logs: str, *, kept_in: Path) -> None:
    assert secret.encode() not in sent_to_the_browser(page)
    assert secret not in in_the_session(page)
    assert secret not in logs
    for path in page.data.parent.rglob("*"):
        if path.is_file() and path != kept_in:
            assert secret.encode() not in path.read_bytes(), path


def test_a_key_that_was_typed_is_nowhere_but_with_the_keys(page: Page, every_log: pytest.LogCaptureFixture) -> None:
    keys = page.data / "keys.toml"
    with FakeOpenAI() as server:
        add(page, "mine", server.base_url, CANARY, headers=f"api-key: {HEADER}")
        assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}", "the test proves nothing"
        assert server.requests[0].headers["api-key"] == HEADER
        page.click("ask_key:mine")
        page.field("key_of:mine").set_value(CANARY + "-second")
        page.press("Save and test").settled()
    assert CANARY in keys.read_text()
    assert keys.stat().st_mode & 0o077 == 0
    for moment in range(2):
        nowhere(page, CANARY, every_log.text, kept_in=keys)
        nowhere(page, HEADER, every_log.text, kept_in=keys)
        if not moment:
            page.click("edit:mine")


@pytest.mark.parametrize("typed", [CANARY + " with spaces", CANARY + "-é", CANARY * 100])
def test_a_key_that_is_refused_is_nowhere(page: Page, every_log: pytest.LogCaptureFixture, typed: str) -> None:
    add(page, "mine", "http://127.0.0.1:9/v1", typed)
    assert page.says("The key has")
    nowhere(page, CANARY, every_log.text, kept_in=page.data / "keys.toml")
    assert not (page.data / "keys.toml").exists()


def test_a_key_that_a_server_refuses_or_repeats_is_nowhere(page: Page, every_log: pytest.LogCaptureFixture) -> None:
    with FakeOpenAI() as server:
        add(page, "mine", server.url("no-key"), CANARY)
    assert page.says("The key for 'mine' was not accepted.")
    nowhere(page, CANARY, every_log.text, kept_in=page.data / "keys.toml")


def test_the_walk_sees_what_is_on_the_page(page: Page) -> None:
    page.click("add_connection")
    assert b"my-server" in sent_to_the_browser(page)
    page.app.session_state["seen"] = "a-word-in-the-session"
    page.run()
    assert "a-word-in-the-session" in in_the_session(page)
