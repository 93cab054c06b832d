# SPDX-License-Identifier: GPL-2.0-only
"""Traffic of the soak: a process that has the sockets of all ends and looks at every byte.

Packets may be lost, for whatever the soak does to the NIC loses some, but none may come
damaged. Everything that is sent is full of MARK, which must not be seen on the wire.
"""
import collections
import errno
import json
import os
import select
import socket
import struct
import time
import traceback

from . import net

MARK = b"ov2-soak-CLEAR!\n"
BLOCK = 32
PORT = 7
# The source port at the near end, without the flow's number, which is added to it.
NEAR_PORT = 20000
RATE = 120000
STALL = 4
# That a stream works is shown by so many bytes.
ENOUGH = 50000


def datagram(flow, number, size):
    return (MARK + struct.pack(">III", flow, number, size) + MARK * (size // 16))[:size]


def datagram_ok(data):
    if len(data) < 28:
        return False
    flow, number, size = struct.unpack(">III", data[16:28])
    return size == len(data) and data == datagram(flow, number, size)


def stream(start, size):
    """Bytes of a stream from start on: each block has its own number."""
    first = start // BLOCK
    blocks = b"".join(MARK + struct.pack(">QQ", n, n)
                      for n in range(first, (start + size) // BLOCK + 1))
    return blocks[start % BLOCK:start % BLOCK + size]


def udp(namespace, family, port, encap=False):
    sock = namespace.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if encap:
        sock.setsockopt(socket.IPPROTO_UDP, 100, 2)  # UDP_ENCAP, ESPINUDP
    sock.bind(("", port))
    return sock


class Half:
    """One end of a flow's stream, which goes on until it is ended or nothing gets through."""

    def __init__(self, loop, flow, sock, sends):
        self.loop, self.flow, self.sock, self.sends = loop, flow, sock, sends
        self.pos = 0
        self.seen = time.monotonic()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, 47, RATE)  # SO_MAX_PACING_RATE
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 17)
        # The end of a stream is abrupt: its port is needed again.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        loop.watch(sock, self.ready, select.EPOLLIN | (select.EPOLLOUT if sends else 0))

    def ready(self, _):
        try:
            if self.sends:
                sent = self.sock.send(stream(self.pos, 16384))
                self.pos += sent
            else:
                data = self.sock.recv(65536)
                if not data:
                    return self.end()
                if data != stream(self.pos, len(data)):
                    self.loop.damaged("TCP stream at byte %d" % self.pos)
                self.pos += len(data)
                self.loop.bytes[self.flow] += len(data)
            self.seen = time.monotonic()
        except BlockingIOError:
            pass
        except OSError:
            return self.end()
        return None

    def stale(self, now):
        return now > self.seen + STALL

    def end(self):
        if self.sock:
            self.loop.unwatch(self.sock)
            self.sock.close()
        self.sock = None


class Flow:
    """The traffic of a connection: datagrams that come back, or a stream."""

    def __init__(self, loop, words):
        self.loop = loop
        self.id, site, self.proto, self.src, self.dst, self.down, self.largest = words
        self.near = loop.site(site)
        self.number = 0
        self.back = 0
        self.half = None
        self.sock = None
        self.pause = 0
        self.want = {}
        if self.proto == "udp":
            self.sock = udp(self.near.a, net.family_of(self.src), NEAR_PORT + self.id)
            loop.watch(self.sock, self.ready)

    def send(self, size):
        self.number += 1
        try:
            self.sock.sendto(datagram(self.id, self.number, size), (self.dst, PORT))
            self.loop.sent += 1
        except OSError:
            pass
        return self.number

    def ready(self, _):
        try:
            while True:
                data = self.sock.recvfrom(65536)[0]
                if not datagram_ok(data):
                    self.loop.damaged("echo of flow %d" % self.id)
                    continue
                self.loop.echoed += 1
                self.back += 1
                self.want.pop(struct.unpack(">I", data[20:24])[0], None)
        except OSError:
            pass

    def connect(self):
        """A stream, or the next when one has come to its end."""
        now = time.monotonic()
        if self.half and self.half.sock:
            if not self.half.stale(now):
                return
            self.half.end()
        if now < self.pause:
            return
        self.pause = now + 0.5
        sock = self.near.a.socket(net.family_of(self.src), socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((self.src, NEAR_PORT + self.id))
            sock.connect((self.dst, PORT))
        except BlockingIOError:
            pass
        except OSError:
            sock.close()
            return
        self.half = Half(self.loop, self.id, sock, not self.down)
        self.near.expect[self.id] = self.down

    def end_stream(self):
        self.pause = 0
        if self.half:
            self.half.end()

    def close(self):
        if self.sock:
            self.loop.unwatch(self.sock)
            self.sock.close()
        self.end_stream()


class Site:
    """The servers at the far end of a pair of namespaces, and sockets for ESP in UDP."""

    def __init__(self, loop, names):
        self.loop = loop
        self.a, self.b = (net.Namespace(name) for name in names)
        self.expect = {}
        self.halves = []
        self.socks, self.listeners = [], []
        for family in (socket.AF_INET, socket.AF_INET6):
            for end in (self.a, self.b):
                self.socks.append(udp(end, family, 4500, True))
            sock = udp(self.b, family, PORT)
            loop.watch(sock, self.echo)
            self.socks.append(sock)
            sock = self.b.socket(family, socket.SOCK_STREAM)
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(("", PORT))
            sock.listen(64)
            loop.watch(sock, self.accept)
            self.listeners.append(sock)

    def echo(self, sock):
        try:
            while True:
                data, peer = sock.recvfrom(65536)
                if not datagram_ok(data):
                    self.loop.damaged("datagram from %s" % (peer,))
                    continue
                self.loop.received += 1
                sock.sendto(data, peer)
        except OSError:
            pass

    def accept(self, sock):
        try:
            while True:
                conn, peer = sock.accept()
                flow = peer[1] - NEAR_PORT
                self.loop.streams += 1
                self.halves.append(Half(self.loop, flow, conn, self.expect.get(flow, False)))
        except OSError:
            pass

    def tidy(self, now):
        for half in self.halves:
            if half.sock and half.stale(now):
                half.end()
        self.halves = [half for half in self.halves if half.sock]

    def end_streams(self):
        """Ends all streams, those that are not accepted yet as well."""
        for sock in self.listeners:
            self.accept(sock)
        for half in self.halves:
            half.end()

    def close(self):
        self.end_streams()
        for sock in self.socks + self.listeners:
            self.loop.unwatch(sock)
            sock.close()
        self.a.close()
        self.b.close()


class Loop:
    """Everything that waits for something."""

    def __init__(self, control, rng):
        self.control, self.rng = control, rng
        self.poll = select.epoll()
        self.watched = {}
        self.sites = {}
        self.flows = {}
        self.turn = []
        self.sent = self.received = self.echoed = self.streams = 0
        # Bytes of streams, by flow, both ways.
        self.bytes = collections.Counter()
        self.bad = []
        self.running = True
        self.flowing = True
        self.watch(control, self.command)

    def watch(self, sock, handler, events=select.EPOLLIN):
        self.watched[sock.fileno()] = (sock, handler)
        self.poll.register(sock, events)

    def unwatch(self, sock):
        if self.watched.pop(sock.fileno(), None):
            self.poll.unregister(sock)

    def damaged(self, what):
        self.bad.append(what)

    def site(self, names):
        key = tuple(names)
        if key not in self.sites:
            self.sites[key] = Site(self, key)
        return self.sites[key]

    def command(self, control):
        data = control.recv(65536)
        if not data:
            self.running = False
            return
        name, *words = json.loads(data)
        answer = getattr(self, "do_" + name)(*words)
        control.send(json.dumps(answer).encode())

    def do_site(self, names):
        self.site(names)

    def do_start(self, *words):
        self.flows[words[0]] = Flow(self, words)

    def do_stop(self, number):
        flow = self.flows.pop(number, None)
        if flow:
            flow.close()

    def do_leave(self, names):
        site = self.sites.pop(tuple(names), None)
        if site:
            site.close()

    def do_flow(self, on):
        self.flowing = on

    def do_count(self):
        return {"sent": self.sent, "received": self.received, "echoed": self.echoed,
                "bytes": self.bytes.total(), "streams": self.streams, "bad": self.bad[:5]}

    def do_burst(self, count):
        """Some datagrams of each flow, at once."""
        for flow in self.flows.values():
            if flow.proto == "udp":
                for _ in range(count):
                    flow.send(64)

    def do_silent(self, numbers):
        """The flows that nothing has come of yet."""
        return [n for n in numbers if not (self.flows[n].back or self.bytes[n])]

    def do_check(self, sizes, seconds):
        """Every flow works, both ways: which do not. Nothing else is sent meanwhile."""
        self.flowing = False
        end = time.monotonic() + seconds
        self.end_streams()
        dead = set()
        for flow in list(self.flows.values()):
            if flow.proto == "udp" and not self.check_datagrams(flow, sizes, end):
                dead.add(flow.id)
        for down in (False, True):
            dead |= self.check_streams(down, time.monotonic() + seconds / 2)
        self.end_streams()
        self.flowing = True
        return sorted(dead)

    def check_datagrams(self, flow, sizes, end):
        flow.want = {}
        for size in sizes:
            flow.want[flow.send(size)] = True
        end = min(time.monotonic() + 5, end)
        while flow.want and time.monotonic() < end:
            self.wait(0.05)
        return not flow.want

    def end_streams(self):
        for flow in self.flows.values():
            flow.end_stream()
        for site in self.sites.values():
            site.end_streams()

    def check_streams(self, down, end):
        """Each in one direction: which do not work. Of each its own bytes are counted."""
        self.end_streams()
        todo = [flow for flow in self.flows.values() if flow.proto == "tcp"]
        want = {flow.id: self.bytes[flow.id] + ENOUGH for flow in todo}
        for flow in todo:
            flow.down = down
        while todo and time.monotonic() < end:
            for flow in todo:
                flow.connect()
            self.wait(0.05)
            todo = [flow for flow in todo if self.bytes[flow.id] < want[flow.id]]
        return {flow.id for flow in todo}

    def wait(self, seconds):
        for fd, _ in self.poll.poll(seconds):
            # Another's handler may have closed it.
            if fd in self.watched:
                sock, handler = self.watched[fd]
                handler(sock)

    def step(self):
        now = time.monotonic()
        for site in self.sites.values():
            site.tidy(now)
        if not self.turn:
            self.turn = list(self.flows)
        for _ in range(min(4, len(self.turn))):
            flow = self.flows.get(self.turn.pop())
            if not flow:
                continue
            if flow.proto == "udp":
                size = self.rng.choice((28, 64, 200, self.rng.randrange(28, 1400), 1400, 3000))
                flow.send(min(size, flow.largest))
            else:
                flow.connect()

    def run(self):
        due = 0
        while self.running:
            now = time.monotonic()
            if self.flowing and now >= due and self.flows:
                self.step()
                due = now + 0.02
            self.wait(max(0.001, due - now))


class Traffic:
    """The process, as its starter sees it."""

    def __init__(self, rng):
        self.sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if not self.pid:
            self.sock.close()
            # Operations come first where there is one CPU.
            os.nice(5)
            status = 1
            try:
                Loop(theirs, rng).run()
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        theirs.close()
        self.sock.settimeout(120)

    def call(self, *words):
        self.sock.send(json.dumps(words).encode())
        data = self.sock.recv(65536)
        if not data:
            raise OSError(errno.EPIPE, "the traffic has ended")
        return json.loads(data)

    def close(self):
        self.sock.close()
        os.waitpid(self.pid, 0)
