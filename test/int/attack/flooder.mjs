// SPDX-License-Identifier: BSD-2-Clause
// Another process that sends REGISTERs with bad tokens as fast as it can, on
// connections that it opens again when they are closed.
//   node flooder.mjs {"site", "origin", "from", "bad", "connections", "ms"}   -> prints {"sent", "answered", "opened"}
import { Client } from '../webrtc_auth/support/client.mjs';

const BATCH = 100;
const { site, origin, from, bad, connections, ms } = JSON.parse(process.argv[2]);
const end = Date.now() + ms;
const count = { sent: 0, answered: 0, opened: 0 };

await Promise.all(Array.from({ length: connections }, async () => {
	while (Date.now() < end) {
		let over = false;
		const c = await Client.open(site, { origin, from }).catch(() => undefined);
		if (!c || c.status !== 101) { await new Promise((done) => { setTimeout(done, 20); }); continue; }
		count.opened++;
		c.socket.on('error', () => {});
		c.ended.then(() => { over = true; });
		const one = () => c.request('REGISTER', { to: 'sip:user1@home1.net', headers: [`Authorization: Bearer ${bad}`] });
		while (!over && Date.now() < end) {
			const room = c.sendText(...Array.from({ length: BATCH }, one));
			count.sent += BATCH;
			const wanted = c.replies.length + BATCH;
			for (let spins = 0; !over && c.replies.length < wanted && spins < 2000; spins++) await new Promise((done) => { setImmediate(done); });
			if (room === false && !over) await Promise.race([new Promise((done) => { c.socket.once('drain', done); }), c.ended]);
		}
		count.answered += c.replies.length;
		c.end();
	}
}));
console.log(JSON.stringify(count));
process.exit(0);
