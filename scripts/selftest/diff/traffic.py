# SPDX-License-Identifier: GPL-2.0-only
"""Kinds of traffic. Every datagram is known by its bytes; a stream by all of them."""
import errno
import select
import socket
import struct
import time

from soak import net
from soak import traffic as soak_traffic

NEAR, FAR = 20001, 7
FENCE_NEAR, FENCE_FAR = 20009, 9
SIZES = (1, 2, 3, 15, 16, 17, 28, 100, 500, 1000, 1280, 1350, 1372, 1400, 1420, 1440, 1452, 1472,
         1473, 2000, 4000)
STREAM = 120000
# What A sends to, and B.
GROUPS = {4: ("239.9.0.1", "239.9.0.2"), 6: ("ff15::9:1", "ff15::9:2")}
UDP_SEGMENT = 103
STALL = 3


def udp(space, addr, port, bind=""):
    sock = space.socket(net.family_of(addr), socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, 33, 1 << 20)  # SO_RCVBUFFORCE
    if bind:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, bind.encode())
    sock.bind((addr, port))
    return sock


class End:
    """Where the traffic of one side begins and ends."""

    def __init__(self, space, addr, bind=""):
        self.space, self.addr, self.bind = space, addr, bind


class Fence:
    """What is sent beside the SAs by the same way: when it is there, what was sent before it is
    there, too, or lost."""

    def __init__(self, a, b, both, times=1, size=0):
        self.times, self.size = times, size
        self.socks = [udp(a.space, a.addr, FENCE_NEAR, a.bind), udp(b.space, b.addr, FENCE_FAR)]
        self.to = [(b.addr, FENCE_FAR), (a.addr, FENCE_NEAR)]
        self.both, self.count = both, 0
        # By end: how many have come.
        self.got = [0, 0]

    def passed(self):
        """Whether a datagram each way has passed, and as often as it takes."""
        return all(self.once() for _ in range(self.times))

    def once(self, seconds=2):
        self.count += 1
        data = (b"fence %d" % self.count).ljust(self.size)
        ways = ((0, 1), (1, 0)) if self.both else ((0, 1),)
        return all(self.one(here, there, data, seconds) for here, there in ways)

    def fill(self, size):
        """One of that size from A, and no second, which would wait."""
        self.socks[0].sendto(bytes(size), self.to[0])
        if not select.select([self.socks[1]], [], [], 5)[0]:
            return False
        self.got[1] += 1
        return len(self.socks[1].recv(65536)) == size

    def one(self, here, there, data, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self.socks[here].sendto(data, self.to[here])
            except OSError:
                pass
            if select.select([self.socks[there]], [], [], 0.2)[0]:
                while True:
                    try:
                        came = self.socks[there].recv(65536)
                        self.got[there] += 1
                        if came == data:
                            return True
                    except BlockingIOError:
                        break
        return False

    def close(self):
        for sock in self.socks:
            sock.close()


class Datagrams:
    """Both ways, and what was said to the senders."""

    def __init__(self, a, b):
        self.socks = (udp(a.space, a.addr, NEAR, a.bind), udp(b.space, b.addr, FAR, b.bind))
        self.to = ((b.addr, FAR), (a.addr, NEAR))
        self.number = [0, 0]
        # Who hears, by direction.
        self.ears = ([self.socks[1]], [self.socks[0]])
        # By direction (0: from A): numbers by bytes, numbers in order of arrival, errors.
        self.sent, self.got, self.told = ({}, {}), ([], []), ([], [])

    def payload(self, way, size):
        self.number[way] += 1
        data = soak_traffic.datagram(way, self.number[way], size)
        self.sent[way][data] = self.number[way]
        return data

    def send(self, way, sizes):
        for size in sizes:
            self.hand_over(way, self.payload(way, size))

    def hand_over(self, way, data, control=(), to=None):
        try:
            self.socks[way].sendmsg([data], control, 0, to or self.to[way])
        except OSError as err:
            self.told[way].append((self.number[way], errno.errorcode[err.errno]))

    def burst(self, way, size, count):
        """One call, and as many datagrams."""
        data = b"".join(self.payload(way, size) for _ in range(count))
        self.hand_over(way, data, [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", size))])

    def options(self, way, on):
        """IP options, or a hop-by-hop header, with whatever follows."""
        sock = self.socks[way]
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\1\1\1\1" if on else b"")
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, 54, b"\0\0\1\4\0\0\0\0" if on else b"")

    def drain(self):
        """How many have come."""
        count = 0
        for way in (0, 1):
            count += sum(self.hear(way, sock) for sock in self.ears[way])
        return count

    def hear(self, way, sock):
        count = 0
        while True:
            try:
                data = sock.recv(65536)
            except BlockingIOError:
                return count
            except OSError as err:
                self.told[1 - way].append((0, errno.errorcode[err.errno]))
                continue
            count += 1
            self.got[way].append(self.sent[way].get(data, "damaged"))

    def complete(self):
        return all(len(self.got[way]) >= self.number[way] for way in (0, 1))

    def close(self):
        for sock in self.socks:
            sock.close()


class Groups(Datagrams):
    """Also to groups that the other end is in."""

    def __init__(self, a, b, devices):
        super().__init__(a, b)
        self.ends = (a, b)
        family = net.family_of(a.addr)
        self.groups = GROUPS[4 if family == socket.AF_INET else 6]
        indices = [end.space.ifindex(dev) for end, dev in zip(self.ends, devices)]
        for way, sock in enumerate(self.socks):
            self.speak(family, sock, indices[way])
            end, port = self.ends[1 - way], (FAR, NEAR)[way]
            ear = udp(end.space, self.groups[way], port, end.bind)
            self.join(family, ear, self.groups[way], indices[1 - way])
            self.ears[way].append(ear)

    @staticmethod
    def speak(family, sock, index):
        """By that device, some hops far, and not to the sender itself."""
        level, device, hops, loop = (
            (socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.IP_MULTICAST_TTL,
             socket.IP_MULTICAST_LOOP) if family == socket.AF_INET else
            (socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.IPV6_MULTICAST_HOPS,
             socket.IPV6_MULTICAST_LOOP))
        sock.setsockopt(level, device, struct.pack("=8xi", index) if family == socket.AF_INET else
                        struct.pack("=i", index))
        sock.setsockopt(level, hops, 4)
        sock.setsockopt(level, loop, 0)

    @staticmethod
    def join(family, sock, group, index):
        addr = socket.inet_pton(family, group)
        if family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                            addr + struct.pack("=4xi", index))
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                            addr + struct.pack("=i", index))

    def send_group(self, way, sizes):
        for size in sizes:
            self.hand_over(way, self.payload(way, size), to=(self.groups[way], self.to[way][1]))

    def close(self):
        super().close()
        for ears in self.ears:
            ears[1].close()


def kind_small(flow, way):
    flow.send(way, [200] * 10)


def kind_sizes(flow, way):
    flow.send(way, SIZES)


def kind_gso(flow, way):
    flow.burst(way, 1000, 12)
    flow.send(way, [100] * 3)


def kind_options(flow, way):
    flow.options(way, True)
    flow.send(way, [100] * 60)
    flow.options(way, False)


def kind_pmtu(flow, way):
    """One at a time, never in fragments; who sends is told what the path does not take."""
    sock = flow.socks[way]
    # MTU_DISCOVER, with PMTUDISC_DO, and RECVERR; the largest that the first link takes.
    level, discover, errors, full = (
        (socket.IPPROTO_IP, 10, 11, 1472) if sock.family == socket.AF_INET else
        (socket.IPPROTO_IPV6, 23, 25, 1452))
    sock.setsockopt(level, discover, 2)
    sock.setsockopt(level, errors, 1)
    for size in (1000, full, full, 1300, full - 42, full - 100):
        told = len(flow.told[way])
        flow.send(way, [size])
        end = time.monotonic() + 0.5
        while not flow.drain() and len(flow.told[way]) == told and time.monotonic() < end:
            time.sleep(0.001)
    sock.setsockopt(level, errors, 0)
    sock.setsockopt(level, discover, 0)


def kind_multicast(flow, way):
    flow.send_group(way, [1, 100, 500, 1000, 1372, 2000])


DATAGRAMS = {"small": kind_small, "sizes": kind_sizes, "gso": kind_gso, "options": kind_options,
             "pmtu": kind_pmtu, "multicast": kind_multicast}


class Stream:
    """A TCP connection: bytes from A, then as many from B."""

    def __init__(self, a, b):
        family = net.family_of(a.addr)
        self.listener = b.space.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((b.addr, FAR))
        self.listener.listen(1)
        self.listener.setblocking(False)
        self.near = a.space.socket(family, socket.SOCK_STREAM)
        self.near.setblocking(False)
        self.near.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if a.bind:
            self.near.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, a.bind.encode())
        self.near.bind((a.addr, NEAR))
        self.near.connect_ex((b.addr, FAR))
        self.far = None
        self.said = "no connection"
        self.got, self.sent = [0, 0], [0, 0]

    def accept(self):
        if select.select([self.listener], [], [], STALL)[0]:
            self.far = self.listener.accept()[0]
            self.far.setblocking(False)
            # The end is abrupt: the port is needed again.
            for sock in (self.near, self.far):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.said = "ok"
        return self.far is not None

    def transfer(self, way, size):
        """Bytes in that direction, until they are there or nothing moves."""
        source, sink = (self.near, self.far) if way == 0 else (self.far, self.near)
        goal = self.got[way] + size
        end = time.monotonic() + STALL
        while self.got[way] < goal and self.said == "ok":
            wanted = [source] if self.sent[way] < goal else []
            readable, writable, _ = select.select([sink], wanted, [], 0.1)
            try:
                if writable:
                    self.write(way, min(30000, goal - self.sent[way]))
                if readable:
                    self.take(way, sink.recv(65536))
                    end = time.monotonic() + STALL
            except OSError as err:
                self.said = "%s after %d bytes" % (errno.errorcode[err.errno], self.got[way])
            if time.monotonic() > end:
                self.said = "nothing moves after %d bytes" % self.got[way]

    def take(self, way, data):
        if data != soak_traffic.stream(self.got[way], len(data)):
            self.said = "damaged at %d" % self.got[way]
        self.got[way] += len(data)

    def write(self, way, size):
        """The next bytes, which may not all be taken."""
        source = (self.near, self.far)[way]
        self.sent[way] += source.send(soak_traffic.stream(self.sent[way], size))

    def retransmitted(self):
        """Segments, of both ends."""
        return sum(struct.unpack_from("=I", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO,
                                                            104), 100)[0]
                   for sock in (self.near, self.far) if sock)

    def close(self):
        for sock in (self.near, self.far, self.listener):
            if sock:
                sock.close()


class Ping:
    """Echo requests from A, answered by the kernel at B."""
    COUNT = 8

    def __init__(self, a, b):
        self.six = net.family_of(a.addr) == socket.AF_INET6
        proto = socket.IPPROTO_ICMPV6 if self.six else socket.IPPROTO_ICMP
        self.sock = a.space.socket(net.family_of(a.addr), socket.SOCK_RAW, proto)
        self.sock.setblocking(False)
        if a.bind:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, a.bind.encode())
        self.sock.bind((a.addr, 0))
        self.to = (b.addr, 0)
        self.answers = []
        self.told = []

    def send(self, number, size):
        kind = 128 if self.six else 8
        body = struct.pack(">HH", 77, number) + soak_traffic.MARK * (size // 16)
        data = struct.pack(">BBH", kind, 0, 0) + body
        data = struct.pack(">BBH", kind, 0, checksum(data)) + body
        try:
            self.sock.sendto(data, self.to)
        except OSError as err:
            self.told.append((number, errno.errorcode[err.errno]))

    def drain(self):
        count = 0
        while True:
            try:
                data = self.sock.recv(65536)
            except BlockingIOError:
                return count
            data = data if self.six else data[4 * (data[0] & 15):]
            if data[0] in (0, 129) and data[4:6] == b"\0\x4d":
                count += 1
                self.answers.append(struct.unpack(">H", data[6:8])[0])

    def close(self):
        self.sock.close()


def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def natt_sockets(space, port, gro, bind=""):
    """As an IKE daemon has them, with policies of their own."""
    socks = []
    for family, addr, level, option in ((socket.AF_INET, "0.0.0.0", 0, 17),
                                        (socket.AF_INET6, "::", 41, 35)):
        sock = space.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if bind:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, bind.encode())
        sock.bind((addr, port))
        sock.setsockopt(socket.IPPROTO_UDP, 100, 2)  # UDP_ENCAP, ESPINUDP
        if gro:
            sock.setsockopt(socket.IPPROTO_UDP, 104, 1)
        for direction in (0, 1):
            sock.setsockopt(level, option,
                            bytes(32) + struct.pack("=HHHHHBBB3xiI", 0, 0, 0, 0, family, 0, 0, 0, 0,
                                                    0) +
                            struct.pack("=8Q", *[net.FOREVER] * 4, *[0] * 4) + bytes(32) +
                            struct.pack("=IIBBBB4x", 0, 0, direction, 0, 0, 0))
        socks.append(sock)
    return socks
