#!/usr/bin/env python3
"""Ports in a row on 127.0.0.1 that a server of a test may listen on.

usage: free_ports.py COUNT      writes the first one

They lie below those that the system gives to connections: of these, one that was used a minute ago may still be kept from
everybody (TIME_WAIT). Each process begins to look at a place of its own, so that tests side by side do not meet.
"""
import os
import socket
import sys

FIRST, PLACES, WIDTH = 12000, 1000, 16  # 12000 to 27999; Linux's connections begin at 32768, /proc/sys/net/ipv4/ip_local_port_range


def is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def free_ports(count):
    """The first of `count` (at most WIDTH) ports in a row that nobody has."""
    for i in range(PLACES):
        first = FIRST + (os.getpid() + i) % PLACES * WIDTH
        if all(is_free(first + k) for k in range(count)):
            return first
    raise SystemExit(f"no {count} ports in a row are free from {FIRST} to {FIRST + PLACES * WIDTH - 1}")


if __name__ == "__main__":
    print(free_ports(int(sys.argv[1])))
