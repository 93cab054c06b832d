#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Reset, restore and removal: S28, S62, S63, S65.
#   OV2_RESET_SAS=N   SAs of the test that restores many (10000)

# shellcheck source=lib/events.sh
. "$(dirname "$0")/lib/events.sh"

after_each()
{
	local knob

	for knob in delay_ms lose; do
		[[ ! -e $sim/$nic_a ]] || fault "$nic_a" "$knob" 0
	done
	clean_sas
}

resets()
{
	counter "$nic_a" ipsec_resets
}

resets_are()
{
	[[ $(resets) == "$1" ]]
}

resets_over()
{
	(($(resets) > $1))
}

# errors: of the health reporter, as devlink has counted them.
errors()
{
	devlink health show "ov2sim/$nic_a" reporter ipsec | sed -n 's/.* error \([0-9]*\) .*/\1/p'
}

errors_are()
{
	[[ $(errors) == "$1" ]]
}

crash()
{
	echo 1 >"$sim/$nic_a/crash"
}

idle()
{
	! in_flight "$nic_a"
}

ethtool_reset()
{
	a ethtool --reset "$dev_a" "$1" >"$tmp/ethtool"
	check "components reset" grep -q 'Components reset' "$tmp/ethtool"
}

recover()
{
	devlink health recover "ov2sim/$nic_a" reporter ipsec
}

# S63: whatever resets it, all SAs are back under the same cookies, and a stream
# loses nothing.
under_traffic()
{
	local cookies count=$1
	shift

	count=$(($(resets) + count))
	conn 1 proto=tcp
	conn 2
	conn 3 fam=6 alg=cbc128-sha256
	commit
	wait_offloaded 6
	cookies=$(awk '{ print $1, $6 }' "$core/$nic_a/sas" | sort)
	stream 1 up
	wait_for 20 sa_packets_over 0x1003 100 || fail "no stream through the NIC"
	"$@"
	wait_for 20 resets_are "$count" || fail "$(resets) resets, not $count"
	wait_offloaded 6
	check_eq "cookies" "$(awk '{ print $1, $6 }' "$core/$nic_a/sas" | sort)" "$cookies"
	wait_for 20 sa_packets_over 0x1003 10 || fail "no stream through the NIC afterwards"
	stream_end
	check_eq "resets at the end" "$(resets)" "$count"
	udp 2 4 wire 1-20
	udp 3 6 wire 1-20
}

crash_reported()
{
	local before

	before=$(errors)
	crash
	wait_for 10 errors_are $((before + 1)) || fail "$(errors) errors, not $((before + 1))"
	check "state" wait_for 10 says "state healthy" devlink health show "ov2sim/$nic_a"
}
T "a crash" under_traffic 1 crash_reported
T "ethtool --reset all" under_traffic 1 ethtool_reset all
T "ethtool --reset dedicated" under_traffic 1 ethtool_reset dedicated

# devlink recovers what is in error only, as it is after a report if it must not
# recover by itself. The core resets a NIC that has crashed whatever devlink does.
recover_by_hand()
{
	devlink health set "ov2sim/$nic_a" reporter ipsec auto_recover false
	crash
	wait_for 10 says "state error" devlink health show "ov2sim/$nic_a" reporter ipsec ||
		fail "no error is shown"
	wait_offloaded 6
	recover || fail "no recovery"
	check "state" says "state healthy" devlink health show "ov2sim/$nic_a" reporter ipsec
	devlink health set "ov2sim/$nic_a" reporter ipsec auto_recover true
}
T "devlink health recover" under_traffic 2 recover_by_hand

many_resets()
{
	local i

	for i in {1..10}; do
		# No faster than TCP can recover.
		wait_for 20 sa_packets_over 0x1003 10 || fail "no stream after $i resets"
		ethtool_reset dedicated
	done
}
T "resets one after the other" under_traffic 10 many_resets

# S28: a request that is never answered is cancelled, which is enough: the NIC is not reset, and
# the SAs of the request are tried again.
lost()
{
	local count before

	count=$(resets) before=$(errors)
	param "$nic_a" request_deadline 300
	fault "$nic_a" lose 1
	conn 1
	commit
	# Whatever comes after the lost one has all the time.
	param "$nic_a" request_deadline 60000
	wait_for 10 timeouts_are 1 || fail "$(timeouts) requests timed out, not 1"
	wait_offloaded 2
	check_eq "resets" "$(resets)" "$count"
	check_eq "errors" "$(errors)" "$before"
	param "$nic_a" request_deadline 5000
	udp 1 4 wire 1-20
}

timeouts()
{
	counter "$nic_a" ipsec_requests_timed_out
}

timeouts_are()
{
	[[ $(timeouts) == "$1" ]]
}
T "a request that is never answered" lost

# hex_pattern HEX: a regular expression for the bytes as any format prints them, one by
# one or as words of four in either order.
hex_pattern()
{
	local hex=$1 i forward='' swapped=''

	for ((i = 0; i < ${#hex}; i += 8)); do
		forward+="${hex:i:2} ${hex:i+2:2} ${hex:i+4:2} ${hex:i+6:2} "
		swapped+="${hex:i+6:2} ${hex:i+4:2} ${hex:i+2:2} ${hex:i:2} "
	done
	forward=${forward% } swapped=${swapped% }
	echo "${forward// /[^0-9a-f]?(0x)?}|${swapped// /[^0-9a-f]?(0x)?}"
}

# No key where the state of the NIC is shown, but the SAs are.
dump()
{
	local resets keys pattern='' key

	conn 1
	mapfile -t keys <<<"$(grep -o '0x[0-9a-f]\{40\}' <<<"$batch_a")"
	check_eq "keys to look for" "${#keys[@]}" 2
	# The last 4 of the 20 bytes are the salt.
	for key in "${keys[@]}"; do
		pattern+="$(hex_pattern "${key:2:16}")|$(hex_pattern "${key:34}")|"
	done
	pattern=${pattern%|}
	resets=$(resets)
	trace_begin
	commit
	wait_offloaded 2
	crash
	wait_for 10 resets_over "$resets" || fail "no reset"
	wait_offloaded 2
	devlink health dump clear "ov2sim/$nic_a" reporter ipsec
	check "a dump" devlink health dump show "ov2sim/$nic_a" reporter ipsec >"$tmp/dump"
	devlink health diagnose "ov2sim/$nic_a" reporter ipsec >>"$tmp/dump"
	check "the SA is shown" grep -q "spi: $((0x1003)) " "$tmp/dump"
	# Last come the ports' counters: nothing is cut short.
	check "all is shown" grep -q "drop_stop_reset: [0-9]" "$tmp/dump"
	trace_end
	check "the SA is in the trace" grep -q "spi=0x00001003 .* to=offloaded" "$tmp/trace"
	# Files that can only be written say so.
	find "$core/$nic_a" "$sim/$nic_a" -type f -exec grep -H . {} + >"$tmp/debugfs" 2>/dev/null
	check "the SA is in debugfs" grep -q "/sas:.*0x00001003" "$tmp/debugfs"
	dmesg | tail -n "+$((klog_start + 1))" >"$tmp/klog"
	grep -ciE "$pattern" "$tmp"/{dump,trace,debugfs,klog} >"$tmp/keys"
	check_eq "lines with a key or salt" "$(sed 's|.*/||' "$tmp/keys" | tr '\n' ' ')" \
		"dump:0 trace:0 debugfs:0 klog:0 "
	# Where a key is shown, this finds it.
	check_eq "lines with a key in xfrm" "$(ip -n a xfrm state | grep -ciE "$pattern")" 2
}
T "no key in dump, debugfs, trace or log" dump

# inside: packets that NIC and core say were lost with the NIC.
inside()
{
	local end name sum=0

	for end in a b; do
		for name in drop_stop_reset ipsec_drop_crashed ipsec_tx_drop_no_state \
			ipsec_sa_tx_drop_no_sa ipsec_sa_rx_drop_no_sa; do
			sum=$((sum + $(stat "$end" "$name")))
		done
	done
	echo "$sum"
}

# Milliseconds since boot.
now()
{
	local up

	read -r up _ </proc/uptime
	up=${up/./}
	echo "$((10#$up * 10))"
}

# The NIC has as many SAs as this: a look at its whole table would take long.
nic_has()
{
	local count

	read -r _ count <"$sim/$nic_a/sas"
	((count == $1))
}

# A crash: sets $took, the milliseconds until $1 SAs are restored, and $span, the two times between which
# the last SA was software's, with the NIC reset already.
restore_once()
{
	local resets shortest

	resets=$(resets)
	trace_begin
	# One event for each SA would be part of what is measured.
	echo 0 >"$tracing/events/ov2/ov2_sa_state/enable"
	# The trace's clock is another one than ping's.
	echo "at $EPOCHREALTIME" >"$tracing/trace_marker"
	crash
	wait_for 60 resets_over "$resets" || fail "no reset"
	wait_for 120 nic_has "$1" || fail "not all are in the NIC"
	wait_for 20 sas_are "$nic_a" offloaded "$1" || fail "not all are offloaded"
	trace_end
	read -r took span <<<"$(awk '
		{ t = $4; sub(/:/, "", t) }
		/ tracing_mark_write: at / { shift = $NF - t }
		/ ov2_reset: .* begun/ { begin = t }
		/ ov2_reset: .* done/ { reset = t }
		/ ov2_request_complete: .* kind=ADD_SA / { end = t }
		END { printf "%d %.3f %.3f", (end - begin) * 1000, reset + shift, end + shift }' "$tmp/trace")"
	shortest=$(sed -n 's/.* ov2_request_submit: .*kind=ADD_SA count=\([0-9]*\).*/\1/p' "$tmp/trace" |
		head -n -1 | sort -n | head -n 1)
	diag "$1 SAs: $took ms from the crash to the last restored;" \
		"shortest list but the last $shortest"
	check_ge "shortest list but the last" "$shortest" 64
}

# Of the pings in $tmp/ping those that were answered in $span.
answered_between()
{
	awk -v from="${span% *}" -v to="${span#* }" '
		/bytes from/ { t = substr($1, 2) + 0; n += t > from && t < to }
		END { print n + 0 }' "$tmp/ping"
}

# S63: many SAs, a ping every 10 ms. The SAs of the pings are the last to be restored. The NIC is so
# slow at the second crash that pings come before it has their SAs.
restore()
{
	local count=${OV2_RESET_SAS:-10000} i lost counted ping took span total meanwhile

	for ((i = 0; i < count / 2 - 1; i++)); do
		new_crypt gcm128-128
		printf -v addr '10.9.%d.%d' $((i / 250)) $((i % 250 + 1))
		# shellcheck disable=SC2154
		crypt="mode transport $crypt offload crypto dev $dev_a dir"
		batch_a+="xfrm state add src 10.1.0.1 dst $addr proto esp spi $((0x10000 + 2 * i)) reqid 9 $crypt out"$'\n'
		batch_a+="xfrm state add src $addr dst 10.1.0.1 proto esp spi $((0x10001 + 2 * i)) reqid 9 $crypt in"$'\n'
	done
	conn 1 proto=any
	commit
	wait_offloaded "$count"

	counted=$(inside)
	spawn a ping -D -i 0.01 -w 600 10.1.0.2 >"$tmp/ping"
	ping=$child
	wait_for 20 sa_packets_over 0x1003 50 || fail "no ping through the NIC"
	restore_once "$count"
	total=$took
	wait_for 20 sa_packets_over 0x1003 50 || fail "no ping through the NIC afterwards"
	fault "$nic_a" delay_ms 50
	restore_once "$count"
	total=$((total + took))
	fault "$nic_a" delay_ms 0
	wait_for 20 sa_packets_over 0x1003 50 || fail "no ping through the NIC afterwards"
	kill -INT "$ping"
	wait "$ping" 2>/dev/null
	# Only pings before the last answered one count: one more may have been on its way.
	lost=$(awk -F 'icmp_seq=' '/bytes from/ { n++; if ($2 + 0 > last) last = $2 + 0 }
		END { print last - n }' "$tmp/ping")
	counted=$(($(inside) - counted))
	meanwhile=$(answered_between)
	diag "$lost pings lost, $counted counted; $meanwhile answered before their SAs were back"
	check_le "pings lost" "$lost" "$counted"
	# What was inside, and what came until the reset: by far not all that was sent until the
	# SAs were back, which software does.
	check_le "packets counted" "$counted" $((8 + total / 10 / 3))
	check_ge "pings answered before their SAs were back" "$meanwhile" 1
}
T "restore of many SAs" restore

# Adds and deletes of 40 SAs until there is $tmp/enough.
churn()
{
	local i add='' del=''

	for i in {1..20}; do
		new_crypt gcm128-128
		crypt="mode transport $crypt offload crypto dev $dev_a dir"
		add+="xfrm state add src 10.1.0.1 dst 10.8.0.$i proto esp spi $((0x8000 + i)) reqid 8 $crypt out"$'\n'
		add+="xfrm state add src 10.8.0.$i dst 10.1.0.1 proto esp spi $((0x9000 + i)) reqid 8 $crypt in"$'\n'
		del+="xfrm state delete src 10.1.0.1 dst 10.8.0.$i proto esp spi $((0x8000 + i))"$'\n'
		del+="xfrm state delete src 10.8.0.$i dst 10.1.0.1 proto esp spi $((0x9000 + i))"$'\n'
	done
	while [[ ! -e $tmp/enough ]]; do
		ip -n a -batch - <<<"$add" >/dev/null 2>&1
		ip -n a -batch - <<<"$del" >/dev/null 2>&1
	done
}


# Resets during adds, deletes and resets; then everything still works.
race()
{
	local i churner flood

	conn 1
	commit
	wait_offloaded 2
	rm -f "$tmp/enough"
	run churn
	churner=$child
	# Not TCP: with every other retransmission lost it would wait for minutes.
	spawn a python3 "$selftest/traffic.py" flood 10.1.0.1 20001 10.1.0.2 7 400 300 >"$tmp/flood"
	flood=$child
	for i in {1..20}; do
		crash
		ethtool_reset all &
		recover
		wait "$!"
	done
	touch "$tmp/enough"
	wait "$churner"
	reap "$flood"
	wait_offloaded 2
	udp 1 4 wire 1-50
	check "nothing is damaged" grep -q ' bad 0$' "$tmp/flood"
	wait_for 10 idle || fail "requests are in flight"
	check_eq "protocol errors" "$(counter "$nic_a" ipsec_protocol_errors)" 0
}
T "resets during adds, deletes and resets" race

renew()
{
	sim_new 1 && ip link set "$dev_a" netns a && link a "$dev_a" b "$dev_b" &&
		configure_end a "$dev_a" 1 2 "$(mac b "$dev_b")" &&
		configure_end b "$dev_b" 2 1 "$(mac a "$dev_a")" &&
		wait_for 5 carrier a "$dev_a"
}

# S65: the device goes, with everything in flight: adds, deletes, a reset, a
# stream. $1: how it goes.
remove()
{
	local how=$1 churner streamer i begin

	for i in 1 2 3; do
		conn "$i" proto=tcp
	done
	commit
	wait_offloaded 6
	rm -f "$tmp/enough"
	run churn
	churner=$child
	stream 1 up
	streamer=$child
	wait_for 20 sa_packets_over 0x1003 100 || fail "no stream through the NIC"
	fault "$nic_a" delay_ms "$2"
	[[ $3 == calm ]] || "$3"
	begin=$(now)
	echo 1 >"/sys/bus/ov2sim/$how"
	diag "gone after $(($(now) - begin)) ms"
	check_le "milliseconds to remove" $(($(now) - begin)) 30000
	touch "$tmp/enough"
	wait "$churner"
	check "the core has let go of it" gone "$core/$nic_a"
	reap "$streamer"
	# Again from the start, for the next test.
	check "a new NIC" renew
	flush a
	flush b
}
T "removal in full swing" remove del_device 0 calm
T "removal of a slow NIC" remove del_device 100 calm
T "removal of a NIC that has crashed" remove del_device 0 crash
T "surprise removal" remove pull_device 0 calm
T "surprise removal with requests pending" remove pull_device 3000 calm
T "surprise removal during a reset" remove pull_device 0 crash

run_tests
