// SPDX-License-Identifier: BSD-2-Clause
// Configuration of one baresip phone: no display, no sound card, a file of a
// 440 Hz tone as microphone, everything it hears recorded to a wav file.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { tone, writeWav } from './wav.mjs';

export const TONE_Hz = 440;
// Longer than any test call.
const TONE_s = 600;
const RTP = { low: 20000, high: 20099 };

const MODULES = ['g711', 'g722', 'amr', 'aufile', 'aubridge', 'sndfile', 'uuid', 'ctrl_tcp'];
const APPLICATIONS = ['account', 'contact', 'menu'];

/** Directory of baresip's modules, as the package has it. */
function moduleDir() {
	const files = execFileSync('dpkg', ['-L', 'baresip-core'], { encoding: 'utf8' });
	return path.dirname(files.split('\n').find((file) => file.endsWith('/ctrl_tcp.so')));
}

/**
 * Writes the phone's directory. codecs: all that it speaks, telephone-event
 * apart, as baresip names them (`G722/16000`); of one rate, for its microphone
 * is a file.
 */
export function writePhone(dir, { name, impi, impus, password, address, ctrl, wav, proxy, codecs = 'PCMU,PCMA' }) {
	mkdirSync(dir, { recursive: true });
	mkdirSync(wav, { recursive: true });
	const rate_Hz = Number(/\/(\d+)/.exec(codecs)?.[1] ?? 8000);
	const microphone = path.join(dir, '..', `tone-${rate_Hz}.wav`);
	if (!existsSync(microphone))
		writeWav(microphone, tone(TONE_Hz, TONE_s, rate_Hz), rate_Hz);
	const aor = impus.find((impu) => impu.startsWith('sip:'));
	writeFileSync(path.join(dir, 'config'), [
		`module_path ${moduleDir()}`,
		...MODULES.map((m) => `module ${m}.so`),
		...APPLICATIONS.map((m) => `module_app ${m}.so`),
		`sip_listen ${address}:5060`,
		`net_interface ${address}`,
		`ctrl_tcp_listen ${address}:${ctrl}`,
		`audio_source aufile,${microphone}`,
		'audio_player aubridge,heard',
		'audio_alert aubridge,alert',
		'audio_channels 1',
		`rtp_ports ${RTP.low}-${RTP.high}`,
		'rtp_stats yes',
		`snd_path ${wav}`,
		'call_max_calls 4',
		'',
	].join('\n'));
	writeFileSync(path.join(dir, 'accounts'),
		`"${name}" <${aor};transport=udp>;auth_user=${impi};auth_pass=${password}`
		+ `;outbound="sip:${proxy};transport=udp";regint=600;answermode=manual`
		+ `;audio_codecs=${codecs}\n`, { mode: 0o600 });
	writeFileSync(path.join(dir, 'contacts'), '');
}
