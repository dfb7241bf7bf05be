#!/bin/sh
# mk/ksrc.sh SUITE VERSION DEST: unpacks Kamailio VERSION (upstream x.y.z) of
# Debian SUITE into DEST and runs its `make cfg`, so that DEST/src holds the
# headers and DEST/src/config.mak the flags a module must be built with.
#
# The source package comes through a private apt configuration made from the
# machine's own Debian entries (their deb-src twin); the system's apt
# configuration is only read. No root needed.
set -eu
suite=$1 version=$2 dest=$3
[ -f "$dest/src/config.mak" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/etc"
. /etc/os-release

# One line per archive of this Debian release, one-line and deb822 files alike:
# "<options>|<uri>|<suite>". Entries of other vendors have other suites.
entries()
{
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		sed -nE 's/^deb +(\[([^]]*)\] +)?([^ ]+) +([^ ]+) +(.*\bmain\b.*)$/\2|\3|\4/p'
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -f "$f" ] || continue
		awk -v RS= '{
			uris = suites = key = ""; on = 1; main = 0
			n = split($0, line, "\n")
			for(i = 1; i <= n; i++) {
				if(line[i] ~ /^#/) continue
				k = tolower(line[i]); sub(/:.*/, "", k)
				v = line[i]; sub(/^[^:]*: */, "", v)
				if(k == "uris") uris = v
				else if(k == "suites") suites = v
				else if(k == "signed-by") key = v
				else if(k == "enabled" && v ~ /no/) on = 0
				else if(k == "components" && v ~ /(^| )main( |$)/) main = 1
			}
			if(!on || !main) next
			nu = split(uris, u, " "); ns = split(suites, s, " ")
			for(a = 1; a <= nu; a++) for(b = 1; b <= ns; b++)
				print (key ~ /^\// ? "signed-by=" key : "") "|" u[a] "|" s[b]
		}' "$f"
	done
}
entries | sort -u | while IFS='|' read -r options uri have; do
	case $have in
		"$VERSION_CODENAME"|"$VERSION_CODENAME"-updates|"$VERSION_CODENAME"-security)
			want=$suite${have#"$VERSION_CODENAME"}
			printf 'deb-src %s%s %s main\n' "${options:+[$options] }" "$uri" "$want" ;;
	esac
done >"$work/etc/sources.list"
if [ ! -s "$work/etc/sources.list" ]; then
	echo "ksrc: no Debian $VERSION_CODENAME entry found under /etc/apt; give KSRC=<kamailio source tree>" >&2
	exit 1
fi

cat >"$work/apt.conf" <<APT
Dir::Etc::SourceList "$work/etc/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::Cache "$work/cache";
APT::Sandbox::User "root";
APT::Get::List-Cleanup "false";
Acquire::Languages "none";
APT
export APT_CONFIG="$work/apt.conf"
apt-get -qq update >"$work/update.log" 2>&1 || {
	cat "$work/update.log" >&2
	exit 1
}
deb=$(apt-cache showsrc kamailio 2>/dev/null | sed -n 's/^Version: //p' |
	grep -E "^([0-9]+:)?$(printf %s "$version" | sed 's/\./\\./g')-" | sort -V | tail -n 1)
if [ -z "$deb" ]; then
	echo "ksrc: no source of kamailio $version in $suite; give KSRC=<kamailio source tree>" >&2
	exit 1
fi
# Debian's patches change no header, so the original tarball is all we need.
apt-get -qq --print-uris --download-only source "kamailio=$deb" |
	sed -nE "s/^'([^']+)' (kamailio_[^ ]*\.orig\.tar\.[a-z0-9]+) [0-9]+ ([A-Za-z0-9]+:[0-9a-f]+)$/\1 \2 \3/p" |
	head -n 1 >"$work/uri"
read -r uri file hash <"$work/uri"
(cd "$work" && /usr/lib/apt/apt-helper -qq download-file "$uri" "$file" "$hash") >&2
mkdir -p "$dest.part"
tar -C "$dest.part" --strip-components=1 -xf "$work/$file"
make -s -C "$dest.part" cfg prefix=/usr cfg_target=/etc/kamailio/ \
	FLAVOUR=kamailio group_include=kstandard >"$work/cfg.log" 2>&1 || {
	cat "$work/cfg.log" >&2
	exit 1
}
rm -rf "$dest"
mv "$dest.part" "$dest"
