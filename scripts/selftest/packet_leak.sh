#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# S66 S67: what has to be encrypted in packet mode is on no wire in clear, whatever takes it away from
# the NIC: another route, tc, netfilter, and SAs that end while packets wait in a qdisc.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib/events.sh
. "$selftest/lib/events.sh"

mark=ov2-leak-in-clear
# The other way to b.
veth_a=veth_a
veth_b=veth_b
# Not b's errors, which quote what they are about.
from_a=(src host 10.1.0.1)

# shellcheck disable=SC2119
setup()
{
	check "a pair of NICs" pair_up && check "another way" other_way
}

other_way()
{
	local veth_mac

	ip link add "$veth_a" netns a type veth peer name "$veth_b" netns b &&
		veth_mac=$(mac b "$veth_b") || return
	ip -n a -batch - <<-EOF
		link set $veth_a up
		addr add 10.3.0.1/24 dev $veth_a
		neigh replace 10.3.0.2 lladdr $veth_mac dev $veth_a nud permanent
	EOF
	ip -n b -batch - <<-EOF
		link set $veth_b up
		addr add 10.3.0.2/24 dev $veth_b
	EOF
	features b gro off && nsenter --net=/run/netns/b ethtool -K "$veth_b" gro off
}

# Both wires, into $tmp/NAME-nic.pcap and $tmp/NAME-veth.pcap.
captures_begin()
{
	captures=()
	capture b "$1-nic" "${from_a[@]}"
	captures+=("$capture")
	dev_b=$veth_b capture b "$1-veth" "${from_a[@]}"
	captures+=("$capture")
}

captures_end()
{
	for capture in "${captures[@]}"; do
		capture_end
	done
}

# marked WIRE: how many packets in the capture of the present test have the mark.
marked()
{
	grep -ao "$mark" "$tmp/$name-$1.pcap" | wc -l
}

# burst N: datagrams of 600 bytes of a's with the mark. What cannot be sent is an error of the
# socket's.
burst()
{
	# shellcheck disable=SC2016
	a bash -c 'for ((i = 0; i < $1; i++)); do
			printf "%-600s" "$2" >/dev/udp/10.1.0.2/9
		done' - "$1" "$mark" 2>/dev/null
}

conn_up()
{
	conn 1 kind=packet proto=any
	commit && wait_offloaded 2
}

# A qdisc that lets two of these go, and holds the others.
hold()
{
	check "a qdisc" tc -n a qdisc replace dev "$dev_a" root tbf rate 8kbit burst 1600 limit 100000
}

let_go()
{
	check "the qdisc lets go" tc -n a qdisc replace dev "$dev_a" root tbf rate 1gbit burst 1mb limit 100000
	wait_for 10 says "backlog 0b" tc -n a -s qdisc show dev "$dev_a"
	check "no qdisc" tc -n a qdisc del dev "$dev_a" root
}

# leak NAME ACTION [UNDO]: before it the NIC encrypts, and neither what waits nor what is sent after
# it is in clear.
leak()
{
	local captures before name=$1

	conn_up || return
	captures_begin "$name"
	before=$(counter "$nic_a" ipsec_sa_tx_framed)
	burst 5
	check "the NIC has framed" wait_for 10 framed_since "$before" 5
	hold
	burst 20
	! says "backlog 0b" tc -n a -s qdisc show dev "$dev_a" || fail "nothing waits"
	"$2"
	burst 5
	let_go
	"${3:-:}"
	captures_end
	check_eq "packets in clear on the NIC's wire" "$(marked nic)" 0
	check_eq "packets in clear on the other wire" "$(marked veth)" 0
}

framed_since()
{
	(($(counter "$nic_a" ipsec_sa_tx_framed) >= $1 + $2))
}

# The mark is found on both wires, when nothing encrypts.
self_check()
{
	local captures name=self

	captures_begin self
	burst 3
	better_route
	burst 3
	no_better_route
	wait_for 10 all_marked
	captures_end
	check_eq "on the NIC's wire" "$(marked nic)" 3
	check_eq "on the other wire" "$(marked veth)" 3
}

all_marked()
{
	(($(marked nic) + $(marked veth) >= 6))
}

better_route()
{
	check "a better route" ip -n a route add 10.1.0.2/32 via 10.3.0.2 dev "$veth_a" \
		src 10.1.0.1
}

no_better_route()
{
	check "the route goes" ip -n a route del 10.1.0.2/32
}

# A mark of netfilter's, by which packets are routed once more.
reroute()
{
	check "a table" ip -n a route add 10.1.0.2/32 via 10.3.0.2 dev "$veth_a" table 100
	check "a rule" ip -n a rule add fwmark 1 table 100
	nft_a "add chain ip leak out { type route hook output priority 0; }; add rule ip leak out ip daddr 10.1.0.2 mark set 1"
}

no_reroute()
{
	no_nft
	check "no rule" ip -n a rule del fwmark 1
	check "no table" ip -n a route flush table 100
}

nft_a()
{
	check "nft" a nft "add table ip leak; $1"
}

no_nft()
{
	check "no table of nft's" a nft delete table ip leak
}

snat()
{
	nft_a "add chain ip leak post { type nat hook postrouting priority srcnat; }; add rule ip leak post ip daddr 10.1.0.2 udp dport 9 snat to 10.1.0.1:40000-50000"
}

# tc_mirred mirror|redirect: of what leaves the port.
tc_mirred()
{
	check "clsact" tc -n a qdisc add dev "$dev_a" clsact
	check "tc" tc -n a filter add dev "$dev_a" egress matchall \
		action mirred egress "$1" dev "$veth_a"
}

mirror()
{
	tc_mirred mirror
}

redirect()
{
	tc_mirred redirect
}

no_tc()
{
	check "no clsact" tc -n a qdisc del dev "$dev_a" clsact
}

esp_off()
{
	features a esp-hw-offload off
}

esp_on()
{
	features a esp-hw-offload on
}

packet_off()
{
	param "$nic_a" packet false
}

packet_on()
{
	param "$nic_a" packet true
}

reset()
{
	a ethtool --reset "$dev_a" all >"$tmp/ethtool" || fail "ethtool --reset"
}

crash()
{
	echo 1 >"$sim/$nic_a/crash"
}

delete_out()
{
	check "a delete" ip -n a xfrm state delete src 10.1.0.1 dst 10.1.0.2 proto esp spi 0x1002
}

flush_states()
{
	check "a flush" ip -n a xfrm state flush
}

wants_deleted()
{
	check "SaDeleteReq" delete_req 0x1003
}

T "the mark is found" self_check
T "a better route" leak route better_route no_better_route
T "a route by mark" leak reroute reroute no_reroute
T "SNAT" leak snat snat no_nft
T "tc mirror" leak mirror mirror no_tc
T "tc redirect" leak redirect redirect no_tc
T "ESP off" leak esp esp_off esp_on
T "packet mode off" leak packet packet_off packet_on
T "a reset" leak reset reset
T "a crash" leak crash crash
T "SaDeleteReq" leak delreq wants_deleted
T "the SA is deleted" leak delete delete_out
T "the SAs are flushed" leak flush flush_states
run_tests
