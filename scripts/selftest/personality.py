#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a NIC with a personality answers to states and policies, for personality.sh.

personality.py states|policies|tables PERSONALITY DEV
    Sends the rows below to namespace a; DEV is the port there. Prints the rows that were
    answered otherwise, and at the end how many rows there are. An answer is
      offloaded             accepted, and the NIC has the SA
      shown                 accepted, xfrm shows the offload, and the NIC has no SA
      software SENTENCE     accepted with a warning, in software
      ERRNO SENTENCE        refused
"""
import errno
import struct
import sys
import time

from diff import xfrm
from fuzz import Channel
from soak import net

CORE, SIM = "/sys/kernel/debug/ov2/", "/sys/kernel/debug/ov2sim/"
BEET, OUT, IN = 4, True, False
TCP = 7
GETPOLICY, POLICY_INFO, LOWEST = 0x15, 168, 0xffffffff
DUMP = 0x300

net.ALGS.update({
    "ccm": ("aead", "rfc4309(ccm(aes))", 19, 128, 8),
    "cbc-md5": ("pair", ("cbc(aes)", "hmac(md5)"), (16, 16), 96, 16),
    "3des-sha1": ("pair", ("cbc(des3_ede)", "hmac(sha1)"), (24, 20), 96, 8),
    "sha1-160": ("pair", ("cbc(aes)", "hmac(sha1)"), (16, 20), 160, 16),
    "sha1-80": ("pair", ("cbc(aes)", "hmac(sha1)"), (16, 20), 80, 16),
    "sha384-96": ("pair", ("cbc(aes)", "hmac(sha384)"), (16, 48), 96, 16),
    "sha512-key72": ("pair", ("cbc(aes)", "hmac(sha512)"), (16, 72), 256, 16),
    "sha256-key16": ("pair", ("cbc(aes)", "hmac(sha256)"), (16, 16), 128, 16),
})

ESN = dict(esn=True, window=64)
UDP = dict(encap=(4500, 4500))
TUNNEL = dict(mode=net.TUNNEL)
BEET_MODE = dict(mode=BEET)
PACKET = dict(packet=True)
NO_ESN = "EINVAL Device doesn't support offload with ESN"

# personality: rows of direction, fields of net.Sa and what is below in state_of(), answer
STATES = {
    "none": (
        (OUT, {}, "offloaded"), (IN, ESN, "offloaded"), (OUT, PACKET, "offloaded"),
        (IN, dict(PACKET, window=4096, esn=True), "offloaded"),
        (OUT, dict(alg="ccm"), "software Cannot offload algorithm rfc4309(ccm(aes))"),
        (OUT, BEET_MODE, "software Only transport and tunnel xfrm states may be offloaded")),
    "ixgbe": (
        (OUT, {}, "offloaded"), (IN, {}, "offloaded"), (IN, dict(v6=True), "offloaded"),
        (OUT, UDP, "offloaded"), (OUT, dict(upper=1), "offloaded"),
        (OUT, TUNNEL, "EINVAL ixgbe: Unsupported mode for ipsec offload"),
        (IN, dict(TUNNEL, alg="chapoly"), "EINVAL ixgbe: Unsupported mode for ipsec offload"),
        (OUT, BEET_MODE, "EINVAL ixgbe: Unsupported mode for ipsec offload"),
        (OUT, PACKET, "EINVAL ixgbe: Unsupported ipsec offload type"),
        (IN, dict(ESN, packet=True), "EINVAL ixgbe: Unsupported ipsec offload type"),
        (OUT, dict(alg="gcm256-128"), "EINVAL ixgbe: Failed to get key data for Tx SA table"),
        (IN, dict(alg="gcm192-128"), "EINVAL ixgbe: Failed to get key data for Rx SA table"),
        (IN, dict(alg="gcm128-96"), "EINVAL ixgbe: Failed to get key data for Rx SA table"),
        (OUT, dict(alg="gmac128"), "EINVAL ixgbe: Failed to get key data for Tx SA table"),
        (OUT, dict(alg="cbc128-sha1"), "EINVAL ixgbe: Failed to get key data for Tx SA table"),
        (IN, ESN, NO_ESN), (OUT, ESN, NO_ESN)),
    "mlx5-crypto": (
        (OUT, {}, "offloaded"), (IN, TUNNEL, "offloaded"), (IN, ESN, "offloaded"),
        (OUT, dict(ESN, alg="gcm256-128"), "offloaded"),
        (IN, dict(esn=True, window=4096), "offloaded"),
        (OUT, dict(upper=17, v6=True), "offloaded"), (OUT, dict(reqid=0), "offloaded"),
        (OUT, dict(alg="cbc128-sha256"),
         "EINVAL mlx5_core: Cannot offload authenticated xfrm states"),
        (OUT, dict(alg="gcm128-96"),
         "EINVAL mlx5_core: Only AES-GCM-ICV16 xfrm state may be offloaded"),
        (IN, dict(alg="chapoly"),
         "EINVAL mlx5_core: Only AES-GCM-ICV16 xfrm state may be offloaded"),
        (OUT, dict(alg="gmac128"),
         "EINVAL mlx5_core: Only AES-GCM-ICV16 xfrm state may be offloaded"),
        (OUT, UDP, "EINVAL mlx5_core: Encapsulation is not supported"),
        (OUT, dict(alg="gcm192-128"), "EINVAL mlx5_core: Cannot offload xfrm states with AEAD "
                                      "key length other than 128/256 bit"),
        (OUT, dict(upper=1),
         "EINVAL mlx5_core: Device does not support upper protocol other than TCP/UDP"),
        (OUT, BEET_MODE,
         "EINVAL mlx5_core: Only transport and tunnel xfrm states may be offloaded"),
        (OUT, PACKET, "EINVAL mlx5_core: Packet offload is not supported")),
    "mlx5-packet": (
        (OUT, {}, "offloaded"), (IN, dict(esn=True, window=1024), "offloaded"),
        (OUT, PACKET, "offloaded"), (IN, dict(TUNNEL, packet=True), "offloaded"),
        (IN, dict(PACKET, esn=True, window=256), "offloaded"),
        (OUT, dict(PACKET, encap=(4500, 4500)), "offloaded"),
        (IN, dict(PACKET, encap=(4500, 4500), v6=True), "offloaded"),
        (IN, dict(PACKET, esn=True, window=512),
         "EINVAL mlx5_core: Unsupported replay window size"),
        (IN, dict(PACKET, window=96), "EINVAL mlx5_core: Unsupported replay window size"),
        (OUT, UDP, "EINVAL mlx5_core: Encapsulation is supported in packet offload mode only"),
        (OUT, dict(PACKET, encap=(4500, 4500), mode=net.TUNNEL),
         "EINVAL mlx5_core: Encapsulation is supported in transport mode only"),
        (OUT, dict(PACKET, tcp=True),
         "EINVAL mlx5_core: Encapsulation other than UDP is not supported"),
        (OUT, dict(PACKET, reqid=0), "EINVAL mlx5_core: Cannot offload without reqid"),
        (OUT, dict(PACKET, byte_limits=(200, 100)),
         "EINVAL mlx5_core: Hard byte limit must be greater than soft one"),
        (OUT, dict(PACKET, byte_limits=(0, net.FOREVER)),
         "EINVAL mlx5_core: Soft/hard byte limits can't be 0"),
        (OUT, dict(PACKET, limits=(100, 100)),
         "EINVAL mlx5_core: Hard packet limit must be greater than soft one"),
        (OUT, dict(PACKET, limits=(0, net.FOREVER)),
         "EINVAL mlx5_core: Soft/hard packet limits can't be 0"),
        (OUT, dict(limits=(100, 100)), "offloaded")),
    "nfp": (
        (OUT, {}, "offloaded"), (IN, TUNNEL, "offloaded"), (OUT, UDP, "offloaded"),
        (OUT, dict(alg="gcm192-128"), "offloaded"), (IN, dict(alg="gmac256"), "offloaded"),
        (IN, dict(alg="chapoly"), "offloaded"), (OUT, dict(alg="null-sha256"), "offloaded"),
        (OUT, dict(alg="cbc256-sha512"), "offloaded"), (OUT, dict(alg="sha384-96"), "offloaded"),
        (IN, dict(alg="sha256-key16"), "offloaded"),
        (OUT, dict(alg="sha1-80"),
         "software An ICV of 80 bits is not supported by the NIC for this algorithm"),
        (OUT, BEET_MODE, "EINVAL nfp: Unsupported mode for xfrm offload"),
        (OUT, PACKET, "EINVAL nfp: Unsupported xfrm offload type"),
        (IN, dict(ESN, packet=True),
         "EINVAL nfp: Unsupported XFRM_REPLAY_MODE_ESN for xfrm offload"),
        (OUT, dict(alg="cbc-md5"), "EINVAL nfp: Unsupported authentication algorithm"),
        (OUT, dict(alg="sha1-160"),
         "EINVAL nfp: Unsupported authentication algorithm trunc length"),
        (OUT, dict(alg="sha512-key72"), "EINVAL nfp: Insufficient space for offloaded auth key"),
        (OUT, dict(alg="3des-sha1"), "EINVAL nfp: Unsupported encryption algorithm for offload"),
        (IN, dict(alg="gcm128-96"), "EINVAL nfp: Unsupported encryption algorithm for offload"),
        (IN, dict(alg="ccm"), "EINVAL nfp: Unsupported encryption algorithm for offload"),
        (IN, ESN, NO_ESN)),
    "chelsio": (
        (OUT, {}, "offloaded"), (OUT, dict(ESN, mode=net.TUNNEL), "offloaded"),
        (OUT, dict(alg="gcm256-96"), "offloaded"), (IN, {}, "shown"), (IN, ESN, "shown"),
        (OUT, dict(alg="gmac256"), "software The encryption algorithm is not supported by the NIC"),
        (OUT, dict(alg="cbc128-sha256"),
         "EINVAL ch_ipsec: Cannot offload authenticated xfrm states"),
        (OUT, BEET_MODE, "EINVAL ch_ipsec: Only transport and tunnel xfrm offload"),
        (IN, UDP, "EINVAL ch_ipsec: Encapsulated xfrm state not offloaded"),
        (IN, dict(alg="gcm128-64"), "EINVAL ch_ipsec: Cannot offload xfrm states with AEAD ICV "
                                    "length other than 96b & 128b"),
        (OUT, dict(alg="gcm192-128"), "EINVAL ch_ipsec: cannot offload xfrm states with AEAD key "
                                      "length other than 128/256 bit"),
        (OUT, PACKET, "EINVAL ch_ipsec: Unsupported xfrm offload")),
    "netdevsim": (
        (OUT, {}, "offloaded"), (IN, dict(TUNNEL, alg="gcm256-128"), "offloaded"),
        (IN, UDP, "offloaded"),
        (OUT, BEET_MODE, "software Only transport and tunnel xfrm states may be offloaded"),
        (OUT, PACKET, "EINVAL netdevsim: Unsupported ipsec offload type"),
        (OUT, dict(alg="gcm128-96"), "EINVAL netdevsim: Failed to get key data for SA table"),
        (IN, dict(alg="chapoly"), "EINVAL netdevsim: Failed to get key data for SA table"),
        (IN, dict(alg="null-sha1"), "EINVAL netdevsim: Failed to get key data for SA table"),
        (IN, ESN, NO_ESN)),
}

NO_POLICIES = (("out", {}, "EINVAL Policy offload is not supported"),
               ("in", {}, "EINVAL Policy offload is not supported"))
# personality: rows of direction, what is below in policy_of(), answer
POLICIES = {
    "none": (("out", {}, "shown"), ("in", {}, "accepted"), ("fwd", {}, "accepted"),
             ("out", dict(priority=LOWEST), "shown"), ("out", dict(upper=1), "shown")),
    "ixgbe": NO_POLICIES, "nfp": NO_POLICIES, "chelsio": NO_POLICIES, "netdevsim": NO_POLICIES,
    "mlx5-crypto": (
        ("out", {}, "EINVAL mlx5_core: Packet offload is not supported"),
        ("out", dict(priority=5), "EINVAL mlx5_core: Device does not support policy priority"),
        ("fwd", {}, "EINVAL mlx5_core: Cannot offload forward policy")),
    "mlx5-packet": (
        ("out", {}, "shown"), ("out", dict(priority=5, upper=6), "shown"), ("in", {}, "accepted"),
        ("fwd", {}, "EINVAL mlx5_core: Cannot offload forward policy"),
        ("out", dict(templates=2), "EINVAL mlx5_core: Cannot offload more than one template"),
        ("out", dict(reqid=0, everything=True),
         "EINVAL mlx5_core: Unsupported policy with reqid 0 without at least one of upper "
         "protocol or ip addr(s) different than 0"),
        ("out", dict(reqid=0), "shown"),
        ("out", dict(upper=1),
         "EINVAL mlx5_core: Device does not support upper protocol other than TCP/UDP"),
        ("out", dict(priority=LOWEST),
         "EINVAL mlx5_core: Device does not support requested policy priority")),
}

# personality: rows of direction, how many, field that differs, answer of one more, and what is
# accepted all the same
TABLES = {
    "ixgbe": ((IN, 128, "address", "ENOSPC ixgbe: No space for SA in Rx IP SA table", OUT),
              (IN, 1024, "spi", "ENOSPC ixgbe: No space for SA in Rx table!", OUT),
              (OUT, 1024, "spi", "ENOSPC ixgbe: No space for SA in Tx table", IN)),
    "netdevsim": ((OUT, 33, "spi", "ENOSPC netdevsim: No space for SA in Rx table!", None),),
    # The admin has made the table smaller.
    "nfp": ((IN, 40, "spi", "EBUSY nfp: Unable to get sa_data number for IPsec", None),),
}


class Bench:
    """Namespace a, the port in it and its NIC."""

    def __init__(self, dev):
        self.space = net.Namespace("a")
        self.xfrm = Channel(self.space)
        self.ifindex = self.space.ifindex(dev)
        self.dev = dev
        self.failed = self.rows = 0

    def state_of(self, out, fields, spi=0x77, dst=""):
        fields = {"alg": "gcm128-128", "mode": net.TRANSPORT, "reqid": 1, **fields}
        v6, upper, tcp = (fields.pop(name, 0) for name in ("v6", "upper", "tcp"))
        ends = ("fd01::1", "fd01::2") if v6 else ("10.1.0.1", "10.1.0.2")
        keys = net.ALGS[fields["alg"]][2]
        sa = net.Sa(src=ends[not out], dst=dst or ends[out], spi=spi, out=out,
                    ifindex=self.ifindex, keys=tuple(bytes(range(1, n + 1)) for n in (
                        (keys,) if isinstance(keys, int) else keys)), **fields)
        if tcp:
            sa.extra = net.attr(net.A_ENCAP, struct.pack("=HHHxx16x", TCP, 0x9411, 0x9411))
        body = bytearray(net.state(sa))
        # The selector names the family if it names the protocol.
        if upper:
            body[40:42] = struct.pack("=H", net.family_of(ends[0]))
            body[44] = upper
        return bytes(body)

    def table(self):
        with open(SIM + self.dev + "/sas", encoding="ascii") as file:
            return int(file.readline().split()[1])

    def wait(self, number):
        end = time.monotonic() + 60
        while self.table() != number and time.monotonic() < end:
            time.sleep(0.005)
        return self.table() == number

    def core_is_empty(self):
        with open(CORE + self.dev + "/sas", encoding="ascii") as file:
            return len(file.readlines()) == 1

    def flush(self):
        self.xfrm.send(net.FLUSHSA, b"\0")
        self.xfrm.send(net.FLUSHPOLICY, b"")
        end = time.monotonic() + 60
        while not (self.table() == 0 and self.core_is_empty()):
            if time.monotonic() > end:
                sys.exit("SAs are left in the NIC")
            time.sleep(0.005)

    def shown(self, found):
        """Whether what a dump has found is offloaded, as xfrm says."""
        return any(kind == net.A_OFFLOAD for kind, _ in xfrm.attributes(found))

    def dump(self, kind, head):
        _, _, found = self.xfrm.send(kind, b"", DUMP)
        return found[0][head:] if found else b""

    def answer(self, body):
        err, said, _ = self.xfrm.send(net.NEWSA, body)
        said = said.removeprefix("ov2: ")
        if err:
            return "%s %s" % (errno.errorcode[err], said)
        if not self.shown(self.dump(net.GETSA, net.SA_INFO)):
            return "software " + said
        if said:
            return "offloaded, but: " + said
        if self.core_is_empty():
            return "shown"
        return "offloaded" if self.wait(1) else "not in the NIC"

    def check(self, what, is_, should):
        self.rows += 1
        if is_ != should:
            self.failed += 1
            print("%s: is '%s', should be '%s'" % (what, is_, should))

    def states(self, rows):
        for out, fields, should in rows:
            self.check("%s %s" % ("out" if out else "in", fields),
                       self.answer(self.state_of(out, fields)), should)
            self.flush()

    def policy_of(self, way, priority=0, upper=0, templates=1, reqid=1, everything=False):
        ends = ("10.1.0.1", "10.1.0.2") if way == "out" else ("10.1.0.2", "10.1.0.1")
        select = (xfrm.any_selector(net.AF_INET) if everything else
                  xfrm.any_selector(net.AF_INET, *ends, bits=32, proto=upper))
        return xfrm.policy(select, way, priority,
                           net.template(*ends, reqid, net.TRANSPORT) * templates,
                           net.offload(self.ifindex, net.OFFLOAD_PACKET))

    def policies(self, rows):
        for way, fields, should in rows:
            err, said, _ = self.xfrm.send(net.NEWPOLICY, self.policy_of(way, **fields))
            if err:
                is_ = "%s %s" % (errno.errorcode[err], said)
            else:
                found = self.dump(GETPOLICY, POLICY_INFO)
                is_ = "shown" if self.shown(found) else "accepted"
            self.check("policy %s %s" % (way, fields), is_, should)
            self.flush()

    def add(self, what, body, should=""):
        err, said, _ = self.xfrm.send(net.NEWSA, body)
        self.check(what, ("%s %s" % (errno.errorcode[err], said)) if err else said, should)

    def tables(self, rows):
        for out, number, field, should, other in rows:
            for i in range(number):
                self.add("SA %d" % i, self.one_of(out, field, i))
            # An SA that is on its way does not count for addresses.
            self.check("all in the NIC", self.wait(number), True)
            self.add("one more than %d" % number, self.one_of(out, field, number), should)
            if field == "address":
                self.add("another for an address", self.state_of(out, {}, 1, "10.1.1.0"))
            if other is not None:
                self.add("of the other direction", self.state_of(other, {}))
            self.flush()

    def one_of(self, out, field, i):
        dst = "10.1.%d.%d" % divmod(256 + i, 256) if field == "address" else ""
        return self.state_of(out, {}, 0x1000 + i, dst)


def main():
    kind, personality, dev = sys.argv[1:]
    bench = Bench(dev)
    bench.flush()
    table = {"states": STATES, "policies": POLICIES, "tables": TABLES}[kind]
    getattr(bench, kind)(table[personality])
    print("%d rows" % bench.rows)
    return bench.failed != 0


sys.exit(main())
