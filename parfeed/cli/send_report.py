"""What became of the events that `parfeed send` sent: refusals as they come, sums."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from parfeed.cli.event_lines import EventLine
from schemas.codec import MAX_EVENT_BYTES
from schemas.feed import Result


class Sums(msgspec.Struct):
    """
    Attributes:
        sent: lines that were no empty ones.
        accepted: events that lie in Kafka now; one that was there before counts once
            all the same.
        refused: events by the code of their refusal.
        unanswered: events without an answer, because the feed went away, or nobody
            said in time what became of them.
        seconds: from the first to the last.
    """

    sent: int = 0
    accepted: int = 0
    refused: dict[str, int] = {}
    unanswered: int = 0
    seconds: float = 0.0


class Report:
    """
    Prints refusals and adds up.

    Args:
        as_json: sums as JSON, refusals to the standard error.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._refused: Counter[str] = Counter()
        self._sent = 0
        self._accepted = 0
        self._unanswered = 0
        self._begun_at = time.monotonic()

    @property
    def is_all_taken(self) -> bool:
        """Whether nothing was refused or left without an answer."""
        return self._accepted == self._sent

    def note(
        self, lines: Sequence[EventLine], results: Mapping[int, Result | None]
    ) -> None:
        """
        Take the results of lines, by their numbers.

        Args:
            lines: all lines of a piece, in order.
            results: of those that were sent; None for one without an answer.
        """
        refusals: list[str] = []
        for line in lines:
            self._sent += 1
            result = results.get(line.number)
            if line.is_too_long:
                code = "too_large"
                detail = f"{line.size} bytes; {MAX_EVENT_BYTES} may be"
                event_id = None
            elif result is None:
                self._unanswered += 1
                continue
            elif result.error is None:
                self._accepted += 1
                continue
            else:
                code, detail = result.error, result.detail or ""
                event_id = result.event_id
            self._refused[code] += 1
            refusals.append(_refusal(line, code, detail, event_id))
        if refusals:
            stream = sys.stderr if self._as_json else sys.stdout
            stream.write("\n".join(refusals) + "\n")
            stream.flush()

    def finish(self) -> None:
        """Print the sums."""
        seconds = time.monotonic() - self._begun_at
        if self._as_json:
            sums = Sums(
                sent=self._sent,
                accepted=self._accepted,
                refused=dict(self._refused.most_common()),
                unanswered=self._unanswered,
                seconds=round(seconds, 3),
            )
            print(msgspec.json.encode(sums).decode())
            return
        parts = [f"{self._accepted:,} accepted"]
        refused = self._refused.total()
        by_code = ", ".join(f"{n:,} {code}" for code, n in self._refused.most_common())
        parts.append(f"{refused:,} refused" + (f" ({by_code})" if by_code else ""))
        if self._unanswered:
            parts.append(f"{self._unanswered:,} without an answer (send them again)")
        print(f"{self._sent:,} sent in {seconds:.1f} s: {', '.join(parts)}")


@contextmanager
def shown_bytes(path: Path | None) -> Iterator[Callable[[int], None]]:
    """Yield what takes the bytes done so far and shows them on a terminal."""
    from rich.console import Console

    from parfeed.cli.progress import shown_progress
    from parfeed.progress import Step

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done: None
        return
    is_file = path is not None and path.is_file()
    total = path.stat().st_size if is_file and path is not None else None
    with shown_progress(console) as progress:
        yield lambda done: progress(
            Step(what="Sending", done=done, total=total, unit="bytes")
        )


def _refusal(line: EventLine, code: str, detail: str, event_id: str | None) -> str:
    # Details quote what was sent; `schemas` escapes what could steer a terminal.
    named = f" ({event_id})" if event_id else ""
    cut = "; the line has no newline, it may have been cut" if line.is_cut else ""
    return f"line {line.number}: {code}: {detail}{cut}{named}"
