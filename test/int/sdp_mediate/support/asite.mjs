// SPDX-License-Identifier: BSD-2-Clause
// A Kamailio with sdp_mediate in asynchronous mode and nothing else of ours,
// pages on WebSocket (without TLS), and a scripted core on UDP. One worker of
// each kind, unless a test wants more. Addresses are fixed: run inside
// test/lab/in-netns.
import dgram from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kamailio, moduleDir, MODULES, ROOT, sleep, until } from '../../support/kamailio.mjs';
import { answer, build, Inbox, Msg, rand } from '../../tna_register/support/sip.mjs';

const WebSocket = createRequire(new URL('../../../package.json', import.meta.url))('ws');
export { sleep, until };
export const golden = (name, file) => readFileSync(join(ROOT, 'test/golden', name, file), 'utf8');
export const PAGE_OFFER = golden('mo-audio', '1-offer.sdp');
export const CORE_ANSWER = golden('mo-audio', '5-answer.sdp');
export const CORE_OFFER = CORE_ANSWER;

const script = (s) => `#!KAMAILIO
debug=${process.env.EP_DEBUG ?? 2}
log_stderror=yes
fork=yes
children=1
tcp_children=1
async_workers_group="name=media;workers=${s.workers};nonblock=1"
tcp_accept_no_cl=yes
tcp_connection_lifetime=3600
udp_mtu=0
auto_aliases=no
listen=tcp:127.0.0.1:8088
listen=tcp:127.0.0.1:8080
listen=udp:127.0.0.1:5060
mpath="${moduleDir()}"
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
loadmodule "xhttp.so"
loadmodule "jsonrpcs.so"
loadmodule "nathelper.so"
loadmodule "websocket.so"
loadmodule "dialog.so"
loadmodule "${join(MODULES, 'sdp_mediate.so')}"
modparam("jsonrpcs", "transport", 1)
modparam("tm", "fr_timer", ${s.fr})
modparam("tm", "wt_timer", 100)
modparam("websocket", "rm_delay_interval", 1)
modparam("sdp_mediate", "profile", "name=default;video=no;core=avp")
${s.agw.map((a) => `modparam("sdp_mediate", "agw", "${a}")`).join('\n')}
${s.params}

request_route {
	if(is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
	if(is_method("CANCEL")) {
		if(t_check_trans()) t_relay();
		exit;
	}
	force_rport();
	if(has_totag()) loose_route();
	else if(is_method("INVITE")) record_route();
	if(is_method("INVITE") || has_totag()) dlg_manage();
	if(proto == WS || proto == WSS) {
		if(!has_totag()) $du = "sip:127.0.0.1:5070";
	} else {
		handle_ruri_alias();
	}
	if($hdr(X-Leg) != $null) $avp(leg) = $hdr(X-Leg);
	$avp(profile) = "default";
	if($hdr(X-Profile) != $null) $avp(profile) = $hdr(X-Profile);
	if(is_method("INVITE|UPDATE|PRACK") && !sdp_mediate_async("$avp(profile)", "MEDIA_DONE")) {
		send_reply("$sdpm(code)", "$sdpm(reason)");
		exit;
	}
	if($hdr(X-Delete) != $null) sdp_mediate("default");
	route(MEDIA_DONE);
}

route[MEDIA_DONE] {
	if($hdr(X-Again) != $null) {
		$var(ret) = sdp_mediate_async("default", "MEDIA_DONE");
		xlog("L_WARN", "again $rc\\n");
	}
	if(is_method("INVITE|UPDATE|PRACK|ACK") && !sdp_mediate("$avp(profile)") && !is_method("ACK")) {
		send_reply("$sdpm(code)", "$sdpm(reason)");
		exit;
	}
	t_on_failure("FAILED");
	if(!t_relay()) send_reply("500", "Server Internal Error");
	exit;
}

failure_route[FAILED] {
	if(t_branch_timeout() && !t_branch_replied()) t_reply("504", "Server Time-out");
}

event_route[dialog:end] { sdp_mediate("default"); }
event_route[dialog:failed] { sdp_mediate("default"); }
${s.event}

event_route[xhttp:request] {
	set_reply_close();
	set_reply_no_connect();
	if($Rp == 8080) { jsonrpc_dispatch(); exit; }
	if(ws_handle_handshake()) { exit; }
	xhttp_reply("400", "Bad Request", "", "");
}
`;

export class Page {
	static open() {
		const p = new Page();
		Object.assign(p, { host: `${rand()}.invalid`, cseq: 0, inbox: new Inbox('page') });
		p.ws = new WebSocket('ws://127.0.0.1:8088', 'sip', { origin: 'https://shop.example' });
		p.ws.on('message', (d) => { const t = d.toString(); if (/ SIP\/2\.0\r\n|^SIP\/2\.0/.test(t)) p.inbox.put(new Msg(t)); });
		return new Promise((resolve, reject) => {
			p.ws.on('open', () => {
				// Where Kamailio finds this connection again.
				p.contact = `sip:page@${p.host};alias=127.0.0.1~${p.ws._socket.localPort}~5;transport=ws`;
				resolve(p);
			});
			p.ws.on('error', reject);
		});
	}

	send(text) { this.ws.send(text); }

	request(method, { uri = 'sip:peer@home1.net', to = 'sip:peer@home1.net', toTag, fromTag = rand(4), callId = rand(), cseq = ++this.cseq, routes = [], headers = [], body = '', branch = rand() } = {}) {
		return build(`${method} ${uri} SIP/2.0`, [`Via: SIP/2.0/WS ${this.host};branch=z9hG4bK${branch}`, 'Max-Forwards: 69', ...routes.map((r) => `Route: ${r}`),
			`To: <${to}>${toTag ? `;tag=${toTag}` : ''}`, `From: <sip:page@home1.net>;tag=${fromTag}`, `Call-ID: ${callId}`, `CSeq: ${cseq} ${method}`,
			`Contact: <${this.contact}>`, ...headers, body && 'Content-Type: application/sdp'], body);
	}

	drop() { this.ws.terminate(); }
}

export class Site extends Kamailio {
	// agw: lines. event: event routes. workers: of the async group.
	static async start({ agw, params = '', event = '', workers = 2, fr = 3000, edit = (t) => t, shm = 64 } = {}) {
		const s = Object.assign(new Site(), { agw, params, event, workers, fr, shm, inbox: new Inbox('core') });
		s.dir = mkdtempSync(join(tmpdir(), 'epcscf-sdpm-'));
		s.params = params.replaceAll('DIR/', `${s.dir}/`);
		writeFileSync(join(s.dir, 'kamailio.cfg'), edit(script(s), s));
		s.udp = dgram.createSocket('udp4');
		s.udp.on('message', (d) => s.#heard(new Msg(d.toString())));
		await new Promise((r) => s.udp.bind(5070, '127.0.0.1', r));
		await s.kamailio().catch((e) => { s.udp.close(); rmSync(s.dir, { recursive: true, force: true }); throw e; });
		return s;
	}

	// What comes again gets what it got before.
	#before = new Map();
	#heard(m) {
		const key = `${m.get('Via')} ${m.get('CSeq')}`;
		if (!m.status && m.method !== 'ACK') {
			if (this.#before.has(key)) {
				if (this.#before.get(key)) this.udp.send(this.#before.get(key), 5060, '127.0.0.1');
				return;
			}
			this.#before.set(key, '');
		}
		this.inbox.put(m);
	}

	kamailio() { return this.begin(this.dir, { shm: this.shm }); }

	// Until every gateway of `names` is in `state`.
	async nodes(state = 'up', names) {
		return until(`gateways to be ${state}`, async () => (await this.rpc('sdp_mediate.nodes')).filter((n) => !names || names.includes(n.name)).every((n) => n.state === state), 8000);
	}

	async counter(name) { return super.counter(`sdp_mediate.${name}`).catch(() => NaN); }
	ownShm() { return this.shmOf('sdp_mediate'); }

	send(text) { this.udp.send(text, 5060, '127.0.0.1'); }

	reply(req, status, { more = [], ...options } = {}) {
		const text = answer(req, status, { tag: 'core', ...options, more: [
			...(status > 100 && status < 300 ? req.all('Record-Route').map((r) => `Record-Route: ${r}`) : []),
			...(status > 100 && status < 300 ? ['Contact: <sip:peer@127.0.0.1:5070>'] : []),
			...(options.body ? ['Content-Type: application/sdp'] : []), ...more] });
		this.#before.set(`${req.get('Via')} ${req.get('CSeq')}`, text);
		this.send(text);
	}

	request(method, { uri, to = 'sip:page@home1.net', toTag, fromTag = rand(4), callId = rand(), cseq = 1, routes = [], headers = [], body = '', branch = rand() } = {}) {
		return build(`${method} ${uri} SIP/2.0`, [`Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK${branch}`, 'Max-Forwards: 66', ...routes.map((r) => `Route: ${r}`), ...headers,
			`From: <sip:peer@home1.net>;tag=${fromTag}`, `To: <${to}>${toTag ? `;tag=${toTag}` : ''}`, `Call-ID: ${callId}`, `CSeq: ${cseq} ${method}`,
			'Contact: <sip:peer@127.0.0.1:5070>', body && 'Content-Type: application/sdp'], body);
	}

	async stop({ tolerate } = {}) {
		await this.end().finally(() => {
			this.udp.close();
			rmSync(this.dir, { recursive: true, force: true });
		});
		this.clean({ tolerate });
	}
}
