#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# XFRM messages with XFRMA_OFFLOAD_DEV that no tool sends: nothing comes of them but errors and
# sentences, nothing is left, and the NIC works afterwards. S15 S34.
#   OV2_FUZZ_SEED=N    what to send (at random)
#   OV2_FUZZ_COUNT=N   how many messages (2000)

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

seed=${OV2_FUZZ_SEED:-$SRANDOM}
count=${OV2_FUZZ_COUNT:-2000}
# So few that the table is full now and then.
slots=60

setup()
{
	check "a pair of NICs" pair_up &&
		check "a small table" devlink resource set "ov2sim/$nic_a" path ipsec_sa \
			size "$slots" &&
		check "a small table" devlink dev reload "ov2sim/$nic_a" && check "the wire" wire_up &&
		check "a server" serve && check "a socket for UDP encapsulation" natt || return
	# Devices that take no SAs, or hand them on.
	check "other devices" ip -n a -batch - <<-EOF
		link add veth_a type veth peer name veth_b
		link add link $dev_a name vlan_a type vlan id 5
		link add dummy_a type dummy
	EOF
	others=(lo veth_a vlan_a dummy_a)
	! ip -n a link add bond_a type bond 2>/dev/null || others+=(bond_a)
}

messages()
{
	local out

	diag "again: OV2_FUZZ_SEED=$seed OV2_FUZZ_COUNT=$count scripts/vm.sh -- scripts/selftest/run.sh fuzz"
	out=$(python3 "$selftest/fuzz.py" "$seed" "$count" "$dev_a" "${others[@]}" 2>&1) ||
		fail "$out" || return
	diag "$out"
	[[ $out =~ offloaded\ ([0-9]+).*sentences\ ([0-9]+) ]] || fail "no counts" || return
	check_ge "offloaded SAs" "${BASH_REMATCH[1]}" $((count / 20))
	check_ge "different sentences of ov2" "${BASH_REMATCH[2]}" 10
}

# The NIC and the core count no SA and no request as theirs.
nothing_left()
{
	check "no SA is left on $nic_a" wait_for 60 no_sas "$nic_a"
	check_eq "devlink's occupancy" "$(occupancy "$nic_a")" 0
	check "no request is in flight" wait_for 10 idle
}

idle()
{
	! in_flight "$nic_a"
}

# The NIC may have asked for room a moment ago.
works()
{
	local out

	conn 1 && conn 2 mode=tunnel fam=6 && conn 3 encap=udp
	commit_out
	[[ $out != *Error* ]] || fail "ip: $out"
	wait_offloaded 6
	udp 1 4 wire 10,1000
	udp 2 6 inner 10,1000
	udp 3 4 wire 10,1000
}

T "S15 messages that are wrong in some way" messages
T "nothing is left of them" nothing_left
T "a connection works afterwards" works
run_tests
