#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Measurements, for a VM with a kernel without debug options:
#   scripts/vm.sh --kernel uml-7.3-fast -- scripts/bench/run.sh
# How long 10,000 SAs take to be added, deleted and restored, in which lists; and who
# has the places of a NIC that has too few.

set -u
cd "$(dirname "$0")/.." || exit

rc=0
selftest/run.sh batch "reset:restore of many" || rc=1
bench/zipf.sh || rc=1
exit "$rc"
