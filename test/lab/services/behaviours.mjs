// SPDX-License-Identifier: BSD-2-Clause
// What each service does. A behaviour gets (phone, {log, …its configuration})
// and returns what is to be stopped, if anything.
import { createHash } from 'node:crypto';
import { parseAddress, splitList, token } from '../numbers/message.mjs';
import { Notifier } from './notifier.mjs';
import { answerRefer, referAway } from './refer.mjs';

export const SMS = 'application/vnd.3gpp.sms';
const sha256 = (octets) => createHash('sha256').update(octets).digest('hex');

/** Who the network says it is from, as a sip: URI. */
export function sender(request) {
	const asserted = splitList(request.all('P-Asserted-Identity').join(', ')).map((v) => parseAddress(v).uri);
	return asserted.find((uri) => uri.startsWith('sip:')) ?? parseAddress(request.get('From')).uri;
}

const seen = (request) => ({ from: sender(request), asserted: request.get('P-Asserted-Identity'),
	type: request.get('Content-Type'), octets_n: request.octets.length, sha256: sha256(request.octets) });

/** A mailbox (RFC 3842): each text MESSAGE to it is one more message in it. */
function mailbox(phone, { log, hasty }) {
	const box = { new_n: 2, old_n: 8 };
	const notifier = new Notifier(phone, { log, hasty, event: 'message-summary', type: 'application/simple-message-summary',
		body: () => [`Messages-Waiting: ${box.new_n ? 'yes' : 'no'}`, `Message-Account: ${phone.impu}`,
			`Voice-Message: ${box.new_n}/${box.old_n} (0/0)`, ''].join('\r\n') });
	phone.methods.MESSAGE = (request, tx) => {
		box.new_n++;
		log('message', seen(request));
		tx.respond(200, 'OK', { toTag: token() });
		notifier.changed();
	};
	return notifier;
}

const escape = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** A conference's focus (RFC 4579): a tone of its own, and who is there. */
function conference(phone, { log, hz = 620 }) {
	let version = 0;
	phone.config.features = ';isfocus';
	const inside = new Map();
	const notifier = new Notifier(phone, { log, event: 'conference', type: 'application/conference-info+xml',
		body: () => ['<?xml version="1.0" encoding="UTF-8"?>',
			`<conference-info xmlns="urn:ietf:params:xml:ns:conference-info" entity="${escape(phone.impu)}" state="full" version="${version++}">`,
			`<conference-state><user-count>${inside.size}</user-count></conference-state><users>`,
			...[...inside.values()].map((who) => `<user entity="${escape(who)}" state="full"><endpoint entity="${escape(who)}">`
				+ '<status>connected</status></endpoint></user>'),
			'</users></conference-info>', ''].join('\r\n') });
	phone.onCall = async (call) => {
		if (!await call.answer({ tone_hz: hz })) return;
		inside.set(call, sender(call.invite));
		log('joined', { from: inside.get(call) });
		notifier.changed();
		call.on('ended', (why) => {
			log('left', { from: inside.get(call), why });
			inside.delete(call);
			notifier.changed();
		});
	};
	return notifier;
}

/** A peer for MESSAGE: text comes back as it is, an SMS with its octets reversed. */
function messages(phone, { log }) {
	phone.methods.MESSAGE = async (request, tx) => {
		const about = seen(request);
		log('message', about);
		const sms = about.type === SMS;
		if (!sms && !about.type?.startsWith('text/')) {
			return tx.respond(415, 'Unsupported Media Type', { toTag: token(),
				change: (response) => response.add('Accept', `text/*, ${SMS}`) });
		}
		// TS 24.341: an SMS is accepted, not delivered.
		tx.respond(...(sms ? [202, 'Accepted'] : [200, 'OK']), { toTag: token() });
		const body = sms ? Buffer.from(request.octets).reverse() : request.octets;
		const to = about.from;
		await phone.send('MESSAGE', to, { body, headers: { 'Content-Type': about.type, 'In-Reply-To': request.get('Call-ID') } })
			.then(() => log('answered', { to, type: about.type, sha256: sha256(body) }),
				(error) => log('answer-failed', { to, why: error.message }));
		return undefined;
	};
}

/** Answers, lets itself be transferred, and transfers a caller who presses 1. */
function switchboard(phone, { log, hz = 500, transfer_to }) {
	phone.onCall = async (call) => {
		log('call', { from: sender(call.invite), asserted: call.invite.get('P-Asserted-Identity') });
		call.methods = { REFER: (request, tx) => answerRefer(call, request, tx, log) };
		call.on('digit', (key) => { if (key === '1') referAway(call, transfer_to, log); });
		call.on('ended', (why) => log('ended', { why }));
		await call.answer({ tone_hz: hz });
	};
}

export const behaviours = { mailbox, conference, messages, switchboard };
