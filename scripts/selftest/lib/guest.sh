# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# The machines of scenarios, as IKE daemons' test suites have them: network namespaces with /etc, /run,
# /tmp and /var/log of their own, and the programs of scripts/scenarios that such a machine has.

scenarios=$(cd "$selftest/../scenarios" && pwd)
declare -A GUEST=()
GUEST_FOLDER=/tmp

# guest_start NAME KIND FOLDER: the machine NAME of a KIND of daemon; FOLDER/etc goes on top of /etc.
guest_start()
{
	local name=$1 kind=$2 dir=$tmp/guest/$1

	mkdir -p "$dir"/{etc,work,run,tmp,log}
	[[ ! -d $3/etc ]] || cp -rL "$3/etc" "$dir/"
	# shellcheck disable=SC2016
	nsenter --net="/run/netns/$name" unshare --mount --uts bash -c '
		hostname "$1" && cd "$2" &&
			mount -t overlay -o "lowerdir=/etc,upperdir=$2/etc,workdir=$2/work" etc /etc &&
			mount --bind log /var/log && mount --bind run /run && mount --bind tmp /tmp &&
			echo ready >/tmp/ready && exec sleep infinity' bash "$name" "$dir" \
		2>"$dir/out" &
	GUEST[$name]=$!
	GUEST_PATH=$scenarios/guest/$kind:$scenarios/nic:$PATH
	wait_for 20 exists "$dir/tmp/ready" || fail "no machine $name: $(cat "$dir/out")"
}

# guest NAME COMMAND...: the words are a line for the shell there, as with ssh.
guest()
{
	local name=$1
	shift

	nsenter --target "${GUEST[$name]}" --mount --net --uts \
		env PATH="$GUEST_PATH" bash -c "cd $GUEST_FOLDER && $*" </dev/null
}

# All machines: what runs there, their NICs, their files.
guests_stop()
{
	local name pid path

	for name in "${!GUEST[@]}"; do
		for pid in $(ip netns pids "$name"); do
			kill -KILL "$pid" 2>/dev/null
		done
		wait "${GUEST[$name]}" 2>/dev/null
	done
	GUEST=()
	for path in /sys/bus/ov2sim/devices/*; do
		[[ ! -e $path ]] || { fail "a NIC is left: $path"; sim_del "${path##*/ov2sim}"; }
	done
	rm -rf "$tmp/guest"
}
