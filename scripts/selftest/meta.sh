#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What the NIC leaves alone, what it passes on with a status, and what the
# stack decides about it.

# shellcheck source=lib/frame.sh
. "$(dirname "$0")/lib/frame.sh"

# S47: no SA of the NIC's: delivered with no metadata, and the stack finds none.
unknown_spi()
{
	local miss none

	conn 1 fam="$1"
	commit && wait_offloaded 2 || return
	frame 0x1003 1 "$1"
	miss=$(stat a ipsec_rx_sadb_miss) none=$(xfrm_stat a XfrmInNoStates)
	# The SPI's last byte.
	inject "$2:99"
	check "the NIC has no SA" wait_for 10 stat_is a ipsec_rx_sadb_miss $((miss + 1))
	check "the stack has none" wait_for 10 xfrm_stat_is a XfrmInNoStates $((none + 1))
	sim_sa 0x1003 packets
	check_eq "packets of the SA" "$field" 1
}

# S54: the NIC decrypts a packet that comes again, and xfrm refuses it.
replayed()
{
	local errors

	conn 1 fam="$1"
	commit && wait_offloaded 2 || return
	frame 0x1003 1 "$1"
	errors=$(xfrm_stat a XfrmInStateSeqError)
	inject && inject
	check "xfrm refuses it" wait_for 10 xfrm_stat_is a XfrmInStateSeqError $((errors + 2))
	sim_sa 0x1003 packets
	check_eq "packets that the NIC decrypted" "$field" 3
	sim_sa 0x1003 fails
	check_eq "packets that failed" "$field" 0
}

# S49 S50: damaged packets are delivered with their status, and the stack counts.
damaged()
{
	local errors

	conn 1 fam="$1" "${@:3}"
	commit && wait_offloaded 2 || return
	frame 0x1003 1 "$1"
	errors=$(xfrm_stat a XfrmInStateProtoError)
	# A new sequence number, for a replay would be refused for that.
	inject "$2:09"
	check "an ICV that fails" wait_for 10 xfrm_stat_is a XfrmInStateProtoError $((errors + 1))
	inject "$2:0a" "-1:00" "-2:00"
	check "one more" wait_for 10 xfrm_stat_is a XfrmInStateProtoError $((errors + 2))
	sim_sa 0x1003 fails
	check_eq "packets that failed on the NIC" "$field" 2
	says "failed 2" ip -n a -s xfrm state || fail "xfrm's own count of failures"
	udp 1 "$1" wire 1-10
}

# S48: IP options and hop-by-hop headers, both ways: software does it.
options()
{
	local out addr_a addr_b

	conn 1 fam="$1"
	commit && wait_offloaded 2 || return
	addrs "$1" wire
	out=$(a python3 "$selftest/traffic.py" options "$addr_a" 20001 "$addr_b" 7 10 2>&1) ||
		fail "packets with options: $out"
	sim_sa 0x1002 packets
	check_eq "packets encrypted" "$field" 0
	sim_sa 0x1003 packets
	check_eq "packets decrypted" "$field" 0
	udp 1 "$1" wire 1-10
	sim_sa 0x1003 packets
	check_eq "packets decrypted without options" "$field" 10
}

# S48 S45: what needs fragments, both ways.
fragments()
{
	local tx rx

	conn 1 fam="$1"
	commit && wait_offloaded 2 || return
	tx=$(stat a ipsec_tx_pkts) rx=$(stat a ipsec_rx_pkts)
	udp 1 "$1" wire 2000,3000,8000,60000
	check_eq "packets encrypted and decrypted by the NIC" \
		"$(stat a ipsec_tx_pkts) $(stat a ipsec_rx_pkts)" "$tx $rx"
}

# S37 S44: packets that lie in the queue when their SA goes are software's job, and
# never sent in clear.
stale()
{
	local family=$1 up control

	conn 1 proto=tcp fam="$family"
	commit && wait_offloaded 2 || return
	features b gro off
	capture b stale "tcp port 7"
	addrs "$family" wire
	# From a port that no SA protects: the filter sees what is in clear.
	a bash -c ": >/dev/tcp/$addr_b/7" || fail "no connection in clear"
	tc -n a qdisc add dev "$dev_a" root netem delay 300ms limit 10000 || fail "tc"
	spawn a python3 "$selftest/traffic.py" tcp "$addr_a" 20001 "$addr_b" 7 up 100000000 2>/dev/null
	up=$child
	check "bursts in the queue" wait_for 20 queue_has 20
	# The policies stay: nothing new is sent in clear.
	ip -n a xfrm state flush
	check "the queue runs empty" wait_for 20 queue_empty
	reap "$up" KILL
	tc -n a qdisc del dev "$dev_a" root
	capture_end
	features b gro on
	control=$(stale_packets "not port 20001")
	check_ge "packets that were to be in clear" "$control" 1
	check_eq "packets in clear" $(($(stale_packets) - control)) 0
	check "nothing is left" wait_for 10 no_sas "$nic_a"
}

stale_packets()
{
	tcpdump -Z root -nr "$tmp/stale.pcap" "$@" 2>/dev/null | wc -l
}

queue_len()
{
	local out

	out=$(tc -n a -s qdisc show dev "$dev_a" root) && out=${out##*backlog *b } && echo "${out%%p*}"
}

queue_has()
{
	(($(queue_len) >= $1))
}

queue_empty()
{
	[[ $(queue_len) == 0 ]]
}

# S55: four zero bytes after the UDP header is IKE: not ESP, left alone.
ike()
{
	local miss rx

	conn 1 encap=udp
	commit && wait_offloaded 2 || return
	udp 1 4 wire 1-10
	rx=$(stat a ipsec_rx_pkts) miss=$(stat a ipsec_rx_sadb_miss)
	reap "$natt" KILL
	spawn a socat -u UDP4-RECV:4500 "OPEN:$tmp/ike,creat,trunc"
	check "a listener" wait_for 10 says ":1194 " a cat /proc/net/udp
	printf '\0\0\0\0this is IKE' | b socat -u - UDP4-DATAGRAM:10.1.0.1:4500,bind=:4501
	check "IKE comes through" wait_for 10 says "this is IKE" printable "$tmp/ike"
	printf '\377' | b socat -u - UDP4-DATAGRAM:10.1.0.1:4500,bind=:4501
	check "a keepalive comes through" wait_for 10 file_has 16
	check_eq "what the NIC took for ESP" \
		"$(stat a ipsec_rx_pkts) $(stat a ipsec_rx_sadb_miss)" "$rx $miss"
	reap "$child" KILL
	rm -f "$tmp/natt"
	check "a socket for UDP encapsulation" natt
	natt=$child
}

printable()
{
	tr -cd ' -~' <"$1"
}

file_has()
{
	[[ $(wc -c <"$tmp/ike") == "$1" ]]
}

# S47 S55: ESP in UDP on the SPI of an SA without it is no match, nor the reverse.
other_encap()
{
	local errors

	conn 1 encap=udp
	conn 2
	commit && wait_offloaded 4 || return
	frame 0x1003 1 4
	errors=$(xfrm_stat a XfrmInStateMismatch)
	# The low byte of the SPI behind Ethernet, IPv4 and UDP.
	inject 45:05
	check "the stack refuses it" wait_for 10 xfrm_stat_is a XfrmInStateMismatch $((errors + 1))
	sim_sa 0x1005 packets
	check_eq "packets of the other SA" "$field" 0
}

# Frame offsets: Ethernet 14, IPv4 20, IPv6 40, then SPI and sequence number.
T "S47 unknown SPI over IPv4" unknown_spi 4 37
T "S47 unknown SPI over IPv6" unknown_spi 6 57
T "S47 S55 SPI of another encapsulation" other_encap
T "S54 replay over IPv4" replayed 4
T "S54 replay over IPv6" replayed 6
T "S49 S50 damaged packets over IPv4" damaged 4 41
T "S49 S50 damaged packets over IPv6" damaged 6 61 alg=cbc128-sha256
T "S48 IPv4 options" options 4
T "S48 IPv6 hop-by-hop header" options 6
T "S45 S48 IPv4 fragments" fragments 4
T "S45 S48 IPv6 fragments" fragments 6
T "S37 S44 SA gone under a queue, IPv4" stale 4
T "S37 S44 SA gone under a queue, IPv6" stale 6
T "S55 IKE beside ESP in UDP" ike

setup()
{
	check "a pair of NICs" pair_up && check "a server" serve &&
		check "a socket for UDP encapsulation" natt
	natt=$child
}

run_tests
