// SPDX-License-Identifier: BSD-2-Clause
// One call of a Line, in words; what is heard and seen of it, and keys, mute and
// transfer. How its media is agreed on is in epcscf-media.js.
import JsSIP from './jssip.js';
import { CALL_ENDS, CAUSE_ENDS, Emitter, LineError, retryAfter_s, sleep } from './epcscf-base.js';
import { endOtherAnswers, hearLastAnswer } from './epcscf-fork.js';
import { Media } from './epcscf-media.js';
import { referAway } from './epcscf-services.js';

// So long a caller waits for a network that asks for a moment.
const CALL_RETRY_MAX_S = 3;

/** States: calling, ringing, incoming, answering, connected, ended. */
export class Call extends Emitter {
	#session; #ua; #options; #media; #context; #analyser; #retried = false;

	constructor(line, direction, uri, name) {
		super();
		Object.assign(this, { line, direction, uri, name, muted: false, begun: undefined, error: undefined,
			remoteStream: undefined, remoteVideo: undefined, focus: false, replaced: undefined, state: direction === 'out' ? 'calling' : 'incoming' });
		this.text = direction === 'out' ? `calling ${name}` : `${name} is calling`;
	}

	#set(state, text, more = {}) {
		if (this.state === 'ended') return;
		Object.assign(this, { state, text }, more);
		this.emit('state', { state, text });
	}

	// What a call is made with: the line's options, and those of this call.
	#prepare(options) {
		this.#options = options;
		this.#media = new Media(options, {
			nothing: () => this.#incompatible(),
			described: (reachable) => { if (!reachable) this.#unreachable(); },
			track: (track) => this.#arrived(track),
			held: () => this.#held(),
		});
	}

	dial(ua, options) {
		this.#ua = ua;
		this.#prepare(options);
		this.#session = undefined;
		const session = ua.call(this.uri, { ...this.#media.forSession(), eventHandlers: this.#handlers() });
		this.#attach(session);
	}

	/** A session that JsSIP made. */
	adopt(session, options) {
		this.#retried = true; // a second INVITE would be nobody's that JsSIP knows
		this.#prepare(options);
		for (const [name, fn] of Object.entries(this.#handlers())) session.on(name, fn);
		this.#attach(session);
	}

	/** For a session that is yet to be made. */
	media(options) { return new Media(options).forSession(); }

	#attach(session) {
		this.#session = session;
		endOtherAnswers(session);
		hearLastAnswer(session);
		this.#media.attach(session);
	}

	#handlers() {
		return {
			progress: () => { if (this.direction === 'out') this.#set('ringing', `ringing at ${this.name}`); },
			accepted: ({ response }) => { this.focus = /;\s*isfocus\b/i.test(response?.getHeader('Contact') ?? ''); },
			refer: (e) => this.line.transferAsked(this, e),
			confirmed: () => this.#set('connected', `connected with ${this.name}`, { begun: Date.now() }),
			failed: (e) => this.#failed(e),
			ended: (e) => this.#finish(CAUSE_ENDS[e.cause] ?? e.cause),
			getusermediafailed: (e) => { this.error = e; },
			'peerconnection:setremotedescriptionfailed': (e) => { this.error = e; },
		};
	}

	// Nobody would hear anything.
	#unreachable() {
		if (this.begun || this.state === 'ended') return;
		this.#finish('this browser offers no network for the sound (no ICE candidate)', 'no_candidate');
		this.#session.terminate(this.direction === 'in' ? { status_code: 488 } : undefined);
	}

	// An answer that refuses everything would be a call of silence.
	#incompatible() {
		if (this.begun || this.state === 'ended') return;
		this.#finish(CALL_ENDS[488], 488);
		this.#session.terminate({ status_code: 488 });
	}

	#arrived(track) {
		const { audioElement, videoElement } = this.#options;
		if (track.kind === 'video') this.remoteVideo = this.#media.remoteVideo;
		else this.remoteStream = this.#media.remoteAudio;
		this.#play(audioElement, this.remoteStream);
		this.#play(videoElement, this.remoteVideo);
		this.emit('track', { track });
	}

	#play(element, stream = null) {
		if (!element || (element.srcObject ?? null) === stream) return;
		element.srcObject = stream;
		if (stream) {
			element.play().catch((error) => { if (error.name === 'NotAllowedError') this.line.emit('log',
				{ text: 'the browser waits for a click before it lets you hear the call' }); });
		}
	}

	#held() {
		if (this.state !== 'connected') return;
		const text = this.held ? `${this.name} is on hold` : this.remoteHeld ? `${this.name} holds the line` : `connected with ${this.name}`;
		if (text !== this.text) this.#set('connected', text);
	}

	async #failed({ message, cause }) {
		const code = message?.status_code;
		const wait_s = code === 503 ? retryAfter_s(message) : undefined;
		if (this.direction === 'out' && !this.#retried && (code === 401 || wait_s <= CALL_RETRY_MAX_S)) {
			this.#retried = true;
			const again = code === 401 ? await this.line.renewed() : await sleep(wait_s).then(() => true);
			if (again && this.state !== 'ended') return void this.dial(this.#ua, this.#options);
		}
		const why = CALL_ENDS[code] ?? CAUSE_ENDS[cause] ?? cause;
		this.#finish(code && !CALL_ENDS[code] ? `${why} (${code})` : why, code);
	}

	#finish(text, code) {
		this.#media?.end();
		if (this.remoteVideo) this.#play(this.#options.videoElement);
		this.#context?.close();
		this.#context = undefined;
		this.#set('ended', text, { code });
	}

	/** Options as in line.call(). */
	answer(options = {}) {
		if (this.state !== 'incoming') return;
		Object.assign(this.#options, options);
		this.#set('answering', `answering ${this.name}`);
		this.#session.answer(this.#media.forSession(this.invite));
	}

	/** Ends the call in any state; an incoming one is declined. */
	hangup() {
		if (this.state === 'ended') return;
		if (this.#session.isEnded()) this.#finish('cancelled');
		else this.#session.terminate(this.state === 'incoming' ? { status_code: 603 } : undefined);
	}

	/** RFC 4733 telephone events in the audio stream. */
	dtmf(tones, options = {}) {
		const { duration_ms = 120, gap_ms = 80, until_ms = performance.now() + 3000 } = options;
		const pc = this.peerConnection;
		const sender = pc?.getSenders().find((s) => s.track?.kind === 'audio')?.dtmf;
		// Answered, but DTLS is on its way: the browser would refuse.
		if (['new', 'connecting'].includes(pc?.connectionState)) {
			pc.addEventListener('connectionstatechange', () => this.dtmf(tones, options), { once: true });
		} else if (pc?.connectionState === 'connected' && sender?.canInsertDTMF === false && performance.now() < until_ms) {
			// Connected, but it does not send yet: the browser has no event for that.
			setTimeout(() => this.dtmf(tones, { ...options, until_ms }), 50);
		} else if (pc?.connectionState === 'connected') {
			this.#session.sendDTMF(String(tones), { duration: duration_ms, interToneGap: gap_ms,
				transportType: JsSIP.C.DTMF_TRANSPORT.RFC2833 });
		}
	}

	/** Sends the other side to another number; this call ends when it got there. */
	async transfer(number) {
		if (this.state !== 'connected') throw new LineError('transfer', 'there is no call to transfer');
		const done = await referAway(this.#session, this.line.target(number));
		this.hangup();
		return done;
	}

	/** Who is in this conference: a Subscription whose notify has `value.users` (RFC 4575). */
	roster(options) {
		if (!this.focus) throw new LineError('no_conference', 'the other side is no conference');
		return this.line.subscribe(this.uri, 'conference', { accept: 'application/conference-info+xml', ...options });
	}

	/** Heard again, if it is still there. */
	resume() {
		if (this.state === 'ended') return undefined;
		this.#play(this.#options.audioElement, this.remoteStream);
		this.#play(this.#options.videoElement, this.remoteVideo);
		return this;
	}

	/** Does the other side offer to send video? */
	get offersVideo() { return /\r\nm=video (?!0 )/.test(this.invite?.body ?? ''); }

	/** Puts the other side on hold, or back; it hears `music` (an audio track), or nothing. */
	hold(on = true, { music } = {}) {
		this.#changeable();
		return on ? this.#media.hold(music) : this.#media.resume();
	}

	get held() { return this.#media?.held ?? false; }

	get remoteHeld() { return this.#media?.remoteHeld ?? false; }

	/** Sends the camera (true, or constraints), or no longer. */
	async setVideo(video = true) {
		this.#changeable();
		await this.#media.setVideo(video);
		this.emit('track', {});
	}

	/** What of ours is seen there; undefined without a camera. */
	get localVideo() { return this.#media?.localVideo; }

	/** New paths for the media, as after a change of network. */
	restartIce() {
		this.#changeable();
		return this.#media.restartIce();
	}

	#changeable() {
		if (this.state !== 'connected') throw new LineError('not_now', 'there is no call to change');
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
		const find = (type, kind = 'audio') => reports.find((r) => r.type === type && (r.kind ?? kind) === kind) ?? {};
		const heard = find('inbound-rtp');
		const sent = find('outbound-rtp');
		const pair = reports.find((r) => r.type === 'candidate-pair' && r.nominated) ?? {};
		return {
			received_n: heard.packetsReceived ?? 0, lost_n: heard.packetsLost ?? 0, sent_n: sent.packetsSent ?? 0,
			level: heard.audioLevel ?? 0, energy: heard.totalAudioEnergy ?? 0,
			codec: reports.find((r) => r.id === heard.codecId)?.mimeType,
			rtt_ms: pair.currentRoundTripTime === undefined ? undefined : pair.currentRoundTripTime * 1000,
			connection: this.peerConnection.connectionState, dtls: find('transport').dtlsState,
			...(this.remoteVideo && this.#pictures(find)),
		};
	}

	#pictures(find) {
		const seen = find('inbound-rtp', 'video');
		return { video: { decoded_n: seen.framesDecoded ?? 0, dropped_n: seen.framesDropped ?? 0, width: seen.frameWidth,
			height: seen.frameHeight, sent_n: find('outbound-rtp', 'video').framesSent ?? 0, asked_n: seen.pliCount ?? 0 } };
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
