// SPDX-License-Identifier: BSD-2-Clause
// A page (WIC): SIP over WSS, as JsSIP writes it.
import { createRequire } from 'node:module';
import { build, Inbox, Msg, rand } from './sip.mjs';

const WebSocket = createRequire(new URL('../../../package.json', import.meta.url))('ws');

export class Page {
	static open(site, { instance = `urn:uuid:${rand(16)}`, user = 'user1', origin = 'https://shop.example' } = {}) {
		const p = new Page();
		const host = `${rand()}.invalid`;
		Object.assign(p, { site, instance, user, host, cseq: 0, inbox: new Inbox('page'),
			aor: `sip:${user}@home1.net`, contact: `sip:${rand(4)}@${host};transport=ws` });
		p.ws = new WebSocket(`wss://127.0.0.1:${site.ports.wss}`, 'sip', { ca: site.ca.ca, servername: 'localhost', origin });
		p.ws.on('message', (d) => { const t = d.toString(); if (t.startsWith('SIP/2.0') || / SIP\/2\.0\r\n/.test(t)) p.inbox.put(new Msg(t)); });
		p.ws.on('error', () => {});
		p.closed = new Promise((r) => p.ws.on('close', (code, reason) => r({ code, reason: reason.toString() })));
		return new Promise((resolve, reject) => { p.ws.on('open', () => resolve(p)); p.ws.on('error', reject); });
	}

	send(text) { this.ws.send(text); }
	via() { return `Via: SIP/2.0/WSS ${this.host};branch=z9hG4bK${rand()}`; }

	// d: dialog { callId, localTag, remoteTag, remote, target, routes, cseq }.
	request(method, { uri, to = uri, toTag, fromTag = rand(4), callId = rand(), cseq = ++this.cseq, from = this.aor, display = '', routes = [],
		headers = [], body = '', type = 'application/sdp', contact = true, token = this.token, via = this.via() } = {}) {
		return build(`${method} ${uri} SIP/2.0`, [via, 'Max-Forwards: 69', ...routes.map((r) => `Route: ${r}`),
			`To: <${to}>${toTag ? `;tag=${toTag}` : ''}`, `From: ${display}<${from}>;tag=${fromTag}`, `Call-ID: ${callId}`, `CSeq: ${cseq} ${method}`,
			contact && `Contact: <${this.contact};ob>`, token && `Authorization: Bearer ${token}`, ...headers, body && `Content-Type: ${type}`], body);
	}

	registerText({ token = (this.token ??= this.site.token(this.user)), expires = 600, headers = [], callId = (this.regCallId ??= rand()), to = this.aor, instance = this.instance } = {}) {
		return build('REGISTER sip:registrar.home1.net SIP/2.0', [this.via(), 'Max-Forwards: 69', `To: <${to}>`, `From: <${to}>;tag=${rand(4)}`,
			`Call-ID: ${callId}`, `CSeq: ${++this.cseq} REGISTER`, token && `Authorization: Bearer ${token}`,
			`Contact: <${this.contact}>;+sip.ice;reg-id=1;+sip.instance="<${instance}>";expires=${expires}`, `Expires: ${expires}`,
			'Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY', 'Supported: path,gruu,outbound', ...headers]);
	}

	// REGISTER until its final answer; the core is told what to answer by site.
	async register(options) {
		this.send(this.registerText(options));
		return this.inbox.final('REGISTER');
	}

	async ask(method, options) {
		this.send(this.request(method, options));
		return this.inbox.final(method);
	}

	// routes: the dialog's, where the answer does not bring them.
	ackText(invite, ok, routes = ok.list('Record-Route').reverse()) {
		return this.request('ACK', { uri: /<([^>]+)>/.exec(ok.get('Contact'))[1], to: /<([^>]+)>/.exec(ok.get('To'))[1], toTag: ok.toTag, fromTag: ok.fromTag,
			callId: ok.callId, cseq: ok.cseq, routes, contact: false });
	}

	drop() { this.ws.terminate(); }
	close() { this.ws.close(); }
}
