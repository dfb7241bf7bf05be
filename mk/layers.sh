#!/bin/bash
# mk/layers.sh BUILD: no part reaches above or beside its layer.
#   cfg -> modules -> lib/{token,tna,mediate,ng} -> lib/{sdp,base}
# By include paths, and by the undefined symbols of the objects against a list
# of what each part may use from outside.
set -u
cd "$(dirname "$0")/.."
build=$1
bad=0
fail() { echo "layers: $*" >&2; bad=1; }

declare -A may=(
	[base]='base' [sdp]='sdp base' [ng]='ng base'
	[token]='token base' [tna]='tna base' [mediate]='mediate sdp base')

# Of sources that are there: what a former build left of others says nothing.
objects() { local f; for f in lib/"$1"/*.c; do [ -f "$build/${f%.c}.o" ] && echo "$build/${f%.c}.o"; done; }

for part in "${!may[@]}"; do
	for f in lib/"$part"/*.[ch]; do
		[ -f "$f" ] || continue
		while IFS= read -r inc; do
			dir=${inc%%/*}
			[[ " ${may[$part]} " == *" $dir "* ]] || fail "$f includes $inc"
		done < <(sed -nE 's/^[ \t]*#[ \t]*include[ \t]+"([^"]+)".*/\1/p' "$f")
		while IFS= read -r inc; do
			case $inc in
				std*.h | string.h | limits.h | inttypes.h | errno.h) ;;
				openssl/*) grep -qxF "$f" mk/layers.openssl || fail "$f includes <$inc>" ;;
				libxml/*) grep -qxF "$f" mk/layers.libxml2 || fail "$f includes <$inc>" ;;
				*) fail "$f includes <$inc>" ;;
			esac
		done < <(sed -nE 's/^[ \t]*#[ \t]*include[ \t]+<([^>]+)>.*/\1/p' "$f")
	done
	# What the objects really call: our own layers, or a listed external.
	allowed=$(mktemp)
	{
		for p in ${may[$part]}; do
			[ -d "$build/lib/$p" ] && nm --defined-only -g $(objects "$p") 2>/dev/null | awk 'NF == 3 { print $3 }'
		done
		cat mk/layers.allowed
		[ -z "$(grep -m1 "^lib/$part/" mk/layers.openssl)" ] || cat mk/layers.crypto
		[ -z "$(grep -m1 "^lib/$part/" mk/layers.libxml2)" ] || cat mk/layers.xml
	} | sort -u >"$allowed"
	if [ -d "$build/lib/$part" ]; then
		while IFS= read -r sym; do fail "lib/$part uses $sym"; done < <(
			nm -u $(objects "$part") 2>/dev/null | awk 'NF == 2 { print $2 }' | sort -u | comm -23 - "$allowed")
		while IFS= read -r sym; do fail "lib/$part exports $sym without the prefix ep_"; done < <(
			nm --defined-only -g $(objects "$part") 2>/dev/null | awk 'NF == 3 { print $3 }' | grep -v '^ep_')
		# Constant tables that hold pointers are relocated once (.data.rel.ro).
		while IFS= read -r sym; do fail "lib/$part keeps writable data: $sym"; done < <(
			objdump -t $(objects "$part") 2>/dev/null |
				awk '$0 ~ / O / && $0 ~ /[ \t]\.(data|bss|tdata|tbss)/ && $0 !~ /\.data\.rel\.ro/ { print $NF }')
	fi
	rm -f "$allowed"
done

for f in modules/*/*.[ch] rtpengine-plugin/*.[ch]; do
	[ -f "$f" ] || continue
	own=${f#modules/}; own=${own%%/*}
	while IFS= read -r inc; do
		case $inc in
			../* | ./*) fail "$f includes $inc" ;;
			webrtc_auth/* | tna_register/* | sdp_mediate/*)
				[[ $inc == "$own"/* || $inc == */api.h ]] || fail "$f reaches into $inc" ;;
		esac
	done < <(sed -nE 's/^[ \t]*#[ \t]*include[ \t]+"([^"]+)".*/\1/p' "$f")
done

# The daemon stands on the pure libraries alone, and not on what decides.
for f in rtpengine-plugin/*.[ch]; do
	[ -f "$f" ] || continue
	while IFS= read -r inc; do
		case $inc in
			ng/* | base/* | sdp/*) ;;
			*/*) fail "$f includes $inc" ;;
			*) [ -f "rtpengine-plugin/$inc" ] || fail "$f includes $inc" ;;
		esac
	done < <(sed -nE 's/^[ \t]*#[ \t]*include[ \t]+"([^"]+)".*/\1/p' "$f")
done

# A module shows Kamailio what it needs and nothing more.
for so in build/modules/*.so; do
	[ -f "$so" ] || continue
	while IFS= read -r sym; do fail "$so exports $sym"; done < <(
		nm -D --defined-only "$so" | awk '{ print $3 }' |
			grep -vE '^(exports|module_version|module_flags|module_interface_ver|mod_register|bind_[a-z_]+)$')
done
[ $bad = 0 ] && echo 'layers: ok'
exit $bad
