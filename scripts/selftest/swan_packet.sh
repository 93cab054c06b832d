#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The area swan in packet mode: tunnels, with hw_offload = packet at both ends.

export SWAN_OFFLOAD=packet
# shellcheck source=swan.sh
. "$(dirname "$0")/swan.sh"
