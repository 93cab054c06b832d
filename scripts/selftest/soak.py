#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The soak: operations at random, while traffic flows, and then the proof that all is well.

soak.py SEED SECONDS FOLDER
The namespaces and NICs of soak.sh are in place. For soak_proof.py FOLDER gets captures of the
second pair, *.pcap, and spis: what each SPI was.
Step N draws from random.Random("SEED/N"): what it does depends on the seed and on what is
there, not on how long the steps before it took. A deck has each operation at least once, so
that none is left out by chance.
"""
import collections
import errno
import glob
import json
import os
import random
import select
import subprocess
import sys
import time
import types

import soak_net as net
import soak_traffic

CORE, SIM, BUS = "/sys/kernel/debug/ov2/", "/sys/kernel/debug/ov2sim/", "/sys/bus/ov2sim/"
CONNS_MIN, CONNS_MAX = 8, 20
SETTLED = ("offloaded", "software", "waiting")
PRIORITY, PRIORITY_BLOCK = 100, 1000
# The ones that are switched; the rest of the time all are on.
SWITCHES = ("esp", "esn", "cross_family", "udp_in_ipv4", "udp_out_ipv4", "ipv4", "ipv6",
            "transport", "tunnel", "aes_cbc", "aes_gcm", "aes_gmac", "chacha20_poly1305",
            "hmac_sha1", "hmac_sha256", "hmac_sha384", "hmac_sha512", "null", "udp_lso")
FEATURES = ("esp-hw-offload", "tx-esp-segmentation", "esp-tx-csum-hw-offload", "tso", "rx",
            "gro")


# Of two minutes, and in proportion: about a third of what a busy machine does.
FAULTS_MIN = {"corrupt_rx": 8, "corrupt_tx": 3, "delay_ms": 6, "delete_req_all": 3,
              "failslab in requests": 100, "failslab in the NIC": 30, "lose": 2, "nomem": 2,
              "refuse_nth": 6, "reorder": 6, "sa_delete_req": 4, "seq_limit": 3}
NIC_MIN = {"ipsec_tx_pkts": 1000, "ipsec_rx_pkts": 1000, "ipsec_resets": 5,
           "ipsec_sa_restored": 20, "ipsec_sa_demoted": 30, "ipsec_sa_delete_req": 10,
           "ipsec_add_sa_success": 200, "ipsec_delete_sa_success": 100,
           "ipsec_requests_timed_out": 1, "sent by software": 1000}
TRAFFIC_MIN = {"sent": 2000, "received": 1000, "echoed": 1000, "bytes": 2000000, "streams": 20}
DECKS_MIN = 3


class Failure(Exception):
    """What the soak is there to find."""


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path, text):
    """One system call: what fails is not tried again behind our back."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        os.write(file, str(text).encode())
    finally:
        os.close(file)


def tool(*words, text=None, may_fail=False):
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if done.returncode and not may_fail:
        raise Failure("%s: %s%s" % (" ".join(words), done.stdout, done.stderr))
    return done.stdout


class Nic:
    """A simulated NIC: its tables, faults and settings."""

    def __init__(self, number):
        self.number = number
        self.name = "ov2sim%d" % number

    def core_sas(self):
        """The core's SAs, a dict of words each."""
        lines = read(CORE + self.name + "/sas").splitlines()
        names = lines[0].split()
        return [dict(zip(names, line.split())) for line in lines[1:]]

    def sim_sas(self):
        """The NIC's own."""
        result = []
        for line in read(SIM + self.name + "/sas").splitlines()[1:]:
            words = line.split()
            result.append(dict(zip(words[::2], words[1::2])))
        return result

    def numbers(self):
        """The core's counters and those of port 0."""
        result = {}
        for line in (read(CORE + self.name + "/counters") +
                     read(SIM + self.name + "/counters")).splitlines():
            words = line.split()
            result[words[-2]] = int(words[-1])
        return result

    def busy(self):
        if any(sa["state"] not in SETTLED for sa in self.core_sas()):
            return True
        lines = read(CORE + self.name + "/requests").splitlines()
        return any(line.startswith("in flight") or
                   line.startswith("to ") and not line.endswith(": 0") for line in lines)

    def fault(self, knob, value):
        write("%s%s/faults/%s" % (SIM, self.name, knob), value)

    def fault_left(self, knob):
        return int(read("%s%s/faults/%s" % (SIM, self.name, knob)))

    def param(self, name, value):
        tool("devlink", "dev", "param", "set", "ov2sim/" + self.name, "name", name,
             "value", str(value), "cmode", "runtime")


class Conn:
    """A connection: a flow, two policies at each end, and one or two generations of SAs."""

    def __init__(self, site, number, rng):
        self.site, self.id = site, number
        self.alg = rng.choice(sorted(net.ALGS))
        self.fam = rng.choice((4, 6))
        # An end that shows the packets of a tunnel after decryption proves nothing.
        self.mode = rng.choice((net.TRANSPORT, net.TUNNEL if site.tunnels else net.TRANSPORT))
        self.inner = rng.choice((self.fam, 4, 6)) if self.mode == net.TUNNEL else self.fam
        self.encap = self.fam == 4 and rng.random() < 0.2
        self.esn = rng.random() < 0.4
        self.window = rng.choice((32, 64, 128, 2048))
        # Software over IPv6 without GSO only: esp6_offload's own bursts repeat IVs.
        self.proto = "tcp" if rng.random() < 0.25 and (self.fam == 4 or not site.gso) else "udp"
        self.down = rng.random() < 0.5
        # Over the wrap of the lower half, where the kernel's own GSO fails.
        self.seq = 2 ** 32 - rng.randrange(20, 400) \
            if self.esn and self.proto == "udp" and rng.random() < 0.3 else 0
        self.gens = []
        self.broken = False

    def __str__(self):
        return "%d %s IPv%d%s %s%s%s %s" % (
            self.id, self.alg, self.fam, "" if self.inner == self.fam else " IPv%d" % self.inner,
            "tunnel" if self.mode else "transport", " udp-encap" * self.encap, " esn" * self.esn,
            self.proto)

    def wire(self):
        return ("10.1.0.1", "10.1.0.2") if self.fam == 4 else ("fd01::1", "fd01::2")

    def ends(self):
        if self.mode == net.TRANSPORT:
            return self.wire()
        return ("10.2.0.1", "10.2.0.2") if self.inner == 4 else ("fd02::1", "fd02::2")

    def sa(self, gen, up, out):
        """An SA as soak_net.state wants it; up: from a to b."""
        src, dst = self.wire() if up else reversed(self.wire())
        near = up == out
        offload = self.site.ifindex_a if near else self.site.ifindex_b
        return types.SimpleNamespace(
            src=src, dst=dst, spi=gen.spi + (not up), reqid=self.id + 1, mode=self.mode,
            alg=self.alg, keys=gen.keys[0 if up else 1], out=out, esn=self.esn,
            window=self.window, seq=self.seq, encap=self.encap,
            unspec=self.inner != self.fam, ifindex=offload)

    def sas(self, gen):
        """All four, the receiving ones first."""
        site = self.site
        return [(site.xfrm_b, self.sa(gen, True, False)), (site.xfrm_a, self.sa(gen, False, False)),
                (site.xfrm_b, self.sa(gen, False, True)), (site.xfrm_a, self.sa(gen, True, True))]

    def policies(self):
        proto = 6 if self.proto == "tcp" else 17
        (src, dst), (isrc, idst) = self.wire(), self.ends()
        up = net.selector(isrc, idst, proto, 20000 + self.id, soak_traffic.PORT)
        down = net.selector(idst, isrc, proto, soak_traffic.PORT, 20000 + self.id)
        there = net.template(src, dst, self.id + 1, self.mode)
        back = net.template(dst, src, self.id + 1, self.mode)
        site = self.site
        return [(site.xfrm_b, up, False, there), (site.xfrm_a, down, False, back),
                (site.xfrm_b, down, True, back), (site.xfrm_a, up, True, there)]


class Site:
    """Two namespaces with a NIC each, linked; what is in them."""

    def __init__(self, names, nics, between, both, gso):
        self.names, self.nics, self.gso = names, nics, gso
        # The namespace and the netdev at the other end of the first one's wire.
        self.between = between
        self.spaces = [net.Namespace(name) for name in names]
        self.xfrm_a, self.xfrm_b = (net.Netlink(space) for space in self.spaces)
        self.events = net.Netlink(self.spaces[0], 1 << (net.GROUP_EXPIRE - 1))
        self.both = both
        self.tunnels = both or between[0] != names[1]
        self.conns = {}
        self.linked = True
        self.find()
        # Whatever has no SA stays where it is: nothing may leave in clear.
        for addr in ("0.0.0.0", "::"):
            body = net.policy(net.selector(addr, addr, prefix=0), True, PRIORITY_BLOCK, False)
            for xfrm in (self.xfrm_a, self.xfrm_b):
                err = xfrm.request(net.NEWPOLICY, body)
                if err:
                    raise Failure("policy: %s" % os.strerror(err))

    def find(self):
        self.ifindex_a = self.spaces[0].ifindex(self.nics[0].name)
        self.ifindex_b = self.spaces[1].ifindex(self.nics[1].name) if self.both else 0

    def link(self):
        far = net.Namespace(self.between[0])
        write(BUS + "link_device", "%d:%d %d:%d" % (
            self.spaces[0].fd, self.ifindex_a, far.fd, far.ifindex(self.between[1])))
        far.close()
        self.linked = True

    def unlink(self):
        write(BUS + "unlink_device", "%d:%d" % (self.spaces[0].fd, self.ifindex_a))
        self.linked = False

    def configure(self, end):
        """As configure_end of lib.sh."""
        name, dev = self.names[end], self.nics[end].name
        me, you = end + 1, 2 - end
        peer = json.loads(tool("ip", "-n", self.names[1 - end], "-j", "link", "show", "dev",
                               self.nics[1 - end].name))[0]["address"]
        tool("ip", "-n", name, "-batch", "-", text="".join(line + "\n" for line in (
            "link set lo up",
            f"addr replace 10.1.0.{me}/24 dev {dev}",
            f"addr replace fd01::{me}/64 dev {dev} nodad",
            f"addr replace 10.2.0.{me}/32 dev lo",
            f"addr replace fd02::{me}/128 dev lo nodad",
            f"link set {dev} up",
            f"neigh replace 10.1.0.{you} lladdr {peer} dev {dev} nud permanent",
            f"neigh replace fd01::{you} lladdr {peer} dev {dev} nud permanent",
            f"route replace 10.2.0.{you}/32 via 10.1.0.{you} dev {dev} src 10.2.0.{me}",
            f"route replace fd02::{you}/128 via fd01::{you} dev {dev} src fd02::{me}")))

    def close(self):
        for xfrm in (self.xfrm_a, self.xfrm_b, self.events):
            xfrm.close()
        for space in self.spaces:
            space.close()


class Soak:
    """The state of all of it, and the operations."""

    def __init__(self, seed, seconds, folder):
        self.seed, self.seconds, self.folder = seed, seconds, folder
        rng = random.Random("%s/begin" % seed)
        self.traffic = soak_traffic.Traffic(random.Random("%s/traffic" % seed))
        self.slab = net.Failslab()
        self.count = collections.Counter()
        self.faults = collections.Counter()
        self.later = []
        self.history = collections.deque(maxlen=60)
        self.step = 0
        self.rng = rng
        self.spis = {}
        self.next_spi = 0x1000
        self.next_id = 1
        self.by_spi = {}
        self.off = set()
        gso = rng.random() < 0.5
        self.nic = Nic(1)
        # Room for all, or for about half of them.
        self.places = rng.choice((20, 1000))
        tool("devlink", "resource", "set", "ov2sim/" + self.nic.name, "path", "ipsec_sa",
             "size", str(self.places))
        tool("devlink", "dev", "reload", "ov2sim/" + self.nic.name)
        tool("ip", "link", "set", self.nic.name, "netns", "a")
        self.main = Site(("a", "b"), (self.nic, Nic(2)), ("m", "ov2sim5"), False, gso)
        self.main.link()
        for end in (0, 1):
            self.main.configure(end)
        self.other = None
        if not gso:
            tool("ip", "-n", "a", "link", "set", self.nic.name, "gso_max_segs", "1")
        self.gso = gso
        self.traffic.call("site", self.main.names)

    ### xfrm

    def request(self, xfrm, kind, body, undo=None, fine=()):
        """A request that is sure to be done. Sometimes an allocation fails in its first try."""
        nth = self.rng.random() < 0.25
        for attempt in range(50):
            if nth and not attempt:
                self.slab.arm(self.rng.randrange(1, 50))
            try:
                err = xfrm.request(kind, body)
            finally:
                hit = nth and not attempt and self.slab.disarm()
            if not err or err in fine:
                return err
            # The kernel around has other words for it, too.
            if not hit and (err not in net.NO_MEMORY or not self.slab.left):
                raise Failure("xfrm request 0x%x: %s" % (kind, os.strerror(err)))
            # It may have been done, and only the answer failed.
            if undo:
                xfrm.request(*undo)
            if attempt == 20:
                self.slab.end()
        raise Failure("xfrm request 0x%x: %s, for ever" % (kind, os.strerror(err)))

    def add_gen(self, conn):
        gen = types.SimpleNamespace(
            spi=self.next_spi, keys=[net.new_keys(conn.alg, self.rng) for _ in range(2)])
        self.next_spi += 2
        for spi in (gen.spi, gen.spi + 1):
            self.spis[spi] = (net.iv_len(conn.alg), net.in_clear(conn.alg))
            self.by_spi[spi] = conn
        conn.gens.append(gen)
        for xfrm, sa in conn.sas(gen):
            self.request(xfrm, net.NEWSA, net.state(sa), (net.DELSA, net.state_id(sa.dst, sa.spi)))

    def del_gen(self, conn, gen):
        for xfrm, sa in conn.sas(gen):
            self.request(xfrm, net.DELSA, net.state_id(sa.dst, sa.spi), fine=(errno.ESRCH,))
        conn.gens.remove(gen)

    def add_conn(self, site):
        conn = Conn(site, self.next_id, self.rng)
        self.next_id += 1
        self.history.append("    connection %s" % conn)
        self.add_gen(conn)
        for xfrm, select_, out, template in conn.policies():
            self.request(xfrm, net.NEWPOLICY, net.policy(select_, out, PRIORITY, True, template),
                         fine=(errno.EEXIST,))
        site.conns[conn.id] = conn
        src, dst = conn.ends()
        self.traffic.call("start", conn.id, site.names, conn.proto, src, dst, conn.down,
                          1200 if net.in_clear(conn.alg) else 3000)
        return conn

    def del_conn(self, conn):
        self.traffic.call("stop", conn.id)
        for gen in list(conn.gens):
            self.del_gen(conn, gen)
        for xfrm, select_, out, _ in conn.policies():
            self.request(xfrm, net.DELPOLICY, net.policy_id(select_, out), fine=(errno.ENOENT,))
        del conn.site.conns[conn.id]

    def repair(self, conn):
        """What an IKE daemon does when the SAs of a CHILD_SA are gone."""
        for gen in list(conn.gens):
            self.del_gen(conn, gen)
        self.add_gen(conn)
        conn.broken = False

    def listen(self, site):
        for spi, hard in list(site.events.expired()):
            conn = self.by_spi.get(spi)
            if not conn or conn.id not in conn.site.conns:
                continue
            self.count["hard expires" if hard else "soft expires"] += 1
            if hard or not any(spi - gen.spi in (0, 1) for gen in conn.gens[-1:]):
                conn.broken = conn.broken or hard
            else:
                self.add_gen(conn)
        for conn in list(site.conns.values()):
            if conn.broken:
                self.repair(conn)
                self.count["repairs"] += 1

    ### Operations

    def some_conn(self):
        return self.rng.choice(list(self.main.conns.values()))

    def after(self, steps, function, *args):
        self.later.append((self.step + steps, function, args))

    def op_add(self):
        for _ in range(self.rng.randrange(1, 4)):
            if len(self.main.conns) < CONNS_MAX:
                self.add_conn(self.main)

    def op_delete(self):
        for _ in range(self.rng.randrange(1, 4)):
            if len(self.main.conns) > CONNS_MIN:
                self.del_conn(self.some_conn())

    def op_rekey(self):
        conn = self.some_conn()
        if len(conn.gens) > 1:
            self.retire(conn)
        self.add_gen(conn)
        self.after(self.rng.randrange(0, 6), self.retire, conn)

    def retire(self, conn):
        if conn.id in conn.site.conns:
            for gen in conn.gens[:-1]:
                self.del_gen(conn, gen)

    def op_update(self):
        """UPDSA on a live SA: for a moment there are two of it."""
        conn = self.some_conn()
        xfrm, sa = self.rng.choice(conn.sas(conn.gens[-1])[1::2])
        # Nothing is undone: what is there is what is wanted. It may have expired.
        self.request(xfrm, net.UPDSA, net.state(sa), fine=(errno.ESRCH,))

    def op_flush(self):
        self.request(self.main.xfrm_a, net.FLUSHSA, bytes((0,)), fine=(errno.ESRCH,))
        for conn in list(self.main.conns.values()):
            self.repair(conn)

    def op_churn(self):
        """Many SAs that nothing is sent with, for a moment: lists and pressure."""
        todo = [(i, types.SimpleNamespace(
            src="10.1.0.1" if out else "10.8.0.%d" % i, dst="10.8.0.%d" % i if out else "10.1.0.1",
            spi=self.next_spi + i, reqid=9999, mode=net.TRANSPORT, alg="gcm128-128",
            keys=net.new_keys("gcm128-128", self.rng), out=out, esn=False, window=32, seq=0,
            encap=False, unspec=False, ifindex=self.main.ifindex_a))
            for i, out in enumerate([True, False] * self.rng.randrange(5, 25), 1)]
        self.next_spi += len(todo) + 2
        xfrm = self.main.xfrm_a
        for _, sa in todo:
            self.request(xfrm, net.NEWSA, net.state(sa), (net.DELSA, net.state_id(sa.dst, sa.spi)))
        self.after(self.rng.randrange(0, 3), self.unchurn, todo)

    def unchurn(self, todo):
        for _, sa in todo:
            self.request(self.main.xfrm_a, net.DELSA, net.state_id(sa.dst, sa.spi),
                         fine=(errno.ESRCH,))

    def op_crash(self):
        write(SIM + self.nic.name + "/crash", 1)

    def op_recover(self):
        tool("devlink", "health", "recover", "ov2sim/" + self.nic.name, "reporter", "ipsec",
             may_fail=True)

    def op_reset(self):
        tool("nsenter", "--net=/run/netns/a", "ethtool", "--reset", self.nic.name,
             self.rng.choice(("all", "dedicated")))

    def knob(self, name, value, steps):
        self.nic.fault(name, value)
        self.after(steps, self.unknob, name, value)

    def unknob(self, name, value):
        used = value - self.nic.fault_left(name)
        if name in ("delay_ms", "refuse_nth", "delete_req_all", "seq_limit"):
            used = 1
        self.faults[name] += max(used, 0)
        self.nic.fault(name, 0)

    def op_delay(self):
        self.knob("delay_ms", self.rng.randrange(5, 150), self.rng.randrange(1, 6))

    def op_lose(self):
        self.nic.param("request_deadline", self.rng.choice((100, 300)))
        # So that there are requests, sooner or later.
        self.knob("lose", self.rng.randrange(1, 3), 10)
        self.op_churn()
        self.after(12, self.nic.param, "request_deadline", 5000)

    def op_refuse(self):
        self.knob("refuse_nth", self.rng.randrange(1, 4), self.rng.randrange(1, 4))

    def op_reorder(self):
        self.knob("reorder", self.rng.randrange(1, 6), self.rng.randrange(1, 5))

    def op_nomem(self):
        self.knob("nomem", self.rng.randrange(1, 8), self.rng.randrange(1, 5))

    def op_corrupt_tx(self):
        self.knob("corrupt_tx", self.rng.randrange(1, 20), self.rng.randrange(1, 5))

    def op_corrupt_rx(self):
        self.knob("corrupt_rx", self.rng.randrange(1, 20), self.rng.randrange(1, 5))

    def op_delete_req(self):
        sas = [sa for sa in self.nic.sim_sas() if sa["dir"] == "in"]
        for sa in self.rng.sample(sas, min(len(sas), self.rng.randrange(1, 4))):
            try:
                write(SIM + self.nic.name + "/sa_delete_req", sa["handle"])
            except OSError as err:
                if err.errno != errno.ENOENT:
                    raise
                continue
            self.faults["sa_delete_req"] += 1

    def op_delete_req_all(self):
        self.knob("delete_req_all", 1, self.rng.randrange(1, 3))

    def op_seq_limit(self):
        self.knob("seq_limit", self.rng.choice((1, 50, 500)), self.rng.randrange(1, 4))

    def op_policy(self):
        self.nic.param("sa_delete_req", self.rng.choice(("soft", "hard")))
        self.after(self.rng.randrange(3, 12), self.nic.param, "sa_delete_req", "demote")

    def feature(self, name, on):
        """One that depends on another that is off comes on with that."""
        tool("nsenter", "--net=/run/netns/a", "ethtool", "-K", self.nic.name, name,
             "on" if on else "off", may_fail=True)

    def op_feature(self):
        name = self.rng.choice(FEATURES)
        self.feature(name, False)
        self.after(self.rng.randrange(1, 6), self.feature, name, True)

    def op_switch(self):
        name = self.rng.choice(SWITCHES)
        self.nic.param(name, "false")
        self.after(self.rng.randrange(1, 6), self.nic.param, name, "true")

    def op_reoffer(self):
        self.nic.param("sa_reoffer", "false")
        self.after(self.rng.randrange(1, 8), self.nic.param, "sa_reoffer", "true")

    def op_watermark(self):
        self.nic.param("sa_watermark", self.rng.randrange(2, 20))
        self.after(self.rng.randrange(2, 8), self.nic.param, "sa_watermark", 0)

    def op_requests(self):
        self.nic.param("requests_max", self.rng.randrange(1, 5))

    def op_link_down(self):
        # A port that does not come up for want of memory stays down.
        self.slab.end()
        tool("ip", "-n", "a", "link", "set", self.nic.name, "down")
        if self.rng.random() < 0.5:
            self.add_conn(self.main)
        self.main.configure(0)
        for conn in list(self.main.conns.values()):
            self.repair(conn)

    def op_unlink(self):
        if self.main.linked:
            self.main.unlink()
            self.after(self.rng.randrange(1, 3), self.main.link)

    def op_look(self):
        """Somebody reads everything while it changes."""
        name = "ov2sim/" + self.nic.name
        for words in (("dump", "clear"), ("dump", "show"), ("diagnose",)):
            tool("devlink", "health", *words, name, "reporter", "ipsec", may_fail=True)
        self.nic.core_sas(), self.nic.sim_sas(), self.nic.numbers()
        read(CORE + self.nic.name + "/requests")

    def op_rings(self):
        self.slab.end()
        words = self.rng.choice((("-L", "combined", str(self.rng.randrange(1, 5))),
                                 ("-G", "tx", str(self.rng.choice((64, 256, 1024))))))
        tool("nsenter", "--net=/run/netns/a", "ethtool", words[0], self.nic.name, *words[1:],
             may_fail=True)

    def op_failslab(self):
        """Allocations of the NIC's threads, or of what it and the core allocate from."""
        if self.slab.left:
            return
        if self.rng.random() < 0.5:
            for path in glob.glob("/proc/[0-9]*/comm"):
                try:
                    if read(path).startswith("ov2sim"):
                        write(os.path.dirname(path) + "/make-it-fail", 1)
                except OSError:
                    continue
            which = "task-filter"
        else:
            for path in (glob.glob("/sys/kernel/slab/ov2*/failslab") +
                         glob.glob("/sys/kernel/slab/skbuff_ext_cache/failslab")):
                write(path, 1)
            which = "cache-filter"
        self.slab.begin(which, self.rng.randrange(5, 60), 1000)
        self.after(self.rng.randrange(1, 5), self.slab.end)

    ### The second pair

    def op_space(self):
        """Namespaces and NICs come, are moved, and go, with SAs and traffic in them."""
        self.slab.end()
        if not self.other:
            self.space_make()
        else:
            self.space_end()

    def bus(self, name, text):
        """Something on the bus that may fail for want of memory, and is done all the same."""
        if self.rng.random() < 0.5:
            self.slab.arm(self.rng.randrange(1, 400))
            try:
                write(BUS + name, text)
                return
            except OSError:
                pass
            finally:
                self.slab.disarm()
        write(BUS + name, text)

    def space_make(self):
        nics = (Nic(3), Nic(4))
        for name in "cd":
            tool("ip", "netns", "add", name)
        for nic, name in zip(nics, "cd"):
            self.bus("new_device", "%d" % nic.number)
            tool("ip", "link", "set", nic.name, "netns", name)
        both = self.rng.random() < 0.5
        self.other = Site(("c", "d"), nics, ("d", nics[1].name), both, True)
        self.other.link()
        for end in (0, 1):
            self.other.configure(end)
        if not both:
            self.capture(nics[1].name)
        self.traffic.call("site", self.other.names)
        for _ in range(self.rng.randrange(2, 6)):
            self.add_conn(self.other)

    def capture(self, dev):
        """Where software is at the far end; with GRO it would be seen after decryption."""
        here = ("nsenter", "--net=/run/netns/d")
        tool(*here, "ethtool", "-K", dev, "gro", "off")
        self.capture_process = subprocess.Popen(
            here + ("tcpdump", "-Z", "root", "-i", dev, "-s", "160", "-U", "-w",
                    "%s/other%d.pcap" % (self.folder, self.step)),
            stderr=subprocess.PIPE, text=True)
        if "listening on" not in self.capture_process.stderr.readline():
            raise Failure("tcpdump does not begin")

    def space_end(self):
        site, self.other = self.other, None
        how = self.rng.choice(("del_device", "pull_device", "netns", "move", "reload"))
        self.count["end by " + how] += 1
        self.history.append("    %s" % how)
        if how.endswith("_device"):
            write(BUS + how, site.nics[0].number)
        elif how == "reload":
            tool("devlink", "dev", "reload", "ov2sim/" + site.nics[0].name)
        elif how == "move":
            tool("ip", "-n", "c", "link", "set", site.nics[0].name, "netns", "d")
        else:
            tool("ip", "netns", "del", "c")
        for conn in site.conns.values():
            self.traffic.call("stop", conn.id)
        self.traffic.call("leave", site.names)
        site.close()
        if not site.both:
            self.capture_process.terminate()
            self.capture_process.communicate()
        for name in "cd":
            if os.path.exists("/run/netns/" + name):
                tool("ip", "netns", "del", name)
        for nic in site.nics:
            if os.path.exists(BUS + "devices/" + nic.name):
                write(BUS + "del_device", nic.number)

    ### The run

    DECK = ("add " * 8 + "delete " * 5 + "rekey " * 6 + "update " * 3 + "flush " + "churn " * 2 +
            "crash recover reset delay delay lose refuse refuse reorder reorder nomem nomem "
            "corrupt_tx corrupt_rx delete_req delete_req delete_req delete_req_all seq_limit "
            "policy feature feature feature switch switch switch reoffer watermark requests "
            "link_down unlink look rings failslab failslab space space").split()

    def due(self, now=False):
        todo = [item for item in self.later if now or item[0] <= self.step]
        self.later = [item for item in self.later if item not in todo]
        for _, function, args in todo:
            function(*args)

    def run(self):
        for _ in range(CONNS_MIN):
            self.add_conn(self.main)
        begin = time.monotonic()
        deck = []
        while time.monotonic() < begin + self.seconds:
            self.step += 1
            self.rng = random.Random("%s/%d" % (self.seed, self.step))
            if not deck:
                deck = self.DECK[:]
                self.rng.shuffle(deck)
            name = deck.pop()
            self.history.append("%8.2f %d %s" % (time.monotonic() - begin, self.step, name))
            getattr(self, "op_" + name)()
            self.count[name] += 1
            self.due()
            # The pace: traffic has a turn, unless an expire comes.
            select.select([self.main.events.sock], [], [], self.rng.random() / 20)
            for site in (self.main, self.other):
                if site:
                    self.listen(site)
        return time.monotonic() - begin

    ### The proof

    def wait(self, what, condition, seconds=90):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Failure("%s: not within %d s" % (what, seconds))
            select.select([], [], [], 0.05)

    def calm(self):
        """Everything off that was switched on, and the other way round."""
        self.due(now=True)
        # What those have put off.
        self.due(now=True)
        self.slab.end()
        if self.other:
            self.space_end()
        self.nic.param("requests_max", 4)
        self.nic.param("sa_reoffer", "false")
        # The last expires of before.
        self.wait("requests are through", lambda: not self.nic.busy())
        self.listen(self.main)

    def check_tables(self):
        """xfrm, core and NIC agree."""
        site = self.main
        want = sorted(gen.spi + i for conn in site.conns.values() for gen in conn.gens
                      for i in (0, 1))
        for name, xfrm in (("a", site.xfrm_a), ("b", site.xfrm_b)):
            if sorted(xfrm.spis()) != want:
                raise Failure("SAs of xfrm at %s: %s, not %s" % (name, xfrm.spis(), want))
        core = self.nic.core_sas()
        bad = [sa for sa in core if sa["state"] not in SETTLED]
        if bad:
            raise Failure("SAs of the core: %s" % bad)
        has = sorted((sa["cookie"], sa["handle"]) for sa in core if sa["state"] == "offloaded")
        sims = sorted((sa["cookie"][2:], sa["handle"][2:]) for sa in self.nic.sim_sas())
        if has != sims:
            raise Failure("the core has %s in the NIC, the NIC has %s" % (has, sims))
        if self.nic.numbers()["ipsec_protocol_errors"]:
            raise Failure("protocol errors")

    def check_traffic(self, when):
        lost = self.traffic.call("check", [28, 64, 300, 1000, 1300], 100)
        if lost:
            conns = [self.main.conns[i] for i in lost]
            raise Failure("%s: no traffic on %s\n%s" % (
                when, "; ".join(str(conn) for conn in conns), "\n".join(
                    str(sa) for sa in self.nic.sim_sas() + self.nic.core_sas()
                    if self.by_spi.get(int(sa["spi"], 0)) in conns)))

    def prove(self):
        self.calm()
        self.check_tables()
        self.check_traffic("after the soak")
        states = collections.Counter(sa["state"] for sa in self.nic.core_sas())
        self.nic.param("sa_reoffer", "true")
        # What was refused stays in software for good: the next generation comes in.
        for conn in list(self.main.conns.values()):
            self.repair(conn)
        total = 2 * len(self.main.conns)
        self.wait("all for which there is room are offloaded", lambda: sum(
            sa["state"] == "offloaded" for sa in self.nic.core_sas()) >= min(total, self.places))
        # They do not change places any more.
        self.nic.param("sa_reoffer", "false")
        self.wait("requests are through", lambda: not self.nic.busy())
        self.check_traffic("after the last rekey")
        self.check_tables()
        idle = [sa["spi"] for sa in self.nic.sim_sas() if not int(sa["packets"])]
        if idle:
            raise Failure("offloaded SAs that the NIC has done nothing with: %s" % idle)
        return states

    def finish(self):
        result = self.traffic.call("count")
        bad = result.pop("bad")
        if bad:
            raise Failure("damaged: %s" % bad)
        for conn in list(self.main.conns.values()):
            self.del_conn(conn)
        self.traffic.close()
        return result


def report(soak, name, numbers, minimum):
    print("%s: %s" % (name, ", ".join("%s %d" % item for item in sorted(numbers.items()))))
    part = soak.seconds / 120
    few = ["%s %d of %d" % (what, numbers[what], least * part)
           for what, least in minimum.items() if numbers[what] < int(least * part)]
    if few:
        print("too few for %d seconds: %s" % (soak.seconds, ", ".join(few)))
    return not few


def main():
    seed, seconds = sys.argv[1], float(sys.argv[2])
    soak = Soak(seed, seconds, sys.argv[3])
    try:
        took = soak.run()
        states = soak.prove()
        traffic = soak.finish()
    except Exception as err:
        print("\n".join(soak.history))
        print("seed %s, step %d: %s" % (seed, soak.step, err))
        for xfrm in "ab":
            print("xfrm at %s: %s" % (xfrm, "; ".join(
                line for line in tool("nsenter", "--net=/run/netns/" + xfrm, "cat",
                                      "/proc/net/xfrm_stat").splitlines()
                if not line.endswith("\t0"))))
        print(soak.nic.numbers())
        if not isinstance(err, Failure):
            raise
        return 1
    finally:
        soak.slab.end()
        write(soak.folder + "/spis", json.dumps(soak.spis))
    print("seed %s, %d places, GSO %s: %d operations in %d s" % (
        seed, soak.places, "on" if soak.gso else "off", soak.step, took))
    soak.faults["failslab in requests"] = soak.slab.hits
    soak.faults["failslab in the NIC"] = soak.slab.kernel
    numbers = soak.nic.numbers()
    numbers["sent by software"] = numbers["tx_wire_frames"] - numbers["ipsec_tx_pkts"]
    print("SAs at the end of it:", ", ".join("%s %d" % item for item in sorted(states.items())))
    good = [report(soak, "operations", soak.count, {
                name: DECKS_MIN * soak.DECK.count(name) for name in soak.DECK}),
            report(soak, "faults", soak.faults, FAULTS_MIN),
            report(soak, "traffic", traffic, TRAFFIC_MIN),
            report(soak, "NIC", {name: numbers[name] for name in NIC_MIN}, NIC_MIN)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
