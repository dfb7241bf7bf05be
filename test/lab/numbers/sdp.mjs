// SPDX-License-Identifier: BSD-2-Clause
// As much SDP as an IMS phone with G.711 needs: one audio stream, others refused.
const STATIC = { 0: 'PCMU', 8: 'PCMA' };
const OFFERED = [['8', 'PCMA'], ['0', 'PCMU'], ['101', 'telephone-event']];
const REVERSE = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' };

const attribute = (lines, name) => lines.filter((l) => l.startsWith(`a=${name}`))
	.map((l) => l.slice(name.length + 2).replace(/^:/, ''));

function parseSection(lines, session) {
	const [kind, port, proto, ...formats] = lines[0].slice(2).split(' ');
	const c = lines.find((l) => l.startsWith('c=')) ?? session.find((l) => l.startsWith('c='));
	const direction = [...lines, ...session].map((l) => l.slice(2)).find((d) => REVERSE[d]) ?? 'sendrecv';
	const names = Object.fromEntries(formats.map((f) => [f, STATIC[f]]));
	for (const map of attribute(lines, 'rtpmap')) {
		const [format, codec] = map.split(' ');
		const [name, rate] = codec.split('/');
		names[format] = rate === '8000' ? (name.toLowerCase() === 'telephone-event' ? 'telephone-event'
			: name.toUpperCase()) : undefined;
	}
	return { kind, port: Number(port), proto, formats, names, direction, host: c?.split(' ')[2]?.split('/')[0] };
}

export function parseSdp(text) {
	const lines = text.split(/\r?\n/).filter(Boolean);
	const starts = lines.flatMap((l, i) => (l.startsWith('m=') ? [i] : []));
	const session = lines.slice(0, starts[0] ?? lines.length);
	return starts.map((start, i) => parseSection(lines.slice(start, starts[i + 1]), session));
}

// What both sides can: {index, host, port, codec, pt, eventPt, send, direction},
// or undefined.
export function agree(sections, codecs = ['PCMA', 'PCMU']) {
	const index = sections.findIndex((s) => s.kind === 'audio' && s.port && /^RTP\/AVPF?$/.test(s.proto));
	if (index < 0) return undefined;
	const { names, formats, host, port, direction } = sections[index];
	const find = (wanted) => formats.find((f) => wanted(names[f]));
	const pt = find((name) => codecs.includes(name));
	if (pt === undefined) return undefined;
	const eventPt = find((name) => name === 'telephone-event');
	const send = (direction === 'sendrecv' || direction === 'recvonly') && host !== '0.0.0.0';
	return { index, host, port, codec: names[pt], pt: Number(pt),
		eventPt: eventPt === undefined ? undefined : Number(eventPt), send, direction };
}

function head(host, version) {
	const family = host.includes(':') ? 'IP6' : 'IP4';
	return ['v=0', `o=- ${process.pid} ${version} IN ${family} ${host}`, 's=-', `c=IN ${family} ${host}`, 't=0 0'];
}

const join = (lines) => `${lines.join('\r\n')}\r\n`;

function audio(port, proto, formats, direction) {
	return [`m=audio ${port} ${proto} ${formats.map(([pt]) => pt).join(' ')}`,
		...formats.map(([pt, name]) => `a=rtpmap:${pt} ${name}/8000`),
		...formats.filter(([, name]) => name === 'telephone-event').map(([pt]) => `a=fmtp:${pt} 0-15`),
		'a=ptime:20', `a=${direction}`];
}

export function makeOffer(host, port, version, { direction = 'sendrecv', codecs } = {}) {
	const formats = OFFERED.filter(([, name]) => name === 'telephone-event' || !codecs || codecs.includes(name));
	return join([...head(host, version), ...audio(port, 'RTP/AVP', formats, direction)]);
}

export function makeAnswer(sections, agreed, host, port, version) {
	const formats = [[agreed.pt, agreed.codec],
		...(agreed.eventPt === undefined ? [] : [[agreed.eventPt, 'telephone-event']])];
	return join([...head(host, version), ...sections.flatMap((s, i) => (i === agreed.index
		? audio(port, s.proto, formats, REVERSE[agreed.direction])
		: [`m=${s.kind} 0 ${s.proto} ${s.formats.join(' ')}`]))]);
}
