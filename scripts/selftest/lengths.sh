#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Packets of every length, from 1 byte to beyond the MTU, both directions.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# lengths FAMILY WHERE STEP FITS CONN...: 1 to FITS bytes fit into a packet, so the
# NIC does all of them (S40, S46, S53); what is longer is fragmented or refused
# by the stack's own rules, and never offloaded in one piece (S45).
lengths()
{
	local family=$1 where=$2 step=$3 fits=$4 tx rx list='' n count=0
	shift 4

	conn 0 fam="$family" inner="$family" "$@"
	commit && wait_offloaded 2 || return
	for ((n = 1; n <= fits; n += (n < 80 || n > fits - 20) ? 1 : step)); do
		list+=${list:+,}$n
		count=$((count + 1))
	done
	udp 0 "$family" "$where" "$list"
	sim_sa 0x1000 packets
	check_eq "packets that the NIC encrypted" "$field" "$count"
	sim_sa 0x1001 packets
	check_eq "packets that the NIC decrypted" "$field" "$count"
	# From here to beyond the MTU: wherever the stack's limit is exactly.
	udp 0 "$family" "$where" "$((fits + 1))-1520,2990-3010"
	sim_sa 0x1000 packets && tx=$field
	sim_sa 0x1001 packets && rx=$field
	udp 0 "$family" "$where" 1520-1530,4000
	if [[ $where == wire ]]; then
		# S45 S48: ESP packets in fragments, both ways.
		sim_sa 0x1000 packets
		check_eq "packets encrypted that need fragments" "$((field - tx))" 0
		sim_sa 0x1001 packets
		check_eq "packets decrypted that came in fragments" "$((field - rx))" 0
	fi
	sim_sa 0x1001 fails
	check_eq "packets that failed" "$field" 0
}

# S40: the NIC adds cryptography to packets and nothing else: what comes from it is framed
# as what software at the far end makes of the same datagrams. An SA without encryption
# shows it.
captured()
{
	[[ $(python3 "$selftest/pcap.py" esp "$tmp/framed.pcap" "$1") == "$2" ]]
}

as_framed()
{
	local seen

	conn 0 alg=null-sha1 mode=tunnel
	commit && wait_offloaded 2 || return
	# With GRO the tap would see packets only after decryption.
	features b gro off
	capture b framed esp
	udp 0 4 inner 1-80,1380-1400
	check "packets of the NIC in the capture" wait_for 10 captured 0x1000 101
	check "packets of software in the capture" wait_for 10 captured 0x1001 101
	capture_end
	features b gro on
	sim_sa 0x1000 packets
	check_eq "packets that the NIC encrypted" "$field" 101
	seen=$(python3 "$selftest/pcap.py" framing "$tmp/framed.pcap" 0x1000 0x1001 12 2>&1) ||
		fail "$seen"
	check_eq "packets compared" "$seen" 101
}

T "S46 S53 gcm128-128 IPv4 transport, every length" \
	lengths 4 wire 1 1420 alg=gcm128-128
T "S46 S53 cbc128-sha256 IPv6 tunnel, every length" \
	lengths 6 inner 1 1320 alg=cbc128-sha256 mode=tunnel
T "S46 S53 chapoly IPv6 transport" lengths 6 wire 13 1400 alg=chapoly
T "S46 S53 null-sha1 IPv4 tunnel" lengths 4 inner 13 1400 alg=null-sha1 mode=tunnel
T "S46 S53 gcm256-64 IPv4 in UDP" lengths 4 wire 13 1410 alg=gcm256-64 encap=udp
T "S40 framed by the stack" as_framed

setup()
{
	check "a pair of NICs" pair_up && check "a server" serve &&
		check "a socket for UDP encapsulation" natt
}

run_tests
