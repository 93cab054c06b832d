#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Packet mode: what xfrm decides and counts is exact. Policies, lifetimes, replays, a full table, a
# NIC that does not answer, and SAs that cannot stay in the NIC.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

gcm="aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128"

# request WORD...: asks for one outbound SA in packet mode; sets $out and $rc.
request()
{
	out=$(ip -n a -batch - <<<"xfrm state add src 10.1.0.1 dst 10.1.0.2 proto esp spi 0x77 $* \
		offload packet dev $dev_a dir out" 2>&1)
	rc=$?
}

# S34 S66: an error with a sentence, no SA, and nothing of it in the core.
refused()
{
	local text=$1 sas
	shift

	sas=$(wc -l <"$core/$nic_a/sas")
	request "$@"
	((rc)) || fail "it was accepted"
	[[ $out == *"$text"* ]] || fail "iproute2 said '$out', should say '$text'"
	! says "spi 0x00000077" ip -n a xfrm state || fail "there is an SA"
	check "nothing of it in the core" wait_for 10 lines_are "$sas" "$core/$nic_a/sas"
}

lines_are()
{
	(($(wc -l <"$2") == $1))
}

without()
{
	check "switched off" param "$nic_a" "$1" false
	refused "${@:2}"
	check "switched on" param "$nic_a" "$1" true
}

# packet_conn ID WORD...: an SA pair in packet mode, in the NIC.
packet_conn()
{
	conn "$1" kind=packet "${@:2}"
	commit && wait_offloaded 2
}

# send N: datagrams by connection 1, which the far end does not answer.
send()
{
	local i addr_a addr_b

	addrs 4 "${2:-wire}"
	for ((i = 0; i < $1; i++)); do
		echo "packet $i" | a socat -u - "UDP4-DATAGRAM:$addr_b:7,bind=:20001"
	done 2>/dev/null
}

# grown END NAME BEFORE: by how much a counter of xfrm has grown.
grown()
{
	echo $(($(xfrm_stat "$1" "$2") - $3))
}

# S68: the hard limit ends the SA at the packet that software would end it at, and the soft one has
# asked for a rekey once.
life()
{
	spawn a ip -o xfrm monitor expire >"$tmp/expire"
	wait_for 10 file_exists_monitor
	packet_conn 1 out_a="limit packet-soft 3 limit packet-hard 5" || return
	send 5
	check "the NIC sent each of them" wait_for 10 sa_packets_are 0x1002 5
	send 2
	check "xfrm has deleted it" wait_for 10 gone_state 0x00001002
	check "software at the far end took each" wait_for 10 taken_are b 5
	check "a soft and a hard expire" wait_for 10 expires 1 1
	reap "$child" KILL
}

file_exists_monitor()
{
	[[ -e $tmp/expire ]]
}

expires()
{
	(($(grep -c "hard 0" "$tmp/expire") == $1 && $(grep -c "hard 1" "$tmp/expire") == $2))
}

gone_state()
{
	! says "spi $1" ip -n a xfrm state
}

# xfrm_packets END SPI: as `ip -s xfrm state` has counted them.
xfrm_packets()
{
	"$1" ip -s xfrm state get src 10.1.0.1 dst 10.1.0.2 proto esp spi "$2" |
		sed -n '/lifetime current/{n;s/.*, \([0-9]*\)(packets).*/\1/p}'
}

taken_are()
{
	[[ $(xfrm_packets "$1" 0x00001002) == "$2" ]]
}

# S66: what comes in clear is refused by the policy, although the NIC is up, and what comes by
# an SA that the policy does not name.
clear_refused()
{
	local before

	packet_conn 1 || return
	before=$(xfrm_stat a XfrmInTmplMismatch)
	flush b
	echo clear | b socat -u - UDP4-DATAGRAM:10.1.0.1:20001,bind=:7,reuseaddr
	check "the policy refuses it" wait_for 10 refused_more "$before"
}

refused_more()
{
	(($(xfrm_stat a XfrmInTmplMismatch) > $1))
}

# S6: one more than there is room for is refused, a delete makes room, and an SA in crypto mode gives
# way.
full()
{
	local i

	check "a small table" resize 4
	for i in 1 2; do
		conn "$i" kind=packet
	done
	commit && wait_offloaded 4 || return
	refused "table (4) is full" mode transport "$gcm"
	ip -n a xfrm state delete src 10.1.0.1 dst 10.1.0.2 proto esp spi 0x1002
	request mode transport "$gcm"
	check_eq "exit status and message" "$rc$out" 0
	wait_offloaded 4
	flush a && flush b
	check "no SA is left" wait_for 20 no_sas "$nic_a"
	for i in 1 2; do
		conn "$i"
	done
	commit && wait_offloaded 4 || return
	request mode transport "$gcm"
	check_eq "exit status and message" "$rc$out" 0
	check_eq "SAs in crypto mode that wait" "$(core_sas "$nic_a" waiting)" 1
	udp 1 4 wire 100
	udp 2 4 wire 100
	flush a && flush b
	check "no SA is left" wait_for 20 no_sas "$nic_a"
	check "the table as it was" resize 1024
}

# resize N: the size of the NIC's table, by a reload.
resize()
{
	devlink resource set "ov2sim/$nic_a" path /ipsec_sa size "$1" &&
		devlink dev reload "ov2sim/$nic_a" >/dev/null && wire_up
}

# A NIC that does not answer: the request ends by the deadline, with an error and nothing left.
silent()
{
	check "a deadline" param "$nic_a" request_deadline 300
	fault "$nic_a" lose 1
	request mode transport "$gcm"
	((rc)) || fail "it was accepted"
	fault "$nic_a" lose 0
	check "nothing of it is left" wait_for 20 no_sas "$nic_a"
	check "the deadline as it was" param "$nic_a" request_deadline 5000
}

# S69: an SA that cannot stay in the NIC is expired, so that the IKE daemon knows.
evicted()
{
	local before

	packet_conn 1 || return
	before=$(counter "$nic_a" ipsec_sa_evicted)
	"${@}" off
	check "xfrm has deleted the SAs" wait_for 10 gone_state 0x0000100
	check_eq "SAs evicted" "$(counter "$nic_a" ipsec_sa_evicted)" $((before + 2))
	send 2
	"${@}" on
}

switch_esp()
{
	features a esp-hw-offload "$1"
}

switch_packet()
{
	local value=true

	[[ $1 == on ]] || value=false
	param "$nic_a" packet "$value"
}

# S68 S19: a reset under traffic: xfrm's numbers go on, the far end accepts what follows, and old
# packets are refused after it as before.
reset()
{
	packet_conn 1 || return
	udp 1 4 wire 1-50
	a ethtool --reset "$dev_a" all >"$tmp/ethtool" || fail "ethtool --reset"
	wait_offloaded 2
	udp 1 4 wire 1-50
	check_eq "numbers that the far end refused" "$(xfrm_stat b XfrmInStateSeqError)" 0
	check_eq "packets that the far end took" "$(xfrm_packets b 0x00001002)" 100
	check_eq "packets that xfrm counted" "$(xfrm_packets a 0x00001002)" 100
}

T "S34 packet mode switched off" without packet "Packet offload is not supported by the NIC" \
	mode transport "$gcm"
T "S34 ESP switched off" without esp "ESP offload is disabled" mode transport "$gcm"
T "S34 a tunnel across families" refused "tunnels across families" mode tunnel "$gcm" \
	sel src fd02::1/128 dst fd02::2/128
T "S68 lifetimes" life
T "S66 plaintext is refused" clear_refused
T "S6 a full table" full
T "S69 no answer" silent
T "S69 ESP off" evicted switch_esp
T "S69 packet mode off" evicted switch_packet
T "S68 a reset" reset
run_tests
