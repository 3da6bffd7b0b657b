"""Keeps the network namespace that it was started in, with nothing in it but its loopback interface.

The hosts of one job enter it and reach each other, and nothing else. Ends with its standard input.
"""

import fcntl
import socket
import struct
import sys

# Linux: if.h, sockios.h, struct ifreq.
IFF_UP = 0x1
SIOCSIFFLAGS = 0x8914
INTERFACE_REQUEST = "16sH22x"

with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack(INTERFACE_REQUEST, b"lo", IFF_UP))
print("up", flush=True)
sys.stdin.read()
