#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# SaDeleteReq, from the NIC to its answer: S58, S59, S60, S61.

# shellcheck source=lib/events.sh
. "$(dirname "$0")/lib/events.sh"

after_each()
{
	clean_sas
	fault "$nic_a" delete_req_all 0
	fault "$nic_a" seq_limit "$seq_limit"
	fault "$nic_a" delay_ms 0
	param "$nic_a" sa_watermark 0
	param "$nic_a" sa_delete_req demote
	param "$nic_a" sa_reoffer false
}

setup()
{
	check "a pair of NICs" pair_up && check "a server" serve &&
		param "$nic_a" sa_reoffer false && param "$nic_a" request_deadline 600000 || return
	# The NIC's default.
	seq_limit=$(<"$sim/$nic_a/faults/seq_limit")
	check_ge "the NIC's limit of sequence numbers" "$seq_limit" 1
}

# core_state SPI: sets $state of the SA in end a; empty if the core has none.
core_state()
{
	local spi

	printf -v spi '0x%08x' "$1"
	state=$(awk -v spi="$spi" '$6 == spi { print $3 }' "$core/$nic_a/sas")
}

state_is()
{
	core_state "$1"
	[[ $state == "$2" ]]
}

# deleted IN OUT...: exactly these SAs left the NIC, in this order.
check_left()
{
	local want

	want=$(printf '0x%08x\n' "$@")
	check_eq "SAs that left the NIC, in order" "$(left | tr '\n' ' ')" "${want//$'\n'/ } "
}

# S60, S61: demotion under a stream: inbound, then outbound, each once, and no
# byte is lost.
demote()
{
	local deletes packets

	conn 1 proto=tcp
	commit
	wait_offloaded 2
	deletes=$(counter "$nic_a" ipsec_delete_sa_success)
	trace_begin
	stream 1 "$1"
	wait_for 20 sa_packets_over 0x1003 100 || fail "no stream through the NIC"
	delete_req 0x1003
	wait_for 20 state_is 0x1002 waiting || fail "the outbound SA is $state"
	packets=$(stat a ipsec_tx_pkts)
	flows_on 1000000
	stream_end
	trace_end
	check_left 0x1003 0x1002
	check_eq "deletes" "$(counter "$nic_a" ipsec_delete_sa_success)" $((deletes + 2))
	check_eq "packets that the NIC encrypted afterwards" "$(stat a ipsec_tx_pkts)" "$packets"
	check_eq "SAs in the NIC" "$(head -n 1 "$sim/$nic_a/sas")" "sas 0"
	# Known to xfrm as before, and working.
	check_eq "SAs in xfrm" "$(ip -n a xfrm state count)" "$(ip -n b xfrm state count)"
	tcp 1 4 wire up 100000
}
T "demotion under a TCP stream that is sent" demote up
T "demotion under a TCP stream that is received" demote down

# S60: the key manager hears of it. Soft: both go on in software. Hard: both are
# deleted, so that nothing gets through.
expire()
{
	local policy=$1 want=$2

	param "$nic_a" sa_delete_req "$policy"
	conn 1
	commit
	wait_offloaded 2
	monitor_begin >"$tmp/monitor"
	trace_begin
	delete_req 0x1003
	a python3 "$selftest/traffic.py" udp 0.2 <<<"1 10.1.0.1 20001 10.1.0.2 7 100" >/dev/null
	wait_for 10 file_says "$tmp/monitor" "$want" || fail "monitor: $(<"$tmp/monitor")"
	if [[ $policy == soft ]]; then
		wait_for 10 state_is 0x1002 waiting || fail "the outbound SA is $state"
		udp 1 4 wire 1-20
	else
		wait_for 10 no_sas "$nic_a" || fail "SAs are left"
		check_eq "SAs that xfrm has" "$(ip -n a xfrm state list)" ""
		wait_for 10 file_says "$tmp/monitor" "spi 0x00001002" ||
			fail "no expire of the outbound SA: $(<"$tmp/monitor")"
	fi
	reap "$monitor"
	trace_end
	check_left 0x1003 0x1002
}
T "soft expire" expire soft "hard 0"
T "hard expire" expire hard "hard 1"

# sa SPI DIR WORDS...: one more SA of end a, with the addresses of conn.
sa()
{
	local spi=$1 dir=$2 ends="src 10.1.0.1 dst 10.1.0.2"
	shift 2

	new_crypt gcm128-128
	[[ $dir == out ]] || ends="src 10.1.0.2 dst 10.1.0.1"
	ip -n a -batch - <<<"xfrm state add $ends proto esp spi $spi $crypt mode transport $* \
		dir $dir offload crypto dev $dev_a dir $dir" || fail "SA $spi"
}

# S60: during a rekey both generations are there and look the same.
rekey()
{
	conn 1
	commit
	wait_offloaded 2
	sa 0x2001 in reqid 2
	sa 0x2002 out reqid 2
	wait_offloaded 4
	trace_begin
	delete_req 0x1003
	# The outbound packets take the younger SA, which b does not know: what
	# comes in must not depend on what goes out.
	ip -n b -batch - <<<"$(printf '%s\n' 'xfrm policy flush' 'xfrm policy add src 10.1.0.2 dst 10.1.0.1 dir out tmpl src 10.1.0.2 dst 10.1.0.1 proto esp reqid 2 mode transport')"
	b ping -c 1 -W 1 -q 10.1.0.1 >/dev/null
	wait_for 10 state_is 0x1002 waiting || fail "the first generation's outbound SA is $state"
	trace_end
	check_left 0x1003 0x1002
	core_state 0x2001
	check_eq "the second generation's inbound SA" "$state" offloaded
	core_state 0x2002
	check_eq "the second generation's outbound SA" "$state" offloaded
}
T "the right pair of two generations" rekey

# Without a reqid the selectors tell what belongs together.
reqid0()
{
	local i port

	for i in 1 2 3; do
		port=$((20000 + i))
		sa 0x100$((2 * i + 1)) in sel src 10.1.0.2 dst 10.1.0.1 proto 17 sport 7 dport "$port"
	done
	for i in 3 1 2; do
		port=$((20000 + i))
		sa 0x100$((2 * i)) out sel src 10.1.0.1 dst 10.1.0.2 proto 17 sport "$port" dport 7
	done
	wait_offloaded 6
	trace_begin
	delete_req 0x1005
	# Any packet with this SPI matches the SA.
	garbage 0x1005
	wait_for 10 state_is 0x1004 waiting || fail "the outbound SA is $state"
	trace_end
	check_left 0x1005 0x1004
}
T "reqid 0" reqid0

# garbage SPI [OPTIONS]: a packet from b that looks like ESP with this SPI.
garbage()
{
	b python3 - "$@" <<-'EOF'
		import socket, struct, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
		if len(sys.argv) > 2:
		    s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x01\x01\x01\x00")
		s.sendto(struct.pack(">II", int(sys.argv[1], 0), 1) + b"x" * 64, ("10.1.0.1", 0))
	EOF
}

# S60: without a counterpart the inbound SA is answered alone.
alone()
{
	sa 0x1003 in reqid 2
	sa 0x1004 out reqid 3
	wait_offloaded 2
	trace_begin
	delete_req 0x1003
	garbage 0x1003
	wait_for 10 state_is 0x1003 waiting || fail "the inbound SA is $state"
	trace_end
	check_left 0x1003
	core_state 0x1004
	check_eq "an SA of another reqid" "$state" offloaded
}
T "an inbound SA without a counterpart" alone

# S58: nothing but a packet of that SA carries the flag, and no outbound SA has it.
only_received()
{
	local before

	before=$(stat a ipsec_rx_sa_delete_req)
	conn 1
	conn 2
	commit
	wait_offloaded 4
	delete_req 0x1003
	handle 0x1002
	echo "$handle" 2>/dev/null >"$sim/$nic_a/sa_delete_req" && fail "an outbound SA was taken"
	udp 2 4 wire 1-30
	core_state 0x1003
	check_eq "an SA that receives nothing" "$state" offloaded
	check_eq "flagged packets" "$(stat a ipsec_rx_sa_delete_req)" "$before"
}
T "the flag is on received packets of the SA only" only_received

# S59: a packet that matches and is not processed, for its IP options, has it, too.
unprocessed()
{
	local marked

	sa 0x1003 in reqid 2
	wait_offloaded 1
	delete_req 0x1003
	marked=$(counter "$nic_a" ipsec_sa_rx_marked)
	garbage 0x1003 options
	wait_for 10 state_is 0x1003 waiting || fail "the inbound SA is $state"
	check_eq "packets that the NIC processed" "$(counter "$nic_a" ipsec_sa_rx_marked)" "$marked"
}
T "a packet that was not processed" unprocessed

# S61: the NIC removes nothing, and serves until the delete.
served()
{
	local answers

	answers=$(counter "$nic_a" ipsec_sa_delete_req)
	conn 1
	commit
	wait_offloaded 2
	# The answer waits behind this.
	fault "$nic_a" delay_ms 600000
	fault "$nic_a" delete_req_all 1
	udp 1 4 wire 1-50
	sim_sa 0x1003 packets
	check_eq "packets that the NIC decrypted" "$field" 50
	fault "$nic_a" delay_ms 0
	wait_for 10 state_is 0x1002 waiting || fail "the outbound SA is $state"
	check_eq "answers" "$(($(counter "$nic_a" ipsec_sa_delete_req) - answers))" 1
}
T "full service until the delete" served

# The NIC's reasons: an SA's numbers run out.
sequence()
{
	conn 1
	commit
	wait_offloaded 2
	fault "$nic_a" seq_limit 5
	udp 1 4 wire 1-4
	core_state 0x1003
	check_eq "the SA before its limit" "$state" offloaded
	udp 1 4 wire 5-8
	wait_for 10 state_is 0x1002 waiting || fail "the outbound SA is $state"
}
T "sequence numbers run out" sequence

# ... the NIC wants room: those that have been idle longest go, and no more.
watermark()
{
	local i lines=''

	for i in {1..6}; do
		conn "$i"
	done
	commit
	wait_offloaded 12
	for i in 1 2 3 4 5 6; do
		udp "$i" 4 wire 10,20
	done
	# 2 and 5 have been idle longest.
	for i in 1 3 4 6; do
		udp "$i" 4 wire 30
	done
	param "$nic_a" sa_watermark 8
	for i in 1 3 4 6 2 5; do
		udp "$i" 4 wire 40
	done
	wait_for 10 sas_are "$nic_a" offloaded 8 ||
		fail "$(core_sas "$nic_a" offloaded) SAs are offloaded"
	for i in 2 5; do
		wait_for 10 state_is $((0x1001 + 2 * i)) waiting || fail "idle SA $i is $state"
	done
	for i in 1 2 3 4 5 6; do
		udp "$i" 4 wire 50
	done
	check_eq "SAs in the NIC" "$(core_sas "$nic_a" offloaded)" 8
}
T "a watermark: the idle ones go" watermark

# All packets flagged, several of each of many pairs: each SA is deleted once, in each
# pair the inbound one first, and all of them work in software.
storm()
{
	local i count=${OV2_STORM_PAIRS:-1000} lines='' deletes flagged packets out spis

	for ((i = 1; i <= count; i++)); do
		conn "$i"
		lines+="$i 10.1.0.1 $((20000 + i)) 10.1.0.2 7 LENGTHS"$'\n'
	done
	lines=${lines%$'\n'}
	commit
	wait_offloaded $((2 * count))
	deletes=$(counter "$nic_a" ipsec_delete_sa_success)
	flagged=$(stat a ipsec_rx_sa_delete_req)
	# The answers wait behind this, and what comes meanwhile is flagged again.
	fault "$nic_a" delay_ms 50
	fault "$nic_a" delete_req_all 1
	trace_begin
	out=$(a python3 "$selftest/traffic.py" udp <<<"${lines//LENGTHS/64-66}") ||
		fail "during the storm: $(grep -v ' ok$' <<<"$out" | head)"
	fault "$nic_a" delay_ms 0
	flagged=$(($(stat a ipsec_rx_sa_delete_req) - flagged))
	diag "$flagged flagged packets for $count pairs"
	check_ge "flagged packets" "$flagged" $((2 * count))
	wait_for 60 sas_are "$nic_a" waiting $((2 * count)) ||
		fail "$(core_sas "$nic_a" waiting) SAs wait"
	trace_end
	check_eq "deletes" "$(($(counter "$nic_a" ipsec_delete_sa_success) - deletes))" \
		$((2 * count))
	mapfile -t spis <<<"$(left)"
	check_eq "pairs whose inbound SA did not leave first, or not once" "$(printf '%d\n' "${spis[@]}" | awk -v count="$count" '
		{ n[$1]++; at[$1] = NR }
		END {
			for (i = 1; i <= count; i++) {
				in_ = 4097 + 2 * i; out = in_ - 1
				bad += n[in_] != 1 || n[out] != 1 || at[in_] > at[out]
			}
			print bad + 0
		}')" 0
	packets=$(stat a ipsec_rx_pkts)
	out=$(a python3 "$selftest/traffic.py" udp <<<"${lines//LENGTHS/64}") ||
		fail "in software: $(grep -v ' ok$' <<<"$out" | head)"
	check_eq "packets that the NIC decrypted afterwards" "$(stat a ipsec_rx_pkts)" "$packets"
}
T "a storm" storm

run_tests
