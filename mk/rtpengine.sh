#!/bin/sh
# mk/rtpengine.sh SUITE: unpacks rtpengine-daemon of Debian SUITE (sid, trixie)
# with every library it stands on, libc too, into a root of its own,
# build/rtpengine/<version>, and makes build/rtpengine/<version>/run, which
# starts it. build/rtpengine/SUITE is a link to the newest version that was got
# for it. Prints the version. Nothing is installed; no root needed.
#
# The packages come through a private apt configuration made from the
# machine's own Debian entries; the system's is only read. A version that is
# there is not got again: what a suite has is asked once a day at most.
set -eu
cd "$(dirname "$0")/.."
suite=${1:?usage: mk/rtpengine.sh SUITE}
top=$PWD/build/rtpengine
if [ -x "$top/$suite/run" ] && [ -n "$(find "$top/$suite.asked" -mtime -1 2>/dev/null)" ]; then
	readlink "$top/$suite"
	exit 0
fi
mkdir -p "$top"
# Two at once (tests run side by side): one gets it, the other waits.
exec 9>"$top/$suite.lock"
flock 9
if [ -x "$top/$suite/run" ] && [ -n "$(find "$top/$suite.asked" -mtime -1 2>/dev/null)" ]; then
	readlink "$top/$suite"
	exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/debs"
. /etc/os-release
arch=$(dpkg --print-architecture)

# The machine's archive of this Debian release: "<options>|<uri>".
entry()
{
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		sed -nE "s/^deb +(\[([^]]*)\] +)?([^ ]+) +$VERSION_CODENAME +.*\bmain\b.*$/\2|\3/p"
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -f "$f" ] || continue
		awk -v RS= -v release="$VERSION_CODENAME" '{
			uris = suites = key = ""
			n = split($0, line, "\n")
			for(i = 1; i <= n; i++) {
				if(line[i] ~ /^#/) continue
				k = tolower(line[i]); sub(/:.*/, "", k)
				v = line[i]; sub(/^[^:]*: */, "", v)
				if(k == "uris") uris = v
				else if(k == "suites") suites = " " v " "
				else if(k == "signed-by") key = v
			}
			if(!index(suites, " " release " ")) next
			split(uris, u, " ")
			print (key ~ /^\// ? "signed-by=" key : "") "|" u[1]
		}' "$f"
	done
}
entry | sort -u | head -n 1 | while IFS='|' read -r options uri; do
	echo "deb ${options:+[$options] }$uri $suite main"
done >"$work/sources.list"
if [ ! -s "$work/sources.list" ]; then
	echo "rtpengine: no Debian $VERSION_CODENAME entry found under /etc/apt" >&2
	exit 1
fi

# Nothing counts as installed: so the whole closure is named.
: >"$work/status"
cat >"$work/apt.conf" <<APT
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
APT
export APT_CONFIG="$work/apt.conf"
if ! apt-get -qq update >"$work/log" 2>&1; then
	if [ -x "$top/$suite/run" ]; then
		readlink "$top/$suite" # the archive is away; what is there will do
		exit 0
	fi
	cat "$work/log" >&2
	exit 1
fi
version=$(apt-cache show rtpengine-daemon | sed -n 's/^Version: //p' | sort -V | tail -n 1)
root=$top/$version
if [ ! -x "$root/run" ]; then
	# apt lists what an installation would need; its programs' packages and
	# their scripts are not wanted, the libraries are.
	apt-get -qq -y --print-uris install rtpengine-daemon |
		sed -nE "s/^'[^']*' ([a-z0-9.+-]+)_([^_]+)_[a-z0-9]+\.deb .*/\1=\2/p" | sed 's/%3a/:/' |
		grep -E '^(lib|zlib1g=|ocl-icd-libopencl1=|rtpengine-daemon=)' >"$work/packages"
	# shellcheck disable=SC2046
	(cd "$work/debs" && apt-get -qq download $(cat "$work/packages")) >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		exit 1
	}
	rm -rf "$root.part"
	for deb in "$work"/debs/*.deb; do dpkg-deb --fsys-tarfile "$deb"; done |
		tar -C "$(mkdir -p "$root.part" && echo "$root.part")" -xi --keep-directory-symlink \
			--wildcards --exclude './usr/share/*' --exclude './usr/lib/*/gconv/*' --exclude './etc/*' --exclude './var/*'
	dirs=$(cd "$root.part" && find . -name '*.so*' -printf '%h\n' | sort -u |
		grep -E '^\./(usr/)?lib(64)?(/[^/]+-linux-gnu[^/]*(/(blas|lapack|pulseaudio))?)?$' | sed 's/^\.//')
	# A package may leave the links that are named by soname to ldconfig.
	for dir in $dirs; do PATH=$PATH:/sbin:/usr/sbin ldconfig -n "$root.part$dir"; done
	loader=$(cd "$root.part" && find . -name 'ld-linux*.so*' -o -name 'ld64.so*' | sort | head -n 1 | sed 's/^\.//')
	# argv[0] is its name in logs.
	{
		echo '#!/bin/sh'
		echo 'root=$(dirname "$(readlink -f "$0")")'
		printf 'exec "$root%s" --argv0 rtpengine --library-path "' "$loader"
		printf '%s\n' "$dirs" | sed 's/^/$root/' | paste -sd: | tr -d '\n'
		echo '" "$root/usr/bin/rtpengine" "$@"'
	} >"$root.part/run"
	chmod 755 "$root.part/run"
	said=$("$root.part/run" --version 2>&1) || { echo "rtpengine: $version does not run: $said" >&2; exit 1; }
	rm -rf "$root"
	mv "$root.part" "$root"
fi
ln -sfn "$version" "$top/$suite"
touch "$top/$suite.asked"
echo "$version"
