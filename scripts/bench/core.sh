#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# In the VM: what the core costs without xfrm, for each number of SAs in "$@", and how much memory
# ov2sim needs besides; a line of JSON for each figure. $OV2_BENCH has what build.sh has built.

set -eu

bench=$(dirname "$0")
cmd=/sys/kernel/debug/ov2_bench/cmd
result=/sys/kernel/debug/ov2_bench/result

# step WORD NUMBER SAS: what it cost, with the number of SAs that are there. No worker preempts a
# real-time task.
step()
{
	chrt -f 1 sh -c "echo $1 $2 >$cmd"
	sed "s/^{/{\"bench\": \"core\", \"sas\": $3, /" "$result"
}

tries=0 core=()
insmod "$OV2_BENCH/ov2_bench.ko"
[[ ! ${OV2_OUT:-} ]] || cat /proc/kallsyms >"$OV2_OUT/kallsyms"
for sas; do
	echo "attach 0" >"$cmd"
	# The kernel waits a minute for its own test of an algorithm, which a machine that is busy may need.
	until echo "states $sas" >"$cmd"; do
		((++tries < 5)) || exit
	done
	before=$("$bench/slab.sh")
	step add "$sas" "$sas"
	core[sas]=$((($("$bench/slab.sh") - before) / sas))
	echo "{\"bench\": \"memory\", \"of\": \"core\", \"sas\": $sas, \"bytes\": ${core[sas]}}"
	step rx 10000 "$sas"
	step tx 10000 "$sas"
	step walk 0 "$sas"
	step reset 0 "$sas"
	step delete 0 "$sas"
	echo "end 0" >"$cmd"
done
grep -E 'ov2_s|# name' /proc/slabinfo >&2

# A profile is of the core alone.
[[ ! ${OV2_OUT:-} ]] || exit 0
echo "1 1" >/sys/bus/ov2sim/new_device
devlink resource set ov2sim/ov2sim1 path /ipsec_sa size 1048576
devlink dev reload ov2sim/ov2sim1 >&2
devlink dev param set ov2sim/ov2sim1 name request_deadline value 600000 cmode runtime
for sas in "${!core[@]}"; do
	echo "attach $(<"/sys/class/net/ov2sim1/ifindex")" >"$cmd"
	echo "states $sas" >"$cmd"
	before=$("$bench/slab.sh")
	echo "add $sas" >"$cmd"
	bytes=$((($("$bench/slab.sh") - before) / sas - core[sas]))
	echo "{\"bench\": \"memory\", \"of\": \"ov2sim\", \"sas\": $sas, \"bytes\": $bytes}"
	echo "delete 0" >"$cmd"
	echo "end 0" >"$cmd"
done
rmmod ov2_bench
