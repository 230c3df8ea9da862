"""Every setting there is, in one table: it drives the reading, the words of an error and the page docs/settings.md."""

import re
from dataclasses import fields

from chatbot.core.settings import DEFAULT_PERSONA, Timeouts
from chatbot.core.text import repair
from chatbot.home.folders import CACHE_VARIABLE, DATA_VARIABLE
from chatbot.home.setting import Kind, Setting, number, text

OPENAI = "openai"
OPENAI_URL = "https://api.openai.com/v1"
OPENAI_MODEL = "gpt-6-luna"
OPENAI_KEY_VARIABLE = "OPENAI_API_KEY"
OPENAI_URL_VARIABLE = "OPENAI_BASE_URL"
OPENAI_ADMIN_VARIABLE = "OPENAI_ADMIN_KEY"
DATABASE_FILE = "bytebot.db"

ROUTE = "route"
"""Each rule of routing is a table [[route]] of settings.toml."""
CONNECTION_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


def yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _said(value: object) -> str:
    # Whatever was said stands, even if it is wrong: what comes next in line is another server or another history.
    return repair(str(value))


def _address(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"https?://[!-~]{1,2000}", value):
        raise ValueError
    return value


def _as_it_is(value: object) -> object:
    return value


MODEL = text("a model's id of at most 200 characters, without white space", most=200, pattern=re.compile(r"\S+"))
SECONDS = number(float, 0.1, 86_400)
FOLDER = Kind("the path of a folder", _as_it_is)

SETTINGS: tuple[Setting, ...] = (
    Setting(
        section="chat",
        key="connection",
        variable="BYTEBOT_CONNECTION",
        kind=Kind("the name of a connection", _said),
        default=None,
        shown="`openai` if it has a key, else the first connection you added, else `offline`",
        about="The connection of new chats.",
    ),
    Setting(
        section="chat",
        key="model",
        variable="BYTEBOT_MODEL",
        kind=MODEL,
        default=None,
        shown="the connection's own",
        about="The model of new chats.",
    ),
    Setting(
        section="chat",
        key="system_prompt",
        variable="BYTEBOT_SYSTEM_PROMPT",
        kind=text("text of at most 100,000 characters", most=100_000, empty=True),
        default=DEFAULT_PERSONA,
        about='The system prompt of new chats; `""` in settings.toml sends none.',
    ),
    Setting(
        section="chat",
        key="temperature",
        variable="BYTEBOT_TEMPERATURE",
        kind=number(float, 0, 2, none=True),
        default=None,
        shown="not sent",
        about='How freely a model chooses its words; "none" leaves it to the server.',
    ),
    Setting(
        section="chat",
        key="max_output",
        variable="BYTEBOT_MAX_OUTPUT",
        kind=number(int, 1, 10_000_000, none=True),
        default=4096,
        about='The longest reply in new chats, in tokens; "none" leaves it to the server.',
    ),
    Setting(
        section="chat",
        key="most_sent",
        variable="BYTEBOT_MOST_SENT",
        kind=number(int, 256, 10_000_000),
        default=32_000,
        about="The most tokens of a conversation that one request sends; older exchanges are left out beyond it.",
    ),
    Setting(
        section="chat",
        key="titles_by_model",
        kind=Kind("true or false", yes_or_no),
        default=True,
        about="Whether a model names conversations, in a request of its own, on a connection that has a key.",
    ),
    Setting(
        section="prices",
        key="url",
        variable="BYTEBOT_PRICES_URL",
        kind=Kind("an address that begins with https:// or http://", _address),
        default=None,
        shown="where genai-prices publishes them",
        about="Where *Refresh prices* fetches the public prices from, such as a mirror. Nothing is fetched by itself.",
    ),
    Setting(
        section="storage",
        key="database_url",
        variable="BYTEBOT_DATABASE_URL",
        kind=Kind('an address that begins with "sqlite:///" or "postgresql://"', _said),
        default=None,
        private=True,
        shown=f"SQLite, `{DATABASE_FILE}` in the data folder",
        about="Where conversations are kept: SQLite or PostgreSQL.",
    ),
    Setting(
        section="storage",
        key="data_dir",
        variable=DATA_VARIABLE,
        file=False,
        kind=FOLDER,
        default=None,
        shown="the platform's folder for a user's data",
        about="The data folder: history, settings.toml, keys.",
    ),
    Setting(
        section="storage",
        key="cache_dir",
        variable=CACHE_VARIABLE,
        file=False,
        kind=FOLDER,
        default=None,
        shown="the platform's folder for a user's caches",
        about="The cache folder: the offline model and vocabularies, fetched again at need.",
    ),
)

CONNECTION_FIELDS: tuple[Setting, ...] = (
    Setting(
        section="connections.NAME",
        key="base_url",
        variable=OPENAI_URL_VARIABLE,
        kind=Kind("an address such as https://api.example.com/v1", _as_it_is),
        default=None,
        private=True,
        shown=f"none; `{OPENAI_URL}` for `openai`",
        about="Where the server answers: everything before `/chat/completions`. The variable speaks for `openai` only.",
    ),
    Setting(
        section="connections.NAME",
        key="model",
        kind=MODEL,
        default=None,
        shown=f"one that its server lists; `{OPENAI_MODEL}` at OpenAI's own address",
        about="The model of new chats on this connection.",
    ),
    Setting(
        section="connections.NAME",
        key="cheap_model",
        kind=MODEL,
        default=None,
        shown="the vendor's cheap one where it is known, else the chat's own",
        about="Asked for titles in chats on this connection, unless it is dearer than the chat's own model.",
    ),
    Setting(
        section="connections.NAME",
        key="context",
        kind=number(int, 256, 100_000_000),
        default=None,
        shown="what the server says",
        about="Tokens that the model can read and write in one request.",
    ),
    Setting(
        section="connections.NAME",
        key="automatic",
        kind=Kind("true or false", yes_or_no),
        default=True,
        about="Whether new chats may go there unasked. The settings page says false until a test has passed.",
    ),
    Setting(
        section="connections.NAME",
        key="headers",
        kind=Kind("a table of header names and texts", _as_it_is),
        default={},
        private=True,
        shown="none",
        about="Further headers of every request. Secret ones (such as `api-key`) are kept with the keys, not here.",
    ),
    Setting(
        section="connections.NAME",
        key="timeouts",
        kind=Kind("a table of seconds: " + ", ".join(one.name for one in fields(Timeouts)), _as_it_is),
        default={},
        shown="below",
        about="How long to wait.",
    ),
)

_TIMEOUTS_ABOUT = {
    "connect": "until the server takes the connection",
    "first": "until the first piece of a reply",
    "bytes": "between bytes after it",
    "deltas": "between pieces of text after it",
    "total": "for a whole reply",
}
TIMEOUT_FIELDS: tuple[Setting, ...] = tuple(
    Setting(
        section="connections.NAME.timeouts",
        key=one.name,
        kind=SECONDS,
        default=one.default,
        about=f"Seconds {_TIMEOUTS_ABOUT[one.name]}.",
    )
    for one in fields(Timeouts)
)

BY_NAME: dict[tuple[str, str], Setting] = {(setting.section, setting.key): setting for setting in SETTINGS}


def key_variable(connection: str) -> str:
    """The environment variable that holds a connection's key.

    >>> key_variable("my-server")
    'BYTEBOT_KEY_MY_SERVER'
    """
    return "BYTEBOT_KEY_" + connection.upper().replace("-", "_")
