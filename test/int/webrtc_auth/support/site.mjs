// SPDX-License-Identifier: BSD-2-Clause
// A Kamailio with webrtc_auth, a WAF in front of it and a core behind it.
// Addresses are fixed: run inside test/lab/in-netns.
import { spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCa } from '../../../node/ca.mjs';
import { Kamailio, moduleDir, MODULES, sleep, until } from '../../support/kamailio.mjs';
import { makeKey, Waf } from './waf.mjs';

export { MODULES as modules, sleep, until };

// Ports of a site's own, so that several run side by side (describe's concurrency).
let sites = 0;
export function ownPorts() {
	const i = 20 * ++sites;
	return { wss: 8443 + i, rpc: 8080 + i, sip: 5060 + i, core: 5070 + i, waf: 9443 + i };
}

// One CA and one RSA key for all sites of a process: to make them holds up
// whatever another test of the file is measuring.
let shared;
function made() {
	if (!shared) {
		const ca = makeCa();
		process.once('exit', ca.remove);
		shared = { ca: { ...ca, remove: () => {} }, rs: makeKey('RS256', 'rs-1') };
	}
	return shared;
}

const script = (s) => `#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=2
tcp_children=2
enable_tls=yes
tcp_accept_no_cl=yes
tcp_connection_lifetime=3600
${s.async ? s.async : ''}
listen=tls:127.0.0.1:${s.ports.wss}
listen=tcp:127.0.0.1:${s.ports.rpc}
listen=udp:127.0.0.1:${s.ports.sip}
mpath="${moduleDir()}"
loadmodule "tls.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "kex.so"
loadmodule "corex.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xhttp.so"
loadmodule "jsonrpcs.so"
loadmodule "ctl.so"
loadmodule "nathelper.so"
loadmodule "websocket.so"
${s.before}
loadmodule "${join(MODULES, 'webrtc_auth.so')}"
modparam("tls", "private_key", "${s.ca.key}")
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "${s.ca.cert}")
modparam("jsonrpcs", "transport", 1)
modparam("ctl", "binrpc", "unix:${s.ctl}")
modparam("websocket", "rm_delay_interval", 1)
modparam("webrtc_auth", "config", "${s.config}")
modparam("webrtc_auth", "key_miss_window", 2)
modparam("webrtc_auth", "log_rate", 1000)
${s.params}
${s.kemi ? '' : routes(s)}`;

const routes = (s) => `
request_route {
	${s.route}
	if($proto == "wss") {
		${s.first}
		${s.async ? 'if($rm == "REGISTER") { if(!webrtc_auth_check_async("CHECKED")) { webrtc_auth_challenge(); exit; } } else' : ''}
		if(!webrtc_auth_check()) { webrtc_auth_challenge(); exit; }
		route(PASSED);
	}
	if($rm == "OPTIONS") { sl_send_reply("200", "OK"); exit; }
	sl_send_reply("403", "Not here");
}

route[CHECKED] {
	append_hf("X-Resumed: yes\\r\\n");
	if(!webrtc_auth_check()) { webrtc_auth_challenge(); exit; }
	route(PASSED);
}

route[PASSED] {
	if($rm == "INFO") { sl_send_reply("403", "Go"); webrtc_auth_close(4100, "by $rm"); exit; }
	if($rm == "NOTIFY") { sl_send_reply("403", "Go"); webrtc_auth_close_conid("$conid", "4101", "by id"); exit; }
	append_hf("X-Wauth: $wauth(status)|$wauth(cause)|$wauth(impi)|$wauth(impu)|$wauth(waf)|$wauth(wwsf)|$wauth(third_party)|$wauth(entity)|$wauth(issuer)|$wauth(sub)|$wauth(expires)\\r\\n");
	append_hf("X-Impus: $wauth(impus)\\r\\n");
	append_hf("X-Xavp: $xavp(wauth[0]=>impus[1])\\r\\n");
	$du = "sip:127.0.0.1:${s.ports.core}";
	t_relay();
	exit;
}

${s.routes}

event_route[xhttp:request] {
	set_reply_close();
	set_reply_no_connect();
	if($Rp == ${s.ports.rpc}) { jsonrpc_dispatch(); exit; }
	if($hu =~ "^/unasked") { ws_handle_handshake(); exit; }
	if(!webrtc_auth_origin()) { xhttp_reply("403", "Forbidden", "", ""); exit; }
	if($hu =~ "^/plain") { xhttp_reply("200", "OK", "", ""); exit; }
	if(ws_handle_handshake()) { exit; }
	xhttp_reply("400", "Bad Request", "", "");
}
`;

export const configOf = (s, more = '') => `
[issuer:home]
iss = https://waf.home1.net
jwks = ${s.waf.url}
ca_file = ${s.ca.caFile}
jwks_refresh_s = 600
aud = epcscf
waf = waf@home1.net
domain = operator

[issuer:partner]
iss = https://waf.partner.net
jwks = file:${s.partnerFile}
alg = ES256
aud = epcscf
waf = waf@partner.net
domain = third-party

[wwsf:shop]
origin = https://shop.example
issuer = home
client_id = shop
impi = *@home1.net
impu = sip:*@home1.net

[wwsf:partner]
origin = https://app.partner.net
issuer = partner
client_id = app
impi = *@partner.net
impu = sip:*@partner.net
${more}`;

export class Site extends Kamailio {
	// The files it starts from. first, routes: lines at the start of the request
	// route, and routes of their own. before: script lines above our loadmodule;
	// route: at the top of request_route. ports, pairs: other ports, other keys
	// (a second node); edit: changes the script.
	static prepare(s, { params = '', kemi, async, config = configOf, first = '', routes = '', before = '', route = '', ports = {}, pairs, edit = (text) => text } = {}) {
		Object.assign(s, { params, kemi, async, first, routes, before, route });
		Object.assign(s.ports, ports);
		s.rpcAt.port = s.ports.rpc;
		s.ca = made().ca;
		if (kemi) {
			const file = join(s.dir, 'kamailio.js');
			writeFileSync(file, kemi(s));
			s.params += `\nloadmodule "app_jsdt.so"\nmodparam("app_jsdt", "load", "${file}")\nmodparam("xhttp", "event_callback", "ksr_xhttp_event")\ncfgengine "jsdt"`;
		}
		s.waf = new Waf(s.ca, s.ports.waf);
		s.keys = pairs ?? { es: makeKey('ES256', 'es-1'), rs: made().rs, partner: makeKey('ES256', 'p-1') };
		s.waf.keys = [s.keys.es, s.keys.rs];
		writeFileSync(s.partnerFile, JSON.stringify({ keys: [s.keys.partner.jwk] }));
		writeFileSync(s.config, config(s));
		writeFileSync(s.cfg, edit(script(s), s));
		return s;
	}

	// wafUp: false leaves the WAF down at first. params: script lines. kemi: a
	// script for app_jsdt in place of the native routes. async: core settings,
	// such as async_workers, with which REGISTERs may wait for their WAF.
	// config: another configuration file. keys: await those of issuer home.
	static async start(options = {}) {
		const { wafUp = true, keys = wafUp } = options;
		const s = Site.prepare(new Site(), options);
		try {
			if (wafUp) await s.waf.start();
			await s.core();
			await s.kamailio();
			if (keys) await until('the first keys', () => s.hasKeys('home'));
		} catch (e) {
			await s.stop().catch(() => {});
			throw e;
		}
		return s;
	}

	constructor() {
		super();
		this.dir = mkdtempSync(join(tmpdir(), 'epcscf-wauth-'));
		this.config = join(this.dir, 'webrtc_auth.conf');
		this.cfg = join(this.dir, 'kamailio.cfg');
		this.partnerFile = join(this.dir, 'partner.json');
		this.ctl = join(this.dir, 'ctl');
		this.ports = { wss: 8443, rpc: 8080, sip: 5060, core: 5070, waf: 9443 };
		this.forwarded = [];
	}

	// The core: answers 200 to everything, keeps what it got.
	core() {
		this.udp = dgram.createSocket('udp4');
		this.udp.on('message', (data, from) => {
			const text = data.toString();
			this.forwarded.push(text);
			if (text.startsWith('ACK ')) return;
			const keep = text.split('\r\n').filter((l) => /^(Via|From|Call-ID|CSeq):/i.test(l));
			const to = /^To:.*$/mi.exec(text)[0].trim();
			this.udp.send(['SIP/2.0 200 OK', ...keep, `${to};tag=core`, 'Content-Length: 0', '', ''].join('\r\n'), from.port, from.address);
		});
		return new Promise((r) => this.udp.bind(this.ports.core, '127.0.0.1', r));
	}

	kamailio() { return this.begin(this.dir, { cfg: this.cfg }); }

	// The same through ctl, as operators do it.
	kamcmd(...args) {
		const r = spawnSync('kamcmd', ['-s', `unix:${this.ctl}`, ...args], { encoding: 'utf8', timeout: 5000 });
		return r.stdout + r.stderr;
	}

	async issuer(name) { return (await this.rpc('webrtc_auth.keys')).find((i) => i.issuer === name); }
	async hasKeys(name) { return (await this.issuer(name))?.keys?.length > 0; }
	async stats() { return this.rpc('webrtc_auth.stats'); }
	sentOn(client) { return this.forwarded.filter((t) => t.includes(client.callId)); }

	async stop() {
		await this.end().finally(async () => {
			this.udp?.close();
			if (this.waf.server?.listening) await this.waf.stop();
			this.ca.remove();
			if (!process.env.EP_KEEP) rmSync(this.dir, { recursive: true, force: true });
		});
		this.clean({ forbidden: /exited by a signal|\bBUG:|core was generated/, known: null });
	}

	readConfig() { return readFileSync(this.config, 'utf8'); }
	writeConfig(text) { writeFileSync(this.config, text); }
}
