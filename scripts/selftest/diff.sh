#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Differential runs: a scenario with software xfrm and with crypto mode, compared. Without
# options the fixed set, as KTAP; see diff/run.py.

exec python3 "$(dirname "$0")/diff/run.py" "$@"
