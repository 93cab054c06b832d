#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The area swan_ike in packet mode: traps and IKE, with hw_offload = packet at both ends.

export SWAN_OFFLOAD=packet
# shellcheck source=swan_ike.sh
. "$(dirname "$0")/swan_ike.sh"
