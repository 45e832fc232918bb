#!/bin/sh
# format.sh FILE... - is each source laid out as .clang-format says?
#
# clang-format decides on indentation, braces and spaces; where a line breaks, and how comments and tables are
# aligned, stays with its author. So a line is at fault if clang-format changes it both when it keeps the author's
# breaks and when it breaks lines itself, runs of blanks set aside; not so a row of a table, a string that goes
# on, a chain of conditions or an attribute, which it would spread over many lines.
set -u
WIDTH=120		# about 100 is meant; what tests lay out in tables may be wider
# A string that goes on; rows, by place and by name; conditions in a chain; strings side by side; short cases.
BY_HAND='^[0-9]+	[[:blank:]]+("|(\{|[A-Z]+\().*,$|\.[a-z]|[} ]+;$)|\{ \.[a-z]|[?:]$| : |" "|	(case .*|default): .*;$|	#define .* \{'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

squeeze() { sed -E 's/([^[:space:]])[[:space:]]+/\1 /g; s/^[[:space:]]+\\$/\\/; s/[[:space:]]+$//'; }
formatted() {		# columns
	clang-format --style="{$(sed "/^#/d; s/^ColumnLimit:.*/ColumnLimit: $1/" .clang-format | paste -sd,)}" <"$work/in" |
		squeeze | diff --old-line-format='%dn	%L' --new-line-format= --unchanged-line-format= "$work/in" - | sort
}

for file; do
	sed -E 's,^__attribute__\(.*\)$,/* attribute */,' "$file" | squeeze >"$work/in"
	formatted 0 >"$work/kept"
	formatted 112 >"$work/broken"
	awk 'BEGIN { print 0 } / [?:]$/ { print NR + 1 }' "$work/in" >"$work/behind"	# the rest of a condition over several lines
	comm -12 "$work/kept" "$work/broken" | sort -n | grep -Ev -e "$BY_HAND" |
		awk -F'\t' 'NR == FNR { behind[$1]; next } !($1 in behind)' "$work/behind" - >"$work/faults"
	[ "${file#tests/}" != "$file" ] || expand "$file" | awk -v width=$WIDTH 'length > width { print NR "\twider than " width " columns" }' >>"$work/faults"
	grep -nE '[[:blank:]]+$' "$file" | sed -E 's/^([0-9]+):.*/\1\tblanks at the end of the line/' >>"$work/faults"
	[ -s "$work/faults" ] || continue
	sed "s,^\([0-9]*\)	,$file:\1: not as .clang-format has it: ," "$work/faults"
	status=1
done
exit $status
