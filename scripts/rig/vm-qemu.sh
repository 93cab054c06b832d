# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Starts a Debian kernel in QEMU. Variables that are not local here are those of vm.sh.

# The initrd has busybox, which mounts the host's files, and the modules that 9p needs.
make_initrd()
{
	local dir=$run/initrd release ko

	release=$(<"$kdir/release")
	mkdir -p "$dir/bin" "$dir/dev" "$dir/new" "$dir/proc"
	cp /bin/busybox "$dir/bin/"
	modprobe -d "$kdir/root" -S "$release" --show-depends -a 9pnet_virtio 9p virtio_pci |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
		while read -r ko; do
			case $ko in
			*.xz) xz -dc "$ko" >"$dir/$(basename "${ko%.xz}")" ;;
			*.zst) zstd -qdc "$ko" >"$dir/$(basename "${ko%.zst}")" ;;
			*) cp "$ko" "$dir/" ;;
			esac
			ko=${ko##*/}
			echo "insmod /${ko%.[xz]*z*}" >>"$dir/load"
		done
	{
		echo '#!/bin/busybox sh'
		sed 's:^:/bin/busybox :' "$dir/load"
		cat <<-'EOF'
			[ -z "$ov2_probe" ] || /bin/busybox poweroff -f
			/bin/busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=262144 host /new
			exec /bin/busybox switch_root /new "$ov2_init"
		EOF
	} >"$dir/init"
	chmod +x "$dir/init"
	(cd "$dir" && find . | cpio -o -H newc --quiet) >"$kdir/initrd.$$"
	mv "$kdir/initrd.$$" "$kdir/initrd"
}

# KVM is there on many machines where a guest does not get through: ask once.
probe_accel()
{
	local found=tcg

	# In a shell of its own, whose message about a QEMU that aborts nobody wants.
	if [[ -w /dev/kvm ]] && (timeout -k 1 20 qemu-system-x86_64 -machine q35 -cpu max \
		-accel kvm -m 1G -nographic -no-reboot -nic none -kernel "$kdir/vmlinuz" \
		-initrd "$kdir/initrd" -append "console=ttyS0 panic=-1 quiet ov2_probe=1" ||
		exit) </dev/null >/dev/null 2>&1; then
		found=kvm
	fi
	ov2_say "$kernel runs under $found here"
	echo "$found" >"$kdir/accel"
}

prepare_qemu()
{
	ov2_need qemu-system-x86 busybox-static cpio kmod xz-utils
	[[ -s $kdir/initrd && $kdir/initrd -nt $kdir/ov2-key && $kdir/initrd -nt ${BASH_SOURCE[0]} ]] ||
		make_initrd
	[[ -s $kdir/accel && $kdir/accel -nt $kdir/ov2-key ]] || probe_accel
}

start_qemu()
{
	local args=(-machine q35 -cpu max -m "${mem:-2G}" -smp "${cpus:-2}" -nographic
		-no-reboot -nic none -kernel "$kdir/vmlinuz" -initrd "$kdir/initrd"
		-append "console=ttyS0 panic=-1 loglevel=6 ov2_run=9p
			ov2_init=$OV2_RIG/vm-init.sh$([[ $accel != icount ]] ||
				echo " nokaslr norandmaps") $append"
		-serial "file:$run/klog" -monitor none
		-virtfs "local,id=host,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"
		-virtfs "local,id=run,path=$run,mount_tag=run,security_model=none")

	ov2_locked "vm-$kernel" prepare_qemu
	case ${accel:-$(<"$kdir/accel")} in
	kvm) args+=(-accel kvm) ;;
	# The clock counts instructions, one a nanosecond, and jumps over idle time. A string
	# instruction counts once for each of its bytes, so the kernel is kept from clearing pages
	# with one. The last -smp and the last -cpu count.
	icount) args+=(-accel tcg -icount "shift=0,sleep=off,align=off"
			-rtc "base=2026-01-01,clock=vm" -smp 1 -cpu "max,erms=off,fsrm=off") ;;
	*) args+=(-accel "tcg,thread=multi") ;;
	esac
	[[ ! $plugin ]] || args+=(-plugin "$plugin")
	[[ ! $out ]] ||
		args+=(-virtfs "local,id=out,path=$out,mount_tag=out,security_model=none")
	start qemu-system-x86_64 "${args[@]}" </dev/null >"$run/hostlog" 2>&1
}
