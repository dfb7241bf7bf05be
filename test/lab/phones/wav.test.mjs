// SPDX-License-Identifier: BSD-2-Clause
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dominant, measure, readWav, rms, shareAt, tone, writeWav } from './wav.mjs';

const RATE = 8000;

function inFile(t, samples) {
	const dir = mkdtempSync(path.join(tmpdir(), 'wav-'));
	t.after(() => rmSync(dir, { recursive: true }));
	const file = path.join(dir, 'a.wav');
	writeWav(file, samples, RATE);
	return file;
}

test('wav_written_is_what_is_read', (t) => {
	const samples = tone(440, 1, RATE);
	const read = readWav(inFile(t, samples));
	assert.equal(read.rate, RATE);
	assert.deepEqual(read.samples, samples);
});

test('measure_finds_the_tone_behind_silence', (t) => {
	const samples = new Int16Array(3 * RATE);
	samples.set(tone(1000, 1, RATE), 2 * RATE);
	const { rms: level, frequency, share, length_s } = measure(inFile(t, samples));
	assert.equal(frequency, 1000);
	assert.ok(share > 0.99);
	assert.ok(Math.abs(level - 0.3536) < 0.01, String(level));
	assert.equal(length_s, 3);
});

test('measure_of_silence_and_of_nothing_has_no_energy', (t) => {
	assert.equal(measure(inFile(t, new Int16Array(RATE))).rms, 0);
	assert.equal(measure(inFile(t, new Int16Array(0))).rms, 0);
});

test('dominant_of_noise_has_a_small_share', () => {
	let x = 1;
	const noise = Int16Array.from({ length: RATE }, () => {
		x = (x * 1103515245 + 12345) % 2147483648;
		return (x >> 15) % 16384 - 8192;
	});
	assert.ok(rms(noise) > 0.05);
	assert.ok(dominant(noise, RATE).share < 0.05);
});

test('shareAt_tells_neighbours_apart', () => {
	const samples = tone(440, 1, RATE);
	assert.ok(shareAt(samples, RATE, 440) > 0.99);
	assert.ok(shareAt(samples, RATE, 500) < 0.01);
});
