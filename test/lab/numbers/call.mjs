// SPDX-License-Identifier: BSD-2-Clause
// One session: dialog, offers and answers, audio. Made by a Phone.
import { EventEmitter } from 'node:events';
import { SipError } from './endpoint.mjs';
import { Message, parseAddress, token } from './message.mjs';
import { amplitudeAt, dominant, readDtmf, rms, silence, tone } from './dsp.mjs';
import { RtpStream } from './rtp.mjs';
import { agree, makeAnswer, makeOffer, parseSdp } from './sdp.mjs';

const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });

// Events: 'digit' (key), 'media' (after each offer and answer), 'ended' (why).
// `methods` takes over requests within the dialog.
export class Call extends EventEmitter {
	constructor(phone, fields) {
		super();
		Object.assign(this, { phone, endpoint: phone.endpoint, state: 'new', version: 1, localCseq: 0,
			routes: [], ...fields });
		this.ended = new Promise((done) => { this.once('ended', done); });
	}

	// Signalling and media may be in two networks.
	get mediaHost() { return this.phone.config.mediaHost ?? this.endpoint.host; }

	async openMedia() {
		this.rtp ??= await RtpStream.open(this.mediaHost);
		this.rtp.onDigit = (key) => this.emit('digit', key);
	}

	// ---- outgoing ----

	static async dial(phone, target, options = {}) {
		const call = new this(phone, { localTag: token(), callId: `${token()}@${phone.endpoint.host}`,
			localUri: phone.impu, remoteUri: target, target, codecs: options.codecs });
		phone.calls.set(call.callId, call);
		await call.openMedia(options);
		const invite = call.make('INVITE', { dialogless: true })
			.add('Route', ...(options.routes ?? phone.initialRoutes()))
			.add('P-Preferred-Identity', `<${phone.impu}>`).add('Supported', 'timer')
			.add('Content-Type', 'application/sdp');
		for (const [name, value] of Object.entries(options.headers ?? {})) invite.add(name, value);
		invite.body = call.makeOffer(options);
		const timer = options.timeout_ms && setTimeout(() => call.invite.transaction.cancel(), options.timeout_ms);
		call.invite = invite;
		call.provisionals = [];
		try {
			const pending = call.endpoint.request(invite, {
				onProvisional: (response) => call.provisional(response) });
			options.onDialing?.(call);
			const response = await pending;
			if (response.status >= 300) throw new SipError(response.status, response.reason, response);
			call.establishOut(response);
			if (options.tone_hz) call.tone(options.tone_hz);
			return call;
		} catch (error) {
			call.end(error.message);
			throw error;
		} finally {
			clearTimeout(timer);
		}
	}

	// The other side answers 487 and dial() throws it.
	cancel() {
		this.invite?.transaction?.cancel();
	}

	provisional(response) {
		this.provisionals.push(response.status);
		this.emit('provisional', response);
		if (response.body) this.useAnswer(response.body);
	}

	establishOut(response) {
		this.routes = response.all('Record-Route').reverse();
		this.remoteTag = response.toTag;
		this.remoteTarget = parseAddress(response.get('Contact')).uri;
		this.answer200 = response;
		this.useAnswer(response.body);
		this.sendAck(response);
		this.state = 'established';
	}

	sendAck(response, answer) {
		const ack = this.make('ACK', { cseq: response.cseq.n });
		ack.fields.unshift(['Via', `SIP/2.0/UDP ${this.endpoint.sentBy};branch=z9hG4bK${token()};rport`]);
		if (answer) {
			ack.add('Content-Type', 'application/sdp');
			ack.body = answer;
		}
		this.endpoint.transmit(ack, this.endpoint.nextHop(ack, { direct: true }));
	}

	// The next four, with openMedia() and closeMedia(), are all that knows SDP.
	makeOffer(options) {
		return makeOffer(this.mediaHost, this.rtp.port, this.version++, { codecs: this.codecs, ...options });
	}

	// undefined: nothing in common.
	makeAnswer(offer) {
		const sections = parseSdp(offer);
		const agreed = agree(sections, this.codecs);
		if (!agreed) return undefined;
		this.useMedia(agreed);
		return makeAnswer(sections, agreed, this.mediaHost, this.rtp.port, this.version++);
	}

	useAnswer(sdp) {
		const agreed = sdp && agree(parseSdp(sdp), this.codecs);
		if (agreed) this.useMedia(agreed);
	}

	useMedia(agreed) {
		this.media = agreed;
		this.rtp.connect(agreed);
		this.emit('media', agreed);
	}

	// ---- incoming ----

	static incoming(phone, request, tx) {
		const call = new this(phone, { localTag: token(), callId: request.get('Call-ID'), invite: request, tx,
			localUri: parseAddress(request.get('To')).uri, remoteUri: parseAddress(request.get('From')).uri,
			remoteTag: request.fromTag, routes: request.all('Record-Route'), remoteCseq: request.cseq.n,
			remoteTarget: parseAddress(request.get('Contact') ?? request.get('From')).uri, state: 'ringing' });
		phone.calls.set(call.callId, call);
		tx.onCancel = () => {
			tx.respond(487, 'Request Terminated', { toTag: call.localTag });
			call.end('cancelled');
		};
		tx.onNoAck = () => call.hangup();
		return call;
	}

	get from() { return this.remoteUri; }

	contact(response) {
		response.add('Contact', this.phone.callContact).add('Allow', this.phone.allow);
	}

	ring(status = 180, reason = 'Ringing') {
		this.tx.respond(status, reason, { toTag: this.localTag, change: (r) => this.contact(r) });
	}

	reject(status = 486, reason = 'Busy Here') {
		this.tx.respond(status, reason, { toTag: this.localTag });
		this.end(`refused with ${status}`);
	}

	// false: no media in common; the call was refused with 488. `elsewhere`: not
	// where its early media was, but at a port and SSRC of its own.
	async answer({ elsewhere = false, ...options } = {}) {
		if (elsewhere) {
			this.rtp?.close();
			this.rtp = undefined;
		}
		return await this.prepare(options) && this.answerOffer(this.tx, 'established');
	}

	// Early media: a provisional answer that nobody acknowledges (183 without
	// 100rel); heard until answer() or reject().
	async early(options = {}) {
		return await this.prepare(options) && this.answerOffer(this.tx, 'ringing', [183, 'Session Progress']);
	}

	// The microphone and the ear; false: the caller has gone meanwhile.
	async prepare({ source, tone_hz, codecs } = {}) {
		this.codecs = codecs;
		await this.openMedia();
		if (this.state !== 'ringing') return false;
		if (tone_hz) this.tone(tone_hz);
		if (source) this.rtp.source = source;
		return true;
	}

	// Answers INVITE, re-INVITE or UPDATE; an INVITE without SDP gets an offer.
	answerOffer(tx, state, [status, reason] = [200, 'OK']) {
		const { request } = tx;
		let sdp;
		if (request.body) {
			sdp = this.makeAnswer(request.body);
			if (!sdp) {
				tx.respond(488, 'Not Acceptable Here', { toTag: this.localTag });
				if (this.state === 'ringing') this.end('no common media');
				return false;
			}
		} else if (request.method === 'INVITE') {
			sdp = this.makeOffer();
			this.answerInAck = true;
		}
		this.state = state;
		tx.respond(status, reason, { toTag: this.localTag, change: (response) => {
			this.contact(response);
			if (!sdp) return;
			response.add('Content-Type', 'application/sdp');
			response.body = sdp;
		} });
		return true;
	}

	// ---- in the dialog ----

	make(method, { dialogless = false, cseq } = {}) {
		const uri = dialogless ? this.target : this.remoteTarget;
		const n = cseq ?? ++this.localCseq;
		const to = this.remoteTag ? `<${this.remoteUri}>;tag=${this.remoteTag}` : `<${this.remoteUri}>`;
		const message = new Message(`${method} ${uri} SIP/2.0`);
		message.add('Max-Forwards', '70').add('Route', ...this.routes)
			.add('From', `<${this.localUri}>;tag=${this.localTag}`).add('To', to)
			.add('Call-ID', this.callId).add('CSeq', `${n} ${method}`)
			.add('User-Agent', 'epcscf lab phone');
		if (['INVITE', 'UPDATE', 'REFER', 'NOTIFY'].includes(method)) {
			message.add('Contact', this.phone.callContact).add('Allow', this.phone.allow);
		}
		return message;
	}

	receive(request, tx) {
		const { method } = request;
		if (this.state === 'ended' || request.fromTag !== this.remoteTag) {
			return tx.respond(481, 'Call/Transaction Does Not Exist');
		}
		if (this.remoteCseq !== undefined && request.cseq.n < this.remoteCseq) {
			return tx.respond(500, 'Server Internal Error');
		}
		this.remoteCseq = request.cseq.n;
		if (request.get('Contact')) this.remoteTarget = parseAddress(request.get('Contact')).uri;
		if (method === 'BYE') {
			tx.respond(200, 'OK');
			return this.end('hung up by the other side');
		}
		if (method === 'INVITE' || method === 'UPDATE') {
			tx.onNoAck = () => this.hangup();
			if (method === 'INVITE') this.tx = tx;
			return this.answerOffer(tx, this.state);
		}
		const taken = this.methods?.[method];
		if (taken) return taken(request, tx);
		const known = ['INFO', 'OPTIONS', 'MESSAGE', 'NOTIFY'].includes(method);
		return known ? tx.respond(200, 'OK') : tx.respond(501, 'Not Implemented');
	}

	acknowledged(ack) {
		this.tx?.acknowledged();
		if (this.answerInAck && ack.body) this.useAnswer(ack.body);
		this.answerInAck = false;
	}

	// Sends an offer in the dialog; direction as in SDP.
	async offer(method = 'INVITE', direction = 'sendrecv') {
		const request = this.make(method).add('Content-Type', 'application/sdp');
		request.body = this.makeOffer({ direction });
		const response = await this.endpoint.request(request, { direct: true });
		if (response.status >= 300) throw new SipError(response.status, response.reason, response);
		if (method === 'INVITE') {
			this.answer200 = response;
			this.sendAck(response);
		}
		this.useAnswer(response.body);
		return response;
	}

	async hangup() {
		if (this.state === 'ended') return;
		if (this.state === 'new') return void this.cancel();
		if (this.state === 'ringing') return void this.reject(480, 'Temporarily Unavailable');
		const bye = this.make('BYE');
		this.end('hung up here');
		await this.endpoint.request(bye, { direct: true }).catch(() => {});
	}

	end(why) {
		if (this.state === 'ended') return;
		this.state = 'ended';
		this.closeMedia();
		this.phone.calls.delete(this.callId);
		this.emit('ended', why);
	}

	closeMedia() { this.rtp?.close(); }

	// ---- audio ----

	tone(hz, amplitude) { this.rtp.source = tone(hz, amplitude); }
	play(source) { this.rtp.source = source; }
	silence() { this.rtp.source = silence(); }
	digits(keys, timing) { return this.rtp.sendDigits(keys, timing); }

	// Listens for a while and tells what was heard.
	async listen(ms) {
		this.rtp.take();
		const before = this.rtp.received_n;
		await wait(ms);
		const pcm = this.rtp.take();
		return { pcm, packets_n: this.rtp.received_n - before, rms: rms(pcm), dominant_hz: dominant(pcm)?.hz,
			dtmf: readDtmf(pcm), amplitudeAt: (hz) => amplitudeAt(pcm, hz) };
	}
}
