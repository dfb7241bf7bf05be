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
import { BearerSocket, diagnose } from './epcscf-socket.js';

const DEFAULTS = {
	token: fetchToken,       // async ({fresh}) => {access_token, expires_in, impu, …}
	probe: '/probe',         // what the web server sees of the eP-CSCF; '' = do not ask
	audio: true,             // getUserMedia's audio constraints; RAW_AUDIO = no processing
	audioElement: undefined, // where the other side is heard; default: one of our own
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

const CALL_ENDS = {
	401: 'the token was not accepted', 403: 'this call is not allowed', 404: 'no such number',
	408: 'no answer from the network', 410: 'no such number', 480: 'not reachable just now',
	484: 'the number is incomplete', 486: 'busy', 487: 'cancelled', 488: 'no common media format',
	500: 'trouble in the network', 503: 'the network is overloaded', 504: 'no answer from the network',
	600: 'busy', 603: 'declined',
};
const CAUSE_ENDS = {
	'Terminated': 'call ended', 'Canceled': 'cancelled', 'No Answer': 'nobody answered',
	'User Denied Media Access': 'the microphone may not be used', 'Connection Error': 'connection lost',
	'Bad Media Description': 'no common media format', 'Request Timeout': 'no answer from the network',
};

const RETRY_MAX_S = 60;
// A token that ends sooner is not worth a registration: the eP-CSCF may refuse it.
const TOKEN_MIN_S = 60;
// A refused token's close frame comes right behind the 401: let it arrive first.
const CLOSE_GRACE_S = 1;
// So long a caller waits for a network that asks for a moment.
const CALL_RETRY_MAX_S = 3;
const REGISTER_WAIT_S = 5;
const now_s = () => Date.now() / 1000;
const retryAfter_s = (response) => {
	const s = Number.parseInt(response?.getHeader('Retry-After'), 10);
	return s > 0 ? s : undefined;
};
const sleep = (s) => new Promise((done) => { setTimeout(done, s * 1000); });

export { diagnose };

export class LineError extends Error {
	constructor(code, text, more = {}) {
		super(text);
		Object.assign(this, { code }, more);
	}
}

class Emitter {
	#listeners = new Map();

	/** Calls fn(detail) at each event; returns a function that ends that. */
	on(name, fn) {
		if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
		this.#listeners.get(name).add(fn);
		return () => this.#listeners.get(name).delete(fn);
	}

	emit(name, detail) {
		for (const fn of [...this.#listeners.get(name) ?? []]) fn(detail);
	}
}

/** The default token source: the page's own server, same origin, by POST. */
export async function fetchToken({ fresh }) {
	const answer = await fetch('/token', {
		method: 'POST', credentials: 'same-origin', cache: 'no-store',
		headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ fresh }),
	});
	const body = await answer.json().catch(() => ({}));
	if (answer.status === 401) {
		throw new LineError('signed_out', 'please sign in', { signIn: body.sign_in });
	}
	if (!answer.ok) {
		throw new LineError('no_token', body.error === 'pool_empty'
			? 'all guest lines are in use' : 'the web server got no token');
	}
	return body;
}

/**
 * An instance id that outlives reloads, so that a reloaded page replaces its
 * own registration. Each open tab holds another one, by a lock of the browser.
 */
let pageInstance;
const instanceId = () => { pageInstance ??= takeInstance(); return pageInstance; };

async function takeInstance() {
	const own = (n) => {
		const key = `epcscf-instance-${n}`;
		const id = localStorage.getItem(key) ?? crypto.randomUUID();
		localStorage.setItem(key, id);
		return id;
	};
	if (!navigator.locks) return crypto.randomUUID();
	for (let n = 0; n < 16; n++) {
		const got = await new Promise((tell) => {
			navigator.locks.request(`epcscf-instance-${n}`, { ifAvailable: true }, (lock) => {
				tell(Boolean(lock));
				return lock && new Promise(() => {}); // held until the page goes
			});
		});
		if (got) return own(n);
	}
	return crypto.randomUUID();
}

export class Line extends Emitter {
	#token; #ua; #socket; #options; #timer; #renewing; #stopped = false;
	#rejected; #rejections = 0; #refusedAt_s = 0; #failures = 0; #notBefore_s = 0;
	#asked = {}; #bound; #until_s = 0; #endTimer;
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
			token: (text) => this.#tokenFor(text),
			received: (data) => this.#sniff(data),
			closed: (opened, code, reason) => this.#closed(opened, code, reason),
		});
		const words = instance.replaceAll('-', '');
		this.#ua = new JsSIP.UA({
			sockets: [this.#socket], uri: this.identity, display_name: this.name ?? '',
			contact_uri: `sip:${words.slice(0, 10)}@${words.slice(10, 22)}.invalid;transport=ws`,
			instance_id: instance, register: false, register_expires: this.#options.expires_s,
			connection_recovery_min_interval: 1, connection_recovery_max_interval: 30,
			user_agent: 'epcscf.js', session_timers: this.#options.sessionTimers ?? true,
		});
		this.#ua.on('connected', () => this.#connected());
		this.#ua.on('registrationFailed', (e) => this.#refused(e.response, e.cause));
		this.#ua.on('registrationExpiring', () => this.#refresh());
		this.#ua.on('newRTCSession', (e) => { if (e.originator === 'remote') this.#incoming(e.session); });
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
		if (code === 401 || code === 407) {
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

	#endSoon(text, code, more) {
		clearTimeout(this.#endTimer);
		this.#endTimer = setTimeout(() => this.#end(text, code, more), CLOSE_GRACE_S * 1000);
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
		if (known?.then === 'wait') clearTimeout(this.#endTimer);
		if (known?.then === 'stop' || (!known && code >= 4000)) this.#end(text, code, { why: known?.banned ? 'banned' : 'closed' });
		// Behind a 401 on this connection it speaks of the same token.
		else if (known?.then === 'renew' && this.#rejections > 1) this.#end(text, code, { why: 'token' });
		else if (known?.then === 'renew' && !this.#refusedAt_s) this.#tokenRejected(text, code);
		else if (known?.then === 'wait') {
			// Past the socket's own recovery, which would come back at once.
			this.#notBefore_s = now_s() + known.wait_s;
			this.#status('waiting', `${text}, next try in ${known.wait_s} s`, { code, why: 'wait' });
			setTimeout(() => this.#ua.transport.disconnect(), 0);
			setTimeout(() => { if (!this.#stopped) this.#ua.transport.connect(); }, known.wait_s * 1000);
		} else if (opened) this.#status('waiting', `${text}, connecting again`, { code, why: 'network' });
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
		this.#renewing ??= this.#renewOnce().finally(() => { this.#renewing = undefined; });
		return this.#renewing;
	}

	async #renewOnce() {
		for (let tries = 0; !this.#stopped; tries++) {
			try {
				const token = take(await this.#options.token({ fresh: true }));
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
		clearTimeout(this.#endTimer);
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

	call(number) {
		if (this.currentCall) throw new LineError('busy', 'there is a call already');
		if (!this.registered) throw new LineError('not_registered', 'not registered');
		const call = new Call(this, 'out', this.target(number), number);
		call.dial(this.#ua, this.#options);
		return this.#follow(call);
	}

	#incoming(session) {
		if (this.currentCall) return void session.terminate({ status_code: 486 });
		const from = session.remote_identity;
		const call = new Call(this, 'in', from.uri.toString(), from.display_name || from.uri.user);
		call.adopt(session, this.#options);
		this.#follow(call);
		this.emit('incoming', call);
	}

	#follow(call) {
		this.currentCall = call;
		call.on('state', (detail) => {
			if (call.state === 'ended') this.currentCall = undefined;
			this.emit('call', { call, ...detail });
		});
		this.emit('call', { call, state: call.state, text: call.text });
		return call;
	}

	answer() { this.currentCall?.answer(); }
	hangup() { this.currentCall?.hangup(); }
	dtmf(tones) { this.currentCall?.dtmf(tones); }
}

/** States: calling, ringing, incoming, answering, connected, ended. */
export class Call extends Emitter {
	#session; #ua; #options; #iceTimer; #context; #analyser; #retried = false;

	constructor(line, direction, uri, name) {
		super();
		Object.assign(this, { line, direction, uri, name, muted: false, begun: undefined, error: undefined,
			remoteStream: undefined, state: direction === 'out' ? 'calling' : 'incoming' });
		this.text = direction === 'out' ? `calling ${name}` : `${name} is calling`;
	}

	#set(state, text, more = {}) {
		if (this.state === 'ended') return;
		Object.assign(this, { state, text }, more);
		this.emit('state', { state, text });
	}

	#media(options) {
		return {
			mediaConstraints: { audio: options.audio, video: false },
			pcConfig: { iceServers: options.iceServers, ...options.pcConfig },
		};
	}

	dial(ua, options) {
		this.#ua = ua;
		this.#options = options;
		this.#session = ua.call(this.uri, { ...this.#media(options), eventHandlers: this.#handlers() });
	}

	adopt(session, options) {
		this.#session = session;
		this.#options = options;
		for (const [name, fn] of Object.entries(this.#handlers())) session.on(name, fn);
	}

	#handlers() {
		return {
			peerconnection: ({ peerconnection }) => this.#listen(peerconnection),
			icecandidate: (e) => this.#candidate(e),
			sdp: (e) => this.#described(e),
			progress: () => { if (this.direction === 'out') this.#set('ringing', `ringing at ${this.name}`); },
			confirmed: () => this.#set('connected', `connected with ${this.name}`, { begun: Date.now() }),
			failed: (e) => this.#failed(e),
			ended: (e) => this.#finish(CAUSE_ENDS[e.cause] ?? e.cause),
			getusermediafailed: (e) => { this.error = e; },
		};
	}

	// The first UDP candidate will do: the gateway learns the rest from checks.
	#candidate({ candidate, ready }) {
		if (candidate.protocol === 'tcp') return;
		this.#iceTimer ??= setTimeout(ready, this.#options.iceWait_ms);
	}

	// JsSIP goes on without any candidate; nobody would hear anything.
	#described({ originator, sdp }) {
		if (originator !== 'local' || this.begun || /^a=candidate:\S+ \d+ udp /im.test(sdp)) return;
		this.#finish('this browser offers no network for the sound (no ICE candidate)', 'no_candidate');
		this.#session.terminate(this.direction === 'in' ? { status_code: 488 } : undefined);
	}

	#listen(pc) {
		pc.addEventListener('track', ({ track, streams: [stream] }) => {
			if (track.kind !== 'audio') return;
			this.remoteStream = stream ?? new MediaStream([track]);
			const element = this.#options.audioElement;
			element.srcObject = this.remoteStream;
			element.play().catch(() => this.line.emit('log',
				{ text: 'the browser waits for a click before it lets you hear the call' }));
		});
	}

	async #failed({ message, cause }) {
		const code = message?.status_code;
		const wait_s = code === 503 ? retryAfter_s(message) : undefined;
		if (this.direction === 'out' && !this.#retried && (code === 401 || wait_s <= CALL_RETRY_MAX_S)) {
			this.#retried = true;
			this.#iceTimer = undefined;
			const again = code === 401 ? await this.line.renewed() : await sleep(wait_s).then(() => true);
			if (again && this.state !== 'ended') return void this.dial(this.#ua, this.#options);
		}
		const why = CALL_ENDS[code] ?? CAUSE_ENDS[cause] ?? cause;
		this.#finish(code && !CALL_ENDS[code] ? `${why} (${code})` : why, code);
	}

	#finish(text, code) {
		clearTimeout(this.#iceTimer);
		this.#context?.close();
		this.#context = undefined;
		this.#set('ended', text, { code });
	}

	answer() {
		if (this.state !== 'incoming') return;
		this.#set('answering', `answering ${this.name}`);
		this.#session.answer(this.#media(this.#options));
	}

	/** Ends the call in any state; an incoming one is declined. */
	hangup() {
		if (this.state === 'ended') return;
		if (this.#session.isEnded()) this.#finish('cancelled');
		else this.#session.terminate(this.state === 'incoming' ? { status_code: 603 } : undefined);
	}

	/** RFC 4733 telephone events in the audio stream. */
	dtmf(tones, { duration_ms = 120, gap_ms = 80 } = {}) {
		this.#session.sendDTMF(String(tones), { duration: duration_ms, interToneGap: gap_ms,
			transportType: JsSIP.C.DTMF_TRANSPORT.RFC2833 });
	}

	mute(on = true) {
		this.muted = on;
		if (on) this.#session.mute({ audio: true });
		else this.#session.unmute({ audio: true });
	}

	get peerConnection() { return this.#session?.connection; }

	/** What went over the wire and was heard, as plain numbers. */
	async stats() {
		const reports = [...(await this.peerConnection.getStats()).values()];
		const find = (type) => reports.find((r) => r.type === type && (r.kind ?? 'audio') === 'audio') ?? {};
		const heard = find('inbound-rtp');
		const sent = find('outbound-rtp');
		const pair = reports.find((r) => r.type === 'candidate-pair' && r.nominated) ?? {};
		return {
			received_n: heard.packetsReceived ?? 0, lost_n: heard.packetsLost ?? 0, sent_n: sent.packetsSent ?? 0,
			level: heard.audioLevel ?? 0, energy: heard.totalAudioEnergy ?? 0,
			codec: reports.find((r) => r.id === heard.codecId)?.mimeType,
			rtt_ms: pair.currentRoundTripTime === undefined ? undefined : pair.currentRoundTripTime * 1000,
			connection: this.peerConnection.connectionState, dtls: find('transport').dtlsState,
		};
	}

	/** An AnalyserNode on what is heard; undefined before there is anything. */
	analyser() {
		if (!this.#analyser && this.remoteStream && this.state !== 'ended') {
			this.#context = new AudioContext();
			this.#analyser = this.#context.createAnalyser();
			this.#analyser.fftSize = 4096;
			this.#analyser.smoothingTimeConstant = 0.5;
			this.#context.createMediaStreamSource(this.remoteStream).connect(this.#analyser);
		}
		return this.#analyser;
	}

	/** {peak_hz, peak_db, bins, bin_hz}: the spectrum of what is heard. */
	spectrum() {
		const analyser = this.analyser();
		if (!analyser) return undefined;
		const bins = new Float32Array(analyser.frequencyBinCount);
		analyser.getFloatFrequencyData(bins);
		const top = bins.reduce((best, db, i) => (db > bins[best] ? i : best), 1);
		const binHz = analyser.context.sampleRate / analyser.fftSize;
		return { bins, bin_hz: binHz, peak_db: bins[top], peak_hz: top * binHz };
	}
}

function take(token) {
	if (!token?.access_token || !token.impu?.length) {
		throw new LineError('no_token', 'the web server gave no usable token');
	}
	return { ...token, ends_s: now_s() + token.expires_in };
}

/** Gets a token and opens the line; registration follows by itself, as events. */
export async function connect(options = {}) {
	const all = { ...DEFAULTS, ...options };
	all.audioElement ??= Object.assign(new Audio(), { autoplay: true });
	const token = take(await all.token({ fresh: false }));
	return new Line(all, token, await instanceId());
}

globalThis.epcscf = { connect, diagnose, fetchToken, CLOSE_CODES, RAW_AUDIO, Line, Call, LineError };
