// SPDX-License-Identifier: BSD-2-Clause
// The IMS side of a call that a test leads by ng: a UDP socket that sends PCMU
// and telephone-events (RFC 4733) and counts what comes.
import dgram from 'node:dgram';

// The payload type of telephone-event/8000 in Chromium's offers.
const KEYS = 126;
// That of VP8 there.
const PICTURES = 96;

export class Ims {
	static async open(address = '127.0.0.1') {
		const ims = new Ims();
		Object.assign(ims, { address, seq: 1, stamp: 1, got: 0, types: {}, socket: dgram.createSocket('udp4') });
		ims.socket.on('message', (data) => {
			ims.got++;
			const type = data[1] & 0x7f;
			ims.types[type] = (ims.types[type] ?? 0) + 1;
		});
		await new Promise((done) => { ims.socket.bind(0, address, done); });
		ims.port = ims.socket.address().port;
		return ims;
	}

	sdp({ direction = 'sendrecv', video = false } = {}) {
		return ['v=0', `o=- 1 1 IN IP4 ${this.address}`, 's=-', `c=IN IP4 ${this.address}`, 't=0 0',
			`m=audio ${this.port} RTP/AVP 0 ${KEYS}`, 'a=rtpmap:0 PCMU/8000', `a=rtpmap:${KEYS} telephone-event/8000`,
			`a=fmtp:${KEYS} 0-15`, `a=${direction}`,
			...(video ? [`m=video ${this.port} RTP/AVP ${PICTURES}`, `a=rtpmap:${PICTURES} VP8/90000`, `a=${direction}`] : []), ''].join('\r\n');
	}

	/** Where the other side's SDP wants its packets. */
	toward(sdp) {
		this.to = { host: sdp.match(/^c=IN IP4 (\S+)/m)[1], port: Number(sdp.match(/^m=audio (\d+)/m)[1]) };
	}

	packet(type, payload, { marker = false, stamp = this.stamp } = {}) {
		const p = Buffer.alloc(12 + payload.length);
		p[0] = 0x80;
		p[1] = type | (marker ? 0x80 : 0);
		p.writeUInt16BE(this.seq++ & 0xffff, 2);
		p.writeUInt32BE(stamp >>> 0, 4);
		p.writeUInt32BE(0x1234, 8);
		payload.copy(p, 12);
		this.socket.send(p, this.to.port, this.to.host);
	}

	/** 50 packets a second from now on. */
	talk() {
		const silence = Buffer.alloc(160, 0xff);
		this.timer = setInterval(() => { this.packet(0, silence); this.stamp += 160; }, 20);
	}

	/** Nothing more. */
	silent() {
		clearInterval(this.timer);
		this.timer = undefined;
	}

	/** A key of 100 ms: updates while it lasts, its end three times. */
	async key(digit) {
		const event = '0123456789*#ABCD'.indexOf(digit), stamp = this.stamp;
		const report = (n, end) => {
			const payload = Buffer.from([event, (end ? 0x80 : 0) | 10, 0, 0]);
			payload.writeUInt16BE(n, 2);
			this.packet(KEYS, payload, { marker: n === 160, stamp });
		};
		for (let n = 1; n <= 5; n++) {
			report(160 * n, false);
			await new Promise((done) => { setTimeout(done, 20); });
		}
		for (let i = 0; i < 3; i++) report(800, true);
		this.stamp += 1000;
	}

	close() {
		this.silent();
		this.socket.close();
	}
}
