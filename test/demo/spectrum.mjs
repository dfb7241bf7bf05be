// SPDX-License-Identifier: BSD-2-Clause
// The spectrum of the loudest half second of a recording, up to 2 kHz.
import { rms } from '../lab/phones/wav.mjs';

const STEP_HZ = 10;
const TOP_HZ = 2000;

// -> {hz, level, bins: [{hz, level}]}; level of full scale 1.
export function spectrum(samples, rate) {
	const size = Math.floor(rate / 2);
	let best = samples.subarray(0, 0);
	for (let at = 0; at + size <= samples.length; at += size) {
		const window = samples.subarray(at, at + size);
		if (rms(window) >= rms(best)) best = window;
	}
	const bins = [];
	for (let hz = 0; hz <= TOP_HZ; hz += STEP_HZ) bins.push({ hz, level: amplitude(best, rate, hz) });
	const top = bins.reduce((a, b) => (b.level > a.level ? b : a), { hz: 0, level: 0 });
	return { hz: top.hz, level: rms(best), bins };
}

// One bin of a Fourier transform under a Hann window.
function amplitude(samples, rate, hz) {
	const n = samples.length;
	let [re, im] = [0, 0];
	for (let i = 0; i < n; i++) {
		const w = 1 - Math.cos((2 * Math.PI * i) / n);
		const angle = (2 * Math.PI * hz * i) / rate;
		re += samples[i] * w * Math.cos(angle);
		im -= samples[i] * w * Math.sin(angle);
	}
	return n ? (2 * Math.hypot(re, im)) / n / 32768 : 0;
}
