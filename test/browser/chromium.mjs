// SPDX-License-Identifier: BSD-2-Clause
// A real Chromium for the tests: Debian's, headless, its microphone a tone.
// What it hears is measured in the page by an AnalyserNode on the remote track,
// for packet counts prove no audio.
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

export const MICROPHONE_HZ = 1000;

// A mono 16-bit WAV of a steady tone; Chromium plays it in a loop, so it holds
// whole periods.
export function toneWav(hz, seconds = 10, rate = 48000, amplitude = 0.5) {
	const n = Math.round(seconds * rate);
	const wav = Buffer.alloc(44 + n * 2);
	wav.write('RIFF', 0);
	wav.writeUInt32LE(36 + n * 2, 4);
	wav.write('WAVEfmt ', 8);
	wav.writeUInt32LE(16, 16);
	wav.writeUInt16LE(1, 20);
	wav.writeUInt16LE(1, 22);
	wav.writeUInt32LE(rate, 24);
	wav.writeUInt32LE(rate * 2, 28);
	wav.writeUInt16LE(2, 32);
	wav.writeUInt16LE(16, 34);
	wav.write('data', 36);
	wav.writeUInt32LE(n * 2, 40);
	for (let i = 0; i < n; i++) wav.writeInt16LE(Math.round(32767 * amplitude * Math.sin((2 * Math.PI * hz * i) / rate)), 44 + i * 2);
	return wav;
}

// {dir, hz, keys, camera, program} -> playwright browser. `dir` takes the microphone's
// file; `keys`: the file that takes the secrets of its TLS sessions; `camera`:
// the file that its camera sees.
export async function launchBrowser({ dir, hz = MICROPHONE_HZ, keys, camera, program = '/usr/bin/chromium' }) {
	const wav = path.join(dir, `microphone-${hz}.wav`);
	fs.mkdirSync(dir, { recursive: true });
	fs.writeFileSync(wav, toneWav(hz));
	return chromium.launch({
		executablePath: program, headless: true,
		ignoreDefaultArgs: ['--mute-audio'],
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-component-update', '--disable-sync',
			'--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${wav}`,
			'--autoplay-policy=no-user-gesture-required', '--allow-loopback-in-peer-connection',
			...(camera ? [`--use-file-for-fake-video-capture=${camera}`] : []),
			...(keys ? [`--ssl-key-log-file=${keys}`] : [])],
	});
}

// Runs in the page: the spectrum of what `pc` receives, over about `ms`.
// nth: which of its audio lines.
// -> {hz, level, bins: [{hz, level}]}: the loudest frequency (interpolated),
// the rms, and the linear magnitudes up to 2 kHz.
export function heardInPage(page, peerConnection, ms = 1200, nth = 0) {
	return page.evaluate(async ([expression, duration, which]) => {
		const pc = await (0, eval)(expression);
		const track = pc.getReceivers().map((r) => r.track).filter((t) => t.kind === 'audio')[which];
		const context = new AudioContext();
		await context.resume();
		const analyser = context.createAnalyser();
		analyser.fftSize = 8192;
		analyser.smoothingTimeConstant = 0;
		const source = context.createMediaStreamSource(new MediaStream([track]));
		source.connect(analyser);
		const db = new Float32Array(analyser.frequencyBinCount);
		const time = new Float32Array(analyser.fftSize);
		const sum = new Float64Array(db.length);
		const until = performance.now() + duration;
		let squares = 0, blocks = 0;
		while (performance.now() < until) {
			await new Promise((r) => setTimeout(r, 100));
			analyser.getFloatFrequencyData(db);
			analyser.getFloatTimeDomainData(time);
			let s = 0;
			for (const v of time) s += v * v;
			squares += s / time.length;
			blocks++;
			db.forEach((v, i) => { sum[i] += v > -200 ? 10 ** (v / 20) : 0; });
		}
		source.disconnect();
		const width = context.sampleRate / analyser.fftSize;
		await context.close();
		let best = 1;
		for (let i = 2; i < sum.length - 1; i++) if (sum[i] > sum[best]) best = i;
		const [a, b, c] = [sum[best - 1], sum[best], sum[best + 1]];
		const shift = a - 2 * b + c === 0 ? 0 : (0.5 * (a - c)) / (a - 2 * b + c);
		return {
			hz: sum[best] > 0 ? (best + shift) * width : 0, level: Math.sqrt(squares / blocks),
			bins: Array.from(sum.slice(0, Math.ceil(2000 / width)), (v, i) => ({ hz: i * width, level: v / blocks })),
		};
	}, [peerConnection, ms, nth]);
}
