# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Personalities of a NIC: see drivers/ov2sim/personality.c.

# personality NIC NAME: the NIC comes back with other capabilities, and its ports without wires.
personality()
{
	local out

	out=$(devlink dev param set "ov2sim/$1" name personality value "$2" cmode driverinit 2>&1 &&
		devlink dev reload "ov2sim/$1" 2>&1) || fail "devlink: $out"
}
