# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Writes into the run folder what vm-init.sh reads: the skeleton of the VM's root, the list of
# mounts, the settings and the command. Variables that are not local here are those of vm.sh.

quote()
{
	printf '%q ' "$@"
}

bind()
{
	[[ ! -e $run/root$2 ]] || [[ ${3:-} == over ]] || return 0
	mkdir -p "$run/root$2"
	echo "$1 /mnt$2 none bind 0 0" >>"$run/fstab"
}

fresh()
{
	mkdir -p "$run/root$2"
	echo "$1 /mnt$2 $1 ${3:-defaults} 0 0" >>"$run/fstab"
}

# The host's file system stays readable at the same paths, and below /host as a
# whole. System folders are the userland's; every other top folder is the host's.
# Order matters: what lies below another mount comes after it.
write_root()
{
	local path name

	mkdir -p "$run/root/host"
	: >"$run/fstab"
	for name in mnt tmp run; do
		fresh tmpfs "/$name" mode=1777
	done
	fresh proc /proc
	fresh sysfs /sys
	fresh devtmpfs /dev
	for path in "$base"/*; do
		name=${path##*/}
		if [[ -L $path ]]; then
			cp -P "$path" "$run/root/"
		elif [[ -d $path ]]; then
			case $name in
			home | root | opt | srv) ;;
			*) bind "$path" "/$name" ;;
			esac
		fi
	done
	for path in /*; do
		[[ -L $path || ! -d $path ]] || bind "$path" "$path"
	done
	echo "debugfs /mnt/sys/kernel/debug debugfs defaults 0 0
tracefs /mnt/sys/kernel/tracing tracefs defaults 0 0
tmpfs /mnt/dev/shm tmpfs mode=1777,X-mount.mkdir 0 0
devpts /mnt/dev/pts devpts X-mount.mkdir 0 0
tmpfs /mnt/var/tmp tmpfs mode=1777 0 0
tmpfs /mnt/var/log tmpfs defaults 0 0
/run/share /mnt/run/ov2-vm none bind,X-mount.mkdir 0 0" >>"$run/fstab"
	mkdir -p "$base/usr/lib/modules"
	echo "$libmodules /mnt/usr/lib/modules none bind 0 0" >>"$run/fstab"
	# The mounts so far hide the host's /tmp and /var.
	for path in "$OV2_TOP" "$OV2_CACHE" "$PWD" "$out"; do
		case $path in
		/tmp/* | /var/* | /mnt/* | /run/*)
			echo "$path /mnt$path none bind,X-mount.mkdir 0 0" >>"$run/fstab"
			;;
		esac
	done
}

write_settings()
{
	local var

	cat >"$run/settings" <<-EOF
		OV2_OUT=$(quote "$out")
		share=$([[ $kernel == uml-* ]] && echo hostfs || echo 9p)
		needed="$(needed_modules | tr '\n' ' ')"
		unload=$unload
		gcov=$gcov
	EOF
	{
		for var in "${!OV2_@}"; do
			case $var in
			OV2_OUT | OV2_SCRIPTS) ;;
			*) echo "export $var=$(quote "${!var}")" ;;
			esac
		done
		echo "export OV2_OUT=$(quote "$out") OV2_KERNEL=$kernel"
		echo "cd $(quote "$PWD")"
		quote exec "$@"
		echo
	} >"$run/command"
	: >"$run/stdout"
	: >"$run/stderr"
	: >"$run/klog"
}
