"""`parfeed schema`: the protocol as JSON Schema or AsyncAPI, for other languages."""

from pathlib import Path
from typing import Annotated

import typer

_EXAMPLES = """
Examples:

  parfeed schema --out parfeed.schema.json

  parfeed schema --asyncapi | less
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(schema)


def schema(
    asyncapi: Annotated[
        bool,
        typer.Option(
            "--asyncapi",
            help="AsyncAPI 3.0: the server, its operations, and the Kafka topics.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Write to this file instead of the terminal.",
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of all events, rows and messages."""
    from schemas import published

    document = published.asyncapi() if asyncapi else published.json_schema()
    text = published.text(document)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as exc:
        typer.echo(f"cannot write {out}: {exc.strerror}; name another file", err=True)
        raise typer.Exit(1) from exc
