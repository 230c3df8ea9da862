"""What can be chosen: of the whole program, of a connection, of a conversation."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_PERSONA = "You are ByteBot, a helpful assistant. Answer plainly and briefly."
EMBEDDED = "offline"
"""The name of the connection to the model that comes with ByteBot."""
EMBEDDED_MODEL = "SmolLM2-135M"
"""What that model is called wherever it is named."""


class Secret:
    """A key that does not show itself in a repr, a traceback's locals or a log.

    >>> Secret("sk-very-secret")
    Secret(…)
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds. `first`: to the first delta; `bytes`: between bytes after it; `deltas`: between deltas; `total`: in all."""

    connect: float = 10.0
    first: float = 600.0
    bytes: float = 60.0
    deltas: float = 90.0
    total: float = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A base URL by name. Its key is kept elsewhere and asked for when a request leaves."""

    name: str
    base_url: str
    model: str | None = None
    """Chosen for new chats on this connection."""
    cheap_model: str | None = None
    """Asked for titles and the like in its chats; None: the vendor's cheap one, where that is known."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request; some are secret."""
    timeouts: Timeouts = Timeouts()
    context: int | None = None
    """Tokens the model can read and write in one request, where the person knows better than the server."""
    automatic: bool = True
    """New chats may go there without being told to."""

    @property
    def embedded(self) -> bool:
        return self.name == EMBEDDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a conversation is held with. None leaves a thing out of the request."""

    connection: str = EMBEDDED
    model: str = ""
    system: str = DEFAULT_PERSONA
    temperature: float | None = None
    max_output: int | None = 4096
    effort: str | None = None
    allow_unpriced: bool = False
    """Models without a known price are asked although there is a budget that cannot hold them."""
