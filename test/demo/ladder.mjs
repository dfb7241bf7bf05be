// SPDX-License-Identifier: BSD-2-Clause
// The live ladder: one line an arrow, in the order of the wire. Events come
// from two clocks' observers (browser, capture) with different delays (tshark
// hands its lines out in batches), so they wait a moment before they are printed.
export const COLUMNS = ['browser', 'eP-CSCF', 'AGW', 'I-CSCF', 'HSS', 'S-CSCF', 'P-CSCF', 'phone'];
const WIDTH = 12;
const HOLD_MS = 1200;

export class Ladder {
	constructor({ names, print = console.log, colour = process.stdout.isTTY }) {
		this.names = names; // address -> column
		this.print = print;
		this.colour = colour;
		this.waiting = [];
		this.shown = [];
		this.zero = null;
		this.timer = setInterval(() => this.flush(Date.now() - HOLD_MS), 50);
	}

	add(event) {
		const from = event.from ?? this.names(event.src, event.sport);
		const to = event.to ?? this.names(event.dst, event.dport);
		if (!from || !to || from === to) return;
		this.waiting.push({ ...event, from, to });
	}

	note(text) { this.waiting.push({ t: Date.now(), text }); }

	flush(until) {
		this.waiting.sort((a, b) => a.t - b.t);
		while (this.waiting.length && this.waiting[0].t <= until) this.show(this.waiting.shift());
	}

	show(e) {
		this.shown.push(e);
		if (e.text) return this.print(`\n${this.colour ? '\x1b[1m' : ''}${e.text}${this.colour ? '\x1b[0m' : ''}`);
		this.zero ??= e.t;
		const [a, b] = [COLUMNS.indexOf(e.from), COLUMNS.indexOf(e.to)];
		this.print(`${(e.t - this.zero).toFixed(1).padStart(9)} ms ${arrow(a, b, e.label)}`);
		return undefined;
	}

	head() {
		this.print(`${' '.repeat(13)}${COLUMNS.map((c) => c.padEnd(WIDTH)).join('')}`);
	}

	async end() {
		if (!this.timer) return;
		await new Promise((r) => setTimeout(r, HOLD_MS));
		clearInterval(this.timer);
		this.timer = undefined;
		this.flush(Infinity);
	}
}

// The arrow between two columns, the label on it or behind it.
function arrow(a, b, label) {
	const [left, right] = [Math.min(a, b), Math.max(a, b)];
	const cells = COLUMNS.map(() => '│' + ' '.repeat(WIDTH - 1)).join('').split('');
	const from = left * WIDTH + 1;
	const to = right * WIDTH - 1;
	for (let i = from; i <= to; i++) cells[i] = '─';
	if (b > a) cells[to] = '>';
	else cells[from] = '<';
	const room = to - from - 3;
	const text = label.length <= room ? label : '';
	for (let i = 0; i < text.length; i++) cells[from + 2 + i] = text[i];
	return cells.join('').trimEnd() + (text ? '' : `  ${label}`);
}
