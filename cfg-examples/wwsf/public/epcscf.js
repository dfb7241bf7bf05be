// SPDX-License-Identifier: BSD-2-Clause
/**
 * epcscf.js: a page's line into IMS over an eP-CSCF. README.md has the manual.
 *
 *   import { connect } from './epcscf.js';          // or window.epcscf.connect
 *   const line = await connect();
 *   line.on('status', ({ text }) => …);             // always in words
 *   line.on('incoming', (call) => call.answer());
 *   const call = line.call('600');
 *
 * The token comes from the page's own server (POST /token), stays in this
 * module's memory, and goes as `Authorization: Bearer` into every SIP request
 * (TS 24.371 7.2.1). It is never in a URL, a log, an event or a storage.
 */
import JsSIP from './jssip.js';
import { Emitter, LineError, instanceId, retryAfter_s, sleep } from './epcscf-base.js';
import { Call } from './epcscf-call.js';
import { BearerSocket, diagnose } from './epcscf-socket.js';
import { Services, Subscription } from './epcscf-services.js';

const DEFAULTS = {
	token: fetchToken,       // async ({fresh}) => {access_token, expires_in, impu, …}
	plmn: undefined,         // MCC and MNC in digits, where the page knows them: which eP-CSCF to use
	digest: undefined,       // {impi, password, impu, url}: SIP Digest in place of a token
	probe: '/probe',         // what the web server sees of the eP-CSCF; '' = do not ask
	audio: true,             // getUserMedia's audio constraints; RAW_AUDIO = no processing
	audioElement: undefined, // where the other side is heard; default: one of our own
	video: false,            // the camera is sent: true, or getUserMedia's video constraints
	videoElement: undefined, // where the other side is seen
	stream: undefined,       // own tracks (any number) in place of microphone and camera
	bundlePolicy: undefined, // RTCPeerConnection's; default: the browser's
	gathering: 'first',      // 'all' candidates, the 'first' of each transport, or 'none': they follow
	iceServers: [],
	iceWait_ms: 20,          // how long further candidates may come after the first
	expires_s: 600,          // of the registration; the eP-CSCF may shorten it
	identity: undefined,     // which IMPU of the token to use; default: its first sip:
	pcConfig: {},
};

export const RAW_AUDIO = {
	echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/**
 * Close codes of the eP-CSCF (docs/w2.md lists them with their causes) and what
 * follows: 'renew' = once with another token, 'wait' = later, 'stop' = for good;
 * banned: another try is of no use, whoever makes it.
 */
export const CLOSE_CODES = {
	4001: { then: 'renew', text: 'the token was not accepted' },
	4002: { then: 'stop', banned: true, text: 'this identity may not be used here' },
	4003: { then: 'stop', banned: true, text: 'access was revoked' },
	4004: { then: 'stop', banned: true, text: 'this web page is not allowed at this server' },
	4005: { then: 'stop', banned: true, text: 'the token does not allow IMS access' },
	4006: { then: 'wait', text: 'too many failed tries', wait_s: 60 },
	4401: { then: 'renew', text: 'the registration ended' },
	4403: { then: 'stop', banned: true, text: 'the line was closed by the operator' },
	4408: { then: 'wait', text: 'the line was lost', wait_s: 5 },
	4409: { then: 'stop', text: 'this line was opened again elsewhere' },
};

const RETRY_MAX_S = 60;
// A token that ends sooner is not worth a registration: the eP-CSCF may refuse it.
const TOKEN_MIN_S = 60;
// A refused token's close frame comes right behind the 401: let it arrive first.
const CLOSE_GRACE_S = 1;
const REGISTER_WAIT_S = 5;
const now_s = () => Date.now() / 1000;

export { diagnose, Call, LineError };

/** The default token source: the page's own server, same origin, by POST. */
export async function fetchToken({ fresh, plmn }) {
	const answer = await fetch('/token', {
		method: 'POST', credentials: 'same-origin', cache: 'no-store',
		headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ fresh, plmn }),
	});
	const body = await answer.json().catch(() => ({}));
	if (answer.status === 401) {
		throw new LineError('signed_out', 'please sign in', { signIn: body.sign_in });
	}
	if (!answer.ok) {
		throw new LineError('no_token', body.error === 'pool_empty'
			? `all guest lines are in use, the next may be free in ${body.retry_after_s} s` : 'the web server got no token');
	}
	return body;
}

export class Line extends Emitter {
	#token; #ua; #socket; #services; #options; #timer; #renewing; #stopped = false;
	#rejected; #rejections = 0; #refusedAt_s = 0; #failures = 0; #notBefore_s = 0;
	#asked = {}; #bound; #until_s = 0; #endTimer; #ending;
	#wake = () => this.#renewIfDue();

	constructor(options, token, instance) {
		super();
		this.#options = options;
		this.#token = token;
		this.state = 'connecting';
		this.currentCall = undefined;
		this.impi = token.impi;
		this.name = token.name;
		this.identity = options.identity ?? token.impu.find((impu) => /^sips?:/.test(impu));
		this.domain = token.domain ?? this.identity.split('@')[1];
		this.#begin(options.url ?? token.epcscf, instance);
	}

	get registered() { return this.state === 'registered'; }

	/** Seconds the token still lives, for people and tests. */
	get tokenLeft_s() { return this.#token.ends_s - now_s(); }

	#begin(url, instance) {
		this.url = url;
		this.#socket = new BearerSocket(url, {
			credentials: (text) => (this.#options.digest ? this.#nameFor(text) : `Bearer ${this.#tokenFor(text)}`),
			received: (text, octets) => { this.#sniff(text); this.#services.received(octets); },
			closed: (opened, code, reason) => this.#closed(opened, code, reason),
		});
		const words = instance.replaceAll('-', '');
		this.#ua = new JsSIP.UA({
			sockets: [this.#socket], uri: this.identity, display_name: this.name ?? '',
			contact_uri: `sip:${words.slice(0, 10)}@${words.slice(10, 22)}.invalid;transport=ws`,
			instance_id: instance, register: false, register_expires: this.#options.expires_s,
			connection_recovery_min_interval: 1, connection_recovery_max_interval: 30,
			user_agent: 'epcscf.js', session_timers: this.#options.sessionTimers ?? true,
			...(this.#options.digest && { authorization_user: this.impi, password: this.#options.digest.password }),
		});
		this.#services = new Services(this, this.#ua, this.#socket);
		this.#ua.on('connected', () => this.#connected());
		this.#ua.on('registrationFailed', (e) => this.#refused(e.response, e.cause));
		this.#ua.on('registrationExpiring', () => this.#refresh());
		this.#ua.on('newRTCSession', (e) => { if (e.originator === 'remote') this.#incoming(e.session, e.request); });
		addEventListener('online', this.#wake);
		document.addEventListener('visibilitychange', this.#wake);
		this.#schedule();
		// Later, so that the page can listen first.
		setTimeout(() => { if (!this.#stopped) this.#ua.start(); }, 0);
		this.#status('connecting', `connecting to ${new URL(url).host}`);
	}

	// REGISTER brings the newest token. Until its 200 everything else has the one
	// that the connection is registered with, as long as that lives: an opaque
	// token that the eP-CSCF has not seen is of no use outside a REGISTER.
	#tokenFor(text) {
		if (text.startsWith('REGISTER ')) {
			this.#asked = { cseq: /\r\nCSeq:\s*(\d+)/i.exec(text)?.[1], token: this.#token };
			return this.#token.access_token;
		}
		return (this.#bound?.ends_s > now_s() ? this.#bound : this.#token).access_token;
	}

	// Who asks for a challenge says as whom (TS 24.229 5.1.1.2): the S-CSCF could
	// guess only an IMPI that is written like the IMPU.
	#nameFor(text) {
		if (!text.startsWith('REGISTER ') || /\r\nAuthorization:/i.test(text)) return undefined;
		return `Digest username="${this.impi}", realm="${this.domain}", nonce="", uri="sip:${this.domain}", response=""`;
	}

	#status(state, text, more = {}) {
		const was = this.state;
		this.state = state;
		this.emit('status', { state, text, ...more });
		if (was === 'registered' && state !== 'registered') this.emit('unregistered', { text });
	}

	#connected() {
		this.#refusedAt_s = 0;
		this.#status('registering', 'connected, registering');
		this.#refresh();
	}

	#refresh() {
		if (this.tokenLeft_s < Math.min(TOKEN_MIN_S, this.#token.expires_in / 2)) this.renew().catch(() => {});
		else this.#register();
	}

	#register() {
		if (!this.#stopped && this.#socket.open) this.#ua.registrator().register();
	}

	// JsSIP tells only the first success; renewals are seen in the 200 itself.
	#sniff(data) {
		const [, cseq] = /^SIP\/2\.0 200 [^]*?\r\nCSeq:\s*(\d+)\s+REGISTER\r\n/i.exec(data) ?? [];
		if (!cseq) return;
		if (cseq === this.#asked.cseq) this.#bound = this.#asked.token;
		this.#until_s = now_s() + Number(/\r\nContact:[^\r]*;expires=(\d+)/i.exec(data)?.[1] ?? this.#options.expires_s);
		this.#failures = 0;
		this.#rejections = 0;
		const first = !this.registered;
		queueMicrotask(() => {
			if (this.#stopped) return;
			if (first) this.#status('registered', `registered as ${this.identity}`);
			this.emit(first ? 'registered' : 'renewed', { identity: this.identity });
		});
	}

	#refused(response, cause) {
		const code = response?.status_code;
		if (this.#stopped || !this.#ua.isConnected()) return;
		if (this.#options.digest && [401, 403, 407].includes(code)) {
			this.#endSoon(`the network did not accept identity and password (${code})`, code, { why: 'password' });
		} else if (code === 401 || code === 407) {
			this.#refusedAt_s = now_s();
			this.#tokenRejected(`registration refused (${code})`);
		} else if (code >= 400 && code < 500 && ![408, 423, 430, 480].includes(code)) {
			// A close frame that follows tells the cause better than the status.
			this.#endSoon(`registration refused (${code} ${response.reason_phrase})`, code);
		} else {
			const wait_s = retryAfter_s(response) ?? Math.min(RETRY_MAX_S, 2 ** this.#failures++);
			const text = `registration failed (${code ?? cause}), next try in ${wait_s} s`;
			// A refresh that has to wait leaves the registration as it was.
			if (this.registered && this.#until_s > now_s() + wait_s) this.emit('log', { text });
			else this.#status('waiting', text, { code, why: 'network' });
			setTimeout(() => this.#register(), wait_s * 1000);
		}
	}

	// Where the other side is closing, its close event is on its way and decides.
	#endSoon(text, code, more) {
		clearTimeout(this.#endTimer);
		this.#ending = () => this.#end(text, code, more);
		this.#endTimer = setTimeout(() => { if (!this.#socket.closing) this.#ending?.(); }, CLOSE_GRACE_S * 1000);
	}

	#endNot() {
		clearTimeout(this.#endTimer);
		this.#ending = undefined;
	}

	// The second token refused in a row ends it.
	#tokenRejected(text, code) {
		const token = this.#token.access_token;
		if (token === this.#rejected) return;
		this.#rejected = token;
		if (++this.#rejections > 1) this.#endSoon(text, code, { why: 'token' });
		else {
			this.#status('registering', `${text}, asking for another token`, { code, why: 'token' });
			this.renew().catch(() => {});
		}
	}

	async #closed(opened, code, reason) {
		if (this.#stopped) return;
		const known = CLOSE_CODES[code];
		const text = known?.text ?? `connection closed (${code}${reason ? ` ${reason}` : ''})`;
		if (known?.then === 'wait') this.#endNot();
		if (known?.then === 'stop' || (!known && code >= 4000)) this.#end(text, code, { why: known?.banned ? 'banned' : 'closed' });
		// Behind a 401 on this connection it speaks of the same token.
		else if (known?.then === 'renew' && this.#rejections > 1) this.#end(text, code, { why: 'token' });
		else if (known?.then === 'renew' && !this.#refusedAt_s && !this.#options.digest) this.#tokenRejected(text, code);
		else if (known?.then === 'wait') {
			// Past the socket's own recovery, which would come back at once.
			this.#notBefore_s = now_s() + known.wait_s;
			this.#status('waiting', `${text}, next try in ${known.wait_s} s`, { code, why: 'wait' });
			setTimeout(() => this.#ua.transport.disconnect(), 0);
			setTimeout(() => { if (!this.#stopped) this.#ua.transport.connect(); }, known.wait_s * 1000);
		} else if (this.#ending) this.#ending();
		else if (opened) this.#status('waiting', `${text}, connecting again`, { code, why: 'network' });
		else {
			this.#status('waiting', 'no connection, looking for the reason', { code, why: 'network' });
			const found = await diagnose(this.url, this.#options.probe);
			if (!this.#stopped && !this.#ua.isConnected()) this.#status('waiting', found.text, { code: found.code, why: 'network' });
		}
	}

	#schedule() {
		const { ends_s, expires_in } = this.#token;
		const early_s = Math.min(60, Math.max(2, expires_in * 0.2));
		this.#token.renewAt_s = ends_s - early_s;
		clearTimeout(this.#timer);
		// A timer's span ends at 2^31 ms; no token needs more than a day.
		const wait_s = Math.min(86400, Math.max(1, this.#token.renewAt_s - now_s()));
		this.#timer = setTimeout(this.#wake, wait_s * 1000);
	}

	// Also after a sleep, when timers come late and the recovery is asleep too.
	#renewIfDue() {
		if (this.#stopped) return;
		if (!this.#ua.isConnected() && now_s() >= this.#notBefore_s) this.#ua.transport.connect();
		if (now_s() >= this.#token.renewAt_s) this.renew().catch(() => {});
		else this.#schedule();
	}

	/** Another token, and a registration with it on the same socket. Calls go on. */
	renew() {
		if (this.#options.digest) return Promise.resolve(this.#register());
		this.#renewing ??= this.#renewOnce().finally(() => { this.#renewing = undefined; });
		return this.#renewing;
	}

	async #renewOnce() {
		for (let tries = 0; !this.#stopped; tries++) {
			try {
				const token = take(await this.#options.token({ fresh: true, plmn: this.#options.plmn }));
				if (token.impi !== this.impi) {
					throw new LineError('signed_out', 'somebody else signed in', { signIn: '/login' });
				}
				this.#token = token;
				this.#schedule();
				await sleep(Math.max(0, this.#refusedAt_s + CLOSE_GRACE_S - now_s()));
				this.#register();
				return;
			} catch (error) {
				if (error.code === 'signed_out') {
					this.#end(error.message, error.code, { signIn: error.signIn, why: 'signed_out' });
					throw error;
				}
				const text = `no new token yet (${error.message})`;
				if (this.registered && this.tokenLeft_s <= 0) this.#status('registering', `the registration ended: ${text}`);
				else this.emit('log', { text });
				await sleep(Math.min(10, 2 ** tries));
			}
		}
	}

	/** renew(), and the answer to its REGISTER: true if that was 200. */
	async renewed() {
		const answer = new Promise((done) => {
			const ends = ['renewed', 'registered'].map((name) => this.on(name, () => done(true)));
			ends.push(this.on('status', ({ state }) => { if (state === 'stopped') done(false); }));
			setTimeout(() => { done(false); for (const end of ends) end(); }, REGISTER_WAIT_S * 1000);
		});
		return await this.renew().then(() => true, () => false) && answer;
	}

	#end(text, code, more = {}) {
		if (this.#stopped) return;
		this.#stopped = true;
		clearTimeout(this.#timer);
		this.#endNot();
		removeEventListener('online', this.#wake);
		document.removeEventListener('visibilitychange', this.#wake);
		this.#status('stopped', text, { code, ...more });
		// Later: the socket may be in the middle of its close event.
		setTimeout(() => {
			this.#ua.stop();
			if (!this.#ua.isConnected()) this.#ua.transport.disconnect();
		}, 0);
	}

	/** Constraints for the microphone of calls to come. */
	setAudio(audio) { this.#options.audio = audio; }

	/** Hangs up, unregisters, closes. */
	stop() { this.#end('signed off'); }

	/** '600' and '+4930…' are numbers of the home domain; 'a@b' and sip: URIs are taken as they are. */
	target(text) {
		const plain = text.trim();
		if (/^(sips?|tel|urn):/i.test(plain)) return plain;
		if (plain.includes('@')) return `sip:${plain}`;
		const number = /^[+\d][\d\s().-]*$/.test(plain) ? plain.replace(/[\s().-]/g, '') : plain;
		const user = encodeURIComponent(number).replaceAll('%2B', '+');
		return `sip:${user}@${this.domain}${number.startsWith('+') ? ';user=phone' : ''}`;
	}

	/** Options of connect() may be given for this call alone. */
	call(number, options = {}) {
		if (this.currentCall) throw new LineError('busy', 'there is a call already');
		if (!this.registered) throw new LineError('not_registered', 'not registered');
		const call = new Call(this, 'out', this.target(number), number);
		call.dial(this.#ua, { ...this.#options, ...options });
		return this.#follow(call);
	}

	#incoming(session, invite) {
		if (this.currentCall) return void session.terminate({ status_code: 486 });
		const from = session.remote_identity;
		const call = new Call(this, 'in', from.uri.toString(), from.display_name || from.uri.user);
		call.invite = invite;
		call.adopt(session, { ...this.#options });
		this.#follow(call);
		this.emit('incoming', call);
	}

	#follow(call) {
		this.currentCall = call;
		call.on('state', (detail) => {
			const over = call.state === 'ended' && this.currentCall === call;
			// A transfer that failed leaves the call that it was to replace.
			if (over) this.currentCall = call.replaced?.resume();
			this.emit('call', { call, ...detail });
			if (over && this.currentCall) this.emit('call', { call: this.currentCall, state: this.currentCall.state, text: this.currentCall.text });
		});
		call.on('track', () => this.emit('track', call));
		this.emit('call', { call, state: call.state, text: call.text });
		return call;
	}

	/** MESSAGE: a string, or octets (ArrayBuffer, typed array) with their `type`. Resolves with {code}. */
	sendMessage(number, body, options) { return this.#services.sendMessage(this.target(number), body, options); }

	/** A Subscription to an event package; options: accept, expires_s, headers. */
	subscribe(number, event, options = {}) {
		if (!this.registered) throw new LineError('not_registered', 'not registered');
		return new Subscription(this.#services, this.target(number), event, options);
	}

	/** The other side wants `call` to go elsewhere (REFER): who listens decides, else it is declined. */
	transferAsked(call, { request, accept, reject }) {
		const { uri } = request.refer_to;
		if (!this.heeds('transfer')) return void reject();
		this.emit('transfer', { call, target: uri.toString(), by: request.getHeader('Referred-By'), reject,
			accept: () => {
				const next = new Call(this, 'out', uri.toString(), uri.user);
				next.replaced = call;
				accept((session) => next.adopt(session, { ...this.#options }), next.media(this.#options));
				return this.#follow(next);
			} });
		return undefined;
	}

	answer(options) { this.currentCall?.answer(options); }
	hangup() { this.currentCall?.hangup(); }
	dtmf(tones) { this.currentCall?.dtmf(tones); }
}

function take(token) {
	if (!token?.access_token || !token.impu?.length) {
		throw new LineError('no_token', 'the web server gave no usable token');
	}
	return { ...token, ends_s: now_s() + token.expires_in };
}

// IMS authentication (TS 33.203 X.2): the password stays here, JsSIP answers the
// S-CSCF's challenge, and nothing ends before the registration does.
function withoutToken({ impi, impu, url }) {
	return { impi, impu: [impu].flat(), epcscf: url, expires_in: Infinity, ends_s: Infinity };
}

/** Gets a token and opens the line; registration follows by itself, as events. */
export async function connect(options = {}) {
	const all = { ...DEFAULTS, ...options };
	all.audioElement ??= Object.assign(new Audio(), { autoplay: true });
	const token = all.digest ? withoutToken(all.digest) : take(await all.token({ fresh: false, plmn: all.plmn }));
	return new Line(all, token, await instanceId());
}

globalThis.epcscf = { connect, diagnose, fetchToken, CLOSE_CODES, RAW_AUDIO, Line, Call, Subscription, LineError };
