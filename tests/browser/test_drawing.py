"""The real renderer: what `drawable` and `label` give is drawn as it was written, and nothing is fetched for it."""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from chatbot.core.drawable import drawable
from chatbot.core.labels import label
from chatbot.core.structure import Structure
from tests.browser.app import PATIENCE, free_port
from tests.core.test_drawable import TRICKS

pytestmark = pytest.mark.browser

SCRIPT = """
import json, pathlib
import streamlit as st
texts, labels = json.loads(pathlib.Path({path!r}).read_text())
for number, text in enumerate(texts):
    with st.container(key=f"text-{{number}}"):
        st.markdown(text)
for number, text in enumerate(labels):
    with st.container(key=f"label-{{number}}"):
        st.button(text, key=f"button-{{number}}")
st.text("All drawn")
"""
AS_WRITTEN = [
    "It costs $5 or $10, a < b <b>c</b> <script>alert(1)</script>",
    ":red[x] :small[y] :smile: :rainbow: :+1: :material/home: :streamlit: key:value{a} a:b:c",
    "![x](evil.png) fe80::1:ab:cd:ef 10:30:45 std::string",
    ":::note it",
]
IN_CODE = [
    "`![a](b) $5 :red[x] <b>`",
    "```rust\nlet v = vec![1]; // $x :red[y] ![a](b) <b>\n```",
    "```mermaid\ngraph TD; A-->B\n```",
]
MATHS = {
    "$x^2$": 0,
    r"\(a<b\)": 0,
    "$$x$$ so": 0,
    "$$\nx\n$$": 1,
    "\\[\nx % c\n\\]": 1,
    "- a\n  $$x$$\n- b": 1,
    "> $$\n> x\n> $$": 1,
}
PIECES = [
    *"\n\n\n\n ->",
    "- ",
    "1. ",
    "2. ",
    "> ",
    "   ",
    "    ",
    "\n```\n",
    "~~~\n",
    "````",
    "---",
    "\n|a|\n|-|\n",
    "\n[^1]: ",
    "[d]: /u\n===\n",
]


def shaped(seed: int) -> str:
    """A text of all the shapes that hold code, its words numbered; the footnote is called, so that it is shown."""
    dice = random.Random(seed)
    words = (f"w{number}z " for number in range(100))
    return "w[^1]\n\n" + "".join(next(words) if dice.random() < 0.4 else dice.choice(PIECES) for _ in range(25))


SHAPED = [shaped(seed) for seed in range(150)]
LABELS = ["![x](http://evil/p) [a](http://evil/q)", ":red[x] :smile: :material_home: :material/home:", "$x$ `c` **b** <b> # | ~~s~~",
          "http://evil/q www.evil.com a@evil.com", "# Head", "1. one"]  # fmt: skip


@pytest.fixture(scope="module")
def drawn(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("drawing")
    texts = [drawable(text) for text in [*AS_WRITTEN, *IN_CODE, *MATHS, *TRICKS, *SHAPED]]
    (folder / "texts.json").write_text(json.dumps([texts, [label(text) for text in LABELS]]))
    (folder / "show.py").write_text(SCRIPT.format(path=str(folder / "texts.json")))
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(folder / "show.py"), "--server.address=127.0.0.1"]
    command += [
        f"--server.port={port}",
        "--server.headless=true",
        "--server.fileWatcherType=none",
        "--browser.gatherUsageStats=false",
    ]
    server = subprocess.Popen(command, cwd=folder, env={**os.environ, "HOME": str(folder)}, stdout=subprocess.DEVNULL)
    page = browser.new_page()
    page.asked = []  # type: ignore[attr-defined]
    page.on("request", lambda request: page.asked.append(request.url))  # type: ignore[attr-defined]
    try:
        for _ in range(100):
            try:
                page.goto(f"http://127.0.0.1:{port}/")
                break
            except Error:  # the server is not up yet
                page.wait_for_timeout(300)
        expect(page.get_by_text("All drawn")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=PATIENCE)
        yield page
    finally:
        page.close()
        server.terminate()
        server.wait(10)


def shown(page: Page, key: str) -> str:
    return page.locator(f".st-key-{key}").inner_text().replace("\u2060", "").strip()


def test_nothing_is_fetched_and_no_picture_is_there(drawn: Page) -> None:
    here = drawn.url.split("/")[2]
    beyond = [url for url in drawn.asked if here not in url and not url.startswith(("data:", "blob:"))]  # type: ignore[attr-defined]
    assert beyond == []
    assert drawn.locator("img").count() == 0
    assert drawn.locator("[class*=st-key-label] a").count() == 0


def test_words_are_shown_as_they_were_written(drawn: Page) -> None:
    for number, text in enumerate(AS_WRITTEN):
        assert shown(drawn, f"text-{number}") == text
        assert drawn.locator(f".st-key-text-{number} [class*=stMarkdownColored]").count() == 0
    for number, text in enumerate(LABELS):
        assert shown(drawn, f"label-{number}") == text


def test_code_is_shown_as_it_was_written(drawn: Page) -> None:
    for number, text in enumerate(IN_CODE, start=len(AS_WRITTEN)):
        code = text.strip("`") if "\n" not in text else text.split("\n")[1]
        assert drawn.locator(f".st-key-text-{number} code").inner_text().strip() == code


def test_formulas_are_set(drawn: Page) -> None:
    for number, (text, displayed) in enumerate(MATHS.items(), start=len(AS_WRITTEN) + len(IN_CODE)):
        place = drawn.locator(f".st-key-text-{number}")
        assert place.locator(".katex").count() == 1, text
        assert place.locator(".katex-display").count() == displayed, text
        assert place.locator(".katex-error").count() == 0, text


def test_code_is_where_we_take_it_to_be(drawn: Page) -> None:
    first = len(AS_WRITTEN) + len(IN_CODE) + len(MATHS) + len(TRICKS)
    for number, text in enumerate(SHAPED, start=first):
        structure = Structure()
        ours: set[str] = set()
        for raw in drawable(text).split("\n"):
            if structure.line(raw).kind in ("code", "indented"):
                ours |= set(re.findall(r"w\d+z", raw))
        blocks = drawn.locator(f".st-key-text-{number} pre").all_inner_texts()
        assert set(re.findall(r"w\d+z", " ".join(blocks))) == ours, text
