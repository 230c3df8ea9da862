"""A page made of everything that people have tried to slip into pages: it does nothing, asks for nothing, looks like itself."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from chatbot.core.whole import Whole, WholeMessage
from chatbot.transfer.html_file import to_html

pytestmark = pytest.mark.browser
NOW = datetime(2026, 11, 26, tzinfo=UTC)
BEYOND = "http://127.0.0.1:9/caught"
ATTACKS = (
    "<script>window.caught = 1</script>",
    f"<script src={BEYOND}></script>",
    f'<img src="{BEYOND}" onerror="window.caught = 1">',
    "<svg onload=window.caught=1><script>window.caught = 1</script></svg>",
    f"<svg><image href='{BEYOND}'/><use href='{BEYOND}#a'/></svg>",
    '<a href="javascript:window.caught=1" autofocus onfocus="window.caught=1">here</a>',
    f'<meta http-equiv="refresh" content="0; url={BEYOND}">',
    f"<iframe src='{BEYOND}' srcdoc='<script>parent.caught=1</script>'></iframe>",
    f"<link rel=stylesheet href='{BEYOND}'><style>body {{ display: none }} @import '{BEYOND}';</style>",
    f"</pre></article></section></body><style>* {{ color: red; background: url({BEYOND}) }}</style>",
    f'<form action="{BEYOND}"><input name=a autofocus onfocus=window.caught=1><button>Go</button></form>',
    f"<object data='{BEYOND}'></object><embed src='{BEYOND}'><video src='{BEYOND}' autoplay onerror=window.caught=1></video>",
    f"<base href='{BEYOND}'><body onload=window.caught=1>",
    "--><script>window.caught=1</script><!--",
    "]]><script>window.caught=1</script>",
    "\"'><img src=x onerror=window.caught=1>",
    "&lt;script&gt;window.caught=1&lt;/script&gt;",
    "<scr\0ipt>window.caught=1</scr\0ipt>",
    "\u202e<b onmouseover=window.caught=1 style='position:fixed;inset:0'>\u202c",
    "![x](http://127.0.0.1:9/caught) [y](javascript:window.caught=1)",
    "{{constructor.constructor('window.caught=1')()}} ${window.caught=1}",
)


def page_of_attacks() -> bytes:
    """Each of them in every place where words from outside stand."""
    wholes = []
    for number, attack in enumerate(ATTACKS):
        given: dict[str, Any] = {"created": NOW, "text": attack, "reasoning": attack, "model_answered": attack}
        wholes.append(
            Whole(
                source=f"bytebot:{attack}",
                title=attack,
                created=NOW,
                updated=NOW,
                options={"system": attack},
                head=2,
                messages=(
                    WholeMessage(role="user", state="complete", created=NOW, text=attack),
                    WholeMessage(parent=1, role="assistant", state="failed", error=attack, **given),
                ),
            )
        )
        assert number < 100
    return b"".join(to_html(wholes, branches=True))


def test_nothing_in_it_runs_or_is_fetched(context: BrowserContext, tmp_path: Path) -> None:
    file = tmp_path / "chats.html"
    file.write_bytes(page_of_attacks())
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (asked.append("a dialog"), dialog.dismiss()))
    page.goto(file.as_uri())
    page.mouse.move(200, 200)
    page.keyboard.press("Tab")
    page.wait_for_timeout(1500)
    assert asked == [file.as_uri()]
    assert page.url == file.as_uri()
    assert page.evaluate("window.caught") is None
    # Only what the page itself and Markdown are made of: no other element came out of anybody's words.
    names = page.evaluate("[...new Set([...document.querySelectorAll('body *')].map(one => one.localName))].sort()")
    assert names == ["a", "article", "div", "em", "h1", "h2", "p", "pre", "section", "span"]
    assert page.evaluate(
        "[...document.querySelectorAll('body :not(a)')].every(one => one.getAttributeNames().every(name => ['class', 'dir'].includes(name)))"
    )
    links = page.evaluate(
        "[...document.querySelectorAll('a')].map(one => [one.getAttributeNames(), one.protocol, one.rel])"
    )
    assert {(*names, protocol, rel) for names, protocol, rel in links} == {
        ("href", "rel", "http:", "noopener noreferrer")
    }
    assert page.locator("article").count() == 2 * len(ATTACKS)
    assert page.evaluate("getComputedStyle(document.body).display") == "block"
    assert page.evaluate("document.querySelectorAll('style').length") == 1
    styles = "[...document.querySelectorAll('body, body *')].map(one => getComputedStyle(one))"
    red = f"{styles}.filter(one => one.color == 'rgb(255, 0, 0)' || one.backgroundImage != 'none').length"
    assert page.evaluate(red) == 0
    # And yet every word of it can be read.
    shown = page.locator("pre.text").all_inner_texts()
    assert f"<script src={BEYOND}></script>" in shown
    for attack in (f"<script src={BEYOND}></script>", "[y](javascript:window.caught=1)"):
        expect(page.locator("div.text").filter(has_text=attack)).not_to_have_count(0)
