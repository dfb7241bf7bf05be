// SPDX-License-Identifier: BSD-2-Clause
// SDP with any number of audio and video sections, as an IMS phone has it.
const STATIC = { 0: 'PCMU', 8: 'PCMA', 34: 'H263' };
const REVERSE = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' };
const FORMATS = {
	PCMA: { pt: 8, map: 'PCMA/8000' }, PCMU: { pt: 0, map: 'PCMU/8000' },
	AMR: { pt: 98, map: 'AMR/8000', fmtp: 'octet-align=1' },
	'telephone-event': { pt: 101, map: 'telephone-event/8000', fmtp: '0-15' },
	VP8: { pt: 96, map: 'VP8/90000' },
	H264: { pt: 97, map: 'H264/90000', fmtp: 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1' },
};
const FEEDBACK = ['nack pli', 'ccm fir'];

const values = (lines, name) => lines.filter((l) => l === `a=${name}` || l.startsWith(`a=${name}:`))
	.map((l) => l.slice(name.length + 3));

function parseSection(lines, session) {
	const [kind, port, proto, ...formats] = lines[0].slice(2).split(' ');
	const c = lines.find((l) => l.startsWith('c=')) ?? session.find((l) => l.startsWith('c='));
	const names = Object.fromEntries(formats.map((f) => [f, STATIC[f]]));
	for (const map of values(lines, 'rtpmap')) {
		const [format, codec] = map.split(' ');
		const [name, rate] = codec.split('/');
		const known = Object.keys(FORMATS).find((n) => n.toLowerCase() === name.toLowerCase()) ?? name;
		names[format] = known === 'telephone-event' && rate !== '8000' ? undefined : known;
	}
	const fmtp = Object.fromEntries(values(lines, 'fmtp').map((v) => [v.split(' ', 1)[0], v.slice(v.indexOf(' ') + 1)]));
	const rtcp = values(lines, 'rtcp')[0]?.split(' ')[0];
	return { kind, port: Number(port), proto, formats, names, fmtp, feedback: values(lines, 'rtcp-fb'),
		direction: [...lines, ...session].map((l) => l.slice(2)).find((d) => REVERSE[d]) ?? 'sendrecv',
		host: c?.split(' ')[2]?.split('/')[0], rtcpPort: Number(rtcp ?? Number(port) + 1), lines };
}

/** [{kind, port, proto, formats, names: {pt: codec}, fmtp, feedback, direction, host, rtcpPort, lines}] */
export function parseSections(text) {
	const lines = text.split(/\r?\n/).filter(Boolean);
	const starts = lines.flatMap((l, i) => (l.startsWith('m=') ? [i] : []));
	const session = lines.slice(0, starts[0] ?? lines.length);
	return starts.map((start, i) => parseSection(lines.slice(start, starts[i + 1]), session));
}

const REFUSED_H264 = /packetization-mode=0|^(?!.*packetization-mode)/;

/** What of this section we can do with these codecs: {codec, pt, eventPt}, or undefined. */
export function choose(section, codecs) {
	if (!section.port || !/^RTP\/AVPF?$/.test(section.proto) || !codecs) return undefined;
	const find = (wanted) => section.formats.find((f) => section.names[f] === wanted
		&& !(wanted === 'H264' && REFUSED_H264.test(section.fmtp[f] ?? '')));
	const codec = codecs.find((name) => find(name) !== undefined);
	if (!codec) return undefined;
	const eventPt = find('telephone-event');
	return { codec, pt: Number(find(codec)), eventPt: eventPt === undefined ? undefined : Number(eventPt) };
}

function head(host, version) {
	const family = host.includes(':') ? 'IP6' : 'IP4';
	return ['v=0', `o=- ${process.pid} ${version} IN ${family} ${host}`, 's=-', `c=IN ${family} ${host}`, 't=0 0'];
}

// formats: [{pt, map, fmtp}]
function section({ kind, port, proto, formats, direction, feedback = [] }) {
	return [`m=${kind} ${port} ${proto} ${formats.map((f) => f.pt).join(' ')}`,
		...formats.flatMap(({ pt, map, fmtp }) => [`a=rtpmap:${pt} ${map}`, ...(fmtp ? [`a=fmtp:${pt} ${fmtp}`] : [])]),
		...feedback.map((f) => `a=rtcp-fb:${f}`),
		...(kind === 'audio' ? ['a=ptime:20'] : []), `a=${direction}`];
}

const join = (lines) => `${lines.join('\r\n')}\r\n`;

/** lines: [{kind, port, codecs, direction, proto}]; port 0 is a section that is no more. */
export function writeOffer(host, version, lines) {
	return join([...head(host, version), ...lines.flatMap((line) => {
		const names = [...line.codecs, ...(line.kind === 'audio' ? ['telephone-event'] : [])];
		const formats = names.map((name) => FORMATS[name]);
		const proto = line.proto ?? 'RTP/AVP';
		if (!line.port) return [`m=${line.kind} 0 ${proto} ${formats[0].pt}`];
		return section({ ...line, proto, formats, direction: line.direction ?? 'sendrecv',
			feedback: proto.endsWith('F') && line.kind === 'video' ? FEEDBACK.map((f) => `* ${f}`) : [] });
	})]);
}

/** chosen: for each offered section {port, codec, pt, eventPt, direction}, or undefined: refused. */
export function writeAnswer(host, version, offered, chosen) {
	return join([...head(host, version), ...offered.flatMap((s, i) => {
		const c = chosen[i];
		if (!c) return [`m=${s.kind} 0 ${s.proto} ${s.formats.join(' ')}`];
		const formats = [{ pt: c.pt, map: FORMATS[c.codec].map, fmtp: s.fmtp[c.pt] },
			...(c.eventPt === undefined ? [] : [{ ...FORMATS['telephone-event'], pt: c.eventPt }])];
		const feedback = s.proto.endsWith('F') ? s.feedback.filter((f) => /^(\*|\d+) (nack pli|ccm fir)$/.test(f)
			&& [String(c.pt), '*'].includes(f.split(' ')[0])) : [];
		return section({ kind: s.kind, port: c.port, proto: s.proto, formats, feedback,
			direction: c.direction ?? REVERSE[s.direction] });
	})]);
}

/** May we send to who wrote this section? */
export const takes = ({ direction, host }) => ['sendrecv', 'recvonly'].includes(direction) && host !== '0.0.0.0';
