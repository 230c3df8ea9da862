"""The command `chatbot stats` where there is nothing to show; its figures are tested where the page's are."""

from tests.store.scene import exchange
from tests.terminal.house import House


def test_of_an_empty_history_it_says_that_nothing_was_said_yet(house: House) -> None:
    for argv in (["stats"], ["stats", "--since", "2026-11-01"]):
        ran = house.run(*argv)
        assert (ran.status, ran.out, ran.err) == (0, "", "Nothing was said yet.\n")


def test_of_a_time_without_a_message_it_says_so(house: House) -> None:
    with house.store() as store:
        exchange(store)
    for argv in (["--since", "2999-01-01"], ["--until", "2000-01-01"]):
        assert house.run("stats", *argv).err == "Nothing was said in this time.\n"
