"""
The errors of the console, one small tree.

::

    ParfeedError (schemas)
    └── Unfit   what was typed does not fit: says what would
"""

from schemas.errors import ParfeedError


class Unfit(ParfeedError, ValueError):
    """What was typed does not fit; says what would."""
