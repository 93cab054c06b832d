#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# S67 S68: the area algs in packet mode. The NIC frames and unframes each packet.

export ALGS_KIND=packet
# shellcheck source=algs.sh
. "$(dirname "$0")/algs.sh"
