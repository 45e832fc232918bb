#!/bin/sh
# run.sh - runs test programs and adds up what they did
#
# run.sh DIRECTORY PATTERNS PROGRAM...
# DIRECTORY: where the programs' folders lie, for short names and for logs. PATTERNS: which of them, "unit/base_*
# system/*"; "": all. TIMEOUT: seconds for each. PLAIN=1: programs without Criterion, one test each.
#
# What failed is shown whole. The last line is "N passed, N failed, N skipped"; the status is 1 unless
# something ran and all of it passed. A program that dies, hangs or loses tests is a failure too, and so is
# every word from a sanitizer, for those at a process's end come too late for Criterion.
set -u
directory=$1
patterns=$2
shift 2
passed=0 failed=0 skipped=0
logs=$(cd "$directory" && pwd)/log
rm -rf "$logs"
mkdir -p "$logs"

# Each process writes to a file of its own, also those that a test starts with their stderr elsewhere.
sanitizer="log_path=$logs/sanitizer:log_exe_name=1"
export ASAN_OPTIONS="$sanitizer:detect_stack_use_after_return=1:strict_string_checks=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="$sanitizer:print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
export TSAN_OPTIONS="$sanitizer:second_deadlock_stack=1${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
export LSAN_OPTIONS="$sanitizer${LSAN_OPTIONS:+:$LSAN_OPTIONS}"

wanted() {		# name
	[ -n "$patterns" ] || return 0
	for pattern in $patterns; do
		case $1 in $pattern) return 0 ;; esac
	done
	return 1
}

count() {		# pattern: how many lines of the report match
	grep -Ec "$1" "$report" 2>/dev/null
}

# The thread sanitizer of older compilers can't start where addresses are as random as newer kernels make them.
fixed=
[ -z "${PLAIN-}" ] || ! setarch -R true 2>/dev/null || fixed='setarch -R'

set -f			# patterns are not files
for program; do
	name=${program#"$directory"/}
	wanted "$name" || continue
	log=$logs/$(echo "$name" | tr / -)
	report=$log.tap
	log=$log.log

	set -- "$program"
	[ -n "${PLAIN-}" ] || set -- "$@" --tap="$report"
	timeout -k 5 "${TIMEOUT:-300}" $fixed "$@" >"$log" 2>&1 </dev/null
	status=$?

	words=
	if [ -n "${PLAIN-}" ]; then
		good=0 bad=0 left=0
		if [ $status = 0 ]; then good=1; elif [ $status = 77 ]; then left=1; fi
	else
		left=$(count '^ok .*# SKIP')
		good=$(($(count '^ok ') - ${left:-0}))
		bad=$(count '^not ok ')
		planned=$(sed -n 's/^1\.\.\([0-9][0-9]*\)$/\1/p' "$report" 2>/dev/null)
		left=${left:-0} bad=${bad:-0}
		[ "${planned:-none}" = $((good + bad + left)) ] ||
			words="$((good + bad + left)) of ${planned:-its} tests told how they ended"
		[ "$planned" != 0 ] || words="has no test"
	fi
	case $status in
	124 | 137) words="still running after ${TIMEOUT:-300} seconds, or killed" ;;
	0 | 77) ;;
	*) [ "$bad" != 0 ] || words="exit status $status" ;;
	esac
	set +f
	for told in "$logs"/sanitizer*; do
		[ -s "$told" ] || continue
		words="${words:+$words; }a sanitizer spoke"
		cat "$told" >>"$log"
		rm "$told"
	done
	set -f
	[ -z "$words" ] || [ "$bad" != 0 ] || bad=1

	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left))
	printf '%-40s %3d passed' "$name" "$good"
	[ "$bad" = 0 ] || printf ', %d FAILED' "$bad"
	[ "$left" = 0 ] || printf ', %d skipped' "$left"
	echo "${words:+: $words}"
	[ "$bad" = 0 ] || sed 's/^/    /' "$log"
	[ "$left" = 0 ] || [ ! -e "$report" ] ||
		sed -n 's/^ok .*# SKIP *//p' "$report" | sort | uniq -c | sed 's/^ *\([0-9]*\) /    \1 skipped: /'
done

[ $((passed + failed)) != 0 ] || echo "No test ran."
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
