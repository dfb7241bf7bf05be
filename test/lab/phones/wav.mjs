// SPDX-License-Identifier: BSD-2-Clause
// Wav files of 16-bit samples: make a tone, read a recording, measure it.
import { readFileSync, writeFileSync } from 'node:fs';

/** A sine at half of full scale, as Int16Array. */
export function tone(frequency_Hz, length_s, rate_Hz) {
	const samples = new Int16Array(length_s * rate_Hz);
	for (let i = 0; i < samples.length; i++)
		samples[i] = 16384 * Math.sin(2 * Math.PI * frequency_Hz * i / rate_Hz);
	return samples;
}

/** Writes one channel. */
export function writeWav(file, samples, rate_Hz) {
	const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
	const head = Buffer.alloc(44);
	head.write('RIFF', 0);
	head.writeUInt32LE(36 + data.length, 4);
	head.write('WAVEfmt ', 8);
	head.writeUInt32LE(16, 16);
	head.writeUInt16LE(1, 20);
	head.writeUInt16LE(1, 22);
	head.writeUInt32LE(rate_Hz, 24);
	head.writeUInt32LE(rate_Hz * 2, 28);
	head.writeUInt16LE(2, 32);
	head.writeUInt16LE(16, 34);
	head.write('data', 36);
	head.writeUInt32LE(data.length, 40);
	writeFileSync(file, Buffer.concat([head, data]));
}

/**
 * Reads a wav file, also one still being written (whose lengths are not yet
 * right): {rate, samples} of the first channel.
 */
export function readWav(file) {
	const data = readFileSync(file);
	let rate = 0;
	let channels = 1;
	for (let at = 12; at + 8 <= data.length;) {
		const id = data.toString('latin1', at, at + 4);
		const length = data.readUInt32LE(at + 4);
		if (id === 'fmt ') {
			channels = data.readUInt16LE(at + 10);
			rate = data.readUInt32LE(at + 12);
		} else if (id === 'data') {
			const end = length && at + 8 + length <= data.length ? at + 8 + length : data.length;
			return { rate, samples: firstChannel(data.subarray(at + 8, end), channels) };
		}
		at += 8 + length + length % 2;
	}
	return { rate, samples: new Int16Array(0) };
}

function firstChannel(data, channels) {
	const samples = new Int16Array(Math.floor(data.length / 2 / channels));
	for (let i = 0; i < samples.length; i++)
		samples[i] = data.readInt16LE(i * 2 * channels);
	return samples;
}

/** Root mean square, full scale = 1. */
export function rms(samples) {
	let sum = 0;
	for (const sample of samples)
		sum += (sample / 32768) ** 2;
	return samples.length ? Math.sqrt(sum / samples.length) : 0;
}

/** Share of the samples' energy that lies at this frequency (Goertzel), 0..1. */
export function shareAt(samples, rate_Hz, frequency_Hz) {
	const c = 2 * Math.cos(2 * Math.PI * frequency_Hz / rate_Hz);
	let [s1, s2, energy] = [0, 0, 0];
	for (const sample of samples) {
		[s1, s2] = [sample + c * s1 - s2, s1];
		energy += sample * sample;
	}
	const power = s1 * s1 + s2 * s2 - c * s1 * s2;
	return energy ? 2 * power / (samples.length * energy) : 0;
}

const STEP_Hz = 10;
const LIMIT_Hz = 3900;

/** The strongest frequency, on a grid of 10 Hz over half a second. */
export function dominant(samples, rate_Hz) {
	const window = samples.subarray(0, Math.min(samples.length, rate_Hz / 2));
	let best = { frequency: 0, share: 0 };
	for (let f = STEP_Hz; f < Math.min(LIMIT_Hz, rate_Hz / 2); f += STEP_Hz) {
		const share = shareAt(window, rate_Hz, f);
		if (share > best.share)
			best = { frequency: f, share };
	}
	return best;
}

/**
 * Measures the loudest half second of a recording:
 * {rms, frequency, share, length_s}.
 */
export function measure(file) {
	const { rate, samples } = readWav(file);
	const size = rate / 2;
	let best = samples.subarray(0, 0);
	let loudest = -1;
	for (let at = 0; at + size <= samples.length; at += size / 2) {
		const window = samples.subarray(at, at + size);
		const level = rms(window);
		if (level > loudest)
			[best, loudest] = [window, level];
	}
	return { rms: rms(best), length_s: samples.length / (rate || 1), ...dominant(best, rate) };
}
