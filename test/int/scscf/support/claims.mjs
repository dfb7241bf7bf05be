// SPDX-License-Identifier: BSD-2-Clause
// auth-done as it may be written, and as it must not be believed.
import { FOREIGN, HOME, digest, tna } from './core.mjs';

/** Every way to say it once, and then some. */
export const claims = (impi) => ({
	plain: [['Authorization', tna(impi)]],
	home_waf: [['Authorization', tna(impi, { waf: HOME })]],
	foreign_waf: [['Authorization', tna(impi, { waf: FOREIGN })]],
	unquoted: [['Authorization', tna(impi).replace('"auth-done"', 'auth-done')]],
	other_letters: [['AUTHORIZATION', tna(impi).replace('integrity-protected', 'Integrity-PROTECTED')]],
	white_space_in_the_name: [['Authorization ', tna(impi)]],
	folded: [['Authorization', tna(impi).replace('integrity-protected=', 'integrity-protected\r\n\t =\r\n ')]],
	first_parameter: [['Authorization', tna(impi).replace('Digest ', 'Digest integrity-protected=auth-done, ')
		.replace(', integrity-protected="auth-done"', '')]],
	akav1: [['Authorization', `${tna(impi)}, algorithm=AKAv1-MD5`]],
	behind_a_nul: [['Authorization', tna(impi).replace('realm="', 'realm="\0')]],
	in_proxy_authorization: [['Proxy-Authorization', tna(impi)]],
	behind_plain_digest: [['Authorization', digest(impi)], ['Authorization', tna(impi)]],
	before_plain_digest: [['Authorization', tna(impi)], ['Authorization', digest(impi)]],
	behind_bearer: [['Authorization', 'Bearer abc'], ['Authorization', tna(impi)]],
	twice: [['Authorization', tna(impi)], ['Authorization', tna(impi)]],
	beside_proxy_authorization: [['Authorization', tna(impi)], ['Proxy-Authorization', digest(impi)]],
	entity_alone: [['Authorization', `${digest(impi)}, authorization-entity="${HOME}"`]],
});
export const CLAIMS = Object.keys(claims(''));
