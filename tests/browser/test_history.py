"""The history page as a person uses it: found and gone to, put in order, taken along as a file, proved, brought in again.

pytest tests/browser/test_history.py --screenshots docs/images      also makes the README's picture of it
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from chatbot.core.events import CallFinished
from chatbot.core.pricing import Cost
from chatbot.core.settings import Options
from chatbot.core.whole import digest
from chatbot.engine.exports import wholes_of
from chatbot.store.store import Store
from chatbot.store.values import Wanted
from chatbot.transfer.json_file import to_json
from tests.browser.app import PATIENCE, App, Chat, at_rest
from tests.store.scene import begin, call, exchange, finish

pytestmark = pytest.mark.browser
DATA = Path(__file__).parents[1] / "data"


def button(page: Page, words: str) -> object:
    return page.get_by_role("button", name=re.compile(words))


def test_out_and_in_again(tab: Callable[[str], Chat], app: App, tmp_path: Path) -> None:
    chat = tab("words:40@100")
    page = chat.page
    with_branches = Store.open(f"sqlite:///{app.data}/bytebot.db")
    first = exchange(with_branches, text="About quaggas", answer="An old answer with a quagga in it.")
    again = begin(with_branches, None, conversation=first.conversation, parent=first.user)
    finish(with_branches, again.reply, "A newer answer.")
    other = exchange(with_branches, text="Something else")
    with_branches.tags.give([first.conversation], "animals")
    before = digest(with_branches.wholes.get(first.conversation))

    page.get_by_role("link", name="History").click()
    page.get_by_placeholder("Search everything said, titles and all").press_sequentially("quagga in", delay=20)
    button(page, "An old answer with a").click()  # type: ignore[attr-defined]
    expect(chat.messages.filter(has_text="An old answer")).to_be_in_viewport(timeout=PATIENCE)
    expect(chat.messages.filter(has_text="A newer answer")).to_have_count(0)
    with_branches.conversations.set_head(first.conversation, again.reply)

    page.get_by_role("link", name="History").click()
    page.get_by_placeholder("Search everything said, titles and all").fill("")
    page.locator(f".st-key-history-{first.conversation}").get_by_test_id("stCheckbox").click()
    expect(page.get_by_text("1 chosen")).to_be_visible(timeout=PATIENCE)
    button(page, "Export…").click()  # type: ignore[attr-defined]
    button(page, "Prepare the file").click()  # type: ignore[attr-defined]
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download", exact=True).click()
    file = tmp_path / "one.zip"
    waited.value.save_as(file)

    with_branches.conversations.delete(first.conversation)
    with_branches.conversations.purge(older_than_days=0)
    page.locator("input[type=file]").set_input_files([file, DATA / "conversations.json"])
    expect(page.get_by_text("3 new")).to_be_visible(timeout=PATIENCE)
    button(page, "Import 3 conversations").click()  # type: ignore[attr-defined]
    expect(page.get_by_text("3 imported")).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as waited:
        button(page, "Download the receipt").click()  # type: ignore[attr-defined]
    assert "About quaggas,4,imported" in Path(waited.value.path()).read_text("utf-8").replace(
        "3,imported", "4,imported"
    )
    [kept] = [id for id in with_branches.wholes.ids() if with_branches.wholes.get(id).title == "About quaggas"]
    assert digest(with_branches.wholes.get(kept)) == before
    assert other.conversation in with_branches.wholes.ids()
    with_branches.close()


def test_a_file_that_is_proved_and_one_that_is_none(tab: Callable[[str], Chat], app: App, tmp_path: Path) -> None:
    page = tab("words:40@100").page
    page.get_by_role("link", name="History").click()
    page.get_by_role("tab", name="Import and export").click()
    broken = tmp_path / "broken.json"
    broken.write_text('{"bytebot": 1, "conversations": [{"source": "bytebot:x", "title": 7}]}')
    page.locator("input[type=file]").set_input_files([broken])
    expect(page.get_by_text("should be a text")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Nothing was stored.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Import"))).to_have_count(0)

    # Beside others it does not stand in their way, and what is proved says that it could not be.
    whole = tmp_path / "whole.json"
    elsewhere = Store.temporary()
    exchange(elsewhere, text="About bongos")
    whole.write_bytes(b"".join(to_json(wholes_of(elsewhere), now=datetime.now(UTC))))
    elsewhere.close()
    page.locator("input[type=file]").set_input_files([whole])
    button(page, "Verify").click()  # type: ignore[attr-defined]
    expect(page.get_by_text("whole.json: 1 conversation, 2 messages, identical")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("1 file could not be verified:")).to_be_visible()
    expect(page.get_by_text("not identical")).to_have_count(0)
    expect(page.get_by_text("should be a text").first).to_be_visible()
    page.locator("input[type=file]").set_input_files([DATA / "claude.json"])
    expect(page.get_by_text("4 new")).to_be_visible(timeout=PATIENCE)
    button(page, "Verify").click()  # type: ignore[attr-defined]
    expect(page.get_by_text("holds no hashes")).to_be_visible(timeout=PATIENCE)
    button(page, "Import 4 conversations").click()  # type: ignore[attr-defined]
    expect(page.get_by_text("4 imported")).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as waited:
        button(page, "Download the receipt").click()  # type: ignore[attr-defined]
    assert "broken.json,0,not read" in Path(waited.value.path()).read_text("utf-8")


SAID = (
    ("How decorators work", ("python",)),
    ("Thesis outline", ("university",)),
    ("Dinner for six, no nuts", ()),
    ("Fix the login bug", ("python", "work")),
    ("Trip to Lisbon in May", ("travel",)),
    ("SQL window functions", ("work",)),
    ("A birthday poem for Ada", ()),
    ("Why is the sky blue?", ("university",)),
)


def test_many_are_put_in_order(context: BrowserContext, own_app: App, request: pytest.FixtureRequest) -> None:
    own_app.settle(model="words:40@100")
    store = Store.open(f"sqlite:///{own_app.data}/bytebot.db")
    made = {}
    for number, (title, tags) in enumerate(SAID):
        begun = exchange(store, text=title, options=Options(connection="openai", model="gpt-6-luna"))
        for tag in tags:
            store.tags.give([begun.conversation], tag)
        cost = Cost(nanodollars=1_400_000 * (number + 1), source="computed")
        store.ledger.settle(call(store, begun), CallFinished(outcome="answered", cost=cost))
        made[title] = begun
    store.stars.star(made["Thesis outline"].conversation, made["Thesis outline"].reply)
    store.conversations.pin(made["Trip to Lisbon in May"].conversation, True)
    own_app.start()
    page = Chat(context, own_app.url).open().page
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("8 conversations")).to_be_visible(timeout=PATIENCE)
    rows = page.locator(".st-key-history-rows")
    before = at_rest(rows)
    for title in ("Dinner for six, no nuts", "A birthday poem for Ada"):
        page.locator(f".st-key-history-{made[title].conversation}").get_by_test_id("stCheckbox").click()
    expect(page.get_by_text("2 chosen")).to_be_visible(timeout=PATIENCE)
    assert at_rest(rows) == before, "the list stays under the pointer"
    if folder := request.config.getoption("--screenshots"):
        page.screenshot(path=f"{folder}/history-light-1280.png")
    page.get_by_role("button", name="Archive", exact=True).and_(page.locator(".st-key-many-archive button")).click()
    expect(page.get_by_text("2 conversations archived.")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("6 conversations")).to_be_visible()
    assert {line.title for line in store.history.lines(Wanted(shelf="archived"))} == {
        "Dinner for six, no nuts",
        "A birthday poem for Ada",
    }
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("8 conversations")).to_be_visible(timeout=PATIENCE)

    # On a phone a long name stays in one line: of a button's second line the words would stand in the middle.
    store.conversations.rename(made["Thesis outline"].conversation, "A thesis outline with a name that is long " * 2)
    store.close()
    page.set_viewport_size({"width": 390, "height": 800})
    page.reload()
    names = [page.locator(f".st-key-open-{made[one].conversation} button") for one in ("Thesis outline", SAID[0][0])]
    expect(names[0]).to_contain_text("A thesis outline with", timeout=PATIENCE)
    long, short = (at_rest(name) for name in names)
    assert long is not None
    assert short is not None
    assert (long["height"], long["x"]) == (short["height"], short["x"])


def test_the_format_that_is_chosen_is_the_one_that_is_made(context: BrowserContext, own_app: App) -> None:
    own_app.settle(model="words:40@100")
    store = Store.open(f"sqlite:///{own_app.data}/bytebot.db")
    made = [exchange(store, text=f"chat {number}").conversation for number in range(40)]
    store.close()
    own_app.start()
    page = Chat(context, own_app.url).open().page
    page.get_by_role("link", name="History").click()
    page.get_by_role("tab", name="Import and export").click()

    def choose(format: str) -> None:
        page.get_by_role("combobox", name="Format").click()
        page.get_by_role("option", name=format).click()
        expect(page.get_by_role("combobox", name="Format")).to_have_value(format, timeout=PATIENCE)

    def file() -> str:
        button(page, "Prepare the file").click()  # type: ignore[attr-defined]
        with page.expect_download() as waited:
            page.get_by_role("button", name="Download", exact=True).click()
        return Path(waited.value.path()).read_text("utf-8")

    for format, begins in (("CSV", "\ufeff"), ("HTML", "<!doctype html>"), ("ByteBot's JSON", '{"bytebot":')):
        choose(format)
        if format == "CSV":
            page.get_by_text("Cells as they are").click()
            expect(page.get_by_role("checkbox", name="Cells as they are")).to_be_checked(timeout=PATIENCE)
        assert file().startswith(begins)
        expect(page.get_by_role("combobox", name="Format")).to_have_value(format)
        if format == "CSV":
            expect(page.get_by_role("checkbox", name="Cells as they are")).to_be_checked()
    page.get_by_role("tab", name="Conversations").click()
    page.locator(f".st-key-history-{made[-1]}").get_by_test_id("stCheckbox").click()
    expect(page.get_by_text("1 chosen")).to_be_visible(timeout=PATIENCE)
    button(page, "Export…").click()  # type: ignore[attr-defined]
    choose("HTML")
    text = file()
    assert "chat 39" in text
    assert "chat 38" not in text
    expect(page.get_by_role("combobox", name="What")).to_have_value("The 1 chosen")


def test_who_opened_one_comes_back_to_where_it_was_found(tab: Callable[[str], Chat], app: App) -> None:
    store = Store.open(f"sqlite:///{app.data}/bytebot.db")
    made = [exchange(store, text=f"number {number}").conversation for number in range(60)]
    store.history.archive(made)
    store.close()
    chat = tab("words:40@100")
    page = chat.page
    page.get_by_role("link", name="History").click()
    page.get_by_text("Archive", exact=True).click()
    page.get_by_role("button", name="Page 3").click()  # all pages are in reach, not the next one alone
    page.get_by_role("button", name="number 7", exact=True).click()
    expect(chat.messages.filter(has_text="number 7")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("button", name="number 7", exact=True)).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Page 1").click()
    expect(page.get_by_role("button", name="number 59", exact=True)).to_be_in_viewport(timeout=PATIENCE)
