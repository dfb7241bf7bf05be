// SPDX-License-Identifier: BSD-2-Clause
// The HSS's memory: subscriptions, registration states, the profile.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { opcFromOp } from './milenage.mjs';

const hex = (text) => Buffer.from(text, 'hex');

function aka({ k, op, opc, amf = '8000', sqn = '000000000000' }) {
	return { k: hex(k), opc: opc ? hex(opc) : opcFromOp(hex(k), hex(op)),
		amf: hex(amf), sqn: hex(sqn) };
}

/** One IMPI with its implicit registration set. */
class Subscription {
	constructor(entry, realm) {
		this.realm = realm;
		this.update(entry);
		this.forget();
	}

	/** Takes over what is named in values; the rest stays. */
	update(values) {
		for (const key of ['impi', 'impus', 'barredImpus', 'password', 'allowed', 'roaming',
			'unregisteredService', 'barred'])
			if (key in values)
				this[key] = values[key];
		if (values.aka)
			this.aka = aka(values.aka);
	}

	get all() { return [...this.impus, ...(this.barredImpus ?? [])]; }
	get scheme() { return this.aka ? 'Digest-AKAv1-MD5' : 'SIP Digest'; }
	get ha1() {
		return createHash('md5').update(`${this.impi}:${this.realm}:${this.password}`)
			.digest('hex');
	}

	forget() {
		this.state = 'not registered';
		this.scscf = null;
		this.scscfHost = null;
		this.authPending = false;
	}

	assign(state, scscf, scscfHost) {
		this.state = state;
		this.scscf = scscf;
		this.scscfHost = scscfHost;
		this.authPending = false;
	}

	/** The next sequence number, as six octets. */
	nextSqn() {
		const next = this.aka.sqn.readUIntBE(0, 6) + 32;
		this.aka.sqn = Buffer.alloc(6);
		this.aka.sqn.writeUIntBE(next, 0, 6);
		return this.aka.sqn;
	}

	/** User profile (TS 29.228 Annex E), without filter criteria. */
	get profile() {
		const identity = (impu, barred) => '<PublicIdentity>'
			+ `<BarringIndication>${barred ? 1 : 0}</BarringIndication>`
			+ `<Identity>${impu}</Identity></PublicIdentity>`;
		return '<?xml version="1.0" encoding="UTF-8"?><IMSSubscription>'
			+ `<PrivateID>${this.impi}</PrivateID><ServiceProfile>`
			+ this.impus.map((impu) => identity(impu, false)).join('')
			+ (this.barredImpus ?? []).map((impu) => identity(impu, true)).join('')
			+ '</ServiceProfile></IMSSubscription>';
	}

	get summary() {
		const { impi, impus, state, scscf, authPending, allowed = null } = this;
		return { impi, impus, state, scscf, authPending, allowed };
	}
}

/** IMPU without parameters, as the HSS knows it. */
export const bareImpu = (impu) => impu.replace(/[;?].*$/, '');

export class Subscribers {
	constructor(file) {
		const { realm, subscribers } = JSON.parse(readFileSync(file, 'utf8'));
		this.realm = realm;
		this.byImpi = new Map(subscribers.map((s) => [s.impi, new Subscription(s, realm)]));
	}

	impi(impi) { return this.byImpi.get(impi); }

	impu(impu) {
		const bare = bareImpu(impu);
		return [...this.byImpi.values()].find((s) => s.all.includes(bare));
	}

	/** Changes a subscription, or adds one. */
	set(impi, values) {
		const known = this.byImpi.get(impi);
		if (known) {
			known.update(values);
			return known;
		}
		const added = new Subscription({ impi, impus: [], ...values }, this.realm);
		this.byImpi.set(impi, added);
		return added;
	}
}
