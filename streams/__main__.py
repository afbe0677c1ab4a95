"""`python -m streams`: one worker, with settings from the environment."""

import gc
import logging
import os
import sys

import faust

from schemas.errors import ParfeedError
from schemas.settings import Settings, load
from streams.app import create_app

log = logging.getLogger("streams")


def main() -> int:
    """Run a worker until SIGTERM or SIGINT; return its exit status."""
    try:
        settings = load(os.environ, {})
        _configure_logging(settings)
        app = create_app(settings, _stop_at_once)
    except ParfeedError as exc:
        print(f"streams: {exc}", file=sys.stderr)
        return 1
    _collect_seldom()
    worker = faust.Worker(
        app, loglevel=None, logfile=None, override_logging=False, quiet=True
    )
    worker.execute_from_commandline()  # ends the process
    raise AssertionError("a Faust worker came back")


def _configure_logging(settings: Settings) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    for chatty in ("aiokafka", "faust", "mode"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _collect_seldom() -> None:
    # A batch makes some 60,000 objects that die with it, none in a cycle. Looking for
    # cycles every 700 objects, as Python does by default, takes a fifth of the time.
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


def _stop_at_once(exc: BaseException) -> None:
    # Crash-only: no clean-up may write anything after an invariant broke. Whoever
    # starts the worker again goes through recovery, as at every start.
    log.critical("stopping: %s", exc, exc_info=exc)
    logging.shutdown()
    os._exit(70)


if __name__ == "__main__":
    sys.exit(main())
