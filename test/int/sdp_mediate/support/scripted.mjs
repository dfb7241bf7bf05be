// SPDX-License-Identifier: BSD-2-Clause
// A site whose gateways are all scripted: each says what its row says, and
// beyond that what a rtpengine-iq in service does.
import { Page, Site } from './asite.mjs';
import { Scripted } from './nodes.mjs';

export const caps = (more) => ({ result: 'ok', gateway: 'rtpengine', version: '10.5', iq: 1, epoch: 'e', 'in-service': 1, bundle: 0, fragment: 0, calls: 0, probed: 1, ...more });
const node = (more) => (d) => (more[d.command] ?? { ping: () => ({ result: 'pong' }), capabilities: () => caps(), delete: () => ({ result: 'ok' }),
	'subscribe-events': () => ({ result: 'ok', epoch: 'e', seq: 0, ttl: 30 }) }[d.command])?.(d);

/** nodes: for each gateway { command: (dict) => answer or null }; options of Site.start. */
export async function withScripted(t, nodes, options = {}) {
	const gateways = await Promise.all(nodes.map((more, i) => Scripted.start(`127.0.0.${11 + i}:2223`, node(more))));
	t.after(() => gateways.forEach((g) => g.stop()));
	const site = await Site.start({ agw: gateways.map((g, i) => `name=${'abcdefgh'[i]};address=${g.address}`), ...options });
	t.after(() => site.stop());
	await site.nodes('up');
	const page = await Page.open();
	t.after(() => page.drop());
	return { site, page, gateways };
}
