# SPDX-License-Identifier: GPL-2.0-only
"""xfrm by raw netlink, as far as the soak does not need it: states with everything that a
scenario may ask for, what is left of them, and events."""
import socket
import struct

from soak import net

NEWAE, SETDEFAULT = 0x1e, 0x27
A_MARK, A_SET_MARK, A_SET_MARK_MASK, A_IF_ID = 21, 29, 30, 31
REPLACE = 0x100
LIFETIME, STATS = 160, 192
BLOCK, ACCEPT = 1, 2
GROUPS = {1: "acquire", 2: "expire", 3: "sa", 7: "migrate", 8: "mapping"}
MESSAGES = {0x10: "NEWSA", 0x11: "DELSA", 0x17: "ACQUIRE", 0x18: "EXPIRE", 0x1a: "UPDSA",
            0x1c: "FLUSHSA", 0x21: "MIGRATE", 0x26: "MAPPING", 0x29: "MIGRATE_STATE"}
DIRECTIONS = {"in": 0, "out": 1, "fwd": 2}


def set_mark(value):
    return net.attr(A_SET_MARK, struct.pack("=I", value)) + net.attr(
        A_SET_MARK_MASK, struct.pack("=I", 0xffffffff))


def mark(value):
    return net.attr(A_MARK, struct.pack("=II", value, 0xffffffff))


def new_ae(sa, number, high):
    """The body of NEWAE: an ESN state's number is set, with an empty window."""
    window = 0 if sa.out and sa.direction else sa.window
    words = window + 31 >> 5
    numbers = (number, 0, high, 0) if sa.out else (0, number, 0, high)
    return (net.state_id(sa.dst, sa.spi) + net.packed(sa.src) + struct.pack("=II", 0, sa.reqid) +
            net.attr(net.A_ESN, struct.pack("=6I", words, *numbers, window) + bytes(4 * words)))


def any_selector(family, src="", dst="", bits=0, proto=0, sport=0, dport=0):
    """A selector with masks."""
    def where(addr):
        return net.packed(addr) if addr else bytes(16)
    return (where(dst) + where(src) +
            struct.pack(">HHHH", dport, 0xffff if dport else 0, sport, 0xffff if sport else 0) +
            struct.pack("=HBBB3xiI", family, bits, bits, proto, 0, 0))


def if_id(value):
    return net.attr(A_IF_ID, struct.pack("=I", value))


def policy(selector, direction, priority, template=None, extra=b""):
    body = (selector + struct.pack("=8Q", *[net.FOREVER] * 4, *[0] * 4) + bytes(32) +
            struct.pack("=IIBBBB4x", priority, 0, DIRECTIONS[direction], 0, 0, 0))
    return body + (net.attr(net.A_TMPL, template) if template else b"") + extra


def set_default(netlink, inbound):
    return netlink.request(SETDEFAULT, struct.pack("=BBB", inbound, inbound, ACCEPT))


def states(netlink):
    """By SPI: bytes, packets; failures of window, replay and integrity."""
    netlink.seq += 1
    netlink.sock.send(struct.pack("=IHHII", 16, net.GETSA, 0x301, netlink.seq, 0))
    found = {}
    for kind, data in netlink._answer():
        if kind != net.NEWSA:
            break
        spi = struct.unpack(">I", data[72:76])[0]
        found[spi] = struct.unpack("=2Q", data[LIFETIME:LIFETIME + 16]) + struct.unpack(
            "=3I", data[STATS:STATS + 12])
    return found


class Monitor:
    """What `ip xfrm monitor` would say."""

    def __init__(self, space):
        groups = sum(1 << (group - 1) for group in GROUPS)
        self.sock = net.Netlink(space, groups).sock
        self.sock.setblocking(False)

    def drain(self):
        """Messages since the last look: their names, and of EXPIRE whether it is hard."""
        found = []
        while True:
            try:
                data = self.sock.recv(65536)
            except BlockingIOError:
                return found
            while len(data) >= 16:
                size, kind = struct.unpack("=IH", data[:6])
                name = MESSAGES.get(kind, "message %d" % kind)
                if name == "EXPIRE":
                    name += " hard" if data[16 + net.SA_INFO] else " soft"
                found.append(name)
                data = data[(size + 3) & ~3:]

    def close(self):
        self.sock.close()


class Counters:
    """Named counters of nft, by raw netlink: another process would take too long."""
    GETOBJ, NFPROTO_INET = 10 << 8 | 19, 1

    def __init__(self, space):
        self.sock = space.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.sock.bind((0, 0))

    def read(self):
        self.sock.send(struct.pack("=IHHII", 20, self.GETOBJ, 0x301, 1, 0) +
                       struct.pack("=BBH", self.NFPROTO_INET, 0, 0))
        found = {}
        while True:
            data = self.sock.recv(1 << 17)
            while data:
                size, kind = struct.unpack("=IH", data[:6])
                if kind in (2, 3):
                    return found
                attrs = dict(attributes(data[20:size]))
                value = dict(attributes(attrs.get(4, b"")))
                if 2 in value:
                    found[attrs[2][:-1].decode()] = struct.unpack(">Q", value[2])[0]
                data = data[(size + 3) & ~3:]

    def close(self):
        self.sock.close()


def attributes(data):
    while len(data) >= 4:
        size, kind = struct.unpack("=HH", data[:4])
        yield kind & 0x3fff, data[4:size]
        data = data[(size + 3) & ~3:]
