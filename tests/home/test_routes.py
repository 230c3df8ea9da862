"""[[route]] in settings.toml: mistakes are named with line and field and route nothing; saving keeps comments and order."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.core.errors import SettingsError
from chatbot.core.routing import Rule
from chatbot.home.home import Home
from chatbot.home.routes import MOST_RULES

COMMENTED = """\
# mine
[chat]
model = "m"   # own

# for quick ones
[[route]]   # one
name = 'short'
to = "cheap"    # the cheap one
at_most = 0xC8

# by words
[[route]]
to = "other"
words = ["sum up", "translate"]

[[route]]
to = "third"

[mine]
kept = 1979-05-27
"""


def test_rules_are_read_in_order(open_home: Callable[..., Home], write: Callable[[str], None]) -> None:
    write(
        "[[route]]\nname = 'short'\nto = 'cheap'\nmodel = 'gpt-*'\nconnection = 'open*'\nat_most = 200\n"
        "without_code = true\n[[route]]\nto = 'other'\nwords = [' sum up ', 'x']\n"
    )
    home = open_home()
    assert home.problems() == ()
    assert home.routes.rules == (
        Rule(name="short", to="cheap", model="gpt-*", connection="open*", at_most=200, without_code=True),
        Rule(to="other", words=("sum up", "x")),
    )
    write("")
    assert home.routes.rules == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("to = 5", "line 2: to is 5; it must be a model's id of at most 200 characters, without white space."),
        ("at_most = 9", "line 1: to is missing; it must be a model's id"),
        ("to = 'm'\n\nat_most = 0", "line 4: at_most is 0; it must be a whole number from 1 to 2,000,000."),
        ("to = 'm'\nat_most = true", "line 3: at_most is True; it must be a whole number"),
        ("to = 'm'\nwithout_code = 'yes'", "line 3: without_code is 'yes'; it must be true or false."),
        ("to = 'm'\nwords = 'x'", "line 3: words is 'x'; it must be a list of 1 to 100 texts"),
        ("to = 'm'\nwords = []", "line 3: words is []; it must be a list"),
        ("to = 'm'\nwords = [\n 'x',\n '',\n]", "line 3: words is ['x', '']; it must be a list"),
        ("to = 'm'\nmodel = ''", "line 3: model is ''; it must be text of at most 200 characters."),
        ("to = 'm'\nname = \"two\\nlines\"", "line 3: name is 'two\\nlines'; it must be a line of at most 80"),
        ("to = 'm'\natmost = 5", "line 3: 'atmost' is no field of a rule; did you mean 'at_most'?"),
        ("to = 'm'\nzzz = 5", "line 3: 'zzz' is no field of a rule; known are to, model, connection"),
    ],
)
def test_a_mistake_is_named_and_the_rule_left_out(
    open_home: Callable[..., Home], write: Callable[[str], None], data: Path, text: str, sentence: str
) -> None:
    write(f"[[route]]\n{text}\n[[route]]\nto = 'good'\n[chat]\nmodel = 'm'\n")
    home = open_home()
    [problem] = map(str, home.problems())
    assert problem.startswith(f"{data}/settings.toml, {sentence}")
    assert problem.endswith("The rule is left out.")
    assert home.routes.rules == (Rule(to="good"),)


@pytest.mark.parametrize("text", ["route = 5", "[route]\nto = 'm'", "route = ['x']"])
def test_what_is_no_list_of_rules_says_so(
    open_home: Callable[..., Home], write: Callable[[str], None], text: str
) -> None:
    write(text + "\n")
    home = open_home()
    [problem] = home.problems()
    assert "line 1: route is no list of rules; each must begin with the line [[route]]." in str(problem)
    assert home.routes.rules == ()


def test_a_field_of_another_table_is_not_taken_for_the_rules(
    open_home: Callable[..., Home], write: Callable[[str], None]
) -> None:
    write("[[route]]\nat_most = 5\n[chat]\nmodel = 'm'\n[connections.x]\nbase_url = 'http://localhost/v1'\n")
    [problem] = open_home().problems()
    assert "settings.toml, line 1: to is missing" in str(problem)


def test_more_rules_than_anybody_reads_are_left_out(
    open_home: Callable[..., Home], write: Callable[[str], None]
) -> None:
    write("[[route]]\nto = 'm'\n" * (MOST_RULES + 1))
    home = open_home()
    assert len(home.routes.rules) == MOST_RULES
    [problem] = home.problems()
    assert f"there are more than {MOST_RULES} rules" in str(problem)


def save(
    home: Home, wanted: Callable[[Sequence[Mapping[str, Any]]], list[tuple[int | None, Mapping[str, Any]]]]
) -> None:
    seen = home.routes.tables
    home.save_routes(seen, wanted(seen))


def test_a_changed_rule_keeps_comments_order_and_spelling(
    open_home: Callable[..., Home], write: Callable[[str], None], data: Path
) -> None:
    write(COMMENTED)
    home = open_home()
    save(home, lambda seen: [(0, {**seen[0], "at_most": 100}), (1, seen[1]), (2, seen[2])])
    assert (data / "settings.toml").read_text() == COMMENTED.replace("0xC8", "100")
    save(home, lambda seen: [(0, {**seen[0], "at_most": 200}), (1, seen[1]), (2, seen[2])])
    assert (data / "settings.toml").read_text() == COMMENTED.replace("0xC8", "200")


def test_rules_are_moved_added_and_removed(
    open_home: Callable[..., Home], write: Callable[[str], None], data: Path
) -> None:
    write(COMMENTED)
    home = open_home()
    save(home, lambda seen: [(1, seen[1]), (0, seen[0]), (None, {"to": "new", "words": ("x",)})])
    text = (data / "settings.toml").read_text()
    assert [rule.to for rule in home.routes.rules] == ["other", "cheap", "new"]
    assert [line for line in COMMENTED.splitlines() if "#" in line] == [
        line for line in text.splitlines() if "#" in line
    ]
    assert tomllib.loads(text)["mine"]
    save(home, lambda seen: [])
    assert home.routes.rules == ()
    assert "route" not in tomllib.loads((data / "settings.toml").read_text())


def test_nothing_is_half_saved(open_home: Callable[..., Home], write: Callable[[str], None], data: Path) -> None:
    write(COMMENTED)
    home = open_home()
    with pytest.raises(SettingsError, match=r"^Rule 2: at_most is 'many'; it must be a whole number"):
        save(home, lambda seen: [(0, {**seen[0], "to": "x"}), (1, {**seen[1], "at_most": "many"})])
    seen = home.routes.tables
    write(COMMENTED.replace('"third"', '"fourth"'))
    with pytest.raises(SettingsError, match="have been changed elsewhere since this was drawn"):
        home.save_routes(seen, [(0, {**seen[0], "to": "x"}), (1, seen[1]), (2, seen[2])])
    assert (data / "settings.toml").read_text() == COMMENTED.replace('"third"', '"fourth"')


def test_a_rule_that_is_wrong_does_not_keep_others_from_being_changed(
    open_home: Callable[..., Home], write: Callable[[str], None]
) -> None:
    write("[[route]]\ntoo = 'x'\n[[route]]\nto = 'b'\n")
    home = open_home()
    assert home.routes.wrong is not None
    assert list(home.routes.wrong) == [0]
    save(home, lambda seen: [(0, seen[0]), (1, {"to": "c"})])
    assert home.routes.rules == (Rule(to="c"),)
    save(home, lambda seen: [(1, seen[1])])
    assert home.problems() == ()


rules = st.fixed_dictionaries(
    {"to": st.sampled_from(["a", "b"])},
    optional={
        "at_most": st.integers(1, 9),
        "words": st.lists(st.sampled_from(["x", "y z"]), min_size=1, max_size=2),
        "name": st.just("n"),
    },
)


@given(st.lists(rules, max_size=4), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_saved_is_what_is_read(
    open_home: Callable[..., Home], write: Callable[[str], None], first: list[dict[str, Any]], data: st.DataObject
) -> None:
    write(COMMENTED.replace("[mine]", "[extra]"))
    home = open_home()
    save(home, lambda seen: [(None, one) for one in first])
    places = data.draw(st.permutations(range(len(first))))
    kept = places[: data.draw(st.integers(0, len(first)))]
    wanted: list[tuple[int | None, Mapping[str, Any]]] = [(at, data.draw(rules)) for at in kept]
    for _ in range(data.draw(st.integers(0, 2))):
        wanted.insert(data.draw(st.integers(0, len(wanted))), (None, data.draw(rules)))
    save(home, lambda seen: wanted)
    assert [dict(one) for one in home.routes.tables] == [dict(fields) for _, fields in wanted]
    assert len(home.routes.rules) == len(wanted)
