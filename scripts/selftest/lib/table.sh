# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# The tables of SAs and requests that the core and the NIC show, and the switches of a NIC.

core=/sys/kernel/debug/ov2
sim=/sys/kernel/debug/ov2sim
tracing=/sys/kernel/tracing

# Conditions that are polled fork as little as possible: it takes long on these kernels.

# in_flight NIC: the core waits for it.
in_flight()
{
	local line table

	mapfile -t table <"$core/$1/requests"
	for line in "${table[@]}"; do
		[[ $line != "in flight"* ]] || return 0
	done
	return 1
}

# count_sas NIC STATE: sets $count to how many SAs of it the core has in that state.
count_sas()
{
	local line table

	mapfile -t table <"$core/$1/sas" || return
	count=0
	for line in "${table[@]}"; do
		[[ $line != *" $2 "* ]] || count=$((count + 1))
	done
}

core_sas()
{
	local count

	count_sas "$1" "$2" && echo "$count"
}

sas_are()
{
	local count

	count_sas "$1" "$2" && ((count == $3))
}

# wait_offloaded N [NIC]
wait_offloaded()
{
	wait_for 20 sas_are "${2:-$nic_a}" offloaded "$1" ||
		fail "$(core_sas "${2:-$nic_a}" offloaded) SAs offloaded, not $1"
}

no_sas()
{
	local table line

	mapfile -t table <"$core/$1/sas"
	read -r line <"$sim/$1/sas"
	[[ ${#table[@]} == 1 && $line == "sas 0" ]]
}

# sim_sa SPI FIELD [NIC]: sets $field from the NIC's own table, empty without.
sim_sa()
{
	local line table spi

	printf -v spi ' spi 0x%08x ' "$1"
	field=
	# Not line by line: each would be a seek back, and a walk from the first.
	mapfile -t table <"$sim/${3:-$nic_a}/sas"
	for line in "${table[@]}"; do
		[[ $line == *"$spi"* ]] || continue
		line=${line#* "$2" }
		field=${line%% *}
		return 0
	done
	return 1
}

# sa_packets_are SPI N: the NIC has done N packets with the SA.
sa_packets_are()
{
	sim_sa "$1" packets && ((field == $2))
}

# param NIC NAME VALUE: a devlink parameter.
param()
{
	devlink dev param set "ov2sim/$1" name "$2" value "$3" cmode runtime
}

# SAs that are using the NIC's slots, as devlink knows it.
occupancy()
{
	local out

	out=$(devlink resource show "ov2sim/$1") && out=${out#*ipsec_sa*occ } && echo "${out%% *}"
}

# fault NIC KNOB VALUE
fault()
{
	echo "$3" >"$sim/$1/faults/$2"
}

# features END NAME on|off...: as ethtool -K.
features()
{
	local dev=$dev_a end=$1 out

	[[ $1 == a ]] || dev=$dev_b
	shift
	out=$("$end" ethtool -K "$dev" "$@" 2>&1) || fail "ethtool -K $*: $out"
}
