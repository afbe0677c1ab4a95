"""
PURE. Who may see what is one party's alone.

The one door to private rows: subscriptions and quotes ask here, and nowhere else. Until
tokens tell clients apart, the operator opens private channels by where a client is;
a token then decides here, by the same arguments.
"""

import ipaddress
from typing import Literal

from schemas.channels import CHANNELS

Openness = Literal["loopback", "everybody", "nobody"]
"""The setting `private_channels`."""


def may_see(
    channel: str, party: str, *, token: str | None, address: str, open_to: Openness
) -> bool:
    """
    Tell whether a client may see a party's rows of a channel.

    Args:
        channel: a name of CHANNELS.
        party: whose rows: `consumer/17850`.
        token: as the client gave it in `hello`; every token is taken alike today.
        address: the client's network address; empty if it is not known.
        open_to: the operator's setting.
    """
    if not CHANNELS[channel].is_private:
        return True
    match open_to:
        case "everybody":
            return True
        case "nobody":
            return False
        case "loopback":
            return is_loopback(address)


def is_loopback(address: str) -> bool:
    """Tell whether an address is this machine's own; what is no address is not."""
    try:
        # A zone, as in fe80::1%eth0, is no part of what is compared.
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.is_loopback
