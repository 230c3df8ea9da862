"""Everything that can go wrong, as one tree.

    ByteBotError
    ├── BadInput              what a person typed cannot be used
    ├── SettingsError         a setting, its file or a connection's entry is wrong
    │   └── NoConnection      there is none of this name, or it waits for its key
    ├── NotFound              no such conversation or message
    ├── StoreError            the history could not be read or written
    │   ├── StoreReadOnly
    │   ├── StoreFull
    │   ├── StoreLocked
    │   ├── StoreCorrupt
    │   ├── StoreTooNew
    │   ├── StoreUnreachable  PostgreSQL does not answer
    │   └── LeaseLost         another process has taken this reply over
    ├── BackupFailed          a copy of the history could not be written or read; the history itself is as it was
    ├── EmbeddedUnavailable   the offline model cannot run here
    ├── OverBudget            a call might pass a limit of the person's own
    │   └── Unpriced          nobody knows whether it would
    ├── TurnFailed            what engine.ask() raises, with the part that arrived
    └── ProviderError         a model's server refused, broke off or spoke nonsense
        ├── ConnectFailed     nothing was sent: refused, unknown host, TLS
        ├── NoAnswer          sent, and no headers came back: may have been billed
        ├── Busy              429, 408, 409, 5xx
        ├── NoCredit          429 insufficient_quota, 402
        ├── KeyRefused        401
        ├── Forbidden         403
        ├── ModelUnknown      404
        ├── RequestRefused    400, 413, 422 and whatever else 4xx
        │   ├── ContextTooLong
        │   └── ParameterRefused
        ├── Redirected        3xx: the prompt would go to another host
        ├── NotAStream        200 with something that is no event stream
        ├── EmptyReply        the stream ended properly and said nothing
        ├── Broken            the stream broke off: reset, short body, no finish reason, bad JSON
        ├── Stalled           the stream went silent
        └── Refused           an error object inside a stream that had begun

Each carries one sentence for people (`str(error)`) and the way out. Neither ever holds a key or a message's words.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from chatbot.core.budgets import Standing

WayOut = Literal[
    "settings", "model", "retry", "continue", "edit", "raise_limit", "raise_budget", "unpriced", "data_folder", "wait"
]
"""What a person can do about it; the faces turn it into a button or a hint."""


class ByteBotError(Exception):
    """The root. `str()` is one sentence that says what happened; `way_out` is what can be done."""

    way_out: WayOut | None = None

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadInput(ByteBotError):
    way_out = "edit"


class SettingsError(ByteBotError):
    way_out = "settings"


class NoConnection(SettingsError):
    pass


class NotFound(ByteBotError):
    pass


class StoreError(ByteBotError):
    way_out: WayOut | None = "data_folder"


class StoreReadOnly(StoreError):
    pass


class StoreFull(StoreError):
    pass


class StoreLocked(StoreError):
    way_out = "retry"


class StoreCorrupt(StoreError):
    pass


class StoreTooNew(StoreError):
    pass


class StoreUnreachable(StoreError):
    way_out = "settings"


class LeaseLost(StoreError):
    pass


class BackupFailed(ByteBotError):
    pass


class EmbeddedUnavailable(ByteBotError):
    way_out = "settings"


class OverBudget(ByteBotError):
    """Nothing was recorded and nothing was sent. `standing`: where the budget stands that has no room."""

    way_out: WayOut | None = "raise_budget"

    def __init__(self, sentence: str, standing: "Standing") -> None:
        super().__init__(sentence)
        self.standing = standing


class Unpriced(OverBudget):
    way_out = "unpriced"


class TurnFailed(ByteBotError):
    """A turn that ended in anything but a whole reply; `part` is the text that was kept."""

    def __init__(self, sentence: str, *, part: str, kind: str, way_out: WayOut | None) -> None:
        super().__init__(sentence)
        self.part = part
        self.kind = kind
        self.way_out = way_out


class ProviderError(ByteBotError):
    """A model's server failed us.

    `may_retry`: trying again can help, as long as no delta has arrived; a single error may know better than its class
    (a server can say so in a header). `retry_after`: seconds the server asked for.
    `uncertain`: the request reached the server and may have been billed. `status`: HTTP status, if there was one.
    """

    may_retry: bool = False
    uncertain: ClassVar[bool] = False
    way_out: WayOut | None = "retry"

    def __init__(self, sentence: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry_after = retry_after


class ConnectFailed(ProviderError):
    may_retry = True
    way_out = "settings"


class NoAnswer(ProviderError):
    uncertain = True


class Busy(ProviderError):
    may_retry = True


class NoCredit(ProviderError):
    way_out = "settings"


class KeyRefused(ProviderError):
    way_out = "settings"


class Forbidden(ProviderError):
    way_out = "model"


class ModelUnknown(ProviderError):
    way_out: WayOut | None = "model"


class RequestRefused(ProviderError):
    way_out: WayOut | None = "edit"


class ContextTooLong(RequestRefused):
    pass


class ParameterRefused(RequestRefused):
    """The server does not take a parameter. `instead` is its new name, None when it has to go."""

    way_out = "settings"

    def __init__(self, sentence: str, *, parameter: str, instead: str | None = None, status: int | None = None) -> None:
        super().__init__(sentence, status=status)
        self.parameter = parameter
        self.instead = instead


class Redirected(ProviderError):
    way_out = "settings"


class NotAStream(ProviderError):
    way_out = "settings"


class EmptyReply(ProviderError):
    pass


class Broken(ProviderError):
    uncertain = True


class Stalled(ProviderError):
    uncertain = True


class Refused(ProviderError):
    pass
