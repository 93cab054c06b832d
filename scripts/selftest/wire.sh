#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The wire as others read it: tcpdump decrypts what the NIC encrypted, given
# the keys, and nothing is on it in clear.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# What is sent: syslog, whose text tcpdump prints from the packet it decrypted.
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
	for _ in 1 2 3; do
		for word in esp-hw-offload tx-esp-segmentation esp-tx-csum-hw-offload tso gso sg; do
			features a "$word" off
			send "$family" wire 20001
			send "$family" wire 20002
			features a "$word" on
			send "$family" wire 20001
		done
	done
	check "packets on the wire" wait_for 10 esp_seen 0x1002 36
	check "packets on the wire" wait_for 10 esp_seen 0x1004 18
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
	# With GRO the tap would see packets only after decryption.
	features b gro off
	# Somebody who listens: an ICMP error would carry the text back in clear.
	spawn b socat -u UDP6-RECV:514,ipv6only=0 /dev/null
	check "a listener" wait_for 10 says 0202 b grep :0202 /proc/net/udp6
}

T "tcpdump decrypts IPv4 transport" decrypt 4 wire fam=4
T "tcpdump decrypts IPv6 transport" decrypt 6 wire fam=6
T "tcpdump decrypts IPv4 in IPv4" decrypt 4 inner fam=4 mode=tunnel
T "tcpdump decrypts IPv4 in IPv6" decrypt 4 inner fam=6 mode=tunnel
T "S44 nothing in clear over IPv4" canary 4
T "S44 nothing in clear over IPv6" canary 6
run_tests
