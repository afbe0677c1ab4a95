"""PURE. Exact decimals in the few characters that a column has."""

from decimal import Decimal
from typing import Final

ABSENT: Final = "·"
"""Stands where there is no figure."""

_UNITS: Final = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")


def number(value: Decimal | None, width: int) -> str:
    """
    Write a number in at most `width` characters.

    Exact if it fits, else with fewer decimals, else in thousands, millions and so on.
    """
    if value is None:
        return ABSENT
    if not value:
        return "0"
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if len(text) <= width:
        return text
    scaled = value
    for unit in _UNITS:
        whole = f"{scaled:.0f}{unit}"
        if len(whole) <= width:
            room = width - len(whole) - 1
            if room <= 0:
                return whole
            finer = f"{scaled:.{room}f}{unit}"
            return finer if len(finer) <= width else whole
        scaled = scaled / 1000
    return f"{value:.{max(0, width - 6)}E}"[:width]


def signed(value: Decimal | None, width: int) -> str:
    """Write a difference with its sign."""
    text = number(value, width - 1)
    return f"+{text}" if value is not None and value > 0 else text


def money(value: Decimal | None, width: int) -> str:
    """Write a price: two decimals at least, where they fit."""
    text = number(value, width)
    if value is None or not text.lstrip("-").replace(".", "").isdigit():
        return text
    places = len(text.partition(".")[2])
    finer = f"{value or Decimal():.2f}"
    return finer if places < 2 and len(finer) <= width else text
