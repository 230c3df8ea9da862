"""A Streamlit client without a browser: it sends words and reads what comes back, as a tab would."""

import time
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect


@dataclass
class Client:
    """One session. `arrived`: when each message that carried text came, and the text, since the last `say`."""

    url: str
    timeout: float = 60.0
    arrived: list[tuple[float, str]] = field(default_factory=list)
    received: int = 0

    def __post_init__(self) -> None:
        self._socket = connect(
            self.url.replace("http://", "ws://").rstrip("/") + "/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None,
            compression=None,
            ping_interval=None,  # who does not read for a while hears no pong
        )
        self._input = ""
        self._page = ""
        self._text = ""
        self._run(BackMsg())
        self.read_until_idle()

    def close(self) -> None:
        self._socket.close()

    def say(self, words: str) -> float:
        """Send it; gives the moment. Does not wait for the answer."""
        self.arrived.clear()
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add()
        state.id = self._input
        state.chat_input_value.data = words
        began = time.time()
        self._run(message)
        return began

    def read_until_idle(self) -> float:
        """Read until the script has ended; gives the moment of the last message that carried text."""
        last = time.time()
        while True:
            message = ForwardMsg()
            data = self._socket.recv(timeout=self.timeout)
            now = time.time()
            assert isinstance(data, bytes)
            self.received += len(data)
            message.ParseFromString(data)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._page = message.new_session.page_script_hash
            elif kind == "delta":
                element = message.delta.new_element
                if element.WhichOneof("type") == "chat_input":
                    self._input = element.chat_input.id
                elif element.WhichOneof("type") == "markdown":
                    self.arrived.append((now, element.markdown.body))
                    last = now
            elif kind == "script_finished":
                return last

    def _run(self, message: BackMsg) -> None:
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.query_string = ""
        self._socket.send(message.SerializeToString())
