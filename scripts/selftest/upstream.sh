#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own tests of NICs, with ov2sim as the NIC: upstream.md.

# shellcheck source=lib/ksft.sh
. "$(dirname "$0")/lib/ksft.sh"

for name in napi_id queues napi_threaded hw/irq hw/csum hw/tso stats ring_reconfig; do
	T "$name.py" nic_test "drivers/net/$name.py"
done

# gro.py has hundreds of cases; these are a few of those that the stack does, and not the NIC. Each
# case of XDP in ping.py sleeps for ten seconds.
gro=()
for name in ipv4_data_same ipv6_data_lrg_sml ipv4_flags_psh ipv6_tcp_csum ipip_data_same; do
	gro+=(-t "test.sw_$name")
done
ping=(-T "test_xdp_*")
[[ ! ${OV2_KSFT_ALL:-} ]] || ping=()
T "gro.py" nic_test drivers/net/gro.py "${gro[@]}"
T "ping.py" nic_test drivers/net/ping.py "${ping[@]}"

run_tests
