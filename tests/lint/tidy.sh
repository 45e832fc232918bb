#!/bin/sh
# tidy.sh FILE... - clang-tidy with the checks of .clang-tidy, two files at a time
set -u
faults=$(printf '%s\n' "$@" | xargs -P "$(nproc)" -n 3 sh -c 'clang-tidy --quiet "$@" -- -std=c11 -D_GNU_SOURCE \
	-Iinclude -Icore -Itests -DBUILD_DIR=\"build\" -DSOURCE_DIR=\".\" 2>/dev/null' tidy | sort -u)
[ -n "$faults" ] || exit 0
printf "%s\n" "$faults" | grep -E "(warning|error): " | sed "s,^$PWD/,," || printf "%s\n" "$faults"
exit 1
