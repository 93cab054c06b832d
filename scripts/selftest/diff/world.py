# SPDX-License-Identifier: GPL-2.0-only
"""Namespaces, NICs, wires and links of the differential runs; helpers that stay.

One process does it all, for another takes tens of milliseconds on these kernels. Tools that
cannot be done without read their commands from a pipe and stay.
"""
import array
import fcntl
import os
import socket
import struct
import subprocess

from soak import net
from soak.site import BUS, Nic, write

SIOCETHTOOL, SIOCGIFFLAGS = 0x8946, 0x8913
GRO, TSO, SG = 0x2c, 0x1f, 0x19
GSTRINGS, GSSET_INFO, SFEATURES, RESET = 0x1b, 0x37, 0x3b, 0x34
SS_FEATURES = 4
RESET_ALL = 0xffffffff
SOFTWARE_VETH, SOFTWARE_NIC, CRYPTO, PACKET = "sw", "sn", "hw", "pk"
KINDS = (SOFTWARE_VETH, SOFTWARE_NIC, CRYPTO, PACKET)


class SetupError(Exception):
    """The scenario could not be made; nothing was learned."""


class Tool:
    """ip or tc with -batch: a line in, and what it says of it on stderr."""

    def __init__(self, run, name):
        self.proc = run(lambda: subprocess.Popen(
            [name, "-force", "-batch", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE))
        self.count = 0

    def run(self, lines):
        """Runs the lines; what was wrong with them, or an empty string."""
        if not lines:
            return ""
        # Nothing tells that a line is through but the complaint about one that is none.
        self.count += len(lines) + 1
        self.proc.stdin.write(("\n".join(lines) + "\nend\n").encode())
        self.proc.stdin.flush()
        last = b"Command failed -:%d\n" % self.count
        said = b""
        while not said.endswith(last):
            data = os.read(self.proc.stderr.fileno(), 65536)
            if not data:
                raise SetupError("a tool has ended: %s" % said.decode())
            said += data
        return said[:said.rindex(b'Object "end"')].decode().strip()

    def close(self):
        self.proc.stdin.close()
        self.proc.stderr.close()
        self.proc.wait()


class Space(net.Namespace):
    """A network namespace that ends with us, its tools, its sockets."""

    def __init__(self, name):
        self.name = name
        here = os.open("/proc/self/ns/net", os.O_RDONLY)
        os.unshare(os.CLONE_NEWNET)
        self.fd = os.open("/proc/self/ns/net", os.O_RDONLY)
        os.setns(here, os.CLONE_NEWNET)
        os.close(here)
        self.tools = {}
        self.features = {}
        self.inet = self.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for item in ("all", "default"):
            for key in ("accept_ra", "router_solicitations", "dad_transmits", "accept_dad"):
                self.sysctl("ipv6/conf/%s/%s" % (item, key), 0)
            self.sysctl("ipv4/conf/%s/rp_filter" % item, 0)
        # What a scenario leaves of a datagram is not counted in one of the next.
        self.sysctl("ipv4/ipfrag_time", 3600)
        self.sysctl("ipv6/ip6frag_time", 3600)
        # No addresses of the kernel's own; reports to listeners are over at once.
        self.sysctl("ipv6/conf/default/addr_gen_mode", 1)
        self.sysctl("ipv6/conf/default/mldv2_unsolicited_report_interval", 1)
        self.ip("link set lo up")

    def path(self):
        return "/proc/%d/fd/%d" % (os.getpid(), self.fd)

    def sysctl(self, name, value):
        self.run(write, "/proc/sys/net/" + name, value)

    def read(self, path):
        def slurp():
            with open(path, encoding="ascii") as file:
                return file.read()
        return self.run(slurp)

    def _tool(self, name, lines):
        if name not in self.tools:
            self.tools[name] = Tool(self.run, name)
        return self.tools[name].run(lines)

    def ip(self, *lines):
        said = self._tool("ip", lines)
        if said:
            raise SetupError("ip in %s: %s" % (self.name, said))

    def tc(self, *lines):
        said = self._tool("tc", lines)
        if any(not line.startswith("Warning") for line in said.splitlines()):
            raise SetupError("tc in %s: %s" % (self.name, said))

    def nft(self, text):
        done = self.run(lambda: subprocess.run(["nft", "-f", "-"], input=text, text=True,
                                               capture_output=True, check=False))
        if done.returncode:
            raise SetupError("nft in %s: %s" % (self.name, done.stderr))

    def tap(self, dev):
        """A socket that sees all frames of a device, both ways."""
        sock = self.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
        sock.setblocking(False)
        sock.bind((dev, 3))
        return sock

    def ethtool(self, dev, data):
        """One ioctl of ethtool, and what it answers."""
        buf = array.array("B", data)
        request = struct.pack("16sP16x", dev.encode(), buf.buffer_info()[0])
        fcntl.ioctl(self.inet, SIOCETHTOOL, request)
        return buf.tobytes()

    def ethtool_set(self, dev, command, value):
        self.ethtool(dev, struct.pack("=II", command, value))

    def feature(self, dev, name, enabled):
        """As ethtool -K."""
        if dev not in self.features:
            info = self.ethtool(dev, struct.pack("=IIQI", GSSET_INFO, 0, 1 << SS_FEATURES, 0))
            count = struct.unpack("=I", info[16:20])[0]
            names = self.ethtool(dev, struct.pack("=III", GSTRINGS, SS_FEATURES, count) +
                                 bytes(32 * count))[12:]
            self.features[dev] = [names[32 * i:32 * i + 32].split(b"\0")[0].decode()
                                  for i in range(count)]
        names = self.features[dev]
        index = names.index(name)
        words = [[0, 0] for _ in range((len(names) + 31) // 32)]
        words[index // 32] = [1 << index % 32, enabled << index % 32]
        self.ethtool(dev, struct.pack("=II", SFEATURES, len(words)) +
                     b"".join(struct.pack("=II", *word) for word in words))

    def flags(self, dev):
        """IFF_*."""
        data = fcntl.ioctl(self.inet, SIOCGIFFLAGS, struct.pack("40s", dev.encode()))
        return struct.unpack_from("=H", data, 16)[0]

    def reset(self, dev):
        """As ethtool --reset DEV all: all ports of the NIC."""
        self.ethtool_set(dev, RESET, RESET_ALL)

    def close(self):
        for tool in self.tools.values():
            tool.close()
        self.inet.close()
        super().close()


class World:
    """A topology as one of the kinds sees it.

       A (under test)                M                      B (software)
       +------------+     wire      +------------+  veth   +----------+
       | ...     da |---------------| dm  ->  vm |---------| db   ... |
       +------------+ (veth or NICs)+------------+         +----------+
                                 taps, injection
    """
    ids = iter(range(100, 1 << 30))

    def __init__(self, kind):
        self.kind = kind
        self.spaces, self.nics, self.taps = {}, {}, {}
        # What runs beside the scenarios.
        self.programs = []

    def __getitem__(self, name):
        if name not in self.spaces:
            self.spaces[name] = Space(name)
        return self.spaces[name]

    def nic(self, space, dev):
        """A simulated NIC with a netdev of that name."""
        nic = Nic(next(self.ids))
        # One queue: what has no ports, such as fragments, would come by another.
        write(BUS + "new_device", "%d 1 1" % nic.number)
        self.nics[space, dev] = nic
        Birthplace.ip("link set %s netns %s name %s" % (nic.name, self[space].path(), dev))

    def veth(self, space, dev, space2, dev2):
        self[space].ip("link add %s type veth peer name %s netns %s" % (
            dev, dev2, self[space2].path()))

    def wire(self, space, dev, space2, dev2):
        if self.kind == SOFTWARE_VETH:
            self.veth(space, dev, space2, dev2)
        else:
            self.nic(space, dev)
            self.nic(space2, dev2)
            write(BUS + "link_device", "%d:%d %d:%d" % (
                self[space].fd, self[space].ifindex(dev),
                self[space2].fd, self[space2].ifindex(dev2)))

    def patch(self, dev, dev2, space="M"):
        """Whatever comes in at the one goes out at the other."""
        self[space].ip("link set %s up" % dev, "link set %s up" % dev2)
        for here, there in ((dev, dev2), (dev2, dev)):
            self[space].tc(
                "qdisc add dev %s clsact" % here,
                "filter add dev %s ingress protocol all prio 9 matchall action mirred egress "
                "redirect dev %s" % (here, there))
        for name in (dev, dev2):
            self[space].ethtool_set(name, GRO, 0)

    def tap(self, space, dev):
        self.taps[space, dev] = self[space].tap(dev)

    def close(self):
        for sock in self.taps.values():
            sock.close()
        for program in self.programs:
            program.close()
        for nic in self.nics.values():
            write(BUS + "del_device", nic.number)
        for space in self.spaces.values():
            space.close()


class Birthplace:
    """The namespace in which NICs appear, our own. Their names never come twice."""
    tool = None

    @classmethod
    def ip(cls, line):
        cls.tool = cls.tool or Tool(lambda start: start(), "ip")
        said = cls.tool.run([line])
        if said:
            raise SetupError("ip: " + said)

    @classmethod
    def close(cls):
        if cls.tool:
            cls.tool.close()
        cls.tool = None
