#!/bin/sh
# tidy.sh FILE... - clang-tidy with the checks of .clang-tidy, on all processors
# The analyzer follows every path, and Criterion's assertions make thousands of them: tests are spared it.
set -u
export tests='--checks=-clang-analyzer-*'
faults=$(printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 sh -c 'case $1 in tests/unit/* | tests/plugins/* | tests/system/*) ;;
	*) tests= ;; esac
	clang-tidy --quiet $tests "$1" -- -std=c11 -D_GNU_SOURCE -Iinclude -Icore -Itests \
		-DBUILD_DIR=\"build\" -DSOURCE_DIR=\".\" 2>/dev/null' tidy | sort -u)
[ -n "$faults" ] || exit 0
printf '%s\n' "$faults" | grep -E '(warning|error): ' | sed "s,^$PWD/,," || printf '%s\n' "$faults"
exit 1
