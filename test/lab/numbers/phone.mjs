// SPDX-License-Identifier: BSD-2-Clause
/**
 * A scripted IMS phone for tests: SIP over UDP through an outbound proxy,
 * Digest registration, G.711, telephone events, and ears.
 *
 *   const phone = await Phone.start({ host: '127.0.0.1', proxy: { host, port }, domain: 'home1.net',
 *       impu: 'sip:bob@home1.net', impi: 'bob_private@home1.net', password: '…' });
 *   await phone.register();
 *   const call = await phone.call('sip:600@home1.net', { tone_hz: 1000 });
 *   const { rms, dominant_hz, packets_n } = await call.listen(1000);
 *   await call.hangup();
 *   await phone.stop();
 *
 * `methods` takes over requests outside a dialog, `dialogs` (by Call-ID, with
 * receive(request, tx)) those within one that is no call; see services/.
 * `config.Call`: another kind of call, as phones/mediaphone.mjs has it.
 */
import { Call } from './call.mjs';
import { answerChallenge, emptyAuthorization, parseChallenge } from './digest.mjs';
import { Endpoint, SipError } from './endpoint.mjs';
import { Message, parseAddress, token } from './message.mjs';

const RETRY_MS = 2000;

export class Phone {
	static async start(config) {
		const phone = new Phone();
		Object.assign(phone, { config, impu: config.impu, calls: new Map(), serviceRoutes: [], waiting: [],
			allow: 'INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, MESSAGE, NOTIFY', registered: false,
			messages: [], methods: {}, Call: config.Call ?? Call, dialogs: new Map(), registerCallId: token(), registerCseq: 0 });
		phone.endpoint = new Endpoint(config);
		phone.endpoint.on('request', (request, tx) => phone.receive(request, tx));
		phone.endpoint.on('ack', (ack) => phone.calls.get(ack.get('Call-ID'))?.acknowledged(ack));
		phone.endpoint.on('stray', (ok) => phone.calls.get(ok.get('Call-ID'))?.sendAck(ok));
		await phone.endpoint.start();
		return phone;
	}

	get contact() {
		return `<sip:${parseAddress(this.impu).uri.replace(/^sip:([^@]*).*/, '$1')}@${this.endpoint.sentBy}>`;
	}

	// In calls, with the features of the other end (RFC 3840), as `;isfocus`.
	get callContact() { return this.contact + (this.config.features ?? ''); }

	// The way out of a registered UE: P-CSCF, then what the core asked for.
	initialRoutes() {
		if (!this.config.proxy || !this.serviceRoutes.length) return [];
		const { host, port = 5060 } = this.config.proxy;
		return [`<sip:${host}:${port};lr>`, ...this.serviceRoutes];
	}

	makeRegister(expires_s, authorization) {
		const { domain } = this.config;
		return new Message(`REGISTER sip:${domain} SIP/2.0`).add('Max-Forwards', '70')
			.add('From', `<${this.impu}>;tag=${token()}`).add('To', `<${this.impu}>`)
			.add('Call-ID', this.registerCallId).add('CSeq', `${++this.registerCseq} REGISTER`)
			.add('Contact', `${this.contact};expires=${expires_s}`).add('Expires', String(expires_s))
			.add('Authorization', authorization).add('Supported', 'path').add('Allow', this.allow)
			.add('User-Agent', 'epcscf lab phone');
	}

	// Throws a SipError when refused.
	async register(expires_s = this.config.expires_s ?? 600) {
		const { domain, impi, password } = this.config;
		const uri = `sip:${domain}`;
		let response = await this.endpoint.request(
			this.makeRegister(expires_s, emptyAuthorization(impi, domain, uri)));
		if (response.status === 401) {
			const challenge = response.all('WWW-Authenticate').map(parseChallenge).find(Boolean);
			if (!challenge) throw new SipError(401, 'no Digest challenge', response);
			response = await this.endpoint.request(this.makeRegister(expires_s,
				answerChallenge(challenge, { method: 'REGISTER', uri, impi, password })));
		}
		if (response.status >= 300) throw new SipError(response.status, response.reason, response);
		this.registered = expires_s > 0;
		this.serviceRoutes = response.all('Service-Route');
		this.associated = response.all('P-Associated-URI').map((v) => parseAddress(v).uri);
		const contact = response.all('Contact').map(parseAddress)
			.find((c) => c.uri.includes(this.endpoint.sentBy));
		this.expires_s = Number(contact?.params.expires ?? response.get('Expires') ?? expires_s);
		return response;
	}

	unregister() {
		return this.register(0);
	}

	// Registers now and again before it ends, for ever; told(event, detail).
	async stayRegistered(told = () => {}) {
		while (this.endpoint.socket) {
			let next_ms = RETRY_MS;
			try {
				await this.register();
				told('registered', `${this.expires_s} s`);
				next_ms = Math.max(1, this.expires_s / 2) * 1000;
			} catch (error) {
				told('register-failed', error.message);
			}
			await new Promise((done) => { this.endpoint.later(next_ms, done); });
		}
	}

	call(target, options) {
		return this.Call.dial(this, target, options);
	}

	// A request outside a dialog. Throws a SipError when refused.
	async send(method, target, { headers = {}, body = '' } = {}) {
		const request = new Message(`${method} ${target} SIP/2.0`);
		request.add('Max-Forwards', '70').add('Route', ...this.initialRoutes())
			.add('From', `<${this.impu}>;tag=${token()}`).add('To', `<${target}>`)
			.add('Call-ID', `${token()}@${this.endpoint.host}`).add('CSeq', `1 ${method}`)
			.add('P-Preferred-Identity', `<${this.impu}>`).add('User-Agent', 'epcscf lab phone');
		for (const [name, value] of Object.entries(headers)) request.add(name, value);
		request.body = body;
		const response = await this.endpoint.request(request);
		if (response.status >= 300) throw new SipError(response.status, response.reason, response);
		return response;
	}

	// The next call that comes in; rings at once.
	nextCall() {
		return new Promise((done) => { this.waiting.push(done); });
	}

	receive(request, tx) {
		const call = request.toTag && (this.calls.get(request.get('Call-ID')) ?? this.dialogs.get(request.get('Call-ID')));
		if (call) return call.receive(request, tx);
		if (request.toTag) return tx.respond(481, 'Call/Transaction Does Not Exist');
		const required = request.all('Require').filter((tag) => tag !== 'timer');
		if (required.length) {
			return tx.respond(420, 'Bad Extension', { toTag: token(),
				change: (response) => response.add('Unsupported', required.join(', ')) });
		}
		if (this.methods[request.method]) return this.methods[request.method](request, tx);
		switch (request.method) {
			case 'INVITE': return this.receiveInvite(request, tx);
			case 'OPTIONS': return tx.respond(200, 'OK', { toTag: token(),
				change: (response) => response.add('Allow', this.allow).add('Accept', 'application/sdp') });
			case 'MESSAGE':
				this.messages.push(request);
				return tx.respond(200, 'OK', { toTag: token() });
			default: return tx.respond(405, 'Method Not Allowed', { toTag: token(),
				change: (response) => response.add('Allow', this.allow) });
		}
	}

	receiveInvite(request, tx) {
		const call = this.Call.incoming(this, request, tx);
		const taker = this.onCall ?? this.waiting.shift();
		if (!taker) return call.reject(480, 'Temporarily Unavailable');
		call.ring();
		return taker(call);
	}

	async stop() {
		await Promise.race([Promise.all([...this.calls.values()].map((call) => call.hangup())),
			new Promise((done) => { setTimeout(done, 500).unref(); })]);
		this.endpoint.stop();
	}
}
