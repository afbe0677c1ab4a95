"""`python -m streams.board`: the board, with settings from the environment."""

import sys

from streams.board.board import run
from streams.owner_process import serve

if __name__ == "__main__":
    sys.exit(serve("board", run))
