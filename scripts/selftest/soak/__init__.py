# SPDX-License-Identifier: GPL-2.0-only
"""The soak: operations at random, while traffic flows, and then the proof that all is well.

net      namespaces, xfrm by netlink, allocations that fail     (no state of the soak)
site     tools, simulated NICs, connections, pairs of namespaces
traffic  the process that sends and looks at every byte
world    the state of a run
ike      acts as an IKE daemon does: connections, SAs, rekeying
ops      the operations by name, and how often each is in a deck
ops_*    the operations: on SAs, on the NIC, its faults, on a second pair of namespaces
account  counts of the events in a run, and their minimums
verdict  the end of a run: every SA works, and all tables agree
proof    checks the captures
"""
