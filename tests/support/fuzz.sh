#!/bin/sh
# fuzz.sh - runs every fuzzer for a while on a copy of its corpus
#
# fuzz.sh BUILD SECONDS: the fuzzers are BUILD/tests/fuzz/NAME; what they find out lands in BUILD/corpus/NAME and
# serves the next run; tests/fuzz/corpus/NAME is only read, and tests/fuzz/NAME.dict where it is there. An input
# that breaks something is kept beside the corpus, and the fuzzer's words are shown whole.
set -u
build=$1
seconds=$2
ran=0 broken=0

for fuzzer in "$build"/tests/fuzz/*; do
	[ -x "$fuzzer" ] && [ -f "$fuzzer" ] || continue
	name=${fuzzer##*/}
	seeds=tests/fuzz/corpus/$name
	dict=tests/fuzz/$name.dict
	found=$build/corpus/$name
	log=$build/$name.log
	mkdir -p "$found"

	set -- "$found"
	[ ! -d "$seeds" ] || set -- "$@" "$seeds"
	[ ! -f "$dict" ] || set -- "-dict=$dict" "$@"
	ran=$((ran + 1))
	if timeout -k 5 $((seconds + 60)) "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-print_final_stats=1 -artifact_prefix="$build/crash-$name-" "$@" >"$log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		echo "fuzz $name: ${runs:-?} inputs in $seconds s, none breaks it"
	else
		broken=$((broken + 1))
		cat "$log"
		echo "fuzz $name: BROKEN; the input: $build/crash-$name-*; again: $fuzzer FILE" >&2
	fi
done

[ $ran != 0 ] || echo "no fuzzer in $build/tests/fuzz" >&2
[ $ran != 0 ] && [ $broken = 0 ]
