#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The area swan_rekey in packet mode: rekeying, with hw_offload = packet at both ends.

export SWAN_OFFLOAD=packet
# shellcheck source=swan_rekey.sh
. "$(dirname "$0")/swan_rekey.sh"
