"""The command `chatbot stats` where there is nothing to show; its figures are tested where the page's are."""

from tests.store.scene import begin, exchange, finish
from tests.terminal.house import House


def test_of_an_empty_history_it_says_that_nothing_was_said_yet(house: House) -> None:
    for argv in (["stats"], ["stats", "--since", "2026-11-01"]):
        ran = house.run(*argv)
        assert (ran.status, ran.out, ran.err) == (0, "", "Nothing was said yet.\n")


def test_of_a_model_that_nobody_measured_only_the_count_is_shown(house: House) -> None:
    with house.store() as store:
        finish(store, begin(store).reply, "Hm.", first_token=None, duration=None, model_answered="imported")
        finish(store, begin(store).reply, "Hm.", first_token=0.5, duration=None, model_answered="waited")
    models = house.run("stats").out.partition("Models\n")[2].partition("\n\n")[0].splitlines()
    assert sorted(" ".join(line.split()) for line in models) == [
        "imported 1",
        "waited 1 first token 0.5 s, 9 of 10 in 0.5 s",
    ]


def test_of_a_time_without_a_message_it_says_so(house: House) -> None:
    with house.store() as store:
        exchange(store)
    for argv in (["--since", "2999-01-01"], ["--until", "2000-01-01"]):
        assert house.run("stats", *argv).err == "Nothing was said in this time.\n"
