import io

from rich.console import Console

from parfeed.cli.progress import shown_progress
from parfeed.progress import Step


def shown(steps: list[Step], *, terminal: bool) -> str:
    written = io.StringIO()
    console = Console(file=written, force_terminal=terminal, width=100)
    with shown_progress(console) as show:
        for step in steps:
            show(step)
    return written.getvalue()


def test_without_a_terminal_each_step_is_a_line_once() -> None:
    steps = [Step(what="Fetching", done=done, total=9) for done in range(9)]
    assert shown([*steps, Step(what="Starting")], terminal=False) == (
        "Fetching...\nStarting...\n"
    )


def test_on_a_terminal_bytes_are_told_in_megabytes_and_others_by_their_name() -> None:
    fetching = Step(what="Fetching", done=5 * 10**6, total=45 * 10**6, unit="bytes")
    assert "5.0 of 45.0 MB" in shown([fetching], terminal=True)
    replaying = Step(what="Replaying", done=1_000, total=20_000, unit="events")
    assert "1,000 of 20,000 events" in shown([replaying], terminal=True)


def test_a_step_without_a_total_has_no_figures() -> None:
    text = shown([Step(what="Starting")], terminal=True)
    assert "Starting" in text
    assert " of " not in text
