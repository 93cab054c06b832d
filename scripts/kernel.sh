#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernels that the project is built for and tested on, each built or fetched
# when it is first asked for and kept in the cache. See usage below.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<-'EOF'
	Usage: scripts/kernel.sh NAME...              build or fetch, print its folder
	       scripts/kernel.sh --source SERIES      print the source tree (6.12, 7.3)
	       scripts/kernel.sh --built NAME         print its folder if it is built
	       scripts/kernel.sh --modules NAME [--to DIR] [--install DIR] [ARG...]
	                                              build the project's modules for
	                                              NAME (ARG: C=2, OV2_GCOV=1), copy
	                                              them to DIR, make install below
	                                              DIR, print the build folder
	       scripts/kernel.sh --list               the names

	uml-7.3        debug kernel, user mode Linux, one CPU
	uml-6.12       the same of the older series
	uml-7.3-smp    debug kernel with SMP and DEBUG_OBJECTS
	uml-7.3-fast   SMP, no debugging
	debian-6.12    Debian's own, for QEMU, with its headers
	debian-7.3     the same from Debian's backports

	Warnings of the compiler are errors. Checkouts that are alike share a build of
	the modules, which another one may change at any time: --to DIR is what stays.
	OV2_BUILD=WORD builds in a folder of the checkout's own, where warnings are none.
	OV2_REFRESH=1 looks for a newer package of each series now and not once a week.
	EOF
}

names=(uml-7.3 uml-6.12 uml-7.3-fast uml-7.3-smp debian-6.12 debian-7.3)
jobs=${OV2_JOBS:-$(nproc)}
log=$OV2_CACHE/log
mkdir -p "$log"

series_of()
{
	local series=${1#*-}
	printf '%s\n' "${series%%-*}"
}

suite_of()
{
	case $(series_of "$1") in
	6.12) echo bookworm-security ;;
	7.3) echo trixie-backports ;;
	*) ov2_die "no suite is known for $1" ;;
	esac
}

fragments_of()
{
	case $1 in
	uml-7.3) echo uml debug time-travel ;;
	uml-6.12) echo uml debug stack ;;
	uml-7.3-smp) echo uml debug smp objects ;;
	uml-7.3-fast) echo uml smp ;;
	esac
}

known()
{
	local name

	for name in "${names[@]}"; do
		[[ $name != "$1" ]] || return 0
	done
	ov2_die "unknown kernel '$1', known are: ${names[*]}"
}

# Sources: one tree for each package version, with the patches that it has.

# What a series needs to run on today's hosts; the trees are ours alone.
patches_of()
{
	find "$OV2_SCRIPTS/config" -name "linux-$1-*.patch" -o -name 'linux-any-*.patch' | sort
}

unpack_source()
{
	local series=$1 tree=$2 suite patch pkg=linux-source-$1

	[[ ! -d $tree ]] || return 0
	ov2_need xz-utils patch
	suite=$(suite_of "src-$series")
	rm -rf "$tree.tmp" "$OV2_CACHE/deb/$pkg"
	ov2_fetch "$suite" "$OV2_CACHE/deb/$pkg" "$pkg"
	mkdir -p "$tree.tmp"
	ov2_say "unpack $pkg"
	dpkg-deb --fsys-tarfile "$OV2_CACHE/deb/$pkg/"*.deb |
		tar xO "./usr/src/$pkg.tar.xz" | xz -dc |
		tar x -C "$tree.tmp" --strip-components=1
	rm -rf "$OV2_CACHE/deb/$pkg"
	patches_of "$series" | while IFS= read -r patch; do
		patch -d "$tree.tmp" -p1 -s -N <"$patch" >&2
	done
	mv "$tree.tmp" "$tree"
}

source_tree()
{
	local version tree

	version=$(ov2_version "$(suite_of "src-$1")" "linux-source-$1")
	[[ $version ]] || ov2_die "no package linux-source-$1"
	tree=$OV2_CACHE/src/linux-${1}_$version-$(patches_of "$1" | xargs -r cat | sha256sum | cut -c1-8)
	[[ -d $tree ]] || ov2_locked "src-$1" unpack_source "$1" "$tree"
	printf '%s\n' "$tree"
}

# UML kernels.

# Options that a fragment asks for and the kernel does not know in this series.
may_miss()
{
	case $1 in
	CONFIG_CRYPTO_POLY1305=y | CONFIG_CRYPTO_AUTHENC=y) return 0 ;;
	*) return 1 ;;
	esac
}

uml_configure()
{
	local src=$1 dir=$2 opt missing=() frags=()
	shift 2

	for opt; do
		frags+=("$OV2_SCRIPTS/config/$opt.config")
	done
	make -s -C "$src" ARCH=um O="$dir" allnoconfig
	(cd "$src" && KCONFIG_CONFIG=$dir/.config ARCH=um \
		scripts/kconfig/merge_config.sh -O "$dir" -m "$dir/.config" "${frags[@]}")
	make -s -C "$src" ARCH=um O="$dir" olddefconfig
	while read -r opt; do
		grep -qx "$opt" "$dir/.config" || may_miss "$opt" || missing+=("$opt")
	done < <(grep -hE '^CONFIG_' "${frags[@]}")
	if ((${#missing[@]})); then
		echo "error: not in the configuration: ${missing[*]}"
		return 1
	fi
}

# Builds of the same kernel from the same source, with whatever options.
uml_siblings()
{
	local name=$1 src=$2 dir hash='[0-9a-f][0-9a-f][0-9a-f][0-9a-f]'

	for dir in "$OV2_CACHE/kernel/$name-"$hash$hash; do
		[[ $(cat "$dir/ov2-source" 2>/dev/null) != "$src" ]] || echo "$dir"
	done
}

# With another build at hand only what the other options change is compiled.
uml_seed()
{
	local name=$1 src=$2 dir=$3 from

	rm -rf "$dir.tmp"
	mkdir -p "$dir.tmp"
	from=$(uml_siblings "$name" "$src" | xargs -r ls -td | sed 1q)
	if [[ $from ]]; then
		ov2_say "start $name from $from"
		cp -a "$from/." "$dir.tmp/"
		rm -rf "$dir.tmp/Makefile" "$dir.tmp/ov2-key" "$dir.tmp/root"
	fi
	echo "$src" >"$dir.tmp/ov2-source"
	mv "$dir.tmp" "$dir"
}

uml_build()
{
	local name=$1 src=$2 dir=$3 frags old

	[[ ! -e $dir/ov2-key ]] || return 0
	ov2_need gcc make flex bison bc libelf-dev libssl-dev kmod
	read -ra frags < <(fragments_of "$name")
	[[ -d $dir ]] || uml_seed "$name" "$src" "$dir"
	ov2_logged "configure $name" "$log/${dir##*/}-config.log" \
		uml_configure "$src" "$dir" "${frags[@]}"
	ov2_logged "build $name" "$log/${dir##*/}.log" \
		nice make -C "$src" ARCH=um O="$dir" -j"$jobs"
	rm -rf "$dir/root"
	ov2_logged "install $name's modules" "$log/${dir##*/}-install.log" \
		make -C "$src" ARCH=um O="$dir" INSTALL_MOD_PATH="$dir/root" modules_install
	touch "$dir/ov2-key"
	for old in $(uml_siblings "$name" "$src"); do
		[[ ! $(find "$old/ov2-key" -mtime +14 2>/dev/null) ]] || rm -rf "$old"
	done
}

# The folder is named after what it was made from: two checkouts with different
# options do not undo each other's build.
uml_folder()
{
	local name=$1 src=$2 frags

	read -ra frags < <(fragments_of "$name")
	printf '%s/kernel/%s-' "$OV2_CACHE" "$name"
	{
		echo "${src##*/}"
		cd "$OV2_SCRIPTS/config" && cat "${frags[@]/%/.config}"
	} | sha256sum | cut -c1-8
}

uml_kernel()
{
	local name=$1 src dir

	src=$(source_tree "$(series_of "$name")")
	dir=$(uml_folder "$name" "$src")
	if [[ -e $dir/ov2-key ]]; then
		touch -c "$dir/ov2-key"
	else
		ov2_locked "kernel-${dir##*/}" uml_build "$name" "$src" "$dir"
	fi
	printf '%s\n' "$dir"
}

# Debian's kernels: packages unpacked into a folder, never installed.

debian_unpack()
{
	local name=$1 dir=$2 suite=$3 release=$4 key=$5 deb common pkgs

	[[ $(cat "$dir/ov2-key" 2>/dev/null) != "$key" ]] || return 0
	ov2_need kmod
	rm -rf "$dir"
	mkdir -p "$dir/deb" "$dir/root"
	common=${release%-amd64}
	pkgs=("linux-headers-$release" "linux-headers-$common-common" "linux-kbuild-$common")
	if [[ $(ov2_newest "$suite" "^linux-binary-${release//[+.]/.}\$") ]]; then
		pkgs+=("linux-base-$release" "linux-binary-$release" "linux-modules-$release")
	else
		pkgs+=("linux-image-$release")
	fi
	ov2_fetch "$suite" "$dir/deb" "${pkgs[@]}"
	for deb in "$dir/deb/"*.deb; do
		dpkg-deb -x "$deb" "$dir/root"
	done
	rm -rf "$dir/deb"
	# The headers' Makefile and build link name the installed places.
	find "$dir/root/usr/src" -name Makefile -path "*linux-headers-$release/*" \
		-exec sed -i "s:/usr/src/linux-headers:$dir/root/usr/src/linux-headers:" {} +
	[[ -d $dir/root/lib ]] || ln -s usr/lib "$dir/root/lib"
	ln -sfn "$dir/root/usr/src/linux-headers-$release" "$dir/headers"
	ln -sfn "$(find "$dir/root" -name 'vmlinuz*' | head -n 1)" "$dir/vmlinuz"
	# With vmlinux beside the headers kbuild would want pahole, for nothing.
	rm -f "$dir/root/usr/src/linux-headers-$release/vmlinux"
	depmod -b "$dir/root" "$release"
	echo "$release" >"$dir/release"
	echo "$key" >"$dir/ov2-key"
}

debian_kernel()
{
	local name=$1 suite series release version
	local dir=$OV2_CACHE/kernel/$name

	suite=$(suite_of "$name")
	series=$(series_of "$name")
	release=$(ov2_newest "$suite" "^linux-headers-${series/./\\.}[0-9.]*\+deb[0-9]+-amd64$")
	release=${release#linux-headers-}
	[[ $release ]] || ov2_die "no headers package of series $series in $suite"
	version=$(ov2_version "$suite" "linux-headers-$release")
	ov2_locked "kernel-$name" debian_unpack "$name" "$dir" "$suite" "$release" "$version"
	printf '%s\n' "$dir"
}

kernel()
{
	known "$1"
	case $1 in
	uml-*) uml_kernel "$1" ;;
	debian-*) debian_kernel "$1" ;;
	esac
}

# The project's modules: built in mirrors of the sources in the cache, a few for each
# kernel, so that the repository stays clean. Which one a checkout gets: see modules_slot().

# 7.3 wants a sparse that knows __typeof_unqual__: Debian has it in sid only, and
# that one wants a newer C library than Debian 12's. Debian 13's root has one.
unpack_sparse()
{
	local dir=$1 root

	[[ ! -x $dir/sparse ]] || return 0
	root=$("$OV2_SCRIPTS/rootfs.sh" build)
	rm -rf "$dir"
	ov2_fetch sid "$dir/deb" sparse
	dpkg-deb -x "$dir/deb/"*.deb "$dir/root"
	cat >"$dir/sparse.tmp" <<-EOF
		#!/bin/sh
		exec $root/lib64/ld-linux-x86-64.so.2 \
			--library-path $root/usr/lib/x86_64-linux-gnu \
			$dir/root/usr/bin/sparse "\$@"
	EOF
	chmod +x "$dir/sparse.tmp"
	mv "$dir/sparse.tmp" "$dir/sparse"
}

# make in folder $2, with what kernel $1 (in $3) is built with.
modules_make()
{
	local name=$1 dir=$2 kdir=$3
	shift 3

	case $name in
	uml-*)
		make -C "$dir" KDIR="$kdir" ARCH=um -j"$jobs" "$@" >&2
		;;
	debian-7.3)
		# Its kbuild programs and its compiler are Debian 13's.
		"$OV2_SCRIPTS/rootfs.sh" --run build -- \
			make -C "$dir" KDIR="$kdir/headers" -j"$jobs" "$@" >&2
		;;
	*)
		# The headers name the compiler that their kernel was built with.
		ov2_need "$(sed -nE 's/^CC = .*(gcc-[0-9]+)$/\1/p' "$kdir/headers/.kernelvariables")"
		make -C "$dir" KDIR="$kdir/headers" -j"$jobs" "$@" >&2
		;;
	esac
}

# What a build is made of, from sources in folder $1; C= checks them and changes nothing.
# make takes a second to find out that there is nothing to do.
modules_key()
{
	local top=$1 kdir=$2
	shift 2

	{
		printf '%s\n' "$@" | sed '/^C=/d'
		cat "$kdir/ov2-key"
		cd "$top"
		find drivers include kunit Kbuild Makefile '(' -name '*.[ch]' ! -name '*.mod.c' \
			-o -name Kbuild -o -name Makefile ')' -print0 | sort -z |
			xargs -0 sha256sum
	} | sha256sum | cut -d' ' -f1
}

slots=4

# Checkouts that are alike share a build, so that a fresh one finds everything compiled; one
# that comes to differ keeps what it had, and whoever shared that takes another: two that
# are worked on do not undo each other's. With none to be had the one that was used longest
# ago is brought up to date.
modules_slot()
{
	local top=$1 key=$2 me i free='' oldest=''

	me=$(ov2_checkout_id)
	for ((i = 0; i < slots; i++)); do
		[[ $(cat "$top.$i.key" 2>/dev/null) != "$key" ]] || { echo "$top.$i"; return; }
	done
	for ((i = 0; i < slots; i++)); do
		! grep -qx "$me" "$top.$i.users" 2>/dev/null || { echo "$top.$i"; return; }
		[[ -e $top.$i.users ]] || free=${free:-$top.$i}
		[[ $oldest && ! $top.$i.users -ot $oldest.users ]] || oldest=$top.$i
	done
	echo "${free:-$oldest}"
}

# The modules of the last build, and "order": which, and in which order.
modules_copy()
{
	local dir=$1 to=$2

	mkdir -p "$to"
	sed -nE 's:^(.*/)?((drivers|kunit)/.*)\.o$:\2.ko:p' "$dir/modules.order" >"$to/order"
	(cd "$dir" && xargs cp -t "$to" <"$to/order")
}

modules_build()
{
	local name=$1 kdir=$2 dir=$3 key=$4 to=$5 install=$6 me check=()
	shift 6

	# Objects know the headers that they were made of by name and time only.
	cmp -s "$kdir/ov2-key" "$dir.kernel" || rm -rf "$dir" "$dir.key"
	me=$(ov2_checkout_id)
	[[ $(cat "$dir.key" 2>/dev/null) == "$key" ]] || echo "$me" >"$dir.users"
	if [[ " $* " == *" C="* || $(cat "$dir.key" 2>/dev/null) != "$key" ]]; then
		rm -f "$dir.key"
		ov2_mirror_sources "$dir"
		cp "$kdir/ov2-key" "$dir.kernel"
		key=$(modules_key "$dir" "$kdir" "$@")
		if [[ " $* " == *" C="* ]]; then
			ov2_locked sparse unpack_sparse "$OV2_CACHE/sparse"
			check=("CHECK=$OV2_CACHE/sparse/sparse")
		fi
		modules_make "$name" "$dir" "$kdir" "$@" "${check[@]}" all
		echo "$key" >"$dir.key"
	fi
	grep -qx "$me" "$dir.users" || echo "$me" >>"$dir.users"
	touch "$dir.users"
	[[ ! $to ]] || modules_copy "$dir" "$to"
	if [[ $install ]]; then
		mkdir -p "$install"
		modules_make "$name" "$dir" "$kdir" "$@" INSTALL_MOD_PATH="$install" install
	fi
}

modules()
{
	local name=$1 kdir dir key to='' install=''
	shift

	while [[ ${1:-} == --* ]]; do
		case $1 in
		--to) to=$2 ;;
		--install) install=$2 ;;
		*) usage >&2; exit 2 ;;
		esac
		shift 2
	done
	kdir=$(kernel "$name")
	ov2_need gcc make
	[[ ${OV2_BUILD:-} ]] || set -- W=1e "$@"
	key=$(modules_key "$OV2_TOP" "$kdir" "$@")
	if [[ ${OV2_BUILD:-} ]]; then
		dir=$OV2_CACHE/modules/$(ov2_checkout_id)/$name-$OV2_BUILD
	else
		dir=$(modules_slot "$OV2_CACHE/modules/${kdir##*/}" "$key")
	fi
	mkdir -p "${dir%/*}"
	ov2_locked "modules-$(basename "${dir%/*}")-${dir##*/}" modules_build "$name" "$kdir" \
		"$dir" "$key" "$to" "$install" "$@"
	printf '%s\n' "$dir"
}

# In braces: all of it is read before it runs, and the file may change meanwhile.
{
case ${1:-} in
--list)
	printf '%s\n' "${names[@]}"
	;;
--source)
	source_tree "${2:?series}"
	;;
--built)
	known "${2:?kernel}"
	dir=$OV2_CACHE/kernel/$2
	[[ $2 != uml-* ]] || dir=$(uml_folder "$2" "$(source_tree "$(series_of "$2")")")
	[[ -e $dir/ov2-key ]]
	printf '%s\n' "$dir"
	;;
--modules)
	shift
	modules "${1:?kernel}" "${@:2}"
	;;
'' | -h | --help)
	usage
	;;
-*)
	usage >&2
	exit 2
	;;
*)
	for name; do
		kernel "$name"
	done
	;;
esac
exit
}
