#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# How requests form lists, from the trace.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

count=10000
# Half a jiffy.
lone_max=5000

trace_begin()
{
	echo 0 >"$tracing/tracing_on"
	echo 8192 >"$tracing/buffer_size_kb"
	: >"$tracing/trace"
	echo 1 >"$tracing/events/ov2/ov2_request_submit/enable"
	echo "${1:-0}" >"$tracing/events/ov2/ov2_sa_state/enable"
	echo 1 >"$tracing/tracing_on"
}

trace_end()
{
	echo 0 >"$tracing/tracing_on"
	echo 0 >"$tracing/events/ov2/enable"
	grep -v '^#' "$tracing/trace" >"$tmp/trace"
}

# lists KIND: "NUMBER NODES" of the lists that were submitted.
lists()
{
	awk -v kind="kind=$1" '
		/ov2_request_submit/ && $0 ~ kind {
			match($0, /count=[0-9]+/)
			nodes += substr($0, RSTART + 6, RLENGTH - 6)
			lists++
		}
		END { print lists + 0, nodes + 0 }' "$tmp/trace"
}

# Milliseconds that the NIC takes for a list of adds: 20, and where one sender does not
# clearly add more than 8 SAs in that time, for debug options or other work of the machine,
# the time for 12.
list_time()
{
	local begin end each

	begin=${EPOCHREALTIME/./}
	head -n 400 "$tmp/adds" | ip -n a -batch - || fail "ip"
	end=${EPOCHREALTIME/./}
	ip -n a xfrm state flush
	wait_for 60 no_sas "$nic_a" || fail "not all SAs are deleted"
	each=$(((end - begin) / 400))
	diag "$each us per add"
	delay=20
	((each * 16 > 20000)) || return 0
	delay=$((each * 16 / 1000))
	diag "one sender adds less than 16 SAs in 20 ms: ADD_SA lists take $delay ms here"
	# A kernel without debug options has no excuse.
	[[ $OV2_KERNEL != *-fast ]] || fail "too slow for lists of 20 ms"
}

# The NIC does one list at a time. One sender adds, then a flush deletes all.
many()
{
	local i n nodes key delay

	new_key 20
	for ((i = 0; i < count; i++)); do
		echo "xfrm state add src 10.1.0.1 dst 10.1.0.2 proto esp spi $((0x10000 + i)) mode transport aead rfc4106(gcm(aes)) $key 128 offload crypto dev $dev_a dir out"
	done >"$tmp/adds"
	list_time
	fault "$nic_a" delay_ms "$delay"
	check "parameter" param "$nic_a" requests_max 1
	trace_begin
	check "adds" ip -n a -batch "$tmp/adds"
	wait_for 60 sas_are "$nic_a" offloaded "$count" || fail "not all SAs are offloaded"
	trace_end
	read -r n nodes <<<"$(lists ADD_SA)"
	check_eq "SAs added" "$nodes" "$count"
	check_ge "SAs per ADD_SA list, times 10" $((nodes * 10 / n)) 80
	diag "$count SAs in $n ADD_SA lists"

	fault "$nic_a" delay_ms 20
	trace_begin
	ip -n a xfrm state flush
	wait_for 60 no_sas "$nic_a" || fail "not all SAs are deleted"
	trace_end
	read -r n nodes <<<"$(lists DELETE_SA)"
	check_eq "SAs deleted" "$nodes" "$count"
	check_le "DELETE_SA lists" "$n" $((count / 64))
	diag "$count SAs in $n DELETE_SA lists"
	fault "$nic_a" delay_ms 0
	check "parameter" param "$nic_a" requests_max 4
}

# Sets $late, the microseconds from a lone add to its request.
lone_once()
{
	local n nodes

	trace_begin 1
	head -n 1 "$tmp/adds" | ip -n a -batch - || fail "ip"
	check "offloaded" wait_for 10 sas_are "$nic_a" offloaded 1
	trace_end
	read -r n nodes <<<"$(lists ADD_SA)"
	check_eq "lists and nodes" "$n $nodes" "1 1"
	# From "queued" to the submission, in the trace's clock.
	late=$(awk '
		{ match($0, / [0-9]+\.[0-9]+: /); t = substr($0, RSTART + 1, RLENGTH - 3) }
		/from=queued/ || /to=queued/ { if (!begin) begin = t }
		/ov2_request_submit/ { printf "%d", (t - begin) * 1000000 }' "$tmp/trace")
	ip -n a xfrm state flush
	wait_for 10 no_sas "$nic_a" || fail "the SA is not deleted"
}

# With an idle NIC a lone add leaves at once: nothing happens between it and its request,
# and certainly no timer, which would take a jiffy. What else the machine does may make it
# late, but not each time.
lone()
{
	local late best=''

	fault "$nic_a" delay_ms 20
	for _ in 1 2 3 4 5; do
		lone_once
		[[ $best ]] && ((best <= late)) || best=$late
		((best >= lone_max)) || break
	done
	fault "$nic_a" delay_ms 0
	check_le "microseconds from add to request" "$best" "$lone_max"
	diag "the request left after $best us"
}

setup()
{
	check "a pair of NICs" pair_up && param "$nic_a" request_deadline 600000
}

T "lists of 10000 adds and of a flush" many
T "a lone add leaves at once" lone
run_tests
