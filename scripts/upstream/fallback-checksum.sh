#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Shows that software encrypts a packet whose checksum nobody has finished: xfrm has left it
# to netdevsim, from where tc redirects the packet to veth.
# scripts/vm.sh --modules none -- scripts/upstream/fallback-checksum.sh; see lib.sh.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

setup()
{
	veth_pair && nsim_port && redirect
}

# What xfrm has let through finds no socket.
settled()
{
	good=$(($(udp_stat b "$family" NoPorts) - ports))
	bad=$(($(udp_stat b "$family" InCsumErrors) - errors))
	((good + bad == 10))
}

# datagrams FAMILY OFF: sets $good and $bad to how many of 10 have arrived.
datagrams()
{
	local family=$1 addr_a addr_b ports errors

	conn 1 fam="$family" off="$2" mode="$3"
	commit
	addrs "$family" "$([[ $3 == tunnel ]] && echo inner || echo wire)"
	ports=$(udp_stat b "$family" NoPorts) errors=$(udp_stat b "$family" InCsumErrors)
	send_from a "$addr_a" 20001 "$addr_b" 7 10
	check "all have come in" wait_for 10 settled
}

software()
{
	datagrams "$1" "" "$2"
	check_eq "datagrams with a good checksum" "$good" 10
}

offload()
{
	datagrams "$1" a "$2"
	verdict "datagrams with a good checksum" "$good" 0 10
}

for family in 4 6; do
	for mode in transport tunnel; do
		T "IPv$family $mode, no offload: the checksum is good" software "$family" "$mode"
		T "IPv$family $mode, framed for another device: it is not" offload "$family" "$mode"
	done
done
run_tests
