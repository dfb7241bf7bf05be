// SPDX-License-Identifier: BSD-2-Clause
// One video stream: RTP with VP8 (RFC 7741) or H.264 (RFC 6184) put together to
// whole frames, RTCP with keyframe requests (RFC 4585), and sending: an echo of
// what comes in, or a recording of it again.
import { createSocket } from 'node:dgram';
import { randomBytes } from 'node:crypto';

const KEEP_FRAMES = 600;
const REPORT_MS = 500;
const PLI_MS = 500;
const PT = { SR: 200, RR: 201, BYE: 203, RTPFB: 205, PSFB: 206 };
const START_CODE = Buffer.from([0, 0, 0, 1]);

// {at, start, key, width, height}: where the frame's octets begin in the payload.
function vp8(payload) {
	if (payload.length < 2) return undefined;
	let at = 1;
	if (payload[0] & 0x80) {
		const extension = payload[at++];
		if (extension & 0x80) at += payload[at] & 0x80 ? 2 : 1;
		if (extension & 0x40) at++;
		if (extension & 0x30) at++;
	}
	const start = (payload[0] & 0x17) === 0x10; // S, partition 0
	const key = start && (payload[at] & 1) === 0;
	if (!key) return { start, key, data: payload.subarray(at) };
	return { start, key, data: payload.subarray(at),
		width: payload.readUInt16LE(at + 6) & 0x3fff, height: payload.readUInt16LE(at + 8) & 0x3fff };
}

// Annex B octets of one packet.
function h264(payload) {
	const type = payload[0] & 0x1f;
	if (type === 28) {
		const start = (payload[1] & 0x80) !== 0;
		const header = Buffer.from([(payload[0] & 0xe0) | (payload[1] & 0x1f)]);
		return { start: true, key: (payload[1] & 0x1f) === 5,
			data: start ? Buffer.concat([START_CODE, header, payload.subarray(2)]) : payload.subarray(2) };
	}
	if (type !== 24) return { start: true, key: type === 5, data: Buffer.concat([START_CODE, payload]) };
	const parts = [];
	let key = false;
	for (let at = 1; at + 2 < payload.length;) {
		const length = payload.readUInt16BE(at);
		const unit = payload.subarray(at + 2, at + 2 + length);
		key ||= (unit[0] & 0x1f) === 5;
		parts.push(START_CODE, unit);
		at += 2 + length;
	}
	return { start: true, key, data: Buffer.concat(parts) };
}

const DEPACKETIZE = { VP8: vp8, H264: h264 };

const bind = (socket, port, host) => new Promise((done, reject) => {
	socket.once('error', reject);
	socket.bind(port, host, () => { socket.off('error', reject); socket.on('error', () => {}); done(); });
});

// RTP on an even port, RTCP on the next.
async function openPair(host) {
	const family = host.includes(':') ? 'udp6' : 'udp4';
	for (let tries = 0; ; tries++) {
		const pair = [createSocket(family), createSocket(family)];
		const port = 20000 + 2 * (randomBytes(2).readUInt16BE(0) % 20000);
		try {
			await bind(pair[0], port, host);
			await bind(pair[1], port + 1, host);
			return { rtp: pair[0], rtcp: pair[1], port };
		} catch (error) {
			for (const socket of pair) try { socket.close(); } catch { /* was not open */ }
			if (tries > 20) throw error;
		}
	}
}

export class VideoStream {
	static async open(host) {
		const random = randomBytes(10);
		const stream = Object.assign(new VideoStream(), { host, ssrc: random.readUInt32BE(0),
			sequence: random.readUInt16BE(4) >> 1, mode: 'echo', frames: [], frames_n: 0, keys_n: 0, broken_n: 0,
			received_n: 0, sent_n: 0, reports_n: 0, asked_n: 0, askedUs_n: 0, lastAsk: 0,
			drop_n: 0 });
		Object.assign(stream, await openPair(host));
		stream.rtp.on('message', (data) => stream.receive(data));
		stream.rtcp.on('message', (data) => stream.control(data));
		return stream;
	}

	// media: {host, port, rtcpPort, codec, pt, send, feedback}; feedback: may we ask for a keyframe?
	connect(media) {
		if (media.codec !== this.codec) this.forget();
		Object.assign(this, { remote: { host: media.host, port: media.port, rtcpPort: media.rtcpPort },
			codec: media.codec, pt: media.pt, sending: media.send, feedback: media.feedback });
		this.timer ??= setInterval(() => this.report(), REPORT_MS);
	}

	/** As if nothing had come yet: frames, and what they were made of. */
	forget() {
		Object.assign(this, { frames: [], frames_n: 0, keys_n: 0, broken_n: 0, packets: [], lost: true });
	}

	receive(data) {
		if (data.length < 13 || data[0] >> 6 !== 2 || (data[1] & 0x7f) !== this.pt) return;
		const sequence = data.readUInt16BE(2), timestamp = data.readUInt32BE(4), marker = (data[1] & 0x80) !== 0;
		let at = 12 + (data[0] & 0x0f) * 4;
		if (data[0] & 0x10) at += 4 + data.readUInt16BE(at + 2) * 4;
		const payload = data.subarray(at, data.length - (data[0] & 0x20 ? data[data.length - 1] : 0));
		this.received_n++;
		this.theirs = data.readUInt32BE(8);
		this.highest = this.highest === undefined || ((sequence - this.highest) & 0x8000) === 0 ? sequence : this.highest;
		if (!payload.length) return; // a probe of the sender's
		if (this.mode === 'echo') this.send(payload, timestamp, marker);
		this.assemble({ sequence, timestamp, marker, payload });
	}

	// In order, or the frame is broken: there is no jitter on a loopback, and a
	// retransmission nobody asked for.
	assemble({ sequence, timestamp, marker, payload }) {
		const next = this.expected === undefined || sequence === this.expected;
		this.expected = (sequence + 1) & 0xffff;
		if (!next) this.lost = true;
		if (timestamp !== this.timestamp) {
			if (this.packets?.length) this.lost = true; // its marker never came
			Object.assign(this, { timestamp, packets: [] });
		}
		this.packets.push(DEPACKETIZE[this.codec](payload));
		if (!marker) return;
		const parts = this.packets;
		this.packets = [];
		if (!parts.every(Boolean) || !parts[0].start) return void this.lose();
		const key = parts.some((p) => p.key);
		if (this.lost && !key) return void this.lose();
		this.lost = false;
		const { width, height } = parts[0];
		this.frames.push({ timestamp, key, data: Buffer.concat(parts.map((p) => p.data)), width, height });
		this.frames_n++;
		if (key) this.keys_n++;
		if (this.frames.length > KEEP_FRAMES) this.frames.shift();
	}

	lose() {
		this.broken_n++;
		this.askKey();
	}

	/** The frames from the last keyframe but n on, as a decoder needs them. */
	decodable(last = 1) {
		const keys = this.frames.flatMap((f, i) => (f.key ? [i] : []));
		return keys.length ? this.frames.slice(keys.at(-last) ?? keys[0]) : [];
	}

	send(payload, timestamp, marker) {
		if (!this.sending || !this.remote) return;
		if (this.drop_n > 0) {
			this.drop_n--;
			this.sequence = (this.sequence + 1) & 0xffff;
			return;
		}
		const header = Buffer.alloc(12);
		header[0] = 0x80;
		header[1] = this.pt | (marker ? 0x80 : 0);
		header.writeUInt16BE(this.sequence, 2);
		header.writeUInt32BE(timestamp >>> 0, 4);
		header.writeUInt32BE(this.ssrc, 8);
		this.sequence = (this.sequence + 1) & 0xffff;
		this.sent_n++;
		this.rtp?.send(Buffer.concat([header, payload]), this.remote.port, this.remote.host);
	}

	// ---- RTCP ----

	control(data) {
		for (let at = 0; at + 8 <= data.length;) {
			const type = data[at + 1], format = data[at] & 0x1f;
			const end = at + 4 * (data.readUInt16BE(at + 2) + 1);
			if (type === PT.SR || type === PT.RR) this.reports_n++;
			// An echo has no encoder: who made the pictures makes the keyframe.
			if (type === PT.PSFB && (format === 1 || format === 4)) {
				this.askedUs_n++;
				this.askKey();
			}
			at = end;
		}
	}

	sendControl(...more) {
		if (!this.remote || this.theirs === undefined) return;
		const rr = Buffer.alloc(32);
		rr[0] = 0x81;
		rr[1] = PT.RR;
		rr.writeUInt16BE(7, 2);
		rr.writeUInt32BE(this.ssrc, 4);
		rr.writeUInt32BE(this.theirs, 8);
		rr.writeUInt32BE(this.highest, 16);
		const name = Buffer.alloc(16);
		name.set([0x81, 202, 0, 3]);
		name.writeUInt32BE(this.ssrc, 4);
		name.set([1, 4, ...Buffer.from('ims1')], 8);
		this.rtcp?.send(Buffer.concat([rr, name, ...more]), this.remote.rtcpPort, this.remote.host);
	}

	report() { this.sendControl(); }

	/** Picture Loss Indication, now and then, where the session has feedback. */
	askKey(now = Date.now()) {
		if (!this.feedback || now - this.lastAsk < PLI_MS) return;
		this.lastAsk = now;
		this.asked_n++;
		const pli = Buffer.alloc(12);
		pli.set([0x81, PT.PSFB, 0, 2]);
		pli.writeUInt32BE(this.ssrc, 4);
		pli.writeUInt32BE(this.theirs ?? 0, 8);
		this.sendControl(pli);
	}

	close() {
		clearInterval(this.timer);
		this.timer = undefined;
		this.rtp?.close();
		this.rtcp?.close();
		this.rtp = this.rtcp = undefined;
	}
}
