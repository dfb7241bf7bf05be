// SPDX-License-Identifier: BSD-2-Clause
// What a call's set-up and end cost: the eP-CSCF as shipped (tokens, identity,
// mediation, in synchronous mode and in asynchronous mode with rtpengine-iq and
// without it) beside a stock Kamailio that does as much of the same as its own
// modules can, and beside Debian's Janus. Each has a gateway of its own, all
// calls are offered the same SDP, and all have the same scripted core; CPU is
// that of all processes of the proxy and the gateway. By turns, in one run.
import { createHash } from 'node:crypto';
import dgram from 'node:dgram';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Janus } from './calls/janus.mjs';
import { Gateway } from '../int/sdp_mediate/support/nodes.mjs';
import { Lab, OFFER } from '../int/webrtc_auth/support/labpage.mjs';
import { answer, build, Inbox, Msg, rand } from '../int/tna_register/support/sip.mjs';
import { Kamailio, moduleDir, sleep } from '../int/support/kamailio.mjs';
import { start, stop } from '../lab/lab.mjs';
import { ROOT } from '../lab/lib/plan.mjs';

const WebSocket = createRequire(new URL('../package.json', import.meta.url))('ws');
const [ROUNDS, CALLS, AT_ONCE, WARM] = [5, 100, 4, 100];
const PHONE = (address) => `v=0\r\no=- 1 1 IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n`;

/** CPU seconds of processes and all that they started. */
function cpu(roots) {
	const parent = new Map(), used = new Map();
	for (const pid of readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
		let stat;
		try { stat = readFileSync(`/proc/${pid}/stat`, 'latin1'); } catch { continue; }
		const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
		parent.set(Number(pid), Number(f[1]));
		used.set(Number(pid), (Number(f[11]) + Number(f[12])) / 100);
	}
	const ours = (pid) => { for (; pid > 1; pid = parent.get(pid)) if (roots.includes(pid)) return true; return false; };
	return [...used].filter(([pid]) => ours(pid)).reduce((n, [, s]) => n + s, 0);
}

// What an operator configures to come as near to the same service as stock
// modules can. Who the page is: its registration (usrloc, by its connection) and
// Digest, whose nonce it uses again, so that no call costs a challenge: next to
// the token that ours sees in every request. What a page must not say of itself
// is removed; P-Asserted-Identity and P-Charging-Vector are set, the latter's
// icid kept for the dialog. Both ends' dialogs are tracked. SDP: rtpengine with
// the words that ours uses, and sdpops for what they leave.
// It does not: hold Route to the Service-Route, the From of a dialog to what it
// was, or a request in a dialog to who is in it; end the calls of a registration
// that ends; subscribe to registrations; hide the page's address (flow token);
// know codecs, bandwidth or BUNDLE; send the core a SDP free of a=mid.
const STOCK = (dir, tls) => `#!KAMAILIO
debug=2
log_stderror=yes
children=4
tcp_children=4
tcp_accept_no_cl=yes
tcp_connection_lifetime=3605
auto_aliases=no
enable_tls=yes
udp_mtu=1300
udp_mtu_try_proto=TCP
sip_parser_log=4
sip_parser_log_oneline=1
use_dns_cache=yes
dns_try_naptr=no
listen=tls:127.0.0.200:8088
listen=udp:127.0.0.200:5060
listen=tcp:127.0.0.200:5060
mpath="${dir}"
loadmodule "tls.so"
loadmodule "kex.so"
loadmodule "corex.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "textopsx.so"
loadmodule "siputils.so"
loadmodule "sanity.so"
loadmodule "ipops.so"
loadmodule "pike.so"
loadmodule "htable.so"
loadmodule "uuid.so"
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "xhttp.so"
loadmodule "nathelper.so"
loadmodule "websocket.so"
loadmodule "dialog.so"
loadmodule "sdpops.so"
loadmodule "rtpengine.so"
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "${tls.cert}")
modparam("tls", "private_key", "${tls.key}")
modparam("tm", "fr_timer", 3000)
modparam("tm", "fr_inv_timer", 120000)
modparam("tm", "auto_inv_100_reason", "Trying")
modparam("htable", "htable", "password=>size=4;")
modparam("auth", "nonce_expire", 3600)
modparam("usrloc", "db_mode", 0)
modparam("registrar", "xavp_cfg", "find")
modparam("nathelper|registrar", "received_avp", "$avp(received)")
modparam("pike", "reqs_density_per_unit", 10000)
modparam("websocket", "sub_protocols", 1)
modparam("websocket", "keepalive_mechanism", 1)
modparam("dialog", "dlg_match_mode", 2)
modparam("dialog", "track_cseq_updates", 0)
modparam("rtpengine", "rtpengine_sock", "udp:127.0.0.201:2223")
modparam("rtpengine", "rtpengine_tout_ms", 300)
modparam("rtpengine", "rtpengine_retr", 2)
modparam("rtpengine", "rtpengine_allow_op", 1)
event_route[htable:mod-init] { $sht(password=>page) = "secret"; }
request_route {
	if(proto == WSS) route(FROM_PAGE);
	else if((proto == UDP || proto == TCP) && is_in_subnet("$si", "127.0.0.21/32")) route(FROM_CORE);
	exit;
}
reply_route {
	if(proto != WSS && !is_in_subnet("$si", "127.0.0.21/32")) drop;
	if(!t_check_trans()) drop;
}
route[LIMITS] {
	if(!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
	if(!is_present_hf("Content-Length")) { sl_send_reply("400", "Content-Length Missing"); exit; }
	if(has_body() && !is_present_hf("Content-Type")) { sl_send_reply("400", "Content-Type Missing"); exit; }
}
route[FROM_PAGE] {
	route(LIMITS);
	if(!pike_check_req()) exit;
	force_rport();
	if(is_method("CANCEL")) { if(t_check_trans()) t_relay(); exit; }
	if(!sanity_check("2023", "7")) exit;
	if(!is_method("ACK")) {
		if(!pv_proxy_authenticate("stock", "$sht(password=>$au)", "0")) { proxy_challenge("stock", "0"); exit; }
		if($fU != $au) { sl_send_reply("403", "Forbidden"); exit; }
		consume_credentials();
	}
	if(is_method("REGISTER")) {
		fix_nated_register();
		if(!save("location")) sl_reply_error();
		exit;
	}
	$xavp(find=>match_received) = "sip:" + $si + ":" + $sp + ";transport=ws";
	if(!registered("location", "$fu", 2, 2)) {
		if(!is_method("ACK")) sl_send_reply("403", "Not Registered");
		exit;
	}
	remove_hf_re("^P-(Asserted|Preferred|Called|Charging|Access|Visited|Associated|User|Profile)");
	if(has_totag()) {
		if(!loose_route()) { if(!is_method("ACK")) sl_send_reply("481", "Call/Transaction Does Not Exist"); exit; }
	} else {
		if(is_method("BYE|PRACK|UPDATE")) { sl_send_reply("481", "Call/Transaction Does Not Exist"); exit; }
		append_hf("P-Asserted-Identity: <$fu>\\r\\n");
		$du = "sip:127.0.0.21:15060";
	}
	if(is_method("INVITE")) add_contact_alias();
	route(SESSION);
}
route[FROM_CORE] {
	route(LIMITS);
	if(is_method("CANCEL")) { if(t_check_trans()) t_relay(); exit; }
	if(is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
	if(has_totag()) {
		if(!loose_route()) { sl_send_reply("481", "Call/Transaction Does Not Exist"); exit; }
		handle_ruri_alias();
	} else if(!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
	route(SESSION);
}
route[SESSION] {
	if(is_method("INVITE") || has_totag()) dlg_manage();
	if(is_method("INVITE") && !has_totag()) $dlg_var(icid) = $uuid(g);
	if(proto == WSS && !is_method("ACK")) append_hf("P-Charging-Vector: icid-value=\\"$dlg_var(icid)\\";icid-generated-at=127.0.0.200;orig-ioi=\\"Type 1stock\\"\\r\\n");
	if(is_method("BYE")) rtpengine_delete();
	if(is_method("INVITE|UPDATE|PRACK|ACK") && has_body("application/sdp")) {
		if(proto == WSS) {
			sdp_remove_line_by_prefix("a=extmap");
			sdp_remove_line_by_prefix("a=msid");
			sdp_remove_line_by_prefix("a=ssrc");
			sdp_remove_line_by_prefix("a=rtcp-rsize");
			sdp_remove_line_by_prefix("a=rtcp-xr");
			sdp_remove_line_by_prefix("a=rtcp-fb");
			sdp_remove_line_by_prefix("a=group");
			msg_apply_changes();
			rtpengine_offer("trust-address replace-origin replace-session-connection replace-sdp-version ICE=remove DTLS=off rtcp-mux-demux no-rtcp-attribute DTLS-reverse=passive transport-protocol=RTP/AVP SDES-off codec-strip-red codec-strip-CN");
		} else rtpengine_offer("trust-address replace-origin replace-session-connection replace-sdp-version ICE=force transport-protocol=UDP/TLS/RTP/SAVPF SDES-off generate-mid rtcp-mux-require");
	}
	if(is_method("INVITE") && !has_totag()) record_route();
	if(!is_method("ACK")) {
		t_on_reply("REPLY");
		t_on_failure("FAILED");
	}
	if(!t_relay()) sl_reply_error();
	exit;
}
onreply_route[REPLY] {
	if(proto == WSS) add_contact_alias();
	remove_hf_re("^P-(Asserted|Preferred|Called|Charging|Access|Visited)");
	if(!has_body("application/sdp")) return;
	if(proto == WSS) rtpengine_answer("trust-address replace-origin replace-session-connection replace-sdp-version ICE=remove DTLS=off rtcp-mux-demux no-rtcp-attribute SDES-off");
	else rtpengine_answer("trust-address replace-origin replace-session-connection replace-sdp-version ICE=force transport-protocol=UDP/TLS/RTP/SAVPF SDES-off generate-mid DTLS=passive rtcp-mux-accept");
}
failure_route[FAILED] {
	if(is_method("INVITE") && !has_totag()) rtpengine_delete();
	if(t_branch_timeout() && !t_branch_replied()) t_reply("504", "Server Time-out");
}
event_route[xhttp:request] {
	set_reply_close();
	set_reply_no_connect();
	if($hdr(Upgrade) =~ "websocket" && $hdr(Origin) == "https://page.invalid") {
		ws_handle_handshake();
		exit;
	}
	xhttp_reply("403", "Forbidden", "", "");
}
`;

const md5 = (text) => createHash('md5').update(text).digest('hex');

/** What the hops of a core write into Record-Route, as the lab's does. */
const HOPS = ['r2=on', 'transport=tcp;r2=on', 'r2=on', 'transport=tcp;r2=on', 'x=15060'];

/** Both systems' core, with a phone in it that answers everything: what it says
 * looks as if it came through many hops, and costs neither of them caches. */
class Core {
	static async open(...addresses) {
		const core = new Core();
		core.all = await Promise.all(addresses.map((address) => core.#at(address)));
		return core;
	}

	close() { for (const s of this.all.flat()) s.close(); }

	async #at(address) {
		const udp = dgram.createSocket('udp4');
		udp.on('message', (d, from) => this.#take(address, d.toString('latin1'), (text) => udp.send(text, from.port, from.address)));
		await new Promise((r) => udp.bind(15060, address, r));
		const tcp = net.createServer((socket) => {
			let rest = '';
			socket.on('error', () => {});
			socket.on('data', (d) => {
				rest += d.toString('latin1');
				for (let end; (end = rest.indexOf('\r\n\r\n')) >= 0;) {
					const length = end + 4 + Number(/\r\nContent-Length: *(\d+)/i.exec(rest.slice(0, end))?.[1] ?? 0);
					if (rest.length < length) return;
					this.#take(address, rest.slice(0, length), (text) => socket.write(text));
					rest = rest.slice(length);
				}
			});
		});
		await new Promise((r) => tcp.listen(15060, address, r));
		return [udp, tcp];
	}

	#take(address, text, send) {
		const m = new Msg(text);
		if (m.status || m.method === 'ACK') return;
		if (m.method === 'REGISTER') {
			send(answer(m, 200, { tag: 'r', more: [`Contact: ${m.get('Contact')}`, ...m.all('Path').map((p) => `Path: ${p}`),
				`P-Associated-URI: ${m.get('To')}`, `Service-Route: <sip:orig@${address}:15060;lr>`] }));
		} else if (m.method === 'SUBSCRIBE') {
			send(answer(m, 489, { tag: 's' }));
		} else if (m.method !== 'INVITE') {
			send(answer(m, 200, { tag: 'p' }));
		} else {
			send(answer(m, 100));
			const routes = [...HOPS.map((h) => `<sip:${address}:15060;${h};lr;ftag=${m.fromTag}>`), ...m.all('Record-Route')];
			this.invite = text;
			send(answer(m, 200, { tag: 'p', more: [...routes.map((r) => `Record-Route: ${r}`), `Contact: <sip:phone@${address}:15060>`, 'Content-Type: application/sdp'], body: PHONE(address) }));
		}
	}
}

/** A page of the stock one, registered. */
async function stockPage() {
	const page = { inbox: new Inbox('stock'), cseq: 0, host: `${rand()}.invalid`, aor: 'sip:page@stock' };
	for (let i = 0; !page.ws && i < 50; i++) {
		await sleep(100);
		const ws = new WebSocket('wss://127.0.0.200:8088', 'sip', { rejectUnauthorized: false, origin: 'https://page.invalid' });
		await new Promise((done) => { ws.on('open', () => { page.ws = ws; done(); }); ws.on('error', done); });
	}
	page.ws.on('message', (d) => { const t = d.toString(); if (/ SIP\/2\.0\r\n|^SIP\/2\.0/.test(t)) page.inbox.put(new Msg(t)); });
	page.send = (t) => page.ws.send(t);
	const credentials = (method, uri) => page.nonce && `Proxy-Authorization: Digest username="page", realm="stock", nonce="${page.nonce}", uri="${uri}", response="${md5(`${md5('page:stock:secret')}:${page.nonce}:${md5(`${method}:${uri}`)}`)}"`;
	page.request = (method, { uri, to = uri, toTag, fromTag = rand(4), callId = rand(), cseq = ++page.cseq, routes = [], body = '' }) => build(`${method} ${uri} SIP/2.0`, [
		`Via: SIP/2.0/WSS ${page.host};branch=z9hG4bK${rand()}`, 'Max-Forwards: 69', ...routes.map((r) => `Route: ${r}`), `To: <${to}>${toTag ? `;tag=${toTag}` : ''}`,
		`From: <${page.aor}>;tag=${fromTag}`, `Call-ID: ${callId}`, `CSeq: ${cseq} ${method}`, `Contact: <sip:page@${page.host};transport=ws>`, credentials(method, uri), body && 'Content-Type: application/sdp'].filter(Boolean), body);
	for (let status = 407; status === 407;) {
		page.send(page.request('REGISTER', { uri: 'sip:stock', to: page.aor }));
		const m = await page.inbox.final('REGISTER');
		({ status } = m);
		if (status > 299 && (status !== 407 || page.nonce)) throw new Error(`the stock page is not registered: ${status}`);
		page.nonce ??= /nonce="([^"]+)"/.exec(m.get('Proxy-Authenticate'))[1];
	}
	return page;
}

/** The stock one, a page on it, and a phone that answers everything. */
async function stock(tls) {
	const dir = mkdtempSync(path.join(tmpdir(), 'stock-'));
	writeFileSync(path.join(dir, 'kamailio.cfg'), STOCK(moduleDir(), tls));
	const gateway = await Gateway.start('127.0.0.201:2223', { min: 40000, max: 49999, more: ['--dtls-passive'] });
	const kamailio = new Kamailio();
	await kamailio.begin(dir, { pkg: 4, answers: false });
	const core = await Core.open('127.0.0.21');
	const page = await stockPage().catch((e) => { throw new Error(`${e.message}\n${kamailio.log.slice(-3000)}`); });
	return { name: 'stock', page, to: 'sip:phone@stock', pids: [kamailio.process.pid, gateway.process.pid], core, log: () => kamailio.log,
		stop: async () => { page.ws.terminate(); core.close(); await kamailio.end(); await gateway.down(); rmSync(dir, { recursive: true, force: true }); } };
}

/** Ours as shipped, switched as `defines` and `site` say. */
async function epcscf(name, { defines, site, more = [] } = {}) {
	const lab = new Lab();
	lab.dir = path.join(ROOT, 'build/test/bench-calls');
	await stop({ dir: lab.dir });
	Object.assign(lab, await start({ dir: lab.dir, parts: ['rtpengine', 'waf-home', 'waf-partner', 'epcscf', ...more], defines, site }));
	lab.ports = { wss: lab.nodes.epcscf.wss };
	lab.ca = { ca: readFileSync(lab.tls.ca) };
	const core = await Core.open(lab.nodes.icscf.address, lab.nodes.scscf.address), page = await lab.page('user1');
	if ((await page.register()).status !== 200) throw new Error('the page is not registered');
	return { name, tls: lab.tls, page, core, to: 'sip:carol@home1.net', pids: [lab.parts.epcscf.pid, lab.parts.rtpengine.pid, ...more.map((m) => lab.parts[m].pid)], log: () => lab.log(),
		stop: async () => { page.drop(); core.close(); await lab.stop(); } };
}

/** Debian's Janus; what it does not do stands there. */
async function janus(tls) {
	const libraries = execFileSync('dpkg', ['-L', 'janus'], { encoding: 'utf8' }).split('\n').filter((l) => l.endsWith('.so')).map((l) => path.basename(l));
	const core = await Core.open('127.0.0.22'), j = await Janus.start(tls, AT_ONCE, libraries);
	return { name: 'janus', core, pids: [j.process.pid], log: () => j.log(), call: () => j.call('sip:phone@127.0.0.22:15060', OFFER), stop: async () => { await j.stop(); core.close(); } };
}

/** One call up to the answer to its BYE: does it work? */
async function call(system) {
	const { page, to } = system;
	if (system.call) return system.call();
	const callId = rand(), mine = (m) => m.callId === callId;
	page.send(page.request('INVITE', { uri: to, callId, body: OFFER }));
	const ok = await page.inbox.reply('INVITE', (s) => s >= 200, mine, 8000);
	const within = { uri: /<([^>]+)>/.exec(ok.get('Contact') ?? '<x>')[1], to: /<([^>]+)>/.exec(ok.get('To'))[1], toTag: ok.toTag, fromTag: ok.fromTag, callId, routes: ok.list('Record-Route').reverse() };
	if (ok.status !== 200) return false;
	page.send(page.request('ACK', { ...within, cseq: ok.cseq }));
	page.send(page.request('BYE', within));
	const bye = await page.inbox.reply('BYE', (s) => s >= 200, mine, 8000);
	return bye.status === 200 && /a=fingerprint/.test(ok.body);
}

/** What it takes when nobody calls, in CPU seconds a second. */
async function idle(system) {
	const before = [cpu(system.pids), cpu(system.pids.slice(1))], began = Date.now();
	await sleep(4000);
	const s = (Date.now() - began) / 1000;
	system.idle = [(cpu(system.pids) - before[0]) / s, (cpu(system.pids.slice(1)) - before[1]) / s];
}

async function round(system) {
	let left = CALLS, good = 0;
	const before = cpu(system.pids), media = cpu(system.pids.slice(1)), began = Date.now();
	await Promise.all(Array.from({ length: AT_ONCE }, async () => { while (left-- > 0) if (await call(system).catch(() => false)) good++; }));
	const ms = (Date.now() - began) / CALLS;
	await sleep(300);
	const s = (Date.now() - began) / 1000, per = (used, rest) => (used - rest * s) * 1000 / CALLS;
	return { good, cpu_ms: per(cpu(system.pids) - before, system.idle[0]), media_ms: per(cpu(system.pids.slice(1)) - media, system.idle[1]), ms };
}

const median = (v) => [...v].sort((a, b) => a - b)[v.length >> 1];
const sum = (v) => v.reduce((a, b) => a + b, 0);
const entries = [];

function show(name, rows) {
	const c = median(rows.map((r) => r.cpu_ms)), media = median(rows.map((r) => r.media_ms)), good = sum(rows.map((r) => r.good));
	console.log(`${name.padEnd(22)} ${c.toFixed(2).padStart(14)} ${(media === 0 ? '-' : media.toFixed(2)).padStart(10)} ${median(rows.map((r) => r.ms)).toFixed(2).padStart(10)} ${`${good}/${rows.length * CALLS}`.padStart(10)}`);
	entries.push({ name: `${name}_cpu_ms`, value: Number(c.toFixed(3)), unit: 'ms', against: 'Kamailio and the gateway, per call set up and ended, without what they take idle', goal: null },
		{ name: `${name}_media_cpu_ms`, value: Number(media.toFixed(3)), unit: 'ms', against: 'of that, the gateway', goal: null },
		{ name: `${name}_success`, value: good / (rows.length * CALLS), unit: 'ratio', against: `${rows.length * CALLS} calls`, goal: 1 });
}

/** Two systems by turns. */
async function pair(systems) {
	const rows = systems.map(() => []);
	for (const s of systems) for (let i = 0; i < WARM; i++) await call(s).catch(() => false);
	for (const s of systems) await idle(s);
	for (let r = 0; r < ROUNDS; r++) for (const [i, s] of systems.entries()) rows[i].push(await round(s));
	return rows;
}

const VARIANTS = [
	['epcscf', {}],
	['epcscf_async', { defines: ['WITH_IQ'], more: ['rtpengine-iq'] }],
	['epcscf_async_bare', { defines: ['WITH_IQ'] }],
];
console.log('stock: usrloc, Digest of every request (nonce reused), dialog, rr, pike, sanity, sdpops, rtpengine; not: the checks within a dialog, flow tokens,\n'
	+ '  codec and bandwidth policy, calls that end with their registration. janus: a SIP client with a gateway in one process; not a proxy, no identity,\n'
	+ '  no registration at the core, SDP of WebRTC passed on. The core is scripted, and the same for all.');
console.log(`${'system'.padEnd(22)} ${'CPU ms a call'.padStart(14)} ${'gateway'.padStart(10)} ${'ms a call'.padStart(10)} ${'good'.padStart(10)}`);
let other, tls, mine;
const stocks = [], ratios = {};
for (const [name, how] of VARIANTS) {
	const ours = await epcscf(name, how);
	({ tls } = ours);
	other ??= await stock(tls);
	try {
		const rows = await pair([ours, other]);
		show(name, rows[0]);
		stocks.push(...rows[1]);
		mine ??= median(rows[0].map((r) => r.cpu_ms));
		ratios[name] = median(rows[1].map((r, k) => r.cpu_ms / rows[0][k].cpu_ms));
		console.log(`  idle ${(ours.idle[0] * 100).toFixed(1)} % of a CPU; stock beside it ${median(rows[1].map((r) => r.cpu_ms)).toFixed(2)} ms`);
		if (process.env.BENCH_SHOW) console.log(`${ours.core.invite}\n${other.core.invite}`);
	} finally {
		await ours.stop();
	}
}
show('stock', stocks);
const gateway = await janus(tls);
try {
	const rows = await pair([gateway, other]);
	show('janus', rows[0]);
	console.log(`  idle ${(gateway.idle[0] * 100).toFixed(1)} % of a CPU; stock beside it ${median(rows[1].map((r) => r.cpu_ms)).toFixed(2)} ms`);
	const ratio = median(rows[0].map((r) => r.cpu_ms)) / mine;
	entries.push({ name: 'calls_vs_janus', value: Number(ratio.toFixed(3)), unit: 'ratio', against: 'CPU of Janus as Debian has it, with its SIP plugin, for a call, by ours (epcscf)', goal: null });
	console.log(`[calls_vs_janus] ${ratio.toFixed(2)} (no goal: it does less)`);
	if (process.env.BENCH_SHOW) console.log(gateway.core.invite, gateway.log());
} finally {
	await gateway.stop();
	await other.stop();
}
for (const [name, ratio] of Object.entries(ratios)) {
	const entry = name.replace('epcscf', 'calls') + '_vs_stock';
	console.log(`[${entry}] ${ratio.toFixed(2)} (goal 0.9)`);
	entries.unshift({ name: entry, value: Number(ratio.toFixed(3)), unit: 'ratio', against: 'CPU of stock Kamailio 5.6 and rtpengine for a call, by ours', goal: name === 'epcscf' ? 0.9 : null });
}
if (process.argv[2]) writeFileSync(process.argv[2], `${JSON.stringify(entries, null, '\t')}\n`);
process.exit(0);
