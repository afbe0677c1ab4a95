"""
Show the steps of long work on the terminal: a bar where there is a total, else a word.

On the standard error, so that what a command prints can be piped on. Without a terminal
each step is one line, once.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from parfeed.progress import Progress, Step


@contextmanager
def shown_progress(console: Console | None = None) -> Iterator[Progress]:
    """Yield a listener that shows steps until the context ends."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _printed(console)
        return
    with Bars(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        _Amount(),
        console=console,
        transient=True,
    ) as bars:
        task = bars.add_task("", total=None, visible=False)

        def show(step: Step) -> None:
            # One line: a step replaces the one before it.
            bars.update(
                task,
                description=step.what,
                completed=step.done,
                total=step.total,
                unit=step.unit,
                visible=True,
            )

        yield show


class _Amount(ProgressColumn):
    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text("")
        unit = task.fields.get("unit", "")
        if unit == "bytes":
            return Text(f"{task.completed / 1e6:.1f} of {task.total / 1e6:.1f} MB")
        return Text(f"{task.completed:,.0f} of {task.total:,.0f} {unit}".rstrip())


def _printed(console: Console) -> Progress:
    last = ""

    def show(step: Step) -> None:
        nonlocal last
        if step.what != last:
            last = step.what
            console.print(f"{step.what}...", highlight=False)

    return show
