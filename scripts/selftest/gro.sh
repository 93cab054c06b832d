#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# S56: protected segments are verified one by one, and only then coalesced.

# shellcheck source=lib/events.sh
. "$(dirname "$0")/lib/events.sh"

damaged=20

# xfrm_stat NAME, tcp_stat NAME: of end a.
# shellcheck disable=SC2016
xfrm_stat()
{
	a awk -v name="$1" '$1 == name { print $2 }' /proc/net/xfrm_stat
}

# shellcheck disable=SC2016
tcp_stat()
{
	a awk -v name="$1" '$1 == "TcpExt:" && !n { n = split($0, names); next }
		$1 == "TcpExt:" { for (i = 2; i <= n; i++) if (names[i] == name) print $i }' \
		/proc/net/netstat
}

# Every request has been done.
corrupted()
{
	[[ $(<"$sim/$nic_a/faults/corrupt_rx") == 0 ]]
}

after_each()
{
	fault "$nic_a" corrupt_rx 0
	clean_sas
}

# A stream comes in bursts, and the NIC finds a bit flipped in one segment after the
# other: xfrm drops these and no more, those that came with them get through, and
# what is coalesced holds none.
alone()
{
	local family=$1 i fails refused behind merged seen=0 field
	shift

	conn 1 proto=tcp fam="$family" "$@"
	commit
	wait_offloaded 2
	fails=$(stat a ipsec_rx_fail_pkts)
	refused=$(xfrm_stat XfrmInStateProtoError) behind=$(tcp_stat TCPOFOQueue)
	# Longer than any frame on the wire, in clear: seen after decryption.
	capture a merged "src port 7 and greater 3000"
	stream 1 down "$family"
	for ((i = 1; i <= damaged; i++)); do
		wait_for 20 sa_packets_over 0x1003 $((seen + 50)) || fail "the stream stands still"
		fault "$nic_a" corrupt_rx 1
		wait_for 20 corrupted || fail "nothing was damaged"
		# To damage one retransmission after the other would stop the stream for long.
		sim_sa 0x1003 packets && seen=$field
	done
	stream_end
	capture_end
	merged=$(tcpdump -nr "$tmp/merged.pcap" 2>/dev/null | wc -l)
	behind=$(($(tcp_stat TCPOFOQueue) - behind))
	diag "$merged packets coalesced after decryption, $behind segments came behind a damaged one"
	check_eq "segments that the NIC refused" "$(($(stat a ipsec_rx_fail_pkts) - fails))" "$damaged"
	check_eq "packets that xfrm dropped" \
		"$(($(xfrm_stat XfrmInStateProtoError) - refused))" "$damaged"
	check_ge "packets coalesced after decryption" "$merged" 10
	check_ge "segments that came behind a damaged one" "$behind" 1
}
T "S56 IPv4 transport" alone 4
T "S56 IPv6 transport" alone 6 alg=cbc128-sha256

run_tests
