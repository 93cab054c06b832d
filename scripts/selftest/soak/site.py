# SPDX-License-Identifier: GPL-2.0-only
"""The things that the soak works with: tools, simulated NICs, connections and pairs of namespaces."""
import errno
import glob
import json
import os
import select
import subprocess
import time

from . import net, traffic

CORE, SIM, BUS = "/sys/kernel/debug/ov2/", "/sys/kernel/debug/ov2sim/", "/sys/bus/ov2sim/"
SETTLED = ("offloaded", "software", "waiting")
OUTSIDE = ("waiting", "queued", "adding", "software")


class Failure(Exception):
    """The soak has found a fault."""


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


def tool(*words, text=None):
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure("%s: %s%s" % (" ".join(words), done.stdout, done.stderr))
    return done.stdout


def tool_ok(*words):
    return not subprocess.run(words, capture_output=True, check=False).returncode


def ethtool(*words):
    return tool("nsenter", "--net=/run/netns/a", "ethtool", *words)


def wait(what, condition, seconds=90):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failure("%s: not within %d s" % (what, seconds))
        select.select([], [], [], 0.05)


class Refusals:
    """SAs that a NIC has refused because a fault told it to, as the core traces them."""
    dir = "/sys/kernel/tracing/"

    def __init__(self):
        event = self.dir + "events/ov2/ov2_sa_refused/"
        write(event + "filter", "err == -%d" % errno.EIO)
        write(event + "enable", 1)
        write(self.dir + "tracing_on", 1)

    def count(self):
        return sum(int(line.split()[1]) for path in glob.glob(self.dir + "per_cpu/*/stats")
                   for line in read(path).splitlines()
                   if line.startswith(("entries:", "overrun:")))


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

    def requests(self):
        return read(CORE + self.name + "/requests").splitlines()

    def in_flight(self):
        return sum(line.startswith("in flight") for line in self.requests())

    def busy(self):
        if any(sa["state"] not in SETTLED for sa in self.core_sas()):
            return True
        return any(line.startswith("in flight") or
                   line.startswith("to ") and not line.endswith(": 0")
                   for line in self.requests())

    def fault(self, knob, value):
        write("%s%s/faults/%s" % (SIM, self.name, knob), value)

    def fault_left(self, knob):
        return int(read("%s%s/faults/%s" % (SIM, self.name, knob)))

    def crash(self):
        write(SIM + self.name + "/crash", 1)

    def demand(self, sa):
        """Raise SaDeleteReq for an SA; False if it has left the NIC meanwhile."""
        try:
            write(SIM + self.name + "/sa_delete_req", sa["handle"])
        except OSError as err:
            if err.errno != errno.ENOENT:
                raise
            return False
        return True

    def health(self, what, *settings):
        return tool("devlink", "-j", "health", *what.split(), "ov2sim/" + self.name, "reporter",
                    "ipsec", *settings)

    def health_state(self):
        """The state of the reporter, and how often it has recovered."""
        for reporter in json.loads(self.health("show"))["health"].values():
            return reporter[0]["state"], reporter[0]["recover"]
        return None

    def param(self, name, value):
        tool("devlink", "dev", "param", "set", "ov2sim/" + self.name, "name", name,
             "value", str(value), "cmode", "runtime")


def check_handles(nic):
    """An SA that the NIC does not have, or not yet again, has no handle."""
    def wrong():
        return {(sa["cookie"], sa["handle"]) for sa in nic.core_sas()
                if sa["state"] in OUTSIDE and int(sa["handle"], 16)}

    # The two are not read at once.
    left = wrong()
    left = left and left & wrong()
    if left:
        raise Failure("SAs outside the NIC have handles: %s" % left)


class Conn:
    """A connection: a flow, two policies at each end, and one or two generations of SAs."""

    def __init__(self, site, number, rng):
        self.site, self.id = site, number
        self.alg = rng.choice(sorted(net.ALGS))
        self.fam = rng.choice((4, 6))
        self.mode = rng.choice((net.TRANSPORT, net.TUNNEL))
        self.inner = rng.choice((self.fam, 4, 6)) if self.mode == net.TUNNEL else self.fam
        self.encap = self.fam == 4 and rng.random() < 0.3
        self.esn = rng.random() < 0.4
        self.window = rng.choice((32, 64, 128, 2048))
        # Software over IPv6 without GSO only: esp6_offload's own bursts repeat IVs.
        self.proto = "tcp" if rng.random() < 0.25 and (self.fam == 4 or not site.gso) else "udp"
        # The NIC frames, which it does not do across families.
        self.packet = (rng.random() < 0.4 and self.inner == self.fam and
                       sum(conn.packet for conn in site.conns.values()) < site.packet_max)
        self.down = rng.random() < 0.5
        # Over the wrap of the lower half, where the kernel's own GSO fails.
        self.seq = 2 ** 32 - rng.randrange(20, 400) \
            if self.esn and self.proto == "udp" and rng.random() < 0.3 else 0
        # XFRM_STATE_INSERT() puts a state that is not in packet mode before those that are if their
        # bucket has no other, and xfrm_state_find() finds them no more. So they have buckets of
        # their own: the lowest bit of a reqid is that of the hash, whose other parts have the same
        # one for the addresses of both families.
        self.reqid = 2 * number + 2 + self.packet
        self.gens = []
        self.broken = False

    def __str__(self):
        return "%d %s%s IPv%d%s %s%s%s %s" % (
            self.id, "packet mode " * self.packet, self.alg, self.fam,
            "" if self.inner == self.fam else " IPv%d" % self.inner,
            "tunnel" if self.mode else "transport", " udp-encap" * self.encap, " esn" * self.esn,
            self.proto)

    def wire(self):
        return ("10.1.0.1", "10.1.0.2") if self.fam == 4 else ("fd01::1", "fd01::2")

    def ends(self):
        if self.mode == net.TRANSPORT:
            return self.wire()
        return ("10.2.0.1", "10.2.0.2") if self.inner == 4 else ("fd02::1", "fd02::2")

    def sa(self, gen, up, out):
        """An SA; up: from a to b."""
        src, dst = self.wire() if up else reversed(self.wire())
        end = 0 if up == out else 1
        return net.Sa(
            src=src, dst=dst, spi=gen.spi + (not up), reqid=self.reqid, mode=self.mode,
            alg=self.alg, keys=gen.keys[0 if up else 1], out=out, esn=self.esn,
            window=self.window, seq=self.seq, encap=(4500, 4500) if self.encap else (),
            unspec=self.inner != self.fam, ifindex=self.site.offload[end], packet=self.packet)

    def sas(self, gen):
        """All four, the receiving ones first."""
        site = self.site
        return [(site.xfrm_b, self.sa(gen, True, False)), (site.xfrm_a, self.sa(gen, False, False)),
                (site.xfrm_b, self.sa(gen, False, True)), (site.xfrm_a, self.sa(gen, True, True))]

    def policies(self):
        proto = 6 if self.proto == "tcp" else 17
        (src, dst), (isrc, idst) = self.wire(), self.ends()
        port = traffic.NEAR_PORT + self.id
        up = net.selector(isrc, idst, proto, port, traffic.PORT)
        down = net.selector(idst, isrc, proto, traffic.PORT, port)
        there = net.template(src, dst, self.reqid, self.mode)
        back = net.template(dst, src, self.reqid, self.mode)
        site = self.site
        near, far = site.offload if self.packet else (0, 0)
        return [(site.xfrm_b, up, False, there, far), (site.xfrm_a, down, False, back, near),
                (site.xfrm_b, down, True, back, far), (site.xfrm_a, up, True, there, near)]


class Site:
    """Two namespaces with a NIC each, the wires of which meet in m; what is in them."""

    def __init__(self, names, nics, wires, both, gso):
        self.names, self.nics, self.gso = names, nics, gso
        # The netdevs in m at the other ends of the wires.
        self.wires = wires
        self.spaces = [net.Namespace(name) for name in names]
        self.xfrm_a, self.xfrm_b = (net.Netlink(space) for space in self.spaces)
        self.events = net.Netlink(self.spaces[0], 1 << (net.GROUP_EXPIRE - 1))
        # Fragments that wait for one that is lost keep their SA.
        for space in self.spaces:
            for name in ("ipv4/ipfrag_time", "ipv6/ip6frag_time"):
                space.run(write, "/proc/sys/net/" + name, 2)
        self.conns = {}
        # How many connections may be in packet mode: their SAs have to have room in the NIC.
        self.packet_max = 1000
        self.linked = False
        self.ifindex = [space.ifindex(nic.name) for space, nic in zip(self.spaces, nics)]
        # 0: this end's SAs are software's.
        self.offload = self.ifindex if both else [self.ifindex[0], 0]
        # Packets without an SA are dropped, because nothing may leave in clear. A policy that
        # blocks would not do: when a namespace ends, policies go a moment before the netdev.
        for name in names:
            tool("ip", "-n", name, "xfrm", "policy", "setdefault", "out", "block")

    def link(self, end=0):
        far = net.Namespace("m")
        write(BUS + "link_device", "%d:%d %d:%d" % (
            self.spaces[end].fd, self.ifindex[end], far.fd, far.ifindex(self.wires[end])))
        far.close()
        self.linked = True

    def unlink(self):
        write(BUS + "unlink_device", "%d:%d" % (self.spaces[0].fd, self.ifindex[0]))
        self.linked = False

    def stats(self, end):
        """As Nic.numbers(). A NIC that was short of memory when it was made may have no debugfs."""
        try:
            return self.nics[end].numbers()
        except FileNotFoundError:
            pass
        lines = tool("nsenter", "--net=/run/netns/" + self.names[end], "ethtool", "-S",
                     self.nics[end].name).splitlines()[1:]
        return {name.strip(): int(value) for name, value in (line.split(":") for line in lines)}

    def configure(self, end):
        """As configure_end of lib/net.sh."""
        name, dev = self.names[end], self.nics[end].name
        me, you = end + 1, 2 - end
        peer = self.spaces[1 - end].mac(self.nics[1 - end].name)
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
