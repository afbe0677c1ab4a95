"""`python -m streams.ledger`: the ledger, with settings from the environment."""

import sys

from streams.ledger.ledger import run
from streams.owner_process import serve

if __name__ == "__main__":
    sys.exit(serve("ledger", run))
