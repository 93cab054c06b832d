#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The area swan_roam in packet mode: moves, with hw_offload = packet at both ends.

export SWAN_OFFLOAD=packet
# shellcheck source=swan_roam.sh
. "$(dirname "$0")/swan_roam.sh"
