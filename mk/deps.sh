#!/bin/bash
# mk/deps.sh: everything `make modules`, `make test` and `make demo` need.
#
# Debian packages that are missing are installed (root is asked for only then);
# their services are neither started nor enabled, and the system's
# configuration stays as it was. npm packages come from the lock files.
# Kamailio's headers are unpacked under build/ksrc, Debian unstable's rtpengine
# under build/rtpengine. Nothing to do = silence.
set -eu
cd "$(dirname "$0")/.."

build=(gcc make pkg-config libc6-dev libjansson-dev libssl-dev
	libcurl4-openssl-dev libxml2-dev libwebsockets-dev dpkg-dev xz-utils ca-certificates)
run=(kamailio kamailio-ims-modules kamailio-presence-modules
	kamailio-tls-modules kamailio-websocket-modules kamailio-json-modules
	kamailio-extra-modules kamailio-utils-modules rtpengine-daemon
	libavcodec-extra)
test=(clang libclang-rt-14-dev check libsubunit-dev libjwt-dev openssl
	kamailio-lua-modules iproute2 util-linux procps baresip-core chromium tshark
	sip-tester libre-dev janus firefox-esr docbook-xml docbook-xsl xsltproc libxml2-utils lynx)
. /etc/os-release
[ "${VERSION_CODENAME:-}" = bookworm ] || test=("${test[@]/libclang-rt-14-dev/}")

missing=()
for p in "${build[@]}" "${run[@]}" "${test[@]}"; do
	[ -n "$p" ] || continue
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
done
# A node of another origin (18 or newer, with its npm) is as good as Debian's.
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	missing+=(nodejs npm)
fi

as_root()
{
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Services a package brings must not start beside the operator's own, neither
# now (policy-rc.d, only while apt runs) nor at the next boot (disabled again
# if this installation is what enabled them).
install_missing()
{
	local policy=/usr/sbin/policy-rc.d kept= before after unit
	echo "deps: installing ${#missing[@]} Debian packages: ${missing[*]}"
	before=$(ls /etc/systemd/system/*.wants 2>/dev/null | sort -u)
	if [ -e "$policy" ]; then kept=$policy.epcscf-kept; as_root mv "$policy" "$kept"; fi
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
	as_root chmod 755 "$policy"
	trap 'as_root rm -f "$policy"; [ -z "$kept" ] || as_root mv "$kept" "$policy"' RETURN
	as_root apt-get -qq update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
		-o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" >build/deps.log 2>&1 || {
		tail -n 40 build/deps.log >&2
		return 1
	}
	after=$(ls /etc/systemd/system/*.wants 2>/dev/null | sort -u)
	if command -v systemctl >/dev/null; then
		for unit in $(comm -13 <(echo "$before") <(echo "$after")); do
			case $unit in *.service | *.timer) as_root systemctl -q disable "$unit" 2>/dev/null || true ;; esac
		done
	fi
}

mkdir -p build
if [ ${#missing[@]} -gt 0 ]; then
	install_missing || { echo 'deps: the installation failed' >&2; exit 1; }
fi

for dir in test cfg-examples/wwsf; do
	[ -f "$dir/package-lock.json" ] || continue
	stamp=$dir/node_modules/.epcscf-lock
	if ! cmp -s "$dir/package-lock.json" "$stamp"; then
		echo "deps: npm packages of $dir"
		npm ci --silent --no-audit --no-fund --prefix "$dir"
		cp "$dir/package-lock.json" "$stamp"
	fi
done

kver=$(kamailio -v | sed -n '1s/^version: kamailio \([0-9.]*\).*/\1/p')
if [ -z "${KSRC:-}" ] && [ ! -f "build/ksrc/$kver/src/config.mak" ]; then
	echo "deps: Kamailio $kver headers"
	mk/ksrc.sh "$VERSION_CODENAME" "$kver" "build/ksrc/$kver"
fi
if [ -z "${KSRC_NEXT:-}" ] && [ ! -f build/ksrc/6.0.1/src/config.mak ]; then
	echo 'deps: Kamailio 6.0.1 headers'
	mk/ksrc.sh trixie 6.0.1 build/ksrc/6.0.1
fi
# A newer rtpengine for the tests of what only it can (BUNDLE): 80 MB, unpacked
# and never installed. Where it cannot be got, those tests say so.
if [ ! -x build/rtpengine/sid/run ]; then
	echo "deps: Debian unstable's rtpengine"
	mk/rtpengine.sh sid || echo "deps: no rtpengine of Debian unstable: its tests will be skipped"
fi
