#!/bin/sh
# layout.sh [ROOT] - the rules that keep the house easy to live in (docs/DESIGN.md, layout)
#
# Each rule is a function that prints what breaks it; any word at all is a fault.
set -u
cd "${1:-.}" || exit 1
MOST_LINES=420		# about 400, and a little patience

sources() {		# folder...: C and C++ of theirs
	for folder; do [ ! -d "$folder" ] || find "$folder" -name '*.[ch]' -o -name '*.cc' | sort; done
}

# "core/chain/chain.c handler/host.h" for each include of ours; a path without a folder is beside the file.
includes() {
	for file in $(sources core include plugins); do
		sed -nE 's,^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]([a-z0-9_]+(/[a-z0-9_.]+)*\.h)[">].*,\1,p' "$file" |
		while read -r header; do
			case $header in
			*/*) [ -e "core/$header" ] || [ -e "include/$header" ] || continue ;;
			*) [ -e "${file%/*}/$header" ] || continue; header=$(basename "$(dirname "$file")")/$header ;;
			esac
			echo "$file $header"
		done
	done
}

# No file above about 400 lines.
lengths() {
	for file in $(sources core include plugins tests) $(find tests .ci -name '*.sh' 2>/dev/null); do
		lines=$(wc -l <"$file")
		[ "$lines" -le $MOST_LINES ] || echo "$file: $lines lines, at most $MOST_LINES: split it"
	done
}

# A stage sees base/, the public headers and its own folder; chain/ sees handler/, and all may see encode/. manifest/
# fills the stages' options.h. engine/ and command/ are the only ones that know all. base/ knows nobody.
neighbours() {
	while read -r file header; do
		room=${file#core/} to=${header%%/*} allowed=no
		case $file in
		core/*/*) room=${room%%/*} ;;
		core/*) room=main ;;
		include/*) room=include ;;
		plugins/*) room=plugin ;;
		esac
		[ "$to" != mcast ] && [ "$to" != "$room" ] || allowed=yes
		case $room:$header in
		include:* | base:*) ;;
		*:base/* | *:encode/*) allowed=yes ;;
		esac
		case $room:$header in
		chain:handler/* | manifest:*/options.h) allowed=yes ;;
		engine:command/*) ;;
		engine:* | command:engine/* | command:manifest/* | command:*/options.h | main:command/*) allowed=yes ;;
		plugin:*)
			folder=${file#plugins/}
			[ "$to" != "${folder%%/*}" ] || allowed=yes ;;
		esac
		[ $allowed = yes ] || echo "$file: includes $header: $room may not know $to"
	done
}

# No include cycle: neither of files nor of folders. tsort names the members of one.
cycles() {
	awk '{ sub("^core/|^include/", "", $1); print $1, $2 }' "$work/includes" | tsort 2>&1 >/dev/null |
		sed 's,^tsort: -: input contains a loop:,include cycle of files:,; s,^tsort: -:,  ,'
	awk '/^core\/[a-z_]+\// { sub("^core/", "", $1); sub("/.*", "", $1); sub("/.*", "", $2); if ($1 != $2) print $1, $2 }' \
		"$work/includes" | tsort 2>&1 >/dev/null |
		sed 's,^tsort: -: input contains a loop:,include cycle of folders:,; s,^tsort: -:,  ,'
}

# The log and the clock are used by everyone, so they use nobody but what they are made of.
ground() {
	grep -E '^core/base/(log|clock|version|why|text|number|sha256)\.' "$work/includes" |
	while read -r file header; do
		case $header in
		base/* | mcast/handler.h) ;;
		*) echo "$file: includes $header, which is above it" ;;
		esac
	done
}

# The first line says what the file is, and its place: "/* name - what it is".
first_lines() {
	for file in $(sources core include plugins tests); do
		name=$(basename "$file")
		head -n 1 "$file" | grep -Eq "^/\* ([a-z0-9_./]*/)?(${name}|${name%.*}) - [^ ].{8,}" ||
			echo "$file:1: the first line says its place: /* $name - ... */"
	done
	for file in $(find tests .ci -name '*.sh' 2>/dev/null); do
		name=$(basename "$file")
		sed -n 2p "$file" | grep -Eq "^# ${name}.* - " || echo "$file:2: the second line says its place: # $name - ..."
	done
}

# Words that don't belong in finished code, calls that can't bound what they write, and exits that are main()'s alone.
words() {
	grep -nE '\b(TODO|FIXME|XXX)\b' $(sources core include plugins tests) | sed 's/:[^:]*$/: finish it, or leave it out/'
	grep -nE 'typedef[[:space:]]+(struct|union|enum)\b' $(sources core include plugins tests) |
		sed 's/:[^:]*$/: no typedef for a struct/'
	grep -nE '\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|tmpnam|system|popen|atoi|atol|atof)\(' $(sources core plugins) |
		sed 's/$/: unbounded, unchecked, or not safe with threads/'
	grep -nE '\b(exit|_exit|quick_exit)\(' $(sources core plugins) | grep -v '^core/main\.c:' | grep -vE ':[[:space:]]*(/?\*|//)' |
		sed 's/$/: only main() exits/'
	grep -nE '(/home/[a-z]|/root/|/Users/)' $(sources core include plugins tests) | sed 's/$/: a path of one machine/'
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
includes >"$work/includes"
{
	lengths
	neighbours <"$work/includes"
	cycles
	ground
	first_lines
	words
} >"$work/faults" 2>&1
cat "$work/faults"
[ ! -s "$work/faults" ]
