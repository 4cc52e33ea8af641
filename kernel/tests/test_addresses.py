"""The deny list, the wrappers, the operator's allow-list."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.addresses import Allowed, is_public

INSIDE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:0:808:808:0:0:80ff:fffe",
    "2001:db8::1",
    "2001:10::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:a9fe:a9fe::",
    "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:a00:1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
OUTSIDE = [
    "8.8.8.8",
    "1.1.1.1",
    "192.0.1.1",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "64:ff9b::808:808",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("text", INSIDE)
def test_what_leads_inside_is_not_public(text):
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", OUTSIDE)
def test_the_open_internet_is_public(text):
    assert is_public(ip_address(text))


@given(st.ip_addresses(v=4))
def test_no_wrapper_makes_an_inner_address_public(address):
    number = int(address)
    wrapped = [
        ip_address((0xFFFF << 32) | number),
        ip_address((0x0064FF9B << 96) | number),
        ip_address((0x2002 << 112) | (number << 80)),
    ]

    assert {is_public(outer) for outer in wrapped} == {is_public(address)}


@given(st.ip_addresses())
def test_public_never_says_more_than_the_standard_library(address):
    if is_public(address) and not getattr(address, "ipv4_mapped", None):
        said = {address.is_private, address.is_loopback, address.is_link_local, address.is_multicast}
        assert said == {False}


def test_networks_hosts_and_single_addresses_are_read():
    allowed = Allowed.parse(["10.1.0.0/16", "127.0.0.1", "::1/128", "Bot.Internal:8080", "[::1]:9000"])

    assert allowed.holds(ip_address("10.1.2.3"))
    assert allowed.holds(ip_address("::ffff:10.1.2.3"))
    assert allowed.holds(ip_address("127.0.0.1"))
    assert not allowed.holds(ip_address("127.0.0.2"))
    assert not allowed.holds(ip_address("10.2.0.1"))
    assert allowed.names("bot.internal.", 8080)
    assert allowed.names("::1", 9000)
    assert not allowed.names("bot.internal", 8081)


@pytest.mark.parametrize("entry", ["bot.internal", "10.0.0.0/33", ":80", "bot:0", "bot:70000", "http://bot:80", ""])
def test_an_unreadable_entry_is_named(entry):
    with pytest.raises(ValueError, match="neither a network nor host:port"):
        Allowed.parse([entry])
