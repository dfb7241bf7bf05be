// SPDX-License-Identifier: BSD-2-Clause
// The HSS's side of Cx (TS 29.228, TS 29.229).
import { randomBytes } from 'node:crypto';
import { CMD, VENDOR_3GPP, avp, get, getAll } from './diameter.mjs';
import { bareImpu } from './subscribers.mjs';
import { sqnOfAuts, vector } from './milenage.mjs';

const APP = 16777216;
const R = {
	SUCCESS: { code: 2001 },
	UNABLE_TO_COMPLY: { code: 5012 },
	AUTHORIZATION_REJECTED: { code: 5003 },
	FIRST_REGISTRATION: { code: 2001, experimental: true },
	SUBSEQUENT_REGISTRATION: { code: 2002, experimental: true },
	UNREGISTERED_SERVICE: { code: 2003, experimental: true },
	USER_UNKNOWN: { code: 5001, experimental: true },
	IDENTITIES_DONT_MATCH: { code: 5002, experimental: true },
	IDENTITY_NOT_REGISTERED: { code: 5003, experimental: true },
	ROAMING_NOT_ALLOWED: { code: 5004, experimental: true },
	AUTH_SCHEME_NOT_SUPPORTED: { code: 5006, experimental: true },
	ERROR_IN_ASSIGNMENT_TYPE: { code: 5007, experimental: true },
};
const UAR_TYPE = { REGISTRATION: 0, DE_REGISTRATION: 1 };
const SAR_TYPE = {
	NO_ASSIGNMENT: 0, REGISTRATION: 1, RE_REGISTRATION: 2, UNREGISTERED_USER: 3,
	TIMEOUT_DEREGISTRATION: 4, USER_DEREGISTRATION: 5,
	TIMEOUT_DEREGISTRATION_STORE_SERVER_NAME: 6,
	USER_DEREGISTRATION_STORE_SERVER_NAME: 7,
	ADMINISTRATIVE_DEREGISTRATION: 8, AUTHENTICATION_FAILURE: 9,
	AUTHENTICATION_TIMEOUT: 10, DEREGISTRATION_TOO_MUCH_DATA: 11,
};
const MAX_VECTORS = 5;

const vendorApp = avp('Vendor-Specific-Application-Id',
	[avp('Vendor-Id', VENDOR_3GPP), avp('Auth-Application-Id', APP)]);
const noState = avp('Auth-Session-State', 1);

/** The AVPs of an answer with this result. */
function result({ code, experimental }, ...more) {
	const outcome = experimental
		? avp('Experimental-Result', [avp('Vendor-Id', VENDOR_3GPP),
			avp('Experimental-Result-Code', code)])
		: avp('Result-Code', code);
	return [vendorApp, noState, outcome, ...more];
}

/**
 * AVP 656, or nothing where the subscription has no list (TS 29.229 6.3.64). An
 * empty list is a group with an AVP that is no name (the group ends in *[AVP]):
 * cdp drops a message that has an AVP without data.
 */
function allowedList({ allowed }) {
	if (!allowed)
		return [];
	const names = [
		...(allowed.waf ?? []).map((n) => avp('WebRTC-Authentication-Function-Name', n)),
		...(allowed.wwsf ?? []).map((n) => avp('WebRTC-Web-Server-Function-Name', n))];
	return [avp('Allowed-WAF-WWSF-Identities',
		names.length > 0 ? names : [avp('Vendor-Id', VENDOR_3GPP)])];
}

/** The subscription of a request, or the refusal. */
function identify(subscribers, message, { impiRequired }) {
	const impi = get(message, 'User-Name');
	const impu = get(message, 'Public-Identity');
	const found = impu ? subscribers.impu(impu) : subscribers.impi(impi);
	if (!found || (impi && !subscribers.impi(impi)))
		return { refusal: result(R.USER_UNKNOWN) };
	if (impiRequired && impi !== found.impi)
		return { refusal: result(R.IDENTITIES_DONT_MATCH) };
	return { found, impi: found.impi, impu };
}

// 29.228 6.1.1.1
function userAuthorization(subscribers, message) {
	const { found, impu, refusal } = identify(subscribers, message, { impiRequired: true });
	if (refusal)
		return refusal;
	const type = get(message, 'User-Authorization-Type') ?? UAR_TYPE.REGISTRATION;
	if (found.barred || found.barredImpus?.includes(bareImpu(impu)))
		return result(R.AUTHORIZATION_REJECTED);
	const visited = get(message, 'Visited-Network-Identifier');
	if (type !== UAR_TYPE.DE_REGISTRATION && found.roaming
			&& !found.roaming.includes(visited))
		return result(R.ROAMING_NOT_ALLOWED);
	if (found.scscf)
		return result(R.SUBSEQUENT_REGISTRATION, avp('Server-Name', found.scscf));
	if (type === UAR_TYPE.DE_REGISTRATION)
		return result(R.IDENTITY_NOT_REGISTERED);
	return result(R.FIRST_REGISTRATION,
		avp('Server-Capabilities', [avp('Optional-Capability', 0)]));
}

// 29.228 6.1.4.1
function locationInfo(subscribers, message) {
	const { found, refusal } = identify(subscribers, message, { impiRequired: false });
	if (refusal)
		return refusal;
	if (found.scscf)
		return result(R.SUCCESS, avp('Server-Name', found.scscf));
	if (found.unregisteredService)
		return result(R.UNREGISTERED_SERVICE,
			avp('Server-Capabilities', [avp('Optional-Capability', 0)]));
	return result(R.IDENTITY_NOT_REGISTERED);
}

function digestItem(found, number) {
	return avp('SIP-Auth-Data-Item', [
		avp('SIP-Item-Number', number),
		avp('SIP-Authentication-Scheme', 'SIP Digest'),
		avp('SIP-Digest-Authenticate', [
			avp('Digest-Realm', found.realm), avp('Digest-Algorithm', 'MD5'),
			avp('Digest-QoP', 'auth'), avp('Digest-HA1', found.ha1)]),
	]);
}

function akaItem(found, number) {
	const { k, opc, amf } = found.aka;
	const v = vector({ k, opc, amf, sqn: found.nextSqn(), rand: randomBytes(16) });
	return avp('SIP-Auth-Data-Item', [
		avp('SIP-Item-Number', number),
		avp('SIP-Authentication-Scheme', 'Digest-AKAv1-MD5'),
		avp('SIP-Authenticate', Buffer.concat([v.rand, v.autn])),
		avp('SIP-Authorization', v.xres),
		avp('Confidentiality-Key', v.ck), avp('Integrity-Key', v.ik),
	]);
}

/** Sets the counter from RAND || AUTS (33.102 6.3.5); false when the MAC is wrong. */
function resynchronise(found, token) {
	const { k, opc } = found.aka;
	const sqn = token.length === 30 && sqnOfAuts({
		k, opc, rand: token.subarray(0, 16), token: token.subarray(16) });
	if (sqn)
		found.aka.sqn = sqn;
	return Boolean(sqn);
}

// 29.228 6.3.1
function multimediaAuth(subscribers, message) {
	const { found, impi, impu, refusal } = identify(subscribers, message, { impiRequired: true });
	if (refusal)
		return refusal;
	const asked = get(message, 'SIP-Auth-Data-Item') ?? [];
	const scheme = get(asked, 'SIP-Authentication-Scheme');
	if (scheme && scheme !== 'unknown' && scheme !== found.scheme)
		return result(R.AUTH_SCHEME_NOT_SUPPORTED);
	const token = get(asked, 'SIP-Authorization');
	if (token && found.aka && !resynchronise(found, token))
		return result(R.UNABLE_TO_COMPLY);
	const wanted = get(message, 'SIP-Number-Auth-Items') ?? 1;
	const count = found.aka ? Math.max(1, Math.min(wanted, MAX_VECTORS)) : 1;
	found.authPending = true;
	if (!found.scscf) {
		found.scscf = get(message, 'Server-Name') ?? null;
		found.scscfHost = get(message, 'Origin-Host');
	}
	const item = found.aka ? akaItem : digestItem;
	return result(R.SUCCESS, avp('User-Name', impi), avp('Public-Identity', impu),
		avp('SIP-Number-Auth-Items', count),
		...Array.from({ length: count }, (_, i) => item(found, i + 1)));
}

function profileAnswer(found, message, list) {
	const known = get(message, 'User-Data-Already-Available') === 1;
	return result(R.SUCCESS, avp('User-Name', found.impi),
		...(known ? [] : [avp('User-Data', found.profile)]),
		avp('Charging-Information',
			[avp('Primary-Charging-Collection-Function-Name', `aaa://cdf.${found.realm}`)]),
		...list);
}

// 29.228 6.1.2.1
function serverAssignment(subscribers, message, { listInNoAssignment }) {
	const type = get(message, 'Server-Assignment-Type');
	const { found, refusal } = identify(subscribers, message, { impiRequired: false });
	if (refusal)
		return refusal;
	const impi = get(message, 'User-Name');
	if (impi && impi !== found.impi)
		return result(R.IDENTITIES_DONT_MATCH);
	const name = get(message, 'Server-Name');
	const host = get(message, 'Origin-Host');
	switch (type) {
		case SAR_TYPE.NO_ASSIGNMENT:
			if (found.state === 'not registered' || found.scscf !== name)
				return result(R.UNABLE_TO_COMPLY);
			return profileAnswer(found, message, listInNoAssignment ? allowedList(found) : []);
		case SAR_TYPE.REGISTRATION:
		case SAR_TYPE.RE_REGISTRATION:
			found.assign('registered', name, host);
			return profileAnswer(found, message, allowedList(found));
		case SAR_TYPE.UNREGISTERED_USER:
			found.assign('unregistered', name, host);
			return profileAnswer(found, message, []);
		case SAR_TYPE.TIMEOUT_DEREGISTRATION:
		case SAR_TYPE.USER_DEREGISTRATION:
		case SAR_TYPE.ADMINISTRATIVE_DEREGISTRATION:
		case SAR_TYPE.DEREGISTRATION_TOO_MUCH_DATA:
		case SAR_TYPE.TIMEOUT_DEREGISTRATION_STORE_SERVER_NAME:
		case SAR_TYPE.USER_DEREGISTRATION_STORE_SERVER_NAME:
			found.forget();
			return result(R.SUCCESS);
		case SAR_TYPE.AUTHENTICATION_FAILURE:
		case SAR_TYPE.AUTHENTICATION_TIMEOUT:
			found.authPending = false;
			if (found.state === 'not registered')
				found.forget();
			return result(R.SUCCESS);
		default:
			return result(R.ERROR_IN_ASSIGNMENT_TYPE);
	}
}

const HANDLER = {
	[CMD.UAR]: userAuthorization,
	[CMD.LIR]: locationInfo,
	[CMD.MAR]: multimediaAuth,
	[CMD.SAR]: serverAssignment,
};

const session = (host) => avp('Session-Id',
	`${host};${Math.floor(Date.now() / 1000)};${randomBytes(4).readUInt32BE()}`);

/** What a request of the HSS to an S-CSCF begins with. */
const toScscf = (peer, found) => [
	session(peer.identity.host), vendorApp, noState,
	avp('Destination-Host', peer.remoteHost), avp('Destination-Realm', peer.remoteRealm),
	avp('User-Name', found.impi)];

/** Cx as one of the stub's Diameter applications. */
export function cx(subscribers) {
	const options = { listInNoAssignment: true };

	function scscfOf(found, peers) {
		const peer = peers.find((p) => p.state === 'open' && p.remoteHost === found.scscfHost);
		if (!peer)
			throw new Error(`${found.impi} has no S-CSCF`);
		return peer;
	}

	function known(impi) {
		const found = subscribers.impi(impi);
		if (!found)
			throw new Error(`no subscription ${impi}`);
		return found;
	}

	return {
		id: APP,
		name: 'Cx',
		options,
		advertise: [vendorApp],
		answer: (message) => HANDLER[message.code]?.(subscribers, message, options)
			?? result({ code: 3001 }),
		override: (code, experimental) => result({ code, experimental }),

		/** Registration termination (29.228 6.1.3). */
		async rtr(peers, { impi, impus, reason = 0, info = '' }) {
			const found = known(impi);
			const answer = await scscfOf(found, peers).request(CMD.RTR, APP, [
				...toScscf(scscfOf(found, peers), found),
				...(impus ?? found.all).map((impu) => avp('Public-Identity', impu)),
				avp('Deregistration-Reason', [avp('Reason-Code', reason),
					...(info ? [avp('Reason-Info', info)] : [])]),
			]);
			found.forget();
			return { result: get(answer, 'Result-Code') };
		},

		/** Push of the profile and of the allowed WAFs and WWSFs (29.228 6.6). */
		async ppr(peers, { impi }) {
			const found = known(impi);
			const answer = await scscfOf(found, peers).request(CMD.PPR, APP, [
				...toScscf(scscfOf(found, peers), found),
				avp('User-Data', found.profile), ...allowedList(found),
			]);
			const [code] = getAll(answer, 'Result-Code');
			return { result: code };
		},
	};
}
