"""What a host is, by its name or address."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether it is this machine itself; an IPv6 address without brackets."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
