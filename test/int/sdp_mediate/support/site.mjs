// SPDX-License-Identifier: BSD-2-Clause
// A Kamailio with sdp_mediate in asynchronous mode between pages (WS and WSS)
// and a scripted core (UDP and TCP), a real rtpengine behind a relay, and
// everything that went over any wire. Addresses are fixed: test/lab/in-netns.
import dgram from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { makeCa } from '../../../node/ca.mjs';
import { Kamailio, moduleDir, MODULES, until as untilIn } from '../../support/kamailio.mjs';
import { answer, build, Inbox, Msg, rand } from '../../tna_register/support/sip.mjs';
import { Gateway } from './gateway.mjs';
import { core, isRawCore, ofBrowser, web } from './sdp.mjs';

export const uriOf = (h) => /<([^>]+)>/.exec(h)[1];

export const until = (what, check, ms = 8000) => untilIn(what, check, ms);

const script = (s) => `#!KAMAILIO
debug=${process.env.EP_DEBUG ?? 2}
log_stderror=yes
fork=yes
children=2
tcp_children=2
async_workers_group="name=media;workers=${s.workers};nonblock=1"
enable_tls=yes
tcp_accept_no_cl=yes
udp_mtu=0
auto_aliases=no
listen=tls:127.0.0.1:8443
listen=tcp:127.0.0.1:8080
listen=tcp:127.0.0.1:5060
listen=udp:127.0.0.1:5060
mpath="${moduleDir()}"
loadmodule "tls.so"
loadmodule "kex.so"
loadmodule "corex.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "nathelper.so"
loadmodule "xhttp.so"
loadmodule "jsonrpcs.so"
loadmodule "websocket.so"
loadmodule "${join(MODULES, 'sdp_mediate.so')}"
modparam("tls", "private_key", "${s.ca.key}")
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "${s.ca.cert}")
modparam("jsonrpcs", "transport", 1)
modparam("tm", "fr_timer", 4000)
modparam("tm", "fr_inv_timer", ${s.frInv})
modparam("tm", "wt_timer", ${s.wt})
modparam("sdp_mediate", "agw", "name=a;address=127.0.0.1:2223")
modparam("sdp_mediate", "async_group", "${s.group}")
modparam("sdp_mediate", "profile", "name=default;video=no;core=avp")
modparam("sdp_mediate", "hold_cache", ${s.cache})
${s.params}

request_route {
	if(is_method("CANCEL")) {
		if(t_check_trans()) t_relay();
		exit;
	}
	if(is_method("INVITE")) record_route();
	if(has_totag()) loose_route();
	if($hdr(X-Port) != $null) $du = "sip:127.0.0.1:" + $hdr(X-Port) + ";transport=ws";
	else if($hdr(X-Transport) != $null) $du = "sip:127.0.0.1:5071;transport=tcp";
	else if(!has_totag()) $du = "sip:127.0.0.1:5070";
	if(is_method("INVITE|UPDATE|PRACK")) {
		if(!sdp_mediate_async("default", "MEDIATED")) {
			send_reply("$sdpm(code)", "$sdpm(reason)");
			exit;
		}
	}
	if(is_method("BYE")) sdp_mediate("default");
	if(is_method("ACK") && !sdp_mediate("default")) xlog("L_WARN", "ACK of $ci without media: $sdpm(cause)\\n");
	route(RELAY);
}

route[MEDIATED] {
	if(!sdp_mediate("default")) {
		t_reply("$sdpm(code)", "$sdpm(reason)");
		exit;
	}
	route(RELAY);
}

route[RELAY] {
	t_on_reply("ANSWER");
	t_on_failure("FAILED");
	if($hdr(X-Fork) != $null) {
		$var(port) = $hdr(X-Fork);
		$ru = "sip:x@127.0.0.1:5070";
		$du = $null;
		append_branch("sip:fork@127.0.0.1:$var(port)");
	}
	t_relay();
}

onreply_route[ANSWER] {
	append_hf("X-Passed: $rs\\r\\n");
}

failure_route[FAILED] {
	xlog("L_WARN", "failure of $ci: $T_reply_code\\n");
}

reply_route { if(!t_check_trans()) drop; }

event_route[xhttp:request] {
	set_reply_close();
	set_reply_no_connect();
	if($hdr(Upgrade) =~ "websocket") { ws_handle_handshake(); exit; }
	jsonrpc_dispatch();
}
`;

const transaction = (text) => `${/^Via:[^\r]*;branch=([^;,\s]+)/mi.exec(text)?.[1]} ${/^CSeq:\s*\d+\s+(\w+)/mi.exec(text)?.[1]}`;

// One who speaks SIP, and all that he was sent.
class Peer {
	constructor(name, out) { Object.assign(this, { name, out, inbox: new Inbox(name), last: new Map(), acks: new Map() }); }
	take(data) {
		const text = data.toString();
		if (!text.startsWith('SIP/2.0') && !/ SIP\/2\.0\r\n/.test(text)) return;
		// A request that comes again gets its last answer again, and no test hears of it.
		const key = transaction(text), again = !text.startsWith('SIP/2.0') && !text.startsWith('ACK ') && this.last.get(key);
		if (again) { this.out(again); return; }
		if (again === '') return;
		if (!text.startsWith('SIP/2.0')) this.last.set(key, '');
		const m = new Msg(text), ack = m.status === 200 && m.method === 'INVITE' && this.acks.get(`${m.callId} ${m.toTag}`);
		this.inbox.put(m);
		if (ack) this.out(ack); // a 200 that comes again has not heard it
	}
	send(text) {
		if (text.startsWith('ACK ')) this.acks.set(`${new Msg(text).callId} ${new Msg(text).toTag}`, text);
		if (text.startsWith('SIP/2.0')) this.last.set(transaction(text), text);
		this.out(text);
	}

	request(method, { uri = `sip:x@127.0.0.1`, to = 'sip:callee@home1.net', toTag, from = `sip:${this.name}@home1.net`, fromTag = rand(4), callId = rand(), cseq = 1, routes = [], headers = [], body = '', branch = `z9hG4bK${rand()}` } = {}) {
		return build(`${method} ${uri} SIP/2.0`, [`Via: SIP/2.0/${this.via};branch=${branch}`, 'Max-Forwards: 69', ...routes.map((r) => `Route: ${r}`), ...headers,
			`From: <${from}>;tag=${fromTag}`, `To: <${to}>${toTag ? `;tag=${toTag}` : ''}`, `Call-ID: ${callId}`, `CSeq: ${cseq} ${method}`, `Contact: <${this.contact}>`, body && 'Content-Type: application/sdp'], body);
	}

	reply(req, status, { tag = this.name, more = [], ...rest } = {}) {
		const session = status > 100 && status < 300 ? [...req.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${this.contact}>`] : [];
		const text = answer(req, status, { tag, ...rest, more: [...session, ...(rest.body ? ['Content-Type: application/sdp'] : []), ...more] });
		this.send(text);
		return text;
	}

	ack(invite, ok, { body = '', headers = [], branch } = {}) {
		return this.request('ACK', { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, from: uriOf(invite.get('From')), fromTag: invite.fromTag, callId: ok.callId, cseq: ok.cseq,
			routes: ok.list('Record-Route').reverse(), headers, body, ...(branch ? { branch } : {}) });
	}
}

export class Site extends Kamailio {
	static async start({ params = '', group = 'media', workers = 4, frInv = 12000, wt = 1000, cache = 35, shm = 64, edit = (t) => t, ready = true } = {}) {
		const s = new Site();
		Object.assign(s, { params, group, workers, frInv, wt, cache, shm, edit, peers: [] });
		s.ca = makeCa();
		s.dir = mkdtempSync(join(tmpdir(), 'epcscf-sdpm-'));
		s.gateway = await Gateway.start();
		await s.#udp();
		await s.kamailio(ready).catch(async (e) => { await s.stop().catch(() => {}); throw e; });
		return s;
	}

	async kamailio(ready = true) {
		writeFileSync(join(this.dir, 'kamailio.cfg'), this.edit(script(this)));
		await this.begin(this.dir, { shm: this.shm });
		// Calls are taken as soon as an async worker has run and the gateway has answered.
		if (ready) await until('the gateway', async () => /up/i.test(JSON.stringify(await this.rpc('sdp_mediate.nodes').catch(() => ''))));
	}

	async #udp() {
		this.core = await this.udp('core', 5070);
	}

	async udp(name, port) {
		const socket = dgram.createSocket('udp4');
		const p = new Peer(name, (text) => socket.send(text, 5060, '127.0.0.1'));
		Object.assign(p, { side: 'core', via: `UDP 127.0.0.1:${port}`, contact: `sip:${name}@127.0.0.1:${port}`, close: () => socket.close() });
		socket.on('message', (d) => p.take(d));
		await new Promise((r) => socket.bind(port, '127.0.0.1', r));
		this.peers.push(p);
		return p;
	}

	// A UE of the core over TCP: it listens, and sends on the connection that came.
	async tcp(name, port) {
		const p = new Peer(name, (text) => p.socket.write(text));
		Object.assign(p, { side: 'core', via: `TCP 127.0.0.1:${port}`, contact: `sip:${name}@127.0.0.1:${port};transport=tcp` });
		const server = net.createServer((socket) => {
			let text = '';
			p.socket = socket;
			socket.on('error', () => {});
			socket.on('data', (d) => {
				text += d;
				for (;;) {
					const end = text.indexOf('\r\n\r\n');
					if (end < 0) break;
					const n = end + 4 + Number(/^Content-Length: *(\d+)/mi.exec(text)?.[1] ?? 0);
					if (text.length < n) break;
					p.take(text.slice(0, n));
					text = text.slice(n);
				}
			});
		});
		p.close = () => { p.socket?.destroy(); server.close(); };
		await new Promise((r) => server.listen(port, '127.0.0.1', r));
		this.peers.push(p);
		return p;
	}

	async page(name = 'page', { secure = false } = {}) {
		const host = `${rand()}.invalid`;
		const ws = secure ? new WebSocket('wss://127.0.0.1:8443', 'sip', { ca: this.ca.ca, servername: 'localhost' }) : new WebSocket('ws://127.0.0.1:8080', 'sip');
		const p = new Peer(name, (text) => ws.send(text));
		Object.assign(p, { side: 'page', via: `${secure ? 'WSS' : 'WS'} ${host}`, contact: `sip:${name}@${host};transport=ws`, ws, close: () => ws.terminate() });
		ws.on('message', (d) => p.take(d));
		ws.on('error', () => {});
		await new Promise((ok, bad) => { ws.on('open', ok); ws.on('error', bad); });
		p.port = ws._socket.localPort;
		this.peers.push(p);
		return p;
	}

	// An INVITE of a page, as it reaches the core.
	async fromPage(page, { at = this.core, ...options } = {}) {
		const text = page.request('INVITE', { body: web(), ...options });
		page.send(text);
		const sent = new Msg(text);
		return { sent, invite: await at.inbox.request('INVITE', (m) => m.callId === sent.callId) };
	}

	// An INVITE of the core, as it reaches a page.
	async toPage(page, { from = this.core, headers = [], ...options } = {}) {
		const text = from.request('INVITE', { body: core(), headers: [`X-Port: ${page.port}`, ...headers], ...options });
		from.send(text);
		const sent = new Msg(text);
		return { sent, invite: await page.inbox.request('INVITE', (m) => m.callId === sent.callId) };
	}

	// No browser line reached the core, and no line of the core a page, in any
	// message that anybody got in this test.
	raw() {
		return this.peers.flatMap((p) => p.inbox.seen.filter((m) => m.body).filter((m) => (p.side === 'core' ? ofBrowser.test(m.body) : isRawCore(m.body))).map((m) => `${p.name}: ${m.first}\n${m.body}`));
	}

	async usage() {
		const { expected, held, hold_octets: octets } = await this.rpc('sdp_mediate.stats');
		return { calls: expected, waiting: held, octets };
	}

	counter(name) { return super.counter(`sdp_mediate.${name}`); }
	ownShm() { return this.shmOf('sdp_mediate'); }

	async stop() {
		await this.end().finally(async () => {
			for (const p of this.peers) p.close();
			await this.gateway.stop();
			this.ca.remove();
			if (!process.env.EP_KEEP) rmSync(this.dir, { recursive: true, force: true });
		});
		this.clean();
	}
}
