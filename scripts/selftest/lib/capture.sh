# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Captures by tcpdump.

# capture END NAME [FILTER]...: into $tmp/NAME.pcap, until capture_end.
capture()
{
	local dev=$dev_a end=$1 name=$2

	[[ $end == a ]] || dev=$dev_b
	shift 2
	spawn "$end" tcpdump -Z root -i "$dev" -s 0 -U --immediate-mode -B 16384 \
		-w "$tmp/$name.pcap" "$@" 2>"$tmp/$name.log"
	capture=$child
	wait_for 10 file_says "$tmp/$name.log" "listening on" ||
		fail "tcpdump: $(<"$tmp/$name.log")"
}

capture_end()
{
	reap "$capture" INT
}
