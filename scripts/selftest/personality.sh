#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The NIC with the personality of another: what xfrm is told of states and policies, and how many
# SAs there is room for. personality.py has the rows. What IKE daemons make of it: daemons.sh.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib/personality.sh
. "$selftest/lib/personality.sh"

# rows PERSONALITY KIND...: all rows of these kinds.
rows()
{
	local kind out

	check "personality $1" personality "$nic_a" "$1" && check "the wire" wire_up || return
	for kind in "${@:2}"; do
		out=$(python3 "$selftest/personality.py" "$kind" "$1" "$dev_a" 2>&1) || fail "$out"
		diag "$kind: ${out##*$'\n'}"
	done
}

# The features of the netdev follow from what the NIC can do.
netdev_features()
{
	local on

	check "personality $1" personality "$nic_a" "$1" && check "the wire" wire_up || return
	on=$(a ethtool -k "$dev_a" | awk '$1 ~ /esp/ && $2 == "on" { print $1 }' | tr -d '\n')
	check_eq "features" "$on" "$2"
}

# The capabilities of one personality do not outlive it.
back()
{
	check "chelsio" personality "$nic_a" chelsio && check "none" personality "$nic_a" none &&
		check "the wire" wire_up || return
	conn 0 alg=cbc128-sha1 && conn 1 kind=packet && commit
	wait_offloaded 4
	udp 0 4 wire 100
}

# What is offloaded with a personality is encrypted and decrypted.
traffic()
{
	check "mlx5-packet" personality "$nic_a" mlx5-packet && check "the wire" wire_up || return
	conn 0 && conn 1 kind=packet mode=tunnel && commit
	wait_offloaded 4
	udp 0 4 wire 100
	udp 1 4 inner 100
}

# Software decrypts for chelsio, and the NIC encrypts.
send_only()
{
	check "chelsio" personality "$nic_a" chelsio && check "the wire" wire_up || return
	conn 0 && commit
	wait_offloaded 1
	udp 0 4 wire 100
}

unknown()
{
	local out

	out=$(devlink dev param set "ov2sim/$nic_a" name personality value e1000 cmode driverinit 2>&1) &&
		fail "an unknown personality"
	[[ $out == *"There is no such personality"* ]] || fail "devlink said '$out'"
}

small_table()
{
	devlink resource set "ov2sim/$nic_a" path ipsec_sa size "$1"
}

# So many SAs as nfp has room for would take minutes.
nfp_table()
{
	check "a small table" small_table 40 && rows nfp tables
	check "the usual table" small_table 16384
}

esp=esp-hw-offload: gso=tx-esp-segmentation: csum=esp-tx-csum-hw-offload:

T "none" rows none states policies
T "ixgbe" rows ixgbe states policies
T "ixgbe: S6 tables by direction" rows ixgbe tables
T "mlx5-crypto" rows mlx5-crypto states policies
T "mlx5-packet" rows mlx5-packet states policies
T "nfp" rows nfp states policies
T "nfp: a full table" nfp_table
T "chelsio" rows chelsio states policies
T "netdevsim" rows netdevsim states policies tables
T "features of nfp" netdev_features nfp "$esp$csum"
T "features of chelsio" netdev_features chelsio "$esp"
T "features of mlx5" netdev_features mlx5-crypto "$gso$esp$csum"
T "mlx5-packet: traffic in both modes" traffic
T "chelsio: sends only" send_only
T "an unknown personality" unknown
T "none again" back
run_tests
