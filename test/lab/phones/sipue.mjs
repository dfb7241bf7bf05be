// SPDX-License-Identifier: BSD-2-Clause
// A scripted SIP phone over UDP for tests: registers, calls, is called, sends
// what no proper phone would.
//
//   const carol = await SipUe.open({ address: '127.0.0.20', user: lab.users.carol, lab });
//   await carol.register();
//   const call = await carol.call('sip:dave@home1.net');
//   await call.bye();
import dgram from 'node:dgram';
import { EventEmitter } from 'node:events';
import { opcFromOp } from '../hss/milenage.mjs';
import { Message, authorize, compose, random } from './sipmessage.mjs';

const T1_ms = 500;
const FINAL_ms = 12000;

/** An SDP with one PCMU stream that nobody sends to. */
export const sdpOf = (address, port = 6000) => ['v=0', `o=- 1 1 IN IP4 ${address}`, 's=-',
	`c=IN IP4 ${address}`, 't=0 0', `m=audio ${port} RTP/AVP 0`, 'a=rtpmap:0 PCMU/8000', '']
	.join('\r\n');

function akaOf({ k, op, opc }) {
	const key = Buffer.from(k, 'hex');
	return { k: key, sqn: Buffer.alloc(6),
		opc: opc ? Buffer.from(opc, 'hex') : opcFromOp(key, Buffer.from(op, 'hex')) };
}

export class SipUe extends EventEmitter {
	/** Opens the socket. The proxy is the lab's P-CSCF unless given. */
	static async open({ address, port = 5060, user, lab, proxy }) {
		const ue = new SipUe();
		const node = lab.nodes.pcscf;
		Object.assign(ue, { address, port, user, domain: lab.domain, answered: new Map(),
			proxy: proxy ?? { address: node.address, port: node.sip }, waiting: new Map(),
			trace: [], callId: random(8), cseq: 0, fromTag: random(4), inDialog: new Map() });
		ue.aor = user?.impus.find((impu) => impu.startsWith('sip:'));
		ue.aka = user?.aka && akaOf(user.aka);
		ue.socket = dgram.createSocket('udp4');
		ue.socket.on('message', (data) => ue.#received(data.toString('utf8')));
		await new Promise((resolve, reject) => {
			ue.socket.once('error', reject);
			ue.socket.bind(port, address, resolve);
		});
		return ue;
	}

	/** Closes the socket; what still waits for a response fails. */
	close() {
		for (const { abort } of this.waiting.values())
			abort(new Error(`${this.aor}: closed`));
		this.socket.close();
	}

	get contact() { return `<sip:${this.user?.impi.split('@')[0] ?? 'ue'}@${this.address}:${this.port}>`; }

	send(text, to = this.proxy) {
		this.trace.push({ out: true, text });
		this.socket.send(Buffer.from(text), to.port, to.address);
	}

	#received(text) {
		if (!text.trim())
			return;
		this.trace.push({ out: false, text });
		const message = Message.parse(text);
		if (!message.request) {
			this.waiting.get(`${message.branch} ${message.cseqMethod}`)?.response(message);
			return;
		}
		const key = `${message.branch} ${message.method}`;
		if (this.answered.has(key))
			this.send(this.answered.get(key));
		else
			this.#serve(message, key);
	}

	#serve(message, key) {
		if (message.method !== 'ACK')
			this.answered.set(key, this.#replyText(message, 100, 'Trying'));
		if (message.method === 'BYE' || message.method === 'CANCEL')
			this.reply(message, 200, 'OK');
		this.emit(message.method, message);
		this.emit('request', message);
	}

	#replyText(request, status, reason, headers = [], body = '') {
		const to = request.header('To');
		this.inDialog.set(request.header('Call-ID'),
			this.inDialog.get(request.header('Call-ID')) ?? random(4));
		const tag = status > 100 && !request.tag('To')
			? `;tag=${this.inDialog.get(request.header('Call-ID'))}` : '';
		return compose(`SIP/2.0 ${status} ${reason}`, [
			...request.all('Via').map((v) => ['Via', v]),
			...request.all('Record-Route').map((v) => ['Record-Route', v]),
			['From', request.header('From')], ['To', `${to}${tag}`],
			['Call-ID', request.header('Call-ID')], ['CSeq', request.header('CSeq')],
			...headers], body);
	}

	/** Answers a request; retransmissions of it get the same again. */
	reply(request, status, reason, headers, body) {
		const text = this.#replyText(request, status, reason, headers, body);
		this.answered.set(`${request.branch} ${request.method}`, text);
		this.send(text);
	}

	/** Waits for a request of this method. */
	next(method, limit_ms = 5000) {
		return new Promise((resolve, reject) => {
			const got = (message) => { clearTimeout(timer); resolve(message); };
			const timer = setTimeout(() => {
				this.off(method, got);
				reject(new Error(`${this.aor}: no ${method} in ${limit_ms} ms`));
			}, limit_ms);
			this.once(method, got);
		});
	}

	/** Answers the next INVITE with 180 and 200; resolves with the INVITE. */
	async answer({ status = 200, reason = 'OK' } = {}) {
		const invite = await this.next('INVITE');
		this.reply(invite, 180, 'Ringing', [['Contact', this.contact]]);
		this.reply(invite, status, reason,
			[['Contact', this.contact], ['Content-Type', 'application/sdp']],
			status === 200 ? sdpOf(this.address) : '');
		return invite;
	}

	/** Sends a request, retransmits it, resolves with the final response. */
	transact(method, uri, headers, { body, to, branch = `z9hG4bK${random()}`, cseq } = {}) {
		const text = compose(`${method} ${uri} SIP/2.0`, [
			['Via', `SIP/2.0/UDP ${this.address}:${this.port};branch=${branch};rport`],
			['Max-Forwards', '70'], ...headers,
			['CSeq', `${cseq ?? ++this.cseq} ${method}`]], body);
		const key = `${branch} ${method}`;
		return new Promise((resolve, reject) => {
			const again = setInterval(() => this.send(text, to), T1_ms);
			const end = () => {
				clearInterval(again);
				clearTimeout(limit);
				this.waiting.delete(key);
			};
			const abort = (error) => { end(); reject(error); };
			const limit = setTimeout(() => abort(
				new Error(`${method} ${uri}: no final response`)), FINAL_ms);
			const response = (message) => {
				clearInterval(again);
				if (message.status < 200)
					return;
				end();
				message.sent = { branch, headers, uri, cseq: this.cseq };
				resolve(message);
			};
			this.waiting.set(key, { response, abort });
			this.send(text, to);
		});
	}

	/** One REGISTER with exactly these further headers. */
	registerOnce(headers = [], { expires = 600, to, aor = this.aor } = {}) {
		return this.transact('REGISTER', `sip:${this.domain}`, [
			['From', `<${aor}>;tag=${this.fromTag}`], ['To', `<${aor}>`],
			['Call-ID', this.callId], ['Contact', this.contact],
			['Expires', String(expires)], ['Supported', 'path'], ...headers], { to });
	}

	/**
	 * Registers with the answers to the challenges; resolves with the last
	 * response. With `protection` set it plays the P-CSCF too and says so.
	 */
	async register({ expires = 600, password = this.user.password, headers = [] } = {}) {
		const uri = `sip:${this.domain}`;
		const more = this.protection ? `, integrity-protected="${this.protection}"` : '';
		let response = await this.registerOnce([['Authorization',
			`Digest username="${this.user.impi}", realm="${this.domain}", nonce="", `
			+ `uri="${uri}", response=""${more}`], ...headers], { expires });
		this.challenges = 0;
		// Two: AKA may need a resynchronisation before.
		while (response.status === 401 && ++this.challenges <= 2) {
			const credentials = { username: this.user.impi, password, aka: this.aka };
			response = await this.registerOnce([['Authorization',
				authorize(response.header('WWW-Authenticate'), credentials,
					{ method: 'REGISTER', uri }) + more], ...headers], { expires });
		}
		return response;
	}

	/** Calls; resolves with the answered call, or with the refusal. */
	async call(target, { headers = [] } = {}) {
		const callId = random(8);
		const from = `<${this.aor}>;tag=${random(4)}`;
		const response = await this.transact('INVITE', target, [
			['From', from], ['To', `<${target}>`], ['Call-ID', callId],
			['Contact', this.contact], ['Content-Type', 'application/sdp'], ...headers],
		{ body: sdpOf(this.address) });
		const call = new Call(this, { callId, from, response, target });
		call.ack();
		return call;
	}

	/** Sends a MESSAGE; resolves with the response. */
	message(target, text, headers = []) {
		return this.transact('MESSAGE', target, [
			['From', `<${this.aor}>;tag=${random(4)}`], ['To', `<${target}>`],
			['Call-ID', random(8)], ['Content-Type', 'text/plain'], ...headers], { body: text });
	}
}

/** A call we made, after its final response. */
class Call {
	constructor(ue, { callId, from, response, target }) {
		Object.assign(this, { ue, callId, from, response, target, status: response.status });
		this.to = response.header('To');
		this.routes = response.addresses('Record-Route').reverse();
		this.remote = /<([^>]+)>/.exec(response.header('Contact') ?? '')?.[1] ?? target;
	}

	#headers() {
		return [['From', this.from], ['To', this.to], ['Call-ID', this.callId],
			...this.routes.map((route) => ['Route', route])];
	}

	/** Of a 2xx: to the remote target along the routes; else hop by hop. */
	ack() {
		const { branch, uri, cseq } = this.response.sent;
		const good = this.status < 300;
		const via = `SIP/2.0/UDP ${this.ue.address}:${this.ue.port};rport;branch=`;
		this.ue.send(compose(`ACK ${good ? this.remote : uri} SIP/2.0`, [
			['Via', via + (good ? `z9hG4bK${random()}` : branch)], ['Max-Forwards', '70'],
			...(good ? this.#headers() : this.#headers().slice(0, 3)),
			['CSeq', `${cseq} ACK`]]));
	}

	bye() { return this.ue.transact('BYE', this.remote, this.#headers()); }
}
