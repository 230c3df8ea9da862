"""Who is writing a reply: a process, named so that another one can tell whether it still lives."""

import os
import socket
from contextlib import suppress
from dataclasses import dataclass

LEASE_SECONDS = 15.0
"""A reply belongs to its process for this long after each sign of life."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process. `started` is its start time in seconds, since boot on Linux and since the epoch elsewhere."""

    host: str
    boot: str
    pid: int
    started: float

    @property
    def text(self) -> str:
        """One line that says it all, as the database keeps it.

        >>> Owner("desk", "b1", 7, 1.5).text
        'desk b1 7 1.5'
        """
        return f"{self.host} {self.boot} {self.pid} {self.started!r}"


def read_owner(text: str) -> Owner:
    """The owner that `text` names.

    >>> read_owner("desk b1 7 1.5")
    Owner(host='desk', boot='b1', pid=7, started=1.5)
    """
    host, boot, pid, started = text.rsplit(" ", 3)
    return Owner(host, boot, int(pid), float(started))


_this: Owner | None = None


def this_process() -> Owner:
    """This process. Worked out once, and again in a child after fork."""
    global _this
    if _this is None or _this.pid != os.getpid():
        _this = Owner(_host(), _boot(), os.getpid(), _start_of(os.getpid()) or 0.0)
    return _this


def alive(owner: Owner) -> bool | None:
    """Whether that process still runs; None when it belongs to another host and nobody here can know.

    A pid that went to another program since is told by its start time; a process killed but not yet collected by its
    parent counts as gone.
    """
    here = this_process()
    if owner.host != here.host:
        return None
    if owner.boot != here.boot:
        return False
    if owner == here:
        return True
    started = _start_of(owner.pid)
    if started is None:
        return False
    if not started or not owner.started:
        return None
    return abs(started - owner.started) < 0.5


def _host() -> str:
    # Containers may share a host's name and kernel; a pid means something only inside its own namespace.
    name = "".join(socket.gethostname().split()) or "unnamed"
    with suppress(OSError):
        return f"{name}/{os.readlink('/proc/self/ns/pid')}"
    return name


def _boot() -> str:
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()
    return "-"


def _start_of(pid: int) -> float | None:
    """When the process began; None when there is none or it is a zombie, 0.0 when it is there and hidden from us."""
    if os.path.exists("/proc/self/stat"):
        return _linux_start_of(pid)
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.NoSuchProcess:
        return None
    except psutil.Error:
        return 0.0


def _linux_start_of(pid: int) -> float | None:
    # psutil adds the wall clock's idea of boot time: when that clock is set, a living process would look like another.
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0.0 if _is_hidden(pid) else None
    if not fields or fields[0] in (b"Z", b"X"):
        return None
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _is_hidden(pid: int) -> bool:
    """Where /proc shows only one's own: true when the system says the process is there but not ours."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return False  # it is ours, so it could be seen: a zombie, or gone between the two looks
