#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Extended sequence numbers across the wrap of the lower half, both directions.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# 40 packets, the 17th of which wraps: the software end sends without GSO, for
# the kernel's own burst fails there.
start=0xfffffff0
packets=40

# ESN SAs whose upper half starts at $4: S14.
esn_conn()
{
	local id=$1 inner=$2 where=$3 hi=$4
	shift 4

	conn "$id" flags=esn window=128 \
		out_a="replay-oseq $start replay-oseq-hi $hi" \
		in_b="replay-seq $start replay-seq-hi $hi" \
		out_b="replay-oseq $start replay-oseq-hi $hi" \
		in_a="replay-seq $start replay-seq-hi $hi" "$@"
	addrs "$inner" "$where"
	lines+="$id $addr_a $((20000 + id)) $addr_b 7 1-$packets"$'\n'
}

add()
{
	T "S14 S21 $1 across the wrap" conn_result "$id" "$id"
	esn_conn "$id" "$2" "$3" "$id" "${@:4}"
	id=$((id + 1))
}

plan()
{
	local alg

	id=0 lines=
	for alg in gcm128-128 gcm256-64 gmac128 chapoly cbc128-sha256 cbc256-sha512 null-sha1; do
		add "$alg IPv4 transport" 4 wire alg="$alg"
		add "$alg IPv6 tunnel" 6 inner alg="$alg" fam=6 mode=tunnel
	done
	add "IPv4 UDP-encapsulated" 4 wire encap=udp
}

# conn_result ID HIGH: the NIC did each packet, and carried into the upper half.
conn_result()
{
	local spi=$((0x1000 + 2 * $1)) seq=$((($2 << 32) + start + packets))

	check_eq "payloads" "$(sed -n "s/^$1 //p" "$tmp/udp")" ok
	sim_sa "$spi" packets
	check_eq "packets that the NIC encrypted" "$field" "$packets"
	sim_sa "$spi" seq
	check_eq "last number sent" "$field" "$seq"
	sim_sa $((spi + 1)) packets
	check_eq "packets that the NIC decrypted" "$field" "$packets"
	sim_sa $((spi + 1)) seq
	check_eq "highest number received" "$field" "$seq"
}

# S21: software decrypts packets with options, which moves xfrm's window past what the NIC knows:
# the NIC is told.
updates()
{
	local addr_a addr_b

	check_eq "updates for what the NIC has seen" \
		"$(counter "$nic_a" ipsec_update_sa_success)" 0
	addrs 4 wire
	a python3 "$selftest/traffic.py" options "$addr_a" 20000 "$addr_b" 7 200 ||
		fail "packets with options"
	check "an update" wait_for 10 told
	check_eq "updates that failed" "$(counter "$nic_a" ipsec_update_sa_fail)" 0
	sim_sa 0x1001 seq
	check_ge "highest number that the NIC knows" "$field" $((start + packets + 100))
}

told()
{
	(($(counter "$nic_a" ipsec_update_sa_success) > 0))
}

# S41: a stream sent with GSO goes over the wrap: by software near it, for a
# burst must not cross it, and by the NIC again after it.
stream()
{
	local hi=$((100 + $1)) lso

	flush a && flush b
	esn_conn "$1" "$2" wire "$hi" fam="$2" proto=tcp
	commit && wait_offloaded 2 || return
	# Nothing segments the bursts here but the NIC.
	check "bursts of IPv6" param "$nic_a" stack_gso true
	lso=$(stat a tx_lso_pkts)
	tcp "$1" "$2" wire up 3000000
	tcp "$1" "$2" wire down 300000
	sim_sa $((0x1000 + 2 * $1)) seq
	check_ge "last number sent" "${field:-0}" $(((hi + 1) << 32))
	check_ge "GSO packets after the wrap" "$(stat a tx_lso_pkts)" $((lso + 1))
}

setup()
{
	check "a pair of NICs" pair_up && check "a server" serve &&
		check "a socket for UDP encapsulation" natt || return
	features b tso off gso off
	commit && wait_offloaded $((2 * id)) || return
	a python3 "$selftest/traffic.py" udp <<<"${lines%$'\n'}" >"$tmp/udp" 2>&1
}

after_each()
{
	:
}

plan
T "S21 the NIC is told when software is ahead" updates
T "S41 IPv4 stream across the wrap" stream 50 4
T "S41 IPv6 stream across the wrap" stream 51 6
run_tests
