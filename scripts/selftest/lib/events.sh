# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Events of a test: the core's trace, xfrm's and devlink's messages,
# streams in the background.

# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# The core's events from here on.
trace_begin()
{
	echo 0 >"$tracing/tracing_on"
	echo 16384 >"$tracing/buffer_size_kb"
	echo >"$tracing/trace"
	echo 1 >"$tracing/events/ov2/enable"
	echo 1 >"$tracing/tracing_on"
}

# Keeps them in $tmp/trace.
trace_end()
{
	echo 0 >"$tracing/tracing_on"
	cat "$tracing/trace" >"$tmp/trace"
	echo 0 >"$tracing/events/ov2/enable"
	[[ $(sed -n 's|.*entries-written: \([0-9]*\)/\1 .*|all|p' "$tmp/trace") == all ]] || fail "the trace has lost events"
}

# left STATE: SPIs of the SAs that left the NIC, in order, once per time: those
# that were demoting or deleting and are so no more.
left()
{
	sed -n 's/.* ov2_sa_state: .*spi=\(0x[0-9a-f]*\) from=\(demoting\|deleting\) to=\(waiting\|software\|gone\)$/\1/p' \
		"$tmp/trace"
}

# Messages of ip xfrm monitor in end a into $tmp/monitor.
monitor_begin()
{
	spawn a ip xfrm monitor SA expire
	monitor=$child
	wait_for 10 xfrm_monitored
}

# A socket of xfrm's (6) in namespace a has joined a group.
xfrm_monitored()
{
	a cat /proc/net/netlink | awk '$2 == 6 && $4 !~ /^0*$/ { n++ } END { exit !n }'
}

# stream ID up|down [FAMILY]: TCP in the background until stream_end, its result in $tmp/stream.
stream()
{
	rm -f "$tmp/stream" "$tmp/stream.out" "$tmp/stream.stop"
	addrs "${3:-4}" wire
	run stream_run "$@"
}

# The addresses are those of addrs.
stream_run()
{
	local result=ok pid

	a python3 "$selftest/traffic.py" tcp "$addr_a" $((20000 + $1)) "$addr_b" 7 \
		"$2" "$tmp/stream.stop" >"$tmp/stream.out" 2>&1 &
	pid=$!
	trap 'kill "$pid"' TERM
	wait "$pid" || result="failed with status $?"
	# By a rename, because stream_end waits for the file and reads it at once.
	echo "$result" >"$tmp/stream.new"
	mv "$tmp/stream.new" "$tmp/stream"
}

# flows_on BYTES: waits until that much more has passed $dev_a, both ways together.
flows_on()
{
	wait_for 20 more_bytes $(($(dev_bytes) + $1)) || fail "nothing goes on"
}

dev_bytes()
{
	a cat /proc/net/dev | awk -v "dev=$dev_a:" '$1 == dev { print $2 + $10 }'
}

more_bytes()
{
	(($(dev_bytes) > $1))
}

# The stream has not broken; it ends, and every byte of it came.
stream_end()
{
	[[ ! -e $tmp/stream ]] || fail "the stream has ended by itself"
	touch "$tmp/stream.stop"
	wait_for 120 exists "$tmp/stream" || fail "the stream does not end"
	[[ $(<"$tmp/stream") == ok ]] || fail "stream: $(<"$tmp/stream") $(<"$tmp/stream.out")"
}

# sa_packets_over SPI N: the NIC has done more than N packets with the SA.
sa_packets_over()
{
	sim_sa "$1" packets && ((field > $2))
}

# handle SPI: sets $handle, the NIC's name for the SA.
handle()
{
	local spi

	printf -v spi '0x%08x' "$1"
	handle=$(awk -v spi="$spi" '$10 == spi { print $2 }' "$sim/$nic_a/sas")
	[[ $handle ]]
}

# run COMMAND...: a function in the background; its process is $child.
run()
{
	"$@" &
	child=$!
	children+=("$child")
}

# delete_req SPI: has the NIC want an inbound SA deleted.
delete_req()
{
	handle "$1" && echo "$handle" >"$sim/$nic_a/sa_delete_req"
}
