#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# README.md's example, as it stands there: whoever types it gets what it promises.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

readme=$selftest/../../README.md

# The example makes its own NICs and namespaces, and the end of the tests removes them.
setup()
{
	:
}

after_each()
{
	:
}

# value NAME: of one of the counters that the example prints.
value()
{
	awk -v name="$1:" '$1 == name { print $2 }' "$tmp/said"
}

example()
{
	sed -n '/^<!-- example -->$/,/^<!-- end -->$/s/^    //p' "$readme" >"$tmp/example"
	check "an example" test -s "$tmp/example"
	bash -e "$tmp/example" >"$tmp/said" 2>&1 || fail "it ends with an error: $(<"$tmp/said")"
	file_says "$tmp/said" " 3 received" || fail "pings were not answered: $(<"$tmp/said")"
	check_eq "SAs that are offloaded" "$(grep -c ' offloaded .* ov2sim1 ' "$tmp/said")" 2
	# The first packet may be sooner than the NIC.
	check_ge "packets that the NIC encrypted" "$(value ipsec_tx_pkts)" 2
	check_ge "packets that the NIC decrypted" "$(value ipsec_rx_pkts)" 2
}

T "the example" example
run_tests
