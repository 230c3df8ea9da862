"""Files dropped on the history page, in process: looked at, proved, imported."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatbot.engine.exports import wholes_of, written
from chatbot.store.store import Store
from chatbot.transfer.json_file import to_json
from chatbot.ui import session
from tests.store.scene import exchange
from tests.ui.chat_tab import Tab, tab


class Files(Tab):
    """One tab of a browser on the history page, where files come in."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.app.switch_page("pages/history.py")
        self.run()
        self.app.session_state["history-tabs"] = "Import and export"
        self.run()

    def drop(self, **files: bytes) -> None:
        named = [(name.replace("_", "."), content, "application/octet-stream") for name, content in files.items()]
        self.app.file_uploader[0].set_value(named)
        self.run()

    def when(self, words: str) -> None:
        for _ in range(100):
            if self.says(words):
                return
            time.sleep(0.1)
            self.run()
        raise AssertionError((words, self.said()))


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    # In process every run is the first of a server, and the guard's way there and back would forget the files.
    monkeypatch.setattr(session, "guard", lambda page: None)
    with tab(tmp_path, monkeypatch):
        yield Files(tmp_path)


def elsewhere() -> bytes:
    """An export of one conversation."""
    store = Store.temporary()
    exchange(store, text="About bongos")
    text = b"".join(to_json(wholes_of(store), now=datetime.now(UTC)))
    store.close()
    return text


def test_each_file_has_a_verdict_of_its_own(page: Files) -> None:
    good, bare = elsewhere(), b'[{"mapping": {}, "title": "x"}]'
    page.drop(good_json=good, bad_json=good[:-5], changed_json=good.replace(b"bongos", b"congas"), other_json=bare)
    page.when("3 conversations")
    page.click("import-verify")
    page.when("identical")
    assert page.says("good.json: 1 conversation, 2 messages, identical")
    assert page.says("changed.json: 1 conversation, 2 messages, not identical\n- conversation 1, 'About congas'")
    assert page.says("2 files could not be verified:")
    assert page.says("cut off")
    assert page.says("other.json holds no hashes")
    assert [len(page.app.get(kind)) for kind in ("success", "error", "warning")] == [1, 1, 1]


def test_what_was_not_read_is_said_in_full_and_notes_can_be_read_whole(page: Files) -> None:
    good = elsewhere()
    page.drop(good_json=good, bad_json=good[:-5])
    page.when("1 new")
    assert page.says("Not read:\n- bad.json is cut off: it ends in the middle.")
    [frame] = page.app.dataframe
    assert frame.value["Conversation"].tolist() == ["About bongos"]
    assert frame.proto.row_height == 0
    id = exchange(page.engine.store, text="Here").conversation
    page.drop(chats_json=b"".join(written(wholes_of(page.engine.store, [id]), "chatgpt")))
    page.when("1 already there")
    page.drop(chats_json=b"".join(written(wholes_of(page.engine.store, [id]), "chatgpt")), good_json=good)
    page.when("1 new")
    page.click("import-begin")
    page.when("1 imported, 1 already there")
    [frame] = page.app.dataframe
    assert "keeps less of it" in frame.value["Notes"].tolist()[1]
    assert frame.proto.row_height >= 68
