"""`parfeed doctor`: what is installed, reachable and free, each with its cure."""

import asyncio
import json

import typer

from parfeed.cli.options import (
    ConfigOption,
    DataDirOption,
    JsonOption,
    PortOption,
    settings_from,
)

_EXAMPLES = """
Examples:

  parfeed doctor

  parfeed doctor --json | jq '.checks[] | select(.state != "ok")'
"""

_MARKS = {"ok": "[green]ok[/green]     ", "note": "[yellow]note[/yellow]   "}
_PROBLEM = "[red]problem[/red]"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(doctor)


def doctor(
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    port: PortOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Look at all that `up` needs, and say what to do where something is amiss.

    Changes nothing. Exit code 1 if there is a problem; a note is none.
    """
    from rich.console import Console
    from rich.markup import escape

    from parfeed.doctor import examine

    settings = settings_from(config, data_dir, port=port)
    checks = asyncio.run(examine(settings))
    healthy = all(check.state != "problem" for check in checks)
    if as_json:
        report = {
            "healthy": healthy,
            "checks": [
                {field: getattr(check, field) for field in check.__struct_fields__}
                for check in checks
            ],
        }
        typer.echo(json.dumps(report))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for check in checks:
            mark = _MARKS.get(check.state, _PROBLEM)
            console.print(f"{mark}  {check.name}: {escape(check.finding)}")
            if check.cure:
                console.print(f"         -> {escape(check.cure)}")
    raise typer.Exit(0 if healthy else 1)
