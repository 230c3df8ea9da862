"""What a person may save: names, headers, values."""

import re
from collections.abc import Iterable
from dataclasses import replace

from chatbot.core.errors import BadInput
from chatbot.core.settings import EMBEDDED, Connection
from chatbot.home.addresses import read_base_url
from chatbot.home.setting import Setting
from chatbot.home.settings_file import shorten
from chatbot.home.table import CONNECTION_FIELDS, CONNECTION_NAME, TIMEOUT_FIELDS, key_variable

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_SECRET = re.compile(r"auth|key|token|secret|passw|cookie|credential|signature|session", re.IGNORECASE)
_FIELDS = {setting.key: setting for setting in CONNECTION_FIELDS}


def check_name(name: str) -> str:
    """The name of a connection, as it is; BadInput when it is none."""
    if not CONNECTION_NAME.fullmatch(name):
        raise BadInput(f"{name!r} cannot name a connection; use letters, digits, - and _, at most 40.")
    return name


def is_secret(header: str) -> bool:
    """Whether a header's value is kept with the keys instead of in settings.toml.

    >>> is_secret("X-Api-Key"), is_secret("X-Title")
    (True, False)
    """
    return _SECRET.search(header) is not None


def check_connection(connection: Connection, others: Iterable[str]) -> Connection:
    """The connection with its base URL tidied; BadInput says what settings.toml cannot hold.

    `others` are the names there are already.
    """
    check_name(connection.name)
    if connection.name == EMBEDDED:
        raise BadInput(f"{EMBEDDED!r} is the model that comes with ByteBot; take another name.")
    for other in others:
        if other != connection.name and key_variable(other) == key_variable(connection.name):
            raise BadInput(f"The name {connection.name!r} is too like {other!r}; they would share a key.")
    for name, text in connection.headers.items():
        check_header(name, text)
    for setting, value in [
        (_FIELDS["model"], connection.model),
        (_FIELDS["cheap_model"], connection.cheap_model),
        (_FIELDS["context"], connection.context),
        *((setting, getattr(connection.timeouts, setting.key)) for setting in TIMEOUT_FIELDS),
    ]:
        check_value(setting, value)
    return replace(connection, base_url=read_base_url(connection.base_url))


def check_value(setting: Setting, value: object) -> None:
    """BadInput when settings.toml cannot hold this value; None is fine where it is the default."""
    if value is None and setting.default is None:
        return
    try:
        setting.kind.check("none" if value is None else value)
    except ValueError:
        shown = "not that" if setting.private else shorten(value)
        raise BadInput(f"{setting.key} is {shown}; it must be {setting.kind.allowed}.") from None


def check_header(name: str, text: str) -> None:
    """BadInput when a request cannot carry this header; its text is not repeated."""
    if not _HEADER.fullmatch(name):
        raise BadInput(f"{name!r} cannot name a header; use letters, digits and -.")
    if not text.isascii() or not text.isprintable() or len(text) > 4000 or text != text.strip():
        raise BadInput(f"The text of the header {name!r} has a character that no header can carry.")
