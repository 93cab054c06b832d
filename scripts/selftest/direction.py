#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""States without XFRMA_SA_DIR, and what is sent by them, for direction.sh.

states ALG SRC DST SPI REQID MODE [DEV in|out]
    The same state in namespaces a and b; in a offloaded to DEV, in that direction.
say DEV SRC DST PORT COUNT TEXT
    Datagrams from here.
hear DEV GROUP PORT COUNT READYFILE
    Waits for so many datagrams to the group.
"""
import random
import socket
import struct
import sys

from soak import net


def states(alg, src, dst, spi, reqid, mode, dev=None, way=None):
    a, b = net.Namespace("a"), net.Namespace("b")
    sa = net.Sa(
        src=src, dst=dst, spi=int(spi, 0), reqid=int(reqid), alg=alg,
        mode=net.TUNNEL if mode == "tunnel" else net.TRANSPORT,
        keys=net.new_keys(alg, random.SystemRandom()), out=way == "out", direction=False)
    for space, ifindex in ((b, 0), (a, a.ifindex(dev) if dev else 0)):
        sa.ifindex = ifindex
        err = net.Netlink(space).request(net.NEWSA, net.state(sa))
        if err:
            sys.exit("%s: %d" % (space.name, err))


def udp(dev, addr):
    sock = socket.socket(net.family_of(addr), socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, dev.encode())
    return sock


def say(dev, src, dst, port, count, text):
    sock = udp(dev, dst)
    if ":" in dst:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    sock.bind((src, 20001))
    for _ in range(int(count)):
        sock.sendto(text.encode(), (dst, int(port)))


def hear(dev, group, port, count, ready):
    sock = udp(dev, group)
    sock.bind(("", int(port)))
    index = socket.if_nametoindex(dev)
    if ":" in group:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                        net.packed(group) + struct.pack("=i", index))
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                        socket.inet_aton(group) + bytes(4) + struct.pack("=i", index))
    with open(ready, "w", encoding="ascii"):
        pass
    for _ in range(int(count)):
        sock.recv(65536)


{"states": states, "say": say, "hear": hear}[sys.argv[1]](*sys.argv[2:])
