#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Prints the bytes in slab objects in use, when they have come to rest: what has been freed is counted
# until a grace period has passed. A cache's objects may be those of another with the same size, so
# all of them are counted.

look()
{
	bytes=$(awk 'NR > 2 { sum += $2 * $4 } END { print sum }' /proc/slabinfo)
}

last=-1000000 still=0
while ((still < 5)); do
	look
	still=$((bytes - last < 65536 && last - bytes < 65536 ? still + 1 : 0))
	last=$bytes
done
echo "$bytes"
