// SPDX-License-Identifier: BSD-2-Clause
// Is a part ready? Each probe asks once and resolves with true or false.
import dgram from 'node:dgram';
import net from 'node:net';
import { readFileSync } from 'node:fs';

const WAIT_ms = 250;

/** Sends one datagram and resolves with the first answer, or null. */
function exchange({ host, port }, build, localAddress) {
	return new Promise((resolve) => {
		const socket = dgram.createSocket('udp4');
		const end = (value) => {
			clearTimeout(timer);
			try { socket.close(); } catch { /* closed by the other of the two */ }
			resolve(value);
		};
		const timer = setTimeout(() => end(null), WAIT_ms);
		socket.on('error', () => end(null));
		socket.on('message', (data) => end(data.toString('latin1')));
		socket.bind(0, localAddress, () => {
			const { address, port: own } = socket.address();
			socket.connect(port, host, (error) => {
				if (error)
					end(null);
				else
					socket.send(build(address, own));
			});
		});
	});
}

const unique = () => Math.random().toString(36).slice(2);

const options = ({ host, port }) => (address, own) => [
	`OPTIONS sip:${host}:${port} SIP/2.0`,
	`Via: SIP/2.0/UDP ${address}:${own};branch=z9hG4bK${unique()};rport`,
	`From: <sip:probe@${address}>;tag=${unique()}`, `To: <sip:${host}:${port}>`,
	`Call-ID: ${unique()}`, 'CSeq: 1 OPTIONS', 'Max-Forwards: 5',
	'Content-Length: 0', '', ''].join('\r\n');

const PROBE = {
	log: async (pattern, { log, from }) =>
		pattern.test(readFileSync(log).subarray(from).toString('utf8')),
	sip: async (target) =>
		Boolean(await exchange(target, options(target), target.from ?? '127.0.0.1')),
	async ng(target) {
		const cookie = unique();
		const answer = await exchange(target, () => `${cookie} d7:command4:pinge`);
		return answer?.includes('4:pong') ?? false;
	},
	tcp: ({ host, port }) => new Promise((resolve) => {
		const socket = net.connect({ host, port });
		socket.setTimeout(WAIT_ms, () => { socket.destroy(); resolve(false); });
		socket.on('error', () => resolve(false));
		socket.on('connect', () => { socket.end(); resolve(true); });
	}),
};

/** ready: { log: /…/ } | { sip: {host,port,from?} } | { ng: {host,port} } | { tcp: {host,port} } */
export async function isReady(ready, context) {
	for (const [kind, argument] of Object.entries(ready))
		if (!await PROBE[kind](argument, context))
			return false;
	return true;
}
