// SPDX-License-Identifier: BSD-2-Clause
// One audio stream: RTP (RFC 3550) with G.711 and telephone-event (RFC 4733).
import { createSocket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { CODECS, silence } from './dsp.mjs';

const FRAME_MS = 20;
const FRAME_SAMPLES = 160;
const GAP_MAX_SAMPLES = 8000;
const EVENT_KEYS = '0123456789*#ABCD';
const EVENT_END_REPEATS = 3;
const KEEP_SAMPLES = 8000 * 60;

export class RtpStream {
	static async open(host) {
		const stream = new RtpStream();
		const random = randomBytes(10);
		Object.assign(stream, {
			host, ssrc: random.readUInt32BE(0), sequence: random.readUInt16BE(4) >> 1,
			timestamp: random.readUInt32BE(6), source: silence(), sending: true, echo: false,
			sent_n: 0, received_n: 0, events: [], heard: [], heardSamples: 0,
			onDigit: () => {}, marker: true,
		});
		stream.socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
		stream.socket.on('message', (data) => stream.receive(data));
		stream.socket.on('error', () => {});
		await new Promise((done, reject) => {
			stream.socket.once('error', reject);
			stream.socket.bind(0, host, done);
		});
		stream.port = stream.socket.address().port;
		return stream;
	}

	// media: {host, port, codec: 'PCMU', pt, eventPt, send}
	connect(media) {
		Object.assign(this, { remote: { host: media.host, port: media.port }, codec: CODECS[media.codec],
			pt: media.pt, eventPt: media.eventPt, sending: media.send });
		if (!this.timer) this.startClock();
	}

	// Frames go out by the clock, not by a timer's drift.
	startClock() {
		const begun = performance.now();
		let frames = 0;
		this.timer = setInterval(() => {
			const due = Math.floor((performance.now() - begun) / FRAME_MS);
			// After a stall the missed time is skipped, not sent in one burst.
			if (due - frames > 10) {
				this.timestamp = (this.timestamp + (due - frames - 1) * FRAME_SAMPLES) >>> 0;
				frames = due - 1;
			}
			for (; frames < due; frames++) this.tick();
		}, FRAME_MS / 2);
	}

	tick() {
		if (this.sending && !this.echo) {
			if (this.events.length) this.sendEvent();
			else this.sendPacket(this.pt, this.codec.encode(this.source(FRAME_SAMPLES)), this.timestamp);
		}
		this.timestamp = (this.timestamp + FRAME_SAMPLES) >>> 0;
	}

	sendPacket(pt, payload, timestamp, marker = this.marker) {
		const header = Buffer.alloc(12);
		header[0] = 0x80;
		header[1] = pt | (marker ? 0x80 : 0);
		header.writeUInt16BE(this.sequence, 2);
		header.writeUInt32BE(timestamp >>> 0, 4);
		header.writeUInt32BE(this.ssrc, 8);
		this.sequence = (this.sequence + 1) & 0xffff;
		this.marker = false;
		this.sent_n++;
		this.socket.send(Buffer.concat([header, payload]), this.remote.port, this.remote.host);
	}

	// Queues keys as telephone events of 120 ms with 80 ms between them.
	sendDigits(keys, { duration_ms = 120, gap_ms = 80 } = {}) {
		return new Promise((done) => {
			[...keys].forEach((key, i) => this.events.push({ code: EVENT_KEYS.indexOf(key.toUpperCase()),
				frames: duration_ms / FRAME_MS, gap: gap_ms / FRAME_MS, at: 0,
				done: i === keys.length - 1 ? done : () => {} }));
		});
	}

	sendEvent() {
		const event = this.events[0];
		event.begun ??= this.timestamp;
		event.at++;
		if (event.at <= event.frames) {
			const last = event.at >= event.frames;
			const payload = Buffer.from([event.code, (last ? 0x80 : 0) | 10, 0, 0]);
			payload.writeUInt16BE(event.at * FRAME_SAMPLES, 2);
			for (let i = 0; i < (last ? EVENT_END_REPEATS : 1); i++) {
				this.sendPacket(this.eventPt, payload, event.begun, event.at === 1);
			}
		} else if (event.at >= event.frames + event.gap) {
			this.events.shift();
			event.done();
		}
	}

	receive(data) {
		if (data.length < 12 || data[0] >> 6 !== 2) return;
		const pt = data[1] & 0x7f;
		const timestamp = data.readUInt32BE(4);
		const start = 12 + (data[0] & 0x0f) * 4 + extensionLength(data);
		const payload = data.subarray(start);
		if (pt !== this.pt && pt !== this.eventPt) return;
		this.received_n++;
		if (this.echo && this.sending) this.sendPacket(pt, payload, timestamp, (data[1] & 0x80) !== 0);
		if (pt === this.eventPt) this.receiveEvent(payload, timestamp);
		else this.keep(this.codec.decode(payload), timestamp);
	}

	// Packets of one event share its timestamp; any of them may be lost.
	receiveEvent(payload, timestamp) {
		if (payload.length < 4 || timestamp === this.eventSeen || payload[0] > 15) return;
		this.eventSeen = timestamp;
		this.onDigit(EVENT_KEYS[payload[0]]);
	}

	keep(pcm, timestamp) {
		const gap = this.expected === undefined ? 0 : (timestamp - this.expected) | 0;
		if (gap < 0 && gap > -GAP_MAX_SAMPLES) return; // late: its place is gone
		if (gap > 0 && gap < GAP_MAX_SAMPLES) this.push(new Int16Array(gap));
		this.push(pcm);
		this.expected = (timestamp + pcm.length) >>> 0;
	}

	push(pcm) {
		this.heard.push(pcm);
		this.heardSamples += pcm.length;
		while (this.heardSamples > KEEP_SAMPLES) this.heardSamples -= this.heard.shift().length;
	}

	// All that was heard since the last call, as one piece.
	take() {
		const all = new Int16Array(this.heardSamples);
		let at = 0;
		for (const pcm of this.heard) {
			all.set(pcm, at);
			at += pcm.length;
		}
		this.heard = [];
		this.heardSamples = 0;
		return all;
	}

	close() {
		clearInterval(this.timer);
		this.timer = undefined;
		if (this.socket) this.socket.close();
		this.socket = undefined;
	}
}

function extensionLength(data) {
	const at = 12 + (data[0] & 0x0f) * 4;
	if (!(data[0] & 0x10) || data.length < at + 4) return 0;
	return 4 + data.readUInt16BE(at + 2) * 4;
}
