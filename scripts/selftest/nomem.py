#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Lets each allocation of an operation fail, one per run, until none is left to fail.

nomem.py write FILE TEXT UNDO-FILE UNDO-TEXT
nomem.py up NETDEV
nomem.py sa NETDEV     in namespace a, an SA with offload
nomem.py once NETDEV   the same, once, without a failure of its own: prints the error
Else prints the numbers of runs in which an allocation failed, and in which the operation did.
"""
import errno
import fcntl
import os
import socket
import struct
import sys

from soak import net

SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def put(path, text):
    file = os.open(path, os.O_WRONLY)
    return lambda: os.write(file, text.encode())


def set_up(sock, name, up):
    def run():
        request = fcntl.ioctl(sock, SIOCGIFFLAGS, struct.pack("16sH22x", name.encode(), 0))
        flags = struct.unpack("16sH22x", request)[1]
        flags = flags | IFF_UP if up else flags & ~IFF_UP
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), flags))
    return run


def sas(dev):
    """An SA that is added, which may succeed although the answer fails, and deleted."""
    space = net.Namespace("a")
    xfrm = net.Netlink(space)
    sa = net.Sa(
        src="10.1.0.1", dst="10.1.0.2", spi=0x7000, reqid=1, mode=net.TRANSPORT,
        alg="gcm128-128", keys=(bytes(range(20)),), out=True,
        ifindex=space.ifindex(dev))
    body, name = net.state(sa), net.state_id(sa.dst, sa.spi)

    def add():
        err = xfrm.request(net.NEWSA, body)
        if err:
            raise OSError(err, os.strerror(err))

    def delete():
        err = xfrm.request(net.DELSA, name)
        if err and err != errno.ESRCH:
            sys.exit("the SA is not deleted: %s" % os.strerror(err))
    return add, delete


def once(dev):
    try:
        sas(dev)[0]()
    except OSError as err:
        print(errno.errorcode[err.errno])


def operations():
    if sys.argv[1] == "sa":
        return sas(sys.argv[2])
    if sys.argv[1] == "write":
        return put(*sys.argv[2:4]), put(*sys.argv[4:6])
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return set_up(sock, sys.argv[2], True), set_up(sock, sys.argv[2], False)


def main():
    if sys.argv[1] == "once":
        once(sys.argv[2])
        return
    do, undo = operations()
    nth = os.open("/proc/thread-self/fail-nth", os.O_RDWR)
    injected = refused = 0
    for n in range(1, 5000):
        done = True
        os.pwrite(nth, b"%d" % n, 0)
        try:
            do()
        # Mostly ENOMEM, but the kernel around has other words for it, too.
        except OSError:
            done = False
        left = int(os.pread(nth, 16, 0))
        os.pwrite(nth, b"0", 0)
        # Of a request that failed for want of an answer something may be there.
        if done or sys.argv[1] == "sa":
            undo()
        if left:
            break
        injected += 1
        refused += not done
    else:
        sys.exit("no end of allocations")
    print(injected, refused)


main()
