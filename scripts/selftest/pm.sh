#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Suspend and resume with SAs in the NIC, as far as devices go (pm_test): S63.
#
# A VM's own files do not survive it: their virtio transport does not come back. So
# everything runs in a root of its own in memory, and what is printed goes to the
# kernel log, where vm.sh finds it; the VM is switched off from in here.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

root=/mnt/pm
sas=42

### Outside: the root in memory

# The programs that the tests below and lib.sh call.
programs=(bash cat cut date devlink dirname dmesg env ethtool grep head ip ls mawk mkdir
	mkfifo mktemp mount nsenter od ping rm rmmod sed sort stdbuf tail tr uname wc)

copy_program()
{
	local path libs lib

	path=$(command -v "$1") || fail "there is no $1" || return
	cp -L "$path" "$root/usr/bin/$1" && libs=$(ldd "$path" | grep -o '/[^ ]*') || return
	for lib in $libs; do
		[[ -e $root$lib ]] || cp -L --parents "$lib" "$root" || return
	done
}

make_root()
{
	local dir program

	mkdir -p "$root" && mount -t tmpfs pm "$root" || return
	mkdir -p "$root"/{usr/bin,usr/lib,usr/lib64,dev,proc,sys,run,tmp,var/log} || return
	for dir in bin sbin lib lib64; do
		ln -s "usr/${dir/sbin/bin}" "$root/$dir"
	done
	for program in "${programs[@]}"; do
		copy_program "$program" || return
	done
	ln -s mawk "$root/usr/bin/awk"
	cp -r "$selftest/lib.sh" "$selftest/lib" "$0" "$root/tmp/" || return
	mount --rbind /dev "$root/dev" && mount --rbind /sys "$root/sys" &&
		mount -t proc proc "$root/proc" && mount -t tmpfs run "$root/run"
}

# Never comes back.
enter()
{
	echo on >/proc/sys/kernel/printk_devkmsg
	# shellcheck disable=SC2016
	exec env -i OV2_PM=1 PATH=/usr/bin HOME=/tmp TMPDIR=/tmp LANG=C.UTF-8 \
		"$(command -v chroot)" "$root" bash -c '
		bash /tmp/pm.sh "$@" 2>&1 | while IFS= read -r line; do
			echo "<5>ov2-vm> $line" >/dev/kmsg
		done
		echo "<5>ov2-vm: verdict ${PIPESTATUS[0]}" >/dev/kmsg
		echo o >/proc/sysrq-trigger
		read -r <>/tmp/never
	' pm "${only[@]}"
}

if [[ ! ${OV2_PM:-} ]]; then
	if [[ ! -e /sys/power/pm_test ]]; then
		echo "this kernel cannot test suspending (CONFIG_PM_DEBUG)" >&2
		exit 1
	fi
	make_root || exit
	mkfifo "$root/tmp/never"
	enter
fi

### Inside

# ICMP between two addresses of each family, and other SAs beside them. There is no
# server: its interpreter would have to be copied as well.
setup()
{
	local i

	check "a pair of NICs" pair_up || return
	conn 1 proto=any
	conn 2 proto=any fam=6 alg=cbc128-sha256
	for ((i = 3; i <= sas / 2; i++)); do
		conn "$i" proto=tcp alg=gcm256-128
	done
	commit
	wait_offloaded "$sas"
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
}

after_each()
{
	:
}

sa_packets()
{
	sim_sa "$1" packets
	echo "$field"
}

pings()
{
	local spi before

	declare -A before
	for spi in 0x1002 0x1003 0x1004 0x1005; do
		before[$spi]=$(sa_packets "$spi")
	done
	check "IPv4" a ping -qnc 10 -i 0.01 -s 1000 -W 5 10.1.0.2 >"$tmp/ping"
	check "IPv6" a ping -qnc 10 -i 0.01 -s 1000 -W 5 fd01::2 >"$tmp/ping"
	for spi in "${!before[@]}"; do
		wait_for 10 sa_packets_are "$spi" $((before[$spi] + 10)) ||
			fail "packets of $spi by the NIC: $field, not $((before[$spi] + 10))"
	done
}

cookies()
{
	sed 's/ .* \(0x[0-9a-f]* .*\)/ \1/' "$core/$nic_a/sas" | sort
}

# S63: the SAs are back in the NIC, under the same cookies, and so is what follows:
# a ping that goes on through it all, and the ports.
sleep_and_wake()
{
	local resets added cookies ping

	pings
	resets=$(counter "$nic_a" ipsec_resets) added=$(counter "$nic_a" ipsec_add_sa_success)
	cookies=$(cookies)
	spawn a ping -n -i 0.05 -s 500 10.1.0.2 >"$tmp/pings"
	ping=$child
	wait_for 10 pings_over 5 || fail "no pings"
	echo devices >/sys/power/pm_test
	check "suspended and resumed" suspend "$1"
	wait_offloaded "$sas"
	check_eq "resets" "$(counter "$nic_a" ipsec_resets)" $((resets + 1))
	check_eq "SAs added" "$(counter "$nic_a" ipsec_add_sa_success)" $((added + sas))
	check_eq "cookies" "$(cookies)" "$cookies"
	check_eq "SAs in the NIC" "$(head -n 1 "$sim/$nic_a/sas")" "sas $sas"
	wait_for 10 pings_over $(($(grep -c 'bytes from' "$tmp/pings") + 5)) || fail "pings stay away"
	reap "$ping" INT
	# An answer that is still under way comes before this one's.
	check "another ping" a ping -qnc 1 -W 5 10.1.0.2 >"$tmp/ping"
	pings
}

pings_over()
{
	(($(grep -c 'bytes from' "$tmp/pings") > $1))
}

suspend()
{
	echo "$1" >/sys/power/state
}

for state in freeze mem; do
	T "S63 suspend to $state" sleep_and_wake "$state"
done

unload()
{
	remove_all
	check "every netdev is gone" wait_for 10 no_devices
	check "unloaded" rmmod ov2sim ov2
}
T "the modules are not in use afterwards" unload

run_tests
