"""The organisation's key: from a variable or a .env file, checked, and stored nowhere."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot.core.errors import SettingsError
from chatbot.home.home import Home


def test_it_comes_from_a_variable_or_a_file(open_home: Callable[..., Home], data: Path) -> None:
    assert open_home().admin_key() is None
    data.mkdir()
    (data / ".env").write_text("OPENAI_ADMIN_KEY=sk-admin-file\n", encoding="utf-8")
    found = open_home().admin_key()
    assert found is not None
    assert found.reveal() == "sk-admin-file"
    found = open_home(OPENAI_ADMIN_KEY=" sk-admin-variable ").admin_key()
    assert found is not None
    assert found.reveal() == "sk-admin-variable"


def test_what_can_be_no_key_is_not_repeated(open_home: Callable[..., Home]) -> None:
    with pytest.raises(SettingsError) as caught:
        open_home(OPENAI_ADMIN_KEY="sk-admin two words").admin_key()
    assert "OPENAI_ADMIN_KEY in the environment" in caught.value.sentence
    assert "sk-admin" not in caught.value.sentence


def test_it_makes_no_connection(open_home: Callable[..., Home]) -> None:
    assert list(open_home(OPENAI_ADMIN_KEY="sk-admin-variable").connections()) == ["offline"]
