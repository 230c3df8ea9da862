"""Keys of connections: checked on entry."""

from chatbot.core.errors import BadInput
from chatbot.core.settings import Secret

LONGEST_KEY = 4000


def read_key(text: str) -> Secret:
    """The key without outer white space; BadInput, which never repeats it, when it cannot be one."""
    key = text.strip()
    if not key:
        raise BadInput("The key is empty.")
    if len(key) > LONGEST_KEY:
        raise BadInput(f"The key has {len(key):,} characters; the most is {LONGEST_KEY:,}.")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise BadInput("The key has white space, a control character or a letter with an accent in it. Copy it again.")
    return Secret(key)
