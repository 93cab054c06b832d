#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The area swan_nat in packet mode: a NAT, with hw_offload = packet at both ends.

export SWAN_OFFLOAD=packet
# shellcheck source=swan_nat.sh
. "$(dirname "$0")/swan_nat.sh"
