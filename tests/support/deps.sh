#!/bin/sh
# deps.sh - what mcast needs from the system, by the system's package manager if something is missing
#
# deps.sh get GROUP   installs what GROUP lacks; asks no network where nothing is missing
# deps.sh ask GROUP   says what is missing, and which make target installs it
# GROUP: build, check, lint, fuzz
set -u
mode=$1
group=$2
CC=${CC:-cc}

# Each prints the Debian package that is missing.
need_command() { command -v "$1" >/dev/null 2>&1 || echo "$2"; }
need_header() {		# header, package
	printf '#include <stdio.h>\n#include <%s>\n' "$1" | $CC ${CPPFLAGS-} -E - >/dev/null 2>&1 || echo "$2"
}
need_fuzzer() {
	[ -e "$(clang -fsanitize=fuzzer -print-file-name=libclang_rt.fuzzer-"$(uname -m)".a 2>/dev/null)" ] ||
	[ -e "$(clang -print-runtime-dir 2>/dev/null)/libclang_rt.fuzzer.a" ] || echo libclang-rt-dev
}

missing() {
	case $group in
	build)
		need_command "${CC%% *}" build-essential
		need_command c++ build-essential
		need_command ar build-essential
		[ "$mode" = ask ] || need_command pkg-config pkg-config
		need_header sys/socket.h build-essential
		need_header jansson.h libjansson-dev
		;;
	check)
		CC=cc
		need_header criterion/criterion.h libcriterion-dev
		need_command socat socat
		need_command ip iproute2
		need_command unshare util-linux
		;;
	lint)
		need_command clang-tidy clang-tidy
		need_command clang-format clang-format
		need_command cppcheck cppcheck
		;;
	fuzz)
		need_command clang clang
		need_command llvm-symbolizer llvm
		need_fuzzer
		;;
	esac
}

packages() {
	case $group in
	build) apt="build-essential pkg-config libjansson-dev"
		dnf="gcc gcc-c++ make pkgconf-pkg-config jansson-devel"
		pacman="base-devel jansson" apk="build-base linux-headers pkgconf jansson-dev" ;;
	check) apt="libcriterion-dev socat iproute2 util-linux"
		dnf="criterion-devel socat iproute util-linux"
		pacman="criterion socat iproute2 util-linux" apk="criterion-dev socat iproute2 util-linux" ;;
	lint) apt="clang-tidy clang-format cppcheck"
		dnf="clang-tools-extra cppcheck"
		pacman="clang cppcheck" apk="clang-extra-tools cppcheck" ;;
	fuzz) apt="clang llvm libclang-rt-dev"
		dnf="clang llvm compiler-rt"
		pacman="clang llvm compiler-rt" apk="clang llvm compiler-rt" ;;
	esac
}

target() {
	[ "$group" = build ] && echo deps || echo "deps-$group"
}

by_hand() {
	echo "Install it yourself, then try again:"
	echo "  Fedora:  sudo dnf install $dnf"
	echo "  Arch:    sudo pacman -S --needed $pacman"
	echo "  Alpine:  sudo apk add $apk"
	echo "  Debian:  sudo apt-get install $apt"
}

case $group in
build | check | lint | fuzz) ;;
*) echo "deps.sh: no group \"$group\"" >&2; exit 64 ;;
esac

packages
lacks=$(missing | sort -u | tr '\n' ' ')
lacks=${lacks% }
[ -n "$lacks" ] || exit 0

if [ "$mode" = ask ]; then
	echo "This needs what is not here (Debian's names): $lacks. 'make $(target)' installs it." >&2
	exit 1
fi

# Only apt is run: the others are told, for nobody tried them here.
if ! command -v apt-get >/dev/null 2>&1; then
	{ echo "Not here, by Debian's names: $lacks."; by_hand; } >&2
	exit 1
fi
if [ "$(id -u)" = 0 ]; then
	root="env DEBIAN_FRONTEND=noninteractive"
elif command -v sudo >/dev/null 2>&1; then
	root="sudo env DEBIAN_FRONTEND=noninteractive"
else
	echo "Not here: $lacks. Neither root nor sudo to install it; as root: apt-get install $lacks" >&2
	exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing what is missing: $lacks"
install="apt-get install -y -q --no-install-recommends"
# Lists that are missing or old name packages that are gone: fetch them, and try once more.
if ! $root $install $lacks >"$log" 2>&1 && ! { $root apt-get update -q && $root $install $lacks; } >>"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "apt-get could not install: $lacks (above: its last words)." >&2
	echo "Is there a network, and do /etc/apt/sources.list* name a mirror that has them?" >&2
	exit 1
fi

lacks=$(missing | sort -u | tr '\n' ' ')
if [ -n "$lacks" ]; then
	echo "apt-get installed everything, but this is still not found: $lacks" >&2
	exit 1
fi
