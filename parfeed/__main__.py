"""The command `parfeed`, also as `python -m parfeed`."""

import sys

from parfeed.cli.app import app
from schemas.errors import ParfeedError


def main() -> None:
    """
    Run the command line and end the process.

    Exit codes: 0 done; 1 it could not be done, with one line that says what to do
    about it on the standard error; 2 the command line was wrong.
    """
    try:
        app()
    except ParfeedError as exc:
        print(f"parfeed: {exc}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
