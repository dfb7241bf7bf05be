// SPDX-License-Identifier: BSD-2-Clause
/**
 * A scripted IMS phone with several lines of audio and with video.
 *
 *   const carol = await openMediaPhone(lab, 'carol', '127.0.0.20');
 *   carol.answerWith({ tones_hz: [440, 660], video: { mode: 'echo' } });
 *   const call = await carol.call('sip:user1@home1.net', { tones_hz: [440], video: {} });
 *   await call.lines[0].stream.…          RtpStream or VideoStream, one for each section
 *   await carol.stop();
 *
 * What it has for a call (`have`): tones_hz (one for each audio line; more are
 * refused), audio (codecs), video ({mode, codecs}, or nothing: refused), proto
 * (of offers), delay_ms (before the answer), refuse, refuseReoffer (a status).
 */
import { Call } from '../numbers/call.mjs';
import { amplitudeAt, dominant, readDtmf, rms, tone } from '../numbers/dsp.mjs';
import { SipError } from '../numbers/endpoint.mjs';
import { Phone } from '../numbers/phone.mjs';
import { RtpStream } from '../numbers/rtp.mjs';
import { choose, parseSections, takes, writeAnswer, writeOffer } from './sections.mjs';
import { VideoStream } from './video.mjs';

const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });
const AUDIO = ['PCMA', 'PCMU'];

export class MediaCall extends Call {
	/** One for each m= section: {kind, stream, media}; stream is absent where it was refused. */
	lines = [];
	offers = []; // of the other side, as text

	get have() { return this.wants ?? this.phone.have ?? {}; }

	async openLine(kind) {
		const line = { kind, stream: await (kind === 'video' ? VideoStream : RtpStream).open(this.endpoint.host) };
		if (kind === 'video') line.stream.mode = this.have.video?.mode ?? 'echo';
		else line.stream.onDigit = (key) => this.emit('digit', key);
		return line;
	}

	// What an offer of ours has; more only if asked for again.
	async openMedia(options) {
		if (options) this.wants = { ...this.have, ...options };
		if (!options && !this.outgoing) return;
		this.outgoing = true;
		const kinds = [...(this.have.tones_hz ?? [440]).map(() => 'audio'), ...(this.have.video ? ['video'] : [])];
		for (const kind of kinds.slice(this.lines.length)) this.lines.push(await this.openLine(kind));
	}

	codecsOf(kind, nth) {
		if (kind === 'audio') return nth < (this.have.tones_hz ?? [440]).length ? this.have.audio ?? AUDIO : undefined;
		return kind === 'video' && nth === 0 && this.have.video ? this.have.video.codecs ?? ['VP8'] : undefined;
	}

	makeOffer({ direction, without = [] } = {}) {
		return writeOffer(this.endpoint.host, this.version++, this.lines.map(({ kind, stream }) => ({ kind, direction,
			port: without.includes(kind) ? 0 : stream?.port ?? 0, codecs: this.codecsOf(kind, 0) ?? (kind === 'video' ? ['VP8'] : AUDIO),
			proto: this.have.proto })));
	}

	/** Sends an offer in the dialog with what it has then; {have, direction, without: kinds, move: to other ports}. */
	async reoffer(method = 'INVITE', { have, direction, without, move } = {}) {
		await this.openMedia({ ...have });
		if (move) for (const line of this.lines.filter((l) => l.stream)) {
			line.stream.close();
			Object.assign(line, await this.openLine(line.kind), { hz: undefined });
		}
		const make = this.makeOffer;
		this.makeOffer = () => make.call(this, { direction, without });
		try {
			return await super.offer(method, direction);
		} finally {
			delete this.makeOffer;
		}
	}

	/** A re-INVITE without an offer: the other side makes it, the answer goes into the ACK. */
	async askForOffer() {
		const response = await this.endpoint.request(this.make('INVITE'), { direct: true });
		if (response.status >= 300) throw new SipError(response.status, response.reason, response);
		this.offers.push(response.body);
		await this.openFor(parseSections(response.body));
		const answer = this.makeAnswer(response.body);
		this.sendAck(response, answer);
		return response;
	}

	async answerOffer(tx, state) {
		if (state === 'established' && this.state === 'established' && this.have.refuseReoffer)
			return tx.respond(this.have.refuseReoffer, 'Refused', { toTag: this.localTag });
		if (tx.request.body) {
			this.offers.push(tx.request.body);
			await this.openFor(parseSections(tx.request.body));
		} else await this.openMedia({});
		return super.answerOffer(tx, state);
	}

	async openFor(sections) {
		const chosen = this.chooseAll(sections);
		for (const [i, { kind }] of sections.entries()) {
			if (this.lines[i]?.stream && !chosen[i]) {
				this.lines[i].stream.close();
				this.lines[i] = { kind };
			}
			if (!this.lines[i]?.stream) this.lines[i] = chosen[i] ? await this.openLine(kind) : { kind };
		}
	}

	chooseAll(sections) {
		const seen = {};
		return sections.map((s) => {
			if (!s.port) return undefined;
			const nth = seen[s.kind] = (seen[s.kind] ?? -1) + 1;
			return choose(s, this.codecsOf(s.kind, nth));
		});
	}

	makeAnswer(offer) {
		const sections = parseSections(offer);
		const chosen = this.chooseAll(sections);
		if (!chosen.some(Boolean)) return undefined;
		const answer = writeAnswer(this.endpoint.host, this.version++, sections, chosen.map((c, i) => c
			&& { ...c, port: this.lines[i].stream.port, direction: this.have.direction }));
		this.useSections(sections, chosen);
		return answer;
	}

	useAnswer(sdp) {
		if (!sdp) return;
		this.remoteAnswer = sdp;
		const sections = parseSections(sdp);
		this.useSections(sections, this.chooseAll(sections));
	}

	useSections(sections, chosen) {
		let nth = 0;
		for (const [i, section] of sections.entries()) {
			const line = this.lines[i];
			const hz = section.kind === 'audio' ? (this.have.tones_hz ?? [440])[nth++] : undefined;
			if (!line?.stream || !chosen[i]) continue;
			line.media = { ...chosen[i], host: section.host, port: section.port, rtcpPort: section.rtcpPort,
				send: takes(section) && !['recvonly', 'inactive'].includes(this.have.direction),
				feedback: section.proto.endsWith('F'), proto: section.proto };
			if (hz !== undefined && line.hz !== hz) line.stream.source = tone(line.hz = hz, 8000);
			line.stream.connect(line.media);
		}
		[this.rtp] = this.audio;
		this.emit('media', sections);
	}

	get audio() { return this.lines.filter((l) => l.kind === 'audio' && l.stream).map((l) => l.stream); }
	get video() { return this.lines.find((l) => l.kind === 'video' && l.stream)?.stream; }

	closeMedia() { for (const { stream } of this.lines) stream?.close(); }

	/** What an audio line hears in this time: {rms, hz, packets_n, dtmf, amplitudeAt(hz)}; nth counts audio lines. */
	async hear(nth = 0, ms = 1000) {
		const stream = this.audio[nth];
		stream.take();
		const before = stream.received_n;
		await wait(ms);
		const pcm = stream.take();
		return { rms: rms(pcm), hz: dominant(pcm)?.hz, packets_n: stream.received_n - before, dtmf: readDtmf(pcm),
			amplitudeAt: (hz) => amplitudeAt(pcm, hz) };
	}
}

/** A registered phone of this user of the lab. It answers as `have` says, once set by answerWith(). */
export async function openMediaPhone(lab, name, host, { port = 5060 } = {}) {
	const { impi, impus, password } = lab.users[name];
	const hosts = Object.fromEntries(['icscf', 'scscf', 'pcscf', 'epcscf']
		.map((part) => [lab.nodes[part].name, lab.nodes[part].address]));
	const phone = await Phone.start({ hosts, proxy: { host: lab.nodes.pcscf.address, port: lab.nodes.pcscf.sip },
		domain: lab.domain, host, port, impi, password, Call: MediaCall,
		impu: impus.find((impu) => impu.startsWith('sip:')) });
	phone.taken = [];
	phone.answerWith = (have) => {
		phone.have = have;
		phone.onCall = async (call) => {
			phone.taken.shift()?.(call);
			if (have.refuse) return void call.reject(have.refuse, 'Refused');
			if (have.delay_ms) await wait(have.delay_ms);
			await call.answer();
		};
	};
	/** The next call that comes in, as soon as it rings. */
	phone.next = () => new Promise((done) => { phone.taken.push(done); });
	await phone.register();
	return phone;
}
