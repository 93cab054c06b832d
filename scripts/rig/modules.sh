# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The project's modules: built in mirrors of the sources in the cache, a few for each
# kernel, so that the repository stays clean. Which one a checkout gets: see modules_slot().

# 7.3 wants a sparse that knows __typeof_unqual__: Debian has it in sid only, and
# that one wants a newer C library than Debian 12's. Debian 13's root has one.
unpack_sparse()
{
	local dir=$1 root

	[[ ! -x $dir/sparse ]] || return 0
	root=$("$OV2_RIG/rootfs.sh" build)
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
	debian-7.[23] | debian-6.12-trixie)
		# Its kbuild programs and its compiler are Debian 13's.
		"$OV2_RIG/rootfs.sh" --run build -- \
			make -C "$dir" KDIR="$kdir/headers" -j"$jobs" "$@" >&2
		;;
	debian-7.2-sid)
		"$OV2_RIG/rootfs.sh" --run build-sid -- \
			make -C "$dir" KDIR="$kdir/headers" -j"$jobs" "$@" >&2
		;;
	*)
		# The headers name the compiler that their kernel was built with. Their objtool
		# wants libelf, whose own package has another name in each Debian.
		ov2_need libelf-dev \
			"$(sed -nE 's/^CC = .*(gcc-[0-9]+)$/\1/p' "$kdir/headers/.kernelvariables")"
		make -C "$dir" KDIR="$kdir/headers" -j"$jobs" "$@" >&2
		;;
	esac
}

# A hash of everything that a build depends on, with the sources in folder $1. C= is left out, because
# it only checks them. To ask make whether there is something to do takes a second.
modules_key()
{
	local top=$1 kdir=$2
	shift 2

	{
		printf '%s\n' "$@" | sed '/^C=/d'
		cat "$kdir/ov2-key"
		cd "$top" && find drivers include kunit Kbuild Makefile '(' -name '*.[ch]' ! -name '*.mod.c' \
			-o -name Kbuild -o -name Makefile ')' -print0 | sort -z |
			xargs -0 sha256sum
	} | sha256sum | cut -d' ' -f1
}

slots=8

# Checkouts that are alike share a build, so that a fresh one finds everything compiled; one
# that comes to differ keeps its build, and the others that shared it take another: two that
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
