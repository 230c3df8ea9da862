"""The settings' section on backups: made, listed, restored beside, and everything checked."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatbot.store.store import Store
from chatbot.ui import session
from tests.store.scene import exchange
from tests.ui.settings_page import Page, opened


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    with opened(tmp_path, monkeypatch) as page:
        page.run()
        exchange(session.engine().store, text="What is a quagga?")
        yield page.run()


def when(page: Page, there: Callable[[], object]) -> None:
    for _ in range(100):
        if there():
            return
        page.run()
    raise AssertionError(page.said())


def backed_up(page: Page) -> Path:
    page.click("backup")
    when(page, lambda: page.says("and read again to its end"))
    [path] = (page.data / "backups").glob("*.db")
    return path


def test_a_backup_is_made_and_listed(page: Page) -> None:
    assert page.says("There is none yet.")
    assert str(page.data / "backups") in [code.value for code in page.app.code]
    path = backed_up(page)
    assert page.says("made by hand")
    assert not page.says("There is none yet.")
    assert [button.label for button in page.app.button if button.key == f"restore-{path.name}"] == ["Restore…"]


def test_backups_of_one_minute_and_one_day_can_be_told_apart(page: Page) -> None:
    folder = page.data / "backups"
    folder.mkdir(exist_ok=True)
    for name in ("bytebot-2026-11-28-at-035907.db", "bytebot-2026-11-28-at-035941.db"):
        (folder / name).write_bytes(b"-")
    # One that was made by itself, and one whose folder was copied: only its name tells when it was made.
    for day, written in ((27, "2026-11-27 08:30:05"), (26, "2026-11-28 04:00:00")):
        path = folder / f"bytebot-2026-11-{day}.db"
        path.write_bytes(b"-")
        os.utime(path, (0, datetime.fromisoformat(written).timestamp()))
    page.run()
    rows = [sentence for sentence in page.said() if " · made by " in sentence]
    # What stands in the names is this machine's time, and the page has the browser's.
    times = ("2026-11-28 03:59:41", "2026-11-28 03:59:07", "2026-11-27 08:30:05")
    assert [row.partition(" :small")[0] for row in rows] == [
        *(f"{datetime.fromisoformat(time).astimezone(UTC):%Y-%m-%d %H:%M:%S}" for time in times),
        "2026-11-26",
    ]


def test_a_backup_is_restored_beside_and_used_only_when_the_person_says_so(page: Page) -> None:
    path = backed_up(page)
    exchange(session.engine().store, text="said later")
    page.click(f"restore-{path.name}")
    assert page.says("Nothing is written over")
    page.click("restore-cancel")
    assert not page.says("Nothing is written over")
    page.click(f"restore-{path.name}").click("restore")
    when(page, lambda: page.says("Restored 1 conversation with 2 messages"))
    [new] = page.data.glob("bytebot-restored-*.db")
    assert not page.settings_file.exists()
    assert page.home.database_url == f"sqlite:///{page.data / 'bytebot.db'}"
    page.click("restored-use")
    assert page.says("It is used from the next start of ByteBot on")
    assert page.home.database_url == f"sqlite:///{new}"
    page.click("restored-stay")
    assert page.home.database_url == f"sqlite:///{page.data / 'bytebot.db'}"
    page.click("restored-use")
    store = Store.open(page.home.database_url)
    assert len(store.wholes.ids()) == 1
    store.close()
    assert len(session.engine().store.wholes.ids()) == 2, "this server goes on with its own"


def test_what_a_variable_fixes_is_greyed_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'data' / 'fixed.db'}"
    with opened(tmp_path, monkeypatch, BYTEBOT_DATABASE_URL=url) as page:
        page.run()
        exchange(session.engine().store)
        path = backed_up(page.run())
        page.click(f"restore-{path.name}").click("restore")
        when(page, lambda: page.says("Restored 1 conversation"))
        [button] = [button for button in page.app.button if button.key == "restored-use"]
        assert button.disabled
        assert page.says("Set by BYTEBOT_DATABASE_URL (environment), so it cannot be changed here.")


def test_a_damaged_backup_is_said_and_nothing_is_made_of_it(page: Page) -> None:
    path = backed_up(page)
    path.write_bytes(path.read_bytes()[:20_000])
    page.click(f"restore-{path.name}").click("restore")
    when(page, lambda: page.says("is damaged"))
    assert list(page.data.glob("bytebot-restored-*")) == []


def test_everything_is_checked_and_repaired(page: Page) -> None:
    page.click("check")
    when(page, lambda: page.says("All is well."))
    assert page.says("1 conversation with 2 messages: each is read whole")
    with session.engine().store._database.write() as connection:
        connection.exec_driver_sql("UPDATE conversations SET head = 99")
    page.click("check")
    when(page, lambda: page.says("There is 1 problem."))
    assert page.says("stands on a message that it does not hold")
    page.click("repair")
    when(page, lambda: page.says("each stands on its newest now"))
    assert page.says("All is well.")
    assert page.says("A backup was made before: bytebot-")


def test_what_the_daily_work_could_not_do_is_said(page: Page) -> None:
    daily = session.engine().daily
    assert daily is not None
    daily.problem = "There is no room for a backup."
    assert page.run().says("There is no room for a backup.")
