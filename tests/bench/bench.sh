#!/bin/sh
# bench.sh - CPU per datagram of mcast-hear against a bare receive loop, and its memory; one run, one load
#
# bench.sh BUILD, or with ROUNDS, COUNT, RATE, SIZE in the environment. All in a network namespace of its own. The
# rounds take each listener in turn, so that what else the machine does falls on all alike; medians of them.
set -u
build=$1
if [ -z "${MCAST_BENCH_INSIDE-}" ]; then
	MCAST_BENCH_INSIDE=1
	export MCAST_BENCH_INSIDE
	[ "$(id -u)" = 0 ] && exec unshare -n sh "$0" "$@"
	exec unshare -Urn sh "$0" "$@"
fi

rounds=${ROUNDS:-5}
count=${COUNT:-300000}	# datagrams of one measurement
rate=${RATE:-100000}	# a second: what the whole chain can take on one core
size=${SIZE:-300}	# bytes
group=239.255.0.1 port=59259

ip link set lo up multicast on && ip route add 224.0.0.0/4 dev lo src 127.0.0.1 || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

manifest() {		# name, chain
	mkdir "$work/$1"
	chmod 755 "$work/$1"
	printf '{ "version": 1, "listen": [ { "group": "%s", "port": %s, "interface": "lo" } ], "chain": [ %s ] }\n' \
		$group $port "$2" >"$work/$1/manifest.json"
	chmod 644 "$work/$1/manifest.json"
}

logger='{ "handler": "logger", "options": { "path": "'$work/log'" } }'
manifest nothing '{ "handler": "nothing", "path": "'$PWD/$build'/tests/handlers/nothing.so" }'
manifest logger "$logger"
json='{ "handler": "json", "options": { "on_invalid": "pass" } }, { "drop_ins": true }'
manifest chain "$logger, $json"

quiet() { "$@" 2>"$work/words" || { cat "$work/words" >&2; exit 1; }; }
send="$build/tests/tools/send --interface lo --group $group --port $port --size $size --json"
measure=$build/tests/bench/measure
cost() {		# name, listener...: one more row in its table
	name=$1
	shift
	rm -f "$work/log"
	quiet "$measure" cpu "$send --count $count --rate $rate" "$@" >>"$work/$name.ns"
}
hear() {
	cost "$1" "$build/bin/mcast-hear" --plugins="$work/$1" --count "$count" --timeout 2
}

echo "$rounds rounds of $count datagrams of $size bytes, $rate a second, over lo"
round=1
while [ $round -le "$rounds" ]; do
	cost bare "$build/tests/bench/bare" $group $port "$count"
	hear nothing
	hear logger
	hear chain
	[ ! -t 2 ] || printf '  round %d of %d\r' $round "$rounds" >&2
	round=$((round + 1))
done
echo

median() { awk '{ print $1 }' "$work/$1.ns" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
lost() { awk -v n="$count" '{ lost += n - $2 } END { print lost + 0 }' "$work/$1.ns"; }
bare=$(median bare)
tell() {		# name, words
	awk -v ns="$(median "$1")" -v bare="$bare" -v lost="$(lost "$1")" -v words="$2" \
		'BEGIN { printf "%-56s %7.0f ns   x %4.2f   lost %d\n", words, ns, ns / bare, lost }'
}

echo "CPU per datagram, medians, and against the bare loop:"
tell bare 'a bare recvmmsg loop'
tell nothing 'mcast-hear, a handler that does nothing'
tell logger 'mcast-hear, logger to a file'
tell chain 'mcast-hear, the shipped chain (logger to a file, json)'

echo
null='{ "handler": "logger", "options": { "path": "/dev/null" } }'
manifest memory "$null, $json"
quiet "$measure" memory "$send --count 100000 --rate $rate" "$build/bin/mcast-hear" --plugins="$work/memory" >"$work/memory.kb"
awk '{ printf "memory of mcast-hear with that chain: %d kB after 100,000 datagrams, %d kB after 1,100,000, %d kB at most (%d received)\n",
	$1, $2, $3, $4 }' "$work/memory.kb"
