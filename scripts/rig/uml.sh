# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The UML kernels, built from the source trees of source.sh.

fragments_of()
{
	case $1 in
	uml-7.3) echo uml debug stack time-travel ;;
	uml-6.12) echo uml debug stack ;;
	uml-7.3-smp) echo uml debug stack smp objects ;;
	uml-7.3-fast) echo uml smp ;;
	esac
}

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
		frags+=("$OV2_RIG/config/$opt.config")
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
		cd "$OV2_RIG/config" && cat "${frags[@]/%/.config}"
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
