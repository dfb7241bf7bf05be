// SPDX-License-Identifier: BSD-2-Clause
// A Kamailio with webrtc_auth and tna_register, and a scripted core (one UDP
// socket that is I-CSCF, S-CSCF and the other user). Addresses are fixed: run
// inside test/lab/in-netns.
import dgram from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCa } from '../../../node/ca.mjs';
import { Kamailio, moduleDir, MODULES, sleep, until } from '../../support/kamailio.mjs';
import { claimsOf, makeKey, tokenOf } from '../../webrtc_auth/support/waf.mjs';
import { answer, build, Inbox, Msg, rand } from './sip.mjs';

export { sleep, until };
export const uriOf = (h) => /<([^>]+)>/.exec(h)[1];

const script = (s) => `#!KAMAILIO
debug=${process.env.EP_DEBUG ?? 2}
log_stderror=yes
fork=yes
children=2
tcp_children=2
enable_tls=yes
tcp_accept_no_cl=yes
tcp_connection_lifetime=3600
udp_mtu=0
auto_aliases=no
listen=tls:127.0.0.1:${s.ports.wss}
listen=tcp:127.0.0.1:${s.ports.rpc}
listen=udp:127.0.0.1:${s.ports.sip}
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
loadmodule "maxfwd.so"
loadmodule "xhttp.so"
loadmodule "jsonrpcs.so"
loadmodule "nathelper.so"
loadmodule "websocket.so"
loadmodule "dialog.so"
loadmodule "${join(MODULES, 'webrtc_auth.so')}"
loadmodule "${join(MODULES, 'tna_register.so')}"
modparam("tls", "private_key", "${s.ca.key}")
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "${s.ca.cert}")
modparam("jsonrpcs", "transport", 1)
modparam("tm", "fr_timer", 3000)
modparam("tm", "wt_timer", 100)
modparam("websocket", "rm_delay_interval", 1)
modparam("dialog", "dlg_match_mode", 2)
modparam("webrtc_auth", "config", "${s.config}")
modparam("tna_register", "home_domain", "home1.net")
modparam("tna_register", "visited_network_id", "home1.net")
modparam("tna_register", "orig_ioi", "home1.net")
modparam("tna_register", "own_uri", "127.0.0.1:${s.ports.sip}")
modparam("tna_register", "flow_key", "0123456789abcdef0123456789abcdef")
modparam("tna_register", "icscf_uri", "sip:127.0.0.1:${s.ports.core}")
modparam("tna_register", "hold_s", 3)
modparam("tna_register", "min_expires_s", 1)
modparam("tna_register", "token_skew_s", 0)
modparam("tna_register", "token_grace_s", 0)
modparam("tna_register", "deregister_lost", 0)
${s.params}

request_route {
	if(!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
	if($proto == "wss") route(FROM_PAGE);
	route(FROM_CORE);
}

route[FROM_PAGE] {
	force_rport();
	if(is_method("CANCEL")) {
		if(t_check_trans()) t_relay();
		exit;
	}
	${s.digest ? 'if($hdr(X-Check) != $null) webrtc_auth_check();' : 'if(!webrtc_auth_check()) { webrtc_auth_challenge(); exit; }'}
	if(is_method("REGISTER")) {
		if(!tna_register()) { send_reply("$tna(code)", "$tna(reason)"); exit; }
		$du = "sip:127.0.0.1:${s.ports.core}";
		t_on_reply("CORE");
		${s.answer ? 't_on_failure("ANSWER");' : ''}
		if(!t_relay()) send_reply("504", "Server Time-out");
		exit;
	}
	if(!tna_check()) {
		if(!is_method("ACK")) send_reply("$tna(code)", "$tna(reason)");
		exit;
	}
	if(is_method("OPTIONS") && $rU == $null) { send_reply("200", "OK"); exit; }
	if(is_method("MESSAGE") && $hdr(X-End) != $null) {
		if($hdr(X-End-Of) != $null) tna_end_call("$hdr(X-End)", "media", "$hdr(X-End-Of)");
		else tna_end_call("$hdr(X-End)", "media");
		send_reply("200", "OK");
		exit;
	}
	if($hdr(X-Refuse) != $null) { send_reply("488", "Not Acceptable Here"); exit; }
	route(SESSION);
}

route[FROM_CORE] {
	if(is_method("CANCEL")) {
		if(t_check_trans()) t_relay();
		exit;
	}
	if(is_method("NOTIFY")) {
		if(tna_notify()) { sl_send_reply("200", "OK"); exit; }
		if($tna(cause) != "not_ours") { sl_send_reply("$tna(code)", "$tna(reason)"); exit; }
	}
	if(is_method("OPTIONS") && $rU == $null) { sl_send_reply("200", "OK"); exit; }
	if(!tna_locate()) {
		if(!is_method("ACK")) sl_send_reply("$tna(code)", "$tna(reason)");
		exit;
	}
	route(SESSION);
}

route[SESSION] {
	if(is_method("INVITE") || has_totag()) dlg_manage();
	if(is_method("NOTIFY") || (is_method("INVITE|SUBSCRIBE|REFER") && !has_totag())) tna_record_route();
	t_on_reply("CORE");
	if(!t_relay()) send_reply("500", "Server Internal Error");
	exit;
}

onreply_route[CORE] {
	tna_reply();
}

${s.answer ? `failure_route[ANSWER] {
	if(tna_answer()) {
		t_on_reply("CORE");
		t_on_failure("ANSWER");
		t_relay();
	}
}` : ''}

reply_route { if(!t_check_trans()) drop; }

event_route[tna:bound] { xlog("L_WARN", "event bound $tna(impu) $tna(status)\\n"); }
event_route[tna:lost] { xlog("L_WARN", "event lost $tna(impu) $tna(status)\\n"); }
event_route[tna:expired] { xlog("L_WARN", "event expired $tna(impu) $tna(status)\\n"); }
event_route[tna:ended] { xlog("L_WARN", "event ended $tna(impu) $tna(status)\\n"); }
event_route[dialog:end] { xlog("L_WARN", "event dialog:end $dlg(callid) $dlg_var(tna_caller)\\n"); }
event_route[dialog:failed] { xlog("L_WARN", "event dialog:failed $dlg(callid)\\n"); }

event_route[xhttp:request] {
	set_reply_close();
	set_reply_no_connect();
	if($Rp == ${s.ports.rpc}) { jsonrpc_dispatch(); exit; }
	if(!webrtc_auth_origin()) { xhttp_reply("403", "Forbidden", "", ""); exit; }
	if(ws_handle_handshake()) { exit; }
	xhttp_reply("400", "Bad Request", "", "");
}
`;

const authConfig = (s) => `
[issuer:home]
iss = https://waf.home1.net
jwks = file:${s.keyFile}
aud = epcscf
waf = waf@home1.net
domain = operator

[issuer:partner]
iss = https://waf.partner.net
jwks = file:${s.keyFile}
aud = epcscf
waf = waf@partner.net
domain = third-party

[wwsf:shop]
origin = https://shop.example
issuer = home
issuer = partner
client_id = shop
impi = *@home1.net
impu = sip:*@home1.net
${s.wwsf}`;

const transaction = (text) => `${/^Via:[^\r]*;branch=([^;,\s]+)/mi.exec(text)?.[1]} ${/^CSeq:\s*\d+\s+(\w+)/mi.exec(text)?.[1]}`;

export class Site extends Kamailio {
	// answer: the core's challenges are answered. files: what lies in the
	// directory that `params` calls DIR/.
	// digest: no token is asked for, and one is looked at with X-Check. wwsf: lines for [wwsf:shop] and behind.
	// ports, key: another node beside a first one. edit: a change of the script.
	static async start({ params = '', digest = false, answer: answers = false, wwsf = '', shm = 64, files = {},
		key = makeKey('ES256', 'k1'), ports = { wss: 8443, rpc: 8080, sip: 5060, core: 5070 }, edit = (text) => text } = {}) {
		const s = new Site();
		Object.assign(s, { ca: makeCa(), digest, answer: answers, wwsf, shm, key, ports, rpcAt: { host: '127.0.0.1', port: ports.rpc } });
		s.dir = mkdtempSync(join(tmpdir(), 'epcscf-tna-'));
		s.params = params.replaceAll('DIR/', `${s.dir}/`);
		for (const [name, text] of Object.entries(files)) writeFileSync(join(s.dir, name), text, { mode: 0o600 });
		s.config = join(s.dir, 'webrtc_auth.conf');
		s.keyFile = join(s.dir, 'keys.json');
		writeFileSync(s.keyFile, JSON.stringify({ keys: [s.key.jwk] }));
		writeFileSync(s.config, authConfig(s));
		writeFileSync(join(s.dir, 'kamailio.cfg'), edit(script(s), s));
		await s.#core();
		await s.kamailio().catch((e) => { s.udp.close(); s.ca.remove(); rmSync(s.dir, { recursive: true, force: true }); throw e; });
		return s;
	}

	token(user = 'user1', more = {}) {
		return tokenOf(this.key, claimsOf({ sub: user, impi: `${user}_private@home1.net`, impu: [`sip:${user}@home1.net`], ...more }));
	}

	// What the core says to a REGISTER; tests replace it for one or more.
	registrar(req) {
		const contact = req.get('Contact');
		return answer(req, 200, { tag: 'reg', more: [
			...(contact === '*' ? [] : [`Contact: ${contact}`]), ...req.all('Path').map((p) => `Path: ${p}`),
			`P-Associated-URI: ${req.get('To').replace(/;tag=.*/, '')}, <sip:alias-${/sip:([^@]+)/.exec(req.get('To'))[1]}@home1.net>`,
			`Service-Route: <sip:orig@127.0.0.1:${this.ports.core};lr>`,
			'P-Charging-Function-Addresses: ccf=192.0.2.8', 'P-Charging-Vector: icid-value=x;orig-ioi=home1.net;term-ioi=home1.net'] });
	}

	async #core() {
		this.inbox = new Inbox('core');
		this.registers = [];
		this.udp = dgram.createSocket('udp4');
		this.answered = new Map(); // transaction -> what it got
		this.udp.on('message', (data) => {
			const m = new Msg(data.toString());
			if (this.#again(m)) return;
			if (m.method === 'REGISTER' && !m.status) {
				this.registers.push(m);
				const reply = this.registrar(m);
				if (reply) this.send(reply);
			} else {
				this.inbox.put(m);
			}
		});
		await new Promise((r) => this.udp.bind(this.ports.core, '127.0.0.1', r));
	}

	// A request that comes again gets the same answer, and no test hears of it:
	// on a busy machine an answer may take longer than T1.
	#again(m) {
		if (m.status || m.method === 'ACK') return false;
		if (m.method === 'BYE' && this.over?.has(m.callId)) {
			this.reply(m, 200);
			return true;
		}
		const key = transaction(m.text), before = this.answered.get(key);
		if (before) this.send(before);
		else if (m.method !== 'REGISTER' && before === undefined) this.answered.set(key, '');
		return m.method === 'REGISTER' ? Boolean(before) : before !== undefined;
	}

	// A test is through with this page: the eP-CSCF ends its calls when it likes,
	// which is nothing to the tests that follow.
	forget(page) {
		page.drop();
		this.over ??= new Set();
		for (const m of page.inbox.seen) this.over.add(m.callId);
		this.inbox.queue = this.inbox.queue.filter((m) => !this.over.has(m.callId));
	}

	send(text) {
		const head = String(text); // octets, where a body is none of text
		if (head.startsWith('SIP/2.0 ')) this.answered.set(transaction(head), text);
		this.udp.send(text, this.ports.sip, '127.0.0.1');
	}

	reply(req, status, options = {}) {
		this.send(answer(req, status, { tag: 'core', ...options, more: [
			...(status > 100 && status < 300 ? req.all('Record-Route').map((r) => `Record-Route: ${r}`) : []),
			...(status > 100 && status < 300 ? [`Contact: <sip:peer@127.0.0.1:${this.ports.core}>`] : []), ...(options.more ?? [])] }));
	}

	request(method, { uri, to = uri, toTag, fromTag = rand(4), from = 'sip:peer@home1.net', callId = rand(), cseq = 1, routes = [], headers = [], body = '', via } = {}) {
		return build(`${method} ${uri} SIP/2.0`, [via ?? `Via: SIP/2.0/UDP 127.0.0.1:${this.ports.core};branch=z9hG4bK${rand()}`, 'Max-Forwards: 66',
			...routes.map((r) => `Route: ${r}`), ...headers, `From: <${from}>;tag=${fromTag}`, `To: <${to}>${toTag ? `;tag=${toTag}` : ''}`,
			`Call-ID: ${callId}`, `CSeq: ${cseq} ${method}`, `Contact: <sip:peer@127.0.0.1:${this.ports.core}>`], body);
	}

	launch() { this.spawn(this.dir, { shm: this.shm }); }

	async kamailio() {
		await this.begin(this.dir, { shm: this.shm });
		await until('the keys', async () => (await this.rpc('webrtc_auth.keys')).some((i) => i.keys?.length > 0));
	}

	// A call from the page, answered here, as far as its ACK.
	async callOut(p, { headers = [], ...options } = {}) {
		p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', headers, body: 'v=0\r\n', ...options }));
		const invite = await this.inbox.request('INVITE');
		this.reply(invite, 180);
		await p.inbox.reply('INVITE', 180);
		this.reply(invite, 200);
		const ok = await p.inbox.reply('INVITE', 200);
		p.send(p.ackText(invite, ok));
		const ack = await this.inbox.request('ACK');
		return { invite, ok, ack };
	}

	// A call to the page, answered by it.
	async callIn(p, { headers = [], rr = `<sip:scscf@127.0.0.1:${this.ports.core};lr>` } = {}) {
		this.send(this.request('INVITE', { uri: p.contact, to: p.aor, routes: [p.path], headers: [`Record-Route: ${rr}`, ...headers], body: 'v=0\r\n' }));
		const invite = await p.inbox.request('INVITE');
		const more = [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${p.contact}>`];
		p.send(answer(invite, 180, { tag: 'page', more }));
		await this.inbox.reply('INVITE', 180);
		p.send(answer(invite, 200, { tag: 'page', more, body: 'v=0\r\n' }));
		const ok = await this.inbox.reply('INVITE', 200);
		const dialog = { uri: uriOf(ok.get('Contact')), to: p.aor, toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route') };
		this.send(this.request('ACK', { ...dialog, cseq: 1 }));
		await p.inbox.request('ACK');
		return { invite, ok, dialog };
	}

	// From now on the core is a proxy that forwards to `page` what comes for
	// the identity of it, and back what that page sends within the dialog.
	// edit: what it makes of each message's text.
	proxyTo(page, edit = (text) => text) {
		const own = `127.0.0.1:${this.ports.core}`, rr = `<sip:scscf@${own};lr>`;
		const forward = (m) => {
			const lines = m.headers.filter(([n]) => n !== 'Route').map(([n, v]) => `${n}: ${v}`);
			const rest = m.list('Route').filter((r) => !r.includes(own));
			const to = m.toTag ? rest : [page.path];
			const fresh = m.toTag || m.method === 'CANCEL' ? [] : [`Record-Route: ${rr}`];
			const branch = `z9hG4bKp${m.get('Via').replace(/.*branch=/, '').replace(/[^A-Za-z0-9]/g, '')}`;
			const uri = m.toTag ? m.uri : page.contact;
			this.send(edit([`${m.method} ${uri} SIP/2.0`, `Via: SIP/2.0/UDP ${own};branch=${branch}`, ...to.map((r) => `Route: ${r}`), ...fresh, ...lines, '', m.body].join('\r\n')));
		};
		const back = (m) => {
			const at = m.headers.findIndex(([n]) => n === 'Via');
			this.send(edit([m.first, ...m.headers.filter((_, i) => i !== at).map(([n, v]) => `${n}: ${v}`), '', m.body].join('\r\n')));
		};
		this.inbox.put = (m) => { this.inbox.seen.push(m); if (!m.status) forward(m); else if (m.all('Via').length > 1) back(m); };
		return () => { delete this.inbox.put; };
	}

	// Other lines in place of those that start() got.
	async rewrite(wwsf) {
		this.wwsf = wwsf;
		writeFileSync(this.config, authConfig(this));
		await this.rpc('webrtc_auth.reload');
	}

	// What the pages of a WWSF use, and what of it is 0 when nothing is used.
	async usage(wwsf = 'shop') { return (await this.rpc('tna.usage')).find((u) => u.wwsf === wwsf); }

	async bindings() { return this.rpc('tna.list'); }
	async show(who) { return this.rpc('tna.show', who).then((l) => (Array.isArray(l) ? l[0] : l)); }
	ownShm() { return this.shmOf('tna_register'); }
	// The Path URI under which the core reaches the page of the last REGISTER.
	path() { return this.registers.at(-1).get('Path'); }

	// tolerate: what may be in the log besides.
	async stop({ tolerate } = {}) {
		const end = await this.end().finally(() => {
			this.udp.close();
			this.ca.remove();
			if (!process.env.EP_KEEP) rmSync(this.dir, { recursive: true, force: true });
		});
		this.clean({ tolerate });
		return end;
	}
}
