#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which lines the tests reach: the KUnit suites and the selftest areas that are named as
# arguments, or those that bring errors about, run on a build with gcov; prints the share of
# each file. Fails if an error label is reached by no test, unless scripts/rig/coverage.list
# says why. The annotated sources stay in the cache.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

dir=$OV2_CACHE/coverage/$(ov2_checkout_id)
list=$OV2_RIG/coverage.list
areas=("$@")
((${#areas[@]})) || areas=(nomem life reset capacity config features delreq errors meta)
rc=0

export OV2_BUILD=gcov
rm -rf "$dir"
mkdir -p "$dir/data"
# The suites have run when they are in. Then they go, for an area removes the modules.
"$OV2_SCRIPTS/vm.sh" --make OV2_GCOV=1 --modules kunit --out "$dir/data" --gcov --timeout 1800 -- \
	bash -c 'rmmod ov2sim_nic_kunit ov2_kunit && exec "$@"' bash \
	"$OV2_SCRIPTS/selftest/run.sh" "${areas[@]}" >&2 ||
	{ rc=1; ov2_say "the tests failed; what they reached follows"; }
build=$("$OV2_RIG/kernel.sh" --modules uml-7.3 OV2_GCOV=1 2>/dev/null)

mkdir "$dir/work"
ln -s "$build/drivers" "$build/include" "$dir/work/"
while read -r data; do
	file=${data#"$dir/data/gcov$build/"}
	file=${file%.gcda}
	mkdir -p "$dir/${file%/*}"
	# The names of sources are relative to the build folder, those of results to
	# wherever gcov runs.
	(cd "$dir/work" && gcov -o "${data%/*}" "${file##*/}.c" >"$dir/gcov.log" 2>&1) || :
	# A file of macros alone has no lines.
	[[ ! -e $dir/work/${file##*/}.c.gcov ]] ||
		mv "$dir/work/${file##*/}.c.gcov" "$dir/${file%/*}/"
done < <(find "$dir/data/gcov$build/drivers" -name '*.gcda' | sort)
[[ $(find "$dir/drivers" -name '*.c.gcov') ]] || ov2_die "gcov says nothing"

# A label counts as reached when the first line of code behind it is.
find "$dir/drivers" -name '*.c.gcov' | sort | while read -r file; do
	name=${file#"$dir/"}
	awk -v name="${name%.gcov}" -v unreached="$dir/unreached" -F: '
		{ count = $1; gsub(/ /, "", count); text = $0; sub(/^[^:]*:[^:]*:/, "", text) }
		count ~ /^[0-9]+\*?$/ { hit++ }
		count == "#####" { missed++ }
		label && count != "-" {
			if (count == "#####")
				print name, label >unreached
			label = ""
		}
		text ~ /^}/ { label = "" }
		text ~ /^[a-z0-9_]+:$/ { label = text }
		END {
			if (hit + missed)
				printf "%5.1f %%  %s\n", 100 * hit / (hit + missed), name
		}' "$file"
done

while read -r name label; do
	if ! grep -qF "$name $label " "$list"; then
		echo "not reached: $name $label"
		rc=1
	fi
done < <(sort "$dir/unreached" 2>/dev/null)
exit "$rc"
