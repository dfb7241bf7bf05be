// SPDX-License-Identifier: BSD-2-Clause
// What a REGISTER with a fresh ES256 token costs the SIP worker: CPU time of
// the one TCP worker of a real Kamailio (WSS, webrtc_auth, tna_register), from
// /proc/PID/schedstat, against the same messages answered without a look at
// their token. All ways take turns in short slices of one run, on the same
// connections, with one message under way at a time. Addresses are fixed: run
// inside test/lab/in-netns. Argument: where to write the figures.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCa } from '../node/ca.mjs';
import { Page } from '../int/tna_register/support/page.mjs';
import { claimsOf, makeKey, tokenOf } from '../int/webrtc_auth/support/waf.mjs';

const N = 2000;
const SLICES = 20;
const GOAL_ms = 1;
const PORT = 8443;
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

// What the script does before its 200, by the header X-Way.
const WAYS = ['at once', 'token', 'token and plan'];

const script = (dir, ca) => {
	const files = execFileSync('dpkg', ['-L', 'kamailio'], { encoding: 'utf8' });
	const load = (name) => `loadmodule "${name}.so"`;
	return `#!KAMAILIO
debug=1
log_stderror=yes
children=1
tcp_children=1
enable_tls=yes
tcp_accept_no_cl=yes
tcp_connection_lifetime=3600
auto_aliases=no
listen=tls:127.0.0.1:${PORT}
listen=udp:127.0.0.1:5060
mpath="${dirname(files.split('\n').find((l) => l.endsWith('/modules/tm.so')))}:${join(root, 'build/modules')}"
${['tls', 'kex', 'corex', 'tm', 'sl', 'rr', 'pv', 'textops', 'siputils', 'maxfwd', 'xhttp', 'ctl', 'nathelper',
		'websocket', 'dialog', 'webrtc_auth', 'tna_register'].map(load).join('\n')}
modparam("tls", "certificate", "${ca.cert}")
modparam("tls", "private_key", "${ca.key}")
modparam("tls", "tls_method", "TLSv1.2+")
modparam("ctl", "binrpc", "unix:${dir}/ctl")
modparam("dialog", "dlg_match_mode", 2)
modparam("webrtc_auth", "config", "${dir}/webrtc_auth.cfg")
modparam("tna_register", "home_domain", "home1.net")
modparam("tna_register", "own_uri", "127.0.0.1:5060")
modparam("tna_register", "flow_key", "0123456789abcdef0123456789abcdef")

request_route {
	if($hdr(X-Way) != "0") {
		if(!webrtc_auth_check()) { webrtc_auth_challenge(); exit; }
		if($hdr(X-Way) == "2" && !tna_register()) { sl_send_reply("$tna(code)", "$tna(reason)"); exit; }
	}
	sl_send_reply("200", "OK");
}

event_route[xhttp:request] {
	set_reply_close();
	set_reply_no_connect();
	if(webrtc_auth_origin()) ws_handle_handshake();
	else xhttp_reply("403", "Forbidden", "", "");
}
`;
};

const authConfig = (dir) => `
[issuer:home]
iss = https://waf.home1.net
jwks = file:${dir}/keys.json
aud = epcscf
waf = waf@home1.net
domain = operator

[wwsf:shop]
origin = https://shop.example
issuer = home
client_id = shop
impi = *@home1.net
impu = sip:*@home1.net
`;

async function startKamailio(dir) {
	const log = [];
	const kamailio = spawn('kamailio', ['-DD', '-E', '-m', '64', '-M', '8', '-f', join(dir, 'kamailio.cfg'), '-Y', dir,
		'-P', join(dir, 'pid'), '-w', dir], { stdio: ['ignore', 'pipe', 'pipe'] });
	for (const out of [kamailio.stdout, kamailio.stderr]) out.on('data', (text) => log.push(text));
	kamailio.ended = new Promise((done) => { kamailio.on('exit', done); });
	const rpc = (...command) => execFileSync('kamcmd', ['-s', `unix:${dir}/ctl`, ...command], { encoding: 'utf8', stdio: 'pipe' });
	for (let tries = 0; ; tries++) {
		try {
			if (/es-1/.test(rpc('webrtc_auth.keys'))) return { kamailio, rpc };
		} catch { /* not yet there */ }
		if (tries > 100 || kamailio.exitCode !== null) throw new Error(`Kamailio does not start:\n${log.join('')}`);
		await sleep(50);
	}
}

// The process that reads the browsers' sockets.
function workerOf(rpc) {
	const found = rpc('core.psx').split('}').find((entry) => /tcp receiver/.test(entry));
	return Number(/PID: (\d+)/.exec(found)[1]);
}

// It sleeps as soon as the answer is out; what it used is exact only then.
async function cpu_ns(pid) {
	await sleep(20);
	return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]);
}

async function slice(page, pid, way, tokens) {
	const before = await cpu_ns(pid);
	for (const token of tokens) {
		const answer = await page.register({ token, headers: [`X-Way: ${way}`] });
		if (answer.status !== 200) throw new Error(`${WAYS[way]}: ${answer.first}`);
	}
	return (await cpu_ns(pid) - before) / tokens.length / 1e6;
}

const median = (list) => {
	const sorted = [...list].sort((a, b) => a - b);
	return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

// CPU ms of one message, by way and slice.
async function measure(pid, key, page) {
	const each = N / SLICES;
	const fresh = () => Array.from({ length: each }, () => tokenOf(key, claimsOf({ exp: Math.floor(Date.now() / 1000) + 3600 })));
	const spent = WAYS.map(() => []);
	for (let s = -1; s < SLICES; s++)
		for (const way of WAYS.keys()) {
			const value = await slice(page, pid, way, fresh());
			if (s >= 0) spent[way].push(value); // the first round warms up
		}
	return spent;
}

function report(spent) {
	const added = (way) => spent[way].map((value, s) => value - spent[0][s]);
	const row = (name, list) => console.log([name.padEnd(34), ...[median(list), Math.min(...list), Math.max(...list)]
		.map((v) => v.toFixed(3).padStart(10))].join(''));
	console.log(`${N} REGISTERs each, ${SLICES} slices; CPU of the TCP worker in ms for one`);
	console.log(`${''.padEnd(34)}${['median', 'least', 'most'].map((t) => t.padStart(10)).join('')}`);
	WAYS.forEach((name, way) => row(way ? `with ${name}` : `answered ${name}`, spent[way]));
	row(`added by a fresh token (< ${GOAL_ms})`, added(1));
	row('added by token and plan', added(2));
	const against = 'the same REGISTER answered without a look at its token';
	const figure = (name, value, goal) => ({ name, value: Number(value.toFixed(4)), unit: 'ms', against, goal });
	return [figure('register_token_cpu_ms', median(added(1)), GOAL_ms),
		figure('register_chain_cpu_ms', median(added(2)), null),
		{ ...figure('register_base_cpu_ms', median(spent[0]), null), against: '' }];
}

const dir = mkdtempSync(join(tmpdir(), 'epcscf-bench-'));
const ca = makeCa();
const key = makeKey('ES256', 'es-1');
writeFileSync(join(dir, 'keys.json'), JSON.stringify({ keys: [key.jwk] }));
writeFileSync(join(dir, 'webrtc_auth.cfg'), authConfig(dir));
writeFileSync(join(dir, 'kamailio.cfg'), script(dir, ca));
let kamailio;
try {
	const site = await startKamailio(dir);
	kamailio = site.kamailio;
	const page = await Page.open({ ports: { wss: PORT }, ca });
	const figures = report(await measure(workerOf(site.rpc), key, page));
	page.drop();
	if (process.argv[2]) writeFileSync(process.argv[2], `${JSON.stringify(figures, null, '  ')}\n`);
	process.exitCode = figures.every(({ value, goal }) => goal === null || value < goal) ? 0 : 1;
} finally {
	kamailio?.kill('SIGTERM');
	await kamailio?.ended;
	ca.remove();
	rmSync(dir, { recursive: true, force: true });
}
