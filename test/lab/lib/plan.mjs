// SPDX-License-Identifier: BSD-2-Clause
// What the lab consists of: addresses, users, parts. Data, no action.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const LAB = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const ROOT = path.resolve(LAB, '../..');
export const EXAMPLES = path.join(ROOT, 'cfg-examples');
export const DOMAIN = 'home1.net';
const SIP = 15060;
const DIAMETER = 15870;

const named = (name, address, more = {}) =>
	({ address, sip: SIP, name: `${name}.${DOMAIN}`, ...more });

/** On the network of the nodes that share lists. */
const shared = (n) => ({ address: `127.0.1.${n}`, port: 15090 });

const IMS = '127.0.0.7';

/** An address as it stands in URLs and in Kamailio's listen: IPv6 in brackets. */
export const bracketed = (host) => (host.includes(':') ? `[${host}]` : host);

/**
 * Addresses and ports of every node; host is what browsers see, ims what the
 * core sees of the media gateway.
 */
export function nodes(dir, host, ims = IMS) {
	const rpc = (name) => path.join(dir, 'run', name, 'ctl');
	return {
		hss: { address: '127.0.0.2', control: 15869,
			messages: path.join(dir, 'log/hss.jsonl') },
		icscf: named('icscf', '127.0.0.3', { diameter: DIAMETER, rpc: rpc('icscf') }),
		scscf: named('scscf', '127.0.0.4', { diameter: DIAMETER, rpc: rpc('scscf'),
			shared: shared(4) }),
		pcscf: named('pcscf', '127.0.0.5', { rpc: rpc('pcscf') }),
		epcscf: named('epcscf', '127.0.0.6', { wss: 8445, rpc: rpc('epcscf'),
			shared: shared(6) }),
		rtpengine: { address: '127.0.0.7', ng: 2223, web: host, ims },
		rtpengineIq: { address: '127.0.0.8', ng: 2223, http: 8080, timeout: 8081, dtmf: 2225 },
		numbers: { address: '127.0.0.40', sip: 5060 },
		services: { address: '127.0.0.41', sip: 5060 },
	};
}

export const WEB_PORT = { page: 8443, waf: 8444, pagePartner: 8543, wafPartner: 8544,
	wafControl: 15444, wafPartnerControl: 15544 };

export function urls(host, node) {
	const at = (port) => `https://${bracketed(host)}:${port}`;
	return {
		page: `${at(WEB_PORT.page)}/`, pagePartner: `${at(WEB_PORT.pagePartner)}/`,
		waf: at(WEB_PORT.waf), wafPartner: at(WEB_PORT.wafPartner),
		wafControl: `http://127.0.0.1:${WEB_PORT.wafControl}`,
		wafPartnerControl: `http://127.0.0.1:${WEB_PORT.wafPartnerControl}`,
		wss: `wss://${bracketed(host)}:${node.epcscf.wss}`,
	};
}

const PHONES = { alice: '127.0.0.11', bob: '127.0.0.12' };

/** The subscribers as the tests want them: by name, with how to come in. */
export function users(dir) {
	const file = path.join(LAB, 'hss/subscribers.json');
	const { subscribers } = JSON.parse(readFileSync(file, 'utf8'));
	return Object.fromEntries(subscribers.map((s) => {
		const { name, kind, impi, impus, password, aka, allowed } = s;
		const user = { kind, impi, impus, password, aka, allowed };
		if (kind === 'web')
			Object.assign(user, { login: name, waf: 'home' });
		if (PHONES[name])
			Object.assign(user, { address: PHONES[name], ctrl: 4444,
				wav: path.join(dir, 'wav', name) });
		return [name, user];
	}));
}

/**
 * The rtpengine to start: the installed one, or one of another Debian suite
 * that mk/rtpengine.sh has unpacked.
 */
export const rtpengineProgram = (suite) => (suite
	? path.join(ROOT, 'build/rtpengine', suite, 'run') : '/usr/bin/rtpengine');

/**
 * The parts in the order of starting. `after` names parts that must be ready
 * before; `needs` names files without which a part is absent.
 */
export function parts({ dir, host, node, tools, rtpengine }) {
	const etc = (...names) => path.join(dir, 'etc', ...names);
	const kamailio = (name, config, { shm = 32, modules = tools.modules } = {}) => ({
		name,
		needs: [config],
		cwd: etc(name),
		command: ['kamailio', '-f', etc(name, `${name}.cfg`), '-DD', '-E',
			'-P', path.join(dir, 'run', name, 'kamailio.pid'),
			'-Y', path.join(dir, 'run', name), '-w', path.join(dir, 'run', name),
			'-L', modules, '-m', String(shm), '-M', '4'],
		ready: { sip: { host: node[name].address, port: node[name].sip } },
	});
	const program = (name, script, { ready, after }) => ({
		name, after, needs: [script], cwd: etc(),
		command: [process.execPath, script, '--config', etc(`${name}.json`)],
		ready: ready ?? { log: /^ready/m },
	});
	const phone = (name) => ({
		name, after: ['hss', 'pcscf'], needs: ['/usr/bin/baresip'],
		cwd: etc(name),
		command: ['baresip', '-f', etc(name)],
		ready: { log: /200 OK .*\[1 binding\]/ },
	});
	const waf = path.join(LAB, 'waf/waf.mjs');
	const wwsf = path.join(EXAMPLES, 'wwsf/wwsf.mjs');
	return [
		kamailio('icscf', path.join(EXAMPLES, 'icscf/icscf.cfg')),
		{ ...kamailio('scscf', path.join(EXAMPLES, 'scscf/scscf.cfg'),
			{ modules: `${tools.modules}:${tools.ourModules}` }),
		needs: [path.join(EXAMPLES, 'scscf/scscf.cfg'),
			path.join(tools.ourModules, 'tna_register.so')] },
		kamailio('pcscf', path.join(LAB, 'pcscf/pcscf.cfg')),
		program('hss', path.join(LAB, 'hss/hss.mjs'), {}),
		{
			name: 'rtpengine', needs: [rtpengineProgram(rtpengine)], cwd: dir,
			command: [rtpengineProgram(rtpengine), `--config-file=${etc('rtpengine.conf')}`,
				'--config-section=rtpengine'],
			ready: { ng: { host: node.rtpengine.address, port: node.rtpengine.ng } },
		},
		{
			name: 'rtpengine-iq', after: ['rtpengine'], cwd: dir,
			needs: [path.join(ROOT, 'build/plugin/rtpengine-iq'), path.join(EXAMPLES, 'rtpengine/rtpengine-iq.conf')],
			command: [path.join(ROOT, 'build/plugin/rtpengine-iq'), '--config', etc('rtpengine-iq.conf')],
			ready: { ng: { host: node.rtpengineIq.address, port: node.rtpengineIq.ng } },
		},
		program('waf-home', waf, {}),
		program('waf-partner', waf, {}),
		{ ...kamailio('epcscf', path.join(EXAMPLES, 'epcscf/epcscf.cfg'),
			{ shm: 64, modules: `${tools.modules}:${tools.ourModules}` }),
		after: ['waf-home', 'waf-partner', 'rtpengine', 'rtpengine-iq'],
		// It answers nobody but the core.
		ready: { sip: { host: node.epcscf.address, port: node.epcscf.sip,
			from: node.icscf.address } },
		needs: [path.join(EXAMPLES, 'epcscf/epcscf.cfg'),
			...['webrtc_auth', 'tna_register', 'sdp_mediate']
				.map((m) => path.join(tools.ourModules, `${m}.so`))] },
		program('wwsf-home', wwsf, { after: ['waf-home'] }),
		program('wwsf-partner', wwsf, { after: ['waf-partner'] }),
		program('numbers', path.join(LAB, 'numbers/numbers.mjs'),
			{ after: ['hss', 'pcscf'], ready: { log: /(\bregistered\b[^]*){3}/ } }),
		program('services', path.join(LAB, 'services/services.mjs'),
			{ after: ['hss', 'pcscf'], ready: { log: /(\bregistered\b[^]*){5}/ } }),
		phone('alice'),
		phone('bob'),
	];
}

/** The first of a part's files that is not there. */
export const missing = ({ needs = [] }) => needs.find((file) => !existsSync(file));
