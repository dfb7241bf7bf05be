// SPDX-License-Identifier: BSD-2-Clause
// G.711, tones, and measuring what was heard. Samples are Int16Array at 8 kHz.
export const RATE = 8000;
const DTMF_ROWS = [697, 770, 852, 941];
const DTMF_COLUMNS = [1209, 1336, 1477, 1633];
const DTMF_KEYS = '123A456B789C*0#D';

// ITU-T G.711, by its segments rather than by table.
function ulawEncode(sample) {
	const sign = sample < 0 ? 0x80 : 0;
	const value = Math.min(32635, Math.abs(sample)) + 132;
	const exponent = 31 - Math.clz32(value) - 7;
	return ~(sign | (exponent << 4) | ((value >> (exponent + 3)) & 0x0f)) & 0xff;
}

function ulawDecode(byte) {
	const code = ~byte & 0xff;
	const value = (((code & 0x0f) << 3) + 132) << ((code >> 4) & 7);
	return code & 0x80 ? 132 - value : value - 132;
}

function alawEncode(sample) {
	const sign = sample < 0 ? 0 : 0x80;
	const value = Math.min(32767, sample < 0 ? -sample - 1 : sample);
	const exponent = value < 256 ? 0 : 31 - Math.clz32(value) - 7;
	const mantissa = (value >> (exponent === 0 ? 4 : exponent + 3)) & 0x0f;
	return (sign | (exponent << 4) | mantissa) ^ 0x55;
}

function alawDecode(byte) {
	const code = byte ^ 0x55;
	const exponent = (code >> 4) & 7;
	const base = ((code & 0x0f) << 4) + 8;
	const value = exponent === 0 ? base : (base + 256) << (exponent - 1);
	return code & 0x80 ? value : -value;
}

function codec(encodeOne, decodeOne) {
	const table = Int16Array.from({ length: 256 }, (_, byte) => decodeOne(byte));
	return {
		encode: (pcm) => Buffer.from(Uint8Array.from(pcm, encodeOne)),
		decode: (bytes) => Int16Array.from(bytes, (byte) => table[byte]),
	};
}

export const CODECS = { PCMU: codec(ulawEncode, ulawDecode), PCMA: codec(alawEncode, alawDecode) };

// A source is a function: samples wanted -> Int16Array of that length.
export function silence() {
	return (n) => new Int16Array(n);
}

export function tone(frequencies, amplitude = 8000) {
	const list = [frequencies].flat();
	let at = 0;
	return (n) => Int16Array.from({ length: n }, () => {
		const t = at++ / RATE;
		return list.reduce((sum, hz) => sum + amplitude * Math.sin(2 * Math.PI * hz * t), 0);
	});
}

// Steps of {source, ms}, then silence; done() once when all were played.
export function sequence(steps, done = () => {}) {
	const left = steps.map(({ source, ms }) => ({ source, samples: Math.round(ms * RATE / 1000) }));
	let told = false;
	return (n) => {
		const out = new Int16Array(n);
		for (let at = 0; at < n && left.length;) {
			const take = Math.min(n - at, left[0].samples);
			out.set(left[0].source(take), at);
			at += take;
			left[0].samples -= take;
			if (left[0].samples === 0) left.shift();
		}
		if (!left.length && !told) {
			told = true;
			done();
		}
		return out;
	};
}

export function dtmfPair(key) {
	const at = DTMF_KEYS.indexOf(key);
	return [DTMF_ROWS[at >> 2], DTMF_COLUMNS[at & 3]];
}

export function rms(pcm) {
	return pcm.length ? Math.sqrt(pcm.reduce((sum, x) => sum + x * x, 0) / pcm.length) : 0;
}

// Amplitude of one frequency (Goertzel).
export function amplitudeAt(pcm, hz, rate = RATE) {
	const c = 2 * Math.cos((2 * Math.PI * hz) / rate);
	let s1 = 0;
	let s2 = 0;
	for (const x of pcm) {
		const s0 = x + c * s1 - s2;
		s2 = s1;
		s1 = s0;
	}
	return (2 * Math.sqrt(Math.max(0, s1 * s1 + s2 * s2 - c * s1 * s2))) / pcm.length;
}

// The strongest frequency: a scan in steps finer than the window's resolution,
// under a Hann window so that neighbours do not smear.
export function dominant(pcm, { from = 100, to = 3900, rate = RATE } = {}) {
	const n = Math.min(pcm.length, 8192);
	if (n < 64) return undefined;
	const windowed = Float64Array.from({ length: n },
		(_, i) => pcm[i] * (1 - Math.cos((2 * Math.PI * i) / (n - 1))));
	const scan = (low, high, step) => {
		let best = { hz: low, amplitude: -1 };
		for (let hz = low; hz <= high; hz += step) {
			const amplitude = amplitudeAt(windowed, hz, rate);
			if (amplitude > best.amplitude) best = { hz, amplitude };
		}
		return best;
	};
	const coarse = scan(from, to, rate / n);
	const fine = scan(coarse.hz - rate / n, coarse.hz + rate / n, rate / n / 16);
	return fine.amplitude < 1 ? undefined : fine;
}

// Reads audible DTMF: which keys sounded one after the other, split by pauses.
export function readDtmf(pcm, rate = RATE) {
	const frame = Math.round(rate * 0.02);
	const strongest = (block, list) => list.map((hz) => ({ hz, a: amplitudeAt(block, hz, rate) }))
		.sort((x, y) => y.a - x.a);
	let keys = '';
	let held;
	let run = 0;
	for (let at = 0; at + frame <= pcm.length; at += frame) {
		const block = pcm.subarray(at, at + frame);
		const [row, row2] = strongest(block, DTMF_ROWS);
		const [column, column2] = strongest(block, DTMF_COLUMNS);
		const clear = row.a > 300 && column.a > 300 && row.a > 2 * row2.a && column.a > 2 * column2.a;
		const key = clear ? DTMF_KEYS[DTMF_ROWS.indexOf(row.hz) * 4 + DTMF_COLUMNS.indexOf(column.hz)]
			: undefined;
		run = key === held ? run + 1 : 1;
		held = key;
		if (key && run === 3) keys += key;
	}
	return keys;
}
