// SPDX-License-Identifier: BSD-2-Clause
// The media side of a browser, small enough to be told what to do wrong: one
// UDP socket with ICE (RFC 8445, full, controlling), DTLS (openssl s_client
// behind a relay) and SRTP (RFC 3711, AES_CM_128_HMAC_SHA1_80), each step by
// itself. And strangers, who are sockets.
import { spawn, execFileSync } from 'node:child_process';
import { createCipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import dgram from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const COOKIE = 0x2112a442;
const [REQUEST, SUCCESS] = [0x0001, 0x0101];
const ATTR = { username: 0x0006, integrity: 0x0008, xorMapped: 0x0020, priority: 0x0024, useCandidate: 0x0025, fingerprint: 0x8028, controlling: 0x802a };

const TABLE = Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1; return n >>> 0; });
// zlib has it from Node 20 on only.
function crc32(data) {
	let c = 0xffffffff;
	for (const b of data) c = TABLE[(c ^ b) & 255] ^ (c >>> 8);
	return (c ^ 0xffffffff) >>> 0;
}

/** One attribute, padded. */
export function attribute(type, value = Buffer.alloc(0), length = value.length) {
	const head = Buffer.alloc(4);
	head.writeUInt16BE(type, 0);
	head.writeUInt16BE(length, 2);
	return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

/** A message; with a key also integrity and fingerprint. */
export function stun(type, transaction, attributes, key) {
	let body = Buffer.concat(attributes);
	const head = (more) => {
		const h = Buffer.alloc(8);
		h.writeUInt16BE(type, 0);
		h.writeUInt16BE(body.length + more, 2);
		h.writeUInt32BE(COOKIE, 4);
		return Buffer.concat([h, transaction]);
	};
	if (key !== undefined) {
		body = Buffer.concat([body, attribute(ATTR.integrity, createHmac('sha1', key).update(Buffer.concat([head(24), body])).digest())]);
		const crc = Buffer.alloc(4);
		crc.writeUInt32BE((crc32(Buffer.concat([head(8), body])) ^ 0x5354554e) >>> 0);
		body = Buffer.concat([body, attribute(ATTR.fingerprint, crc)]);
	}
	return Buffer.concat([head(0), body]);
}

const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n >>> 0); return b; };
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

/** A socket that keeps what it gets. */
export class Endpoint {
	static async open(address, port = 0) {
		const e = Object.assign(new this(), { got: [], waiting: [], socket: dgram.createSocket('udp4') });
		e.socket.on('message', (data, from) => e.receive({ data, from, at: Date.now() }));
		await new Promise((done, bad) => { e.socket.once('error', bad); e.socket.bind(port, address, done); });
		Object.assign(e, { address, port: e.socket.address().port });
		return e;
	}

	receive(packet) {
		this.got.push(packet);
		this.waiting = this.waiting.filter((w) => !(w.match(packet) && (w.done(packet), true)));
	}

	/** The next packet that fits, or undefined after ms. */
	next(match = () => true, ms = 2000) {
		return new Promise((done) => {
			const timer = setTimeout(() => { this.waiting = this.waiting.filter((w) => w.done !== end); done(undefined); }, ms);
			const end = (p) => { clearTimeout(timer); done(p); };
			this.waiting.push({ match, done: end });
		});
	}

	send(data, { address, port }) { return new Promise((done) => { this.socket.send(data, port, address, done); }); }
	close() { this.socket.close(); }
}

/** A certificate of its own, as browsers make one for each connection. */
export class Identity {
	constructor() {
		this.dir = mkdtempSync(path.join(tmpdir(), 'wic-'));
		[this.key, this.cert] = ['key.pem', 'cert.pem'].map((f) => path.join(this.dir, f));
		execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', this.key, '-out', this.cert, '-days', '2', '-subj', '/CN=wic'], { stdio: 'ignore' });
		this.fingerprint = execFileSync('openssl', ['x509', '-in', this.cert, '-noout', '-fingerprint', '-sha256'], { encoding: 'utf8' }).trim().split('=')[1];
	}

	remove() { rmSync(this.dir, { recursive: true, force: true }); }
}

// Handshake as a client, through `from`'s socket where there is one: resolves
// with { status, text, srtp } when openssl has said how it went.
export class Dtls {
	// peer: where the server is. relay: an Endpoint whose packets it is (its
	// DTLS must be handed to fed()); without one openssl has a socket of its own.
	static async start({ identity, peer, relay, bind }) {
		const d = Object.assign(new Dtls(), { text: '', peer, relay });
		let to = `${peer.address}:${peer.port}`;
		if (relay) {
			d.local = await Endpoint.open('127.0.0.1');
			d.local.receive = ({ data, from }) => { d.client = from; relay.send(data, peer); };
			to = `127.0.0.1:${d.local.port}`;
		}
		d.child = spawn('openssl', ['s_client', '-dtls1_2', '-connect', to, ...(bind ? ['-bind', bind] : []), '-cert', identity.cert, '-key', identity.key,
			'-use_srtp', 'SRTP_AES128_CM_SHA1_80', '-keymatexport', 'EXTRACTOR-dtls_srtp', '-keymatexportlen', '60', '-msg']);
		for (const out of [d.child.stdout, d.child.stderr]) out.on('data', (x) => { d.text += x; d.look?.(); });
		d.ended = new Promise((done) => { d.child.on('exit', done); });
		d.child.stdin.on('error', () => {});
		return d;
	}

	/** DTLS from the server, where a relay has the socket. */
	fed(data) { if (this.client) this.local.send(data, this.client); }

	/** When its text says so, or never within ms. */
	said(pattern, ms = 4000) {
		return new Promise((done) => {
			const end = (v) => { clearTimeout(timer); this.look = undefined; done(v); };
			const timer = setTimeout(end, ms, null);
			this.look = () => { const m = pattern.exec(this.text); if (m) end(m); };
			this.ended.then(() => end(pattern.exec(this.text)));
			this.look();
		});
	}

	/** The 60 octets of RFC 5764 4.2, or null when there was no handshake. */
	async keys(ms) {
		const m = await this.said(/Keying material: ([0-9A-F]{120})/, ms);
		return m && Buffer.from(m[1], 'hex');
	}

	get alerted() { return /<<<.*Alert|alert (?:bad|unknown|handshake|certificate|decrypt|internal)/i.test(this.text); }

	async end() {
		this.child.kill('SIGKILL');
		await this.ended;
		this.local?.close();
	}
}

/** One direction of SRTP and SRTCP. */
export class Srtp {
	constructor(key, salt) {
		const derive = (label, n) => {
			const iv = Buffer.alloc(16);
			salt.copy(iv);
			iv[7] ^= label;
			return createCipheriv('aes-128-ctr', key, iv).update(Buffer.alloc(n));
		};
		Object.assign(this, { rtp: [derive(0, 16), derive(1, 20), derive(2, 14)], rtcp: [derive(3, 16), derive(4, 20), derive(5, 14)], index: 0 });
	}

	#crypt([key, , salt], ssrc, index, data) {
		const iv = Buffer.alloc(16);
		salt.copy(iv);
		for (let i = 0; i < 4; i++) iv[4 + i] ^= ssrc[i];
		const n = Buffer.alloc(8);
		n.writeBigUInt64BE(BigInt(index));
		for (let i = 2; i < 8; i++) iv[6 + i] ^= n[i];
		return createCipheriv('aes-128-ctr', key, iv).update(data);
	}

	// The rollover counter stays 0: sequence numbers of tests are small.
	protect(packet) {
		const out = Buffer.concat([packet.subarray(0, 12), this.#crypt(this.rtp, packet.subarray(8, 12), packet.readUInt16BE(2), packet.subarray(12))]);
		return Buffer.concat([out, createHmac('sha1', this.rtp[1]).update(out).update(u32(0)).digest().subarray(0, 10)]);
	}

	/** The packet, or undefined when its tag is wrong. */
	unprotect(packet) {
		if (packet.length < 22) return undefined;
		const body = packet.subarray(0, -10), tag = createHmac('sha1', this.rtp[1]).update(body).update(u32(0)).digest().subarray(0, 10);
		if (!timingSafeEqual(tag, packet.subarray(-10))) return undefined;
		return Buffer.concat([body.subarray(0, 12), this.#crypt(this.rtp, body.subarray(8, 12), body.readUInt16BE(2), body.subarray(12))]);
	}

	protectRtcp(packet) {
		const i = ++this.index, e = u32((i | 0x80000000) >>> 0);
		const out = Buffer.concat([packet.subarray(0, 8), this.#crypt(this.rtcp, packet.subarray(4, 8), i, packet.subarray(8)), e]);
		return Buffer.concat([out, createHmac('sha1', this.rtcp[1]).update(out).digest().subarray(0, 10)]);
	}
}

/** A packet of RTP with a payload to recognise. */
export function rtp(payload, { pt = 0, seq = 1, ts = seq * 160, ssrc = 0x1234abcd, marker = 0 } = {}) {
	const h = Buffer.alloc(12);
	h[0] = 0x80;
	h[1] = pt | (marker << 7);
	h.writeUInt16BE(seq & 0xffff, 2);
	h.writeUInt32BE(ts >>> 0, 4);
	h.writeUInt32BE(ssrc >>> 0, 8);
	return Buffer.concat([h, Buffer.isBuffer(payload) ? payload : Buffer.alloc(160, payload)]);
}

export const kind = (data) => (data[0] < 4 ? 'stun' : data[0] >= 20 && data[0] < 64 ? 'dtls' : data[0] >= 128 && data[0] < 192 ? (data[1] >= 192 && data[1] < 224 ? 'rtcp' : 'rtp') : 'other');

export class Wic extends Endpoint {
	static async open(address, port) {
		const w = await super.open(address, port);
		Object.assign(w, { ufrag: randomBytes(3).toString('hex'), pwd: randomBytes(12).toString('hex'), identity: new Identity(), answering: true });
		return w;
	}

	receive(packet) {
		const what = packet.kind = kind(packet.data);
		if (what === 'stun' && packet.data.readUInt16BE(0) === REQUEST && this.answering) this.#answer(packet);
		if (what === 'dtls') this.dtls?.fed(packet.data);
		if (what === 'rtp') packet.plain = this.in?.unprotect(packet.data);
		super.receive(packet);
	}

	#answer({ data, from }) {
		const x = Buffer.alloc(8);
		x[1] = 1;
		x.writeUInt16BE(from.port ^ (COOKIE >>> 16), 2);
		x.writeUInt32BE((Buffer.from(from.address.split('.').map(Number)).readUInt32BE(0) ^ COOKIE) >>> 0, 4);
		this.send(stun(SUCCESS, data.subarray(8, 20), [attribute(ATTR.xorMapped, x)], this.pwd), from);
	}

	/** Its own lines in a browser's offer. */
	write(sdp, { fingerprint = this.identity.fingerprint } = {}) {
		return sdp.replace(/^a=ice-ufrag:.*$/gm, `a=ice-ufrag:${this.ufrag}`).replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${this.pwd}`)
			.replace(/^a=fingerprint:.*$/gm, `a=fingerprint:sha-256 ${fingerprint}`).replace(/^a=candidate:.*\r\n/gm, '')
			.replace(/^(m=audio) \d+/gm, `$1 ${this.port}`).replace(/^c=IN.*$/gm, `c=IN IP4 ${this.address}`)
			.replace(/^a=ice-ufrag/gm, `a=candidate:1 1 udp 2122260223 ${this.address} ${this.port} typ host\r\na=ice-ufrag`);
	}

	/** What the gateway said of itself. */
	read(sdp) {
		const one = (name) => new RegExp(`^a=${name}:(.*?)\\r?$`, 'm').exec(sdp)?.[1];
		const [, , , , address, port] = one('candidate').split(' ');
		this.peer = { address, port: Number(port), ufrag: one('ice-ufrag'), pwd: one('ice-pwd'), fingerprint: one('fingerprint')?.split(' ')[1], setup: one('setup') };
		return this.peer;
	}

	check(nominate, from = this, { ufrag = this.ufrag, pwd = this.peer.pwd } = {}) {
		const id = randomBytes(12);
		const answer = from.next(({ data }) => data.length >= 20 && data.readUInt16BE(0) === SUCCESS && data.subarray(8, 20).equals(id), 500);
		from.send(stun(REQUEST, id, [attribute(ATTR.username, Buffer.from(`${this.peer.ufrag}:${ufrag}`)), attribute(ATTR.priority, u32(1853824767)),
			attribute(ATTR.controlling, Buffer.alloc(8, 255)), ...(nominate ? [attribute(ATTR.useCandidate)] : [])], pwd), this.peer);
		return answer;
	}

	/** Checks until the gateway answers a nomination. */
	async ice() {
		for (const end = Date.now() + 5000; Date.now() < end; await sleep(50))
			if (await this.check(false) && await this.check(true)) return true;
		return false;
	}

	/** The handshake; the keys of it, or null. */
	async secure({ identity = this.identity, ms } = {}) {
		this.dtls = await Dtls.start({ identity, peer: this.peer, relay: this });
		const k = await this.dtls.keys(ms);
		if (!k) return null;
		[this.out, this.in] = [new Srtp(k.subarray(0, 16), k.subarray(32, 46)), new Srtp(k.subarray(16, 32), k.subarray(46, 60))];
		return k;
	}

	talk(packet) { return this.send(this.out.protect(packet), this.peer); }
	/** A packet of the far side with this payload octet, decrypted. */
	hears(octet, ms) { return this.next((p) => p.plain?.[12] === octet, ms); }

	async close() {
		await this.dtls?.end();
		this.identity.remove();
		super.close();
	}
}
