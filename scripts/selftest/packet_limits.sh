#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Packet mode where README.md says what differs from software and what does not: a change of the
# kernel is to be noticed here.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# S13: the outer hop limit is that of the route, also if the route changes while the SA is there.
hop_limit()
{
	local family=$1 ttl=ttl bits=32

	((family == 4)) || ttl=hlim bits=128
	conn 1 mode=tunnel fam="$family" kind=packet
	commit && wait_offloaded 2 || return
	addrs "$family" wire
	# GRO would decrypt before tcpdump sees a packet.
	features b gro off
	capture b hops "dst $addr_b"
	udp 1 "$family" inner 100
	check "a route" ip -n a route add "$addr_b/$bits" dev "$dev_a" hoplimit 37
	udp 1 "$family" inner 100
	check "no route" ip -n a route del "$addr_b/$bits"
	capture_end
	features b gro on
	check_eq "hop limits" "$(tcpdump -Z root -nvr "$tmp/hops.pcap" 2>/dev/null |
		sed -n "s/.*$ttl \([0-9]*\),.*/\1/p" | tr '\n' ' ')" "64 37 "
}

# S68: whoever listens is told the numbers of the outbound SA as often as those of the inbound one at
# the far end, which is software's.
number_events()
{
	local end listening=()

	conn 1 kind=packet "$@"
	for end in a b; do
		# Not by time.
		"$end" sysctl -qw net.core.xfrm_aevent_etime=36000 net.core.xfrm_aevent_rseqth=4
		spawn "$end" ip xfrm monitor aevent >"$tmp/events-$end"
		listening+=("$child")
		wait_for 10 listens "$end"
	done
	commit && wait_offloaded 2 || return
	a python3 "$selftest/traffic.py" send 10.1.0.1 20001 10.1.0.2 7 21
	check "events at the far end" wait_for 10 events_are b 5
	check "events of the SA in packet mode" wait_for 10 events_are a 5
	reap "${listening[0]}" KILL
	reap "${listening[1]}" KILL
}

# A socket of NETLINK_XFRM has joined XFRMNLGRP_AEVENTS.
listens()
{
	"$1" grep -q '^[^ ]* 6 .* 00000010 ' /proc/net/netlink
}

events_are()
{
	(($(grep -c "SPI 0x0*1002" "$tmp/events-$1") == $2))
}

# nat dnat|snat MODE KIND ok|lost: netfilter replaces the destination or the source port of what is
# sent, and the answer comes, or does not.
nat()
{
	local out net=1 to

	[[ $2 == transport ]] || net=2
	conn 1 mode="$2" kind="$3" proto=any
	commit && wait_offloaded 2 || return
	to=10.$net.0.2
	[[ $1 == snat ]] || to=10.$net.0.9
	check "nft" a nft -f - <<-EOF
		table ip nat {
			chain out {
				type nat hook output priority -100;
				ip daddr 10.$net.0.9 dnat to 10.$net.0.2
			}
			chain post {
				type nat hook postrouting priority srcnat;
				ip daddr 10.$net.0.2 udp sport 20001 snat to 10.$net.0.1:40000-50000
			}
		}
	EOF
	[[ $1 == snat ]] || check "no SNAT" a nft flush chain ip nat post
	check "a route" ip -n a route add "10.$net.0.9/32" via 10.1.0.2
	out=$(a python3 "$selftest/traffic.py" udp 3 <<<"1 10.$net.0.1 20001 $to 7 100")
	[[ $4 == lost ]] || check_eq "answer" "$out" "1 ok"
	[[ $4 == ok ]] || check_eq "answer" "$out" "1 length 100 lost"
	check "no nft" a nft delete table ip nat
	check "no route" ip -n a route del "10.$net.0.9/32"
}

# full_qdisc MODE KIND waits|dropped: a qdisc that is full makes a sender wait, or drops what it sends
# on.
full_qdisc()
{
	local addr_a addr_b where=wire taken dropped

	[[ $1 == transport ]] || where=inner
	conn 1 mode="$1" kind="$2"
	commit && wait_offloaded 2 || return
	addrs 4 "$where"
	check "tbf" tc -n a qdisc add dev "$dev_a" root tbf rate 8kbit burst 3000 limit 20000
	taken=$(a python3 "$selftest/traffic.py" crowd "$addr_a" 20001 "$addr_b" 7 100)
	dropped=$(tc -n a -s qdisc show dev "$dev_a" | sed -n 's/.*(dropped \([0-9]*\),.*/\1/p')
	check "no tbf" tc -n a qdisc del dev "$dev_a" root
	if [[ $3 == waits ]]; then
		check_le "datagrams that the socket took" "${taken:-100}" 20
		check_eq "datagrams dropped" "$dropped" 0
	else
		check_eq "datagrams that the socket took" "$taken" 100
		check_ge "datagrams dropped" "${dropped:-0}" 50
	fi
}

# ipcomp GRO KIND ok|lost: what is in ESP is compressed. KIND is empty for software.
ipcomp()
{
	local gcm="aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128"
	local ends="src 10.1.0.2 dst 10.1.0.1 proto" end dir offload before lost

	features a gro "$1"
	for end in a b; do
		dir=in offload=${2:+offload $2 dev $dev_a dir in}
		[[ $end == a ]] || dir=out offload=''
		check "SAs and policy at $end" ip -n "$end" -batch - <<-EOF
			xfrm state add $ends comp spi 0x51 reqid 51 mode transport comp deflate
			xfrm state add $ends esp spi 0x501 reqid 51 mode transport $gcm $offload
			xfrm policy add src 10.1.0.2 dst 10.1.0.1 dir $dir tmpl $ends comp reqid 51 tmpl $ends esp reqid 51
		EOF
	done
	[[ ! ${2:-} ]] || wait_offloaded 1
	before=$(stat a ipsec_rx_pkts)
	lost=$(b ping -q -c 5 -i 0.05 -W 1 -s 1000 -p 00 10.1.0.1 | grep -o '[0-9]*% packet loss')
	[[ $3 == ok ]] || check_eq "loss" "$lost" "100% packet loss"
	[[ $3 == lost ]] || check_eq "loss" "$lost" "0% packet loss"
	check_eq "packets that the NIC decrypted" $(($(stat a ipsec_rx_pkts) - before)) $((${2:+5}))
	features a gro on
}

T "IPComp in ESP, software" ipcomp off "" ok
T "IPComp in ESP, crypto mode" ipcomp off crypto ok
T "IPComp in ESP, packet mode" ipcomp off packet ok
T "IPComp in ESP, software, GRO" ipcomp on "" lost
T "IPComp in ESP, crypto mode, GRO" ipcomp on crypto lost
T "IPComp in ESP, packet mode, GRO" ipcomp on packet ok
T "S13 the outer hop limit, IPv4" hop_limit 4
T "S13 the outer hop limit, IPv6" hop_limit 6
T "S68 events of numbers" number_events
T "S68 events of numbers, ESN" number_events flags=esn
T "SNAT before transport mode" nat snat transport packet lost
T "SNAT before transport mode, crypto mode" nat snat transport crypto ok
T "DNAT before transport mode" nat dnat transport packet ok
T "SNAT before a tunnel" nat snat tunnel packet ok
T "a full qdisc, transport mode" full_qdisc transport packet waits
T "a full qdisc, tunnel" full_qdisc tunnel packet dropped
T "a full qdisc, tunnel in crypto mode" full_qdisc tunnel crypto waits
run_tests
