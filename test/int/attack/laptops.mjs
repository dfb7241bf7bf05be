// SPDX-License-Identifier: BSD-2-Clause
// Pages on another machine, told by lines of JSON what to do:
//   {"open": n, "url", "origin"}   n WebSockets -> {"opened": n}
//   {"send": i, "text"}            -> {"got": i, "text"} for what comes back
import { createRequire } from 'node:module';
import readline from 'node:readline';

const WebSocket = createRequire(new URL('../../package.json', import.meta.url))('ws');
const sockets = [];
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

async function open({ open: n, url, origin }) {
	await Promise.all(Array.from({ length: n }, () => new Promise((done, fail) => {
		const i = sockets.length, ws = new WebSocket(url, 'sip', { rejectUnauthorized: false, origin });
		sockets.push(ws);
		ws.on('open', done);
		ws.on('error', fail);
		ws.on('message', (d) => say({ got: i, text: d.toString() }));
		ws.on('close', (code) => say({ closed: i, code }));
	})));
	say({ opened: n });
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
	const order = JSON.parse(line);
	if (order.open) open(order).catch((e) => { say({ failed: e.message }); });
	else sockets[order.send].send(order.text);
}).on('close', () => process.exit(0));
