#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own tests of IPsec, with ov2sim as the NIC or while ov2 is loaded: upstream.md.

# shellcheck source=lib/ksft.sh
. "$(dirname "$0")/lib/ksft.sh"

# The test itself does not look whether the NIC has encrypted and decrypted.
vxlan_test()
{
	local before

	stats a ipsec_tx_pkts ipsec_rx_pkts || return
	before=("${got[@]}")
	nic_test "$@"
	stats a ipsec_tx_pkts ipsec_rx_pkts || return
	check_ge "packets that the NIC has encrypted" "$((got[0] - before[0]))" 1000
	check_ge "packets that the NIC has decrypted" "$((got[1] - before[1]))" 1000
}

T "hw/ipsec_vxlan.py" vxlan_test drivers/net/hw/ipsec_vxlan.py
T "bond_ipsec_offload.sh" own_test drivers/net/bonding/bond_ipsec_offload.sh
T "rtnetlink.sh" own_test net/rtnetlink.sh -t kci_test_ipsec_offload
T "pmtu.sh" own_test net/pmtu.sh pmtu_vti4_exception pmtu_vti6_exception \
	pmtu_vti4_udp_exception pmtu_vti6_udp_exception \
	pmtu_vti4_udp_routed_exception pmtu_vti6_udp_routed_exception

[[ ! ${OV2_KSFT_ALL:-} ]] || T "xfrm_policy.sh" own_test net/xfrm_policy.sh

run_tests
