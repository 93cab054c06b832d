#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which lines the tests reach: the KUnit suites and the selftest areas that are named
# as arguments run on a build with gcov; prints the share of each file and every error
# label that no test has reached. The annotated sources stay in the cache.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

dir=$OV2_CACHE/coverage/$(ov2_checkout_id)
run=(true)
((! $#)) || run=("$OV2_SCRIPTS/selftest/run.sh" "$@")

export OV2_BUILD=gcov
rm -rf "$dir"
mkdir -p "$dir/data"
"$OV2_SCRIPTS/vm.sh" --make OV2_GCOV=1 --modules kunit --out "$dir/data" --gcov -- "${run[@]}" >&2 ||
	ov2_say "the tests failed; what they reached follows"
build=$("$OV2_SCRIPTS/kernel.sh" --modules uml-7.3 OV2_GCOV=1 2>/dev/null)

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

# A label counts as reached when the first line of code behind it is.
find "$dir/drivers" -name '*.c.gcov' | sort | while read -r file; do
	awk -v name="${file#"$dir/"}" -F: '
		{ count = $1; gsub(/ /, "", count); text = $0; sub(/^[^:]*:[^:]*:/, "", text) }
		count ~ /^[0-9]+\*?$/ { hit++ }
		count == "#####" { missed++ }
		label && count != "-" {
			if (count == "#####")
				unreached = unreached "\n    " label
			label = ""
		}
		text ~ /^[a-z_]+:$/ { label = $2 + 0 ": " text }
		END {
			if (hit + missed)
				printf "%5.1f %%  %s%s\n", 100 * hit / (hit + missed), name, unreached
		}' "$file"
done
