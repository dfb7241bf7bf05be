// SPDX-License-Identifier: BSD-2-Clause
// The lab with the shipped configuration of the eP-CSCF, and scripted pages in
// front of it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../../lab/lib/plan.mjs';
import { start, stop } from '../../../lab/lab.mjs';
import { Page } from '../../tna_register/support/page.mjs';
import { answer } from '../../tna_register/support/sip.mjs';

const PARTS = ['hss', 'icscf', 'scscf', 'rtpengine', 'waf-home', 'waf-partner', 'epcscf'];
export const OFFER = readFileSync(path.join(ROOT, 'test/golden/mo-audio/1-offer.sdp'), 'utf8');

export class Lab {
	// defines: what site.cfg of the eP-CSCF has switched on besides. more: parts.
	static async start(name, defines, more = [], site) {
		const lab = new Lab();
		lab.dir = path.join(ROOT, 'build/test', name);
		await stop({ dir: lab.dir });
		Object.assign(lab, await start({ dir: lab.dir, parts: [...PARTS, ...more], defines, site }));
		// What Page wants of a site.
		lab.ports = { wss: lab.nodes.epcscf.wss };
		lab.ca = { ca: readFileSync(lab.tls.ca) };
		return lab;
	}

	stop() { return stop({ dir: this.dir }); }
	log() { return readFileSync(this.parts.epcscf.log, 'latin1'); }
	kamcmd(...command) { return execFileSync('kamcmd', ['-s', `unix:${this.nodes.epcscf.rpc}`, ...command], { encoding: 'utf8' }); }

	async mint(user, more = {}) {
		const res = await fetch(`${this.urls.wafControl}/mint`, { method: 'POST', headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ user, client_id: 'portal', ...more }) });
		return (await res.json()).access_token;
	}

	async page(user, more) {
		const p = await Page.open(this, { user, origin: new URL(this.urls.page).origin });
		p.token = await this.mint(user, more);
		return p;
	}

	// A call between two registered pages through the whole core, up to its ACK.
	async call(a, b) {
		a.send(a.request('INVITE', { uri: b.aor, body: OFFER }));
		const invite = await b.inbox.request('INVITE');
		const more = [...invite.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${b.contact}>`];
		b.send(answer(invite, 180, { tag: 'b', more }));
		await a.inbox.reply('INVITE', 180);
		const body = OFFER.replace(/a=setup:\w+/g, 'a=setup:active').replace(/a=mid:.*/g, /a=mid:.*/.exec(invite.body)[0].trim());
		b.send(answer(invite, 200, { tag: 'b', more: [...more, 'Content-Type: application/sdp'], body }));
		const ok = await a.inbox.reply('INVITE', 200);
		a.send(a.ackText(invite, ok));
		await b.inbox.request('ACK');
		return { invite, ok };
	}
}
