#!/bin/sh
# mk/load-check.sh DIR MODULE...: does the installed Kamailio load them? It
# compares version and compile flags and resolves every symbol; no network.
set -eu
dir=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || exit 0
cfg=$(mktemp)
log=$(mktemp)
trap 'rm -f "$cfg" "$log"' EXIT
mods=$(dirname "$(dpkg -L kamailio | grep '/modules/tm.so$')")
{
	echo '#!KAMAILIO'
	echo "mpath=\"$mods\""
	# What ours bind to stands before them, as in any routing script.
	for m in tls sl tm rr pv xhttp tcpops websocket dialog rtpengine; do
		[ -f "$mods/$m.so" ] && echo "loadmodule \"$m.so\""
	done
	for m in "$@"; do echo "loadmodule \"$dir/$m.so\""; done
	echo 'request_route { exit; }'
} >"$cfg"
if ! kamailio -c -f "$cfg" >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
echo "load check: $(kamailio -v | sed -n '1s/^version: //p')loads $*"
