"""An HTTP receiver on loopback that takes wake-up calls, and behaves as it is told.

with wake_receiver() as receiver:
    receiver.url          # "json://127.0.0.1:40000/wake/{to}"
    receiver.behave = "500"
    receiver.got          # [Got(path="/wake/ann", words="TLD-OPS: …")]
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Got:
    """One call: where it went, and all that it said."""

    path: str
    body: str

    @property
    def words(self) -> str:
        return str(json.loads(self.body)["message"])


@dataclass
class Receiver:
    """What the server does, and what it has got. `behave`: "take", a status such as "500", "hang", "move"."""

    port: int = 0
    behave: str = "take"
    got: list[Got] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    freed: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/wake/{{to}}"

    @property
    def paths(self) -> list[str]:
        return sorted(one.path for one in self.got)

    def wait_for(self, number: int) -> list[Got]:
        """So many calls, or the test fails."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.got) >= number, PATIENCE_SECONDS), self.got
        return list(self.got)


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with receiver.changed:
                receiver.got.append(Got(self.path, body.decode()))
                receiver.headers.append(str(self.headers))
                receiver.changed.notify_all()
            if receiver.behave == "hang":
                receiver.freed.wait(PATIENCE_SECONDS)
                receiver.behave = "take"
            if receiver.behave == "move":
                self.send_response(307)
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.end_headers()
            else:
                self.send_response(200 if receiver.behave == "take" else int(receiver.behave))
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def wake_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(receiver))
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  who called has hung up
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.freed.set()
        server.shutdown()
        thread.join(PATIENCE_SECONDS)
        server.server_close()
