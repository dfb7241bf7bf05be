// SPDX-License-Identifier: BSD-2-Clause
// A page and an IMS phone of the lab in a call, heard at both ends by energy and
// frequency; the calls that several files of tests make.
import assert from 'node:assert/strict';
import { Session, MICROPHONE_HZ, PHONE_HZ } from './session.mjs';

export class Pair {
	/** options: as Session.begin() has them. */
	static async begin(name, options) {
		const pair = new Pair();
		pair.session = await Session.begin(name, options);
		try {
			pair.alice = await pair.session.phone('alice');
			pair.page = await pair.session.signedIn('user1');
		} catch (error) {
			await pair.session.end();
			throw error;
		}
		return pair;
	}

	end() { return this.session.end(); }

	/** A test that failed in mid-call leaves nothing to the next. */
	async quiet() {
		await this.page.page.evaluate(() => globalThis.line?.hangup());
		await this.alice.hangup().catch(() => {});
	}

	async heardAtBothEnds() {
		const [here, there] = await Promise.all([this.page.heard(1500), this.alice.heard({ atLeast_s: 1 })]);
		assert.ok(here.level > 0.05, `the browser hears silence (${here.level})`);
		assert.ok(Math.abs(here.hz - PHONE_HZ) < 15, `the browser hears ${here.hz} Hz, not ${PHONE_HZ}`);
		assert.ok(there.rms > 0.05, `the phone hears silence (${there.rms})`);
		assert.ok(Math.abs(there.frequency - MICROPHONE_HZ) < 15, `the phone hears ${there.frequency} Hz, not ${MICROPHONE_HZ}`);
		assert.ok(there.share > 0.8, `the phone hears other things too (${there.share})`);
	}

	async callOut() {
		this.alice.clear();
		this.alice.autoAnswer();
		await this.page.dial('alice');
		await this.page.callState('connected');
		await this.alice.event('CALL_ESTABLISHED');
	}

	async callIn() {
		this.alice.clear();
		this.alice.autoAnswer(false);
		await this.alice.dial('sip:user1@home1.net');
		await this.page.callState('incoming');
		await this.page.page.click('#answer');
		await this.page.callState('connected');
		await this.alice.event('CALL_ESTABLISHED');
	}

	async pageHangsUp() {
		await this.page.hangup();
		await this.alice.event('CALL_CLOSED');
		await this.page.callState('ended');
		await this.session.noMedia();
	}

	async phoneHangsUp() {
		await this.alice.hangup();
		await this.page.callState('ended');
		await this.session.noMedia();
	}
}
