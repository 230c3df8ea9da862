"""The page docs/settings.md, made from the table: `python -m chatbot.home.reference > docs/settings.md`."""

import sys
from collections.abc import Iterable

from chatbot.core.settings import DEFAULT_PERSONA
from chatbot.home.table import (
    CONNECTION_FIELDS,
    OPENAI_ADMIN_VARIABLE,
    OPENAI_KEY_VARIABLE,
    SETTINGS,
    TIMEOUT_FIELDS,
    Setting,
    key_variable,
)

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

## New chats and storage

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

## Keys

| connection | variables, first found wins |
|---|---|
| `openai` | `{OPENAI_KEY_VARIABLE}`, `{key_variable("openai")}` |
| any other, such as `my-server` | `{key_variable("my-server")}` |

A key entered on the settings page goes to the operating system's keyring, where there is one that answers; else to
`keys.toml` in the data folder, which only you can read. So do headers whose name tells that they are secret, such as
`api-key` or `Authorization`. Neither belongs in `settings.toml`: it is not used from there.

A stored key of `openai` is not sent to another machine on the word of the current folder's `.env`: folders come from
other people. Set `OPENAI_BASE_URL` in the environment, in the data folder's `.env` or in `settings.toml`, or put the key
beside it.

`{OPENAI_ADMIN_VARIABLE}` is an organisation's key that may read its bill. `chatbot reconcile --admin` alone uses it; it is
stored nowhere and sent to OpenAI alone.
"""


def _table(settings: Iterable[Setting]) -> str:
    rows = ["| in settings.toml | variable | default | what it is |", "|---|---|---|---|"]
    for setting in settings:
        name = f"`{setting.section}.{setting.key}`" if setting.file else "—"
        variable = f"`{setting.variable}`" if setting.variable else "—"
        rows.append(f"| {name} | {variable} | {_default(setting)} | {setting.about} {_allowed(setting)} |")
    return "\n".join(rows)


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
