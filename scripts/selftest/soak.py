#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The soak: operations at random, while traffic flows, and then the proof that all is well.

soak.py SEED SECONDS FOLDER
The namespaces and NICs of soak.sh are in place. For soak_proof.py FOLDER/run gets what the
captures must and may show: each SPI, and how many frames each end has sent.
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
import socket
import sys
import time
import types

import soak_net as net
import soak_traffic
from soak_site import (BUS, SETTLED, Conn, Failure, Nic, Refusals, Site, ethtool, read,
                       tool, tool_ok, write)

SLAB = "/sys/kernel/slab/"
CONNS_MIN, CONNS_MAX = 8, 20
OUTSIDE = ("waiting", "queued", "adding", "software")
# The ones that are switched; the rest of the time all are on.
SWITCHES = ("esp", "esn", "cross_family", "udp_in_ipv4", "udp_out_ipv4", "ipv4", "ipv6",
            "transport", "tunnel", "aes_cbc", "aes_gcm", "aes_gmac", "chacha20_poly1305",
            "hmac_sha1", "hmac_sha256", "hmac_sha384", "hmac_sha512", "null", "udp_lso")
FEATURES = ("esp-hw-offload", "tx-esp-segmentation", "esp-tx-csum-hw-offload", "tso", "rx",
            "gro")
# How the second pair of namespaces ends.
WAYS = ("del_device", "pull_device", "netns", "move", "reload")
# What a knob does that is not counted down, by the NIC's counters.
EFFECTS = {"delete_req_all": ("ipsec_rx_sa_delete_req",), "seq_limit": ("ipsec_rx_sa_delete_req",),
           "delay_ms": ("ipsec_add_sa_requests", "ipsec_delete_sa_requests",
                        "ipsec_update_sa_requests")}

# Of two minutes, and in proportion: about a third of what a machine does that has five things to
# do at a time.
DECKS_MIN = 2
OPS_MIN = {"soft expires": 1, "hard expires": 1, "repairs": 1, "delete_req": 3, "delete_req_all": 1,
           "seq_limit": 1, "watermark": 1, "rings": 1} | {"end by " + way: 1 for way in WAYS}
FAULTS_MIN = {"corrupt_rx": 10, "corrupt_tx": 3, "delay_ms": 6, "delete_req_all": 6,
              "failslab in requests": 75, "failslab in the NIC": 100, "lose": 2, "nomem": 4,
              "refuse_nth": 1, "reorder": 4, "sa_delete_req": 6}
NIC_MIN = {"ipsec_tx_pkts": 1500, "ipsec_rx_pkts": 1500, "ipsec_resets": 8,
           "ipsec_sa_restored": 30, "ipsec_sa_demoted": 30, "ipsec_sa_delete_req": 12,
           "ipsec_add_sa_success": 100, "ipsec_delete_sa_success": 60,
           "ipsec_requests_timed_out": 1,
           "ipsec_sa_tx_drop_no_sa": 1, "sent by software": 3000}
OTHER_MIN = {"sent by the near end": 80, "sent by the far end": 80,
             "protected by the near NIC": 50}
TRAFFIC_MIN = {"sent": 1000, "received": 900, "echoed": 900, "bytes": 5000000, "streams": 8}
# SPIs that both the NIC and software have sent with.
BOTH_MIN = 30
# Where there is too little of something after that time the soak goes on, so many times as long.
PATIENCE = 3


class Soak:
    """The state of all of it, and the operations."""

    def __init__(self, seed, seconds, folder):
        self.seed, self.seconds, self.folder = seed, seconds, folder
        rng = random.Random("%s/begin" % seed)
        self.traffic = soak_traffic.Traffic(random.Random("%s/traffic" % seed))
        self.slab = net.Failslab()
        self.count = collections.Counter()
        self.faults = collections.Counter()
        self.refusals = Refusals()
        # What is to be undone, and what it is that nobody may set meanwhile.
        self.later = []
        self.held = set()
        self.history = collections.deque(maxlen=60)
        self.step = 0
        self.rng = rng
        self.spis = {}
        self.next_spi = 0x1000
        self.next_id = 1
        self.by_spi = {}
        # What was drawn last, where the same again would be nothing.
        self.last = {}
        self.ways = []
        gso = rng.random() < 0.5
        self.nic = Nic(1)
        # Room for all, or for about half of them.
        self.places = rng.choice((20, 1000))
        tool("devlink", "resource", "set", "ov2sim/" + self.nic.name, "path", "ipsec_sa",
             "size", str(self.places))
        tool("devlink", "dev", "reload", "ov2sim/" + self.nic.name)
        tool("ip", "link", "set", self.nic.name, "netns", "a")
        self.main = Site(("a", "b"), (self.nic, Nic(2)), ("ov2sim5", "ov2sim6"), False, gso)
        self.main.link()
        for end in (0, 1):
            self.main.configure(end)
        self.other = None
        # Of all second pairs: frames sent by each end, and those that the near NIC has protected.
        self.other_sent, self.other_done = [0, 0], 0
        self.sent = [0, 0]
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
            self.spis[spi] = (net.iv_len(conn.alg), net.in_clear(conn.alg), conn.seq)
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
            self.request(xfrm, net.NEWPOLICY, net.policy(select_, out, template),
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

    ### Operations: each says whether it has done anything

    def some_conn(self):
        return self.rng.choice(list(self.main.conns.values()))

    def after(self, steps, function, *args):
        self.later.append((self.step + steps, function, args))

    def hold(self, what, steps, undo, *args):
        """Undone after some steps. Who draws it again meanwhile would end it early."""
        self.held.add(what)
        self.after(steps, self.release, what, undo, *args)
        return True

    def release(self, what, undo, *args):
        self.held.remove(what)
        undo(*args)

    def another(self, what, choices):
        """Not the one of last time."""
        self.last[what] = self.rng.choice([one for one in choices if one != self.last.get(what)])
        return self.last[what]

    def op_add(self):
        count = min(self.rng.randrange(1, 4), CONNS_MAX - len(self.main.conns))
        for _ in range(count):
            self.add_conn(self.main)
        return count > 0

    def op_delete(self):
        count = min(self.rng.randrange(1, 4), len(self.main.conns) - CONNS_MIN)
        for _ in range(count):
            self.del_conn(self.some_conn())
        return count > 0

    def op_rekey(self):
        conn = self.some_conn()
        if len(conn.gens) > 1:
            self.retire(conn)
        self.add_gen(conn)
        self.after(self.rng.randrange(0, 6), self.retire, conn)
        return True

    def retire(self, conn):
        if conn.id in conn.site.conns:
            for gen in conn.gens[:-1]:
                self.del_gen(conn, gen)

    def op_update(self):
        """UPDSA on a live SA: for a moment there are two of it."""
        conn = self.some_conn()
        xfrm, sa = self.rng.choice(conn.sas(conn.gens[-1])[1::2])
        # Nothing is undone: what is there is what is wanted. It may have expired.
        return not self.request(xfrm, net.UPDSA, net.state(sa), fine=(errno.ESRCH,))

    def op_flush(self):
        self.request(self.main.xfrm_a, net.FLUSHSA, bytes((0,)), fine=(errno.ESRCH,))
        for conn in list(self.main.conns.values()):
            self.repair(conn)
        return True

    def op_churn(self):
        """Many SAs that nothing is sent with, for a moment: lists and pressure."""
        todo = [(i, net.Sa(
            src="10.1.0.1" if out else "10.8.0.%d" % i, dst="10.8.0.%d" % i if out else "10.1.0.1",
            spi=self.next_spi + i, reqid=9999, mode=net.TRANSPORT, alg="gcm128-128",
            keys=net.new_keys("gcm128-128", self.rng), out=out,
            ifindex=self.main.ifindex[0]))
            for i, out in enumerate([True, False] * self.rng.randrange(5, 25), 1)]
        self.next_spi += len(todo) + 2
        xfrm = self.main.xfrm_a
        for _, sa in todo:
            self.request(xfrm, net.NEWSA, net.state(sa), (net.DELSA, net.state_id(sa.dst, sa.spi)))
        self.after(self.rng.randrange(0, 3), self.unchurn, todo)
        return True

    def unchurn(self, todo):
        for _, sa in todo:
            self.request(self.main.xfrm_a, net.DELSA, net.state_id(sa.dst, sa.spi),
                         fine=(errno.ESRCH,))

    def op_crash(self):
        self.nic.crash()
        return True

    def op_recover(self):
        """As recover_by_hand of reset.sh: devlink recovers only what is in error."""
        self.nic.health("set", "auto_recover", "false")
        self.nic.crash()
        self.wait("an error is shown", lambda: self.nic.health_state()[0] == "error", 20)
        before = self.nic.health_state()[1]
        self.nic.health("recover")
        done = self.nic.health_state()[1] - before
        self.nic.health("set", "auto_recover", "true")
        return done > 0

    def op_reset(self):
        """The restore is slow, sometimes."""
        if self.rng.random() < 0.5:
            self.knob("delay_ms", self.rng.randrange(50, 150), 1)
        ethtool("--reset", self.nic.name, self.rng.choice(("all", "dedicated")))
        self.check_handles()
        return True

    def check_handles(self):
        """An SA that the NIC does not have, or not yet again, has no handle."""
        def wrong():
            return {(sa["cookie"], sa["handle"]) for sa in self.nic.core_sas()
                    if sa["state"] in OUTSIDE and int(sa["handle"], 16)}

        # The two are not read at once.
        left = wrong()
        left = left and left & wrong()
        if left:
            raise Failure("SAs outside the NIC have handles: %s" % left)

    def knob(self, name, value, steps, what=None):
        """A fault; its number, with what is like it, is what happens until it is off again."""
        what = what or name
        if what in self.held:
            return False
        usual, begin = self.nic.fault_left(name), self.effect(name)
        self.nic.fault(name, value)
        return self.hold(what, steps, self.unknob, name, value, usual, begin)

    def unknob(self, name, value, usual, begin):
        left = self.nic.fault_left(name)
        self.nic.fault(name, usual)
        if name in EFFECTS or name == "refuse_nth":
            # Requests behind the one that is being delayed have not been, and will not be.
            queued = max(0, self.nic.in_flight() - 1) if name == "delay_ms" else 0
            self.faults[name] += max(0, self.effect(name) - begin - queued)
        else:
            self.faults[name] += value - left

    def effect(self, name):
        if name == "refuse_nth":
            return self.refusals.count()
        numbers = self.nic.numbers() if name in EFFECTS else {}
        return sum(numbers[which] for which in EFFECTS.get(name, ()))

    def op_delay(self):
        return self.knob("delay_ms", self.rng.randrange(5, 150), self.rng.randrange(1, 6))

    def op_lose(self):
        if self.held & {"lose", "request_deadline"}:
            return False
        self.nic.param("request_deadline", self.rng.choice((100, 300)))
        # So that there are requests, sooner or later.
        self.knob("lose", self.rng.randrange(1, 3), 10)
        self.op_churn()
        return self.hold("request_deadline", 12, self.nic.param, "request_deadline", 5000)

    # These need requests: a list for all that is restored, or many short ones.
    def op_refuse(self):
        return self.knob("refuse_nth", self.rng.choice((1, 1, 2, 3)), self.rng.randrange(1, 4)) \
            and self.rng.choice((self.op_crash, self.op_churn))()

    def op_reorder(self):
        return self.knob("reorder", self.rng.randrange(1, 6), self.rng.randrange(1, 5)) and \
            self.op_churn()

    def op_nomem(self):
        return self.knob("nomem", self.rng.randrange(1, 8), self.rng.randrange(1, 5)) and \
            self.op_churn()

    def op_corrupt_tx(self):
        return self.knob("corrupt_tx", self.rng.randrange(1, 20), self.rng.randrange(1, 5))

    def op_corrupt_rx(self):
        return self.knob("corrupt_rx", self.rng.randrange(1, 20), self.rng.randrange(1, 5))

    def op_delete_req(self):
        """The NIC demands a few SAs; what it does so for other reasons is counted by itself."""
        if "demand" in self.held:
            return False
        begin, raised = self.nic.numbers()["ipsec_sa_delete_req"], 0
        sas = [sa for sa in self.nic.sim_sas() if sa["dir"] == "in"]
        for sa in self.rng.sample(sas, min(len(sas), self.rng.randrange(1, 4))):
            raised += self.nic.demand(sa)
        return raised > 0 and self.hold("demand", self.rng.randrange(2, 6), self.demanded, raised,
                                        begin)

    def demanded(self, raised, begin):
        """The core has heard of it, and answers."""
        self.faults["sa_delete_req"] += min(
            raised, self.nic.numbers()["ipsec_sa_delete_req"] - begin)

    def burst(self):
        """Something for all SAs to do, at once."""
        self.traffic.call("burst", 3)
        return True

    def op_delete_req_all(self):
        return self.knob("delete_req_all", 1, self.rng.randrange(1, 3), "demand") and self.burst()

    def op_seq_limit(self):
        return self.knob("seq_limit", self.rng.choice((1, 1, 50, 500)), self.rng.randrange(1, 4),
                         "demand") and self.burst()

    def op_watermark(self):
        if "demand" in self.held:
            return False
        self.nic.param("sa_watermark", self.rng.randrange(2, 20))
        return self.hold("demand", self.rng.randrange(2, 8), self.nic.param, "sa_watermark", 0)

    def op_policy(self):
        """The other answers, and something to be answered."""
        if "policy" in self.held:
            return False
        self.nic.param("sa_delete_req", self.another("policy", ("soft", "hard")))
        self.op_delete_req()
        return self.hold("policy", self.rng.randrange(4, 12), self.nic.param, "sa_delete_req",
                         "demote")

    def feature(self, name, on):
        """One that depends on another that is off comes on with that."""
        return tool_ok("nsenter", "--net=/run/netns/a", "ethtool", "-K", self.nic.name, name,
                       "on" if on else "off")

    def op_feature(self):
        name = self.rng.choice(FEATURES)
        return name not in self.held and self.feature(name, False) and self.hold(
            name, self.rng.randrange(1, 6), self.feature, name, True)

    def switch(self, name):
        if name in self.held:
            return False
        self.nic.param(name, "false")
        return self.hold(name, self.rng.randrange(1, 6), self.nic.param, name, "true")

    def op_switch(self):
        return self.switch(self.rng.choice(SWITCHES))

    def op_qdisc(self):
        """Packets wait in a qdisc, behind the decision to offload them, while SAs leave the NIC.
        Of those in UDP software would make a mess: they are dropped."""
        words = ("dev", self.nic.name, "root")
        if "qdisc" in self.held:
            return False
        how = self.another("how SAs leave", ("reset", "flush", "flush", "esp",
                                             "udp_out_ipv4", "udp_out_ipv4"))
        tool("tc", "-n", "a", "qdisc", "replace", *words, "netem", "delay",
             "%dms" % self.rng.randrange(50, 150), "limit", "300")
        self.hold("qdisc", self.rng.randrange(1, 6), tool, "tc", "-n", "a", "qdisc", "del", *words)
        self.burst()
        if how == "reset":
            self.op_reset()
        elif how == "flush":
            self.op_flush()
        else:
            self.switch(how)
        return True

    def op_reoffer(self):
        if "sa_reoffer" in self.held:
            return False
        self.nic.param("sa_reoffer", "false")
        return self.hold("sa_reoffer", self.rng.randrange(1, 8), self.nic.param, "sa_reoffer",
                         "true")

    def op_requests(self):
        self.nic.param("requests_max", self.another("requests", range(1, 5)))
        return True

    def op_link_down(self):
        # A port that does not come up for want of memory stays down.
        self.slab.end()
        tool("ip", "-n", "a", "link", "set", self.nic.name, "down")
        if self.rng.random() < 0.5:
            self.add_conn(self.main)
        self.main.configure(0)
        for conn in list(self.main.conns.values()):
            self.repair(conn)
        return True

    def op_unlink(self):
        if not self.main.linked:
            return False
        self.main.unlink()
        self.after(self.rng.randrange(1, 3), self.main.link)
        return True

    def op_look(self):
        """Somebody reads everything while it changes."""
        for what in ("dump clear", "dump show", "diagnose"):
            self.nic.health(what)
        self.nic.sim_sas()
        self.nic.numbers()
        self.nic.requests()
        self.check_handles()
        return True

    def op_rings(self):
        self.slab.end()
        words = self.rng.choice((("-L", "combined", str(self.another("queues", range(1, 5)))),
                                 ("-G", "tx", str(self.another("ring", (64, 256, 1024))))))
        # What is so already is no success.
        return tool_ok("nsenter", "--net=/run/netns/a", "ethtool", words[0], self.nic.name,
                       *words[1:])

    def op_failslab(self):
        """Allocations of the NIC's threads, or of what it and the core allocate from."""
        if self.slab.left:
            return False
        if self.rng.random() < 0.5:
            for path in glob.glob("/proc/[0-9]*/comm"):
                try:
                    if read(path).startswith("ov2sim"):
                        write(os.path.dirname(path) + "/make-it-fail", 1)
                except OSError:
                    continue
            which = "task-filter"
        else:
            for path in (glob.glob(SLAB + "ov2*/failslab") +
                         glob.glob(SLAB + "skbuff_ext_cache/failslab")):
                write(path, 1)
            which = "cache-filter"
        self.slab.begin(which, self.rng.randrange(5, 60), 1000)
        self.after(self.rng.randrange(1, 5), self.slab.end)
        return self.burst()

    ### The second pair

    def op_space(self):
        """Namespaces and NICs come, are moved, and go, with SAs and traffic in them."""
        self.slab.end()
        if not self.other:
            self.space_make()
        else:
            self.space_end()
        return True

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
        tool("ip", "-batch", "-", text="netns add c\nnetns add d\n")
        for nic in nics:
            self.bus("new_device", "%d" % nic.number)
        tool("ip", "-batch", "-", text="".join(
            "link set %s netns %s\n" % (nic.name, name) for nic, name in zip(nics, "cd")))
        self.other = Site(("c", "d"), nics, ("ov2sim7", "ov2sim8"), self.rng.random() < 0.5, True)
        for end in (0, 1):
            self.other.link(end)
            self.other.configure(end)
        self.traffic.call("site", self.other.names)
        for _ in range(self.rng.randrange(2, 6)):
            self.add_conn(self.other)

    def check_other(self):
        """The second pair has worked, and how much its wire has seen."""
        site = self.other

        def silent():
            return self.traffic.call("silent", list(site.conns))

        try:
            self.wait("an answer on each flow of the second pair", lambda: not silent(), 30)
        except Failure as err:
            raise Failure("%s: %s" % (err, "; ".join(
                str(site.conns[number]) for number in silent()))) from None
        near, far = site.stats(0), site.stats(1)
        self.other_sent[0] += near["tx_wire_frames"]
        self.other_sent[1] += far["tx_wire_frames"]
        self.other_done += near["ipsec_tx_pkts"]

    def space_end(self):
        self.check_other()
        site, self.other = self.other, None
        if not self.ways:
            self.ways = list(WAYS)
            self.rng.shuffle(self.ways)
        how = self.ways.pop()
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
        tool("ip", "-batch", "-", text="".join(
            "netns del %s\n" % name for name in "cd" if os.path.exists("/run/netns/" + name)))
        for nic in site.nics:
            if os.path.exists(BUS + "devices/" + nic.name):
                write(BUS + "del_device", nic.number)

    ### The run

    DECK = ("add " * 7 + "delete " * 6 + "rekey " * 6 + "update " * 3 + "flush " + "churn " * 2 +
            "crash recover reset delay delay lose refuse refuse reorder reorder nomem nomem "
            "corrupt_tx corrupt_rx delete_req delete_req delete_req delete_req_all seq_limit "
            "policy policy qdisc qdisc feature feature feature switch switch switch reoffer "
            "watermark requests link_down unlink look rings failslab failslab "
            "space space space space").split()

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
        while time.monotonic() < begin + self.seconds or \
                time.monotonic() < begin + PATIENCE * self.seconds and self.few():
            self.step += 1
            self.rng = random.Random("%s/%d" % (self.seed, self.step))
            if not deck:
                deck = self.DECK[:]
                self.rng.shuffle(deck)
            name = deck.pop()
            self.history.append("%8.2f %d %s" % (time.monotonic() - begin, self.step, name))
            self.count[name] += bool(getattr(self, "op_" + name)())
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

    def disagreement(self):
        """Of xfrm, core and NIC about what there is, if any."""
        site = self.main
        want = sorted(gen.spi + i for conn in site.conns.values() for gen in conn.gens
                      for i in (0, 1))
        for name, xfrm in (("a", site.xfrm_a), ("b", site.xfrm_b)):
            if sorted(xfrm.spis()) != want:
                return "SAs of xfrm at %s: %s, not %s" % (name, xfrm.spis(), want)
        core = self.nic.core_sas()
        bad = [sa for sa in core if sa["state"] not in SETTLED]
        if bad:
            return "SAs of the core: %s" % bad
        has = sorted((sa["cookie"], sa["handle"]) for sa in core if sa["state"] == "offloaded")
        sims = sorted((sa["cookie"][2:], sa["handle"][2:]) for sa in self.nic.sim_sas())
        return has != sims and "the core has %s in the NIC, the NIC has %s" % (has, sims)

    def check_tables(self):
        """Not all is read at once, and devlink recovers a crashed NIC a moment later."""
        try:
            self.wait("tables agree", lambda: not self.disagreement(), 20)
        except Failure as err:
            raise Failure("%s: %s" % (err, self.disagreement())) from None
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
        # Nor does the NIC want anybody's any more.
        self.wait("requests are through", lambda: not self.nic.busy() and not any(
            int(sa["delete_req"]) for sa in self.nic.sim_sas()))
        left = self.demand_some()
        self.check_traffic("after the last rekey")
        self.wait("demands are answered", lambda: not self.nic.busy())
        self.check_tables()
        have = self.offloaded_spis()
        if have != left:
            raise Failure("the NIC has %s, not %s" % (sorted(have), sorted(left)))
        idle = [sa["spi"] for sa in self.nic.sim_sas() if not int(sa["packets"])]
        if idle:
            raise Failure("offloaded SAs that the NIC has done nothing with: %s" % idle)
        return states

    def offloaded_spis(self):
        return {int(sa["spi"], 0) for sa in self.nic.sim_sas()}

    def demand_some(self):
        """Half of the SAs are to leave the NIC, under traffic, each with its counterpart; nothing
        else takes them away. Returns those that stay."""
        left = self.offloaded_spis()
        for sa in self.nic.sim_sas():
            if sa["dir"] == "in" and self.rng.random() < 0.5 and self.nic.demand(sa):
                left -= {int(sa["spi"], 0), int(sa["spi"], 0) - 1}
        return left

    def numbers(self):
        """What has happened, and how much of it must happen in two minutes."""
        traffic = self.traffic.call("count")
        bad = traffic.pop("bad")
        if bad:
            raise Failure("damaged: %s" % bad)
        faults = collections.Counter(self.faults)
        faults["failslab in requests"] = self.slab.hits
        faults["failslab in the NIC"] = self.slab.kernel
        nic = self.nic.numbers()
        nic["sent by software"] = nic["tx_wire_frames"] - nic["ipsec_tx_pkts"]
        other = {"sent by the near end": self.other_sent[0],
                 "sent by the far end": self.other_sent[1],
                 "protected by the near NIC": self.other_done}
        decks = {name: DECKS_MIN * self.DECK.count(name) for name in self.DECK}
        return {"operations": (self.count, decks | OPS_MIN), "faults": (faults, FAULTS_MIN),
                "traffic": (traffic, TRAFFIC_MIN), "second pair": (other, OTHER_MIN),
                "NIC": ({name: nic[name] for name in NIC_MIN}, NIC_MIN)}

    def few(self):
        """What there has been too little of."""
        part = self.seconds / 120
        return ["%s %d of %d" % (what, numbers[what], least * part)
                for numbers, minimum in self.numbers().values()
                for what, least in minimum.items() if numbers[what] < int(least * part)]

    def finish(self):
        result = self.numbers(), self.few()
        for conn in list(self.main.conns.values()):
            self.del_conn(conn)
        self.traffic.close()
        self.sent = [self.main.stats(0)["tx_wire_frames"], self.other_sent[0]]
        self.wait("xfrm frees all SAs, nobody has kept one", lambda: not self.states(), 20)
        return result

    def states(self):
        """The structs xfrm_state that exist."""
        cpus = os.sched_getaffinity(0)
        # A datagram that was read on another CPU than it came in on is freed, and lets go of its
        # state, when that one receives something again (skb_attempt_defer_free()).
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            for cpu in cpus:
                os.sched_setaffinity(0, {cpu})
                sock.sendto(b"", sock.getsockname())
                sock.recv(1)
        os.sched_setaffinity(0, cpus)
        write(SLAB + "xfrm_state/shrink", 1)
        return int(read(SLAB + "xfrm_state/objects").split()[0])


def main():
    seed, seconds = sys.argv[1], float(sys.argv[2])
    soak = Soak(seed, seconds, sys.argv[3])
    try:
        took = soak.run()
        states = soak.prove()
        numbers, few = soak.finish()
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
        write(soak.folder + "/run", json.dumps({
            "spis": soak.spis, "sent": soak.sent, "both": int(BOTH_MIN * seconds / 120)}))
    print("seed %s, %d places, GSO %s: %d steps in %d s" % (
        seed, soak.places, "on" if soak.gso else "off", soak.step, took))
    print("SAs at the end of it:", ", ".join("%s %d" % item for item in sorted(states.items())))
    for name, (values, _) in numbers.items():
        print("%s: %s" % (name, ", ".join("%s %d" % item for item in sorted(values.items()))))
    traffic = numbers["traffic"][0]
    print("in short: %d operations, %d faults, %d datagrams, %d kB in %d streams" % (
        numbers["operations"][0].total(), numbers["faults"][0].total(),
        traffic["sent"] + traffic["received"], traffic["bytes"] // 1000, traffic["streams"]))
    if few:
        print("too few for %d seconds: %s" % (seconds, ", ".join(few)))
    return 1 if few else 0


if __name__ == "__main__":
    sys.exit(main())
