#!/bin/sh
# demo.sh - the whole way of a datagram, seen from outside: what `make run` shows
#
# demo.sh BUILD. Starts the listener with the shipped chain and a forwarder, and a second listener that hears what is
# forwarded; sends one datagram of each kind; shows what came of it. All on the loopback interface, without root.
# Handlers that you put into handlers.d join the chain. Status 0: all came as it should.
set -u
build=$1
group=239.255.0.1
onward=239.255.0.2
work=$build/demo
wrong=0

# A port that nothing on this host uses, so that what is shown is what was sent here.
port=$((20000 + $$ % 12000))
while grep -qi ":$(printf %04X $port) " /proc/net/udp /proc/net/udp6 2>/dev/null; do port=$((port + 1)); done

rm -rf "$work"
mkdir -p "$work/handlers.d"
chmod go-w "$work" "$work/handlers.d"
trap 'kill $listener $receiver 2>/dev/null' EXIT
listener= receiver=
drop_ins=
for so in handlers.d/*.so; do
	[ -e "$so" ] || continue
	cp -L "$so" "$work/handlers.d/" && chmod go-w "$work/handlers.d/${so##*/}"
	drop_ins="$drop_ins ${so##*/}"
done
cat >"$work/handlers.d/manifest.json" <<END
{
	"version": 1,
	"listen": [ { "group": "$group", "port": $port, "interface": "lo" } ],
	"chain": [
		{ "handler": "logger", "options": { "path": "-" } },
		{ "handler": "json", "options": { "on_invalid": "pass" } },
		{ "drop_ins": true },
		{ "handler": "forward", "options": { "to": [ "udp://$onward:$port?interface=lo&ttl=0" ] } }
	]
}
END
chmod go-w "$work/handlers.d/manifest.json"

# Starts a program with its stderr on descriptor $1, and passes on what it says until it hears.
wait_for() {		# descriptor, name
	while read -r line <&"$1"; do
		echo "  $line"
		case $line in *": hearing "*) return 0 ;; esac
	done
	echo "demo: $2 did not start" >&2
	exit 1
}

mkfifo "$work/listener.err" "$work/receiver.err"
echo "Two listeners start: one with the chain, one that hears what the chain's forwarder sends on."
echo
"$build/bin/mcast-hear" --group $onward --port $port --interface lo --count 5 --timeout 3 \
	>"$work/forwarded" 2>"$work/receiver.err" &
receiver=$!
exec 3<"$work/receiver.err"
wait_for 3 'the receiver'
"$build/bin/mcast-hear" --plugins="$work/handlers.d" --count 6 --timeout 5 >"$work/logged" 2>"$work/listener.err" &
listener=$!
exec 4<"$work/listener.err"
wait_for 4 'the listener'
[ -z "$drop_ins" ] || echo "  (from handlers.d:$drop_ins)"

send() {
	"$build/tests/tools/send" --interface lo --source 127.0.0.1 --group $group --port $port "$@" 2>"$work/send.err" ||
		{ cat "$work/send.err"; wrong=1; }
}

send '{"sensor": "t1", "celsius": 21.5}'
send 'hello, multicast'
send '{"sensor": "t1", "celsius":'
send --hex "$(printf 'one line\nand a forged one' | od -An -v -tx1 | tr -d ' \n')"
send --hex "$(printf '\033[31mred' | od -An -v -tx1 | tr -d ' \n')"
send --hex "$(printf 'caf\351' | od -An -v -tx1 | tr -d ' \n')"
wait $listener || wrong=1
listener=
wait $receiver || wrong=1
receiver=

came() {		# file, payload as it is written: the line that ends with it
	while IFS= read -r line; do
		case $line in *" $2") printf '%s\n' "$line"; return 0 ;; esac
	done <"$1"
	return 1
}

show() {		# what, as sent, as written or "", remark
	printf '\n%s\n  sent       %s\n' "$1" "$2"
	if [ -z "$3" ]; then
		printf '  dropped    %s\n' "$4"
		return
	fi
	printf '  logged     %s\n' "$(came "$work/logged" "$3")"
	came "$work/logged" "$3" >/dev/null || { echo "  MISSING: the logger did not write it"; wrong=1; }
	if came "$work/forwarded" "$3" >/dev/null; then
		printf '  forwarded  %s\n' "$(came "$work/forwarded" "$3")"
	elif [ -n "$drop_ins" ]; then
		printf '  forwarded  not as it was: one of%s saw to that\n' "$drop_ins"
	else
		echo "  MISSING: it did not come out of the forwarder"
		wrong=1
	fi
	printf '  %s\n' "$4"
}

show 'JSON' '{"sensor": "t1", "celsius": 21.5}' '{"sensor": "t1", "celsius": 21.5}' \
	'Decoded once; every handler behind json can have the document.'
show 'Text' 'hello, multicast' 'hello, multicast' \
	'Not JSON: json counts it and passes it on ("on_invalid": "pass").'
show 'Broken JSON' '{"sensor": "t1", "celsius":' '{"sensor": "t1", "celsius":' 'Likewise.'
show 'A line break that would forge a line of the log' 'one line<LF>and a forged one' 'one line\nand a forged one' \
	'Lawful in a payload, so it is forwarded as it came; a line of the log never breaks.'
show 'An escape sequence that would drive a terminal' '<ESC>[31mred' '␛[31mred' \
	'The sanitizer put the visible picture of ESC in its place ("on_control": "picture").'
show 'Broken UTF-8' 'caf<E9>' '' 'The sanitizer lets no such bytes near a handler, and counts them.'

# Exactly that, and nothing else.
[ "$(wc -l <"$work/logged")" = 5 ] || { echo "The logger wrote other lines too: $work/logged"; wrong=1; }

echo
echo 'What the listener and its handlers said, and its accounts, which add up:'
sed 's/^/  /' <&4
echo
if [ $wrong = 0 ]; then
	echo "All came as it should. Your own handler next: README.md shows one in ten lines; put its .so into handlers.d."
else
	echo "Something did not come as it should. What was written: $work"
fi
exit $wrong
