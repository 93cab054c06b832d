#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The wire as others read it: tcpdump decrypts what the NIC encrypted, given
# the keys, and nothing is on it in clear.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# The payload is syslog, whose text tcpdump prints from the packet it decrypted.
text=$(od -An -v -tx1 -N 400 /dev/urandom | tr -d ' \n')
marker="<134>ov2-canary $text"

# send FAMILY WHERE PORT: one datagram with the text, from a.
send()
{
	addrs "$1" "$2"
	printf '%s' "$marker" | a socat -u - "UDP$1-DATAGRAM:$(bracket "$addr_b"):514,bind=:$3"
}

bracket()
{
	if [[ $1 == *:* ]]; then
		echo "[$1]"
	else
		echo "$1"
	fi
}

esp_seen()
{
	(($(python3 "$selftest/pcap.py" esp "$tmp/wire.pcap" "$1") >= $2))
}

# Prints the text that tcpdump finds, given a file with keys.
decoded()
{
	tcpdump -Z root -n -v -E "file $1" -r "$tmp/wire.pcap" 2>/dev/null |
		sed -n 's/.*\(ov2-canary [0-9a-f]*\).*/\1/p'
}

# decrypt FAMILY WHERE CONN...: tcpdump reads CBC with a 96-bit ICV.
decrypt()
{
	local family=$1 where=$2 key src dst
	shift 2

	conn 1 alg=cbc128-sha1 inner="$family" "$@"
	src=${batch_a#*src } && src=${src%% *}
	dst=${batch_a#*dst } && dst=${dst%% *}
	key=${batch_a#*cbc(aes) 0x} && key=${key%% *}
	batch_a=${batch_a//sport 20001 dport 7/sport 20001 dport 514}
	batch_b=${batch_b//sport 20001 dport 7/sport 20001 dport 514}
	commit && wait_offloaded 2 || return
	echo "0x1002@$dst aes128-cbc-hmac96:0x$key" >"$tmp/keys"
	echo "0x1002@$dst aes128-cbc-hmac96:0x${key:2}00" >"$tmp/wrong"
	# Not what comes out of a tunnel: it passes the tap once more.
	capture b wire "ip proto 50 or ip6 proto 50"
	send "$family" "$where" 20001
	check "a packet on the wire" wait_for 10 esp_seen 0x1002 1
	capture_end
	sim_sa 0x1002 packets
	check_eq "packets that the NIC encrypted" "$field" 1
	# Byte by byte.
	check_eq "the text with the key" "$(decoded "$tmp/keys")" "ov2-canary $text"
	check_eq "the text with a wrong key" "$(decoded "$tmp/wrong")" ""
	check_eq "the text without a key" "$(decoded /dev/null)" ""
}

# The NIC wants an SA of the second connection back, which only packets of that can say:
# datagrams from b, with nothing to look for, for nobody listens, and the ICMP error is in
# clear.
flagged_over()
{
	echo answer | b socat -u - "UDP$2-DATAGRAM:$(bracket "$addr_a"):20002,bind=:514,reuseaddr"
	(($(stat a ipsec_rx_sa_delete_req) > $1))
}

resets_over()
{
	(($(counter "$nic_a" ipsec_resets) > $1))
}

# send_both FAMILY: one datagram on each connection.
send_both()
{
	send "$1" wire 20001
	send "$1" wire 20002
}

# The NIC crashes, is reset, switched, has no memory for two SAs and wants the others back.
disturb()
{
	local family=$1 resets

	resets=$(counter "$nic_a" ipsec_resets)
	echo 1 >"$sim/$nic_a/crash"
	send_both "$family"
	wait_for 10 resets_over "$resets" || fail "no reset after a crash"
	send_both "$family"
	a ethtool --reset "$dev_a" all >"$tmp/ethtool" || fail "ethtool --reset"
	send_both "$family"
	wait_offloaded 4
	param "$nic_a" aes_gcm false
	send_both "$family"
	param "$nic_a" aes_gcm true
	wait_offloaded 4
	fault "$nic_a" nomem 2
	a ethtool --reset "$dev_a" all >"$tmp/ethtool" || fail "ethtool --reset"
	wait_for 10 sas_are "$nic_a" waiting 2 || fail "memory for all SAs"
	send_both "$family"
	fault "$nic_a" delete_req_all 1
	wait_for 10 flagged_over "$(stat a ipsec_rx_sa_delete_req)" "$family" ||
		fail "no SA was wanted back"
	send_both "$family"
	fault "$nic_a" delete_req_all 0
	wait_for 20 sas_are "$nic_a" offloaded 0 || fail "SAs stay"
}

# S44: with the SAs there, the payload is nowhere on the wire in clear,
# whatever is switched, reset or full meanwhile.
canary()
{
	local family=$1 hex

	conn 1 fam="$family"
	conn 2 fam="$family" alg=chapoly
	batch_a=${batch_a//dport 7/dport 514}
	batch_b=${batch_b//sport 7/sport 514}
	commit && wait_offloaded 4 || return
	capture b wire
	addrs "$family" wire
	for word in esp-hw-offload tx-esp-segmentation esp-tx-csum-hw-offload tso gso sg; do
		features a "$word" off
		send_both "$family"
		features a "$word" on
		send "$family" wire 20001
	done
	check "packets on the wire" wait_for 10 esp_seen 0x1002 12
	check "packets on the wire" wait_for 10 esp_seen 0x1004 6
	disturb "$family"
	# Those in a NIC that crashed or was reset may be lost.
	check "packets on the wire" wait_for 10 esp_seen 0x1002 16
	check "packets on the wire" wait_for 10 esp_seen 0x1004 10
	capture_end
	hex=$(printf 'ov2-canary' | od -An -tx1 | tr -d ' \n')
	check_eq "frames with the text" "$(python3 "$selftest/pcap.py" grep "$tmp/wire.pcap" "$hex")" 0
	# The test itself sees clear text when there is some.
	flush a && flush b
	capture b wire
	send "$family" wire 20001
	check "clear text without SAs" wait_for 10 canary_seen "$hex"
	capture_end
}

canary_seen()
{
	[[ $(python3 "$selftest/pcap.py" grep "$tmp/wire.pcap" "$1") == 1 ]]
}

setup()
{
	check "a pair of NICs" pair_up || return
	# An SA that leaves for a SaDeleteReq stays away.
	check "parameter" param "$nic_a" sa_reoffer false
	# With GRO the tap would see packets only after decryption.
	features b gro off
	# Somebody who listens: an ICMP error would carry the text back in clear.
	spawn b socat -u UDP6-RECV:514,ipv6only=0,reuseaddr /dev/null
	check "a listener" wait_for 10 says 0202 b grep :0202 /proc/net/udp6
}

T "tcpdump decrypts IPv4 transport" decrypt 4 wire fam=4
T "tcpdump decrypts IPv6 transport" decrypt 6 wire fam=6
T "tcpdump decrypts IPv4 in IPv4" decrypt 4 inner fam=4 mode=tunnel
T "tcpdump decrypts IPv4 in IPv6" decrypt 4 inner fam=6 mode=tunnel
T "S44 nothing in clear over IPv4" canary 4
T "S44 nothing in clear over IPv6" canary 6
run_tests
