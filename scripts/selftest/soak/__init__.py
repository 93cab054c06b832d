# SPDX-License-Identifier: GPL-2.0-only
"""The soak: operations at random, while traffic flows, and then the proof that all is well.

net      namespaces, xfrm by netlink, allocations that fail     (no state of the soak)
site     tools, simulated NICs, connections, pairs of namespaces
traffic  the process that sends and looks at every byte
world    the state of a run
ike      what an IKE daemon does: connections, SAs, rekeying
ops      the operations by name, and how often each is in a deck
ops_*    the operations: on SAs, on the NIC, its faults, on a second pair of namespaces
account  what must have happened in a run
verdict  the end of a run: nothing is lost, everybody agrees
proof    what the captures must not show, and what they must
"""
