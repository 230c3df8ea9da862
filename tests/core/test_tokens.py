"""Counting without a tokenizer: the bound is never passed, the estimate stays near, the server's numbers come first."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core import structure
from chatbot.core.messages import Message, Text, ToolCall, ToolResult, said
from chatbot.core.money import Usage
from chatbot.core.tokens import PER_MESSAGE, estimate, message_tokens, next_input, rough, surely_at_most
from chatbot.providers.tokenizer import counter

# Not the texts that the estimate was tuned on.
TEXTS = {
    "prose": "It had rained since noon, and the road to the village was little more than a brook. Two children stood "
    "under the chestnut tree and counted carts. Nobody had told them to wait, but neither wanted to be the first to go.",
    "python": Path(structure.__file__).read_text(encoding="utf-8"),
    "json": json.dumps(
        [{"user": f"u{at}", "score": at / 7, "ok": at % 3 == 0, "when": f"2026-01-{at:02}"} for at in range(1, 29)]
    ),
    "chinese": "昨天晚上下了一场大雪，今天早上整个城市都变成了白色。孩子们不用上学，高兴地在公园里堆雪人、打雪仗。"
    "大人们却要早起铲雪，不少公共汽车也晚点了。中午太阳出来，屋顶上的雪开始慢慢融化，街道上又恢复了平时的热闹。",
    "hindi": "कल रात बहुत तेज़ बारिश हुई और सुबह तक सड़कें पानी से भर गईं। बच्चे स्कूल नहीं जा सके, इसलिए वे घर के आँगन में कागज़ की नाव "
    "बनाकर खेलते रहे। दोपहर में सूरज निकला और बाज़ार फिर से खुल गया।",
    "emoji": "🍎🍐🍊🍋🍌🍉🍇🍓🫐🍈🍒🍑🥭🍍🥥🥝🍅🍆🥑🥦🥬🥒🌶️🫑🌽🥕🫒🧄🧅🥔🍠🥐🥯🍞🥖🥨🧀🥚🍳🧈🥞🧇🥓🥩🍗🍖🌭🍔🍟🍕",
    "russian": "Вчера вечером мы долго сидели на кухне и говорили о том, как быстро прошло лето. Бабушка пекла пироги с "
    "яблоками, а дед рассказывал, как однажды заблудился в лесу и вышел к незнакомой деревне.",
    "table": "| city | people | area |\n|---|---:|---:|\n"
    + "".join(f"| Town {at} | {at * 7919} | {at * 3.7:.2f} |\n" for at in range(1, 25)),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_the_rough_estimate_is_within_a_quarter(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    exact = counter("gpt-5", tmp_path_factory.getbasetemp())(TEXTS[kind])
    assert rough(TEXTS[kind]) == pytest.approx(exact, rel=0.25)


@given(st.text(max_size=300))
def test_no_tokenizer_passes_the_bytes(text: str) -> None:
    assert surely_at_most(text) == len(text.encode())
    assert (rough(text) > 0) == bool(text)
    assert rough(text) <= surely_at_most(text)


def test_a_message_costs_its_words_and_its_frame() -> None:
    reply = Message("assistant", (Text("abc"), ToolCall("c1", "clock", "{}")))
    assert message_tokens(reply, len) == 3 + PER_MESSAGE + 7 + PER_MESSAGE
    assert message_tokens(said("assistant", "abc", reasoning="a long thought"), len) == 3 + PER_MESSAGE
    assert message_tokens(said("user", ""), len) == PER_MESSAGE
    results = Message("tool", (ToolResult("c1", "noon"), ToolResult("c2", "night")))
    assert estimate([reply, results], len) == message_tokens(reply, len) + 9 + 2 * PER_MESSAGE


def test_the_next_input_comes_from_what_the_server_counted() -> None:
    assert next_input(Usage(input_tokens=1000, output_tokens=200), "four", len) == 1000 + 200 + 4 + PER_MESSAGE
    thought = Usage(input_tokens=1000, output_tokens=200, reasoning_tokens=150)
    assert next_input(thought, "", len) == 1000 + 50 + PER_MESSAGE


@pytest.mark.parametrize(
    "usage",
    [
        None,
        Usage(),
        Usage(input_tokens=5),
        Usage(output_tokens=5),
        Usage(input_tokens=5, output_tokens=5, estimated=True),
    ],
)
def test_without_a_servers_count_there_is_no_next_input(usage: Usage | None) -> None:
    assert next_input(usage, "words", len) is None
