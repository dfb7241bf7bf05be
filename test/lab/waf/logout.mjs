// SPDX-License-Identifier: BSD-2-Clause
// A user's sessions end as if he had signed out in each of his browsers: the
// clients are told (OpenID Connect Back-Channel Logout 1.0), what was granted
// is gone.

const GRANTED = ['AccessToken', 'RefreshToken', 'AuthorizationCode'];

/** -> [{client_id, sid, error}], one per client and session; error absent: told. */
export async function logOut(waf, sub) {
	const { provider, store } = waf;
	const told = [];
	const tell = async (id, sid) => {
		const client = await provider.Client.find(id);
		if (!client?.backchannelLogoutUri) return;
		const error = await client.backchannelLogout(sub, sid).then(() => undefined, (e) => e.message);
		waf.log(error ? 'log-out-not-told' : 'log-out-told', { client: id, ...(error && { text: error }) });
		told.push({ client_id: id, sid, error });
	};
	for (const session of store.all('Session').filter((s) => s.accountId === sub)) {
		for (const [id, { sid, grantId }] of Object.entries(session.authorizations ?? {})) {
			await tell(id, sid);
			for (const model of GRANTED) await provider[model].revokeByGrantId(grantId);
			await provider.Grant.adapter.destroy(grantId);
		}
		await provider.Session.adapter.destroy(session.jti);
	}
	return told;
}
