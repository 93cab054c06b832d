# SPDX-License-Identifier: GPL-2.0-only
"""A program that NFQUEUE asks, by raw netlink: it accepts every packet at once."""
import socket
import struct
import threading

from soak import net

NUMBER = 7
NETFILTER, QUEUE = 12, 3 << 8
PACKET, VERDICT, CONFIG = QUEUE | 0, QUEUE | 1, QUEUE | 2
COMMAND, PARAMS, LENGTH, MASK, FLAGS = 1, 2, 3, 4, 5
GSO = 4
BIND, COPY_PACKET, ACCEPT = 1, 2, 1
HEADER, VERDICT_HEADER = 1, 2


class Consumer:
    """A thread, for the packets come while others are sent."""

    def __init__(self, space, flags):
        self.sock = space.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER)
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
        # Full of packets it still takes more.
        self.sock.setsockopt(270, 5, 1)  # SOL_NETLINK, NETLINK_NO_ENOBUFS
        self.sock.bind((0, 0))
        for body in (net.attr(COMMAND, struct.pack(">BxH", BIND, 0)),
                     net.attr(PARAMS, struct.pack(">IB", 0xffff, COPY_PACKET)) +
                     net.attr(LENGTH, struct.pack(">I", 4096)) +
                     net.attr(MASK, struct.pack(">I", GSO)) +
                     net.attr(FLAGS, struct.pack(">I", flags))):
            self.send(CONFIG, body, 4)
            err = -struct.unpack_from("=i", self.sock.recv(4096), 16)[0]
            if err:
                raise OSError(err, "nfqueue")
        self.sock.settimeout(0.2)
        self.asked = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def send(self, kind, body, flags=0):
        self.sock.send(struct.pack("=IHHIIBBH", 20 + len(body), kind, 1 | flags, 0, 0, 0, 0,
                                   socket.htons(NUMBER)) + body)

    def serve(self):
        while not self.ended.is_set():
            try:
                data = self.sock.recv(1 << 18)
            except TimeoutError:
                continue
            size, kind = struct.unpack_from("=IH", data)
            if kind != PACKET:
                continue
            self.asked += 1
            at = 20
            while at + 4 <= size:
                length, name = struct.unpack_from("=HH", data, at)
                if name == HEADER:
                    self.send(VERDICT, net.attr(VERDICT_HEADER, struct.pack(">I", ACCEPT) +
                                                data[at + 4:at + 8]))
                    break
                at += length + 3 & ~3

    def close(self):
        self.ended.set()
        self.thread.join()
        self.sock.close()
