// SPDX-License-Identifier: BSD-2-Clause
// The SIP messages on a page's WebSocket as the browser saw them, with the time
// of the same clock that the capture uses.

// cdp: a CDP session of the page (Network enabled here). onFrame({t, sent, text})
export async function watchFrames(cdp, onFrame, onSocket = () => {}) {
	await cdp.send('Network.enable');
	const offset = new Map(); // requestId -> ms to add to the monotonic clock
	cdp.on('Network.webSocketWillSendHandshakeRequest', (e) => offset.set(e.requestId, (e.wallTime - e.timestamp) * 1000));
	cdp.on('Network.webSocketClosed', (e) => onSocket({ t: e.timestamp * 1000 + (offset.get(e.requestId) ?? 0), closed: true }));
	const frame = (sent) => (e) => onFrame({
		t: e.timestamp * 1000 + (offset.get(e.requestId) ?? 0), sent,
		text: e.response.opcode === 2 ? Buffer.from(e.response.payloadData, 'base64').toString('utf8') : e.response.payloadData,
		opcode: e.response.opcode,
	});
	cdp.on('Network.webSocketFrameSent', frame(true));
	cdp.on('Network.webSocketFrameReceived', frame(false));
}

export function mask(text) {
	return text.replace(/(Bearer\s+)(access_token="?)?[^\s",]{8,}"?/gi, '$1••••••••');
}

export function firstLine(text) {
	return text.split(/\r?\n/, 1)[0];
}

export function header(text, name) {
	return text.match(new RegExp(`^${name}\\s*:\\s*(.*)$`, 'im'))?.[1]?.trim() ?? '';
}

export function body(text) {
	const at = text.search(/\r?\n\r?\n/);
	return at < 0 ? '' : text.slice(at).trimStart();
}

export function label(text) {
	const line = firstLine(text);
	const method = header(text, 'CSeq').split(' ')[1] ?? '';
	return line.startsWith('SIP/2.0') ? `${line.slice(8)} (${method})` : line.split(' ')[0];
}
