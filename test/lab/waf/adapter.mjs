// SPDX-License-Identifier: BSD-2-Clause
// The provider's storage interface over a Map: enough for a lab, gone with the
// process. One store outlives the provider objects that key rotation replaces.
const SWEEP_MS = 30_000;

export class Store {
	constructor() {
		this.rows = new Map();
		this.timer = setInterval(() => this.sweep(), SWEEP_MS);
		this.timer.unref();
	}

	close() {
		clearInterval(this.timer);
	}

	sweep() {
		const now = Date.now();
		for (const [key, row] of this.rows) {
			if (row.endMs <= now) this.rows.delete(key);
		}
	}

	/** The live rows of one model. */
	all(model) {
		return [...this.rows].filter(([key, row]) => key.startsWith(`${model}:`) && row.endMs > Date.now())
			.map(([, row]) => row.payload);
	}

	// What the provider wants: a class made with the model's name.
	adapter() {
		const { rows } = this;
		return class {
			constructor(model) {
				this.prefix = `${model}:`;
			}

			async upsert(id, payload, expiresIn) {
				const endMs = expiresIn ? Date.now() + expiresIn * 1000 : Infinity;
				rows.set(this.prefix + id, { payload, endMs });
			}

			async find(id) {
				const row = rows.get(this.prefix + id);
				return row && row.endMs > Date.now() ? row.payload : undefined;
			}

			async findByUid(uid) {
				return this.search((payload) => payload.uid === uid);
			}

			async findByUserCode(userCode) {
				return this.search((payload) => payload.userCode === userCode);
			}

			search(wanted) {
				for (const [key, row] of rows) {
					if (key.startsWith(this.prefix) && row.endMs > Date.now()
						&& wanted(row.payload)) return row.payload;
				}
				return undefined;
			}

			async consume(id) {
				const row = rows.get(this.prefix + id);
				if (row) row.payload.consumed = Math.floor(Date.now() / 1000);
			}

			async destroy(id) {
				rows.delete(this.prefix + id);
			}

			async revokeByGrantId(grantId) {
				for (const [key, row] of rows) {
					if (row.payload.grantId === grantId) rows.delete(key);
				}
			}
		};
	}
}
