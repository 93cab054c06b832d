# SPDX-License-Identifier: GPL-2.0-only
"""Namespaces, xfrm by netlink and allocations that fail, for the soak.

One process does it all: to start another takes tens of milliseconds on these kernels. And
only a request that the process makes itself can be made to fail for want of memory without
hitting the tools of the test.
"""
import dataclasses
import errno
import fcntl
import os
import socket
import struct

AF_INET, AF_INET6 = 2, 10
ESP, TRANSPORT, TUNNEL = 50, 0, 1
NEWSA, DELSA, GETSA, NEWPOLICY, DELPOLICY = 0x10, 0x11, 0x12, 0x13, 0x14
EXPIRE, UPDSA, FLUSHSA, FLUSHPOLICY = 0x18, 0x1a, 0x1c, 0x1d
A_AUTH_TRUNC, A_CRYPT, A_ENCAP, A_TMPL, A_AEAD = 20, 2, 4, 5, 18
A_ESN, A_OFFLOAD, A_DIR = 23, 28, 33
FLAG_AF_UNSPEC, FLAG_ESN = 32, 128
OFFLOAD_INBOUND, OFFLOAD_PACKET = 2, 4
GROUP_EXPIRE = 2
SA_INFO = 224
SIOCGIFHWADDR = 0x8927
FOREVER = 2 ** 64 - 1
NO_MEMORY = (errno.ENOMEM, errno.ENOBUFS)

# name: (kind, kernel's names, bytes of keys, bits of ICV, bytes of IV)
ALGS = {}
for _bits in (128, 192, 256):
    for _icv in (64, 96, 128):
        ALGS["gcm%d-%d" % (_bits, _icv)] = ("aead", "rfc4106(gcm(aes))", _bits // 8 + 4, _icv, 8)
    ALGS["gmac%d" % _bits] = ("aead", "rfc4543(gcm(aes))", _bits // 8 + 4, 128, 8)
ALGS["chapoly"] = ("aead", "rfc7539esp(chacha20,poly1305)", 36, 128, 8)
for _bits, _hash, _len, _icv in ((128, "sha1", 20, 96), (128, "sha256", 32, 128),
                                 (192, "sha384", 48, 192), (256, "sha512", 64, 256)):
    ALGS["cbc%d-%s" % (_bits, _hash)] = (
        "pair", ("cbc(aes)", "hmac(%s)" % _hash), (_bits // 8, _len), _icv, 16)
    ALGS["null-%s" % _hash] = (
        "pair", ("ecb(cipher_null)", "hmac(%s)" % _hash), (0, _len), _icv, 0)


def iv_len(alg):
    return ALGS[alg][4]


def in_clear(alg):
    """Authentication alone: what such a packet says may be read."""
    return alg.startswith(("gmac", "null"))


def new_keys(alg, rng):
    kind, _, size, _, _ = ALGS[alg]
    if kind == "aead":
        return (rng.randbytes(size),)
    return tuple(rng.randbytes(n) for n in size)


def family_of(addr):
    return AF_INET6 if ":" in addr else AF_INET


def packed(addr):
    return socket.inet_pton(family_of(addr), addr).ljust(16, b"\0")


def attr(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


class Namespace:
    """A network namespace by its name; sockets in it."""

    def __init__(self, name):
        self.name = name
        self.fd = os.open("/run/netns/" + name, os.O_RDONLY)

    def run(self, function, *args):
        here = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            os.setns(self.fd, os.CLONE_NEWNET)
            return function(*args)
        finally:
            os.setns(here, os.CLONE_NEWNET)
            os.close(here)

    def socket(self, *args):
        return self.run(socket.socket, *args)

    def ifindex(self, dev):
        return self.run(socket.if_nametoindex, dev)

    def mac(self, dev):
        sock = self.socket(socket.AF_INET, socket.SOCK_DGRAM)
        request = fcntl.ioctl(sock, SIOCGIFHWADDR, struct.pack("256s", dev.encode()))
        sock.close()
        return request[18:24].hex(":")

    def close(self):
        os.close(self.fd)


class Failslab:
    """Lets allocations fail: one of a request of this process, or some of the NIC's."""
    dir = "/sys/kernel/debug/failslab/"

    def __init__(self):
        self.nth = os.open("/proc/thread-self/fail-nth", os.O_RDWR)
        self.requests = self.hits = 0
        self.kernel = 0
        self.left = 0
        # Also allocations that could wait; and no stack trace for each.
        self.set("ignore-gfp-wait", "N")
        self.set("verbose", 0)

    def set(self, name, value):
        with open(self.dir + name, "w", encoding="ascii") as file:
            file.write(str(value))

    def arm(self, n):
        self.requests += 1
        os.pwrite(self.nth, b"%d" % n, 0)

    def disarm(self):
        """Whether an allocation has failed since arm."""
        left = int(os.pread(self.nth, 16, 0))
        os.pwrite(self.nth, b"0", 0)
        self.hits += not left
        return not left

    def begin(self, filters, probability, times):
        """filters: task-filter or cache-filter, what is to be hit is marked already."""
        self.set(filters, "Y")
        self.left = times
        self.set("times", times)
        self.set("probability", probability)

    def end(self):
        self.set("probability", 0)
        if self.left:
            with open(self.dir + "times", encoding="ascii") as file:
                self.kernel += self.left - int(file.read())
        self.left = 0
        self.set("task-filter", "N")
        self.set("cache-filter", "N")


class Netlink:
    """xfrm of a namespace."""

    def __init__(self, namespace, groups=0):
        self.sock = namespace.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6)
        self.sock.bind((0, groups))
        self.sock.settimeout(60)
        self.seq = 0

    def close(self):
        self.sock.close()

    def _answer(self):
        while True:
            data = self.sock.recv(65536)
            while data:
                size, kind, _, seq, _ = struct.unpack("=IHHII", data[:16])
                if seq == self.seq:
                    yield kind, data[16:size]
                data = data[(size + 3) & ~3:]

    def request(self, kind, body, flags=0):
        """0 or the errno; of what became of it nothing is known if that is ENOBUFS."""
        self.seq += 1
        head = struct.pack("=IHHII", 16 + len(body), kind, 5 | flags, self.seq, 0)
        try:
            self.sock.send(head + body)
            for kind, data in self._answer():
                if kind == 2:
                    return -struct.unpack("=i", data[:4])[0]
        except OSError as err:
            if err.errno not in NO_MEMORY:
                raise
            return err.errno
        return 0

    def spis(self):
        """The SPIs of all states."""
        self.seq += 1
        self.sock.send(struct.pack("=IHHII", 16, GETSA, 0x301, self.seq, 0))
        found = []
        for kind, data in self._answer():
            if kind != NEWSA:
                return found
            found.append(struct.unpack(">I", data[72:76])[0])
        return found

    def expired(self):
        """(SPI, hard) of the expires that have come."""
        self.sock.settimeout(0)
        try:
            while True:
                data = self.sock.recv(65536)
                if struct.unpack("=H", data[4:6])[0] == EXPIRE:
                    data = data[16:]
                    yield struct.unpack(">I", data[72:76])[0], data[SA_INFO] != 0
        except BlockingIOError:
            pass
        except OSError as err:
            if err.errno not in NO_MEMORY:
                raise


@dataclasses.dataclass
class Sa:
    """A state, as state() makes it."""
    src: str
    dst: str
    spi: int
    reqid: int
    mode: int
    alg: str
    keys: tuple
    out: bool
    esn: bool = False
    window: int = 32
    seq: int = 0
    # UDP ports.
    encap: tuple = ()
    unspec: bool = False
    ifindex: int = 0
    # Packets: soft, hard.
    limits: tuple = (FOREVER, FOREVER)
    # Bytes: soft, hard.
    byte_limits: tuple = (FOREVER, FOREVER)
    # The direction in the offload's flag, if it is to differ from the SA's.
    inbound: bool = None
    # Packet mode.
    packet: bool = False
    # Whether XFRMA_SA_DIR is there.
    direction: bool = True
    # More attributes.
    extra: bytes = b""


def algorithm(alg, keys):
    kind, names, _, icv, _ = ALGS[alg]
    if kind == "aead":
        return attr(A_AEAD, struct.pack("=64sII", names.encode(), 8 * len(keys[0]), icv) + keys[0])
    return (attr(A_CRYPT, struct.pack("=64sI", names[0].encode(), 8 * len(keys[0])) + keys[0]) +
            attr(A_AUTH_TRUNC,
                 struct.pack("=64sII", names[1].encode(), 8 * len(keys[1]), icv) + keys[1]))


def offload(ifindex, flags):
    return attr(A_OFFLOAD, struct.pack("=iB3x", ifindex, flags))


def state(sa):
    """The body of NEWSA and UPDSA."""
    family = family_of(sa.dst)
    # With ESN an outbound state has a window, too, unless xfrm is told that it is one.
    in_window = 0 if sa.out and sa.direction else sa.window
    small = in_window <= 32 and not sa.esn
    flags = (FLAG_ESN if sa.esn else 0) | (FLAG_AF_UNSPEC if sa.unspec else 0)
    body = (bytes(56) + struct.pack(">16sIB3x", packed(sa.dst), sa.spi, ESP) + packed(sa.src) +
            struct.pack("=8Q", *sa.byte_limits, *sa.limits, *[0] * 4) + bytes(32 + 12) +
            struct.pack("=IIHBBB7x", 0, sa.reqid, family, sa.mode, in_window if small else 0,
                        flags))
    body += algorithm(sa.alg, sa.keys)
    if sa.encap:
        body += attr(A_ENCAP, struct.pack("=HHHxx16x", 2, *map(socket.htons, sa.encap)))
    if not small:
        low, high = sa.seq & 0xffffffff, sa.seq >> 32
        words = (in_window + 31) // 32
        numbers = (low, 0, high, 0) if sa.out else (0, low, 0, high)
        body += attr(A_ESN, struct.pack("=6I", words, *numbers, in_window) + bytes(4 * words))
    if sa.ifindex:
        inbound = not sa.out if sa.inbound is None else sa.inbound
        body += offload(sa.ifindex, (OFFLOAD_INBOUND if inbound else 0) |
                        (OFFLOAD_PACKET if sa.packet else 0))
    if sa.direction:
        body += attr(A_DIR, b"\2" if sa.out else b"\1")
    return body + sa.extra


def state_id(dst, spi):
    return struct.pack(">16sI", packed(dst), spi) + struct.pack("=HBx", family_of(dst), ESP)


def selector(src, dst, proto, sport, dport):
    family = family_of(dst)
    prefix = 32 if family == AF_INET else 128
    return (packed(dst) + packed(src) +
            struct.pack(">HHHH", dport, 0xffff, sport, 0xffff) +
            struct.pack("=HBBB3xiI", family, prefix, prefix, proto, 0, 0))


def policy(select, out, template, ifindex=0):
    """The body of NEWPOLICY. With a device the policy is one of packet mode."""
    return (select + struct.pack("=8Q", *[FOREVER] * 4, *[0] * 4) + bytes(32) +
            struct.pack("=IIBBBB4x", 0, 0, 1 if out else 0, 0, 0, 0) + attr(A_TMPL, template) +
            (offload(ifindex, OFFLOAD_PACKET) if ifindex else b""))


def template(src, dst, reqid, mode):
    return (struct.pack(">16sIB3x", packed(dst), 0, ESP) +
            struct.pack("=Hxx", family_of(dst)) + packed(src) +
            struct.pack("=IBBBxIII", reqid, mode, 0, 0, 2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1))


def policy_id(select, out):
    return select + struct.pack("=IB3x", 0, 1 if out else 0)
