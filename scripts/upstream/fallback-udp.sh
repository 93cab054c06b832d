#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Shows that software cannot take over ESP in UDP that xfrm has framed for a device: tc
# redirects it from netdevsim to veth.
# scripts/vm.sh --modules none -- scripts/upstream/fallback-udp.sh; see lib.sh.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

setup()
{
	veth_pair && nsim_port && redirect || return
	spawn b python3 "$selftest/traffic.py" natt "$tmp/natt-b"
	check "sockets for ESP in UDP" wait_for 20 exists "$tmp/natt-b" && natt
	# The fault of fallback-checksum.sh is another one. Not every netdevsim can switch this.
	a ethtool -K "$dev_a" esp-tx-csum-hw-offload off >/dev/null 2>&1 || :
}

# The two ports 4500 are the SPI of what arrives without its UDP header.
settled()
{
	arrived=$(($(udp_stat b 4 NoPorts) - ports))
	mangled=$(($(xfrm_stat b XfrmInNoStates) - states))
	((arrived + mangled >= $1))
}

# datagrams OFF MODE: sets $arrived to how many of 10 have arrived.
datagrams()
{
	local addr_a addr_b ports states mangled

	conn 1 encap=udp off="$1" mode="$2"
	commit
	addrs 4 "$([[ $2 == tunnel ]] && echo inner || echo wire)"
	ports=$(udp_stat b 4 NoPorts) states=$(xfrm_stat b XfrmInNoStates)
	send_from a "$addr_a" 20001 "$addr_b" 7 10
	check "all have come in" wait_for 10 settled 10
}

software()
{
	datagrams "" "$1"
	check_eq "datagrams that arrive" "$arrived" 10
}

offload()
{
	datagrams a "$1"
	verdict "datagrams that arrive" "$arrived" 0 10
}

# A kernel that is right about single packets and not about segments does not get through.
stream()
{
	local addr_a addr_b ports states arrived mangled up

	if [[ ! -e $tmp/serve-b ]]; then
		spawn b python3 "$selftest/traffic.py" serve 7 "$tmp/serve-b"
		check "a server" wait_for 20 exists "$tmp/serve-b"
	fi
	conn 1 proto=tcp encap=udp off=a mode="$1"
	commit
	addrs 4 "$([[ $1 == tunnel ]] && echo inner || echo wire)"
	ports=$(udp_stat b 4 NoPorts) states=$(xfrm_stat b XfrmInNoStates)
	if [[ ${OV2_FIXED:-} ]]; then
		tcp 1 4 "$([[ $1 == tunnel ]] && echo inner || echo wire)" up 1000000
		return
	fi
	spawn a python3 "$selftest/traffic.py" tcp "$addr_a" 20001 "$addr_b" 7 up 1000000 2>"$tmp/tcp"
	up=$child
	check "its first packet arrives as ESP" wait_for 10 settled 1
	verdict "mangled packets" "$((mangled > 0))" 1 0
	reap "$up" KILL
}

for mode in transport tunnel; do
	T "$mode, no offload: it arrives" software "$mode"
	T "$mode, framed for another device: nothing arrives" offload "$mode"
done
# Last, for its server has the port that the datagrams must find closed.
for mode in transport tunnel; do
	T "$mode, framed for another device: a stream" stream "$mode"
done
run_tests
