#!/bin/sh
# selftest.sh - each check must find the fault that it is there for, and nothing in what is fine
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
house=$(mktemp -d)
trap 'rm -rf "$house"' EXIT
failed=0

build() {		# a small house without a fault
	rm -rf "${house:?}"/*
	mkdir -p "$house/core/base" "$house/core/chain" "$house/core/handler" "$house/core/socket" \
		"$house/core/engine" "$house/core/manifest" "$house/include/mcast" "$house/plugins/hello" "$house/tests/unit"
	cp "$top/.clang-format" "$top/.clang-tidy" "$house/"
	say core/base/log.h 'void log_line(const char *text);'
	say core/handler/host.h '#include "base/log.h"'
	say core/handler/options.h 'struct handler_options;'
	say core/chain/chain.h '#include "handler/host.h"'
	say core/socket/receiver.h '#include "base/log.h"'
	say core/manifest/manifest.h '#include "handler/options.h"'
	say core/engine/engine.c '#include "manifest/manifest.h"'
	say include/mcast/handler.h 'struct mcast_msg;'
	say plugins/hello/hello.c 'static int hello(int n)
{
	return n > 0 ? n : -n;
}

int hello_twice(int n);
int hello_twice(int n)
{
	return hello(n) + hello(n);
}'
}

say() {			# file, text: under a first line that is fine
	printf '/* %s - a sample for the checks */\n%s\n' "${1##*/}" "$2" >"$house/$1"
}

expect() {		# what, status, check, its arguments
	what=$1 wanted=$2
	shift 2
	said=$(cd "$house" && sh "$here/$1" $2 2>&1)
	status=$?
	[ $status = 0 ] || status=1
	if [ $status != "$wanted" ]; then
		echo "$1 does not do its work: $what: status $status, expected $wanted; it said: ${said:-nothing}"
		failed=1
	fi
	build
}

layout() { expect "$1" 1 layout.sh ''; }
code() { expect "$1" 1 "$2" plugins/hello/hello.c; }

build
expect 'a house without a fault' 0 layout.sh ''
expect 'a house without a fault' 0 format.sh plugins/hello/hello.c
expect 'a house without a fault' 0 cppcheck.sh plugins/hello/hello.c
expect 'a house without a fault' 0 tidy.sh plugins/hello/hello.c

yes 'int x;' | head -n 450 >>"$house/core/base/log.h"
layout 'a file of 450 lines'
say core/socket/receiver.h '#include "handler/host.h"'
layout 'a stage that includes another one'
say core/chain/chain.h '#include "manifest/manifest.h"'
layout 'a stage that knows the manifest'
say core/manifest/manifest.h '#include "handler/host.h"'
layout 'a manifest that knows more of a stage than its options'
say core/base/log.h '#include "handler/host.h"'
layout 'a log that includes what is above it, and a cycle of folders'
say core/handler/options.h '#include "handler/host.h"'
say core/handler/host.h '#include "handler/options.h"'
layout 'two headers that include each other'
say plugins/hello/hello.c '#include "chain/chain.h"'
layout 'a plugin that includes the core'
echo 'int x;' >"$house/core/base/log.h"
layout 'a file that does not say its place'
say core/base/log.h 'int x; /* TODO */'
layout 'work left over'
say core/base/log.h 'typedef struct log { int x; } log_t;'
layout 'a typedef for a struct'
say core/engine/engine.c 'void f(char *to, const char *from) { strcpy(to, from); }'
layout 'a copy without a bound'
say core/engine/engine.c 'void f(void) { exit(1); }'
layout 'an exit outside of main()'

say plugins/hello/hello.c 'static int hello( int n ) {
    return n;
}'
code 'braces, blanks and tabs' format.sh
say plugins/hello/hello.c 'int hello(void);
int hello(void)
{
	int row[4] = { 0 };

	return row[4];
}'
code 'an index out of bounds' cppcheck.sh
say plugins/hello/hello.c '#include <stdlib.h>
int hello(int n);
int hello(int n)
{
	char *p = malloc(4);

	free(p);
	return n ? p[0] : 0;
}'
code 'a use after free' tidy.sh

[ $failed = 0 ]
