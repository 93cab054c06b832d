# SPDX-License-Identifier: GPL-2.0-only
"""What is seen of a scenario: the wire, taps, counters, states, events."""
import collections
import errno
import fcntl
import hashlib
import os
import re
import struct

from soak import traffic as soak_traffic
import traffic
import xfrm

OUTGOING = 4
SIOCGIFMTU = 0x8921
PORTS = (4500, 10000)
STAT_NAMES = ("bytes", "packets", "window", "replay", "integrity")
# Of /proc/net/snmp and snmp6: what tells of losses, and what was taken in.
SNMP = ("Udp.InDatagrams", "Udp.InErrors", "Udp.InCsumErrors", "Udp.NoPorts", "Udp.RcvbufErrors",
        "Ip.InHdrErrors", "Ip.InDiscards", "Ip.OutDiscards", "Ip.ReasmFails", "Ip.FragFails",
        "Ip.InUnknownProtos", "Tcp.InErrs", "Tcp.InCsumErrors", "Icmp.InDestUnreachs",
        "Icmp.OutDestUnreachs", "Icmp.InErrors")
SNMP6 = ("Udp6InDatagrams", "Udp6InErrors", "Udp6InCsumErrors", "Ip6InDiscards", "Ip6OutDiscards",
         "Ip6InHdrErrors", "Ip6ReasmFails", "Ip6FragFails", "Icmp6InErrors",
         "Icmp6InPktTooBigs", "Icmp6OutPktTooBigs")
SPLAT = re.compile(
    "BUG|WARNING|UBSAN|KASAN|Oops|possible (recursive|circular|irq)|suspicious RCU|refcount_t|"
    "ref_tracker|bjects remaining|blocked for more|sleeping function|inconsistent lock|"
    "unregister_netdevice|stall|skb_warn_bad|bad checksum")


class Frame:
    """An IP packet of a tap, as far as it matters."""

    def __init__(self, raw):
        self.raw = raw
        at, kind = 14, raw[12:14]
        if kind == b"\x81\x00":
            at, kind = 18, raw[16:18]
        self.ip = at
        self.version = {b"\x08\x00": 4, b"\x86\xdd": 6}.get(kind, 0)
        self.proto = self.esp = None
        self.ports = (0, 0)
        self.first = True
        self.fragment = self.natt = False
        self.head = ()
        if self.version == 4:
            self._ipv4(raw, at)
        elif self.version == 6:
            self._ipv6(raw, at)

    def _ipv4(self, raw, at):
        length, _, where = struct.unpack_from(">HHH", raw, at + 2)
        self.proto = raw[at + 9]
        self.fragment, self.first = bool(where & 0x3fff), not where & 0x1fff
        size = 4 * (raw[at] & 15)
        self.head = (4, raw[at + 1], where >> 14 & 1, raw[at + 8], length, size - 20)
        self._transport(raw[at + size:at + length])

    def _ipv6(self, raw, at):
        word, length, proto, hops = struct.unpack_from(">IHBB", raw, at)
        rest = raw[at + 40:at + 40 + length]
        extra = 0
        while proto in (0, 43, 60, 44) and len(rest) >= 8:
            if proto == 44:
                where = struct.unpack_from(">H", rest, 2)[0]
                self.fragment, self.first = True, not where >> 3
            size = 8 if proto == 44 else 8 + 8 * rest[1]
            proto, rest, extra = rest[0], rest[size:], extra + size
        self.proto = proto
        self.head = (6, word >> 20 & 0xff, int(word & 0xfffff != 0), hops, length, extra)
        self._transport(rest)

    def _transport(self, rest):
        self.ports = struct.unpack_from(">HH", rest) if len(rest) >= 4 else (0, 0)
        if not self.first:
            return
        if self.proto == 17 and any(port in PORTS for port in self.ports):
            self.natt = True
            rest = rest[8:]
            if len(rest) < 16 or rest[:4] == bytes(4):
                return
        elif self.proto != 50:
            return
        self.esp = rest
        self.spi, self.seq = struct.unpack_from(">II", rest)

    def iv(self, size):
        return self.esp[8:8 + size]

    def what(self):
        """For whoever reads of it."""
        return "IPv%d protocol %s ports %s head %s" % (self.version, self.proto, self.ports,
                                                       self.head)

    def error(self):
        """ICMP errors quote packets."""
        at = self.ip + (20 if self.version == 4 else 40)
        kind = self.raw[at] if len(self.raw) > at else 0
        return self.proto == 1 and kind in (3, 4, 11, 12) or self.proto == 58 and kind < 128

    def fence(self):
        return self.proto == 17 and traffic.FENCE_FAR in self.ports


class Wire:
    """Frames that a tap has seen."""

    def __init__(self, sock):
        self.sock = sock
        self.out, self.came = [], []

    def rebind(self, dev):
        """The device is another for the namespace, or was away."""
        self.sock.bind((dev, 3))

    def mtu(self):
        ask = struct.pack("16si", self.sock.getsockname()[0].encode(), 0)
        return struct.unpack("16si", fcntl.ioctl(self.sock, SIOCGIFMTU, ask))[1]

    def drain(self):
        while True:
            try:
                data, addr = self.sock.recvfrom(65536)
            except BlockingIOError:
                return
            except OSError as err:
                # It says once that the device was down.
                if err.errno != errno.ENETDOWN:
                    raise
                continue
            (self.out if addr[2] == OUTGOING else self.came).append(data)

    def clear(self):
        self.drain()
        self.out, self.came = [], []


def repeated(frames, key):
    """How many frames have the same key as one before, but other contents."""
    seen, twice = collections.defaultdict(set), 0
    for frame in frames:
        what = hashlib.blake2b(frame.esp, digest_size=8).digest()
        found = seen[key(frame)]
        twice += bool(found) and what not in found
        found.add(what)
    return twice


def look_at_wire(seen, came, third, iv_size, clear_by_nature, stream):
    """What A has sent, and what has reached the third machine."""
    frames = [Frame(raw) for raw in came]
    others = [Frame(raw) for raw in third]
    esp = [frame for frame in frames if frame.esp]
    both = esp + [frame for frame in others if frame.esp]
    marked = [frame for frame in frames + others if soak_traffic.MARK in frame.raw and
              not frame.error()]
    seen["wire.clear"] = [] if clear_by_nature else [frame.what() for frame in marked]
    seen["wire.unprotected"] = sum(
        frame.proto in (6, 17) and not frame.natt and frame.first and not frame.fence() and
        bool({traffic.NEAR, traffic.FAR} & set(frame.ports)) for frame in frames)
    if iv_size == 8:
        seen["wire.iv twice"] = repeated(both, lambda f: (f.spi, f.iv(iv_size)))
    seen["wire.number twice"] = repeated(both, lambda f: (f.spi, f.seq))
    seen["wire.esp"] = len(esp)
    heads = [frame.head[:4] + frame.head[5:] if stream else frame.head for frame in esp]
    seen["wire.heads"] = sorted(set(heads)) if stream else heads
    numbers = sorted((frame.spi, frame.seq) for frame in esp)
    seen["wire.gaps"] = sum(b[0] == a[0] and b[1] > a[1] + 1 for a, b in zip(numbers, numbers[1:]))


def look_at_tap(seen, wire):
    """How many packets a tap at A has seen that went out or came in as ESP, or in UDP."""
    for name, raw in (("out", wire.out), ("in", wire.came)):
        frames = [Frame(data) for data in raw]
        seen["tap.%s.esp" % name] = sum(bool(frame.esp) for frame in frames)
        seen["tap.%s.natt" % name] = sum(bool(frame.esp) and frame.natt for frame in frames)


def snmp(space):
    found = {}
    lines = space.read("/proc/net/snmp").splitlines()
    for names, values in zip(lines[::2], lines[1::2]):
        proto = names.split(":")[0]
        found.update(("%s.%s" % (proto, name), int(value))
                     for name, value in zip(names.split()[1:], values.split()[1:]))
    for line in space.read("/proc/net/snmp6").splitlines():
        name, value = line.split()
        found[name] = int(value)
    return {name: found.get(name, 0) for name in SNMP + SNMP6}


# A state that is dead is one of these as time has it.
GONE = ("XfrmInNoStates", "XfrmInStateInvalid", "XfrmInStateExpired")


def xfrm_stat(space):
    found = {name: int(value) for name, value in
             (line.split() for line in space.read("/proc/net/xfrm_stat").splitlines())}
    found["gone"] = sum(found.pop(name) for name in GONE)
    return found


class Snapshot:
    """Counters of both ends, before and after."""

    def __init__(self, world, nft):
        self.world, self.nft = world, nft
        self.before = self.take()

    def take(self):
        found = {}
        for end in ("A", "B"):
            space = self.world[end]
            found.update(("stat.%s.%s" % (end, n), v) for n, v in xfrm_stat(space).items())
            found.update(("snmp.%s.%s" % (end, n), v) for n, v in snmp(space).items())
        found.update(("nft." + n, v) for n, v in self.nft.read().items())
        return found

    def grown(self):
        after = self.take()
        return {name: after[name] - self.before.get(name, 0) for name in after}


def look_at_states(seen, netlink, end, names):
    for spi, numbers in xfrm.states(netlink).items():
        if spi in names:
            for name, value in zip(STAT_NAMES, numbers):
                seen["state.%s.%s.%s" % (end, names[spi], name)] = value


class Klog:
    """The kernel's log from here on."""

    def __init__(self):
        self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.fd, 0, os.SEEK_END)

    def splats(self):
        found = []
        while True:
            try:
                line = os.read(self.fd, 8192).decode(errors="replace")
            except BlockingIOError:
                return found
            except BrokenPipeError:
                continue
            if SPLAT.search(line) and "memory allocation failure" not in line:
                found.append(line.split(";", 1)[-1].splitlines()[0])
