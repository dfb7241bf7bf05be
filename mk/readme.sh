#!/bin/bash
# mk/readme.sh <module>: its DocBook as plain text, as Kamailio's README files
# are made. Entities and stylesheets come from the machine, never from the net.
set -eu -o pipefail
cd "$(dirname "$0")/.."
xsl=/usr/share/xml/docbook/stylesheet/docbook-xsl/html/docbook.xsl
[ -f "$xsl" ] || { echo 'no DocBook stylesheets: run make deps' >&2; exit 1; }
page=$(mktemp --suffix=.html)
trap 'rm -f "$page"' EXIT
xsltproc --nonet --xinclude \
	--stringparam section.autolabel 1 \
	--stringparam section.label.includes.component.label 1 \
	--stringparam generate.id.attributes 0 \
	--stringparam generate.toc 'book toc,title' \
	--stringparam variablelist.as.table 0 \
	"$xsl" "modules/$1/doc/$1.xml" >"$page"
lynx -dump -nolist -nonumbers -width=78 -display_charset=UTF-8 -assume_charset=ISO-8859-1 \
	-cfg=/dev/null -lss=/dev/null "file://$page" | sed -e 's/[ \t]*$//' | cat -s
