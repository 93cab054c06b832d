#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The area swan_site in packet mode: gateways, with hw_offload = packet at both ends.

export SWAN_OFFLOAD=packet
# shellcheck source=swan_site.sh
. "$(dirname "$0")/swan_site.sh"
