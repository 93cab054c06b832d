#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Shows that the kernel accepts what no policy names from the peer of a tunnel whose state
# has asked for crypto offload, although software has decrypted it: netdevsim has the state,
# the packets come in over veth.
# scripts/vm.sh --modules none -- scripts/upstream/inbound-policy.sh; see lib.sh.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

setup()
{
	veth_pair && nsim_port || return
	check "addresses" configure_end a veth_a 1 2 "$(mac b veth_b)" &&
		check "addresses" configure_end b veth_b 2 1 "$(mac a veth_a)"
	check "addresses that no policy names" ip -n b -batch - <<-EOF
		addr add 10.2.0.99/32 dev lo
		addr add fd02::99/128 dev lo nodad
	EOF
	wait_for 5 carrier a veth_a && wait_for 5 carrier b veth_b
}

# What xfrm has let through finds no socket.
settled()
{
	accepted=$(($(udp_stat a "$family" NoPorts) - ports))
	rejected=$(($(xfrm_stat a XfrmInNoPols) - policies))
	((accepted + rejected == 10))
}

# spoof FAMILY OFF: 10 datagrams of each source through a tunnel; sets $named and $other to how
# many of them a has accepted.
spoof()
{
	local family=$1 last=99 addr_a addr_b wire_a wire_b bits=32 prefix=10.2.0. ports policies
	local accepted rejected

	((family == 4)) || bits=128 prefix=fd02::
	dev_a=nsim_a conn 1 mode=tunnel proto=any fam="$family" off="$2"
	commit
	addrs "$family" wire
	wire_a=$addr_a wire_b=$addr_b
	addrs "$family" inner
	# The peer's policies are its own.
	check "the peer's policy" ip -n b xfrm policy add src "$prefix$last/$bits" \
		dst "$addr_a/$bits" dir out tmpl src "$wire_b" dst "$wire_a" proto esp reqid 2 \
		mode tunnel
	for last in 2 99; do
		ports=$(udp_stat a "$family" NoPorts) policies=$(xfrm_stat a XfrmInNoPols)
		send_from b "$prefix$last" 5555 "$addr_a" 9 10
		check "all have come in" wait_for 10 settled
		((last == 2)) && named=$accepted || other=$accepted
	done
	check_eq "accepted of a source that a policy names" "$named" 10
}

software()
{
	spoof "$1" ""
	check_eq "accepted of a source that no policy names" "$other" 0
}

offload()
{
	spoof "$1" a
	verdict "accepted of a source that no policy names" "$other" 10 0
}

for family in 4 6; do
	T "IPv$family, no offload: no policy, no packet" software "$family"
	T "IPv$family, crypto offload asked for: the policies are not looked at" offload "$family"
done
run_tests
