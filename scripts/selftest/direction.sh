#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# SAs that are offloaded inbound and that output uses as well: by raw netlink, for today's
# iproute2 says the direction of a state (XFRMA_SA_DIR) with its offload, and then xfrm keeps
# the two apart. Older daemons cannot say it. What leaves is encrypted all the same. S44.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

secret="in clear, in clear, in clear"

setup()
{
	check "a pair of NICs" pair_up || return
	# With GRO the tap would see packets only after decryption.
	features b gro off
}

# said SRC DST PORT: 10 datagrams from a, seen by b until unread(). The tap shows packets of
# tunnels after decryption as well, which are not ESP.
said()
{
	local filter=()

	[[ $mode != tunnel ]] || filter=("ip proto 50 or ip6 proto 50")
	capture b direction -Q in "${filter[@]}"
	a python3 "$selftest/direction.py" say "$dev_a" "$@" 10 "$secret" || fail "say $*"
}

# b has seen ESP only, none of which can be read.
unread()
{
	local hex

	hex=$(printf %s "$secret" | od -An -v -tx1 | tr -d ' \n')
	capture_end
	check_eq "packets that can be read" \
		"$(python3 "$selftest/pcap.py" grep "$tmp/direction.pcap" "$hex")" 0
	check_ge "packets of ESP" \
		"$(python3 "$selftest/pcap.py" esp "$tmp/direction.pcap" 0x501)" 10
}

delivered()
{
	(($(udp_stat b "$family" NoPorts) - ports == 10))
}

# outbound FAMILY MODE [DEV in|out]: a policy for output resolves to the state.
outbound()
{
	local family=$1 mode=$2 addr_a addr_b ports
	shift 2

	addrs "$family" wire
	check "the states" python3 "$selftest/direction.py" states gcm128-128 "$addr_a" "$addr_b" \
		0x501 5 "$mode" "$@" || return
	check "the policies" policies "$addr_a" "$addr_b" out in || return
	(($# == 0)) || wait_offloaded 1
	ports=$(udp_stat b "$family" NoPorts)
	said "$addr_a" "$addr_b" 9
	check "b gets all of them" wait_for 10 delivered
	unread
}

# policies SRC DST DIR-AT-A DIR-AT-B
policies()
{
	local policy="src $1 dst $2 proto 17 tmpl src ${1%/*} dst $2 proto esp reqid 5 mode $mode"

	ip -n a -batch - <<<"xfrm policy add dir $3 $policy" &&
		ip -n b -batch - <<<"xfrm policy add dir $4 $policy"
}

# both FAMILY [DEV in]: one SA for both directions, as RFC 4552 has it for OSPF: its destination
# is a group that both ends say to and hear. No counter mode, for both make the same IVs.
both()
{
	local family=$1 group=224.0.0.77 any=0.0.0.0 addr_a addr_b mode=transport end hearer
	shift

	((family == 4)) || group=ff02::77 any=::
	addrs "$family" wire
	check "the states" python3 "$selftest/direction.py" states cbc128-sha256 "$any" "$group" \
		0x501 5 transport "$@" || return
	check "the policies" policies "$any/0" "$group" out in || return
	check "the policies" policies "$any/0" "$group" in out || return
	(($# == 0)) || wait_offloaded 1
	rm -f "$tmp/hear"
	spawn a python3 "$selftest/direction.py" hear "$dev_a" "$group" 9 10 "$tmp/hear"
	hearer=$child
	check "a listens" wait_for 20 exists "$tmp/hear"
	if ! check "a hears b" wait_for 20 heard b "$dev_b" "$addr_b"; then
		diag "$(drops)"
		reap "$hearer" KILL
	fi
	rm -f "$tmp/hear"
	spawn b python3 "$selftest/direction.py" hear "$dev_b" "$group" 9 10 "$tmp/hear"
	hearer=$child
	check "b listens" wait_for 20 exists "$tmp/hear"
	said "$addr_a" "$group" 9
	check "b hears a" wait_for 20 heard a "$dev_a" "$addr_a" || reap "$hearer" KILL
	unread
}

# heard END DEV SRC: the other end has heard enough; nothing says when it has really joined.
heard()
{
	ended "$hearer" || {
		"$1" python3 "$selftest/direction.py" say "$2" "$3" "$group" 9 10 "$secret"
		ended "$hearer"
	}
}

ended()
{
	! kill -0 "$1" 2>/dev/null
}

T "S44 control: a state without direction" outbound 4 transport
T "S44 control: offloaded outbound" outbound 4 transport "$dev_a" out
for family in 4 6; do
	for mode in transport tunnel; do
		T "S44 IPv$family $mode: offloaded inbound, used for output" \
			outbound "$family" "$mode" "$dev_a" in
	done
	T "S44 IPv$family control: one state for both directions" both "$family"
	T "S44 IPv$family: one state for both directions, offloaded inbound" \
		both "$family" "$dev_a" in
done
run_tests
