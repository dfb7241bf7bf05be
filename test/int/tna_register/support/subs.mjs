// SPDX-License-Identifier: BSD-2-Clause
// Dialogs that SUBSCRIBE and REFER make, both ways, over the scripted core.
import assert from 'node:assert/strict';
import { answer, rand } from './sip.mjs';
import { Page } from './page.mjs';
import { uriOf } from './site.mjs';

export async function page(t, site, user, options) {
	const p = await Page.open(site, { user, ...options });
	t.after(() => p.drop());
	assert.equal((await p.register()).status, 200);
	p.path = site.path();
	return p;
}

// An end of the core: where it is, its tag, and the proxies before it.
export const end = (site, { tag = rand(4), user = 'peer', rr } = {}) => ({ tag, contact: `sip:${user}@127.0.0.1:${site.ports.core}`, rr });
const rrOf = (e, own) => [...(e.rr ? [`Record-Route: ${e.rr}`] : []), ...own.map((r) => `Record-Route: ${r}`)];

// The page's SUBSCRIBE or REFER as the core got it, not answered yet.
export async function ask(site, p, method, { uri = 'sip:peer@home1.net', headers = [], callId = rand(), ...o } = {}) {
	p.send(p.request(method, { uri, headers, callId, ...o }));
	return site.inbox.request(method, (m) => m.callId === callId);
}

// What the core end `e` sends within the dialog of the page's request `req`:
// the page's own element last, as the request went out.
export function inward(site, p, req, e, method, { headers = [], cseq = 1, ...o } = {}) {
	site.send(site.request(method, { uri: uriOf(req.get('Contact')), to: uriOf(req.get('From')), toTag: req.fromTag, fromTag: e.tag, from: uriOf(req.get('To')),
		callId: req.callId, routes: [...req.list('Record-Route')], cseq, headers, ...o }).replace(/Contact: <[^>]*>/, `Contact: <${e.contact}>`));
}

export const state = (event, s) => [`Event: ${event}`, `Subscription-State: ${s}`];

// The page's side of the dialog, by the 2xx or NOTIFY that made it.
export const outward = (m, sent) => (m.status
	? { uri: uriOf(m.get('Contact')), to: uriOf(m.get('To')), toTag: m.toTag, fromTag: m.fromTag, callId: m.callId, routes: m.list('Record-Route').reverse() }
	: { uri: uriOf(m.get('Contact')), to: uriOf(m.get('From')), toTag: m.fromTag, fromTag: sent, callId: m.callId, routes: m.list('Record-Route') });

export async function accept(site, p, req, e, { status = 200, headers = [] } = {}) {
	site.send(answer(req, status, { tag: e.tag, more: [...rrOf(e, req.all('Record-Route')), `Contact: <${e.contact}>`, ...headers] }));
	return p.inbox.reply(req.method, status, (m) => m.callId === req.callId);
}

// SUBSCRIBE of the page, accepted.
export async function subscribe(site, p, { event = 'message-summary', expires = 600, e = end(site), ...o } = {}) {
	const req = await ask(site, p, 'SUBSCRIBE', { ...o, headers: [`Event: ${event}`, `Expires: ${expires}`, ...(o.headers ?? [])] });
	const ok = await accept(site, p, req, e, { headers: [`Expires: ${expires}`] });
	return { req, ok, e, event, d: outward(ok) };
}

// A NOTIFY of the core end, answered by the page.
export async function notify(site, p, req, e, event, s, o = {}) {
	inward(site, p, req, e, 'NOTIFY', { headers: state(event, s), ...o });
	const m = await p.inbox.request('NOTIFY');
	p.send(answer(m, 200));
	const ok = await site.inbox.reply('NOTIFY', (x) => x >= 200, (x) => x.callId === req.callId);
	return { m, ok };
}

// A request of the page within, answered by the core.
export async function within(site, p, method, d, { headers = [], more = [], ...o } = {}) {
	p.send(p.request(method, { ...d, headers, ...o }));
	const m = await site.inbox.request(method, (x) => x.callId === d.callId);
	site.reply(m, 200, { more });
	const r = await p.inbox.final(method);
	return { m, r };
}

// SUBSCRIBE or REFER of the core to the page, accepted by it.
export async function subscribed(site, p, { method = 'SUBSCRIBE', headers = ['Event: presence', 'Expires: 600'], tag = 'page', rr = `<sip:scscf@127.0.0.1:${site.ports.core};lr>`, status = 200, ...o } = {}) {
	site.send(site.request(method, { uri: p.contact, to: p.aor, routes: [p.path], headers: [`Record-Route: ${rr}`, ...headers], ...o }));
	const req = await p.inbox.request(method);
	p.send(answer(req, status, { tag, more: [...req.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${p.contact}>`, 'Expires: 600'] }));
	const ok = await site.inbox.reply(method, status);
	return { req, ok, core: { uri: p.contact, to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag, from: uriOf(ok.get('From')), callId: ok.callId, routes: ok.list('Record-Route') },
		d: { uri: uriOf(req.get('Contact')), to: uriOf(req.get('From')), toTag: req.fromTag, fromTag: tag, from: uriOf(req.get('To')), callId: req.callId, routes: req.list('Record-Route') } };
}

export const icidOf = (m) => /icid-value="?([^";]+)/.exec(m.get('P-Charging-Vector') ?? '')?.[1];
