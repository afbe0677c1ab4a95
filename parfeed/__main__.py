"""The command `parfeed`, also as `python -m parfeed`."""

import logging
import sys

from parfeed.cli.app import app
from schemas.errors import ParfeedError


def main() -> None:
    """
    Run the command line and end the process.

    Exit codes: 0 done; 1 it could not be done, with one line that says what to do
    about it on the standard error; 2 the command line was wrong.
    """
    # What the Kafka client cannot do in the end it raises; what it tries again on the
    # way is nothing that a person at a terminal can act upon.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        app()
    except ParfeedError as exc:
        print(f"parfeed: {exc}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
