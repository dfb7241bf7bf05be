// SPDX-License-Identifier: BSD-2-Clause
// save() of 5.6.3 keeps its lock for ever when it is to remove a contact that
// it does not have: no spelling of an end may get there, or one user could
// stop the registrar for all.
import test from 'node:test';
import assert from 'node:assert/strict';
import { random } from '../../lab/phones/sipmessage.mjs';
import { Core, mw, tna } from './support/core.mjs';

let core;
test.before(async () => { core = await Core.start(); });
test.after(() => core.stop());

const at = (name) => `sip:${name}@127.0.0.6:15060`;
// Contact (`one` and `two` are not there), Expires.
const rows = [
	...['"0"', '0', '00', '\t0', '\r\n 0', 'x', '4294967296', '-0'].map((v) => [`<${at('one')}>;expires=${v}`, '600']),
	...['0', '0 ', '\r\n 0', '00', '0;a=b', '0x', '-0', '4294967296'].map((v) => [`<${at('one')}>`, v]),
	[`<${at('one')}>;EXPIRES=0`, '600'], [`${at('one')};expires="0"`, '600'], [`<${at('one')};expires=5>`, '0'],
	[`<${at('one')}>;x=";expires=9"`, '0'], [`<${at('one')}>;expires`, '0'], [`<${at('one')}>;q=0.1;expires=0`],
	[`"a, b" <${at('one')}>;expires=0`], [`<${at('one')}>;expires=0, <${at('two')}>;expires=0`],
	[`${at('one')};expires=0,${at('two')};expires=0`], [`<${at('one')}>;expires=600, <${at('two')}>`, '0'],
];
test('expires_no_spelling_of_an_end_stops_the_registrar', { timeout: 50000 }, async () => {
	for (const [contact, expires] of rows) {
		const user = await core.user(null);
		const what = JSON.stringify([contact, expires]);
		assert.equal((await core.register(user)).status, 200, what);
		const { status } = await core.epcscf.transact('REGISTER', 'sip:registrar.home1.net', [['From', `<${user.impu}>;tag=${random(4)}`], ['To', `<${user.impu}>`],
			['Call-ID', random(8)], ...(expires ? [['Expires', expires]] : []), ['Contact', contact.replace(/one|two/g, (name) => `${user.name}-${name}`)],
			['Authorization', tna(user.impi)], ...mw]);
		assert.ok([200, 400].includes(status), `${status} ${what}`);
		assert.equal((await core.register(user)).status, 200, `after ${what}`);
		assert.equal((await core.register(user, { expires: 0 })).status, 200, `after ${what}`);
	}
});
