// SPDX-License-Identifier: BSD-2-Clause
// A command in the words of Kamailio's rtpengine module, as members of an ng
// dictionary (lib/mediate/command.h).
const LISTS = ['replace', 'rtcp-mux', 'SDES'];

export function words(text) {
	const d = {}, push = (key, v) => (d[key] ??= []).push(v);
	for (const word of text.trim().split(/ +/).filter(Boolean)) {
		const eq = word.indexOf('='), key = eq < 0 ? word : word.slice(0, eq), value = eq < 0 ? undefined : word.slice(eq + 1);
		const list = LISTS.find((l) => key.startsWith(`${l}-`)), codec = /^(?:codec-)?(transcode|strip|mask|offer|except|accept)-(.+)$/.exec(key);
		if (list) push(list, key.slice(list.length + 1));
		else if (codec && (word.startsWith('codec-') || codec[1] === 'transcode')) ((d.codec ??= {})[codec[1]] ??= []).push(codec[2]);
		else if (/^(UDP\/TLS\/)?RTP\/S?AVPF?$/.test(key)) d['transport-protocol'] = key;
		else if (key === 'direction') push(key, value);
		else if (value !== undefined) d[key] = value;
		else push('flags', key);
	}
	return d;
}
