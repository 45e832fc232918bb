#!/bin/sh
# lint.sh - every check of the sources; first that each of them can fail
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=

run() {			# name, command...
	name=$1
	shift
	if "$@"; then
		echo "lint: $name: fine"
	else
		echo "lint: $name: FAILED"
		failed="$failed $name"
	fi
}

code=$(find core plugins tests -name '*.c' 2>/dev/null | sort)
run selftest sh tests/lint/selftest.sh
run layout sh tests/lint/layout.sh
run format sh tests/lint/format.sh $code
run cppcheck sh tests/lint/cppcheck.sh $code
run clang-tidy sh tests/lint/tidy.sh $code
[ -z "$failed" ] || echo "lint: failed:$failed"
[ -z "$failed" ]
