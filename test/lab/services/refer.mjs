// SPDX-License-Identifier: BSD-2-Clause
// Transfer within a call (RFC 3515, RFC 5589), both sides of it.
import { parseAddress } from '../numbers/message.mjs';

const LISTEN_MS = 1200;
const FRAG = 'message/sipfrag;version=2.0';

const notify = (call, cseq, state, line) => {
	const request = call.make('NOTIFY').add('Event', `refer;id=${cseq}`)
		.add('Subscription-State', state).add('Content-Type', FRAG);
	request.body = `${line}\r\n`;
	return call.endpoint.request(request, { direct: true }).catch(() => {});
};

/** Calls whom the other side names, and tells it how that goes. */
export async function answerRefer(call, request, tx, log) {
	const { uri } = parseAddress(request.get('Refer-To') ?? '');
	if (!/^sip:/.test(uri ?? '')) return void tx.respond(400, 'Refer-To Missing');
	const cseq = request.cseq.n;
	tx.respond(202, 'Accepted', { change: (response) => call.contact(response) });
	log('referred', { to: uri, by: request.get('Referred-By'), asserted: request.get('P-Asserted-Identity') });
	await notify(call, cseq, 'active;expires=60', 'SIP/2.0 100 Trying');
	try {
		const next = await call.phone.call(uri, { headers: { 'Referred-By': request.get('Referred-By') ?? `<${call.remoteUri}>` } });
		await notify(call, cseq, 'terminated;reason=noresource', 'SIP/2.0 200 OK');
		const { dominant_hz: hz, rms } = await next.listen(LISTEN_MS);
		log('transferred', { to: uri, hz: hz && Math.round(hz), rms });
		await next.hangup();
	} catch (error) {
		log('transfer-failed', { to: uri, why: error.message });
		await notify(call, cseq, 'terminated;reason=noresource', `SIP/2.0 ${error.status ?? 503} ${error.message.replace(/^\d+ /, '')}`);
	}
	return undefined;
}

/** Sends the other side to `target`; the call ends when it got there. */
export async function referAway(call, target, log) {
	call.methods.NOTIFY = (request, tx) => {
		tx.respond(200, 'OK');
		const status = Number(/^SIP\/2\.0 (\d{3})/.exec(request.body)?.[1]);
		log('refer-notified', { status, state: request.get('Subscription-State') });
		if (status >= 200 && status < 300) call.hangup();
	};
	const request = call.make('REFER').add('Refer-To', `<${target}>`).add('Referred-By', `<${call.phone.impu}>`);
	const response = await call.endpoint.request(request, { direct: true }).catch((error) => error);
	log('refer-answered', { to: target, status: response.status });
}
