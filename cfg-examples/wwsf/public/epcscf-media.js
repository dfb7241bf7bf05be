// SPDX-License-Identifier: BSD-2-Clause
// The media of one call: what is offered and when, candidates that come later,
// hold, video that comes and goes, ICE restarts.
import { LineError, sleep } from './epcscf-base.js';

const SECTION_WAIT_MS = 200; // for the first candidate of each transport
const READY_WAIT_S = 5;      // for another offer and answer to be over
const TRICKLE_WAIT_MS = 20;  // candidates that come together go together

const GATHER_WAIT_MS = 5000;
const GATHERING = ['icecandidate', 'icegatheringstatechange'];
const CANDIDATE_LINES = /^a=(?:candidate:.*|end-of-candidates)\r?\n/gm;
const UDP_CANDIDATE = /^a=candidate:\S+ \d+ udp /im;

const sectionsOf = (sdp) => sdp.split(/^(?=m=)/m).slice(1);
const live = (section) => !/^m=\S+ 0 /.test(section);
// Keys and comfort noise alone are no media.
const useful = (section) => live(section) && [...section.matchAll(/^a=rtpmap:\d+ ([^\s/]+)/gm)].some(([, name]) => !/^(telephone-event|CN|red)$/i.test(name));
const HELD = { sendrecv: 'sendonly', sendonly: 'sendonly', recvonly: 'inactive', inactive: 'inactive' };
const trickles = (message) => /\btrickle-ice\b/i.test(message?.getHeader('Recv-Info') ?? '');

// As before anything was gathered.
const unaddressed = (sdp) => sdp.replace(/^(m=\S+) [1-9]\d*/gm, '$1 9').replace(/^c=IN .*/gm, 'c=IN IP4 0.0.0.0');

const TRICKLE = ['Supported: trickle-ice', 'Recv-Info: trickle-ice'];

/** RFC 8840 9: all candidates so far, in the order in which they came. */
function fragmentOf(sdp, candidates, complete) {
	const ends = complete ? ['a=end-of-candidates'] : [];
	const own = (section, name) => new RegExp(`^a=${name}:.*`, 'm').exec(section)?.[0].trim();
	const sections = sectionsOf(sdp);
	return [...sections.slice(0, 1).flatMap((s) => [own(s, 'ice-ufrag'), own(s, 'ice-pwd')]),
		...sections.flatMap((section, i) => {
			const mine = candidates.filter((c) => c.sdpMLineIndex === i).map((c) => `a=${c.candidate}`);
			return mine.length || (complete && live(section))
				? [unaddressed(section).split(/\r?\n/, 1)[0], own(section, 'mid'), own(section, 'ice-ufrag'), own(section, 'ice-pwd'), ...mine, ...ends] : [];
		}), ''].join('\r\n');
}

export class Media {
	#session; #ready; #timer; #late = []; #lateTimer; #peerTrickles = false; #camera; #before = new Map(); #invite; #queue = Promise.resolve();

	/** options: those of the line and of the call. told: {described(text), track(event)} */
	constructor(options, told) {
		Object.assign(this, { options, told, held: false, remoteHeld: false, remoteAudio: new MediaStream(), remoteVideo: new MediaStream() });
	}

	/** What JsSIP wants for call() and answer(); the INVITE that is answered, if any. */
	forSession(invite) {
		const { audio, video, stream, iceServers, bundlePolicy, pcConfig, gathering } = this.options;
		// An answer may trickle only where the offer said that it can be heard.
		this.gathering = gathering === 'none' && invite && !trickles(invite) ? 'first' : gathering;
		this.#invite = invite;
		return {
			mediaConstraints: { audio: audio, video: video ?? false }, mediaStream: stream,
			pcConfig: { iceServers, ...(bundlePolicy && { bundlePolicy }), ...pcConfig },
			extraHeaders: this.gathering === 'none' ? TRICKLE : [],
		};
	}

	attach(session) {
		this.#session = session;
		this.#peerTrickles = false;
		session.on('icecandidate', ({ ready }) => this.#candidate(ready));
		session.on('sdp', (e) => this.#describing(e));
		session.on('peerconnection', ({ peerconnection }) => this.#listen(peerconnection));
		session.on('progress', ({ response }) => this.#heard(response));
		session.on('accepted', ({ response }) => this.#heard(response));
		session.on('confirmed', () => this.#heard(this.#invite)); // its dialog is there now
		session.on('hold', ({ originator }) => { if (originator === 'remote') this.#remoteHold(true); });
		session.on('unhold', ({ originator }) => { if (originator === 'remote') this.#remoteHold(false); });
		if (session.connection) this.#listen(session.connection); // its event was before
	}

	get pc() { return this.#session?.connection; }

	#remoteHold(on) {
		this.remoteHeld = on;
		this.told.held();
	}

	#listen(pc) {
		pc.addEventListener('track', ({ track }) => {
			const stream = track.kind === 'video' ? this.remoteVideo : this.remoteAudio;
			stream.addTrack(track);
			track.addEventListener('ended', () => stream.removeTrack(track));
			this.told.track(track);
		});
		pc.addEventListener('icecandidate', ({ candidate, isTrusted }) => { if (isTrusted) this.#later(candidate); });
		pc.addEventListener('signalingstatechange', () => this.#offerAtOnce(pc));
	}

	// ---- candidates ----

	// The gateway has a public address and learns ours from checks: the first UDP
	// candidate of each transport will do.
	#candidate(ready) {
		if (this.gathering === 'all' || this.#ready === ready) return;
		const { all, some } = this.#reachable();
		if (!some) return;
		clearTimeout(this.#timer);
		if (all) this.#ready = ready;
		this.#timer = setTimeout(ready, all ? this.options.iceWait_ms : SECTION_WAIT_MS);
	}

	// Which of the transports have a UDP candidate?
	#reachable() {
		const sections = sectionsOf(this.pc.localDescription.sdp).filter(live);
		const found = sections.map((section) => UDP_CANDIDATE.test(section));
		return { some: found.some(Boolean), all: this.#shared ? found[0] : found.every(Boolean) };
	}

	get #shared() { return this.pc.getConfiguration().bundlePolicy === 'max-bundle'; }

	// As many as the offer is to have.
	#gathered() {
		const { pc } = this;
		return new Promise((done) => {
			let timer;
			const look = () => {
				const { all, some } = this.#reachable();
				const first = this.gathering === 'first', complete = pc.iceGatheringState === 'complete';
				if (this.gathering === 'none' || (all && (first || complete))) return void end();
				// A section in a bundle that there was before gets none of its own.
				if (!(some && (first || complete))) timer = void clearTimeout(timer);
				else timer ??= setTimeout(end, SECTION_WAIT_MS);
			};
			const limit = setTimeout(() => end(), GATHER_WAIT_MS);
			const end = () => {
				clearTimeout(timer);
				clearTimeout(limit);
				for (const name of GATHERING) pc.removeEventListener(name, look);
				done();
			};
			for (const name of GATHERING) pc.addEventListener(name, look);
			look();
		});
	}

	// JsSIP waits for a candidate or their end; it hears of an end here.
	#offerAtOnce(pc) {
		if (this.gathering !== 'none' || pc.iceGatheringState === 'complete') return;
		if (pc.signalingState !== 'have-local-offer' && pc.signalingState !== 'stable') return;
		setTimeout(() => pc.dispatchEvent(new RTCPeerConnectionIceEvent('icecandidate', { candidate: null })), 0);
	}

	#describing(e) {
		if (e.originator !== 'local') return void this.#unbundle(e);
		if (e.type === 'answer' && !sectionsOf(e.sdp).some(useful)) this.told.nothing();
		if (this.gathering === 'none') e.sdp = this.#offered(e.sdp);
		else this.told.described(UDP_CANDIDATE.test(e.sdp));
	}

	// A bundle of one: a later section would be bound to go into it, and be refused
	// where the gateway cannot take bundles apart.
	#unbundle(e) {
		if (!this.#shared) e.sdp = e.sdp.replace(/^a=group:BUNDLE \S+\r?\n/m, '');
	}

	#later(candidate) {
		if (this.gathering !== 'none') return;
		// '' ends one generation of one section; null ends them all.
		if (candidate?.candidate) this.#late.push(candidate);
		this.lateComplete = candidate === null;
		if (candidate === null && !this.#late.some((c) => c.protocol === 'udp')) this.told.described(false);
		this.#sendLate();
	}

	#heard(response) {
		if (!trickles(response)) return;
		this.#peerTrickles = true;
		this.#sendLate();
	}

	// INFO of RFC 8840, once the other side has said that it takes them. Without
	// that, connectivity checks have to do.
	#sendLate() {
		if (!this.#peerTrickles || !this.#late.length) return;
		clearTimeout(this.#lateTimer);
		this.#lateTimer = setTimeout(() => {
			if (this.#session.isEnded()) return;
			const { sdp } = this.pc.localDescription;
			const [, ufrag] = /^a=ice-ufrag:(\S+)/m.exec(sdp);
			const now = this.#late.filter((c) => (c.usernameFragment ?? ufrag) === ufrag);
			this.#session.sendRequest('INFO', {
				extraHeaders: ['Info-Package: trickle-ice', 'Content-Type: application/trickle-ice-sdpfrag', 'Content-Disposition: Info-Package'],
				body: fragmentOf(sdp, now, this.lateComplete) });
		}, TRICKLE_WAIT_MS);
	}

	// ---- offers in the call ----

	/** One after the other. `change` prepares the offer and returns what undoes that. */
	#reoffer(change, options) {
		const turn = this.#queue.then(() => this.#reofferNow(change, options));
		this.#queue = turn.catch(() => {});
		return turn;
	}

	// hold() and renegotiate() of JsSIP end the call when they are refused, and do
	// not wait for what a section that is new gathers. Here it goes on as it was
	// (RFC 3261 14.1).
	async #reofferNow(change, options) {
		const { pc } = this;
		await this.#quiet();
		const undo = await change();
		try {
			for (let tries = 0; pc.signalingState !== 'have-local-offer' && tries < 3; tries++) {
				await pc.setLocalDescription(await pc.createOffer(options));
				await this.#gathered();
				await this.#quiet(); // an offer of the other side undoes ours
			}
			const sdp = this.#offered(pc.localDescription.sdp);
			const answer = { originator: 'remote', type: 'answer', sdp: (await this.#sendInvite(sdp)).body };
			this.#session.emit('sdp', answer);
			await pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
		} catch (error) {
			if (this.#session.isEnded()) throw new LineError('not_now', 'the call ended');
			if (pc.signalingState === 'have-local-offer') await pc.setLocalDescription({ type: 'rollback' });
			await undo?.();
			throw error;
		}
	}

	// Until no other offer is under way.
	async #quiet() {
		for (let waited_s = 0; !this.#session.isReadyToReOffer(); waited_s += 0.05) {
			if (this.#session.isEnded() || waited_s > READY_WAIT_S) throw new LineError('not_now', 'the call cannot change just now');
			await sleep(0.05);
		}
	}

	// What is sent of it. A section that was refused when it was new cannot be
	// taken back (Chromium mistakes a stopped one for the next); it goes as refused.
	#offered(sdp) {
		const unused = this.pc.getTransceivers().filter((t) => t.mid !== null && !t.currentDirection && t.direction === 'inactive');
		const mine = unused.length ? sdp.split(/^(?=m=)/m).map((section) => (
			unused.some(({ mid }) => section.includes(`\na=mid:${mid}\r\n`)) ? section.replace(/^(m=\S+) \d+/, '$1 0') : section)).join('') : sdp;
		return this.gathering === 'none' ? unaddressed(mine).replace(CANDIDATE_LINES, '') : mine;
	}

	#sendInvite(body) {
		const session = this.#session;
		const { running, currentExpires, refresher } = session._sessionTimers;
		return new Promise((done, failed) => {
			session.once('ended', () => failed(new LineError('not_now', 'the call ended')));
			session.sendRequest('INVITE', { body, extraHeaders: [`Contact: ${session.contact}`, 'Content-Type: application/sdp',
				...(running ? [`Session-Expires: ${currentExpires};refresher=${refresher ? 'uac' : 'uas'}`] : []),
				...(this.gathering === 'none' ? TRICKLE : [])],
			eventHandlers: {
				onSuccessResponse: (response) => {
					session.sendRequest('ACK'); // each 200 that comes
					this.#heard(response);
					done(response);
				},
				onErrorResponse: ({ status_code: status, reason_phrase: reason }) => failed(
					new LineError('refused', `refused by the other side (${status} ${reason})`, { status })),
				onTransportError: () => session.onTransportError(),
				onRequestTimeout: () => session.onRequestTimeout(),
				onDialogError: () => session.onDialogError(),
			} });
		});
	}

	/** The other side hears `music` (a track), or nothing. */
	hold(music) {
		if (this.held) return Promise.resolve();
		const sender = this.pc.getSenders().find((s) => s.track?.kind === 'audio');
		const microphone = sender?.track;
		return this.#reoffer(async () => {
			this.#setHeld(true);
			if (music) await sender?.replaceTrack(music);
			return () => this.#unhold(sender, microphone);
		}).then(() => { this.resumeWith = () => this.#unhold(sender, microphone); });
	}

	resume() {
		if (!this.held) return Promise.resolve();
		return this.#reoffer(async () => {
			await this.resumeWith?.();
			return () => this.#setHeld(true);
		});
	}

	async #unhold(sender, microphone) {
		if (microphone && sender.track !== microphone) await sender.replaceTrack(microphone);
		this.#setHeld(false);
	}

	#setHeld(on) {
		this.held = on;
		// The browser's own directions count where the other side makes the offer.
		for (const transceiver of this.pc.getTransceivers().filter((t) => HELD[t.direction])) {
			if (on) this.#before.set(transceiver, transceiver.direction);
			const was = this.#before.get(transceiver);
			transceiver.direction = on ? HELD[transceiver.direction] : was ?? transceiver.direction;
		}
		this.#session._localHold = on; // mutes
		if (on) this.#session._onhold('local');
		else this.#session._onunhold('local');
		this.told.held();
	}

	/** true or getUserMedia's constraints: the camera is sent; false: no longer. */
	async setVideo(video) {
		const found = this.#videoLine;
		const was = { track: found?.sender.track ?? null, direction: found?.direction };
		if (Boolean(was.track) === Boolean(video)) return;
		const track = video ? (await navigator.mediaDevices.getUserMedia({ video })).getVideoTracks()[0] : null;
		const put = async (line, to, direction) => {
			await line.sender.replaceTrack(to);
			line.direction = direction;
		};
		await this.#reoffer(async () => {
			const line = found ?? this.pc.addTransceiver('video', { direction: 'sendrecv' });
			await put(line, track, track ? 'sendrecv' : 'recvonly');
			return () => put(line, was.track, was.direction ?? 'inactive');
		}).catch((error) => {
			track?.stop();
			throw error;
		});
		was.track?.stop();
		this.#camera = track;
	}

	// The section that has video, or had it: a new one each time would be a pile of them.
	get #videoLine() {
		return this.pc?.getTransceivers().find((t) => t.receiver.track.kind === 'video' && HELD[t.direction]);
	}

	/** Other paths are looked for, as after a change of network. */
	restartIce() { return this.#reoffer(() => { this.#late = []; }, { iceRestart: true }); }

	get localVideo() {
		const track = this.#videoLine?.sender.track;
		return track ? new MediaStream([track]) : undefined;
	}

	end() {
		clearTimeout(this.#timer);
		clearTimeout(this.#lateTimer);
		this.#camera?.stop();
	}
}
