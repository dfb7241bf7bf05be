// SPDX-License-Identifier: BSD-2-Clause
// The three ways to register, step by step (TS 23.228 U.2.1, TS 33.203 X.2 to
// X.4, TS 24.371 6 and A.3), and which test shows which cell on the wire: SIP
// Digest or AKAv2, a token for an own identity, a token for one of a pool.

/** null: the scenario has nothing there. test/docs checks that all tests exist. */
export const P1 = {
	'0 token': {
		digest: null,
		web: ['p1_web_0_token_by_authorization_code', 'p1_web_0_token_names_impi_and_impus'],
		pool: ['p1_pool_0_token_by_client_credentials_for_an_account_of_the_pool', 'p1_pool_0_account_outside_the_pool_gets_no_token', 'p1_pool_0_account_is_lent_to_nobody_else'],
	},
	'1 page': {
		digest: ['p1_digest_1_page_over_https_one_way_tls'],
		web: ['p1_web_1_page_over_https_one_way_tls', 'p1_web_1_page_tells_its_plmn_and_gets_that_epcscf'],
		pool: ['p1_pool_1_page_over_https_one_way_tls', 'p1_pool_1_token_and_identities_handed_to_the_page'],
	},
	'2 socket': {
		digest: ['p1_digest_2_wss_one_way_tls_and_origin'],
		web: ['p1_web_2_wss_one_way_tls_and_origin', 'p1_web_2_foreign_origin_gets_no_websocket'],
		pool: ['p1_pool_2_wss_one_way_tls_and_origin'],
	},
	'3 REGISTER': {
		digest: ['p1_digest_3_register_with_ims_authentication', 'akav2_over_tls_registers_and_no_key_reaches_the_page'],
		web: ['p1_web_3_register_with_bearer_for_the_impu_of_the_token', 'p1_web_3_both_forms_of_bearer'],
		pool: ['p1_pool_3_register_with_bearer_for_the_lent_impu'],
	},
	'4 check': {
		digest: ['p1_digest_4_hygiene_only'],
		web: ['p1_web_4_wrong_signature_declined_closed_aborted', 'p1_web_4_unknown_source_declined_closed_aborted', 'p1_web_4_scope_without_ims_declined_closed_aborted',
			'p1_web_4_impu_of_another_declined_closed_aborted', 'p1_web_4_expired_declined_aborted'],
		pool: ['p1_pool_4_impi_of_no_pool_of_this_wwsf_declined_closed_aborted', 'p1_pool_4_impu_need_not_follow_the_form'],
	},
	'5.1 to the core': {
		digest: ['p1_digest_5_1_tls_pending_then_tls_yes', 'akav2_over_tls_registers_and_no_key_reaches_the_page'],
		web: ['p1_web_5_1_authorization_exactly', 'p1_web_5_1_headers_of_mw'],
		pool: ['p1_pool_5_1_authorization_exactly'],
	},
	'5.2 authorization-entity': {
		digest: null,
		web: ['p1_web_5_2_own_waf_is_not_named', 'p1_entity_third_party_names_a_third_partys_waf_only', 'p1_entity_always_names_every_waf', 'p1_entity_never_names_none'],
		pool: ['p1_entity_pool_verified_is_not_named', 'p1_entity_pool_not_verified_is_named', 'p1_entity_pool_verified_always_is_named', 'p1_entity_pool_not_verified_never_is_not_named'],
	},
	'6.1 S-CSCF': {
		digest: ['p1_digest_6_1_challenge_and_profile'],
		web: ['p1_web_6_1_no_challenge_but_assignment_and_profile'],
		pool: ['p1_pool_6_1_no_challenge_but_assignment_and_profile'],
	},
	'6.2 list': {
		digest: null,
		web: ['p1_list_with_the_entity_registers', 'p1_list_without_the_entity_is_403', 'p1_list_that_is_empty_is_403', 'p1_list_absent_refuses_or_allows_as_set', 'p1_list_is_not_asked_about_without_an_entity',
			'p1_list_entity_that_is_barred_is_403'],
		pool: ['p1_list_of_a_pool_identity_with_the_entity_registers', 'p1_list_of_a_pool_identity_without_the_entity_is_403', 'p1_list_of_a_pool_identity_absent_refuses_or_allows_as_set'],
	},
	'7 binding': {
		digest: ['p1_digest_7_binds_impi_and_impus_to_the_tls_session'],
		web: ['p1_web_7_binds_impi_and_impus_to_the_tls_session', 'p1_web_7_another_identity_on_the_connection_is_refused'],
		pool: ['p1_pool_7_binds_impi_and_impus_to_the_tls_session'],
	},
	'8 200 OK': {
		digest: ['p1_digest_8_ok_at_the_page'],
		web: ['p1_web_8_ok_at_the_page'],
		pool: ['p1_pool_8_ok_at_the_page'],
	},
	refresh: {
		digest: ['p1_digest_refresh_is_a_normal_re_registration'],
		web: ['p1_web_refresh_all_steps_again_but_page_log_in_and_websocket'],
		pool: ['p1_pool_refresh_all_steps_again_but_page_and_websocket'],
	},
};
