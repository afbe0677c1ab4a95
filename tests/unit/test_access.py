"""Access: the one door to what is a party's alone."""

import pytest

from feed_server.access import is_loopback, may_see
from schemas.channels import CHANNELS

PRIVATE = [name for name, channel in CHANNELS.items() if channel.is_private]
NEAR = ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"]
FAR = [
    "",
    "localhost",
    "0.0.0.0",  # noqa: S104 - not bound to
    "10.0.0.7",
    "128.0.0.1",
    "::",
    "::2",
    "fe80::1%eth0",
    "::ffff:10.0.0.7",
    "127.0.0.1.example",
    "/run/feed.sock",
]


def sees(channel: str, address: str, open_to: str, token: str | None = None) -> bool:
    return may_see(
        channel,
        "consumer/ada",
        token=token,
        address=address,
        open_to=open_to,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("address", NEAR)
def test_this_machines_own_addresses_are_near(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", FAR)
def test_every_other_address_and_what_is_none_is_far(address: str) -> None:
    assert not is_loopback(address)


@pytest.mark.parametrize("channel", PRIVATE)
@pytest.mark.parametrize(
    ("open_to", "near", "far"),
    [
        ("loopback", True, False),
        ("everybody", True, True),
        ("nobody", False, False),
    ],
)
def test_private_channels_are_opened_by_the_operator_alone(
    channel: str, open_to: str, near: bool, far: bool
) -> None:
    for token in (None, "", "a-token"):
        assert {sees(channel, address, open_to, token) for address in NEAR} == {near}
        assert {sees(channel, address, open_to, token) for address in FAR} == {far}


@pytest.mark.parametrize("channel", [name for name in CHANNELS if name not in PRIVATE])
def test_public_channels_are_open_whatever_the_setting(channel: str) -> None:
    assert sees(channel, "10.0.0.7", "nobody")
