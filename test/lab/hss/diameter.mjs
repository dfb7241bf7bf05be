// SPDX-License-Identifier: BSD-2-Clause
// Diameter (RFC 6733): messages as plain objects, and a peer connection.
//
// A message: { request, proxiable, error, retransmit, code, app, hbh, e2e, avps }
// An AVP:    { code, vendor, mandatory, data: Buffer | AVP[] }
import net from 'node:net';
import { EventEmitter } from 'node:events';

export const VENDOR_3GPP = 10415;
export const CMD = {
	CER: 257, RAR: 258, AAR: 265, ACR: 271, CCR: 272, ASR: 274, STR: 275,
	DWR: 280, DPR: 282,
	UAR: 300, SAR: 301, LIR: 302, MAR: 303, RTR: 304, PPR: 305,
};
const CMD_NAME = Object.fromEntries(
	Object.entries(CMD).map(([name, code]) => [code, name]));

// name: [code, vendor, type, mandatory]. What is not listed is kept as octets.
const T = VENDOR_3GPP;
const DICTIONARY = {
	'User-Name': [1, 0, 'text'],
	'Digest-Realm': [104, 0, 'text'],
	'Digest-QoP': [110, 0, 'text'],
	'Digest-Algorithm': [111, 0, 'text'],
	'Digest-HA1': [121, 0, 'text'],
	'Host-IP-Address': [257, 0, 'address'],
	'Auth-Application-Id': [258, 0, 'u32'],
	'Acct-Application-Id': [259, 0, 'u32'],
	'Vendor-Specific-Application-Id': [260, 0, 'group'],
	'Session-Id': [263, 0, 'text'],
	'Origin-Host': [264, 0, 'text'],
	'Supported-Vendor-Id': [265, 0, 'u32'],
	'Vendor-Id': [266, 0, 'u32'],
	'Result-Code': [268, 0, 'u32'],
	'Product-Name': [269, 0, 'text', false],
	'Disconnect-Cause': [273, 0, 'u32'],
	'Auth-Session-State': [277, 0, 'u32'],
	'Origin-State-Id': [278, 0, 'u32'],
	'Route-Record': [282, 0, 'text'],
	'Destination-Realm': [283, 0, 'text'],
	'Destination-Host': [293, 0, 'text'],
	'Origin-Realm': [296, 0, 'text'],
	'Experimental-Result': [297, 0, 'group'],
	'Experimental-Result-Code': [298, 0, 'u32'],
	'Visited-Network-Identifier': [600, T, 'text'],
	'Public-Identity': [601, T, 'text'],
	'Server-Name': [602, T, 'text'],
	'Server-Capabilities': [603, T, 'group'],
	'Mandatory-Capability': [604, T, 'u32'],
	'Optional-Capability': [605, T, 'u32'],
	'User-Data': [606, T, 'text'],
	'SIP-Number-Auth-Items': [607, T, 'u32'],
	'SIP-Authentication-Scheme': [608, T, 'text'],
	'SIP-Authenticate': [609, T, 'octets'],
	'SIP-Authorization': [610, T, 'octets'],
	'SIP-Authentication-Context': [611, T, 'octets'],
	'SIP-Auth-Data-Item': [612, T, 'group'],
	'SIP-Item-Number': [613, T, 'u32'],
	'Server-Assignment-Type': [614, T, 'u32'],
	'Deregistration-Reason': [615, T, 'group'],
	'Reason-Code': [616, T, 'u32'],
	'Reason-Info': [617, T, 'text'],
	'Charging-Information': [618, T, 'group'],
	'Primary-Charging-Collection-Function-Name': [621, T, 'text'],
	'User-Authorization-Type': [623, T, 'u32'],
	'User-Data-Already-Available': [624, T, 'u32'],
	'Confidentiality-Key': [625, T, 'octets'],
	'Integrity-Key': [626, T, 'octets'],
	'Supported-Features': [628, T, 'group', false],
	'Associated-Identities': [632, T, 'group', false],
	'Originating-Request': [633, T, 'u32'],
	'SIP-Digest-Authenticate': [635, T, 'group', false],
	'Allowed-WAF-WWSF-Identities': [656, T, 'group', false],
	'WebRTC-Authentication-Function-Name': [657, T, 'text', false],
	'WebRTC-Web-Server-Function-Name': [658, T, 'text', false],
};
const BY_CODE = new Map(Object.entries(DICTIONARY)
	.map(([name, [code, vendor, type]]) => [`${vendor}:${code}`, { name, type }]));

const VALUE = {
	text: (v) => Buffer.from(v),
	octets: (v) => Buffer.from(v),
	u32: (v) => { const b = Buffer.alloc(4); b.writeUInt32BE(v >>> 0); return b; },
	address: (v) => Buffer.from([0, 1, ...v.split('.').map(Number)]),
	group: (v) => v,
};

/** An AVP by its name; the value's shape follows the dictionary. */
export function avp(name, value) {
	const entry = DICTIONARY[name];
	if (!entry)
		throw new Error(`no AVP ${name} in the dictionary`);
	const [code, vendor, type, mandatory = true] = entry;
	return { code, vendor, mandatory, data: VALUE[type](value) };
}

function encodeAvp({ code, vendor, mandatory, data }) {
	const body = Array.isArray(data) ? Buffer.concat(data.map(encodeAvp)) : data;
	const head = Buffer.alloc(vendor ? 12 : 8);
	head.writeUInt32BE(code, 0);
	head.writeUIntBE(head.length + body.length, 5, 3);
	head[4] = (vendor ? 0x80 : 0) | (mandatory ? 0x40 : 0);
	if (vendor)
		head.writeUInt32BE(vendor, 8);
	return Buffer.concat([head, body, Buffer.alloc((4 - body.length % 4) % 4)]);
}

export function encode(message) {
	const body = Buffer.concat(message.avps.map(encodeAvp));
	const head = Buffer.alloc(20);
	head[0] = 1;
	head.writeUIntBE(20 + body.length, 1, 3);
	head[4] = (message.request ? 0x80 : 0) | (message.proxiable ? 0x40 : 0)
		| (message.error ? 0x20 : 0);
	head.writeUIntBE(message.code, 5, 3);
	head.writeUInt32BE(message.app, 8);
	head.writeUInt32BE(message.hbh, 12);
	head.writeUInt32BE(message.e2e, 16);
	return Buffer.concat([head, body]);
}

function decodeAvps(buffer) {
	const avps = [];
	for (let at = 0; at + 8 <= buffer.length;) {
		const length = buffer.readUIntBE(at + 5, 3);
		const head = buffer[at + 4] & 0x80 ? 12 : 8;
		if (length < head || at + length > buffer.length)
			throw new Error(`AVP length ${length} at ${at}`);
		const item = {
			code: buffer.readUInt32BE(at),
			vendor: head === 12 ? buffer.readUInt32BE(at + 8) : 0,
			mandatory: Boolean(buffer[at + 4] & 0x40),
			data: buffer.subarray(at + head, at + length),
		};
		if (BY_CODE.get(`${item.vendor}:${item.code}`)?.type === 'group')
			item.data = decodeAvps(item.data);
		avps.push(item);
		at += length + (4 - length % 4) % 4;
	}
	return avps;
}

export function decode(buffer) {
	return {
		request: Boolean(buffer[4] & 0x80),
		proxiable: Boolean(buffer[4] & 0x40),
		error: Boolean(buffer[4] & 0x20),
		retransmit: Boolean(buffer[4] & 0x10),
		code: buffer.readUIntBE(5, 3),
		app: buffer.readUInt32BE(8),
		hbh: buffer.readUInt32BE(12),
		e2e: buffer.readUInt32BE(16),
		avps: decodeAvps(buffer.subarray(20)),
	};
}

function value({ data }, type) {
	switch (type) {
		case 'u32': return data.readUInt32BE(0);
		case 'text': return data.toString();
		case 'group': return data;
		case 'address': return [...data.subarray(2)].join('.');
		default: return data;
	}
}

/** All values of one AVP at this level of a message or a group. */
export function getAll(from, name) {
	const [code, vendor, type] = DICTIONARY[name];
	const avps = Array.isArray(from) ? from : from.avps;
	return avps.filter((a) => a.code === code && a.vendor === vendor)
		.map((a) => value(a, type));
}

export const get = (from, name) => getAll(from, name)[0];

// Keys and vectors stay out of logs.
const SECRET = new Set(['Digest-HA1', 'Confidentiality-Key', 'Integrity-Key',
	'SIP-Authorization']);

function plain(avps) {
	const out = {};
	for (const item of avps) {
		const known = BY_CODE.get(`${item.vendor}:${item.code}`);
		const name = known?.name ?? `${item.vendor}:${item.code}`;
		let v = known ? value(item, known.type) : item.data;
		if (SECRET.has(name))
			v = '(not logged)';
		else if (Array.isArray(v))
			v = plain(v);
		else if (Buffer.isBuffer(v))
			v = v.toString('hex');
		if (name in out)
			out[name] = [].concat(out[name], [v]);
		else
			out[name] = v;
	}
	return out;
}

export const commandName = (message) => {
	const name = CMD_NAME[message.code] ?? String(message.code);
	return message.request ? name : name.replace(/R$/, 'A');
};

/** A message as the log shows it. */
export const describe = (message) => ({
	message: commandName(message), app: message.app, ...plain(message.avps),
});

/**
 * One connection to a peer, opened by us and re-opened for ever until close().
 * Events: open, closed, sent(message), received(message), request(message).
 */
export class Peer extends EventEmitter {
	constructor({ name, host, port, localAddress, identity, retry_ms = 50 }) {
		super();
		Object.assign(this, { name, host, port, localAddress, identity, retry_ms });
		this.state = 'closed';
		this.waiting = new Map();
		this.nextId = (Math.random() * 0xffffffff) >>> 0;
	}

	start() {
		this.stopped = false;
		this.socket = net.connect({
			host: this.host, port: this.port, localAddress: this.localAddress });
		this.socket.setNoDelay(true);
		let rest = Buffer.alloc(0);
		this.socket.on('connect', () => this.#exchangeCapabilities());
		this.socket.on('data', (chunk) => { rest = this.#frames(Buffer.concat([rest, chunk])); });
		this.socket.on('error', () => {});
		this.socket.on('close', () => this.#closed());
	}

	#closed() {
		const wasOpen = this.state === 'open';
		this.state = 'closed';
		for (const { reject } of this.waiting.values())
			reject(new Error(`connection to ${this.name} closed`));
		this.waiting.clear();
		if (wasOpen)
			this.emit('closed');
		if (!this.stopped)
			this.timer = setTimeout(() => this.start(), this.retry_ms);
	}

	#frames(buffer) {
		while (buffer.length >= 20) {
			const length = buffer.readUIntBE(1, 3);
			if (length < 20) {
				this.socket.destroy();
				return Buffer.alloc(0);
			}
			if (buffer.length < length)
				break;
			this.#received(decode(buffer.subarray(0, length)));
			buffer = buffer.subarray(length);
		}
		return buffer;
	}

	#received(message) {
		this.emit('received', message);
		if (!message.request) {
			this.waiting.get(message.hbh)?.resolve(message);
			this.waiting.delete(message.hbh);
		} else if (message.code === CMD.DWR || message.code === CMD.DPR) {
			this.answer(message, [avp('Result-Code', 2001)]);
			if (message.code === CMD.DPR)
				this.socket.end();
		} else {
			this.emit('request', message);
		}
	}

	async #exchangeCapabilities() {
		const { host, realm, address, applications } = this.identity;
		const cea = await this.request(CMD.CER, 0, [
			avp('Host-IP-Address', address),
			avp('Vendor-Id', VENDOR_3GPP),
			avp('Product-Name', 'epcscf lab'),
			avp('Supported-Vendor-Id', VENDOR_3GPP),
			...applications.flatMap((app) => app.advertise),
		], { proxiable: false }).catch(() => null);
		if (!cea || get(cea, 'Result-Code') !== 2001) {
			this.socket.destroy();
			return;
		}
		this.remoteHost = get(cea, 'Origin-Host') ?? host;
		this.remoteRealm = get(cea, 'Origin-Realm') ?? realm;
		this.state = 'open';
		this.emit('open');
	}

	#origin() {
		return [avp('Origin-Host', this.identity.host),
			avp('Origin-Realm', this.identity.realm)];
	}

	#write(message) {
		this.emit('sent', message);
		this.socket.write(encode(message));
	}

	/** Sends a request of ours; resolves with the answer. */
	request(code, app, avps, { proxiable = true } = {}) {
		const id = this.nextId = (this.nextId + 1) >>> 0;
		const head = avps[0]?.code === 263 ? [avps[0]] : [];
		const message = { request: true, proxiable, code, app, hbh: id, e2e: id,
			avps: [...head, ...this.#origin(), ...avps.slice(head.length)] };
		return new Promise((resolve, reject) => {
			this.waiting.set(id, { resolve, reject });
			this.#write(message);
		});
	}

	/** Answers a request of the peer. */
	answer(request, avps) {
		const session = get(request, 'Session-Id');
		this.#write({ ...request, request: false, error: false,
			avps: [...(session ? [avp('Session-Id', session)] : []),
				...this.#origin(), ...avps] });
	}

	/** Says good-bye (DPR) and closes. */
	async close() {
		this.stopped = true;
		clearTimeout(this.timer);
		if (this.state === 'open')
			await Promise.race([
				this.request(CMD.DPR, 0, [avp('Disconnect-Cause', 0)],
					{ proxiable: false }).catch(() => {}),
				new Promise((done) => setTimeout(done, 200)),
			]);
		this.socket?.destroy();
	}
}
