"""
Run a command that dies with whoever started it: `python -m parfeed.guard CMD...`.

A supervisor that is killed with -9 cannot end its children; nobody tells them on
macOS, and on Linux only the thread that started them counts. So the starter hands
the guard the reading end of a pipe as its standard input and keeps the writing end.
The kernel closes that end with the starter, however it dies.

The guard forks. The parent becomes the command by exec, so that its process id, exit
code and signals are the command's own. The child, the watchdog, waits for the first
of two ends of file: the lifeline's (the starter is gone: SIGTERM to the command, then
SIGKILL after `GRACE_S`), or that of a pipe which the command holds open as long as it
lives (nothing is left to guard).

Imports nothing that takes time: it starts before every process of ours, and runs with
`-I -S`, as `command` writes it.
"""

import os
import select
import signal
import sys

GRACE_S = 3.0
"""Between SIGTERM and SIGKILL, when the starter is gone. A worker needs 1 s."""

_NEVER_INHERITED = 3
_MAX_FD = 65_536


def command(cmd: list[str]) -> list[str]:
    """Return the command line that runs `cmd` under the guard."""
    return [sys.executable, "-I", "-S", __file__, *cmd]


def run(cmd: list[str]) -> int:
    """
    Become `cmd`, watched over by a forked watchdog.

    The standard input is the lifeline; the command gets an empty one.

    Returns:
        127 if the command cannot be run; otherwise it does not return.
    """
    target = os.getpid()
    lifeline = os.dup(0)
    alive, held_by_command = os.pipe()
    if os.fork() == 0:
        _watch(target, lifeline, alive)
        os._exit(0)
    os.close(alive)
    os.close(lifeline)
    os.set_inheritable(held_by_command, True)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    try:
        os.execvp(cmd[0], cmd)  # noqa: S606 - no shell is wanted
    except OSError as exc:
        print(f"cannot run {cmd[0]}: {exc}", file=sys.stderr)
        return 127


def _watch(target: int, lifeline: int, alive: int) -> None:
    # Signals sent to the whole group are the command's business.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # Locks and logs that the command inherits must not live longer than it.
    empty = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(empty, standard)
    kept = sorted((lifeline, alive))
    os.closerange(_NEVER_INHERITED, kept[0])
    os.closerange(kept[0] + 1, kept[1])
    os.closerange(kept[1] + 1, _MAX_FD)
    if _ended(alive, lifeline, None):
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        # As long as the command is our parent, its process id is nobody else's.
        if os.getppid() != target:
            return
        os.kill(target, number)
        if _ended(alive, alive, GRACE_S):
            return


def _ended(alive: int, other: int, timeout_s: float | None) -> bool:
    # Nobody ever writes into either pipe: readable means end of file.
    readable, _, _ = select.select({alive, other}, (), (), timeout_s)
    return alive in readable


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print("usage: python -m parfeed.guard CMD [ARG...]", file=sys.stderr)
        sys.exit(2)
    sys.exit(run(sys.argv[1:]))
