#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The first process of a VM that vm.sh has started. Everything it needs to know
# is in the run folder, which vm.sh shares with it: settings, the command, the
# modules; and what comes of it goes back there: output, status.
#
# It runs twice: first on the host's file system (read-only), where it puts the
# VM's root together, then as --stage2 inside that root.

PATH=/usr/sbin:/usr/bin:/sbin:/bin

off()
{
	sync
	echo o >/proc/sysrq-trigger
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

# The host's file system stays readable at the same paths, and below /host as a
# whole. System folders are the userland's; every other top folder is the host's.
assemble()
{
	local base=$1 path name

	mount -t tmpfs -o mode=755 root /mnt || fail "tmpfs on /mnt"
	cd /mnt || fail "cd"
	mkdir dev proc sys run tmp mnt host etc var
	for path in "$base"/*; do
		name=${path##*/}
		[[ ! -e $name ]] || continue
		if [[ -L $path ]]; then
			cp -P "$path" "$name"
		elif [[ -d $path ]]; then
			mkdir "$name" && mount --bind "$path" "$name"
		fi
	done
	for path in /*; do
		name=${path##*/}
		case $name in
		home | root | work | opt | srv | data | build | builds | workspace)
			[[ -d $path ]] || continue
			mkdir -p "$name" && mount --bind "$path" "$name"
			;;
		*)
			[[ ! -e $name && -d $path && ! -L $path ]] || continue
			mkdir "$name" && mount --bind "$path" "$name"
			;;
		esac
	done
	mount --bind "$base/etc" etc
	mount --bind "$base/var" var
	mount -t tmpfs -o mode=1777 tmp tmp
	mount -t tmpfs -o mode=755 run run
	mount -t tmpfs -o mode=755 mnt mnt
	mount -t tmpfs -o mode=1777 vartmp var/tmp
	mount -t tmpfs -o mode=755 varlog var/log
	mount --move /dev dev 2>/dev/null || mount -t devtmpfs dev dev
	mount --move /proc proc
	mount -t sysfs sys sys
	mount -t debugfs debugfs sys/kernel/debug
	mount -t tracefs tracefs sys/kernel/tracing
	mkdir -p dev/shm dev/pts
	mount -t tmpfs shm dev/shm
	mount -t devpts pts dev/pts
	mkdir run/ov2-vm
	mount --move "$OV2_VM_RUN" run/ov2-vm
	# What lies below /tmp or /var on the host is not there yet.
	for path in $OV2_VM_PATHS; do
		[[ -d ./$path ]] && continue
		mkdir -p "./$path" && mount --bind "$path" "./$path"
	done
	if [[ -d $OV2_VM_LIBMODULES && -d usr/lib/modules ]]; then
		mount --bind "$OV2_VM_LIBMODULES" usr/lib/modules
	fi
	pivot_root . host || fail "pivot_root"
	exec /bin/bash "$0" --stage2
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
	local ko dep

	# In the order they were named: each after those that it needs.
	while read -r ko; do
		for dep in $(modinfo -F depends "$ko" | tr ',' ' ') \
			$(modinfo -F softdep "$ko" | sed -n 's/^pre: //p'); do
			[[ -d /sys/module/$dep ]] || modprobe -q "$dep" || :
		done
		insmod "$ko" || return
	done </run/ov2-vm/modules
}

# Last loaded goes first; what else uses ours, such as KUnit suites, before them.
unload_modules()
{
	local name rc=0

	for name in $(awk '$1 ~ /^ov2/ { print $1 }' /proc/modules); do
		[[ ! -d /sys/module/$name ]] || rmmod "$name" || rc=1
	done
	return "$rc"
}

stage2()
{
	local rc

	# shellcheck disable=SC1091
	. /run/ov2-vm/settings
	hostname ov2
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

mount -t proc proc /proc
# The run folder comes by kernel argument: hostfs needs its path, 9p its tag.
for arg in $(</proc/cmdline); do
	case $arg in
	ov2_run=*) OV2_VM_RUN=${arg#*=} ;;
	esac
done
mount -t tmpfs run /run || fail "tmpfs on /run"
mkdir /run/share
if grep -qw hostfs /proc/filesystems; then
	mount_hostfs "$OV2_VM_RUN" /run/share
else
	mount -t 9p -o trans=virtio,version=9p2000.L,cache=none run /run/share
fi || fail "cannot share $OV2_VM_RUN"
OV2_VM_RUN=/run/share
# shellcheck disable=SC1091
. /run/share/boot
assemble "$OV2_VM_BASE"
