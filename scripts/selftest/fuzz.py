#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""XFRM messages with XFRMA_OFFLOAD_DEV that are right but for a few fields, and what they do
to ov2.

fuzz.py SEED COUNT DEV OTHER...
    COUNT messages to namespace a, of what SEED says. DEV is the port of the NIC under test,
    OTHER are devices of a that take no SAs. Between the messages packets go both ways, and
    the NIC fails in one way or another.

Fails if an answer is no errno, or if ov2 has not taken an SA and does not say why. Prints
"messages N accepted N offloaded N refused N sentences N", and on lines of their own each
sentence of ov2's, without its numbers, and how often it came.
"""
import collections
import errno
import os
import random
import re
import socket
import struct
import sys
import time

from soak import net

DEBUG, SIM = "/sys/kernel/debug/ov2/", "/sys/kernel/debug/ov2sim/"
NLM_F_REQUEST, NLM_F_ACK, NLM_F_ROOT = 1, 4, 0x100
NLMSG_ERROR, ACK_TLVS, ATTR_MSG = 2, 0x200, 1
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
ALLOCSPI, NEWAE, GETAE, MIGRATE, MIGRATE_STATE = 0x16, 0x1e, 0x1f, 0x21, 0x29
UPDPOLICY, GETPOLICY, SETDEFAULT = 0x19, 0x15, 0x27
A_AUTH, A_COMP, A_LTIME, A_REPLAY, A_REPLAY_THRESH, A_ETIMER = 1, 3, 9, 10, 11, 12
A_SRCADDR, A_COADDR, A_MIGRATE, A_MARK, A_TFCPAD, A_EXTRA = 13, 14, 17, 21, 22, 24
A_SET_MARK, A_IF_ID, A_MTIMER, A_KEEPALIVE, A_PCPU = 29, 31, 32, 34, 35
A_ADDRESS_FILTER, A_PROTO, A_IPTFS = 26, 25, 36

# Errors that xfrm, its algorithms and ov2 have words for. What the kernel says to itself,
# -ERESTARTSYS and the like, is none.
SANE = {getattr(errno, name) for name in (
    "EPERM ENOENT ESRCH EIO E2BIG EAGAIN ENOMEM EACCES EBUSY EEXIST ENODEV EINVAL EFBIG ENOSPC "
    "ERANGE ENOSYS EOVERFLOW EMSGSIZE ENOPROTOOPT EPROTONOSUPPORT EOPNOTSUPP EPFNOSUPPORT "
    "EAFNOSUPPORT EADDRNOTAVAIL ENETDOWN ENETUNREACH ENOBUFS EHOSTUNREACH EALREADY "
    "ENOTUNIQ").split()}

WORDS = (0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 127, 128, 255, 256, 2048, 2049, 4095, 4096, 0x7fff,
         0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff)

# Fields of struct xfrm_usersa_info: offset, size, values that mean something.
SA_FIELDS = (
    (40, 2, (0, 2, 10, 1, 17, 0xffff)), (42, 1, WORDS), (43, 1, WORDS), (44, 1, (0, 17, 50, 255)),
    (48, 4, WORDS), (56, 16, None), (72, 4, WORDS), (76, 1, (0, 50, 51, 108, 43, 60, 255)),
    (80, 16, None), (96, 8, WORDS), (112, 8, WORDS), (128, 8, (0, 1, 2)), (136, 8, (0, 1, 2)),
    (208, 4, WORDS), (212, 2, (0, 2, 10, 1, 17, 0xffff)), (214, 1, (0, 1, 4, 6, 255)),
    (215, 1, WORDS), (216, 1, (0, 1, 2, 8, 16, 32, 64, 128, 160, 255)))


class Channel:
    """xfrm of a namespace, with the sentences that come with an answer."""

    def __init__(self, space):
        self.sock = space.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6)
        self.sock.bind((0, 0))
        self.sock.settimeout(60)
        for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK):
            self.sock.setsockopt(SOL_NETLINK, option, 1)
        self.seq = 0

    def send(self, kind, payload, flags=0, length=None):
        """The errno, what was said with it, and what came before."""
        self.seq += 1
        size = 16 + len(payload) if length is None else length
        self.sock.send(struct.pack("=IHHII", size, kind, NLM_F_REQUEST | NLM_F_ACK | flags,
                                   self.seq, 0) + payload)
        answers = []
        while True:
            data = self.sock.recv(65536)
            while len(data) >= 16:
                size, kind, flags, seq, _ = struct.unpack("=IHHII", data[:16])
                if seq == self.seq and kind == NLMSG_ERROR:
                    err = -struct.unpack("=i", data[16:20])[0]
                    return err, sentence(flags, data[36:size]), answers
                # The end of a dump.
                if seq == self.seq and kind == 3:
                    return 0, "", answers
                if seq == self.seq:
                    answers.append(data[16:size])
                data = data[(size + 3) & ~3:]


def sentence(flags, data):
    if not flags & ACK_TLVS:
        return ""
    for kind, payload in attributes(data):
        if kind == ATTR_MSG:
            return payload.rstrip(b"\0").decode()
    return ""


def attributes(data):
    """As the kernel reads them, which ignores what comes after a wrong length."""
    while len(data) >= 4:
        size, kind = struct.unpack("=HH", data[:4])
        if not 4 <= size <= len(data):
            return
        yield kind & 0x3fff, data[4:size]
        data = data[(size + 3) & ~3:]


class Message:
    """A request that can be spoilt."""

    def __init__(self, kind, body, head):
        self.kind, self.flags, self.length = kind, 0, None
        self.head = bytearray(body[:head])
        self.attrs = [[kind, data] for kind, data in attributes(body[head:])]

    def find(self, kind):
        return next((data for k, data in self.attrs if k == kind), None)

    def payload(self):
        data = bytes(self.head)
        for kind, value in self.attrs:
            # An odd length says that the attribute lies about it.
            data += value if kind is None else net.attr(kind, value)
        return data


class Fuzzer:
    """What is sent, what has come back, and the states that may be there."""

    def __init__(self, seed, dev, others):
        self.rng = random.Random(seed)
        self.dev = dev
        self.space = net.Namespace("a")
        self.far = net.Namespace("b")
        self.xfrm, self.xfrm_b = Channel(self.space), Channel(self.far)
        self.port = self.space.ifindex(dev)
        self.devices = [self.space.ifindex(name) for name in others]
        self.known = []
        self.spi = 0x2000
        self.count = collections.Counter()
        self.said = collections.Counter()
        self.answers = collections.Counter()
        self.history = collections.deque(maxlen=8)
        self.reorder = False
        self.socks = {
            end: {family: self.udp(space, family, end) for family in (4, 6)}
            for end, space in (("a", self.space), ("b", self.far))}
        self.raw = self.far.socket(socket.AF_INET, socket.SOCK_RAW, net.ESP)

    @staticmethod
    def udp(space, family, end):
        number = 1 if end == "a" else 2
        sock = space.socket(socket.AF_INET6 if family == 6 else socket.AF_INET,
                            socket.SOCK_DGRAM)
        sock.bind(("fd01::%d" % number if family == 6 else "10.1.0.%d" % number, 20000))
        sock.setblocking(False)
        return sock

    # Requests that are right.

    def new_sa(self, out=None):
        rng = self.rng
        v6 = rng.random() < 0.3
        src, dst = ("fd01::1", "fd01::2") if v6 else ("10.1.0.1", "10.1.0.2")
        out = rng.random() < 0.5 if out is None else out
        if not out:
            src, dst = dst, src
        alg = rng.choice(list(net.ALGS))
        self.spi += 1
        return net.Sa(
            src=src, dst=dst, spi=self.spi, reqid=rng.randrange(4), mode=rng.randrange(2),
            alg=alg, keys=net.new_keys(alg, rng), out=out, esn=rng.random() < 0.3,
            window=rng.choice((32, 32, 64, 2048)), seq=rng.choice((0, 0, 5, 0xfffffff0)),
            encap=(4500, 4500) if rng.random() < 0.2 else (),
            ifindex=self.port if rng.random() < 0.85 else rng.choice(self.devices))

    def refused_sa(self):
        """What xfrm takes, and ov2 does not."""
        rng = self.rng
        sa = self.new_sa()
        sa.ifindex, sa.esn, sa.encap = self.port, False, ()
        message = self.sa_message(net.NEWSA, sa)
        sha1 = (net.A_AUTH_TRUNC, b"hmac(sha1)", 20, 96)
        null = (net.A_CRYPT, b"ecb(cipher_null)", 0, None)
        algs = rng.choice((
            None, None, None,
            [(net.A_AEAD, b"rfc4309(ccm(aes))", 19, 128)],
            [(net.A_CRYPT, b"cbc(des3_ede)", 24, None), sha1],
            [null, (net.A_AUTH_TRUNC, b"hmac(md5)", 16, 96)],
            [null, (net.A_AUTH_TRUNC, b"hmac(sha1)", 20, 64)],
            [null, (net.A_AUTH_TRUNC, b"hmac(sha1)", 16, 96)],
            [null, (net.A_AUTH_TRUNC, b"hmac(sha512)", 200, 256)],
            [(net.A_CRYPT, b"cbc(aes)", 16, None)]))
        if algs:
            message.attrs = [attr for attr in message.attrs
                             if attr[0] not in (net.A_AEAD, net.A_CRYPT, net.A_AUTH_TRUNC)]
            message.attrs += [self.key(*alg) for alg in algs]
            return message
        what = rng.randrange(6)
        if what == 0:
            message.head[214] = 4  # BEET
        elif what == 1:
            message.attrs.append([A_MARK, struct.pack("=II", 1, 1)])
        elif what == 2:
            message.head[215], message.head[216] = 0, net.FLAG_ESN
            message.attrs.append([net.A_ESN, struct.pack("=6I", 128, 0, 0, 0, 0, 4096) +
                                  bytes(512)])
        elif what == 3:
            message.attrs.append([net.A_ENCAP, struct.pack(
                "=HHHxx16x", rng.choice((2, 7)), *[socket.htons(4500)] * 2)])
        elif what == 4:
            message.attrs.append([A_EXTRA, struct.pack("=I", 2)])
        else:
            message.attrs = [attr for attr in message.attrs if attr[0] != net.A_OFFLOAD]
            message.attrs.append([net.A_OFFLOAD, struct.pack(
                "=iB3x", self.port, 4 if sa.out else 6)])
        return message

    def key(self, kind, name, size, icv):
        head = struct.pack("=64sI", name, 8 * size)
        return [kind, head + (b"" if icv is None else struct.pack("=I", icv)) +
                self.rng.randbytes(size)]

    def some_sa(self):
        return self.rng.choice(self.known) if self.known else self.new_sa()

    def sa_message(self, kind, sa):
        return Message(kind, net.state(sa), net.SA_INFO)

    def message(self):
        rng = self.rng
        kind = rng.choices(
            (net.NEWSA, net.UPDSA, net.DELSA, net.GETSA, net.EXPIRE, NEWAE, GETAE, ALLOCSPI,
             MIGRATE, MIGRATE_STATE, net.NEWPOLICY, UPDPOLICY, net.DELPOLICY, net.FLUSHSA,
             net.FLUSHPOLICY, SETDEFAULT),
            (50, 10, 9, 3, 4, 5, 3, 3, 4, 4, 5, 2, 2, 0.4, 0.4, 0.2))[0]
        sa = self.some_sa()
        name = net.state_id(sa.dst, sa.spi)
        if kind == net.NEWSA:
            return self.refused_sa() if rng.random() < 0.15 else \
                self.sa_message(kind, self.new_sa())
        if kind == net.UPDSA:
            return self.sa_message(kind, sa)
        if kind in (net.DELSA, net.GETSA):
            return Message(kind, name, len(name))
        if kind == net.EXPIRE:
            return Message(kind, net.state(sa)[:net.SA_INFO] +
                           struct.pack("=B7x", rng.randrange(2)), net.SA_INFO + 8)
        if kind == ALLOCSPI:
            return Message(kind, net.state(sa)[:net.SA_INFO] +
                           struct.pack("=II", 0x100, 0x10ff), net.SA_INFO + 8)
        if kind in (NEWAE, GETAE):
            return self.event(kind, sa, name)
        if kind in (MIGRATE, MIGRATE_STATE):
            return self.migration(kind, sa, name)
        if kind in (net.NEWPOLICY, UPDPOLICY, net.DELPOLICY):
            return self.policy(kind, sa)
        if kind in (net.FLUSHSA, net.FLUSHPOLICY):
            return Message(kind, b"\0" * 4, 4)
        return Message(kind, struct.pack("=BBBx", 2, 2, 2), 4)

    def event(self, kind, sa, name):
        body = name + net.packed(sa.src) + struct.pack("=II", self.rng.choice((0, 1, 2, 4, 8)),
                                                       sa.reqid)
        message = Message(kind, body, len(body))
        # XFRM_MSG_NEWAE has to replace.
        message.flags = 0x100 if kind == NEWAE else 0
        if kind == NEWAE:
            message.attrs.append(self.replay(sa.esn))
        return message

    def replay(self, esn):
        rng = self.rng
        if not esn:
            return [A_REPLAY, struct.pack("=III", *(rng.choice(WORDS) for _ in range(3)))]
        words = rng.choice((1, 2, 64, 128))
        return [net.A_ESN, struct.pack("=6I", words, *(rng.choice(WORDS) for _ in range(4)),
                                       rng.choice((32 * words, 32, 1))) + bytes(4 * words)]

    def migration(self, kind, sa, name):
        here = net.family_of(sa.dst)
        if kind == MIGRATE_STATE:
            body = (name + net.packed(sa.dst) + net.packed(sa.src) + bytes(8) + bytes(56) +
                    struct.pack("=IIHH", sa.reqid, self.rng.randrange(4), here, 0))
            message = Message(kind, body, len(body))
        else:
            select = net.selector(sa.src, sa.dst, 17, 20000, 7)
            body = net.policy_id(select, sa.out)
            message = Message(kind, body, len(body))
            message.attrs.append([A_MIGRATE, (
                net.packed(sa.dst) + net.packed(sa.src) + net.packed(sa.dst) +
                net.packed(sa.src) + struct.pack("=BBHIHH", net.ESP, sa.mode, 0, sa.reqid,
                                                 here, here))])
        if self.rng.random() < 0.5:
            message.attrs.append(self.offload())
        return message

    def policy(self, kind, sa):
        select = net.selector(sa.src, sa.dst, 17, 20000, 20000)
        if kind == net.DELPOLICY:
            body = net.policy_id(select, sa.out)
            return Message(kind, body, len(body))
        body = net.policy(select, sa.out, net.template(sa.src, sa.dst, sa.reqid, sa.mode))
        return Message(kind, body, 168)

    # What is wrong with them.

    def offload(self):
        rng = self.rng
        index = rng.choice([self.port] * 3 + self.devices + [0, -1, 9999, 0x7fffffff])
        return [net.A_OFFLOAD, struct.pack("=iB3x", index, rng.choice((0, 1, 2, 3, 4, 6, 8, 255)))]

    def algorithm(self):
        rng = self.rng
        name = rng.choice((b"rfc4106(gcm(aes))", b"rfc4309(ccm(aes))", b"hmac(md5)", b"hmac(sha1)",
                           b"cbc(aes)", b"cbc(des3_ede)", b"ecb(cipher_null)", b"", b"\xff" * 64,
                           b"rfc7539esp(chacha20,poly1305)", b"deflate", b"cmac(aes)"))
        key = rng.randbytes(rng.choice((0, 1, 16, 20, 24, 32, 36, 64, 128, 512)))
        bits = rng.choice((len(key) * 8, 0, 7, 4096, 0xffffffff))
        kind = rng.choice((A_AUTH, net.A_CRYPT, A_COMP, net.A_AEAD, net.A_AUTH_TRUNC))
        if kind in (net.A_AEAD, net.A_AUTH_TRUNC):
            return [kind, struct.pack("=64sII", name, bits, rng.choice(WORDS)) + key]
        return [kind, struct.pack("=64sI", name, bits) + key]

    def extra(self):
        rng = self.rng
        word = struct.pack("=I", rng.choice(WORDS))
        return rng.choice((
            self.offload, self.algorithm, lambda: self.replay(rng.random() < 0.8),
            lambda: [net.A_ENCAP, struct.pack("=HHHxx16x", rng.choice((0, 1, 2, 3, 7, 255)),
                                              rng.choice(WORDS) & 0xffff, socket.htons(4500))],
            lambda: [A_MARK, word + struct.pack("=I", rng.choice(WORDS))],
            lambda: [rng.choice((A_TFCPAD, A_EXTRA, A_SET_MARK, A_SET_MARK + 1, A_IF_ID, A_MTIMER,
                                 A_KEEPALIVE, A_PCPU, A_ETIMER, A_REPLAY_THRESH)), word],
            lambda: [rng.choice((A_SRCADDR, A_COADDR)), rng.randbytes(16)],
            lambda: [net.A_DIR, bytes([rng.choice((0, 1, 2, 3, 255))])],
            lambda: [A_LTIME, rng.randbytes(32)],
            lambda: [A_ADDRESS_FILTER, rng.randbytes(36)],
            lambda: [A_IPTFS + rng.randrange(8), word],
            lambda: [rng.randrange(64), rng.randbytes(rng.randrange(80))]))()

    def spoil_head(self, message):
        rng = self.rng
        if len(message.head) >= net.SA_INFO and rng.random() < 0.8:
            offset, size, values = rng.choice(SA_FIELDS)
            value = rng.randbytes(size) if values is None else \
                (rng.choice(values) & ((1 << 8 * size) - 1)).to_bytes(
                    size, rng.choice(("little", "big")))
            message.head[offset:offset + size] = value
        elif message.head:
            message.head[rng.randrange(len(message.head))] ^= 1 << rng.randrange(8)

    def spoil_attr(self, message):
        rng = self.rng
        if not message.attrs:
            message.attrs.append(self.extra())
            return
        i = rng.randrange(len(message.attrs))
        kind, value = message.attrs[i]
        what = rng.randrange(8)
        if what == 0:
            del message.attrs[i]
        elif what == 1:
            message.attrs.insert(rng.randrange(len(message.attrs) + 1), [kind, value])
        elif what == 2:
            message.attrs[i] = [kind, value[:rng.randrange(len(value) + 1)]]
        elif what == 3:
            message.attrs[i] = [kind, value + rng.randbytes(rng.choice((1, 4, 64, 3000)))]
        elif what == 4 and value:
            spoilt = bytearray(value)
            spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
            message.attrs[i] = [kind, bytes(spoilt)]
        elif what == 5 and value and kind is not None:
            # Its header promises more or less than there is.
            size = rng.choice((0, 3, 4, 5, len(value), len(value) + 8, 0xffff))
            message.attrs[i] = [None, struct.pack("=HH", size, kind) + value +
                                bytes(-len(value) % 4)]
        elif what == 6 and kind is not None:
            message.attrs[i] = [rng.choice((kind ^ 1, kind | 0x8000, rng.randrange(64))), value]
        else:
            rng.shuffle(message.attrs)

    def spoil(self, message):
        rng = self.rng
        for _ in range(rng.choice((0, 0, 1, 1, 1, 2, 3, 6))):
            what = rng.random()
            if what < 0.35:
                self.spoil_head(message)
            elif what < 0.65:
                self.spoil_attr(message)
            elif what < 0.95:
                message.attrs.append(self.extra())
            elif what < 0.97:
                message.flags = rng.choice((0x100, 0x200, 0x400, 0x800))
            elif what < 0.98:
                message.kind = rng.randrange(0x10, 0x2a)
            else:
                message.head = message.head[:rng.randrange(len(message.head) + 1)]
        # The kernel takes ESP in the modes route optimization and in-trigger, and warns of it
        # (xfrm_state_mtu()) when output uses such a state, without an offload as well.
        if len(message.head) >= net.SA_INFO and message.head[214] in (2, 3, 5):
            message.head[214] = 255

    # What comes back.

    def fail(self, text):
        for line in self.history:
            print("before:", line, file=sys.stderr)
        sys.exit(text)

    def judge(self, message, payload, err, text):
        self.count["messages"] += 1
        self.answers[errno.errorcode.get(err, str(err))] += 1
        if err and err not in SANE and not (err == errno.ETIMEDOUT and self.reorder):
            self.fail("message %d, kind %#x: answer %d '%s'" % (
                self.count["messages"], message.kind, err, text))
        if text.startswith("ov2"):
            if text.endswith(".") or not text.isascii():
                self.fail("a sentence of ov2's: '%s'" % text)
            said = re.sub(r"(algorithm|generator) .{1,64} (is|cannot)", r"\1 X \2", text[5:])
            self.said[re.sub(r"[0-9]+", "N", said)] += 1
        if err:
            self.count["refused"] += 1
            return
        self.count["accepted"] += 1
        if message.kind in (net.NEWSA, net.UPDSA):
            self.taken(payload, message.kind, text)

    def asks_port(self, attrs):
        """Is the port under test to have the state?"""
        return struct.unpack("=i", attrs.get(net.A_OFFLOAD, bytes(4))[:4])[0] == self.port

    def taken(self, payload, kind, text):
        """ov2 has the state, or has said why not."""
        asked = dict(attributes(payload[net.SA_INFO:]))
        name = payload[56:76] + payload[212:214] + payload[76:77] + b"\0"
        mark = net.attr(A_MARK, asked[A_MARK]) if A_MARK in asked else b""
        err, _, found = self.xfrm.send(net.GETSA, name + mark)
        if err or not found:
            return
        if self.asks_port(dict(attributes(found[0][net.SA_INFO:]))):
            self.count["offloaded"] += 1
        elif kind == net.NEWSA and self.asks_port(asked) and not text.startswith("ov2"):
            self.fail("message %d: an SA is not offloaded, and ov2 said '%s'" % (
                self.count["messages"], text))

    # What goes on meanwhile.

    def packets(self):
        rng = self.rng
        for end, number in (("a", 2), ("b", 1)):
            for family, sock in self.socks[end].items():
                try:
                    sock.sendto(rng.randbytes(rng.choice((1, 100, 1400, 4000))), (
                        "fd01::%d" % number if family == 6 else "10.1.0.%d" % number, 20000))
                    while sock.recv(65536):
                        pass
                except OSError:
                    pass
        sa = self.some_sa()
        try:
            self.raw.sendto(struct.pack(">II", sa.spi, rng.randrange(1, 200)) +
                            rng.randbytes(rng.randrange(100)), ("10.1.0.1", 0))
        except OSError:
            pass

    def fault(self):
        """One fault at a time; most of the time none."""
        rng = self.rng
        knobs = ("refuse_nth", "nomem", "delay_ms", "reorder", "corrupt_rx")
        for knob in knobs + ("delete_req_all",):
            self.write("faults/" + knob, 0)
        what = rng.randrange(10)
        # The NIC holds a request until another follows, which an add that xfrm waits for does not.
        self.reorder = what < len(knobs) and knobs[what] == "reorder"
        if what < len(knobs):
            self.write("faults/" + knobs[what], rng.choice((1, 2, 3)))
        elif what == 5:
            self.write("crash", 1)
            self.count["crashes"] += 1
        # No SA comes in for ten seconds.
        elif what == 6 and rng.random() < 0.05:
            self.write("faults/delete_req_all", 1)

    def write(self, name, value):
        with open("%s%s/%s" % (SIM, self.dev, name), "w", encoding="ascii") as file:
            file.write(str(value))

    def far_end(self, message, sa_out):
        """Software there has the same state, so that some packets come through."""
        head = bytes(message.head)
        body = head + b"".join(net.attr(kind, value) for kind, value in message.attrs
                               if kind not in (None, net.A_OFFLOAD, net.A_DIR))
        self.xfrm_b.send(net.NEWSA, body + net.attr(net.A_DIR, b"\1" if sa_out else b"\2"))

    def step(self):
        message = self.message()
        good = message.payload()
        self.spoil(message)
        payload = message.payload()
        self.history.append("%#x %s" % (message.kind, payload.hex()))
        err, text, _ = self.xfrm.send(message.kind, payload, message.flags, message.length)
        self.judge(message, payload, err, text)
        if not err and message.kind == net.NEWSA and len(message.head) == net.SA_INFO:
            self.remember(message)
            if payload == good:
                self.far_end(message, message.find(net.A_DIR) == b"\2")

    def remember(self, message):
        head = bytes(message.head)
        family = socket.AF_INET6 if head[212:214] == b"\n\0" else socket.AF_INET
        size = 16 if family == socket.AF_INET6 else 4
        sa = self.new_sa()
        sa.dst = socket.inet_ntop(family, head[56:56 + size])
        sa.src = socket.inet_ntop(family, head[80:80 + size])
        sa.spi, sa.reqid = struct.unpack(">I", head[72:76])[0], struct.unpack("=I", head[208:212])[0]
        sa.mode, sa.esn = head[214], bool(head[216] & net.FLAG_ESN)
        self.known.append(sa)
        if len(self.known) > 400:
            del self.known[self.rng.randrange(400)]

    def flush(self):
        for xfrm in (self.xfrm, self.xfrm_b):
            xfrm.send(SETDEFAULT, struct.pack("=BBBx", 2, 2, 2))
            for kind in (net.FLUSHSA, net.FLUSHPOLICY):
                err, text, _ = xfrm.send(kind, b"\0" * 4)
                if err not in (0, errno.ESRCH):
                    self.fail("flush: %d %s" % (err, text))
        self.known.clear()

    def run(self, count):
        for i in range(count):
            self.step()
            if i % 8 == 0:
                self.packets()
            if i % 64 == 63:
                self.fault()
            # So many at once that the table is full for a while.
            if i % 1500 == 1499:
                self.flush()
        for knob in os.listdir("%s%s/faults" % (SIM, self.dev)):
            self.write("faults/" + knob, 0)
        self.flush()


def main():
    seed, count, dev, *others = sys.argv[1:]
    fuzzer = Fuzzer(int(seed), dev, others)
    start = time.monotonic()
    fuzzer.run(int(count))
    names = ("messages", "accepted", "refused", "offloaded", "crashes")
    print(*("%s %d" % (name, fuzzer.count[name]) for name in names),
          "sentences %d" % len(fuzzer.said), "seconds %d" % (time.monotonic() - start))
    for text, times in fuzzer.said.most_common():
        print("%6d %s" % (times, text))
    print("answers:", dict(fuzzer.answers.most_common()))


if __name__ == "__main__":
    main()
