# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2015,SC2034,SC2119,SC2120,SC2154
# The strongSwan tests share this topology:
#
#   namespace swl          namespace swm             namespace swr
#   charon "l"             bridge, or a NAT          charon "r"
#   left0 ---------------- tapl    tapr ------------ right0
#
# left0 and right0 are ports of NICs with offload. The middle holds no SA, so
# what tcpdump reads on tapl is the wire and nothing else: at an end with
# offload it would see the packet before encryption and after decryption.
#
# OV2_LINK=veth runs everything over veth pairs with software xfrm: that is how
# a test's own mistakes are told from the modules'.
#
# OV2_LINK=uplink has a NIC at the left end only, with an uplink, and veth pairs
# for the rest: the right end knows nothing of ov2.

# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=swan_net.sh
. "$selftest/lib/swan_net.sh"
# shellcheck source=swan_conf.sh
. "$selftest/lib/swan_conf.sh"
# shellcheck source=swan_daemon.sh
. "$selftest/lib/swan_daemon.sh"
# shellcheck source=swan_wire.sh
. "$selftest/lib/swan_wire.sh"

swan_spis()
{
	local line

	ip -n "sw$1" xfrm state | while read -r line; do
		[[ ! $line =~ "proto esp spi "([0-9a-fx]+) ]] || echo "${BASH_REMATCH[1]}"
	done
}

# SAs of an end that its NIC serves.
swan_offloaded()
{
	core_sas "${SWAN_NIC[$1]}" offloaded
}

swan_offloaded_is()
{
	[[ ! ${SWAN_NIC[$1]:-} ]] || sas_are "${SWAN_NIC[$1]}" offloaded "$2"
}

swan_states_are()
{
	[[ $(ip -n "sw$1" xfrm state count) =~ SAD\ count\ ([0-9]+) ]] && ((BASH_REMATCH[1] == $2))
}

# Wait until end $1 has $2 SAs, all of them in the NIC, or $3 of them there.
swan_settled()
{
	wait_for 60 swan_states_are "$1" "$2" ||
		fail "$(swan_spis "$1" | wc -l) SAs at $1, not $2" || return
	wait_for 60 swan_offloaded_is "$1" "${3:-$2}" ||
		fail "$(swan_offloaded "$1") SAs offloaded at $1, not ${3:-$2}"
}

# S55: every SA is one of ESP in UDP; the peer's port is the NAT's choice.
swan_udp()
{
	local states

	states=$(swan_in "$1" ip xfrm state)
	[[ $(grep -c 'proto esp' <<<"$states") == "$(grep -c 'espinudp' <<<"$states")" ]]
}

# If not all SAs of end $1 are in its NIC but $2, these are inbound.
swan_inbound_first()
{
	local in

	in=$(grep -w offloaded "$core/${SWAN_NIC[$1]}/sas" | grep -cw in)
	(($2 <= C[children] ? in == $2 : in == C[children]))
}

# Prints where packets were dropped, then the last lines of the daemons.
swan_logs()
{
	local end nic

	for end in l m r; do
		# shellcheck disable=SC2016
		diag "$end: $(swan_in "$end" awk '$2 { printf "%s %s, ", $1, $2 }' /proc/net/xfrm_stat)"
	done
	for nic in "${SWAN_NIC[@]}" ov2sim63; do
		[[ ! -e $core/$nic ]] || diag "$nic: $(awk '$NF { printf "%s, ", $0 }' "$core/$nic/counters" "$sim/$nic/counters")"
	done
	diag "queues in between: $(swan_in m tc -s qdisc show | grep -o 'dropped [1-9][0-9]*')"
	for end in l r; do
		[[ -s $SWAN_DIR/$end/log ]] || continue
		diag "charon $end:"
		tail -n "${1:-8}" "$SWAN_DIR/$end/log" | while read -r line; do
			diag "$line"
		done
	done
	return 0
}

# Each test ends with swan_down: there is nothing else to take away.
after_each()
{
	:
}
