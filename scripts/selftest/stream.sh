#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# TCP streams with a checksum over the data: segmentation by the NIC, loss,
# reordering, and features switched while they run.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=400000
id=0

# errors END: what xfrm there found wrong with packets, then TCP's checksum errors.
errors()
{
	# shellcheck disable=SC2016
	"$1" awk '
		/^Tcp:/ && $2 ~ /^[0-9]/ { sums = $16 }
		/Error|Invalid|Mismatch|NoStates/ { sum += $2 }
		END { print sum + 0, sums }' /proc/net/xfrm_stat /proc/net/snmp
}

# both_ways FAMILY WHERE CONN...: S35 S38 S41 S56: the NIC segments, each segment
# stands alone (software takes it), checksums are right (S43).
both_ways()
{
	local family=$1 where=$2 before got here there
	local names=(tx_lso_pkts ipsec_tx_pkts ipsec_rx_pkts ipsec_rx_fail_pkts)
	shift 2

	id=$((id + 1))
	conn "$id" proto=tcp inner="$family" "$@"
	commit && wait_offloaded 2 || return
	here=$(errors a) there=$(errors b)
	stats a "${names[@]}" && before=("${got[@]}")
	tcp "$id" "$family" "$where" up "$size"
	stats a "${names[@]}"
	check_ge "GSO packets that the NIC cut" $((got[0] - before[0])) 10
	check_ge "packets that the NIC encrypted" $((got[1] - before[1])) $((size / 1460))
	# S56: each is a packet of its own to the NIC.
	tcp "$id" "$family" "$where" down "$size"
	stats a "${names[@]}"
	check_ge "packets that the NIC decrypted" $((got[2] - before[2])) $((size / 1460))
	check_eq "packets that failed on the NIC" "${got[3]}" "${before[3]}"
	check_eq "xfrm's and TCP's checksum errors" "$(errors a)" "$here"
	check_eq "xfrm's and TCP's checksum errors at the far end" "$(errors b)" "$there"
}

# Plain TCP beside it: S35, S36.
plain()
{
	local before got

	stats a tx_lso_pkts ipsec_tx_pkts && before=("${got[@]}")
	tcp 0 "$1" wire up "$size"
	tcp 0 "$1" wire down "$size"
	stats a tx_lso_pkts ipsec_tx_pkts
	check_ge "GSO packets that the NIC cut" $((got[0] - before[0])) 10
	check_eq "packets that the NIC encrypted" "${got[1]}" "${before[1]}"
}

# Packets that the queues of both ends have dropped.
dropped()
{
	{
		tc -n a -s qdisc show dev "$dev_a" root
		tc -n b -s qdisc show dev "$dev_b" root
	} | sed -n 's/.*(dropped \([0-9]*\),.*/\1/p' | paste -sd +
}

# S46: loss and reordering on the way, in the NIC's own queue and at the far end. Chance
# may have nothing lost: then once more.
netem()
{
	local family=$1 end dev before got try
	shift

	conn 90 proto=tcp fam="$family" "$@"
	commit && wait_offloaded 2 || return
	for end in a b; do
		dev=$dev_a
		[[ $end == a ]] || dev=$dev_b
		tc -n "$end" qdisc add dev "$dev" root netem delay 2ms loss 1% reorder 20% 50% \
			limit 10000 || fail "tc"
	done
	stats a ipsec_tx_pkts ipsec_rx_pkts && before=("${got[@]}")
	for ((try = 1; try <= 5; try++)); do
		tcp 90 "$family" wire up "$size"
		tcp 90 "$family" wire down "$size"
		(($(dropped) == 0)) || break
	done
	stats a ipsec_tx_pkts ipsec_rx_pkts
	check_ge "packets lost in the queues" $(($(dropped))) 1
	check_ge "packets that the NIC encrypted" $((got[0] - before[0])) $((size / 1460))
	check_ge "packets that the NIC decrypted" $((got[1] - before[1])) $((size / 1460))
	diag "$(($(dropped))) packets lost in the queues, at try $try"
	tc -n a qdisc del dev "$dev_a" root
	tc -n b qdisc del dev "$dev_b" root
}

# S42: without the feature the stack cuts, and the NIC still encrypts.
no_lso()
{
	local lso tx

	conn 91 proto=tcp fam="$1"
	commit && wait_offloaded 2 || return
	features a "$2" off
	lso=$(stat a tx_lso_pkts) tx=$(stat a ipsec_tx_pkts)
	tcp 91 "$1" wire up "$size"
	check_eq "GSO packets that the NIC cut" "$(stat a tx_lso_pkts)" "$lso"
	check_ge "packets that the NIC encrypted" $(($(stat a ipsec_tx_pkts) - tx)) $((size / 1460))
	features a "$2" on
}

# S7: an add that runs while ESP offload goes off does not stay on the NIC, and
# is offered again when it is on.
add_races_switch()
{
	check "parameter" param "$nic_a" request_deadline 600000
	fault "$nic_a" delay_ms 600000
	conn 92
	commit
	check "the adds run" wait_for 10 in_flight "$nic_a"
	features a esp-hw-offload off
	fault "$nic_a" delay_ms 0
	check "the NIC is through" wait_for 20 settled
	check_eq "SAs on the NIC" "$(head -n 1 "$sim/$nic_a/sas")" "sas 0"
	udp 92 4 wire 1-10
	check "parameter" param "$nic_a" request_deadline 5000
	features a esp-hw-offload on
	wait_offloaded 2
	udp 92 4 wire 1-10
	sim_sa $((0x1000 + 2 * 92)) packets
	check_eq "packets encrypted when it is on again" "$field" 10
}

# No request is in flight and none is to come.
settled()
{
	! in_flight "$nic_a" && sas_are "$nic_a" deleting 0 && sas_are "$nic_a" queued 0 &&
		sas_are "$nic_a" demoting 0
}

# S31: off and on at run time, for send and receive together.
switch()
{
	local tx rx

	conn 92 fam="$1"
	commit && wait_offloaded 2 || return
	features a esp-hw-offload off
	tx=$(stat a ipsec_tx_pkts) rx=$(stat a ipsec_rx_pkts)
	udp 92 "$1" wire 1-20
	check_eq "packets encrypted while it is off" "$(stat a ipsec_tx_pkts)" "$tx"
	check_eq "packets decrypted while it is off" "$(stat a ipsec_rx_pkts)" "$rx"
	features a esp-hw-offload on
	wait_offloaded 2
	udp 92 "$1" wire 1-20
	check_eq "packets encrypted when it is on again" "$(stat a ipsec_tx_pkts)" $((tx + 20))
	check_eq "packets decrypted when it is on again" "$(stat a ipsec_rx_pkts)" $((rx + 20))
}

# S31 S35 S44: a stream in each direction goes on while a feature is switched,
# and nothing of it leaves in clear.
switched_under_traffic()
{
	local family=$1 up down i word control
	shift

	conn 93 proto=tcp fam="$family"
	conn 94 proto=tcp fam="$family"
	commit && wait_offloaded 4 || return
	addrs "$family" wire
	rm -f "$tmp/switched"
	# With GRO the tap would see packets again after decryption.
	features b gro off
	capture b clear "tcp port 7"
	# From a port that no SA protects: the filter sees what is in clear.
	a bash -c ": >/dev/tcp/$addr_b/7" || fail "no connection in clear"
	spawn a python3 "$selftest/traffic.py" tcp "$addr_a" 20093 "$addr_b" 7 up "$tmp/switched"
	up=$child
	spawn a python3 "$selftest/traffic.py" tcp "$addr_a" 20094 "$addr_b" 7 down "$tmp/switched"
	down=$child
	for i in {1..5}; do
		for word; do
			flows_on 100000
			features a "$word" off
			flows_on 100000
			features a "$word" on
		done
	done
	touch "$tmp/switched"
	wait "$up" || fail "the stream from the NIC"
	wait "$down" || fail "the stream to the NIC"
	capture_end
	features b gro on
	control=$(clear_packets "not port 20093 and not port 20094")
	check_ge "packets that were to be in clear" "$control" 1
	check_eq "packets in clear" $(($(clear_packets) - control)) 0
}

clear_packets()
{
	tcpdump -Z root -nr "$tmp/clear.pcap" "$@" 2>/dev/null | wc -l
}

all_gso()
{
	param "$nic_a" stack_gso "$1" && param "$nic_b" stack_gso "$1"
}

# S42: by default xfrm gets those bursts back that the stack segments wrong.
software_bursts()
{
	local lso tx fam=$1
	shift

	check "parameter" all_gso false
	conn 95 proto=tcp fam="$fam" "$@"
	commit && wait_offloaded 2 || return
	lso=$(stat a tx_lso_pkts) tx=$(stat a ipsec_tx_pkts)
	tcp 95 "$fam" wire up "$size"
	check_eq "GSO packets that the NIC cut" "$(stat a tx_lso_pkts)" "$lso"
	check_ge "packets that the NIC encrypted" $(($(stat a ipsec_tx_pkts) - tx)) 1
	check "parameter" all_gso true
}

for alg in gcm128-128 gmac256 chapoly cbc128-sha256 null-sha1; do
	T "S38 S41 S43 $alg IPv4 transport" both_ways 4 wire alg="$alg"
	T "S38 S41 S43 $alg IPv6 transport" both_ways 6 wire alg="$alg" fam=6
done
for alg in gcm256-128 cbc256-sha512; do
	T "S38 S41 S43 $alg IPv4 in IPv4" both_ways 4 inner alg="$alg" mode=tunnel
	T "S38 S41 S43 $alg IPv6 in IPv6" both_ways 6 inner alg="$alg" mode=tunnel fam=6
	T "S38 S41 S43 $alg IPv6 in IPv4" both_ways 6 inner alg="$alg" mode=tunnel
	T "S38 S41 S43 $alg IPv4 in IPv6" both_ways 4 inner alg="$alg" mode=tunnel fam=6
	T "S38 S41 S43 $alg IPv4 in UDP, transport" both_ways 4 wire alg="$alg" encap=udp
	T "S38 S41 S43 $alg IPv4 in UDP, tunnel" both_ways 4 inner alg="$alg" encap=udp mode=tunnel
done
T "S38 S41 S43 IPv4 with both ends offloaded" both_ways 4 wire off=ab
T "S38 S41 S43 IPv6 tunnel with both ends offloaded" both_ways 6 inner off=ab fam=6 mode=tunnel
T "S35 S36 IPv4 without IPsec" plain 4
T "S35 S36 IPv6 without IPsec" plain 6
T "S46 IPv4 loss and reordering" netem 4
T "S46 IPv6 loss and reordering" netem 6 alg=cbc128-sha1
T "S42 IPv4 without ESP segmentation" no_lso 4 tx-esp-segmentation
T "S42 IPv6 without ESP segmentation" no_lso 6 tx-esp-segmentation
T "S42 IPv4 without TSO" no_lso 4 tso
T "S42 IPv6 without ESP checksums" no_lso 6 esp-tx-csum-hw-offload
T "S42 IPv6 bursts left to software" software_bursts 6
T "S42 IPv4 bursts in UDP left to software" software_bursts 4 encap=udp
T "S31 IPv4 offload off and on" switch 4
T "S31 IPv6 offload off and on" switch 6
T "S7 an add and offload switched off" add_races_switch
T "S31 S44 IPv4 offload switched under traffic" switched_under_traffic 4 esp-hw-offload
T "S31 S44 IPv6 offload switched under traffic" switched_under_traffic 6 esp-hw-offload
T "S35 S44 ESP features switched under traffic" switched_under_traffic 4 \
	esp-tx-csum-hw-offload tx-esp-segmentation
T "S35 S44 general features switched under traffic" switched_under_traffic 6 tso gro rx sg gso

setup()
{
	check "a pair of NICs" pair_up && check "a server" serve &&
		check "a socket for UDP encapsulation" natt || return
	# Nothing segments the bursts here but the NIC.
	check "bursts of all kinds" all_gso true
}

run_tests
