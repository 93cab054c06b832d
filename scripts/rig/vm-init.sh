#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The first process of a VM that vm.sh has started. Everything it needs to know
# is in the run folder, which vm.sh shares with it: settings, the command, the
# modules; and what comes of it goes back there: output, status.
#
# It runs twice: first on the host's file system (read-only), where it mounts the
# VM's root, then as --stage2 inside that root.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin

off()
{
	sync
	# Without /proc the first process ends, and the kernel panics, which ends the VM.
	echo o >/proc/sysrq-trigger || exit
	# Powering off takes a moment; the first process must not end before.
	while :; do read -rt 1 <>/dev/zero || :; done
}

log()
{
	echo "<5>ov2-vm: $*" >/dev/kmsg
}

fail()
{
	log "setup failed: $*"
	off
}

# The old mount system call takes the whole string as a path, the new one does not.
mount_hostfs()
{
	mount -t hostfs -o "sync,hostfs=$1" none "$2" 2>/dev/null ||
		mount -t hostfs -o "sync,$1" none "$2"
}

share_out()
{
	local dir=$1

	mkdir -p "$dir"
	# shellcheck disable=SC2154
	case $share in
	hostfs) mount_hostfs "$dir" "$dir" ;;
	9p) mount -t 9p -o trans=virtio,version=9p2000.L,cache=none,msize=262144 out "$dir" ;;
	esac
}

load_modules()
{
	local modprobe=() ko

	# shellcheck disable=SC2154
	read -ra modprobe <<<"$needed"
	if ((${#modprobe[@]})); then
		modprobe -a "${modprobe[@]}" || return
	fi
	while read -r ko; do
		insmod "$ko" || return
	done </run/ov2-vm/modules
}

# Last loaded goes first; what else uses ours, such as KUnit suites, before them. The list
# is read before it changes: a reader that goes on after a module has gone misses others.
unload_modules()
{
	local modules name

	mapfile -t modules </proc/modules
	for name in "${modules[@]%% *}"; do
		[[ $name != ov2* ]] || rmmod "$name"
	done
	! grep '^ov2' /proc/modules
}

stage2()
{
	local rc

	# shellcheck disable=SC1091
	. /run/ov2-vm/settings
	echo ov2 >/proc/sys/kernel/hostname
	ip link set lo up
	export HOME=/tmp LANG=C.UTF-8 TMPDIR=/tmp
	if [[ $OV2_OUT ]]; then
		share_out "$OV2_OUT" || fail "cannot share $OV2_OUT"
	fi
	log "modules"
	if ! load_modules 2>/run/ov2-vm/insmod; then
		log "load failed: $(cat /run/ov2-vm/insmod)"
		cat /run/ov2-vm/insmod >>/run/ov2-vm/stderr
		echo 125 >/run/ov2-vm/status
		off
	fi
	log "command"
	bash /run/ov2-vm/command </dev/null >>/run/ov2-vm/stdout 2>>/run/ov2-vm/stderr
	rc=$?
	log "status $rc"
	# shellcheck disable=SC2154
	if [[ $unload == yes ]]; then
		# Sockets and namespaces that died with their last process are
		# still being taken down.
		unload_modules 2>>/run/ov2-vm/stderr || log "WARNING: rmmod failed"
	fi
	# shellcheck disable=SC2154
	if [[ $gcov == yes ]]; then
		mkdir -p "$OV2_OUT/gcov"
		cp -r /sys/kernel/debug/gcov/. "$OV2_OUT/gcov/" 2>/dev/null
	fi
	echo "$rc" >/run/ov2-vm/status
	log "end"
	off
}

if [[ ${1:-} == --stage2 ]]; then
	stage2
fi

# The run folder comes by kernel argument, which the kernel hands on as a variable.
mount -t proc proc /proc
mount -t tmpfs run /run || fail "tmpfs on /run"
mkdir /run/share
# shellcheck disable=SC2154
if [[ $ov2_run == 9p ]]; then
	mount -t 9p -o trans=virtio,version=9p2000.L,cache=none run /run/share
else
	mount_hostfs "$ov2_run" /run/share
fi || fail "cannot share $ov2_run"
# vm.sh has made the skeleton of the root and the list of what goes where; mount
# reads it in one go, for every process costs tens of milliseconds here.
mount --bind /run/share/root /mnt || fail "bind"
mount -a -T /run/share/fstab || fail "mount"
cd /mnt || fail "cd"
pivot_root . host || fail "pivot_root"
exec /bin/bash "$0" --stage2
