# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Frames that are captured, changed and sent again, and what the stack counts of them.

# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

xfrm_stat_is()
{
	[[ $(xfrm_stat "$1" "$2") == "$3" ]]
}

stat_is()
{
	[[ $(stat "$1" "$2") == "$3" ]]
}

inject()
{
	b python3 "$selftest/pcap.py" send "$dev_b" "$tmp/frame" "$@" || fail "cannot send"
}

# frame SPI: a frame that b sends on an SA, into $tmp/frame.
frame()
{
	capture b frame "ip proto 50 or ip6 proto 50 or udp port 4500"
	udp "$2" "$3" wire 100
	check "a captured frame" wait_for 10 frame_seen "$1"
	capture_end
	python3 "$selftest/pcap.py" save "$tmp/frame.pcap" "$1" 0 "$tmp/frame" || fail "no frame"
}

frame_seen()
{
	[[ $(python3 "$selftest/pcap.py" esp "$tmp/frame.pcap" "$1") != 0 ]]
}
