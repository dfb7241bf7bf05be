// SPDX-License-Identifier: BSD-2-Clause
// The notifier's side of an event package (RFC 6665): one package on a Phone.
import { SipError } from '../numbers/endpoint.mjs';
import { Message, parseAddress, token } from '../numbers/message.mjs';

const MAX_S = 3600;
const HASTE_MS = 30;

class Subscription {
	constructor(notifier, request) {
		const { phone } = notifier;
		Object.assign(this, { notifier, phone, callId: request.get('Call-ID'), localTag: token(), cseq: 0,
			remoteTag: request.fromTag, remoteCseq: request.cseq.n, event: request.get('Event'),
			localUri: parseAddress(request.get('To')).uri, remoteUri: parseAddress(request.get('From')).uri,
			remoteTarget: parseAddress(request.get('Contact')).uri, routes: request.all('Record-Route'),
			asserted: request.get('P-Asserted-Identity'), sending: Promise.resolve() });
	}

	get left_s() { return Math.max(0, Math.round((this.ends_ms - Date.now()) / 1000)); }

	// SUBSCRIBE, the first and those that refresh or end it.
	take(request, tx, expires_s) {
		this.ends_ms = Date.now() + expires_s * 1000;
		this.phone.endpoint.cancelTimer(this.timer);
		const answer = () => tx.respond(200, 'OK', { toTag: this.localTag, change: (response) => {
			response.add('Contact', this.phone.contact).add('Expires', String(expires_s))
				.add('Allow-Events', this.notifier.event);
		} });
		if (expires_s) this.timer = this.phone.endpoint.later(expires_s * 1000, () => this.end('timeout'));
		// RFC 6665 4.1.2.4: the first NOTIFY may be there before the answer.
		if (this.notifier.hasty && !this.cseq) this.phone.endpoint.later(HASTE_MS, answer);
		else answer();
		if (expires_s) this.tell();
		else this.end('timeout');
	}

	receive(request, tx) {
		if (request.fromTag !== this.remoteTag || request.toTag !== this.localTag) {
			return tx.respond(481, 'Subscription Does Not Exist');
		}
		if (request.cseq.n <= this.remoteCseq) return tx.respond(500, 'Server Internal Error');
		this.remoteCseq = request.cseq.n;
		if (request.method !== 'SUBSCRIBE') return tx.respond(405, 'Method Not Allowed');
		const expires_s = this.notifier.agree(request, tx);
		if (expires_s === undefined) return undefined;
		this.notifier.log('subscribed', { from: this.asserted ?? this.remoteUri, expires_s, refresh: true });
		return this.take(request, tx, expires_s);
	}

	tell() {
		return this.send(`active;expires=${this.left_s}`);
	}

	end(reason) {
		if (this.ended) return undefined;
		this.ended = true;
		this.phone.endpoint.cancelTimer(this.timer);
		this.notifier.subscriptions.delete(this);
		this.notifier.log('subscription-ended', { from: this.asserted ?? this.remoteUri, reason });
		return this.send(`terminated;reason=${reason}`)
			.finally(() => this.phone.dialogs.delete(this.callId));
	}

	// One after the other; who does not know of it any more has left.
	send(state) {
		this.sending = this.sending.then(() => this.sendNow(state)).catch((error) => {
			this.notifier.log('notify-failed', { to: this.remoteUri, why: error.message });
			if (this.ended) return;
			this.ended = true;
			this.phone.endpoint.cancelTimer(this.timer);
			this.notifier.subscriptions.delete(this);
			this.phone.dialogs.delete(this.callId);
		});
		return this.sending;
	}

	async sendNow(state) {
		const request = new Message(`NOTIFY ${this.remoteTarget} SIP/2.0`);
		request.add('Max-Forwards', '70').add('Route', ...this.routes)
			.add('From', `<${this.localUri}>;tag=${this.localTag}`).add('To', `<${this.remoteUri}>;tag=${this.remoteTag}`)
			.add('Call-ID', this.callId).add('CSeq', `${++this.cseq} NOTIFY`).add('Contact', this.phone.contact)
			.add('Event', this.event).add('Subscription-State', state).add('Content-Type', this.notifier.type);
		request.body = this.notifier.body(this);
		const response = await this.phone.endpoint.request(request, { direct: true });
		if (response.status >= 300) throw new SipError(response.status, response.reason, response);
	}
}

export class Notifier {
	// {event, type, body(subscription), min_s, log}; hasty: the first NOTIFY
	// overtakes its answer
	constructor(phone, fields) {
		Object.assign(this, { phone, min_s: 5, subscriptions: new Set(), ...fields });
		phone.methods.SUBSCRIBE = (request, tx) => this.subscribe(request, tx);
	}

	// The time that is granted; undefined: refused here.
	agree(request, tx) {
		const refuse = (status, reason, name, value) => void tx.respond(status, reason, { toTag: token(),
			change: (response) => response.add(name, value) });
		if (!new RegExp(`^${this.event}\\s*(;|$)`, 'i').test(request.get('Event') ?? '')) {
			return refuse(489, 'Bad Event', 'Allow-Events', this.event);
		}
		const accepted = request.all('Accept').join();
		if (accepted && !accepted.includes(this.type)) return refuse(406, 'Not Acceptable', 'Accept', this.type);
		const asked_s = Number(request.get('Expires') ?? MAX_S);
		if (asked_s > 0 && asked_s < this.min_s) {
			return refuse(423, 'Interval Too Brief', 'Min-Expires', String(this.min_s));
		}
		return Math.min(asked_s, MAX_S);
	}

	subscribe(request, tx) {
		const expires_s = this.agree(request, tx);
		if (expires_s === undefined) return;
		const subscription = new Subscription(this, request);
		this.phone.dialogs.set(subscription.callId, subscription);
		this.subscriptions.add(subscription);
		this.log('subscribed', { from: subscription.asserted ?? subscription.remoteUri, expires_s });
		subscription.take(request, tx, expires_s);
	}

	// The state has changed: everybody hears of it.
	changed() {
		for (const subscription of this.subscriptions) subscription.tell();
	}

	async stop() {
		await Promise.all([...this.subscriptions].map((s) => s.end('noresource')));
	}
}
