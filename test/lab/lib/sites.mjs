// SPDX-License-Identifier: BSD-2-Clause
// The site's side of every configuration: the policy files are linked, the
// example site files are filled with the lab's values.
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync,
	writeFileSync } from 'node:fs';
import path from 'node:path';
import { DOMAIN, EXAMPLES, LAB, WEB_PORT, bracketed } from './plan.mjs';
import { writePhone } from '../phones/config.mjs';

const AUDIENCE = `sip:epcscf.${DOMAIN}`;
const SCOPE = 'webrtc-ims-client-access-to-ims';
const PARTNER_WAF = 'webrtc_authserver1@thirdparty.net';
const PARTNER_WWSF = 'wwsf.thirdparty.net';
const HOME_WAF = `waf@${DOMAIN}`;

/** Fills an example site.cfg; a name that the lab has no value for is an error. */
export function fillSite(example, values, defines = []) {
	return example
		.replace(/^#!substdef "!([A-Z0-9_]+)!.*!g"$/gm, (_, name) => {
			if (!(name in values))
				throw new Error(`the lab has no value for ${name}`);
			return `#!substdef "!${name}!${values[name]}!g"`;
		})
		.replace(/^##!define (\w+)$/gm, (line, name) => (
			['STATIC_NAMES', ...defines].includes(name) ? line.slice(1) : line));
}

const net = (...list) => list.map((n) => `${n.address}/32`).join(',');

// With WITH_DIGEST_CORE the S-CSCF believes nobody's auth-done.
const NOBODY = '192.0.2.255/32';

/** What the nodes that share lists need (WITH_NODES): each is the other's peer. */
function nodeValues(name, { dir, node }) {
	const peer = { epcscf: 'scscf', scscf: 'epcscf' }[name];
	if (!peer)
		return {};
	const { address, port } = node[name].shared, other = node[peer].shared;
	return { NODE_ADDR: address, NODE_PORT: port, NODE_NAME: `${name}1`,
		NODE_NETS: net(node[name].shared, other), NODE_KEY_FILE: nodeKey(dir),
		NODE_PEER: `sip:${other.address}:${other.port}` };
}

const nodeKey = (dir) => path.join(dir, 'etc/node.key');

const ngOf = ({ address, ng }) => `${address}:${ng}`;

function siteValues(name, { dir, host, node, tls, tools, agw, has = () => false, defines = [], site = {} }) {
	const etc = path.join(dir, 'etc', name);
	const values = {
		HOME_DOMAIN: DOMAIN, VISITED_NETWORK: DOMAIN, CHILDREN: '2',
		WSS_ADDR: bracketed(host), WSS_PORT: node.epcscf.wss,
		METRICS_ADDR: '127.0.0.1', METRICS_PORT: '9090',
		AGW_NG: `udp:${ngOf(agw === 'rtpengine-iq' ? node.rtpengineIq : node.rtpengine)}`,
		// WITH_IQ: rtpengine-iq where this lab has it.
		AGW_1: `name=a;address=${ngOf(has('rtpengine-iq') ? node.rtpengineIq : node.rtpengine)}`,
		AGW_2: `name=b;address=${ngOf(node.rtpengine)}`,
		MEDIA_PROFILE: 'video=no;core=avp;access_if=web;core_if=ims',
		TLS_CERT: tls.cert, TLS_KEY: tls.key, TLS_CA: tls.ca,
		ETC_DIR: etc, RUN_DIR: path.join(dir, 'run', name), MODULES_DIR: tools.ourModules,
		DB_DIR: path.join(etc, 'db'), DIAMETER_XML: path.join(etc, `${name}.xml`),
		TRUSTED_EPCSCF_NETS: net(node.epcscf), TRUSTED_PCSCF_NETS: net(node.pcscf),
		TRUSTED_NODES: defines.includes('WITH_DIGEST_CORE') ? NOBODY
			: ['udp', 'tcp'].map((t) => `${node.icscf.address};transport=${t}`).join(','),
		HOME_WAF, NO_LIST: 'refuse',
		REVOKED_FILE: path.join(dir, 'run', name, 'revoked'),
		BARRED_FILE: path.join(dir, 'run', name, 'barred'),
		...nodeValues(name, { dir, node }),
		CREDENTIALS_FILE: path.join(etc, 'credentials'),
		CORE_NETS: name === 'pcscf' ? net(node.icscf, node.scscf)
			: net(node.icscf, node.scscf, node.pcscf, node.epcscf),
	};
	for (const cscf of ['icscf', 'scscf', 'pcscf', 'epcscf']) {
		const upper = cscf.toUpperCase();
		values[`${upper}_NAME`] = node[cscf].name;
		values[`${upper}_ADDR`] = node[cscf].address;
		values[`${upper}_PORT`] = node[cscf].sip;
	}
	Object.assign(values, site);
	// The names of rtpengine.conf: media of the core never on the browsers' side.
	if (!/;access_if=/.test(values.MEDIA_PROFILE))
		values.MEDIA_PROFILE += ';access_if=web;core_if=ims';
	return values;
}

/** etc/<name>: a link to the policy, site.cfg, and the run directory. */
function kamailioSite(name, source, context) {
	const etc = path.join(context.dir, 'etc', name);
	mkdirSync(etc, { recursive: true });
	mkdirSync(path.join(context.dir, 'run', name), { recursive: true });
	const link = path.join(etc, `${name}.cfg`);
	rmSync(link, { force: true });
	symlinkSync(path.join(source, `${name}.cfg`), link);
	if (existsSync(path.join(source, `${name}.lua`)))
		symlinkSync(path.join(source, `${name}.lua`), path.join(etc, `${name}.lua`));
	const example = readFileSync(path.join(source, 'site.cfg'), 'utf8');
	writeFileSync(path.join(etc, 'site.cfg'), fillSite(example, siteValues(name, context), context.defines));
	return etc;
}

function diameterSite(name, etc, { node }) {
	const example = readFileSync(path.join(EXAMPLES, name, `${name}.xml`), 'utf8');
	writeFileSync(path.join(etc, `${name}.xml`), example.replace(/<Acceptor [^>]*>/,
		`<Acceptor port="${node[name].diameter}" bind="${node[name].address}"/>`));
}

function databaseSite(etc, { node }) {
	cpSync(path.join(EXAMPLES, 'icscf/db'), path.join(etc, 'db'), { recursive: true });
	writeFileSync(path.join(etc, 'db/s_cscf'), 'id(int) name(string) s_cscf_uri(string)\n'
		+ `1:first:sip\\:${node.scscf.name}\\:${node.scscf.sip}\n`);
}

const json = (dir, name, value) =>
	writeFileSync(path.join(dir, 'etc', `${name}.json`),
		`${JSON.stringify(value, null, '\t')}\n`, { mode: 0o600 });

function hssSite({ dir, node }) {
	const peer = (name) => ({ name, host: node[name].address, port: node[name].diameter });
	json(dir, 'hss', {
		host: `hss.${DOMAIN}`, realm: DOMAIN, address: node.hss.address,
		peers: [peer('icscf'), peer('scscf')],
		control: { host: node.hss.address, port: node.hss.control },
		subscribers: path.join(LAB, 'hss/subscribers.json'),
		messages: node.hss.messages,
	});
}

function rtpengineSite({ dir, node }) {
	const { address, ng, web, ims } = node.rtpengine, iq = node.rtpengineIq;
	const example = readFileSync(path.join(EXAMPLES, 'rtpengine/rtpengine.conf'), 'utf8');
	writeFileSync(path.join(dir, 'etc/rtpengine.conf'), example
		.replace(/^interface = .*$/m, `interface = web/${web};ims/${ims}`)
		.replace(/^listen-ng = .*$/m, `listen-ng = ${address}:${ng}`)
		.replace(/^#b2b-url = .*$/m, `b2b-url = http://${iq.address}:${iq.timeout}/`)
		.replace(/^#xmlrpc-format/m, 'xmlrpc-format')
		.replace(/^#dtmf-log-dest = .*$/m, `dtmf-log-dest = ${iq.address}:${iq.dtmf}`));
}

function rtpengineIqSite({ dir, node }) {
	const file = path.join(EXAMPLES, 'rtpengine/rtpengine-iq.conf');
	writeFileSync(path.join(dir, 'etc/rtpengine-iq.conf'), readFileSync(file, 'utf8')
		.replace(/^listen = .*$/m, `listen = ${ngOf(node.rtpengineIq)}`)
		.replace(/^rtpengine = .*$/m, `rtpengine = ${ngOf(node.rtpengine)}`)
		.replace(/^#timeout_listen = .*$/m, `timeout_listen = ${node.rtpengineIq.address}:${node.rtpengineIq.timeout}`)
		.replace(/^#dtmf_listen = .*$/m, `dtmf_listen = ${node.rtpengineIq.address}:${node.rtpengineIq.dtmf}`)
		.replace(/^#?http_listen = .*$/m, `http_listen = ${node.rtpengineIq.address}:${node.rtpengineIq.http}`));
}

/** Secrets between the lab's web parts; new at each start. */
const secret = () => randomBytes(24).toString('base64url');

function wafSite(name, context, { id, issuer, port, control, alg, accounts, clients }) {
	const { dir, host, tls } = context;
	json(dir, name, {
		listen: { host, port }, issuer, waf_id: id, alg,
		tls: { cert: tls.cert, key: tls.key }, ca: tls.ca,
		control: { host: '127.0.0.1', port: control },
		users: accounts,
		resources: [{ audience: AUDIENCE, scope: SCOPE, lifetime_s: 300, format: 'jwt' }],
		clients,
	});
}

const accountsOf = (users, kinds) => Object.entries(users)
	.filter(([, u]) => kinds.includes(u.kind))
	.map(([name, u]) => ({ sub: name, name,
		...(u.kind === 'web' ? { password: u.password } : {}),
		impi: u.impi, impu: u.impus }));

function wafSites(context) {
	const { host, urls, users } = context;
	const callback = (port) => `https://${bracketed(host)}:${port}/callback`;
	const introspect = { client_id: 'epcscf', client_secret: secret(), introspect: true };
	const portal = { client_id: 'portal', client_secret: secret(), wwsf: 'portal',
		backchannel_logout: `${urls.wss.replace(/^wss/, 'https')}/backchannel_logout`,
		grants: ['authorization_code', 'refresh_token'],
		redirect_uris: [callback(WEB_PORT.page)] };
	const partner = { client_id: 'partner-web', client_secret: secret(), wwsf: PARTNER_WWSF,
		grants: ['client_credentials'], impi_patterns: [`pool*_private@${DOMAIN}`] };
	wafSite('waf-home', context, { id: HOME_WAF, issuer: urls.waf, port: WEB_PORT.waf,
		control: WEB_PORT.wafControl, alg: 'ES256',
		accounts: accountsOf(users, ['web']), clients: [portal, introspect] });
	wafSite('waf-partner', context, { id: PARTNER_WAF, issuer: urls.wafPartner,
		port: WEB_PORT.wafPartner, control: WEB_PORT.wafPartnerControl, alg: 'RS256',
		accounts: accountsOf(users, ['web', 'pool']), clients: [partner, introspect] });
	return { portal, partner, introspect };
}

function wwsfSite(name, context, { port, mode, issuer, client, pool }) {
	const { dir, host, urls, tls } = context;
	const leases = path.join(dir, 'run', `${name}.leases.json`);
	// The WAF's keys are new at each start: no token of before is any good.
	rmSync(leases, { force: true });
	json(dir, name, {
		listen: { host, port }, origin: `https://${bracketed(host)}:${port}`,
		tls: { cert: tls.cert, key: tls.key }, domain: DOMAIN, mode, pool, leases,
		waf: { issuer, client_id: client.client_id, client_secret: client.client_secret,
			ca: tls.ca },
		// Another name of the same node, for pages that tell the test network's PLMN.
		epcscf: { url: urls.wss, audience: AUDIENCE, scope: SCOPE, ca: tls.ca,
			...(host === '127.0.0.1' && { plmn: { '00101': urls.wss.replace(host, 'localhost') } }) },
		hints: [{ number: '600', text: 'echo' }, { number: '601', text: 'a tone' },
			{ number: '602', text: 'reads your keys back' }, { number: 'alice', text: 'a phone' }],
	});
}

/** The operator's web server signs people in; the partner's lends accounts. */
function wwsfSites(context, { portal, partner }) {
	const { urls, users } = context;
	wwsfSite('wwsf-home', context, { port: WEB_PORT.page, mode: 'sign-in',
		issuer: urls.waf, client: portal });
	wwsfSite('wwsf-partner', context, { port: WEB_PORT.pagePartner, mode: 'pool',
		issuer: urls.wafPartner, client: partner,
		pool: Object.values(users).filter((u) => u.kind === 'pool')
			.map(({ impi, impus }) => ({ impi, impu: impus })) });
}

const DOES = { 600: { does: 'echo' }, 601: { does: 'tone' }, 602: { does: 'digits' },
	voicemail: { does: 'mailbox' }, hasty: { does: 'mailbox', hasty: true }, conference: { does: 'conference' }, sms: { does: 'messages' },
	switchboard: { does: 'switchboard', transfer_to: `sip:601@${DOMAIN}` } };

/** What registers as a user behind the P-CSCF: the numbers, and the services. */
function serviceSite(part, kind, list, key, { dir, node, users }) {
	const hosts = Object.fromEntries(['icscf', 'scscf', 'pcscf', 'epcscf']
		.map((name) => [node[name].name, node[name].address]));
	json(dir, part, {
		listen: { host: node[part].address, port: node[part].sip },
		proxy: { host: node.pcscf.address, port: node.pcscf.sip },
		domain: DOMAIN, register: true, expires_s: 600, hosts,
		[list]: Object.entries(users).filter(([, u]) => u.kind === kind)
			.map(([name, { impi, password }]) => ({ [key]: name, ...DOES[name], impi, password })),
	});
}

const section = (title, values) => [`[${title}]`,
	...Object.entries(values).map(([key, value]) => `${key} = ${value}`), '', ''].join('\n');

/** What the eP-CSCF answers a core with that wants passwords: HA1s, no more. */
function credentialsSite(etc, users) {
	const md5 = (text) => createHash('md5').update(text).digest('hex');
	const file = path.join(etc, 'credentials');
	writeFileSync(file, ['# IMPI:REALM:HA1', ...Object.values(users)
		.filter((u) => ['web', 'pool'].includes(u.kind))
		.map(({ impi, password }) => `${impi}:${DOMAIN}:${md5(`${impi}:${DOMAIN}:${password}`)}`),
	''].join('\n'), { mode: 0o600 });
}

/** webrtc_auth.cfg and the flow token's key for the eP-CSCF. */
function epcscfSite(context, { introspect }) {
	const { host, urls, tls } = context;
	const etc = kamailioSite('epcscf', path.join(EXAMPLES, 'epcscf'), context);
	const secretFile = path.join(etc, 'waf.secret');
	writeFileSync(secretFile, `${introspect.client_secret}\n`, { mode: 0o600 });
	const origin = (port) => `https://${bracketed(host)}:${port}`;
	writeFileSync(path.join(etc, 'webrtc_auth.cfg'), [
		section('issuer:operator', { iss: urls.waf, jwks: `${urls.waf}/jwks`,
			ca_file: tls.ca, alg: 'ES256, RS256', aud: AUDIENCE, typ: 'at+jwt', waf: HOME_WAF,
			introspect: `${urls.waf}/token/introspection`, introspect_client: introspect.client_id,
			introspect_secret_file: secretFile, logout_aud: 'portal', domain: 'operator' }),
		section('wwsf:portal', { origin: origin(WEB_PORT.page), issuer: 'operator',
			client_id: 'portal', impi: `user*_private@${DOMAIN}`,
			impu: `sip:*@${DOMAIN}, tel:+1555*` }),
		// entity: the demo holds the header against table A.3.2-2 of TS 24.371,
		// which names the WAF; by default it is not named for a pool identity.
		section('issuer:partner', { iss: urls.wafPartner, jwks: `${urls.wafPartner}/jwks`,
			ca_file: tls.ca, alg: 'RS256', aud: AUDIENCE, typ: 'at+jwt', waf: PARTNER_WAF,
			domain: 'third-party', entity: 'always' }),
		section(`wwsf:${PARTNER_WWSF}`, { origin: origin(WEB_PORT.pagePartner), issuer: 'partner',
			client_id: 'partner-web', impi: `pool*_private@${DOMAIN}`,
			impu: `sip:guest*@${DOMAIN}`,
			pool: `pool*_private@${DOMAIN}`, anonymous: 'yes' }),
	].join(''));
	credentialsSite(etc, context.users);
	writeFileSync(path.join(etc, 'flow.key'), `${randomBytes(32).toString('hex')}\n`,
		{ mode: 0o600 });
}

/** Writes everything under dir/etc. */
export function writeSites(context) {
	const { dir, node, users } = context;
	for (const name of ['etc', 'log', 'run', 'wav'])
		mkdirSync(path.join(dir, name), { recursive: true });
	for (const name of ['icscf', 'scscf'])
		diameterSite(name, kamailioSite(name, path.join(EXAMPLES, name), context), context);
	databaseSite(path.join(dir, 'etc/icscf'), context);
	writeFileSync(nodeKey(dir), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
	kamailioSite('pcscf', path.join(LAB, 'pcscf'), context);
	hssSite(context);
	rtpengineSite(context);
	rtpengineIqSite(context);
	const clients = wafSites(context);
	wwsfSites(context, clients);
	serviceSite('numbers', 'service', 'numbers', 'number', context);
	serviceSite('services', 'server', 'services', 'name', context);
	if (existsSync(path.join(EXAMPLES, 'epcscf/site.cfg')))
		epcscfSite(context, clients);
	for (const [name, user] of Object.entries(users))
		if (user.address)
			writePhone(path.join(dir, 'etc', name), { name, ...user,
				proxy: `${node.pcscf.address}:${node.pcscf.sip}` });
}
