"""The page docs/settings.md, made from the table: `python -m chatbot.home.reference > docs/settings.md`."""

import sys
from collections.abc import Iterable

from chatbot.core.price_entries import DEAREST
from chatbot.core.settings import DEFAULT_PERSONA
from chatbot.home.routes import ROUTE_FIELDS
from chatbot.home.setting import Setting
from chatbot.home.table import (
    CONNECTION_FIELDS,
    OPENAI_ADMIN_VARIABLE,
    OPENAI_KEY_VARIABLE,
    SETTINGS,
    TIMEOUT_FIELDS,
    key_variable,
)

_ROUTES_EXAMPLE = """\
[[route]]
name = "short questions"
to = "gpt-6-luna"
model = "gpt-6-*"             # in chats with these
at_most = 200
without_code = true

[[route]]
name = "translations"
to = "gpt-6-luna"
words = ["translate", "übersetze"]
"""

_PRICES_EXAMPLE = """\
[[price]]
url = "https://llm.example.com"
model = "our-model-*"
input = 0.20
output = 0.80

[[price]]                     # from December on
url = "https://llm.example.com"
model = "our-model-*"
from = 2026-12-01
input = 0.15
output = 0.60
cached = 0.015
note = "new contract"
"""

_EXAMPLE = """\
[chat]
connection = "work"
max_output = 2000

[connections.work]
base_url = "https://llm.example.com/v1"
model = "our-model"
context = 32768
headers = { X-Team = "docs" }
timeouts = { first = 120 }
"""


def settings_page() -> str:
    """The whole page, Markdown."""
    return f"""\
# Settings

<!-- Made from the table in chatbot/home/table.py by `python -m chatbot.home.reference`. Change it there. -->

Four places can say what a setting is; the first that does wins:

1. an environment variable,
2. a `.env` file: the current folder's, then the data folder's,
3. `settings.toml` in the data folder, which the settings page writes and you may edit,
4. the default.

An empty variable counts as not set. A value that is not allowed is left out, so that the next place speaks, and the
settings page says so with file and line. Edits to these files are noticed while ByteBot runs; the environment and the
two folders are read once, at start.

## New chats, prices and storage

{_table(SETTINGS)}

The default system prompt: "{DEFAULT_PERSONA}"

## Connections

A connection is a server that speaks OpenAI's protocol. `offline`, the small model that comes with ByteBot, is always
there. `openai` is there once it has a key or a base URL. Any other is a table `[connections.NAME]` in `settings.toml`; its
name has letters, digits, `-` and `_`, at most 40. `[connections.openai]` changes what is set here for `openai`.

{_table(CONNECTION_FIELDS)}

How long to wait, in `[connections.NAME.timeouts]`:

{_table(TIMEOUT_FIELDS)}

An example:

```toml
{_EXAMPLE}```

## Routing

A simple message need not go to a dear model. Each table `[[route]]` of `settings.toml` is a rule, and the first that
matches a new message says which model of the same connection answers it; where none does, and where there are no rules,
the chat's own model answers. Everything that a rule says must hold. The settings page has the rules too, and a place to
try them.

```toml
{_ROUTES_EXAMPLE}```

| field | default | what it is |
|---|---|---|
{_route_rows()}

The chat keeps its own model. A routed reply says which rule it was, and what the chat's own model would have cost for the
same tokens. *Regenerate* asks the chat's own model. Another try at a routed reply, and more of it, go by the rules as they
are then, unless the chat has another model by then. A model that
`chatbot ask --model` names is asked whatever the rules say. The offline model is never routed.

Characters are counted without the white space around the message. A message has code where there is a fence, something in
backticks, or a line that looks like code; in doubt it has. A rule whose `to` is the chat's own model keeps a message
there. A rule with a mistake in it routes nothing; the settings page names it with file, line and field.

## Keys

| connection | variables, first found wins |
|---|---|
| `openai` | `{OPENAI_KEY_VARIABLE}`, `{key_variable("openai")}` |
| any other, such as `my-server` | `{key_variable("my-server")}` |

A key entered on the settings page goes to the operating system's keyring, where there is one that answers; else to
`keys.toml` in the data folder, which only you can read. So do headers whose name tells that they are secret, such as
`api-key` or `Authorization`. Neither belongs in `settings.toml`: it is not used from there.

Folders come from other people. On the word of the current folder's `.env` alone, what is kept elsewhere for `openai`, a
key in the environment, in the data folder's `.env` or a stored one, is not sent to another machine. Set
`OPENAI_BASE_URL` in the environment, in the data folder's `.env` or in `settings.toml`; a key that stands beside it in
the same `.env` is sent, if no other one goes before it.

`{OPENAI_ADMIN_VARIABLE}` is an organisation's key that may read its bill. `chatbot reconcile --admin` alone uses it; it is
stored nowhere and sent to OpenAI alone.

## Your own prices

What a call costs is worked out from the vendor's public prices. Where yours differ, or where nobody publishes any, write
them to `prices.toml` in the data folder, or enter them on the settings page. They go before the public prices; what a
provider itself reports as the cost of a call goes before both. What has been recorded does not change.

```toml
{_PRICES_EXAMPLE}```

| field | what it is |
|---|---|
| `url` | The base URLs it is for, and all below them; `*` stands for any characters. Without it: every address but those of this machine, which cost nothing unless a `url` names them. |
| `model` | The models it is for, as asked or as answered; `*` stands for any characters. Must be there. |
| `input`, `output` | Dollars per million tokens, from 0 to {DEAREST:,}. Must be there; 0 is free. |
| `cached`, `cache_write` | The same for input tokens that were read from a cache or written to one. Without it they cost what input costs. |
| `from`, `until` | The first day it holds, and the first day it no longer does, in UTC. |
| `tier` | The service tier it is for, as the server names it; `standard` for the usual one. Without it: every tier. |
| `note` | Words for yourself. |

Small and capital letters are the same. Of several prices that match a call, the most specific one holds: first the one
that spells out more of the address; then a model's full name before a pattern (what answered before what was asked), and
of patterns the one that spells out more; then the one with the call's tier; then the one with the later `from`. Two that
none of this tells apart are a mistake.

A mistake is told on the settings page with file and line. The other prices still hold; calls that a mistake may be about
have no price, shown as "—", rather than a wrong one.
"""


def _table(settings: Iterable[Setting]) -> str:
    rows = ["| in settings.toml | variable | default | what it is |", "|---|---|---|---|"]
    for setting in settings:
        name = f"`{setting.section}.{setting.key}`" if setting.file else "—"
        variable = f"`{setting.variable}`" if setting.variable else "—"
        rows.append(f"| {name} | {variable} | {_default(setting)} | {setting.about} {_allowed(setting)} |")
    return "\n".join(rows)


def _route_rows() -> str:
    return "\n".join(f"| `{one.key}` | {_default(one)} | {one.about} {_allowed(one)} |" for one in ROUTE_FIELDS)


def _default(setting: Setting) -> str:
    if setting.shown:
        return setting.shown
    if setting.default == DEFAULT_PERSONA:
        return "below"
    if isinstance(setting.default, bool):
        return f"`{str(setting.default).lower()}`"
    return f"`{setting.default}`" if isinstance(setting.default, int) else f"`{setting.default:g}`"


def _allowed(setting: Setting) -> str:
    allowed = setting.kind.allowed
    return f"{allowed[0].upper()}{allowed[1:]}."


if __name__ == "__main__":
    sys.stdout.write(settings_page())
