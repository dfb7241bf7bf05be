// SPDX-License-Identifier: BSD-2-Clause
// A capture as tshark decodes it: SIP on every hop, that of the pages too
// (their TLS is read with the keys that the browser wrote down), HTTP, TLS and
// Diameter. A message is what tshark says it is, field by field; nothing here
// parses SIP a second time but the split of a header into name and value.
import { execFileSync } from 'node:child_process';
import { decodeAs } from './capture.mjs';

const SEPARATOR = '\x1f', LIST = '\x1e';
const ENTITY = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const plain = (text) => text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g,
	(all, hex, dec, name) => (name ? ENTITY[name] ?? all : String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(dec))));
const attributes = (line) => Object.fromEntries([...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, k, v]) => [k, plain(v)]));

function tshark(session, args) {
	const { captureFile, ports, keys } = session;
	const pages = (ports.tls ?? []).flatMap((p) => ['-d', `tcp.port==${p},tls`, '-d', `tls.port==${p},http`]);
	return execFileSync('tshark', ['-r', captureFile, '-n', ...decodeAs(ports), ...pages, '-o', 'tcp.desegment_tcp_streams:TRUE',
		...(keys ? ['-o', `tls.keylog_file:${keys}`] : []), ...args], { encoding: 'utf8', maxBuffer: 256 << 20, stdio: ['ignore', 'pipe', 'ignore'] });
}

// The packets that match as trees: {name, show, value, kids}. In PDML the text of
// an attribute has no '>' of its own.
function packets(session, filter) {
	const all = [];
	let stack;
	for (const [, close, tag, text, self] of tshark(session, ['-Y', filter, '-T', 'pdml']).matchAll(/<(\/?)(packet|proto|field)\b([^>]*?)(\/?)>/g)) {
		if (tag === 'packet') {
			if (!close) all.push((stack = [{ kids: [] }])[0]);
		} else if (close) {
			stack.pop();
		} else {
			const { name = '', show = '', value = '', pos } = attributes(text);
			const node = { name, show, value, pos, kids: [] };
			stack.at(-1).kids.push(node);
			if (!self) stack.push(node);
		}
	}
	return all;
}

const below = (node, name) => node.kids.flatMap((k) => [...(k.name === name ? [k] : []), ...below(k, name)]);
const shown = (node, name) => below(node, name).map((n) => n.show);

class Decoded {
	constructor(packet, proto) {
		const one = (name) => shown(packet, name)[0];
		Object.assign(this, { proto, frame: Number(one('frame.number')), t: Number(one('frame.time_epoch')) * 1000, src: one('ip.src'), dst: one('ip.dst'),
			sport: Number(one('tcp.srcport') ?? one('udp.srcport')), dport: Number(one('tcp.dstport') ?? one('udp.dstport')),
			stream: one('tcp.stream'), over: ['websocket', 'tls', 'tcp', 'udp'].filter((name) => packet.kids.some((k) => k.name === name)) });
	}

	/** All values that tshark gives this field, or the first. */
	fields(name) { return shown(this.proto, name); }
	field(name) { return this.fields(name)[0]; }
}

export class SipMessage extends Decoded {
	constructor(packet, proto) {
		super(packet, proto);
		this.others = packet.kids;
		this.method = this.field('sip.CSeq.method');
		this.request = this.field('sip.Request-Line') !== undefined;
		this.status = Number(this.field('sip.Status-Code') ?? 0);
		this.uri = this.field('sip.r-uri');
		this.callId = this.field('sip.Call-ID');
		this.cseq = Number(this.field('sip.CSeq.seq'));
		// What tshark marked as one header, as it was on the wire; what it concludes
		// besides stands at the place of the header it is concluded from.
		const places = new Set();
		this.nodes = (below(proto, 'sip.msg_hdr')[0]?.kids ?? []).filter((k) => !places.has(k.pos) && places.add(k.pos)).map((node) => {
			const [, name, value] = /^([^:]*?)\s*:\s*([^]*?)\s*$/.exec(Buffer.from(node.value, 'hex').toString('utf8')) ?? [];
			return { name, value, node };
		}).filter((h) => h.name);
	}

	/** Values of SDP's fields. */
	sdp(name) { return shown({ kids: this.others }, name); }

	all(name) { return this.nodes.filter((h) => h.name.toLowerCase() === name.toLowerCase()).map((h) => h.value); }
	get(name) { return this.all(name)[0]; }
	has(name) { return this.all(name).length > 0; }
	get text() { return this.nodes.map((h) => `${h.name}: ${h.value}`).join('\n'); }

	/**
	 * The parameters of a credentials or challenge header as tshark splits them, in order:
	 * [['scheme', 'Digest'], ['username', '"…"'], …], quotes and all.
	 */
	parameters(header = 'Authorization') {
		const n = this.all(header).length;
		if (n !== 1) throw new Error(`${n} ${header} in\n${this.text}`);
		return this.parametersOf(header, 0);
	}

	/** The same of the n-th header of that name. */
	parametersOf(header, n) {
		return this.nodes.filter((h) => h.name.toLowerCase() === header.toLowerCase())[n].node.kids.map((k) => {
			const text = Buffer.from(k.value, 'hex').toString('utf8').trim();
			const known = /^sip\.auth\.(?:digest\.)?(\w+)$/.exec(k.name);
			return known ? [known[1], text] : text.split(/\s*=\s*([^]*)/).slice(0, 2);
		});
	}
}

export class DiameterMessage extends Decoded {
	constructor(packet, proto) {
		super(packet, proto);
		const kind = { 300: 'UA', 301: 'SA', 302: 'LI', 303: 'MA', 304: 'RT', 305: 'PP' }[this.field('diameter.cmd.code')];
		this.name = kind && `${kind}${/^(1|True)$/.test(this.field('diameter.flags.request') ?? '') ? 'R' : 'A'}`;
		this.session = this.field('diameter.Session-Id');
	}

	/** The AVP's values, strings as strings. */
	avps(name) { return this.fields(`diameter.${name}`); }
	avp(name) { return this.avps(name)[0]; }
}

/** Everything of a finished capture: read after session.stopCapture(). */
export class Wire {
	constructor(session) {
		this.session = session;
		this.nodes = Object.fromEntries(Object.entries(session.lab.nodes).map(([name, n]) => [name, n.address]));
	}

	get sip() {
		this.sipMessages ??= packets(this.session, 'sip').flatMap((packet) => below({ kids: packet.kids }, 'sip').map((proto) => new SipMessage(packet, proto)));
		return this.sipMessages;
	}

	get diameter() {
		this.cx ??= packets(this.session, 'diameter.applicationId == 16777216').flatMap((packet) => packet.kids.filter((k) => k.name === 'diameter')
			.map((proto) => new DiameterMessage(packet, proto)));
		return this.cx;
	}

	/** SIP on one hop: 'page' is the decrypted WebSocket, else names of lab.nodes. */
	hop(from, to, match = () => true) {
		const wss = this.session.lab.nodes.epcscf.wss, at = (name, side) => (m) => !m.over.includes('websocket') && m[side] === this.nodes[name];
		const leaves = from === 'page' || to === 'page' ? (m) => m.over.includes('websocket') && (from === 'page' ? m.dport : m.sport) === wss
			: (m) => at(from, 'src')(m) && at(to, 'dst')(m);
		return this.sip.filter((m) => leaves(m) && match(m));
	}

	/** {field: value} of every packet that matches; several values of one field are joined by \x1e. */
	rows(filter, fields) {
		return tshark(this.session, ['-Y', filter, '-T', 'fields', '-E', `separator=${SEPARATOR}`, '-E', 'occurrence=a', '-E', `aggregator=${LIST}`,
			...fields.flatMap((f) => ['-e', f])]).split('\n').filter(Boolean)
			.map((line) => Object.fromEntries(line.split(SEPARATOR).map((v, i) => [fields[i], v])));
	}
}
