# SPDX-License-Identifier: GPL-2.0-only
"""Whether a world passes plain traffic. A scenario that begins in one that does not, because an
earlier one has left something behind, would show nothing of itself."""
import topo
import traffic

# What a packet of a tunnel device has room for as well.
SIZE = 1400


def ways(world, scenario):
    """The ends between which something must pass: on the wire, and where the traffic will be."""
    topology, bind = scenario.topology, scenario.topology.bind
    found = [("the wire", world["A"], world["B"], topo.WIRE[scenario.outer], bind)]
    if topology.overlay:
        found.append(("the tunnel device", world["A"], world["B"],
                      topo.OVERLAY[scenario.inner], ""))
    elif topology.hosts:
        found.append(("the gateways", world["HA"], world["HB"], topo.HOSTS[scenario.inner], ""))
    elif not topology.if_id and not topology.key:
        # An interface of xfrm's passes nothing in clear.
        found.append(("the inner addresses", world["A"], world["B"], topo.INNER[scenario.inner],
                      bind))
    return found


def lost(world, scenario):
    """The names of the ways that do not pass a datagram in each direction."""
    found = []
    for name, a, b, addresses, bind in ways(world, scenario):
        fence = traffic.Fence(traffic.End(a, addresses[0], bind), traffic.End(b, addresses[1]),
                              scenario.topology.down, size=SIZE)
        try:
            if not fence.passed():
                found.append("%s (%s, %s)" % (name, *addresses))
        finally:
            fence.close()
    return found
