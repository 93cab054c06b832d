#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The NIC's table to the last SA and beyond.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

slots=6

# fill FIRST LAST [commit_warned]: connections, each of two SAs.
fill()
{
	local id

	for ((id = $1; id <= $2; id++)); do
		conn "$id"
	done
	"${3:-commit}"
}

state()
{
	check "$1 offloaded" wait_for 10 sas_are "$nic_a" offloaded "$1"
	# Now and then they are offered.
	check "$2 wait" wait_for 10 sas_are "$nic_a" waiting "$2"
	check_eq "devlink's occupancy" "$(occupancy "$nic_a")" "$1"
	check_eq "SAs on the NIC" "$(head -n 1 "$sim/$nic_a/sas")" "sas $1"
}

# S6 S18: all of the advertised number, one more waits in software and works,
# and a delete lets exactly one in.
last_and_one_more()
{
	local out

	fill 1 3 || return
	state "$slots" 0
	conn 4
	out=$(ip -n a -batch - <<<"$batch_a" 2>&1)
	check_eq "exit status" $? 0
	[[ $out == *"Warning: ov2: "*"$slots"* ]] || fail "iproute2 said '$out'"
	batch_a=
	commit
	state "$slots" 2
	udp 4 4 wire 1-10
	sim_sa 0x1008 packets || :
	check_eq "packets of a waiting SA on the NIC" "$field" ""

	ip -n a xfrm state delete src 10.1.0.1 dst 10.1.0.2 proto esp spi 0x1002
	state "$slots" 1
	ip -n a xfrm state delete src 10.1.0.2 dst 10.1.0.1 proto esp spi 0x1003
	state "$slots" 0
	udp 4 4 wire 1-10
	sim_sa 0x1008 packets
	check_eq "packets of it once it is let in" "$field" 10

	# S5: one that waits goes without a trace.
	fill 5 5 commit_warned
	check_eq "SAs that wait" "$(core_sas "$nic_a" waiting)" 2
	ip -n a xfrm state delete src 10.1.0.1 dst 10.1.0.2 proto esp spi 0x100a
	ip -n a xfrm state delete src 10.1.0.2 dst 10.1.0.1 proto esp spi 0x100b
	state "$slots" 0
}

# The second limit: no more than so many wait.
second_limit()
{
	local out

	check "parameter" param "$nic_a" sa_waiting_max 1
	fill 1 3 || return
	conn 4
	out=$(ip -n a -batch - <<<"$batch_a" 2>&1)
	check_eq "exit status" $? 0
	[[ $out == *Warning*Warning* ]] || fail "iproute2 said '$out'"
	batch_a=
	commit
	state "$slots" 1
	check_eq "SAs known to the core" "$(($(wc -l <"$core/$nic_a/sas") - 1))" $((slots + 1))
	udp 4 4 wire 1-10
	check "parameter" param "$nic_a" sa_waiting_max 1000
}

# S6 under churn: it always ends with a full table.
churn()
{
	local id n

	fill 1 3 || return
	fill 4 9 commit_warned
	for ((n = 0; n < 3; n++)); do
		for ((id = 1 + n; id < 9; id += 3)); do
			ip -n a -batch - <<-END
				xfrm state delete src 10.1.0.1 dst 10.1.0.2 proto esp spi $((0x1000 + 2 * id))
				xfrm state delete src 10.1.0.2 dst 10.1.0.1 proto esp spi $((0x1001 + 2 * id))
			END
		done
		((n < 2)) && state "$slots" $((12 - 6 * (n + 1)))
	done
	check "two are left" wait_for 10 sas_are "$nic_a" offloaded 2
}

# offloaded_are ID...: the pairs that are in the NIC, and no other.
offloaded_are()
{
	local id want=''

	for id; do
		printf -v want '%s0x%08x 0x%08x ' "$want" $((0x1000 + 2 * id)) $((0x1001 + 2 * id))
	done
	[[ $(awk '$3 == "offloaded" { print $6 }' "$core/$nic_a/sas" | sort | tr '\n' ' ') == "$want" ]]
}

# A packet on each of pairs 1 and 2, then many on the others, in and beyond the table.
# Without a packet an idle SA could not say that the NIC wants its place.
busy_are_in()
{
	local id lines='' out

	for id in 1 2 3 4 5; do
		lines+="$id 10.1.0.1 $((20000 + id)) 10.1.0.2 7 1-$((id < 3 ? 1 : 40))"$'\n'
	done
	out=$(a python3 "$selftest/traffic.py" udp <<<"${lines%$'\n'}") ||
		{ fail "UDP: $out"; return 0; }
	offloaded_are 3 4 5
}

# update_full KIND STATUS: xfrm makes a second state for a moment, and there is no slot for it.
update_full()
{
	local id line out

	for id in 1 2 3; do
		conn "$id" kind="$1"
	done
	line=$(grep -m 1 ' dir out' <<<"$batch_a")
	commit && wait_offloaded "$slots" || return
	out=$(ip -n a -batch - 2>&1 <<<"${line/state add/state update} limit time-hard 5000")
	check_eq "status of the update: $out" $? "$2"
	[[ $2 == 0 ]] || check "the update says why" grep -q "SA table ($slots) is full" <<<"$out"
	check "all stay in the NIC" wait_for 10 sas_are "$nic_a" offloaded "$slots"
}

# More pairs than slots: the busy ones get in for the idle ones. The core asks, the NIC
# has none left and wants those back that have been idle longest, by SaDeleteReq.
pressure()
{
	local asked flagged answers

	check "parameter" param "$nic_a" sa_reoffer true
	fill 1 3 || return
	fill 4 5 commit_warned
	state "$slots" 4
	check "the first ones are in" offloaded_are 1 2 3
	asked=$(counter "$nic_a" ipsec_sa_asked_for_room)
	answers=$(counter "$nic_a" ipsec_sa_delete_req)
	flagged=$(stat a ipsec_rx_sa_delete_req)
	wait_for 60 busy_are_in || fail "in the NIC: $(<"$core/$nic_a/sas")"
	state "$slots" 4
	check_ge "requests for room" $(($(counter "$nic_a" ipsec_sa_asked_for_room) - asked)) 2
	check_ge "packets by which the NIC wanted an SA back" \
		$(($(stat a ipsec_rx_sa_delete_req) - flagged)) 2
	check_ge "SAs that it got back" $(($(counter "$nic_a" ipsec_sa_delete_req) - answers)) 2
	sim_sa 0x1008 packets
	answers=$field
	udp 4 4 wire 1-10
	udp 1 4 wire 1-10
	sim_sa 0x1008 packets
	check_eq "packets of a busy SA on the NIC" $((field - answers)) 10
	sim_sa 0x1002 packets || :
	check_eq "packets of an idle SA on the NIC" "$field" ""
}

setup()
{
	local out

	check "namespaces" netns_add a && check "namespaces" netns_add b || return
	check "NICs" sim_new 1 && check "NICs" sim_new 2 || return
	out=$(devlink resource set ov2sim/$nic_a path ipsec_sa size $slots 2>&1 &&
		devlink dev reload ov2sim/$nic_a 2>&1) || fail "devlink: $out"
	check "wire" wire_up && check "server" serve
}

T "S6 S18 to the last SA and one more" last_and_one_more
T "S6 no more wait than the second limit" second_limit
T "S6 each delete lets one in" churn
T "UPDSA at a full table, crypto mode" update_full crypto 0
T "UPDSA at a full table, packet mode" update_full packet 2
# The last: for a while after it slots are filled slowly.
T "busy pairs displace idle ones" pressure
run_tests
