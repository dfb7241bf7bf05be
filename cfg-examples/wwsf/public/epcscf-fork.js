// SPDX-License-Identifier: BSD-2-Clause
// A call that was forked may be answered twice (RFC 3261 13.2.2.4): the answer
// that has the media is the call, any other is acknowledged and ended. The
// eP-CSCF leaves only one its SDP; the others may overtake it. JsSIP means to
// end them, but its ACK and its BYE go to the first one.
import JsSIP from './jssip.js';
import { sleep } from './epcscf-base.js';

export function endOtherAnswers(session) {
	const receive = session._receiveInviteResponse;
	const ended = new Set();

	// JsSIP makes the dialog of an answer that is not the first, and no more.
	const dialogOf = (response) => {
		const { call_id, from_tag, to_tag } = response;
		const first = session._dialog;
		session._dialog ??= { id: {} };
		session.sendRequest = () => {};
		try {
			receive.call(session, response);
		} finally {
			session._dialog = first;
			delete session.sendRequest;
		}
		return session._ua._dialogs[call_id + from_tag + to_tag];
	};

	session._receiveInviteResponse = (response) => {
		const { status_code: status, to_tag: tag, body } = response;
		const first = session._dialog?.id.remote_tag;
		const other = status >= 200 && status < 300 && (ended.has(tag) || (first === undefined ? !body : tag !== first));
		if (!other) return void receive.call(session, response);
		const dialog = dialogOf(response);
		dialog?.sendRequest(JsSIP.C.ACK);
		if (!ended.has(tag)) dialog?.sendRequest(JsSIP.C.BYE);
		ended.add(tag); // its 2xx may come again
		session.answeredTwice = true;
		return undefined;
	};
}

const WATCH_MS = 400;
const WATCH_N = 25;
const GROWS_N = 10; // packets: sound, not RTCP or STUN

/** Packets that came, and those of them that are played. */
async function counts(pc) {
	const reports = [...(await pc.getStats()).values()];
	const sum = (type) => reports.filter((r) => r.type === type).reduce((n, r) => n + r.packetsReceived, 0);
	return { came_n: sum('transport'), played_n: sum('inbound-rtp') };
}

/**
 * Of several answers the last one counts, and so does its sound: a browser
 * plays the newest of the streams that it was told nothing of, which may be
 * that of a phone that rang and did not answer, and went on for a moment. A
 * moment without any makes it forget what it had.
 */
export function hearLastAnswer(session) {
	let answers_n = 0, last;
	session.on('sdp', (e) => {
		if (e.originator !== 'remote' || e.type !== 'answer' || session.isEstablished()) return;
		answers_n++;
		last = e.sdp;
	});
	const again = async () => {
		const pc = session.connection;
		if (session.isEnded() || pc.signalingState !== 'stable') return;
		for (const sdp of [last.replace(/^a=send(recv|only)/gm, 'a=inactive'), last]) {
			await pc.setLocalDescription(await pc.createOffer());
			await pc.setRemoteDescription({ type: 'answer', sdp });
		}
	};
	session.on('confirmed', async () => {
		if (answers_n < 2 && !session.answeredTwice) return;
		let before = await counts(session.connection);
		for (let n = 0; n < WATCH_N && !session.isEnded(); n++) {
			await sleep(WATCH_MS / 1000);
			const now = await counts(session.connection);
			const came_n = now.came_n - before.came_n;
			const played_n = now.played_n < before.played_n ? now.played_n : now.played_n - before.played_n;
			if (came_n >= GROWS_N && played_n * 4 < came_n) {
				session._connectionPromiseQueue = session._connectionPromiseQueue.then(again).catch(() => {});
			}
			before = now;
		}
	});
}
