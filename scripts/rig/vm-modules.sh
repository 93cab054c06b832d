# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The modules of a VM: the project's, and those of the kernel that they need. Variables that
# are not local here are those of vm.sh.

# Copies: the next build may be another checkout's.
collect_modules()
{
	local ko release list=()

	mkdir -p "$run/ko"
	: >"$run/modules"
	case $modules in
	none) ;;
	auto | kunit | modprobe)
		"$OV2_RIG/kernel.sh" --modules "$kernel" --to "$run/ko" "${make_args[@]}" \
			>"$run/build.log" 2>&1 || {
			cat "$run/build.log" >&2
			ov2_die "the modules do not build"
		}
		list=(ov2.ko ov2sim.ko)
		if [[ $modules == kunit ]]; then
			mapfile -t -O 2 list < <(sed -n 's:^kunit/::p' "$run/ko/order")
			((${#list[@]} > 2)) || ov2_die "there are no KUnit suites for $kernel"
		fi
		;;
	*)
		IFS=, read -ra list <<<"$modules"
		cp "${list[@]}" "$run/ko/"
		;;
	esac
	if [[ $modules == modprobe ]]; then
		mkdir -p "$run/lib"
		cp -as "$libmodules" "$run/lib/"
		release=$(basename "$run/lib/modules/"*)
		mkdir "$run/lib/modules/$release/updates"
		(cd "$run/ko" && cp "${list[@]}" "$run/lib/modules/$release/updates/")
		depmod -b "$run" "$release"
		libmodules=/run/share/lib/modules
		return
	fi
	for ko in "${list[@]}"; do
		echo "/run/ov2-vm/ko/${ko##*/}" >>"$run/modules"
	done
}

# The kernel's own modules that ours depend on, in any order.
needed_modules()
{
	local deps=("$libmodules"/*/modules.dep) dep ko

	if [[ $modules == modprobe ]]; then
		echo ov2sim
		return
	fi

	while read -r ko; do
		ko=$run/ko/${ko##*/}
		modinfo -F depends "$ko" | tr , '\n'
		modinfo -F softdep "$ko" | sed -n 's/^pre: //p' | tr ' ' '\n'
	done <"$run/modules" | sort -u | while read -r dep; do
		[[ ! $dep ]] || ! grep -qE "/${dep//_/[-_]}\.ko[.a-z]*:" "${deps[0]}" || echo "$dep"
	done
}
